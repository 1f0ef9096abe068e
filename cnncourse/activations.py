"""Activations: the bends between the layers (chapter ch05_layers).

Two convolutions in a row are one convolution with a larger kernel; only what bends between them makes depth worth its
price. Every activation here but `softmax` works on each number alone, so its backward pass is ``dy`` times the slope at
that number, and the slopes decide how well a deep stack learns: `sigmoid` has a slope of at most 1/4, and ten of them
in a row shrink a gradient by a million, while `relu` passes it on whole or not at all.

Arrays may have any number of axes; `softmax` looks at the last one.
"""

import math

import numpy as np

from cnncourse.arguments import float_array, number, same_shape


def _floats(x):
    return float_array(x, "x", "*" * np.ndim(x))  # one letter for each axis there is: any rank will do


# --- bent at zero ----------------------------------------------------------------------------------------------------


def relu(x):
    """Keep what is positive (Nair and Hinton, 2010, ICML; in deep networks Glorot, Bordes and Bengio, 2011, AISTATS).

    Parameters
    ----------
    x : ndarray, any shape

    Returns
    -------
    y : ndarray, shape of x
    cache : where x > 0

    >>> relu(np.array([-2.0, 0.0, 3.0]))[0]
    array([0., 0., 3.])
    """
    x = _floats(x)
    return np.maximum(x, 0), x > 0


def relu_backward(dy, cache):
    """The gradient passes where the input was positive, and stops elsewhere.

    At 0 there is no derivative; any number from 0 to 1 would do, and 0 is what Keras and PyTorch take. A unit that is
    negative for every image gets no gradient at all and cannot come back: it is dead.

    >>> y, cache = relu(np.array([-2.0, 0.0, 3.0]))
    >>> relu_backward(np.array([5.0, 5.0, 5.0]), cache)
    array([0., 0., 5.])
    """
    return np.where(cache, same_shape(dy, "dy", cache.shape), 0)


def leaky_relu(x, negative_slope=0.01):
    """A `relu` that lets a little through, so that no unit can die (Maas, Hannun and Ng, 2013, ICML workshop).

    The 0.01 is the paper's; `keras.layers.LeakyReLU` starts from 0.3 and `keras.activations.leaky_relu` from 0.2.

    >>> leaky_relu(np.array([-2.0, 0.0, 3.0]), negative_slope=0.1)[0]
    array([-0.2,  0. ,  3. ])
    """
    x, negative_slope = _floats(x), number(negative_slope, "negative_slope")
    positive = x > 0
    return np.where(positive, x, negative_slope * x), (positive, negative_slope)


def leaky_relu_backward(dy, cache):
    """The gradient of `leaky_relu`; at 0 it takes the slope of the left side.

    >>> y, cache = leaky_relu(np.array([-2.0, 3.0]), negative_slope=0.1)
    >>> leaky_relu_backward(np.array([5.0, 5.0]), cache)
    array([0.5, 5. ])
    """
    positive, negative_slope = cache
    dy = same_shape(dy, "dy", positive.shape)
    return np.where(positive, dy, negative_slope * dy)


def elu(x, alpha=1.0):
    """``x`` above 0, ``alpha * (exp(x) - 1)`` below (Clevert, Unterthiner and Hochreiter, 2015, arXiv:1511.07289).

    It levels out at ``-alpha``, and with ``alpha=1`` it has no kink.

    >>> elu(np.array([-np.inf, -np.log(2), 3.0]))[0]
    array([-1. , -0.5,  3. ])
    """
    x, alpha = _floats(x), number(alpha, "alpha")
    # np.where works out both branches for every number: without the minimum, exp would overflow where it is not wanted
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))), (x, alpha)


def elu_backward(dy, cache):
    """The slope is 1 above 0 and ``alpha * exp(x)`` below, which is ``y + alpha``.

    >>> y, cache = elu(np.array([-np.log(2), 3.0]))
    >>> elu_backward(np.array([5.0, 5.0]), cache)
    array([2.5, 5. ])
    """
    x, alpha = cache
    dy = same_shape(dy, "dy", x.shape)
    return np.where(x > 0, dy, alpha * np.exp(np.minimum(x, 0)) * dy)


# --- squashed --------------------------------------------------------------------------------------------------------


def sigmoid_loops(x):
    """The definition of `sigmoid`, one number at a time. It overflows below -709.

    >>> sigmoid_loops(np.array([0.0, np.log(3)])).round(4)
    array([0.5 , 0.75])
    """
    y = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        y[index] = 1 / (1 + math.exp(-x[index]))
    return y


def sigmoid(x):
    """Squash each number into 0 ... 1: ``1 / (1 + exp(-x))``.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))[0]
    array([0. , 0.5, 1. ])
    """
    y = _sigmoid(_floats(x))
    return y, y


def _sigmoid(x):
    e = np.exp(-np.abs(x))  # never above 1; below 0 the fraction is expanded by exp(x)
    return np.where(x >= 0, 1, e) / (1 + e)


def sigmoid_backward(dy, cache):
    """The slope is ``y * (1 - y)``: 1/4 at 0, and next to nothing where the output is nearly 0 or 1.

    >>> y, cache = sigmoid(np.array([0.0, 10.0]))
    >>> sigmoid_backward(np.array([1.0, 1.0]), cache).round(5)
    array([2.5e-01, 5.0e-05])
    """
    return same_shape(dy, "dy", cache.shape) * cache * (1 - cache)


