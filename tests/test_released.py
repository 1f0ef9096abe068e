"""What happens between a release and the feedback: a changed assignment, hidden tests, answers that nobody has read."""

import json
import shutil

import nbformat
import pytest
from nbgrader.api import Gradebook
from pretend_course import hand_in, make_course
from terminal import nbgrader
from test_cohort import here

from cnncourse.cli import main
from cnncourse.grading.cohort.grading_run import grade
from cnncourse.grading.preprocessors import hide

pytestmark = pytest.mark.sampled

CONFIG = """
c.GenerateFeedback.preprocessors = [
    "cnncourse.grading.preprocessors.Scores",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.HTMLExporter.filters = {
    "float": "cnncourse.grading.showing.as_number",
    "round": "cnncourse.grading.showing.rounded",
}
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("released"))
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(CONFIG)
    return course


@pytest.fixture
def course(released, tmp_path, monkeypatch):
    course = shutil.copytree(released, tmp_path / "course")
    monkeypatch.setattr("cnncourse.grading.cohort.cohort.judge_version", lambda blueprints: "1")
    monkeypatch.chdir(course)
    hand_in(course, "ada")
    return course


def edit(course, cell, notebook="one", **changes):
    """Change a cell of the assignment's source."""
    path = course / "source" / "ps1" / f"{notebook}.ipynb"
    text = nbformat.read(path, as_version=4)
    found = next(one for one in text.cells if one.metadata.get("nbgrader", {}).get("grade_id") == cell)
    found.source = changes.get("source", found.source)
    found.metadata.nbgrader.update({key: value for key, value in changes.items() if key != "source"})
    nbformat.write(text, path)


def by_hand(course, cell, score, student="ada"):
    with Gradebook(f"sqlite:///{course}/gradebook.db", "cnn") as gradebook:
        found = gradebook.find_grade(cell, "one", "ps1", student)
        found.manual_score, found.needs_manual_grade = score, False
        gradebook.db.commit()


def feedback(course, status=0):
    said = nbgrader(course, "generate_feedback", "ps1", "--force", status=status)
    page = course / "feedback" / "ada" / "ps1" / "one.html"
    return said, page.read_text() if page.exists() else ""


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_was_changed_since_the_release_is_said(course, capsys, dry_run):
    grade("ps1", here, dry_run=dry_run)
    assert "generate_assignment" not in capsys.readouterr().out
    edit(course, "check-a", points=1)
    edit(course, "check-b", source='check("ch02.c", a)')
    edit(course, "a", notebook="two", grade_id="renamed")
    grade("ps1", here, dry_run=dry_run)
    said = capsys.readouterr().out
    assert "run `nbgrader generate_assignment ps1 --force`, then this again" in said
    assert "- one.ipynb: “check-a” has 1 points, and 2 in the gradebook" in said
    assert "- one.ipynb: “check-b” reads otherwise than in the gradebook" in said
    assert "- two.ipynb: the cell “a” was taken out" in said
    assert "- two.ipynb: the cell “renamed” is new" in said
    edit(course, "renamed", notebook="two", grade_id="a")
    nbgrader(course, "generate_assignment", "ps1", "--force")
    grade("ps1", here, dry_run=dry_run)
    assert "generate_assignment" not in capsys.readouterr().out


def test_another_solution_is_no_change_that_grading_waits_for(course, capsys):
    edit(course, "a", source="### BEGIN SOLUTION\nanother one\n### END SOLUTION")
    grade("ps1", here, dry_run=True)
    assert "generate_assignment" not in capsys.readouterr().out


def test_a_maximum_that_was_lowered_makes_no_feedback_before_it_is_graded_again(course):
    grade("ps1", here)
    edit(course, "check-a", points=1)
    nbgrader(course, "generate_assignment", "ps1", "--force")
    said, page = feedback(course, status=1)
    assert "ada: “check-a” has 2 points by the judge, and 1 are the most" in said
    assert not page
    grade("ps1", here)
    assert "1.0 / 1.0" in feedback(course)[1]


def test_points_by_hand_above_a_lowered_maximum_are_for_a_person_to_mend(course):
    grade("ps1", here)
    by_hand(course, "written", 3)
    edit(course, "written", points=2)
    nbgrader(course, "generate_assignment", "ps1", "--force")
    grade("ps1", here)
    assert "“written” has 3 points by hand, and 2 are the most" in feedback(course, status=1)[0]
    by_hand(course, "written", 2)
    assert "2.0 / 2.0" in feedback(course)[1]


def test_an_answer_that_nobody_has_read_has_no_score_in_the_feedback(course):
    grade("ps1", here)
    page = feedback(course)[1]
    assert "Score: not read yet / 3.0" in page
    assert "(Score: so far 2.3 / 6.3)" in page
    assert "0.0 / 3" not in page
    by_hand(course, "written", 0)
    by_hand(course, "task", 1)
    page = feedback(course)[1]
    assert "Score: 0.0 / 3.0" in page
    assert "so far" not in page


