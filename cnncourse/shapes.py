"""The arithmetic of sizes that everything shares: padding, output sizes, receptive fields (chapter ch02_convolution).

One axis at a time: a kernel of `kernel_size` taps, spread out by `dilation`, spans ``dilation * (kernel_size - 1) + 1``
positions. It starts at the left edge of the padded input and moves on by `stride` while it still fits.
"""

from typing import NamedTuple

import numpy as np

from cnncourse.arguments import per_axis

PADDINGS = ("valid", "same", "full")


def _span(kernel_size, dilation):
    """How many input positions a dilated kernel covers, its holes included."""
    return dilation * (kernel_size - 1) + 1


def pad_amounts(padding, size, kernel_size, stride=1, dilation=1):
    """How many zeros go before and after each axis.

    Parameters
    ----------
    padding : "valid" (none), "same" (output size = ceil(size / stride)), "full" (so much that each outermost window
        holds one pixel of the input), a whole number (the same on all sides), or a (before, after) pair for each axis.
    size, kernel_size : tuple of int, one per axis.
    stride, dilation : int or tuple of int.

    Returns
    -------
    tuple of (before, after), one per axis. With "same", an odd total puts the extra zero after, as Keras does.

    >>> pad_amounts("same", (28, 28), (3, 4))
    ((1, 1), (1, 2))
    >>> pad_amounts(((0, 2), (1, 1)), (5, 5), (3, 3))
    ((0, 2), (1, 1))
    """
    rank = len(size)
    kernel_size, stride = per_axis(kernel_size, rank, "kernel_size"), per_axis(stride, rank, "stride")
    spans = [_span(k, d) for k, d in zip(kernel_size, per_axis(dilation, rank, "dilation"))]
    if isinstance(padding, str):
        if padding not in PADDINGS:
            raise ValueError(f"padding is {padding!r}, but one of {PADDINGS}, a whole number or pairs are needed")
        if padding == "valid":
            return ((0, 0),) * rank
        if padding == "full":
            return tuple((span - 1, span - 1) for span in spans)
        # "same": the last of ceil(n / s) windows must still fit
        totals = [max((-(-n // s) - 1) * s + span - n, 0) for n, s, span in zip(size, stride, spans)]
        return tuple((total // 2, total - total // 2) for total in totals)
    if np.ndim(padding) == 0:
        return tuple((p, p) for p in per_axis(padding, rank, "padding", minimum=0))
    if np.shape(padding) != (rank, 2):
        raise ValueError(f"padding is {padding!r}, but {rank} pairs (before, after) are needed, one for each axis")
    return tuple(per_axis(pair, 2, "padding", minimum=0) for pair in padding)


def conv_output_size(size, kernel_size, stride=1, padding="valid", dilation=1):
    """The size that is left after a convolution or a pooling window has passed over an axis.

    ``floor((size + before + after - span) / stride) + 1`` with ``span = dilation * (kernel_size - 1) + 1``.

    Parameters
    ----------
    size : int, or tuple of int with one size per axis.
    kernel_size, stride, dilation : int or tuple of int.
    padding : see `pad_amounts`.

    Returns
    -------
    int for an int `size`, else a tuple.

    >>> conv_output_size(28, 3)
    26
    >>> conv_output_size((7, 10), (3, 5), stride=2, padding=1)
    (4, 4)
    """
    one_axis = np.ndim(size) == 0
    size = per_axis(size, 1 if one_axis else len(size), "size")
    rank = len(size)
    kernel_size, stride = per_axis(kernel_size, rank, "kernel_size"), per_axis(stride, rank, "stride")
    dilation = per_axis(dilation, rank, "dilation")
    padded = [n + sum(pads) for n, pads in zip(size, pad_amounts(padding, size, kernel_size, stride, dilation))]
    spans = [_span(k, d) for k, d in zip(kernel_size, dilation)]
    missing = max(span - n for span, n in zip(spans, padded))
    if missing > 0:
        holes = f" (it spans {_times(spans)} with dilation {_times(dilation)})" if max(dilation) > 1 else ""
        raise ValueError(
            f"kernel is {_times(kernel_size)}{holes} but the padded input is {_times(padded)}: "
            f"add padding >= {-(-missing // 2)} or use a smaller kernel"
        )
    sizes = tuple((n - span) // s + 1 for n, span, s in zip(padded, spans, stride))
    return sizes[0] if one_axis else sizes


def transposed_output_size(size, kernel_size, stride=1, padding="valid", dilation=1):
    """The size that a transposed convolution makes: a `conv_output_size` run backwards.

    With a stride, several sizes lead to the same one. Taken is ``size * stride`` for "same" and otherwise the smallest;
    as in Keras, "valid" never gives less than ``size * stride``.

    Parameters and result are those of `conv_output_size`; `padding` is what the convolution would pad.

    >>> transposed_output_size(13, 3, stride=2)
    27
    >>> transposed_output_size((5, 7), 3, stride=2, padding="same")
    (10, 14)
    """
    one_axis = np.ndim(size) == 0
    size = per_axis(size, 1 if one_axis else len(size), "size")
    rank = len(size)
    kernel_size, stride = per_axis(kernel_size, rank, "kernel_size"), per_axis(stride, rank, "stride")
    dilation = per_axis(dilation, rank, "dilation")
    if isinstance(padding, str) and padding == "same":
        sizes = tuple(n * s for n, s in zip(size, stride))
    else:
        pads = pad_amounts(padding, size, kernel_size, stride, dilation)
        reach = [(n - 1) * s + _span(k, d) for n, s, k, d in zip(size, stride, kernel_size, dilation)]
        if isinstance(padding, str) and padding == "valid":
            reach = [max(r, n * s) for r, n, s in zip(reach, size, stride)]  # Keras, for kernels below the stride
        sizes = tuple(r - sum(p) for r, p in zip(reach, pads))
        if min(sizes) < 1:
            raise ValueError(f"padding {padding!r} crops all of the {_times(reach)} output: use less padding")
    return sizes[0] if one_axis else sizes


class ReceptiveField(NamedTuple):
    """What one output pixel sees along one axis, counted in input pixels."""

    size: float  # how many input pixels it depends on
    jump: float  # how far apart the windows of two neighbours are; below 1 after a transposed convolution
    start: float  # the centre of the first window; 0 is the centre of the first input pixel


def receptive_field(steps):
    """The receptive field along one axis after each of a stack of windows.

    Parameters
    ----------
    steps : list of (kernel_size, stride, padding before, dilation); what is left out at the end is 1, 0, 1.

    Returns
    -------
    list of ReceptiveField, one more than there are steps: the first is the input pixel itself.

    >>> [field.size for field in receptive_field([(3,), (3,), (3,)])]
    [1, 3, 5, 7]
    >>> receptive_field([(3, 1), (2, 2), (3, 1), (2, 2)])[-1]
    ReceptiveField(size=10, jump=4, start=4.5)
    """
    fields = [ReceptiveField(1, 1, 0.0)]
    for step in steps:
        kernel_size, stride, before, dilation = _step(*step)
        size, jump, start = fields[-1]
        reach = _span(kernel_size, dilation) - 1
        fields.append(ReceptiveField(size + reach * jump, jump * stride, start + (reach / 2 - before) * jump))
    return fields


def _step(kernel_size, stride=1, before=0, dilation=1):
    return kernel_size, stride, before, dilation


def _times(sizes):
    """(5, 3) as "5x3", the way messages write sizes."""
    return "x".join(str(n) for n in sizes)
