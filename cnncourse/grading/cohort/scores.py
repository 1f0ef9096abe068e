"""The one reader of the gradebook's scores: of single cells, and of whole submissions."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    Gradebook,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import make_url, select


@dataclass(frozen=True)
class CellScore:
    """What one student earned in one graded cell."""

    student: str
    notebook: str
    cell: str
    kind: str  # "code" or "markdown"
    points: float
    automatic: float | None  # the judge's; None: there is none
    by_hand: float | None  # a person's, which counts instead
    score: float  # what counts, with extra credit; 0 where there is neither
    waits: bool  # nbgrader asks a person to look at it

    @property
    def earned(self):
        """What counts, or None if the cell was not graded yet."""
        return None if self.automatic is None and self.by_hand is None else self.score


@dataclass(frozen=True)
class Standing:
    """What the gradebook says about one submission."""

    scores: dict  # the automatic scores, {notebook: {cell: score or None}}
    total: float  # with what was given by hand
    points: float
    penalty: float  # for handing in late
    seconds_late: float
    by_hand: int  # how many scores a person has set
    to_read: int  # how many a person has still to set
    handed_in: datetime | None = None

    @property
    def scored(self):
        """Whether there is any score: what could not be read has none, which is not 0."""
        automatic = [score for cells in self.scores.values() for score in cells.values()]
        return self.by_hand > 0 or any(score is not None for score in automatic)

    @property
    def left(self):
        """What is left after the penalty."""
        return max(0.0, self.total - self.penalty)


def open_gradebook(url, course_id):
    """The gradebook at a URL of SQLAlchemy; it must be there.

    >>> open_gradebook("sqlite:////nowhere/gradebook.db", "cnncourse")
    Traceback (most recent call last):
    ...
    ValueError: there is no gradebook at /nowhere/gradebook.db: run `nbgrader generate_assignment` in this course first
    """
    where = make_url(url)
    if where.get_backend_name() == "sqlite" and not Path(where.database).is_file():
        raise ValueError(
            f"there is no gradebook at {where.database}: run `nbgrader generate_assignment` in this course first"
        )
    return Gradebook(url, course_id)


def cell_scores(gradebook, assignment):
    """The scores of all graded cells in all submissions of an assignment, ordered by student, notebook and cell.

    >>> import tempfile
    >>> from nbgrader.api import Base
    >>> from sqlalchemy import create_engine
    >>> url = f"sqlite:///{tempfile.mkdtemp()}/gradebook.db"
    >>> Base.metadata.create_all(create_engine(url))
    >>> with open_gradebook(url, "cnncourse") as gradebook:
    ...     _ = gradebook.add_assignment("ps1")
    ...     cell_scores(gradebook, "ps1")
    []
    """
    there = gradebook.find_assignment(assignment)
    return _cells(gradebook.db, SubmittedAssignment.assignment_id == there.id)


def standings(gradebook, assignment):
    """The `Standing` of every submission that the gradebook knows: `{student: standing}`.

    >>> import tempfile
    >>> from nbgrader.api import Base
    >>> from sqlalchemy import create_engine
    >>> url = f"sqlite:///{tempfile.mkdtemp()}/gradebook.db"
    >>> Base.metadata.create_all(create_engine(url))
    >>> with open_gradebook(url, "cnncourse") as gradebook:
    ...     _ = gradebook.add_assignment("ps1")
    ...     standings(gradebook, "ps1")
    {}
    """
    by_student = {}
    for one in cell_scores(gradebook, assignment):
        by_student.setdefault(one.student, []).append(one)
    known = select(SubmittedAssignment).join(SubmittedAssignment.assignment).where(Assignment.name == assignment)
    found = {
        submission.student_id: _standing(gradebook.db, submission, by_student.get(submission.student_id, []))
        for submission in gradebook.db.scalars(known)
    }
    gradebook.db.rollback()  # nobody waits for what was only read
    return found


def standing_of(db, submission):
    """The `Standing` of one submission, as it is in a transaction that is not over yet.

    >>> from nbgrader.api import Base
    >>> from sqlalchemy import create_engine
    >>> from sqlalchemy.orm import Session
    >>> engine = create_engine("sqlite://")
    >>> Base.metadata.create_all(engine)
    >>> with Session(engine) as db:
    ...     standing_of(db, SubmittedAssignment(id="1", assignment=Assignment(name="ps1"))).total
    0
    """
    return _standing(db, submission, _cells(db, SubmittedAssignment.id == submission.id))


def in_one_line(standings):
    """How a class did, as every report says it: who has a score, what they have on average, and who waits.

    >>> in_one_line([Standing({"ps1": {"check-pad": 2.0}}, 2.0, 3.0, 0.5, 60, 0, 1)])
    '1 with a score; mean 1.5 / 3 after penalties; 1 with answers that a person must still score'
    """
    scored = [one for one in standings if one.scored]
    line = f"{len(scored)} with a score"
    if scored:
        line += f"; mean {sum(one.left for one in scored) / len(scored):.4g} / {scored[0].points:g}"
        line += " after penalties" * any(one.penalty for one in scored)
    waiting = sum(one.to_read > 0 for one in standings)
    return line + (f"; {waiting} with answers that a person must still score" if waiting else "")


def _cells(db, which):
    rows = db.execute(
        select(
            *(SubmittedAssignment.student_id, Notebook.name, BaseCell.name, Grade.cell_type, Grade.max_score),
            *(Grade.auto_score, Grade.manual_score, Grade.score, Grade.needs_manual_grade),
        )
        .select_from(Grade)
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
        .join(BaseCell, Grade.cell_id == BaseCell.id)
        .where(which)
    ).all()
    return sorted((CellScore(*row) for row in rows), key=lambda one: (one.student, one.notebook, one.cell))


def _standing(db, submission, cells):
    scores = {}
    for one in cells:
        scores.setdefault(one.notebook, {})[one.cell] = one.automatic
    return Standing(
        scores=scores,
        total=sum(one.score for one in cells),
        points=db.scalar(select(Assignment.max_score).where(Assignment.id == submission.assignment_id)),
        penalty=sum(submitted.late_submission_penalty or 0 for submitted in submission.notebooks),
        seconds_late=submission.total_seconds_late,
        by_hand=sum(one.by_hand is not None for one in cells),
        to_read=sum(one.waits and one.by_hand is None for one in cells),
        handed_in=submission.timestamp,
    )
