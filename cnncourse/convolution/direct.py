"""Convolution, from one kernel on one image to a layer's forward and backward pass (chapter ch02_convolution).

What deep learning calls a convolution is a cross-correlation: the kernel slides over the image as it stands. True
convolution turns it by 180 degrees first. Here `convolve` is the true one, and everything else correlates.

Read from the top: one image (`correlate`), then batches, channels and filters by the definition (`conv2d_loops`), then
the same numbers from one matrix product (`conv2d`), then the gradients. Images are (N, H, W, C), kernels
(KH, KW, C, F), results (N, OH, OW, F). With `groups` = G the channels are dealt into G equal parts that do not see each
other; the kernel is then (KH, KW, C / G, F).
"""

from typing import NamedTuple

import numpy as np

from cnncourse.arguments import float_array, per_axis, same_shape, whole_number
from cnncourse.shapes import conv_output_size, pad_amounts
from cnncourse.unfolding import col2im, crop, im2col, pad, windows

# --- one image, one kernel -------------------------------------------------------------------------------------------


def correlate(image, kernel, stride=1, padding="valid", dilation=1):
    """Slide a kernel over one signal, image or volume, and sum the products at each place.

    Parameters
    ----------
    image, kernel : arrays of numbers with the same number of axes (1, 2 or 3); no batch, no channels.

    Returns
    -------
    ndarray of float

    >>> correlate([1, 2, 4, 7, 11], [-1, 1])  # how much does each step climb?
    array([1., 2., 3., 4.])
    >>> correlate(np.eye(3), [[1, 2], [3, 4]])
    array([[5., 3.],
           [2., 5.]])
    """
    image, kernel = np.asarray(image), np.asarray(kernel)
    if image.ndim != kernel.ndim or image.ndim not in (1, 2, 3):
        raise ValueError(f"image is {image.ndim}-D and kernel {kernel.ndim}-D, but both must be 1-D, 2-D or 3-D alike")
    kind = np.float32 if image.dtype == kernel.dtype == np.float32 else np.float64  # whole numbers become floats
    pads = pad_amounts(padding, image.shape, kernel.shape, stride, dilation)
    view = windows(pad(image.astype(kind)[None, ..., None], pads), kernel.shape, stride, dilation)
    view = view.squeeze((0, kernel.ndim + 1))  # (1, OH, OW, 1, KH, KW) -> (OH, OW, KH, KW)
    return np.tensordot(view, kernel.astype(kind), axes=kernel.ndim)


def convolve(image, kernel, stride=1, padding="valid", dilation=1):
    """True convolution: `correlate` with the kernel reversed along every axis (in 2-D, turned by 180 degrees).

    With `padding="full"` image and kernel may change places.

    >>> convolve([1, 2, 4, 7, 11], [-1, 1])
    array([-1., -2., -3., -4.])
    >>> convolve([1, 1], [1, 2, 1], padding="full")  # multiplies polynomials: (1 + t)(1 + 2t + t^2)
    array([1., 3., 3., 1.])
    """
    return correlate(image, np.flip(np.asarray(kernel)), stride, padding, dilation)


# --- batches, channels, filters: the definition ----------------------------------------------------------------------


class Geometry(NamedTuple):
    """What a convolution's arguments come to: one entry for each image axis, and the sizes."""

    kernel_size: tuple
    stride: tuple
    dilation: tuple
    pads: tuple
    out: tuple
    groups: int


def geometry(x, w, b, stride, padding, dilation, groups):
    """Check the arguments of a convolution against each other and work out its sizes.

    >>> x, w = np.zeros((1, 7, 9, 2)), np.zeros((3, 3, 2, 4))
    >>> geometry(x, w, None, stride=2, padding=1, dilation=1, groups=1).out
    (4, 5)
    """
    rank = x.ndim - 2
    stride, dilation = per_axis(stride, rank, "stride"), per_axis(dilation, rank, "dilation")
    groups = whole_number(groups, "groups")
    *kernel_size, channels, filters = w.shape
    if x.shape[-1] % groups or filters % groups:
        raise ValueError(
            f"groups is {groups}, which must divide both C = {x.shape[-1]} channels and F = {filters} filters"
        )
    if x.shape[-1] != channels * groups:
        of_a_group = f" in each of {groups} groups" if groups > 1 else ""
        raise ValueError(
            f"x has {x.shape[-1]} channels but the kernel, of shape {w.shape}, takes {channels}{of_a_group}: "
            f"a kernel of shape {(*kernel_size, x.shape[-1] // groups, filters)} would do"
        )
    if b is not None:
        same_shape(b, "b", (filters,))
    pads = pad_amounts(padding, x.shape[1:-1], kernel_size, stride, dilation)
    out = conv_output_size(x.shape[1:-1], kernel_size, stride, pads, dilation)
    return Geometry(tuple(kernel_size), stride, dilation, pads, out, groups)


