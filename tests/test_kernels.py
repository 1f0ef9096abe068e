"""A kernel as the judge drives it: what a cell shows is kept within limits, and nothing that it sends can do harm."""

import gc
import json

import nbformat
import numpy as np
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from cnncourse.checks import task
from cnncourse.grading.sandbox import kernels, sandbox, wire
from cnncourse.grading.sandbox.inside.kernel import StudentKernel
from cnncourse.grading.sandbox.kernels import LEAST, RICH, SHOWN, TRACEBACK, Kernel, Shown, outcomes

pytestmark = pytest.mark.sampled

SIZES = task("ch02.output_size")
CASES = [(7, 3, 1, 0, 1), (8, 3, 2, 0, 1)]


@pytest.fixture(scope="module", autouse=True)
def one_warm_process():
    yield
    for one in sandbox._warm.values():
        one.close()


@pytest.fixture(scope="module")
def shared():
    """A kernel that no test ends."""
    kernel = Kernel()
    yield kernel
    kernel.close()


@pytest.fixture
def kernel():
    kernel = Kernel()
    yield kernel
    kernel.close()


def shown(ran):
    return [
        (output.output_type, output.get("text") or output.get("evalue") or dict(output.data)) for output in ran.outputs
    ]


# What a cell shows


def test_what_a_cell_prints_computes_and_draws_is_kept_in_its_order(kernel):
    ran = kernel.execute("import sys\nprint('a')\nprint('b', file=sys.stderr)\ndisplay(3)\n4", 30)
    assert (ran.end, ran.count) == ("done", 1)
    assert shown(ran) == [
        ("stream", "a\n"),
        ("stream", "b\n"),
        ("display_data", {"text/plain": "3"}),
        ("execute_result", {"text/plain": "4"}),
    ]


def test_a_picture_is_kept(shared):
    ran = shared.execute("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()", 30)
    assert "image/png" in ran.outputs[-1].data


def test_an_error_is_kept_and_the_next_cell_runs(shared):
    (error,) = shared.execute("1 / 0", 30).outputs
    assert (error.ename, error.evalue) == ("ZeroDivisionError", "division by zero")
    assert shown(shared.execute("print(1)", 30)) == [("stream", "1\n")]


def test_what_is_cleared_is_gone_and_makes_room(shared):
    code = "from IPython.display import clear_output\nfor number in range(30):\n    clear_output({wait})\n"
    code += "    print(f'{number} ' * 4000)"
    for wait in ("wait=True", ""):
        ran = shared.execute(code.replace("{wait}", wait), 30)
        assert shown(ran) == [("stream", "29 " * 4000 + "\n")]


def test_what_is_to_be_cleared_by_the_next_output_stays_where_none_follows(shared):
    ran = shared.execute("from IPython.display import clear_output\nprint('last')\nclear_output(wait=True)", 30)
    assert shown(ran) == [("stream", "last\n")]


def test_a_display_that_is_updated_shows_what_came_last(shared):
    code = "handle = display('0%', display_id=True)\nfor number in range(1, 5):\n"
    code += "    handle.update(f'{25 * number}%')\nprint('done')"
    assert shown(shared.execute(code, 30)) == [("display_data", {"text/plain": "'100%'"}), ("stream", "done\n")]


def test_ten_megabytes_of_text_are_cut_and_that_is_said(shared):
    ran = shared.execute("print('x' * 10_000_000)\nprint('more')", 30)
    assert ran.end == "done"
    (text,) = [output.text for output in ran.outputs]
    assert len(text) < SHOWN + 100
    assert text.endswith(f"[the rest is left out: {SHOWN} characters are kept of a cell]\n")


def test_an_error_is_kept_however_much_was_printed_before(shared):
    ran = shared.execute("print('x' * 200_000)\nprint('y')\nassert False, 'seen'", 30)
    assert ran.outputs[-1].ename == "AssertionError"


def test_an_error_cannot_be_cleared():
    take = Shown()
    for kind, content in [("error", {"ename": "E", "evalue": "", "traceback": []}), ("clear_output", {"wait": False})]:
        take.take({"msg_type": kind, "content": content})
    assert [output.ename for output in take.kept] == ["E"]


