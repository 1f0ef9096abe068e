"""Running a student's notebook and saying, task by task, what is right and what went wrong."""

import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from cnncourse.checks.display import DATA


class Unreadable(ValueError):
    """The file is no notebook of this course; the message says what it is and what would do."""


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
    if not any(graded(cell) for cell in notebook.cells):
        raise Unreadable(f"{path} has no graded cells: is it a notebook of exercises/?")
    return notebook


def graded(cell):
    """What nbgrader notes about a cell, if the cell is graded.

    >>> graded(nbformat.v4.new_code_cell("1", metadata={"nbgrader": {"grade": True, "points": 2}}))["points"]
    2
    """
    about = cell.metadata.get("nbgrader", {})
    return about if about.get("grade") else None


def run(notebook, folder, seconds=120, tell=lambda cell, count: None):
    """Run all cells, each with a time limit, whatever goes wrong in one of them; returns why it stopped early, or "".

    >>> run(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]), ".")
    ''
    """
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    client = NotebookClient(
        notebook,
        timeout=seconds,
        allow_errors=True,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],  # else it tells about its unencrypted, local-only connection
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=lambda cell, cell_index: tell(cell_index + 1, len(notebook.cells)),
    )
    try:
        client.execute()
    except CellTimeoutError:
        return f"a cell was not finished after {seconds} s, so it was stopped there; the cells after it were not run"
    except DeadKernelError:
        return "the kernel died: a cell ended Python itself, or used up the memory; the cells after it were not run"
    return ""


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
        return f"{errors[0].ename}: {errors[0].evalue}"
    mistake = found[-1]["misconception"]
    return "; ".join([found[-1]["words"], *([f"This is what comes out when {mistake}"] if mistake else [])])


def marks(notebook):
    """The marks of a notebook that was run.

    >>> about = {"grade": True, "grade_id": "check-pad", "points": 2}
    >>> list(marks(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", metadata={"nbgrader": about})])))
    [Mark(task='pad', points=2.0, earned=0.0, words='not run')]
    """
    for cell in notebook.cells:
        about = graded(cell)
        if not about:
            continue
        task, points = about["grade_id"].removeprefix("check-"), float(about.get("points", 0))
        if cell.cell_type != "code" or about.get("solution"):
            yield Mark(task, points, None, "read by a person")
        else:
            words = told(cell)
            yield Mark(task, points, 0.0 if words else points, words)


def table(rows):
    """The marks as a table for a terminal.

    >>> print(table([Mark("pad", 2.0, 2.0), Mark("conv2d", 8.0, 0.0, "not written yet")]))
    task    points  what went wrong
    pad      2 / 2
    conv2d   0 / 8  not written yet
    -------------------------------
    total   2 / 10
    """
    scored = [row for row in rows if row.earned is not None]
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
    return "\n".join([*lines, f"{'total':<{first}}  {total:>{second}}"])


def show_progress(cell, count):
    """Say on a terminal which cell is running.

    >>> show_progress(1, 3)
    """
    if sys.stderr.isatty():
        print(f"\rcell {cell} of {count}", end="\r" if cell < count else "\r\033[K", file=sys.stderr, flush=True)


def command(arguments):
    """`cnncourse check NOTEBOOK`: what each task earned; the exit status is 0 only when every task passes.

    >>> from types import SimpleNamespace as Arguments
    >>> command(Arguments(notebook="nowhere.ipynb", seconds=1))
    'there is no file nowhere.ipynb'
    """
    try:
        notebook = read(arguments.notebook)
    except Unreadable as why:
        return str(why)
    stopped = run(notebook, Path(arguments.notebook).resolve().parent, arguments.seconds, show_progress)
    rows = list(marks(notebook))
    print(table(rows))
    if stopped:
        print(f"\n{stopped}", file=sys.stderr)
    return int(bool(stopped) or any(row.earned is not None and row.earned < row.points for row in rows))
