"""Drawing the cases of a task: arrays that are easy to read, and arrays that are hard to be right on by accident."""

import numpy as np


def digits(rng, *shape):
    """Small whole numbers, none of them 0, as floats: what a reader can follow by hand.

    >>> digits(np.random.default_rng(0), 2, 3)
    array([[ 4.,  2.,  1.],
           [-3., -2., -5.]])
    """
    return rng.choice([-5.0, -4.0, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0, 5.0], size=shape)


def with_zeros(rng, *shape):
    """`digits`, of which a third is 0, and at least one: a zero in the data is neither padding nor nothing.

    >>> with_zeros(np.random.default_rng(0), 2, 3)
    array([[ 4.,  0.,  1.],
           [-3.,  0., -5.]])
    """
    x = digits(rng, *shape)
    x.flat[rng.permutation(x.size)[: max(1, x.size // 3)]] = 0
    return x


def normals(rng, *shape, dtype=np.float64):
    """Numbers of a standard normal distribution.

    >>> normals(np.random.default_rng(0), 2, dtype=np.float32).dtype
    dtype('float32')
    """
    return rng.normal(size=shape).astype(dtype)


def whole(rng, low, high):
    """A whole number from `low` to `high`, both included, as a Python int.

    >>> whole(np.random.default_rng(0), 2, 2)
    2
    """
    return int(rng.integers(low, high + 1))
