"""ch07.mnist_unseen: accuracy on images that only the judge has."""

from cnncourse.checks.measuring import Measure, by_steps
from cnncourse.checks.task import Task

STEPS = [(0.95, 0.5), (0.97, 0.75), (0.985, 1.0)]  # see mnist_accuracy.py for what honest networks reach


def cases(rng, earlier):
    return []


def measure(values, truth, earlier):
    share = earlier["ch07.mnist_accuracy"]["unseen"]
    told = ", ".join(f"{least:.1%}" for least, _ in STEPS)
    return Measure(
        by_steps(share, STEPS), f"{share:.2%} of images that only the judge has are right; the steps: {told}."
    )


TASK = Task(
    __name__,
    __doc__,
    "ch07_mnist#what-each-ingredient-brings",
    None,
    cases,
    measure=measure,
    files=("model.weights.h5",),
    after=("ch07.mnist_accuracy",),
    doubts=("seen", "written"),
)
