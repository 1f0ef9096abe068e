"""Which files a piece of code depends on: the modules of a folder that it imports, and what those import in turn.

Found out from the source, so that nobody has to list it: a page is executed again, and a class is graded again, when
something changes that the page or the judge really imports, and not when anything else does.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def imported(source, package=""):
    """The full names of what some source imports, anywhere in it; `package` is where a relative import starts from.

    >>> sorted(imported("import os.path\\nfrom cnncourse import fast, shapes"))
    ['cnncourse', 'cnncourse.fast', 'cnncourse.shapes', 'os.path']
    >>> sorted(imported("from . import drawing", "cnncourse.checks"))
    ['cnncourse.checks', 'cnncourse.checks.drawing']
    """
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return names


def files_behind(names, root=ROOT):
    """The files of modules below `root`, of their packages, and of all that these import; in a fixed order.

    Imports of other packages than those of the names are not followed: where the course is installed, all of its
    libraries lie in the same folder. The data that lie in the package of an imported module count as part of it. A name
    that is no module there, such as that of a function or of another library, stands for nothing.

    >>> [path.name for path in files_behind({"cnncourse.shapes", "numpy"})]
    ['__init__.py', 'arguments.py', 'shapes.py']
    """
    found, ahead = set(), list(names)
    seen, packages = set(ahead), {name.partition(".")[0] for name in ahead}
    while ahead:
        files, needs = _behind(ahead.pop(), root)
        found |= files
        new = {name for name in needs - seen if name.partition(".")[0] in packages}
        ahead += new
        seen |= new
    return sorted(found)


@cache
def _behind(name, root):
    """The files of one module and its packages, and the names of what it needs besides."""
    parts = name.split(".")
    files, needs = set(), {".".join(parts[:stop]) for stop in range(1, len(parts))}
    place = root.joinpath(*parts)
    if (place / "__init__.py").is_file():
        path, package = place / "__init__.py", name
        files |= {other for other in place.iterdir() if other.is_file() and other.suffix != ".py"}
    elif place.with_suffix(".py").is_file():
        path, package = place.with_suffix(".py"), ".".join(parts[:-1])
    else:
        return files, needs
    return files | {path}, needs | imported(path.read_text(encoding="utf-8"), package)


def digest_of(paths, root=ROOT):
    """A hash of files, by their names and contents.

    >>> len(digest_of(files_behind({"cnncourse.shapes"})))
    64
    """
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
