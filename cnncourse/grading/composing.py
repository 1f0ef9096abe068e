"""An assignment of one's own, put together from tasks: `cnncourse compose NAME TASK=POINTS ...`.

A task of the book brings its text, its answer cell and its imports from `solutions/`; a task of one's own (a file in
the folder `checks` beside `nbgrader_config.py`) brings what it asks and its reference. The points are said once.
"""

import ast
import re
from inspect import getsource
from pathlib import Path
from shlex import quote
from textwrap import dedent

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.utils import is_grade

from cnncourse.checks import task
from cnncourse.checks.catalogue import file_of
from cnncourse.grading.cohort.coursefolder import course_here, one_name
from cnncourse.grading.judge.blueprint import asked

IMPORTS = "import numpy as np\n\nfrom cnncourse.checks import check"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def wanted(text):
    """A task and its points, as they are typed.

    >>> wanted("ch02.pad=3")
    ('ch02.pad', 3)
    """
    name, _, points = text.partition("=")
    if not points.isdecimal() or int(points) < 1:
        raise ValueError(f"{text} should be a task and its points, a whole number, such as ch02.pad=3")
    return name, int(points)


def from_book(name, path):
    """The imports, the text and the answer cell of a task in a notebook of `solutions/`, or None if it is not there.

    >>> from_book("ch02.pad", Path("nowhere.ipynb"))
    """
    if not path.is_file():
        return None
    cells = nbformat.read(path, as_version=4).cells
    heads = [number for number, cell in enumerate(cells) if cell.source.startswith("## ")]
    for number, cell in enumerate(cells):
        if is_grade(cell) and (asked(cell.source) or ("",))[0] == name:
            start = max(head for head in heads if head < number)
            imports = [one.source for one in cells[: heads[0]] if one.cell_type == "code"]
            return imports, cells[start:number], cell.source
    return None


def from_reference(name):
    """The same for a task of one's own.

    >>> imports, cells, check = from_reference("ch02.pad")
    >>> check
    'check("ch02.pad", pad)'
    """
    found, function = task(name), name.partition(".")[2]
    source = dedent(getsource(found.reference))
    tree = ast.parse(source).body[0] if source.startswith("def ") else None
    if tree is None:
        raise ValueError(f"write the reference of {name} as a function with def: it becomes the answer")
    lines = source.splitlines()
    body = tree.body[1:] if ast.get_docstring(tree) and len(tree.body) > 1 else tree.body
    start = body[0].lineno - 1
    head = re.sub(r"^def \w+", f"def {function}", "\n".join(lines[:start]))
    hidden = "\n".join(["    ### BEGIN SOLUTION", *lines[start:], "    ### END SOLUTION"])
    text = f"## {function}\n\nReturn {found.asks}."
    cells = [new_markdown_cell(text), new_code_cell(f"{head}\n{hidden}", metadata={"nbgrader": {"solution": True}})]
    return [IMPORTS], cells, f'check("{name}", {function})'


def compose(title, tasks, solutions):
    """The notebook of an assignment; `tasks` are pairs of a name and points.

    >>> notebook = compose("exam", [("ch02.pad", 3)], Path("nowhere"))
    >>> [cell.id for cell in notebook.cells]
    ['title', 'imports', 'text-1', 'ch02-pad', 'check-ch02-pad']
    """
    imports, cells = [], []
    for number, (name, points) in enumerate(tasks, start=1):
        chapter = file_of(name).parent.name
        if task(name).measure:
            words = f"copy solutions/{chapter} under another name, and change it"
            raise ValueError(f"{name} is measured together with others of its assignment: {words}")
        found = from_book(name, solutions / chapter / f"{chapter}.ipynb") or from_reference(name)
        imports += [source for source in found[0] if source not in imports]
        text, *rest = found[1]
        worth = f"*{points} point{'s' * (points > 1)}.*"
        head, _, prose = text.source.partition("\n")
        head = re.sub(r"^## (\d+\. )?", f"## {number}. ", head)
        prose = re.sub(r"^\*\d+ points?, about .*\*$", "", prose.strip(), count=1, flags=re.MULTILINE).strip()
        cells.append(new_markdown_cell(f"{head}\n\n{worth}\n\n{prose}", id=f"text-{number}"))
        short = name.replace(".", "-").replace("_", "-")
        for place, one in enumerate(rest):
            solution = one.metadata.get("nbgrader", {}).get("solution")
            one.id = short if solution else f"{short}-{place}"
            one.metadata = _about(short, solution=True) if solution else {}
            cells.append(one)
        about = _about(f"check-{short}", grade=True, locked=True, points=points)
        about["tags"] = ["raises-exception"]  # a run of all cells goes on after it
        cells.append(new_code_cell(found[2], id=f"check-{short}", metadata=about))
    total = sum(points for _, points in tasks)
    first = [new_markdown_cell(f"# {title}\n\n{total} points in all.", id="title")]
    first += [new_code_cell("\n".join(imports), id="imports")]
    return new_notebook(cells=first + cells, metadata={"kernelspec": KERNEL})


def _about(name, **flags):
    plain = {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False}
    return {"nbgrader": {**plain, "grade_id": name, **flags}}


def command(arguments):
    """`cnncourse compose NAME TASK=POINTS ...`

    >>> from types import SimpleNamespace as Arguments
    >>> command(Arguments(assignment="exam", tasks=["ch02.pad"], title=""))
    'ch02.pad should be a task and its points, a whole number, such as ch02.pad=3'
    """
    try:
        name, course = one_name(arguments.assignment), course_here()
        tasks = [wanted(text) for text in arguments.tasks]
        solutions = Path(course.root) / course.source_directory
        path = solutions / name / f"{name}.ipynb"
        if path.exists():
            raise ValueError(f"{path} is there already: edit it, or move it away")
        notebook = compose(arguments.title or name, tasks, solutions)
    except ValueError as why:
        return str(why)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    print(f"{path}: read it through, add what you want, then run `nbgrader generate_assignment {quote(name)}`")
    return 0
