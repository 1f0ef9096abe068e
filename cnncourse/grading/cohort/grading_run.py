"""Grading a class from one end to the other: `cnncourse grade ASSIGNMENT`."""

import sys
from contextlib import ExitStack, closing

from sqlalchemy.exc import OperationalError
from tqdm import tqdm

from cnncourse.grading.cohort import tables
from cnncourse.grading.cohort.cluster import on_workers
from cnncourse.grading.cohort.cohort import Cohort, HandedInAgain
from cnncourse.grading.cohort.coursefolder import one_name
from cnncourse.grading.cohort.journal import Journal
from cnncourse.grading.cohort.scores import open_gradebook
from cnncourse.grading.cohort.submissions import Course
from cnncourse.grading.judge.blueprint import packages_of
from cnncourse.grading.judge.judging import grade_notebook
from cnncourse.grading.sandbox.warmprocess import NoSandbox

STOPPED = 130  # what a shell expects of a command that was stopped from the keyboard


def grade(assignment, results, students=(), dry_run=False, force=False):
    """Grade who is due (or everybody, with `force`), and return the exit status; `dry_run` writes nothing.

    `results(work)` yields `(student, (graded notebooks, reasons why others are unreadable), trouble)` for each item
    of `work`, in any order.

    >>> grade("../ch02", results=None)
    Traceback (most recent call last):
    ...
    cnncourse.grading.cohort.coursefolder.NoSuchCourse: '../ch02' is no name of an assignment
    """
    name = one_name(assignment)
    course = Course()
    with ExitStack() as stack:
        gradebook = stack.enter_context(open_gradebook(course.directory.db_url, course.directory.course_id))
        journal = Journal(course.root / ".grading", name)
        if not dry_run:
            stack.enter_context(journal.held())
        cohort = Cohort(course, gradebook, journal, name)
        run = Run(cohort, cohort.choose(students), force)
        try:
            status = run.look(results) if dry_run else run.grade(results)
        except KeyboardInterrupt:
            print(f"\n{run.progress()}: `cnncourse grade {name}` goes on from there", file=sys.stderr)
            return STOPPED
        except OperationalError as wrong:
            raise ValueError(f"{run.progress()}, for the gradebook could not be written: {wrong.orig}") from wrong
        except (NoSandbox, OSError) as wrong:
            raise ValueError(f"{run.progress()}. {wrong}") from wrong
    return status


class Run:
    """One run of the command."""

    def __init__(self, cohort, students, force):
        self.cohort = cohort
        due = {student: "grade" if force else cohort.due(student) for student in students}
        self.to_grade = [student for student in students if due[student] == "grade"]
        self.to_write = [student for student in students if due[student] == "write"]
        self.rows = {student: tables.Row(student, cohort.before.get(student)) for student in students}
        self.graded = 0
        for student in students:
            if due[student] != "grade":
                self.rows[student].remarks = cohort.journal.entry(student)["remarks"]

    def grade(self, results):
        """Grade and write. Scores that were there before change only after it was shown how; new ones at once."""
        changing = [student for student in self.to_write if self.cohort.was_scored(student)]
        for student in self.to_write:
            if student not in changing:
                self._write(student)
        for student, sent, notebooks, unreadable in self._graded(results):
            self.cohort.keep(student, sent, notebooks, unreadable)
            self.rows[student].remarks = self.cohort.journal.entry(student)["remarks"]
            if self.cohort.was_scored(student):
                changing.append(student)
            else:
                self._write(student)
        self._show([(student, self._after(student)) for student in sorted(changing)])
        for student in changing:
            self._write(student)
        return self._end()

    def look(self, results):
        """Grade, and show what would change."""
        after = {student: self._after(student) for student in self.to_write}
        for student, sent, notebooks, unreadable in self._graded(results):
            unreadable = sent["unreadable"] | unreadable
            after[student] = self.cohort.preview(student, sent["timestamp"], notebooks, unreadable)
            self.rows[student].remarks = [*unreadable.values(), *sent["remarks"]]
        self._show(sorted(after.items()))
        for student, standing in after.items():
            self.rows[student].standing = standing
        status = self._end()
        print("Nothing was written.")
        return status

    def progress(self):
        """How far it came, for whoever stops it."""
        return f"stopped: {self.graded} of {len(self.to_grade)} submissions were graded"

    def _graded(self, results):
        """Yield what the workers found; where there was trouble instead, note it."""
        if not self.to_grade:
            return
        sent = {}
        with (
            closing(results(self.cohort.work(self.to_grade, sent))) as stream,
            tqdm(total=len(self.to_grade), unit=" submissions", file=sys.stderr, disable=None) as bar,
        ):
            for student, result, trouble in stream:
                bar.update()
                about = sent.pop(student)
                if trouble:
                    self._fail(student, f"not graded: {trouble}")
                    continue
                self.graded += 1
                self.rows[student].state = "graded"
                yield student, about, *result

    def _after(self, student):
        entry, submission = self.cohort.journal.entry(student), self.cohort.read(student)[0]
        notebooks = self.cohort.journal.notebooks(student)
        return self.cohort.preview(student, submission.timestamp, notebooks, entry["unreadable"])

    def _write(self, student):
        try:
            self.rows[student].standing = self.cohort.write(student)
        except HandedInAgain:
            self._fail(student, "handed in again while this ran: run the command again")

    def _fail(self, student, words):
        self.rows[student].remarks = [words]
        self.rows[student].state = "not graded"

    def _show(self, after):
        shown = tables.changes([(student, self.cohort.before.get(student), standing) for student, standing in after])
        if shown:
            print(shown, end="\n\n", flush=True)

    def _end(self):
        rows = list(self.rows.values())
        print(tables.final(rows), tables.summary(rows), sep="\n\n")
        if self.cohort.changed:
            again = f"run `nbgrader generate_assignment {self.cohort.assignment} --force`, then this again"
            print(f"\nNot in these scores, for the gradebook does not know it yet ({again}):")
            print(*(f"- {words}" for words in self.cohort.changed), sep="\n")
        return int(any(row.state == "not graded" for row in rows))


def command(arguments):
    """`cnncourse grade ASSIGNMENT`; the exit status is 0 only when nobody was left out.

    >>> from types import SimpleNamespace as Arguments
    >>> command(Arguments(assignment="../x", student=[], jobs=1, scheduler=None, dry_run=True, force=False))
    "'../x' is no name of an assignment"
    """
    results = on_workers(grade_notebook, arguments.jobs, arguments.scheduler, packages_of)
    try:
        return grade(arguments.assignment, results, arguments.student, arguments.dry_run, arguments.force)
    except ValueError as why:
        return str(why)
