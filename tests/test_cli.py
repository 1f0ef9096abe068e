"""`cnncourse check NOTEBOOK`, as a student types it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import complete
import nbformat
import pytest

from cnncourse.checks.display import DATA
from cnncourse.checks.marking import asked_in, asked_of, marks, table
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

    def run(*cells, options=(), name="mine"):
        cells = [cell if not isinstance(cell, str) else nbformat.v4.new_code_cell(cell) for cell in cells]
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        status = main(["check", str(path), *options])
        return status, capsys.readouterr()

    return run


@pytest.mark.sampled
def test_a_right_notebook_gets_all_points_and_status_0(student):
    status, said = student(RIGHT, graded('check("ch02.pad", pad)'), written())
    assert status == 0
    assert "pad              2 / 2\n" in said.out
    assert "answer-written   - / 3  read by a person\n" in said.out
    assert said.out.endswith("total            2 / 2 + 3 by hand\n")


@pytest.mark.sampled
def test_a_wrong_answer_is_told_with_its_mistake_and_status_1(student):
    status, said = student(WRONG, graded('check("ch02.pad", pad)'))
    assert status == 1
    assert "pad     0 / 2  expected shape (4, 5), got shape (3, 4)" in said.out
    assert "when the zeros are added after the last row and column only" in " ".join(said.out.split())


@pytest.mark.sampled
def test_a_stub_is_not_written_yet(student):
    status, said = student(STUB, graded('check("ch02.pad", pad)'))
    assert status == 1
    assert "pad     0 / 2  not written yet\n" in said.out


@pytest.mark.sampled
def test_one_broken_cell_does_not_take_the_others_along(student):
    status, said = student("def pad(:", RIGHT, graded('check("ch02.pad", pad)'), graded("nothing", 1, "check-b"))
    assert status == 1
    assert "pad     2 / 2\n" in said.out
    assert "b       0 / 1  NameError: name 'nothing' is not defined" in said.out


@pytest.mark.sampled
def test_a_cell_without_an_end_is_stopped(student):
    status, said = student("while True: pass", RIGHT, graded('check("ch02.pad", pad)'), options=["--seconds", "2"])
    assert status == 1
    assert said.err.splitlines()[1:] == [  # and no traceback of the kernel's
        "the cell that begins with `while True: pass` was not finished after 2 s and was stopped; "
        "the cells after it were not run"
    ]
    assert "not run" in said.out


@pytest.mark.sampled
def test_a_kernel_that_ends_itself_is_told(student):
    status, said = student("import os\nos._exit(1)", RIGHT, graded('check("ch02.pad", pad)'))
    assert status == 1
    assert "the cell that begins with `import os` ended Python itself, or used up the memory" in said.err
    assert "not run" in said.out


def released(answers, left_out=()):
    """The released notebook of chapter 2 with other sources in some cells, and without some others."""
    notebook = nbformat.read(ROOT / "exercises/ch02_convolution/ch02_convolution.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.id not in {"experiment", *left_out}]
    for cell in cells:
        cell.source = answers.get(cell.id, cell.source)
    return cells


def lines_of(said):
    """The lines of the table by their first words, each with single blanks."""
    rows = [" ".join(line.split()) for line in said.out.splitlines() if not line.startswith("  ")]
    return {row.split(" ")[0]: row.partition(" ")[2] for row in rows}


@pytest.mark.sampled
def test_the_released_check_is_run_whatever_its_cell_says(student):
    answers = {
        "pad": RIGHT,
        "output-size": "def output_size(n, k, s, p, d):\n    return (n + 2 * p - d * (k - 1) - 1) // s + 1",
        "check-output-size": '# check("ch02.output_size", output_size)',
        "check-window-sum": "window_sum = 0",
        "edge-kernel": "def edge_kernel():\n    return np.zeros((3, 3))",
        "check-edge-kernel": 'print("ch02.edge_kernel: right, on 6 cases")',
        "correlate": "def correlate(x, kernel, stride:\n    return 0",
    }
    cells = released(answers, left_out=["check-pad", "convolve"])
    status, said = student(*cells, name="ch02_convolution (1)")  # as a browser calls the second download
    lines = lines_of(said)
    changed = "the cell that checks it was changed: the released one was run"
    assert status == 1
    assert lines["pad"] == "2 / 2 the cell that checks it is missing: it was put back"
    assert lines["output-size"] == f"4 / 4 {changed}"
    assert lines["window-sum"] == f"0 / 3 not written yet; {changed}"
    assert lines["edge-kernel"].startswith("0 / 3 at [0, 0]: expected ")
    assert lines["correlate"] == "0 / 4 the cell with the answer stops: SyntaxError: '(' was never closed (line 1)"
    assert lines["convolve"] == "0 / 3 no cell of the notebook defines `convolve`"
    assert lines["answer-written"] == "0 / 3 not answered yet"
    assert lines["total"] == "6 / 40"


@pytest.mark.parametrize(
    ("text", "earned", "words"),
    [
        ("YOUR ANSWER HERE\n", 0.0, "not answered yet"),
        (" ", 0.0, "not answered yet"),
        (None, 0.0, "the cell for the answer is missing"),
        ("YOUR ANSWER HERE: the kernel.", None, "read by a person"),
    ],
)
def test_a_written_question_without_an_answer_earns_nothing(text, earned, words):
    cells = released({"answer-written": text}, left_out=["answer-written"] if text is None else ())
    notebook = nbformat.v4.new_notebook(cells=cells)
    *_, mark = marks(notebook, asked_of(notebook, "ch02_convolution.ipynb"), {})
    assert (mark.task, mark.earned, mark.words) == ("answer-written", earned, words)


def test_the_assignment_is_the_one_with_the_longest_name_that_the_files_name_has(monkeypatch):
    names = ("exam", "exam_again", "exam_1")
    assignments = {name: [{"name": name, "points": 1.0, "check": None}] for name in names}
    monkeypatch.setattr("cnncourse.checks.marking.known", lambda: {"assignments": assignments})
    empty = nbformat.v4.new_notebook()
    assert [asked_of(empty, f"{name}-Copy1.ipynb")[0].name for name in names] == list(names)
    assert asked_of(empty, "another.ipynb") == []


@pytest.mark.sampled
def test_a_task_that_is_judged_later_earns_nothing_yet_and_keeps_nobody_from_being_done(student):
    later = graded('check("exam.secret", pad)', 4, "check-secret")
    status, said = student(RIGHT, graded('check("ch02.pad", pad)'), later, written())
    assert status == 0
    assert lines_of(said)["secret"] == "- / 4 judged when you have handed in"
    assert lines_of(said)["total"] == "2 / 2 + 4 later + 3 by hand"


@pytest.mark.sampled
def test_only_what_is_missing_keeps_a_notebook_from_being_done(student):
    cells = [RIGHT, graded('check("ch02.pad", pad)')]
    assert student(*cells, written())[0] == 0
    cell = written()
    cell.source = "YOUR ANSWER HERE"
    assert student(*cells, cell)[0] == 1


def test_what_the_package_knows_of_book_and_assignments_is_up_to_date(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from course_facts import facts

    committed = (ROOT / "cnncourse/checks/course.json").read_text(encoding="utf-8")
    assert committed == facts(ROOT), "run `make exercises`"
    assert len(json.loads(committed)["assignments"]) == len(list(ROOT.glob("exercises/*/*.ipynb")))


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
@pytest.mark.parametrize("slug", sorted(path.stem for path in ROOT.glob("solutions/*/*.ipynb")))
def test_the_solutions_get_all_points_and_the_untouched_release_none(slug, tmp_path, capsys):
    assert main(["check", str(complete.hand_in(slug, tmp_path))]) == 0
    assert main(["check", str(ROOT / "exercises" / slug / f"{slug}.ipynb")]) == 1
    released = capsys.readouterr().out.split("task ")[2]
    *scores, written, total = [line for line in released.splitlines()[1:] if " / " in line]
    assert scores
    assert all(" 0 / " in line for line in (*scores, written, total))
    reasons = ("not written yet", "was not handed in", "this is measured with the result of")
    assert all(any(reason in line for reason in reasons) for line in scores)
    assert "not answered yet" in written


def test_an_empty_table_is_a_table():
    assert table([]).splitlines()[-1].split() == ["total", "0", "/", "0"]


def test_what_went_wrong_is_read_from_the_data_of_a_check_and_not_from_its_words():
    found = {"status": "wrong", "words": "expected 3, got 4", "misconception": "a row is lost"}
    shown = nbformat.v4.new_output("display_data", {DATA: found, "text/plain": "ch02.pad: in other words"})
    error = nbformat.v4.new_output("error", ename="NotRight", evalue="ch02.pad: not right yet", traceback=[])
    cell = graded('check("ch02.pad", pad)')
    cell.outputs = [shown, error]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    (mark,) = marks(notebook, asked_in(notebook), {})
    assert (mark.earned, mark.words) == (0.0, "expected 3, got 4; This is what comes out when a row is lost")
