"""How many weights a layer needs: dense, local, or a convolution (chapter ch01_why_convolution)."""

from typing import NamedTuple

from cnncourse.arguments import per_axis, whole_number
from cnncourse.shapes import conv_output_size


class Weights(NamedTuple):
    """How many weights three layers need that turn the same input into the same output. Biases not counted."""

    dense: int
    local: int
    convolution: int


def count_weights(input_shape, kernel_size, filters, padding="valid"):
    """The weights from an image to F maps of it, step by step towards a convolution.

    - dense: every output number reads every input number;
    - local: every output number reads one window, with weights of its own;
    - convolution: the windows of a map share their weights.

    Parameters
    ----------
    input_shape : (H, W, C)
    kernel_size : int, or (KH, KW)
    filters : F
    padding : see `cnncourse.shapes.pad_amounts`; a weight that only ever meets padding is counted.

    Returns
    -------
    Weights

    >>> count_weights((28, 28, 1), kernel_size=3, filters=1)
    Weights(dense=529984, local=6084, convolution=9)
    """
    H, W, C = per_axis(input_shape, 3, "input_shape")
    KH, KW = per_axis(kernel_size, 2, "kernel_size")
    filters = whole_number(filters, "filters")
    OH, OW = conv_output_size((H, W), (KH, KW), padding=padding)
    window = KH * KW * C
    return Weights(H * W * C * OH * OW * filters, window * OH * OW * filters, window * filters)
