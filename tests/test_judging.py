"""Grading one notebook: answers are judged outside, and whatever goes wrong costs the one task that it belongs to."""

import dataclasses
import inspect
import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.utils import determine_grade

from cnncourse.checks import task
from cnncourse.checks.verdict import Status
from cnncourse.grading.judge import judging, verdicts
from cnncourse.grading.judge.blueprint import packages_of
from cnncourse.grading.judge.judging import grade_notebook, seed_of
from cnncourse.grading.judge.untrusted import Damaged
from cnncourse.grading.sandbox import sandbox

pytestmark = pytest.mark.sampled

RIGHT = {
    "output_size": "def output_size(n, k, stride, padding, dilation):\n"
    "    return (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1",
    "pad": "import numpy as np\ndef pad(x, padding): return np.pad(x, padding)",
}
STUB = "def {}(*_):\n    raise NotImplementedError"


@pytest.fixture(scope="module", autouse=True)
def one_warm_process():
    yield
    for one in sandbox._warm.values():
        one.close()


def cell(name, source, kind="code", **flags):
    flags = {"locked": False, "grade": False, "solution": False, "task": False, "points": 0.0} | flags
    return {"name": name, "cell_type": kind, "source": source, "checksum": "", **flags}


def blueprint(**checks):
    """An assignment with an answer and a check for each name; a check may be given as a cell of its own."""
    cells = []
    for name, source in checks.items():
        cells.append(cell(name, STUB.format(name), solution=True))
        source = source or f'check("ch02.{name}", {name})'
        cells.append(cell(f"check-{name}", source, locked=True, grade=True, points=2.0))
    return {"assignment": "a", "notebook": "n", "kernelspec": None, "cells": cells}


TWO = blueprint(output_size="", pad="")


def answered(known, before=(), between=(), **answers):
    """The bytes of a notebook with these answers, and with cells of the student's own."""
    cells = [new_code_cell(source) for source in before]
    for one in known["cells"]:
        cells.append(new_code_cell(answers.get(one["name"], one["source"])))
        cells[-1].metadata["nbgrader"] = {"grade_id": one["name"]}
        if one["solution"]:
            cells += [new_code_cell(source) for source in between]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


def graded(known, text, student="ada", secret="secret", **more):
    notebook = grade_notebook(known, text, student, secret, **more)
    nbformat.validate(notebook)
    json.dumps(notebook, allow_nan=False)
    return notebook


def checks(notebook):
    return {
        one.metadata.nbgrader.grade_id.removeprefix("check-"): one
        for one in notebook.cells
        if one.metadata.get("nbgrader", {}).get("grade")
    }


def scores(notebook):
    return {name: determine_grade(one)[0] for name, one in checks(notebook).items()}


def verdict(notebook, name):
    return verdicts.read(checks(notebook)[name])


def words(notebook, name):
    return verdict(notebook, name).words


def attention(notebook):
    return list(verdicts.read_remarks(notebook).attention)


def said(notebook):
    return "".join(output.get("text", "") for one in notebook.cells for output in one.get("outputs", []))


# Verdicts


def test_right_answers_get_all_points_and_one_line_each():
    notebook = graded(TWO, answered(TWO, **RIGHT))
    assert scores(notebook) == {"output_size": 2.0, "pad": 2.0}
    (output,) = checks(notebook)["pad"].outputs
    assert (output.output_type, output.name) == ("stream", "stdout")
    assert output.text.startswith("ch02.pad: right, on ")
    assert verdict(notebook, "pad").status is Status.PASSED
    assert attention(notebook) == []
    assert list(verdicts.read_remarks(notebook).limits) == sandbox.warm().words()


def test_a_stub_gets_no_points_and_is_not_written_yet():
    notebook = graded(TWO, answered(TWO))
    assert scores(notebook) == {"output_size": 0, "pad": 0}
    assert verdict(notebook, "pad").status is Status.NOT_WRITTEN