def conv2d_loops(x, w, b=None, stride=1, padding="valid", dilation=1, groups=1):
    """The definition of a 2-D convolution, one multiplication at a time: slow, and the last word on what is right.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    w : ndarray, shape (KH, KW, C / groups, F)
    b : ndarray, shape (F,), or None

    Returns
    -------
    ndarray, shape (N, OH, OW, F)

    >>> x, w = np.ones((1, 3, 3, 2)), np.ones((2, 2, 2, 1))
    >>> conv2d_loops(x, w)[0, :, :, 0]
    array([[8., 8.],
           [8., 8.]])
    """
    x, w = float_array(x, "x", "NHWC"), float_array(w, "w", ("KH", "KW", "C", "F"))
    geo = geometry(x, w, b, stride, padding, dilation, groups)
    xp = pad(x, geo.pads)
    (KH, KW, channels, F), N, (OH, OW) = w.shape, x.shape[0], geo.out  # channels = C / groups: what one filter sees
    y = np.zeros((N, OH, OW, F), np.result_type(x, w))
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                for f in range(F):
                    first_channel = f // (F // groups) * channels  # of the group that this filter belongs to
                    total = 0.0 if b is None else b[f]
                    for u in range(KH):
                        for v in range(KW):
                            for c in range(channels):
                                row = i * geo.stride[0] + u * geo.dilation[0]
                                column = j * geo.stride[1] + v * geo.dilation[1]
                                total += xp[n, row, column, first_channel + c] * w[u, v, c, f]
                    y[n, i, j, f] = total
    return y


def conv1d_loops(x, w, b=None, stride=1, padding="valid", dilation=1, groups=1):
    """A 1-D convolution is a 2-D one on an image one pixel high: x (N, W, C), w (KW, C / groups, F) -> (N, OW, F).

    >>> conv1d_loops(np.array([[[1.0], [2.0], [4.0]]]), np.array([[[-1.0]], [[1.0]]]))[0, :, 0]
    array([1., 2.])
    """
    x, w = float_array(x, "x", "NWC"), float_array(w, "w", ("KW", "C", "F"))
    stride, dilation = per_axis(stride, 1, "stride"), per_axis(dilation, 1, "dilation")
    pads = pad_amounts(padding, x.shape[1:2], w.shape[:1], stride, dilation)
    return conv2d_loops(x[:, None], w[None], b, (1, *stride), ((0, 0), *pads), (1, *dilation), groups)[:, 0]


def conv3d_loops(x, w, b=None, stride=1, padding="valid", dilation=1, groups=1):
    """A 3-D convolution is a sum of 2-D ones: x (N, D, H, W, C), w (KD, KH, KW, C / groups, F) -> (N, OD, OH, OW, F).

    >>> conv3d_loops(np.ones((1, 2, 2, 2, 1)), np.ones((2, 2, 2, 1, 1))).item()
    8.0
    """
    x, w = float_array(x, "x", "NDHWC"), float_array(w, "w", ("KD", "KH", "KW", "C", "F"))
    geo = geometry(x, w, b, stride, padding, dilation, groups)
    xp = pad(x, (geo.pads[0], (0, 0), (0, 0)))
    N, (OD, OH, OW), F = x.shape[0], geo.out, w.shape[-1]
    y = np.zeros((N, OD, OH, OW, F), np.result_type(x, w)) + (0 if b is None else b)
    for i in range(OD):
        for u in range(w.shape[0]):
            plane = xp[:, i * geo.stride[0] + u * geo.dilation[0]]
            y[:, i] += conv2d_loops(plane, w[u], None, geo.stride[1:], geo.pads[1:], geo.dilation[1:], groups)
    return y


