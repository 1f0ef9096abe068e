"""ch02.window_sum: one number of a correlation."""

import numpy as np

from cnncourse.checks.writing import Task, digits, exchanged, given, normals, whole


def window_sum(x, kernel, row, column, stride):
    KH, KW = kernel.shape
    return np.sum(x[row * stride : row * stride + KH, column * stride : column * stride + KW] * kernel)


def cases(rng):
    yield digits(rng, 3, 4), digits(rng, 2, 2), 0, 1, 1
    yield np.asfortranarray(digits(rng, 5, 4)), np.asfortranarray(digits(rng, 2, 3)), 1, 0, 2
    yield digits(rng, 4, 6), digits(rng, 1, 2), 1, 2, 2
    yield digits(rng, 3, 2), digits(rng, 2, 1), 1, 1, 1
    yield np.asfortranarray(normals(rng, 9, 8)), np.asfortranarray(normals(rng, 3, 2)), 2, 1, 3
    for _ in range(6):
        KH, KW, row, column, stride = (whole(rng, *span) for span in [(1, 3), (1, 3), (0, 2), (0, 2), (1, 3)])
        shape = row * stride + KH + whole(rng, 0, 2), column * stride + KW + whole(rng, 0, 2)
        yield normals(rng, *shape), normals(rng, KH, KW), row, column, stride


TASK = Task(__name__, __doc__, "#two-dimensions-by-hand", window_sum, cases)
STRIDE = "#how-far-to-move-stride"

why = "Output (row, column) belongs to the window that starts stride times as far from the corner."
TASK.mistake("the position is not multiplied by the stride", why, STRIDE)(given(TASK, stride=1))
why = "Correlation multiplies number by number as they lie; turning the kernel makes it a convolution."
TASK.mistake("the kernel is turned", why, "#turned-or-not")(given(TASK, kernel=lambda kernel: kernel[::-1, ::-1]))
why = "The products are added up; dividing by their number is a choice that a kernel can make with its weights."
TASK.mistake("the window is averaged", why)(given(TASK, kernel=lambda kernel: kernel / kernel.size))
why = "The first index of an array counts rows, from the top."
TASK.mistake("row and column are exchanged", why)(exchanged(TASK, "row", "column"))


@TASK.mistake("only the first axis moves by the stride", section=STRIDE)
def first_axis_only(x, kernel, row, column, stride):
    """The window moves by the stride in both directions."""
    return np.sum(x[row * stride : row * stride + len(kernel), column : column + kernel.shape[1]] * kernel)