def test_a_wrong_answer_costs_its_task_and_the_mistake_is_named_where_it_is_known():
    pad = task("ch02.output_size").misconceptions[0]
    wrong = "def output_size(n, k, stride, padding, dilation):\n"
    wrong += "    return -(-(n + 2 * padding - dilation * (k - 1) - 1) // stride) + 1"
    notebook = graded(TWO, answered(TWO, **RIGHT | {"output_size": wrong}))
    assert scores(notebook) == {"output_size": 0, "pad": 2.0}
    found = verdict(notebook, "output_size")
    assert found.status is Status.WRONG
    names = {mistake.name for mistake in task("ch02.output_size").misconceptions}
    assert found.misconception in names
    assert pad.name in names
    assert found.section.startswith("ch02_convolution#")
    display, error = checks(notebook)["output_size"].outputs
    assert set(display.data) == {"text/plain", "text/html"}
    assert error.ename == "NotRight"
    assert found.misconception in display.data["text/plain"]


def test_a_wrong_answer_without_a_name_is_told_what_was_expected():
    notebook = graded(TWO, answered(TWO, **RIGHT | {"pad": "def pad(x, padding): return 17"}))
    found = verdict(notebook, "pad")
    assert found.misconception == ""
    assert found.words.startswith("expected shape")


def test_the_note_of_a_check_has_every_part():
    found = verdict(graded(TWO, answered(TWO, **RIGHT)), "pad")
    assert found == verdicts.CellVerdict("ch02.pad", Status.PASSED, section=found.section, seconds=found.seconds)
    assert found.section.startswith("ch02_convolution#")
    assert 0 < found.seconds < 10


def test_a_notebook_is_judged_twice_in_the_same_way():
    text = answered(TWO, output_size="def output_size(*s): return 3", pad="def pad(x, padding): return x")
    first, second = graded(TWO, text), graded(TWO, text)
    for notebook in (first, second):
        notebook.metadata.pop(verdicts.KEY)
        for one in checks(notebook).values():
            verdicts.write(one, dataclasses.replace(verdicts.read(one), seconds=None))
    assert [(one.get("outputs"), one.metadata) for one in first.cells] == [
        (one.get("outputs"), one.metadata) for one in second.cells
    ]


def test_seeds_differ_between_students_tasks_and_courses():
    seeds = {
        seed_of(*those)
        for those in [("s", "a", "t"), ("s", "b", "t"), ("s", "a", "u"), ("r", "a", "t"), ("s", "a\nt", "")]
    }
    assert len(seeds) == 5
    assert all(seed > 2**64 for seed in seeds)


def test_the_cases_are_the_students_own():
    spy = "seen = []\ndef pad(x, padding):\n    seen.append(x.tolist())\n    return np.pad(x, padding)"
    known = TWO | {"cells": [*TWO["cells"], cell("show", "print(seen)", locked=True, grade=True, points=1.0)]}
    text = answered(known, before=["import numpy as np"], **RIGHT | {"pad": spy})
    shows = [said(graded(known, text, student=student)) for student in ("ada", "ada", "grace")]
    assert shows[0] == shows[1] != shows[2]


# What an honest student must not lose


def test_a_warning_is_not_a_failure():
    loud = "import warnings, sys\ndef pad(x, padding):\n    warnings.warn('w')\n"
    loud += "    print('e', file=sys.stderr)\n    return np.pad(x, padding)"
    known = blueprint(
        output_size="", pad="import warnings; warnings.warn('old'); assert pad(np.zeros((1, 1)), 1).shape == (3, 3)"
    )
    text = answered(known, before=["import numpy as np\nimport warnings; warnings.warn('x')"], **RIGHT | {"pad": loud})
    assert scores(graded(known, text)) == {"output_size": 2.0, "pad": 2.0}


def test_lists_will_do_for_an_array():
    lists = "def pad(x, padding): return np.pad(x, padding).tolist()"
    assert scores(graded(TWO, answered(TWO, before=["import numpy as np"], **RIGHT | {"pad": lists})))["pad"] == 2.0


def test_an_answer_may_use_a_helper_from_a_cell_of_its_own():
    text = answered(
        TWO, before=["import numpy as np\ndef helper(x, n): return np.pad(x, n)"], **RIGHT | {"pad": "pad = helper"}
    )
    assert scores(graded(TWO, text))["pad"] == 2.0


