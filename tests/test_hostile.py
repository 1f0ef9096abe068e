"""Hostile work through the real grader: it earns nothing, reaches nothing, and leaves the others alone."""

import re
import time

import pytest
from corpus import ALL, FILE, NOTHING, POINTS, gentle
from corpus.course import PATIENCE, Tried, controls, descendants, marked, problems, scores, settles, told
from corpus.hostile import HOSTILE, IN_NOTEBOOKS

from cnncourse.grading.judge.judging import grade_notebook
from cnncourse.grading.judge.untrusted import Damaged

pytest_plugins = ["corpus.fixtures"]
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]
NAMED = {submission.name: submission for submission in HOSTILE}
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
    assert grade(attacked, blueprint, gentle.as_asked).scores == POINTS
    settles(lambda: len(descendants()) <= 2, seconds=3)
    return len(descendants())


@pytest.mark.parametrize("submission", IN_NOTEBOOKS, ids=lambda submission: f"{submission.kind}-{submission.name}")
def test_a_hostile_submission_gets_what_it_earned_and_reaches_nothing(submission, attacked, blueprint, quiet):
    if submission.after:
        grade(attacked, blueprint, NAMED[submission.after])
    submission.hand_in(attacked.folder(submission.name))
    before, heard = attacked.fingerprint(), len(attacked.ears.heard)
    tried = grade(attacked, blueprint, submission)

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
    assert attacked.fingerprint() == before
    assert attacked.ears.heard[heard:] == []
    assert settles(lambda: len(descendants()) <= quiet), descendants()
    assert settles(lambda: not marked()), marked()


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


HARMFUL = [
    "closes_every_file",
    "eats_memory",
    "fills_the_disk",
    "fork_bomb_that_does_not_give_up",
    "kills_everybody",
    "leaves_notes_everywhere",
]


@pytest.mark.parametrize("name", HARMFUL)
def test_the_next_student_is_graded_as_if_nothing_had_been(name, attacked, blueprint, quiet):
    grade(attacked, blueprint, NAMED[name])
    assert grade(attacked, blueprint, gentle.as_asked).scores == POINTS


def test_the_corpus_expects_something():
    assert any(submission.earns == NOTHING for submission in HOSTILE)
    assert any(submission.keeps == ALL for submission in HOSTILE)
