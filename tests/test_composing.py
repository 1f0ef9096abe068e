"""Tasks, assignments and exams of one's own: the page that tells how is followed word by word."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from terminal import nbgrader

from cnncourse.checks.catalogue import file_of
from cnncourse.cli import main
from cnncourse.grading.cohort.cluster import grade_submission
from cnncourse.grading.cohort.grading_run import grade
from cnncourse.grading.composing import compose
from cnncourse.grading.judge.judging import grade_notebook

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "book" / "guide_tasks.md"
BLOCK = re.compile(r"(?:^(Save this as|Add this to) `([^`]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks():
    """What the page tells to do: (what to do with the text, the file, the language, the text)."""
    return BLOCK.findall(PAGE.read_text(encoding="utf-8"))


def words_of(line):
    return [double or single for double, single in re.findall(r'"([^"]*)"|(\S+)', line)]


def here(work):
    """The real judge, in this process."""
    for student, arguments in work:
        yield student, grade_submission(grade_notebook, *arguments), None


def follow(course, capsys):
    """Do what the page tells, up to the grading of the exam; returns what was printed."""
    said = []
    for told, name, language, text in blocks():
        if language == "python":
            path = course / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(path.read_text() + "\n" + text if told == "Add this to" else text)
            continue
        for line in text.splitlines():
            program, *words = words_of(line)
            if program == ".venv/bin/nbgrader":
                nbgrader(course, *words)
            elif program == ".venv/bin/python":
                done = subprocess.run([sys.executable, *words], cwd=course, capture_output=True, text=True)
                assert done.returncode == 0, done.stderr
                said.append(done.stdout)
            elif words[0] == "compose":
                assert main(words) == 0
                said.append(capsys.readouterr().out)
            else:
                assert (program, words) == (".venv/bin/cnncourse", ["grade", "exam", "--dry-run"])
    return "\n".join(said)


@pytest.fixture
def course(tmp_path, monkeypatch):
    course = tmp_path / "course"
    course.mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", course)
    for slug in ("ch01_why_convolution", "ch02_convolution"):
        shutil.copytree(ROOT / "solutions" / slug, course / "solutions" / slug)
    monkeypatch.chdir(course)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return course


def hand_in(course, student, assignment, **answers):
    """The solutions, with other answers in some of the cells."""
    notebook = nbformat.read(course / "solutions" / assignment / f"{assignment}.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(cell.id.replace("-", "_"), cell.source)
    folder = course / "submitted" / student / assignment
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{assignment}.ipynb")


def scores(course, student, assignment):
    with Gradebook(f"sqlite:///{course}/gradebook.db", "cnncourse") as gradebook:
        found = gradebook.find_submission_notebook(assignment, assignment, student)
        return {one.name: one.auto_score for one in found.grades}, [one.auto_comment for one in found.comments]


@pytest.mark.slow
def test_the_page_can_be_followed_word_by_word_and_what_comes_of_it_is_graded(course, capsys):
    assert "ps1.stretch is ready, with 2 mistakes" in follow(course, capsys)
    for name in ("ps1", "exam"):
        released = (course / "exercises" / name / f"{name}.ipynb").read_text()
        assert "high - low" not in released
        assert "### BEGIN SOLUTION" not in released
    hand_in(course, "ada", "exam")
    wrong = "def stretch(x):\n    return x / x.max()"
    hand_in(course, "bob", "exam", ps1_stretch=wrong, ch02_pad="def pad(x, padding):\n    return x")
    hand_in(course, "ada", "ps1")
    assert grade("exam", here) == 0
    assert grade("ps1", here) == 0
    full = {"check-ch01-flat-index": 2.0, "check-ch02-pad": 3.0, "check-ps1-stretch": 4.0}
    assert scores(course, "ada", "exam")[0] == full
    assert scores(course, "ada", "ps1")[0] == {"check-ps1-stretch": 3.0}
    points, comments = scores(course, "bob", "exam")
    assert points == full | {"check-ch02-pad": 0.0, "check-ps1-stretch": 0.0}
    assert any("the darkest pixel is not taken away" in (words or "") for words in comments)


def test_an_exam_has_the_texts_and_the_answers_of_its_chapters_and_its_own_points():
    notebook = compose("Exam", [("ch01.flat_index", 2), ("ch02.pad", 3)], ROOT / "solutions")
    nbformat.validate(notebook)
    texts = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert re.findall(r"^## (\d)\. .+\n\n\*(\d points)\.\*$", texts, re.MULTILINE) == [
        ("1", "2 points"),
        ("2", "3 points"),
    ]
    assert "minutes" not in texts
    assert "5 points in all" in texts
    points = [cell.metadata.nbgrader.points for cell in notebook.cells if "points" in cell.metadata.get("nbgrader", {})]
    assert points == [2, 3]
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    checks = [cell for cell in notebook.cells if cell.id.startswith("check-")]
    assert checks and all(cell.metadata.tags == ["raises-exception"] for cell in checks)


def test_a_task_that_is_tried_with_files_is_not_taken_out_of_its_assignment():
    with pytest.raises(ValueError, match=r"ch07\.mnist_accuracy is measured .* copy solutions/ch07_capstone"):
        compose("Exam", [("ch07.mnist_accuracy", 1)], ROOT / "solutions")


OF_THE_BOOK = [path for path in sorted(ROOT.glob("solutions/ch*/*.ipynb")) if not path.stem.endswith("_capstone")]


@pytest.mark.parametrize("path", OF_THE_BOOK, ids=lambda path: path.stem)
def test_every_task_of_the_book_can_be_taken_into_an_exam(path):
    asked = re.findall(r'check\(\\"(ch\d\d\.\w+)\\"', path.read_text(encoding="utf-8"))
    names = [name for name in dict.fromkeys(asked) if file_of(name)]
    notebook = compose("Exam", [(name, 1) for name in names], ROOT / "solutions")
    nbformat.validate(notebook)
    solutions = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    assert len(solutions) == len(names) >= 5
    assert all("### BEGIN SOLUTION" in cell.source for cell in solutions)


def test_an_assignment_that_is_there_is_not_written_over(course):
    before = (course / "solutions/ch02_convolution/ch02_convolution.ipynb").read_bytes()
    assert "is there already" in main(["compose", "ch02_convolution", "ch02.pad=1"])
    assert (course / "solutions/ch02_convolution/ch02_convolution.ipynb").read_bytes() == before


@pytest.mark.parametrize(("task", "words"), [("ch02.pad=no", "such as"), ("ch02.padd=1", "there is no task")])
def test_what_cannot_be_composed_is_told(course, task, words):
    assert words in main(["compose", "new", task])
    assert not (course / "solutions" / "new").exists()
