"""ch07.mnist_confusion: the digits that the network confuses most."""

import numpy as np

from cnncourse.checks.ch07_capstone.digits import bytes_of
from cnncourse.checks.measuring import Measure
from cnncourse.checks.task import Task


def cases(rng, earlier):
    yield ()


def measure(values, truth, earlier):
    try:
        true, taken, count = (int(number) for number in np.ravel(values[0]))
    except (TypeError, ValueError):
        return Measure(0.0, "Return three whole numbers: the digit, what it is taken for, and how often.")
    if not (0 <= true <= 9 and 0 <= taken <= 9) or true == taken:
        return Measure(0.0, "The first two numbers should be two digits from 0 to 9.")
    table = np.zeros((10, 10), int)
    classes = np.clip(np.asarray(earlier["ch07.mnist_accuracy"]["classes"]), 0, 9)
    np.add.at(table, (bytes_of("y_test"), classes), 1)
    np.fill_diagonal(table, 0)
    here = int(table[true, taken])
    share = 0.5 * (here >= table.max() - 1) + 0.5 * (abs(here - count) <= 1)  # another machine may round otherwise
    words = (
        f"With your weights {true} is taken for {taken} {here} times, and the most that happens is {table.max()} times"
    )
    return Measure(share, f"{words}; you said {count}.")


TASK = Task(
    __name__,
    __doc__,
    "ch07_training#measuring",
    None,
    cases,
    measure=measure,
    files=("model.weights.h5",),
    after=("ch07.mnist_accuracy",),
    doubts=("seen",),
)
