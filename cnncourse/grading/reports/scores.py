"""What the gradebook says about a class: scores of assignments and of single cells, as plain data."""

from dataclasses import dataclass
from datetime import datetime

from nbgrader.api import BaseCell, Grade, Notebook, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import exists, or_


@dataclass(frozen=True)
class Result:
    """What one student earned in one assignment."""

    raw: float  # a score that a person gave counts instead of the judge's
    penalty: float  # for handing in late
    waits: bool  # part of it must still be read by a person
    handed_in: datetime | None = None

    @property
    def score(self):
        """What is left after the penalty."""
        return max(0.0, self.raw - self.penalty)


@dataclass(frozen=True)
class CellScore:
    """What one student earned in one graded cell."""

    student: str
    notebook: str
    cell: str
    score: float | None  # None: not graded yet
    points: float
    kind: str  # "code" or "markdown"


def results(gradebook, assignment):
    """The results in an assignment by student; nobody who handed nothing in, or whose work was not graded yet.

    >>> import tempfile
    >>> from nbgrader.api import Base, Gradebook
    >>> from sqlalchemy import create_engine
    >>> url = f"sqlite:///{tempfile.mkdtemp()}/gradebook.db"
    >>> Base.metadata.create_all(create_engine(url))
    >>> gradebook = Gradebook(url)
    >>> results(gradebook, gradebook.add_assignment("ch02_convolution"))
    {}
    """
    graded = exists().where(
        SubmittedNotebook.assignment_id == SubmittedAssignment.id,
        Grade.notebook_id == SubmittedNotebook.id,
        or_(Grade.auto_score.is_not(None), Grade.manual_score.is_not(None)),
    )
    rows = gradebook.db.query(
        SubmittedAssignment.student_id,
        SubmittedAssignment.score,
        SubmittedAssignment.late_submission_penalty,
        SubmittedAssignment.needs_manual_grade,
        SubmittedAssignment.timestamp,
    ).filter(SubmittedAssignment.assignment_id == assignment.id, graded)
    return {student: Result(score, penalty, waits, moment) for student, score, penalty, waits, moment in rows}


def cell_scores(gradebook, assignment):
    """The scores of all graded cells in all submissions of an assignment, ordered by student, notebook and cell.

    >>> import tempfile
    >>> from nbgrader.api import Base, Gradebook
    >>> from sqlalchemy import create_engine
    >>> url = f"sqlite:///{tempfile.mkdtemp()}/gradebook.db"
    >>> Base.metadata.create_all(create_engine(url))
    >>> gradebook = Gradebook(url)
    >>> cell_scores(gradebook, gradebook.add_assignment("ch02_convolution"))
    []
    """
    rows = (
        gradebook.db.query(
            SubmittedAssignment.student_id,
            Notebook.name,
            BaseCell.name,
            Grade.score,
            Grade.max_score,
            Grade.cell_type,
            or_(Grade.auto_score.is_not(None), Grade.manual_score.is_not(None)),
        )
        .select_from(Grade)
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
        .join(BaseCell, Grade.cell_id == BaseCell.id)
        .filter(SubmittedAssignment.assignment_id == assignment.id)
    )
    found = [
        CellScore(student, notebook, cell, score if graded else None, points, kind)
        for student, notebook, cell, score, points, kind, graded in rows
    ]
    return sorted(found, key=lambda one: (one.student, one.notebook, one.cell))
