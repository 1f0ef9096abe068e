"""What was changed in an assignment since its release: the gradebook knows only what was released."""

import logging
from pathlib import Path

import nbformat
from nbgrader.preprocessors import ClearSolutions
from nbgrader.utils import is_grade, is_task

from cnncourse.grading.judge.blueprint import blueprint_of


def changes_since_release(gradebook, directory, assignment):
    """What the assignment's source says otherwise than the gradebook, as sentences.

    >>> from types import SimpleNamespace as Row
    >>> there = Row(notebooks=[Row(name="ps1")])
    >>> directory = Row(source_directory="source", format_path=lambda *names: "nowhere")
    >>> changes_since_release(Row(find_assignment=lambda name: there), directory, "ps1")
    []
    """
    folder = Path(directory.format_path(directory.source_directory, ".", assignment))
    said = []
    for notebook in sorted(gradebook.find_assignment(assignment).notebooks, key=lambda one: one.name):
        path = folder / f"{notebook.name}.ipynb"
        if path.is_file():  # it may have been released from another machine
            known = {cell["name"]: cell for cell in blueprint_of(gradebook, notebook.name, assignment)["cells"]}
            said += [f"{path.name}: {words}" for words in _differences(known, _released(path, directory))]
    return said


def _released(path, directory):
    """The cells that a release would enter into the gradebook now: {name: (points, source)}."""
    clear = ClearSolutions(parent=directory, log=logging.getLogger("quiet"))
    notebook, _ = clear.preprocess(nbformat.read(path, as_version=4), {})
    found = {}
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade") or about.get("solution") or about.get("locked") or about.get("task"):
            points = float(about.get("points", 0)) if is_grade(cell) or is_task(cell) else 0.0
            found[about["grade_id"]] = points, cell.source
    return found


def _differences(known, now):
    for name in known.keys() | now.keys():
        if name not in now:
            yield f"the cell “{name}” was taken out"
        elif name not in known:
            yield f"the cell “{name}” is new"
        elif now[name][0] != known[name]["points"]:
            yield f"“{name}” has {now[name][0]:g} points, and {known[name]['points']:g} in the gradebook"
        elif now[name][1].strip() != known[name]["source"].strip():
            yield f"“{name}” reads otherwise than in the gradebook"
