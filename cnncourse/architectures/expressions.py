"""The arithmetic of a spec: what may stand where its notation wants a value."""

import ast
import math
import operator
import re
from functools import cache

NUMBER_OR_PAIR = re.compile(r"\d+x\d+$")
WORDS = {"yes": True, "no": False}


def round8(value):
    """The nearest multiple of 8, but not below 8 nor more than a tenth below `value`: MobileNet's rule for widths.

    >>> [round8(value) for value in (3, 20, 33.6, 91)]
    [8, 24, 32, 88]
    """
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value else rounded


FUNCTIONS = {"ceil": math.ceil, "int": int, "max": max, "min": min, "round8": round8}
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def evaluate(text, names):
    """The value of an expression such as ``4*f`` or ``C != 4*f or s > 1``, with `names` for what it names.

    There are numbers, ``3x5`` for a pair, ``yes`` and ``no``, ``+ - * / // %``, comparisons, ``and``, ``or``, ``not``,
    and the functions ``ceil``, ``int``, ``max``, ``min`` and ``round8``. A quotient that comes out even is whole.

    >>> evaluate("4*f", {"f": 64}), evaluate("1x7", {}), evaluate("C/2", {"C": 512})
    (256, (1, 7), 256)
    >>> evaluate("g*f", {"f": 64})
    Traceback (most recent call last):
    ...
    ValueError: 'g' is not known here; known are f
    """
    if NUMBER_OR_PAIR.match(text):
        return tuple(int(n) for n in text.split("x"))
    return _value(_parsed(text.strip()), {**WORDS, **names}, text)


@cache
def _parsed(text):
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        raise ValueError(f"{text!r} is no expression, such as 64, 3x3 or 4*f") from None


def _value(tree, names, text):
    match tree:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.Name(id=name):
            if name not in names:
                known = ", ".join(sorted(names.keys() - WORDS)) or "no names"
                raise ValueError(f"{name!r} is not known here; known are {known}")
            return names[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return _apply(OPERATORS[type(op)], (left, right), names, text)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPERATORS:
            return _apply(OPERATORS[type(op)], (left, right), names, text)
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(part, names, text) for part in values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_value(part, names, text) for part in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, names, text)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _apply(operator.neg, (operand,), names, text)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            return _apply(FUNCTIONS[name], arguments, names, text)
    raise ValueError(f"{text!r}: {ast.unparse(tree)!r} means nothing in a spec")


def _apply(function, arguments, names, text):
    values = [_value(part, names, text) for part in arguments]
    try:
        result = function(*values)
    except (TypeError, ArithmeticError, ValueError) as error:
        raise ValueError(f"{text!r} with {', '.join(map(repr, values))}: {error}") from None
    return int(result) if isinstance(result, float) and result.is_integer() else result
