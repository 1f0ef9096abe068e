"""`cnncourse lab`: JupyterLab on the exercises, with the built book beside it, so that feedback links its sections."""

import os
import signal
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

PORT = 8765  # the same each time, so that links in a notebook that was saved go on working
BOOKS = ("_build/html", "book")  # where it is after `make book`, and where the students' bundle has it


class Silent(SimpleHTTPRequestHandler):
    """Serves files and writes no log of it."""

    def log_message(self, *words):
        """Nothing: it would stand among JupyterLab's own messages."""


def book_of(folder):
    """The built book in the folder of a course, or None.

    >>> book_of(Path("/nowhere"))
    """
    return next((folder / name for name in BOOKS if (folder / name / "index.html").is_file()), None)


def serve(book, port=PORT):
    """Serve a folder to this machine only, until this process ends; returns the server.

    >>> server = serve(Path("."), 0)
    >>> server.server_address[0]
    '127.0.0.1'
    >>> server.shutdown(); server.server_close()
    """
    handler = partial(Silent, directory=str(book))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError:  # somebody else has the port
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def surroundings(folder):
    """The variables for JupyterLab, with the address of the book, and a sentence on it.

    >>> surroundings(Path("/nowhere"))[1]
    'There is no built book here, so feedback names its sections in words.'
    """
    variables = dict(os.environ)
    if variables.get("CNNCOURSE_BOOK"):
        return variables, f"The book is at {variables['CNNCOURSE_BOOK']}"
    book = book_of(folder)
    if book is None:
        return variables, "There is no built book here, so feedback names its sections in words."
    address = "http://{}:{}".format(*serve(book).server_address)
    return {**variables, "CNNCOURSE_BOOK": address}, f"The book is at {address} while JupyterLab runs."


def command(arguments):
    """Run JupyterLab in the folder `exercises`, if there is one, until it ends; returns its exit status.

    >>> from types import SimpleNamespace as Arguments
    >>> command(Arguments(options=["--version"]))
    0
    """
    if find_spec("jupyterlab") is None:
        raise ModuleNotFoundError("No module named 'jupyterlab'", name="jupyterlab")
    folder = Path.cwd()
    variables, words = surroundings(folder)
    print(words, file=sys.stderr)
    exercises = folder / "exercises"
    line = [sys.executable, "-m", "jupyterlab", *arguments.options]
    lab = subprocess.Popen(line, cwd=exercises if exercises.is_dir() else folder, env=variables)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is for JupyterLab, which asks before it ends
    return lab.wait()
