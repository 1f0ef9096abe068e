"""What runs in the sandbox sees, reaches and leaves nothing but its own, within its limits; without it nothing runs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbclient
import nbformat
import psutil
import pytest
from jupyter_client import AsyncKernelManager, KernelManager
from jupyter_client.kernelspec import KernelSpecManager

from cnncourse.grading.sandbox import mounts, sandbox
from cnncourse.grading.sandbox.kernels import Kernel
from cnncourse.grading.sandbox.limits import MIB, Limits
from cnncourse.grading.sandbox.sandbox import Sandbox
from cnncourse.grading.sandbox.warmprocess import NoSandbox, WarmProcess

pytestmark = pytest.mark.sampled

ROOT = Path(__file__).resolve().parents[1]
SMALL = Limits(
    memory=1200 * MIB, together=700 * MIB, processes=40, file_size=1 * MIB, disk=4 * MIB, files=64, cpu_seconds=3
)


@pytest.fixture(scope="module", autouse=True)
def one_warm_process():
    yield
    for one in sandbox._warm.values():
        one.close()


@pytest.fixture
def kernel():
    kernel = Kernel()
    yield kernel
    kernel.close()


@pytest.fixture(scope="module")
def tight():
    """A warm process whose kernels have small limits."""
    tight = Sandbox(limits=SMALL)
    yield tight
    tight.close()


@pytest.fixture
def small(tight, monkeypatch):
    """A kernel with small limits."""
    monkeypatch.setattr(sandbox, "warm", lambda *kind: tight)
    kernel = Kernel()
    yield kernel
    kernel.close()


def said(kernel, code, seconds=30):
    """What a cell printed; a cell that fails says so."""
    ran = kernel.execute(code, seconds)
    assert ran.end == "done", ran
    errors = [f"{output.ename}: {output.evalue}" for output in ran.outputs if output.output_type == "error"]
    return "".join(output.get("text", "") for output in ran.outputs) + "\n".join(errors)


def value(kernel, code):
    """What the last expression of a cell is, as JSON."""
    *lines, last = code.strip().splitlines()
    return json.loads(said(kernel, "\n".join(["import json, os, sys", *lines, f"print(json.dumps({last}))"])))


def settles(question, seconds=10):
    """Whether the answer becomes yes before long; time itself is no matter of these tests."""
    end = time.monotonic() + seconds
    while not question() and time.monotonic() < end:
        time.sleep(0.05)
    return question()


# What can be seen


def test_the_root_holds_the_interpreter_some_libraries_and_an_empty_home(kernel):
    assert set(value(kernel, "os.listdir('/')")) <= {
        *("dev", "etc", "home", "lib", "lib64", "opt", "proc", "run", "tmp", "usr", "var"),
        Path(sys.base_prefix).resolve().parts[1],
    }
    assert value(kernel, "os.listdir()") == []
    assert value(kernel, "os.getcwd()") == "/home/student/work"
    assert value(kernel, "[os.listdir(place) for place in ('/tmp', '/var/tmp', '/dev/shm')]") == [[], [], []]


@pytest.mark.parametrize(
    "place",
    [
        *(ROOT, ROOT / "nbgrader_config.py", ROOT / "solutions", ROOT / "gradebook.db", ROOT / ".venv", ROOT / ".git"),
        *(Path.home() / ".ssh", Path("/etc/passwd"), Path("/etc/hostname"), Path("/root/.bashrc"), Path("/bin/sh")),
        *(Path("/usr/bin/bwrap"), Path("/sys"), Path("/var/run"), Path("/dev/vda"), Path("/dev/mem"), Path("/dev/kvm")),
    ],
    ids=str,
)
def test_what_belongs_to_the_course_or_the_machine_is_not_there(kernel, place):
    assert value(kernel, f"os.path.exists({str(place)!r})") is False


def test_of_the_course_only_what_holds_no_answer_is_there(kernel):
    found = value(
        kernel,
        "walked = os.walk('/opt/packages/cnncourse')\n"
        "found = [os.path.join(where, name) for where, _, names in walked for name in names]\n"
        "sorted(name.removeprefix('/opt/packages/cnncourse/') for name in found if name.endswith('.py'))",
    )
    allowed = {
        "__init__.py",
        "arguments.py",
        "files.py",
        "plotting.py",
        "grading/__init__.py",
        "grading/sandbox/__init__.py",
        "grading/sandbox/wire.py",
    }
    allowed |= {f"checks/{name}.py" for name in ("__init__", "handing_in", "plain", "probing", "task", "weights")}
    rest = {name for name in found if not name.startswith(("data/", "grading/sandbox/inside/"))}
    assert rest == allowed


def test_no_reference_no_case_and_no_misconception_is_on_any_disk(kernel):
    names = {"TASK = ", "TASK.mistake(", "def conv2d", "def max_pool2d", "def output_size"}
    shown = value(
        kernel,
        "found = set()\n"
        "for top in ('/opt/packages/cnncourse', '/home', '/run', '/tmp', '/var'):\n"
        "    for where, _, files in os.walk(top):\n"
        "        for name in files:\n"
        "            path = os.path.join(where, name)\n"
        "            text = open(path, 'rb').read() if os.path.isfile(path) else b''\n"
        f"            found |= {{word for word in {names!r} if word.encode() in text}}\n"
        "sorted(found)",
    )
    assert shown == []


@pytest.mark.parametrize(
    "module",
    ["cnncourse.convolution", "cnncourse.checks.ch02_convolution", "cnncourse.checks.verdict", "scipy", "keras"],
)
def test_a_library_that_holds_answers_can_be_imported_and_not_used(kernel, module):
    assert "NotAvailable" in said(kernel, f"import {module} as library\nlibrary.anything(1)")


def test_an_unknown_library_is_not_found_as_elsewhere(kernel):
    assert said(kernel, "import numpie").startswith("ModuleNotFoundError")


def test_what_is_installed_beside_the_interpreter_is_covered(kernel):
    assert value(kernel, f"[os.listdir(place) for place in {mounts.covered()!r}]") == [[] for _ in mounts.covered()]


def test_only_its_own_processes_are_in_proc(kernel):
    processes = value(kernel, "[int(name) for name in os.listdir('/proc') if name.isdigit()]")
    assert set(processes) <= {1, 2}


def test_process_one_cannot_be_looked_into(kernel):
    assert "PermissionError" in said(kernel, "open('/proc/1/environ').read()")
    assert "PermissionError" in said(kernel, "import os\nos.listdir('/proc/1/fd')")
    assert "PermissionError" in said(kernel, "import os\nos.listdir('/proc/1/root')")


def test_no_variable_of_the_grader_is_in_the_environment(monkeypatch):
    monkeypatch.setenv("COURSE_TOKEN", "canary")
    own = Sandbox()
    monkeypatch.setattr(sandbox, "warm", lambda *kind: own)
    kernel = Kernel()
    try:
        assert "canary" not in said(kernel, "import os\nprint(os.environ, open('/proc/self/environ').read())")
    finally:
        kernel.close()
        own.close()


def test_the_only_network_interface_is_a_loopback_that_is_down(kernel):
    assert value(kernel, "import socket\n[name for _, name in socket.if_nameindex()]") == ["lo"]
    assert "Network is unreachable" in said(kernel, "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)")


def test_an_abstract_socket_of_the_machine_cannot_be_reached(kernel):
    import socket

    with socket.socket(socket.AF_UNIX) as ear:
        ear.bind("\0cnncourse-test")
        ear.listen()
        code = "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0cnncourse-test')"
        assert "ConnectionRefusedError" in said(kernel, code)


def test_no_file_of_the_course_or_of_the_grader_is_open(kernel):
    code = "links = ['/proc/self/fd/' + fd for fd in os.listdir('/proc/self/fd')]\n"
    places = value(kernel, code + "[os.readlink(link) for link in links if os.path.islink(link)]")
    assert len(places) >= 3
    assert not [place for place in places if str(ROOT) in place or place.startswith("/tmp/cnn-")]


# What can be changed


@pytest.mark.parametrize(
    "place",
    [
        *(
            "/",
            "/opt/packages",
            "/opt/packages/cnncourse",
            "/opt/packages/numpy",
            "/run",
            "/run/kernel",
            "/run/kernels",
        ),
        *("/etc", "/home", "/dev", "/dev/pts", "/proc", "/proc/sys/kernel", *mounts.covered()),
    ],
)
def test_nothing_can_be_written_outside_the_home(kernel, place):
    assert any(
        word in said(kernel, f"open({place + '/x'!r}, 'w')") for word in ("Read-only", "Permission", "No such file")
    )


def test_a_library_cannot_be_changed_on_disk(kernel):
    assert "Error" in said(kernel, "import numpy\nopen(numpy.__file__, 'a')")


def test_the_home_and_the_places_for_temporary_files_can_be_written_to(kernel):
    assert (
        said(kernel, "for place in ('', '/tmp/', '/var/tmp/', '/dev/shm/'):\n    open(place + 'x', 'w').write('x')")
        == ""
    )


def test_there_is_no_power_to_mount_to_make_namespaces_or_to_become_somebody_else(kernel):
    assert (
        value(kernel, "[line.split()[1] for line in open('/proc/self/status') if line.startswith('Cap')]")
        == ["0" * 16] * 5
    )
    code = "import ctypes\nlibc = ctypes.CDLL(None)\n"
    assert value(
        kernel, code + "[libc.unshare(0x10000000), libc.mount(b'x', b'/tmp', b'tmpfs', 0, None), libc.setuid(0)]"
    ) == [*(-1, -1, -1)]


# Between one kernel and another


def test_two_kernels_of_one_warm_process_share_no_file_no_process_no_name_and_no_memory():
    first, second = Kernel(), Kernel()
    try:
        said(first, "for place in ('', '/tmp/', '/var/tmp/', '/dev/shm/'):\n    open(place + 'left', 'w').write('x')")
        said(
            first,
            "import numpy as np, socket\nnp.changed = True\near = socket.socket(socket.AF_UNIX)\near.bind('\\0left')",
        )
        said(first, "from multiprocessing import shared_memory\nkept = shared_memory.SharedMemory('left', True, 16)")
        said(first, "import os\nif os.fork() == 0:\n    import time; time.sleep(600)")
        looks = "[os.path.exists(place + 'left') for place in ('', '/tmp/', '/var/tmp/', '/dev/shm/')]"
        assert value(second, looks) == [False] * 4
        assert value(second, "import numpy as np\nhasattr(np, 'changed')") is False
        assert "ConnectionRefused" in said(second, "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0left')")
        assert "FileNotFoundError" in said(
            second, "from multiprocessing import shared_memory as s\ns.SharedMemory('left')"
        )
        assert set(value(second, "[int(name) for name in os.listdir('/proc') if name.isdigit()]")) <= {1, 2}
        assert value(second, "os.listdir('/run/kernels')") == []
        assert sorted(value(second, "os.listdir('/run/kernel')")) == [f"s-{number}" for number in range(1, 6)]
        keyring = (
            "import ctypes\nctypes.CDLL(None).syscall({'x86_64': 250, 'aarch64': 219}[os.uname().machine], 0, -3, 0)"
        )
        assert value(first, keyring) != value(second, keyring)
    finally:
        first.close()
        second.close()


def test_the_terminals_of_one_kernel_are_not_there_for_another(kernel):
    assert said(kernel, "import os\nos.openpty()").startswith(("OSError", "FileNotFoundError"))


def world():
    """The processes below this one."""
    return {one.pid for one in psutil.Process().children(recursive=True)}


def test_nothing_is_left_of_a_kernel_whatever_it_started():
    Kernel().close()
    before, folder = world(), sandbox.warm().folder
    kernel = Kernel()
    said(
        kernel,
        "import os, signal, time\n"
        "for _ in range(3):\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        for number in range(1, 32):\n"
        "            try: signal.signal(number, signal.SIG_IGN)\n"
        "            except OSError: pass\n"
        "        if os.fork(): os._exit(0)\n"
        "        time.sleep(600)\n",
    )
    assert len(world() - before) >= 5
    kernel.close()
    assert settles(lambda: world() <= before)
    assert list(folder.iterdir()) == []


def test_a_kernel_that_ends_itself_is_dead_and_so_is_what_it_started():
    before = None
    Kernel().close()
    before, kernel = world(), Kernel()
    ran = kernel.execute("import os, time\nif os.fork() == 0: time.sleep(600)\nos._exit(3)", 30)
    assert ran.end == "dead"
    assert settles(lambda: world() <= before)
    kernel.close()


PARENT = """
import os, sys, time
from cnncourse.grading.sandbox import sandbox
from cnncourse.grading.sandbox.kernels import Kernel
kernel = Kernel()
kernel.execute("import os, time\\nif os.fork() == 0: os.setsid(); time.sleep(600)", 30)
print(sandbox.warm().folder, flush=True)
time.sleep(600)
"""


@pytest.mark.slow
def test_no_process_survives_the_grader_even_where_that_is_killed():
    grader = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    folder = Path(grader.stdout.readline().strip())
    below = psutil.Process(grader.pid).children(recursive=True)
    assert len(below) >= 6  # bubblewrap twice, the warm process, and of the kernel: outer, init, itself, its child
    os.kill(grader.pid, signal.SIGKILL)
    grader.communicate()
    gone, alive = psutil.wait_procs(below, timeout=10)
    assert alive == []
    shutil.rmtree(folder.parent, ignore_errors=True)  # another test may have swept it away


def test_a_warm_process_that_was_killed_is_replaced_and_its_kernels_are_dead():
    kernel = Kernel()
    sandbox.warm().warm_process.process.kill()
    assert settles(lambda: not kernel.alive())
    kernel.close()
    another = Kernel()
    assert said(another, "print(1)") == "1\n"
    another.close()


def test_two_sandboxes_share_a_warm_process_and_the_end_of_one_does_not_touch_the_other(monkeypatch):
    process = WarmProcess()
    first, second = (Sandbox(place=process.place) for _ in range(2))
    kernels = []
    for one in (first, second):
        monkeypatch.setattr(sandbox, "warm", lambda *kind, one=one: one)
        kernels.append(Kernel())
    assert {kernel.execute("1", 30).end for kernel in kernels} == {"done"}
    first.close()
    assert settles(lambda: not kernels[0].alive())
    assert said(kernels[1], "print(1)") == "1\n"
    for kernel in kernels:
        kernel.close()
    second.close()
    process.close()
    assert not process.place.exists()


def test_where_a_shared_warm_process_has_ended_there_is_one_of_ones_own(monkeypatch):
    process = WarmProcess()
    monkeypatch.setattr(sandbox, "_warm", {})
    monkeypatch.setattr(sandbox, "_shared", {(): str(process.place)})
    assert sandbox.warm().place == process.place
    process.close()
    kernel = Kernel()
    assert said(kernel, "print(1)") == "1\n"
    kernel.close()
    assert sandbox.warm().place != process.place
    sandbox.warm().close()


def test_a_warm_process_outlives_the_thread_that_started_it(monkeypatch):
    started = []
    thread = threading.Thread(target=lambda: started.append(Sandbox()))
    thread.start()
    thread.join()
    monkeypatch.setattr(sandbox, "warm", lambda *kind: started[0])
    kernel = Kernel()
    assert said(kernel, "print(1)") == "1\n"
    kernel.close()
    started[0].close()


@pytest.mark.slow
def test_thirty_kernels_in_a_row_leak_no_file_no_thread_no_process_and_no_folder():
    def used():
        me = psutil.Process()
        return me.num_fds(), me.num_threads(), len(world()), len(list(Path(sandbox.warm().folder).iterdir()))

    def warm_files():
        return sum(psutil.Process(pid).num_fds() for pid in world())

    for _ in range(2):
        Kernel().close()
    before, files = used(), warm_files()
    for _ in range(30):
        Kernel().close()
    assert settles(lambda: used() <= before), (before, used())
    assert used() == before
    assert warm_files() == files


def test_a_closed_sandbox_leaves_no_folder_no_group_and_no_file():
    before = psutil.Process().num_fds()
    own = Sandbox()
    groups = own.group.folders if own.group else []
    assert all(group.exists() for group in groups)
    own.close()
    own.close()
    assert not own.place.exists()
    assert not any(group.exists() for group in groups)
    assert psutil.Process().num_fds() == before


# Limits


def test_one_process_cannot_have_more_memory_than_allowed(small):
    assert said(small, "x = bytearray(100 << 20)\nprint(len(x) >> 20)") == "100\n"
    assert said(small, "y = bytearray(1200 << 20)").startswith("MemoryError")
    assert said(small, "print('alive')") == "alive\n"


def test_all_processes_together_cannot_have_more_memory_than_allowed_where_groups_are_writable(small, tight):
    if not tight.group:
        pytest.skip("no cgroup is writable here")
    ran = small.execute(
        "import os, time\n"
        "for _ in range(6):\n"
        "    if os.fork() == 0:\n"
        "        x = bytearray(os.urandom(1 << 20)) * 200\n"
        "        time.sleep(600)\n"
        "def alive():\n"
        "    names = [name for name in os.listdir('/proc') if name.isdigit()]\n"
        "    return sum(open(f'/proc/{name}/stat').read().split()[2] != 'Z' for name in names)\n"
        "for _ in range(100):\n"
        "    time.sleep(0.3)\n"
        "    if alive() < 8:\n"
        "        break\n"
        "print(alive())",
        60,
    )
    assert ran.end == "dead" or int(ran.outputs[0].text) < 8
    assert tight.runs()


def test_there_cannot_be_more_processes_than_allowed(small):
    code = (
        "import os, time\nstarted = 0\ntry:\n    while started < 100:\n        if os.fork() == 0: time.sleep(600)\n"
        "        started += 1\nexcept OSError as wrong:\n    print(wrong.strerror)\nprint(started < 60)"
    )
    assert said(small, code) == "Resource temporarily unavailable\nTrue\n"


def test_a_file_cannot_be_longer_than_allowed(small):
    assert "File too large" in said(small, "with open('x', 'wb') as file: file.write(bytes(2 << 20))")


def test_the_disk_cannot_hold_more_than_allowed_in_all_places_together(small):
    code = "for number in range(9):\n    with open(f'{PLACE}{number}', 'wb') as file: file.write(bytes(1 << 20))"
    assert "No space left on device" in said(small, code.replace("{PLACE}", "").replace("f'", "f'"))
    assert "No space left on device" in said(small, "open('/tmp/y', 'wb').write(bytes(1 << 20))")
    assert "No space left on device" in said(small, code.replace("{PLACE}", "/dev/shm/"))


def test_there_cannot_be_more_names_on_the_disk_than_allowed(small):
    assert "No space left on device" in said(small, "for number in range(100_000): open(f'n{number}', 'w')")


def test_there_cannot_be_more_open_files_than_allowed(small):
    code = "files = []\ntry:\n    while len(files) < 100: files.append(open('/dev/null'))\n"
    assert (
        said(small, code + "except OSError as wrong:\n    files.clear()\n    print(wrong.strerror)")
        == "Too many open files\n"
    )


def test_a_process_cannot_compute_for_longer_than_allowed(small):
    assert small.execute("while True: pass", 60).end == "dead"


@pytest.mark.parametrize(
    "name", ["RLIMIT_AS", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CPU", "RLIMIT_CORE"]
)
def test_a_limit_cannot_be_raised_again(small, name):
    code = f"import resource as r\nhard = r.getrlimit(r.{name})[1]\nassert hard >= 0\n"
    code += f"r.setrlimit(r.{name}, (hard + 1, hard + 1))"
    assert said(small, code).startswith(("ValueError", "PermissionError"))


def test_the_limits_in_force_are_told_and_only_those():
    with_group, without = Limits().words(group=object()), Limits().words(None)
    assert with_group[:2] == without[:2]
    assert "6144 MiB of memory for all processes together (cgroup)" in with_group
    assert not any("together (cgroup)" in sentence for sentence in without)


def test_the_processes_of_a_kernel_are_in_the_group_that_is_said_to_hold_them(tight, small):
    if not tight.group:
        pytest.skip("no cgroup is writable here")
    held = set(map(int, (tight.group.folders[0] / "cgroup.procs").read_text().split()))
    below = psutil.Process(tight.warm_process.process.pid).children(recursive=True)
    _, warm, copy, *kernel = [one.pid for one in below]  # the first is bubblewrap's
    assert warm not in held
    assert {copy, *kernel} <= held
    assert len(kernel) >= 3


# Failing closed


def test_without_bubblewrap_there_is_no_kernel_and_the_remedy_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "_warm", {})
    monkeypatch.setenv("PATH", str(tmp_path))
    fds = []
    for _ in range(3):  # what the first one opens once for all is not lost
        with pytest.raises(NoSandbox, match=r"bubblewrap .bwrap. is not installed.*apt-get install bubblewrap"):
            Kernel()
        fds.append(psutil.Process().num_fds())
    assert fds[1] == fds[2]


def test_a_bubblewrap_that_the_system_cannot_start_is_told_and_leaves_nothing(monkeypatch, tmp_path):
    for name in ("bin", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "bin/bwrap").touch(0o755)  # as one for another kind of processor would be
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    with pytest.raises(NoSandbox, match=r"cannot be started.*Exec format error"):
        WarmProcess()
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        "bwrap: setting up uid map: Permission denied",
        "bwrap: Creating new namespace failed: Operation not permitted",
        "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user "
        "namespaces.",
        "bwrap: Creating new namespace failed: No space left on device",
    ],
)
def test_where_namespaces_are_refused_there_is_no_kernel_and_the_remedy_is_told(monkeypatch, tmp_path, words):
    refusing = tmp_path / "bwrap"
    refusing.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setattr(sandbox, "_warm", {})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoSandbox) as refused:
        Kernel()
    assert words in str(refused.value)
    assert "Allow user namespaces" in str(refused.value)


def test_where_the_kernels_own_namespaces_are_refused_there_is_no_kernel(monkeypatch):
    own = Sandbox(limits=Limits(disk=-1), place=sandbox.warm().place)  # a mount that the system refuses
    monkeypatch.setattr(sandbox, "warm", lambda *kind: own)
    try:
        before = set(own.folder.iterdir())
        with pytest.raises(NoSandbox, match="/home/student"):
            Kernel()
        assert set(own.folder.iterdir()) == before
    finally:
        own.close()


def test_a_warm_process_that_does_not_answer_is_ended(monkeypatch):
    own = Sandbox()
    own.control.settimeout(0.5)
    os.kill(psutil.Process(own.warm_process.process.pid).children(recursive=True)[-1].pid, signal.SIGSTOP)
    with pytest.raises(NoSandbox, match="did not answer"):
        own.ask(do="poll", kernel="x")
    assert not own.runs()
    with pytest.raises(NoSandbox, match="did not answer"):
        own.ask(do="poll", kernel="x")


# Whoever starts a kernel


@pytest.fixture
def installed(tmp_path):
    """A folder with a kernel specification that names the sandbox, as an instructor may install one."""
    about = {"kernel_provisioner": {"provisioner_name": "cnncourse-sandbox", "config": {}}}
    spec = {"argv": ["python"], "display_name": "Sandbox", "language": "python", "metadata": about}
    (tmp_path / "sandboxed").mkdir()
    (tmp_path / "sandboxed" / "kernel.json").write_text(json.dumps(spec))
    return KernelSpecManager(kernel_dirs=[str(tmp_path)])


def test_a_plain_kernel_manager_gets_a_kernel_in_the_sandbox(installed):
    manager = KernelManager(kernel_name="sandboxed", kernel_spec_manager=installed)
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        shown = []
        client.execute_interactive("import os; print(os.getcwd(), os.getpid())", output_hook=shown.append, timeout=60)
        assert "/home/student/work 2" in "".join(one["content"].get("text", "") for one in shown)
        manager.interrupt_kernel()
        assert manager.is_alive()
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert not manager.is_alive()


def test_nbclient_runs_a_notebook_in_the_sandbox(installed):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import os\nos.path.exists('/etc/passwd')")])
    manager = AsyncKernelManager(kernel_name="sandboxed", kernel_spec_manager=installed)
    nbclient.NotebookClient(notebook, km=manager, timeout=60).execute()
    assert notebook.cells[0].outputs[0].data["text/plain"] == "False"


def test_files_that_are_given_lie_in_the_working_folder():
    kernel = Kernel(files={"digits.bin": bytes(range(256))})
    assert value(kernel, "list(open('digits.bin', 'rb').read())") == list(range(256))
    kernel.close()
