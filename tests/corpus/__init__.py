"""Submissions that try the grader: hostile ones must earn nothing by it, gentle ones must lose nothing by it.

A submission is made from a student's copy of the assignment on convolution in which every task is answered rightly.
The sources in these files are meant for the sandbox of the grader: never run one of them anywhere else.
"""

import copy
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent

import nbformat

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT = "ch02_convolution"
FILE = f"{ASSIGNMENT}.ipynb"
POINTS = {
    "ch02.output_size": 4,
    "ch02.pad": 2,
    "ch02.window_sum": 3,
    "ch02.correlate": 4,
    "ch02.convolve": 3,
    "ch02.edge_kernel": 3,
    "ch02.conv2d": 8,
    "ch02.im2col": 5,
    "ch02.conv_transpose": 5,
}
ALL = frozenset(POINTS)
NOTHING = frozenset()
CELL = ANSWER = 3.0  # seconds that a grader without patience waits for a cell, and for an answer in all its cases
MARKER = "left-by-the-corpus"  # in the command line of every process that a submission tries to leave behind


@dataclass(frozen=True)
class Submission:
    """What one student hands in, and what may become of it."""

    name: str
    hope: str  # what the student hopes for, in a sentence
    make: Callable  # make(notebook, folder): edits the notebook in place, or returns the bytes of the file
    kind: str  # the file of the corpus that it stands in
    earns: frozenset  # the tasks for which it may get points
    keeps: frozenset  # the tasks for which it must get full marks all the same
    says: str  # a pattern that must be found in what the student or the instructor is told
    after: str  # the submission that the same warm kernel grades right before it

    def hand_in(self, folder):
        """Write the submission into a folder, as a student's computer would; returns the path of the notebook."""
        folder.mkdir(parents=True, exist_ok=True)
        notebook = solved()
        made = self.make(notebook, folder)
        path = folder / FILE
        if not os.path.lexists(path):  # the submission may have put something else there, such as a link
            path.write_bytes(made if isinstance(made, bytes) else as_bytes(notebook))
        return path


def _submission(make, earns, keeps, says, after):
    name = make.__name__
    return Submission(
        name, " ".join(make.__doc__.split()), make, make.__module__.split(".")[-1], earns, keeps, says, after
    )


def without_work(earns=NOTHING, keeps=NOTHING, says="", after=""):
    """A submission of somebody who solved nothing: each task has a wrong answer before `make` goes to work."""

    def decorate(make):
        def made(notebook, folder):
            blank(notebook)
            return make(notebook, folder)

        made.__name__, made.__doc__, made.__module__ = make.__name__, make.__doc__, make.__module__
        return _submission(made, frozenset(earns), frozenset(keeps), says, after)

    return decorate


def with_work(earns=ALL, keeps=NOTHING, says="", after=""):
    """A submission of somebody who solved every task before `make` goes to work."""
    return lambda make: _submission(make, frozenset(earns), frozenset(keeps), says, after)


def submissions_in(*modules):
    """The submissions that these modules define, in their order."""
    return [value for module in modules for value in vars(module).values() if isinstance(value, Submission)]


def with_answers(assignment):
    """The released notebook of an assignment with the course's own answers in it, as a student's copy would be."""

    def read(kind):
        return nbformat.read(ROOT / kind / assignment / f"{assignment}.ipynb", as_version=4)

    notebook, answers = read("exercises"), {each.id: each.source for each in read("solutions").cells}
    for each in notebook.cells:
        if each.metadata.get("nbgrader", {}).get("solution"):
            lines = answers[each.id].splitlines()
            each.source = "\n".join(
                line for line in lines if line.strip() not in ("### BEGIN SOLUTION", "### END SOLUTION")
            )
    return notebook


@cache
def _solved_text():
    notebook = with_answers(ASSIGNMENT)
    cell(notebook, "answer-written").source = "It learnt the kernel turned by 180 degrees, since a layer correlates."
    return nbformat.writes(notebook)


def solved():
    """A student's notebook with a right answer to each task.

    >>> "raise NotImplementedError" in as_bytes(solved()).decode()
    False
    """
    return nbformat.reads(_solved_text(), as_version=4)


def cell(notebook, name):
    """The cell with that id, which is its grade_id too where it has one."""
    return next(each for each in notebook.cells if each.get("id") == name)


def solution(notebook, task):
    """The cell that holds the answer to a task: `solution(notebook, "ch02.window_sum")`."""
    return cell(notebook, task.split(".")[1].replace("_", "-"))


def check(notebook, task):
    """The cell that checks a task."""
    return cell(notebook, "check-" + task.split(".")[1].replace("_", "-"))


def answer(notebook, task, source):
    """Replace the answer to a task."""
    solution(notebook, task).source = dedent(source).strip("\n")


def blank(notebook):
    """A wrong answer to each task, without an error."""
    for task in POINTS:
        head = re.search(r"^def .*:$", solution(notebook, task).source, re.M).group()
        answer(notebook, task, f"{head}\n    return -1")


def with_cell(notebook, source, after="setup", kind="code", metadata=None):
    """Put a cell of the student's own behind the cell with that id; "start" and "end" are places too."""
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}[kind]
    own = make(dedent(source).strip("\n"), metadata=metadata or {}, id=f"own-{len(notebook.cells)}")
    places = {"start": 0, "end": len(notebook.cells)}
    place = places[after] if after in places else notebook.cells.index(cell(notebook, after)) + 1
    notebook.cells.insert(place, own)
    return own


def as_bytes(notebook):
    """The notebook as the bytes of a file, whatever is wrong with it."""
    plain = copy.deepcopy(notebook)
    for each in plain.get("cells", []):
        if isinstance(each.get("source"), str):
            each["source"] = each["source"].splitlines(keepends=True)
    return (json.dumps(plain, indent=1) + "\n").encode()


@dataclass(frozen=True)
class Ground:
    """Where the class lies, with what must stay unread and unwritten; it is described by `ground.json` in its root."""

    root: Path
    peer: str  # another student, whose answers are right
    port: int  # something listens here on the loopback interface of the host
    abstract: str  # and here on an abstract unix socket
    socket: str  # and here on one with a path


def ground(folder):
    """The class that a submission's folder (ROOT/submitted/STUDENT/ASSIGNMENT) lies in."""
    root = folder.parents[2]
    file = root / "ground.json"
    if not file.exists():
        return Ground(root, "peer", 9, "no-one-listens", str(root / "no.sock"))
    return Ground(root, **json.loads(file.read_text()))
