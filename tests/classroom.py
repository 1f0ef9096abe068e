"""A small class in a gradebook of nbgrader, for the tests of what comes after grading."""

from nbgrader.api import Base, Gradebook
from sqlalchemy import create_engine

ASSIGNMENT = "ch02_convolution"
CELLS = {"check-pad": ("code", 2), "check-conv2d": ("code", 8), "answer-written": ("markdown", 3)}


def gradebook_in(folder):
    """A gradebook with one assignment of three cells, 13 points in all."""
    url = f"sqlite:///{folder}/gradebook.db"
    Base.metadata.create_all(create_engine(url))  # else nbgrader starts `alembic`, which need not be on the path
    gradebook = Gradebook(url)
    add_assignment(gradebook, ASSIGNMENT, CELLS)
    return gradebook


def add_assignment(gradebook, name, cells):
    gradebook.add_assignment(name)
    gradebook.add_notebook(name, name)
    for cell, (kind, points) in cells.items():
        gradebook.add_grade_cell(cell, name, name, max_score=points, cell_type=kind)


def hand_in(gradebook, student, scores, by_hand=(), penalty=None, assignment=ASSIGNMENT):
    """A submission with the judge's scores, those that a person gave, and a penalty for handing it in late."""
    gradebook.update_or_create_student(student)
    submission = gradebook.add_submission(assignment, student)
    for cell, score in scores.items():
        grade = gradebook.find_grade(cell, assignment, assignment, student)
        grade.auto_score, grade.needs_manual_grade = score, score is None
    for cell, score in dict(by_hand).items():
        grade = gradebook.find_grade(cell, assignment, assignment, student)
        grade.manual_score, grade.needs_manual_grade = score, False
    submission.notebooks[0].late_submission_penalty = penalty
    gradebook.db.commit()
