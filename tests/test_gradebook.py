"""The gradebook after `record`, beside what nbgrader itself would have written."""

import shutil
import sqlite3
import threading
import time

import pretend_judge
import pytest
from nbgrader.api import Gradebook
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades
from nbgrader.utils import parse_utc
from postgres import postgres
from pretend_course import contents, hand_in, make_course
from sqlalchemy import event
from traitlets.config import Config

from cnncourse.grading.cohort.gradebook import automatic_scores, preview, record
from cnncourse.grading.cohort.scores import open_gradebook, standings
from cnncourse.grading.judge.blueprint import blueprint_of

ANSWERS = {
    "ada": {"one": "right", "two": "partial"},
    "bob": {"one": "known", "two": "wrong", "written": ""},
    "cyd": {"one": "", "two": "odd", "written": ""},
    "dan": {"one": "right", "two": None},
}
DUE, LATE = "2026-01-01 10:00:00", "2026-01-01 12:00:00 UTC"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("course"))
    for student, answers in ANSWERS.items():
        hand_in(course, student, **answers)
    with Gradebook(url_of(course), "cnn") as gradebook:
        gradebook.update_or_create_assignment("ps1", duedate=DUE)
    return course


@pytest.fixture
def course(released, tmp_path):
    return shutil.copytree(released, tmp_path / "course")


def url_of(course):
    return f"sqlite:///{course}/gradebook.db"


def judged(gradebook, course, student):
    """The student's notebooks as the judge returns them."""
    paths = sorted((course / "submitted" / student / "ps1").glob("*.ipynb"))
    return {
        path.stem: pretend_judge.grade_notebook(
            blueprint_of(gradebook, path.stem, "ps1"), path.read_bytes(), student, "secret", {}, {}
        )
        for path in paths
    }


def late(method="none"):
    config = Config()
    config.LateSubmissionPlugin.penalty_method = method
    return AssignLatePenalties(config=config)


def as_nbgrader_does(course, url, student, timestamp, method="none"):
    """The steps of nbgrader.converters.autograde, with nbgrader's own preprocessors."""
    with Gradebook(url, "cnn") as gradebook:
        gradebook.update_or_create_student(student)
        more = {"timestamp": timestamp} if timestamp else {}
        gradebook.update_or_create_submission("ps1", student, **more)
        notebooks = judged(gradebook, course, student)
        for name in {"one", "two"} - set(notebooks):
            for grade in gradebook.find_submission_notebook(name, "ps1", student).grades:
                grade.auto_score, grade.needs_manual_grade = 0, False
        gradebook.db.commit()
    for name, notebook in notebooks.items():
        resources = {"nbgrader": {"notebook": name, "assignment": "ps1", "student": student, "db_url": url}}
        SaveAutoGrades().preprocess(notebook, resources)
        late(method).preprocess(notebook, resources)


def as_we_do(course, url, student, timestamp, method="none"):
    with open_gradebook(url, "cnn") as gradebook:
        notebooks = judged(gradebook, course, student)
        return record(gradebook, late(method), "ps1", student, timestamp, notebooks)


def without_diagnoses(found):
    comments = [(*row[:3], None if str(row[3]).startswith("ch02.") else row[3], row[4]) for row in found["comments"]]
    return {**found, "comments": comments}


@pytest.mark.parametrize("method", ["none", "zero"])
def test_it_is_what_nbgrader_writes_to_the_bit(course, tmp_path, method):
    other = tmp_path / "other.db"
    shutil.copy(course / "gradebook.db", other)
    for round_trip in range(2):  # into an empty gradebook, and over what is there
        for student in ANSWERS:
            stamp = LATE if student in ("ada", "cyd") else None
            as_nbgrader_does(course, f"sqlite:///{other}", student, stamp, method)
            as_we_do(course, url_of(course), student, parse_utc(stamp), method)
        theirs, ours = contents(f"sqlite:///{other}"), contents(url_of(course))
        assert without_diagnoses(ours) == theirs, round_trip
    assert any(penalty for *_, notebooks in ours["submissions"] for _, penalty in notebooks) == (method == "zero")


def test_the_comment_tells_what_the_checks_found_and_what_is_untouched(course):
    for student in ANSWERS:
        as_we_do(course, url_of(course), student, None)
    said = {row[:3]: row[3] for row in contents(url_of(course))["comments"]}
    found = "expected 3, got ‹b>4‹/b>. This is what comes out when a row is lost."
    assert said["bob", "one", "a"] == f"ch02.a: {found}\n\nch02.b: {found}"
    assert said["bob", "two", "a"] == "ch02.a: expected 3, got ‹b>4‹/b>."
    assert said["bob", "one", "written"] == said["cyd", "one", "a"] == "No response."
    assert said["ada", "one", "a"] is said["ada", "one", "written"] is said["ada", "one", "task"] is None


