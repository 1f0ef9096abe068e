"""Wrong answers that many tasks share, made from the right one.

Most are the right answer to another question (`given`, `exchanged`), or the right answer with something done to it
afterwards (`then`, `in_place`): these four return an answer, which `TASK.mistake` then notes. `ignores`,
`cuts_fractions` and `overwrites` note a whole mistake, with its name and its reason.
"""

from inspect import signature

import numpy as np


def given(task, **changes):
    """The right answer to another question: a changed argument is a value, or a function of what it was.

    >>> from cnncourse.checks import task
    >>> given(task("ch02.output_size"), stride=1, padding=lambda padding: 2 * padding)(7, 3, 2, 1, 1)
    9
    """
    names = list(signature(task.reference).parameters)

    def answer(*case):
        arguments = dict(zip(names, case))
        for name, change in changes.items():
            arguments[name] = change(arguments[name]) if callable(change) else change
        return task.reference(*arguments.values())

    answer.__name__ = f"given_{'_'.join(changes)}"
    return answer


def exchanged(task, one, other):
    """The right answer with two arguments in each other's place.

    >>> from cnncourse.checks import task
    >>> exchanged(task("ch02.output_size"), "size", "kernel")(3, 7, 1, 0, 1)
    5
    """
    names = list(signature(task.reference).parameters)
    first, second = names.index(one), names.index(other)

    def answer(*case):
        case = list(case)
        case[first], case[second] = case[second], case[first]
        return task.reference(*case)

    answer.__name__ = f"exchanged_{one}_{other}"
    return answer


def then(task, change):
    """The right answer with something done to it: `change` gets the result, as one argument for each of its parts.

    >>> from cnncourse.checks import task
    >>> then(task("ch02.output_size"), lambda size: size + 1)(7, 3, 1, 0, 1)
    6
    """

    def answer(*case):
        result = task.reference(*case)
        return change(*result) if isinstance(result, tuple) else change(result)

    answer.__name__ = f"then_{getattr(change, '__name__', 'changed').strip('<>')}"
    return answer


def partly(task, other, *places):
    """The right answer, with the parts at some places from another answer.

    >>> from cnncourse.checks import task
    >>> partly(task("ch05.spreads"), lambda shape: (1.0, 2.0), 1)((1, 1, 2, 3))
    (1.0, 2.0)
    """

    def answer(*case):
        changed = other(*case)
        return tuple(changed[k] if k in places else part for k, part in enumerate(task.reference(*case)))

    answer.__name__ = f"partly_{getattr(other, '__name__', 'other').strip('<>')}"
    return answer


def in_place(task):
    """The right answer, written over the first argument, which is returned.

    >>> from cnncourse.checks import task
    >>> x = np.array([[1, 2, 3]]).reshape(1, 1, 3, 1)
    >>> in_place(task("ch01.shift"))(x, 0, 1) is x, x.ravel()
    (True, array([0, 1, 2]))
    """

    def answer(x, *case):
        x[...] = task.reference(x, *case)
        return x

    return answer


def ignores(task, argument, instead, why, section=""):
    """Note the mistake that an argument is ignored, as if it always were `instead`.

    >>> from cnncourse.checks.task import Task
    >>> half = Task("ch00.half", "a half", "ch00_x#y", lambda x, by=2: x / by, lambda rng: [])
    >>> ignores(half, "by", 1, "It says by how much.")
    >>> half.misconceptions[0].name, half.misconceptions[0].answer(6, 3)
    ('by is ignored', 6.0)
    """
    task.mistake(f"{argument} is ignored", why, section)(given(task, **{argument: instead}))


def cuts_fractions(task):
    """Note the mistake that the result is made for whole numbers, in each of its parts.

    >>> from cnncourse.checks.task import Task
    >>> half = Task("ch00.half", "a half", "ch00_x#y", lambda x, by=2: x / by, lambda rng: [])
    >>> cuts_fractions(half)
    >>> int(half.misconceptions[0].answer(3))
    1
    """
    why = "An array of dtype int cuts the fractions off everything that is put into it."

    def cut(*parts):
        cut = tuple(np.asarray(part).astype(int) for part in parts)
        return cut if len(cut) > 1 else cut[0]

    task.mistake("the result is made for whole numbers", why)(then(task, cut))


def overwrites(task, *arguments, name="the arguments are overwritten", why="", section=""):
    """Note the mistake that the answer writes into its arguments, once it knows the result.

    >>> from cnncourse.checks.task import Task
    >>> half = Task("ch00.half", "a half", "ch00_x#y", lambda x, by=2: x / by, lambda rng: [])
    >>> overwrites(half, "x")
    >>> x = np.array([3.0])
    >>> half.misconceptions[0].answer(x), x
    (array([1.5]), array([0.]))
    """
    why = why or "The caller may still need the arrays that it passed: work on a copy."
    places = [list(signature(task.reference).parameters).index(argument) for argument in arguments]

    def overwritten(*case):
        result = task.reference(*case)
        for place in places:
            case[place][...] = 0
        return result

    task.mistake(name, why, section)(overwritten)
