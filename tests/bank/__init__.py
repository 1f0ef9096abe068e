"""Answers to the exercises as students write them: right ones, and wrong ones beside those that cnncourse.checks names.

A chapter's file notes them task by task. A right answer is written differently from the reference; a wrong one must be
rejected, and must not be given the name of another mistake.
"""

RIGHT, WRONG = {}, {}


def answers(task, right, wrong):
    """Note the right and the wrong answers to a task."""
    RIGHT[task], WRONG[task] = right, wrong


def as_it_lies(x):
    """What is read from an array by somebody who works out from its shape where in memory a number is."""
    return x.ravel(order="K").reshape(x.shape)
