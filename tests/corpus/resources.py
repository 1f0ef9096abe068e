"""Crashes, hangs and floods: what costs the grader its process, its time, its memory or its disk.

Where the harm is in one answer, the others are right and have to get their points.
"""
# ruff: noqa: E501 - the students' sources keep their long lines

from textwrap import dedent

from corpus import ALL, ANSWER, CELL, MARKER, POINTS, answer, blank, cell, solution, with_cell, with_work, without_work

CONV2D = {"ch02.conv2d"}
REST = ALL - CONV2D
DIED = r"ended|died|killed|crash|stopped working|signal|memory"
SLOW = r"not finished|in time|too long|limit|stopped|interrupt|ended|died"
FULL = r"memory|died|ended|killed|limit"
LONG = r"output|printed|characters|bytes|limit"


def in_the_answer(body, says=""):
    """Harm in the answer to one task, when it is called; the other tasks are right."""

    def decorate(make):
        def made(notebook, folder):
            make(notebook, folder)
            lines = ["def conv2d(x, kernel, bias, stride, padding, dilation):"]
            lines += ["    " + line for line in dedent(body).strip("\n").splitlines()]
            answer(notebook, "ch02.conv2d", "\n".join(lines))

        made.__name__, made.__doc__, made.__module__ = make.__name__, make.__doc__, make.__module__
        return with_work(earns=REST, keeps=REST, says=says)(made)

    return decorate


def in_the_cell(source, says=""):
    """Harm in the cell of one task, when the cell runs, before the function is defined; the other tasks are right."""

    def decorate(make):
        def made(notebook, folder):
            make(notebook, folder)
            here = solution(notebook, "ch02.conv2d")
            here.source = dedent(source).strip("\n") + "\n" + here.source

        made.__name__, made.__doc__, made.__module__ = make.__name__, make.__doc__, make.__module__
        return with_work(earns=ALL, keeps=REST, says=says)(made)

    return decorate


# The process ends


@in_the_answer("import os\nos._exit(0)", DIED)
def leaves_without_a_word(notebook, folder):
    """The process ends itself as if all had gone well."""


@in_the_answer("import ctypes\nctypes.string_at(0)", DIED)
def reads_address_zero(notebook, folder):
    """The process breaks on a null pointer."""


@in_the_answer("import os, signal\nos.kill(-1, signal.SIGKILL)\nos.kill(1, signal.SIGKILL)\nos._exit(1)", DIED)
def kills_everybody(notebook, folder):
    """The process kills every process that it may, the first of its namespace too."""


@in_the_answer("import sys\nsys.exit('enough')", "SystemExit|enough|ended")
def exits_from_the_answer(notebook, folder):
    """The answer leaves Python in the orderly way."""


@in_the_answer("raise KeyboardInterrupt", "KeyboardInterrupt|interrupt")
def raises_keyboard_interrupt(notebook, folder):
    """The answer looks as if the instructor had pressed Ctrl-C, so that the grader might stop."""


@in_the_cell("import os\nos._exit(1)", DIED)
def ends_when_the_cell_runs(notebook, folder):
    """The process ends in the cell of one task, each time this cell is run."""


@in_the_cell("exit()\nquit()")
def exit_and_quit(notebook, folder):
    """The shell is asked to exit, as one does in a terminal."""


@in_the_answer(
    "import sys\nsys.setrecursionlimit(10**9)\ndef down():\n    return down()\nreturn down()",
    f"{DIED}|{SLOW}|RecursionError",
)
def falls_off_the_stack(notebook, folder):
    """With the limit taken off, a recursion runs until the memory of the stack is used up."""


@in_the_cell("import sys\nfor name in list(sys.modules):\n    del sys.modules[name]")
def deletes_every_module(notebook, folder):
    """Every module that was imported is thrown away, those of the kernel too."""


@in_the_cell("import builtins\nbuiltins.__dict__.clear()")
def deletes_the_builtins(notebook, folder):
    """Python's own names are deleted, so that nothing runs any more."""


