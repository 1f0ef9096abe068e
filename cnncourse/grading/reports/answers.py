"""`cnncourse answers ASSIGNMENT`: the solutions as a notebook for students, to be handed out after the deadline."""

import re
from pathlib import Path

import nbformat

MARKS = re.compile(r"^\s*### (BEGIN|END) SOLUTION *\n?", re.MULTILINE)


def cleaned(notebook):
    """The notebook without what serves nbgrader: its marks around the answers, its metadata, outputs.

    >>> source = "def two():\\n    ### BEGIN SOLUTION\\n    return 2\\n    ### END SOLUTION"
    >>> cell = nbformat.v4.new_code_cell(source, metadata={"nbgrader": {"solution": True}})
    >>> cleaned(nbformat.v4.new_notebook(cells=[cell])).cells[0].source
    'def two():\\n    return 2'
    """
    for cell in notebook.cells:
        cell.metadata = {}
        cell.source = MARKS.sub("", cell.source).rstrip()
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def command(arguments):
    """Write the answers to an assignment of the course in this folder.

    >>> from types import SimpleNamespace as Arguments
    >>> command(Arguments(assignment="ch99_nothing", to="answers"))  # doctest: +ELLIPSIS
    'there is no solutions/ch99_nothing/ch99_nothing.ipynb...
    """
    name = arguments.assignment
    source = Path("solutions", name, f"{name}.ipynb")
    if not source.is_file():
        known = ", ".join(sorted(path.stem for path in Path("solutions").glob("*/*.ipynb")))
        return f"there is no {source.as_posix()} in this folder" + (f"; there are {known}" if known else "")
    target = Path(arguments.to, f"{name}_answers.ipynb")
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(cleaned(nbformat.read(source, as_version=4)), target)
    print(target)
    return 0
