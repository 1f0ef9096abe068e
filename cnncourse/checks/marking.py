"""Running a student's notebook and saying, task by task, what is right, what went wrong, and what is missing.

What an assignment asks for is known from its release (course.json), not from the notebook: a cell that is gone or was
changed hides no task. The check that runs is always the released one.
"""

import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from cnncourse.checks.catalogue import LATER
from cnncourse.checks.course import known
from cnncourse.checks.display import DATA

STUB = "YOUR ANSWER HERE"  # nbgrader puts it where a person's words are asked for


class Unreadable(ValueError):
    """The file is no notebook of this course; the message says what it is and what would do."""


@dataclass(frozen=True)
class Asked:
    """One graded cell of an assignment, as it was released."""

    name: str
    points: float
    check: str | None  # None: a person reads the answer

    @property
    def task(self):
        """What a student calls it."""
        return self.name.removeprefix("check-")

    @property
    def answer(self):
        """The name that the check asks about, or ""."""
        found = self.check and re.fullmatch(r"check\(.+?, *(\w+)\)", self.check.strip())
        return found[1] if found else ""


@dataclass(frozen=True)
class Mark:
    """What one graded cell earned."""

    task: str
    points: float
    earned: float | None  # None: a person reads the answer
    words: str = ""


def read(path):
    """The notebook in a file.

    >>> read("nowhere.ipynb")
    Traceback (most recent call last):
    ...
    cnncourse.checks.marking.Unreadable: there is no file nowhere.ipynb
    """
    path = Path(path)
    if not path.is_file():
        raise Unreadable(f"there is no file {path}")
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as wrong:  # nbformat raises whatever its parser meets
        raise Unreadable(f"{path} is not a notebook that can be read: {wrong}") from wrong
    if not asked_of(notebook, path):
        raise Unreadable(f"{path} has no graded cells: is it a notebook of exercises/?")
    return notebook


def graded(cell):
    """What nbgrader notes about a cell, if the cell is graded.

    >>> graded(nbformat.v4.new_code_cell("1", metadata={"nbgrader": {"grade": True, "points": 2}}))["points"]
    2
    """
    about = cell.metadata.get("nbgrader", {})
    return about if about.get("grade") else None


def asked_in(notebook):
    """What a notebook asks for, read from its own cells.

    >>> about = {"grade": True, "grade_id": "check-pad", "points": 2}
    >>> cell = nbformat.v4.new_code_cell('check("ch02.pad", pad)', metadata={"nbgrader": about})
    >>> asked_in(nbformat.v4.new_notebook(cells=[cell]))
    [Asked(name='check-pad', points=2.0, check='check("ch02.pad", pad)')]
    """
    found = []
    for cell in notebook.cells:
        about = graded(cell)
        if about:
            by_hand = cell.cell_type != "code" or about.get("solution")
            found.append(Asked(about["grade_id"], float(about.get("points", 0)), None if by_hand else cell.source))
    return found


def asked_of(notebook, path):
    """What is asked for by the assignment whose name is in the file's name; by an unknown one, what its cells say.

    >>> [one.task for one in asked_of(None, "ch02_convolution (1).ipynb")][:2]
    ['output-size', 'pad']
    """
    assignments = known()["assignments"]
    name = max((name for name in assignments if name in Path(path).stem), key=len, default=None)
    return [Asked(**cell) for cell in assignments[name]] if name else asked_in(notebook)


def cell_of(notebook, name):
    """The first cell with that name, or None.

    >>> cell_of(nbformat.v4.new_notebook(), "check-pad")
    """
    return next((cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name), None)


def put_checks(notebook, asked):
    """Put the released checks in place of those of the notebook; returns what is to be said about them, by name.

    >>> put_checks(nbformat.v4.new_notebook(), [Asked("check-pad", 2, 'check("ch02.pad", pad)')])
    {'check-pad': 'the cell that checks it is missing: it was put back'}
    """
    remarks = {}
    for one in asked:
        if one.check is None:
            continue
        cell = cell_of(notebook, one.name)
        if cell is None:
            remarks[one.name] = "the cell that checks it is missing: it was put back"
        elif cell.cell_type != "code" or cell.source.strip() != one.check.strip():
            remarks[one.name] = "the cell that checks it was changed: the released one was run"
        own = nbformat.v4.new_code_cell(f"from cnncourse.checks import check\n{one.check}")
        own.metadata["nbgrader"] = {"grade": True, "grade_id": one.name, "points": one.points}
        place = len(notebook.cells) if cell is None else notebook.cells.index(cell)
        notebook.cells[place : place + 1] = [own]
    return remarks


def run(notebook, folder, seconds=120, tell=lambda cell, count: None):
    """Run all cells, each with a time limit, whatever goes wrong in one of them; returns why it stopped early, or "".

    >>> run(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]), ".")
    ''
    """
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    begun = []

    def begin(cell, cell_index):
        begun.append(cell)
        tell(cell_index + 1, len(notebook.cells))

    client = NotebookClient(
        notebook,
        timeout=seconds,
        allow_errors=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=begin,
    )
    try:
        client.execute(stderr=subprocess.DEVNULL)  # a kernel that is stopped leaves a traceback of its own
    except CellTimeoutError:
        end = f"was not finished after {seconds} s and was stopped"
    except DeadKernelError:
        end = "ended Python itself, or used up the memory"
    else:
        return ""
    first = next((line.strip() for line in begun[-1].source.splitlines() if line.strip()), "")
    return f"the cell that begins with `{first[:60]}` {end}; the cells after it were not run"


