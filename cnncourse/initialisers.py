"""Where the weights start from (chapter ch05_layers).

A unit adds up ``fan_in`` products. If the weights have variance ``1 / fan_in``, the sum varies as much as the inputs
do. With half of that variance each layer halves the signal's variance, and after twenty layers a thousandth of its
size is left. The gradients, on their way back, ask the same of ``fan_out``.

Glorot and Bengio take the mean of the two fans. He et al. double the variance, because `relu` throws half of the signal
away. Zeros would be useless: units that start equal get equal gradients and stay equal.

The normals here are plain, as in the papers. Those of Keras are cut off at two standard deviations and widened to the
same variance, so the variances agree, and only the tails tell them apart.
"""

import math

import numpy as np

from cnncourse.arguments import generator, whole_number


def fans(shape):
    """How many numbers a unit takes in, and how many units a number goes out to.

    Parameters
    ----------
    shape : of a dense kernel (in, out), or of a convolution's, (KH, KW, C, F) in 2-D

    Returns
    -------
    (fan_in, fan_out). For a convolution: the taps of the kernel times C, and the taps times F. (With a stride a pixel
    goes out to fewer.)

    >>> fans((784, 10)), fans((3, 5, 8, 16))
    ((784, 10), (120, 240))
    """
    if np.ndim(shape) != 1 or len(shape) < 2:
        raise ValueError(f"shape is {shape!r}, but (in, out) or (KH, KW, C, F) is needed; biases start from zeros")
    *taps, inputs, outputs = (whole_number(size, "each size in shape") for size in shape)
    return math.prod(taps) * inputs, math.prod(taps) * outputs


def glorot_uniform(shape, rng, dtype=np.float32):
    """Uniform in ``+-sqrt(6 / (fan_in + fan_out))`` (Glorot and Bengio, 2010, AISTATS, equation 16); Keras's default.

    >>> glorot_uniform((2, 3), np.random.default_rng(0)).round(2)
    array([[ 0.3 , -0.5 , -1.01],
           [-1.06,  0.69,  0.9 ]], dtype=float32)
    """
    return _uniform(shape, 2 / sum(fans(shape)), rng, dtype)


def glorot_normal(shape, rng, dtype=np.float32):
    """Normal with the variance of `glorot_uniform`, ``2 / (fan_in + fan_out)``.

    >>> glorot_normal((100, 300), np.random.default_rng(0)).std().round(3)  # sqrt(1 / 200)
    np.float32(0.071)
    """
    return _normal(shape, 2 / sum(fans(shape)), rng, dtype)


def he_uniform(shape, rng, dtype=np.float32):
    """Uniform in ``+-sqrt(6 / fan_in)``: the variance of `he_normal`.

    >>> w = he_uniform((3, 3, 6, 32), np.random.default_rng(0))
    >>> abs(w).max().round(3)  # sqrt(6 / 54)
    np.float32(0.333)
    """
    return _uniform(shape, 2 / fans(shape)[0], rng, dtype)


def he_normal(shape, rng, dtype=np.float32):
    """Normal with variance ``2 / fan_in``, for layers before `relu` (He et al., 2015, arXiv:1502.01852, equation 10).

    >>> he_normal((200, 300), np.random.default_rng(0)).std().round(3)  # sqrt(2 / 200)
    np.float32(0.1)
    """
    return _normal(shape, 2 / fans(shape)[0], rng, dtype)


def _uniform(shape, variance, rng, dtype):
    limit = math.sqrt(3 * variance)  # a uniform number in +-limit has variance limit**2 / 3
    return generator(rng).uniform(-limit, limit, shape).astype(_float_type(dtype))


def _normal(shape, variance, rng, dtype):
    return generator(rng).normal(0, math.sqrt(variance), shape).astype(_float_type(dtype))


def _float_type(dtype):
    if dtype not in (np.float32, np.float64, "float32", "float64"):
        raise ValueError(f"dtype is {dtype!r}, but float32 or float64 is needed")
    return dtype
