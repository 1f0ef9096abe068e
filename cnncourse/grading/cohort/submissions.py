"""What was handed in, and where the graded notebooks go, as the course's `nbgrader_config.py` has it."""

import json
import os
import shutil
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from nbgrader.apps import AutogradeApp
from nbgrader.converters import Autograde
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import chdir, parse_utc

from cnncourse.checks.handing_in import reason_not_to_use
from cnncourse.grading.cohort.coursefolder import files_in, folders, not_used
from cnncourse.grading.cohort.journal import text_of, write_durably
from cnncourse.grading.judge.untrusted import reason_not_to_read


@dataclass
class Submission:
    """What a student handed in, as bytes."""

    student: str
    texts: dict = field(default_factory=dict)  # the notebooks of the assignment by name
    given: dict = field(default_factory=dict)  # the teacher's files by path, which are there while it is graded
    own: dict = field(default_factory=dict)  # the student's files by path; those that nobody asked for are only kept
    handed_in: dict = field(default_factory=dict)  # of those that were asked for: the bytes, or why there are none
    refused: dict = field(default_factory=dict)  # notebooks that are not even read, each with the reason
    remarks: list = field(default_factory=list)
    timestamp: object = None

    def fingerprint(self, *judged_by):
        """A number that changes when anything does that a score depends on.

        >>> Submission("ada", {"ps1": b"{}"}).fingerprint("v1") == Submission("ada", {"ps1": b"{}"}).fingerprint("v1")
        True
        """
        parts = [
            [name, sha256(data).hexdigest()]
            for kind in (self.texts, self.given, self.own)
            for name, data in kind.items()
        ]
        about = [self.student, len(self.texts), len(self.given), parts, self.refused, str(self.timestamp), judged_by]
        reasons = {name: why for name, why in self.handed_in.items() if isinstance(why, str)}
        about += [reasons] if reasons else []
        return sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


class Course:
    """An nbgrader course; its folder is the current one, or the `root` that its configuration names.

    >>> import tempfile
    >>> Course(tempfile.mkdtemp()).students("ps1")
    []
    """

    def __init__(self, folder="."):
        app = AutogradeApp()
        with chdir(str(folder)):
            app.initialize([])
        app.log_level = "ERROR"  # nbgrader's remarks would stand in the middle of the progress bar
        self.directory = app.coursedir
        self.converter = Autograde(coursedir=self.directory, parent=app)
        self.late = AssignLatePenalties(parent=self.converter)
        self.root = Path(self.directory.root)

    def students(self, assignment):
        """Who handed something in, in the order of the names."""
        found = folders(self.directory, "submitted", assignment)
        return sorted(found.keys() - set(self.directory.student_id_exclude.split(",")))

    def submission(self, assignment, student, names, declared=None):
        """What a student handed in for an assignment whose notebooks are `names`, and which asks for these files."""
        folder = self._folder(self.directory.submitted_directory, student, assignment)
        found = Submission(student)
        largest = self.directory.max_file_size * 1000
        for name in names:
            path = folder / f"{name}.ipynb"
            reason = reason_not_to_read(path, largest)
            if reason:
                found.refused[name] = reason
            elif path.exists():
                found.texts[name] = path.read_bytes()
            else:
                found.remarks.append(f"no {name}.ipynb was handed in")
        strangers = sorted({path.stem for path in folder.glob("*.ipynb")} - set(names))
        found.remarks += [f"{name}.ipynb is no notebook of this assignment" for name in strangers]
        if not found.texts and not found.refused:
            found.refused = {name: f"no {name}.ipynb was handed in" for name in names}
            found.remarks = found.remarks[len(names) :]
        self._read_files(found, folder, assignment, largest, declared or {})
        return found

    def write(self, submission, assignment, notebooks):
        """Put graded notebooks where nbgrader puts them; the folder is whole, old or new, at every moment."""
        folder = self._folder(self.directory.autograded_directory, submission.student, assignment)
        unfinished, former = (folder.with_name(f".{folder.name}.{word}") for word in ("unfinished", "former"))
        for left in (unfinished, former):
            shutil.rmtree(left, ignore_errors=True)
        if notebooks:
            self._fill(unfinished, submission, assignment, notebooks)
        if folder.exists():
            os.replace(folder, former)
        if notebooks:
            os.replace(unfinished, folder)
            self.converter.set_permissions(assignment, submission.student)
        shutil.rmtree(former, ignore_errors=True)

    def _fill(self, folder, submission, assignment, notebooks):
        folder.mkdir(parents=True)
        kept = self.converter.exclude_overwriting.get(assignment, [])
        given = {name: data for name, data in submission.given.items() if name not in kept}
        for name, data in (submission.own | given).items():  # as nbgrader has it
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        for name, notebook in notebooks.items():
            write_durably(folder / f"{name}.ipynb", text_of(notebook))

    def has_written(self, assignment, student, names):
        """Whether the graded notebooks are where nbgrader expects them."""
        folder = self._folder(self.directory.autograded_directory, student, assignment)
        return all((folder / f"{name}.ipynb").exists() for name in names)

    def _folder(self, step, student, assignment):
        return Path(os.path.normpath(self.directory.format_path(step, student, assignment)))

    def _read_files(self, found, folder, assignment, largest, declared):
        total = 0
        given = self._folder(self.directory.source_directory, ".", assignment)
        for place, into in ((given, found.given), (folder, found.own)):
            for path in files_in(place, [*self.directory.ignore, "*.ipynb"]):
                name = str(path.relative_to(place))
                reason = reason_not_to_read(path, largest)
                total += 0 if reason else path.stat().st_size
                if reason or total > self.directory.max_dir_size * 1000:
                    found.remarks.append(f"{reason or f'{name} makes the folder too large'}: left out")
                else:
                    into[name] = path.read_bytes()
        for name, about in declared.items():
            if os.path.lexists(folder / name):
                reason = reason_not_to_use(folder / name, about.most)
                found.handed_in[name] = reason or found.own.get(name) or f"{name} makes the folder too large."
        found.remarks += not_used(found.own.keys() - found.given.keys() - declared.keys())
        stamp = found.own.get("timestamp.txt", b"").decode(errors="replace").strip()
        try:
            found.timestamp = parse_utc(stamp) if stamp else None
        except Exception:  # it raises whatever its parser meets
            found.remarks.append("timestamp.txt holds no date, so it counts as handed in on time")
