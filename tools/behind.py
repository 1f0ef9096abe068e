"""What the results of a page depend on besides its own cells, found out from the cells.

- the modules that they import, and what these import in turn: from the repository, from the page's folder, and from
  every folder that the cells name;
- the files and folders of the repository that they name, such as a table of results;
- Python, and the versions of the libraries.
"""

import ast
import hashlib
import re
import sys
from functools import cache
from itertools import product
from pathlib import Path

from myst_nb.core.read import read_myst_markdown_notebook

from cnncourse.dependencies import digest_of, files_behind, imported

ROOT = Path(__file__).resolve().parents[1]
MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)
FILE_NAME = re.compile(r"[\w./-]{1,99}")
BY_NAME = ("import_module", "iter_modules", "walk_packages")


def cells_of(path):
    """The code cells of a page that are Python: IPython's own commands left out, and what the page will fail on."""
    page = read_myst_markdown_notebook(path.read_text(encoding="utf-8"))
    sources = [MAGIC.sub("", cell.source) for cell in page.cells if cell.cell_type == "code"]
    return [source for source in sources if _is_python(source)]


def state_behind(path, root=ROOT):
    """A hash that changes when something behind the page changes."""
    return hashlib.sha256(f"{sys.version}{digest_of(files_behind_page(path, root), root)}".encode()).hexdigest()


def files_behind_page(path, root=ROOT):
    """All files that the results of a page depend on, in a fixed order."""
    source = "\n".join(cells_of(path))
    named = set(_named(source, (path.parent, root), root))
    found, names = set(), imported(source) | {f"{start}.*" for start in searched(source) if start}
    places = [root, path.parent, *(place for place in named if place.is_dir())]
    sources = set()  # named folders from which modules come: of these the modules count, and not all that lies there
    while True:
        new = set()
        for place in places:
            here = {file for name in names for file in _modules(name, place)}
            if here and place in named:
                sources.add(place)
            new |= here
        if new <= found:
            break
        found |= new
        for file in new:
            if file.suffix == ".py":
                names = names | _needs(file, root)
    data = {file for place in named - sources for file in _below(place)}
    return sorted(found | data | {file for file in [root / "constraints.txt"] if file.is_file()})


def searched(source):
    """The packages in which modules are looked for by a name that is computed: `import_module(f"bank.{chapter}")`.

    A name without a fixed beginning, and a package that goes through its own modules, gives "".

    >>> searched('import_module(f"bank.{chapter}"), import_module("bank.ch01")')
    {'bank'}
    """
    starts = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in BY_NAME:
            name = node.args[0] if node.args else None
            if isinstance(name, ast.JoinedStr):
                first = name.values[0]
                starts.add(first.value.rpartition(".")[0] if isinstance(first, ast.Constant) else "")
            elif not isinstance(name, ast.Constant):
                starts.add("")
    return starts


@cache
def _needs(file, root):
    """The names that a module imports; if it looks for modules by computed names, all that lie in that package."""
    source = file.read_text(encoding="utf-8")
    package = ".".join(file.parent.relative_to(root).parts)
    return imported(source) | {f"{start or package}.*" for start in searched(source)}


@cache
def _modules(name, place):
    """The files behind a module that is found in a folder; `pack.*` stands for all modules of a package."""
    if not name.endswith(".*"):
        return files_behind({name}, place)
    folder = place.joinpath(*name[:-2].split("."))
    if name == ".*" or not folder.is_dir():
        return []
    names = {".".join(file.relative_to(place).with_suffix("").parts) for file in folder.rglob("*.py")}
    return files_behind(names | {name[:-2]}, place)


def _is_python(source):
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _named(source, places, root):
    """The files and folders of the repository that a source names, in a call or in a path: `root / "solutions"`."""
    for node in ast.walk(ast.parse(source)):
        parts = [*node.args] if isinstance(node, ast.Call) else []
        parts += [node.left, node.right] if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) else []
        words = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        for word, place in product((word for word in words if FILE_NAME.fullmatch(word)), places):
            path = (place / word).resolve()
            if path.exists() and path.is_relative_to(root) and not root.is_relative_to(path):
                yield path


def _below(path):
    files = [path] if path.is_file() else path.rglob("*")
    return [file for file in files if file.is_file() and "__pycache__" not in file.parts]
