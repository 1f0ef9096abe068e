"""ch02.correlate: cross-correlation of one channel."""

import numpy as np

from cnncourse.checks.ch02_convolution.window_sum import window_sum
from cnncourse.checks.writing import Task, cuts_fractions, digits, given, ignores, normals


def slide(x, kernel, stride, value=window_sum):
    """Every position of a window, with a function that says what becomes of it."""
    (H, W), (KH, KW) = x.shape, kernel.shape
    OH, OW = (H - KH) // stride + 1, (W - KW) // stride + 1
    return np.array([[value(x, kernel, i, j, stride) for j in range(OW)] for i in range(OH)]).reshape(OH, OW)


def correlate(x, kernel, stride):
    return slide(x, kernel, stride)


def cases(rng):
    yield digits(rng, 2, 3), digits(rng, 1, 2), 1
    yield digits(rng, 3, 2), digits(rng, 2, 1), 1
    yield digits(rng, 3, 5), digits(rng, 2, 2), 2
    yield np.asfortranarray(digits(rng, 4, 3)), np.asfortranarray(digits(rng, 2, 3)), 1
    yield digits(rng, 5, 5), digits(rng, 2, 2), 3
    yield normals(rng, 7, 6), normals(rng, 3, 2), 2
    yield normals(rng, 6, 9, dtype=np.float32), normals(rng, 3, 3, dtype=np.float32), 1
    yield normals(rng, 8, 11), normals(rng, 4, 2), 3


TASK = Task(__name__, __doc__, "#two-dimensions-by-hand", correlate, cases)
STRIDE = "#how-far-to-move-stride"
cuts_fractions(TASK)
ignores(TASK, "stride", 1, "With stride 2 every second position is used, in both directions.", STRIDE)

why = "Windows of a convolution overlap unless the stride says otherwise."
TASK.mistake("the window moves by its own size", why, STRIDE)(
    lambda x, kernel, stride: slide(x, kernel, kernel.shape[0])
)
why = "Output (i, j) belongs to the window that starts at (i * stride, j * stride)."
TASK.mistake("the output is smaller by the stride, but the windows still move by 1", why, STRIDE)(
    lambda x, kernel, stride: slide(x, kernel, stride, lambda x, kernel, i, j, stride: window_sum(x, kernel, i, j, 1))
)
why = "That is a true convolution. Deep learning leaves the kernel as it lies."
TASK.mistake("the kernel is turned", why, "#turned-or-not")(given(TASK, kernel=lambda kernel: kernel[::-1, ::-1]))


@TASK.mistake("the last row and the last column are left out", section="#how-large-is-the-result")
def last_left_out(x, kernel, stride):
    """H - KH is the number of steps; there is one position more."""
    KH, KW = kernel.shape
    return slide(x, kernel, stride)[: (x.shape[0] - KH) // stride, : (x.shape[1] - KW) // stride]


why = "Without padding the window stays inside, and the map is smaller than the image."
TASK.mistake("the image is padded to keep its size", why, "#what-lies-beyond-the-edge-padding")(
    lambda x, kernel, stride: slide(np.pad(x, [((n - 1) // 2, n // 2) for n in kernel.shape]), kernel, stride)
)
