"""How chapter 4 asks for an answer: with a loss, which the answer gets as a function."""

from dataclasses import dataclass

import numpy as np

FORMULAS = {
    "np.sum(x**2)": lambda x: np.sum(x**2),
    "np.sum(x**3)": lambda x: np.sum(x**3),
    "np.prod(x)": lambda x: np.prod(x),
    "np.sum(np.sin(x)) * np.mean(x**2)": lambda x: np.sum(np.sin(x)) * np.mean(x**2),
    "np.sum(np.exp(x)) ** 0.5": lambda x: np.sum(np.exp(x)) ** 0.5,
}


@dataclass(frozen=True)
class Loss:
    """A function of an array that shows what it computes, in whatever dtype the array has.

    >>> Loss("np.prod(x)")
    np.prod(x)
    >>> Loss("np.prod(x)")(np.array([2.0, 3.0]))
    6.0
    """

    formula: str

    def __call__(self, x):
        return FORMULAS[self.formula](x).item()

    def __repr__(self):
        return self.formula


def ask(answer, f, x, h):
    """Ask for the slopes of a loss, which is named by its formula.

    >>> ask(lambda f, x, h: f(x) + h, "np.prod(x)", np.array([2.0, 3.0]), 0.5)
    6.5
    """
    return answer(Loss(f), x, h)


PROBES = {"ch04.numerical_gradient": ask}