@in_the_cell("import os\nos.closerange(0, 65536)")
def closes_every_file(notebook, folder):
    """Every descriptor is closed, the sockets to the judge too."""


@in_the_cell("import os\nnew = os.open('/dev/null', os.O_RDWR)\nfor number in range(3, 200):\n    os.dup2(new, number)")
def puts_null_in_place_of_every_file(notebook, folder):
    """Every descriptor leads to /dev/null, so that replies vanish and the judge waits."""


@in_the_cell("import os\nif os.fork() == 0:\n    pass")
def two_kernels_at_once(notebook, folder):
    """After a fork, two processes hold the same sockets, and both answer the judge."""


# Time


@in_the_answer("return sum(range(10**12))", SLOW)
def runs_for_ever_in_c(notebook, folder):
    """A loop in C never looks whether somebody interrupts it."""


@in_the_answer(
    "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass", SLOW
)
def catches_whatever_stops_it(notebook, folder):
    """The loop catches the interrupt and goes on."""


@in_the_answer(
    """
    import signal, time
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    while True:
        try:
            time.sleep(1000)
        except BaseException:
            pass
    """,
    SLOW,
)
def ignores_every_signal(notebook, folder):
    """All signals are ignored and blocked, and the answer sleeps."""


@in_the_cell("while True:\n    pass", SLOW)
def a_cell_without_an_end(notebook, folder):
    """The cell of one task never ends, each time it is run."""


@in_the_answer(
    """
    class Slow:
        def __array__(self, *a, **k):
            while True: pass
        __len__ = __iter__ = __float__ = __array__
    return Slow()
    """,
    SLOW,
)
def never_becomes_data(notebook, folder):
    """To turn the result into an array takes for ever, after the answer itself was quick."""


@with_work(keeps=ALL)
def never_ends_its_ending(notebook, folder):
    """At the end of the process, exit handlers, finalisers and threads run for ever."""
    source = """
    import atexit, threading, time, weakref
    def for_ever():
        while True:
            time.sleep(1)
    atexit.register(for_ever)
    threading.Thread(target=for_ever).start()
    class Last:
        def __del__(self): for_ever()
    last = Last()
    """
    with_cell(notebook, source, after="end")


@in_the_cell(
    """
    import threading
    def busy():
        while True: pass
    for _ in range(50):
        threading.Thread(target=busy).start()
    """
)
def busy_threads(notebook, folder):
    """Fifty threads compete with the answers for the processor, and go on when the cell is over."""


@with_work()
def just_below_every_limit(notebook, folder):
    """Each cell and each answer sleeps as long as it may, so that one student costs the class an hour."""
    for task in POINTS:
        here = solution(notebook, task)
        head, *lines = here.source.splitlines()
        here.source = "\n".join(
            ["import time", f"time.sleep({0.7 * CELL})", head, f"    time.sleep({0.24 * ANSWER})", *lines]
        )


@without_work()
def dies_after_a_long_wait(notebook, folder):
    """Whatever is run again after a crash costs minutes, and there is a crash in every answer."""
    for _ in range(4):
        with_cell(notebook, f"import time\ntime.sleep({0.7 * CELL})")
    for task in POINTS:
        head = solution(notebook, task).source.splitlines()[0]
        answer(notebook, task, f"{head}\n    import os\n    os._exit(0)")


# Memory and processes


@in_the_answer("kept = []\nwhile True:\n    kept.append(bytearray(b'x') * (1 << 26))", FULL)
def eats_memory(notebook, folder):
    """Memory is asked for and written to, piece by piece, until there is none."""


@in_the_answer(
    "kept = []\nwhile True:\n    try:\n        kept.append(np.ones(1 << 22))\n    except MemoryError:\n        pass",
    f"{FULL}|{SLOW}",
)
def eats_memory_and_catches_the_error(notebook, folder):
    """Memory is eaten up, and the error that says so is ignored."""


