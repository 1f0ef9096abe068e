"""Exports of the gradebook: for Canvas, for Moodle, for Gradescope, and as a table for a spreadsheet.

nbgrader export --exporter cnncourse.grading.exports.CanvasExport --to canvas.csv

All of them take nbgrader's own options, such as --assignment "['ch02_convolution']" and --student "['ada']". A late
penalty is taken off, a score that a person gave counts instead of the judge's, and who handed nothing in gets no
number rather than a 0: whether that is a 0 is for a person to decide. The rows are in the order of the names.
"""

import csv
import json
import zipfile
from pathlib import Path

from nbgrader.plugins import ExportPlugin
from traitlets import Dict

from cnncourse.grading.cohort.scores import cell_scores, in_one_line, standings
from cnncourse.grading.reports.spreadsheet import harmless, number

GRADESCOPE_SETUP = """#!/usr/bin/env bash
command -v python3 > /dev/null || apt-get install -y python3
"""

GRADESCOPE_RUN = '''#!/usr/bin/env python3
"""Look up the score of whoever handed this in. Nothing that was handed in is read or run."""
import json
from pathlib import Path

here = Path(__file__).resolve().parent
users = json.loads((here / "submission_metadata.json").read_text(encoding="utf-8"))["users"]
known = json.loads((here / "source" / "scores.json").read_text(encoding="utf-8"))
found = [known.get(user["email"].strip().lower()) for user in users]
if not found or None in found or any(other != found[0] for other in found):
    raise SystemExit("there is no score, or not one, for " + ", ".join(user["email"] for user in users))
(here / "results" / "results.json").write_text(json.dumps(found[0]), encoding="utf-8")
'''


def chosen(things, wanted, kind, name):
    """The things whose names are wanted, or all of them if none is named.

    >>> chosen(["ch01", "ch02"], ["ch02"], "assignment", str)
    ['ch02']
    >>> chosen(["ch01", "ch02"], ["ch20"], "assignment", str)
    Traceback (most recent call last):
    ...
    ValueError: the gradebook has no assignment ch20; it has ch01, ch02
    """
    wanted, names = {str(one) for one in wanted}, [name(one) for one in things]
    unknown = sorted(wanted - set(names))
    if unknown:
        there = ", ".join(names[:20]) + ", ..." * (len(names) > 20) if names else "none"
        raise ValueError(f"the gradebook has no {kind} {', '.join(unknown)}; it has {there}")
    return [one for one in things if not wanted or name(one) in wanted]


class Export(ExportPlugin):
    """What the exports have in common: who and what is exported, and how a cell is written."""

    titles = Dict(
        help="What an assignment is called on the other side, if not by its name here, such as {'ch02_convolution': "
        "'Homework 2'}; on Canvas 'Homework 2 (4711)' names it by its number too."
    ).tag(config=True)
    destination = "grades.csv"
    encoding = "utf-8"
    missing = ""  # what stands where there is no score

    def export(self, gradebook):
        """Write the file."""
        assignments = chosen(gradebook.assignments, self.assignment, "assignment", lambda one: one.name)
        students = chosen(gradebook.students, self.student, "student", lambda one: one.id)
        assignments.sort(key=lambda one: one.name)
        students.sort(key=lambda one: (one.last_name or "", one.first_name or "", one.id))
        known = {assignment.name: standings(gradebook, assignment.name) for assignment in assignments}
        found = {name: scored(by_student) for name, by_student in known.items()}
        for name, by_student in known.items():
            mine = [by_student[student.id] for student in students if student.id in by_student]
            say = self.log.warning if any(one.to_read for one in mine) else self.log.info
            say("%s: %s", name, in_one_line(mine))
        self.write(Path(self.to or self.destination), gradebook, students, assignments, found)

    def write(self, path, gradebook, students, assignments, found):
        """Write the table into a file."""
        with path.open("w", newline="", encoding=self.encoding) as file:
            for row in self.rows(students, assignments, found):
                csv.writer(file).writerow([self.cell(value) for value in row])
        self.log.info("Wrote the scores of %d students to %s", len(students), path)

    def cell(self, value):
        """A value as it stands in the file."""
        if value is None:
            return self.missing
        return number(value) if isinstance(value, float) else harmless(value)

    def rows(self, students, assignments, found):
        """The rows of the table, the header first: text is str, a score is float, and None is no score."""
        raise NotImplementedError

    def headings(self, assignments):
        """What the columns of the assignments are called."""
        return [self.titles.get(assignment.name, assignment.name) for assignment in assignments]


def scored(by_student):
    """The standings of those who have any score in an assignment.

    >>> from types import SimpleNamespace as Standing
    >>> list(scored({"ada": Standing(scored=True), "bob": Standing(scored=False)}))
    ['ada']
    """
    return {student: standing for student, standing in by_student.items() if standing.scored}


def scores(student, assignments, found):
    """The scores of a student, with None where there is none.

    >>> from types import SimpleNamespace as Thing
    >>> scores(Thing(id="ada"), [Thing(name="ch02")], {"ch02": {}})
    [None]
    """
    mine = [found[assignment.name].get(student.id) for assignment in assignments]
    return [None if result is None else float(result.left) for result in mine]


