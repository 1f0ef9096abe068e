"""Pooling: one number for each window, the largest or the mean (chapter ch03_pooling).

Pooling looks at each channel on its own and has no weights. It makes the maps smaller, and what it answers moves less
than the image does: the maximum of a window does not say where in the window it was. Backward needs just that: max
pooling sends the whole gradient to the pixel that won, average pooling deals it out in equal parts.

Padding is not data here. A window that reaches over the edge is judged by the pixels inside the image alone: padding
never wins a maximum, and a mean does not count it. (Padding with zeros instead would let a 0 win over negative values,
and would darken the border of a mean.)

The definitions (`..._loops`) cut each window to the image and go from window to window. The fast forms go from tap to
tap: tap (u, v) of all windows at once is one strided slice of the image.
"""

from typing import NamedTuple

import numpy as np

from cnncourse.arguments import float_array, per_axis, same_shape
from cnncourse.shapes import conv_output_size, pad_amounts
from cnncourse.unfolding import crop, pad, tap_slices


class PoolGeometry(NamedTuple):
    """What the arguments of a pooling come to: one entry for height and one for width."""

    size: tuple
    pool_size: tuple
    stride: tuple
    pads: tuple
    out: tuple

    def taps(self):
        """For each tap, in row-major order, where it lies in the padded image: slices for the axes N, H, W."""
        for offset in np.ndindex(*self.pool_size):
            yield (slice(None), *tap_slices(offset, self.out, self.stride, (1, 1)))

    def inside(self, i, j):
        """The part of window (i, j) that lies in the image: a slice of the rows and one of the columns."""
        starts = [place * s - before for place, s, (before, _) in zip((i, j), self.stride, self.pads)]
        return tuple(slice(max(a, 0), min(a + k, n)) for a, k, n in zip(starts, self.pool_size, self.size))

    def pixels(self):
        """Where the padded image holds pixels and not padding, shape (1, padded H, padded W, 1)."""
        return pad(np.ones((1, *self.size, 1), bool), self.pads, False)

    def padded_zeros(self, dy):
        """Room for the gradient of the padded image, in the batch, the channels and the dtype of `dy`."""
        padded = (n + sum(pair) for n, pair in zip(self.size, self.pads))
        return np.zeros((dy.shape[0], *padded, dy.shape[3]), dy.dtype)


def pool_geometry(size, pool_size=2, stride=None, padding="valid"):
    """Work out the windows of a pooling over images of `size` (H, W).

    >>> pool_geometry((7, 9), pool_size=2).out  # the last row and the last column are in no window
    (3, 4)
    >>> pool_geometry((7, 9), pool_size=2, padding="same").out
    (4, 5)
    """
    pool_size = per_axis(pool_size, 2, "pool_size")
    stride = pool_size if stride is None else per_axis(stride, 2, "stride")
    pads = pad_amounts(padding, size, pool_size, stride)
    if any(max(pair) >= k for pair, k in zip(pads, pool_size)):
        raise ValueError(
            f"padding is {padding!r}, but with pool_size {pool_size} a window could then hold nothing but padding: "
            f"use less than the pool size on each side"
        )
    return PoolGeometry(tuple(size), pool_size, stride, pads, conv_output_size(tuple(size), pool_size, stride, pads))


# --- the largest ------------------------------------------------------------------------------------------------------


def max_pool2d_loops(x, pool_size=2, stride=None, padding="valid"):
    """The definition of max pooling: go from window to window and keep the largest value of each channel.

    >>> max_pool2d_loops(np.array([[1.0, 5.0, 2.0], [3.0, 4.0, 9.0]])[None, :, :, None], stride=1).ravel()
    array([5., 9.])
    """
    x = float_array(x, "x", "NHWC")
    geo = pool_geometry(x.shape[1:3], pool_size, stride, padding)
    y = np.zeros((x.shape[0], *geo.out, x.shape[3]), x.dtype)
    for n, i, j, c in np.ndindex(*y.shape):
        rows, columns = geo.inside(i, j)
        y[n, i, j, c] = x[n, rows, columns, c].max()
    return y


