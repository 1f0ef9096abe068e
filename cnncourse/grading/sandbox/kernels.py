"""A kernel of the sandbox as the judge drives it: it gets cells and cases, and nothing that comes back is trusted."""

import time
from dataclasses import dataclass, field
from queue import Empty

import zmq
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec
from nbformat import NotebookNode

from cnncourse.checks.probing import Outcome
from cnncourse.grading.sandbox import wire
from cnncourse.grading.sandbox.provisioner import NAME

MESSAGE, WAITING = 48 << 20, 16  # bytes of one message, what is larger is dropped; as many may wait on this side
FLOOD = 128 << 20  # bytes that a cell may send before it is stopped
SHOWN = 100_000  # characters of text that are kept of a cell
RICH = 2 << 20  # bytes of pictures that are kept of a cell
LEAST = 500  # of either, that an output takes however small it is
TRACEBACK = 20_000  # characters of an error
GRACE = 3.0  # seconds between asking a cell to stop and ending the kernel
DRAIN = 30.0  # seconds for what a stopped cell had sent before
POLL = 0.25
# What is kept of a picture or a table: nothing that is a program, as JavaScript and widgets are
PASSIVE = {"text/plain", "text/html", "text/markdown", "image/png", "image/jpeg", "image/svg+xml"}


@dataclass
class Ran:
    """What became of a cell: `end` is "done", "stopped" (it took too long), "flooded" or "dead"."""

    outputs: list = field(default_factory=list)
    count: int | None = None
    end: str = "done"


def specification(packages):
    """The kernel specification that leads to the sandbox.

    >>> specification(()).metadata["kernel_provisioner"]["provisioner_name"]
    'cnncourse-sandbox'
    """
    about = {"kernel_provisioner": {"provisioner_name": NAME, "config": {"packages": list(packages)}}}
    return KernelSpec(argv=["sandbox"], display_name="Python 3", language="python", metadata=about)


