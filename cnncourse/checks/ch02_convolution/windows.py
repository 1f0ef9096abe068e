"""The tasks on one channel: one window, all windows, and the kernel turned."""

import numpy as np

from cnncourse.checks import lent
from cnncourse.checks.drawing import digits, normals, whole
from cnncourse.checks.task import Misconception, Task

PAGE = "ch02_convolution"


def window_sum(x, kernel, row, column, stride):
    KH, KW = kernel.shape
    return np.sum(x[row * stride : row * stride + KH, column * stride : column * stride + KW] * kernel)


def window_cases(rng):
    yield digits(rng, 3, 4), digits(rng, 2, 2), 0, 1, 1
    yield digits(rng, 5, 4), digits(rng, 2, 3), 1, 0, 2
    yield digits(rng, 4, 6), digits(rng, 1, 2), 1, 2, 2
    yield normals(rng, 9, 8), normals(rng, 3, 2), 2, 1, 3
    for _ in range(6):
        KH, KW, row, column, stride = (whole(rng, *span) for span in [(1, 3), (1, 3), (0, 2), (0, 2), (1, 3)])
        shape = row * stride + KH + whole(rng, 0, 2), column * stride + KW + whole(rng, 0, 2)
        yield normals(rng, *shape), normals(rng, KH, KW), row, column, stride


WINDOW = Task(
    id="ch02.window_sum",
    asks="one number of a correlation",
    section=f"{PAGE}#two-dimensions-by-hand",
    reference=window_sum,
    cases=window_cases,
    misconceptions=(
        Misconception(
            "the position is not multiplied by the stride",
            lambda x, kernel, row, column, stride: window_sum(x, kernel, row, column, 1),
            "Output (row, column) belongs to the window that starts stride times as far from the corner.",
            f"{PAGE}#how-far-to-move-stride",
        ),
        Misconception(
            "the kernel is turned",
            lambda x, kernel, row, column, stride: window_sum(x, kernel[::-1, ::-1], row, column, stride),
            "Correlation multiplies number by number as they lie; turning the kernel makes it a convolution.",
            f"{PAGE}#turned-or-not",
        ),
        Misconception(
            "the window is averaged",
            lambda x, kernel, row, column, stride: window_sum(x, kernel, row, column, stride) / kernel.size,
            "The products are added up; dividing by their number is a choice that a kernel can make with its weights.",
        ),
        Misconception(
            "row and column are exchanged",
            lambda x, kernel, row, column, stride: window_sum(x, kernel, column, row, stride),
            "The first index of an array counts rows, from the top.",
        ),
        Misconception(
            "only the first axis moves by the stride",
            lambda x, kernel, row, column, stride: np.sum(
                x[row * stride : row * stride + len(kernel), column : column + kernel.shape[1]] * kernel
            ),
            "The window moves by the stride in both directions.",
            f"{PAGE}#how-far-to-move-stride",
        ),
    ),
)


def slide(x, kernel, stride, value=window_sum):
    """Every position of a window, with a function that says what becomes of it."""
    (H, W), (KH, KW) = x.shape, kernel.shape
    OH, OW = (H - KH) // stride + 1, (W - KW) // stride + 1
    return np.array([[value(x, kernel, i, j, stride) for j in range(OW)] for i in range(OH)]).reshape(OH, OW)


def correlate(x, kernel, stride):
    return slide(x, kernel, stride)


def correlate_cases(rng):
    yield digits(rng, 2, 3), digits(rng, 1, 2), 1
    yield digits(rng, 3, 5), digits(rng, 2, 2), 2
    yield digits(rng, 4, 3), digits(rng, 2, 3), 1
    yield digits(rng, 5, 5), digits(rng, 2, 2), 3
    yield normals(rng, 7, 6), normals(rng, 3, 2), 2
    yield normals(rng, 6, 9, dtype=np.float32), normals(rng, 3, 3, dtype=np.float32), 1
    yield normals(rng, 8, 11), normals(rng, 4, 2), 3


def correlate_whole_numbers(x, kernel, stride):
    out = np.zeros(slide(x, kernel, stride).shape, dtype=int)
    out[:] = slide(x, kernel, stride)
    return out


def correlate_last_left_out(x, kernel, stride):
    KH, KW = kernel.shape
    OH, OW = (x.shape[0] - KH) // stride, (x.shape[1] - KW) // stride
    return slide(x, kernel, stride)[:OH, :OW]


