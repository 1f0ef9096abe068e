"""ch04.convolve_input_gradient: the gradient of the image behind a true convolution."""

import numpy as np

from cnncourse.checks.writing import Task, digits, given, normals


def convolve_input_gradient(dy, kernel):
    return sum(kernel[u, v] * image_of(dy[u:, v:], dy, kernel) for u, v in np.ndindex(kernel.shape))


def image_of(map_, dy, kernel):
    """The part of a map, from its corner, that is as large as the image."""
    return map_[: dy.shape[0] - kernel.shape[0] + 1, : dy.shape[1] - kernel.shape[1] + 1]


def cases(rng):
    yield np.abs(digits(rng, 1, 2)), np.abs(digits(rng, 1, 2))
    for x, kernel in [((1, 2), (1, 2)), ((2, 1), (2, 2)), ((2, 3), (2, 1)), ((3, 2), (2, 3))]:
        yield digits(rng, x[0] + kernel[0] - 1, x[1] + kernel[1] - 1), digits(rng, *kernel)
    yield digits(rng, 3, 2), digits(rng, 2, 1)
    yield np.asfortranarray(normals(rng, 7, 6)), np.asfortranarray(normals(rng, 3, 3))
    yield normals(rng, 6, 9), normals(rng, 2, 4)
    yield normals(rng, 9, 5, dtype=np.float32), normals(rng, 4, 2, dtype=np.float32)


TASK = Task(__name__, __doc__, "#a-convolution-in-one-dimension", convolve_input_gradient, cases)


def around(dy, kernel):
    """dy in a border of zeros."""
    return np.pad(dy, [(k - 1, k - 1) for k in kernel.shape])


def convolve_fully(x, kernel):
    return convolve_input_gradient(around(x, kernel), kernel[::-1, ::-1])


why = (
    "In the first formula pixel (i, j) meets weight (p - i, q - j) on its way to output (p, q). The gradient "
    "must take the same weight; the printed one takes the opposite sign."
)
TASK.mistake("the printed formula is used, for the pixels of the image", why)(
    lambda dy, kernel: image_of(convolve_fully(dy, kernel), dy, kernel)
)
why = (
    "The gradient has the shape of the image. And in the first formula pixel (i, j) meets weight (p - i, "
    "q - j) on its way to output (p, q), the opposite of what is printed."
)
TASK.mistake("the printed formula is used, for every index it gives a value for", why)(convolve_fully)
why = (
    "Backward turns the kernel against what forward did. A true convolution reads the kernel turned, so the "
    "gradient meets it as it lies."
)
TASK.mistake("the kernel is turned although the forward pass has turned it already", why)(
    given(TASK, kernel=lambda kernel: kernel[::-1, ::-1])
)


@TASK.mistake("the convolution is undone")
def undone(dy, kernel):
    """That looks for an image whose convolution is dy. The gradient is another question: how strongly does each pixel
    act on the loss? The answer multiplies by the weights, it does not divide by them."""
    shape = image_of(dy, dy, kernel).shape
    pixels = np.eye(np.prod(shape)).reshape(-1, *shape)
    maps = np.stack([convolve_fully(pixel, kernel).ravel() for pixel in pixels], axis=1)
    return np.linalg.lstsq(maps, dy.ravel(), rcond=None)[0].reshape(shape)


@TASK.mistake("an index below 0 is read from the other end")
def wrapped(dy, kernel):
    """In NumPy, `dx[-1]` is the last row. In the formula, a pixel with an index below 0 does not exist and gets
    nothing."""
    H, W = image_of(dy, dy, kernel).shape
    dx = np.zeros((H, W))
    for i, j, u, v in np.ndindex(*dy.shape, *kernel.shape):
        if -H <= i - u < H and -W <= j - v < W:
            dx[i - u, j - v] += dy[i, j] * kernel[u, v]
    return dx


why = (
    "The padding belongs to a forward pass that makes the map smaller. This one makes it larger, so the "
    "gradient has to come back smaller."
)
TASK.mistake("dy is padded with zeros first", why)(
    lambda dy, kernel: convolve_input_gradient(around(dy, kernel), kernel)
)
