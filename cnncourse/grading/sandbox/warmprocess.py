"""The warm process: under bubblewrap it imports what notebooks need, once, and copies itself for whoever knocks.

It has no network and sees next to no files. It fails closed: where bubblewrap or the system cannot keep the promise,
there is no process, and a reason is given.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import psutil

from cnncourse.grading.sandbox.inside.namespaces import SOCKETS
from cnncourse.grading.sandbox.limits import INSTALL, own_groups
from cnncourse.grading.sandbox.mounts import PACKAGES, TRAINING, covered, readable
from cnncourse.grading.sandbox.withholding import without_test_set

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
END_SECONDS = 5.0


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


def command(packages, kernels, door, data=None):
    """The command line of the warm process, which listens at `door` and mounts the folder `kernels`.

    >>> "--unshare-net" in command((), "/tmp/x", 5)
    True
    """
    line = [bubblewrap(), "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    line += ["--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox"]
    if os.getuid() != 0:
        line += ["--unshare-user"]
    mounted = readable(packages, data)
    for place in sorted(
        {str(parent) for inside in mounted for parent in Path(inside).parents} - {"/"} - mounted.keys()
    ):
        line += ["--perms", "0755", "--dir", place]
    for inside, here in mounted.items():
        line += ["--ro-bind", here, inside]
    for place in covered():
        line += ["--tmpfs", place, "--remount-ro", place]
    line += ["--dev", "/dev", "--bind", "/proc", "/proc"]
    line += ["--perms", "0755", "--dir", "/run", "--bind", str(kernels), SOCKETS]
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
    told = {"door": door, "user": NOBODY, "preload": [*WARM, *packages]}
    main = "cnncourse.grading.sandbox.inside.forkserver import main"
    start = f"import sys; sys.path.insert(0, {PACKAGES!r}); from {main}; main()"
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


class WarmProcess:
    """The process, from here: `place` is where others find it."""

    def __init__(self, packages=()):
        bubblewrap()  # without it nothing is made that would have to be taken away
        sweep()
        self.owner = os.getpid()
        self.place = Path(tempfile.mkdtemp(prefix=f"cnn-{self.owner}-"))
        kernels = self.place / "kernels"
        kernels.mkdir()
        kernels.chmod(0o711)
        data = without_test_set(self.place / "data") if TRAINING in packages else None
        self.process, self.trouble = None, None
        self.launched, self.closed = threading.Event(), threading.Event()
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(self.place / "door"))
            door.listen()
            line = command(tuple(packages), kernels, door.fileno(), data)
            threading.Thread(target=self.launch, args=(line, door.fileno()), daemon=True).start()
            self.launched.wait()
        if self.trouble:
            shutil.rmtree(self.place, ignore_errors=True)
            raise NoSandbox(f"bubblewrap cannot be started: {self.trouble}")

    def launch(self, line, door):
        """Start the process in a thread that lives as long: the system takes that thread for its parent."""
        try:
            with (self.place / "said").open("wb") as said:
                streams = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": said}
                self.process = subprocess.Popen(line, pass_fds=[door], **streams)
        except OSError as wrong:
            self.trouble = wrong
            self.closed.set()
        self.launched.set()
        self.closed.wait()

    def close(self):
        """End the process; the system ends every process in its world with it."""
        if self.owner != os.getpid():
            return
        if self.process.poll() is None:
            # Process 1 of its world; when that is gone, bubblewrap's other half has waited for it, and ends too
            inner = psutil.Process(self.process.pid).children()
            for process in inner or [self.process]:
                with suppress(psutil.NoSuchProcess):  # it has heard Ctrl-C too, perhaps
                    process.kill()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.closed.set()
        shutil.rmtree(self.place, ignore_errors=True)