class Kernel:
    """A kernel, from its start to its end."""

    def __init__(self, packages=(), files=None, fixed=()):
        self.context = zmq.Context()
        self.context.setsockopt(zmq.MAXMSGSIZE, MESSAGE)
        self.context.setsockopt(zmq.RCVHWM, WAITING)
        self.context.setsockopt(zmq.LINGER, 0)
        self.manager = KernelManager(context=self.context)
        self.manager._kernel_spec = specification(packages)
        self.client = None
        try:
            self.manager.start_kernel(files=files, fixed=fixed)
            self.client = self.manager.blocking_client()
            self.client.start_channels(stdin=False, hb=False)
            self.listen()
        except BaseException:
            self.close()
            raise

    def listen(self):
        """Wait until both channels answer: what is sent before the second one listens would be lost."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            self.client.kernel_info()
            try:
                self.client.get_shell_msg(timeout=POLL)
                self.client.get_iopub_msg(timeout=POLL)
                return
            except Empty:
                continue
        raise TimeoutError("a new kernel of the sandbox does not answer")

    def alive(self):
        """Whether the kernel still runs."""
        return self.manager.is_alive()

    def close(self):
        """End the kernel, and with it every process that the student's code started."""
        try:
            if self.client:
                self.client.stop_channels()
            if self.manager.has_kernel:
                self.manager.shutdown_kernel(now=True)
            self.manager.cleanup_connection_file()
        finally:
            self.context.destroy(linger=0)

    def replies(self, channel, end):
        """The messages of a channel as they come, None while there is none; it ends with the time or the kernel."""
        while time.monotonic() < end:
            try:
                message = channel.get_msg(timeout=min(POLL, max(end - time.monotonic(), 0.001)))
                parts = message["parent_header"], message["content"]
                yield message if all(type(part) is dict for part in parts) else None
            except Empty:
                if not self.alive():
                    return
                yield None
            except Exception:  # what cannot be read as a message was not sent by an honest kernel
                yield None

    def execute(self, code, seconds):
        """Run a cell and collect what it shows."""
        request = self.client.execute(code, allow_stdin=False, stop_on_error=False)
        shown, ended, since = Shown(), "", None
        for message in self.replies(self.client.iopub_channel, time.monotonic() + seconds):
            # The word that the cell is done can get lost among too many messages: then its reply and silence will do
            if message is None and since is None and self.replied(request):
                since = time.monotonic()
            elif message is not None:
                since = None if since is None else time.monotonic()
            if since is not None and time.monotonic() - since > GRACE:
                break
            if message and message["parent_header"].get("msg_id") == request:
                if shown.take(message):
                    break
                if shown.bytes > FLOOD:
                    ended = "flooded"
                    break
        else:
            ended = "stopped" if self.alive() else "dead"
        if ended in ("flooded", "stopped") and not self.stop(request):
            ended = "dead" if not self.alive() else ended
            self._kill()
        return Ran(shown.kept, shown.count, ended or "done")

    def replied(self, request):
        """Whether the reply to a request is there."""
        while self.client.shell_channel.msg_ready():
            message = next(self.replies(self.client.shell_channel, time.monotonic() + POLL), None)
            if message and message["parent_header"].get("msg_id") == request:
                return True
        return False

    def stop(self, request):
        """Interrupt a cell; False if it did not end, or what it started or sent did not."""
        self.manager.interrupt_kernel()
        return self.reply(request, GRACE) is not None and self.alone() and self.drain()

    def alone(self):
        """Have the kernel end all that the student's code has started: it would take the time of what comes next."""
        return self.reply(self.ask("alone_request"), GRACE) is not None

    def _kill(self):
        self.manager.shutdown_kernel(now=True)

    def drain(self):
        """Throw away what came late, until there is silence: else what the next cell shows might find no room."""
        end = time.monotonic() + DRAIN
        while time.monotonic() < end:
            try:
                self.client.iopub_channel.get_msg(timeout=POLL)
            except Empty:
                return True
            except Exception:  # it cannot be read, and need not
                continue
        return False

    def probe(self, task, expression, cases, seconds):
        """What comes of the cases with the answer that an expression names, and how it ended, as `execute`."""
        asked = {"expression": expression, "seconds": seconds, "cases": tuple(cases), **task.sources()}
        request = self.ask("probe_request", wire.pack(asked))
        reply = self.reply(request, seconds + GRACE)
        if reply is None:
            if not self.alive():
                return [], "dead"
            if not self.stop(request):
                self._kill()
            return [], "stopped"
        found = outcomes(reply.get("buffers", ()))
        if any(outcome.error == "TooSlow" for outcome in found) and not self.alone():
            self._kill()
        return found, "done"

    def ask(self, kind, buffers=None):
        """Send a request that no other kernel knows; what it is called."""
        session = self.client.session
        return session.send(self.client.shell_channel.socket, session.msg(kind, {}), buffers=buffers)["header"][
            "msg_id"
        ]

    def reply(self, request, seconds):
        """The reply to a request, or None when it did not come in time."""
        for message in self.replies(self.client.shell_channel, time.monotonic() + seconds):
            if message and message["parent_header"].get("msg_id") == request:
                return message
        return None


class Shown:
    """The outputs of one cell, no more of them than a reader can use."""

    def __init__(self):
        self.kept = []
        self.updated = {}  # what the cell calls a display -> that output
        self.bytes = self.text = self.rich = 0
        self.count = None
        self.clears = False  # as soon as the next output comes

    def take(self, message):
        """Keep a message; True when it says that the cell is done."""
        kind, content = message["msg_type"], message["content"]
        self.bytes += len(str(content))
        if kind == "status":
            return content.get("execution_state") == "idle"
        if kind == "execute_input":
            count = content.get("execution_count")
            self.count = count if type(count) is int and 0 < count < 1 << 31 else None
        elif kind == "clear_output":
            self.clears = True
            if not content.get("wait"):
                self.clear()
        elif kind == "update_display_data":
            self.update(content)
        elif kind in READ:
            output = READ[kind](content)
            if output:
                self.keep(output, content)
        return False

    def clear(self):
        """Forget what was shown, but no error."""
        self.kept = [output for output in self.kept if output.output_type == "error"]
        self.updated, self.clears, self.text, self.rich = {}, False, 0, 0

    def keep(self, output, content):
        """Keep an output, or of the last text that there is room for a part; an error is always kept."""
        if self.clears:
            self.clear()
        if output.output_type == "error":
            self.kept.append(output)
        elif output.output_type == "stream":
            self.write(output)
        else:
            self.rich += _size(output)
            if self.rich <= RICH:
                self.kept.append(output)
                name = _display(content)
                if name:
                    self.updated[name] = output

    def write(self, output):
        """Append a text."""
        last = self.kept[-1] if self.kept else None
        same = last is not None and last.output_type == "stream" and last.name == output.name
        room = SHOWN - self.text
        self.text += len(output.text) + (0 if same else LEAST)
        if room <= 0:
            return
        if self.text > SHOWN:
            output.text = output.text[:room] + f"\n[the rest is left out: {SHOWN} characters are kept of a cell]\n"
        if same:
            last.text += output.text
        else:
            self.kept.append(output)

    def update(self, content):
        """Replace what a display shows."""
        before, after = self.updated.get(_display(content)), rich(content)
        if before is None or after is None:
            return
        self.rich += _size(after) - _size(before)
        if self.rich <= RICH:
            before.data = after.data


