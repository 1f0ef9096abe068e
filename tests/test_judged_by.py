"""What a score depends on, and nothing else, makes up the version that decides whether somebody is graded again."""

import shutil

import pytest
from shipped import tasks

from cnncourse import dependencies
from cnncourse.checks.catalogue import file_of, find
from cnncourse.dependencies import ROOT
from cnncourse.grading.judge import judged_by
from cnncourse.grading.judge.judged_by import judge_version

pytestmark = pytest.mark.sampled

PACKAGE = ROOT / "cnncourse"


def assignment(*tasks, source="import numpy as np"):
    flags = {"cell_type": "code", "solution": False}
    checks = [{"source": f'check("{task}", answer)', "grade": True, **flags} for task in tasks]
    return {"cells": [{"source": source, "grade": False, **flags}, *checks]}


ASSIGNMENTS = {
    "sizes": assignment("ch02.output_size", "ch02.pad"),
    "im2col": assignment("ch02.im2col"),
    "convolve": assignment("ch02.convolve"),
    "correlate": assignment("ch02.correlate"),
}


@pytest.fixture
def copy(tmp_path):
    """A copy of the package's code, to be changed."""
    kept = shutil.ignore_patterns("__pycache__", "*.npz", "*.jpg", "*.png")
    shutil.copytree(PACKAGE, tmp_path / "cnncourse", ignore=kept)
    return tmp_path


def versions(copy):
    dependencies._behind.cache_clear()
    return {name: judge_version([blueprint], copy) for name, blueprint in ASSIGNMENTS.items()}


def changed_by(copy, changes):
    """Which assignments get another version when these files are changed, or are there for the first time."""
    before = versions(copy)
    for name, text in changes.items():
        path = copy / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text() if path.exists() else "") + text)
    after = versions(copy)
    return {name for name in ASSIGNMENTS if before[name] != after[name]}


@pytest.mark.parametrize(
    "changes",
    [
        {
            "cnncourse/architectures/__init__.py": "from cnncourse.layers import Dense\n",
            "cnncourse/checks/ch06_architectures/__init__.py": '"""Chapter 6."""\n',
            "cnncourse/checks/ch06_architectures/count.py": "\nTASK = 3\n",
            "cnncourse/checks/ch02_convolution/one_more.py": "\nTASK = 3\n",
            "solutions/ch06_architectures/ch06_architectures.ipynb": "{}",
        },
        {"cnncourse/plotting.py": "\nx = 1\n"},
        {"book/_static/widgets/new.js": "1", "cnncourse/new_widget.py": "x = 1\n"},
        {"cnncourse/grading/reports/new.py": "x = 1\n", "cnncourse/grading/reports/analysis.py": "\nx = 1\n"},
        {"book/ch06_architectures.md": "# New"},
        {"cnncourse/checks/display.py": "\nx = 1\n", "cnncourse/grading/showing.py": "\nx = 1\n"},
        {"cnncourse/grading/cohort/gradebook.py": "\nx = 1\n", "cnncourse/cli.py": "\nx = 1\n"},
        {"cnncourse/checks/marking.py": "\nx = 1\n", "cnncourse/grading/doctor.py": "\nx = 1\n"},
        {"cnncourse/checks/course.py": "\nx = 1\n", "cnncourse/checks/course.json": " "},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_no_score_depends_on_leaves_every_version_as_it_is(copy, changes):
    assert changed_by(copy, changes) == set()


@pytest.mark.parametrize(
    ("name", "assignments"),
    [
        ("checks/ch02_convolution/pad.py", {"sizes"}),
        ("checks/ch02_convolution/im2col.py", {"im2col"}),
        ("checks/ch02_convolution/convolve.py", {"convolve"}),
        ("checks/ch02_convolution/correlate.py", {"convolve", "correlate"}),  # the one imports the other
    ],
)
def test_a_task_that_changes_changes_the_assignments_that_ask_for_it(copy, name, assignments):
    assert (copy / "cnncourse" / name).is_file()
    assert changed_by(copy, {f"cnncourse/{name}": "\nx = 1\n"}) == assignments


def test_what_a_task_imports_counts_with_it(copy):
    path = "cnncourse/checks/ch02_convolution/pad.py"
    (copy / path).write_text("from cnncourse.checks.ch02_convolution import helper\n" + (copy / path).read_text())
    (copy / "cnncourse/checks/ch02_convolution/helper.py").write_text("import cnncourse.below\n")
    (copy / "cnncourse/below.py").write_text("")
    assert changed_by(copy, {"cnncourse/below.py": "x = 1\n"}) == {"sizes"}


@pytest.mark.parametrize(
    "name",
    [
        "checks/verdict.py",
        "checks/plain.py",
        "checks/probing.py",
        "checks/task.py",
        "grading/judge/judging.py",
        "grading/judge/rebuilding.py",
        "grading/sandbox/kernels.py",
        "grading/sandbox/limits.py",
        "grading/sandbox/inside/kernel.py",
        "grading/sandbox/inside/checks.py",
        "grading/sandbox/inside/forkserver.py",
    ],
)
def test_a_judge_that_changes_changes_every_version(copy, name):
    assert (copy / "cnncourse" / name).is_file()
    assert changed_by(copy, {f"cnncourse/{name}": "\nx = 1\n"}) == set(ASSIGNMENTS)


def test_a_library_counts_where_answers_run_on_it(monkeypatch):
    with_keras = assignment("ch02.pad", source="import keras")

    def both():
        return judge_version([ASSIGNMENTS["sizes"]]), judge_version([with_keras])

    numbers = {"numpy": "2.0", "keras": "3.0", "tensorflow": "2.0", "ipython": "8", "ipykernel": "6"}
    monkeypatch.setattr(judged_by, "version", lambda name: numbers[name])
    before = both()
    numbers["keras"] = "3.1"
    after = both()
    assert [one == other for one, other in zip(before, after)] == [True, False]
    numbers["numpy"] = "2.1"
    assert not set(both()) & set(after)


def test_a_task_of_ones_own_counts_with_its_file(tmp_path, monkeypatch):
    (tmp_path / "nbgrader_config.py").touch()
    path = tmp_path / "checks" / "ps1_numbers" / "mean.py"
    path.parent.mkdir(parents=True)
    path.write_text("from cnncourse.shapes import output_size\n\nTASK = None\n")
    monkeypatch.chdir(tmp_path)
    own, other = assignment("ps1.mean"), ASSIGNMENTS["sizes"]
    before = judge_version([own]), judge_version([other])
    path.write_text(path.read_text() + "\nx = 1\n")
    after = judge_version([own]), judge_version([other])
    assert [one == two for one, two in zip(before, after)] == [False, True]
    path.write_text("\nTASK = None\n")
    assert judge_version([own]) not in (before[0], after[0])


def test_a_task_that_is_not_there_is_told_at_once():
    with pytest.raises(ValueError, match=r"there is no task 'ch02.padd'; in this chapter there are ch02\."):
        judge_version([assignment("ch02.padd")])


@pytest.mark.parametrize("name", sorted(tasks()))
def test_no_task_of_the_course_hangs_on_the_library_which_grows_with_every_chapter(name):
    module = ".".join(file_of(name).relative_to(ROOT).with_suffix("").parts)
    outside = [path for path in dependencies.files_behind({module}) if PACKAGE / "checks" not in path.parents]
    with_data = {PACKAGE / "arguments.py", *(PACKAGE / "data").iterdir()}  # digits that a network is tried on
    assert PACKAGE / "__init__.py" in outside
    assert set(outside) <= {PACKAGE / "__init__.py", *(with_data if find(name).measure else ())}
