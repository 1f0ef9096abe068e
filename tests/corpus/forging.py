"""Forged letters: what the student's process sends to the judge is the student's to write."""
# ruff: noqa: E501 - the students' sources keep their long lines

from textwrap import dedent

from corpus import ALL, POINTS, answer, with_cell, with_work, without_work

# The judge's own kind of reply goes through `forge(parts)`, which returns the packed letters that are sent in its place.
FORGERY = """
import itertools
from cnncourse.grading.sandbox import wire
from jupyter_client.session import Session
turn, _send = itertools.count(), Session.send
def _forging(self, stream, kind, *rest, **named):
    if kind != "probe_reply":
        return _send(self, stream, kind, *rest, **named)
    for parts in forge([bytes(part) for part in named.pop("buffers")]):
        _send(self, stream, kind, *rest, buffers=parts, **named)
Session.send = _forging
"""


LATE = "check-conv2d"  # two tasks are left there: a reply that is lost costs the judge all the time of a task


def forging(notebook, forge, after="setup"):
    """Install a forger of replies, from the first cell on."""
    with_cell(notebook, FORGERY + dedent(forge), after)


@without_work(says="outcomes of")
def only_the_first_outcome(notebook, folder):
    """A reply that stops after one case, which is right, has no case left in which something is wrong."""
    forge = """
    def forge(parts):
        yield wire.pack(wire.unpack(parts)[:1])
    """
    forging(notebook, forge)
    source = """
    def output_size(size, kernel, stride, padding, dilation):
        return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1 if next(again) == 0 else -1
    again = iter(range(10**9))
    """
    answer(notebook, "ch02.output_size", source)


@without_work()
def too_many_outcomes(notebook, folder):
    """The reply holds each outcome a thousand times over, whatever the judge makes of the rest."""
    forge = """
    def forge(parts):
        yield wire.pack(wire.unpack(parts) * 1000)
    """
    forging(notebook, forge)


@without_work(says="expected")
def errors_are_cut_out(notebook, folder):
    """The reply keeps its form, and every text in it that tells of an error, a change or a difference is empty."""
    forge = """
    clean = {"error": "", "message": "", "line": "", "changed": (), "shared": (), "warned": ()}
    def forge(parts):
        yield wire.pack(tuple({**outcome, **clean} for outcome in wire.unpack(parts)))
    """
    forging(notebook, forge)
    answer(notebook, "ch02.pad", "def pad(x, padding):\n    raise ValueError")


@with_work(earns={"ch02.edge_kernel"}, keeps={"ch02.edge_kernel"})
def the_reply_of_another_task(notebook, folder):
    """One task is solved, and its reply is sent again as the answer to every later one."""
    for task in POINTS:
        if task != "ch02.edge_kernel":
            answer(notebook, task, f"def {task.split('.')[1]}(*case):\n    return -1")
    forge = """
    kept = []
    def forge(parts):
        if len(parts) > 1:
            kept[:] = [parts]
        yield kept[0] if kept else parts
    """
    forging(notebook, forge)


@without_work()
def two_replies(notebook, folder):
    """Before the reply goes one without an outcome, and after it a third, for the next question."""
    forge = """
    def forge(parts):
        yield wire.pack(())
        yield parts
        yield wire.pack(())
    """
    forging(notebook, forge)


@without_work(says="in time")
def no_reply(notebook, folder):
    """The judge waits for a reply that never comes, and must decide something."""
    forge = """
    def forge(parts):
        return iter(())
    """
    forging(notebook, forge, LATE)


@without_work(says="no data")
def malformed_letters(notebook, folder):
    """Each letter is malformed in another way: no JSON, wrong kinds, numbers that JSON does not know, keys twice."""
    forge = """
    letters = [b"", b"\\xff\\xfe\\x00", b"[]", b'{"tuple": 7}', b'{"tuple": [{"float": "nan"}, NaN, 1e999]}',
               b'{"tuple": [' + b"9" * 1_000_000 + b"]}", b'{"tuple": [1], "tuple": []}',
               b'{"tuple": [{"dict": [["value", 1e999], ["value", ' + b"9" * 4000 + b'], ["seconds", 7]]}]}',
               b'{"tuple": [{"dict": [["error", {"tuple": []}], ["changed", {"tuple": [-99]}], ["warned", 3]]}]}']
    def forge(parts):
        yield [letters[next(turn) % len(letters)]]
    """
    forging(notebook, forge)


@without_work(says="no data")
def arrays_that_are_not_what_their_letter_says(notebook, folder):
    """Shapes are negative, enormous or too many, dtypes are of objects, and the buffers are too few, short or long."""
    forge = """
    import json
    shapes = [[-1], [2**40, 2**40], [0] * 1000, [2**31], ["3"], 3, None, [0, 2**24, 2**24], [True]]
    dtypes = ["O", "|O", "<f8", "V8", "f8,O", "M8[s]", "(1000000,1000000)f8", "<f2", ""]
    few = [[], [b""], [b"x" * 7], [b"x" * 40_000_000], [b"x"] * 20_000, [b"x" * 8]]
    def forge(parts):
        which = next(turn)
        lie = {"array": which % 3 - 1, "dtype": dtypes[which % 9], "shape": shapes[which % 9]}
        letter = {"tuple": [{"dict": [["value", lie], ["error", ""]]}] * 12}
        yield [json.dumps(letter).encode(), *few[which % 6]]
    """
    forging(notebook, forge)


