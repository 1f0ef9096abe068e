"""ch04.conv_dx: the gradient of the image, one channel."""

import numpy as np

from cnncourse.checks.ch04_backpropagation.conv_dw import LINE, arrived
from cnncourse.checks.writing import Task, digits, given, normals


def conv_dx(dy, kernel, H, W, stride):
    return spread(dy, kernel, H, W, stride, stride)


def spread(dy, kernel, H, W, row_step, column_step, assign=False):
    """Lay the kernel times each number of dy into an image of zeros."""
    KH, KW = kernel.shape
    dx = np.zeros((H, W))
    for i, j in np.ndindex(dy.shape):
        part = dx[i * row_step : i * row_step + KH, j * column_step : j * column_step + KW]
        part[...] = dy[i, j] * kernel + (0 if assign else part)
    return dx


def case(rng, draw, H, W, KH, KW, stride, **options):
    return arrived(rng, draw, H, W, KH, KW, stride, **options), draw(rng, KH, KW, **options), H, W, stride


def cases(rng):
    yield case(rng, digits, 1, 3, 1, 2, 1)
    yield case(rng, digits, 3, 3, 2, 2, 1)
    yield case(rng, digits, 4, 3, 2, 1, 2)
    yield case(rng, digits, 3, 5, 1, 3, 2)
    yield case(rng, digits, 4, 6, 2, 3, 2)  # the last column is in no window
    yield case(rng, normals, 9, 8, 2, 3, 3)
    yield case(rng, normals, 7, 10, 4, 2, 1, dtype=np.float32)
    dy, kernel, *rest = case(rng, normals, 11, 8, 3, 3, 2)
    yield np.asfortranarray(dy), np.asfortranarray(kernel), *rest


TASK = Task(__name__, __doc__, "#two-dimensions-with-all-the-knobs", conv_dx, cases)
ADD = "#accumulate-do-not-assign"
SEVERAL = (
    "A pixel that lies in several windows acts on the loss along several roads, and where roads meet, gradients add "
    "up: `+=`."
)
TURNED = (
    "Whoever lays the kernel down, times each number of dy, takes it as it is: each pixel gets the weight that it met. "
    "Whoever collects the same sum pixel by pixel meets the kernel turned, and turns it. Do one or the other."
)

TASK.mistake("each window overwrites what the windows before it have left", SEVERAL, ADD)(
    lambda *case: spread(*case, case[-1], assign=True)
)
why = "Output (i, j) came from the window at (i * stride, j * stride), and that is where its gradient belongs."
TASK.mistake("stride is left out", why)(given(TASK, stride=1))
why = "The window moved by the stride in both directions."
TASK.mistake("only the rows move by the stride", why)(lambda *case: spread(*case, 1))
TASK.mistake("the kernel is turned once too often", TURNED, LINE)(given(TASK, kernel=lambda kernel: kernel[::-1, ::-1]))


@TASK.mistake("a pixel gets the mean over the windows that hold it", section="#used-twice-means-added")
def mean_over_windows(dy, kernel, *rest):
    """Each window that holds the pixel acts on the loss by itself, so their gradients add up."""
    windows = conv_dx(np.ones(dy.shape), np.ones(kernel.shape), *rest)
    return conv_dx(dy, kernel, *rest) / np.maximum(windows, 1)


why = "Each pixel gets dy times the weight that it met, the whole of it: the convolution was a sum, not a mean."
TASK.mistake("dy is shared out equally among the weights", why)(given(TASK, kernel=lambda kernel: kernel / kernel.size))
why = "A pixel acts on the output as strongly as the weight that it meets."
TASK.mistake("the weights are left out", why, "#one-window-by-hand")(given(TASK, kernel=np.ones_like))


@TASK.mistake("pixels that no window reaches are left off", section="#which-outputs-does-this-pixel-touch")
def reached(dy, kernel, H, W, stride):
    """The gradient has the shape of the image. A pixel in no window has no influence: its gradient is 0."""
    return conv_dx(dy, kernel, *((n - 1) * stride + k for n, k in zip(dy.shape, kernel.shape)), stride)
