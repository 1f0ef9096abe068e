"""tools/build_book.py and tools/behind.py: which pages are executed again after which change."""

import sqlite3
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyter_cache import get_cache

from cnncourse import dependencies

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
behind = import_module("behind")
build_book = import_module("build_book")

PAGE = """---
kernelspec: {{display_name: Python 3, name: python3}}
file_format: mystnb
---

# A page

```{{code-cell}} ipython3
{}
```
"""


@pytest.fixture
def tree(tmp_path):
    """A repository with a package, a table of results, answers in a folder of their own, and pages."""
    files = {
        "pack/__init__.py": "",
        "pack/plot.py": "from pack import base",
        "pack/base.py": "",
        "pack/grading.py": "",
        "pack/tasks/__init__.py": "import_module(f'{__name__}.{chapter}')",
        "pack/tasks/first.py": "from pack import grading",
        "results/table.json": "{}",
        "tests/bank/one.py": "import pack.base",
        "tests/other.py": "",
        "constraints.txt": "numpy==2",
        "book/helpers.py": "import json",
        "book/plots.md": PAGE.format("from pack.plot import draw\nfrom helpers import say"),
        "book/table.md": PAGE.format("open(root / 'results' / 'table.json')\nrows['pack'] == 'tests'"),
        "book/guide.md": PAGE.format("sys.path.append('../tests')\nimport_module(f'bank.{name}')\nimport pack.tasks"),
        "book/plain.md": PAGE.format("%matplotlib inline\n1 + 1"),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def files(page, root):
    for remembered in (behind._needs, behind._modules, dependencies._behind):
        remembered.cache_clear()
    found = behind.files_behind_page(root / "book" / f"{page}.md", root)
    return {file.relative_to(root).as_posix() for file in found} - {"constraints.txt", "pack/__init__.py"}


def changed(root, name, text):
    """The pages whose state changes with the text of a file."""

    def states():
        for remembered in (behind._needs, behind._modules, dependencies._behind):
            remembered.cache_clear()
        return {page.stem: behind.state_behind(page, root) for page in (root / "book").glob("*.md")}

    before = states()
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(text)
    return {page for page, state in states().items() if state != before[page]}


# What is behind a page


def test_the_modules_that_a_page_imports_and_those_behind_them_are_behind_it(tree):
    assert files("plots", tree) == {"pack/plot.py", "pack/base.py", "book/helpers.py"}


def test_a_file_that_a_page_names_is_behind_it_and_a_word_that_names_one_by_chance_is_not(tree):
    assert files("table", tree) == {"results/table.json"}


def test_modules_that_are_looked_for_by_name_are_behind_a_page_and_not_all_that_lies_beside_them(tree):
    expected = {"tests/bank/one.py", "pack/base.py", "pack/tasks/__init__.py", "pack/tasks/first.py", "pack/grading.py"}
    assert files("guide", tree) == expected


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("pack/plot.py", {"plots"}),
        ("pack/base.py", {"plots", "guide"}),
        ("pack/grading.py", {"guide"}),
        ("pack/tasks/second.py", {"guide"}),
        ("pack/new.py", set()),
        ("tests/other.py", set()),
        ("results/table.json", {"table"}),
        ("constraints.txt", {"plots", "table", "guide", "plain"}),
    ],
)
def test_a_change_is_one_of_the_pages_that_it_is_behind(tree, name, pages):
    assert changed(tree, name, "x = 1") == pages


def test_another_python_is_a_change_of_every_page(tree, monkeypatch):
    before = behind.state_behind(tree / "book" / "plain.md", tree)
    monkeypatch.setattr(sys, "version", "4.0")
    assert behind.state_behind(tree / "book" / "plain.md", tree) != before


def test_a_cell_that_is_no_python_is_left_to_the_page_to_fail_on(tree):
    page = tree / "book" / "plain.md"
    page.write_text(PAGE.format("import pack.plot") + PAGE.format("x = = 1").split("---")[-1])
    assert "pack/plot.py" in files("plain", tree)


# The real book