def max_pool2d(x, pool_size=2, stride=None, padding="valid"):
    """Max pooling.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    pool_size : int, or (KH, KW)
    stride : int, one for each of height and width, or None for windows side by side (the pool size)
    padding : "valid", "same", "full", int, or ((top, bottom), (left, right)); it counts as minus infinity

    Returns
    -------
    y : ndarray, shape (N, OH, OW, C); NaN where the window holds a NaN
    cache : what `max_pool2d_backward` needs: which tap won

    >>> x = np.array([[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 9.0, 9.0]])[None, :, :, None]
    >>> y, cache = max_pool2d(x, pool_size=2)
    >>> y[0, :, :, 0]
    array([[5., 9.]])
    """
    x = float_array(x, "x", "NHWC")
    geo = pool_geometry(x.shape[1:3], pool_size, stride, padding)
    xp, pixels = pad(x, geo.pads, -np.inf), geo.pixels()
    y = np.full((x.shape[0], *geo.out, x.shape[3]), -np.inf, x.dtype)
    for at in geo.taps():
        np.maximum(y, xp[at], out=y)
    winner = np.zeros(y.shape, np.min_scalar_type(int(np.prod(geo.pool_size))))
    # From the last tap to the first, so that of several equal values the first has the last word. A pixel may itself
    # be minus infinity, so equality alone would let padding win.
    for tap, at in reversed(list(enumerate(geo.taps()))):
        cell = xp[at]
        winner[((cell == y) | np.isnan(cell)) & pixels[at]] = tap
    return y, (winner, geo)


def max_pool2d_backward(dy, cache):
    """The gradient of `max_pool2d`: each window gives its `dy` to the pixel that won, and nothing to the others.

    Where a window holds its maximum several times, the first in row-major order gets it all, as in TensorFlow. (Sharing
    would be as right: at a tie there is no derivative.) A pixel that won in several windows gets the sum.

    Parameters
    ----------
    dy : ndarray, shape (N, OH, OW, C)

    Returns
    -------
    dx : ndarray, shape (N, H, W, C)

    >>> x = np.array([[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 9.0, 9.0]])[None, :, :, None]
    >>> y, cache = max_pool2d(x, pool_size=2, stride=1)
    >>> max_pool2d_backward(np.ones_like(y), cache)[0, :, :, 0]  # the first 9 won twice
    array([[0., 1., 0., 0.],
           [0., 0., 2., 0.]])
    """
    winner, geo = cache
    dy = same_shape(dy, "dy", winner.shape)
    dxp = geo.padded_zeros(dy)
    for tap, at in enumerate(geo.taps()):
        dxp[at] += np.where(winner == tap, dy, 0)
    return crop(dxp, geo.pads)


def max_pool2d_backward_loops(dy, x, pool_size=2, stride=None, padding="valid"):
    """The definition of max pooling's gradient, window by window; `argmax` returns the first of several maxima.

    >>> max_pool2d_backward_loops(np.full((1, 1, 1, 1), 3.0), np.ones((1, 2, 2, 1)))[0, :, :, 0]
    array([[3., 0.],
           [0., 0.]])
    """
    geo = pool_geometry(x.shape[1:3], pool_size, stride, padding)
    dx = np.zeros_like(dy, shape=x.shape)
    for n, i, j, c in np.ndindex(*dy.shape):
        window = (n, *geo.inside(i, j), c)
        row, column = np.unravel_index(x[window].argmax(), x[window].shape)
        dx[window][row, column] += dy[n, i, j, c]
    return dx


# --- the mean ---------------------------------------------------------------------------------------------------------


def avg_pool2d_loops(x, pool_size=2, stride=None, padding="valid"):
    """The definition of average pooling: the mean of the part of each window that lies in the image.

    >>> avg_pool2d_loops(np.array([[1.0, 2.0, 6.0]])[None, :, :, None], (1, 2), padding="same").ravel()
    array([1.5, 6. ])
    """
    x = float_array(x, "x", "NHWC")
    geo = pool_geometry(x.shape[1:3], pool_size, stride, padding)
    y = np.zeros((x.shape[0], *geo.out, x.shape[3]), x.dtype)
    for n, i, j, c in np.ndindex(*y.shape):
        rows, columns = geo.inside(i, j)
        y[n, i, j, c] = x[n, rows, columns, c].mean()
    return y


