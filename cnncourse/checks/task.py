"""What an exercise asks for: a right answer, the cases it is tried on, and the wrong answers that have a name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import getdoc, getsource, signature


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


@dataclass(eq=False)
class Task:
    """One graded task.

    `cases(rng)` gives tuples of arguments, drawn from `rng`; `probe(answer, *case)` does with a student's object what
    the case asks and returns data; `settle(value, *case)` turns that data into what is compared, outside the student's
    process; `reference` is a right answer, probed like any other.

    A file gives its own `__name__` and `__doc__`: the task takes its id from where it stands, and what it asks for from
    the first sentence of the file.

    >>> where, what = "cnncourse.checks.ch00_sums.double", "ch00.double: twice a number."
    >>> double = Task(where, what, "#twice", lambda n: 2 * n, lambda rng: [(3,)])
    >>> double.id, double.asks, double.section
    ('ch00.double', 'twice a number', 'ch00_sums#twice')
    """

    id: str
    asks: str
    section: str  # the page and the anchor of the book; "#how-large-is-the-result" is on the page of the task's chapter
    reference: object
    cases: Callable
    probe: Callable = call
    settle: Callable = as_it_is
    lends: tuple = ()  # what the text allows, or the probe needs: pairs of a full name and the function of `lent`
    results: tuple = ()  # what the parts of the result are called, if it is a tuple
    fresh: bool = False  # the result must not be a view of an argument
    measure: Callable | None = None  # measure(values, truth, earlier) -> Measure, instead of a comparison: measuring.py
    truth: Callable | None = None  # truth(rng): what `measure` compares with, drawn as the cases were; never sent along
    after: tuple = ()  # tasks whose values `measure`, and `cases` as a second argument, get as `earlier`
    files: tuple = ()  # that must have been handed in beside the notebook, by their names
    alone: bool = False  # tried where nothing of the notebook has run, when it is graded
    doubts: tuple = ()  # what the judge also asks of the values, by the names in grading/judge/doubts.py
    tolerance: float = 1e-4
    seconds: float = 10.0  # for all cases of a task together
    misconceptions: list = field(default_factory=list)

    def __post_init__(self):
        folder, _, name = self.id.rpartition(".")
        page = folder.rpartition(".")[2]
        self.id = ".".join(filter(None, [page.partition("_")[0], name]))
        head = " ".join(self.asks.strip().partition("\n\n")[0].split())
        self.asks = head.removeprefix(f"{self.id}: ").removesuffix(".")
        self.section = page + self.section if self.section.startswith("#") else self.section

    def mistake(self, name, why="", section=""):
        """Decorate a wrong answer with the name of its mistake, the reason, and the section, if it has one of its own.

        Without a reason, the answer's docstring is the reason. A section of the task's own page may be given as
        "#anchor".

        >>> double = Task("ch00.double", "twice a number", "ch00_x#y", lambda n: 2 * n, lambda rng: [(3,)])
        >>> @double.mistake("the number is squared", section="#powers")
        ... def squared(n):
        ...     '''Twice a number is the number added to itself.'''
        ...     return n * n
        >>> double.misconceptions[0].why, double.misconceptions[0].section
        ('Twice a number is the number added to itself.', 'ch00_x#powers')
        """
        section = self.section.partition("#")[0] + section if section.startswith("#") else section

        def note(answer):
            reason = why or " ".join((getdoc(answer) or "").split())
            if not reason:
                raise ValueError(f"{self.id}: {name!r} has no reason: give one, or write it as the answer's docstring")
            self.misconceptions.append(Misconception(name, answer, reason, section))
            return answer

        return note

    def names(self):
        """What the arguments of a case are called."""
        source = self.reference if self.probe is call else self.probe
        names = list(signature(source).parameters)
        return names if self.probe is call else names[1:]

    def sources(self):
        """What a process without this module needs to try an answer: the source of `probe`, and of what is lent."""
        probe = "" if self.probe is call else getsource(self.probe)
        return {"probe": probe, "lent": {name: getsource(function) for name, function in self.lends}}
