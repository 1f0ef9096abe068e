"""Turns what a caller passed into what the mathematics needs, or says what came and what would do."""

from numbers import Integral, Real

import numpy as np


def float_array(x, name, letters):
    """Return `x` as an array, if it is float32 or float64 and has one axis for each of the `letters`.

    >>> float_array(np.zeros((1, 28, 28, 1)), "x", "NHWC").shape
    (1, 28, 28, 1)
    >>> float_array(np.zeros((28, 28)), "x", "NHWC")
    Traceback (most recent call last):
    ...
    ValueError: x has shape (28, 28), which is 2-D, but (N, H, W, C) is needed: reshape it, e.g. x[None, :, :, None]
    """
    x = np.asarray(x)
    if x.dtype not in (np.float32, np.float64):
        how = f"{name}.astype(np.float32)" + (" / 255" if x.dtype == np.uint8 else "")
        raise ValueError(f"{name} has dtype {x.dtype}, but float32 or float64 is needed: convert it first, e.g. {how}")
    if x.ndim != len(letters):
        hint = ""
        if letters == "NHWC" and x.ndim in (2, 3):
            index = "[None, :, :, None]" if x.ndim == 2 else "[..., None] for grey images, [None] for one image"
            hint = f": reshape it, e.g. {name}{index}"
        raise ValueError(f"{name} has shape {x.shape}, which is {x.ndim}-D, but {_axes(letters)} is needed{hint}")
    return x


def _axes(letters):
    return f"({', '.join(letters)}{',' if len(letters) == 1 else ''})"


def same_shape(array, name, shape):
    """Return `array` as floats, if it has exactly the wanted `shape` (for upstream gradients, biases, scales).

    >>> same_shape(np.zeros(3), "b", (2,))
    Traceback (most recent call last):
    ...
    ValueError: b has shape (3,), but (2,) is needed
    """
    array = np.asarray(array)
    if array.shape != tuple(shape):
        raise ValueError(f"{name} has shape {array.shape}, but {tuple(shape)} is needed")
    if array.dtype not in (np.float32, np.float64):
        raise ValueError(f"{name} has dtype {array.dtype}, but float32 or float64 is needed")
    return array


def whole_number(value, name, minimum=1):
    """Return `value` as an int, if it is a whole number of at least `minimum`.

    >>> whole_number(2.0, "stride")
    Traceback (most recent call last):
    ...
    ValueError: stride is 2.0, but a whole number >= 1 is needed, such as 2
    """
    if isinstance(value, Integral) and not isinstance(value, (bool, np.bool_)) and value >= minimum:
        return int(value)
    like = max(int(value), minimum) if isinstance(value, Real) and abs(value) < float("inf") else minimum
    raise ValueError(f"{name} is {value!r}, but a whole number >= {minimum} is needed, such as {like}")


def per_axis(value, rank, name, minimum=1):
    """Return a tuple with one whole number for each of `rank` axes; a single number stands for all of them.

    >>> per_axis(3, 2, "kernel_size"), per_axis((3, 5), 2, "kernel_size")
    ((3, 3), (3, 5))
    """
    if np.ndim(value) == 0:
        return (whole_number(value, name, minimum),) * rank
    if len(value) != rank:
        raise ValueError(f"{name} is {value!r}, but one whole number or {rank} of them are needed")
    return tuple(whole_number(v, name, minimum) for v in value)


def fraction(value, name, below_one=True):
    """Return `value`, if it is a number in [0, 1), or in [0, 1] with `below_one=False`.

    >>> fraction(1.5, "rate")
    Traceback (most recent call last):
    ...
    ValueError: rate is 1.5, but a number in [0, 1) is needed
    """
    fits = isinstance(value, Real) and 0 <= value <= 1 and not (below_one and value == 1)
    if not fits:
        raise ValueError(f"{name} is {value!r}, but a number in [0, 1{')' if below_one else ']'} is needed")
    return float(value)


def number(value, name, above_zero=False):
    """Return `value` as a Python float, if it is finite and >= 0, or > 0 with `above_zero`.

    (A float64 scalar of NumPy would turn float32 arrays into float64.)

    >>> number(0, "epsilon", above_zero=True)
    Traceback (most recent call last):
    ...
    ValueError: epsilon is 0, but a number > 0 is needed
    """
    if not (isinstance(value, Real) and 0 <= value < float("inf")) or (above_zero and value == 0):
        raise ValueError(f"{name} is {value!r}, but a number {'>' if above_zero else '>='} 0 is needed")
    return float(value)


def generator(rng):
    """Return `rng`, if it is a generator of random numbers.

    >>> generator(0)
    Traceback (most recent call last):
    ...
    ValueError: rng is 0, but a generator is needed, such as numpy.random.default_rng(0)
    """
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng is {rng!r}, but a generator is needed, such as numpy.random.default_rng(0)")
    return rng


def class_labels(labels, count, classes=None):
    """Return `labels` as an integer array of `count` class numbers: 0 ... `classes` - 1, or any from 0 on.

    >>> class_labels([0, 12], 2, 10)
    Traceback (most recent call last):
    ...
    ValueError: labels go from 0 to 12, but with 10 classes they must lie in 0 ... 9
    """
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.shape[1] == classes and classes > 1:
        raise ValueError(f"labels have shape {labels.shape}, which looks one-hot: pass labels.argmax(axis=1)")
    if labels.shape != (count,):
        raise ValueError(f"labels have shape {labels.shape}, but there are {count} images: ({count},) is needed")
    if np.issubdtype(labels.dtype, np.floating):
        if not np.isfinite(labels).all():
            raise ValueError(f"labels hold {(~np.isfinite(labels)).sum()} NaN or infinite: drop or repair those images")
        if (labels != np.floor(labels)).any():
            raise ValueError(f"labels hold {labels[labels != np.floor(labels)][0]}, but whole class numbers are needed")
    elif not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels have dtype {labels.dtype}, but integers are needed")
    labels = labels.astype(np.int64)
    if count and labels.min() < 0:
        raise ValueError(f"labels go down to {labels.min()}, but classes are counted from 0")
    if count and classes is not None and labels.max() >= classes:
        raise ValueError(
            f"labels go from {labels.min()} to {labels.max()}, but with {classes} classes they must lie in "
            f"0 ... {classes - 1}"
        )
    return labels