def _display(content):
    about = content.get("transient")
    name = about.get("display_id") if type(about) is dict else None
    return name if type(name) is str else None


def _size(output):
    return LEAST + len(str(output.data))


def clean(text):
    """A text that can be written to a file: half a character is none.

    >>> clean("a" + chr(0xD83D))
    'a?'
    """
    return text.encode("utf-8", "replace").decode()


def stream(content):
    """A text that was printed, or None.

    >>> stream({"name": "stdout", "text": "a"}).text, stream({"name": "paper", "text": "a"})
    ('a', None)
    """
    name, text = content.get("name"), content.get("text")
    if name not in ("stdout", "stderr") or type(text) is not str:
        return None
    return NotebookNode(output_type="stream", name=name, text=clean(text))


def error(content):
    """An error, without the middle of its traceback where that is long.

    >>> error({"ename": "ValueError", "evalue": "x", "traceback": [7]}).traceback
    ['7']
    """
    lines = content.get("traceback")
    text = clean("\n".join(map(str, lines)) if type(lines) is list else str(lines))
    if len(text) > TRACEBACK:
        text = text[: TRACEBACK // 2] + "\n[...]\n" + text[-TRACEBACK // 2 :]
    name, value = (clean(str(content.get(part)))[:TRACEBACK] for part in ("ename", "evalue"))
    return NotebookNode(output_type="error", ename=name, evalue=value, traceback=text.split("\n"))


def rich(content):
    """A picture, a table or a value, or None; its metadata could name another place to fetch the picture from.

    >>> rich({"data": {"text/plain": "4", "text/javascript": "alert()"}}).data
    {'text/plain': '4'}
    """
    data = content.get("data")
    known = (
        {kind: clean(text) for kind, text in data.items() if kind in PASSIVE and type(text) is str}
        if type(data) is dict
        else {}
    )
    return (
        NotebookNode(output_type="display_data", data=NotebookNode(known), metadata=NotebookNode()) if known else None
    )


def result(content):
    """The value of a cell, or None.

    >>> result({"data": {"text/plain": "4"}, "execution_count": "x"}).execution_count
    """
    shown, count = rich(content), content.get("execution_count")
    count = count if type(count) is int and 0 < count < 1 << 31 else None
    return shown and NotebookNode(shown, output_type="execute_result", execution_count=count)


READ = {"stream": stream, "error": error, "display_data": rich, "execute_result": result}


def outcomes(buffers):
    """The outcomes in a reply, each checked.

    >>> outcomes(wire.pack(({"value": 3, "error": "", "seconds": 0.1},)))
    [Outcome(value=3, error='', message='', line='', changed=(), shared=(), printed='', warned=(), seconds=0.1)]
    >>> outcomes([b"[]"])[0].error
    'Garbled'
    """
    try:
        found = wire.unpack(list(buffers))
        if type(found) is not tuple or not all(type(one) is dict for one in found):
            raise wire.Garbled("no list of outcomes")
        return [_outcome(one) for one in found]
    except wire.Garbled as wrong:
        return [Outcome(error="Garbled", message=f"what came back is no data: {wrong}")]


def _outcome(one):
    kinds = {"error": str, "message": str, "line": str, "printed": str, "seconds": float}
    checked = {name: one[name] for name, kind in kinds.items() if type(one.get(name)) is kind}
    for name, kind in {"changed": int, "shared": int, "warned": str}.items():
        given = one.get(name, ())
        if type(given) is tuple and all(type(part) is kind for part in given):
            checked[name] = given[:20]
    return Outcome(value=one.get("value"), **checked)