def test_a_cell_that_imports_what_is_not_there_still_imports_the_rest():
    before = [
        "import torch\nimport math\nimport numpy as np\n"
        "from cnncourse.pooling import max_pool2d\nfrom cnncourse.checks import check"
    ]
    text = answered(TWO, before=before, **RIGHT | {"pad": "def pad(x, padding): return np.pad(x, padding)"})
    assert scores(graded(TWO, text)) == {"output_size": 2.0, "pad": 2.0}


def test_an_experiment_with_the_library_ends_quietly():
    notebook = graded(
        TWO, answered(TWO, before=["from scipy.signal import convolve2d\nprint(1)\nconvolve2d(1, 2)"], **RIGHT)
    )
    assert scores(notebook) == {"output_size": 2.0, "pad": 2.0}
    assert [one.output_type for one in notebook.cells[0].outputs] == ["stream", "stream"]
    assert (
        notebook.cells[0].outputs[1].text
        == "While grading the cell ends here: scipy.signal.convolve2d is not available.\n"
    )


def test_what_a_student_can_look_up_counts_as_text_of_their_own_and_not_as_a_call():
    pad = task("ch02.pad").reference
    pasted = "import numpy as np\n" + inspect.getsource(pad)
    assert scores(graded(TWO, answered(TWO, **RIGHT | {"pad": pasted}))) == {"output_size": 2.0, "pad": 2.0}
    called = "from cnncourse.checks import task\npad = task('ch02.pad').reference"
    notebook = graded(TWO, answered(TWO, **RIGHT | {"pad": called}))
    assert scores(notebook) == {"output_size": 2.0, "pad": 0}


def test_an_answer_that_uses_the_library_gets_no_points_and_the_instructor_is_told():
    text = answered(TWO, **RIGHT | {"pad": "from cnncourse.convolution import pad_images as pad"})
    notebook = graded(TWO, text)
    assert scores(notebook) == {"output_size": 2.0, "pad": 0}
    assert attention(notebook) == ["ch02.pad calls cnncourse.convolution.pad_images"]


@pytest.mark.parametrize(
    "code",
    [
        "import os; os._exit(1)",
        "raise SystemExit",
        "exit()",
        "1/0",
        "def (",
        "print('x' * 10_000_000)",
        "%magic_that_is_not",
        "!ls",
    ],
)
def test_a_cell_that_goes_wrong_costs_nothing_else(code):
    text = answered(
        TWO, before=["import numpy as np"], between=[code], **RIGHT | {"pad": "def pad(x, n): return np.pad(x, n)"}
    )
    assert scores(graded(TWO, text)) == {"output_size": 2.0, "pad": 2.0}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("import os; os._exit(1)", "Python was ended here"),
        ("import ctypes; ctypes.string_at(0)", "Python was ended here"),
        ("raise SystemExit(0)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("return pad(*_)", "RecursionError"),
        ("x = bytearray(1 << 40)", "MemoryError"),
        ("return object()", "got no data"),
        ("return 10**5000", "cannot be sent"),
        ("return 10**400", "expected shape"),
        ("return (lambda: None)", "got no data"),
    ],
)
def test_an_answer_that_goes_wrong_costs_its_task_only(body, told):
    known = blueprint(pad="", output_size="")
    notebook = graded(known, answered(known, **RIGHT | {"pad": f"def pad(*_): {body}"}))
    assert scores(notebook) == {"pad": 0, "output_size": 2.0}
    assert told in words(notebook, "pad")


def test_numbers_that_cannot_be_compared_cost_their_task_only():
    known = blueprint(output_size="", pad="")
    for answer in ("10**400", "float('nan')", "'x' * 10**6", "{'a': [1] * 999}", "[[[[]]]]", "True"):
        notebook = graded(known, answered(known, **RIGHT | {"output_size": f"def output_size(*_): return {answer}"}))
        assert scores(notebook) == {"output_size": 0, "pad": 2.0}


@pytest.mark.slow
def test_an_answer_that_does_not_end_costs_its_task_only(monkeypatch):
    quick = {name: dataclasses.replace(task(name), seconds=1.0) for name in ("ch02.pad", "ch02.output_size")}
    monkeypatch.setattr(judging, "task_of", quick.__getitem__)
    known = blueprint(pad="", output_size="")
    for body, told in [("while True: pass", "not finished in time"), ("sum(range(10**12))", "was stopped")]:
        notebook = graded(known, answered(known, **RIGHT | {"pad": f"def pad(*_):\n    {body}"}))
        assert scores(notebook) == {"pad": 0, "output_size": 2.0}
        assert told in words(notebook, "pad")


