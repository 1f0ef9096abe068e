"""Checks: whether an answer to an exercise is right, and if not, on which case and through which mistake.

from cnncourse.checks import check

check("ch02.output_size", output_size)
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from cnncourse.checks.borrowed import borrowed
from cnncourse.checks.catalogue import chapters, files, find, load
from cnncourse.checks.display import DATA, as_data, as_html, as_text, headline
from cnncourse.checks.handing_in import LARGEST, hand_in, reason_not_to_use
from cnncourse.checks.measuring import Measure, NothingEarlier, cases_of
from cnncourse.checks.probing import try_cases
from cnncourse.checks.verdict import Verdict, explains, judge, judge_measured, size, weight

__all__ = ["NotRight", "chapters", "check", "examine", "examine_closely", "hand_in", "in_notebook", "task", "tasks"]

EARLIER = {}  # what came of tasks that others build on, in this process

SEARCH_SECONDS = 2.0
NOT_HERE = "this task is not here. It is judged when you have handed in."


class NotRight(Exception):
    """An answer is not right yet. It shows itself without a traceback: the mistake is not in the cell that checks."""

    def _render_traceback_(self):
        return [str(self)]


def tasks():
    """All tasks by their id, in the order of the chapters.

    >>> "ch02.output_size" in tasks()
    True
    """
    return {name: load(path) for name, path in files().items()}


def task(name):
    """The task with that id.

    >>> task("ch02.output_siez")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: there is no task 'ch02.output_siez'; in this chapter there are ...
    """
    return find(name)


def examine(task, answer, seed=0):
    """The verdict on an answer, tried on the cases of a seed.

    >>> examine(task("ch02.output_size"), lambda *sizes: 1).passed
    False
    """
    if task.measure:
        return examine_measured(task, answer, seed)
    cases = list(task.cases(np.random.default_rng(seed)))
    return judge(task, cases, try_cases(task, answer, cases))


def examine_measured(task, answer, seed=0):
    """The verdict on an answer that is measured, with the files that lie here.

    >>> examine_measured(task("ch07.mnist_accuracy"), print).words
    'model.weights.h5 was not handed in.'
    """
    troubles = [reason_not_to_use(Path(name), LARGEST) for name in task.files]
    try:
        cases = cases_of(task, seed, EARLIER)
    except NothingEarlier as why:
        troubles.append(str(why))
    if any(troubles):
        return Verdict(task, 0, measure=Measure(0.0, next(filter(None, troubles))))
    return judge_measured(task, cases, try_cases(task, answer, cases), seed, EARLIER)


def examine_closely(task, answer, seed=0):
    """As `examine`; for a wrong answer, other seeds are searched for a case that is smaller and shows it too.

    >>> examine_closely(task("ch02.pad"), lambda x, padding: x).finding.difference.words
    'expected shape (4, 5), got shape (2, 3)'
    """
    verdict = examine(task, answer, seed)
    end = time.monotonic() + SEARCH_SECONDS
    for other in range(1, 30):
        if task.measure or verdict.passed or verdict.finding.outcome.error or time.monotonic() > end:
            break
        cases = task.cases(np.random.default_rng([seed, other]))
        smaller = [case for case in cases if size(case) < size(verdict.finding.case)]
        closer = judge(task, smaller, try_cases(task, answer, smaller))
        named = verdict.misconception
        if named and not explains(task, named, smaller, closer.outcomes):
            verdict = replace(verdict, misconception=None)  # it was right about the larger cases by accident
        if not closer.passed and weight(closer.finding) < weight(verdict.finding):
            verdict = replace(verdict, finding=closer.finding)
    return verdict


def in_notebook():
    """Whether there is a notebook to show HTML in.

    >>> in_notebook()
    False
    """
    return hasattr(_shell(), "kernel")


def _shell():
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def check(name, answer):
    """Say whether an answer is right; raise NotRight if it is not.

    >>> check("ch02.pad", print)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    cnncourse.checks.NotRight: ch02.pad: not right yet (zeros around an image).
    ...
    """
    if not callable(answer):
        raise NotRight(f"{name} asks for a function, and this is a {type(answer).__name__}: pass its name, without ()")
    if str(name).partition(".")[0] not in {chapter.partition("_")[0] for chapter in chapters()}:
        print(f"{name}: {NOT_HERE}")
        return
    verdict = examine_closely(task(name), answer)
    if verdict.passed:
        print(headline(verdict))
        if modules := [] if verdict.measure else borrowed(verdict.task, answer):
            print(f"But it calls {' and '.join(modules)}, which is not there when it is graded: write it yourself.")
        return
    if in_notebook():
        shown = {DATA: as_data(verdict), "text/html": as_html(verdict), "text/plain": as_text(verdict)}
        _shell().display_pub.publish(shown)
        raise NotRight(headline(verdict))
    raise NotRight(as_text(verdict))
