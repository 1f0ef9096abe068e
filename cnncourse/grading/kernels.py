"""A kernel of the sandbox as the judge drives it: it gets cells and cases, and nothing that comes back is trusted."""

import time
from dataclasses import dataclass, field
from queue import Empty

import nbformat
import zmq
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec

from cnncourse.checks.probing import Outcome
from cnncourse.grading import wire
from cnncourse.grading.provisioner import NAME

MESSAGE = 64 << 20  # bytes of one message; the system drops what is larger
FLOOD = 128 << 20  # bytes that a cell may send before it is stopped
SHOWN = 100_000  # characters of text that are kept of a cell
RICH = 2 << 20  # bytes of pictures that are kept of a cell
GRACE = 3.0  # seconds between asking a cell to stop and ending the kernel
POLL = 0.25


@dataclass
class Ran:
    """What became of a cell: `end` is "done", "stopped" (it took too long), "flooded" or "dead"."""

    outputs: list = field(default_factory=list)
    count: int | None = None
    end: str = "done"


def specification(chapter, packages):
    """The kernel specification that leads to the sandbox.

    >>> specification("ch02", ()).metadata["kernel_provisioner"]["provisioner_name"]
    'cnncourse-sandbox'
    """
    config = {"chapter": chapter, "packages": list(packages)}
    about = {"kernel_provisioner": {"provisioner_name": NAME, "config": config}}
    return KernelSpec(argv=["sandbox"], display_name="Python 3", language="python", metadata=about)


class Kernel:
    """A kernel, from its start to its end."""

    def __init__(self, chapter, packages=(), files=None):
        self.context = zmq.Context()
        self.context.setsockopt(zmq.MAXMSGSIZE, MESSAGE)
        self.context.setsockopt(zmq.RCVHWM, 64)
        self.context.setsockopt(zmq.LINGER, 0)
        self.manager = KernelManager(context=self.context)
        self.manager._kernel_spec = specification(chapter, packages)
        self.manager.start_kernel(files=files)
        self.client = self.manager.blocking_client()
        self.client.start_channels(stdin=False, hb=False)
        self.listen()

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
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_connection_file()
        self.context.destroy(linger=0)

    def replies(self, channel, end):
        """The messages of a channel as they come, None while there is none; it ends with the time or the kernel."""
        while time.monotonic() < end:
            try:
                yield channel.get_msg(timeout=min(POLL, max(end - time.monotonic(), 0.001)))
            except Empty:
                if not self.alive():
                    return
                yield None
            except Exception:  # what cannot be read as a message was not sent by an honest kernel
                yield None

    def execute(self, code, seconds):
        """Run a cell and collect what it shows."""
        request = self.client.execute(code, allow_stdin=False, stop_on_error=False)
        shown, ended = Shown(), ""
        for message in self.replies(self.client.iopub_channel, time.monotonic() + seconds):
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
        return Ran(shown.outputs(), shown.count, ended or "done")

    def stop(self, request):
        """Interrupt a cell; False if it did not end."""
        self.manager.interrupt_kernel()
        for message in self.replies(self.client.shell_channel, time.monotonic() + GRACE):
            if message and message["parent_header"].get("msg_id") == request:
                self.drain()
                return True
        return False

    def _kill(self):
        self.manager.shutdown_kernel(now=True)

    def drain(self):
        """Throw away what came late."""
        for message in self.replies(self.client.iopub_channel, time.monotonic() + GRACE):
            if message is None:
                return

    def probe(self, task, expression, cases, seconds):
        """What comes of the cases with the answer that an expression names, and how it ended, as `execute`."""
        asked = {"expression": expression, "task": task.id, "seconds": seconds, "cases": tuple(cases)}
        session, channel = self.client.session, self.client.shell_channel
        request = session.send(channel.socket, session.msg("probe_request", {}), buffers=wire.pack(asked))
        identity = request["header"]["msg_id"]
        for message in self.replies(channel, time.monotonic() + seconds + GRACE):
            if message and message["parent_header"].get("msg_id") == identity:
                return outcomes(message.get("buffers", ())), "done"
        if not self.alive():
            return [], "dead"
        if not self.stop(identity):
            self._kill()
        return [], "stopped"


class Shown:
    """The outputs of one cell, no more of them than a reader can use."""

    def __init__(self):
        self.kept = []
        self.bytes = self.text = self.rich = 0
        self.count = None

    def take(self, message):
        """Keep a message; True when it says that the cell is done."""
        kind, content = message["msg_type"], message["content"]
        self.bytes += len(str(content))
        if kind == "status":
            return content.get("execution_state") == "idle"
        if kind == "execute_input":
            self.count = content.get("execution_count")
        elif kind == "clear_output":
            self.kept = []
        elif kind in ("stream", "display_data", "execute_result", "error"):
            self.keep(message)
        return False

    def keep(self, message):
        output = nbformat.v4.output_from_msg(message)
        if output.output_type in ("stream", "error"):
            text = output.get("text", "") or "\n".join(output.get("traceback", []))
            room = SHOWN - self.text
            self.text += len(text)
            if room <= 0:
                return
            if output.output_type == "stream":
                cut = f"\n[the rest is left out: {SHOWN} characters are kept of a cell]\n" * (len(text) > room)
                output.text = text[:room] + cut
                last = self.kept[-1] if self.kept else None
                if last and last.output_type == "stream" and last.name == output.name:
                    last.text += output.text
                    return
        else:
            size = len(str(output.data))
            self.rich += size
            if self.rich > RICH:
                return
        self.kept.append(output)

    def outputs(self):
        return self.kept


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
