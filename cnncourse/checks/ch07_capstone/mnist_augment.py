"""ch07.mnist_augment: augmentation that keeps the labels."""

import numpy as np

from cnncourse.checks.ch07_capstone.digits import bytes_of, read
from cnncourse.checks.measuring import Measure, by_steps
from cnncourse.checks.task import Task

N = 400
STEPS = [(0.9, 0.5), (0.95, 1.0)]  # of the digits that the course's small network reads, so many it must still read


def augment(images, rng):
    moved = np.zeros_like(images)
    for image, into in zip(images, moved):
        down, right = rng.integers(-2, 3, 2)
        into[max(down, 0) : 28 + min(down, 0), max(right, 0) : 28 + min(right, 0)] = image[
            max(-down, 0) : 28 + min(-down, 0), max(-right, 0) : 28 + min(-right, 0)
        ]
    return moved


def three_times(answer, images, seed):
    results = [np.asarray(answer(images.copy(), np.random.default_rng(one))) for one in (seed, seed, seed + 1)]
    same = [bool(np.array_equal(results[0], other)) for other in results[1:]]
    return results[0], *same


def drawn(rng):
    labels = bytes_of("y_train")
    which = np.concatenate([rng.choice(np.flatnonzero(labels == digit), N // 10, replace=False) for digit in range(10)])
    which = rng.permutation(which)
    return np.divide(bytes_of("x_train")[which], np.float32(255))[..., None], labels[which]


def cases(rng):
    yield drawn(rng)[0], int(rng.integers(1000))


def measure(values, truth, earlier):
    images, labels = truth
    got, same, also = values[0]
    if not isinstance(got, np.ndarray) or got.shape != images.shape or got.dtype.kind != "f":
        return Measure(0.0, f"Return as many images as came, floats of shape {images.shape}.")
    if not np.isfinite(got).all() or got.min() < -0.01 or got.max() > 1.01:
        return Measure(0.0, "A pixel is not between 0 and 1 any more.")
    changed = (np.abs(got - images) > 0.02).any(axis=(1, 2, 3)).mean()
    if changed < 0.5:
        return Measure(0.0, f"Only {changed:.0%} of the images have changed: at least half should.")
    if not same:
        return Measure(0.0, "The same `rng` gives other images the second time: draw everything from it.")
    if also:
        return Measure(0.0, "Another `rng` gives the same images: draw the change from it.")
    known = read(images[..., 0]) == labels
    kept = float((read(got[..., 0]) == labels)[known].mean())
    least = f"{STEPS[-1][0]:.0%} earn all points"
    return Measure(
        by_steps(kept, STEPS), f"{kept:.1%} of the changed digits are still read as what they were; {least}."
    )


TASK = Task(
    __name__,
    __doc__,
    "ch07_training#augmentation",
    augment,
    cases,
    probe=three_times,
    measure=measure,
    truth=drawn,
)
