"""The sandbox: a copy of the warm process, under bubblewrap like that one, which forks kernels on request."""

import atexit
import json
import os
import select
import signal
import socket
import struct
import threading
import uuid
from contextlib import suppress
from pathlib import Path

from cnncourse.grading.sandbox.limits import Limits, make_group
from cnncourse.grading.sandbox.warmprocess import END_SECONDS, NOBODY, NoSandbox, WarmProcess

START_SECONDS = 120.0  # for a first import of TensorFlow on a slow disk
ANSWER_SECONDS = 30.0
CREDENTIALS = struct.Struct("3i")  # process, user and group of whoever sends


class Sandbox:
    """A copy of a warm process, of one's own or of that at `place`, and the kernels that it forked."""

    def __init__(self, packages=(), limits=None, place=None):
        self.limits = limits or Limits()
        self.lock = threading.Lock()
        self.warm_process = None if place else WarmProcess(packages)
        self.place = Path(place or self.warm_process.place)
        self.folder = self.place / "kernels"
        self.owner, self.process, self.group, self.lines = os.getpid(), None, None, None
        self.control = socket.socket(socket.AF_UNIX)
        self.control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.control.settimeout(START_SECONDS)
        try:
            self.control.connect(str(self.place / "door"))
            _, ((*_, credentials),), *_ = self.control.recvmsg(100, socket.CMSG_SPACE(CREDENTIALS.size))
            pid = CREDENTIALS.unpack(credentials)[0]  # as it is called in this world
            self.process = os.pidfd_open(pid)
        except (OSError, ValueError) as wrong:
            why = self.said()
            self.close()
            raise NoSandbox(reason(why)) from wrong
        self.control.settimeout(ANSWER_SECONDS)
        self.lines = self.control.makefile("rw")
        group = make_group(f"cnncourse-{os.getpid()}-{uuid.uuid4().hex[:8]}", self.limits)
        if group and group.add(pid):
            self.group = group

    def said(self):
        """What the warm process wrote before it ended."""
        try:
            return (self.place / "said").read_text(errors="replace").strip()
        except FileNotFoundError:
            return "it was ended before"

    def ask(self, **request):
        """Send a request and return the answer; a process that does not answer is ended."""
        with self.lock:
            try:
                print(json.dumps(request), file=self.lines, flush=True)
                answer = json.loads(self.lines.readline())
            except (OSError, ValueError) as wrong:
                why = self.said()
                self.close()
                raise NoSandbox(f"the warm process of the sandbox ended or did not answer: {why}") from wrong
        if "error" in answer:
            raise NoSandbox(reason(answer["error"]))
        return answer

    def sockets(self, address=""):
        """A new folder for the sockets of a kernel: the one that it had before, if it starts again at its address."""
        before = Path(address).parent
        folder = before if before.parent == self.folder else self.folder / uuid.uuid4().hex[:8]
        folder.mkdir(mode=0o700)
        if os.getuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        return folder

    def start(self, folder, key, files=None, fixed=()):
        """Fork a kernel that listens at `folder`/s-1 to s-5; the `files` that are `fixed` cannot be changed there."""
        text = {name: data.hex() for name, data in (files or {}).items()}
        about = {"limits": self.limits.inside(), "files": text, "fixed": sorted(fixed)}
        self.ask(do="start", kernel=folder.name, key=key, **about)

    def words(self):
        """The limits in force, as sentences."""
        return self.limits.words(self.group)

    def runs(self):
        """Whether the process is there, and this process's own."""
        return self.owner == os.getpid() and self.process is not None and not self.ended(0)

    def ended(self, seconds):
        """Whether the process has ended, or does so within some seconds."""
        return bool(select.select([self.process], [], [], seconds)[0])

    def close(self):
        """End the process, and with it every kernel and every process of a kernel."""
        if self.owner != os.getpid():
            return
        if self.lines:
            with suppress(OSError):  # what was not sent any more
                self.lines.close()
        self.control.close()  # which tells the process to end its kernels and itself
        if self.process is not None:
            if not self.ended(END_SECONDS):
                signal.pidfd_send_signal(self.process, signal.SIGKILL)
            os.close(self.process)
            self.process = None
        if self.warm_process:
            self.warm_process.close()
        if self.group:
            self.group.remove()


def reason(text):
    """Why there is no sandbox, and what would do.

    >>> reason("bwrap: setting up uid map: Permission denied").split(":")[0]
    'the system does not let this user make namespaces (bwrap'
    """
    last = text.splitlines()[-1] if text else "no word"
    if "Permission denied" in text or "not permitted" in text or "No permissions" in text or "No space left" in text:
        remedy = (
            "Allow user namespaces (sysctl kernel.unprivileged_userns_clone=1 on Debian, an AppArmor profile for bwrap "
            "on Ubuntu, --security-opt seccomp=unconfined in Docker), or grade on another machine"
        )
        return f"the system does not let this user make namespaces ({last}). {remedy}"
    return f"the sandbox did not start: {last}"


_warm = {}  # packages -> the sandbox of this process
_shared = {}  # packages -> the place of a warm process that others use too


def share(places):
    """Make use of warm processes that somebody else started: packages -> place.

    >>> share({})
    """
    _shared.update(places)


def warm(packages=()):
    """The sandbox for some packages in this process: it is started at first use, and again should it have ended.

    >>> from types import SimpleNamespace as Pretend
    >>> _warm["keras"] = Pretend(runs=lambda: True)
    >>> warm("keras") is _warm.pop("keras")  # one that runs is not started again
    True
    """
    known = _warm.get(packages)
    if known is None or not known.runs():
        if known:
            known.close()
        _warm[packages] = _start(packages)
    return _warm[packages]


def _start(packages):
    place = _shared.get(packages)
    try:
        return Sandbox(packages, place=place)
    except NoSandbox:
        if not place:
            raise
        del _shared[packages]  # it has ended: from now on this process has one of its own
        return Sandbox(packages)


@atexit.register
def close_all():
    """End the sandboxes of this process.

    >>> close_all()
    """
    for sandbox in _warm.values():
        sandbox.close()
