"""`cnncourse lab`: JupyterLab with the book beside it."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import pytest

from cnncourse import lab
from cnncourse.cli import main

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """The folder of a course; what stands for JupyterLab fetches the page to which feedback would link."""

    def main(options):
        address = os.environ.get("CNNCOURSE_BOOK", "")
        page = urlopen(f"{address}/book/ch02_convolution.html").read().decode() if address else "no book"
        Path("seen.txt").write_text(f"{address} {page} {options}")
        return 0

    (tmp_path / "exercises").mkdir()
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", SimpleNamespace(main=main))
    monkeypatch.setenv("CNNCOURSE_BOOK", "")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def book_in(folder):
    (folder / "book").mkdir(parents=True)
    (folder / "index.html").write_text("the book")
    (folder / "book" / "ch02_convolution.html").write_text("chapter 2")


@pytest.mark.parametrize("place", ["_build/html", "book"])
def test_the_book_is_served_to_this_machine_and_feedback_is_told_where(course, place):
    book_in(course / place)
    assert main(["lab", "--", "--no-browser"]) == 0
    address, _, seen = (course / "exercises" / "seen.txt").read_text().partition(" ")
    assert address.startswith("http://127.0.0.1:")
    assert seen == "chapter 2 ['--no-browser']"


def test_without_a_book_it_says_so_and_opens_the_exercises(course, capfd):
    (course / "book").mkdir()  # the pages of a clone, not built
    assert main(["lab"]) == 0
    assert "names its sections in words" in capfd.readouterr().err
    assert (course / "exercises" / "seen.txt").read_text() == " no book []"


def test_a_book_with_an_address_of_its_own_is_not_served_again(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNCOURSE_BOOK", "https://example.org/cnn")
    monkeypatch.setattr(lab, "serve", None)
    book_in(tmp_path / "book")
    assert lab.address_of_book(tmp_path) == "https://example.org/cnn"


def test_a_port_that_is_taken_is_replaced(tmp_path):
    (tmp_path / "index.html").write_text("here")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = lab.serve(tmp_path, taken.getsockname()[1])
        address = "http://{}:{}/index.html".format(*server.server_address)
        assert urlopen(address).read() == b"here"
        server.shutdown()
        server.server_close()


def test_without_jupyterlab_it_says_what_to_install(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name=name.partition(".")[0])

    monkeypatch.setattr(lab, "import_module", missing)
    assert main(["lab"]) == "This command needs jupyterlab: pip install 'cnncourse[exercises]'"


@pytest.mark.parametrize("makefiles", [{"Makefile": "Makefile", "lab.mk": "lab.mk"}, {"lab.mk": "Makefile"}])
def test_make_lab_installs_what_the_exercises_need_in_a_clone_and_in_the_bundle(tmp_path, makefiles):
    same = {"pyproject.toml": "pyproject.toml", "constraints.txt": "constraints.txt"}
    for name, copy in (makefiles | same).items():
        shutil.copy(ROOT / name, tmp_path / copy)
    command = ["make", "--no-print-directory", "-n", "lab"]  # it may be called by `make test`, a make itself
    does = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "'.[exercises]'" in does and "dev" not in does.replace("/dev/null", "")
    assert does.splitlines()[-1].endswith("cnncourse.cli lab")
