"""What the judge notes in a graded notebook: a verdict in each cell that it judged, and remarks on the whole.

This module alone knows how a verdict is kept. The file may have been changed since, so `read` takes anything that may
stand there; and it reads what an earlier version of the course wrote.
"""

import math
from dataclasses import asdict, dataclass

from cnncourse.checks.verdict import Status
from cnncourse.grading.judge.quoting import said
from cnncourse.grading.judge.untrusted import part

KEY = "cnncourse"  # in the metadata of a cell, and in those of the notebook
# By these an earlier version, which noted no status, told apart what did not pass
EARLIER = {
    "not written yet": Status.NOT_WRITTEN,
    "not tried: ": Status.NOT_TRIED,
    "the answer was tried: ": Status.STOPPED,
    "what came back cannot be judged: ": Status.ERROR,
}


@dataclass(frozen=True)
class CellVerdict:
    """What was found out about one answer."""

    task: str
    status: Status
    words: str = ""  # what is wrong
    misconception: str = ""  # the name of the mistake, if it is known
    section: str = ""  # where the book deals with it
    seconds: float | None = None  # what it took to try the answer; None: that is not known
    attention: tuple = ()  # what an instructor should look at, as sentences

    @property
    def passed(self):
        """Whether the answer is right."""
        return self.status is Status.PASSED


@dataclass(frozen=True)
class Remarks:
    """What was found out about a notebook as a whole."""

    attention: tuple = ()
    limits: tuple = ()  # under which it ran, as sentences
    seconds: float | None = None


def write(cell, verdict):
    """Note a verdict in its cell.

    >>> from nbformat.v4 import new_code_cell
    >>> cell = new_code_cell()
    >>> write(cell, CellVerdict("ch02.pad", Status.WRONG, "expected 3, got 4"))
    >>> read(cell).words
    'expected 3, got 4'
    """
    cell.metadata[KEY] = asdict(verdict) | {
        "status": verdict.status.value,
        "words": said(verdict.words),
        "seconds": _rounded(verdict.seconds),
        "attention": [said(one) for one in verdict.attention],
    }


def read(cell):
    """The verdict that a cell of `nbformat` or of `untrusted` holds, or None.

    >>> read({"metadata": {"cnncourse": {"task": "ch02.pad", "passed": True}}}).status.value  # by an earlier version
    'passed'
    >>> read({"metadata": 3})
    """
    found = _noted(cell)
    task, words, status = (part(found, name, str) for name in ("task", "words", "status"))
    is_known = status in list(Status)
    if not task or not (is_known or isinstance(found.get("passed"), bool)):
        return None
    return CellVerdict(
        task,
        Status(status) if is_known else _earlier(found["passed"], words),
        words,
        *(part(found, name, str) for name in ("misconception", "section")),
        _seconds(found),
        _sentences(found),
    )


def write_remarks(notebook, remarks):
    """Note in a notebook what holds for the whole of it.

    >>> from nbformat.v4 import new_notebook
    >>> notebook = new_notebook()
    >>> write_remarks(notebook, Remarks(("a cell imports ctypes",)))
    >>> read_remarks(notebook).attention
    ('a cell imports ctypes',)
    """
    attention = list(dict.fromkeys(map(said, remarks.attention)))
    limits, seconds = list(remarks.limits), _rounded(remarks.seconds)
    notebook.metadata[KEY] = {"attention": attention, "limits": limits, "seconds": seconds}


def read_remarks(notebook):
    """What a notebook holds for the whole of it.

    >>> read_remarks({"metadata": {"cnncourse": {"attention": ["a cell was added", 5]}}}).attention
    ('a cell was added',)
    """
    found = _noted(notebook)
    return Remarks(_sentences(found), _sentences(found, "limits"), _seconds(found))


def _noted(thing):
    metadata = thing.get("metadata") if isinstance(thing, dict) else getattr(thing, "metadata", None)
    return part(metadata, KEY, dict)


def _earlier(passed, words):
    if passed:
        return Status.PASSED
    return next((status for start, status in EARLIER.items() if words.startswith(start)), Status.WRONG)


def _seconds(found):
    value = found.get("seconds")
    is_time = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf
    return float(value) if is_time else None


def _sentences(found, name="attention"):
    return tuple(one for one in part(found, name, list) if isinstance(one, str) and one)


def _rounded(seconds):
    return None if seconds is None else round(seconds, 3)
