"""What a worker on this machine does before all else; dask imports it by its name."""

import signal


def dask_setup(worker):
    """Leave Ctrl-C to the process that started the workers: it ends them when all is written down.

    >>> dask_setup(None)
    >>> _ = signal.signal(signal.SIGINT, signal.default_int_handler)
    """
    # A function, for a signal that is ignored would be ignored by every process started from here too
    signal.signal(signal.SIGINT, lambda number, frame: None)