def test_recording_twice_changes_nothing(course):
    as_we_do(course, url_of(course), "bob", None)
    once = list(sqlite3.connect(course / "gradebook.db").iterdump())
    as_we_do(course, url_of(course), "bob", None)
    assert list(sqlite3.connect(course / "gradebook.db").iterdump()) == once


def test_what_a_person_wrote_stays(course):
    as_we_do(course, url_of(course), "ada", None)
    with Gradebook(url_of(course), "cnn") as gradebook:
        grade = gradebook.find_grade("check-a", "one", "ps1", "ada")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 1.5, 0.5, False
        gradebook.find_comment("a", "one", "ps1", "ada").manual_comment = "well done"
        gradebook.db.commit()
    hand_in(course, "ada", one="wrong", two="wrong")
    standing = as_we_do(course, url_of(course), "ada", None)
    assert standing.by_hand == 1
    assert standing.total == 2.0
    found = contents(url_of(course))
    assert ("ada", "one", "check-a", 0.0, 1.5, True) in found["grades"]
    assert [row[4] for row in found["comments"] if row[:3] == ("ada", "one", "a")] == ["well done"]


def test_what_is_missing_earns_nothing_and_what_is_unreadable_waits_for_a_person(course):
    with open_gradebook(url_of(course), "cnn") as gradebook:
        record(gradebook, late(), "ps1", "eve", None, {}, unreadable=["two"])
    grades = {row[1:3]: row[3:] for row in contents(url_of(course))["grades"]}
    assert grades["one", "check-a"] == grades["one", "task"] == (0.0, None, False)
    assert grades["two", "check-a"] == (None, None, True)


def test_a_submission_is_one_transaction_whole_or_not_at_all(course):
    before = contents(url_of(course))
    with open_gradebook(url_of(course), "cnn") as gradebook:
        notebooks = judged(gradebook, course, "bob")
        commits = []
        event.listen(gradebook.engine, "commit", commits.append)
        notebooks["two"].cells[-1].metadata.nbgrader["grade_id"] = "unknown"
        with pytest.raises(KeyError):
            record(gradebook, late(), "ps1", "bob", None, notebooks)
        assert not commits
    assert contents(url_of(course)) == before
    with open_gradebook(url_of(course), "cnn") as gradebook:
        commits = []
        event.listen(gradebook.engine, "commit", commits.append)
        record(gradebook, late(), "ps1", "bob", None, judged(gradebook, course, "bob"))
    assert len(commits) == 1


def test_a_preview_tells_the_same_and_writes_nothing(course):
    before = (course / "gradebook.db").read_bytes()
    with open_gradebook(url_of(course), "cnn") as gradebook:
        notebooks = judged(gradebook, course, "ada")
        told = preview(gradebook, late(), "ps1", "ada", None, notebooks)
        assert standings(gradebook, "ps1") == {}
        assert (course / "gradebook.db").read_bytes() == before
        assert record(gradebook, late(), "ps1", "ada", None, notebooks) == told
        assert standings(gradebook, "ps1") == {"ada": told}
    assert told.scores["one"] == {"check-a": 2.0, "check-b": 0.3, "written": None, "task": None}
    assert told.points == 8.3
    assert told.to_read == 2


def test_a_gradebook_that_somebody_holds_for_a_moment_is_waited_for(course):
    holder = sqlite3.connect(course / "gradebook.db", check_same_thread=False, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    threading.Thread(target=lambda: (time.sleep(1), holder.execute("COMMIT"))).start()
    assert as_we_do(course, url_of(course), "ada", None).total == pytest.approx(2.4)


def test_cells_that_the_assignment_got_later_are_graded_too(course):
    with open_gradebook(url_of(course), "cnn") as gradebook:
        record(gradebook, late(), "ps1", "ada", None, {})
        gradebook.add_grade_cell("check-c", "one", "ps1", max_score=1, cell_type="code")
        record(gradebook, late(), "ps1", "ada", None, {})
    assert ("ada", "one", "check-c", 0.0, None, False) in contents(url_of(course))["grades"]


def test_scores_are_those_of_nbgrader(course):
    with open_gradebook(url_of(course), "cnn") as gradebook:
        scores = automatic_scores(judged(gradebook, course, "ada"))
    assert scores == {"one": {"check-a": 2.0, "check-b": 0.3, "written": None}, "two": {"check-a": 0.1}}


def test_there_is_no_new_gradebook_where_there_was_none(tmp_path):
    with pytest.raises(ValueError, match="there is no gradebook"):
        open_gradebook(f"sqlite:///{tmp_path}/gradebook.db", "cnn")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_postgresql_holds_the_same(course, tmp_path):
    with postgres() as database:
        url = database("cnn")
        make_course(tmp_path / "again", url)
        with Gradebook(url, "cnn") as gradebook:
            gradebook.update_or_create_assignment("ps1", duedate=DUE)
        for _ in range(2):
            for student in ANSWERS:
                as_we_do(course, url, student, None)
                as_we_do(course, url_of(course), student, None)
        assert contents(url) == contents(url_of(course))
