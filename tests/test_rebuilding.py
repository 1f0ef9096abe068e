"""A student's notebook is put together again from the gradebook's cells, and an honest student loses nothing by it."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from cnncourse.grading.judge import rebuilding
from cnncourse.grading.judge.rebuilding import rebuild
from cnncourse.grading.judge.untrusted import Damaged


def known(name, source="", kind="code", locked=False, grade=False, solution=False, task=False, points=0.0):
    return {
        **{"name": name, "cell_type": kind, "source": source, "locked": locked, "grade": grade, "solution": solution},
        **{"task": task, "points": points, "checksum": "abc"},
    }


def judges(name, source):
    return known(name, source, locked=True, grade=True, points=2.0)


BLUEPRINT = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "cells": [
        known("setup", "import numpy as np", locked=True),
        known("f", "def f(): ...", solution=True),
        judges("check-f", 'check("ch02.f", f)'),
        known("g", "def g(): ...", solution=True),
        judges("check-g", 'check("ch02.g", g)'),
        known("words", "Your words", "markdown", grade=True, solution=True, points=3.0),
    ],
}


def given(name, source=None, make=new_code_cell, **about):
    original = next((cell for cell in BLUEPRINT["cells"] if cell["name"] == name), {"source": ""})
    cell = make(original["source"] if source is None else source)
    cell.metadata["nbgrader"] = {"grade_id": name, **about}
    return cell


def handed_in(*cells, **more):
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **more}).encode()


def untouched():
    cells = {cell["name"]: given(cell["name"]) for cell in BLUEPRINT["cells"]}
    cells["words"] = given("words", make=new_markdown_cell)
    return cells


def rebuilt(*cells, **more):
    return rebuild(BLUEPRINT, handed_in(*cells, **more))


def names(notebook):
    return [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]


def source(notebook, name):
    (cell,) = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name]
    return cell.source


ALL = ["setup", "f", "check-f", "g", "check-g", "words"]


def test_an_honest_notebook_comes_back_as_it_was_with_nothing_to_remark():
    cells = untouched()
    cells["f"].source = "def f():\n    return 1"
    own, words = new_code_cell("f()"), new_markdown_cell("my notes")
    notebook, remarks = rebuilt(cells["setup"], words, cells["f"], own, *[cells[name] for name in ALL[2:]])
    assert names(notebook) == ["setup", None, "f", None, *ALL[2:]]
    assert source(notebook, "f") == "def f():\n    return 1"
    assert [cell.source for cell in notebook.cells if "nbgrader" not in cell.metadata] == ["my notes", "f()"]
    assert remarks == []


def test_what_is_rebuilt_is_a_valid_notebook_with_the_assignments_own_kernel():
    notebook, _ = rebuilt(*untouched().values(), metadata={"kernelspec": {"name": "bash"}, "widgets": {"x": 1}})
    nbformat.validate(notebook)
    assert notebook.metadata == {"kernelspec": BLUEPRINT["kernelspec"]}


def test_a_check_that_was_changed_is_the_original_again_and_that_is_remarked():
    cells = untouched()
    cells["check-f"].source = "pass"
    notebook, remarks = rebuilt(*cells.values())
    assert source(notebook, "check-f") == 'check("ch02.f", f)'
    assert remarks == ["the cell “check-f” was changed; the original is used"]


def test_spaces_around_a_locked_cell_are_no_change():
    cells = untouched()
    cells["check-f"].source = '\ncheck("ch02.f", f)\r\n\n'
    assert rebuilt(*cells.values())[1] == []


def test_every_flag_of_a_cell_is_the_gradebooks():
    cells = untouched()
    lies = {"grade": False, "locked": False, "points": 1e9, "solution": True, "task": True, "schema_version": 1}
    cells["check-f"].metadata["nbgrader"] |= lies | {"checksum": "x", "cell_type": "markdown"}
    notebook, _ = rebuilt(*cells.values())
    assert notebook.cells[2].metadata == {
        "nbgrader": {
            **{"grade": True, "grade_id": "check-f", "locked": True, "schema_version": 3, "solution": False},
            **{"task": False, "cell_type": "code", "checksum": "abc", "points": 2.0},
        }
    }


def test_tags_outputs_and_every_other_note_of_a_cell_are_gone():
    cells = untouched()
    for cell in (cells["f"], cells["check-f"]):
        cell.metadata |= {"tags": ["skip-execution", "raises-exception"], "cnncourse": {"passed": True}}
        cell.outputs = [nbformat.v4.new_output("stream", text="right")]
        cell.execution_count = 3
    own = new_code_cell("1", metadata={"tags": ["x"], "nbgrader": {"grade": True, "grade_id": "mine", "points": 50}})
    notebook, _ = rebuilt(*cells.values(), own)
    assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in notebook.cells)
    assert {key for cell in notebook.cells for key in cell.metadata} == {"nbgrader"}
    assert names(notebook) == [*ALL, None]


def test_a_check_that_is_missing_follows_its_answer():
    cells = untouched()
    del cells["check-f"], cells["setup"]
    notebook, remarks = rebuilt(*cells.values())
    assert names(notebook) == ALL
    assert remarks == []


def test_an_answer_that_is_missing_is_there_empty_and_its_check_behind_it():
    cells = untouched()
    del cells["g"]
    notebook, remarks = rebuilt(*cells.values())
    assert source(notebook, "g") == ""
    assert names(notebook).index("g") < names(notebook).index("check-g")
    assert remarks[0] == "the answer cell “g” is missing"


def test_a_check_that_stands_before_its_answer_is_moved_behind_it():
    cells = untouched()
    notebook, remarks = rebuilt(cells["check-f"], cells["check-g"], *cells.values())
    assert names(notebook) == ALL
    assert "the cell “check-f” stood before the answer that it judges" in remarks


def test_answers_stay_in_the_students_order():
    cells = untouched()
    order = ["setup", "g", "check-g", "f", "check-f", "words"]
    notebook, remarks = rebuilt(*[cells[name] for name in order])
    assert names(notebook) == order
    assert remarks == []


def test_a_helper_between_an_answer_and_its_check_stays_there():
    cells = untouched()
    notebook, _ = rebuilt(*list(cells.values())[:2], new_code_cell("def helper(): ..."), *list(cells.values())[2:])
    assert notebook.cells[2].source == "def helper(): ..."


def test_both_halves_of_an_answer_that_was_split_are_kept():
    cells = untouched()
    halves = given("f", "import math"), given("f", "def f():\n    return math.pi")
    notebook, remarks = rebuilt(cells["setup"], *halves, *list(cells.values())[2:])
    assert source(notebook, "f") == "import math\n\ndef f():\n    return math.pi"
    assert remarks == []


def test_an_answer_that_is_there_twice_word_by_word_counts_once():
    cells = untouched()
    notebook, _ = rebuilt(*cells.values(), cells["f"])
    assert source(notebook, "f") == "def f(): ..."


def test_a_check_that_is_there_twice_counts_once_and_that_is_remarked():
    cells = untouched()
    notebook, remarks = rebuilt(*cells.values(), given("check-g", "pass"))
    assert names(notebook) == ALL
    assert remarks == ["the cell “check-g” is there twice; only the original is used"]


def test_an_answer_of_another_kind_of_cell_is_of_its_own_kind_again():
    cells = untouched()
    cells["f"] = given("f", "def f():\n    return 1", make=new_markdown_cell)
    cells["words"] = given("words", "3.0")
    notebook, _ = rebuilt(*cells.values())
    assert [cell.cell_type for cell in notebook.cells] == ["code"] * 5 + ["markdown"]


def test_a_written_answer_keeps_the_picture_that_was_pasted_into_it():
    cells = untouched()
    cells["words"].source = "![sketch](attachment:image.png)"
    cells["words"].attachments = {"image.png": {"image/png": "iVBORw0KGgo="}}
    own = new_markdown_cell("![mine](attachment:a.jpg)", attachments={"a.jpg": {"image/jpeg": "/9j/"}})
    notebook, _ = rebuilt(*cells.values(), own)
    nbformat.validate(notebook)
    assert notebook.cells[5].attachments == {"image.png": {"image/png": "iVBORw0KGgo="}}
    assert notebook.cells[6].attachments == {"a.jpg": {"image/jpeg": "/9j/"}}


@pytest.mark.parametrize(
    "attachments",
    [7, [], {"a": 7}, {"a": {"text/html": "<script>"}}, {"a": {"image/svg+xml": "x"}}, {"a": {"image/png": [1]}}],
)
def test_what_is_no_picture_is_not_kept_with_a_text(attachments):
    cells = untouched()
    cells["words"]["attachments"] = attachments
    notebook, _ = rebuilt(*cells.values())
    nbformat.validate(notebook)
    assert not notebook.cells[5].get("attachments")


def test_the_wrong_notebook_is_told_in_one_remark():
    notebook, remarks = rebuilt(new_code_cell("print(1)"))
    assert remarks == ["none of the assignment's cells is in the notebook: is it the right one?"]
    assert sorted(name for name in names(notebook) if name) == sorted(ALL)


def test_a_notebook_of_version_3_is_read():
    cells = [
        {"cell_type": "code", "input": ["def f():\n", "    return 1"], "metadata": {"nbgrader": {"grade_id": "f"}}},
        {"cell_type": "heading", "level": 1, "source": "A heading", "metadata": {}},
    ]
    text = json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]}).encode()
    notebook, _ = rebuild(BLUEPRINT, text)
    assert source(notebook, "f") == "def f():\n    return 1"


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm():
    text = json.dumps({"cells": [{"cell_type": "code", "source": "a = 1\r\nb = 2", "metadata": {}}]})
    notebook, _ = rebuild({"kernelspec": None, "cells": []}, text.encode("utf-8-sig"))
    assert notebook.cells[0].source == "a = 1\nb = 2"


def test_half_a_character_in_a_text_does_no_harm():
    text = b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = \'\\ud83d\'", "metadata": {}}]}'
    notebook, _ = rebuild({"kernelspec": None, "cells": []}, text)
    nbformat.writes(notebook).encode()


@pytest.mark.parametrize(
    "cell",
    [
        *(7, None, [], {}, "x"),
        {"cell_type": ["code"], "source": "x"},
        {"cell_type": "code", "source": 7, "metadata": []},
        {"cell_type": "code", "source": ["a", 7, None], "metadata": {"nbgrader": []}},
        {"cell_type": "code", "source": "x", "metadata": {"nbgrader": {"grade_id": ["f"]}}},
        {"cell_type": "code", "source": "x", "metadata": {"nbgrader": {"grade_id": None}}},
        {"cell_type": "raw", "source": "x", "metadata": None},
    ],
    ids=str,
)
def test_an_odd_cell_costs_nothing_but_itself(cell):
    notebook, _ = rebuilt(*untouched().values(), cell)
    nbformat.validate(notebook)
    assert names(notebook)[: len(ALL)] == ALL


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"PK\x03\x04", "holds no JSON"),
        (b"\xff\xfe{}", "holds no JSON"),
        (b"{" * 10, "holds no JSON"),
        (b"[" * 100_000, "holds no JSON"),
        (b"null", "a list or a single value"),
        (b"[]", "a list or a single value"),
        (b"{}", "has no cells"),
        (b'{"cells": {"a": 1}}', "has no cells"),
        (b'{"cells": null, "worksheets": null}', "has no cells"),
        (b'{"worksheets": [{"cells": 7}]}', "has no cells"),
        (b'{"nbformat": 99, "cells": []}', "version 99, which is not known here: save it as version 4"),
        (b'{"nbformat": [4], "cells": []}', r"version \[4\], which is not known"),
        (b'{"nbformat": "' + b"9" * 500 + b'", "cells": []}', "version 9{20},"),
        (b'{"cells": [' + b"{}," * 3000 + b"{}]}", "has 3001 cells; 2000 are read at most"),
    ],
    ids=lambda part: str(part[:20]),
)
def test_bytes_that_are_no_notebook_are_told_in_a_sentence(text, words):
    with pytest.raises(Damaged, match=words):
        rebuild(BLUEPRINT, text)


def test_a_file_over_the_limit_is_not_read():
    with pytest.raises(Damaged, match=r"the file has 31 MB; a notebook may have 30: clear its outputs"):
        rebuild(BLUEPRINT, b" " * (31 << 20))


def test_a_cell_that_is_too_long_is_left_out_and_that_is_remarked():
    cells = untouched()
    cells["f"].source = "#" * (rebuilding.MOST + 1)
    notebook, remarks = rebuilt(*cells.values())
    assert source(notebook, "f") == ""
    assert remarks == ["a cell has 1000001 characters and is left out; 1000000 are read at most"]


def test_rebuilding_twice_changes_nothing_more():
    cells = untouched()
    del cells["check-g"]
    first, _ = rebuilt(cells["check-f"], *cells.values(), new_code_cell("own"))
    second, remarks = rebuild(BLUEPRINT, nbformat.writes(first).encode())
    assert [(cell.source, cell.metadata) for cell in second.cells] == [
        (cell.source, cell.metadata) for cell in first.cells
    ]
    assert remarks == []
