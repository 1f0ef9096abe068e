"""ch04.conv_dw: the gradient of the kernel, one channel."""

import numpy as np

from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Task

LINE = "#a-convolution-in-one-dimension"


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


TASK = Task(
    "ch04.conv_dw",
    "the gradient of the kernel, one channel",
    "ch04_backpropagation#a-convolution-in-one-dimension",
    conv_dw,
    dw_cases,
)
PLANE = "#two-dimensions-with-all-the-knobs"


TASK.mistake(
    "stride is left out",
    "Output (i, j) came from the window at (i * stride, j * stride): that is what the weights met there.",
    PLANE,
)(lambda dy, x, KH, KW, stride: conv_dw(dy, x, KH, KW, 1))


@TASK.mistake("only the rows move by the stride", "The window moved by the stride in both directions.", PLANE)
def dw_rows_by_stride(dy, x, KH, KW, stride):
    dw = np.zeros((KH, KW))
    for i, j in np.ndindex(dy.shape):
        dw += dy[i, j] * x[i * stride : i * stride + KH, j : j + KW]
    return dw


@TASK.mistake(
    "the image is correlated with dy at stride 1",
    "That is right for stride 1. With a stride, the gaps between the windows become gaps between the numbers "
    "of dy, and the result must have the shape of the kernel.",
    "#stride-and-dilation-change-places",
)
def dw_dy_as_kernel(dy, x, KH, KW, stride):
    (H, W), (OH, OW) = x.shape, dy.shape
    return conv_dw(dy, x, H - OH + 1, W - OW + 1, 1)


@TASK.mistake(
    "each place overwrites what the places before it have left",
    "The kernel is used at every place, and where roads meet, gradients add up: `+=`.",
    "#accumulate-do-not-assign",
)
def dw_last(dy, x, KH, KW, stride):
    top, left = (dy.shape[0] - 1) * stride, (dy.shape[1] - 1) * stride
    return dy[-1, -1] * x[top : top + KH, left : left + KW]


TASK.mistake(
    "the places are averaged",
    "Every place acts on the loss by itself, so their gradients add up. If the loss is a mean, dy knows.",
    "#sharing-a-weight-means-adding-up",
)(lambda dy, x, KH, KW, stride: conv_dw(dy, x, KH, KW, stride) / dy.size)

TASK.mistake(
    "the gradient is turned like the kernel of a true convolution",
    "Weight (u, v) met the pixel u below and v to the right of each window's corner. Nothing is turned here; "
    "the turn belongs to the gradient of the image.",
)(lambda dy, x, KH, KW, stride: conv_dw(dy, x, KH, KW, stride)[::-1, ::-1])

TASK.mistake(
    "dy is turned",
    "The number that came back to output (i, j) belongs to the window of output (i, j). Nothing is turned "
    "here; the turn belongs to the gradient of the image.",
)(lambda dy, x, KH, KW, stride: conv_dw(dy[::-1, ::-1], x, KH, KW, stride))
