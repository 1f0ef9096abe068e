"""What this machine can do: `cnncourse doctor` says line by line what is there, what is missing, and how to get it."""

import os
import re
import shutil
import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import cnncourse
from cnncourse.grading.sandbox.limits import INSTALL

OK, NOTE, MISSING = "ok", "note", "MISSING"
ROOM = 1 << 30  # bytes on the disk below which a class may not fit
LEAST = 100 << 20
KERAS = "import keras; print(keras.__version__, keras.backend.backend())"
# What decides whether a user may make namespaces: file -> (what it must not say, what would do)
NAMESPACES = {
    "user/max_user_namespaces": ("0", "sysctl user.max_user_namespaces=10000"),
    "kernel/unprivileged_userns_clone": ("0", "sysctl kernel.unprivileged_userns_clone=1"),
    "kernel/apparmor_restrict_unprivileged_userns": ("1", "an AppArmor profile that allows bwrap `userns`"),
}


@dataclass(frozen=True)
class Finding:
    """One line of the report: grading cannot work where the state is MISSING."""

    state: str
    what: str
    words: str
    remedy: str = ""

    def __str__(self):
        words = f"{self.words}; {self.remedy}" if self.remedy else self.words
        return f"{self.state:<8} {self.what:<13} {words}"


def python():
    """The version of Python.

    >>> python().state
    'ok'
    """
    words = ".".join(map(str, sys.version_info[:3])) + f" at {sys.executable}"
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding(OK, "Python", words)
    return Finding(MISSING, "Python", words, "the course needs 3.11, 3.12 or 3.13")


def install(extra):
    """How to get the packages of an extra, in the folder that holds `pyproject.toml`.

    >>> install("keras").split("-m ")[1]
    "pip install -c constraints.txt -e '.[keras]'"
    """
    return f"{sys.executable} -m pip install -c constraints.txt -e '.[{extra}]'"


def pinned(path):
    """The versions that a file of constraints names.

    >>> pinned("nowhere.txt")
    {}
    """
    lines = Path(path).read_text(encoding="utf-8").splitlines() if Path(path).is_file() else []
    found = (re.match(r"([\w.-]+)==([^\s;]+)", line) for line in lines)
    return {name_of(one[1]): one[2] for one in found if one}


def name_of(requirement):
    """The normal name of a distribution.

    >>> name_of("PyYAML>=6; python_version > '3'"), name_of("psycopg[binary]>=3.2")
    ('pyyaml', 'psycopg')
    """
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def packages(extra, needed, constraints):
    """Whether the packages of an extra are there, in the versions that the course was tested with.

    >>> packages("instructors", True, {"nbgrader": "0.0"}).state
    'note'
    """
    wanted = [need for need in requires("cnncourse") or () if re.search(rf"extra == ['\"]{extra}['\"]", need)]
    missing, other = [], []
    for name in [name_of(need) for need in wanted]:
        try:
            here = version(name)
        except PackageNotFoundError:
            missing.append(name)
            continue
        if name in constraints and constraints[name] != here:
            other.append(f"{name} {here} instead of {constraints[name]}")
    what, pip = f"[{extra}]", install(extra)
    if missing:
        return Finding(MISSING if needed else NOTE, what, f"without {', '.join(missing)}", pip)
    if other:
        return Finding(NOTE, what, f"not as tested: {', '.join(other)}", pip)
    return Finding(OK, what, "all packages are there" + ", as tested" * bool(constraints))


def bubblewrap():
    """The program that encloses students' code.

    >>> bubblewrap().what
    'bubblewrap'
    """
    path = shutil.which("bwrap")
    if not path:
        return Finding(MISSING, "bubblewrap", "not installed", INSTALL)
    said = subprocess.run([path, "--version"], capture_output=True, text=True).stdout.strip()
    return Finding(OK, "bubblewrap", f"{said or 'of unknown version'} at {path}")


