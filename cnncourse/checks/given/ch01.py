"""How chapter 1 asks for an answer: with a layer, which the answer gets as a function."""

import numpy as np

from cnncourse.convolution import conv2d  # which the task lends: in grading it works while that task is tried

LAYERS = {
    "convolution": lambda x, weights: conv2d(x, weights)[0],
    "convolution, then ReLU": lambda x, weights: np.maximum(conv2d(x, weights)[0], 0),
    "a weight for every place": lambda x, weights: x * weights,
    "a number for every place is added": lambda x, weights: x + weights,
    "mirror image": lambda x, weights: x[:, :, ::-1] * weights,
}


def ask(answer, layer, weights, x, down, right):
    """Ask for the gap of one of the layers, which an answer gets as a function of the images alone.

    >>> ask(lambda f, x, down, right: f(x).tolist(), "mirror image", 2.0, np.ones((1, 1, 2, 1)), 0, 1)
    [[[[2.0], [2.0]]]]
    """
    return answer(lambda images: LAYERS[layer](images, weights), x, down, right)


PROBES = {"ch01.equivariance_gap": ask}
