"""Whether a right answer leaves the work to the course's own functions, which are out of reach when it is graded."""

import sys

import numpy as np

from cnncourse.checks.probing import try_cases

PACKAGE = __name__.partition(".")[0]


def borrowed(task, answer):
    """The modules of the course whose functions an answer calls, and which the task does not lend.

    >>> from cnncourse.checks import task
    >>> from cnncourse.shapes import conv_output_size
    >>> borrowed(task("ch02.output_size"), conv_output_size)
    ['cnncourse.shapes']
    >>> borrowed(task("ch02.output_size"), lambda *sizes: 1)
    []
    """
    lent, found = {name.rpartition(".")[2] for name, _ in task.lends}, set()

    def look(frame, event, about):
        if event == "call" and frame.f_back is not None:
            here, there = (one.f_globals.get("__name__", "") for one in (frame, frame.f_back))
            if _is_lesson(here) and not _is_lesson(there) and frame.f_code.co_name not in lent:
                found.add(".".join(here.split(".")[:2]))

    case = next(iter(task.cases(np.random.default_rng(0))))
    before = sys.getprofile()
    sys.setprofile(look)
    try:
        try_cases(task, answer, [case])
    finally:
        sys.setprofile(before)
    return sorted(found)


def _is_lesson(module):
    """Whether a module is of the course, and not of what tries answers."""
    return module.partition(".")[0] == PACKAGE and not module.startswith(f"{PACKAGE}.checks")
