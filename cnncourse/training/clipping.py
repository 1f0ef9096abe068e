"""Clipping: gradients that are too long are cut before the step (chapter ch07_training).

One batch can have a gradient a hundred times as long as the others, and one step along it undoes an epoch. All three
functions take a dict of gradients, as a network has it, and return a new one.
"""

import math

import numpy as np

from cnncourse.arguments import number


def global_norm(grads):
    """The length of all gradients together: the root of the sum of the squares of all their numbers.

    >>> global_norm({"a": np.array([3.0, 0.0]), "b": np.array([[4.0]])})
    5.0
    """
    # In float64: the squares of float32 numbers above 1e19 are infinite
    return math.sqrt(sum(float(np.square(grad, dtype=np.float64).sum()) for grad in grads.values()))


def clip_by_value(grads, clipvalue):
    """Each number on its own, to -clipvalue ... clipvalue. This turns the gradient: its large numbers shrink alone.

    >>> clip_by_value({"a": np.array([3.0, -0.5])}, 1.0)
    {'a': array([ 1. , -0.5])}
    """
    clipvalue = number(clipvalue, "clipvalue", above_zero=True)
    return {name: np.clip(grad, -clipvalue, clipvalue) for name, grad in grads.items()}


def clip_by_norm(grads, clipnorm):
    """Each array on its own, to a length of at most `clipnorm`; it keeps its direction, but not beside the others.

    >>> clip_by_norm({"a": np.array([3.0, 4.0]), "b": np.array([0.5])}, 1.0)
    {'a': array([0.6, 0.8]), 'b': array([0.5])}
    """
    clipped = {}
    for name, grad in grads.items():
        clipped |= clip_by_global_norm({name: grad}, clipnorm)
    return clipped


def clip_by_global_norm(grads, clipnorm):
    """All arrays together, to a length of at most `clipnorm`: one factor for all, so the direction stays the same.

    This is what Pascanu et al. (2013, arXiv:1211.5063) propose.

    >>> clip_by_global_norm({"a": np.array([3.0]), "b": np.array([4.0])}, 1.0)
    {'a': array([0.6]), 'b': array([0.8])}
    """
    clipnorm = number(clipnorm, "clipnorm", above_zero=True)
    norm = global_norm(grads)
    if norm <= clipnorm:
        return dict(grads)
    return {name: grad * (clipnorm / norm) for name, grad in grads.items()}
