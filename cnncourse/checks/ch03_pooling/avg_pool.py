"""ch03.avg_pool: average pooling with padding that is counted, or is not."""

import numpy as np

from cnncourse.checks.ch03_pooling.windows import (
    FOUR_SIDES,
    ONE_NUMBER,
    SIZE,
    around,
    ignores_stride,
    side_by_side,
    windows,
)
from cnncourse.checks.writing import Task, digits, given, normals, then


def sums(x, pool_size, stride, padding, sides=around):
    return windows(np.pad(x, sides(padding)), pool_size, pool_size, stride).sum(axis=(4, 5))


def pixels(x, pool_size, stride, padding, count_padding, sides=around):
    return pool_size**2 if count_padding else sums(np.ones(x.shape), pool_size, stride, padding, sides)


def avg_pool(x, pool_size, stride, padding, count_padding):
    return sums(x, pool_size, stride, padding) / pixels(x, pool_size, stride, padding, count_padding)


def cases(rng):
    yield digits(rng, 1, 1, 2, 1), 2, 1, 1, False
    yield digits(rng, 1, 1, 2, 1), 2, 1, 1, True
    yield digits(rng, 1, 2, 3, 1), 2, 1, 0, True
    yield digits(rng, 1, 3, 2, 1), 2, 1, 0, False
    yield np.maximum(digits(rng, 1, 3, 3, 1), 0), 2, 2, 1, False
    yield digits(rng, 1, 2, 2, 2), 2, 2, 1, True
    yield digits(rng, 1, 4, 6, 1), 2, 3, 1, False
    yield digits(rng, 1, 3, 2, 1), 1, 2, 0, True
    yield np.asfortranarray(digits(rng, 2, 3, 2, 1)), 2, 1, 0, True
    yield rng.integers(100, 256, size=(1, 4, 5, 3), dtype=np.uint8), 2, 2, 0, bool(rng.integers(2))
    yield rng.integers(100, 256, size=(1, 3, 5, 1), dtype=np.uint8), 3, 2, 1, False
    yield normals(rng, 2, 5, 8, 3), 3, 2, 1, True
    yield normals(rng, 2, 8, 5, 3), 3, 2, 1, False
    yield np.maximum(normals(rng, 3, 7, 6, 2, dtype=np.float32), 0), 4, 3, 2, False
    yield normals(rng, 1, 6, 9, 2, dtype=np.float32), 3, 1, 2, True


TASK = Task(__name__, __doc__, SIZE, avg_pool, cases)
ignores_stride(TASK)
side_by_side(TASK, lambda x, pool_size, stride, *rest: avg_pool(x, pool_size, pool_size, *rest))

why = (
    "If padding is not counted, a window over the edge has fewer pixels than a window inside, and its sum is divided "
    "by those that are there."
)
TASK.mistake("padding is always counted", why)(given(TASK, count_padding=True))
why = "If padding is counted, its zeros are numbers like others: every sum is divided by the same number."
TASK.mistake("padding is never counted", why)(given(TASK, count_padding=False))
why = "True means that the zeros of the padding are counted, so that the border of the map is darkened."
TASK.mistake("count_padding is read the other way round", why)(
    given(TASK, count_padding=lambda count_padding: not count_padding)
)
why = "That is the sum over the window; the mean divides it by a number of pixels."
TASK.mistake("the sum is not divided", why, ONE_NUMBER)(lambda *case: sums(*case[:4]))
why = "The mean of whole numbers need not be whole. The result needs room for fractions, whatever x holds."
TASK.mistake("the mean is cut to the dtype of the image", why)(lambda x, *knobs: avg_pool(x, *knobs).astype(x.dtype))
why = "A uint8 holds nothing above 255: larger sums start again at 0, without a word. Make x a float first."
TASK.mistake("the sum is made in the dtype of the image", why)(
    lambda x, *knobs: sums(x, *knobs[:3]).astype(x.dtype) / pixels(x, *knobs)
)
why = "Each channel is pooled for itself. The mean runs over the rows and columns of the window only."
TASK.mistake("the channels are averaged too", why, ONE_NUMBER)(
    then(TASK, lambda y: np.full_like(y, y.mean(axis=3, keepdims=True)))
)


@TASK.mistake("padding is shared between two opposite sides", FOUR_SIDES)
def shared_padding(x, *knobs):
    def sides(padding):
        return (0, 0), *[(padding // 2, padding - padding // 2)] * 2, (0, 0)

    return sums(x, *knobs[:3], sides) / pixels(x, *knobs, sides)


@TASK.mistake("zeros of the image are taken for padding")
def inked_pixels(x, *knobs):
    """A pixel that is 0 is a pixel, and counts. What is padding depends on where it is, not on what it holds."""
    inked = sums((x != 0).astype(float), *knobs[:3])
    return avg_pool(x, *knobs) if knobs[3] else sums(x, *knobs[:3]) / np.maximum(inked, 1)