# --- the same numbers from one matrix product ------------------------------------------------------------------------


def conv1d(x, w, b=None, stride=1, padding="valid", dilation=1, groups=1):
    """1-D convolution: x (N, W, C), w (KW, C / groups, F) -> y (N, OW, F), cache.

    >>> y, cache = conv1d(np.ones((2, 10, 3)), np.ones((4, 3, 5)), stride=2)
    >>> y.shape
    (2, 4, 5)
    """
    return _conv(
        float_array(x, "x", "NWC"), float_array(w, "w", ("KW", "C", "F")), b, stride, padding, dilation, groups
    )


def conv2d(x, w, b=None, stride=1, padding="valid", dilation=1, groups=1):
    """2-D convolution.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    w : ndarray, shape (KH, KW, C / groups, F)
    b : ndarray, shape (F,), or None
    stride, dilation : int, or one for each of height and width
    padding : "valid", "same", "full", int, or ((top, bottom), (left, right))

    Returns
    -------
    y : ndarray, shape (N, OH, OW, F)
    cache : what `conv_backward` needs

    >>> y, cache = conv2d(np.ones((1, 28, 28, 3)), np.ones((3, 3, 3, 8)), padding="same")
    >>> y.shape
    (1, 28, 28, 8)
    >>> y[0, 14, 14, 0].item(), y[0, 0, 0, 0].item()  # in the corner five of nine taps lie on padding
    (27.0, 12.0)
    """
    return _conv(
        float_array(x, "x", "NHWC"), float_array(w, "w", ("KH", "KW", "C", "F")), b, stride, padding, dilation, groups
    )


def conv3d(x, w, b=None, stride=1, padding="valid", dilation=1, groups=1):
    """3-D convolution: x (N, D, H, W, C), w (KD, KH, KW, C / groups, F) -> y (N, OD, OH, OW, F), cache.

    >>> y, cache = conv3d(np.ones((1, 8, 8, 8, 1)), np.ones((3, 3, 3, 1, 2)))
    >>> y.shape
    (1, 6, 6, 6, 2)
    """
    x, w = float_array(x, "x", "NDHWC"), float_array(w, "w", ("KD", "KH", "KW", "C", "F"))
    return _conv(x, w, b, stride, padding, dilation, groups)


def _conv(x, w, b, stride, padding, dilation, groups):
    """Lay the windows out as rows, multiply by the filters as columns, fold the rows back into images.

    With one group that is ``columns @ w``; with G, both are dealt into G stacks, which matmul multiplies one by one.
    """
    geo = geometry(x, w, b, stride, padding, dilation, groups)
    columns = im2col(x, geo.kernel_size, geo.stride, geo.pads, geo.dilation)  # (N*OH*OW, KH*KW*C)
    columns = _split_channels(columns, geo)  # (G, N*OH*OW, KH*KW*C/G)
    weights = _split_filters(w.reshape(-1, w.shape[-1]), groups)  # (G, KH*KW*C/G, F/G)
    y = _join_filters(columns @ weights)  # (N*OH*OW, F)
    if b is not None:
        y += b
    return y.reshape(x.shape[0], *geo.out, w.shape[-1]), (x.shape, columns, w, b, geo)


