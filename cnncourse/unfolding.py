"""Windows into an image, as a view and as a matrix (chapter ch02_convolution).

Convolution and pooling both look at windows. `windows` shows them all without copying a number; `im2col` lays each
one out as a row of a matrix, so that a convolution becomes one matrix product; `col2im` is its transpose: it adds every
row back to where it was taken from, which is what a gradient does on its way back to the input.

Nothing here is bound to two dimensions. The comments write the shapes with the letters of 2-D.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnncourse.arguments import per_axis, same_shape
from cnncourse.shapes import conv_output_size, pad_amounts


def pad(x, pads, value=0):
    """Put `value` around the image axes of `x`; `pads` holds (before, after) for each axis between N and C.

    >>> pad(np.ones((1, 2, 2, 1)), ((1, 0), (0, 1)))[0, :, :, 0]
    array([[0., 0., 0.],
           [1., 1., 0.],
           [1., 1., 0.]])
    """
    return np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=value)


def crop(x, pads):
    """Take away what `pad` has put around `x`. (The slice ``[p:-p]`` would be empty for p = 0.)

    >>> crop(np.zeros((1, 6, 6, 1)), ((1, 0), (0, 2))).shape
    (1, 5, 4, 1)
    """
    inner = tuple(slice(before, size - after) for (before, after), size in zip(pads, x.shape[1:-1]))
    return x[:, *inner]


def windows(x, kernel_size, stride=1, dilation=1):
    """Every window of `x`, as a read-only view.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C), padded already.

    Returns
    -------
    ndarray, shape (N, OH, OW, C, KH, KW)

    >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
    >>> windows(x, (2, 2))[0, 1, 2, 0]  # row 1, column 2
    array([[ 6.,  7.],
           [10., 11.]])
    """
    rank = x.ndim - 2
    kernel_size, stride = per_axis(kernel_size, rank, "kernel_size"), per_axis(stride, rank, "stride")
    dilation = per_axis(dilation, rank, "dilation")
    conv_output_size(x.shape[1:-1], kernel_size, stride, 0, dilation)  # raises where no window fits
    spans = tuple(d * (k - 1) + 1 for k, d in zip(kernel_size, dilation))
    places = sliding_window_view(x, spans, axis=tuple(range(1, rank + 1)))  # all of them, with what is in the holes
    steps = tuple(slice(None, None, s) for s in stride)
    taps = tuple(slice(None, None, d) for d in dilation)
    return places[:, *steps, :, *taps]


def im2col(x, kernel_size, stride=1, padding="valid", dilation=1):
    """Each window of `x` as one row.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)

    Returns
    -------
    ndarray, shape (N * OH * OW, KH * KW * C); the columns run as a kernel's weights do:
        row by row, tap by tap, and for each tap channel by channel.

    >>> im2col(np.arange(9.0).reshape(1, 3, 3, 1), (2, 2))
    array([[0., 1., 3., 4.],
           [1., 2., 4., 5.],
           [3., 4., 6., 7.],
           [4., 5., 7., 8.]])
    """
    rank = x.ndim - 2
    kernel_size = per_axis(kernel_size, rank, "kernel_size")
    view = windows(
        pad(x, pad_amounts(padding, x.shape[1:-1], kernel_size, stride, dilation)), kernel_size, stride, dilation
    )
    channels_last = np.moveaxis(view, rank + 1, -1)  # (N, OH, OW, C, KH, KW) -> (N, OH, OW, KH, KW, C)
    rows = int(np.prod(view.shape[: rank + 1]))
    return channels_last.reshape(rows, int(np.prod(kernel_size)) * x.shape[-1])


def col2im(columns, shape, kernel_size, stride=1, padding="valid", dilation=1):
    """The transpose of `im2col`: add each row back to the pixels of its window, so that overlaps accumulate.

    Parameters
    ----------
    columns : ndarray, shape (N * OH * OW, KH * KW * C)
    shape : the shape (N, H, W, C) of the image that the windows were taken from.

    Returns
    -------
    ndarray, shape (N, H, W, C)

    >>> image = np.ones((1, 3, 3, 1))
    >>> col2im(im2col(image, (2, 2)), image.shape, (2, 2))[0, :, :, 0]  # in how many windows is each pixel?
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    batch, *size, channels = shape
    rank = len(size)
    kernel_size, stride = per_axis(kernel_size, rank, "kernel_size"), per_axis(stride, rank, "stride")
    dilation = per_axis(dilation, rank, "dilation")
    pads = pad_amounts(padding, size, kernel_size, stride, dilation)
    out = conv_output_size(tuple(size), kernel_size, stride, pads, dilation)
    same_shape(columns, "columns", (batch * int(np.prod(out)), int(np.prod(kernel_size)) * channels))
    taps = columns.reshape(batch, *out, *kernel_size, channels)  # (N*OH*OW, KH*KW*C) -> (N, OH, OW, KH, KW, C)
    x = np.zeros((batch, *(n + sum(p) for n, p in zip(size, pads)), channels), columns.dtype)
    everywhere = (slice(None),) * (rank + 1)
    for offset in np.ndindex(*kernel_size):
        x[:, *tap_slices(offset, out, stride, dilation)] += taps[*everywhere, *offset]
    return crop(x, pads)


def tap_slices(offset, out, stride, dilation):
    """Where in the padded image one tap of the kernel lies, over all windows: a slice for each axis.

    >>> tap_slices((1,), out=(4,), stride=(2,), dilation=(1,))
    (slice(1, 8, 2),)
    """
    first = [o * d for o, d in zip(offset, dilation)]
    return tuple(slice(f, f + s * (n - 1) + 1, s) for f, n, s in zip(first, out, stride))
