"""The tasks on shifts: how much of a pooled map stays, and a blur that makes it move more smoothly."""

import numpy as np

from cnncourse.checks import lent
from cnncourse.checks.ch03_pooling.windows import around, windows
from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Misconception, Task

PAGE = "ch03_pooling"


def pool(x, size):
    return windows(x, size, size, size).max(axis=(4, 5))


def to_the_right(x):
    return np.pad(x, ((0, 0), (0, 0), (1, 0), (0, 0)))[:, :, :-1]


def unchanged_share(x, pool_size):
    return np.mean(pool(to_the_right(x), pool_size) == pool(x, pool_size))


def ink(rng, *shape):
    """Images of which a part is blank paper."""
    return rng.integers(1, 5, size=shape) * (rng.random(shape) < 0.4).astype(float)


def share_cases(rng):
    yield np.array([[1.0, 0, 0, 1, 1, 0]])[None, :, :, None] * digits(rng, 1, 1, 1, 1), 1
    yield ink(rng, 1, 2, 6, 1), 2
    yield ink(rng, 1, 4, 5, 1) + 1, 2
    yield -ink(rng, 1, 4, 6, 1) - 1, 2
    yield ink(rng, 2, 4, 4, 1), 2
    yield ink(rng, 1, 4, 6, 2), 2
    yield ink(rng, 3, 9, 13, 2), 3
    yield ink(rng, 6, 5, 6, 1), 2
    yield ink(rng, 2, 12, 8, 3).astype(np.float32), 4
    yield normals(rng, 2, 11, 15, 2), 5


def moved_in_place(x, pool_size):
    x[:, :, 1:] = x[:, :, :-1].copy()
    x[:, :, 0] = 0
    return np.mean(pool(x, pool_size) == pool(x, pool_size))


def compared(change):
    """Max pooling of images that are moved in another way."""
    return lambda x, pool_size: np.mean(pool(change(x), pool_size) == pool(x, pool_size))


def first_column_kept(x):
    moved = x.copy()
    moved[:, :, 1:] = x[:, :, :-1]
    return moved


def moved_left(x):
    return to_the_right(x[:, :, ::-1])[:, :, ::-1]


def moved_down(x):
    return to_the_right(x.swapaxes(1, 2)).swapaxes(1, 2)


def moved_map(x, pool_size):
    return np.mean(to_the_right(pool(x, pool_size)) == pool(x, pool_size))


def inked_only(x, pool_size):
    before, after = pool(x, pool_size), pool(to_the_right(x), pool_size)
    return np.mean((before == after)[(before != 0) | (after != 0)])


def whole_maps(x, pool_size):
    return np.mean((pool(to_the_right(x), pool_size) == pool(x, pool_size)).all(axis=(1, 2, 3)))


def averages(x, pool_size):
    means = [windows(image, *[pool_size] * 3).mean(axis=(4, 5)) for image in (x, to_the_right(x))]
    return np.mean(means[0] == means[1])


UNCHANGED_SHARE = Task(
    id="ch03.unchanged_share",
    asks="the share of outputs that a shift by one pixel leaves as they were",
    section=f"{PAGE}#how-much-does-a-shift-really-change",
    reference=unchanged_share,
    cases=share_cases,
    lends=(("cnncourse.pooling.max_pool2d", lent.max_pool2d),),
    misconceptions=(
        Misconception(
            "what leaves the image on the right comes in again on the left",
            compared(lambda x: np.roll(x, 1, axis=2)),
            "`np.roll` treats the image as a ring. Here blank paper comes in.",
        ),
        Misconception(
            "the first column is kept when the rest is moved",
            compared(first_column_kept),
            "Then the first column is there twice. What comes in on the left is blank paper, 0.",
        ),
        Misconception(
            "the images are moved to the left",
            compared(moved_left),
            "To the right means that what was in column 0 is in column 1 afterwards.",
        ),
        Misconception(
            "the images are moved down",
            compared(moved_down),
            "Columns are the third axis of (N, H, W, C); the second counts rows.",
        ),
        Misconception(
            "the outputs that changed are counted",
            lambda *x: 1 - unchanged_share(*x),
            "Asked for is the share that stays the same.",
        ),
        Misconception(
            "a map counts only if all its outputs are unchanged",
            whole_maps,
            "That is the share of images with an unchanged map, which is much smaller. Each output counts for itself.",
        ),
        Misconception(
            "the map is moved instead of the image",
            moved_map,
            "Moving the map by one is moving the image by pool_size. The image moves by one pixel and is pooled again.",
        ),
        Misconception(
            "outputs without any ink are left out",
            inked_only,
            "That is a good question too, but here all outputs count, those over blank paper as well.",
        ),
        Misconception(
            "the mean of each window is taken",
            averages,
            "Asked for is max pooling. A mean changes as soon as the sum does.",
        ),
        Misconception(
            "the images are moved in place, and compared with themselves",
            moved_in_place,
            "Pool first, or move a copy: after `x[:, :, 1:] = ...` the old images are gone.",
        ),
    ),
)


