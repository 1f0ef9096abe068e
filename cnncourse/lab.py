"""`cnncourse lab`: JupyterLab on the exercises, with the built book beside it, so that feedback links its sections."""

import os
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path

PORT = 8765  # the same each time, so that links in a notebook that was saved go on working
BOOKS = ("_build/html", "book")  # where it is after `make book`, and where the students' bundle has it


class Silent(SimpleHTTPRequestHandler):
    """Serves files and writes no log of it; a browser asks again each time, since a newer book may be there."""

    def end_headers(self):
        """The headers, and that nothing is kept."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

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


def address_of_book(folder):
    """Where a browser finds the book: where CNNCOURSE_BOOK says, or served from here; "" where there is none.

    >>> address_of_book(Path("/nowhere"))
    ''
    """
    address, book = os.environ.get("CNNCOURSE_BOOK", ""), book_of(folder)
    return address or ("http://{}:{}".format(*serve(book).server_address) if book else "")


def command(arguments):
    """Be JupyterLab in the folder `exercises`, if there is one; the book is served as long as that runs.

    >>> from types import SimpleNamespace as Arguments
    >>> command(Arguments(options=["--version"]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    SystemExit: 0
    """
    lab = import_module("jupyterlab.labapp")
    address = address_of_book(Path.cwd())
    if address:
        os.environ["CNNCOURSE_BOOK"] = address  # the kernels that JupyterLab starts have it from here
        print(f"The book is at {address}", file=sys.stderr)
    else:
        print("There is no built book here, so feedback names its sections in words.", file=sys.stderr)
    if Path("exercises").is_dir():
        os.chdir("exercises")
    return lab.main(arguments.options)
