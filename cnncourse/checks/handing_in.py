"""Files that are handed in beside a notebook: which ones an assignment asks for, and whether they are there.

An assignment says so itself, in a read-only cell of nothing but lines such as

    hand_in("model.weights.h5", kind="weights", most=2_000_000, network="build()")

This is the one place: students read it, the cell tells them what is there, and collecting, grading and
`cnncourse check` find it in the text of the cell, which nobody has to run for that.
"""

import ast
import json
import re
import stat
from dataclasses import dataclass
from pathlib import Path

KINDS = {"weights": (".weights.h5", ".npz"), "runs": (".json",)}
LARGEST = 16_000_000  # bytes of a file that an assignment may ask for
TRAINS = "trains"  # the tag of cells that are not run again when work is checked or graded
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")


class NotUsable(ValueError):
    """A file that was handed in is of no use; the message says why, in a sentence for whoever made it."""


@dataclass(frozen=True)
class HandedIn:
    """One file that an assignment asks for."""

    name: str
    kind: str  # "weights" or "runs"
    most: int  # bytes
    network: str = ""  # an expression for the network that weights belong to
    needed: bool = True  # else nothing is said where it is missing

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"{self.name} is of kind {self.kind!r}: there are {' and '.join(map(repr, KINDS))}")
        if not NAME.fullmatch(self.name) or not self.name.endswith(KINDS[self.kind]):
            ends = " or ".join(KINDS[self.kind])
            raise ValueError(f"{self.name!r} should be a plain name with letters and digits that ends in {ends}")
        if type(self.most) is not int or not 0 < self.most <= LARGEST:
            raise ValueError(f"{self.name} may have {self.most} bytes: give a number from 1 to {LARGEST}")


def size_of(number):
    """A number of bytes in words.

    >>> size_of(283_000), size_of(1_500_000), size_of(12)
    ('283 KB', '1.5 MB', '12 bytes')
    """
    if number < 1000:
        return f"{number} bytes"
    return f"{number / 1e6:.3g} MB" if number >= 1e6 else f"{number / 1e3:.0f} KB"


def declared(source):
    """The files that a cell asks for: none, unless it holds lines with `hand_in` and imports alone.

    >>> [one.name for one in declared('hand_in("a.npz", kind="weights", most=1000)')]
    ['a.npz']
    >>> declared('x = 1; hand_in("a.npz", kind="weights", most=1000)')
    []
    """
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    lines = [line for line in body if not isinstance(line, (ast.Import, ast.ImportFrom))]
    calls = [line.value for line in lines if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call)]
    if len(calls) != len(lines) or any(ast.unparse(call.func) != "hand_in" for call in calls):
        return []
    found = []
    for call in calls:
        try:
            given = [ast.literal_eval(argument) for argument in call.args]
            found.append(HandedIn(*given, **{one.arg: ast.literal_eval(one.value) for one in call.keywords}))
        except TypeError as wrong:
            raise ValueError(f"{ast.unparse(call)} should name a file, its kind and the most bytes") from wrong
    return found


def reason_not_to_use(path, most):
    """Why a file that was handed in is not read, in a sentence; "" if it can be.

    >>> reason_not_to_use(Path("nowhere.npz"), 1000)
    'nowhere.npz was not handed in.'
    """
    try:
        about = path.lstat()
    except OSError:
        return f"{path.name} was not handed in."
    if stat.S_ISLNK(about.st_mode):
        return f"{path.name} is a link to another file: hand in the file itself."
    if not stat.S_ISREG(about.st_mode):
        return f"{path.name} is no file."
    return wrong_size(path.name, about.st_size, most)


def wrong_size(name, size, most):
    """Why a file of so many bytes is not read, in a sentence; "" if it can be.

    >>> wrong_size("a.npz", 5, most=4)
    'a.npz has 5 bytes, and 4 bytes are the most: it is not read.'
    """
    if size > most:
        return f"{name} has {size_of(size)}, and {size_of(most)} are the most: it is not read."
    return "" if size else f"{name} is empty."


def hand_in(name, kind, most, network="", needed=True):
    """Say whether a file that is to be handed in lies beside the notebook.

    >>> hand_in("nowhere.npz", kind="weights", most=1000)
    nowhere.npz: not there yet (weights, 1 KB at most).
    """
    file = HandedIn(name, kind, most, network, needed)
    path = Path(name)
    if not path.exists():
        print(f"{name}: not there{' yet' * needed} ({kind}, {size_of(most)} at most).")
        return
    print(
        reason_not_to_use(path, file.most) or f"{name}: {size_of(path.stat().st_size)}, hand it in with the notebook."
    )


def log_in(path):
    """The list of runs in a file of JSON: dictionaries of texts and numbers.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "runs.json"
    >>> _ = path.write_text('[{"changed": "nothing", "validation_accuracy": 0.98}]')
    >>> log_in(path)
    [{'changed': 'nothing', 'validation_accuracy': 0.98}]
    """
    path = Path(path)
    if not path.exists():
        raise NotUsable(f"{path.name} was not handed in.")
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        raise NotUsable(f"{path.name} holds no JSON: was it cut off?") from None
    plain = isinstance(found, list) and all(
        isinstance(run, dict) and all(isinstance(value, (str, int, float)) for value in run.values()) for run in found
    )
    if not plain:
        raise NotUsable(f"{path.name} should hold a list with a dictionary for each run, of texts and numbers.")
    return found
