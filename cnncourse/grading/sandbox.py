"""The sandbox: a process under bubblewrap that has no network, sees next to no files, and forks kernels on request.

It fails closed: where bubblewrap or the system cannot keep the promise, there is no kernel and a reason is given.
"""

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from contextlib import suppress
from pathlib import Path

import psutil

from cnncourse.grading.inside.namespaces import SOCKETS
from cnncourse.grading.limits import Limits, make_group, own_groups
from cnncourse.grading.mounts import PACKAGES, covered, readable

WARM = (  # what a kernel would import otherwise, each of them anew
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.kernelapp",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "numpy.random",
    "pydoc",
    "secrets",
    "tornado.platform.asyncio",
    "tornado.queues",
)
NOBODY = 65534
START_SECONDS = 120.0  # for a first import of TensorFlow on a slow disk
ANSWER_SECONDS = 30.0
END_SECONDS = 5.0
INSTALL = "install it (Debian, Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap)"


class NoSandbox(RuntimeError):
    """There is no sandbox on this machine; the message says why, and what would do."""


def bubblewrap():
    """The path of bubblewrap.

    >>> bubblewrap().endswith("bwrap")
    True
    """
    path = shutil.which("bwrap")
    if not path:
        raise NoSandbox(f"bubblewrap (bwrap) is not installed, and students' code is not run without it: {INSTALL}")
    return path


def command(packages, folder, control):
    """The command line of the warm process.

    >>> "--unshare-net" in command((), "/tmp/x", 5)
    True
    """
    line = [bubblewrap(), "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    line += ["--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox"]
    if os.getuid() != 0:
        line += ["--unshare-user"]
    mounted = readable(packages)
    for place in sorted(
        {str(parent) for inside in mounted for parent in Path(inside).parents} - {"/"} - mounted.keys()
    ):
        line += ["--perms", "0755", "--dir", place]
    for inside, here in mounted.items():
        line += ["--ro-bind", here, inside]
    for place in covered():
        line += ["--tmpfs", place, "--remount-ro", place]
    line += ["--dev", "/dev", "--bind", "/proc", "/proc"]
    line += ["--perms", "0755", "--dir", "/run", "--bind", str(folder), SOCKETS]
    for place in ("/run/kernel", "/home", "/home/student", "/tmp"):
        line += ["--perms", "0755", "--dir", place]
    line += ["--perms", "1777", "--tmpfs", "/var/tmp"]
    variables = {"PATH": "/nonexistent", "HOME": "/var/tmp", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    variables |= {
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "MPLCONFIGDIR": "/var/tmp",
    }
    variables |= {"CUDA_VISIBLE_DEVICES": "", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    for name, value in variables.items():
        line += ["--setenv", name, value]
    line += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]
    told = {"control": control, "user": NOBODY, "preload": [*WARM, *packages]}
    start = (
        f"import sys; sys.path.insert(0, {PACKAGES!r}); from cnncourse.grading.inside.forkserver import main; main()"
    )
    return [*line, os.path.realpath(sys.executable), "-I", "-S", "-c", start, json.dumps(told)]


def sweep():
    """Take away what sandboxes left behind whose owner was killed: folders of sockets, and empty cgroups.

    >>> left = Path(tempfile.mkdtemp(prefix="cnn-99999999-"))  # there is no such process
    >>> sweep()
    >>> left.exists()
    False
    """
    for folder in Path(tempfile.gettempdir()).glob("cnn-*-*"):
        if _is_orphan(folder):
            shutil.rmtree(folder, ignore_errors=True)
    for group in {folder for place in own_groups().values() for folder in place.glob("cnncourse-*-*")}:
        if _is_orphan(group):
            with suppress(OSError):
                group.rmdir()


def _is_orphan(path):
    owner = path.name.split("-")[1]
    return owner.isdigit() and not Path("/proc", owner).exists()


class Sandbox:
    """A warm process of one kind, and the kernels that it forked."""

    def __init__(self, packages=(), limits=None):
        bubblewrap()  # without it nothing is made that would have to be taken away
        self.limits = limits or Limits()
        self.lock = threading.Lock()
        sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"cnn-{os.getpid()}-"))
        self.owner = os.getpid()
        self.group = make_group(f"cnncourse-{os.getpid()}-{uuid.uuid4().hex[:8]}", self.limits)
        os.chmod(self.folder, 0o711)
        ours, theirs = socket.socketpair()
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the sandbox
        line = command(tuple(packages), self.folder, theirs.fileno())
        self.launched, self.closed = threading.Event(), threading.Event()
        threading.Thread(target=self.launch, args=(line, theirs.fileno()), daemon=True).start()
        self.launched.wait()
        theirs.close()
        ours.settimeout(START_SECONDS)
        self.control = ours
        self.lines = ours.makefile("rw")
        try:
            json.loads(self.lines.readline())
        except (OSError, ValueError) as wrong:
            why = self.said()
            self.close()
            raise NoSandbox(reason(why)) from wrong
        ours.settimeout(ANSWER_SECONDS)
        if self.group and not self.group.add(
            *(one.pid for one in psutil.Process(self.process.pid).children(recursive=True))
        ):
            self.group = None

    def launch(self, line, control):
        """Start the process in a thread that lives as long: the system takes that thread for its parent."""
        said = {"stdout": self.errors, "stderr": self.errors}
        self.process = subprocess.Popen(line, stdin=subprocess.DEVNULL, pass_fds=[control], **said)
        self.launched.set()
        self.closed.wait()

    def said(self):
        """What the process wrote before it ended."""
        if self.errors.closed:
            return "it was ended before"
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace").strip()

    def ask(self, **request):
        """Send a request and return the answer; a warm process that does not answer is ended."""
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

    def start(self, folder, key, files=None):
        """Fork a kernel that listens at `folder`/s-1 to s-5."""
        text = {name: data.hex() for name, data in (files or {}).items()}
        self.ask(do="start", kernel=folder.name, key=key, limits=self.limits.inside(), files=text)

    def words(self):
        """The limits in force, as sentences."""
        return self.limits.words(self.group)

    def runs(self):
        """Whether the warm process is there, and is this process's own."""
        return self.owner == os.getpid() and self.process.poll() is None

    def close(self):
        """End the warm process; the system ends every process in its world with it."""
        if self.owner != os.getpid():
            return
        if self.process.poll() is None:
            # Process 1 of its world; when that is gone, bubblewrap's other half has waited for it, and ends too
            inner = psutil.Process(self.process.pid).children()
            for process in inner or [self.process]:
                process.kill()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.closed.set()
        with suppress(OSError):  # what was not sent any more
            self.lines.close()
        self.control.close()
        self.errors.close()
        if self.group:
            self.group.remove()
        shutil.rmtree(self.folder, ignore_errors=True)


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


_warm = {}  # kind -> the sandbox of this process


def warm(packages=()):
    """The sandbox of a kind in this process: it is started at first use, and again should it have ended.

    >>> warm.__name__
    'warm'
    """
    known = _warm.get(packages)
    if known is None or not known.runs():
        if known:
            known.close()
        _warm[packages] = Sandbox(packages)
    return _warm[packages]


@atexit.register
def close_all():
    """End the sandboxes of this process.

    >>> close_all()
    """
    for sandbox in _warm.values():
        sandbox.close()
