"""Reading notebooks that may hold anything: the one reader of what students hand in, and of what lies in a folder.

Nothing in them is run. A file that is no notebook raises `Damaged`, whose message says what it is; whatever else is
odd in it is left out.
"""

import json
import re
import stat
from dataclasses import dataclass, field

LARGEST = 30 << 20  # bytes of a notebook
CELLS = 2000
PICTURES = {"image/png", "image/jpeg", "image/gif"}  # what can be pasted into a text, and cannot act in a page


class Damaged(ValueError):
    """The file is no notebook; the message says what it is."""


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook of any version, without its outputs."""

    kind: str  # "code" or "markdown"
    source: str
    pictures: dict = field(default_factory=dict)  # that were pasted into it
    name: str = ""  # which nbgrader gave it, if it did
    metadata: dict = field(default_factory=dict)


def reason_not_to_read(path, largest):
    """Why a file that somebody handed in is not opened, or "".

    A link could lead to the gradebook or to somebody else's answers; a pipe would never end.

    >>> from pathlib import Path
    >>> reason_not_to_read(Path("/dev/null"), 1000)
    'null is no file'
    """
    if path.is_symlink():
        return f"{path.name} is a link to another file"
    if not path.exists():
        return ""
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        return f"{path.name} is no file"
    if about.st_size > largest:
        return f"{path.name} has {about.st_size / 1e6:.0f} MB, and {largest / 1e6:.0f} MB are the most"
    return ""


def read_file(path, largest=LARGEST):
    """The notebook in a file.

    >>> from pathlib import Path
    >>> read_file(Path("nowhere.ipynb"))
    Traceback (most recent call last):
    ...
    cnncourse.grading.judge.untrusted.Damaged: nowhere.ipynb cannot be opened
    """
    reason = reason_not_to_read(path, largest)
    if reason:
        raise Damaged(reason)
    try:
        return read(path.read_bytes(), largest)
    except OSError as why:
        raise Damaged(f"{path.name} cannot be opened") from why
    except Damaged as why:
        raise Damaged(f"{path.name}: {why}") from why


def read(text, largest=LARGEST):
    """The notebook in some bytes, of whatever version.

    >>> read(b"PK")
    Traceback (most recent call last):
    ...
    cnncourse.grading.judge.untrusted.Damaged: the file is not a notebook: it holds no JSON
    """
    if len(text) > largest:
        raise Damaged(f"the file has {len(text) >> 20} MB; a notebook may have {largest >> 20}: clear its outputs")
    if not text.strip():
        raise Damaged("the file is empty")
    try:
        notebook = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as wrong:  # UnicodeDecodeError is a ValueError
        raise Damaged("the file is not a notebook: it holds no JSON") from wrong
    if not isinstance(notebook, dict):
        raise Damaged("the file is not a notebook: it holds a list or a single value")
    version = notebook.get("nbformat", 4)
    if version not in (3, 4):
        raise Damaged(
            f"the notebook has format version {str(version)[:20]}, which is not known here: save it as version 4"
        )
    return notebook


def cells_of(notebook):
    """The cells of a notebook of any version, in their order.

    >>> cells_of({"nbformat": 4, "cells": [{"cell_type": "code", "source": ["1", "+1"]}]})[0].source
    '1+1'
    """
    sheets = notebook.get("worksheets")
    cells = notebook.get("cells")
    if cells is None and isinstance(sheets, list):  # before version 4
        lists = [sheet["cells"] for sheet in sheets if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)]
        cells = [cell for one in lists for cell in one] if lists else None
    if not isinstance(cells, list):
        raise Damaged("the file is not a notebook: it has no cells")
    if len(cells) > CELLS:
        raise Damaged(f"the notebook has {len(cells)} cells; {CELLS} are read at most")
    return [_cell(cell) for cell in cells if isinstance(cell, dict)]


def part(thing, key, kind):
    """The value of a key if it is of the kind that it should be, else an empty one.

    >>> part({"metadata": 3}, "metadata", dict), part([], "cells", list)
    ({}, [])
    """
    value = thing.get(key) if isinstance(thing, dict) else None
    return value if isinstance(value, kind) else kind()


def _cell(cell):
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        source = ""
    source = source.replace("\r\n", "\n").encode("utf-8", "replace").decode()
    metadata = part(cell, "metadata", dict)
    return Cell(
        "code" if cell.get("cell_type") == "code" else "markdown",
        source,
        _pictures(part(cell, "attachments", dict)),
        part(part(metadata, "nbgrader", dict), "grade_id", str),
        metadata,
    )


def _pictures(attachments):
    kept = {}
    for name, forms in attachments.items():
        known = {kind: data for kind, data in forms.items() if kind in PICTURES} if isinstance(forms, dict) else {}
        if known and all(isinstance(data, str) and re.fullmatch(r"[A-Za-z0-9+/=\s]*", data) for data in known.values()):
            kept[name.encode("utf-8", "replace").decode()] = known
    return kept