@pytest.fixture(scope="module")
def book():
    pages = build_book.notebooks()
    return {page.stem: {f.relative_to(ROOT).as_posix() for f in behind.files_behind_page(page)} for page in pages}


def test_the_plots_are_behind_the_pages_that_plot(book):
    plots = {name for name in book if "import matplotlib" in (ROOT / "book" / f"{name}.md").read_text(encoding="utf-8")}
    assert {name for name, found in book.items() if "cnncourse/plotting.py" in found} == plots
    assert 0 < len(plots) < len(book)


def test_grading_is_behind_the_instructors_guide_only(book):
    graders = {name for name, found in book.items() if any(file.startswith("cnncourse/grading/") for file in found)}
    assert graders == {"guide_instructors"}


def test_the_guide_has_the_notebooks_the_tasks_and_the_bank_behind_it(book):
    found = book["guide_instructors"]
    for pattern in ("solutions/*/*.ipynb", "cnncourse/checks/**/*.py", "tests/bank/ch*.py"):
        assert {file.relative_to(ROOT).as_posix() for file in ROOT.glob(pattern)} <= found


def test_the_table_of_timings_and_the_records_are_behind_their_pages(book):
    assert "benchmarks/results.json" in book["performance"]
    assert "book/experiments/ch01_shuffle.json" in book["ch01_why_convolution"]
    assert not any(file.startswith("book/experiments/ch01") for file in book["ch03_pooling"])


# Execution


@pytest.fixture
def execute(tree, monkeypatch):
    """Execute the pages of the tree that need it, with a kernel that only pretends; the pages that were executed."""
    ran, failing = [], set()

    def kernel(notebook, *_, **__):
        ran.append(notebook.cells[-1].source)
        return SimpleNamespace(err=notebook.cells[-1].source in failing or None, cwd=None, time=0.1)

    monkeypatch.setattr(build_book, "ROOT", tree)
    monkeypatch.setattr(build_book, "CACHE", tree / "_build" / ".jupyter_cache")
    monkeypatch.setattr(build_book, "single_nb_execution", kernel)

    def run(**states):
        ran.clear()
        build_book.execute_pages({tree / "book" / f"{page}.md": state for page, state in states.items()}, 10)
        return len(ran)

    run.failing = failing
    run.cache = lambda: get_cache(build_book.CACHE)
    return run


def test_a_page_is_executed_once_and_again_only_in_another_state(execute):
    assert execute(plots="a", table="a") == 2
    assert execute(plots="a", table="a") == 0
    assert execute(plots="b", table="a") == 1
    assert execute(plots="b", table="a") == 0
    assert execute(plots="a", table="a") == 1  # the result of the first time is gone: nobody knows how it was made


def test_a_change_of_the_text_executes_nothing_and_one_of_a_cell_does(execute, tree):
    page = tree / "book" / "plots.md"
    execute(plots="a")
    page.write_text(page.read_text().replace("# A page", "# The same page, in other words"))
    assert execute(plots="a") == 0
    page.write_text(page.read_text().replace("draw", "paint"))
    assert execute(plots="a") == 1


def test_a_result_of_unknown_origin_is_made_again(execute, tree):
    execute(plots="a")
    with sqlite3.connect(tree / "_build" / ".jupyter_cache" / "global.db") as database:
        database.execute("update nbcache set data = '{}'")
    assert execute(plots="a") == 1


@pytest.mark.parametrize("left", [None, '{"cells": ['])
def test_a_build_that_was_interrupted_while_it_wrote_is_made_good(execute, tree, left):
    execute(plots="a")
    (result,) = (tree / "_build").rglob("base.ipynb")
    result.unlink() if left is None else result.write_text(left)
    assert execute(plots="a") == 1
    assert execute(plots="a") == 0


def test_a_page_that_fails_leaves_no_result_of_an_earlier_state(execute):
    execute(plots="a")
    execute.failing.add("from pack.plot import draw\nfrom helpers import say")
    assert execute(plots="b") == 1
    assert execute.cache().list_cache_records() == []
