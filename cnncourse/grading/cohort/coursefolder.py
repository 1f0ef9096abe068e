"""Where a course keeps its files, as nbgrader has it: read from `nbgrader_config.py` in the current folder."""

import logging
import os
import re
from fnmatch import fnmatchcase
from glob import glob
from pathlib import Path

from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory

NBGRADERS = {"timestamp.txt", "submission_secret.txt"}  # which nbgrader itself puts beside a notebook
NAMED = 10  # files that nobody asked for, each with a remark of its own


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
    """The folders of an assignment by student, wherever nbgrader has them: `step` is "submitted" or "autograded".

    >>> folders(CourseDirectory(root="nowhere"), "submitted", "ch02_convolution")
    {}
    """
    top = getattr(course, f"{step}_directory")
    pattern = course.format_path(top, "(?P<student>.*)", re.escape(assignment), escape=True)
    found = [path for path in sorted(glob(course.format_path(top, "*", assignment))) if os.path.isdir(path)]
    return {re.fullmatch(pattern, path)["student"]: Path(path) for path in found}


def files_in(folder, ignored):
    """The files below a folder that nbgrader would use, by name.

    nbgrader's own `find_all_files` lists the folder again for each of its files: ten thousand of them take minutes.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in (".hidden", "a.csv", "b.pyc"):
    ...     (folder / name).touch()
    >>> [path.name for path in files_in(folder, [".*", "*.pyc"])]
    ['a.csv']
    """

    def wanted(name):
        return not any(fnmatchcase(name, pattern) for pattern in ignored)

    found = []
    for place, below, names in os.walk(folder):
        below[:] = filter(wanted, below)
        found += [Path(place) / name for name in names if wanted(name)]
    return sorted(found)


def not_used(names):
    """Remarks on files that came with a submission and that nobody asked for.

    >>> not_used({"b.csv", "a.csv"})
    ['came with a.csv, which is not used in grading', 'came with b.csv, which is not used in grading']
    >>> not_used({"submission_secret.txt"})
    []
    >>> not_used(map(str, range(30)))[-1]
    'came with 20 files more, which are not used in grading'
    """
    names = sorted(set(names) - NBGRADERS)
    remarks = [f"came with {name}, which is not used in grading" for name in names[:NAMED]]
    if len(names) > NAMED:
        remarks.append(f"came with {len(names) - NAMED} files more, which are not used in grading")
    return remarks


def one_name(assignment):
    """The name of an assignment, if it can be one: it becomes part of paths.

    >>> one_name("../ch02")
    Traceback (most recent call last):
    ...
    cnncourse.grading.cohort.coursefolder.NoSuchCourse: '../ch02' is no name of an assignment
    """
    if not assignment or assignment.startswith(".") or set(assignment) & set("/*?[]\\"):
        raise NoSuchCourse(f"{assignment!r} is no name of an assignment")
    return assignment
