"""nbgrader's own commands in a small course: what becomes of each student, in the gradebook and in the files."""

import json
import os
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from terminal import nbgrader

from cnncourse.checks.verdict import Status
from cnncourse.grading.judge import verdicts

ROOT = Path(__file__).resolve().parents[1]
PAD = "import numpy as np\n\n\ndef pad(x, padding):\n"
PAD += "    ### BEGIN SOLUTION\n    return np.pad(x, padding)\n    ### END SOLUTION"
SIZE = "def size(n):\n    ### BEGIN SOLUTION\n    return n + len(open('given.txt').read())\n    ### END SOLUTION"

pytestmark = [pytest.mark.slow, pytest.mark.first]


def cell(name, source, make=new_code_cell, **flags):
    about = {"grade": False, "locked": False, "solution": False, "task": False, "schema_version": 3} | flags
    return make(source, metadata={"nbgrader": about | {"grade_id": name}}, id=name)


def source():
    cells = [
        cell("pad", PAD, solution=True),
        cell("check-pad", 'check("ch02.pad", pad)', grade=True, locked=True, points=2),
        cell("size", SIZE, solution=True),
        cell("check-size", "assert size(1) == 6", grade=True, locked=True, points=3),
        cell("words", "Why?", new_markdown_cell, grade=True, solution=True, points=4),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(
        cells=[new_code_cell("from cnncourse.checks import check"), *cells], metadata={"kernelspec": kernel}
    )


def hand_in(course, student, change=lambda notebook: None, kind="solutions", **files):
    folder = course / "submitted" / student / "ps"
    folder.mkdir(parents=True)
    notebook = nbformat.read(course / kind / "ps" / "ps.ipynb", as_version=4)
    data = change(notebook)
    (folder / "ps.ipynb").write_bytes(data if isinstance(data, bytes) else nbformat.writes(notebook).encode())
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


def replaced(name, text):
    def change(notebook):
        next(one for one in notebook.cells if one.id == name).source = text

    return change


def split(notebook):
    place = next(number for number, one in enumerate(notebook.cells) if one.id == "check-pad")
    twin = nbformat.from_dict(json.loads(json.dumps(notebook.cells[place])))
    twin.id = "twin"
    notebook.cells.insert(place, twin)


def skipped(notebook):
    replaced("pad", "def pad(x, padding): return x")(notebook)
    for one in notebook.cells:
        one.metadata["tags"] = ["skip-execution"]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with one assignment, graded for a class in which much goes wrong."""
    course = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", course)
    (course / "solutions" / "ps").mkdir(parents=True)
    nbformat.write(source(), course / "solutions" / "ps" / "ps.ipynb")
    (course / "solutions" / "ps" / "given.txt").write_text("given")
    nbgrader(course, "generate_assignment", "ps")

    hand_in(course, "right")
    hand_in(course, "untouched", kind="exercises")
    hand_in(course, "wrong", replaced("pad", "def pad(x, padding): return x"))
    hand_in(course, "crashes", replaced("size", "import os\ndef size(n): os._exit(1)"))
    hand_in(course, "skips", skipped)
    hand_in(course, "splits", split)
    hand_in(
        course,
        "shadows",
        replaced("pad", "def pad(x, padding): return x"),
        numpy_py="def pad(*_): ...",
        notes_md="x",
        given_txt="x",
    )
    hand_in(course, "broken", lambda notebook: b"PK\x03\x04")
    (course / "secret.txt").write_text("canary")
    linked = hand_in(course, "links")
    os.symlink(course / "secret.txt", linked / "notes.txt")
    return course


class Graded:
    def __init__(self, course):
        self.course = course
        self.said = nbgrader(course, "autograde", "ps", status=1)  # for the student whose notebook is broken

    def scores(self, student):
        with Gradebook(f"sqlite:///{self.course}/gradebook.db", "cnncourse") as gradebook:
            notebook = gradebook.find_submission_notebook("ps", "ps", student)
            return {grade.name: grade.auto_score for grade in notebook.grades}

    def comment(self, student, name):
        with Gradebook(f"sqlite:///{self.course}/gradebook.db", "cnncourse") as gradebook:
            return gradebook.find_comment(name, "ps", "ps", student).auto_comment

    def folder(self, student):
        return self.course / "autograded" / student / "ps"


@pytest.fixture(scope="module")
def graded(course):
    return Graded(course)


FULL = {"check-pad": 2.0, "check-size": 3.0}


@pytest.mark.parametrize(
    ("student", "scores"),
    [
        ("right", FULL),
        ("untouched", {"check-pad": 0.0, "check-size": 0.0}),
        ("wrong", FULL | {"check-pad": 0.0}),
        ("crashes", FULL | {"check-size": 0.0}),
        ("skips", FULL | {"check-pad": 0.0}),
        ("splits", FULL),
        ("shadows", FULL | {"check-pad": 0.0}),
        ("links", FULL),
    ],
)
def test_each_student_gets_the_points_of_the_work(graded, student, scores):
    found = graded.scores(student)
    assert {name: found[name] for name in scores} == scores, graded.said[-3000:]


def test_a_written_answer_waits_for_a_person(graded):
    assert graded.scores("right")["words"] is None


def test_a_file_that_is_no_notebook_costs_its_student_and_nobody_else(graded):
    assert "broken" in graded.said
    assert graded.scores("wrong")["check-size"] == 3.0


def test_the_mistake_stands_in_the_comment_of_the_answer(graded):
    assert graded.comment("wrong", "pad").startswith("ch02.pad: expected shape")
    assert graded.comment("right", "pad") is None
    assert graded.comment("untouched", "pad") == "No response."


def test_what_a_link_leads_to_is_not_copied_and_the_link_is_told(graded):
    assert not (graded.folder("links") / "notes.txt").exists()
    assert "notes.txt is a link to another file: left out" in graded.said
    assert not [path for path in graded.folder("links").rglob("*") if b"canary" in path.read_bytes()]


def test_a_file_beside_the_notebook_is_not_used_and_is_told(graded):
    assert "came with notes.md, which is not used in grading" in graded.said


def test_the_graded_notebook_is_valid_and_notes_what_was_found(graded):
    notebook = nbformat.read(graded.folder("wrong") / "ps.ipynb", as_version=4)
    nbformat.validate(notebook)
    found = verdicts.read(next(one for one in notebook.cells if one.id == "check-pad"))
    assert (found.task, found.status) == ("ch02.pad", Status.WRONG)
    assert verdicts.read_remarks(notebook).limits


def test_feedback_can_be_made_of_it(graded):
    nbgrader(graded.course, "generate_feedback", "ps", "--student", "wrong")
    assert "expected shape" in (graded.course / "feedback" / "wrong" / "ps" / "ps.html").read_text()


def test_grading_again_changes_no_score(graded):
    students = [path.name for path in (graded.course / "submitted").iterdir() if path.name != "broken"]
    before = {student: graded.scores(student) for student in students}
    nbgrader(graded.course, "autograde", "ps", "--force", status=1)
    assert {student: graded.scores(student) for student in students} == before
