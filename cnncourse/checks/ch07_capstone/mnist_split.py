"""ch07.mnist_split: which images are held out, without leakage."""

import numpy as np

from cnncourse.checks.ch07_capstone.digits import bytes_of
from cnncourse.checks.measuring import Measure
from cnncourse.checks.task import Task

SIZE, SEED = 5000, 7  # of the images that the log of the runs is held to


def split(y, size, seed):
    rng = np.random.default_rng(seed)
    train, validation = [], []
    for digit in np.unique(y):
        places = rng.permutation(np.flatnonzero(y == digit))
        kept = round(size * len(places) / len(y))
        validation.append(places[:kept])
        train.append(places[kept:])
    return np.concatenate(train), np.concatenate(validation)


def twice(answer, y, size, seed):
    train, validation = answer(y.copy(), size, seed)
    again = answer(y.copy(), size, seed)
    other = answer(y.copy(), size, seed + 1)
    return (
        np.asarray(train),
        np.asarray(validation),
        bool(np.array_equal(validation, again[1])),
        bool(np.array_equal(np.sort(validation), np.sort(other[1]))),
    )


def cases(rng):
    few = np.sort(rng.integers(0, 3, 90)).astype(np.uint8)  # sorted by their digit
    yield few, 30, int(rng.integers(1000))
    yield bytes_of("y_train"), SIZE, SEED


def wrong_with(y, size, train, validation, same, also):
    """What is wrong with a split, or ""."""
    if train.ndim != 1 or validation.ndim != 1 or train.dtype.kind not in "iu" or validation.dtype.kind not in "iu":
        return "return two arrays of indices, whole numbers."
    both = np.concatenate([train, validation])
    if both.size and not (both.min() >= 0 and both.max() < len(y)):
        return f"an index lies outside of the {len(y)} labels."
    common = np.intersect1d(train, validation)
    if common.size:
        return f"{common.size} images are in both parts: what the network has seen cannot validate it."
    if len(np.unique(both)) != len(both):
        return "an image is in one part twice."
    if len(both) != len(y):
        return f"{len(y) - len(both)} images are in neither part."
    digits = np.unique(y)
    if abs(len(validation) - size) > len(digits):
        return f"{len(validation)} images are held out, and {size} were asked for."
    shares = [(np.mean(y[validation] == digit), np.mean(y == digit)) for digit in digits]
    if any(abs(there - overall) > 0.5 * len(digits) / size for there, overall in shares):
        return "a digit has another share among the images held out than in all: split each digit by itself."
    if not same:
        return "with the same seed the split is another one the second time."
    return "with another seed the split stays the same: draw it." if also else ""


def measure(values, truth, earlier):
    for (y, size, _), (train, validation, same, also) in zip(truth, values):
        wrong = wrong_with(y, size, train, validation, same, also)
        if wrong:
            return Measure(0.0, f"Of {len(y)} labels: {wrong}")
    return Measure(1.0, "No image is in both parts, and each digit has its share.", {"validation": values[-1][1]})


def drawn_again(rng):
    return list(cases(rng))


TASK = Task(
    __name__,
    __doc__,
    "ch07_training#regularisation-and-evidence",
    split,
    cases,
    probe=twice,
    measure=measure,
    truth=drawn_again,
)
