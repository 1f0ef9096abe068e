"""Plain data on their way between two processes that do not trust each other: JSON, and the bytes of arrays.

What comes in is checked, never executed: there is no pickle, no object and no code in it.
"""

import json
import math

import numpy as np

DEPTH, PARTS = 12, 300_000  # of nested values: lists of lists will do for images, in every case of a task
TEXT = 20_000  # characters
BYTES, JSON_BYTES = 32 << 20, 8 << 20  # of one message, of its JSON, which takes far more room when it is read


class Garbled(ValueError):
    """What came is not what this module packs."""


def pack(value):
    """A plain value as a list of byte strings: one of JSON, then one for each array.

    >>> pack((1, np.arange(3, dtype=np.int8)))
    [b'{"tuple": [1, {"array": 0, "dtype": "|i1", "shape": [3]}]}', b'\\x00\\x01\\x02']
    """
    arrays = []
    text = json.dumps(_reduce(value, arrays), allow_nan=False)
    return [text.encode(), *arrays]


def unpack(parts):
    """The value that was packed.

    >>> unpack(pack({"a": (1.5, float("nan"), None, "x")}))
    {'a': (1.5, nan, None, 'x')}
    >>> unpack([b'{"array": 0, "dtype": "|O", "shape": [1]}', b"12345678"])
    Traceback (most recent call last):
    ...
    cnncourse.grading.sandbox.wire.Garbled: an array of dtype '|O'
    """
    if not parts or sum(len(part) for part in parts) > BYTES or len(parts[0]) > JSON_BYTES:
        raise Garbled(f"a message of {sum(len(part) for part in parts)} bytes in {len(parts)} parts")
    try:
        tree = json.loads(bytes(parts[0]), parse_constant=_refuse)
    except (ValueError, RecursionError) as wrong:
        raise Garbled(f"no JSON: {wrong}") from wrong
    return _Restorer(parts[1:]).restore(tree)


def _reduce(value, arrays):
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, (tuple, list)):
        return {"tuple": [_reduce(part, arrays) for part in value]}
    if isinstance(value, dict):
        return {"dict": [[key, _reduce(part, arrays)] for key, part in value.items()]}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        value = value.astype(np.float64) if value.dtype.itemsize > 8 else value
        if value.flags.fnc:  # laid out column by column: whoever receives it is to find it so
            return {"turned": _reduce(value.T, arrays)}
        arrays.append(value.tobytes())
        return {"array": len(arrays) - 1, "dtype": value.dtype.str, "shape": list(value.shape)}
    raise TypeError(f"a {type(value).__name__} is no plain data")


def _refuse(constant):
    raise Garbled(f"the constant {constant}")


class _Restorer:
    def __init__(self, buffers):
        self.buffers = buffers
        self.parts = self.used = 0

    def restore(self, tree, depth=0):
        self.parts += 1
        if depth > DEPTH or self.parts > PARTS:
            raise Garbled("too many values, or nested too deeply")
        if tree is None or type(tree) in (bool, int, float):
            return tree
        if type(tree) is str:
            return _text(tree)
        if type(tree) is not dict:
            raise Garbled("a list where a value is expected")
        if tree.keys() == {"float"} and tree["float"] in ("nan", "inf", "-inf"):
            return float(tree["float"])
        if tree.keys() == {"tuple"} and type(tree["tuple"]) is list:
            return tuple(self.restore(part, depth + 1) for part in tree["tuple"])
        if tree.keys() == {"dict"} and type(tree["dict"]) is list:
            return dict(self.pair(pair, depth + 1) for pair in tree["dict"])
        if tree.keys() == {"array", "dtype", "shape"}:
            return self.array(**tree)
        if tree.keys() == {"turned"} and isinstance(turned := self.restore(tree["turned"], depth + 1), np.ndarray):
            return turned.T
        raise Garbled("a value of an unknown kind")

    def pair(self, pair, depth):
        if type(pair) is not list or len(pair) != 2 or type(pair[0]) is not str:
            raise Garbled("a dictionary without keys")
        return _text(pair[0]), self.restore(pair[1], depth)

    def array(self, array, dtype, shape):
        kinds = {f"{order}{kind}{size}" for order in "<>|" for kind in "biuf" for size in (1, 2, 4, 8)}
        if type(dtype) is not str or dtype not in kinds - {f"{order}f1" for order in "<>|"}:
            raise Garbled(f"an array of dtype {dtype!r}")
        whole = type(shape) is list and all(type(n) is int and 0 <= n <= BYTES for n in shape)
        if not whole or type(array) is not int or not self.used == array < len(self.buffers) or len(shape) > 16:
            raise Garbled("an array without a shape or without bytes of its own")
        self.used += 1  # in their order and once each: one megabyte told again and again would fill the memory
        buffer, kind = bytes(self.buffers[array]), _dtype(dtype)
        if math.prod(shape) * kind.itemsize != len(buffer):
            raise Garbled(f"an array of shape {tuple(shape)} in {len(buffer)} bytes")
        try:
            return np.frombuffer(buffer, kind).reshape(shape).copy()
        except ValueError as wrong:  # an empty array with sizes that only together are too large
            raise Garbled(f"an array of shape {tuple(shape)}") from wrong


def _text(text):
    return text[:TEXT].encode("utf-8", "replace").decode()  # half a character could not be written to a file


def _dtype(name):
    try:
        return np.dtype(name)
    except TypeError as wrong:
        raise Garbled(f"an array of dtype {name!r}") from wrong