@without_work()
def a_reply_of_a_gigabyte(notebook, folder):
    """The reply is larger than the memory that the judge can spare."""
    forge = """
    def forge(parts):
        yield parts + [bytes(300_000_000)] * 3
    """
    forging(notebook, forge, LATE)


@without_work()
def a_reply_of_many_small_parts(notebook, folder):
    """The reply is just below every limit of its size, and holds as many values as it can."""
    forge = """
    def forge(parts):
        yield [b'{"tuple": [' + b", ".join([b'{"tuple": []}'] * 290_000) + b"]}"]
    """
    forging(notebook, forge, LATE)


@without_work()
def deeply_nested_reply(notebook, folder):
    """The reply is written by hand, with a hundred thousand brackets that the judge's JSON reader has to go down."""
    source = """
    from jupyter_client.session import Session
    pack = Session.serialize
    def deep(self, msg, ident=None):
        frames = pack(self, msg, ident)
        kind = msg.get("msg_type") or msg["header"]["msg_type"]
        if kind.endswith("_reply") and kind not in ("execute_reply", "kernel_info_reply", "shutdown_reply"):
            body = frames[-4:-1] + [b'{"outcomes": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"]
            return frames[:-5] + [self.sign(body), *body]
        return frames
    Session.serialize = deep
    """
    with_cell(notebook, source, LATE)


@without_work()
def other_handlers_in_the_kernel(notebook, folder):
    """The kernel's own table of requests is replaced by functions that reply "ok" to everything."""
    source = """
    kernel = get_ipython().kernel
    def answering(kind):
        async def handler(stream, ident, parent):
            content = {"status": "ok", "outcomes": [], "passed": True, "execution_count": 1}
            kernel.session.send(stream, kind.replace("_request", "") + "_reply", content, parent, ident=ident)
        return handler
    for table in (kernel.shell_handlers, kernel.control_handlers):
        for kind in list(table):
            if kind not in ("execute_request", "kernel_info_request", "shutdown_request", "interrupt_request"):
                table[kind] = answering(kind)
    class Any(dict):
        def get(self, kind, default=None):
            return super().get(kind) or answering(kind)
    kernel.shell_handlers = Any(kernel.shell_handlers)
    """
    with_cell(notebook, source)


@without_work()
def garbage_on_every_socket(notebook, folder):
    """Frames that are no messages go out on every socket that the process has, signed and unsigned."""
    source = """
    import gc, os, zmq
    def spray():
        for each in gc.get_objects():
            try:
                if isinstance(each, zmq.Socket) and not each.closed:
                    for frames in ([b""], [b"x"] * 9, [b"<IDS|MSG>", b"", b"{}", b"{}", b"{}", b"{}"], [os.urandom(99)] * 999):
                        zmq.Socket.send_multipart(each, frames, flags=zmq.NOBLOCK)
            except Exception as error:
                print(type(error).__name__)
    spray()
    """
    with_cell(notebook, source, after=LATE)


@without_work()
def another_client_on_the_channel(notebook, folder):
    """With the key of the connection file the student talks to the kernel as the judge does."""
    source = """
    import glob, json, threading
    def intrude():
        from jupyter_client import BlockingKernelClient
        try:
            from ipykernel.connect import get_connection_file
            names = [get_connection_file()]
        except Exception:
            names = glob.glob("/**/kernel*.json", recursive=True)
        for name in names:
            try:
                client = BlockingKernelClient(connection_file=name)
                client.load_connection_file()
                print("KEY", bool(client.session.key))
                client.start_channels()
                client.execute("pad = lambda *a: True", silent=True)
                client.shutdown()
            except Exception as error:
                print(type(error).__name__)
    threading.Thread(target=intrude, daemon=True).start()
    """
    with_cell(notebook, source)


@without_work()
def says_idle_too_early(notebook, folder):
    """The kernel tells the judge that each cell is finished, and well, before the cell has run."""
    source = """
    kernel = get_ipython().kernel
    def early(*_):
        parent = kernel.get_parent()
        good = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
        kernel.session.send(kernel.shell_stream, "execute_reply", good, parent, ident=kernel._parent_ident.get("shell"))
        kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent)
    get_ipython().events.register("pre_execute", early)
    """
    with_cell(notebook, source)


