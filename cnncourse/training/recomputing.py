"""Gradients in less memory: forget what the layers computed, and compute it again (chapter ch07_training).

Backward needs what forward left behind in every layer, and for a deep network that is nearly all of the memory. Chen et
al. (2016, arXiv:1604.06174) keep only the input of every k-th layer. Backward then takes one part of k layers after the
other, from the last to the first, and runs forward through it once more. With n layers there are n / k inputs to keep
and k layers of one part in memory at a time; the sum is smallest where k is the root of n. The price is about one more
forward pass.
"""

import math

from cnncourse.arguments import whole_number
from cnncourse.losses import CrossEntropy


def recomputed_gradients(network, x, y, loss=None, keep_every=None):
    """The loss and the gradients of one batch, as `forward` and `backward` of the network would give them.

    Dropout draws the same numbers the second time, and running statistics move only once.

    Parameters
    ----------
    x, y : images (N, H, W, C) and their labels (N,)
    loss : by default CrossEntropy()
    keep_every : how many layers share one input that is kept; by default the root of their number, rounded up.

    Returns
    -------
    loss, grads : a number, and the gradients under the names of `network.params`

    >>> import numpy as np
    >>> from cnncourse.layers import Dense, ReLU
    >>> from cnncourse.network import Network
    >>> network = Network([Dense(8), ReLU(), Dense(8), ReLU(), Dense(3)], (4,))
    >>> loss, grads = recomputed_gradients(network, np.ones((2, 4), np.float32), np.array([0, 2]))
    >>> grads.keys() == network.params.keys(), all(layer.cache is None for layer in network.layers)
    (True, True)
    """
    loss = loss or CrossEntropy()
    count = len(network.layers)
    keep_every = math.ceil(math.sqrt(count)) if keep_every is None else whole_number(keep_every, "keep_every")
    *parts, last = [network.layers[i : i + keep_every] for i in range(0, count, keep_every)]
    kept, x = [], network.images(x)
    for part in parts:
        kept.append((part, x, [layer.rng.bit_generator.state for layer in part]))
        x = _forward(part, x)
        _forget(part)
    outputs = _forward(last, x)
    value, cache = loss.forward(outputs, y)
    dy = _backward(last, loss.backward(cache))
    while kept:
        part, x, draws = kept.pop()
        _forward_again(part, x, draws)
        dy = _backward(part, dy)
    return value, network.grads


def _forward(layers, x):
    for layer in layers:
        x = layer.forward(x, training=True)
    return x


def _forward_again(layers, x, draws):
    """The second time, with the random numbers of the first, and without a trace in the running statistics."""
    states = [{name: array.copy() for name, array in layer.state.items()} for layer in layers]
    for layer, draw in zip(layers, draws):
        layer.rng.bit_generator.state = draw
    _forward(layers, x)
    for layer, state in zip(layers, states):
        for name, array in state.items():
            layer.state[name][...] = array


def _backward(layers, dy):
    for layer in reversed(layers):
        dy = layer.backward(dy)
        layer.cache = None
    return dy


def _forget(layers):
    for layer in layers:
        layer.cache = None
