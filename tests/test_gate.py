"""The gate: every wrong answer of the bank is rejected and rightly named, every right one gets full marks."""

from functools import cache
from importlib import import_module

import bank
import numpy as np
import pytest
from shipped import tasks

from cnncourse.checks import examine
from cnncourse.checks.catalogue import file_of
from cnncourse.checks.probing import try_cases
from cnncourse.checks.verdict import expectations, judge, passes

# The seed that a student sees, before each commit; the others with the slow tests
SEEDS = [pytest.param([0], id="0"), pytest.param(range(1, 20), id="1 to 19", marks=pytest.mark.slow)]
TASKS = {name: task for name, task in tasks().items() if not task.measure}  # what is measured has a corpus instead
for chapter in {file_of(name).parent.name for name in TASKS}:
    import_module(f"bank.{chapter}")
RIGHT = [(name, answer) for name, answers in bank.RIGHT.items() for answer in answers]
NAMED = [(name, mistake) for name, task in TASKS.items() for mistake in task.misconceptions]
NAMELESS = [(name, answer) for name, answers in bank.WRONG.items() for answer in answers]


@cache
def drawn(name, seed):
    """The cases of a task for a seed, and what is right on them: the same for every answer."""
    cases = cases_of(TASKS[name], seed)
    return cases, expectations(TASKS[name], cases)


def verdicts(name, answer, seeds):
    for seed in seeds:
        cases, expected = drawn(name, seed)
        yield judge(TASKS[name], cases, try_cases(TASKS[name], answer, cases), expected)


def called(value):
    """A name for what is tested: a nameless function by its line in the bank."""
    if isinstance(value, str):
        return value
    name = getattr(value, "name", getattr(value, "__name__", None))
    return f"line_{value.__code__.co_firstlineno}" if name == "<lambda>" else name


def test_the_bank_is_large_enough():
    for name in TASKS:
        wrong = [task for task, _ in NAMED + NAMELESS if task == name]
        right = [task for task, _ in RIGHT if task == name]
        assert len(wrong) >= 8, f"{name} has {len(wrong)} wrong answers"
        assert len(right) >= 3, f"{name} has {len(right)} right answers"


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize(("name", "answer"), RIGHT, ids=called)
def test_a_right_answer_gets_full_marks(name, answer, seeds):
    for verdict in verdicts(name, answer, seeds):
        assert verdict.passed, verdict.finding.difference.words


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("name", TASKS)
def test_the_reference_itself_passes(name, seeds):
    assert all(verdict.passed for verdict in verdicts(name, TASKS[name].reference, seeds))


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize(("name", "mistake"), NAMED, ids=called)
def test_a_mistake_with_a_name_is_rejected_and_given_that_name(name, mistake, seeds):
    for verdict in verdicts(name, mistake.answer, seeds):
        assert not verdict.passed
        assert verdict.misconception is mistake, verdict.misconception and verdict.misconception.name


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize(("name", "answer"), NAMELESS, ids=called)
def test_another_wrong_answer_is_rejected_and_not_given_a_wrong_name(name, answer, seeds):
    for verdict in verdicts(name, answer, seeds):
        assert not verdict.passed
        assert verdict.misconception is None, verdict.misconception.name


@pytest.mark.parametrize("name", TASKS)
def test_the_same_seed_gives_the_same_cases_and_another_seed_others(name):
    first, again, other = (str(cases_of(TASKS[name], seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def cases_of(task, seed):
    return list(task.cases(np.random.default_rng(seed)))


def test_an_answer_that_is_only_right_on_the_cases_a_student_sees_is_rejected_on_other_seeds():
    task = TASKS["ch02.correlate"]
    seen = cases_of(task, 0)
    known = {str(case): outcome.value for case, outcome in zip(seen, try_cases(task, task.reference, seen))}
    answer = lambda *case: known.get(str(case))  # noqa: E731
    assert examine(task, answer, 0).passed
    assert not examine(task, answer, 1).passed


def test_a_verdict_does_not_depend_on_where_the_outcomes_come_from():
    task = TASKS["ch02.pad"]
    cases = cases_of(task, 3)
    outcomes = try_cases(task, task.misconceptions[0].answer, cases)
    assert judge(task, cases, outcomes).misconception is task.misconceptions[0]


def test_whether_an_answer_passes_is_known_at_its_first_wrong_outcome():
    task = TASKS["ch02.pad"]
    cases, expected = drawn("ch02.pad", 3)
    asked = []

    def outcomes(answer):
        for case in cases:
            asked.append(case)
            yield from try_cases(task, answer, [case])

    assert passes(task, cases, outcomes(task.reference), expected)
    assert len(asked) == len(cases)
    for mistake in task.misconceptions:
        asked.clear()
        assert not passes(task, cases, outcomes(mistake.answer), expected)
        right = [not judge(task, [c], try_cases(task, mistake.answer, [c])).finding for c in asked]
        assert right == [True] * (len(asked) - 1) + [False]
    with pytest.raises(ValueError, match="zip"):
        passes(task, cases, [], expected)
