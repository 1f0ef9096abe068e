"""The one writer of the gradebook: a submission in one transaction, in the tables and the arithmetic of nbgrader."""

import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.utils import determine_grade, is_grade
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import OperationalError

from cnncourse.grading.judge.comments import comments

ATTEMPTS = 6  # SQLite itself waits five seconds for a lock before an attempt fails


@dataclass(frozen=True)
class Standing:
    """What the gradebook says about one submission."""

    scores: dict  # the automatic scores, {notebook: {cell: score or None}}
    total: float  # with what was given by hand
    points: float
    penalty: float
    seconds_late: float
    by_hand: int  # how many scores a person has set
    to_read: int  # how many a person has still to set

    @property
    def scored(self):
        """Whether there is any score: what could not be read has none, which is not 0."""
        automatic = [score for cells in self.scores.values() for score in cells.values()]
        return self.by_hand > 0 or any(score is not None for score in automatic)


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


def automatic_scores(notebooks):
    """The score of every graded cell, as `nbgrader autograde` gives it: `{notebook: {cell: score or None}}`.

    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> about = {"grade_id": "check-pad", "grade": True, "solution": False, "points": 2}
    >>> automatic_scores({"ps1": new_notebook(cells=[new_code_cell("1", metadata={"nbgrader": about})])})
    {'ps1': {'check-pad': 2.0}}
    """
    return {
        name: {cell.metadata.nbgrader.grade_id: determine_grade(cell)[0] for cell in notebook.cells if is_grade(cell)}
        for name, notebook in notebooks.items()
    }


def record(gradebook, late, assignment, student, timestamp, notebooks, unreadable=()):
    """Write a graded submission in one transaction, and return its `Standing`.

    `notebooks` are the graded ones by name. A notebook of the assignment that is `unreadable` waits for a person; one
    that is in neither was not handed in and earns 0. What a person has written stays. `late` is nbgrader's
    preprocessor that knows the penalty for a late submission.

    >>> import tempfile
    >>> from nbgrader.api import Base
    >>> from nbgrader.preprocessors import AssignLatePenalties
    >>> from sqlalchemy import create_engine
    >>> url = f"sqlite:///{tempfile.mkdtemp()}/gradebook.db"
    >>> Base.metadata.create_all(create_engine(url))
    >>> with open_gradebook(url, "cnncourse") as gradebook:
    ...     _ = gradebook.add_assignment("ps1")
    ...     record(gradebook, AssignLatePenalties(), "ps1", "ada", None, {}).total
    0
    """
    return _repeated(gradebook, lambda: _placed(gradebook, late, assignment, student, timestamp, notebooks, unreadable))


def preview(gradebook, late, assignment, student, timestamp, notebooks, unreadable=()):
    """The `Standing` that `record` would lead to; the gradebook stays as it is.

    >>> import tempfile
    >>> from nbgrader.api import Base
    >>> from nbgrader.preprocessors import AssignLatePenalties
    >>> from sqlalchemy import create_engine
    >>> url = f"sqlite:///{tempfile.mkdtemp()}/gradebook.db"
    >>> Base.metadata.create_all(create_engine(url))
    >>> with open_gradebook(url, "cnncourse") as gradebook:
    ...     _ = gradebook.add_assignment("ps1")
    ...     preview(gradebook, AssignLatePenalties(), "ps1", "ada", None, {}).total, standings(gradebook, "ps1")
    (0, {})
    """
    with _transaction(gradebook.db):
        standing = _placed(gradebook, late, assignment, student, timestamp, notebooks, unreadable)
        gradebook.db.rollback()
    return standing


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
    known = select(SubmittedAssignment).join(SubmittedAssignment.assignment).where(Assignment.name == assignment)
    found = {submission.student_id: _standing(gradebook.db, submission) for submission in gradebook.db.scalars(known)}
    gradebook.db.rollback()  # nobody waits for what was only read
    return found


