"""A student's notebook put together again from the gradebook's own cells, whatever was done to it."""

import re

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from cnncourse.checks.handing_in import TRAINS
from cnncourse.grading.judge.blueprint import asked, shown
from cnncourse.grading.judge.untrusted import cells_of, part, read

MOST = 1_000_000  # characters of a cell


def rebuild(blueprint, text):
    """The notebook with the blueprint's own graded cells and the student's answers, and remarks for the instructor.

    Answers stay in the student's order, with the cells that the student added. A cell that judges stands where the
    student has it, but never before the answer that it judges; one that is missing follows that answer.

    >>> cells = [{"name": "a", "cell_type": "code", "source": "", "locked": False, "grade": False, "solution": True,
    ...           "task": False, "points": 0.0, "checksum": ""}]
    >>> notebook, remarks = rebuild({"kernelspec": None, "cells": cells}, b'{"nbformat": 4, "cells": []}')
    >>> remarks
    ["none of the assignment's cells is in the notebook: is it the right one?"]
    """
    submitted = cells_of(read(text))
    known = {cell["name"]: cell for cell in blueprint["cells"]}
    remarks, placed, order = [], {}, []  # order: [name or None, type, source, pictures, whether it trains]
    for one in submitted:
        name, kind, source, pictures = one.name, one.kind, one.source, one.pictures
        trains = TRAINS in part(one.metadata, "tags", list)
        if len(source) > MOST:
            remarks.append(f"a cell has {len(source)} characters and is left out; {MOST} are read at most")
            source = ""
        cell = known.get(name)
        if cell is None:
            order.append([None, kind, source, pictures, trains])
        elif cell["locked"]:
            if name in placed:
                remarks.append(f"the cell “{name}” is there twice; only the original is used")
            elif source.strip() not in (cell["source"].strip(), shown(cell["source"]).strip()):
                remarks.append(f"the cell “{name}” was changed; the original is used")
            if name not in placed:
                placed[name] = [name, cell["cell_type"], cell["source"], {}, trains]
                order.append(placed[name])
        elif name in placed:  # JupyterLab's "split cell" leaves the mark on both halves
            if source.strip() != placed[name][2].strip():
                placed[name][2] += "\n\n" + source
                placed[name][3] |= pictures
        else:
            placed[name] = [name, cell["cell_type"], source, pictures, trains]
            order.append(placed[name])
    for cell in blueprint["cells"]:
        if cell["name"] not in placed and not cell["locked"]:
            remarks.append(f"the answer cell “{cell['name']}” is missing")
    if blueprint["cells"] and not placed:
        remarks = ["none of the assignment's cells is in the notebook: is it the right one?"]
    order = _with_judges(blueprint["cells"], order, placed, remarks)
    notebook = new_notebook(cells=[_cell(known.get(entry[0]), *entry[1:]) for entry in order])
    for number, cell in enumerate(notebook.cells):
        if "nbgrader" not in cell.metadata:
            cell.id = f"own-{number}"  # not by chance, so that grading again gives the same file
    if blueprint["kernelspec"]:
        notebook.metadata["kernelspec"] = blueprint["kernelspec"]
    return notebook, list(dict.fromkeys(remarks))


def _with_judges(cells, order, placed, remarks):
    for cell in cells:
        if not cell["locked"] and cell["name"] not in placed:
            placed[cell["name"]] = [cell["name"], cell["cell_type"], "", {}, False]
            order.append(placed[cell["name"]])
    preceding = None
    for cell in cells:
        name = cell["name"]
        if not cell["locked"]:
            preceding = name
            continue
        answer = placed.get(_defining(cells, cell) or preceding)
        entry, late = placed.get(name), False
        if entry is not None and answer is not None:
            late = _index(order, entry) < _index(order, answer)
            if late:
                remarks.append(f"the cell “{name}” stood before the answer that it judges")
                order = [other for other in order if other is not entry]
        if entry is None or late:
            entry = [name, cell["cell_type"], cell["source"], {}, False]
            order.insert(_index(order, answer) + 1 if answer is not None else 0, entry)
            placed[name] = entry
    return order


def _defining(cells, check):
    """The answer cell that defines what a cell checks: a database may give the cells in any order."""
    task = asked(check["source"]) if check["cell_type"] == "code" else None
    name = task and re.match(r"\w+", task[1])
    wanted = name and re.compile(rf"^(def|class) {name[0]}\b|^{name[0]} *=", re.MULTILINE)
    return next(
        (cell["name"] for cell in cells if wanted and not cell["locked"] and wanted.search(cell["source"])), None
    )


def _index(order, entry):
    return next(place for place, other in enumerate(order) if other is entry)


def _cell(about, kind, source, pictures, trains):
    make = new_code_cell if kind == "code" else new_markdown_cell
    cell = make(source)
    if trains and kind == "code":
        cell.metadata["tags"] = [TRAINS]  # no other tag of a student's is kept
    if pictures and kind != "code":
        cell.attachments = pictures
    if about:
        cell.id = re.sub(r"[^\w-]", "-", about["name"])[:64]
        cell.metadata["nbgrader"] = {
            "grade": about["grade"],
            "grade_id": about["name"],
            "locked": about["locked"],
            "schema_version": 3,
            "solution": about["solution"],
            "task": about["task"],
            "cell_type": about["cell_type"],
            "checksum": about["checksum"],
        }
        if about["grade"] or about["task"]:
            cell.metadata["nbgrader"]["points"] = about["points"]
    return cell
