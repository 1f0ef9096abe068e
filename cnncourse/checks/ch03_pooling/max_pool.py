"""ch03.max_pool: max pooling of images with channels."""

import numpy as np

from cnncourse.checks.ch03_pooling.windows import ONE_NUMBER, SIZE, ignores_stride, side_by_side, windows
from cnncourse.checks.writing import Task, cuts_fractions, digits, exchanged, given, normals, then, with_zeros


def max_pool(x, KH, KW, stride):
    return windows(x, KH, KW, stride).max(axis=(4, 5))


def cases(rng):
    yield -abs(digits(rng, 1, 2, 2, 1)), 2, 2, 1
    yield digits(rng, 1, 2, 3, 1), 1, 1, 1
    yield digits(rng, 1, 2, 4, 1), 1, 2, 1
    yield digits(rng, 1, 3, 4, 1), 2, 2, 2
    yield digits(rng, 1, 2, 2, 2), 1, 2, 1
    yield digits(rng, 2, 2, 3, 1), 2, 1, 1
    yield with_zeros(rng, 1, 4, 6, 1), 2, 2, 2
    yield digits(rng, 1, 6, 5, 1), 2, 2, 3
    yield digits(rng, 1, 5, 7, 1) / 2, 3, 3, 2
    yield np.asfortranarray(digits(rng, 2, 4, 3, 2)), 2, 2, 1
    yield normals(rng, 2, 7, 9, 3), 3, 2, 2
    yield normals(rng, 3, 9, 6, 2, dtype=np.float32), 2, 4, 1
    yield normals(rng, 2, 8, 11, 2, dtype=np.float32), 2, 3, 3
    yield -1e12 * (1 + rng.random((1, 4, 5, 2))), 3, 2, 1


TASK = Task(__name__, __doc__, ONE_NUMBER, max_pool, cases, fresh=True)
cuts_fractions(TASK)
ignores_stride(TASK)
side_by_side(TASK, lambda x, KH, KW, stride: windows(x, KH, KW, 1)[:, ::KH, ::KW].max(axis=(4, 5)))

why = "0 beats every negative number, and is then reported although it stands in no window."
TASK.mistake("the running maximum starts at 0", why, SIZE)(then(TASK, lambda y: np.maximum(y, 0)))
why = "A window has KH rows and KW columns, and the rows are the second axis of x, behind the images."
TASK.mistake("height and width of the window are exchanged", why)(exchanged(TASK, "KH", "KW"))
why = "Each channel is pooled for itself: as many maps come out as go in."
TASK.mistake("only the first channel is pooled", why)(then(TASK, lambda y: np.full_like(y, y[..., :1])))
why = "Each channel is pooled for itself. The maximum runs over the rows and columns of the window only."
TASK.mistake("the largest is taken over all channels", why)(
    then(TASK, lambda y: np.full_like(y, y.max(axis=3, keepdims=True)))
)
why = (
    "The first axis counts images, and they know nothing of each other. The maximum runs over the rows and columns of "
    "the window only."
)
TASK.mistake("the largest is taken over all images", why)(then(TASK, lambda y: np.full_like(y, y.max(axis=0))))
why = "(H - KH) // stride is the number of steps; there is one window more."
TASK.mistake("the last row and the last column of windows are left out", why, SIZE)(
    then(TASK, lambda y: y[:, :-1, :-1])
)
why = "Max pooling keeps the largest number of the window as it is."
TASK.mistake("the windows are averaged", why)(lambda *case: windows(*case).mean(axis=(4, 5)))
why = "The largest number is meant, not the one furthest from 0: -1 is larger than -5."
TASK.mistake("signs are dropped before the comparison", why)(given(TASK, x=abs))
why = "Whoever changes the map would then change the image, but only for windows of 1 by 1."
TASK.mistake("a view of the image is returned when the window is a single pixel", why)(
    lambda x, KH, KW, stride: x[:, ::stride, ::stride] if KH == KW == 1 else max_pool(x, KH, KW, stride)
)


@TASK.mistake("windows that reach over the edge are kept", section=SIZE)
def over_the_edge(x, KH, KW, stride):
    """Without padding only windows that lie wholly inside count. A slice that runs over the end of an array is cut off
    without a word."""
    wide = np.pad(x, ((0, 0), (0, KH - 1), (0, KW - 1), (0, 0)), constant_values=-np.inf)
    return max_pool(wide, KH, KW, stride)


@TASK.mistake("the map is taken to be square", section=SIZE)
def square_map(x, KH, KW, stride):
    """Height and width each have their own size: work OW out from W and KW."""
    size = (x.shape[1] - KH) // stride + 1
    y = np.zeros((len(x), size, size, x.shape[3]))
    for i, j in np.ndindex(size, size):
        y[:, i, j] = x[:, i * stride : i * stride + KH, j * stride : j * stride + KW].max(axis=(1, 2))
    return y


@TASK.mistake("the loops also visit pixels at which no window fits any more", section=SIZE)
def from_pixel_to_pixel(x, KH, KW, stride):
    """A window of KH rows has to start KH rows before the end at the latest. Loop over the OH rows and OW columns of
    the map, and work out from them where the window starts."""
    y = np.zeros_like(max_pool(x, KH, KW, stride))
    for i in range(0, x.shape[1], stride):
        for j in range(0, x.shape[2], stride):
            y[:, i // stride, j // stride] = x[:, i : i + KH, j : j + KW].max(axis=(1, 2))
    return y


@TASK.mistake("the running maximum is a slice of x, and is written into")
def into_the_image(x, KH, KW, stride):
    """A slice is a view: writing into it changes the image, and windows that are read later see the new numbers. Start
    from an array of its own."""
    rows, columns = ((n - k) // stride * stride + 1 for n, k in zip(x.shape[1:3], (KH, KW)))
    y = x[:, :rows:stride, :columns:stride]
    for u, v in np.ndindex(KH, KW):
        np.maximum(y, x[:, u : u + rows : stride, v : v + columns : stride], out=y)
    return y
