"""Grading on many processes: `dask.distributed` workers here, or on any cluster by its address."""

import os
import signal
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, islice

import dask
from distributed import Client, KilledWorker, LocalCluster, WorkerPlugin, as_completed

from cnncourse.grading.judge.untrusted import Damaged
from cnncourse.grading.sandbox import sandbox
from cnncourse.grading.sandbox.warmprocess import NoSandbox, WarmProcess

HERE = {
    "distributed.scheduler.allowed-failures": 0,  # who is tried again, and how, is decided in `graded`
    "distributed.worker.preload": ["cnncourse.grading.cohort.worker"],
    "distributed.worker.multiprocessing-method": "forkserver",
    "distributed.worker.profile.enabled": False,  # it would take a quarter of the time
    "distributed.worker.daemon": False,  # a daemon may have no processes of its own, but the sandbox is one
}
REACH_SECONDS, END_SECONDS = 10, 30
DIED = "the process that graded it died, twice: look at the notebook before you run it"


@contextmanager
def workers(jobs=None, scheduler=None):
    """A client of so many workers on this machine (one a core), or of the cluster at that address.

    >>> with workers(scheduler="no://address"):
    ...     pass
    Traceback (most recent call last):
    ...
    ValueError: there is no scheduler at no://address
    """
    with ExitStack() as stack:
        if scheduler:
            try:
                client = stack.enter_context(Client(scheduler, timeout=REACH_SECONDS))
            except (OSError, ValueError) as wrong:
                raise ValueError(f"there is no scheduler at {scheduler}") from wrong
            if any(threads > 1 for threads in client.nthreads().values()):
                raise ValueError("a worker grades one notebook at a time: start the workers with --nthreads 1")
        else:
            stack.enter_context(dask.config.set(HERE))
            cluster = LocalCluster(
                n_workers=jobs or len(os.sched_getaffinity(0)),
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=None,
                memory_limit=0,  # the sandbox has limits of its own; a worker that waits for memory waits for ever
                silence_logs=60,
            )
            stack.callback(end, cluster)
            client = stack.enter_context(Client(cluster))
        yield client


def end(cluster, seconds=END_SECONDS):
    """End the workers here; those that have not ended after so many seconds are killed, for they hold nothing.

    >>> from types import SimpleNamespace as Pretend
    >>> end(Pretend(workers={}, close=lambda timeout: print(timeout)), 5)
    5
    """
    processes = [nanny.pid for nanny in cluster.workers.values()]
    try:
        cluster.close(timeout=seconds)
    except TimeoutError:
        for process in filter(None, processes):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def grade_submission(grade_notebook, blueprints, secret, student, texts, files, handed_in):
    """Grade the notebooks of one submission; returns the graded ones, and why others could not be read.

    >>> grade_submission(lambda blueprint, text, *rest: text.decode(), {"ps1": {}}, "", "ada", {"ps1": b"ok"}, {}, {})
    ({'ps1': 'ok'}, {})
    """
    notebooks, unreadable = {}, {}
    for name, text in texts.items():
        try:
            notebooks[name] = grade_notebook(blueprints[name], text, student, secret, files, handed_in)
        except Damaged as why:
            unreadable[name] = f"{name}.ipynb: {why}"
    return notebooks, unreadable


class Sharing(WorkerPlugin):
    """Tells every worker, later ones too, of the warm processes on this machine: packages -> place."""

    def __init__(self, places):
        self.places = places

    def setup(self, worker):
        """Make use of them."""
        sandbox.share(self.places)


def on_workers(grade_notebook, jobs=None, scheduler=None, needs=None):
    """A function that grades the submissions of `work` on workers, which it starts and ends.

    What a notebook `needs`, packages by its blueprint, is imported once for all workers of this machine.

    >>> list(on_workers(None)([]))  # nothing is started for nobody
    []
    """

    def results(work):
        work = iter(work)
        for first in islice(work, 1):  # nothing is started where there is nothing to do
            with ExitStack() as stack:
                shared = {}
                if needs and not scheduler:
                    blueprints = first[1][0]
                    for packages in {needs(blueprint) for blueprint in blueprints.values()}:
                        process = WarmProcess(packages)
                        stack.callback(process.close)
                        shared[packages] = str(process.place)
                client = stack.enter_context(workers(jobs, scheduler))
                if shared:
                    client.register_plugin(Sharing(shared))
                tasks = ((student, (grade_notebook, *arguments)) for student, arguments in chain([first], work))
                yield from graded(client, grade_submission, tasks)

    return results


def graded(client, do, work):
    """Yield `(name, result, trouble)` for each `(name, arguments)` of `work`, in the order in which they get ready.

    `trouble` is None or a sentence. As many are under way as there are workers, and `work` is read no faster.
    A worker that dies may have held two; both are tried again at the end, each alone, so that one that kills its
    worker again is known to be the one.

    >>> list(graded(None, max, []))
    []
    """
    work, under_way, suspects = iter(work), {}, []

    def start(several):
        for name, arguments in several:
            future = client.submit(do, *arguments, pure=False)
            under_way[future.key] = (name, arguments)
            ready.add(future)

    for first in islice(work, 1):  # a cluster is asked for nothing where there is nothing to do
        client.wait_for_workers(1, timeout=60)
        ready = as_completed()
        start([first])
        start(islice(work, len(client.nthreads()) - 1))
        for future in ready:
            name, arguments = under_way.pop(future.key)
            result, trouble = _outcome(future)  # before its worker gets the next one, which may be its end
            start(islice(work, max(0, max(1, len(client.nthreads())) - len(under_way))))
            if trouble == DIED:
                suspects.append((name, arguments))
            else:
                yield name, result, trouble
    for name, arguments in suspects:
        client.wait_for_workers(1, timeout=60)
        yield name, *_outcome(client.submit(do, *arguments, pure=False))


def _outcome(future):
    try:
        return future.result(), None
    except KilledWorker:
        return None, DIED
    except NoSandbox:  # it is nobody's fault, and the same for everybody
        raise
    except Exception as wrong:  # with one submission, whatever it is: the others go on
        return None, f"{type(wrong).__name__}: {wrong}"