def tanh(x):
    """Squash each number into -1 ... 1; it is ``2 * sigmoid(2 * x) - 1``.

    >>> tanh(np.array([-1000.0, 0.0, 1000.0]))[0]
    array([-1.,  0.,  1.])
    """
    y = np.tanh(_floats(x))
    return y, y


def tanh_backward(dy, cache):
    """The slope is ``1 - y**2``: 1 at 0.

    >>> y, cache = tanh(np.array([0.0, 10.0]))
    >>> tanh_backward(np.array([1.0, 1.0]), cache).round(5)
    array([1., 0.])
    """
    return same_shape(dy, "dy", cache.shape) * (1 - cache * cache)


# --- the last layer --------------------------------------------------------------------------------------------------


def softmax_loops(x):
    """The definition of `softmax`, one row at a time: each exp over the sum of them. It overflows above 709.

    >>> softmax_loops(np.array([2.0, 1.0, 0.1])).round(2)
    array([0.66, 0.24, 0.1 ])
    """
    y = np.zeros_like(x)
    for row in np.ndindex(x.shape[:-1]):
        exps = [math.exp(z) for z in x[row]]
        for k, e in enumerate(exps):
            y[(*row, k)] = e / sum(exps)
    return y


def softmax(x):
    """Turn the logits along the last axis into probabilities.

    Adding the same number to all logits of a row multiplies every exp by the same factor, which cancels. So the largest
    may be taken off first, and then no exp is above 1.

    Parameters
    ----------
    x : ndarray, shape (..., K)

    Returns
    -------
    y : ndarray, shape (..., K); along the last axis it sums to 1
    cache : y

    >>> softmax(np.array([[1000.0, 1000.0], [0.0, 1000.0]]))[0]
    array([[0.5, 0.5],
           [0. , 1. ]])
    """
    x = _floats(x)
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(
            f"x has shape {x.shape}, but softmax needs at least one class along the last axis, e.g. (N, 10)"
        )
    exps = np.exp(x - x.max(axis=-1, keepdims=True))
    y = exps / exps.sum(axis=-1, keepdims=True)
    return y, y


def softmax_backward(dy, cache):
    """The gradient of `softmax`: ``y * (dy - sum(dy * y))``, the sum over the last axis.

    Each output depends on every logit of its row. A `dy` that is the same for all classes comes to nothing, because the
    probabilities sum to 1 whatever the logits are.

    >>> y, cache = softmax(np.array([0.0, 0.0]))
    >>> softmax_backward(np.array([1.0, 0.0]), cache), softmax_backward(np.array([1.0, 1.0]), cache)
    (array([ 0.25, -0.25]), array([0., 0.]))
    """
    dy = same_shape(dy, "dy", cache.shape)
    return cache * (dy - (dy * cache).sum(axis=-1, keepdims=True))


# --- smooth relatives of relu ----------------------------------------------------------------------------------------


def gelu_exact(x):
    """``x`` times the probability that a standard normal number is below ``x``, one number at a time.

    It is what `keras.activations.gelu` computes by default. `gelu` is the approximation.

    >>> gelu_exact(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    y = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        y[index] = x[index] * 0.5 * (1 + math.erf(x[index] / math.sqrt(2)))
    return y


def gelu(x):
    """The GELU by its tanh approximation (Hendrycks and Gimpel, 2016, arXiv:1606.08415), as NumPy has no erf.

    It is nowhere further than 0.0005 from `gelu_exact`.

    >>> gelu(np.array([-1.0, 0.0, 1.0]))[0].round(4)
    array([-0.1588,  0.    ,  0.8412])
    """
    x = _floats(x)
    t = np.tanh(_GELU_SCALE * (x + _GELU_CUBE * x * x * x))
    return 0.5 * x * (1 + t), (x, t)


_GELU_SCALE, _GELU_CUBE = math.sqrt(2 / math.pi), 0.044715


def gelu_backward(dy, cache):
    """The gradient of `gelu`, by the product and the chain rule.

    >>> y, cache = gelu(np.array([0.0, 10.0]))
    >>> gelu_backward(np.array([1.0, 1.0]), cache)
    array([0.5, 1. ])
    """
    x, t = cache
    dt = (1 - t * t) * _GELU_SCALE * (1 + 3 * _GELU_CUBE * x * x)
    return same_shape(dy, "dy", x.shape) * 0.5 * (1 + t + x * dt)


def silu(x):
    """``x * sigmoid(x)`` (Elfwing, Uchibe and Doya, 2017, arXiv:1702.03118), also called swish; EfficientNet's choice.

    >>> silu(np.array([-1000.0, 0.0, 1000.0]))[0]
    array([  -0.,    0., 1000.])
    """
    x = _floats(x)
    s = _sigmoid(x)
    return x * s, (x, s)


def silu_backward(dy, cache):
    """The slope is ``s * (1 + x * (1 - s))`` with ``s = sigmoid(x)``; it dips below 0 left of x = -1.28.

    >>> y, cache = silu(np.array([-2.0, 0.0]))
    >>> silu_backward(np.array([1.0, 1.0]), cache).round(3)
    array([-0.091,  0.5  ])
    """
    x, s = cache
    return same_shape(dy, "dy", x.shape) * s * (1 + x * (1 - s))