def _repeated(gradebook, place):
    """Somebody who grades by hand in formgrader may hold the gradebook for a moment."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with _transaction(gradebook.db):
                return place()
        except OperationalError:
            if attempt == ATTEMPTS:
                raise
            time.sleep(1)


@contextmanager
def _transaction(db):
    db.rollback()
    try:
        if db.get_bind().dialect.name == "sqlite":
            db.execute(text("BEGIN IMMEDIATE"))  # so that nobody writes between what is read here and what is written
        yield
        db.commit()
    except BaseException:
        db.rollback()
        raise


def _placed(gradebook, late, assignment, student, timestamp, notebooks, unreadable):
    db = gradebook.db
    submission = _mirrored(db, gradebook.find_assignment(assignment), student)
    if timestamp is not None:
        submission.timestamp = timestamp
    for submitted in submission.notebooks:
        name = submitted.notebook.name
        if name in notebooks:
            _grade(submitted, notebooks[name])
        else:
            for grade in submitted.grades:
                grade.auto_score = None if name in unreadable else 0
                grade.needs_manual_grade = name in unreadable
        submitted.late_submission_penalty = None
    db.flush()
    if submission.total_seconds_late > 0:
        late.init_plugin()
        for submitted in submission.notebooks:
            if submitted.notebook.name in notebooks:
                submitted.late_submission_penalty = _penalty(db, late, submitted, submission)
        db.flush()
    return _standing(db, submission)


def _mirrored(db, assignment, student):
    """The rows of a submission: one for every notebook and every cell that the assignment has."""
    known = db.get(Student, student) or _added(db, Student(id=student))
    both = {"assignment": assignment, "student": known}
    submission = db.scalars(select(SubmittedAssignment).filter_by(**both)).first()
    submission = submission or _added(db, SubmittedAssignment(**both))
    there = {submitted.notebook_id: submitted for submitted in submission.notebooks}
    for notebook in assignment.notebooks:
        submitted = there.get(notebook.id) or _added(db, SubmittedNotebook(notebook=notebook, assignment=submission))
        graded, commented = ({row.cell_id for row in rows} for rows in (submitted.grades, submitted.comments))
        for cell in notebook._base_cells:
            if not isinstance(cell, SolutionCell) and cell.id not in graded:
                _added(db, Grade(cell_id=cell.id, notebook=submitted))
            if not isinstance(cell, GradeCell) and cell.id not in commented:
                _added(db, Comment(cell_id=cell.id, notebook=submitted))
    db.flush()
    return submission


def _added(db, row):
    db.add(row)
    return row


def _grade(submitted, notebook):
    grades = {grade.cell.name: grade for grade in submitted.grades}
    for name, score in automatic_scores({"": notebook})[""].items():
        grades[name].auto_score = score
        grades[name].needs_manual_grade = grades[name].manual_score is not None or score is None
    written = {comment.cell.name: comment for comment in submitted.comments}
    for name, words in comments(notebook).items():
        written[name].auto_comment = words


def _penalty(db, late, submitted, submission):
    db.refresh(submitted, ["score"])
    penalty = late.plugin_inst.late_submission_penalty(
        submission.student_id, submitted.score, submission.total_seconds_late
    )
    return None if penalty is None else late._check_late_penalty(submitted, penalty)


def _standing(db, submission):
    rows = db.execute(
        select(
            Notebook.name, BaseCell.name, Grade.auto_score, Grade.manual_score, Grade.needs_manual_grade, Grade.score
        )
        .select_from(Grade)
        .join(Grade.notebook)
        .join(SubmittedNotebook.notebook)
        .join(Grade.cell)
        .where(SubmittedNotebook.assignment_id == submission.id)
    ).all()
    scores = {}
    for notebook, cell, automatic, *_ in rows:
        scores.setdefault(notebook, {})[cell] = automatic
    return Standing(
        scores=scores,
        total=sum(row.score for row in rows),
        points=db.scalar(select(Assignment.max_score).where(Assignment.id == submission.assignment_id)),
        penalty=sum(submitted.late_submission_penalty or 0 for submitted in submission.notebooks),
        seconds_late=submission.total_seconds_late,
        by_hand=sum(row.manual_score is not None for row in rows),
        to_read=sum(row.needs_manual_grade and row.manual_score is None for row in rows),
    )
