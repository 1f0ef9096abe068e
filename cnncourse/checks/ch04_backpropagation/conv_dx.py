"""ch04.conv_dx: the gradient of the image, one channel."""

import numpy as np

from cnncourse.checks.ch04_backpropagation.conv_dw import LINE, map_size
from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Task


def spread(dy, kernel, H, W, row_step, column_step, assign=False):
    """Lay the kernel times each number of dy into an image of zeros."""
    KH, KW = kernel.shape
    dx = np.zeros((H, W))
    for i, j in np.ndindex(dy.shape):
        part = dx[i * row_step : i * row_step + KH, j * column_step : j * column_step + KW]
        part[...] = dy[i, j] * kernel + (0 if assign else part)
    return dx


def conv_dx(dy, kernel, H, W, stride):
    return spread(dy, kernel, H, W, stride, stride)


def dx_case(rng, draw, H, W, KH, KW, stride, **options):
    dy = draw(rng, map_size(H, KH, stride), map_size(W, KW, stride), **options)
    return dy, draw(rng, KH, KW, **options), H, W, stride


def dx_cases(rng):
    yield dx_case(rng, digits, 1, 3, 1, 2, 1)
    yield dx_case(rng, digits, 3, 3, 2, 2, 1)
    yield dx_case(rng, digits, 4, 3, 2, 1, 2)
    yield dx_case(rng, digits, 3, 5, 1, 3, 2)
    yield dx_case(rng, digits, 4, 6, 2, 3, 2)  # the last column is in no window
    yield dx_case(rng, normals, 9, 8, 2, 3, 3)
    yield dx_case(rng, normals, 7, 10, 4, 2, 1, dtype=np.float32)
    yield dx_case(rng, normals, 11, 8, 3, 3, 2)


TASK = Task(
    "ch04.conv_dx",
    "the gradient of the image, one channel",
    "ch04_backpropagation#two-dimensions-with-all-the-knobs",
    conv_dx,
    dx_cases,
)

TASK.mistake(
    "each window overwrites what the windows before it have left",
    "A pixel that lies in several windows acts on the loss along several roads, and where roads meet, "
    "gradients add up: `+=`.",
    "#accumulate-do-not-assign",
)(lambda dy, kernel, H, W, stride: spread(dy, kernel, H, W, stride, stride, assign=True))
TASK.mistake(
    "stride is left out",
    "Output (i, j) came from the window at (i * stride, j * stride), and that is where its gradient belongs.",
)(lambda dy, kernel, H, W, stride: spread(dy, kernel, H, W, 1, 1))
TASK.mistake("only the rows move by the stride", "The window moved by the stride in both directions.")(
    lambda dy, kernel, H, W, stride: spread(dy, kernel, H, W, stride, 1)
)

TASK.mistake(
    "the kernel is turned once too often",
    "Whoever spreads dy into the windows lays the kernel down as it is: each pixel gets the weight that it "
    "met. Whoever collects the same sum pixel by pixel meets the kernel turned. Do one or the other.",
    LINE,
)(lambda dy, kernel, H, W, stride: conv_dx(dy, kernel[::-1, ::-1], H, W, stride))


@TASK.mistake(
    "a pixel gets the mean over the windows that hold it",
    "Each window that holds the pixel acts on the loss by itself, so their gradients add up.",
    "#used-twice-means-added",
)
def dx_mean_over_windows(dy, kernel, H, W, stride):
    windows = conv_dx(np.ones(dy.shape), np.ones(kernel.shape), H, W, stride)
    return conv_dx(dy, kernel, H, W, stride) / np.maximum(windows, 1)


TASK.mistake(
    "dy is shared out equally among the weights",
    "Each pixel gets dy times the weight that it met, the whole of it: the convolution was a sum, not a mean.",
)(lambda dy, kernel, H, W, stride: conv_dx(dy, kernel, H, W, stride) / kernel.size)

TASK.mistake(
    "the weights are left out",
    "A pixel acts on the output as strongly as the weight that it meets.",
    "#one-window-by-hand",
)(lambda dy, kernel, H, W, stride: conv_dx(dy, np.ones(kernel.shape), H, W, stride))


@TASK.mistake(
    "pixels that no window reaches are left off",
    "The gradient has the shape of the image. A pixel in no window has no influence: its gradient is 0.",
    "#which-outputs-does-this-pixel-touch",
)
def dx_reached(dy, kernel, H, W, stride):
    (OH, OW), (KH, KW) = dy.shape, kernel.shape
    return conv_dx(dy, kernel, (OH - 1) * stride + KH, (OW - 1) * stride + KW, stride)