def avg_pool2d(x, pool_size=2, stride=None, padding="valid"):
    """Average pooling. Padding is not counted, as in Keras.

    Parameters
    ----------
    x, pool_size, stride, padding : see `max_pool2d`.

    Returns
    -------
    y : ndarray, shape (N, OH, OW, C)
    cache : what `avg_pool2d_backward` needs

    >>> y, cache = avg_pool2d(np.array([[1.0, 3.0, 6.0], [5.0, 7.0, 8.0]])[None, :, :, None], padding="same")
    >>> y[0, :, :, 0]  # the second window has two pixels in the image
    array([[4., 7.]])
    """
    x = float_array(x, "x", "NHWC")
    geo = pool_geometry(x.shape[1:3], pool_size, stride, padding)
    xp, pixels = pad(x, geo.pads), geo.pixels()
    y = np.zeros((x.shape[0], *geo.out, x.shape[3]), x.dtype)
    counts = np.zeros((1, *geo.out, 1), x.dtype)
    for at in geo.taps():
        y += xp[at]
        counts += pixels[at]
    y /= counts
    return y, (y.shape, counts, geo)


def avg_pool2d_backward(dy, cache):
    """The gradient of `avg_pool2d`: each window deals its `dy` out to its pixels in equal parts.

    Parameters
    ----------
    dy : ndarray, shape (N, OH, OW, C)

    Returns
    -------
    dx : ndarray, shape (N, H, W, C)

    >>> y, cache = avg_pool2d(np.zeros((1, 2, 3, 1)), padding="same")
    >>> avg_pool2d_backward(np.ones_like(y), cache)[0, :, :, 0]
    array([[0.25, 0.25, 0.5 ],
           [0.25, 0.25, 0.5 ]])
    """
    shape, counts, geo = cache
    share = same_shape(dy, "dy", shape) / counts
    dxp = geo.padded_zeros(share)
    for at in geo.taps():
        dxp[at] += share
    return crop(dxp, geo.pads)


# --- one window, the whole map ----------------------------------------------------------------------------------------


def global_max_pool2d(x):
    """The largest value of each channel: x (N, H, W, C) -> y (N, C), cache.

    >>> y, cache = global_max_pool2d(np.array([[1.0, 5.0], [3.0, 4.0]])[None, :, :, None])
    >>> y
    array([[5.]])
    """
    flat, shape = _flat_maps(x)
    winner = flat.argmax(axis=1, keepdims=True)  # (N, H*W, C) -> (N, 1, C); the first NaN, where there is one
    return np.take_along_axis(flat, winner, axis=1)[:, 0], (shape, winner)


def global_max_pool2d_backward(dy, cache):
    """The gradient of `global_max_pool2d`: dy (N, C) goes to the pixel that won, dx (N, H, W, C).

    Of several equal maxima the first gets it all, as in `max_pool2d`. (Keras's GlobalMaxPooling2D is a plain maximum
    over two axes, and TensorFlow's gradient of that shares equally.)

    >>> y, cache = global_max_pool2d(np.array([[1.0, 5.0], [5.0, 4.0]])[None, :, :, None])
    >>> global_max_pool2d_backward(np.full((1, 1), 3.0), cache)[0, :, :, 0]
    array([[0., 3.],
           [0., 0.]])
    """
    (N, H, W, C), winner = cache
    dy = same_shape(dy, "dy", (N, C))
    dx = np.zeros((N, H * W, C), dy.dtype)
    np.put_along_axis(dx, winner, dy[:, None], axis=1)
    return dx.reshape(N, H, W, C)


def global_avg_pool2d(x):
    """The mean of each channel: x (N, H, W, C) -> y (N, C), cache.

    >>> y, cache = global_avg_pool2d(np.array([[1.0, 5.0], [3.0, 4.0]])[None, :, :, None])
    >>> y
    array([[3.25]])
    """
    flat, shape = _flat_maps(x)
    return flat.mean(axis=1, dtype=np.float64).astype(flat.dtype), shape  # float32 sums drift over large maps


def global_avg_pool2d_backward(dy, cache):
    """The gradient of `global_avg_pool2d`: dy (N, C) is dealt out equally, dx (N, H, W, C).

    >>> y, cache = global_avg_pool2d(np.zeros((1, 2, 2, 1)))
    >>> global_avg_pool2d_backward(np.ones((1, 1)), cache)[0, :, :, 0]
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    N, H, W, C = cache
    dy = same_shape(dy, "dy", (N, C))
    return np.repeat(dy / (H * W), H * W, axis=0).reshape(N, H, W, C)


def _flat_maps(x):
    """(N, H, W, C) -> (N, H*W, C), and the shape it had"""
    x = float_array(x, "x", "NHWC")
    N, H, W, C = x.shape
    if H * W == 0:
        raise ValueError(f"x has shape {x.shape}: a map of {H}x{W} has no pixel to pool")
    return x.reshape(N, H * W, C), x.shape
