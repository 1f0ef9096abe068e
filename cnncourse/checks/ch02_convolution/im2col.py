"""ch02.im2col: the windows of an image as the rows of a matrix."""

import numpy as np

from cnncourse.checks.writing import Task, digits, ignores, normals, then


def im2col(x, KH, KW, stride):
    H, W, C = x.shape
    OH, OW = (H - KH) // stride + 1, (W - KW) // stride + 1
    windows = [
        x[i * stride : i * stride + KH, j * stride : j * stride + KW].ravel() for i in range(OH) for j in range(OW)
    ]
    return np.array(windows).reshape(OH * OW, KH * KW * C)


def cases(rng):
    yield digits(rng, 2, 3, 1), 2, 2, 1
    yield digits(rng, 3, 3, 1), 1, 2, 2
    yield np.asfortranarray(digits(rng, 2, 3, 2)), 1, 2, 1
    yield digits(rng, 3, 2, 2), 2, 1, 1
    yield normals(rng, 4, 6, 3), 3, 2, 1
    yield normals(rng, 7, 5, 2), 2, 3, 2
    yield normals(rng, 8, 9, 4, dtype=np.float32), 3, 3, 3
    yield normals(rng, 3, 4, 2), 3, 4, 1
    yield normals(rng, 5, 6, 2), 2, 1, 3


TASK = Task(__name__, __doc__, "#making-it-fast", im2col, cases)
STRIDE = "#how-far-to-move-stride"
ORDER = "The order must be that of `kernel.reshape(-1, F)`: row, column, channel, the channel changing fastest."
ignores(TASK, "stride", 1, "With stride 2 every second window is used, in both directions.", STRIDE)


def reordered(*axes):
    """The numbers of each window in another order of (window, row, column, channel)."""

    def answer(x, KH, KW, stride):
        rows = im2col(x, KH, KW, stride)
        return rows.reshape(len(rows), KH, KW, -1).transpose(axes).reshape(len(rows), -1)

    return answer


TASK.mistake("the numbers of a window are ordered channel by channel", ORDER)(reordered(0, 3, 1, 2))
TASK.mistake("the numbers of a window are ordered column by column", ORDER)(reordered(0, 2, 1, 3))
why = "Here one window is one row, so that `rows @ kernel.reshape(-1, F)` is the convolution."
TASK.mistake("the windows stand in the columns of the matrix", why)(then(TASK, np.transpose))
why = "H - KH is the number of steps; there is one position more."
TASK.mistake("the last window of a row and of a column is left out", why, "#how-large-is-the-result")(
    lambda x, KH, KW, stride: im2col(x[:-stride, :-stride], KH, KW, stride)
)
why = "Windows follow each other at the distance of the stride, whatever their size."
TASK.mistake("the windows do not overlap", why, STRIDE)(lambda x, KH, KW, stride: im2col(x, KH, KW, KH))


@TASK.mistake("the windows are read down the columns of the image first")
def columns_first(x, KH, KW, stride):
    """The windows follow each other as the pixels of the map do: row by row."""
    OH, OW = ((n - k) // stride + 1 for n, k in zip(x.shape, (KH, KW)))
    return im2col(x, KH, KW, stride).reshape(OH, OW, -1).transpose(1, 0, 2).reshape(OH * OW, -1)
