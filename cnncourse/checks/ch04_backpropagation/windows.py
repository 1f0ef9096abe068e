"""The tasks on one channel: the gradient of the kernel, and the gradient of the image."""

import numpy as np

from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Misconception, Task

PAGE = "ch04_backpropagation"
LINE = f"{PAGE}#a-convolution-in-one-dimension"
PLANE = f"{PAGE}#two-dimensions-with-all-the-knobs"


def conv_dw(dy, x, KH, KW, stride):
    dw = np.zeros((KH, KW))
    for i, j in np.ndindex(dy.shape):
        dw += dy[i, j] * x[i * stride : i * stride + KH, j * stride : j * stride + KW]
    return dw


def map_size(n, k, stride):
    return (n - k) // stride + 1


def dw_case(rng, draw, H, W, KH, KW, stride, **options):
    dy = draw(rng, map_size(H, KH, stride), map_size(W, KW, stride), **options)
    return dy, draw(rng, H, W, **options), KH, KW, stride


def dw_cases(rng):
    yield dw_case(rng, digits, 1, 3, 1, 2, 1)
    yield dw_case(rng, digits, 3, 3, 2, 2, 1)
    yield dw_case(rng, digits, 3, 5, 1, 3, 2)
    yield dw_case(rng, digits, 4, 6, 2, 2, 2)
    yield dw_case(rng, digits, 6, 5, 3, 2, 2)  # the last row and column are in no window
    yield dw_case(rng, normals, 9, 8, 2, 3, 3)
    yield dw_case(rng, normals, 7, 10, 4, 2, 1, dtype=np.float32)
    yield dw_case(rng, normals, 11, 9, 3, 3, 2)


def dw_no_stride(dy, x, KH, KW, stride):
    return conv_dw(dy, x, KH, KW, 1)


def dw_mean(dy, x, KH, KW, stride):
    return conv_dw(dy, x, KH, KW, stride) / dy.size


def dw_turned(dy, x, KH, KW, stride):
    return conv_dw(dy, x, KH, KW, stride)[::-1, ::-1]


def dw_turned_dy(dy, x, KH, KW, stride):
    return conv_dw(dy[::-1, ::-1], x, KH, KW, stride)


def dw_last(dy, x, KH, KW, stride):
    top, left = (dy.shape[0] - 1) * stride, (dy.shape[1] - 1) * stride
    return dy[-1, -1] * x[top : top + KH, left : left + KW]


def dw_dy_as_kernel(dy, x, KH, KW, stride):
    (H, W), (OH, OW) = x.shape, dy.shape
    return conv_dw(dy, x, H - OH + 1, W - OW + 1, 1)


def dw_rows_by_stride(dy, x, KH, KW, stride):
    dw = np.zeros((KH, KW))
    for i, j in np.ndindex(dy.shape):
        dw += dy[i, j] * x[i * stride : i * stride + KH, j : j + KW]
    return dw


CONV_DW = Task(
    id="ch04.conv_dw",
    asks="the gradient of the kernel, one channel",
    section=LINE,
    reference=conv_dw,
    cases=dw_cases,
    misconceptions=(
        Misconception(
            "stride is left out",
            dw_no_stride,
            "Output (i, j) came from the window at (i * stride, j * stride): that is what the weights met there.",
            PLANE,
        ),
        Misconception(
            "only the rows move by the stride",
            dw_rows_by_stride,
            "The window moved by the stride in both directions.",
            PLANE,
        ),
        Misconception(
            "the image is correlated with dy at stride 1",
            dw_dy_as_kernel,
            "That is right for stride 1. With a stride, the gaps between the windows become gaps between the numbers "
            "of dy, and the result must have the shape of the kernel.",
            f"{PAGE}#stride-and-dilation-change-places",
        ),
        Misconception(
            "each place overwrites what the places before it have left",
            dw_last,
            "The kernel is used at every place, and where roads meet, gradients add up: `+=`.",
            f"{PAGE}#accumulate-do-not-assign",
        ),
        Misconception(
            "the places are averaged",
            dw_mean,
            "Every place acts on the loss by itself, so their gradients add up. If the loss is a mean, dy knows.",
            f"{PAGE}#sharing-a-weight-means-adding-up",
        ),
        Misconception(
            "the gradient is turned like the kernel of a true convolution",
            dw_turned,
            "Weight (u, v) met the pixel u below and v to the right of each window's corner. Nothing is turned here; "
            "the turn belongs to the gradient of the image.",
        ),
        Misconception(
            "dy is turned",
            dw_turned_dy,
            "The number that came back to output (i, j) belongs to the window of output (i, j). Nothing is turned "
            "here; the turn belongs to the gradient of the image.",
        ),
    ),
)


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


