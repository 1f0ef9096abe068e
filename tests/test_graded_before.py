"""A course that earlier code graded: nothing in it is lost, and the scores stay.

`fixtures/graded_before.tar.xz` is a course that `cnncourse grade` graded at commit 8822986: its gradebook as SQL, its
journal, its secret, and the notebooks of three students. Ada is right, Bob is late and pads on one side, Cyd left a
stub, ended Python in one answer and in one cell. A person then gave three scores by hand and wrote two comments. In
`told_then/` is what that code said about the class.
"""

import dataclasses
import json
import shutil
import sqlite3
import tarfile
from pathlib import Path

import nbformat
import pytest
from pretend_course import contents
from terminal import nbgrader

from cnncourse.checks.verdict import Status
from cnncourse.cli import main
from cnncourse.grading.cohort.scores import open_gradebook, standings
from cnncourse.grading.judge import verdicts

TESTS = Path(__file__).resolve().parent
BY_HAND = {("ada", "why"): 3.5, ("bob", "why"): 1.0, ("bob", "check-pad"): 1.5}
COMMENTS = {("ada", "why"): "Say which neighbours.", ("bob", "pad"): "Half of it is right."}


@pytest.fixture
def course(tmp_path, monkeypatch):
    with tarfile.open(TESTS / "fixtures" / "graded_before.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    with sqlite3.connect(tmp_path / "gradebook.db") as database:
        database.executescript((tmp_path / "gradebook.sql").read_text())
    database.close()
    shutil.copy(TESTS.parent / "nbgrader_config.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def url_of(course):
    return f"sqlite:///{course}/gradebook.db"


def told_then(course, name):
    return (course / "told_then" / name).read_text(encoding="utf-8-sig")


def by_hand(course):
    found = contents(url_of(course))
    scores = {(row[0], row[2]): row[4] for row in found["grades"] if row[4] is not None}
    return scores, {(row[0], row[2]): row[4] for row in found["comments"] if row[4]}


def test_the_standings_are_what_they_were(course):
    then = json.loads(told_then(course, "standings.json"))
    with open_gradebook(url_of(course), "cnncourse") as gradebook:
        now = {student: dataclasses.asdict(one) for student, one in standings(gradebook, "ps").items()}
    assert {student: {name: one[name] for name in then[student]} for student, one in now.items()} == then


def test_every_verdict_is_read_with_its_status(course):
    found = {}
    for student in ("ada", "bob", "cyd"):
        notebook = nbformat.read(course / "autograded" / student / "ps" / "ps.ipynb", as_version=4)
        found[student] = [one.status for one in map(verdicts.read, notebook.cells) if one]
        assert verdicts.read_remarks(notebook).limits
    assert found == {
        "ada": [Status.PASSED] * 3,
        "bob": [Status.PASSED, Status.WRONG, Status.WRONG],
        "cyd": [Status.NOT_WRITTEN, Status.STOPPED, Status.WRONG],
    }


def test_the_report_on_the_class_has_the_same_numbers(course):
    assert main(["analyse", "ps", "--to", "now"]) == 0
    assert (course / "now" / "ps-analysis.csv").read_text(encoding="utf-8-sig") == told_then(course, "ps-analysis.csv")
    page = (course / "now" / "ps-analysis.html").read_text()
    assert "a cell imports ctypes" in page
    assert "check-twice was judged by tests in the student&#x27;s own process" in page


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Csv", "Canvas", "Moodle"])
def test_the_exports_are_the_same(course, kind):
    exporter = f"cnncourse.grading.exports.{kind}Export"
    nbgrader(course, "export", "--exporter", exporter, "--to", "now.csv")
    assert (course / "now.csv").read_text(encoding="utf-8-sig") == told_then(course, f"{kind}.csv")


@pytest.mark.slow
def test_the_feedback_shows_the_verdicts_and_what_a_person_wrote(course):
    nbgrader(course, "generate_feedback", "ps")
    page = (course / "feedback" / "bob" / "ps" / "ps.html").read_text()
    assert "This is what comes out when the zeros are added after the last row and column only" in page
    assert "<td style=" in page  # the verdict's table, which is taken from what students put out
    assert "Half of it is right." in page
    assert "Say which neighbours." in (course / "feedback" / "ada" / "ps" / "ps.html").read_text()


@pytest.mark.slow
def test_grading_again_changes_no_score_and_takes_nothing_from_a_person(course, capsys):
    before = contents(url_of(course))
    assert by_hand(course) == (BY_HAND, COMMENTS)
    assert main(["grade", "ps", "--jobs", "1"]) == 0
    after = contents(url_of(course))
    assert [row[:5] for row in after["grades"]] == [row[:5] for row in before["grades"]]
    assert after["comments"] == before["comments"]
    assert by_hand(course) == (BY_HAND, COMMENTS)
    assert "2 scores given by hand are kept" in " ".join(capsys.readouterr().out.split())
    assert main(["grade", "ps", "--jobs", "1"]) == 0
    assert "3 submissions: 3 graded before" in capsys.readouterr().out
