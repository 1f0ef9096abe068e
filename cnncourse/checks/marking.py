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

from cnncourse.checks import NOT_HERE
from cnncourse.checks.course import known
from cnncourse.checks.display import DATA
from cnncourse.checks.handing_in import TRAINS, HandedIn, declared, reason_not_to_use, size_of

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
    earned: float | None  # None: it is not judged here
    words: str = ""
    judged: str = ""  # how it is, if not here


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
    name = assignment_of(path)
    return [Asked(**cell) for cell in known()["assignments"][name]] if name else asked_in(notebook)


def assignment_of(path):
    """The assignment of the course whose name is in the file's name, or None.

    >>> assignment_of("ch02_convolution (1).ipynb"), assignment_of("exam.ipynb")
    ('ch02_convolution', None)
    """
    return max((name for name in known()["assignments"] if name in Path(path).stem), key=len, default=None)


def files_in(notebook):
    """The files that a notebook asks for, read from its own read-only cells.

    >>> about = {"grade": False, "locked": True, "grade_id": "files"}
    >>> cell = nbformat.v4.new_code_cell('hand_in("a.npz", "weights", 9)', metadata={"nbgrader": about})
    >>> files_in(nbformat.v4.new_notebook(cells=[cell]))
    [HandedIn(name='a.npz', kind='weights', most=9, network='', needed=True)]
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    locked = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("locked") and not graded(cell)]
    return [one for cell in locked for one in declared(cell.source)]


def files_of(notebook, path):
    """The files that are asked for by the assignment whose name is in the file's name; or by its cells, as `asked_of`.

    >>> files_of(None, "ch02_convolution.ipynb")
    []
    """
    name = assignment_of(path)
    return [HandedIn(**one) for one in known().get("files", {}).get(name, [])] if name else files_in(notebook)


def look_at(files):
    """The source of a cell that says of each file of weights whether it fits its network.

    >>> look_at([HandedIn("a.npz", "weights", 9, "build()")])
    "from cnncourse.checks.weights import fits\\nprint(fits('a.npz', lambda: build()))"
    """
    lines = [f"print(fits({one.name!r}, lambda: {one.network}))" for one in files if one.network]
    return "\n".join(["from cnncourse.checks.weights import fits", *lines])


def told_of_files(files, cell, folder):
    """What is to be said of the files, a line for each that is there or needed; `cell` has looked at them.

    >>> told_of_files([HandedIn("nowhere.npz", "weights", 9)], nbformat.v4.new_code_cell(), Path("."))
    ['weights: nowhere.npz was not handed in.']
    """
    printed = "".join(output.get("text", "") for output in cell.get("outputs", [])).splitlines()
    fit = dict(zip([one.name for one in files if one.network], printed))
    lines = []
    for one in files:
        path = folder / one.name
        reason = reason_not_to_use(path, one.most)
        if reason and (one.needed or path.exists()):
            lines.append(f"{one.kind}: {reason}")
        elif not reason:
            about = fit.get(one.name, "")
            lines.append(f"{one.kind}: {one.name}, {size_of(path.stat().st_size)}{', ' * bool(about)}{about}")
    return lines


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
        skip_cells_with_tag=TRAINS,
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


def share_of(cell):
    """The share of the points that a cell earned which did not earn all of them.

    >>> share_of(nbformat.v4.new_code_cell())
    0.0
    """
    found = [output.data[DATA] for output in cell.get("outputs", []) if DATA in output.get("data", {})] if cell else []
    return float(found[-1].get("share", 0.0)) if found else 0.0


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
    Mark(task='pad', points=2.0, earned=0.0, words='not run', judged='')
    Mark(task='answer-written', points=3.0, earned=0.0, words='the cell for the answer is missing', judged='')
    """
    for one in asked:
        cell = cell_of(notebook, one.name)
        if one.check is None:
            words = "the cell for the answer is missing" if cell is None else ""
            words = words or ("not answered yet" if cell.source.strip() in ("", STUB) else "")
            if words:
                yield Mark(one.task, one.points, 0.0, words)
            else:
                yield Mark(one.task, one.points, None, "read by a person", "by hand")
            continue
        if cell is not None and any(NOT_HERE in output.get("text", "") for output in cell.get("outputs", [])):
            yield Mark(one.task, one.points, None, "judged when you have handed in", "later")
            continue
        wrong = "not run" if cell is None else told(cell)
        if one.answer and wrong == f"NameError: name '{one.answer}' is not defined":
            wrong = lacking(notebook, one.answer) or wrong
        words = "; ".join(filter(None, [wrong, remarks.get(one.name)]))
        yield Mark(one.task, one.points, round(share_of(cell) * one.points, 2) if wrong else one.points, words)


def table(rows):
    """The marks as a table for a terminal.

    >>> written = Mark("why", 3.0, None, judged="by hand")
    >>> print(table([Mark("pad", 2.0, 2.0), Mark("conv2d", 8.0, 0.0, "not written yet"), written]))
    task    points  what went wrong
    pad      2 / 2
    conv2d   0 / 8  not written yet
    why      - / 3
    -------------------------------
    total   2 / 10 + 3 by hand
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
    lines.append(f"{'total':<{first}}  {total:>{second}}")
    for judged in dict.fromkeys(row.judged for row in rows if row.earned is None):
        lines[-1] += f" + {sum(row.points for row in rows if row.judged == judged):g} {judged}"
    return "\n".join(lines)


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
    files, folder = files_of(notebook, arguments.notebook), Path(arguments.notebook).resolve().parent
    remarks = put_checks(notebook, asked)
    if files:
        notebook.cells.append(nbformat.v4.new_code_cell(look_at(files)))
    stopped = run(notebook, folder, arguments.seconds, show_progress)
    rows = list(marks(notebook, asked, remarks))
    print(table(rows))
    if files:
        print("", "Files to hand in beside the notebook:", *told_of_files(files, notebook.cells[-1], folder), sep="\n")
    if stopped:
        print(f"\n{stopped}", file=sys.stderr)
    return int(bool(stopped) or any(row.earned is not None and row.earned < row.points for row in rows))
