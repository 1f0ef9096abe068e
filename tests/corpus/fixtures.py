"""What the tests of the corpus share: one course to attack, and what its gradebook knows of the assignment."""

import subprocess
from dataclasses import replace

import pytest
import terminal
from nbgrader.api import Gradebook

from cnncourse.checks import task
from cnncourse.grading.judge import judging
from cnncourse.grading.judge.blueprint import blueprint_of
from cnncourse.grading.sandbox import kernels
from corpus import ANSWER, ASSIGNMENT, CELL
from corpus.course import Course


def cnncourse(course, *command, seconds=300):
    """A command of the course as an instructor types it; returns what it wrote on the terminal."""
    line, variables = [terminal.NBGRADER.with_name("cnncourse"), *command], terminal.environment(course.root)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(line, cwd=course.root, env=variables, timeout=seconds, check=False, **streams)
    return done.stdout.decode(errors="replace")


@pytest.fixture(scope="session")
def attacked(tmp_path_factory):
    """A course with a released assignment, a peer who handed in, canaries and ears."""
    course = Course(tmp_path_factory.mktemp("attacked") / "course")
    terminal.nbgrader(course.root, "generate_assignment", ASSIGNMENT, "--force")
    yield course
    course.ears.close()


@pytest.fixture(scope="session")
def blueprint(attacked):
    """The assignment as the gradebook knows it."""
    with Gradebook(f"sqlite:///{attacked.root}/gradebook.db") as gradebook:
        return blueprint_of(gradebook, ASSIGNMENT, ASSIGNMENT)


@pytest.fixture(scope="module")
def impatient():
    """A grader that waits seconds for what never ends, and not minutes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "CELL_SECONDS", CELL)
        patch.setattr(judging, "NOTEBOOK_SECONDS", 20.0)
        patch.setattr(kernels, "GRACE", 1.0)
        patch.setattr(judging, "task_of", lambda name: replace(task(name), seconds=ANSWER))
        yield