def conv_backward(dy, cache):
    """The gradients of `conv1d`, `conv2d` and `conv3d`.

    Forward was one matrix product, so backward is two: the weights' gradient is what each tap has seen times what
    came back, and the input's gradient sends each `dy` back through the weights to the pixels of its window.

    Parameters
    ----------
    dy : ndarray, shape (N, OH, OW, F)

    Returns
    -------
    dx : ndarray, shape (N, H, W, C)
    dw : ndarray, shape (KH, KW, C / groups, F)
    db : ndarray, shape (F,), or None where there was no bias

    >>> y, cache = conv2d(np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1)), np.zeros(1))
    >>> dx, dw, db = conv_backward(np.ones_like(y), cache)
    >>> dx[0, :, :, 0]  # the middle pixel was in four windows
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    shape, columns, w, b, geo = cache
    dy = same_shape(dy, "dy", (shape[0], *geo.out, w.shape[-1])).reshape(-1, w.shape[-1])  # (N*OH*OW, F)
    dy_parts = _split_filters(dy, geo.groups)  # (G, N*OH*OW, F/G)
    weights = _split_filters(w.reshape(-1, w.shape[-1]), geo.groups)  # (G, KH*KW*C/G, F/G)
    dw = _join_filters(columns.swapaxes(1, 2) @ dy_parts).reshape(w.shape)  # (KH*KW*C/G, F) -> (KH, KW, C/G, F)
    dcolumns = _join_channels(dy_parts @ weights.swapaxes(1, 2), geo)  # (N*OH*OW, KH*KW*C)
    dx = col2im(dcolumns, shape, geo.kernel_size, geo.stride, geo.pads, geo.dilation)
    return dx, dw, None if b is None else dy.sum(axis=0)


def conv2d_backward_loops(dy, x, w, stride=1, padding="valid", dilation=1, groups=1):
    """The definition of the gradients: whatever was multiplied on the way forward is multiplied on the way back.

    Every product ``x * w`` that went into ``y`` gives ``dy * w`` to that x and ``dy * x`` to that w. All of it
    adds up: a pixel lies in many windows, and a weight is used at every place.

    >>> dy, x, w = np.ones((1, 1, 1, 1)), np.full((1, 1, 1, 1), 3.0), np.full((1, 1, 1, 1), 5.0)
    >>> dx, dw, db = conv2d_backward_loops(dy, x, w)
    >>> dx.item(), dw.item(), db.item()
    (5.0, 3.0, 1.0)
    """
    x, w = float_array(x, "x", "NHWC"), float_array(w, "w", ("KH", "KW", "C", "F"))
    geo = geometry(x, w, None, stride, padding, dilation, groups)
    (_, _, channels, F), (OH, OW) = w.shape, geo.out
    dy = same_shape(dy, "dy", (x.shape[0], OH, OW, F))
    xp = pad(x, geo.pads)
    dxp, dw, db = np.zeros_like(xp), np.zeros_like(w), np.zeros(F, w.dtype)
    for n, i, j, f in np.ndindex(x.shape[0], OH, OW, F):
        first_channel = f // (F // groups) * channels
        db[f] += dy[n, i, j, f]
        for u, v, c in np.ndindex(*w.shape[:3]):
            pixel = (
                n,
                i * geo.stride[0] + u * geo.dilation[0],
                j * geo.stride[1] + v * geo.dilation[1],
                first_channel + c,
            )
            dxp[pixel] += dy[n, i, j, f] * w[u, v, c, f]
            dw[u, v, c, f] += dy[n, i, j, f] * xp[pixel]
    return crop(dxp, geo.pads), dw, db


# --- groups: the channels of a matrix are dealt into G stacks, and matmul treats each stack on its own ---------------


def _split_channels(columns, geo):
    """(rows, KH*KW*C) -> (G, rows, KH*KW*C/G)"""
    rows, taps = columns.shape[0], int(np.prod(geo.kernel_size))
    dealt = columns.reshape(rows, taps, geo.groups, columns.shape[1] // (taps * geo.groups))
    return dealt.transpose(2, 0, 1, 3).reshape(geo.groups, rows, columns.shape[1] // geo.groups)


def _join_channels(parts, geo):
    """(G, rows, KH*KW*C/G) -> (rows, KH*KW*C)"""
    groups, rows, width = parts.shape
    taps = int(np.prod(geo.kernel_size))
    return parts.reshape(groups, rows, taps, width // taps).transpose(1, 2, 0, 3).reshape(rows, groups * width)


def _split_filters(matrix, groups):
    """(rows, F) -> (G, rows, F/G)"""
    return matrix.reshape(matrix.shape[0], groups, matrix.shape[1] // groups).transpose(1, 0, 2)


def _join_filters(parts):
    """(G, rows, F/G) -> (rows, F)"""
    return parts.transpose(1, 0, 2).reshape(parts.shape[1], parts.shape[0] * parts.shape[2])