def blur_pool(x, stride):
    weights = np.outer([1, 2, 1], [1, 2, 1]) / 16
    return weighted(x, weights, stride)


def weighted(x, weights, stride):
    return np.einsum("nijcuv,uv->nijc", windows(x, *weights.shape, stride), weights)


def blur_cases(rng):
    yield 16 * digits(rng, 1, 3, 3, 1), 1
    yield 16 * digits(rng, 1, 5, 6, 1), 2
    yield 16 * digits(rng, 1, 4, 3, 1), 1
    yield 16 * digits(rng, 1, 3, 3, 2), 1
    yield normals(rng, 2, 7, 10, 3), 2
    yield normals(rng, 2, 11, 9, 2, dtype=np.float32), 3
    yield normals(rng, 3, 8, 7, 4), 1
    yield np.broadcast_to(rng.random(12) > 0.5, (1, 7, 12)).astype(float)[..., None], 2


def strided_first(x, stride):
    return blur_pool(x[:, ::stride, ::stride], 1)


def zeros_around(x, stride):
    return blur_pool(np.pad(x, around(1)), stride)


def last_left_out(x, stride):
    OH, OW = (x.shape[1] - 3) // stride, (x.shape[2] - 3) // stride
    return blur_pool(x, stride)[:, :OH, :OW]


def with_weights(weights):
    return lambda x, stride: weighted(x, np.array(weights), stride)


def within(weights, rows, columns):
    """A blur along one direction only, at the same places."""
    return lambda x, stride: weighted(x[:, rows, columns], np.array(weights) / 4, stride)


def channels_mixed(x, stride):
    return np.repeat(blur_pool(x, stride).mean(axis=3, keepdims=True), x.shape[3], axis=3)


BLUR_POOL = Task(
    id="ch03.blur_pool",
    asks="a blur with 1 2 1 in both directions, at every stride-th place",
    section=f"{PAGE}#stripes-that-were-never-there",
    reference=blur_pool,
    cases=blur_cases,
    misconceptions=(
        Misconception(
            "all nine weights are equal",
            with_weights(np.full((3, 3), 1 / 9)),
            "That is average pooling. In the blur the pixel in the middle weighs most.",
        ),
        Misconception(
            "the weights do not add up to 1",
            with_weights(np.outer([1, 2, 1], [1, 2, 1])),
            "An even grey must stay the same grey: divide by the sum of all nine weights.",
        ),
        Misconception(
            "the sum is divided once, by 4",
            with_weights(np.outer([1, 2, 1], [1, 2, 1]) / 4),
            "1 2 1 has the sum 4 in each of the two directions, so the nine weights together have 4 times 4.",
        ),
        Misconception(
            "the blur goes along the rows only",
            within([[1, 2, 1]], slice(1, -1), slice(None)),
            "Each row is blurred from left to right, but the rows are not blurred with each other.",
        ),
        Misconception(
            "the blur goes down the columns only",
            within([[1], [2], [1]], slice(None), slice(1, -1)),
            "Each column is blurred from top to bottom, but the columns are not blurred with each other.",
        ),
        Misconception(
            "the weights of row and column are added",
            with_weights(np.add.outer([1, 2, 1], [1, 2, 1]) / 24),
            "Blurring twice multiplies: the weight of a pixel is that of its row times that of its column.",
        ),
        Misconception(
            "the corners have no weight",
            with_weights(np.array([[0, 1, 0], [1, 2, 1], [0, 1, 0]]) / 6),
            "A blur along the rows, and then one down the columns, reaches the corners too: with 1 times 1.",
        ),
        Misconception(
            "pixels are left out first, and then the rest is blurred",
            strided_first,
            "What was left out cannot speak through its neighbours any more. The blur comes before the stride.",
        ),
        Misconception(
            "stride is ignored",
            lambda x, stride: blur_pool(x, 1),
            "The blur is wanted at every stride-th place, in both directions.",
        ),
        Misconception(
            "zeros are added around the image",
            zeros_around,
            "Without padding the window of 3 by 3 stays inside; zeros would darken the border.",
        ),
        Misconception(
            "the last row and the last column of windows are left out",
            last_left_out,
            "(H - 3) // stride is the number of steps; there is one window more.",
            f"{PAGE}#the-size-of-the-answer-and-who-is-left-out",
        ),
        Misconception(
            "the channels are averaged",
            channels_mixed,
            "Each channel is blurred for itself.",
        ),
    ),
)
