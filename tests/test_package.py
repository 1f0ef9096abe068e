"""What holds for every module of the package."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cnncourse

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(m.name for m in pkgutil.walk_packages(cnncourse.__path__, "cnncourse."))
# From the bottom up: nobody imports what stands further down in this list
LEVELS = [
    *[
        "arguments",
        "dependencies",
        "experiments",
        "files",
        "fast",
        "shapes",
        "initialisers",
        "activations",
        "dropout",
        "normalisation",
        "unfolding",
    ],
    *["losses", "pooling", "convolution", "gradients", "data", "layers", "training", "network", "keras_bridge"],
    *["baselines", "plotting", "checks", "grading", "cli"],
]
# The answers, right and wrong, are explained by the task that they belong to
ANSWERS = re.compile(r"cnncourse\.checks\.ch\d\d_")


def public(module):
    """The functions and classes that a module defines for others."""
    for name, value in vars(module).items():
        own = getattr(value, "__module__", None) == module.__name__ and not name.startswith("_")
        if own and (inspect.isfunction(value) or inspect.isclass(value)):
            yield value


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_is_explained_and_every_function_has_an_example(name):
    module = importlib.import_module(name)
    assert module.__doc__, "the module says nothing about itself"
    for thing in [] if ANSWERS.match(name) else public(module):
        assert thing.__doc__, f"{thing.__name__} is not explained"
        if inspect.isfunction(thing):
            assert ">>>" in thing.__doc__, f"{thing.__name__} has no example"


@pytest.mark.parametrize("path", sorted(ROOT.glob("cnncourse/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_one_can_read_at_a_sitting(path):
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", sorted(ROOT.glob("cnncourse/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_imported_from_above_and_there_is_no_assert(path):
    text = path.read_text()
    assert not re.search(r"^\s*assert ", text, re.MULTILINE)
    own = path.relative_to(ROOT / "cnncourse").parts[0].removesuffix(".py")
    if own == "__init__":
        return
    imported = re.findall(r"^from cnncourse(?:\.(\w+))?[\w.]* import (.+)", text, re.MULTILINE)
    for module, names in imported:
        for target in [module] if module else re.findall(r"\w+", names.replace(" as ", "")):
            if target in LEVELS:
                assert LEVELS.index(target) <= LEVELS.index(own), f"{own} imports {target}, which is above it"


def test_every_module_has_its_level():
    assert sorted(LEVELS) == sorted({name.split(".")[1] for name in MODULES})


WITH_FRAMEWORKS = {"cnncourse.keras_bridge", "cnncourse.plotting"}


@pytest.mark.parametrize("name", ["cnncourse", *sorted(set(MODULES) - WITH_FRAMEWORKS)])
def test_importing_a_module_imports_no_framework(name):
    script = f"import sys, {name}; print({{'tensorflow', 'keras', 'matplotlib', 'torch', 'jax'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_paths_and_targets_that_the_documents_name_exist():
    text = "".join((ROOT / name).read_text() for name in ("README.md", "CONTRIBUTING.md"))
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`make ([a-z]+)", text)) <= set(targets)