@without_work()
def asks_for_input(notebook, folder):
    """A question to the keyboard, sent past the check that there is none, is waited for by both sides."""
    source = """
    kernel = get_ipython().kernel
    kernel._allow_stdin = True
    def asked(*_):
        return kernel._input_request("points?", kernel._parent_ident["shell"], kernel.get_parent("shell"), password=False)
    """
    with_cell(notebook, source)
    answer(notebook, "ch02.pad", "def pad(x, padding):\n    return asked()")
    answer(notebook, "ch02.convolve", "def convolve(x, kernel):\n    return input('points?')")


@without_work()
def writes_into_every_open_file(notebook, folder):
    """Every descriptor that the process has inherited gets a line that says that all is right."""
    source = """
    import os
    for number in range(3, 4096):
        for line in (b'{"passed": true, "status": "ok", "outcomes": []}\\n', b"\\0\\0\\0\\0", b"exit\\n"):
            try:
                os.set_blocking(number, False)
                os.write(number, line)
            except OSError:
                break
    """
    with_cell(notebook, source, after="correlate")


@with_work(earns=ALL - {"ch02.conv2d"}, keeps=ALL - {"ch02.conv2d"})
def ends_while_it_replies(notebook, folder):
    """The process ends itself in the middle of its reply, so that the judge has half a message."""
    source = """
    from jupyter_client.session import Session
    import os
    def conv2d(x, kernel, bias, stride, padding, dilation):
        Session.send = lambda *a, **k: os._exit(0)
        return np.zeros(3)
    """
    answer(notebook, "ch02.conv2d", source)


@without_work()
def seconds_that_are_no_time(notebook, folder):
    """The time that an answer took is not a number, or infinite, or before the question."""
    forge = """
    times = [float("nan"), float("inf"), -1e308, 1e308]
    def forge(parts):
        yield wire.pack(tuple({**outcome, "seconds": times[next(turn) % 4]} for outcome in wire.unpack(parts)))
    """
    forging(notebook, forge)


@without_work(says="outcomes of|no data")
def an_empty_letter_in_the_judges_hand(notebook, folder):
    """The packed reply is exchanged for a well-formed one that holds no outcomes, or a single good one."""
    forge = """
    good = {"value": None, "error": "", "message": "", "line": "", "changed": ()}
    letters = [wire.pack(value) for value in ((), None, (good,), ({},), {}, ((),))]
    def forge(parts):
        yield letters[next(turn) % len(letters)]
    """
    forging(notebook, forge)
    shut = "def outcomes(*_, **__):\n    return []\nimport sys\nsys.modules[type(get_ipython().kernel).__module__].outcomes = outcomes"
    with_cell(notebook, shut, after="check-correlate")


@without_work()
def broken_messages_on_the_open_channel(notebook, folder):
    """Outputs are sent whose contents are lists, numbers or nothing, or lack their parts."""
    source = """
    kernel = get_ipython().kernel
    broken = [None, [], 7, "x", {}, {"name": "stdout"}, {"name": [], "text": 5}, {"name": "stdout", "text": ["a", 1]},
              {"data": "x", "metadata": 7}, {"data": {"text/plain": 7, 3: None}, "metadata": {}},
              {"ename": 1, "evalue": None, "traceback": [1, None]}, {"traceback": "x"}, {"execution_state": ["idle"]},
              {"data": {"text/html": {"a": []}}, "metadata": None, "execution_count": "x", "transient": 3}]
    def send(*_):
        for kind in ("stream", "display_data", "execute_result", "error", "clear_output", "execute_input", "update_display_data"):
            for content in broken:
                try:
                    kernel.session.send(kernel.iopub_socket, kind, content, kernel.get_parent())
                except Exception as error:
                    pass
    send()
    get_ipython().events.register("post_execute", send)
    """
    with_cell(notebook, source)


@without_work()
def headers_that_are_no_headers(notebook, folder):
    """Signed messages have headers and parents that are lists, numbers and nothing, on every channel."""
    source = """
    import itertools
    from jupyter_client.session import Session
    pack, turn = Session.serialize, itertools.count()
    strange = [b"null", b"[]", b"7", b'"x"', b"{}", b'{"msg_id": []}', b'{"msg_id": {"a": 1}, "msg_type": 7}']
    def broken(self, msg, ident=None):
        frames = pack(self, msg, ident)
        which = next(turn)
        if which % 2:
            return frames
        body = list(frames[-4:])
        body[which // 2 % 4] = strange[which // 2 % len(strange)]
        return frames[:-5] + [self.sign(body), *body]
    def begin(*_):
        Session.serialize = broken
    get_ipython().events.register("post_execute", begin)
    """
    with_cell(notebook, source, LATE)


@without_work()
def the_idle_state_of_another_cell(notebook, folder):
    """The kernel claims for every future request that it is done, so that no request is waited for."""
    source = """
    import threading, time
    kernel = get_ipython().kernel
    def claim():
        while True:
            parent = kernel.get_parent()
            kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent)
            kernel.session.send(kernel.iopub_socket, "error", {"ename": "", "evalue": "", "traceback": []}, parent)
            time.sleep(0.001)
    threading.Thread(target=claim, daemon=True).start()
    """
    with_cell(notebook, source)
