"""Where a course keeps its files, as nbgrader has it: read from `nbgrader_config.py` in the current folder."""

import logging
from pathlib import Path

from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory


class NoSuchCourse(ValueError):
    """What was asked for is not here; the message says what was looked for, and where."""


def course_here():
    """nbgrader's settings for the course in the current folder.

    >>> Path(course_here().root).is_dir()
    True
    """
    app = NbGrader()
    app.log.setLevel(logging.ERROR)  # that there is no configuration is told by what is not found
    app.load_config_file()
    return CourseDirectory(parent=app)


def folders(course, step, assignment):
    """The folders of an assignment by student: `step` is "submitted" or "autograded".

    >>> from types import SimpleNamespace as Course
    >>> folders(Course(root="nowhere", submitted_directory="submitted"), "submitted", "ch02_convolution")
    {}
    """
    top = Path(course.root) / getattr(course, f"{step}_directory")
    found = [path for path in top.glob(f"*/{assignment}") if path.is_dir() and not path.parent.name.startswith(".")]
    return {path.parent.name: path for path in sorted(found)}


def one_name(assignment):
    """The name of an assignment, if it can be one: it becomes part of paths.

    >>> one_name("../ch02")
    Traceback (most recent call last):
    ...
    cnncourse.grading.coursefolder.NoSuchCourse: '../ch02' is no name of an assignment
    """
    if not assignment or assignment.startswith(".") or set(assignment) & set("/*?[]\\"):
        raise NoSuchCourse(f"{assignment!r} is no name of an assignment")
    return assignment
