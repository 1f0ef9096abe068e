"""tools/release_exercises.py on a small course of its own, through nbgrader itself."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
SLUG = "ch00_doubling"


def graded(source, cell_id, *, solution=False, points=0):
    grading = {"schema_version": 3, "grade_id": cell_id, "solution": solution, "grade": not solution}
    grading |= {"locked": not solution, "task": False} | ({} if solution else {"points": points})
    return new_code_cell(source, id=cell_id, metadata={"nbgrader": grading})


def write_source(course, slug=SLUG):
    answer = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
    cells = [
        new_markdown_cell("Write `double`.", id="text"),
        graded(answer, "double", solution=True),
        graded("assert double(21) == 42", "double-test", points=1),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = course / "solutions" / slug / f"{slug}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells, metadata=kernel), path)
    return path


def run(course):
    script = [sys.executable, str(ROOT / "tools/release_exercises.py"), "--course", str(course)]
    return subprocess.run(script, capture_output=True, text=True, timeout=300)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hidden(name):
    return any(part.startswith(".") for part in name.parts)


@pytest.fixture
def course(tmp_path):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def released_once(tmp_path_factory):
    course = tmp_path_factory.mktemp("released")
    shutil.copy(ROOT / "nbgrader_config.py", course)
    source = write_source(course)
    (source.parent / "table.csv").write_text("x,y\n1,2\n")
    (source.parent / "answers.py").write_text("def double(x): return 2 * x\n")
    done = run(course)
    assert done.returncode == 0, done.stdout + done.stderr
    return course


@pytest.fixture
def released(released_once, tmp_path):
    """A course of one's own whose release has been made."""
    return shutil.copytree(released_once, tmp_path, dirs_exist_ok=True)


def test_without_an_assignment_it_says_so_and_succeeds(course):
    done = run(course)
    assert done.returncode == 0
    assert "No assignment yet" in done.stdout
    assert not (course / "exercises").exists()


@pytest.mark.slow
def test_the_release_has_the_task_and_the_test_and_not_the_solution(released):
    folder = released / "exercises" / SLUG
    notebook = nbformat.read(folder / f"{SLUG}.ipynb", nbformat.NO_CONVERT)
    assert [cell.id for cell in notebook.cells] == ["text", "double", "double-test"]
    assert "def double(x)" in notebook.cells[1].source
    assert "2 * x" not in str(notebook) and "SOLUTION" not in str(notebook)
    assert notebook.cells[2].source == "assert double(21) == 42"
    assert notebook.metadata.kernelspec.language == "python"
    # data goes with it, a notebook that was opened as text does not: it holds the answers
    assert sorted(path.name for path in folder.iterdir()) == [f"{SLUG}.ipynb", "table.csv"]


@pytest.mark.slow
def test_a_second_run_changes_no_byte(released):
    before = contents(released / "exercises")
    assert "changed: none" in run(released).stdout
    shutil.rmtree(released / "exercises")  # so that everything is made again, not found unchanged
    done = run(released)
    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(released / "exercises") == before


@pytest.mark.slow
def test_an_edited_release_is_put_right_and_what_does_not_belong_is_removed(released):
    before = contents(released / "exercises")
    folder = released / "exercises" / SLUG
    (folder / f"{SLUG}.ipynb").write_text("{}")
    (folder / "stray.txt").write_text("left over")
    assert run(released).returncode == 0
    assert contents(released / "exercises") == before


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["two cells with one grade_id", "a cell without an id", "not JSON"])
def test_a_source_that_fails_leaves_the_whole_release_as_it_was(released, fault):
    before = contents(released / "exercises")
    good = released / "solutions" / SLUG / f"{SLUG}.ipynb"
    good.write_text(good.read_text().replace("def double(x)", "def double(x: float)"))  # would change the release
    bad = write_source(released, "ch01_broken")
    if fault == "two cells with one grade_id":
        bad.write_text(bad.read_text().replace('"grade_id": "double-test"', '"grade_id": "double"'))
    elif fault == "a cell without an id":
        bad.write_text(bad.read_text().replace('"id": "text",', ""))
    else:
        bad.write_text("<<<<<<< HEAD")
    done = run(released)
    assert done.returncode != 0
    assert "exercises/ is as it was" in done.stderr and "ch01_broken" in done.stderr
    assert contents(released / "exercises") == before
    assert not list(released.glob(".release-*"))


@pytest.mark.slow
def test_the_committed_exercises_are_what_their_sources_release(course):
    committed = {name: data for name, data in contents(ROOT / "exercises").items() if not hidden(name)}
    made = {}
    if list(ROOT.glob("solutions/*/*.ipynb")):
        shutil.copytree(ROOT / "solutions", course / "solutions")
        done = run(course)
        assert done.returncode == 0, done.stdout + done.stderr
        made = contents(course / "exercises")
    differing = [str(name) for name in made.keys() | committed.keys() if made.get(name) != committed.get(name)]
    assert differing == [], "run `make exercises`"
