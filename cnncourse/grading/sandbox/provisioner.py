"""A kernel provisioner of jupyter_client: kernels run in the sandbox, whoever starts them."""

import asyncio
import shutil
import signal

from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import List, Unicode

from cnncourse.grading.sandbox import sandbox
from cnncourse.grading.sandbox.warmprocess import NoSandbox

NAME = "cnncourse-sandbox"


class SandboxProvisioner(KernelProvisionerBase):
    """Forks a kernel in the warm process, with sockets in a private folder instead of ports."""

    packages = List(Unicode(), help="Distributions that may be imported beside NumPy and Matplotlib").tag(config=True)

    warm = None
    folder = None

    @property
    def has_process(self):
        return self.folder is not None

    async def pre_launch(self, **kwargs):
        """Choose the sockets; bubblewrap being absent, this is where it ends."""
        self.warm = sandbox.warm(tuple(self.packages))
        manager = self.parent
        self.folder = self.warm.sockets(manager.ip)
        manager.transport, manager.ip = "ipc", str(self.folder / "s")
        for number, port in enumerate(("shell", "iopub", "stdin", "hb", "control"), start=1):
            setattr(manager, f"{port}_port", number)
        self.connection_info = manager.get_connection_info()
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd, **kwargs):
        """Fork the kernel; `files` (name -> bytes) are put into its folder, those that are `fixed` read-only."""
        about = kwargs.get("files"), kwargs.get("fixed", ())
        self.warm.start(self.folder, self.connection_info["key"].decode(), *about)
        return self.connection_info

    def ask(self, what, **more):
        """Ask the warm process about the kernel; no answer where it has ended, and every kernel with it."""
        try:
            return self.warm.ask(do=what, kernel=self.folder.name, **more)
        except NoSandbox:
            if self.warm.runs():
                raise
            return {}

    async def poll(self):
        """None while the kernel runs; 0 when there is none."""
        return self.ask("poll").get("status", 1) if self.folder else 0

    async def wait(self):
        """Wait for the end of the kernel, and return how it ended."""
        while (status := await self.poll()) is None:
            await asyncio.sleep(0.02)
        await self.cleanup()
        return status

    async def send_signal(self, signum):
        """Send a signal to the kernel's own process."""
        if self.folder:
            self.ask("signal", number=int(signum))

    async def kill(self, restart=False):
        """End the kernel and every process that it started."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart=False):
        """There is no gentle way that a student's code could not refuse."""
        await self.kill(restart)

    async def cleanup(self, restart=False):
        """Forget the kernel and its sockets."""
        if self.folder:
            self.ask("forget")
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None