@in_the_answer(
    """
    import mmap
    kept = []
    while True:
        one = mmap.mmap(-1, 1 << 28)
        one[::4096] = b'x' * (1 << 16)
        kept.append(one)
    """,
    f"{FULL}|{SLOW}",
)
def eats_memory_by_mapping(notebook, folder):
    """Shared anonymous memory is mapped and touched, which some limits do not count."""


@in_the_answer(
    """
    import os, time
    for _ in range(64):
        if os.fork() == 0:
            kept = np.ones(1 << 26)
            time.sleep(1000)
    time.sleep(1000)
    """,
    f"{FULL}|{SLOW}",
)
def eats_memory_with_many_processes(notebook, folder):
    """Each of many processes stays below the limit of one process."""


@in_the_answer("return np.broadcast_to(0.0, (1 << 20, 1 << 20))", f"{FULL}|shape")
def a_result_that_grows_when_copied(notebook, folder):
    """The result takes eight bytes here, and eight terabytes where it is copied."""


@in_the_answer("return np.zeros((20_000, 5_000))", f"shape|large|bytes|limit|{SLOW}")
def a_result_of_a_gigabyte(notebook, folder):
    """The result fits into the sandbox, and the judge has to hold it for every case."""


@in_the_answer(
    "import os\nwhile True:\n    try:\n        os.fork()\n    except BaseException:\n        pass",
    f"{DIED}|{SLOW}|process",
)
def fork_bomb_that_does_not_give_up(notebook, folder):
    """Every process makes another one, and tries again where it was refused."""


@in_the_answer(
    "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(1000,)).start()",
    f"{DIED}|{SLOW}|RuntimeError|thread",
)
def thread_bomb(notebook, folder):
    """Threads are started until the system has no more."""


@in_the_answer("import os\nkept = []\nwhile True:\n    kept.append(os.pipe())", f"OSError|Too many|{DIED}|{SLOW}")
def eats_descriptors(notebook, folder):
    """Pipes are opened until there is no descriptor left, for the kernel neither."""


@with_work(keeps=ALL)
def leaves_a_daemon_behind(notebook, folder):
    """A process forks twice, leaves its session, closes its files, ignores all signals and stays."""
    source = f"""
    import os, signal, sys
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in range(1, 32):
                if number not in (9, 19):
                    signal.signal(number, signal.SIG_IGN)
            os.closerange(0, 1024)
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(5000)", "{MARKER}"])
        os._exit(0)
    """
    with_cell(notebook, source, after="end")


@with_work(keeps=ALL)
def a_process_that_starts_itself_again(notebook, folder):
    """A process makes a copy of itself whenever it may be seen, so that nobody can kill all of it at once."""
    source = f"""
    import subprocess, sys
    code = "import os, subprocess, sys, time\\ntime.sleep(0.2)\\nsubprocess.Popen([sys.executable, '-c', *sys.argv[1:]], start_new_session=True)"
    subprocess.Popen([sys.executable, "-c", code, code, "{MARKER}"], start_new_session=True)
    """
    with_cell(notebook, source, after="end")


@in_the_cell(
    """
    import resource
    for name in dir(resource):
        if name.startswith('RLIMIT_'):
            try:
                resource.setrlimit(getattr(resource, name), (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                print('RAISED', name)
            except (ValueError, OSError):
                pass
    """
)
def raises_its_limits(notebook, folder):
    """Each limit is set to infinity."""


# The disk

EVERYWHERE = """
import os, tempfile
def writable():
    for place in [os.getcwd(), tempfile.gettempdir(), os.path.expanduser("~"), "/tmp", "/var/tmp", "/dev/shm", "/run", "/dev", "/"]:
        if os.access(place, os.W_OK):
            yield place
"""


@in_the_cell(
    EVERYWHERE + "for place in writable():\n"
    "    try:\n"
    "        with open(place + '/full', 'wb') as file:\n"
    "            while True:\n"
    "                file.write(bytes(1 << 24))\n"
    "    except (OSError, MemoryError) as error:\n"
    "        print(place, error)"
)
def fills_the_disk(notebook, folder):
    """Every place that can be written to is filled."""


