"""Who is in the class: the lists that Canvas, Moodle and Gradescope give away, and nbgrader's own."""

import csv
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from cnncourse.grading.cohort.coursefolder import one_name


@dataclass(frozen=True)
class Person:
    """A student, under the name that the learning management system wants to read in what is given back to it."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    number: str = ""  # the one in the names of files: of the user (Canvas), or of the participant (Moodle)
    lms_user_id: str = ""
    moment: str = ""  # when it was handed in, as Moodle's worksheet says it
    late: bool = False  # so Moodle's worksheet says

    @property
    def name(self):
        """The whole name.

        >>> Person("al", "Ada", "Lovelace").name
        'Ada Lovelace'
        """
        return f"{self.first_name} {self.last_name}".strip()


def alike(text):
    """A name without what writing it differently changes: case, accents' encoding, blanks and signs.

    >>> alike("Müller, Jörg") == alike("mu\\u0308ller jo\\u0308rg")
    True
    """
    return "".join(filter(str.isalnum, unicodedata.normalize("NFC", text).casefold()))


def _canvas(row):
    if not row["ID"]:  # the row of points, and one above it on the posting of grades
        return None
    last, _, first = row["Student"].partition(",")
    login = row.get("SIS Login ID") or row["ID"]
    return Person(login, first.strip(), last.strip(), _address(login), number=row["ID"], lms_user_id=row["ID"])


def _moodle(row):
    first, _, last = row["Full name"].rpartition(" ")
    number = re.search(r"\d+$", row["Identifier"])
    status, address = row.get("Status", ""), row.get("Email address", "")
    moment = row.get("Last modified (submission)", "").strip("- ")
    late = re.search(r"\blate\b", status) is not None
    known = row.get("ID number") or row.get("Username") or address
    return Person(known, first, last, address, number[0] if number else "", moment=moment, late=late)


def _gradescope(row):
    first, _, last = row.get("Name", "").rpartition(" ")
    first, last = row.get("First Name") or first, row.get("Last Name") or last
    if row.get("Role", "Student") not in ("", "Student"):
        return None
    return Person(row.get("SID") or row["Email"], first, last, row["Email"])


def _nbgrader(row):
    known = row.get("lms_user_id", "")
    names = row.get("first_name", ""), row.get("last_name", "")
    return Person(row["id"], *names, row.get("email", ""), number=known, lms_user_id=known)


def _address(login):
    return login if "@" in login else ""


# What the header must have, and what reads a row below it; None is nobody
FORMS = [
    ({"Student", "ID"}, _canvas),
    ({"Identifier", "Full name"}, _moodle),
    ({"Email", "SID"}, _gradescope),
    ({"id"}, _nbgrader),
]


def read_roster(path):
    """The students on a list: Canvas' gradebook, Moodle's grading worksheet, Gradescope's roster, or nbgrader's list.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "students.csv"
    >>> _ = path.write_text('Student,ID,SIS User ID,SIS Login ID,Section\\n"Lovelace, Ada",4711,,ada,A\\n')
    >>> read_roster(path)[0].id
    'ada'
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as why:
        raise ValueError(f"{path} cannot be read as a list of students: save it as CSV in UTF-8") from why
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    header = {name.strip() for name in rows.fieldnames or []}
    reads = next((read for needed, read in FORMS if needed <= header), None)
    if reads is None:
        raise ValueError(
            f"{path} is no list of students that is known here: its first line should name the columns Student, ID "
            "(Canvas), or Identifier, Full name (Moodle, in English), or Email, SID (Gradescope), or id (nbgrader)"
        )
    cleaned = ({(key or "").strip(): (value or "").strip() for key, value in _plain(row)} for row in rows)
    people = [person for person in map(reads, cleaned) if person]
    for person in people:
        _usable(path, person)
    twice = [name for name, count in Counter(person.id.casefold() for person in people).items() if count > 1]
    if twice:
        raise ValueError(f"{path} has more than one student {', '.join(sorted(twice))}")
    return people


def _delimiter(text):
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _plain(row):
    return [(key, value) for key, value in row.items() if isinstance(key, str) and isinstance(value, str | None)]


def _usable(path, person):
    if not person.id:
        raise ValueError(
            f"{path}: {person.name or 'somebody'} has neither an ID number nor an address, and so no name here"
        )
    try:
        one_name(person.id)  # it becomes a folder
    except ValueError:
        raise ValueError(f"{path}: {person.id!r} cannot be the name of a folder") from None


def by_clue(people):
    """Where to find a student: {(kind, text): person} for numbers, ids, addresses and names that only one person has.

    >>> by_clue([Person("ada", "Ada", "Lovelace", number="4711")])["name", "lovelaceada"].id
    'ada'
    """
    found, counts = {}, Counter()
    for person in people:
        names = {alike(f"{person.first_name} {person.last_name}"), alike(f"{person.last_name} {person.first_name}")}
        clues = {("number", person.number), ("id", alike(person.id)), ("email", person.email.casefold())}
        for clue in clues | {("name", name) for name in names}:
            found[clue] = person
            counts[clue] += 1
    return {clue: person for clue, person in found.items() if counts[clue] == 1 and clue[1]}