def test_an_error_of_megabytes_is_cut(shared):
    ran = shared.execute("raise ValueError('x' * 5_000_000)", 30)
    assert len(json.dumps(ran.outputs)) < 4 * TRACEBACK


@pytest.mark.slow
def test_a_cell_that_prints_without_end_is_stopped_and_the_kernel_goes_on(kernel, monkeypatch):
    monkeypatch.setattr(kernels, "FLOOD", 4 << 20)
    # Not faster than it can be sent: else the kernel's memory may be full before enough has come, and it ends instead
    ran = kernel.execute("import time\nwhile True:\n    print('x' * 10_000)\n    time.sleep(0.001)", 60)
    assert ran.end == "flooded"
    assert shown(kernel.execute("print('on')", 30)) == [("stream", "on\n")]


@pytest.mark.slow
def test_a_cell_that_sends_more_messages_than_can_be_kept_is_done_when_it_is_done(shared):
    ran = shared.execute("import sys\nfor _ in range(8000):\n    print('x', flush=True)\ndisplay(1)", 120)
    assert ran.end == "done"


# Time, and the end


def test_a_cell_that_takes_too_long_is_stopped_and_what_was_there_before_remains(kernel):
    kernel.execute("kept = 1", 30)
    assert kernel.execute("while True: pass", 1).end == "stopped"
    assert shown(kernel.execute("print(kept)", 30)) == [("stream", "1\n")]


@pytest.mark.parametrize(
    "code",
    [
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "sum(range(10**12))",
    ],
    ids=["deaf", "in C"],
)
def test_a_cell_that_cannot_be_stopped_ends_its_kernel(kernel, code):
    kernel.execute("pass", 30)
    assert kernel.execute(code, 1).end in ("stopped", "dead")
    assert not kernel.alive()
    assert kernel.execute("print(1)", 10).end == "dead"


@pytest.mark.parametrize(
    "code", ["import os; os._exit(0)", "import os; os.abort()", "import ctypes; ctypes.string_at(0)"]
)
def test_a_cell_that_ends_python_is_told_and_later_ones_too(kernel, code):
    assert kernel.execute("print('before')\n" + code, 30).end == "dead"
    assert kernel.execute("print(1)", 10).end == "dead"
    assert kernel.probe(SIZES, "f", CASES, 10) == ([], "dead")


def test_exit_and_input_do_not_end_a_kernel(kernel):
    assert kernel.execute("import sys\nsys.exit(1)", 30).end == "done"
    assert kernel.execute("input()", 30).outputs[0].ename == "StdinNotImplementedError"
    assert kernel.alive()


def test_a_closed_kernel_can_be_closed_again():
    kernel = Kernel()
    kernel.close()
    assert not kernel.alive()


# Answers on trial


def test_an_answer_is_tried_on_every_case(shared):
    shared.execute("def f(size, kernel, stride, padding, dilation): return size - kernel", 30)
    found, end = shared.probe(SIZES, "f", CASES, 10)
    assert ([outcome.value for outcome in found], end) == ([4, 5], "done")


def test_an_answer_that_is_not_there_or_no_function_is_told(shared):
    assert shared.probe(SIZES, "nowhere", CASES, 10)[0][0].error == "NameError"
    assert shared.probe(SIZES, "3", CASES, 10)[0][0].error == "NotAFunction"


def test_an_answer_that_does_not_end_is_stopped_by_itself_or_from_outside(kernel):
    kernel.execute("def slow(*_):\n    while True: pass\ndef deaf(*_): sum(range(10**12))", 30)
    found, end = kernel.probe(SIZES, "slow", CASES, 1)
    assert (found[0].error, end) == ("TooSlow", "done")
    assert kernel.probe(SIZES, "deaf", CASES, 1) == ([], "stopped")