@in_the_cell(
    EVERYWHERE + "for place in writable():\n"
    "    try:\n"
    "        for number in range(3_000_000):\n"
    "            open(f'{place}/{number}', 'w').close()\n"
    "    except OSError as error:\n"
    "        print(place, number, error)",
    "",
)
def fills_the_disk_with_empty_files(notebook, folder):
    """Millions of empty files use up what the disk has for names."""


@in_the_cell(
    EVERYWHERE + "for place in writable():\n"
    "    try:\n"
    "        os.chdir(place)\n"
    "        for number in range(100_000):\n"
    "            os.mkdir('d')\n"
    "            os.chdir('d')\n"
    "    except OSError as error:\n"
    "        print(place, number, error)"
)
def folders_too_deep_to_delete(notebook, folder):
    """Folders are nested so deep that whoever tidies up afterwards runs out of path or stack."""


@in_the_cell(
    "import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)\nshutil.rmtree('/', ignore_errors=True)"
)
def deletes_everything(notebook, folder):
    """Every file that can be deleted is deleted, the working folder first."""


# Output


@in_the_cell("print('x' * 40_000_000)", LONG)
def forty_megabytes_on_a_line(notebook, folder):
    """One line is as long as forty books."""


@in_the_cell("while True:\n    print('x' * 100_000)", f"{LONG}|{DIED}|{SLOW}")
def prints_without_end(notebook, folder):
    """Text is printed faster than it can be sent, and does not end."""


@in_the_cell("for number in range(300_000):\n    display(number)", LONG)
def display_after_display(notebook, folder):
    """Every display is a message of its own, and the judge has to read them all."""


@in_the_cell(
    "from IPython.display import clear_output\nfor n in range(200_000):\n    clear_output(wait=False)\n    print(n)"
)
def clears_and_prints(notebook, folder):
    """Output is cleared and written again hundreds of thousands of times."""


@in_the_cell(
    "from IPython.display import Image\nfor _ in range(30):\n    display(Image(data=bytes(3_000_000), format='png'))",
    LONG,
)
def many_large_pictures(notebook, folder):
    """Thirty pictures of three megabytes each go into the notebook."""


@in_the_answer("print('y' * 30_000_000)\nimport sys\nsys.stderr.write('z' * 30_000_000)\nreturn -1")
def prints_in_every_case(notebook, folder):
    """The answer prints thirty megabytes for each case."""


@in_the_answer(
    "import os\nfor _ in range(4000):\n    os.write(1, b'w' * 10_000)\n    os.write(2, b'w' * 10_000)\nreturn -1"
)
def writes_past_python(notebook, folder):
    """Output goes to the descriptors themselves, where Python counts nothing."""


@in_the_cell(
    """
    import os, sys
    os.write(1, bytes(range(256)) * 100)
    sys.stdout.write('\\x1b]0;owned\\x07\\x1b[2J\\x1bc')
    print('\\r' * 9999)
    """
)
def bytes_that_are_no_text(notebook, folder):
    """Bytes that are no text and codes for terminals go out with the rest."""


@in_the_answer("raise ValueError('long ' * 6_000_000)")
def an_error_of_thirty_megabytes(notebook, folder):
    """The text of an error is as long as a library."""


@in_the_cell(
    """
    import threading, time
    def chatter():
        while True:
            print('z' * 1000)
    threading.Thread(target=chatter, daemon=True).start()
    """
)
def prints_from_a_thread_for_ever(notebook, folder):
    """A thread prints without a pause while the other cells run, into whatever cell it is."""


# Between one student and the next: the warm kernel

LEAVE = "a-note-for-the-next-student"


