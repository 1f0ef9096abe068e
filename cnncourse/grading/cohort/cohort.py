"""The submissions of one assignment: what is still to be done for each, and writing down what was done."""

from nbgrader.api import MissingEntry

from cnncourse.grading.cohort.gradebook import automatic_scores, penalty_version, preview, record
from cnncourse.grading.cohort.released import changes_since_release
from cnncourse.grading.cohort.scores import standings
from cnncourse.grading.judge import verdicts
from cnncourse.grading.judge.blueprint import blueprint_of, files_of
from cnncourse.grading.judge.judged_by import course_secret, judge_version


class HandedInAgain(Exception):
    """The submission is no longer the one that was graded."""


def attention(notebooks):
    """What an instructor should look at in these graded notebooks, as sentences.

    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> notebook = new_notebook(cells=[new_code_cell()])
    >>> verdicts.write_remarks(notebook, verdicts.Remarks(("a cell was added",)))
    >>> found = verdicts.CellVerdict("ch02.pad", verdicts.Status.WRONG, attention=("calls numpy.pad",))
    >>> verdicts.write(notebook.cells[0], found)
    >>> attention({"ps1": notebook})
    ['a cell was added', 'ch02.pad: calls numpy.pad']
    """
    said = []
    for notebook in notebooks.values():
        said += verdicts.read_remarks(notebook).attention
        for found in filter(None, map(verdicts.read, notebook.cells)):
            said += [f"{found.task}: {words}" for words in found.attention if words not in " ".join(said)]
    return said


class Cohort:
    """The submissions of one assignment, by student."""

    def __init__(self, course, gradebook, journal, assignment):
        self.course, self.gradebook, self.journal, self.assignment = course, gradebook, journal, assignment
        try:
            notebooks = [notebook.name for notebook in gradebook.find_assignment(assignment).notebooks]
        except MissingEntry:
            raise ValueError(
                f"the gradebook has no assignment {assignment}: run `nbgrader generate_assignment {assignment}` first"
            ) from None
        self.blueprints = {name: blueprint_of(gradebook, name, assignment) for name in sorted(notebooks)}
        self.declared = {name: one for known in self.blueprints.values() for name, one in files_of(known).items()}
        self.secret = course_secret(course.root)
        # A database gives the cells in any order
        ordered = [
            {**one, "cells": sorted(one["cells"], key=lambda cell: cell["name"])} for one in self.blueprints.values()
        ]
        self.judged_by = ordered, self.secret, judge_version(self.blueprints.values())
        self.penalised_by = penalty_version(course.late)
        self.before = standings(gradebook, assignment)
        self.changed = changes_since_release(gradebook, course.directory, assignment)

    def choose(self, students):
        """Those students, or everybody who handed something in."""
        there = self.course.students(self.assignment)
        absent = sorted(set(students) - set(there))
        if absent or not there:
            who = ", ".join(absent) or "nobody"
            place = self.course.directory.format_path(self.course.directory.submitted_directory, "*", self.assignment)
            raise ValueError(f"{who} handed in {'no' * bool(absent)} {self.assignment}: looked for {place}")
        return sorted(set(students)) or there

    def read(self, student):
        """A student's submission as it lies in the folder now, and its fingerprint."""
        submission = self.course.submission(self.assignment, student, list(self.blueprints), self.declared)
        return submission, submission.fingerprint(*self.judged_by)

    def due(self, student):
        """What is still to be done for a student: "grade", "write" or "nothing"."""
        entry = self.journal.entry(student)
        if entry is None or entry["fingerprint"] != self.read(student)[1]:
            return "grade"
        if self._is_in_place(student, entry):
            return "nothing"
        return "write" if self.journal.notebooks(student) is not None else "grade"

    def work(self, students, sent):
        """What the workers need, read when it is asked for; `sent` keeps what is needed afterwards."""
        for student in students:
            submission, fingerprint = self.read(student)
            sent[student] = {
                "fingerprint": fingerprint,
                "unreadable": submission.refused,
                "remarks": submission.remarks,
                "timestamp": submission.timestamp,
            }
            about = submission.texts, submission.given, submission.handed_in
            yield student, (self.blueprints, self.secret, student, *about)

    def keep(self, student, sent, notebooks, unreadable):
        """Enter a graded submission into the journal."""
        unreadable = sent["unreadable"] | unreadable
        remarks = [*unreadable.values(), *sent["remarks"], *attention(notebooks)]
        about = {"fingerprint": sent["fingerprint"], "unreadable": sorted(unreadable), "remarks": remarks}
        self.journal.graded(student, about | {"scores": automatic_scores(notebooks)}, notebooks)

    def was_scored(self, student):
        """Whether the gradebook had scores, which may now change."""
        return student in self.before and self.before[student].scored

    def preview(self, student, timestamp, notebooks, unreadable):
        """What the gradebook would say."""
        late = self.course.late
        return preview(self.gradebook, late, self.assignment, student, timestamp, notebooks, unreadable)

    def write(self, student):
        """Bring what the journal has into the gradebook and the folder; returns what the gradebook says then."""
        entry, notebooks = self.journal.entry(student), self.journal.notebooks(student)
        submission, fingerprint = self.read(student)
        if fingerprint != entry["fingerprint"]:
            raise HandedInAgain
        about = self.assignment, student, submission.timestamp, notebooks, entry["unreadable"]
        standing = record(self.gradebook, self.course.late, *about)
        self.course.write(submission, self.assignment, notebooks)
        self.journal.written(student, standing.seconds_late, self.penalised_by)
        return standing

    def _is_in_place(self, student, entry):
        standing = self.before.get(student)
        return (
            standing is not None
            and entry["seconds_late"] == standing.seconds_late  # an extension may have been granted since
            and (not standing.seconds_late or entry["penalised_by"] == self.penalised_by)
            and all(
                standing.scores.get(notebook, {}).get(cell, "unknown") == score
                for notebook, scores in entry["scores"].items()
                for cell, score in scores.items()
            )
            and self.course.has_written(self.assignment, student, entry["notebooks"])
        )
