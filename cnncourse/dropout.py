"""Dropout: noise that keeps units from leaning on each other (chapter ch05_layers).

While it trains, a network with dropout loses a random part of its units at each step, so no unit can count on a
particular other one (Srivastava et al., 2014, JMLR 15:1929-1958). The survivors are scaled by ``1 / (1 - rate)``, which
keeps the expected value of each number; the paper scales the weights at test time instead. With this *inverted* dropout
there is nothing to do at test time: leave the function out.

`rate` is the part that is dropped, as in Keras; the paper's p is the part that is kept.
"""

import numpy as np

from cnncourse.arguments import float_array, fraction, generator, same_shape


def dropout(x, rate, rng):
    """Set each number to 0 with probability `rate` and scale the others up.

    Parameters
    ----------
    x : ndarray, any shape
    rate : the probability of being dropped, in [0, 1)
    rng : numpy.random.Generator

    Returns
    -------
    y : ndarray, shape of x
    cache : what was kept, for `dropout_backward`: a new draw would differentiate another network

    >>> dropout(np.ones(8), rate=0.5, rng=np.random.default_rng(0))[0]
    array([2., 0., 0., 0., 2., 2., 2., 2.])
    """
    x = float_array(x, "x", "*" * np.ndim(x))
    return _drop(x, rate, rng, x.shape)


def spatial_dropout(x, rate, rng):
    """Drop whole channels of an image (Tompson et al., 2015, arXiv:1411.4280).

    Neighbouring pixels of a feature map say nearly the same, so after `dropout` the neighbours still tell what a
    dropped pixel held. One draw for each image and channel leaves nothing to guess from.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    rate, rng : see `dropout`

    Returns
    -------
    y : ndarray, shape (N, H, W, C)
    cache : which channels were kept, shape (N, 1, 1, C), and the rest of what `spatial_dropout_backward` needs

    >>> y, cache = spatial_dropout(np.ones((1, 2, 2, 4)), rate=0.5, rng=np.random.default_rng(0))
    >>> y[0, :, :, 0], y[0, :, :, 1]
    (array([[2., 2.],
           [2., 2.]]), array([[0., 0.],
           [0., 0.]]))
    """
    x = float_array(x, "x", "NHWC")
    return _drop(x, rate, rng, (x.shape[0], 1, 1, x.shape[3]))


def _drop(x, rate, rng, shape):
    rate = fraction(rate, "rate")
    keep = generator(rng).random(shape) >= rate  # random() may be 0 but never 1, so rate 0 drops nothing
    scale = 1 / (1 - rate)
    return np.where(keep, x * scale, 0), (x.shape, keep, scale)


def dropout_backward(dy, cache):
    """The gradient passes where the number did, scaled alike.

    >>> y, cache = dropout(np.ones(4), rate=0.5, rng=np.random.default_rng(0))
    >>> y, dropout_backward(np.array([1.0, 2.0, 3.0, 4.0]), cache)
    (array([2., 0., 0., 0.]), array([2., 0., 0., 0.]))
    """
    shape, keep, scale = cache
    return np.where(keep, same_shape(dy, "dy", shape) * scale, 0)


def spatial_dropout_backward(dy, cache):
    """The gradient passes through the channels that were kept, scaled alike.

    >>> y, cache = spatial_dropout(np.ones((1, 1, 1, 4)), rate=0.5, rng=np.random.default_rng(0))
    >>> spatial_dropout_backward(np.ones((1, 1, 1, 4)), cache)[0, 0, 0]
    array([2., 0., 0., 0.])
    """
    return dropout_backward(dy, cache)
