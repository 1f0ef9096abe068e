"""What a piece of code depends on is found from its imports."""

import pytest

from cnncourse import dependencies
from cnncourse.dependencies import digest_of, files_behind, imported


@pytest.fixture
def tree(tmp_path):
    """A package in which `top` imports `middle`, which imports `below`; `aside` is imported by nobody."""
    texts = {
        "__init__": "",
        "top": "from pack import middle",
        "middle": "def f():\n    import pack.below.thing",
        "aside": "x = 1",
        "below/__init__": "",
        "below/thing": "from . import other",
        "below/other": "",
    }
    for name, text in texts.items():
        path = tmp_path / "pack" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "pack" / "below" / "data.txt").write_text("1")
    return tmp_path


def names(tree, *modules):
    return [path.relative_to(tree / "pack").as_posix() for path in files_behind(set(modules), tree)]


def test_what_is_imported_counts_whoever_imports_it_and_wherever(tree):
    everything = ["__init__.py", "below/__init__.py", "below/data.txt", "below/other.py", "below/thing.py"]
    assert names(tree, "pack.top") == [*everything, "middle.py", "top.py"]
    assert names(tree, "pack.aside") == ["__init__.py", "aside.py"]


def test_a_name_that_is_no_module_here_stands_for_nothing(tree):
    assert names(tree, "numpy", "pack.aside.x") == ["__init__.py", "aside.py"]


def test_the_libraries_that_lie_beside_an_installed_course_are_not_searched(tree):
    (tree / "library.py").write_text("import pack.below.thing")
    (tree / "pack" / "aside.py").write_text("import library")
    assert names(tree, "pack.aside") == ["__init__.py", "aside.py"]


def test_modules_that_import_each_other_are_found_once(tree):
    (tree / "pack" / "aside.py").write_text("import pack.round")
    (tree / "pack" / "round.py").write_text("import pack.aside")
    assert names(tree, "pack.aside") == ["__init__.py", "aside.py", "round.py"]


def test_the_digest_changes_with_what_is_behind_and_with_nothing_else(tree):
    def digest():
        dependencies._behind.cache_clear()
        return digest_of(files_behind({"pack.top"}, tree), tree)

    before = digest()
    (tree / "pack" / "aside.py").write_text("x = 2")
    assert digest() == before
    (tree / "pack" / "below" / "other.py").write_text("x = 2")
    changed = digest()
    assert changed != before
    (tree / "pack" / "below" / "data.txt").write_text("2")
    assert digest() != changed


def test_relative_imports_start_from_their_package():
    assert imported("from ..shapes import f", "cnncourse.checks") == {"cnncourse.shapes", "cnncourse.shapes.f"}
