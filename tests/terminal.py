"""nbgrader's commands as an instructor types them, without waiting two seconds each time until Python has imported it.

A process that has imported nbgrader waits for command lines. For each it forks itself, and the copy becomes the
command: with its own folder, environment and output, and with Python's ordinary end. `test_nbgrader.py` starts every
command for real too.
"""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from nbgrader import api
from nbgrader.apps import nbgraderapp

import cnncourse.grading.preprocessors  # noqa: F401 - nbgrader's configuration names it

NBGRADER = Path(sys.executable).parent / "nbgrader"


def environment(folder):
    """The variables of somebody who has not activated Python's environment."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TF_CPP_MIN_LOG_LEVEL": "3"}


def nbgrader(folder, *words, status=0, variables=None, seconds=600):
    """Run `nbgrader WORDS` in a folder; returns what it wrote."""
    process = ready()
    with tempfile.NamedTemporaryFile() as said:
        asked = {"words": words, "folder": str(folder), "variables": variables or environment(folder)}
        process.settimeout(seconds)
        process.sendall(json.dumps({**asked, "said": said.name}).encode())
        number = int(process.recv(99))
        try:
            ended = int(process.recv(99))
        except TimeoutError:
            os.kill(number, signal.SIGKILL)
            process.recv(99)
            raise
        text = said.read().decode(errors="replace")
    assert status is None or ended == status, text
    return text


@cache
def ready():
    """The process that waits for command lines, as a socket; it ends when this process does."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    variables = {"PATH": str(NBGRADER.parent), "HOME": "/", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    line = [sys.executable, "-P", __file__, str(there.fileno())]
    subprocess.Popen(line, env=variables, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL)
    there.close()
    return here


def wait_for_command_lines(asked):
    """Fork for each command line, tell the copy's number and then how it ended; only the copies come back from here."""
    newest = api.get_alembic_version()  # every new gradebook asks for it, and a program of its own answers in a second
    api.get_alembic_version = lambda: newest
    gc.freeze()  # a collection in a copy would touch, and so copy, every page
    while request := asked.recv(1 << 20):
        copy = os.fork()
        if copy == 0:
            asked.close()
            return json.loads(request)
        asked.sendall(str(copy).encode())
        asked.sendall(str(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])).encode())
    os._exit(0)


def become(words, folder, variables, said):
    """Run nbgrader in this process, as its command would."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    for stream in (1, 2):
        os.dup2(os.open(said, os.O_WRONLY | os.O_APPEND), stream)
    sys.argv = [str(NBGRADER), *words]
    sys.exit(nbgraderapp.main())


if __name__ == "__main__":
    become(**wait_for_command_lines(socket.socket(fileno=int(sys.argv[1]))))
