"""The task on regions that do not come out even: adaptive average pooling, from a rule with a mistake."""

from math import ceil

import numpy as np

from cnncourse.checks.ch03_pooling.windows import windows
from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Misconception, Task

PAGE = "ch03_pooling"


def over_regions(x, rows, columns):
    """The mean of each region: x (N, H, W, C), rows and columns as pairs (start, stop)."""
    y = np.zeros((len(x), len(rows), len(columns), x.shape[3]))
    for i, (top, bottom) in enumerate(rows):
        for j, (left, right) in enumerate(columns):
            y[:, i, j] = x[:, top:bottom, left:right].mean(axis=(1, 2))
    return y


def divided_by(region):
    """Pooling over regions (start, stop) that `region(i, size, out)` gives."""

    def answer(x, OH, OW):
        rows, columns = ([region(i, n, out) for i in range(out)] for n, out in zip(x.shape[1:3], (OH, OW)))
        return over_regions(x, rows, columns)

    return answer


def adaptive_average(x, OH, OW):
    return divided_by(lambda i, size, out: (i * size // out, ceil((i + 1) * size / out)))(x, OH, OW)


def adaptive_cases(rng):
    yield digits(rng, 1, 1, 4, 1), 1, 2
    yield digits(rng, 1, 1, 5, 1), 1, 3
    yield digits(rng, 1, 5, 1, 1), 3, 1
    yield digits(rng, 1, 2, 3, 1), 1, 2
    yield digits(rng, 1, 4, 3, 2), 3, 3
    yield digits(rng, 2, 3, 2, 2), 1, 1
    yield normals(rng, 1, 7, 7, 1), 3, 3
    yield normals(rng, 2, 8, 11, 3), 5, 4
    yield normals(rng, 2, 13, 9, 2, dtype=np.float32), 4, 6
    yield normals(rng, 1, 10, 14, 2), 7, 3


def as_printed(i, size, out):
    window, stride = ceil(size / out), size // out
    return i * stride, i * stride + window


def ordinary_pooling(x, OH, OW):
    (_, H, W, _), (KH, KW) = x.shape, (ceil(x.shape[1] / OH), ceil(x.shape[2] / OW))
    return windows(x, KH, KW, 1)[:, :: H // OH, :: W // OW].mean(axis=(4, 5))


def rest_to_the_last(i, size, out):
    return i * (size // out), (i + 1) * (size // out) if i < out - 1 else size


def rest_to_the_first(i, size, out):
    part, rest = divmod(size, out)
    return i * part + min(i, rest), (i + 1) * part + min(i + 1, rest)


def rest_left_out(i, size, out):
    return i * (size // out), (i + 1) * (size // out)


def over_channels(x, OH, OW):
    return np.repeat(adaptive_average(x, OH, OW).mean(axis=3, keepdims=True), x.shape[3], axis=3)


ADAPTIVE_AVERAGE = Task(
    id="ch03.adaptive_average",
    asks="adaptive average pooling, from a rule with a mistake",
    section=f"{PAGE}#regions-that-do-not-come-out-even",
    reference=adaptive_average,
    cases=adaptive_cases,
    misconceptions=(
        Misconception(
            "the printed rule is followed, for as many windows as are asked for",
            divided_by(as_printed),
            "With one stride for all, what it was rounded by adds up from region to region: the last one ends too "
            "early, and the pixels behind it are in none. Round where each region starts, not how long a step is.",
        ),
        Misconception(
            "the printed rule is followed, for as many windows as fit",
            ordinary_pooling,
            "With that window and stride another number of windows may fit than was asked for. The size of the result "
            "is given here; the regions have to follow from it.",
        ),
        Misconception(
            "all regions are made equally long",
            divided_by(lambda i, size, out: (i * size // out, i * size // out + ceil(size / out))),
            "The starts are right. Where a region ends is rounded for itself, so that some are longer than others.",
        ),
        Misconception(
            "the ends are rounded down",
            divided_by(lambda i, size, out: (i * size // out, (i + 1) * size // out)),
            "A pixel that lies across the boundary of two regions belongs to both: the end is rounded up.",
        ),
        Misconception(
            "starts and ends are rounded up",
            divided_by(lambda i, size, out: (ceil(i * size / out), ceil((i + 1) * size / out))),
            "A pixel that lies across the boundary of two regions belongs to both: the start is rounded down.",
        ),
        Misconception(
            "the last region gets what is left over",
            divided_by(rest_to_the_last),
            "The remainder is to be spread over the regions, so that no two differ by more than a pixel.",
        ),
        Misconception(
            "the first regions get a pixel more",
            divided_by(rest_to_the_first),
            "That divides without overlap, as `np.array_split` does. Here the boundaries lie at i * H / OH, and a "
            "pixel across a boundary belongs to both regions.",
        ),
        Misconception(
            "what is left over is dropped",
            divided_by(rest_left_out),
            "Every pixel is to be in a region.",
        ),
        Misconception(
            "height and width of the result are exchanged",
            lambda x, OH, OW: adaptive_average(x, OW, OH),
            "OH is the number of rows of the result: it divides the second axis of x, the height.",
        ),
        Misconception(
            "the channels are averaged too",
            over_channels,
            "Each channel is pooled for itself.",
            f"{PAGE}#one-number-for-each-window",
        ),
    ),
)
