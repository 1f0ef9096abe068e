"""What an exercise asks for: a right answer, the cases it is tried on, and the wrong answers that have a name."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature


def call(answer, *arguments):
    """Ask a function for its result: what most tasks do with an answer.

    >>> call(max, 2, 3)
    3
    """
    return answer(*arguments)


def returns(value):
    """A function without arguments that returns the value: an answer to a task that asks for a number or an array.

    >>> returns(3)()
    3
    """
    return lambda: value


def as_it_is(value, *case):
    """The value itself: what most tasks compare.

    >>> as_it_is(3, "of a case")
    3
    """
    return value


@dataclass(frozen=True)
class Misconception:
    """A mistake that students really make, as the answer it leads to."""

    name: str
    answer: object
    why: str
    section: str = ""  # where the book deals with it, if that is not the section of the task


@dataclass(frozen=True)
class Task:
    """One graded task.

    `cases(rng)` gives tuples of arguments, drawn from `rng`; `probe(answer, *case)` does with a student's object what
    the case asks and returns data; `settle(value, *case)` makes of that data what is compared, by whoever judges;
    `reference` is a right answer, probed like any other.
    """

    id: str
    asks: str
    section: str  # the page and the anchor of the book, such as "ch02_convolution#how-large-is-the-result"
    reference: object
    cases: Callable
    misconceptions: tuple = ()
    probe: Callable = call
    settle: Callable = as_it_is  # what is compared is not what came but what this makes of it and of the case
    lends: tuple = ()  # what the text allows, or the probe needs: pairs of a full name and the function of `lent`
    results: tuple = ()  # what the parts of the result are called, if it is a tuple
    fresh: bool = False  # the result must not be a view of an argument
    tolerance: float = 1e-4
    seconds: float = 10.0  # for all cases of a task together

    def names(self):
        """What the arguments of a case are called."""
        source = self.reference if self.probe is call else self.probe
        names = list(signature(source).parameters)
        return names if self.probe is call else names[1:]
