"""Bringing what was handed in to where it is graded: `cnncourse collect ARCHIVE --assignment NAME --roster LIST`.

First it looks at everything and shows what it found; then it writes, if that was wanted. Nothing is unpacked but the
assignment's notebooks, nothing is run, and what is there already stays.
"""

import os
import shutil
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nbgrader.api import MissingEntry

from cnncourse.grading.cohort.archives import Archive
from cnncourse.grading.cohort.coursefolder import course_here, one_name
from cnncourse.grading.cohort.rosters import by_clue, read_roster
from cnncourse.grading.cohort.scores import open_gradebook
from cnncourse.grading.cohort.systems import bare, handed_in_as, moment_of, pieces, recognised
from cnncourse.grading.cohort.tables import columns
from cnncourse.grading.judge.blueprint import blueprint_of, files_of
from cnncourse.grading.judge.untrusted import Damaged, cells_of, read

STAMP = "timestamp.txt"  # where nbgrader looks for the moment of handing in


@dataclass
class Found:
    """What one student of the roster handed in."""

    person: object
    files: dict = field(default_factory=dict)  # name -> bytes, as it is to lie in the folder
    state: str = "missing"  # or "new", "there already", "kept", "replaced", "not usable"
    remarks: list = field(default_factory=list)


class Collection:
    """An archive, a roster and an assignment, brought together."""

    def __init__(self, archive, system, people, blueprint, due, submitted, zone, replace=False, declared=None):
        self.archive, self.system, self.blueprint, self.due = archive, system, blueprint, due
        self.declared = declared or {}
        self.submitted, self.zone, self.replace = submitted, zone, replace
        self.known = by_clue(people)
        self.strangers = defaultdict(list)  # whose it is, in the words of the system -> files
        self.theirs = {person.id: [] for person in people}
        for piece in pieces(archive, system, list(blueprint)):
            person = next(filter(None, (self.known.get(clue) for clue in piece.clues)), None)
            if person:
                self.theirs[person.id].append(piece)
            elif piece.clues or piece.name.endswith(".ipynb"):
                self.strangers[piece.said].append(piece.name)
        self.found = [self.of(person) for person in people]

    def of(self, person):
        """What a student handed in, and what becomes of it."""
        found = Found(person)
        chosen = self.chosen(found)
        for notebook, piece in chosen.items():
            try:
                data = self.archive.read(piece.entry)
            except Damaged as why:
                found.remarks.append(f"{piece.name}: {why}")
                continue
            found.files[f"{notebook}.ipynb"] = data
            try:
                cells_of(read(data))
            except Damaged as why:
                found.remarks.append(f"{piece.name}: {why}")
        if found.files:
            beside = self.beside(found)
            self.stamp(found, max([*chosen.values(), *beside], key=lambda piece: piece.order))
            self.compare(found)
        elif self.theirs[person.id]:
            found.state = "not usable"
            names = ", ".join(sorted({piece.name for piece in self.theirs[person.id]})[:5])
            found.remarks = found.remarks or [f"no notebook of this assignment among {names}"]
        return found

    def beside(self, found):
        """Bring the files that the assignment asks for beside the notebook, the newest of each; returns the pieces."""
        by_name = defaultdict(list)
        for piece in self.theirs[found.person.id]:
            name = handed_in_as(piece.name, self.declared)
            if name:
                by_name[name].append(piece)
        used = []
        for name, about in self.declared.items():
            if name not in by_name:
                found.remarks += [f"no {name}"] if about.needed else []
                continue
            piece = max(by_name[name], key=lambda piece: (*piece.order, piece.entry.path))
            try:
                found.files[name] = self.archive.read(piece.entry)
                used.append(piece)
            except Damaged as why:
                found.remarks.append(f"{piece.name}: {why}")
        return used

    def chosen(self, found):
        """The newest of a student's files for each notebook."""
        by_notebook = defaultdict(list)
        for piece in self.theirs[found.person.id]:
            notebook = self.notebook(piece)
            if notebook:
                by_notebook[notebook].append(piece)
        chosen = {}
        for notebook, several in by_notebook.items():
            chosen[notebook] = max(several, key=lambda piece: (*piece.order, piece.entry.path))
            if len(several) > 1:
                found.remarks.append(f"{len(several)} files for {notebook}; the newest is {chosen[notebook].name}")
            elif chosen[notebook].name != f"{notebook}.ipynb" and self.system != "folder":
                found.remarks.append(f"was called {chosen[notebook].name}")
        return chosen

    def notebook(self, piece):
        """Which notebook of the assignment a file is, by its name or else by its cells; None: it is none."""
        if not piece.name.lower().endswith(".ipynb"):
            return None
        for name in (piece.name.removesuffix(".ipynb"), bare(piece.name)):
            for notebook in self.blueprint:
                if name.casefold() == notebook.casefold():
                    return notebook
        try:
            names = {cell.name for cell in cells_of(read(self.archive.read(piece.entry)))} - {""}
        except Damaged:  # with one notebook there is no doubt which one was meant
            return next(iter(self.blueprint)) if len(self.blueprint) == 1 else None
        shares = {notebook: len(names & cells) / (len(cells) or 1) for notebook, cells in self.blueprint.items()}
        best = max(shares, key=shares.get)
        return best if shares[best] > 0.5 else None

    def stamp(self, found, piece):
        """When it was handed in, as far as that is known."""
        person = found.person
        moment = piece.moment or (moment_of(person.moment, self.zone) if self.system == "moodle" else None)
        late = piece.late or (self.system == "moodle" and person.late)
        if self.system == "moodle" and person.moment and moment is None:
            found.remarks.append(f"the time {person.moment!r} was not understood: download the worksheet in English")
        due = self.due and self.due.replace(tzinfo=UTC)
        if late and due and (moment is None or moment <= due):
            if moment is None:
                found.remarks.append("late; how late was not told, so it counts as one minute after the due date")
            else:
                found.remarks.append("late for the system, though not by the due date here: counts as one minute")
            moment = due + timedelta(minutes=1)
        elif late and moment is None:
            found.remarks.append(
                "late, which is not kept: the gradebook has no due date. Give it one (nbgrader db assignment add), "
                "then collect again"
            )
        elif due and moment and moment > due:
            found.remarks.append(f"late: {moment:%Y-%m-%d %H:%M} UTC")
        if moment:
            found.files[STAMP] = f"{moment.replace(tzinfo=None, microsecond=0)} UTC\n".encode()

    def compare(self, found):
        """What becomes of it, with what is in the folder already."""
        folder = self.submitted(found.person.id)
        there = {name: (folder / name).read_bytes() for name in found.files if (folder / name).is_file()}
        if any(there[name] != found.files[name] for name in there):
            found.state = "replaced" if self.replace else "kept"
            stays = "another submission is there and stays; --replace takes this one"
            found.remarks.append("the submission that is there is set aside in .former" if self.replace else stays)
        else:
            found.state = "new" if found.files.keys() - there.keys() else "there already"

    @property
    def clean(self):
        """Whether all that was handed in finds its place."""
        return not self.strangers and not any(one.state in ("kept", "not usable") for one in self.found)

    def table(self):
        """What was found, as an instructor reads it: whoever has something to be seen, and the others counted."""
        rows = [
            [one.person.id, one.person.name, one.state, "; ".join(one.remarks)]
            for one in self.found
            if one.remarks or one.state == "missing"
        ]
        rows += [["?", "", "not on the roster", f"{who}: {', '.join(names)}"] for who, names in self.strangers.items()]
        heads = ["student", "name", "state", "remark"]
        counts = [(sum(one.state == state for one in self.found), state) for state in STATES]
        parts = [f"{count} {state}" for count, state in counts if count]
        parts += [f"{len(self.strangers)} not on the roster"] if self.strangers else []
        line = f"{len(self.found)} students ({self.system}): {', '.join(parts)}"
        return "\n\n".join([columns(heads, rows), line] if rows else [line])

    def write(self, gradebook):
        """Write what is new; whoever is on the roster becomes known to the gradebook."""
        for one in self.found:
            person = one.person
            about = {"first_name": person.first_name, "last_name": person.last_name, "email": person.email}
            about = {key: value for key, value in (about | {"lms_user_id": person.lms_user_id}).items() if value}
            gradebook.update_or_create_student(person.id, **about)
            folder = self.submitted(person.id)
            if one.state == "replaced":
                _set_aside(folder, self.submitted(".former") / person.id)
            if one.state in ("new", "replaced"):
                folder.mkdir(parents=True, exist_ok=True)
                for name, data in one.files.items():
                    if not (folder / name).exists():
                        _write(folder / name, data)


