"""ch03.winners: the largest of each window, and where in the image it stands."""

import numpy as np

from cnncourse.checks.ch03_pooling.windows import ONE_NUMBER, OVERLAPPING, ignores_stride, windows
from cnncourse.checks.writing import Task, digits, exchanged, normals, then, with_zeros


def best_of(x, KH, KW, stride):
    """The windows with their numbers in reading order, (OH, OW, KH * KW), and the first of their largest numbers."""
    seen = windows(x[None, :, :, None], KH, KW, stride)[0, :, :, 0]
    seen = seen.reshape(*seen.shape[:2], KH * KW)
    return seen, seen.argmax(axis=2)


def corners(shape, stride):
    """The rows (OH, 1) and the columns (OW,) at which the windows of a map of that shape start."""
    return stride * np.arange(shape[0])[:, None], stride * np.arange(shape[1])


def winners(x, KH, KW, stride):
    _, best = best_of(x, KH, KW, stride)
    top, left = corners(best.shape, stride)
    rows, columns = top + best // KW, left + best % KW
    return x[rows, columns], rows, columns


def few_values(rng, *shape):
    """Whole numbers of which many are equal."""
    return rng.integers(-3, 0, size=shape).astype(float)


def cases(rng):
    yield digits(rng, 2, 3), 1, 2, 1
    yield digits(rng, 3, 2), 2, 2, 1
    yield np.full((2, 2), digits(rng)), 2, 2, 1
    yield few_values(rng, 2, 4), 2, 2, 2
    yield digits(rng, 4, 2), 2, 1, 1
    yield digits(rng, 4, 5), 2, 2, 2
    yield few_values(rng, 4, 5), 2, 3, 1
    yield digits(rng, 4, 6), 2, 2, 2
    yield digits(rng, 5, 6), 2, 1, 3
    yield np.asfortranarray(-abs(with_zeros(rng, 3, 4))), 2, 2, 1
    yield few_values(rng, 6, 7), 3, 2, 2
    yield few_values(rng, 9, 8), 2, 3, 3
    yield normals(rng, 8, 11), 2, 3, 3
    yield normals(rng, 9, 7, dtype=np.float32) - 3, 3, 2, 1


TASK = Task(
    __name__, __doc__, "#nothing-to-learn-and-the-way-back", winners, cases, results=("largest", "row", "column")
)
ignores_stride(TASK)


def placed(place):
    """Rows and columns by `place(start of the window, place in it, length of the window, stride)`."""

    def answer(x, KH, KW, stride):
        largest, rows, columns = winners(x, KH, KW, stride)
        top, left = corners(rows.shape, stride)
        return largest, place(top, rows - top, KH, stride), place(left, columns - left, KW, stride)

    return answer


why = "That says where the winner stands in its window. The gradient has to go to a pixel of the image."
TASK.mistake("the position is counted from the corner of the window", why)(
    placed(lambda start, inside, length, stride: inside)
)
why = "Window (i, j) starts at row i * stride and column j * stride, however large it is."
TASK.mistake("the corner of a window is taken to be the window's size times its number", why, OVERLAPPING)(
    placed(lambda start, inside, length, stride: start // stride * length + inside)
)
why = "Window (i, j) starts at row i * stride and column j * stride, not at (i, j)."
TASK.mistake("the corner of a window is taken to be its place in the map", why, ONE_NUMBER)(
    placed(lambda start, inside, length, stride: start // stride + inside)
)
why = "The result is the largest number, its row, its column, in that order; the first index counts rows."
TASK.mistake("row and column are exchanged", why)(then(TASK, lambda largest, rows, columns: (largest, columns, rows)))
why = "A window has KH rows and KW columns; the rows are the first axis of x."
TASK.mistake("height and width of the window are exchanged", why, ONE_NUMBER)(exchanged(TASK, "KH", "KW"))


@TASK.mistake("the last of several equal numbers wins")
def last_of_equals(x, KH, KW, stride):
    """At a tie the first in reading order wins: a later number must be larger than the best so far, not only as
    large."""
    largest, rows, columns = winners(x[::-1, ::-1], KH, KW, 1)  # the first one from the other end
    rows, columns = len(x) - 1 - rows[::-1, ::-1], x.shape[1] - 1 - columns[::-1, ::-1]
    return tuple(part[::stride, ::stride] for part in (largest[::-1, ::-1], rows, columns))


@TASK.mistake("a window is read column by column")
def down_the_columns(x, KH, KW, stride):
    """Reading order goes along a row and then to the next row. At a tie that decides who is first."""
    largest, columns, rows = winners(x.T, KW, KH, stride)
    return largest.T, rows.T, columns.T


@TASK.mistake("the whole image is searched for the largest number")
def first_in_the_image(x, KH, KW, stride):
    """The same number may stand elsewhere in the image, outside of this window."""
    largest = winners(x, KH, KW, stride)[0]
    places = np.array([np.argwhere(x == value)[0] for value in largest.ravel()]).reshape(*largest.shape, 2)
    return largest, places[..., 0], places[..., 1]


@TASK.mistake("the number that argmax gives is divided by the height of the window")
def divided_by_height(x, KH, KW, stride):
    """`argmax` counts along the rows, and a row of the window has KW numbers."""
    seen, best = best_of(x, KH, KW, stride)
    top, left = corners(best.shape, stride)
    return seen.max(axis=2), top + best // KH, left + best % KH
