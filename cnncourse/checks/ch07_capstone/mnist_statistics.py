"""ch07.mnist_statistics: mean and standard deviation of the training part."""

import numpy as np

from cnncourse.checks.measuring import Measure
from cnncourse.checks.task import Task


def statistics(images, train):
    return images[train].mean(), images[train].std()


def cases(rng):
    for N in (6, 40):
        images = rng.random((N, 3, 4, 1)).astype(np.float32)
        images[N // 2 :] += 2  # the other part is brighter
        yield images, rng.permutation(N // 2 + 1)
    yield rng.random((5, 2, 2, 1)), np.array([4, 0])


def both(rng):
    drawn = list(cases(rng))
    return [statistics(*case) for case in drawn], [(images.mean(), images.std()) for images, _ in drawn]


def measure(values, truth, earlier):
    expected, of_all = truth
    for got, right, other in zip(values, expected, of_all):
        numbers = np.asarray(got, float)
        if numbers.shape != (2,):
            return Measure(0.0, "Return two numbers, the mean and the standard deviation.")
        if np.allclose(numbers, right, rtol=1e-4):
            continue
        if np.allclose(numbers, other, rtol=1e-4):
            return Measure(
                0.0, "These are the numbers of all images: take those of the training part, `images[train]`."
            )
        told = f"mean {right[0]:.4g} and standard deviation {right[1]:.4g}"
        return Measure(0.0, f"Expected {told}, got {numbers[0]:.4g} and {numbers[1]:.4g}.")
    return Measure(1.0, "Mean and standard deviation are those of the training part.")


TASK = Task(
    __name__,
    __doc__,
    "ch07_training#before-training",
    statistics,
    cases,
    measure=measure,
    truth=both,
)
