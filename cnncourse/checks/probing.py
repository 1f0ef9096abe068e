"""Trying an answer: run it on a case and note what came of it, as plain data."""

import copy
import io
import linecache
import signal
import threading
import time
import traceback
import warnings
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field

import numpy as np

from cnncourse.checks.plain import NotPlain, to_plain

PRINTED = 2000  # characters of a student's own output that are kept


@dataclass(frozen=True)
class Outcome:
    """What came of one case: a value, or an error; and what happened beside it."""

    value: object = None
    error: str = ""  # the type of the exception
    message: str = ""
    line: str = ""  # the student's line in which it happened
    changed: tuple = ()  # the arguments that came back changed, by position
    shared: tuple = ()  # the arguments whose memory the result looks into
    printed: str = ""
    warned: tuple = ()
    seconds: float = field(default=0.0, compare=False)


class TooSlow(BaseException):
    """Not an Exception, so that no `except Exception` of a student keeps it."""


@contextmanager
def limited(seconds):
    """Interrupt the block after so many seconds, where the system can do that (not on Windows, nor in a thread).

    >>> with limited(10):
    ...     print("in time")
    in time
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number, frame):
        raise TooSlow

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.01))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def line_of(error, answer):
    """The student's own line that raised the error, not ours and not a library's.

    >>> line_of(ValueError(), len)
    ''
    """
    own = getattr(getattr(answer, "__code__", None), "co_filename", None)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == own:
            return (frame.line or linecache.getline(frame.filename, frame.lineno)).strip()
    return ""


def arrays_in(value):
    """The arrays in a result, which may be a tuple or a dictionary of them.

    >>> len(list(arrays_in((np.zeros(2), {"a": np.ones(3)}, 4))))
    2
    """
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from arrays_in(part)
    elif isinstance(value, dict):
        yield from arrays_in(list(value.values()))


def try_case(task, answer, case, seconds):
    """Probe an answer on one case.

    The answer gets copies, so that nothing it does to its arguments reaches the next case.

    >>> from cnncourse.checks import task
    >>> try_case(task("ch02.pad"), lambda x, padding: x / 0, (1, 2), seconds=1).error
    'ZeroDivisionError'
    """
    given = copy.deepcopy(case)
    start, printed = time.perf_counter(), io.StringIO()
    value, error, message, line = None, "", "", ""
    with warnings.catch_warnings(record=True) as warned, redirect_stdout(printed):
        warnings.simplefilter("always")
        try:
            with limited(seconds):
                value = task.probe(answer, *given)
        except TooSlow:
            error, message = "TooSlow", "not finished in time"
        except Exception as caught:
            error, message, line = type(caught).__name__, str(caught), line_of(caught, answer)
    shared = tuple(
        position
        for position, argument in enumerate(given)
        if isinstance(argument, np.ndarray) and any(np.shares_memory(argument, part) for part in arrays_in(value))
    )
    changed = tuple(position for position, pair in enumerate(zip(case, given)) if not same(*pair))
    if not error:
        try:
            value = to_plain(value)
        except NotPlain as wrong:
            value, error, message = None, "NotPlain", str(wrong)
    return Outcome(
        *(value, error, message, line, changed, shared),
        printed=printed.getvalue()[:PRINTED],
        warned=tuple(dict.fromkeys(f"{w.category.__name__}: {w.message}" for w in warned))[:3],
        seconds=time.perf_counter() - start,
    )


def same(before, after):
    """Whether an argument came back as it went in.

    >>> same(np.zeros(2), np.zeros(2)), same(np.zeros(2), np.zeros(3))
    (True, False)
    """
    if isinstance(before, np.ndarray):
        return (
            isinstance(after, np.ndarray)
            and before.dtype == after.dtype
            and before.shape == after.shape
            and before.tobytes() == after.tobytes()
        )
    if isinstance(before, (tuple, list)):
        return len(before) == len(after) and all(same(*pair) for pair in zip(before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(same(before[key], after[key]) for key in before)
    return before is after or before == after


def try_cases(task, answer, cases):
    """Probe an answer on each case, all within the task's time limit.

    >>> from cnncourse.checks import task
    >>> [outcome.value for outcome in try_cases(task("ch02.output_size"), max, [(5, 3, 1, 0, 1), (2, 2, 1, 0, 1)])]
    [5, 2]
    """
    outcomes, left = [], task.seconds
    for case in cases:
        outcomes.append(try_case(task, answer, case, left))
        left -= outcomes[-1].seconds
        if outcomes[-1].error == "TooSlow":
            break
    return outcomes