def namespaces(settings="/proc/sys"):
    """Whether the system lets a user make namespaces.

    >>> namespaces("/nowhere").words
    'user namespaces are not limited by a setting'
    """
    for name, (bad, remedy) in NAMESPACES.items():
        path = Path(settings) / name
        if os.getuid() != 0 and path.is_file() and path.read_text().strip() == bad:
            return Finding(NOTE, "namespaces", f"{name.replace('/', '.')} is {bad}", f"if no sandbox starts: {remedy}")
    return Finding(OK, "namespaces", "user namespaces are not limited by a setting")


def keras(code=KERAS):
    """Whether Keras can be imported, in a process of its own: it takes seconds and a gigabyte.

    >>> keras("print('3.13', 'jax')").remedy
    'the course is tested on tensorflow: unset KERAS_BACKEND'
    """
    start = time.monotonic()
    line = [sys.executable, "-c", code]
    done = subprocess.run(line, capture_output=True, text=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no word"]
        remedy = f"without it only assignments that do not import Keras can be graded: {install('keras')}"
        return Finding(NOTE, "Keras", last[0], remedy)
    number, backend = done.stdout.split()[-2:]
    words = f"{number} on {backend}, imported in {time.monotonic() - start:.1f} s"
    if backend != "tensorflow":
        return Finding(NOTE, "Keras", words, "the course is tested on tensorflow: unset KERAS_BACKEND")
    return Finding(OK, "Keras", words)


def secret(root="."):
    """Whether the secret, from which every student's cases are drawn, can be read by nobody else.

    >>> secret("/nowhere").words
    'none yet: the first grading makes it'
    """
    path = Path(root) / ".grading" / "secret"
    if not path.exists():
        return Finding(OK, "secret", "none yet: the first grading makes it")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding(NOTE, "secret", f"{path} can be read by others ({mode:o})", f"chmod 600 {path}")
    return Finding(OK, "secret", f"{path}, for its owner only")


def disk(folder="."):
    """Whether there is room for what is graded.

    >>> disk().what
    'disk'
    """
    free = shutil.disk_usage(folder).free
    words = f"{free / 1e9:.1f} GB free"
    if free >= ROOM:
        return Finding(OK, "disk", words)
    return Finding(NOTE if free >= LEAST else MISSING, "disk", words, "make room: a class needs about 1 GB")


def asked(module, what):
    """The findings of a module that imports what only an extra installs, or why it cannot be imported.

    >>> [str(found) for found in asked("no_such_module", "sandbox")]  # doctest: +ELLIPSIS
    ["MISSING  sandbox       No module named 'no_such_module'; ...
    """
    try:
        found = import_module(module).findings
    except ModuleNotFoundError as missing:
        return [Finding(MISSING, what, str(missing), install("instructors"))]
    return found()


def findings():
    """Everything that there is to say, in an order in which things can be mended.

    >>> next(findings()).what  # a generator: each line is there as soon as it is known
    'Python'
    """
    constraints = pinned(Path(cnncourse.__path__[0]).parent / "constraints.txt")
    yield python()
    yield packages("instructors", True, constraints)
    yield packages("exercises", True, constraints)
    yield packages("keras", False, constraints)
    yield bubblewrap()
    yield namespaces()
    yield from asked("cnncourse.grading.doctor_sandbox", "sandbox")
    yield keras()
    yield from asked("cnncourse.grading.doctor_course", "gradebook")
    yield secret()
    yield disk()


def command(arguments=None, found=None):
    """`cnncourse doctor`: print what is found on this machine, or these findings, each as soon as it is known.

    The exit status is 0 only if grading can work.

    >>> command(found=[Finding(NOTE, "Keras", "3.13 on jax")])
    note     Keras         3.13 on jax
    <BLANKLINE>
    Grading can work here. The lines that say note are worth a look.
    0
    """
    states = []
    for finding in findings() if found is None else found:
        print(finding, flush=True)
        states.append(finding.state)
    if MISSING in states:
        print("\nGrading cannot work here yet: see the lines that say MISSING.")
        return 1
    print("\nGrading can work here." + " The lines that say note are worth a look." * (NOTE in states))
    return 0
