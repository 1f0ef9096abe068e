"""ch03.max_pool_padded: max pooling with padding that never wins."""

import numpy as np

from cnncourse.checks import lent
from cnncourse.checks.ch03_pooling.max_pool import max_pool
from cnncourse.checks.ch03_pooling.windows import FOUR_SIDES, SIZE, around, ignores_stride, side_by_side
from cnncourse.checks.writing import Task, digits, given, normals, with_zeros


def padded(sides=around, value=-np.inf):
    """Max pooling of images with `value` around them: `sides(padding)` is what `np.pad` gets."""

    def answer(x, pool_size, stride, padding):
        return max_pool(np.pad(x, sides(padding), constant_values=value), pool_size, pool_size, stride)

    return answer


def max_pool_padded(x, pool_size, stride, padding):
    return padded()(x, pool_size, stride, padding)


def cases(rng):
    yield -abs(digits(rng, 1, 2, 2, 1)), 2, 1, 1
    yield digits(rng, 1, 2, 3, 1), 2, 1, 0
    yield digits(rng, 1, 2, 2, 2), 2, 2, 1
    yield digits(rng, 1, 3, 4, 1), 2, 2, 1
    yield -abs(digits(rng, 1, 3, 4, 1)), 3, 1, 2
    yield digits(rng, 1, 4, 1, 1), 2, 2, 1
    yield -abs(with_zeros(rng, 1, 3, 3, 1)), 2, 1, 1
    yield digits(rng, 1, 4, 6, 1), 2, 3, 1
    yield digits(rng, 1, 3, 2, 1), 1, 2, 0
    yield np.asfortranarray(digits(rng, 2, 3, 2, 1)), 2, 1, 1
    yield normals(rng, 2, 5, 8, 3) - 1, 3, 2, 1
    yield normals(rng, 2, 6, 4, 2, dtype=np.float32) - 1, 4, 3, 2
    yield -1e12 * (1 + rng.random((1, 4, 5, 2))), 3, 1, 2


TASK = Task(__name__, __doc__, SIZE, max_pool_padded, cases, lends=(("cnncourse.pooling.max_pool2d", lent.max_pool2d),))
ignores_stride(TASK)
side_by_side(TASK, lambda x, pool_size, stride, padding: max_pool_padded(x, pool_size, pool_size, padding))

why = "A zero beats every negative number. For a maximum the padding has to lose against anything."
TASK.mistake("the padding is filled with zeros", why)(padded(value=0))
why = "A maximum over numbers and a NaN is NaN. Fill with something that takes part and loses."
TASK.mistake("the padding is filled with NaN", why)(padded(value=np.nan))
TASK.mistake("padding is shared between two opposite sides", FOUR_SIDES)(
    padded(lambda p: ((0, 0), *[(p // 2, p - p // 2)] * 2, (0, 0)))
)
TASK.mistake("padding is added after the last row and column only", FOUR_SIDES)(
    padded(lambda p: ((0, 0), (0, p), (0, p), (0, 0)))
)
why = "The image is padded to the left and right too."
TASK.mistake("only rows are added", why)(padded(lambda p: ((0, 0), (p, p), (0, 0), (0, 0))))
why = "Padding goes above, below, left and right; the number of channels stays what it is."
TASK.mistake("the channels are padded too", why)(padded(lambda p: ((0, 0), *[(p, p)] * 3)))
why = "One number for `np.pad` pads every axis, images and channels too. It takes a pair (before, after) for each axis."
TASK.mistake("all four axes are padded", why)(padded(lambda p: p))
why = (
    "`np.pad` pads every axis with zeros unless told otherwise. It takes a pair (before, after) for each axis, and for "
    "a maximum the padding has to lose against anything."
)
TASK.mistake("all four axes are padded, and with zeros", why)(padded(lambda p: p, value=0))
TASK.mistake("padding is ignored", "Windows may reach over the edge by as much as the padding.")(given(TASK, padding=0))


@TASK.mistake("outputs whose window reaches over the edge are left at 0")
def edge_left_at_zero(x, *knobs):
    """Such a window has a largest number too: that of its pixels inside the image."""
    inside = np.isfinite(padded(value=np.inf)(x, *knobs))
    return np.where(inside, max_pool_padded(x, *knobs), 0)
