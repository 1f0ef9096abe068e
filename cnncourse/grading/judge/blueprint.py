"""What the gradebook knows of a notebook, as plain data: nothing that a student hands in can change it."""

import ast
import json

from cnncourse.checks.handing_in import declared
from cnncourse.grading.judge import evidence
from cnncourse.grading.sandbox.mounts import TRAINING

HIDDEN = ("HIDDEN TESTS", "MARK SCHEME")  # nbgrader's own words for what it takes out of a release


def blueprint_of(gradebook, notebook, assignment):
    """The blueprint of a notebook in nbgrader's gradebook.

    >>> from types import SimpleNamespace as Row
    >>> row = Row(kernelspec=None, source_cells=[], grade_cells=[], task_cells=[], solution_cells=[])
    >>> blueprint_of(Row(find_notebook=lambda *names: row), "one", "ps1")["cells"]
    []
    """
    found = gradebook.find_notebook(notebook, assignment)
    graded = {cell.name: cell for cell in found.grade_cells}
    tasks = {cell.name: cell for cell in found.task_cells}
    solutions = {cell.name for cell in found.solution_cells}
    cells = [
        {
            "name": cell.name,
            "cell_type": cell.cell_type,
            "source": cell.source,
            "locked": bool(cell.locked),
            "grade": cell.name in graded,
            "solution": cell.name in solutions,
            "task": cell.name in tasks,
            "points": float((graded.get(cell.name) or tasks.get(cell.name)).max_score)
            if cell.name in graded or cell.name in tasks
            else 0.0,
            "checksum": cell.checksum,
        }
        for cell in found.source_cells
    ]
    kernelspec = json.loads(found.kernelspec) if found.kernelspec else None
    return {"assignment": assignment, "notebook": notebook, "kernelspec": kernelspec, "cells": cells}


def shown(source):
    """What students see of a cell: without nbgrader's hidden tests and its schemes for marking.

    >>> shown("assert a(1)\\n### BEGIN HIDDEN TESTS\\nassert a(2)\\n### END HIDDEN TESTS")
    'assert a(1)'
    """
    kept, until = [], None
    for line in source.split("\n"):
        begins = next((words for words in HIDDEN if f"BEGIN {words}" in line), None)
        if until is None and begins:
            until = f"END {begins}"
        elif until is None:
            kept.append(line)
        elif until in line:
            until = None
    return "\n".join(kept)


def asked(source):
    """The task and the expression of a cell that holds `check("task", expression)` and nothing else, or None.

    >>> asked('check("ch02.pad", pad)')
    ('ch02.pad', 'pad')
    >>> asked("assert pad(1) == 2")
    """
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return None
    call = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != "check" or len(call.args) != 2 or call.keywords:
        return None
    name, expression = call.args
    return (name.value, ast.unparse(expression)) if isinstance(name, ast.Constant) else None


def tasks_of(blueprint):
    """The tasks that an assignment asks for, by their ids.

    >>> cell = {"cell_type": "code", "source": 'check("ch02.pad", pad)', "grade": True, "solution": False}
    >>> tasks_of({"cells": [cell, cell | {"grade": False}]})
    ['ch02.pad']
    """
    graded = [cell["source"] for cell in blueprint["cells"] if cell["grade"] and not cell["solution"]]
    return [task for task, _ in filter(None, map(asked, graded))]


def files_of(blueprint):
    """The files that an assignment asks for beside the notebook, by their names; a read-only cell of it says which.

    >>> cell = {"cell_type": "code", "source": 'hand_in("a.npz", "weights", 9)', "locked": True, "grade": False}
    >>> list(files_of({"cells": [cell]})), list(files_of({"cells": [cell | {"locked": False}]}))
    (['a.npz'], [])
    """
    cells = [cell for cell in blueprint["cells"] if cell["cell_type"] == "code" and cell.get("locked")]
    return {one.name: one for cell in cells if not cell["grade"] for one in declared(cell["source"])}


def packages_of(blueprint):
    """The frameworks that the assignment itself imports, and that are therefore there; with files, what trains too.

    >>> packages_of({"cells": [{"cell_type": "code", "source": "import keras"}]})
    ('keras', 'tensorflow')
    """
    used = set()
    for cell in blueprint["cells"]:
        if cell["cell_type"] == "code":
            used |= {name.split(".")[0] for name in evidence.imports(cell["source"])}
    files = files_of(blueprint)
    needs_keras = used & {"keras", "tensorflow"} or any(name.endswith(".h5") for name in files)
    frameworks = ("keras", "tensorflow") if needs_keras else ()
    return (*frameworks, TRAINING) if files else frameworks
