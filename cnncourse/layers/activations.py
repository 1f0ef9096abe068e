"""Activation layers; each names its pair of functions in `cnncourse.activations`."""

from dataclasses import dataclass

import numpy as np

from cnncourse import activations, fast
from cnncourse.arguments import float_array
from cnncourse.layers.base import Layer


class ReLU(Layer):
    """max(x, 0)."""

    def function(self, x):
        return fast.relu(float_array(x, "x", "*" * np.ndim(x)), self.workspace())

    def gradient(self, dy, cache):
        return fast.relu_backward(dy, cache, self.workspace())


@dataclass(eq=False)
class LeakyReLU(Layer):
    """x where x > 0, else `negative_slope` * x."""

    negative_slope: float = 0.01

    def function(self, x):
        return activations.leaky_relu(x, self.negative_slope)

    gradient = staticmethod(activations.leaky_relu_backward)


@dataclass(eq=False)
class ELU(Layer):
    """x where x > 0, else `alpha` * (exp(x) - 1)."""

    alpha: float = 1.0

    def function(self, x):
        return activations.elu(x, self.alpha)

    gradient = staticmethod(activations.elu_backward)


class Sigmoid(Layer):
    """1 / (1 + exp(-x))."""

    function = staticmethod(activations.sigmoid)
    gradient = staticmethod(activations.sigmoid_backward)


class Tanh(Layer):
    """The hyperbolic tangent."""

    function = staticmethod(activations.tanh)
    gradient = staticmethod(activations.tanh_backward)


class Softmax(Layer):
    """Probabilities from the numbers along the last axis. Losses that take logits do not want it."""

    function = staticmethod(activations.softmax)
    gradient = staticmethod(activations.softmax_backward)


class GELU(Layer):
    """x times the share of a normal distribution below x."""

    function = staticmethod(activations.gelu)
    gradient = staticmethod(activations.gelu_backward)


class SiLU(Layer):
    """x times sigmoid(x)."""

    function = staticmethod(activations.silu)
    gradient = staticmethod(activations.silu_backward)