DEAF_CHILDREN = """
import os, time
kept = 1
def running():
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
def deaf():
    while True:
        try:
            while True: pass
        except BaseException:
            pass
def start():
    for _ in range(5):
        if os.fork() == 0:
            deaf()
    time.sleep(1000)
def answer(*_):
    start()
def keeps_its_alarm(*_):
    try:
        start()
    except BaseException:
        time.sleep(1000)
"""


@pytest.mark.parametrize("tried", ["start()", "answer", "keeps_its_alarm"])
def test_what_was_stopped_leaves_no_process_behind_that_takes_the_time_of_the_next(kernel, tried):
    kernel.execute(DEAF_CHILDREN, 30)
    if tried == "start()":
        assert kernel.execute(tried, 1).end == "stopped"
    else:
        found, end = kernel.probe(SIZES, tried, CASES, 1)
        assert (end, [outcome.error for outcome in found]) in [("done", ["TooSlow"]), ("stopped", [])]
    ran = kernel.execute("running(), os.getpid(), kept", 30)
    assert shown(ran) == [("execute_result", {"text/plain": "([1, 2], 2, 1)"})]


def test_outside_of_the_sandbox_a_kernel_ends_nobody(monkeypatch):
    ended = []
    monkeypatch.setattr("os.kill", lambda *given: ended.append(given))
    monkeypatch.setattr("os.getppid", lambda: 2)
    with pytest.raises(RuntimeError, match="outside of the sandbox"):
        StudentKernel.alone_request(None, None, None, None)
    assert ended == []


def test_an_answer_that_ends_python_is_dead_or_an_error(kernel):
    kernel.execute("import os\ndef leaves(*_): raise SystemExit\ndef dies(*_): os._exit(0)", 30)
    assert kernel.probe(SIZES, "leaves", CASES, 10)[0][0].error == "SystemExit"
    assert kernel.probe(SIZES, "dies", CASES, 10) == ([], "dead")


@pytest.mark.parametrize("size", ["(1 << 21,)", "(1 << 23,)"], ids=["16 MB", "64 MB"])
def test_a_result_of_megabytes_comes_through_or_is_told(kernel, size):
    kernel.execute(f"import numpy as np\ndef big(*_): return np.zeros({size})", 30)
    found, end = kernel.probe(SIZES, "big", CASES[:1], 10)
    if size == "(1 << 21,)":
        assert found[0].value.shape == (1 << 21,)
    else:
        assert end == "done"
        assert found[0].error == "ValueError"
        assert found[0].message == "the result cannot be sent: it has 64 MB"


def test_a_number_too_long_to_be_sent_is_told_as_the_students_own_mistake(shared):
    shared.execute("def huge(*_): return 10**5000", 30)
    (found,), end = shared.probe(SIZES, "huge", CASES, 10)
    assert (end, found.error) == ("done", "ValueError")


def test_what_an_answer_prints_does_not_come_between_the_data(shared):
    shared.execute("def loud(*_):\n    print('x' * 50)\n    return 1", 30)
    found, _ = shared.probe(SIZES, "loud", CASES, 10)
    assert [(outcome.value, outcome.printed) for outcome in found] == [(1, "x" * 50 + "\n")] * 2


# What a hostile kernel may send


ODD = [None, 7, "x", [], {}, [1], {"a": 1}]


@pytest.mark.parametrize("kind", ["status", "stream", "error", "display_data", "execute_result", "update_display_data"])
@pytest.mark.parametrize("odd", ODD, ids=str)
def test_no_content_of_a_message_does_harm(kind, odd):
    names = ("execution_state", "name", "text", "ename", "evalue", "traceback", "data", "metadata", "transient")
    taken = Shown()
    taken.take({"msg_type": "execute_input", "content": {"execution_count": odd}})
    taken.take({"msg_type": "clear_output", "content": {"wait": odd}})
    taken.take({"msg_type": kind, "content": dict.fromkeys(names, odd)})
    taken.take({"msg_type": kind, "content": {}})
    cell = new_code_cell("x", outputs=taken.kept, execution_count=taken.count)
    nbformat.validate(new_notebook(cells=[cell]))
    nbformat.writes(new_notebook(cells=[cell]))


