"""Metrics: how good a trained network is, in numbers that a person can use (chapter ch07_training)."""


def correct(outputs, y):
    """How many images have their largest output at their label; None where the targets are no class labels.

    >>> import numpy as np
    >>> correct(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    1
    """
    if outputs.ndim != 2 or y.ndim != 1 or outputs.shape[1] < 2:
        return None
    return int((outputs.argmax(axis=1) == y).sum())
