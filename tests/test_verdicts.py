"""What the judge notes in a notebook is read as it was written, whoever wrote it and whatever became of it since."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from cnncourse.checks.verdict import Status
from cnncourse.grading.judge.untrusted import cells_of
from cnncourse.grading.judge.verdicts import KEY, CellVerdict, Remarks, read, read_remarks, write, write_remarks


def noted(data):
    return {"metadata": {KEY: data}}


@pytest.mark.parametrize("status", Status)
def test_a_verdict_comes_back_from_a_file_as_it_was_written(status):
    found = CellVerdict("ch02.pad", status, "words", "mistake", "ch02#padding", 0.25, ("one", "two"))
    notebook = new_notebook(cells=[new_code_cell(), new_code_cell()])
    write(notebook.cells[0], found)
    write_remarks(notebook, Remarks(("a cell was added",), ("2 GB",), 1.5))
    text = nbformat.writes(notebook)
    again = nbformat.reads(text, as_version=4)
    assert [read(cell) for cell in again.cells] == [found, None]
    assert [read(cell) for cell in cells_of(json.loads(text))] == [found, None]
    assert read_remarks(again) == read_remarks(json.loads(text)) == Remarks(("a cell was added",), ("2 GB",), 1.5)


def test_only_a_status_that_says_so_has_passed():
    assert [status for status in Status if CellVerdict("t", status).passed] == [Status.PASSED]


@pytest.mark.parametrize(
    ("passed", "words", "status"),
    [
        (True, "", Status.PASSED),
        (False, "expected 3, got 4", Status.WRONG),
        (False, "not written yet", Status.NOT_WRITTEN),
        (False, "not tried: the time for the whole notebook was used up", Status.NOT_TRIED),
        (False, "the answer was tried: it printed without end and was stopped", Status.STOPPED),
        (False, "what came back cannot be judged: 3", Status.ERROR),
    ],
)
def test_what_earlier_versions_wrote_loses_nothing(passed, words, status):
    earlier = {"task": "ch02.pad", "passed": passed, "words": words, "misconception": "m", "section": "s"}
    earlier |= {"seconds": 0.5, "attention": ["a"]}
    assert read(noted(earlier)) == CellVerdict("ch02.pad", status, words, "m", "s", 0.5, ("a",))


def test_words_that_a_student_chose_do_not_make_a_status():
    quoted = CellVerdict("ch02.pad", Status.WRONG, "not written yet")
    cell = new_code_cell()
    write(cell, quoted)
    assert read(cell).status is Status.WRONG


@pytest.mark.parametrize(
    "data",
    [None, 3, [], {}, {"task": "t"}, {"task": 3, "passed": True}, {"task": "t", "passed": "yes"}, {"passed": True}],
    ids=str,
)
def test_what_is_no_verdict_is_none(data):
    assert read(noted(data)) is None
    assert read({"metadata": data}) is None


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1, True, "1", None])
def test_a_part_of_the_wrong_kind_is_left_out(seconds):
    odd = {
        "task": "t",
        "status": "wrong",
        "words": 3,
        "misconception": [],
        "seconds": seconds,
        "attention": [1, "a", ""],
    }
    assert read(noted(odd)) == CellVerdict("t", Status.WRONG, seconds=None, attention=("a",))
    assert read_remarks(noted({"attention": 7, "limits": "x", "seconds": seconds})) == Remarks()


def test_words_that_quote_a_student_are_on_one_line_and_have_an_end():
    cell = new_code_cell()
    write(cell, CellVerdict("t", Status.WRONG, "a\x1b[31m\nb" + "x" * 5000, attention=("c\nd",)))
    assert read(cell).words.startswith("a·[31m b")
    assert len(read(cell).words) < 1100
    assert read(cell).attention == ("c d",)
    json.dumps(cell, allow_nan=False)
