"""`cnncourse lab`: JupyterLab with the book beside it."""

import socket
from urllib.request import urlopen

import pytest

from cnncourse import lab
from cnncourse.cli import main

# Stands for JupyterLab: it fetches the page to which feedback would link, and says what it found where
PRETENDED = """
import os, pathlib, urllib.request
address = os.environ.get("CNNCOURSE_BOOK", "")
page = urllib.request.urlopen(address + "/book/ch02_convolution.html").read().decode() if address else "no book"
pathlib.Path("seen.txt").write_text(address + " " + page)
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """The folder of a course, in which `python -m jupyterlab` is what stands for it."""
    (tmp_path / "exercises").mkdir()
    (tmp_path / "jupyterlab.py").write_text(PRETENDED)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.delenv("CNNCOURSE_BOOK", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def book_in(folder):
    (folder / "book").mkdir(parents=True)
    (folder / "index.html").write_text("the book")
    (folder / "book" / "ch02_convolution.html").write_text("chapter 2")


@pytest.mark.parametrize("place", ["_build/html", "book"])
def test_the_book_is_served_to_this_machine_and_feedback_is_told_where(course, place):
    book_in(course / place)
    assert main(["lab"]) == 0
    address, _, page = (course / "exercises" / "seen.txt").read_text().partition(" ")
    assert address.startswith("http://127.0.0.1:")
    assert page == "chapter 2"


def test_without_a_book_it_says_so_and_opens_the_exercises(course, capfd):
    (course / "book").mkdir()  # the pages of a clone, not built
    assert main(["lab"]) == 0
    assert "names its sections in words" in capfd.readouterr().err
    assert (course / "exercises" / "seen.txt").read_text() == " no book"


def test_a_book_with_an_address_of_its_own_is_not_served_again(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNCOURSE_BOOK", "https://example.org/cnn")
    monkeypatch.setattr(lab, "serve", None)
    assert lab.surroundings(tmp_path)[0]["CNNCOURSE_BOOK"] == "https://example.org/cnn"


def test_a_port_that_is_taken_is_replaced(tmp_path):
    (tmp_path / "index.html").write_text("here")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = lab.serve(tmp_path, taken.getsockname()[1])
        address = "http://{}:{}/index.html".format(*server.server_address)
        assert urlopen(address).read() == b"here"
        server.shutdown()
        server.server_close()


def test_without_jupyterlab_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(lab, "find_spec", lambda name: None)
    assert main(["lab"]) == "This command needs jupyterlab: pip install 'cnncourse[exercises]'"
