"""Blur pooling: smooth before pixels are left out (chapter ch03_pooling).

A stride of 2 keeps every second window and forgets the others. What it kept then hangs on where the grid happened to
lie, and stripes finer than the new grid come back as stripes that were never there: aliasing. The remedy is older than
convolutional networks: blur first, so that a pixel left out is missed less, since its neighbours speak for it too.
Zhang (2019, arXiv 1904.11486) put it in front of the strides of known networks: a max pooling of stride 2 becomes one
of stride 1 with a blur of stride 2 behind it.

The weights of the blur are rows of Pascal's triangle: 1 2 1, 1 4 6 4 1. They are fixed; nothing is learned. As in
`cnncourse.pooling`, padding is not data: a window over the edge is a weighted mean of the pixels inside the image.
"""

import math

import numpy as np

from cnncourse.arguments import float_array, per_axis, same_shape
from cnncourse.pooling.windows import pool_geometry
from cnncourse.unfolding import pad


def binomial_weights(pool_size):
    """The weights of the blur, shape (KH, KW), with the sum 1.

    >>> binomial_weights((3, 5)) * 64
    array([[ 1.,  4.,  6.,  4.,  1.],
           [ 2.,  8., 12.,  8.,  2.],
           [ 1.,  4.,  6.,  4.,  1.]])
    """
    sizes = per_axis(pool_size, 2, "pool_size")
    rows, columns = ([math.comb(k - 1, i) / 2 ** (k - 1) for i in range(k)] for k in sizes)
    return np.outer(rows, columns)


def blur_pool2d_loops(x, pool_size=3, stride=2, padding="same"):
    """The definition: the weighted mean of the part of each window that lies in the image.

    >>> blur_pool2d_loops(np.array([[0.0, 0.0, 8.0, 0.0, 0.0]])[None, :, :, None], (1, 3), (1, 2), "valid").ravel()
    array([2., 2.])
    """
    x = float_array(x, "x", "NHWC")
    geo = pool_geometry(x.shape[1:3], pool_size, stride, padding)
    weights = pad(np.ones((1, *geo.size, 1)), geo.pads)
    y = np.zeros((x.shape[0], *geo.out, x.shape[3]), x.dtype)
    for n, i, j, c in np.ndindex(*y.shape):
        top, left = i * geo.stride[0], j * geo.stride[1]
        inside = weights[0, top : top + geo.pool_size[0], left : left + geo.pool_size[1], 0] > 0
        y[n, i, j, c] = np.average(x[n, *geo.inside(i, j), c].ravel(), weights=binomial_weights(geo.pool_size)[inside])
    return y


def blur_pool2d(x, pool_size=3, stride=2, padding="same"):
    """Blur and subsample.

    The weights of a window are a product of one weight for its row and one for its column, and so are their sums over
    the part inside the image. Blurring is therefore a matrix for the height and one for the width.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    pool_size : int, or (KH, KW): how wide the blur is; 1 keeps every second pixel as it is, 2 is average pooling
    stride, padding : see `cnncourse.pooling.max_pool2d`; padding is not counted

    Returns
    -------
    y : ndarray, shape (N, OH, OW, C)
    cache : what `blur_pool2d_backward` needs: the two matrices

    >>> stripes = np.array([[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]])[None, :, :, None]
    >>> blur_pool2d(stripes, pool_size=(1, 1))[0].ravel()  # every second pixel: the stripes are gone, all is 1
    array([1., 1., 1., 1.])
    >>> blur_pool2d(stripes, pool_size=(1, 3), padding="valid")[0].ravel()  # as grey as the stripes are from afar
    array([0.5, 0.5, 0.5])
    """
    x = float_array(x, "x", "NHWC")
    geo = pool_geometry(x.shape[1:3], pool_size, stride, padding)
    rows, columns = (matrix.astype(x.dtype) for matrix in map(blur_matrix, *geo))
    return _apply(rows, columns, x), (rows, columns)


def blur_matrix(size, pool_size, stride, pads, out):
    """The blur along one axis as a matrix (out, size): row i holds the weights of window i; the sum of a row is 1.

    >>> blur_matrix(size=5, pool_size=3, stride=2, pads=(1, 1), out=3) * 12
    array([[8., 4., 0., 0., 0.],
           [0., 3., 6., 3., 0.],
           [0., 0., 0., 4., 8.]])
    """
    matrix = np.zeros((out, sum(pads) + size))
    weights = binomial_weights((1, pool_size))[0]
    for i, row in enumerate(matrix):
        row[i * stride : i * stride + pool_size] = weights
    matrix = matrix[:, pads[0] : pads[0] + size]  # padding is not counted
    return matrix / matrix.sum(axis=1, keepdims=True)


def blur_pool2d_backward(dy, cache):
    """The gradient of `blur_pool2d`: each window deals its `dy` out to its pixels, by weight.

    Parameters
    ----------
    dy : ndarray, shape (N, OH, OW, C)

    Returns
    -------
    dx : ndarray, shape (N, H, W, C)

    >>> y, cache = blur_pool2d(np.zeros((1, 3, 3, 1)), padding="valid")
    >>> blur_pool2d_backward(np.full_like(y, 16.0), cache)[0, :, :, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    rows, columns = cache
    dy = float_array(dy, "dy", "NHWC")
    dy = same_shape(dy, "dy", (len(dy), len(rows), len(columns), dy.shape[3]))
    return _apply(rows.T, columns.T, dy)


def _apply(rows, columns, x):
    """rows (OH, H), columns (OW, W), x (N, H, W, C) -> (N, OH, OW, C)"""
    N, H, W, C = x.shape
    shorter = rows @ x.reshape(N, H, W * C)  # (OH, H) times (N, H, W*C) -> (N, OH, W*C)
    return columns @ shorter.reshape(N, len(rows), W, C)  # (OW, W) times (N, OH, W, C) -> (N, OH, OW, C)
