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
from cnncourse.cli import parser
from cnncourse.dependencies import imported

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(m.name for m in pkgutil.walk_packages(cnncourse.__path__, "cnncourse."))
# From the bottom up: a module imports only what stands before it in this list
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
    "architectures",
    *["baselines", "plotting", "checks", "grading", "lab", "cli"],
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
def test_nothing_is_imported_from_above_and_there_is_no_assert(path):
    text = path.read_text()
    assert not re.search(r"^\s*assert ", text, re.MULTILINE)
    own = path.relative_to(ROOT / "cnncourse").parts[0].removesuffix(".py")
    if own == "__init__":
        return
    wanted = (name.split(".") for name in imported(text, ".".join(path.relative_to(ROOT).parent.parts)))
    for target in {parts[1] for parts in wanted if parts[0] == "cnncourse" and len(parts) > 1} & set(LEVELS):
        assert LEVELS.index(target) <= LEVELS.index(own), f"{own} imports {target}, which is above it"


# The rooms of `cnncourse.grading`, and on top of them what nbgrader and the command line call
ROOMS = [
    "sandbox",
    "judge",
    "cohort",
    "reports",
    "exports",
    "showing",
    "preprocessors",
    "composing",
    "doctor",
    "doctor_sandbox",
    "doctor_course",
]


@pytest.mark.parametrize("path", sorted(ROOT.glob("cnncourse/grading/**/*.py")), ids=lambda path: path.stem)
def test_no_room_of_grading_imports_from_a_room_above_it(path):
    own = path.relative_to(ROOT / "cnncourse/grading").parts[0].removesuffix(".py")
    if own == "__init__":
        return
    wanted = (name.split(".") for name in imported(path.read_text()) if name.startswith("cnncourse.grading."))
    for target in {parts[2] for parts in wanted}:
        assert ROOMS.index(target) <= ROOMS.index(own), f"{own} imports {target}, which is above it"


def test_every_room_of_grading_has_its_level():
    assert sorted(ROOMS) == sorted({name.split(".")[2] for name in MODULES if name.startswith("cnncourse.grading.")})


def test_every_module_has_its_level():
    assert sorted(LEVELS) == sorted({name.split(".")[1] for name in MODULES})


WITH_FRAMEWORKS = {"cnncourse.baselines.mnist_keras", "cnncourse.keras_bridge", "cnncourse.plotting"}


FRAMEWORKS = {"tensorflow", "keras", "matplotlib", "torch", "jax"}
# One process for all, since what one module imports is there for the next: the first that brings a framework is named
IMPORT_EACH = """
import importlib, sys
for name in sys.argv[2:]:
    importlib.import_module(name)
    if found := set(sys.argv[1].split()) & set(sys.modules):
        sys.exit(f"{name} imports {', '.join(sorted(found))}")
print(len(sys.argv[2:]), "modules")
"""


def without_frameworks(names, **options):
    """Import the modules one after the other in a new process; how it ended."""
    command = [sys.executable, "-c", IMPORT_EACH, " ".join(FRAMEWORKS), *names]
    return subprocess.run(command, capture_output=True, text=True, **options)


@pytest.mark.slow
def test_importing_a_module_imports_no_framework():
    def level(name):
        return (LEVELS.index(name.split(".")[1]) if "." in name else -1), name

    names = sorted({"cnncourse", *MODULES} - WITH_FRAMEWORKS, key=level)  # from the bottom up: whose fault it is first
    done = without_frameworks(names)
    assert (done.stderr, done.stdout) == ("", f"{len(names)} modules\n")


def test_a_module_that_imports_a_framework_is_named(tmp_path):
    for name, text in {"good": "", "bad": "import good, keras", "later": "import bad", "keras": ""}.items():
        (tmp_path / f"{name}.py").write_text(text)
    done = without_frameworks(["good", "bad", "later"], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "bad imports keras\n")


def test_the_paths_and_targets_that_the_documents_name_exist():
    text = "".join((ROOT / name).read_text() for name in ("README.md", "CONTRIBUTING.md"))
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link
    rules = (ROOT / "Makefile").read_text() + (ROOT / "lab.mk").read_text()
    targets = set(re.findall(r"^([\w-]+):.*##", rules, re.MULTILINE))
    (others,) = re.findall(r"`make help` lists the other targets \((.*)\)", text)
    assert set(re.findall(r"`([a-z-]+)`", others)) == targets - {"help", "book", "test", "quick"}
    text += "".join(path.read_text() for path in ROOT.glob("book/guide_*.md"))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)) <= targets
    (commands,) = [action.choices for action in parser()._actions if action.choices]
    assert set(re.findall(r"(?:`|^|bin/|Scripts\\)cnncourse ([a-z]+)", text, re.MULTILINE)) == set(commands)
