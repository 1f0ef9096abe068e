"""Tasks whose answer is measured and not compared, such as a network; what they earn has steps between 0 and 1.

Such a task has `measure(values, truth, earlier)`: `values` are what came of its cases, `truth` is drawn by `task.truth`
from the same seed as the cases, and `earlier` holds the values of the tasks named by `task.after`.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Measure:
    """What was measured, as a share of the points and in words."""

    share: float
    words: str
    values: object = None  # what tasks that build on this one get; None: what came of its cases


class NothingEarlier(ValueError):
    """A task that this one builds on has given no values; the message says which, and what would do."""


def by_steps(value, steps):
    """The share that a value earns: `steps` are pairs of what must be reached and the share for it.

    >>> by_steps(0.987, [(0.98, 0.25), (0.985, 0.5), (0.99, 1.0)])
    0.5
    """
    return max((share for least, share in steps if value >= least), default=0.0)


def earlier_values(task, known):
    """The values of the tasks that a task builds on, by their ids; `known` holds what there is.

    >>> from cnncourse.checks.task import Task
    >>> earlier_values(Task("ch00.b", "", "", None, None, after=("ch00.a",)), {"ch00.a": (1, 2)})
    {'ch00.a': (1, 2)}
    """
    missing = [name for name in task.after if name not in known]
    if missing:
        raise NothingEarlier(f"this is measured with the result of {missing[0]}, and there is none: see to that first")
    return {name: known[name] for name in task.after}


def cases_of(task, seed, known=None):
    """The cases of a seed; those of a task that builds on others are made of their values too.

    >>> from cnncourse.checks import task
    >>> len(cases_of(task("ch02.pad"), 0)) == len(list(task("ch02.pad").cases(np.random.default_rng(0))))
    True
    """
    rng = np.random.default_rng(seed)
    return list(task.cases(rng, earlier_values(task, known or {})) if task.after else task.cases(rng))


def measured(task, values, seed, known=None):
    """The measure of the values that came of the cases of a seed.

    >>> from cnncourse.checks.task import Task
    >>> half = Task("ch00.half", "", "", None, None, measure=lambda values, truth, earlier: Measure(0.5, str(values)))
    >>> measured(half, (3,), 0).words
    '(3,)'
    """
    truth = task.truth(np.random.default_rng(seed)) if task.truth else None
    return task.measure(tuple(values), truth, earlier_values(task, known or {}))