STATES = ("new", "replaced", "there already", "kept", "not usable", "missing")


def _set_aside(folder, place):
    """Move a folder to the first free number below a place."""
    place.mkdir(parents=True, exist_ok=True)
    number = next(number for number in range(1, sys.maxsize) if not (place / str(number)).exists())
    shutil.move(folder, place / str(number))


def _write(path, data):
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_bytes(data)
    os.replace(unfinished, path)


def zone_called(name):
    """A time zone by its name; "" is the one of this machine.

    >>> zone_called("Europe/Nowhere")
    Traceback (most recent call last):
    ...
    ValueError: there is no time zone 'Europe/Nowhere': it should be one such as Europe/Berlin
    """
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}: it should be one such as Europe/Berlin") from None


def _agreed(arguments):
    if arguments.dry_run:
        return False
    if arguments.yes or not sys.stdin.isatty():
        return arguments.yes
    return input("Write this? [y/N] ").strip().casefold() in ("y", "yes")


def collect(arguments):
    """Carry out the command; returns the exit status.

    >>> from types import SimpleNamespace as Arguments
    >>> collect(Arguments(assignment="../ch02"))
    Traceback (most recent call last):
    ...
    cnncourse.grading.cohort.coursefolder.NoSuchCourse: '../ch02' is no name of an assignment
    """
    course, assignment = course_here(), one_name(arguments.assignment)
    people, zone = read_roster(arguments.roster), zone_called(arguments.timezone)

    def submitted(student):
        return Path(os.path.normpath(course.format_path(course.submitted_directory, student, assignment)))

    with open_gradebook(course.db_url, course.course_id) as gradebook, Archive(arguments.archive) as archive:
        try:
            there = gradebook.find_assignment(assignment)
        except MissingEntry:
            message = f"the gradebook has no assignment {assignment}: run `nbgrader generate_assignment {assignment}`"
            raise ValueError(f"{message} first") from None
        blueprint = {one.name: {cell.name for cell in one.source_cells} for one in there.notebooks}
        declared = {}
        for notebook in blueprint:
            declared |= files_of(blueprint_of(gradebook, notebook, assignment))
        system = arguments.system or recognised(archive)
        about = blueprint, there.duedate, submitted, zone
        collection = Collection(archive, system, people, *about, replace=arguments.replace, declared=declared)
        print(collection.table())
        if not _agreed(arguments):
            print("Nothing was written" + ("." if arguments.dry_run or sys.stdin.isatty() else ": add --yes to write."))
            return int(not arguments.dry_run)
        collection.write(gradebook)
    print(f"Written; grade with `cnncourse grade {assignment}`.")
    return int(not collection.clean)


def command(arguments):
    """`cnncourse collect`; the exit status is 0 only when all that was handed in found its place.

    >>> from types import SimpleNamespace as Arguments
    >>> command(Arguments(assignment="../ch02"))
    "'../ch02' is no name of an assignment"
    """
    try:
        return collect(arguments)
    except (ValueError, OSError) as why:
        return str(why)
