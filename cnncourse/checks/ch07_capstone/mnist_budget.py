"""ch07.mnist_budget: a network of few parameters."""

from cnncourse.checks.measuring import Measure
from cnncourse.checks.task import Task

FULL, HALF = 100_000, 250_000


def counted(answer, name):
    """How many numbers a file holds: of the file alone, whatever the notebook says of its network."""
    from cnncourse.checks.weights import arrays_of  # noqa: PLC0415 - a probe crosses as source

    return sum(array.size for array in arrays_of(name).values())


def cases(rng):
    yield ("model.weights.h5",)


def measure(values, truth, earlier):
    (numbers,) = values
    if type(numbers) is not int:
        return Measure(0.0, "The weights could not be counted.", (10 * HALF,))
    share = 1.0 if numbers <= FULL else 0.5 if numbers <= HALF else 0.0
    words = f"The weights are {numbers:,} numbers; up to {FULL:,} earn all points, {HALF:,} half."
    return Measure(share, words, values)


TASK = Task(
    __name__,
    __doc__,
    "ch07_mnist#what-each-ingredient-brings",
    None,
    cases,
    probe=counted,
    measure=measure,
    files=("model.weights.h5",),
    alone=True,
    doubts=("written",),
)
