"""The corpus itself: that each submission is what it says. Nothing of it is run here, and no sandbox is needed."""

import json
import os
from importlib import import_module

import nbformat
import pytest
from corpus import ALL, POINTS, blank, check, gentle, solution, solved, submissions_in
from corpus.hostile import HOSTILE

GENTLE = submissions_in(gentle)
EVERY = [*HOSTILE, *GENTLE]
NAMES = [submission.name for submission in EVERY]
NOT_PYTHON = {  # these hold a cell that is meant to be no Python, or too much of it for this test
    "a_hundred_thousand_cells",
    "a_cell_that_fails",
    "a_formula_too_deep_to_parse",
    "a_source_of_ten_megabytes",
    "a_source_with_bytes_that_no_parser_takes",
    "cells_of_the_wrong_kind",
    "fifty_megabytes",
    "lone_surrogates",
    "saved_outputs",
    "scripts_in_errors",
}


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """The paths of all notebooks, by the names of their submissions."""
    root = tmp_path_factory.mktemp("course") / "submitted"
    return {submission.name: submission.hand_in(root / submission.name / "ch02_convolution") for submission in EVERY}


def test_there_are_a_hundred_hostile_submissions_and_fifty_gentle_ones_and_more():
    assert len(HOSTILE) >= 100
    assert len(GENTLE) >= 50
    assert len(set(NAMES)) == len(NAMES)


def test_every_task_and_its_points_are_those_of_the_assignment():
    found = {}
    for cell in solved().cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade") and not about.get("solution"):
            found[cell.source.split('"')[1]] = about["points"]
    assert found == POINTS


def test_the_honest_notebook_is_the_release_with_answers():
    notebook = solved()
    nbformat.validate(notebook)
    for task in POINTS:
        compile(solution(notebook, task).source, task, "exec")
        assert "SOLUTION" not in solution(notebook, task).source
        assert check(notebook, task).metadata["nbgrader"]["checksum"]


def test_a_blank_notebook_has_another_answer_to_each_task():
    notebook = solved()
    blank(notebook)
    assert all(solution(notebook, task).source.endswith("return -1") for task in POINTS)


def test_every_submission_hopes_for_something_in_a_sentence():
    for submission in EVERY:
        assert submission.hope.endswith("."), submission.name
        assert submission.keeps <= submission.earns <= ALL, submission.name
        assert not submission.after or submission.after in NAMES, submission.name


def test_every_submission_differs_from_an_honest_one(handed_in):
    honest = handed_in["as_asked"].read_bytes()
    for name, path in handed_in.items():
        assert os.path.lexists(path), name
        alone = len(list(path.parent.iterdir())) == 1 and path.is_file() and not path.is_symlink()
        assert (alone and path.stat().st_size == len(honest) and path.read_bytes() == honest) == (name == "as_asked")


def test_sources_are_python_unless_they_are_meant_not_to_be(handed_in):
    """A slip in the corpus would turn an attack into a syntax error, which the grader withstands easily."""
    known = set()
    for name, path in handed_in.items():
        if name not in NOT_PYTHON and path.is_file() and not path.is_symlink():
            for source in set(sources(path)) - known:
                known.add(source)
                compile_cell(source, name)


def sources(path):
    """The sources of the code cells in a file, which may hold anything."""
    try:
        cells = json.loads(path.read_bytes().decode("utf-8-sig"))["cells"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code" and isinstance(cell.get("source"), (str, list)):
            yield "".join(part for part in cell["source"] if isinstance(part, str))


def compile_cell(source, name):
    """Compile a cell as IPython does."""
    transform = import_module("IPython.core.inputtransformer2").TransformerManager().transform_cell
    compile(transform(source), name, "exec", flags=0x2000)  # await may stand outside a function