def said_of(error):
    """An error in one line, without the file that IPython makes of a cell.

    >>> said_of(nbformat.v4.new_output("error", ename="SyntaxError", evalue="invalid syntax (12.py, line 1)"))
    'SyntaxError: invalid syntax (line 1)'
    """
    return f"{error.ename}: {re.sub(r'[(][^ ()]+[.]py, line', '(line', error.evalue)}"


def lacking(notebook, answer):
    """Why there is nothing of that name to check, or "" where a cell defines it and stopped at no error.

    >>> lacking(nbformat.v4.new_notebook(), "pad")
    'no cell of the notebook defines `pad`'
    """
    defines = re.compile(rf"^(def|class) +{answer}\b|^{answer} *=|^from .+ import .*\b{answer}\b", re.MULTILINE)
    found = [cell for cell in notebook.cells if cell.cell_type == "code" and defines.search(cell.source)]
    errors = [output for cell in found for output in cell.outputs if output.output_type == "error"]
    if errors:
        return f"the cell with the answer stops: {said_of(errors[-1])}"
    return "" if found else f"no cell of the notebook defines `{answer}`"


def told(cell):
    """What a cell that did not pass says: what is wrong, and the name of the mistake.

    >>> told(nbformat.v4.new_code_cell("1 / 0"))
    'not run'
    """
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if not errors:
        return "" if cell.execution_count else "not run"
    found = [output.data[DATA] for output in cell.outputs if DATA in output.get("data", {})]
    if not found or errors[0].ename != "NotRight":
        return said_of(errors[0])
    mistake = found[-1]["misconception"]
    return "; ".join([found[-1]["words"], *([f"This is what comes out when {mistake}"] if mistake else [])])


def marks(notebook, asked, remarks):
    """The marks of a notebook that was run.

    >>> asked = [Asked("check-pad", 2.0, "check('ch02.pad', pad)"), Asked("answer-written", 3.0, None)]
    >>> for mark in marks(nbformat.v4.new_notebook(), asked, {}):
    ...     print(mark)
    Mark(task='pad', points=2.0, earned=0.0, words='not run')
    Mark(task='answer-written', points=3.0, earned=0.0, words='the cell for the answer is missing')
    """
    for one in asked:
        cell = cell_of(notebook, one.name)
        if one.check is None:
            words = "the cell for the answer is missing" if cell is None else ""
            words = words or ("not answered yet" if cell.source.strip() in ("", STUB) else "")
            yield Mark(one.task, one.points, 0.0 if words else None, words or "read by a person")
            continue
        if cell is not None and any(LATER in output.get("text", "") for output in cell.outputs):
            yield Mark(one.task, one.points, None, LATER)
            continue
        wrong = "not run" if cell is None else told(cell)
        if one.answer and wrong == f"NameError: name '{one.answer}' is not defined":
            wrong = lacking(notebook, one.answer) or wrong
        words = "; ".join(filter(None, [wrong, remarks.get(one.name)]))
        yield Mark(one.task, one.points, 0.0 if wrong else one.points, words)


def table(rows):
    """The marks as a table for a terminal.

    >>> print(table([Mark("pad", 2.0, 2.0), Mark("conv2d", 8.0, 0.0, "not written yet"), Mark("why", 3.0, None)]))
    task    points  what went wrong
    pad      2 / 2
    conv2d   0 / 8  not written yet
    why      - / 3
    -------------------------------
    total   2 / 10 + 3 by hand
    """
    scored = [row for row in rows if row.earned is not None]
    later = sum(row.points for row in rows if row.words == LATER)
    by_hand = sum(row.points for row in rows if row.earned is None) - later
    points = {row: f"{'-' if row.earned is None else format(row.earned, 'g')} / {row.points:g}" for row in rows}
    total = f"{sum(row.earned for row in scored):g} / {sum(row.points for row in scored):g}"
    first = max(len(name) for name in ["total", *(row.task for row in rows)])
    second = max(len(text) for text in ["points", total, *points.values()])
    lines = [f"{'task':<{first}}  {'points':>{second}}  what went wrong"]
    for row in rows:
        words = textwrap.wrap(row.words, 90) or [""]
        lines.append(f"{row.task:<{first}}  {points[row]:>{second}}  {words[0]}".rstrip())
        lines += [" " * (first + second + 4) + more for more in words[1:]]
    lines.append("-" * max(map(len, lines)))
    more = f" + {by_hand:g} by hand" if by_hand else ""
    more += f" + {later:g} when it is judged" if later else ""
    return "\n".join([*lines, f"{'total':<{first}}  {total:>{second}}{more}"])


def show_progress(cell, count):
    """Say on a terminal which cell is running.

    >>> show_progress(1, 3)
    """
    if sys.stderr.isatty():
        print(f"\rcell {cell} of {count}", end="\r" if cell < count else "\r\033[K", file=sys.stderr, flush=True)


def command(arguments):
    """`cnncourse check NOTEBOOK`: what each task earned; the exit status is 0 only when nothing is wrong or missing.

    >>> from types import SimpleNamespace as Arguments
    >>> command(Arguments(notebook="nowhere.ipynb", seconds=1))
    'there is no file nowhere.ipynb'
    """
    try:
        notebook = read(arguments.notebook)
    except Unreadable as why:
        return str(why)
    asked = asked_of(notebook, arguments.notebook)
    remarks = put_checks(notebook, asked)
    stopped = run(notebook, Path(arguments.notebook).resolve().parent, arguments.seconds, show_progress)
    rows = list(marks(notebook, asked, remarks))
    print(table(rows))
    if stopped:
        print(f"\n{stopped}", file=sys.stderr)
    return int(bool(stopped) or any(row.earned is not None and row.earned < row.points for row in rows))
