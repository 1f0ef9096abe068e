"""Pooling to a size that is asked for, over regions of unequal size (chapter ch03_pooling).

`max_pool2d` is told its windows, and the output is as large as it happens to be. Here it is the other way round: the
output size is given, and the regions follow from it. Seven rows make three regions of rows, and no window and stride
of whole numbers does that without leaving some out. Height and width are divided each for itself; a region is a pair
(start, stop) on either axis.

- Adaptive pooling divides evenly and lets neighbours overlap by a pixel where it does not come out even. A network that
  ends in it takes images of any size.
- Fractional max pooling (Graham, 2014, arXiv 1412.6071) shrinks by a factor like 1.4 instead of 2, so that more layers
  fit in before nothing is left. A factor of 1.4 is made of steps of 1 and 2. Which comes where is drawn anew with every
  call, and so the image is distorted a little differently each time.
"""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np

from cnncourse.arguments import float_array, generator, per_axis, same_shape, whole_number

# --- how an axis is divided -------------------------------------------------------------------------------------------


def adaptive_regions(size, output_size):
    """Divide an axis into `output_size` regions: floor(i * r) to ceil((i + 1) * r) for r = size / output_size.

    Every pixel is in a region, and the largest region is at most a pixel larger than the smallest. PyTorch's rule.

    >>> adaptive_regions(7, 3)
    [(0, 3), (2, 5), (4, 7)]
    >>> adaptive_regions(6, 3)
    [(0, 2), (2, 4), (4, 6)]
    """
    return [(i * size // output_size, -(-(i + 1) * size // output_size)) for i in range(output_size)]


def fractional_regions(size, output_size, rng, overlap=1):
    """Divide an axis into `output_size` regions at random, each reaching `overlap` pixels into the next.

    The starts are Graham's pseudo-random sequence ceil(a * (i + u)), a = (size - overlap) / output_size, moved to begin
    at 0. They are a pixel or two apart for a in (1, 2), in general floor(a) or ceil(a). The one random number u lies in
    (0, 1]. Since all that matters is where a * (i + u) passes a whole number, it is enough to draw (size - overlap) * u
    as a whole number, and no rounding can make a sequence end too early.

    >>> fractional_regions(10, 6, np.random.default_rng(0))
    [(0, 2), (1, 4), (3, 5), (4, 7), (6, 8), (7, 10)]
    >>> fractional_regions(10, 6, np.random.default_rng(0), overlap=0)
    [(0, 2), (2, 3), (3, 5), (5, 7), (7, 8), (8, 10)]
    """
    overlap = whole_number(overlap, "overlap", minimum=0)
    length = size - overlap
    if output_size > length:
        raise ValueError(
            f"output_size is {output_size}, but {size} pixels with overlap {overlap} make at most "
            f"{max(length, 0)} regions: ask for fewer, or less overlap"
        )
    shift = int(generator(rng).integers(1, length, endpoint=True))
    edges = [-(-(length * i + shift) // output_size) for i in range(output_size + 1)]
    return [(a - edges[0], b - edges[0] + overlap) for a, b in pairwise(edges)]


# --- adaptive ---------------------------------------------------------------------------------------------------------


def adaptive_max_pool2d_loops(x, output_size):
    """The definition of adaptive max pooling, one output at a time.

    >>> adaptive_max_pool2d_loops(np.array([[1.0, 5.0, 2.0]])[None, :, :, None], (1, 2)).ravel()
    array([5., 5.])
    """
    return _adaptive_loops(x, output_size, np.max)


def adaptive_avg_pool2d_loops(x, output_size):
    """The definition of adaptive average pooling, one output at a time.

    >>> adaptive_avg_pool2d_loops(np.array([[1.0, 5.0, 2.0]])[None, :, :, None], (1, 2)).ravel()
    array([3. , 3.5])
    """
    return _adaptive_loops(x, output_size, np.mean)


def _adaptive_loops(x, output_size, summary):
    N, H, W, C = x.shape
    OH, OW = per_axis(output_size, 2, "output_size")
    y = np.zeros((N, OH, OW, C), x.dtype)
    for n, i, j, c in np.ndindex(*y.shape):
        rows = slice(math.floor(i * Fraction(H, OH)), math.ceil((i + 1) * Fraction(H, OH)))
        columns = slice(math.floor(j * Fraction(W, OW)), math.ceil((j + 1) * Fraction(W, OW)))
        y[n, i, j, c] = summary(x[n, rows, columns, c])
    return y


def adaptive_max_pool2d(x, output_size):
    """Max pooling to a given size.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    output_size : int, or (OH, OW); larger than the image is allowed, and then pixels are repeated

    Returns
    -------
    y : ndarray, shape (N, OH, OW, C)
    cache : what `adaptive_max_pool2d_backward` needs

    >>> y, cache = adaptive_max_pool2d(np.arange(35.0).reshape(1, 5, 7, 1), output_size=(2, 3))
    >>> y[0, :, :, 0]
    array([[16., 18., 20.],
           [30., 32., 34.]])
    """
    x, (OH, OW) = _checked(x, output_size)
    return _max_over(x, adaptive_regions(x.shape[1], OH), adaptive_regions(x.shape[2], OW))


def adaptive_max_pool2d_backward(dy, cache):
    """The gradient of `adaptive_max_pool2d`: dy (N, OH, OW, C) goes to the first largest pixel, dx (N, H, W, C).

    >>> y, cache = adaptive_max_pool2d(np.array([[1.0, 5.0, 2.0]])[None, :, :, None], (1, 2))
    >>> adaptive_max_pool2d_backward(np.ones_like(y), cache).ravel()  # the regions overlap in the 5
    array([0., 2., 0.])
    """
    return _max_over_backward(dy, cache)


def adaptive_avg_pool2d(x, output_size):
    """Average pooling to a given size: x (N, H, W, C) -> y (N, OH, OW, C), cache. See `adaptive_max_pool2d`.

    >>> y, cache = adaptive_avg_pool2d(np.array([[1.0, 5.0, 2.0]])[None, :, :, None], (1, 2))
    >>> y.ravel()
    array([3. , 3.5])
    """
    x, (OH, OW) = _checked(x, output_size)
    rows, columns = adaptive_regions(x.shape[1], OH), adaptive_regions(x.shape[2], OW)
    y = np.zeros((x.shape[0], OH, OW, x.shape[3]), x.dtype)
    for (i, (top, bottom)), (j, (left, right)) in _pairs(rows, columns):
        y[:, i, j] = x[:, top:bottom, left:right].mean(axis=(1, 2), dtype=np.float64)
    return y, (x.shape, rows, columns)


def adaptive_avg_pool2d_backward(dy, cache):
    """The gradient of `adaptive_avg_pool2d`: dy (N, OH, OW, C) is dealt out equally, dx (N, H, W, C).

    >>> y, cache = adaptive_avg_pool2d(np.array([[1.0, 5.0, 2.0]])[None, :, :, None], (1, 2))
    >>> adaptive_avg_pool2d_backward(np.ones_like(y), cache).ravel()
    array([0.5, 1. , 0.5])
    """
    shape, rows, columns = cache
    dy = same_shape(dy, "dy", (shape[0], len(rows), len(columns), shape[3]))
    dx = np.zeros(shape, dy.dtype)
    for (i, (top, bottom)), (j, (left, right)) in _pairs(rows, columns):
        dx[:, top:bottom, left:right] += dy[:, i, j, None, None] / ((bottom - top) * (right - left))
    return dx


# --- fractional -------------------------------------------------------------------------------------------------------


def fractional_max_pool2d_loops(x, output_size, rng, overlap=1):
    """The definition of fractional max pooling, with the sequence as Graham writes it.

    >>> x = np.arange(3.0).reshape(1, 1, 3, 1)
    >>> fractional_max_pool2d_loops(x, (1, 2), np.random.default_rng(0), overlap=(0, 1)).ravel()
    array([1., 2.])
    """
    (N, H, W, C), (OH, OW) = x.shape, per_axis(output_size, 2, "output_size")
    starts, overlap = [], per_axis(overlap, 2, "overlap", minimum=0)
    for size, out, shared in zip((H, W), (OH, OW), overlap):
        a = Fraction(size - shared, out)
        u = Fraction(int(rng.integers(1, size - shared, endpoint=True)), size - shared)
        starts.append([math.ceil(a * (i + u)) - math.ceil(a * u) for i in range(out + 1)])
    y = np.zeros((N, OH, OW, C), x.dtype)
    for n, i, j, c in np.ndindex(*y.shape):
        rows = slice(starts[0][i], starts[0][i + 1] + overlap[0])
        columns = slice(starts[1][j], starts[1][j + 1] + overlap[1])
        y[n, i, j, c] = x[n, rows, columns, c].max()
    return y


def fractional_max_pool2d(x, output_size, rng, overlap=1):
    """Fractional max pooling: the regions are drawn once for the whole batch.

    In use, where there should be no chance, Graham lets the network answer several times and averages the answers.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    output_size : int, or (OH, OW), such as ``round(H / 2**0.5)``; at most the image size less `overlap`
    rng : numpy Generator
    overlap : int >= 0, or one for each of height and width: how far each region reaches into the next; 1 as in most of
        the paper, 0 for regions side by side

    Returns
    -------
    y : ndarray, shape (N, OH, OW, C)
    cache : what `fractional_max_pool2d_backward` needs

    >>> y, cache = fractional_max_pool2d(np.arange(9.0).reshape(1, 1, 9, 1), (1, 6), np.random.default_rng(0), (0, 1))
    >>> y.ravel()  # steps of 1 and 2 that come to 8
    array([1., 2., 4., 5., 6., 8.])
    """
    x, output_size = _checked(x, output_size)
    overlap = per_axis(overlap, 2, "overlap", minimum=0)
    regions = [fractional_regions(n, o, rng, shared) for n, o, shared in zip(x.shape[1:3], output_size, overlap)]
    return _max_over(x, *regions)


def fractional_max_pool2d_backward(dy, cache):
    """The gradient of `fractional_max_pool2d`: dy (N, OH, OW, C) goes to the first largest pixel, dx (N, H, W, C).

    >>> x = np.array([1.0, 9.0, 2.0, 3.0]).reshape(1, 1, 4, 1)
    >>> y, cache = fractional_max_pool2d(x, (1, 3), np.random.default_rng(0), (0, 1))
    >>> fractional_max_pool2d_backward(np.ones_like(y), cache).ravel()
    array([0., 2., 0., 1.])
    """
    return _max_over_backward(dy, cache)


# --- over regions -----------------------------------------------------------------------------------------------------


def _checked(x, output_size):
    x = float_array(x, "x", "NHWC")
    if 0 in x.shape[1:3]:
        raise ValueError(f"x has shape {x.shape}: a map of {x.shape[1]}x{x.shape[2]} has no pixel to pool")
    return x, per_axis(output_size, 2, "output_size")


def _pairs(rows, columns):
    """Every region of rows with every region of columns, numbered."""
    return ((row, column) for row in enumerate(rows) for column in enumerate(columns))


def _max_over(x, rows, columns):
    """The largest value over each region, and where in the flattened map it was: all that backward needs."""
    N, H, W, C = x.shape
    OH, OW = len(rows), len(columns)
    winner = np.zeros((N, OH, OW, C), np.int64)
    for (i, (top, bottom)), (j, (left, right)) in _pairs(rows, columns):
        height, width = bottom - top, right - left
        best = x[:, top:bottom, left:right].reshape(N, height * width, C).argmax(axis=1)  # (N, C), the first of equals
        winner[:, i, j] = (top + best // width) * W + left + best % width
    winner = winner.reshape(N, OH * OW, C)
    y = np.take_along_axis(x.reshape(N, H * W, C), winner, axis=1)
    return y.reshape(N, OH, OW, C), (x.shape, (N, OH, OW, C), winner)


def _max_over_backward(dy, cache):
    (N, H, W, C), out_shape, winner = cache
    dy = same_shape(dy, "dy", out_shape).reshape(winner.shape)
    dx = np.zeros((N, H * W, C), dy.dtype)
    image, _, channel = np.ogrid[:N, :1, :C]
    np.add.at(dx, (image, winner, channel), dy)  # `dx[...] += dy` would count a pixel that won twice only once
    return dx.reshape(N, H, W, C)
