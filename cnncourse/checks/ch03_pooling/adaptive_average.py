"""ch03.adaptive_average: adaptive average pooling, from a rule with a mistake."""

from math import ceil

import numpy as np

from cnncourse.checks.ch03_pooling.windows import ONE_NUMBER, windows
from cnncourse.checks.writing import Task, digits, exchanged, normals, then, with_zeros


def divided_by(region):
    """The means of regions (start, stop) that `region(i, size, out)` gives."""

    def answer(x, OH, OW):
        rows, columns = ([slice(*region(i, n, out)) for i in range(out)] for n, out in zip(x.shape[1:3], (OH, OW)))
        means = [[x[:, row, column].mean(axis=(1, 2)) for column in columns] for row in rows]  # (OH, OW, N, C)
        return np.moveaxis(np.array(means), 2, 0)

    return answer


def adaptive_average(x, OH, OW):
    return divided_by(lambda i, size, out: (i * size // out, ceil((i + 1) * size / out)))(x, OH, OW)


def cases(rng):
    yield digits(rng, 1, 1, 4, 1), 1, 2
    yield digits(rng, 1, 1, 5, 1), 1, 3
    yield digits(rng, 1, 5, 1, 1), 3, 1
    yield digits(rng, 1, 2, 3, 1), 1, 2
    yield np.asfortranarray(with_zeros(rng, 2, 4, 3, 1)), 2, 2
    yield digits(rng, 1, 4, 3, 2), 3, 3
    yield digits(rng, 2, 3, 2, 2), 1, 1
    yield normals(rng, 1, 7, 7, 1), 3, 3
    yield normals(rng, 2, 8, 11, 3), 5, 4
    yield normals(rng, 2, 13, 9, 2, dtype=np.float32), 4, 6
    yield normals(rng, 1, 10, 14, 2), 7, 3


TASK = Task(__name__, __doc__, "#regions-that-do-not-come-out-even", adaptive_average, cases)
ACROSS = "A pixel that lies across the boundary of two regions belongs to both: "

why = (
    "With one stride for all, what it was rounded by adds up from region to region: the last one ends too early, and "
    "the pixels behind it are in none. Round where each region starts, not how long a step is."
)
TASK.mistake("the printed rule is followed, for as many windows as are asked for", why)(
    divided_by(lambda i, size, out: (i * (size // out), i * (size // out) + ceil(size / out)))
)
why = "The starts are right. Where a region ends is rounded for itself, so that some are longer than others."
TASK.mistake("all regions are made equally long", why)(
    divided_by(lambda i, size, out: (i * size // out, i * size // out + ceil(size / out)))
)
why = ACROSS + "the end is rounded up."
TASK.mistake("the ends are rounded down", why)(
    divided_by(lambda i, size, out: (i * size // out, (i + 1) * size // out))
)
why = ACROSS + "the start is rounded down."
TASK.mistake("starts and ends are rounded up", why)(
    divided_by(lambda i, size, out: (ceil(i * size / out), ceil((i + 1) * size / out)))
)
why = "The remainder is to be spread over the regions, so that no two differ by more than a pixel."
TASK.mistake("the last region gets what is left over", why)(
    divided_by(lambda i, size, out: (i * (size // out), (i + 1) * (size // out) if i < out - 1 else size))
)
why = "Every pixel is to be in a region."
TASK.mistake("what is left over is dropped", why)(
    divided_by(lambda i, size, out: (i * (size // out), (i + 1) * (size // out)))
)
why = "OH is the number of rows of the result: it divides the second axis of x, the height."
TASK.mistake("height and width of the result are exchanged", why)(exchanged(TASK, "OH", "OW"))
why = "Each channel is pooled for itself."
TASK.mistake("the channels are averaged too", why, ONE_NUMBER)(
    then(TASK, lambda y: np.full_like(y, y.mean(axis=3, keepdims=True)))
)


@TASK.mistake(
    "the first regions get a pixel more",
    "That divides without overlap, as `np.array_split` does. Here the boundaries lie at i * H / OH, and a pixel across "
    "a boundary belongs to both regions.",
)
@divided_by
def rest_to_the_first(i, size, out):
    part, rest = divmod(size, out)
    return i * part + min(i, rest), (i + 1) * part + min(i + 1, rest)


@TASK.mistake("the printed rule is followed, for as many windows as fit")
def ordinary_pooling(x, OH, OW):
    """With that window and stride another number of windows may fit than was asked for. The size of the result is given
    here; the regions have to follow from it."""
    (_, H, W, _), (KH, KW) = x.shape, (ceil(x.shape[1] / OH), ceil(x.shape[2] / OW))
    return windows(x, KH, KW, 1)[:, :: H // OH, :: W // OW].mean(axis=(4, 5))