@without_work()
def leaves_notes_everywhere(notebook, folder):
    """Notes are left wherever the next student's kernel might look: files, memory, sockets, environment, modules."""
    source = f"""
    import ctypes, glob, os, socket, sys, threading, time
    import numpy, cnncourse.convolution
    for place in [".", "~", "/tmp", "/var/tmp", "/dev/shm", "/run", "/dev/mqueue", *sys.path]:
        for name in ("note", "sitecustomize.py", "numpy.py"):
            try:
                with open(os.path.join(os.path.expanduser(place), name), "w") as file:
                    file.write("note = '{LEAVE}'")
                print("LEFT A NOTE", place)
            except OSError:
                pass
    libc = ctypes.CDLL(None)
    segment = libc.shmget(4242, 4096, 0o1666)
    libc.shmat.restype = ctypes.c_void_p
    address = libc.shmat(segment, None, 0)
    if segment >= 0 and address:
        ctypes.memmove(address, b"{LEAVE}", {len(LEAVE)})
    libc.semget(4243, 1, 0o1666)
    libc.msgget(4244, 0o1666)
    kept = socket.socket(socket.AF_UNIX)
    kept.bind("\\0{LEAVE}")
    kept.listen()
    os.environ["NOTE"] = "{LEAVE}"
    numpy.note = cnncourse.convolution.note = "{LEAVE}"
    numpy.zeros = cnncourse.convolution.conv2d = lambda *a, **k: "{LEAVE}"
    os.sched_setaffinity(0, {{0}})
    """
    with_cell(notebook, source)


@without_work(after="leaves_notes_everywhere")
def looks_for_notes(notebook, folder):
    """What another student has left in the same warm kernel is read and printed."""
    source = """
    import ctypes, os, socket, sys
    import numpy, cnncourse.convolution
    note = "a-note-" + "for-the-next" + "-student"
    found = []
    for place in [".", "~", "/tmp", "/var/tmp", "/dev/shm", "/run", "/dev/mqueue", *sys.path]:
        path = os.path.join(os.path.expanduser(place), "note")
        if os.path.exists(path):
            found.append(path)
    libc = ctypes.CDLL(None)
    found += [f"{name} {key}" for name, key in (("shm", 4242), ("sem", 4243), ("msg", 4244))
              if getattr(libc, name + "get")(key, 0, 0) >= 0]
    try:
        socket.socket(socket.AF_UNIX).connect("\\0" + note)
        found.append("socket")
    except OSError:
        pass
    found += [name for name, value in os.environ.items() if note in value]
    found += [module.__name__ for module in (numpy, cnncourse.convolution) if isinstance(getattr(module, "note", None), str)]
    if not callable(numpy.zeros) or isinstance(numpy.zeros(1), str):
        found.append("numpy.zeros")
    print("FOUND NOTES", found) if found else print("nothing is here")
    """
    with_cell(notebook, source)


# Sources that are heavy to look at


@with_work(keeps=REST, earns=REST)
def a_formula_too_deep_to_parse(notebook, folder):
    """The source is a sum of a hundred thousand numbers, which a parser of the judge's follows down its stack."""
    answer(notebook, "ch02.conv2d", "def conv2d(*_):\n    return " + "+".join(["1"] * 100_000))
    with_cell(notebook, "-" * 50_000 + "1", after="end")


@with_work(keeps=REST, earns=ALL)
def a_source_of_ten_megabytes(notebook, folder):
    """One line of ten megabytes is a comment beside a right answer."""
    solution(notebook, "ch02.conv2d").source += "\n# " + "x" * 10_000_000


@with_work(keeps=REST, earns=REST)
def a_source_with_bytes_that_no_parser_takes(notebook, folder):
    """Zero bytes and lone surrogates stand in the source."""
    answer(notebook, "ch02.conv2d", 'def conv2d(*_):\n    return "\x00\ud800"')


@without_work()
def the_setup_ends_the_process(notebook, folder):
    """The first cell ends the process, so that no task can be tried at all."""
    blank(notebook)
    cell(notebook, "setup").source = "import os\nos._exit(0)"
