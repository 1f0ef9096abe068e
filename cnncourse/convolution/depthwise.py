"""Convolutions that keep channels apart, and the one that does nothing else than mix them (chapter ch02_convolution).

A convolution does two things at once: it looks around in space, and it mixes the channels. A depthwise convolution
only looks around, each channel with a kernel of its own; a pointwise (1x1) convolution only mixes. One after the other
they are a separable convolution, which costs about KH * KW times less than doing both at once when there are many
filters (Chollet, 2017, arXiv:1610.02357; Howard et al., 2017, arXiv:1704.04861).
"""

import numpy as np

from cnncourse.arguments import float_array, per_axis, same_shape
from cnncourse.convolution.direct import conv2d, conv_backward
from cnncourse.shapes import conv_output_size, pad_amounts
from cnncourse.unfolding import crop, pad, tap_slices


def _depthwise_geometry(x, w, b, stride, padding, dilation):
    KH, KW, C, M = w.shape
    if x.shape[-1] != C:
        raise ValueError(
            f"x has {x.shape[-1]} channels but the depthwise kernel, of shape {w.shape}, has one for each of {C}: "
            f"a kernel of shape {(KH, KW, x.shape[-1], M)} would do"
        )
    if b is not None:
        same_shape(b, "b", (C * M,))
    stride, dilation = per_axis(stride, 2, "stride"), per_axis(dilation, 2, "dilation")
    pads = pad_amounts(padding, x.shape[1:3], (KH, KW), stride, dilation)
    return stride, dilation, pads, conv_output_size(x.shape[1:3], (KH, KW), stride, pads, dilation)


def depthwise_conv2d_loops(x, w, b=None, stride=1, padding="valid", dilation=1):
    """The definition: output channel ``c * M + m`` sees input channel ``c`` alone.

    >>> x = np.stack([np.ones((2, 2)), np.full((2, 2), 5.0)], axis=-1)[None]
    >>> depthwise_conv2d_loops(x, np.ones((2, 2, 2, 1)))
    array([[[[ 4., 20.]]]])
    """
    x, w = float_array(x, "x", "NHWC"), float_array(w, "w", ("KH", "KW", "C", "M"))
    (sh, sw), (dh, dw), pads, (OH, OW) = _depthwise_geometry(x, w, b, stride, padding, dilation)
    xp = pad(x, pads)
    KH, KW, C, M = w.shape
    y = np.zeros((len(x), OH, OW, C * M), np.result_type(x, w))
    for n, i, j, c, m in np.ndindex(len(x), OH, OW, C, M):
        y[n, i, j, c * M + m] = 0 if b is None else b[c * M + m]
        for u, v in np.ndindex(KH, KW):
            y[n, i, j, c * M + m] += xp[n, i * sh + u * dh, j * sw + v * dw, c] * w[u, v, c, m]
    return y


def depthwise_conv2d(x, w, b=None, stride=1, padding="valid", dilation=1):
    """Each channel by itself, with M kernels.

    There is nothing to sum over the channels, so there is no matrix product to make: each tap of the kernel is one
    multiplication of the shifted image.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    w : ndarray, shape (KH, KW, C, M)
    b : ndarray, shape (C * M,), or None

    Returns
    -------
    y : ndarray, shape (N, OH, OW, C * M)
    cache

    >>> y, cache = depthwise_conv2d(np.ones((1, 5, 7, 3)), np.ones((3, 3, 3, 2)))
    >>> y.shape
    (1, 3, 5, 6)
    """
    x, w = float_array(x, "x", "NHWC"), float_array(w, "w", ("KH", "KW", "C", "M"))
    stride, dilation, pads, out = _depthwise_geometry(x, w, b, stride, padding, dilation)
    xp = pad(x, pads)
    y = np.zeros((len(x), *out, *w.shape[2:]), np.result_type(x, w))  # (N, OH, OW, C, M)
    for offset in np.ndindex(*w.shape[:2]):
        y += xp[:, *tap_slices(offset, out, stride, dilation), :, None] * w[offset]
    y = y.reshape(*y.shape[:3], w.shape[2] * w.shape[3])  # (N, OH, OW, C, M) -> (N, OH, OW, C*M)
    if b is not None:
        y += b
    return y, (xp, w, b, stride, dilation, pads, out)


