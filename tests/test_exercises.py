"""The assignments: what is in solutions/, what is released to exercises/, and that the two belong together.

That the second is what the first generates, to the byte, is in test_release_exercises.py.
"""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from shipped import tasks

from cnncourse.checks.catalogue import SHIPPED, file_of, folders

ROOT = Path(__file__).resolve().parents[1]


def of_the_book(root):
    """The assignments that go with a page; a course may have others, and tasks, of its own."""
    return [path for path in sorted(root.glob("solutions/*/*.ipynb")) if (root / "book" / f"{path.stem}.md").exists()]


def with_tasks(root):
    """Those and the capstones: every assignment that has a folder of tasks in the package, with a page or without."""
    paths = sorted(root.glob("solutions/*/*.ipynb"))
    return [path for path in paths if (root / "cnncourse" / "checks" / path.stem).is_dir()]


SOLUTIONS, EVERY = of_the_book(ROOT), with_tasks(ROOT)
SLUGS = [path.stem for path in SOLUTIONS]


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def source(cell):
    return "".join(cell["source"])


def grading(cell):
    return cell["metadata"].get("nbgrader", {})


def released(path):
    return ROOT / "exercises" / path.parent.name / path.name


def test_an_assignment_of_ones_own_is_none_of_the_book(tmp_path):
    for name in ("ch02_convolution", "exam"):
        (tmp_path / "solutions" / name).mkdir(parents=True)
        (tmp_path / "solutions" / name / f"{name}.ipynb").touch()
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "ch02_convolution.md").touch()
    assert [path.stem for path in of_the_book(tmp_path)] == ["ch02_convolution"]
    assert len(SOLUTIONS) >= 5


def test_every_chapter_with_tasks_has_its_rooms_and_a_capstone_a_chapter():
    for slug in [folder.name for folder in folders() if folder.parent == SHIPPED]:
        assert (ROOT / "solutions" / slug / f"{slug}.ipynb").exists()
        assert (ROOT / "exercises" / slug / f"{slug}.ipynb").exists()
        if slug.endswith("_capstone"):
            assert list((ROOT / "book").glob(f"{slug.partition('_')[0]}_*.md"))
        else:
            assert (ROOT / "book" / f"{slug}.md").exists()
            assert (ROOT / "tests" / "bank" / f"{slug}.py").exists()


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_an_assignment_has_its_normal_form(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["metadata"]["kernelspec"] == {"display_name": "Python 3", "language": "python", "name": "python3"}
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert grading(cell).get("grade_id", cell["id"]) == cell["id"]


@pytest.mark.parametrize("path", SOLUTIONS, ids=SLUGS)
def test_each_task_is_checked_once_by_one_line_right_below_its_answer(path):
    listed = []
    for before, cell in zip(cells(path), cells(path)[1:]):
        about = grading(cell)
        if cell["cell_type"] == "code" and about.get("grade"):
            assert about["locked"] and about["points"] > 0
            assert grading(before).get("solution")
            (line,) = ast.parse(source(cell)).body
            assert line.value.func.id == "check"
            assert cell["metadata"]["tags"] == ["raises-exception"]  # else "Run All Cells" stops at a wrong answer
            listed.append(line.value.args[0].value)
            assert line.value.args[1].id in source(before)
    assert sorted(listed) == sorted(name for name in tasks() if file_of(name).parent.name == path.stem)
    assert 5 <= len(listed) <= 11


@pytest.mark.parametrize("path", SOLUTIONS, ids=SLUGS)
def test_points_and_minutes_are_told_and_there_is_one_written_question_and_one_mistake_to_find(path):
    texts = [source(cell) for cell in cells(path) if cell["cell_type"] == "markdown"]
    told = sum(
        int(points) for text in texts for points in re.findall(r"^\*(\d+) points?, about \d+ minutes", text, re.M)
    )
    assert told == sum(grading(cell).get("points", 0) for cell in cells(path))
    assert len([cell for cell in cells(path) if cell["cell_type"] == "markdown" and grading(cell).get("grade")]) == 1
    assert len(re.findall(r"^## .*[Ff]ind the mistake", "\n".join(texts), re.M)) == 1


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_the_release_holds_no_answer_no_mistake_and_no_reference(path):
    text = released(path).read_text(encoding="utf-8")
    assert "SOLUTION" not in text
    assert "model answer" not in text
    for cell in cells(path):
        if grading(cell).get("solution") and cell["cell_type"] == "code":
            hidden = source(cell).split("### BEGIN SOLUTION\n")[1].split("### END SOLUTION")[0]
            lines = [line.strip() for line in hidden.splitlines() if len(line.strip()) > 25]
            for line in lines:
                assert json.dumps(line)[1:-1] not in text, line
    chapter = path.stem[:4]
    for name, task in tasks().items():
        if name.startswith(chapter):
            assert not [mistake.name for mistake in task.misconceptions if mistake.name in text]


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_a_stub_raises_not_implemented_error_and_does_nothing_else(path):
    for cell in cells(released(path)):
        if grading(cell).get("solution") and cell["cell_type"] == "code":
            functions = [node for node in ast.parse(source(cell)).body if isinstance(node, ast.FunctionDef)]
            assert functions
            for function in functions:
                *_, last = function.body
                assert isinstance(last, ast.Raise)
                assert len(function.body) <= 2  # the docstring, and the stub


@pytest.mark.slow
def test_a_run_of_all_cells_goes_on_after_a_wrong_answer_and_one_that_is_not_written(tmp_path):
    notebook = nbformat.read(ROOT / "exercises/ch02_convolution/ch02_convolution.ipynb", as_version=4)
    by_id = {cell.id: cell for cell in notebook.cells}
    by_id["output-size"].source = "def output_size(*sizes):\n    return 0"
    by_id["im2col"].source = "from cnncourse.unfolding import im2col"
    NotebookClient(notebook, kernel_name="python3").execute()  # it stops at an error that is not expected
    said = {name: cell.outputs[-1] for name, cell in by_id.items() if name.startswith("check-")}
    assert len(said) == 9
    assert {output.ename for output in said.values()} == {"NotRight"}
    assert by_id["experiment"].outputs[-1].output_type == "stream"