class CsvExport(Export):
    """The columns of nbgrader's own export, one row for a student and an assignment, to open in a spreadsheet.

    It begins with a byte order mark, without which Excel takes UTF-8 for something older and breaks every umlaut.
    """

    encoding = "utf-8-sig"

    def rows(self, students, assignments, found):
        """One row for each student and assignment."""
        who = ["student_id", "last_name", "first_name", "email"]
        yield ["assignment", "duedate", "timestamp", *who, "raw_score", "late_submission_penalty", "score", "max_score"]
        for assignment, title in zip(assignments, self.headings(assignments)):
            for student in students:
                result = found[assignment.name].get(student.id)
                mine = (
                    [None] * 3 if result is None else [float(result.total), float(result.penalty), float(result.left)]
                )
                who = [student.id, student.last_name or "", student.first_name or "", student.email or ""]
                moment = result.handed_in if result else None
                yield [title, assignment.duedate or "", moment or "", *who, *mine, float(assignment.max_score)]


class CanvasExport(Export):
    """A file for Canvas: Grades, Import.

    Canvas asks for the columns Student, ID, SIS User ID, SIS Login ID and Section, then a column an assignment, and
    takes a second row that begins with Points Possible (Instructure's guide to importing grades; its importer,
    `gradebook_importer.rb` in the public source of Canvas, says the rest). It looks for a student by ID, then by SIS
    User ID, by SIS Login ID and by name. ID is the student's `lms_user_id` in the gradebook, and SIS Login ID is the
    name that the student has in nbgrader.

    Three things to know. An assignment whose title Canvas does not find is offered as a new one. The row of points
    changes the points of the assignment on Canvas. And an empty cell takes away a score that is already there: Canvas
    lists all changes before it makes them. A byte order mark would do harm, so there is none.
    """

    destination = "canvas.csv"

    def rows(self, students, assignments, found):
        """The header, the row of points, and one row for each student."""
        yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *self.headings(assignments)]
        yield ["    Points Possible", "", "", "", "", *(float(assignment.max_score) for assignment in assignments)]
        for student in students:
            name = ", ".join(part for part in (student.last_name, student.first_name) if part) or student.id
            yield [name, student.lms_user_id or "", "", student.id, "", *scores(student, assignments, found)]


class MoodleExport(Export):
    """A file for Moodle: Grades, Import, CSV file.

    Moodle lets you map the columns (MoodleDocs, "Grade import"). Map "ID number" to the ID number or the user name,
    whichever your students have as their name in nbgrader, and each assignment to its grade item, or to a new one.

    What Moodle's importer does (`grade/import/csv/classes/load_data.php` in its public source) decides three things
    here. No score is written as "-", because an empty cell becomes a 0 in a new grade item. A row with an empty
    identifier gives its scores to the student of the row before it, so that the column "Email address" is only there
    when everybody has an address. And one student whom Moodle does not know stops the whole import: leave out
    whoever has left the course with --student. Scores above 100 need Moodle's setting `unlimitedgrades`.
    """

    destination = "moodle.csv"
    missing = "-"

    def rows(self, students, assignments, found):
        """The header and one row for each student."""
        nameless = [student.id for student in students if not (student.email or "").strip()]
        if nameless:
            self.log.warning("There is no column of addresses, because %s have none", ", ".join(nameless[:20]))
        address = [] if nameless else ["Email address"]
        yield ["First name", "Last name", "ID number", *address, *self.headings(assignments)]
        for student in students:
            who = [student.first_name or "", student.last_name or "", student.id]
            yield [*who, *([student.email] if address else []), *scores(student, assignments, found)]


class GradescopeExport(Export):
    """A programming assignment for Gradescope that publishes the scores of one assignment.

    Gradescope imports no scores from a file, and has no public interface for it. What it does take is an autograder:
    a zip of `setup.sh` and `run_autograder`, which writes `results.json` for each submission (Gradescope's
    "Autograder Specifications"). The zip written here looks up, by the address of whoever handed something in, the
    score that is in the gradebook; it neither reads nor runs what was handed in. So: create a programming assignment
    of as many points, upload the zip as its autograder, and let the students hand in their notebooks there, or hand
    them in for the class. For students without a score the autograder fails, visibly, and gives nothing. The zip
    holds the scores of the whole class: it is as private as the gradebook.
    """

    destination = "gradescope.zip"

    def write(self, path, gradebook, students, assignments, found):
        """Write the zip, with nothing in it that depends on when it was written."""
        if len(assignments) != 1:
            names = ", ".join(assignment.name for assignment in assignments) or "none"
            raise ValueError(f"Gradescope takes one assignment at a time, and there are {names}: choose --assignment")
        cells = cell_scores(gradebook, assignments[0].name)
        parts = {
            "run_autograder": GRADESCOPE_RUN,
            "scores.json": json.dumps(self.known(students, found[assignments[0].name], cells), indent=1),
            "setup.sh": GRADESCOPE_SETUP,
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, text in parts.items():
                about = zipfile.ZipInfo(name)
                about.external_attr = (0o644 if name.endswith(".json") else 0o755) << 16
                file.writestr(about, text.encode("utf-8"), zipfile.ZIP_DEFLATED)
        self.log.info("Wrote an autograder with the scores of %s to %s", assignments[0].name, path)

    def known(self, students, by_student, cells):
        """What Gradescope shows to each address."""
        known = {}
        for student in students:
            result, address = by_student.get(student.id), (student.email or "").strip().lower()
            if result and not address:
                self.log.warning("%s has no address, so Gradescope will not find the score", student.id)
            if not result or not address:
                continue
            if address in known:
                raise ValueError(f"two students have the address {address}: Gradescope could not tell them apart")
            mine = [one for one in cells if one.student == student.id and one.earned is not None]
            tests = [{"name": one.cell, "score": one.score, "max_score": one.points} for one in mine]
            late = f"{number(result.penalty)} points were taken off for handing in late." if result.penalty else ""
            known[address] = {"score": float(number(result.left)), "output": late, "tests": tests}
        return known
