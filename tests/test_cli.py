"""`cnncourse check NOTEBOOK`, as a student types it."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from cnncourse.checks.display import DATA
from cnncourse.checks.marking import marks, table
from cnncourse.cli import main

ROOT = Path(__file__).resolve().parents[1]
SETUP = "import numpy as np\nfrom cnncourse.checks import check\n"
RIGHT = SETUP + "def pad(x, padding):\n    return np.pad(x, padding)\n"
WRONG = SETUP + "def pad(x, padding):\n    return np.pad(x, (0, padding))\n"
STUB = SETUP + "def pad(x, padding):\n    raise NotImplementedError\n"


def graded(source, points=2, name="check-pad", **about):
    about = {"grade": True, "grade_id": name, "points": points, "locked": True, "solution": False} | about
    return nbformat.v4.new_code_cell(source, metadata={"nbgrader": about})


def written(points=3):
    about = {"grade": True, "grade_id": "answer-written", "points": points, "solution": True}
    return nbformat.v4.new_markdown_cell("because", metadata={"nbgrader": about})


@pytest.fixture
def student(tmp_path, capsys):
    """Runs the command on a notebook with these cells; returns the exit status and what was printed."""

    def run(*cells, options=()):
        cells = [cell if not isinstance(cell, str) else nbformat.v4.new_code_cell(cell) for cell in cells]
        path = tmp_path / "mine.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        status = main(["check", str(path), *options])
        return status, capsys.readouterr()

    return run


def test_a_right_notebook_gets_all_points_and_status_0(student):
    status, said = student(RIGHT, graded('check("ch02.pad", pad)'), written())
    assert status == 0
    assert "pad              2 / 2\n" in said.out
    assert "answer-written   - / 3  read by a person\n" in said.out
    assert said.out.endswith("total            2 / 2\n")


def test_a_wrong_answer_is_told_with_its_mistake_and_status_1(student):
    status, said = student(WRONG, graded('check("ch02.pad", pad)'))
    assert status == 1
    assert "pad     0 / 2  expected shape (4, 5), got shape (3, 4)" in said.out
    assert "when the zeros are added after the last row and column only" in " ".join(said.out.split())


def test_a_stub_is_not_written_yet(student):
    status, said = student(STUB, graded('check("ch02.pad", pad)'))
    assert status == 1
    assert "pad     0 / 2  not written yet\n" in said.out


def test_one_broken_cell_does_not_take_the_others_along(student):
    status, said = student("def pad(:", RIGHT, graded('check("ch02.pad", pad)'), graded("nothing", 1, "check-b"))
    assert status == 1
    assert "pad     2 / 2\n" in said.out
    assert "b       0 / 1  NameError: name 'nothing' is not defined" in said.out


def test_a_cell_without_an_end_is_stopped(student):
    status, said = student("while True: pass", RIGHT, graded('check("ch02.pad", pad)'), options=["--seconds", "2"])
    assert status == 1
    assert "not finished after 2 s" in said.err
    assert "not run" in said.out


def test_a_kernel_that_ends_itself_is_told(student):
    status, said = student("import os\nos._exit(1)", RIGHT, graded('check("ch02.pad", pad)'))
    assert status == 1
    assert "the kernel died" in said.err
    assert "not run" in said.out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no file"),
        ("", "is not a notebook that can be read"),
        ("{}", "is not a notebook that can be read"),
        ('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "has no graded cells"),
    ],
)
def test_what_is_no_assignment_is_refused_with_the_reason(tmp_path, content, said):
    path = tmp_path / "a.ipynb"
    if content is not None:
        path.write_text(content)
    assert said in main(["check", str(path)])


def test_the_command_is_installed():
    command = Path(sys.executable).parent / "cnncourse"
    done = subprocess.run([command, "--help"], capture_output=True, text=True, env={**os.environ, "COLUMNS": "80"})
    assert done.returncode == 0
    assert "check" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(ROOT.glob("solutions/*/*.ipynb")), ids=lambda path: path.stem)
def test_the_solutions_get_all_points_and_the_untouched_release_none(path, capsys):
    assert main(["check", str(path)]) == 0
    assert main(["check", str(ROOT / "exercises" / path.parent.name / path.name)]) == 1
    released = capsys.readouterr().out.split("task ")[2]
    scores = [line for line in released.splitlines()[1:] if " / " in line and "read by a person" not in line]
    assert scores
    assert all(" 0 / " in line for line in scores)
    assert all("not written yet" in line for line in scores[:-1])


def test_an_empty_table_is_a_table():
    assert table([]).splitlines()[-1].split() == ["total", "0", "/", "0"]


def test_what_went_wrong_is_read_from_the_data_of_a_check_and_not_from_its_words():
    found = {"status": "wrong", "words": "expected 3, got 4", "misconception": "a row is lost"}
    shown = nbformat.v4.new_output("display_data", {DATA: found, "text/plain": "ch02.pad: in other words"})
    error = nbformat.v4.new_output("error", ename="NotRight", evalue="ch02.pad: not right yet", traceback=[])
    cell = graded('check("ch02.pad", pad)')
    cell.outputs = [shown, error]
    (mark,) = marks(nbformat.v4.new_notebook(cells=[cell]))
    assert (mark.earned, mark.words) == (0.0, "expected 3, got 4; This is what comes out when a row is lost")
