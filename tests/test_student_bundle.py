"""What students get: it works by itself, and holds no answers."""

import re
import zipfile
from pathlib import Path

import nbformat
import pytest

from cnncourse.cli import main

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The zip, with a small book in place of the real one: its names, and its texts by their names."""
    folder = tmp_path_factory.mktemp("bundle")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tools"))
        from student_bundle import contents, write
    site = folder / "html"
    (site / "book").mkdir(parents=True)
    for name in ("index.html", "book/ch02_convolution.html", ".buildinfo"):
        (site / name).write_text("a page")
    for name in ("one.zip", "two.zip"):
        write(folder / name, contents(ROOT, site), (2026, 12, 1, 8, 30, 0))
    assert (folder / "one.zip").read_bytes() == (folder / "two.zip").read_bytes()
    with zipfile.ZipFile(folder / "one.zip") as packed:
        assert {about.date_time for about in packed.infolist()} == {(2026, 12, 1, 8, 30, 0)}
        return {name.removeprefix("course/"): packed.read(name) for name in packed.namelist()}


def test_it_has_the_exercises_the_package_the_book_and_how_to_begin(bundle):
    assert {"README.md", "Makefile", "pyproject.toml", "constraints.txt", "LICENSE", "LICENSE-text"} <= set(bundle)
    assert {"book/index.html", "book/book/ch02_convolution.html"} <= set(bundle)
    assert {path.relative_to(ROOT).as_posix() for path in ROOT.glob("exercises/*/*.ipynb")} <= set(bundle)
    assert {path.relative_to(ROOT).as_posix() for path in ROOT.glob("book/experiments/*.json")} <= set(bundle)
    package = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("cnncourse/**/*") if path.is_file()}
    package = {name for name in package if "__pycache__" not in name and not name.startswith("cnncourse/grading/")}
    assert package <= set(bundle)
    assert "lab:" in bundle["Makefile"].decode() and "[exercises]" in bundle["README.md"].decode()


def test_an_exam_that_was_released_is_not_in_it(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from student_bundle import contents

    for place in ("book/ch02_convolution.md", "exercises/ch02_convolution/a.ipynb", "exercises/exam/exam.ipynb"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    packed = contents(tmp_path, tmp_path / "html")
    assert [place for place in packed if place.startswith("exercises/")] == ["exercises/ch02_convolution/a.ipynb"]


def test_it_has_no_solutions_no_tests_no_bank_and_no_grading(bundle):
    places = {"README.md", "Makefile", "pyproject.toml", "constraints.txt", "LICENSE", "LICENSE-text"}
    assert {name for name in bundle if "/" not in name} == places
    assert {name.split("/")[0] for name in bundle if "/" in name} == {"book", "cnncourse", "exercises"}
    assert not [
        name for name in bundle if name.startswith("cnncourse/grading") or "/." in name or "__pycache__" in name
    ]
    for name, data in bundle.items():
        if name.endswith(".ipynb"):
            assert b"BEGIN SOLUTION" not in data and b"model answer" not in data


def test_nothing_in_it_needs_what_is_left_out(bundle):
    for name, data in bundle.items():
        if name.endswith(".py") and name != "cnncourse/cli.py":
            assert b"cnncourse.grading" not in data, name


def test_without_the_grading_the_command_offers_what_is_there(monkeypatch, capsys):
    monkeypatch.setattr("cnncourse.cli.find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        main(["--help"])
    offered = re.search(r"\{(.*?)\}", capsys.readouterr().out)[1]
    assert offered == "check,lab"


@pytest.mark.parametrize("name", ["README.md", "book/guide_students.md"])
def test_no_document_leads_a_student_to_the_solutions(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "git archive" not in text
    students = text.split("**Students**")[1].split("**Instructors**")[0] if name == "README.md" else text
    assert "solutions/" not in students and "tests/" not in students


def test_the_answers_are_written_as_a_notebook_that_runs_by_itself(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert main(["answers", "ch02_convolution", "--to", str(tmp_path)]) == 0
    path = tmp_path / "ch02_convolution_answers.ipynb"
    assert capsys.readouterr().out == f"{path}\n"
    notebook = nbformat.read(path, as_version=4)
    source = nbformat.read(ROOT / "solutions/ch02_convolution/ch02_convolution.ipynb", as_version=4)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in source.cells]
    text = nbformat.writes(notebook)
    assert "SOLUTION" not in text and "nbgrader" not in text and "NotImplementedError" not in text
    space = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id != "experiment":
            exec(cell.source, space)  # a check raises an error where an answer is wrong
    assert capsys.readouterr().out.count(": right, on ") == 9


def test_answers_to_what_is_not_there_are_refused_with_what_is(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    assert "there are ch01_why_convolution, ch02_convolution" in main(["answers", "ch02"])
    monkeypatch.chdir(tmp_path)
    assert main(["answers", "ch02"]) == "there is no solutions/ch02/ch02.ipynb in this folder"


def test_the_help_of_check_solves_no_task():
    from cnncourse.checks import NotRight, check

    calls = re.findall(r">>> (check\(.*\))", check.__doc__)
    assert calls
    for call in calls:
        with pytest.raises(NotRight):
            eval(call, {"check": check})
    assert "np." not in check.__doc__
