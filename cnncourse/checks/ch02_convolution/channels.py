"""The tasks on channels and filters: the whole layer, and its windows as the rows of a matrix."""

import numpy as np

from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Misconception, Task

PAGE = "ch02_convolution"


def conv2d(x, kernel, bias, stride, padding, dilation):
    N, H, W, _ = x.shape
    KH, KW, _, F = kernel.shape
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    OH = (H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1
    OW = (W + 2 * padding - dilation * (KW - 1) - 1) // stride + 1
    y = np.zeros((N, OH, OW, F)) + bias
    for u in range(KH):
        for v in range(KW):
            top, left = u * dilation, v * dilation
            seen = x[:, top : top + OH * stride : stride, left : left + OW * stride : stride]
            y += seen[:, :OH, :OW] @ kernel[u, v]  # (N, OH, OW, C) @ (C, F)
    return y


def conv2d_cases(rng):
    yield digits(rng, 1, 2, 3, 1), digits(rng, 2, 2, 1, 1), digits(rng, 1), 1, 0, 1
    yield digits(rng, 1, 2, 2, 2), digits(rng, 1, 1, 2, 1), digits(rng, 1), 1, 0, 1
    yield digits(rng, 2, 2, 2, 1), digits(rng, 1, 2, 1, 2), digits(rng, 2), 1, 0, 1
    yield digits(rng, 1, 3, 2, 1), digits(rng, 2, 2, 1, 1), digits(rng, 1), 1, 1, 1
    yield digits(rng, 1, 5, 4, 1), digits(rng, 2, 2, 1, 1), digits(rng, 1), 2, 0, 1
    yield digits(rng, 1, 3, 5, 1), digits(rng, 2, 2, 1, 1), digits(rng, 1), 1, 0, 2
    yield normals(rng, 2, 6, 7, 3), normals(rng, 3, 2, 3, 4), normals(rng, 4), 1, 0, 1
    yield normals(rng, 2, 5, 8, 2), normals(rng, 3, 3, 2, 3), normals(rng, 3), 2, 1, 1
    yield normals(rng, 3, 9, 7, 2), normals(rng, 2, 3, 2, 5), normals(rng, 5), 3, 2, 2
    floats = (normals(rng, *shape, dtype=np.float32) for shape in [(2, 8, 6, 3), (3, 3, 3, 2), (2,)])
    yield *floats, 1, 1, 2


def first_channel(x, kernel, bias, *knobs):
    return conv2d(x[..., :1], kernel[:, :, :1], bias, *knobs)


def bias_in_the_sum(x, kernel, bias, *knobs):
    return conv2d(x, kernel, kernel[..., 0].size * bias, *knobs)


def bias_per_channel(x, kernel, bias, *knobs):
    return conv2d(x, kernel, kernel.shape[2] * bias, *knobs)


def first_filter(x, kernel, bias, *knobs):
    return np.repeat(conv2d(x, kernel[..., :1], bias[:1], *knobs), kernel.shape[3], axis=3)


def first_image(x, kernel, bias, *knobs):
    return np.repeat(conv2d(x[:1], kernel, bias, *knobs), len(x), axis=0)


def mean_over_channels(x, kernel, bias, *knobs):
    return conv2d(x / x.shape[3], kernel, bias, *knobs)


def channels_before_rows(x, kernel, bias, *knobs):
    return np.moveaxis(conv2d(x, kernel, bias, *knobs), 3, 1)


def padded_channels(x, kernel, bias, stride, padding, dilation):
    around = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (padding, padding)))
    wide = np.pad(kernel, ((0, 0), (0, 0), (0, 2 * padding), (0, 0)))
    return conv2d(around, wide, bias, stride, 0, dilation)


