"""What the workers on this machine share: a process that imports what they need, and what each does before all else."""

import gc
import signal
from multiprocessing import forkserver, set_forkserver_preload

from cnncourse.grading.sandbox import sandbox

IMPORTED = ["distributed", "cnncourse.grading.judge.judging"]


def begin(arguments):
    """Begin to import what workers here need, in a process of its own that they will be forked from.

    >>> from types import SimpleNamespace as Arguments
    >>> begin(Arguments(scheduler=""))
    """
    if arguments.scheduler:  # the workers are elsewhere
        return
    set_forkserver_preload(IMPORTED)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is this process's own; an ignored one is inherited
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, before)


def dask_setup(worker):
    """Leave Ctrl-C to the process that started the workers: it ends them when all is written down. dask calls this.

    >>> before = signal.getsignal(signal.SIGINT)
    >>> dask_setup(None)
    >>> _ = signal.signal(signal.SIGINT, before)
    """
    # A function, for a signal that is ignored would be ignored by every process started from here too
    signal.signal(signal.SIGINT, lambda number, frame: None)
    gc.freeze()  # what was imported before the fork is shared by the workers as long as no collection touches it


def dask_teardown(worker):
    """End the worker's sandboxes: a process that was forked leaves without its `atexit` functions. dask calls this.

    >>> dask_teardown(None)
    """
    sandbox.close_all()
