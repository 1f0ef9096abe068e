"""What the tests of the corpus share: one course to attack, and what its gradebook knows of the assignment."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from cnncourse.checks import task
from cnncourse.grading.judge import judging
from cnncourse.grading.judge.blueprint import blueprint_of
from cnncourse.grading.sandbox import kernels
from corpus import ASSIGNMENT
from corpus.course import Course

COMMANDS = Path(sys.executable).parent


def nbgrader(course, *command, seconds=300):
    """A command of nbgrader as an instructor types it; returns its status and what it wrote on the terminal."""
    return _typed(course, COMMANDS / "nbgrader", command, seconds)


def cnncourse(course, *command, seconds=300):
    """The same with a command of the course."""
    return _typed(course, COMMANDS / "cnncourse", command, seconds)


def _typed(course, program, command, seconds):
    environment = {"PATH": os.environ["PATH"], "HOME": str(course.root), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [program, *command], cwd=course.root, capture_output=True, env=environment, timeout=seconds, check=False
    )
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


@pytest.fixture(scope="session")
def attacked(tmp_path_factory):
    """A course with a released assignment, a peer who handed in, canaries and ears."""
    course = Course(tmp_path_factory.mktemp("attacked") / "course")
    status, said = nbgrader(course, "generate_assignment", ASSIGNMENT, "--force")
    assert status == 0, said
    yield course
    course.ears.close()


@pytest.fixture(scope="session")
def blueprint(attacked):
    """The assignment as the gradebook knows it."""
    with Gradebook(f"sqlite:///{attacked.root}/gradebook.db") as gradebook:
        return blueprint_of(gradebook, ASSIGNMENT, ASSIGNMENT)


@pytest.fixture
def impatient(monkeypatch):
    """A grader that waits seconds for what never ends, and not minutes."""
    monkeypatch.setattr(judging, "CELL_SECONDS", 3.0)
    monkeypatch.setattr(judging, "NOTEBOOK_SECONDS", 20.0)
    monkeypatch.setattr(kernels, "GRACE", 1.0)
    monkeypatch.setattr(judging, "task_of", lambda name: replace(task(name), seconds=3.0))
