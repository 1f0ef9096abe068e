"""Hostile students in one class with honest ones, through `nbgrader autograde` and `cnncourse grade`."""

import re
import sqlite3

import nbformat
import pytest
from corpus import ASSIGNMENT, FILE, POINTS, gentle, notebooks, reaching_out, resources, tricks
from corpus.course import PEER, Course, marked, settles
from corpus.fixtures import cnncourse
from corpus.hostile import BESIDE
from nbgrader.api import Gradebook, MissingEntry
from terminal import nbgrader

pytestmark = [pytest.mark.slow, pytest.mark.first]
HONEST = ["aaa-honest", PEER, "zzz-honest"]
STOPS_NBGRADER = {  # it waits for what stands in a pipe, and looks at all files of a folder for each of them
    "a_pipe_beside_the_notebook",
    "a_pipe_in_place_of_the_notebook",
    "ten_thousand_files",
}
OURS = [*BESIDE, notebooks.metadata_of_the_wrong_kind, notebooks.cells_of_the_wrong_kind]  # nbgrader reads no such
CLASS = [  # what lies in files, and what nbgrader itself reads, writes or shows before and after our part
    *(submission for submission in BESIDE if submission.name not in STOPS_NBGRADER),
    notebooks.more_points,
    notebooks.graded_cells_of_its_own,
    notebooks.flags_that_are_turned,
    notebooks.names_that_are_paths,
    notebooks.a_kernel_that_runs_a_command,
    notebooks.half_a_file,
    notebooks.a_version_that_is_no_number,
    notebooks.nested_without_end,
    notebooks.a_pickle,
    notebooks.lone_surrogates,
    notebooks.numbers_that_are_no_json,
    notebooks.scripts_in_displays,
    notebooks.scripts_in_texts,
    notebooks.scripts_in_errors,
    notebooks.scripts_in_widgets,
    notebooks.codes_for_the_terminal,
    notebooks.formulas_for_the_spreadsheet,
    reaching_out.writes_the_gradebook,
    reaching_out.reads_the_house,
    reaching_out.shells,
    resources.forty_megabytes_on_a_line,
    resources.leaves_a_daemon_behind,
    tricks.partial_credit_from_an_output,
    tricks.errors_that_are_not_as_they_seem,
    tricks.unpickling_runs_code,
    gentle.data_beside,
]
PAGES = [submission.name for submission in CLASS if "scripts" in submission.name or "terminal" in submission.name]