def depthwise_conv2d_backward(dy, cache):
    """The gradients of `depthwise_conv2d`: dx (N, H, W, C), dw (KH, KW, C, M), db (C * M,) or None.

    >>> y, cache = depthwise_conv2d(np.ones((1, 2, 2, 1)), np.full((2, 2, 1, 1), 3.0))
    >>> dx, dw, db = depthwise_conv2d_backward(np.ones_like(y), cache)
    >>> dx[0, :, :, 0], dw.ravel(), db
    (array([[3., 3.],
           [3., 3.]]), array([1., 1., 1., 1.]), None)
    """
    xp, w, b, stride, dilation, pads, out = cache
    dy = same_shape(dy, "dy", (len(xp), *out, w.shape[2] * w.shape[3]))
    db = None if b is None else dy.sum(axis=(0, 1, 2))
    dy = dy.reshape(*dy.shape[:3], *w.shape[2:])  # (N, OH, OW, C*M) -> (N, OH, OW, C, M)
    dxp, dw = np.zeros_like(xp, dtype=dy.dtype), np.zeros_like(w)
    for offset in np.ndindex(*w.shape[:2]):
        seen = (slice(None), *tap_slices(offset, out, stride, dilation))
        dw[offset] = np.einsum("nijc,nijcm->cm", xp[seen], dy)
        dxp[seen] += np.einsum("nijcm,cm->nijc", dy, w[offset])
    return crop(dxp, pads), dw, db


def pointwise_conv2d(x, w, b=None):
    """A 1x1 convolution: the same dense layer at every pixel. w (C, F).

    >>> y, cache = pointwise_conv2d(np.ones((1, 4, 4, 3)), np.ones((3, 2)))
    >>> y.shape
    (1, 4, 4, 2)
    """
    w = float_array(w, "w", "CF")
    return conv2d(x, w[None, None], b)


def pointwise_conv2d_backward(dy, cache):
    """The gradients of `pointwise_conv2d`: dx (N, H, W, C), dw (C, F), db (F,) or None.

    >>> y, cache = pointwise_conv2d(np.ones((1, 4, 4, 3)), np.ones((3, 2)))
    >>> pointwise_conv2d_backward(np.ones_like(y), cache)[1]
    array([[16., 16.],
           [16., 16.],
           [16., 16.]])
    """
    dx, dw, db = conv_backward(dy, cache)
    return dx, dw[0, 0], db


def separable_conv2d(x, depthwise, pointwise, b=None, stride=1, padding="valid", dilation=1):
    """Look around, then mix: a depthwise convolution (KH, KW, C, M), then a pointwise one (C * M, F) with the bias.

    >>> y, cache = separable_conv2d(np.ones((1, 5, 5, 4)), np.ones((3, 3, 4, 1)), np.ones((4, 8)))
    >>> y.shape, y[0, 0, 0, 0].item()
    ((1, 3, 3, 8), 36.0)
    """
    middle, looking = depthwise_conv2d(x, depthwise, None, stride, padding, dilation)
    y, mixing = pointwise_conv2d(middle, pointwise, b)
    return y, (looking, mixing)


def separable_conv2d_backward(dy, cache):
    """The gradients of `separable_conv2d`: dx, d depthwise, d pointwise, db.

    >>> y, cache = separable_conv2d(np.ones((1, 3, 3, 2)), np.ones((3, 3, 2, 1)), np.ones((2, 1)))
    >>> dx, ddepthwise, dpointwise, db = separable_conv2d_backward(np.ones_like(y), cache)
    >>> dpointwise.ravel()
    array([9., 9.])
    """
    looking, mixing = cache
    dmiddle, dpointwise, db = pointwise_conv2d_backward(dy, mixing)
    dx, ddepthwise, _ = depthwise_conv2d_backward(dmiddle, looking)
    return dx, ddepthwise, dpointwise, db
