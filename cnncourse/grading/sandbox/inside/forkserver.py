"""A warm process: it has imported what an assignment needs, and forks a kernel for each submission.

It runs under bubblewrap and waits at a door, a socket. For everybody who knocks, a worker or whoever else grades, it
forks a copy of itself, which is told what to do, one JSON line for each request and one for each answer. A
kernel is three processes: the outer one stays in this world and reports how it ended; `init` is process 1 of a new
world and prepares it; the kernel itself, without any power, runs what students write. When `init` ends, the system
kills every process of its world.
"""

import gc
import importlib
import io
import json
import os
import resource
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path

from IPython.core.ultratb import FormattedTB

from cnncourse.grading.sandbox.inside import namespaces
from cnncourse.grading.sandbox.inside.kernel import serve
from cnncourse.grading.sandbox.inside.namespaces import SOCKETS

HOME = "/home/student"
OWN_SOCKETS = "/run/kernel"
OWNED_FILES = 4096  # as many descriptors are closed in a child
NO_PROCESS = "0"  # in place of its number


class Kernels:
    """The kernels that were forked here and not yet waited for."""

    def __init__(self, control):
        self.control = control
        self.outer = {}  # kernel -> process id of the outer process
        self.init = {}
        self.ended = {}  # kernel -> how it ended

    def start(self, kernel, key, limits, files, fixed=()):
        """Fork a kernel; the answer comes when it listens, or says why it does not."""
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            self.control.close()
            os.close(reading)
            _outer(writing, kernel, key, limits, files, fixed)
        os.close(writing)
        self.outer[kernel] = pid
        with os.fdopen(reading) as told:
            lines = told.read().splitlines()
        if lines and lines[0] != NO_PROCESS:
            self.init[kernel] = int(lines[0])
        if not lines or lines[-1] != "listens":
            self.signal(kernel, signal.SIGKILL)
            return {"error": "\n".join(lines[1:]) or "the kernel ended before it listened"}
        return {"process": self.init[kernel]}

    def poll(self, kernel):
        """How a kernel ended: 128 + the number of the signal, or its exit status; None while it runs."""
        if kernel not in self.ended:
            pid, status = os.waitpid(self.outer[kernel], os.WNOHANG)
            if not pid:
                return {"status": None}
            code = os.waitstatus_to_exitcode(status)
            self.ended[kernel] = code if code >= 0 else 128 - code
        return {"status": self.ended[kernel]}

    def signal(self, kernel, number):
        """Send a signal to a kernel; after SIGKILL nothing of its world is left."""
        if self.poll(kernel)["status"] is None and kernel in self.init:
            with suppress(ProcessLookupError):  # it ended in this moment, and the outer process did not notice yet
                os.kill(self.init[kernel], number)
        if number == signal.SIGKILL and kernel not in self.ended:
            if kernel not in self.init:
                os.kill(self.outer[kernel], number)
            status = os.waitstatus_to_exitcode(os.waitpid(self.outer[kernel], 0)[1])
            self.ended[kernel] = status if status >= 0 else 128 - status
        return {}

    def forget(self, kernel):
        """Kill a kernel if it runs, and forget it."""
        self.signal(kernel, signal.SIGKILL)
        for known in (self.outer, self.init, self.ended):
            known.pop(kernel, None)
        return {}


def _outer(told, kernel, key, limits, files, fixed):
    """Open a new world, put `init` into it, and end as it ends."""
    try:
        namespaces.die_with_parent()
        namespaces.unshare()
        turn, going = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(going)
            _init(told, turn, kernel, key, limits, files, fixed)
        os.write(told, f"{pid}\n".encode())
        os.close(told)
        os.close(going)  # now it is the turn of the other one
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os._exit(code if code >= 0 else 128 - code)
    except BaseException:
        os.write(told, f"{NO_PROCESS}\n{traceback.format_exc(limit=3)}".encode())
    finally:
        os._exit(1)


def _init(told, turn, kernel, key, limits, files, fixed):
    """Process 1 of the new world: prepare it, fork the kernel, close the last door when it listens, wait."""
    try:
        namespaces.die_with_parent()
        os.read(turn, 1)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _prepare(kernel, limits["disk"], files, fixed)
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            _powerless(writing, key, limits)
        namespaces.hide()
        os.close(writing)
        signal.signal(signal.SIGINT, lambda number, frame: os.kill(pid, number))
        with os.fdopen(reading) as waiting:
            words = waiting.read()
        if words == "listens":
            namespaces.freeze(OWN_SOCKETS)
        os.write(told, words.encode())
        os.close(told)
        while True:
            ended, status = os.wait()
            if ended == pid:
                code = os.waitstatus_to_exitcode(status)
                os._exit(code if code >= 0 else 128 - code)
    except BaseException:
        os.write(told, traceback.format_exc(limit=3).encode())
    finally:
        os._exit(1)


