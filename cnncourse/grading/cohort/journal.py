"""What was graded, line by line, so that grading goes on where it was stopped, wherever that was.

A submission leaves two lines. `graded`: its notebooks lie beside the journal, and the line says what they earned.
`written`: the gradebook and the folder of graded notebooks have it. A line counts once it is on the disk, and a
notebook is on the disk before the line that names it; so whatever is missing is missing at the end.
"""

import fcntl
import json
import os
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import nbformat


def write_durably(path, text):
    """Write a file that is there whole, on the disk, or not at all.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a"
    >>> write_durably(path, "whole")
    >>> path.read_text()
    'whole'
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    with open(unfinished, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
    _sync_folder(path.parent)


def text_of(notebook):
    """A notebook as nbgrader writes it.

    >>> text_of(nbformat.v4.new_notebook()).splitlines()[-3:]
    [' "nbformat": 4,', ' "nbformat_minor": 5', '}']
    """
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


class Journal:
    """The journal of one assignment.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with Journal(folder, "ps1").held() as journal:
    ...     journal.graded("ada", {"fingerprint": "f1"}, {"ps1": nbformat.v4.new_notebook()})
    >>> Journal(folder, "ps1").entry("ada")["fingerprint"]
    'f1'
    """

    def __init__(self, folder, assignment):
        self.path = Path(folder) / f"{assignment}.jsonl"
        self.notebooks_folder = Path(folder) / assignment
        self._entries = {}
        self._file = None
        if self.path.exists():
            self._read(self.path.read_bytes())

    def entry(self, student):
        """What the journal says about a student's last graded submission, or None."""
        return self._entries.get(student)

    @contextmanager
    def held(self):
        """Open for writing, for one process at a time."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        with open(self.path, "a+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ValueError(
                    f"{self.path.stem} is being graded by another process: wait until it is done"
                ) from None
            file.seek(0)
            self._entries = {}
            file.truncate(self._read(file.read()))
            os.fsync(file.fileno())
            _sync_folder(self.path.parent)
            self._file = file
            yield self
            self._file = None

    def graded(self, student, found, notebooks):
        """Keep the graded notebooks, and what was found: plain data with the submission's fingerprint."""
        folder = self.notebooks_folder / student
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        hashes = {}
        for name, notebook in notebooks.items():
            text = text_of(notebook)
            hashes[name] = sha256(text.encode()).hexdigest()
            write_durably(folder / f"{name}.ipynb", text)
        self._append({**found, "line": "graded", "student": student, "notebooks": hashes})

    def written(self, student, seconds_late, penalised_by=""):
        """The gradebook and the folder have what was graded last; so late was it, and that was what it cost."""
        fingerprint = self._entries[student]["fingerprint"]
        about = {"fingerprint": fingerprint, "seconds_late": seconds_late, "penalised_by": penalised_by}
        self._append({"line": "written", "student": student, **about})

    def notebooks(self, student):
        """The graded notebooks by name, or None where they are not those that the journal tells of."""
        found = {}
        for name, expected in self._entries[student]["notebooks"].items():
            path = self.notebooks_folder / student / f"{name}.ipynb"
            data = path.read_bytes() if path.exists() else b""
            if sha256(data).hexdigest() != expected:
                return None
            found[name] = nbformat.reads(data.decode(), as_version=4)
        return found

    def _append(self, line):
        self._file.seek(0, os.SEEK_END)
        self._file.write(json.dumps(line).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._take(line)

    def _read(self, data):
        """Take every line in, up to one that was cut off; returns where that one starts."""
        end = 0
        for raw in data.splitlines(keepends=True):
            try:
                line = json.loads(raw) if raw.endswith(b"\n") else None
            except ValueError:
                line = None
            if line is None:
                break
            self._take(line)
            end += len(raw)
        return end

    def _take(self, line):
        if line["line"] == "graded":
            self._entries[line["student"]] = {**line, "seconds_late": None, "penalised_by": None}
        elif self._entries[line["student"]]["fingerprint"] == line["fingerprint"]:
            about = {"seconds_late": line["seconds_late"], "penalised_by": line.get("penalised_by")}
            self._entries[line["student"]] |= about


def _sync_folder(folder):
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
