"""Answers as plain data: what may be compared, shown and sent from one process to another.

Plain data are NumPy arrays of numbers or booleans, Python numbers, strings, booleans, None, and tuples and
dictionaries of them.
"""

from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral, Real

import numpy as np


class NotPlain(TypeError):
    """The value is no data: a function, a model, an array of objects."""


def to_plain(value):
    """The value as plain data, copied, so that nobody can change it afterwards.

    >>> to_plain([np.float32(1.5), (2, "same")])
    (1.5, (2, 'same'))
    >>> to_plain(len)
    Traceback (most recent call last):
    ...
    cnncourse.checks.plain.NotPlain: a builtin_function_or_method is neither a number nor an array
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, np.generic):
        return to_plain(value.item())
    if isinstance(value, (list, tuple)):
        return tuple(to_plain(part) for part in value)
    if isinstance(value, dict):
        return {str(key): to_plain(part) for key, part in value.items()}
    if hasattr(value, "__array__"):  # NumPy's own, and the tensors of TensorFlow, JAX and PyTorch
        array = np.asarray(value).copy()
        if array.dtype.kind in "biuf":
            return array
        if array.dtype.kind == "O" and array.ndim:
            return to_plain(array.tolist())
        raise NotPlain(f"an array of dtype {array.dtype} does not hold real numbers")
    raise NotPlain(f"a {type(value).__name__} is neither a number nor an array")


@dataclass(frozen=True)
class Difference:
    """How an answer departs from what is expected: in words, and where, if it is in one number of an array."""

    words: str
    path: tuple = ()  # which part of a tuple or dictionary
    index: tuple | None = None  # which number of that part
    beside: bool = False  # the result is right, and something beside it is not


def difference(expected, got, tolerance=1e-4, names=()):
    """The first difference between two plain values, or None.

    A list of lists will do for an array, and any float type for another. A number that counts must be whole.
    `names` are what the parts of a tuple are called.

    >>> difference(np.array([1.0, 2.0]), (1.0, 2.5)).words
    'at [1]: expected 2, got 2.5'
    >>> difference(3, 3.0).words
    'expected the whole number 3, got the float 3.0: it counts something, so it must be an int'
    >>> difference(np.zeros(3), np.zeros(3, np.float32))
    """
    if got is None and expected is not None:
        return Difference("got None: is there a `return`?")
    if isinstance(expected, np.ndarray):
        return _array_difference(expected, got, tolerance)
    if isinstance(expected, dict):
        return _dict_difference(expected, got, tolerance)
    if isinstance(expected, tuple):
        return _tuple_difference(expected, got, tolerance, names)
    if isinstance(got, np.ndarray) and got.size == 1 and got.ndim == 0:
        got = got.item()
    if isinstance(expected, (bool, str)) or expected is None:
        same = type(got) is type(expected) and got == expected
        return None if same else Difference(f"expected {expected!r}, got {brief(got)}")
    if not isinstance(got, Real) or isinstance(got, bool):
        return Difference(f"expected the number {brief(expected)}, got {brief(got)}")
    if isinstance(expected, Integral) and not isinstance(got, Integral):
        if got == expected:
            words = f"got the float {got!r}: it counts something, so it must be an int"
            return Difference(f"expected the whole number {expected}, {words}")
        return Difference(f"expected {expected}, got {brief(got)}")
    same = got == expected if isinstance(expected, Integral) else _close(expected, got, tolerance)
    return None if same else Difference(f"expected {brief(expected)}, got {brief(got)}")


def brief(value):
    """A value in a few words.

    >>> brief(np.zeros((2, 3))), brief(0.1 + 0.2), brief((1, 2)), brief(-0.0)
    ('an array of shape (2, 3)', '0.3', 'a tuple of 2', '0')
    """
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, float):
        return f"{value + 0:.6g}"  # 0, and not -0
    if isinstance(value, (tuple, dict)) and value:
        return f"a {'tuple' if isinstance(value, tuple) else 'dictionary'} of {len(value)}"
    return repr(value)


def _close(expected, got, tolerance):
    try:
        return bool(np.isclose(float(got), expected, rtol=tolerance, atol=tolerance, equal_nan=True))
    except OverflowError:  # an int that no float can hold
        return False


def _array_difference(expected, got, tolerance):
    if isinstance(got, tuple):
        try:
            got = np.array(got)
        except ValueError:
            return Difference(f"expected {brief(expected)}, got a list of lists of different lengths")
        if got.dtype.kind not in "biuf":
            return Difference(f"expected {brief(expected)}, got a tuple of other things")
    if isinstance(got, Real) and not isinstance(got, bool):
        got = np.array(got)
    if not isinstance(got, np.ndarray):
        return Difference(f"expected {brief(expected)}, got {brief(got)}")
    if got.shape != expected.shape:
        return Difference(f"expected shape {expected.shape}, got shape {got.shape}")
    if expected.dtype.kind == "b" and got.dtype.kind != "b":
        return Difference(f"expected True and False, got numbers of dtype {got.dtype}")
    scale = 1.0  # a number close to 0 may be off by as much as its neighbours
    if expected.dtype.kind == "f":
        scale = np.abs(expected[np.isfinite(expected)]).max(initial=0) or 1.0
    wrong = ~np.isclose(got, expected, rtol=tolerance, atol=tolerance * scale, equal_nan=True)
    if not wrong.any():
        return None
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = f"[{', '.join(map(str, index))}]" if index else "the number"
    words = f"at {place}: expected {brief(expected[index].item())}, got {brief(got[index].item())}"
    return Difference(words, index=index)


def _parts_difference(keys, expected, got, tolerance, name):
    for key in keys:
        found = difference(expected[key], got[key], tolerance)
        if found:
            return Difference(f"{name(key)}: {found.words}", (key, *found.path), found.index)
    return None


def _tuple_difference(expected, got, tolerance, names):
    if isinstance(got, np.ndarray) and got.ndim:
        got = tuple(got)  # an array of as many parts
        got = tuple(to_plain(part) for part in got)
    if not isinstance(got, tuple):
        return Difference(f"expected {len(expected)} values, got {brief(got)}")
    if len(got) != len(expected):
        return Difference(f"expected {len(expected)} values, got {len(got)}")
    names = names or [f"value {number}" for number in range(1, len(expected) + 1)]
    return _parts_difference(range(len(expected)), expected, got, tolerance, names.__getitem__)


def _dict_difference(expected, got, tolerance):
    if not isinstance(got, dict):
        return Difference(f"expected a dictionary, got {brief(got)}")
    missing = [repr(key) for key in expected if key not in got]
    if missing:
        return Difference(f"lacks {', '.join(missing)}")
    return _parts_difference(expected, expected, got, tolerance, repr)