def correlate_same(x, kernel, stride):
    KH, KW = kernel.shape
    around = ((KH - 1) // 2, KH // 2), ((KW - 1) // 2, KW // 2)
    return slide(np.pad(x, around), kernel, stride)


CORRELATE = Task(
    id="ch02.correlate",
    asks="cross-correlation of one channel",
    section=f"{PAGE}#two-dimensions-by-hand",
    reference=correlate,
    cases=correlate_cases,
    misconceptions=(
        Misconception(
            "stride is ignored",
            lambda x, kernel, stride: slide(x, kernel, 1),
            "With stride 2 every second position is used, in both directions.",
            f"{PAGE}#how-far-to-move-stride",
        ),
        Misconception(
            "the window moves by its own size",
            lambda x, kernel, stride: slide(x, kernel, kernel.shape[0]),
            "Windows of a convolution overlap unless the stride says otherwise.",
            f"{PAGE}#how-far-to-move-stride",
        ),
        Misconception(
            "the output is smaller by the stride, but the windows still move by 1",
            lambda x, kernel, stride: slide(
                x, kernel, stride, lambda x, kernel, i, j, stride: window_sum(x, kernel, i, j, 1)
            ),
            "Output (i, j) belongs to the window that starts at (i * stride, j * stride).",
            f"{PAGE}#how-far-to-move-stride",
        ),
        Misconception(
            "the kernel is turned",
            lambda x, kernel, stride: slide(x, kernel[::-1, ::-1], stride),
            "That is a true convolution. Deep learning leaves the kernel as it lies.",
            f"{PAGE}#turned-or-not",
        ),
        Misconception(
            "the last row and the last column are left out",
            correlate_last_left_out,
            "H - KH is the number of steps; there is one position more.",
            f"{PAGE}#how-large-is-the-result",
        ),
        Misconception(
            "the image is padded to keep its size",
            correlate_same,
            "Without padding the window stays inside, and the map is smaller than the image.",
            f"{PAGE}#what-lies-beyond-the-edge-padding",
        ),
        Misconception(
            "the result is made for whole numbers",
            correlate_whole_numbers,
            "An array of dtype int cuts the fractions off everything that is put into it.",
        ),
    ),
)


def convolve(x, kernel):
    return slide(x, kernel[::-1, ::-1], 1)


def convolve_cases(rng):
    yield digits(rng, 1, 3), digits(rng, 1, 2)
    yield digits(rng, 3, 2), digits(rng, 2, 1)
    yield digits(rng, 3, 3), digits(rng, 2, 2)
    yield digits(rng, 4, 5), digits(rng, 2, 3)
    yield normals(rng, 6, 5), normals(rng, 3, 3)
    yield normals(rng, 5, 8, dtype=np.float32), normals(rng, 4, 2, dtype=np.float32)


CONVOLVE = Task(
    id="ch02.convolve",
    asks="true convolution of one channel",
    section=f"{PAGE}#turned-or-not",
    reference=convolve,
    cases=convolve_cases,
    lends=(("cnncourse.convolution.correlate", lent.correlate),),
    misconceptions=(
        Misconception(
            "the kernel is not turned",
            lambda x, kernel: slide(x, kernel, 1),
            "That is cross-correlation. A true convolution turns the kernel by 180 degrees first.",
        ),
        Misconception(
            "only the rows of the kernel are reversed",
            lambda x, kernel: slide(x, kernel[::-1], 1),
            "Turning by 180 degrees reverses rows and columns; reversing rows alone is a mirror image.",
        ),
        Misconception(
            "only the columns of the kernel are reversed",
            lambda x, kernel: slide(x, kernel[:, ::-1], 1),
            "Turning by 180 degrees reverses rows and columns; reversing columns alone is a mirror image.",
        ),
        Misconception(
            "the kernel is transposed",
            lambda x, kernel: slide(x, kernel.T, 1),
            "A transposed kernel is mirrored at its diagonal. Turning by 180 degrees is `kernel[::-1, ::-1]`.",
        ),
        Misconception(
            "the kernel is turned by 90 degrees",
            lambda x, kernel: slide(x, np.rot90(kernel), 1),
            "`np.rot90` turns by 90 degrees; twice that is needed: `np.rot90(kernel, 2)`, or `kernel[::-1, ::-1]`.",
        ),
        Misconception(
            "the image is turned instead of the kernel",
            lambda x, kernel: slide(x[::-1, ::-1], kernel, 1),
            "Turning the image instead gives the right numbers in the wrong places: the map comes out turned too.",
        ),
        Misconception(
            "the map is turned instead of the kernel",
            lambda x, kernel: slide(x, kernel, 1)[::-1, ::-1],
            "Turning the map afterwards moves the numbers of a correlation about, it does not change them.",
        ),
        Misconception(
            "the border is filled with zeros first",
            lambda x, kernel: slide(np.pad(x, tuple((n - 1, n - 1) for n in kernel.shape)), kernel[::-1, ::-1], 1),
            "That is the full convolution. Here the kernel stays inside the image.",
            f"{PAGE}#what-lies-beyond-the-edge-padding",
        ),
    ),
)