def _prepare(kernel, disk, files, fixed):
    """Mount what the kernel may write to, and cover what it may not see."""
    namespaces.mount(None, "/", None, namespaces.MS_REC | namespaces.MS_PRIVATE)
    namespaces.private_disk(HOME, disk)
    for place in (HOME + "/work", HOME + "/tmp"):
        os.mkdir(place)
    for place in ("/tmp", "/var/tmp"):
        namespaces.mount(HOME + "/tmp", place, None, namespaces.MS_BIND)
    namespaces.private_disk("/dev/shm", disk)
    namespaces.mount("tmpfs", "/dev/pts", "tmpfs", namespaces.MS_RDONLY, "size=4k")  # one for all kernels otherwise
    namespaces.mount(f"{SOCKETS}/{kernel}", OWN_SOCKETS, None, namespaces.MS_BIND)
    namespaces.mount("tmpfs", SOCKETS, "tmpfs", namespaces.MS_RDONLY, "size=4k")
    namespaces.own_processes_only()
    socket.sethostname("sandbox")
    os.chdir(HOME + "/work")
    for name, text in files.items():
        Path(name).write_bytes(bytes.fromhex(text))
    for name in fixed:
        place = f"{HOME}/work/{name}"
        namespaces.mount(place, place, None, namespaces.MS_BIND)
        namespaces.freeze(place)


def _powerless(told, key, limits):
    """The process that runs the student's code."""
    try:
        namespaces.die_with_parent()
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)  # what the warm process says is not for students to read or write
        os.dup2(1, 2)
        os.closerange(3, told)
        os.closerange(told + 1, OWNED_FILES)
        namespaces.limit(**{name: limits[name] for name in LIMITS})
        namespaces.forget_keys()
        namespaces.give_up_power()
        serve(f"{OWN_SOCKETS}/s", key, lambda: _say_that_it_listens(told))
    except BaseException:
        os.write(told, traceback.format_exc(limit=-6).encode())
    finally:
        os._exit(0)


LIMITS = ("memory", "processes", "file_size", "files", "cpu_seconds")


def _say_that_it_listens(told):
    """Say that the kernel listens."""
    os.write(told, b"listens")
    os.close(told)


def rehearse():
    """Do once what reads files and compiles patterns the first time, so that not every kernel does it again.

    >>> rehearse()
    """
    try:
        raise ValueError("a traceback in colour")
    except ValueError:
        FormattedTB(mode="Context", theme_name="linux").structured_traceback(*sys.exc_info())
    figure = importlib.import_module("matplotlib.figure").Figure()
    figure.subplots().plot([1, 2])
    figure.savefig(io.BytesIO())


def main():
    """Import what is asked for, then fork a copy for everybody who knocks.

    >>> main.__name__  # it expects a socket and a world of its own
    'main'
    """
    told = json.loads(sys.argv[1])
    if os.getuid() == 0:  # nobody inside needs the power of root, and its processes cannot be counted
        os.setgroups([])
        os.setgid(told["user"])
        os.setuid(told["user"])
        namespaces.hide(False)  # else this process may not write its own maps of users
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for module in told["preload"]:
        importlib.import_module(module)
    rehearse()
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and copy, every page
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system itself takes away the copies that have ended
    with socket.socket(fileno=told["door"]) as door:
        while True:
            control, _ = door.accept()
            if os.fork() == 0:
                door.close()
                _answer(control)
            control.close()


def _answer(control):
    """Be a copy of the warm process: answer requests until the other end is closed."""
    try:
        namespaces.die_with_parent()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        kernels = Kernels(control)
        with control.makefile("rw") as lines:
            print(json.dumps({"ready": True}), file=lines, flush=True)
            for line in lines:
                request = json.loads(line)
                try:
                    answer = getattr(kernels, request.pop("do"))(**request)
                except Exception as wrong:
                    answer = {"error": f"{type(wrong).__name__}: {wrong}"}
                print(json.dumps(answer), file=lines, flush=True)
        for kernel in list(kernels.outer):
            kernels.forget(kernel)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