def test_programs_and_metadata_of_an_output_are_not_kept():
    taken = Shown()
    data = {"application/javascript": "alert()", "text/plain": "x", "image/png": ["a"], "application/x+json": {}}
    taken.take({"msg_type": "display_data", "content": {"data": data, "metadata": {"x": "y" * 10_000_000}}})
    assert [(dict(output.data), dict(output.metadata)) for output in taken.kept] == [({"text/plain": "x"}, {})]


def test_half_a_character_in_an_output_can_be_written_to_a_file():
    taken = Shown()
    bad = "\ud83d"
    taken.take({"msg_type": "stream", "content": {"name": "stdout", "text": bad}})
    taken.take({"msg_type": "error", "content": {"ename": bad, "evalue": bad, "traceback": [bad]}})
    taken.take({"msg_type": "display_data", "content": {"data": {"text/plain": bad}}})
    nbformat.writes(new_notebook(cells=[new_code_cell("", outputs=taken.kept)])).encode()


def test_many_small_outputs_take_room_too():
    taken = Shown()
    for number in range(20_000):
        taken.take({"msg_type": "display_data", "content": {"data": {"text/plain": "x"}}})
        name = ("stdout", "stderr")[number % 2]
        taken.take({"msg_type": "stream", "content": {"name": name, "text": "x"}})
    assert len(taken.kept) <= RICH // LEAST + SHOWN // LEAST + 1


def test_messages_that_are_forged_do_no_harm(kernel):
    code = """
    kernel = get_ipython().kernel
    parent = kernel.get_parent()
    for odd in (None, 7, [], "x", {}):
        for kind in ("stream", "status", "error", "display_data", "execute_input", "clear_output", "x"):
            kernel.session.send(kernel.iopub_socket, kind, odd, parent)
            kernel.session.send(kernel.iopub_socket, kind, {}, odd if isinstance(odd, dict) else None)
            message = {"header": odd, "msg_type": kind, "parent_header": odd, "content": odd}
            kernel.session.send(kernel.iopub_socket, message)
    kernel.iopub_thread.send_multipart([b"x"])
    kernel.iopub_thread.send_multipart([b"<IDS|MSG>", b"0" * 64, b"[", b"[", b"[", b"["])
    """
    assert kernel.execute(code.replace("\n    ", "\n"), 30).end == "done"
    assert shown(kernel.execute("print('on')", 30))[-1] == ("stream", "on\n")


@pytest.mark.parametrize(
    "reply",
    [
        *([], [b""], [b"{}"], [b"[]"], [b"1"], [b'{"tuple": [1]}'], [b'{"tuple": [{"tuple": []}]}'], [b"x"] * 3),
        [b'{"array": 0, "dtype": "|O", "shape": [1]}', b"12345678"],
    ],
    ids=str,
)
def test_a_reply_that_is_no_data_is_one_garbled_outcome(reply):
    (found,) = outcomes(reply)
    assert found.error == "Garbled"
    assert found.value is None


def test_of_an_outcome_only_what_is_of_the_right_kind_counts():
    lies = {"value": 1, "error": 7, "message": ("a",), "changed": (1, "a"), "shared": 3, "seconds": "x", "more": 1}
    (found,) = outcomes(wire.pack((lies,)))
    assert (found.value, found.error, found.message, found.changed, found.shared, found.seconds) == (
        1,
        "",
        "",
        (),
        (),
        0.0,
    )
    (found,) = outcomes(wire.pack(({"value": np.zeros(2), "changed": (0,) * 100, "warned": ("a",) * 100},)))
    assert len(found.changed) == len(found.warned) == 20


def test_a_kernel_that_does_not_start_leaves_no_file_open(monkeypatch, tmp_path):
    Kernel().close()  # what the first one opens once for all is not lost
    gc.collect()  # else what earlier tests left open may be closed meanwhile
    folders, before = set(sandbox.warm().folder.iterdir()), psutil.Process().num_fds()
    monkeypatch.setattr(Kernel, "listen", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Kernel()
    assert psutil.Process().num_fds() == before
    assert set(sandbox.warm().folder.iterdir()) == folders
