"""The tasks on the largest number of a window: without padding, and with padding that never wins."""

import numpy as np

from cnncourse.checks import lent
from cnncourse.checks.ch03_pooling.windows import around, windows
from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Misconception, Task

PAGE = "ch03_pooling"


def max_pool(x, KH, KW, stride):
    return windows(x, KH, KW, stride).max(axis=(4, 5))


def max_cases(rng):
    yield -abs(digits(rng, 1, 2, 2, 1)), 2, 2, 1
    yield digits(rng, 1, 2, 3, 1), 1, 1, 1
    yield digits(rng, 1, 2, 4, 1), 1, 2, 1
    yield digits(rng, 1, 3, 4, 1), 2, 2, 2
    yield digits(rng, 1, 2, 2, 2), 1, 2, 1
    yield digits(rng, 2, 2, 3, 1), 2, 1, 1
    yield digits(rng, 1, 6, 5, 1), 2, 2, 3
    yield digits(rng, 1, 5, 7, 1), 3, 3, 2
    yield normals(rng, 2, 7, 9, 3), 3, 2, 2
    yield normals(rng, 3, 9, 6, 2, dtype=np.float32), 2, 4, 1
    yield normals(rng, 2, 8, 11, 2, dtype=np.float32), 2, 3, 3
    yield -1e12 * (1 + rng.random((1, 4, 5, 2))), 3, 2, 1


def first_channel(x, KH, KW, stride):
    return np.repeat(max_pool(x[..., :1], KH, KW, stride), x.shape[3], axis=3)


def over_channels(x, KH, KW, stride):
    return np.repeat(max_pool(x, KH, KW, stride).max(axis=3, keepdims=True), x.shape[3], axis=3)


def over_images(x, KH, KW, stride):
    return np.repeat(max_pool(x, KH, KW, stride).max(axis=0, keepdims=True), len(x), axis=0)


def side_by_side(x, KH, KW, stride):
    return windows(x, KH, KW, 1)[:, ::KH, ::KW].max(axis=(4, 5))


def last_left_out(x, KH, KW, stride):
    OH, OW = (x.shape[1] - KH) // stride, (x.shape[2] - KW) // stride
    return max_pool(x, KH, KW, stride)[:, :OH, :OW]


def over_the_edge(x, KH, KW, stride):
    wide = np.pad(x, ((0, 0), (0, KH - 1), (0, KW - 1), (0, 0)), constant_values=-np.inf)
    return max_pool(wide, KH, KW, stride)


def square_map(x, KH, KW, stride):
    size = (x.shape[1] - KH) // stride + 1
    y = np.zeros((len(x), size, size, x.shape[3]))
    for i, j in np.ndindex(size, size):
        y[:, i, j] = x[:, i * stride : i * stride + KH, j * stride : j * stride + KW].max(axis=(1, 2))
    return y


