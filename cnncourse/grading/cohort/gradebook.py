"""The one writer of scores: a submission in one transaction, in the tables and the arithmetic of nbgrader."""

import inspect
import json
import time
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from nbgrader.api import Comment, Grade, GradeCell, SolutionCell, Student, SubmittedAssignment, SubmittedNotebook
from nbgrader.utils import determine_grade, is_grade
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from cnncourse.grading.cohort.scores import standing_of
from cnncourse.grading.judge.comments import comments

ATTEMPTS = 6  # SQLite itself waits five seconds for a lock before an attempt fails


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
    >>> from cnncourse.grading.cohort.scores import open_gradebook
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
    >>> from cnncourse.grading.cohort.scores import open_gradebook, standings
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


def penalty_version(late):
    """A number that changes when another plugin, other code of it, or other settings say what being late costs.

    >>> from nbgrader.preprocessors import AssignLatePenalties
    >>> len(penalty_version(AssignLatePenalties()))
    64
    """
    late.init_plugin()
    plugin = late.plugin_inst
    try:
        code = Path(inspect.getfile(type(plugin))).read_bytes()
    except (TypeError, OSError):  # it was written into nbgrader_config.py
        code = type(plugin).late_submission_penalty.__code__
        code = repr((code.co_code, code.co_consts, code.co_names)).encode()
    settings = {name: repr(value) for name, value in plugin.trait_values(config=True).items()}
    about = [type(plugin).__qualname__, sha256(code).hexdigest(), settings]
    return sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


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
    return standing_of(db, submission)


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
