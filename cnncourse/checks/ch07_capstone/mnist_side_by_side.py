"""ch07.mnist_side_by_side: both networks side by side."""

from cnncourse.checks.measuring import Measure
from cnncourse.checks.task import Task

NEAR = 0.001
NETWORKS = {"cnn": "ch07.mnist_accuracy", "dense": "ch07.mnist_dense"}


def cases(rng, earlier):
    yield ()


def measure(values, truth, earlier):
    said = values[0]
    numbers = [said.get(name) for name in NETWORKS] if isinstance(said, dict) else [None]
    if not all(isinstance(number, (int, float)) for number in numbers):
        return Measure(0.0, 'Return a dictionary {"cnn": accuracy, "dense": accuracy}, as fractions of 1.')
    here = [earlier[task]["test"] for task in NETWORKS.values()]
    near = [abs(number - found) <= NEAR for number, found in zip(numbers, here)]
    words = "; ".join(
        f"{name}: you said {number:.2%}, recomputed {found:.2%}" for name, number, found in zip(NETWORKS, numbers, here)
    )
    return Measure(sum(near) / len(near), f"{words}.")


TASK = Task(
    __name__,
    __doc__,
    "ch07_mnist#what-each-ingredient-brings",
    None,
    cases,
    measure=measure,
    after=("ch07.mnist_accuracy", "ch07.mnist_dense"),
    doubts=("seen",),
)