HIDDEN = 'check("ch02.b", a)\n### BEGIN HIDDEN TESTS\nassert a(41) == "canary"\n### END HIDDEN TESTS'


def test_a_hidden_test_is_neither_a_change_by_the_student_nor_in_the_feedback(course, capsys):
    edit(course, "check-b", source=HIDDEN)
    nbgrader(course, "generate_assignment", "ps1", "--force")
    assert "canary" not in (course / "release" / "ps1" / "one.ipynb").read_text()
    hand_in(course, "ada")
    grade("ps1", here)
    assert "was changed" not in capsys.readouterr().out
    assert "canary" in (course / "autograded/ada/ps1/one.ipynb").read_text()
    assert "canary" not in feedback(course)[1]
    tampered = hand_in(course, "ada") / "one.ipynb"
    tampered.write_text(tampered.read_text().replace('check(\\"ch02.b\\", a)', "pass"))
    grade("ps1", here)
    assert "the cell “check-b” was changed" in capsys.readouterr().out


def test_what_a_hidden_test_printed_when_it_failed_is_hidden_too():
    cell = nbformat.v4.new_code_cell(HIDDEN)
    trace = ["AssertionError", "assert a(41) == 'canary'"]
    cell.outputs = [nbformat.v4.new_output("error", ename="AssertionError", evalue="canary", traceback=trace)]
    hide(cell)
    assert "canary" not in json.dumps(cell)


def test_what_nbgrader_puts_beside_a_notebook_is_no_matter_for_attention(course, capsys):
    hand_in(course, "ada", files={"submission_secret.txt": "x"}, stamp="2026-01-01 12:00:00 UTC")
    grade("ps1", here)
    assert "came with" not in capsys.readouterr().out
    assert (course / "autograded/ada/ps1/submission_secret.txt").exists()  # the exchange needs it for the feedback


PLUGIN = """
from nbgrader.plugins import LateSubmissionPlugin

class Costs(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return {cost}

c.AssignLatePenalties.plugin_class = Costs
"""


def test_another_penalty_for_being_late_is_applied_without_grading_again(course, capsys):
    with Gradebook(f"sqlite:///{course}/gradebook.db", "cnn") as gradebook:
        gradebook.update_or_create_assignment("ps1", duedate="2026-01-01 10:00:00")
    hand_in(course, "ada", stamp="2026-01-01 12:00:00 UTC")
    hand_in(course, "bob")
    grade("ps1", here)
    config = (course / "nbgrader_config.py").read_text()
    for cost in ("0.5", "1.0"):
        (course / "nbgrader_config.py").write_text(config + PLUGIN.format(cost=cost))
        capsys.readouterr()
        grade("ps1", unwanted)
        said = capsys.readouterr().out
        assert f"(-{2 * float(cost):g})" in said
        assert "ada      " in said.split("change")[1]
        assert "bob" not in said.split("student  score")[0]
        grade("ps1", unwanted)
        assert "before  after" not in capsys.readouterr().out


def test_all_reports_say_the_same_of_the_class(course, capsys):
    with Gradebook(f"sqlite:///{course}/gradebook.db", "cnn") as gradebook:
        gradebook.update_or_create_assignment("ps1", duedate="2026-01-01 10:00:00")
    (course / "nbgrader_config.py").write_text((course / "nbgrader_config.py").read_text() + PLUGIN.format(cost="0.5"))
    hand_in(course, "ada", stamp="2026-01-01 12:00:00 UTC")
    hand_in(course, "bob", one=b"no JSON", two=b"")
    grade("ps1", here)
    by_hand(course, "written", 3)
    by_hand(course, "task", 1)
    hand_in(course, "ada", one="wrong", stamp="2026-01-01 12:00:00 UTC")
    capsys.readouterr()
    grade("ps1", here)  # nbgrader asks to look again at what was scored by hand; it was read all the same
    line = "1 with a score; mean 5 / 8.3 after penalties; 1 with answers that a person must still score"
    assert f"2 submissions: 1 graded, 1 graded before; {line}" in capsys.readouterr().out
    assert main(["analyse", "ps1"]) == 0
    assert f"ps1: 2 submissions: {line}" in capsys.readouterr().out
    assert line in (course / "reports" / "ps1-analysis.html").read_text()
    said = nbgrader(course, "export", "--exporter", "cnncourse.grading.exports.CsvExport", "--to", "grades.csv")
    assert f"ps1: {line}" in said


def unwanted(work):
    raise AssertionError("nobody is to be graded again")
    yield