def from_pixel_to_pixel(x, KH, KW, stride):
    N, H, W, C = x.shape
    y = np.zeros((N, (H - KH) // stride + 1, (W - KW) // stride + 1, C))
    for i in range(0, H, stride):
        for j in range(0, W, stride):
            y[:, i // stride, j // stride] = x[:, i : i + KH, j : j + KW].max(axis=(1, 2))
    return y


def into_the_image(x, KH, KW, stride):
    rows, columns = ((n - k) // stride * stride + 1 for n, k in zip(x.shape[1:3], (KH, KW)))
    y = x[:, :rows:stride, :columns:stride]
    for u, v in np.ndindex(KH, KW):
        np.maximum(y, x[:, u : u + rows : stride, v : v + columns : stride], out=y)
    return y


def view_of_single_pixels(x, KH, KW, stride):
    return x[:, ::stride, ::stride] if KH == KW == 1 else max_pool(x, KH, KW, stride)


MAX_POOL = Task(
    id="ch03.max_pool",
    asks="max pooling of images with channels",
    section=f"{PAGE}#one-number-for-each-window",
    reference=max_pool,
    cases=max_cases,
    fresh=True,
    misconceptions=(
        Misconception(
            "the running maximum starts at 0",
            lambda *x: np.maximum(max_pool(*x), 0),
            "0 beats every negative number, and is then reported although it stands in no window.",
            f"{PAGE}#the-size-of-the-answer-and-who-is-left-out",
        ),
        Misconception(
            "stride is ignored",
            lambda x, KH, KW, stride: max_pool(x, KH, KW, 1),
            "From one window to the next it is stride pixels, in both directions.",
        ),
        Misconception(
            "the windows lie side by side, whatever the stride says",
            side_by_side,
            "The stride is the size of the window only if nobody says otherwise; here it is given.",
            f"{PAGE}#overlapping-windows",
        ),
        Misconception(
            "height and width of the window are exchanged",
            lambda x, KH, KW, stride: max_pool(x, KW, KH, stride),
            "A window has KH rows and KW columns, and the rows are the second axis of x, behind the images.",
        ),
        Misconception(
            "only the first channel is pooled",
            first_channel,
            "Each channel is pooled for itself: as many maps come out as go in.",
        ),
        Misconception(
            "the largest is taken over all channels",
            over_channels,
            "Each channel is pooled for itself. The maximum runs over the rows and columns of the window only.",
        ),
        Misconception(
            "the largest is taken over all images",
            over_images,
            "The first axis counts images, and they know nothing of each other. The maximum runs over the rows and "
            "columns of the window only.",
        ),
        Misconception(
            "the last row and the last column of windows are left out",
            last_left_out,
            "(H - KH) // stride is the number of steps; there is one window more.",
            f"{PAGE}#the-size-of-the-answer-and-who-is-left-out",
        ),
        Misconception(
            "windows that reach over the edge are kept",
            over_the_edge,
            "Without padding only windows that lie wholly inside count. A slice that runs over the end of an array is "
            "cut off without a word.",
            f"{PAGE}#the-size-of-the-answer-and-who-is-left-out",
        ),
        Misconception(
            "the loops also visit pixels at which no window fits any more",
            from_pixel_to_pixel,
            "A window of KH rows has to start KH rows before the end at the latest. Loop over the OH rows and OW "
            "columns of the map, and work out from them where the window starts.",
            f"{PAGE}#the-size-of-the-answer-and-who-is-left-out",
        ),
        Misconception(
            "the map is taken to be square",
            square_map,
            "Height and width each have their own size: work OW out from W and KW.",
            f"{PAGE}#the-size-of-the-answer-and-who-is-left-out",
        ),
        Misconception(
            "the windows are averaged",
            lambda *x: windows(*x).mean(axis=(4, 5)),
            "Max pooling keeps the largest number of the window as it is.",
        ),
        Misconception(
            "signs are dropped before the comparison",
            lambda x, *knobs: max_pool(abs(x), *knobs),
            "The largest number is meant, not the one furthest from 0: -1 is larger than -5.",
        ),
        Misconception(
            "the running maximum is a slice of x, and is written into",
            into_the_image,
            "A slice is a view: writing into it changes the image, and windows that are read later see the new "
            "numbers. Start from an array of its own.",
        ),
        Misconception(
            "the result is made for whole numbers",
            lambda *x: max_pool(*x).astype(int),
            "An array of dtype int cuts the fractions off everything that is put into it.",
        ),
        Misconception(
            "a view of the image is returned when the window is a single pixel",
            view_of_single_pixels,
            "Whoever changes the map would then change the image, but only for windows of 1 by 1.",
        ),
    ),
)


def max_pool_padded(x, pool_size, stride, padding):
    return max_pool(np.pad(x, around(padding), constant_values=-np.inf), pool_size, pool_size, stride)


def padded_cases(rng):
    yield -abs(digits(rng, 1, 2, 2, 1)), 2, 1, 1
    yield digits(rng, 1, 2, 3, 1), 2, 1, 0
    yield digits(rng, 1, 2, 2, 2), 2, 2, 1
    yield digits(rng, 1, 3, 4, 1), 2, 2, 1
    yield -abs(digits(rng, 1, 3, 4, 1)), 3, 1, 2
    yield digits(rng, 1, 4, 1, 1), 2, 2, 1
    yield normals(rng, 2, 5, 8, 3) - 1, 3, 2, 1
    yield normals(rng, 2, 6, 4, 2, dtype=np.float32) - 1, 4, 3, 2
    yield -1e12 * (1 + rng.random((1, 4, 5, 2))), 3, 1, 2


def padded_with(value):
    def answer(x, pool_size, stride, padding):
        return max_pool(np.pad(x, around(padding), constant_values=value), pool_size, pool_size, stride)

    return answer


def padded_by(sides):
    def answer(x, pool_size, stride, padding):
        wide = np.pad(x, ((0, 0), *sides(padding), (0, 0)), constant_values=-np.inf)
        return max_pool(wide, pool_size, pool_size, stride)

    return answer


def padded_channels(x, pool_size, stride, padding):
    wide = np.pad(x, ((0, 0), *[(padding, padding)] * 3), constant_values=-np.inf)
    return max_pool(wide, pool_size, pool_size, stride)


def padded_everywhere(value):
    def answer(x, pool_size, stride, padding):
        return max_pool(np.pad(x, padding, constant_values=value), pool_size, pool_size, stride)

    return answer


def edge_left_at_zero(x, pool_size, stride, padding):
    whole = np.isfinite(windows(np.pad(x, around(padding), constant_values=np.inf), pool_size, pool_size, stride))
    return np.where(whole.all(axis=(4, 5)), max_pool_padded(x, pool_size, stride, padding), 0)


MAX_POOL_PADDED = Task(
    id="ch03.max_pool_padded",
    asks="max pooling with padding that never wins",
    section=f"{PAGE}#the-size-of-the-answer-and-who-is-left-out",
    reference=max_pool_padded,
    cases=padded_cases,
    lends=(("cnncourse.pooling.max_pool2d", lent.max_pool2d),),
    misconceptions=(
        Misconception(
            "the padding is filled with zeros",
            padded_with(0),
            "A zero beats every negative number. For a maximum the padding has to lose against anything.",
        ),
        Misconception(
            "the padding is filled with NaN",
            padded_with(np.nan),
            "A maximum over numbers and a NaN is NaN. Fill with something that takes part and loses.",
        ),
        Misconception(
            "padding is shared between two opposite sides",
            padded_by(lambda p: ((p // 2, p - p // 2),) * 2),
            "Padding is what is added at each of the four sides.",
        ),
        Misconception(
            "padding is added after the last row and column only",
            padded_by(lambda p: ((0, p),) * 2),
            "Padding is what is added at each of the four sides.",
        ),
        Misconception(
            "only rows are added",
            padded_by(lambda p: ((p, p), (0, 0))),
            "The image is padded to the left and right too.",
        ),
        Misconception(
            "the channels are padded too",
            padded_channels,
            "Padding goes above, below, left and right; the number of channels stays what it is.",
        ),
        Misconception(
            "all four axes are padded",
            padded_everywhere(-np.inf),
            "One number for `np.pad` pads every axis, images and channels too. It takes a pair (before, after) for "
            "each axis.",
        ),
        Misconception(
            "all four axes are padded, and with zeros",
            padded_everywhere(0),
            "`np.pad` pads every axis with zeros unless told otherwise. It takes a pair (before, after) for each axis, "
            "and for a maximum the padding has to lose against anything.",
        ),
        Misconception(
            "padding is ignored",
            lambda x, pool_size, stride, padding: max_pool(x, pool_size, pool_size, stride),
            "Windows may reach over the edge by as much as the padding.",
        ),
        Misconception(
            "outputs whose window reaches over the edge are left at 0",
            edge_left_at_zero,
            "Such a window has a largest number too: that of its pixels inside the image.",
        ),
        Misconception(
            "stride is ignored",
            lambda x, pool_size, stride, padding: max_pool_padded(x, pool_size, 1, padding),
            "From one window to the next it is stride pixels, in both directions.",
            f"{PAGE}#one-number-for-each-window",
        ),
        Misconception(
            "the windows lie side by side, whatever the stride says",
            lambda x, pool_size, stride, padding: max_pool_padded(x, pool_size, pool_size, padding),
            "The stride is the size of the window only if nobody says otherwise; here it is given.",
            f"{PAGE}#overlapping-windows",
        ),
    ),
)
