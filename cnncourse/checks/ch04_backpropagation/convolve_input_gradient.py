"""ch04.convolve_input_gradient: the gradient of the image behind a true convolution."""

import numpy as np

from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Task

LINE = "#a-convolution-in-one-dimension"


def correlate(dy, kernel):
    (H, W), (KH, KW) = dy.shape, kernel.shape
    OH, OW = H - KH + 1, W - KW + 1
    dx = np.zeros((OH, OW))
    for u, v in np.ndindex(KH, KW):
        dx += kernel[u, v] * dy[u : u + OH, v : v + OW]
    return dx


def convolve_input_gradient(dy, kernel):
    return correlate(dy, kernel)


def printed_cases(rng):
    yield np.abs(digits(rng, 1, 2)), np.abs(digits(rng, 1, 2))
    for x, kernel in [((1, 2), (1, 2)), ((2, 1), (2, 2)), ((2, 3), (2, 1)), ((3, 2), (2, 3))]:
        yield digits(rng, x[0] + kernel[0] - 1, x[1] + kernel[1] - 1), digits(rng, *kernel)
    yield normals(rng, 7, 6), normals(rng, 3, 3)
    yield normals(rng, 6, 9), normals(rng, 2, 4)
    yield normals(rng, 9, 5, dtype=np.float32), normals(rng, 4, 2, dtype=np.float32)


TASK = Task(
    "ch04.convolve_input_gradient",
    "the gradient of the image behind a true convolution",
    "ch04_backpropagation#a-convolution-in-one-dimension",
    convolve_input_gradient,
    printed_cases,
)


def convolve_fully(x, kernel):
    (H, W), (KH, KW) = x.shape, kernel.shape
    y = np.zeros((H + KH - 1, W + KW - 1))
    for u, v in np.ndindex(KH, KW):
        y[u : u + H, v : v + W] += kernel[u, v] * x
    return y


def image_size(dy, kernel):
    return dy.shape[0] - kernel.shape[0] + 1, dy.shape[1] - kernel.shape[1] + 1


@TASK.mistake(
    "the printed formula is used, for the pixels of the image",
    "In the first formula pixel (i, j) meets weight (p - i, q - j) on its way to output (p, q). The gradient "
    "must take the same weight; the printed one takes the opposite sign.",
)
def as_printed(dy, kernel):
    H, W = image_size(dy, kernel)
    return convolve_fully(dy, kernel)[:H, :W]


TASK.mistake(
    "the printed formula is used, for every index it gives a value for",
    "The gradient has the shape of the image. And in the first formula pixel (i, j) meets weight (p - i, "
    "q - j) on its way to output (p, q), the opposite of what is printed.",
)(lambda dy, kernel: convolve_fully(dy, kernel))

TASK.mistake(
    "the kernel is turned although the forward pass has turned it already",
    "Backward turns the kernel against what forward did. A true convolution reads the kernel turned, so the "
    "gradient meets it as it lies.",
)(lambda dy, kernel: correlate(dy, kernel[::-1, ::-1]))


@TASK.mistake(
    "the convolution is undone",
    "That looks for an image whose convolution is dy. The gradient is another question: how strongly does "
    "each pixel act on the loss? The answer multiplies by the weights, it does not divide by them.",
)
def undone(dy, kernel):
    H, W = image_size(dy, kernel)
    columns = []
    for i, j in np.ndindex(H, W):
        pixel = np.zeros((H, W))
        pixel[i, j] = 1
        columns.append(convolve_fully(pixel, kernel).ravel())
    return np.linalg.lstsq(np.stack(columns, axis=1), dy.ravel(), rcond=None)[0].reshape(H, W)


@TASK.mistake(
    "an index below 0 is read from the other end",
    "In NumPy, `dx[-1]` is the last row. In the formula, a pixel with an index below 0 does not exist and "
    "gets nothing.",
)
def wrapped(dy, kernel):
    H, W = image_size(dy, kernel)
    dx = np.zeros((H, W))
    for i, j in np.ndindex(dy.shape):
        for u, v in np.ndindex(kernel.shape):
            if -H <= i - u < H and -W <= j - v < W:
                dx[i - u, j - v] += dy[i, j] * kernel[u, v]
    return dx


@TASK.mistake(
    "dy is padded with zeros first",
    "The padding belongs to a forward pass that makes the map smaller. This one makes it larger, so the "
    "gradient has to come back smaller.",
)
def transposed_full(dy, kernel):
    full = np.pad(dy, tuple((k - 1, k - 1) for k in kernel.shape))
    return correlate(full, kernel)
