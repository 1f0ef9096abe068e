"""Hostile work through the real grader: it earns nothing, reaches nothing, and leaves the others alone."""

import ast
import re
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

import pytest
from corpus import ALL, FILE, NOTHING, POINTS, gentle
from corpus.course import PATIENCE, Tried, controls, descendants, marked, problems, scores, settles, told
from corpus.hostile import HOSTILE, IN_NOTEBOOKS
from terminal import ready

from cnncourse.grading.judge.judging import grade_notebook
from cnncourse.grading.judge.untrusted import Damaged
from cnncourse.grading.sandbox import sandbox
from cnncourse.grading.sandbox.sandbox import Sandbox

pytest_plugins = ["corpus.fixtures"]
pytestmark = [pytest.mark.slow, pytest.mark.first, pytest.mark.usefixtures("impatient")]
NAMED = {submission.name: submission for submission in HOSTILE}
HARMFUL = {
    "closes_every_file",
    "eats_memory",
    "fills_the_disk",
    "fork_bomb_that_does_not_give_up",
    "kills_everybody",
    "leaves_notes_everywhere",
}
WAIT = {  # until a limit of time stops them, and need little of the machine meanwhile
    "no_reply",
    "deeply_nested_reply",
    "garbage_on_every_socket",
    "another_client_on_the_channel",
    "asks_for_input",
    "writes_into_every_open_file",
    "headers_that_are_no_headers",
    "runs_for_ever_in_c",
    "catches_whatever_stops_it",
    "ignores_every_signal",
    "a_cell_without_an_end",
    "deletes_every_module",
    "never_becomes_data",
    "just_below_every_limit",
    "dies_after_a_long_wait",
}
ABREAST = 8
SUCCESSES = ("RAN BY ITSELF", "FOUND NOTES", "CONNECTED", "FETCHED", "WROTE /", "TYPED")  # of an attack


def grade(course, blueprint, submission):
    """What comes of a submission."""
    folder = course.folder(submission.name)
    path = folder / FILE if folder.exists() else submission.hand_in(folder)
    text, start, tried = path.read_bytes(), time.monotonic(), Tried(dict.fromkeys(POINTS, 0.0))
    try:
        tried.notebook = grade_notebook(blueprint, text, submission.name, course.canary)
        tried.scores, tried.told = scores(tried.notebook), list(told(tried.notebook))
    except Damaged as wrong:
        tried.told = [str(wrong)]
    tried.seconds = time.monotonic() - start
    return tried


@pytest.fixture(scope="module")
def quiet(attacked, blueprint):
    """How many processes there are when nothing is graded and the sandbox is warm."""
    ready()  # for commands of nbgrader; it stays too
    assert grade(attacked, blueprint, gentle.as_asked).scores == POINTS
    settles(lambda: len(descendants()) <= 3, seconds=3)
    return len(descendants())


@contextmanager
def unharmed(course, processes):
    """Whatever is graded meanwhile changes no file of the course, calls nobody and leaves no process."""
    before, heard = course.fingerprint(), len(course.ears.heard)
    yield
    assert course.fingerprint() == before
    assert course.ears.heard[heard:] == []
    assert settles(lambda: len(descendants()) <= processes), descendants()
    assert settles(lambda: not marked()), marked()


def hand_in(course, submissions):
    """Let these submissions, and no others, lie where they were handed in."""
    for folder in (course.root / "submitted").iterdir():
        if folder.name in NAMED:
            shutil.rmtree(folder)
    for submission in submissions:
        submission.hand_in(course.folder(submission.name))


@pytest.fixture(scope="module")
def side_by_side(attacked, blueprint, quiet, impatient):
    """What comes of those of a kind that wait: several at a time, in sandboxes of their own as workers have them."""
    own, place, parsing = threading.local(), sandbox.warm().place, threading.RLock()

    def one_at_a_time(*given, parse=ast.parse, **options):
        """Threads that make trees at the same time make Python 3.11 lose count of their depth: a SystemError."""
        with parsing:
            return parse(*given, **options)

    def take(submission):
        own.sandbox = Sandbox(place=place)
        try:
            return submission.name, grade(attacked, blueprint, submission)
        finally:
            own.sandbox.close()

    @cache
    def waited(kind):
        waiting = [submission for submission in IN_NOTEBOOKS if submission.name in WAIT and submission.kind == kind]
        hand_in(attacked, waiting)
        with unharmed(attacked, quiet), pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(ABREAST) as pool:
            patch.setattr(sandbox, "warm", lambda packages=(): own.sandbox)
            patch.setattr(ast, "parse", one_at_a_time)
            return dict(pool.map(take, waiting))

    return waited


@pytest.fixture
def tried(submission, attacked, blueprint, quiet, side_by_side):
    """What comes of a submission."""
    if submission.name in WAIT:
        return side_by_side(submission.kind)[submission.name]
    before = [NAMED[submission.after]] if submission.after else []
    hand_in(attacked, [*before, submission])
    for other in before:
        grade(attacked, blueprint, other)
    with unharmed(attacked, quiet):
        return grade(attacked, blueprint, submission)


@pytest.mark.parametrize("submission", IN_NOTEBOOKS, ids=lambda submission: f"{submission.kind}-{submission.name}")
def test_a_hostile_submission_gets_what_it_earned_and_reaches_nothing(submission, tried, attacked, blueprint):
    for task, points in POINTS.items():
        most = points if task in submission.earns else 0
        assert 0 <= tried.scores[task] <= most, f"{task}: {tried.words[:2000]}"
        if task in submission.keeps:
            assert tried.scores[task] == points, f"{task}: {tried.words[:2000]}"
    assert re.search(submission.says, tried.words, re.IGNORECASE), tried.words[:2000]
    assert attacked.canary not in tried.words + str(tried.notebook)
    printed = outputs(tried.notebook)
    assert [caught for caught in SUCCESSES if caught in printed] == []
    if tried.notebook is not None:
        assert problems(tried.notebook) == []
        notes = [tried.notebook.metadata, *(cell.metadata.get("cnncourse", "") for cell in tried.notebook.cells)]
        assert controls("".join(map(str, texts(notes)))) == []
    assert tried.seconds < PATIENCE
    if submission.name in HARMFUL:  # the next student is graded as if nothing had been
        assert grade(attacked, blueprint, gentle.as_asked).scores == POINTS


def outputs(notebook):
    """Everything that the cells of a graded notebook have printed."""
    cells = notebook.cells if notebook is not None else []
    return "\n".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))


def texts(value):
    """The texts in nested data."""
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(part)


def test_the_corpus_expects_something():
    assert NAMED.keys() >= HARMFUL
    assert any(submission.earns == NOTHING for submission in HOSTILE)
    assert any(submission.keeps == ALL for submission in HOSTILE)