def test_after_a_crash_the_cells_before_it_are_run_again_and_the_crash_is_not(monkeypatch):
    before = ["import numpy as np\ncount = 0", "count += 1", "import os; os._exit(1)", "count += 1"]
    known = TWO | {"cells": [*TWO["cells"], cell("show", "print(count)", locked=True, grade=True, points=1.0)]}
    notebook = graded(known, answered(known, before=before, **RIGHT))
    assert checks(notebook)["show"].outputs[0].text == "2\n"
    assert any("Python was ended here" in told for told in attention(notebook))


def test_a_cell_that_kills_only_when_it_is_run_again_is_left_out(tmp_path):
    trap = "import os\nif 'crashed' in globals() or os.path.exists('/tmp/x'): os._exit(1)"
    before = ["import numpy as np", "import time\nborn = time.time()", trap, "import os; os._exit(1)"]
    assert scores(graded(TWO, answered(TWO, before=before, **RIGHT))) == {"output_size": 2.0, "pad": 2.0}


def test_a_notebook_that_crashes_again_and_again_comes_to_an_end(monkeypatch):
    monkeypatch.setattr(judging, "RESTARTS", 2)
    before = ["import os; os._exit(1)"] * 5
    notebook = graded(TWO, answered(TWO, before=before, **RIGHT))
    assert scores(notebook) == {"output_size": 0, "pad": 0}
    assert words(notebook, "pad") == "not tried: the time for the whole notebook was used up"


def test_when_the_time_for_the_notebook_is_used_up_the_rest_is_not_run(monkeypatch):
    monkeypatch.setattr(judging, "NOTEBOOK_SECONDS", -1.0)
    known = blueprint(output_size="", pad="assert True")
    notebook = graded(known, answered(known, before=["print('ran')"], **RIGHT))
    assert "ran" not in said(notebook)
    assert scores(notebook) == {"output_size": 0, "pad": 0}
    assert all(verdict(notebook, name).status is Status.NOT_TRIED for name in checks(notebook))


