"""What `cnncourse doctor` says about the sandbox, for which the packages of instructors are needed."""

import time

from cnncourse.grading.doctor import MISSING, OK, Finding
from cnncourse.grading.sandbox.kernels import Kernel
from cnncourse.grading.sandbox.sandbox import warm


def trial():
    """Whether a sandbox starts, answers, and holds its limits.

    >>> trial().what
    'sandbox'
    """
    start = time.monotonic()
    try:
        kernel = Kernel("", ())
        started = time.monotonic() - start
        try:
            ran = kernel.execute("print(6 * 7)", 30)
        finally:
            kernel.close()
        words = warm().words()
    except (RuntimeError, OSError) as why:
        return Finding(MISSING, "sandbox", str(why))
    if ran.end != "done" or not ran.outputs or ran.outputs[0].get("text") != "42\n":
        return Finding(MISSING, "sandbox", "a kernel in it does not answer as it should")
    return Finding(OK, "sandbox", f"ready after {started:.1f} s; {'; '.join(words)}")


def findings():
    """All of it.

    >>> [found.what for found in findings()]
    ['sandbox']
    """
    yield trial()
