"""Transposed convolution: from few pixels to many (chapter ch02_convolution).

A convolution is a matrix that takes an image to a smaller one. Its transpose goes from the small size to the large one:
each input pixel stamps the kernel, times its value, onto the output, `stride` pixels further for each step, and where
stamps overlap they add up. It is the gradient of a convolution with respect to its input, used as a layer; it does not
undo a convolution, which is why the name "deconvolution" misleads (Dumoulin & Visin, 2016, arXiv:1603.07285).
"""

import numpy as np

from cnncourse.arguments import float_array, same_shape
from cnncourse.convolution.direct import conv2d
from cnncourse.shapes import pad_amounts, transposed_output_size
from cnncourse.unfolding import col2im, im2col


def _geometry(x, w, b, stride, padding, dilation):
    """The output's size, and the padding of the convolution that goes from it back to x."""
    if x.shape[-1] != w.shape[-1]:
        raise ValueError(
            f"x has {x.shape[-1]} channels but the kernel, of shape {w.shape}, takes {w.shape[-1]} (its last axis; "
            "a transposed kernel is (KH, KW, F, C))"
        )
    if b is not None:
        same_shape(b, "b", w.shape[2:3])
    out = transposed_output_size(x.shape[1:3], w.shape[:2], stride, padding, dilation)
    return out, pad_amounts(padding, out, w.shape[:2], stride, dilation)


def transposed_conv2d_loops(x, w, b=None, stride=1, padding="valid", dilation=1):
    """The definition: stamp the kernel for each pixel, then cut the padding off.

    >>> x = np.array([[1.0, 2.0]]).reshape(1, 1, 2, 1)
    >>> transposed_conv2d_loops(x, np.ones((1, 3, 1, 1)), stride=2)[0, 0, :, 0]
    array([1., 1., 3., 2., 2.])
    """
    x, w = float_array(x, "x", "NHWC"), float_array(w, "w", ("KH", "KW", "F", "C"))
    (OH, OW), ((top, bottom), (left, right)) = _geometry(x, w, b, stride, padding, dilation)
    (sh, sw), (dh, dw) = np.broadcast_to(stride, 2), np.broadcast_to(dilation, 2)
    y = np.zeros((len(x), top + OH + bottom, left + OW + right, w.shape[2]), np.result_type(x, w))
    for n, i, j, c in np.ndindex(*x.shape):
        for u, v, f in np.ndindex(*w.shape[:3]):
            y[n, i * sh + u * dh, j * sw + v * dw, f] += x[n, i, j, c] * w[u, v, f, c]
    return y[:, top : top + OH, left : left + OW] + (0 if b is None else b)


def transposed_conv2d(x, w, b=None, stride=1, padding="valid", dilation=1):
    """Transposed 2-D convolution.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    w : ndarray, shape (KH, KW, F, C): the kernel of the convolution that goes the other way, from F to C channels
    b : ndarray, shape (F,), or None
    padding : what that convolution would pad; it is cut off here

    Returns
    -------
    y : ndarray, shape (N, OH, OW, F), sizes by `cnncourse.shapes.transposed_output_size`
    cache

    >>> y, cache = transposed_conv2d(np.ones((1, 5, 7, 8)), np.ones((3, 3, 4, 8)), stride=2, padding="same")
    >>> y.shape
    (1, 10, 14, 4)
    """
    x, w = float_array(x, "x", "NHWC"), float_array(w, "w", ("KH", "KW", "F", "C"))
    out, pads = _geometry(x, w, b, stride, padding, dilation)
    stamps = x.reshape(-1, x.shape[-1]) @ w.reshape(-1, w.shape[-1]).T  # (N*H*W, C) -> (N*H*W, KH*KW*F)
    y = col2im(stamps, (len(x), *out, w.shape[2]), w.shape[:2], stride, pads, dilation)
    return (y if b is None else y + b), (x, w, b, stride, pads, dilation, y.shape)


def transposed_conv2d_backward(dy, cache):
    """The gradients of `transposed_conv2d`: dx (N, H, W, C), dw (KH, KW, F, C), db (F,) or None.

    >>> y, cache = transposed_conv2d(np.ones((1, 2, 2, 1)), np.ones((2, 2, 1, 1)), stride=2)
    >>> dx, dw, db = transposed_conv2d_backward(np.ones_like(y), cache)
    >>> dx.ravel(), dw.ravel()
    (array([4., 4., 4., 4.]), array([4., 4., 4., 4.]))
    """
    x, w, b, stride, pads, dilation, shape = cache
    dy = same_shape(dy, "dy", shape)
    dx, _ = conv2d(dy, w, None, stride, pads, dilation)  # back through the convolution that this is the transpose of
    columns = im2col(dy, w.shape[:2], stride, pads, dilation)  # (N*H*W, KH*KW*F)
    dw = (columns.T @ x.reshape(-1, x.shape[-1])).reshape(w.shape)
    return dx, dw, None if b is None else dy.sum(axis=(0, 1, 2))
