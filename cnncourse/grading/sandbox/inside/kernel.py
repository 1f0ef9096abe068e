"""The kernel inside the sandbox: IPython's own, which also tries an answer on cases and returns plain data."""

import dataclasses
import os
import signal
import site
from contextlib import redirect_stderr, suppress

import numpy as np
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp

from cnncourse.checks.probing import Outcome, try_cases
from cnncourse.checks.task import Task, call
from cnncourse.grading.sandbox import wire
from cnncourse.grading.sandbox.inside import standins

PORTS = ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port")


def outcomes(namespace, expression, seconds, cases, lent, probe=""):
    """Try what an expression names on the cases, by a call, or as the source of a probe says.

    >>> [outcome.value for outcome in outcomes({"f": abs}, "f", 1, [(-2,), (3,)], {})]
    [2, 3]
    >>> outcomes({"f": abs}, "f", 1, [(-2,)], {}, "def twice(f, x): return 2 * f(x)")[0].value
    4
    >>> outcomes({}, "f", 1, [(2,)], {})[0].error
    'NameError'
    """
    try:
        answer = eval(expression, namespace)
    except BaseException as wrong:
        return [Outcome(error=type(wrong).__name__, message=str(wrong))]
    if not callable(answer):
        words = f"it is a {type(answer).__name__}, and a function is asked for"
        return [Outcome(error="NotAFunction", message=words)]
    with standins.lending(lent) as short:
        ask = standins.defined(probe, short) if probe else call
        return try_cases(Task("", "", "", None, None, probe=ask, seconds=seconds), answer, cases)


def words_of(wrong):
    """The text of an error, which may be a student's and raise another one.

    >>> words_of(ValueError("too large"))
    'too large'
    """
    try:
        return str(wrong)
    except BaseException:
        return "an error without words"


def packed(found):
    """Outcomes on their way to the judge; what cannot be sent is told in their place.

    >>> wire.unpack(packed([Outcome(2)]))[0]["value"], wire.unpack(packed([Outcome(10**5000)]))[0]["error"]
    (2, 'ValueError')
    """
    try:
        parts = wire.pack(tuple(dataclasses.asdict(outcome) for outcome in found))
        size = sum(map(len, parts))
        if size > wire.BYTES:
            raise ValueError(f"it has {size >> 20} MB")
        return parts
    except Exception as wrong:
        return packed([Outcome(error=type(wrong).__name__, message=f"the result cannot be sent: {wrong}")])


class StudentKernel(IPythonKernel):
    """IPython's kernel, and two requests more."""

    msg_types = (*IPythonKernel.msg_types, "probe_request", "alone_request")
    control_msg_types = tuple(IPythonKernel.control_msg_types)

    def probe_request(self, stream, ident, parent):
        """Try an answer: the request and the reply are plain data, packed."""
        try:
            asked = wire.unpack([bytes(part) for part in parent["buffers"]])
            with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):  # else the next cell waits behind it
                found = outcomes(self.shell.user_ns, **asked)
        except BaseException as wrong:  # SystemExit too: an answer that ends Python is no answer
            found = [Outcome(error=type(wrong).__name__, message=words_of(wrong))]
        self.session.send(stream, "probe_reply", {}, parent, ident=ident, buffers=packed(found))

    def alone_request(self, stream, ident, parent):
        """End every process of this world but this one, and process 1, which is out of reach."""
        if os.getppid() != 1:
            raise RuntimeError("outside of the sandbox this would end every process of the user")
        with suppress(ProcessLookupError, ChildProcessError):  # there is none, or none any more
            os.kill(-1, signal.SIGKILL)
            while True:
                os.waitpid(-1, 0)  # until they are waited for, the dead count among the processes that are allowed
        self.session.send(stream, "alone_reply", {}, parent, ident=ident)


def serve(address, key, listens):
    """Be a kernel at an address until told to end.

    >>> serve.__name__  # it does not return
    'serve'
    """
    home = "/home/student"
    os.environ.update(HOME=home, IPYTHONDIR=f"{home}/.ipython", MPLCONFIGDIR=f"{home}/.matplotlib")
    for offer in (site.setquit, site.sethelper):
        offer()
    np.random.seed()  # noqa: NPY002 - else every student would draw what the warm process would have drawn
    standins.install()
    app = IPKernelApp.instance(
        kernel_class=StudentKernel,
        transport="ipc",
        ip=address,
        connection_file=f"{home}/connection.json",
        log_level=50,
    )
    app.session.key = key.encode()
    for number, port in enumerate(PORTS, start=1):
        setattr(app, port, number)
    app.initialize(["--HistoryManager.enabled=False"])
    app.shell.enable_matplotlib("inline")  # the warm process imported the backend before there was a shell
    app.shell.ask_exit = lambda: None  # `exit()` would end the kernel somewhere in the next task
    listens()
    app.start()