def test_no_kernel_is_left_where_the_judge_itself_stumbles(monkeypatch):
    import psutil

    graded(TWO, answered(TWO, **RIGHT))
    before = len(psutil.Process().children(recursive=True))
    monkeypatch.setattr(judging, "judge", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        graded(TWO, answered(TWO, **RIGHT))
    assert len(psutil.Process().children(recursive=True)) <= before


def test_what_a_hostile_kernel_answers_is_a_wrong_answer_and_no_accident(monkeypatch):
    source = """
from cnncourse.checks import probing
from cnncourse.grading.sandbox.inside import kernel
lie = probing.Outcome(value=1.0, changed=(99,), shared=(-99,), seconds={})
kernel.try_cases = lambda task, answer, cases: [lie] * len(cases)
""".replace("{}", "float('nan')")
    notebook = graded(TWO, answered(TWO, before=[source], **RIGHT))
    assert scores(notebook) == {"output_size": 0, "pad": 0}


def test_two_outcomes_for_ten_cases_are_no_right_answer():
    source = "from cnncourse.grading.sandbox.inside import kernel\ntried = kernel.try_cases\n"
    source += "kernel.try_cases = lambda *a: tried(*a)[:1]"
    notebook = graded(TWO, answered(TWO, before=[source], **RIGHT))
    assert scores(notebook) == {"output_size": 0, "pad": 0}
    assert "1 outcomes of" in words(notebook, "pad")


# Other kinds of cells


def test_a_cell_of_asserts_is_run_as_before():
    known = blueprint(output_size="assert output_size(5, 3, 1, 0, 1) == 3", pad="assert pad(1, 1) == 2, 'no'")
    notebook = graded(known, answered(known, **RIGHT | {"pad": "def pad(x, n): return 3"}))
    assert scores(notebook) == {"output_size": 2.0, "pad": 0}
    assert verdict(notebook, "pad").status is Status.WRONG


def test_a_cell_of_asserts_fails_however_much_is_printed_before():
    known = blueprint(pad="print(pad(1, 1))\nassert False")
    assert scores(graded(known, answered(known, pad="def pad(x, n): return 'x' * 1_000_000"))) == {"pad": 0}


def test_a_cell_that_computes_points_gives_them():
    known = blueprint(pad="1.5")
    assert scores(graded(known, answered(known, **RIGHT))) == {"pad": 1.5}


def test_a_written_answer_is_left_to_a_person():
    known = {"kernelspec": None, "cells": [cell("words", "Why?", "markdown", grade=True, solution=True, points=3.0)]}
    words = new_markdown_cell("Because.", metadata={"nbgrader": {"grade_id": "words"}})
    notebook = graded(known, nbformat.writes(nbformat.v4.new_notebook(cells=[words])).encode())
    assert [(one.cell_type, one.source) for one in notebook.cells] == [("markdown", "Because.")]


def test_files_of_the_assignment_lie_beside_the_notebook():
    known = blueprint(pad="assert open('data.txt').read() == 'given'")
    assert scores(graded(known, answered(known, **RIGHT), files={"data.txt": b"given"})) == {"pad": 2.0}


def test_a_file_that_is_no_notebook_is_damaged_before_anything_runs():
    with pytest.raises(Damaged, match="no JSON"):
        grade_notebook(TWO, b"PK", "ada", "secret")


def test_what_is_unusual_is_told_to_the_instructor():
    notebook = graded(TWO, answered(TWO, before=["import ctypes"], **RIGHT))
    assert attention(notebook) == ["a cell imports ctypes"]


def test_keras_is_there_only_where_the_assignment_itself_imports_it():
    assert packages_of({"cells": [{"cell_type": "code", "source": "from keras import layers"}]}) == (
        "keras",
        "tensorflow",
    )
    assert packages_of({"cells": [{"cell_type": "markdown", "source": "import keras"}]}) == ()


@pytest.mark.slow
def test_an_assignment_with_keras_is_graded_with_keras():
    known = blueprint(pad="import keras\nassert pad().count_params() == 3")
    own = "def pad():\n    import keras\n    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])"
    assert scores(graded(known, answered(known, pad=own))) == {"pad": 2.0}


def test_an_answer_that_works_out_places_in_memory_from_the_shape_earns_nothing_when_it_is_graded_either():
    known = blueprint(permute='check("ch01.permute", permute)')
    own = (
        "def permute(x, order):\n    N, H, W, C = x.shape\n"
        "    return x.ravel(order={!r}).reshape(N, H * W, C)[:, order].reshape(x.shape)"
    )
    earned = [scores(graded(known, answered(known, permute=own.format(order)))) for order in "CK"]
    assert earned == [{"permute": 2.0}, {"permute": 0.0}]


def test_an_exam_may_ask_for_tasks_of_several_chapters():
    tasks = ["ch01.equivariance_gap", "ch02.edge_kernel", "ch04.numerical_gradient"]
    exam = blueprint(**{name.split(".")[1]: f'check("{name}", {name.split(".")[1]})' for name in tasks})
    answers = {
        "equivariance_gap": "import numpy as np\nfrom cnncourse.baselines import shift_images\n"
        "def equivariance_gap(f, x, down, right):\n"
        "    gap = f(shift_images(x, down, right)) - shift_images(f(x), down, right)\n"
        "    return np.abs(gap[:, down:, right:]).max()",
        "edge_kernel": "def edge_kernel():\n    return [[0, 0, 0], [-1, 0, 1], [0, 0, 0]]",
        "numerical_gradient": "def numerical_gradient(f, x, h):\n"
        "    x, slopes = x.astype(float), np.zeros(x.shape)\n"
        "    for place in np.ndindex(x.shape):\n"
        "        nudge = np.zeros(x.shape)\n        nudge[place] = h\n"
        "        slopes[place] = (f(x + nudge) - f(x - nudge)) / (2 * h)\n"
        "    return slopes",
    }
    assert scores(graded(exam, answered(exam, **answers))) == dict.fromkeys(answers, 2.0)