def dx_turned(dy, kernel, H, W, stride):
    return conv_dx(dy, kernel[::-1, ::-1], H, W, stride)


def dx_mean_over_windows(dy, kernel, H, W, stride):
    windows = conv_dx(np.ones(dy.shape), np.ones(kernel.shape), H, W, stride)
    return conv_dx(dy, kernel, H, W, stride) / np.maximum(windows, 1)


def dx_mean(dy, kernel, H, W, stride):
    return conv_dx(dy, kernel, H, W, stride) / kernel.size


def dx_reached(dy, kernel, H, W, stride):
    (OH, OW), (KH, KW) = dy.shape, kernel.shape
    return conv_dx(dy, kernel, (OH - 1) * stride + KH, (OW - 1) * stride + KW, stride)


def dx_value_without_weights(dy, kernel, H, W, stride):
    return conv_dx(dy, np.ones(kernel.shape), H, W, stride)


CONV_DX = Task(
    id="ch04.conv_dx",
    asks="the gradient of the image, one channel",
    section=PLANE,
    reference=conv_dx,
    cases=dx_cases,
    misconceptions=(
        Misconception(
            "each window overwrites what the windows before it have left",
            lambda dy, kernel, H, W, stride: spread(dy, kernel, H, W, stride, stride, assign=True),
            "A pixel that lies in several windows acts on the loss along several roads, and where roads meet, "
            "gradients add up: `+=`.",
            f"{PAGE}#accumulate-do-not-assign",
        ),
        Misconception(
            "stride is left out",
            lambda dy, kernel, H, W, stride: spread(dy, kernel, H, W, 1, 1),
            "Output (i, j) came from the window at (i * stride, j * stride), and that is where its gradient belongs.",
        ),
        Misconception(
            "only the rows move by the stride",
            lambda dy, kernel, H, W, stride: spread(dy, kernel, H, W, stride, 1),
            "The window moved by the stride in both directions.",
        ),
        Misconception(
            "the kernel is turned once too often",
            dx_turned,
            "Whoever spreads dy into the windows lays the kernel down as it is: each pixel gets the weight that it "
            "met. Whoever collects the same sum pixel by pixel meets the kernel turned. Do one or the other.",
            LINE,
        ),
        Misconception(
            "a pixel gets the mean over the windows that hold it",
            dx_mean_over_windows,
            "Each window that holds the pixel acts on the loss by itself, so their gradients add up.",
            f"{PAGE}#used-twice-means-added",
        ),
        Misconception(
            "dy is shared out equally among the weights",
            dx_mean,
            "Each pixel gets dy times the weight that it met, the whole of it: the convolution was a sum, not a mean.",
        ),
        Misconception(
            "the weights are left out",
            dx_value_without_weights,
            "A pixel acts on the output as strongly as the weight that it meets.",
            f"{PAGE}#one-window-by-hand",
        ),
        Misconception(
            "pixels that no window reaches are left off",
            dx_reached,
            "The gradient has the shape of the image. A pixel in no window has no influence: its gradient is 0.",
            f"{PAGE}#which-outputs-does-this-pixel-touch",
        ),
    ),
)
