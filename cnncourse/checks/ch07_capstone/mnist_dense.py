"""ch07.mnist_dense: the dense network of chapter 1 beside it."""

from cnncourse.checks.ch07_capstone.digits import drawn, mixed, sorted_out
from cnncourse.checks.measuring import Measure, by_steps
from cnncourse.checks.task import Task

STEPS = [(0.96, 0.5), (0.97, 1.0)]


def classes(answer, images):
    """What the dense network makes of the images, and the most axes that one of its arrays has."""
    from cnncourse.checks.weights import arrays_of, into_network, predicted  # noqa: PLC0415 - a probe crosses as source

    axes = max(array.ndim for array in arrays_of("dense.weights.h5").values())
    return predicted(into_network(answer(), "dense.weights.h5"), images), axes


def cases(rng):
    yield (mixed(rng),)


def measure(values, truth, earlier):
    said, axes = values[0]
    found = sorted_out(said, truth)
    if found is None:
        return Measure(0.0, "The network should give ten numbers for each image, one for each digit.")
    if axes > 2:
        return Measure(0.0, "A dense network has no convolution.")
    words = f"{found['test']:.2%} of the test images are right; 97 % earn all points."
    return Measure(by_steps(found["test"], STEPS), words, found)


TASK = Task(
    __name__,
    __doc__,
    "ch07_mnist#what-each-ingredient-brings",
    None,
    cases,
    probe=classes,
    measure=measure,
    truth=drawn,
    files=("dense.weights.h5",),
    seconds=20.0,
)
