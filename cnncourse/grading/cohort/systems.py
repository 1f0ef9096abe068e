"""Whose file it is, and when it was handed in, as each learning management system tells it.

Canvas ("Download Submissions", `content_zipper.rb` in its public source): one folder of files that are called
`sortablename_[LATE_]USER_ATTACHMENT_name`, where the user's number is the column ID of the gradebook. Moodle
("Download all submissions"): `Full name_PARTICIPANT_assignsubmission_file_name`, or the same as a folder; the number
is the one of the column Identifier in the grading worksheet. Gradescope ("Export Submissions"): `submission_123/name`,
with everything else in `submission_metadata.yml`. Or a folder of folders or files that are called after students.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import yaml
from dateutil.parser import ParserError, parse

from cnncourse.grading.cohort.archives import Entry
from cnncourse.grading.cohort.rosters import alike
from cnncourse.grading.judge.untrusted import Damaged

CANVAS = re.compile(r"(?P<who>.*?)_(?P<late>LATE_)?(?P<user>\d+)_(?P<attachment>\d+)_(?P<name>.+)", re.DOTALL)
MOODLE = re.compile(r"(?P<who>.+)_(?P<participant>\d+)_assignsubmission_[a-z]+_?(?P<name>.*)", re.DOTALL)
METADATA = "submission_metadata.yml"


@dataclass(frozen=True)
class Piece:
    """A file that somebody handed in."""

    entry: Entry
    name: str  # as the student named it
    clues: tuple  # (kind, text): what tells whose it is, the surest first
    said: str  # whose it is, in the words of the system
    order: tuple = ()  # of two pieces of one student, the newer one has more
    moment: datetime | None = None  # when it was handed in, if that is told
    late: bool = False  # that it was late is told


def recognised(archive):
    """Where an archive comes from: "canvas", "moodle", "gradescope" or "folder".

    >>> from types import SimpleNamespace as Archive
    >>> recognised(Archive(entries=[Entry("ada_1_2_ch02.ipynb", datetime(2026, 1, 1), 1)]))
    'canvas'
    """
    if any(entry.parts[-1] == METADATA for entry in archive.entries):
        return "gradescope"
    if any(MOODLE.fullmatch(part) for entry in archive.entries for part in entry.parts):
        return "moodle"
    notebooks = [entry for entry in archive.entries if entry.path.endswith(".ipynb")]
    if notebooks and all(CANVAS.fullmatch(entry.parts[-1]) for entry in notebooks):
        return "canvas"
    return "folder"


def _canvas(archive, notebooks):
    for entry in archive.entries:
        found = CANVAS.fullmatch(entry.parts[-1])
        if not found:
            yield Piece(entry, entry.parts[-1], (), entry.path)
            continue
        said = f"user {found['user']} ({found['who']})"
        order, late = (int(found["attachment"]),), found["late"] is not None
        yield Piece(entry, found["name"], (("number", found["user"]),), said, order, late=late)


def _moodle(archive, notebooks):
    for entry in archive.entries:
        found = next(filter(None, map(MOODLE.fullmatch, entry.parts)), None)
        if not found:
            yield Piece(entry, entry.parts[-1], (), entry.path)
            continue
        inside = found["name"] if found.string == entry.parts[-1] else entry.parts[-1]
        said = f"participant {found['participant']} ({found['who']})"
        yield Piece(entry, inside, (("number", found["participant"]),), said, (entry.changed, copy(inside)))


def _gradescope(archive, notebooks):
    about = next((entry for entry in archive.entries if entry.parts[-1] == METADATA), None)
    try:
        known = yaml.safe_load(archive.read(about)) if about else {}
    except (Damaged, yaml.YAMLError, ValueError, RecursionError) as why:
        raise ValueError(f"{METADATA} cannot be read") from why
    known = known if isinstance(known, dict) else {}
    for entry in archive.entries:
        folder = next((part for part in entry.parts[:-1] if part in known), None)
        submission = known.get(folder)
        submitters = submission.get(":submitters") if isinstance(submission, dict) else None
        if entry is not about and not submitters:
            yield Piece(entry, entry.parts[-1], (), entry.path)
        for one in submitters or ():
            sid, email, name = (str(one.get(f":{key}") or "") for key in ("sid", "email", "name"))
            clues = ("id", alike(sid)), ("email", email.casefold()), ("name", alike(name))
            moment = moment_of(submission.get(":created_at"), UTC)
            order = (moment or datetime.min.replace(tzinfo=UTC), copy(entry.parts[-1]))
            yield Piece(entry, entry.parts[-1], clues, f"{name} ({email or sid})", order, moment)


def _folder(archive, notebooks):
    for entry in archive.entries:
        stem = re.sub(r"\.ipynb$", "", entry.parts[-1])
        names = [*entry.parts[:-1], stem]
        for notebook in notebooks:
            before, found, after = stem.partition(notebook)
            names += [before, after] if found else []
        clues = tuple((kind, alike(name)) for name in names for kind in ("id", "name") if alike(name))
        clues += tuple(("email", name.strip(" _-").casefold()) for name in names)
        yield Piece(entry, entry.parts[-1], clues, entry.path, (entry.changed, copy(entry.parts[-1])))


SYSTEMS = {"canvas": _canvas, "moodle": _moodle, "gradescope": _gradescope, "folder": _folder}


def pieces(archive, system, notebooks):
    """The files of an archive, each with what tells whose it is.

    >>> from types import SimpleNamespace as Archive
    >>> entry = Entry("müllerjörg_LATE_1_2_ch02 (1).ipynb", datetime(2026, 1, 1), 1)
    >>> [(one.name, one.clues, one.late) for one in pieces(Archive(entries=[entry]), "canvas", ["ch02"])]
    [('ch02 (1).ipynb', (('number', '1'),), True)]
    """
    return list(SYSTEMS[system](archive, notebooks))


COPY = re.compile(r"(?: ?\((\d+)\)|-Copy(\d+)|-(\d+)| - Copy(?: \((\d+)\))?)$", re.IGNORECASE)


def copy(name):
    """The number that a browser, JupyterLab or Canvas gave to a copy of a file.

    >>> copy("ch02 (2).ipynb"), copy("ch02-Copy1.ipynb"), copy("ch02-3.ipynb"), copy("ch02.ipynb")
    (2, 1, 3, 0)
    """
    found = COPY.search(re.sub(r"\.ipynb$", "", name))
    return int(next(filter(None, found.groups()), 1)) if found else 0


def bare(name):
    """The name of a notebook without the number of a copy.

    >>> bare("ch02_convolution (1).ipynb"), bare("ch02_convolution-Copy1-1.ipynb")
    ('ch02_convolution', 'ch02_convolution')
    """
    name = re.sub(r"\.ipynb$", "", name, flags=re.IGNORECASE)
    while shorter := COPY.sub("", name):
        if shorter == name:
            break
        name = shorter
    return name


def handed_in_as(name, declared):
    """Which of the files that an assignment asks for a file is, without the number of a copy; None: it is none.

    >>> handed_in_as("model.weights-1.h5", ["model.weights.h5"]), handed_in_as("Runs (2).json", ["runs.json"])
    ('model.weights.h5', 'runs.json')
    >>> handed_in_as("model.weights.json", ["model.weights.h5"])
    """
    stem, _, ending = name.rpartition(".")
    for one in declared:
        own, _, kind = one.rpartition(".")
        if ending.casefold() == kind and own.casefold() in (stem.casefold(), bare(stem).casefold()):
            return one
    return None


def moment_of(told, zone):
    """A moment as a system tells it, in UTC; without a time zone of its own it is in `zone`, or in this
    machine's if that is None. The answer None: it is not told.

    >>> moment_of("Wednesday, 10 June 2026, 2:14 PM", UTC)
    datetime.datetime(2026, 6, 10, 14, 14, tzinfo=datetime.timezone.utc)
    """
    try:
        found = parse(told) if isinstance(told, str) else told
    except (ParserError, OverflowError):
        return None
    if not isinstance(found, datetime):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
