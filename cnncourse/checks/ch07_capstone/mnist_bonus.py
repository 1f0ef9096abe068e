"""ch07.mnist_bonus: 99.5 % with fewer than 100,000 parameters."""

from cnncourse.checks.measuring import Measure
from cnncourse.checks.task import Task

LEAST, CONFIRMED, MOST = 0.995, 0.99, 100_000


def cases(rng, earlier):
    return []


def measure(values, truth, earlier):
    found, (numbers,) = earlier["ch07.mnist_accuracy"], earlier["ch07.mnist_budget"]
    words = (
        f"{found['test']:.2%} of the test images with {numbers:,} parameters, {found['unseen']:.2%} of the judge's own."
    )
    reached = found["test"] >= LEAST and found["unseen"] >= CONFIRMED and numbers < MOST
    return Measure(float(reached), words)


TASK = Task(
    __name__,
    __doc__,
    "ch07_mnist#what-each-ingredient-brings",
    None,
    cases,
    measure=measure,
    files=("model.weights.h5",),
    after=("ch07.mnist_accuracy", "ch07.mnist_budget"),
    doubts=("seen", "written"),
)
