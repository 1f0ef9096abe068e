"""Recorded experiments: when a record counts, and that those of the book are of the code on its pages."""

import json
import sys
from importlib import import_module, metadata
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from cnncourse.experiments import RECORDING, ContradictionError, agree, code_behind, fingerprint, recorded

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
experiments = import_module("experiments")
behind = import_module("behind")
BOOK = experiments.experiments()

CELLS = [
    "from cnncourse.experiments import recorded\nran = []",
    "factor = 2\nunused = 1",
    "def multiple(case):\n    ran.append(case)\n    return {'multiple': factor * case}",
]
CALL = "found = recorded('multiples.json', multiple, cases=(1, 2, 3))"


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """Run cells in a fresh notebook; the names that they made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(RECORDING, raising=False)

    def run(*cells):
        InteractiveShell.clear_instance()
        shell = InteractiveShell.instance()
        for cell in cells:
            shell.run_cell(cell, store_history=True).raise_error()
        return shell.user_ns

    yield run
    InteractiveShell.clear_instance()


@pytest.fixture
def record(notebook, monkeypatch):
    """The file with the record of the multiples."""
    with monkeypatch.context() as during:
        during.setenv(RECORDING, "yes")
        notebook(*CELLS, CALL)
    return Path("multiples.json")


# When a record counts


def test_a_record_says_with_what_it_was_made(record):
    made = json.loads(record.read_text())
    assert made["cases"] == [1, 2, 3]
    assert made["results"] == [{"multiple": 2}, {"multiple": 4}, {"multiple": 6}]
    assert made["machine"] and made["recorded"] and {"Python", "NumPy"} <= set(made["versions"])


def test_a_record_says_which_frameworks_the_experiment_has_imported(notebook, monkeypatch):
    monkeypatch.setenv(RECORDING, "yes")
    for name in ("keras", "tensorflow", "jax"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow", object())
    notebook(*CELLS, CALL)
    versions = json.loads(Path("multiples.json").read_text())["versions"]
    assert versions["TensorFlow"] == metadata.version("tensorflow") and "Keras" not in versions
    monkeypatch.delenv(RECORDING)
    words = f", NumPy {versions['NumPy']} and TensorFlow {versions['TensorFlow']} on "
    assert words in notebook(*CELLS, CALL)["found"].made_with


def test_of_a_record_the_first_case_is_run_again_and_no_other(record, notebook):
    names = notebook(*CELLS, CALL)
    assert names["ran"] == [1]
    assert names["found"] == [{"multiple": 2}, {"multiple": 4}, {"multiple": 6}]
    assert "1 run of 3 repeated" in names["found"].about and "NumPy" in names["found"].made_with


def test_a_record_in_the_folder_of_the_book_counts_where_there_is_none_beside_the_notebook(
    record, notebook, monkeypatch
):
    Path("book").mkdir()
    record.rename(Path("book") / record.name)
    monkeypatch.setattr("cnncourse.experiments.BOOK", Path("book").resolve())
    assert notebook(*CELLS, CALL)["ran"] == [1]


def test_a_notebook_says_that_it_makes_every_run_where_no_record_counts(record, notebook, capsys):
    changed = CELLS[2].replace("factor * case", "factor * case + 0")
    assert notebook(*CELLS[:2], changed, CALL)["ran"] == [1, 2, 3]
    assert "multiples.json holds nothing for this code, so all its runs are made here: 3" in capsys.readouterr().out


STOPPING = CELLS[2].replace("return", "if case == 3 and stop: raise KeyboardInterrupt\n    return")


@pytest.fixture
def interrupted(notebook, monkeypatch):
    """What there is of an experiment that was stopped in its third case while it was recorded."""
    monkeypatch.setenv(RECORDING, "yes")
    with pytest.raises(KeyboardInterrupt):
        notebook(*CELLS[:2], "stop = True", STOPPING, CALL)
    part = json.loads(Path("multiples.part").read_text())
    return {**part, "seconds of one core": 100}


def test_recording_goes_on_where_it_was_interrupted(interrupted, notebook):
    assert interrupted["results"] == [{"multiple": 2}, {"multiple": 4}] and not Path("multiples.json").exists()
    cells = [*CELLS[:2], "stop = False", STOPPING, CALL]  # as if the third case had been stopped from outside
    code = fingerprint(code_behind(cells, "multiples.json"))
    Path("multiples.part").write_text(json.dumps({**interrupted, "code": code}))
    names = notebook(*cells)
    assert names["ran"] == [3]
    made = json.loads(Path("multiples.json").read_text())
    assert made["results"] == names["found"] == [{"multiple": 2}, {"multiple": 4}, {"multiple": 6}]
    assert made["seconds of one core"] >= 100
    assert [path.name for path in Path().iterdir()] == ["multiples.json"]


def test_what_was_begun_with_other_code_is_begun_again(interrupted, notebook):
    assert notebook(*CELLS, CALL)["ran"] == [1, 2, 3]


def test_what_was_begun_with_other_versions_is_begun_again(record, notebook, monkeypatch):
    monkeypatch.setenv(RECORDING, "yes")
    Path("multiples.part").write_text(record.read_text())
    assert notebook(*CELLS, CALL)["ran"] == []
    Path("multiples.part").write_text(record.read_text().replace('"NumPy": "', '"NumPy": "0.'))
    assert notebook(*CELLS, CALL)["ran"] == [1, 2, 3]


def test_a_finished_record_is_made_anew_when_it_is_recorded_again(record, notebook, monkeypatch):
    monkeypatch.setenv(RECORDING, "yes")
    assert notebook(*CELLS, CALL)["ran"] == [1, 2, 3]


def test_seconds_are_not_compared(notebook, monkeypatch):
    cells = [CELLS[0], "def timed(case):\n    ran.append(case)\n    return [{'right': 0.5, 'seconds': 1.0}]"]
    cells.append("found = recorded('r.json', timed, cases=(1, 2), timings=('seconds',))")
    with monkeypatch.context() as during:
        during.setenv(RECORDING, "yes")
        notebook(*cells)
    made = Path("r.json")
    made.write_text(made.read_text().replace('"seconds": 1.0', '"seconds": 9.0'))
    names = notebook(*cells)
    assert names["ran"] == [1] and names["found"][0] == [{"right": 0.5, "seconds": 9.0}]
    made.write_text(made.read_text().replace("0.5", "0.6"))
    with pytest.raises(ContradictionError):
        notebook(*cells)


def test_without_a_record_every_case_is_run(notebook):
    names = notebook(*CELLS, CALL)
    assert names["ran"] == [1, 2, 3]
    assert names["found"].about == "3 runs made for this page"
    assert not Path("multiples.json").exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [("factor = 2", "factor = 3"), ("factor * case", "factor + case"), ("cases=(1, 2, 3)", "cases=(1, 2, 4)")],
)
def test_a_record_of_other_code_does_not_count(record, notebook, old, new):
    names = notebook(*(cell.replace(old, new) for cell in [*CELLS, CALL]))
    assert len(names["ran"]) == 3


def test_a_record_counts_when_only_the_layout_or_other_code_has_changed(record, notebook):
    cells = [cell.replace("unused = 1", "unused = 3  # another").replace("    ", "  ") for cell in CELLS]
    assert notebook(*cells, "factor + 1", CALL)["ran"] == [1]


def test_a_record_that_is_contradicted_stops_the_page(record, notebook):
    made = json.loads(record.read_text())
    made["results"][0]["multiple"] = 2.5
    record.write_text(json.dumps(made))
    with pytest.raises(ContradictionError, match=r"says \{'multiple': 2.5\} for the case 1, but now it is"):
        notebook(*CELLS, CALL)


def test_outside_of_a_notebook_everything_is_run(tmp_path):
    InteractiveShell.clear_instance()
    (tmp_path / "r.json").write_text('{"code": null, "results": [0, 0]}')
    assert recorded(str(tmp_path / "r.json"), abs, cases=(-1, 2)) == [1, 2]


@pytest.mark.parametrize(
    ("now", "then", "same"),
    [
        (0.91, 0.925, True),
        (0.91, 0.94, False),
        ([0.91, None], [0.92, None], True),
        ({"a": 0.5}, {"b": 0.5}, False),
        (3, 4, False),
        (float("nan"), float("nan"), True),
        (float("nan"), 0.5, False),
        (None, 0.5, False),
        ([0.5], 0.5, False),
    ],
)
def test_numbers_agree_up_to_a_distance_and_everything_else_exactly(now, then, same):
    assert agree(now, then, within=0.02) is same


# The code behind a record


def code(*cells):
    return code_behind([*cells, "y = recorded('r', f, cases=(1, 2))"], "r").splitlines()[:-1]


def test_of_an_import_only_what_is_used_counts():
    assert code("from numpy import sin, cos", "def f(x): return cos(x)")[0] == "from numpy import cos"


def test_of_several_values_of_a_name_the_one_that_is_used_counts():
    assert code("a = 1", "a = 2", "def f(x): return a")[0] == "a = 2"
    assert code("a = 1", "b = a", "a = 2", "def f(x): return b")[:2] == ["a = 1", "b = a"]


def test_a_function_sees_the_value_that_a_name_has_when_it_is_called():
    assert code("a = 1", "def f(x): return a", "a = 2")[-1] == "a = 2"


@pytest.mark.parametrize("change", ["a['b'] = 3", "a.b = 3", "a += [3]", "for a in [1, 2]:\n    pass"])
def test_what_changes_a_value_counts_and_so_does_its_beginning(change):
    lines = code("a = start()", change, "def f(x): return a")
    assert lines[0] == "a = start()" and change.splitlines()[0] in lines


def test_a_name_of_the_functions_own_is_not_one_of_the_page():
    assert code("a = 1", "def f(x):\n    a = x\n    return [a for x in a]")[0].startswith("def f")


def test_cells_after_the_call_do_not_count():
    call = "y = recorded('r', f, cases=(1, 2))"
    assert code_behind(["def f(x): return x", call, "def f(x): return 0"], "r").count("def") == 1


# The records of the book


@pytest.mark.parametrize("path", BOOK, ids=lambda path: path.stem)
def test_each_record_is_of_the_code_that_its_page_shows(path):
    page = BOOK[path]
    made = json.loads(path.read_text(encoding="utf-8"))
    now = fingerprint(code_behind(behind.cells_of(page), path.relative_to(page.parent).as_posix()))
    assert made["code"] == now, f"{path.stem} has changed on {page.name}: make experiments NAMES={path.stem}"
    assert len(made["results"]) == len(made["cases"]) > 1


def test_each_record_belongs_to_a_page():
    assert set((ROOT / "book" / "experiments").glob("*.json")) == set(BOOK)
