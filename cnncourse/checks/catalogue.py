"""Finding tasks: a task `ch02.pad` stands in the file `pad.py` of a folder whose name starts with `ch02`.

The course's own chapters are the folders beside this file. A course of one's own may have more of them, in a folder
`checks` beside its `nbgrader_config.py`, or beside the notebook, as students have it. Nothing is listed: a file that
defines TASK is a task.
"""

from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

LATER = "this task is not here. It is judged when you have handed in."
SHIPPED = Path(__file__).resolve().parent


def own_folder():
    """The folder of the tasks of the course that we stand in, or None: looked for here and in the folders above.

    >>> own_folder()
    """
    here = Path.cwd()
    if (here / "checks").is_dir() and here / "checks" != SHIPPED:
        return here / "checks"
    for place in (here, *here.parents):
        if (place / "nbgrader_config.py").is_file():
            return place / "checks" if (place / "checks").is_dir() else None
    return None


def folders():
    """The folders of tasks: the course's own chapters by number, then those of the course that we stand in.

    >>> [folder.name for folder in folders()][:2]
    ['ch01_why_convolution', 'ch02_convolution']
    """
    own = own_folder()
    found = [*sorted(SHIPPED.glob("ch[0-9][0-9]_*")), *(sorted(own.iterdir()) if own else [])]
    return [folder for folder in found if folder.is_dir() and not folder.name.startswith(("_", "."))]


def is_here(name):
    """Whether there is the folder of a task; an exam's tasks stay with whoever judges it.

    >>> is_here("ch02.pad"), is_here("exam.mean")
    (True, False)
    """
    return str(name).partition(".")[0] in {chapter.partition("_")[0] for chapter in chapters()}


def chapters():
    """The names of the folders of tasks.

    >>> "ch02_convolution" in chapters()
    True
    """
    return [folder.name for folder in folders()]


def files():
    """The file of every task, by the task's id.

    >>> files()["ch02.pad"].name
    'pad.py'
    """
    found = {}
    for folder in folders():
        chapter = folder.name.partition("_")[0]
        for path in sorted(folder.glob("[a-z]*.py")):
            name = f"{chapter}.{path.stem}"
            if "\nTASK = " in path.read_text(encoding="utf-8"):
                if name in found:
                    raise ValueError(f"there are two tasks {name}: {found[name]} and {path}; rename one of the files")
                found[name] = path
    return found


@cache
def _own(path, changed):
    """The module in a file of a course of one's own, run once for each of its versions."""
    spec = spec_from_file_location(f"checks_of_this_course.{path.parent.name}.{path.stem}", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load(path):
    """The task in a file.

    >>> load(files()["ch02.pad"]).id
    'ch02.pad'
    """
    if path.is_relative_to(SHIPPED):
        found = import_module(f"cnncourse.checks.{path.parent.name}.{path.stem}").TASK
    else:
        found = _own(path, path.stat().st_mtime_ns).TASK
    expected = f"{path.parent.name.partition('_')[0]}.{path.stem}"
    if found.id != expected:
        raise ValueError(f"{path} defines the task {found.id!r}, but its place says {expected!r}: make them equal")
    return found


def file_of(name):
    """The file of the task with that id.

    >>> file_of("ch02.output_size").name
    'output_size.py'
    """
    known = files()
    if name not in known:
        near = [other for other in known if other.split(".")[0] == str(name).split(".")[0]] or list(known)
        raise ValueError(f"there is no task {name!r}; in this chapter there are {', '.join(near)}")
    return known[name]


def find(name):
    """The task with that id.

    >>> find("ch02.output_size").id
    'ch02.output_size'
    """
    return load(file_of(name))
