"""Loss scaling: training with numbers of 16 bits (chapter ch07_training).

A float16 takes half the memory of a float32, and graphics processors compute with it several times as fast. It has 11
bits of precision, which is enough, and a small range: nothing above 65504, and nothing below 6e-8 but 0. Gradients are
often smaller. So the loss is multiplied by a large number before backward, and with it every gradient; the step divides
by it again, in float32. The weights stay in float32 as well, because a step is often too small to change a float16
(Micikevicius et al., 2018, arXiv:1710.03740).
"""

import numpy as np

from cnncourse.arguments import number, whole_number
from cnncourse.losses import CrossEntropy
from cnncourse.training.optimisers import Optimiser


def to_half(x):
    """The numbers as float16 can hold them, in the dtype that they had: rounded, 0 if too small, infinite if too large.

    >>> to_half(np.array([1.0001, 2e-8, 1e5]))
    array([ 1.,  0., inf])
    """
    with np.errstate(over="ignore"):
        return x.astype(np.float16).astype(x.dtype)


def half_gradients(network, x, y, loss=None, scale=1.0):
    """The loss and the gradients of one batch, with all that goes from layer to layer rounded to float16.

    The layers use rounded copies of the weights; the network's own, in float32, are the master copy for the step.
    Within a layer the sums are made in float32, as the units of a graphics processor for it do.

    Parameters
    ----------
    x, y : images (N, H, W, C) and their labels (N,)
    loss : by default CrossEntropy(); it is computed in float32.
    scale : what the loss is multiplied by before backward

    Returns
    -------
    loss, grads : the loss, without the scale, and `scale` times its gradients

    >>> from cnncourse.layers import Dense
    >>> from cnncourse.network import Network
    >>> x = np.zeros((2000, 1), np.float32)
    >>> x[0] = 1e-4  # all others are blank: the mean of the gradients is 1e-4 * 0.5 / 2000
    >>> for scale in (1.0, 1024.0):
    ...     loss, grads = half_gradients(Network([Dense(2)], (1,)), x, np.zeros(2000, int), scale=scale)
    ...     print(grads["dense_0/kernel"] / scale)
    [[-0.  0.]]
    [[-2.5029294e-08  2.5029294e-08]]
    """
    loss, scale = loss or CrossEntropy(), number(scale, "scale", above_zero=True)
    layers = [layer.replica(None) for layer in network.layers]
    for layer in layers:
        layer.params = {name: to_half(array) for name, array in layer.params.items()}
    x = to_half(network.images(x))
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large is found in the gradients
        for layer in layers:
            x = to_half(layer.forward(x, training=True))
        value, cache = loss.forward(x, y)
        dy = to_half(loss.backward(cache) * x.dtype.type(scale))
        for layer in reversed(layers):
            dy = to_half(layer.backward(dy))
    grads = {name: to_half(array) for layer in layers for name, array in layer.named(layer.grads).items()}
    return value, grads


class LossScaleOptimizer:
    """An optimiser for scaled gradients, which finds the scale by itself; Keras has it under the same name.

    It tries to keep the scale as large as it can be: after `dynamic_growth_steps` good steps in a row it is doubled.
    If a gradient is not finite, the scale was too large: it is halved, and that step is left out.

    >>> from cnncourse.training import SGD
    >>> optimiser, params = LossScaleOptimizer(SGD(0.1), initial_scale=8.0), {"w": np.array([1.0])}
    >>> optimiser.step(params, {"w": np.array([np.inf])}), optimiser.scale, params
    (False, 4.0, {'w': array([1.])})
    >>> optimiser.step(params, {"w": np.array([8.0])}), params  # 0.1 times the gradient, which is 8 / 4
    (True, {'w': array([0.8])})
    """

    def __init__(self, inner_optimizer, initial_scale=2.0**15, dynamic_growth_steps=2000):
        if not isinstance(inner_optimizer, Optimiser):
            raise ValueError(f"inner_optimizer is {inner_optimizer!r}, but an optimiser is needed, such as Adam()")
        self.inner_optimizer = inner_optimizer
        self.scale = number(initial_scale, "initial_scale", above_zero=True)
        self.dynamic_growth_steps = whole_number(dynamic_growth_steps, "dynamic_growth_steps")
        self.good_steps = 0

    def step(self, params, grads):
        """Move `params` by `grads`, which are `scale` times too large; returns whether it was done."""
        if not all(np.isfinite(grad).all() for grad in grads.values()):
            self.scale, self.good_steps = self.scale / 2, 0
            return False
        self.inner_optimizer.step(params, {name: grad / self.scale for name, grad in grads.items()})
        self.good_steps += 1
        if self.good_steps == self.dynamic_growth_steps:
            self.scale, self.good_steps = self.scale * 2, 0
        return True
