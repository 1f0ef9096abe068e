"""A loss as an object for `Network.fit`, and what all losses ask of their arguments (chapter ch05_layers)."""

import math

import numpy as np

from cnncourse.arguments import float_array


class Loss:
    """Two functions and their options, as `Network.fit` wants them: `forward -> value, cache`, `backward -> gradient`.

    A loss remembers nothing, so one object serves any number of workers.

    >>> from cnncourse.losses import focal, focal_backward
    >>> class Focal(Loss):
    ...     function, gradient = staticmethod(focal), staticmethod(focal_backward)
    >>> Focal(gamma=0.0, alpha=0.5).forward(np.zeros(1), np.ones(1))[0].round(4)  # log(2) / 2
    np.float64(0.3466)
    """

    def __init__(self, **options):
        self.options = options

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.options.items())})"

    def forward(self, outputs, targets):
        """The loss, and what `backward` needs."""
        return self.function(outputs, targets, **self.options)

    def backward(self, cache):
        """The gradient of the loss with respect to the outputs, in their shape."""
        return self.gradient(1.0, cache)


def targets_like(outputs, targets, low=-math.inf, high=math.inf):
    """Return `targets` in the dtype of `outputs`, if the shape is the same and each number lies in `low` ... `high`.

    Broadcasting is refused on purpose: (N, 1) minus (N,) is (N, N), and a network trained on that learns nothing.

    >>> targets_like(np.zeros((4, 1)), np.zeros(4))
    Traceback (most recent call last):
    ...
    ValueError: targets have shape (4,), but the outputs have (4, 1): make them equal, e.g. targets.reshape(4, 1)
    """
    targets = np.asarray(targets)
    if targets.shape != outputs.shape:
        how = f", e.g. targets.reshape{outputs.shape}" if targets.size == outputs.size else ""
        raise ValueError(
            f"targets have shape {targets.shape}, but the outputs have {outputs.shape}: make them equal{how}"
        )
    if targets.dtype.kind not in "biuf":
        raise ValueError(f"targets have dtype {targets.dtype}, but numbers are needed")
    if np.isnan(targets).any():
        raise ValueError(f"targets hold {int(np.isnan(targets).sum())} NaN: drop or repair those first")
    if targets.size and not (targets.min() >= low and targets.max() <= high):
        raise ValueError(f"targets go from {targets.min()} to {targets.max()}, but they must lie in {low} ... {high}")
    return targets.astype(outputs.dtype)


def upstream(dloss):
    """Return `dloss`, the gradient that comes back to a loss, as a float: a loss is one number, and so is this.

    >>> upstream(np.float64(1))
    1.0
    """
    if np.ndim(dloss) != 0:
        raise ValueError(f"dloss has shape {np.shape(dloss)}, but a loss is one number: pass 1.0 for its own gradient")
    return float(dloss)  # a float64 scalar of NumPy would turn float32 gradients into float64


def any_shape(x, name):
    """Return x, if it holds floats, whatever its shape.

    >>> any_shape(np.zeros((2, 1)), "x").shape
    (2, 1)
    """
    return float_array(x, name, "*" * np.ndim(x))


def class_logits(x, name):
    """Return x, if it can be logits: floats (N, K) with at least one class.

    >>> class_logits(np.zeros((1, 2)), "logits").shape
    (1, 2)
    """
    x = float_array(x, name, "NK")
    if x.shape[1] == 0:
        raise ValueError(f"{name} has shape {x.shape}, but at least one class is needed")
    return x


def log_softmax(z):
    """The logarithm of softmax, in one piece, so that nothing overflows; z (N, K).

    >>> log_softmax(np.array([[1000.0, 1000.0]])).round(4)
    array([[-0.6931, -0.6931]])
    """
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))
