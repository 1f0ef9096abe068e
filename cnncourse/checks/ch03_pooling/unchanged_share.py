"""ch03.unchanged_share: the share of outputs that a shift by one pixel leaves as they were."""

import numpy as np

from cnncourse.checks import lent
from cnncourse.checks.ch03_pooling.windows import windows
from cnncourse.checks.writing import Task, digits, normals, then


def pool(x, size):
    return windows(x, size, size, size).max(axis=(4, 5))


def to_the_right(x):
    return np.pad(x, ((0, 0), (0, 0), (1, 0), (0, 0)))[:, :, :-1]


def compared(change=to_the_right, pool=pool, share=lambda before, after: np.mean(before == after)):
    """The share of a map that a change of the images leaves as it was."""
    return lambda x, pool_size: share(pool(x, pool_size), pool(change(x), pool_size))


def unchanged_share(x, pool_size):
    return compared()(x, pool_size)


def ink(rng, *shape):
    """Images of which a part is blank paper."""
    return rng.integers(1, 5, size=shape) * (rng.random(shape) < 0.4).astype(float)


def cases(rng):
    yield np.array([[1.0, 0, 0, 1, 1, 0]])[None, :, :, None] * digits(rng, 1, 1, 1, 1), 1
    yield ink(rng, 1, 2, 6, 1), 2
    yield ink(rng, 1, 4, 5, 1) + 1, 2
    yield -ink(rng, 1, 4, 6, 1) - 1, 2
    yield ink(rng, 2, 4, 4, 1), 2
    yield ink(rng, 2, 6, 8, 1) / 5, 2  # rounded, all of it would be 0 or 1
    yield ink(rng, 1, 4, 6, 2), 2
    yield ink(rng, 3, 9, 13, 2), 3
    stripes = rng.permutation(13).reshape(1, 13, 1, 1) + 1.0  # along the shift, which leaves them as they are
    yield np.asfortranarray(np.repeat(stripes, 12, axis=2)), 2
    yield ink(rng, 6, 5, 6, 1), 2
    yield ink(rng, 2, 12, 8, 3).astype(np.float32), 4
    yield normals(rng, 2, 11, 15, 2), 5


TASK = Task(
    __name__,
    __doc__,
    "#how-much-does-a-shift-really-change",
    unchanged_share,
    cases,
    lends=(("cnncourse.pooling.max_pool2d", lent.max_pool2d),),
)
why = "`np.roll` treats the image as a ring. Here blank paper comes in."
TASK.mistake("what leaves the image on the right comes in again on the left", why)(
    compared(lambda x: np.roll(x, 1, axis=2))
)
why = "Then the first column is there twice. What comes in on the left is blank paper, 0."
TASK.mistake("the first column is kept when the rest is moved", why)(
    compared(lambda x: np.concatenate([x[:, :, :1], x[:, :, :-1]], axis=2))
)
why = "To the right means that what was in column 0 is in column 1 afterwards."
TASK.mistake("the images are moved to the left", why)(compared(lambda x: to_the_right(x[:, :, ::-1])[:, :, ::-1]))
why = "Columns are the third axis of (N, H, W, C); the second counts rows."
TASK.mistake("the images are moved down", why)(compared(lambda x: to_the_right(x.swapaxes(1, 2)).swapaxes(1, 2)))
why = "Asked for is the share that stays the same."
TASK.mistake("the outputs that changed are counted", why)(then(TASK, lambda share: 1 - share))
why = "That is the share of images with an unchanged map, which is much smaller. Each output counts for itself."
TASK.mistake("a map counts only if all its outputs are unchanged", why)(
    compared(share=lambda before, after: np.mean((before == after).all(axis=(1, 2, 3))))
)
why = "Moving the map by one is moving the image by pool_size. The image moves by one pixel and is pooled again."
TASK.mistake("the map is moved instead of the image", why)(
    lambda x, pool_size: np.mean(to_the_right(pool(x, pool_size)) == pool(x, pool_size))
)
why = "That is a good question too, but here all outputs count, those over blank paper as well."
TASK.mistake("outputs without any ink are left out", why)(
    compared(share=lambda before, after: np.mean((before == after)[(before != 0) | (after != 0)]))
)
why = "Asked for is max pooling. A mean changes as soon as the sum does."
TASK.mistake("the mean of each window is taken", why)(
    compared(pool=lambda x, size: windows(x, size, size, size).mean(axis=(4, 5)))
)


@TASK.mistake("the images are moved in place, and compared with themselves")
def moved_in_place(x, pool_size):
    """Pool first, or move a copy: after `x[:, :, 1:] = ...` the old images are gone."""
    x[...] = to_the_right(x)
    return np.mean(pool(x, pool_size) == pool(x, pool_size))
