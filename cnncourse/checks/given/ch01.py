"""How chapter 1 asks for an answer: with a layer, which the answer gets as a function."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def slide(x, kernel):
    """The maps of a kernel without padding: (N, H, W, C), (KH, KW, C, F) -> (N, OH, OW, F).

    >>> slide(np.ones((1, 2, 3, 1)), np.ones((2, 2, 1, 4))).shape
    (1, 1, 2, 4)
    """
    windows = sliding_window_view(x, kernel.shape[:2], axis=(1, 2))  # (N, OH, OW, C, KH, KW)
    return np.einsum("nijcuv,uvcf->nijf", windows, kernel)


LAYERS = {
    "convolution": slide,
    "convolution, then ReLU": lambda x, weights: np.maximum(slide(x, weights), 0),
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
