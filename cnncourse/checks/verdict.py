"""The verdict on an answer: a case it gets wrong, the smallest there is, and the mistake it makes, if that is known."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from cnncourse.checks.measuring import Measure, NothingEarlier, measured
from cnncourse.checks.plain import Difference, difference
from cnncourse.checks.probing import Outcome, try_case
from cnncourse.checks.task import Misconception, Task


class Status(StrEnum):
    """What became of an answer."""

    PASSED = "passed"
    WRONG = "wrong"
    NOT_WRITTEN = "not written"
    ERROR = "error"  # it raised one, or what came back is no data
    STOPPED = "stopped"  # it took too long, ended Python, or printed without end
    NOT_TRIED = "not tried"  # there was no time left


# What an outcome's error says beside that there was one
ERRORS = {"NotImplementedError": Status.NOT_WRITTEN, "TooSlow": Status.STOPPED}


@dataclass(frozen=True)
class Finding:
    """A case that an answer got wrong."""

    case: tuple
    expected: object
    outcome: Outcome
    difference: Difference


@dataclass(frozen=True)
class Verdict:
    """What was tried, and what was found."""

    task: Task
    tried: int
    finding: Finding | None = None
    misconception: Misconception | None = None
    outcomes: tuple = ()
    measure: Measure | None = None  # of a task that is measured

    @property
    def share(self):
        """The share of the points."""
        return self.measure.share if self.measure else float(self.finding is None)

    @property
    def words(self):
        """What is wrong, or was measured."""
        return self.measure.words if self.measure else self.finding.difference.words if self.finding else ""

    @property
    def status(self):
        """What became of the answer."""
        if self.finding is None:
            return Status.PASSED if self.share == 1 else Status.WRONG
        error = self.finding.outcome.error
        return ERRORS.get(error, Status.ERROR) if error else Status.WRONG

    @property
    def passed(self):
        """Whether the answer is right, or as good as can be asked for."""
        return self.status is Status.PASSED


def complaint(task, expected, outcome):
    """What is wrong with an outcome, or None.

    >>> from cnncourse.checks import task
    >>> complaint(task("ch02.output_size"), 3, Outcome(4)).words
    'expected 3, got 4'
    """
    names = task.names()
    if outcome.error == "NotImplementedError":
        return Difference("not written yet")
    if outcome.error == "TooSlow":
        return Difference(f"{outcome.message}: the limit for all cases together is {task.seconds:g} s")
    if outcome.error == "NotPlain":
        return Difference(f"got no data: {outcome.message}")
    if outcome.error == "NotUsable":
        return Difference(outcome.message)
    if outcome.error:
        where = f", in your line `{outcome.line}`" if outcome.line else ""
        return Difference(f"{outcome.error}: {outcome.message}{where}")
    found = difference(expected, outcome.value, task.tolerance, task.results)
    if found:
        return found
    if outcome.changed:
        changed = ", ".join(names[position] for position in outcome.changed)
        return Difference(f"the result is right, but {changed} came back changed: work on a copy", beside=True)
    if task.fresh and outcome.shared:
        shared = ", ".join(names[position] for position in outcome.shared)
        return Difference(
            f"the numbers are right, but the result is a view of {shared}: "
            "whoever changes one of the two changes both; return a copy",
            beside=True,
        )
    return None


def settled(task, case, outcome):
    """The outcome with the value that is compared, which `task.settle` makes of what came back.

    >>> from cnncourse.checks import task
    >>> settled(task("ch02.edge_kernel"), (np.eye(3),), Outcome(np.ones((3, 3)))).value
    array([[3.]])
    """
    if outcome.error:
        return outcome
    try:
        return replace(outcome, value=task.settle(outcome.value, *case))
    except Exception as wrong:  # the value can be anything
        return replace(outcome, value=None, error=type(wrong).__name__, message=str(wrong))


def tried(task, answer, case):
    """The outcome of one of the course's own answers on a case: the right one, or a mistake with a name.

    >>> from cnncourse.checks import task
    >>> tried(task("ch02.output_size"), max, (3, 2)).value
    3
    """
    return settled(task, case, try_case(task, answer, case, task.seconds))


def size(case):
    """How many numbers a reader of the case must look at.

    >>> size((np.zeros((2, 3)), 1))
    7
    """
    return sum(size(part) if isinstance(part, (list, tuple)) else np.size(part) for part in case)


def weight(finding):
    """The key that sorts findings: a wrong result comes first, then the case that is easier to read.

    >>> weight(Finding((np.zeros(3), 1), 0, Outcome(), Difference("")))
    (False, 4)
    """
    return finding.difference.beside, size(finding.case)


def alike(task, one, other):
    """Whether two outcomes are the same mistake.

    >>> from cnncourse.checks import task
    >>> alike(task("ch02.output_size"), Outcome(4), Outcome(5))
    False
    """
    if one.error or other.error:
        return one.error == other.error
    if one.value is None or other.value is None:
        return one.value is other.value
    same = difference(one.value, other.value, task.tolerance) is None
    same = same and difference(other.value, one.value, task.tolerance) is None
    return same and one.changed == other.changed and (not task.fresh or one.shared == other.shared)


def explains(task, misconception, cases, outcomes):
    """Whether a misconception gives the very same outcome on every case.

    >>> from cnncourse.checks import task
    >>> sizes = task("ch02.output_size")
    >>> explains(sizes, sizes.misconceptions[0], [(8, 3, 2, 0, 1)], [Outcome(4)])
    True
    """
    return all(alike(task, outcome, tried(task, misconception.answer, case)) for case, outcome in zip(cases, outcomes))


def diagnose(task, cases, outcomes):
    """The misconception that explains all outcomes, or None.

    >>> from cnncourse.checks import task
    >>> diagnose(task("ch02.output_size"), [(8, 3, 2, 0, 1), (7, 3, 2, 0, 1)], [Outcome(4), Outcome(3)]).name
    'the number of steps is rounded up'
    """
    return next((one for one in task.misconceptions if explains(task, one, cases, outcomes)), None)


def expectations(task, cases):
    """What the reference gives on each case.

    >>> from cnncourse.checks import task
    >>> expectations(task("ch02.output_size"), [(7, 3, 1, 0, 1), (8, 3, 2, 0, 1)])
    [5, 3]
    """
    return [tried(task, task.reference, case).value for case in cases]


def passes(task, cases, outcomes, expected):
    """Whether an answer is right on every case: the verdict alone, found out no further than the first wrong outcome.

    >>> from cnncourse.checks import task
    >>> passes(task("ch02.output_size"), [(7, 3, 1, 0, 1)], [Outcome(4)], [5])
    False
    """
    return not any(
        complaint(task, value, settled(task, case, outcome))
        for case, outcome, value in zip(cases, outcomes, expected, strict=True)
    )


def judge(task, cases, outcomes, expected=None):
    """Compare the outcomes of an answer, obtained here or elsewhere, with those of the reference.

    Pass `expected` if many answers are judged on the same cases: the reference is then not run for each of them.

    >>> from cnncourse.checks import task
    >>> judge(task("ch02.output_size"), [(7, 3, 1, 0, 1)], [Outcome(5)]).passed
    True
    """
    outcomes = [settled(task, case, outcome) for case, outcome in zip(cases, outcomes)]
    if len(outcomes) < len(cases) and not any(outcome.error for outcome in outcomes):
        raise ValueError(f"{len(outcomes)} outcomes of {len(cases)} cases")
    findings = []
    for case, outcome, value in zip(cases, outcomes, expected or expectations(task, cases)):
        wrong = complaint(task, value, outcome)
        if wrong:
            findings.append(Finding(case, value, outcome, wrong))
    if not findings:
        return Verdict(task, len(cases), outcomes=tuple(outcomes))
    smallest = min(findings, key=weight)
    return Verdict(task, len(cases), smallest, diagnose(task, cases, outcomes), tuple(outcomes))


def judge_measured(task, cases, outcomes, seed, known):
    """The verdict on an answer that is measured; its values are noted in `known`, for the tasks that build on it.

    >>> from cnncourse.checks.task import Task
    >>> half = Task("ch00.half", "", "", None, None, measure=lambda values, truth, earlier: Measure(0.5, "half"))
    >>> judge_measured(half, [()], [Outcome(3)], 0, {}).words
    'half'
    """
    for case, outcome in zip(cases, outcomes):
        if outcome.error:
            return Verdict(task, len(cases), Finding(case, None, outcome, complaint(task, None, outcome)))
    values = tuple(outcome.value for outcome in outcomes)
    try:
        found = measured(task, values, seed, known)
        if found.share or found.values is not None:  # else there is nothing to build on
            known[task.id] = values if found.values is None else found.values
    except NothingEarlier as why:
        found = Measure(0.0, str(why))
    return Verdict(task, len(cases), outcomes=tuple(outcomes), measure=found)