def rows(course, students):
    """Every row of the gradebook that belongs to these students, as text."""
    with sqlite3.connect(f"file:{course.root}/gradebook.db?mode=ro", uri=True) as base:
        query = (
            "SELECT s.student_id, c.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade "
            "FROM grade g JOIN submitted_notebook n ON g.notebook_id = n.id "
            "JOIN submitted_assignment s ON n.assignment_id = s.id JOIN base_cell c ON g.cell_id = c.id "
            f"WHERE s.student_id IN ({', '.join('?' * len(students))}) ORDER BY 1, 2"
        )
        return base.execute(query, students).fetchall()


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class after grading: the course, the rows of an early honest student as they were, and the terminal."""
    course = Course(tmp_path_factory.mktemp("class") / "course")
    for student in set(HONEST) - {PEER}:
        course.hand_in_honestly(student)
    nbgrader(course.root, "generate_assignment", ASSIGNMENT, "--force")
    nbgrader(course.root, "autograde", ASSIGNMENT, "--student", HONEST[0])
    before = rows(course, HONEST[:1])
    for submission in CLASS:
        submission.hand_in(course.folder(submission.name))
    leave = {"autograded", "gradebook.db", ".nbgrader.log", ".grading"}
    files = course.fingerprint(leave)
    said = nbgrader(course.root, "autograde", ASSIGNMENT, status=1)  # for those whose notebook cannot be read
    after = course.fingerprint(leave)
    changed = {name for name in files.keys() | after.keys() if files.get(name) != after.get(name)}
    yield course, before, said, {name for name in changed if not re.search(r"/(gradebook\.db|\.nbgrader\.log)", name)}
    course.ears.close()


def found(course, student):
    """The points of a student by task, as the gradebook has them; None if there is no submission in it."""
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        try:
            notebook = gradebook.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, student)
        except MissingEntry:
            return None
        scores = {grade.name.removeprefix("check-"): grade.score or 0.0 for grade in notebook.grades}
        return {task: scores[task.split(".")[1].replace("_", "-")] for task in POINTS}


@pytest.mark.parametrize("student", HONEST)
def test_an_honest_student_among_them_gets_full_marks(student, graded):
    assert found(graded[0], student) == POINTS


@pytest.mark.parametrize("submission", CLASS, ids=lambda submission: submission.name)
def test_a_hostile_student_earns_no_more_than_the_honest_part(submission, graded):
    scores = found(graded[0], submission.name) or dict.fromkeys(POINTS, 0.0)
    for task, points in POINTS.items():
        assert 0 <= scores[task] <= (points if task in submission.earns else 0), task
        assert scores[task] == points or task not in submission.keeps, task


@pytest.mark.parametrize("submission", CLASS, ids=lambda submission: submission.name)
def test_the_instructor_or_the_student_is_told_what_happened(submission, graded):
    course, _, said, _ = graded
    lines = [line for line in said.splitlines() if submission.name in line]
    path = course.root / "autograded" / submission.name / ASSIGNMENT / FILE
    told = path.read_text(encoding="utf-8") if path.is_file() and not path.is_symlink() else ""
    assert re.search(submission.says, "\n".join(lines) + told, re.IGNORECASE)


def test_the_rows_of_the_others_are_as_they_were(graded):
    course, before, _, _ = graded
    assert before
    assert rows(course, HONEST[:1]) == before


def test_no_file_of_the_course_or_of_a_student_was_changed(graded):
    assert graded[3] == set()


def test_no_canary_was_read(graded):
    course = graded[0]
    for submission in CLASS:
        for path in (course.root / "autograded" / submission.name).rglob("*"):
            assert not path.is_symlink(), path
            if path.is_file():
                assert course.canary.encode() not in path.read_bytes(), path


def test_nobody_was_called_and_no_process_is_left(graded):
    assert graded[0].ears.heard == []
    assert settles(lambda: not marked())


def test_nothing_was_started_unpickled_or_written(graded):
    course = graded[0]
    for name in ("started", "unpickled", "written-by-the-corpus", "typed-by-the-corpus", "made"):
        assert not list(course.root.rglob(name)), name


def test_the_terminal_of_the_instructor_gets_no_commands(graded):
    coloured = re.sub(r"\x1b\[[0-9;]*m", "", graded[2])  # nbgrader's own colours
    assert "\x1b" not in coloured
    assert "\x07" not in graded[2]


def test_no_comment_holds_commands_or_markup(graded):
    with Gradebook(f"sqlite:///{graded[0].root}/gradebook.db") as gradebook:
        for submission in gradebook.assignment_submissions(ASSIGNMENT):
            for notebook in submission.notebooks:
                for comment in notebook.comments:
                    text = comment.auto_comment or ""
                    assert not re.search(r"<\w|\x1b|\]\(|[\x00-\x08]", text), text
                    assert not text.startswith(("=", "+", "-", "@")), text


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_it_does_nothing_in_the_browser(name, graded, browser):
    course = graded[0]
    nbgrader(course.root, "generate_feedback", ASSIGNMENT, "--student", name, "--force")
    heard = len(course.ears.heard)
    tab = browser.new_page()
    tab.goto((course.root / "feedback" / name / ASSIGNMENT / f"{ASSIGNMENT}.html").as_uri(), wait_until="load")
    for bait in tab.locator("#bait").all()[:3]:
        bait.click(force=True, timeout=2000)
    tab.wait_for_timeout(500)
    assert tab.evaluate("window.pwned") is None
    assert tab.url.startswith("file:")
    assert course.ears.heard[heard:] == []
    tab.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_graded_notebook_is_a_notebook(name, graded):
    path = graded[0].root / "autograded" / name / ASSIGNMENT / FILE
    nbformat.validate(nbformat.read(path, as_version=4))


def test_our_own_command_withstands_what_nbgrader_cannot_read(tmp_path):
    course = Course(tmp_path / "course")
    nbgrader(course.root, "generate_assignment", ASSIGNMENT, "--force")
    for submission in OURS:
        submission.hand_in(course.folder(submission.name))
    leave = {"autograded", "gradebook.db", ".nbgrader.log", ".grading"}
    files = course.fingerprint(leave)
    said = cnncourse(course, "grade", ASSIGNMENT)
    after = course.fingerprint(leave)
    course.ears.close()
    changed = {name for name in files.keys() | after.keys() if files.get(name) != after.get(name)}
    assert [name for name in changed if not re.search(r"/(gradebook\.db|\.nbgrader\.log)", name)] == []
    assert course.ears.heard == []
    assert "\x1b" not in said
    assert found(course, PEER) == POINTS
    for submission in OURS:
        scores = found(course, submission.name) or dict.fromkeys(POINTS, 0.0)
        for task, points in POINTS.items():
            assert 0 <= scores[task] <= (points if task in submission.earns else 0), (submission.name, task, said)
            assert scores[task] == points or task not in submission.keeps, (submission.name, task, said)