CONV2D = Task(
    id="ch02.conv2d",
    asks="the whole layer: images, channels, filters, bias, stride, padding, dilation",
    section=f"{PAGE}#channels-in-filters-out",
    reference=conv2d,
    cases=conv2d_cases,
    misconceptions=(
        Misconception(
            "only the first channel is read",
            first_channel,
            "A filter has weights for every channel of the image and adds up the products of all of them.",
        ),
        Misconception(
            "only the first filter is used",
            first_filter,
            "Each filter makes a map of its own, with its own weights and its own bias.",
        ),
        Misconception(
            "every image gets the map of the first one",
            first_image,
            "The first axis counts images; each is convolved by itself.",
        ),
        Misconception(
            "the bias is forgotten",
            lambda x, kernel, bias, *knobs: conv2d(x, kernel, 0 * bias, *knobs),
            "Each filter adds its bias to every pixel of its map.",
        ),
        Misconception(
            "the bias is added with every product",
            bias_in_the_sum,
            "The bias is added once to the finished sum, not inside the loops that make it.",
        ),
        Misconception(
            "the bias is added once for every channel",
            bias_per_channel,
            "The bias is added once to the finished sum, after the channels are added up.",
        ),
        Misconception(
            "the channels are averaged",
            mean_over_channels,
            "The products of all channels are added up, not averaged.",
        ),
        Misconception(
            "the kernel is turned",
            lambda x, kernel, bias, *knobs: conv2d(x, kernel[::-1, ::-1], bias, *knobs),
            "That is a true convolution. A convolutional layer leaves the kernel as it lies.",
            f"{PAGE}#turned-or-not",
        ),
        Misconception(
            "stride is ignored",
            lambda x, kernel, bias, stride, *knobs: conv2d(x, kernel, bias, 1, *knobs),
            "With stride 2 every second position is used, in both directions.",
            f"{PAGE}#how-far-to-move-stride",
        ),
        Misconception(
            "padding is ignored",
            lambda x, kernel, bias, stride, padding, dilation: conv2d(x, kernel, bias, stride, 0, dilation),
            "The zeros come first, then the window slides over the larger image.",
            f"{PAGE}#what-lies-beyond-the-edge-padding",
        ),
        Misconception(
            "dilation is ignored",
            lambda x, kernel, bias, stride, padding, dilation: conv2d(x, kernel, bias, stride, padding, 1),
            "With dilation D, neighbouring weights meet pixels that are D apart.",
            f"{PAGE}#holes-dilation",
        ),
        Misconception(
            "dilation is taken as the number of holes",
            lambda x, kernel, bias, stride, padding, dilation: conv2d(x, kernel, bias, stride, padding, dilation + 1),
            "Dilation is the distance from one weight to the next: dilation 1 has no holes.",
            f"{PAGE}#holes-dilation",
        ),
        Misconception(
            "the axes of the result are (N, F, OH, OW)",
            channels_before_rows,
            "This course, like Keras, keeps the channels last: (N, OH, OW, F).",
        ),
        Misconception(
            "the channels are padded too",
            padded_channels,
            "Zeros belong above, below, left and right of the image; the number of channels stays what it is.",
            f"{PAGE}#what-lies-beyond-the-edge-padding",
        ),
    ),
)


def im2col(x, KH, KW, stride):
    H, W, C = x.shape
    OH, OW = (H - KH) // stride + 1, (W - KW) // stride + 1
    windows = [
        x[i * stride : i * stride + KH, j * stride : j * stride + KW].ravel() for i in range(OH) for j in range(OW)
    ]
    return np.array(windows).reshape(OH * OW, KH * KW * C)


def im2col_cases(rng):
    yield digits(rng, 2, 3, 1), 2, 2, 1
    yield digits(rng, 3, 3, 1), 1, 2, 2
    yield digits(rng, 2, 3, 2), 1, 2, 1
    yield normals(rng, 4, 6, 3), 3, 2, 1
    yield normals(rng, 7, 5, 2), 2, 3, 2
    yield normals(rng, 8, 9, 4, dtype=np.float32), 3, 3, 3
    yield normals(rng, 3, 4, 2), 3, 4, 1


def columns_first(x, KH, KW, stride):
    H, W, C = x.shape
    OH, OW = (H - KH) // stride + 1, (W - KW) // stride + 1
    rows = im2col(x, KH, KW, stride).reshape(OH, OW, -1)
    return rows.transpose(1, 0, 2).reshape(OH * OW, -1)


def channel_by_channel(x, KH, KW, stride):
    rows = im2col(x, KH, KW, stride)
    return rows.reshape(len(rows), KH, KW, -1).transpose(0, 3, 1, 2).reshape(len(rows), -1)


def column_by_column(x, KH, KW, stride):
    rows = im2col(x, KH, KW, stride)
    return rows.reshape(len(rows), KH, KW, -1).transpose(0, 2, 1, 3).reshape(len(rows), -1)


IM2COL = Task(
    id="ch02.im2col",
    asks="the windows of an image as the rows of a matrix",
    section=f"{PAGE}#making-it-fast",
    reference=im2col,
    cases=im2col_cases,
    misconceptions=(
        Misconception(
            "the windows stand in the columns of the matrix",
            lambda *x: im2col(*x).T,
            "Here one window is one row, so that `rows @ kernel.reshape(-1, F)` is the convolution.",
        ),
        Misconception(
            "the windows are read down the columns of the image first",
            columns_first,
            "The windows follow each other as the pixels of the map do: row by row.",
        ),
        Misconception(
            "the numbers of a window are ordered channel by channel",
            channel_by_channel,
            "The order must be that of `kernel.reshape(-1, F)`: row, column, channel, the channel changing fastest.",
        ),
        Misconception(
            "the numbers of a window are ordered column by column",
            column_by_column,
            "The order must be that of `kernel.reshape(-1, F)`: row, column, channel, the channel changing fastest.",
        ),
        Misconception(
            "stride is ignored",
            lambda x, KH, KW, stride: im2col(x, KH, KW, 1),
            "With stride 2 every second window is used, in both directions.",
            f"{PAGE}#how-far-to-move-stride",
        ),
        Misconception(
            "the last window of a row and of a column is left out",
            lambda x, KH, KW, stride: im2col(x[:-stride, :-stride], KH, KW, stride),
            "H - KH is the number of steps; there is one position more.",
            f"{PAGE}#how-large-is-the-result",
        ),
        Misconception(
            "the windows do not overlap",
            lambda x, KH, KW, stride: im2col(x, KH, KW, KH),
            "Windows follow each other at the distance of the stride, whatever their size.",
            f"{PAGE}#how-far-to-move-stride",
        ),
    ),
)
