"""What can be read inside the sandbox: the interpreter, some libraries, the parts of the course without answers."""

import csv
import re
import sys
import sysconfig
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from cnncourse.dependencies import files_behind

COURSE = Path(__file__).resolve().parents[2]
PACKAGES = "/opt/packages"
ALWAYS = ("ipykernel", "numpy", "matplotlib", "matplotlib-inline", "tqdm", "threadpoolctl")
UNWANTED = {"debugpy"}  # ipykernel does without, and each kernel would import it
# Of the course: what a notebook may use while it is graded
OPEN = ("__init__.py", "data", "files.py", "plotting.py", "arguments.py")
JUDGED = {  # what the kernel needs to try an answer; `checks` itself is replaced
    "checks/__init__.py": "grading/sandbox/inside/checks.py",
    "checks/handing_in.py": "checks/handing_in.py",
    "checks/plain.py": "checks/plain.py",
    "checks/probing.py": "checks/probing.py",
    "checks/task.py": "checks/task.py",
    "checks/weights.py": "checks/weights.py",
    "grading/__init__.py": "grading/__init__.py",
    "grading/sandbox/__init__.py": "grading/sandbox/__init__.py",
    "grading/sandbox/wire.py": "grading/sandbox/wire.py",
    "grading/sandbox/inside": "grading/sandbox/inside",
}
TRAINING = "cnncourse.training"  # among the packages where a network is handed in, with what it imports
SYSTEM = ("/lib64", "/etc/ld.so.cache", "/etc/localtime")


def required(names):
    """The distributions that some distributions need, themselves included, by their normal names.

    >>> {"numpy", "pyzmq", "ipython"} <= required(["ipykernel", "numpy"])
    True
    """
    found, ahead = set(), [_normal(name) for name in names]
    while ahead:
        name = ahead.pop()
        if name in found | UNWANTED:
            continue
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # needed on another system only
        found.add(name)
        plain = [need for need in needs if "extra ==" not in need.replace("'", '"').replace("extra==", "extra ==")]
        ahead += [_normal(re.match(r"[\w.-]+", need)[0]) for need in plain]
    return found


def _normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def libraries(names):
    """The files and folders of distributions: name in the sandbox -> path here.

    >>> "numpy" in libraries(("numpy",)), "keras" in libraries(("numpy",))
    (True, False)
    """
    found = {}
    for name in sorted(required(names)):
        whole = distribution(name)
        for first in _parts(whole) - {"..", "__pycache__", "cnncourse"}:
            if not first.endswith(".pth"):
                found.setdefault(first, Path(whole.locate_file(first)))
    return found


def _parts(whole):
    """The names that a distribution has beside those of others; `files` would look for every single file."""
    record = whole.read_text("RECORD")
    names = (row[0] for row in csv.reader(record.splitlines())) if record else map(str, whole.files or ())
    return {name.partition("/")[0] for name in names}


def interpreter():
    """The folders and files of the Python that runs here, at the same place inside.

    >>> all(Path(path).exists() for path in interpreter())
    True
    """
    prefix = Path(sys.base_prefix).resolve()
    if prefix != Path("/usr"):
        return [str(Path(sys.executable).resolve()), str(prefix / "lib")]
    return [str(Path(sys.executable).resolve()), sysconfig.get_path("stdlib")]


def covered():
    """The folders in those of the interpreter that hold what was installed beside it: the course too, perhaps.

    >>> all(place.endswith("-packages") for place in covered())
    True
    """
    library = Path(sysconfig.get_path("stdlib"))
    return [str(library / name) for name in ("site-packages", "dist-packages") if (library / name).is_dir()]


def shared_libraries():
    """Where the system keeps the libraries that the interpreter and NumPy load.

    >>> all(Path(path).exists() for path in shared_libraries())
    True
    """
    multiarch = sysconfig.get_config_var("MULTIARCH") or ""
    places = [f"/usr/lib/{multiarch}", f"/lib/{multiarch}", "/usr/lib64", *SYSTEM]
    return [place for place in dict.fromkeys(places) if Path(place).exists()]


def for_training():
    """The parts of the course that are there to train with: `cnncourse.training`, networks, and what both import.

    >>> {"training", "layers", "network.py"} <= for_training(), "checks" in for_training()
    (True, False)
    """
    behind = files_behind({TRAINING, "cnncourse.network"})
    return {path.relative_to(COURSE).parts[0] for path in behind if path.is_relative_to(COURSE)}


def readable(packages=(), data=None):
    """Everything that is mounted, read-only: path inside -> path here; `data` may take the place of the course's own.

    >>> mounted = readable()
    >>> f"{PACKAGES}/cnncourse/convolution" in mounted, f"{PACKAGES}/cnncourse/data" in mounted
    (False, True)
    >>> f"{PACKAGES}/cnncourse/training" in readable(("cnncourse.training",))
    True
    """
    mounted = {path: path for path in [*interpreter(), *shared_libraries()]}
    mounted |= {f"{PACKAGES}/{name}": str(path) for name, path in libraries((*ALWAYS, *packages)).items()}
    open_here = {*OPEN, *(for_training() if TRAINING in packages else ())}
    own = {name: name for name in sorted(open_here)} | JUDGED
    mounted |= {f"{PACKAGES}/cnncourse/{inside}": str(COURSE / here) for inside, here in own.items()}
    return mounted | ({f"{PACKAGES}/cnncourse/data": str(data)} if data else {})
