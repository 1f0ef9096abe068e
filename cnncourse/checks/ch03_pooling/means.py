"""The task on means: average pooling with padding that is counted, or is not."""

import numpy as np

from cnncourse.checks.ch03_pooling.windows import around, windows
from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Misconception, Task

PAGE = "ch03_pooling"


def sums(x, pool_size, stride, padding):
    return windows(np.pad(x, around(padding)), pool_size, pool_size, stride).sum(axis=(4, 5))


def pixels(x, pool_size, stride, padding, count_padding):
    return pool_size**2 if count_padding else sums(np.ones(x.shape), pool_size, stride, padding)


def avg_pool(x, pool_size, stride, padding, count_padding):
    return sums(x, pool_size, stride, padding) / pixels(x, pool_size, stride, padding, count_padding)


def avg_cases(rng):
    yield digits(rng, 1, 1, 2, 1), 2, 1, 1, False
    yield digits(rng, 1, 1, 2, 1), 2, 1, 1, True
    yield digits(rng, 1, 2, 3, 1), 2, 1, 0, True
    yield digits(rng, 1, 3, 2, 1), 2, 1, 0, False
    yield np.maximum(digits(rng, 1, 3, 3, 1), 0), 2, 2, 1, False
    yield digits(rng, 1, 2, 2, 2), 2, 2, 1, True
    yield rng.integers(100, 256, size=(1, 4, 5, 3), dtype=np.uint8), 2, 2, 0, bool(rng.integers(2))
    yield rng.integers(100, 256, size=(1, 3, 5, 1), dtype=np.uint8), 3, 2, 1, False
    yield normals(rng, 2, 5, 8, 3), 3, 2, 1, True
    yield normals(rng, 2, 8, 5, 3), 3, 2, 1, False
    yield np.maximum(normals(rng, 3, 7, 6, 2, dtype=np.float32), 0), 4, 3, 2, False
    yield normals(rng, 1, 6, 9, 2, dtype=np.float32), 3, 1, 2, True


def inked_pixels(x, pool_size, stride, padding, count_padding):
    if count_padding:
        return avg_pool(x, pool_size, stride, padding, True)
    inked = sums((x != 0).astype(float), pool_size, stride, padding)
    return sums(x, pool_size, stride, padding) / np.maximum(inked, 1)


def overflowing(x, *knobs):
    return sums(x, *knobs[:3]).astype(x.dtype) / pixels(x, *knobs)


def shared_padding(x, pool_size, stride, padding, count_padding):
    sides = ((0, 0), *[(padding // 2, padding - padding // 2)] * 2, (0, 0))
    there = windows(np.pad(np.ones(x.shape), sides), pool_size, pool_size, stride).sum(axis=(4, 5))
    total = windows(np.pad(x, sides), pool_size, pool_size, stride).sum(axis=(4, 5))
    return total / (pool_size**2 if count_padding else there)


def over_channels(x, *knobs):
    return np.repeat(avg_pool(x, *knobs).mean(axis=3, keepdims=True), x.shape[3], axis=3)


AVG_POOL = Task(
    id="ch03.avg_pool",
    asks="average pooling with padding that is counted, or is not",
    section=f"{PAGE}#the-size-of-the-answer-and-who-is-left-out",
    reference=avg_pool,
    cases=avg_cases,
    misconceptions=(
        Misconception(
            "padding is always counted",
            lambda *x: avg_pool(*x[:4], True),
            "If padding is not counted, a window over the edge has fewer pixels than a window inside, and its sum is "
            "divided by those that are there.",
        ),
        Misconception(
            "padding is never counted",
            lambda *x: avg_pool(*x[:4], False),
            "If padding is counted, its zeros are numbers like others: every sum is divided by the same number.",
        ),
        Misconception(
            "count_padding is read the other way round",
            lambda *x: avg_pool(*x[:4], not x[4]),
            "True means that the zeros of the padding are counted, so that the border of the map is darkened.",
        ),
        Misconception(
            "zeros of the image are taken for padding",
            inked_pixels,
            "A pixel that is 0 is a pixel, and counts. What is padding depends on where it is, not on what it holds.",
        ),
        Misconception(
            "the sum is not divided",
            lambda x, pool_size, stride, padding, count_padding: sums(x, pool_size, stride, padding),
            "That is the sum over the window; the mean divides it by a number of pixels.",
            f"{PAGE}#one-number-for-each-window",
        ),
        Misconception(
            "the mean is cut to the dtype of the image",
            lambda x, *knobs: avg_pool(x, *knobs).astype(x.dtype),
            "The mean of whole numbers need not be whole. The result needs room for fractions, whatever x holds.",
        ),
        Misconception(
            "the sum is made in the dtype of the image",
            overflowing,
            "A uint8 holds nothing above 255: larger sums start again at 0, without a word. Make x a float first.",
        ),
        Misconception(
            "padding is shared between two opposite sides",
            shared_padding,
            "Padding is what is added at each of the four sides.",
        ),
        Misconception(
            "the channels are averaged too",
            over_channels,
            "Each channel is pooled for itself. The mean runs over the rows and columns of the window only.",
            f"{PAGE}#one-number-for-each-window",
        ),
        Misconception(
            "stride is ignored",
            lambda x, pool_size, stride, *rest: avg_pool(x, pool_size, 1, *rest),
            "From one window to the next it is stride pixels, in both directions.",
            f"{PAGE}#one-number-for-each-window",
        ),
        Misconception(
            "the windows lie side by side, whatever the stride says",
            lambda x, pool_size, stride, *rest: avg_pool(x, pool_size, pool_size, *rest),
            "The stride is the size of the window only if nobody says otherwise; here it is given.",
            f"{PAGE}#overlapping-windows",
        ),
    ),
)
