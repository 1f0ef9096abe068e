"""The task on the winners: the largest number of each window, and where in the image it stands."""

import numpy as np

from cnncourse.checks.ch03_pooling.windows import windows
from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Misconception, Task

PAGE = "ch03_pooling"


def winners(x, KH, KW, stride):
    seen = windows(x[None, :, :, None], KH, KW, stride)[0, :, :, 0]  # (OH, OW, KH, KW)
    OH, OW = seen.shape[:2]
    best = seen.reshape(OH, OW, KH * KW).argmax(axis=2)  # the first of equal ones
    rows = stride * np.arange(OH)[:, None] + best // KW
    columns = stride * np.arange(OW) + best % KW
    return x[rows, columns], rows, columns


def few_values(rng, *shape):
    """Whole numbers of which many are equal."""
    return rng.integers(-3, 0, size=shape).astype(float)


def winner_cases(rng):
    yield digits(rng, 2, 3), 1, 2, 1
    yield digits(rng, 3, 2), 2, 2, 1
    yield np.full((2, 2), digits(rng)), 2, 2, 1
    yield few_values(rng, 2, 4), 2, 2, 2
    yield digits(rng, 4, 5), 2, 2, 2
    yield few_values(rng, 4, 5), 2, 3, 1
    yield few_values(rng, 6, 7), 3, 2, 2
    yield few_values(rng, 9, 8), 2, 3, 3
    yield normals(rng, 8, 11), 2, 3, 3
    yield normals(rng, 9, 7, dtype=np.float32) - 3, 3, 2, 1


def corners(x, KH, KW, stride):
    """The rows (OH, 1) and the columns (OW,) at which the windows start."""
    return stride * np.arange((len(x) - KH) // stride + 1)[:, None], stride * np.arange((x.shape[1] - KW) // stride + 1)


def last_of_equals(x, KH, KW, stride):
    seen = windows(x[None, :, :, None], KH, KW, stride)[0, :, :, 0]  # (OH, OW, KH, KW)
    OH, OW = seen.shape[:2]
    best = KH * KW - 1 - seen.reshape(OH, OW, KH * KW)[..., ::-1].argmax(axis=2)
    top, left = corners(x, KH, KW, stride)
    return seen.max(axis=(2, 3)), top + best // KW, left + best % KW


def down_the_columns(x, KH, KW, stride):
    largest, columns, rows = winners(x.T, KW, KH, stride)
    return largest.T, rows.T, columns.T


def inside_the_window(x, KH, KW, stride):
    largest, rows, columns = winners(x, KH, KW, stride)
    top, left = corners(x, KH, KW, stride)
    return largest, rows - top, columns - left


def counted_in_windows(x, KH, KW, stride):
    largest, rows, columns = winners(x, KH, KW, stride)
    top, left = corners(x, KH, KW, stride)
    return largest, rows - top + top // stride * KH, columns - left + left // stride * KW


def places_of_the_map(x, KH, KW, stride):
    largest, rows, columns = winners(x, KH, KW, stride)
    top, left = corners(x, KH, KW, stride)
    return largest, rows - top + top // stride, columns - left + left // stride


def first_in_the_image(x, KH, KW, stride):
    largest = winners(x, KH, KW, stride)[0]
    places = np.array([np.argwhere(x == value)[0] for value in largest.ravel()]).reshape(*largest.shape, 2)
    return largest, places[..., 0], places[..., 1]


def divided_by_height(x, KH, KW, stride):
    largest, rows, columns = inside_the_window(x, KH, KW, stride)
    top, left = corners(x, KH, KW, stride)
    best = rows * KW + columns
    return largest, top + best // KH, left + best % KH


WINNERS = Task(
    id="ch03.winners",
    asks="the largest of each window, and where in the image it stands",
    section=f"{PAGE}#nothing-to-learn-and-the-way-back",
    reference=winners,
    results=("largest", "row", "column"),
    cases=winner_cases,
    misconceptions=(
        Misconception(
            "the last of several equal numbers wins",
            last_of_equals,
            "At a tie the first in reading order wins: a later number must be larger than the best so far, not only "
            "as large.",
        ),
        Misconception(
            "a window is read column by column",
            down_the_columns,
            "Reading order goes along a row and then to the next row. At a tie that decides who is first.",
        ),
        Misconception(
            "the position is counted from the corner of the window",
            inside_the_window,
            "That says where the winner stands in its window. The gradient has to go to a pixel of the image.",
        ),
        Misconception(
            "the corner of a window is taken to be the window's size times its number",
            counted_in_windows,
            "Window (i, j) starts at row i * stride and column j * stride, however large it is.",
            f"{PAGE}#overlapping-windows",
        ),
        Misconception(
            "the corner of a window is taken to be its place in the map",
            places_of_the_map,
            "Window (i, j) starts at row i * stride and column j * stride, not at (i, j).",
            f"{PAGE}#one-number-for-each-window",
        ),
        Misconception(
            "row and column are exchanged",
            lambda *x: (winners(*x)[0], winners(*x)[2], winners(*x)[1]),
            "The result is the largest number, its row, its column, in that order; the first index counts rows.",
        ),
        Misconception(
            "the whole image is searched for the largest number",
            first_in_the_image,
            "The same number may stand elsewhere in the image, outside of this window.",
        ),
        Misconception(
            "the number that argmax gives is divided by the height of the window",
            divided_by_height,
            "`argmax` counts along the rows, and a row of the window has KW numbers.",
        ),
        Misconception(
            "height and width of the window are exchanged",
            lambda x, KH, KW, stride: winners(x, KW, KH, stride),
            "A window has KH rows and KW columns; the rows are the first axis of x.",
            f"{PAGE}#one-number-for-each-window",
        ),
        Misconception(
            "stride is ignored",
            lambda x, KH, KW, stride: winners(x, KH, KW, 1),
            "From one window to the next it is stride pixels, in both directions.",
            f"{PAGE}#one-number-for-each-window",
        ),
    ),
)
