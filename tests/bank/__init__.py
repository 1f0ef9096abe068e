"""Answers to the exercises as students write them: right ones, and wrong ones beside those that cnncourse.checks names.

A chapter's file notes them task by task. A right answer is written differently from the reference; a wrong one must be
rejected, and must not be given the name of another mistake.
"""

import numpy as np

from cnncourse.checks import task
from cnncourse.checks.mistakes import given

RIGHT, WRONG = {}, {}


def answers(name, right, wrong):
    """Note the right and the wrong answers to a task. Who reads an array as it lies in memory is wrong everywhere."""
    RIGHT[name] = right
    WRONG[name] = [*wrong, *(given(task(name), **{argument: as_it_lies}) for argument in by_columns(task(name)))]


def by_columns(task):
    """The arguments that are laid out in memory otherwise than row by row in some case."""
    cases = task.cases(np.random.default_rng(0))
    named = [pair for case in cases for pair in zip(task.names(), case)]
    return sorted({name for name, x in named if isinstance(x, np.ndarray) and not x.flags.c_contiguous})


def as_it_lies(x):
    """What is read from an array by somebody who works out from its shape where in memory a number is."""
    return x.ravel(order="K").reshape(x.shape)
