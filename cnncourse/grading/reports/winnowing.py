"""Fingerprints of Python code that survive new names, comments, spaces and numbers.

The method is winnowing (Saul Schleimer, Daniel S. Wilkerson, Alex Aiken, "Winnowing: Local Algorithms for Document
Fingerprinting", SIGMOD 2003): all runs of K tokens are hashed, and of every WINDOW hashes in a row the smallest one
is kept. Two texts that share a run of K + WINDOW - 1 tokens share a fingerprint for certain; a run shorter than K
tokens is never noticed. Code is only read here, never compiled and never run.
"""

import builtins
import keyword
import re
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

K = 16
WINDOW = 6
REPEATS = 3  # of a passage that somebody repeats, so many are compared

# Never fails and never looks at a character twice: what is broken is read on as far as it goes
TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | (?P<string>(?i:[rbuf]{0,2})(?:
          '{3}(?:[^\\']|\\.|'(?!''))*+(?:'{3}|\\?\Z) | "{3}(?:[^\\"]|\\.|"(?!""))*+(?:"{3}|\\?\Z)
        | '(?:[^\\'\n]|\\.)*+'? | "(?:[^\\"\n]|\\.)*+"?))
    | (?P<number>\.?\d(?:[eE][+-]|[\w.])*)
    | (?P<name>[^\W\d]\w*)
    | (?P<space>\\?\s+)
    | (?P<operator>\*\*=|//=|>>=|<<=|\.\.\.|->|:=|\*\*|//|<<|>>|[-+*/%&|^@<>=!]=|.)""",
    re.VERBOSE | re.DOTALL,
)
END = re.compile(r"[ \t;]*(?:#|\n|\Z)")
# What a student cannot give another name without saying something else
FIXED = frozenset(keyword.kwlist) | {name for name in dir(builtins) if not name.startswith("_")}
PYTHON_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun", "%%python", "%%python3")


class Token(NamedTuple):
    """One token: as it is compared, as it was written, and the line it begins in."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True)
class Released:
    """The code that everybody was given."""

    cells: frozenset = frozenset()
    lines: frozenset = frozenset()
    hashes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint64))


@dataclass
class Work:
    """Somebody's code: its cells, and where in them each fingerprint is."""

    name: str
    cells: list  # the source of each
    given: Released = field(default_factory=Released)
    places: dict = field(default_factory=dict)  # fingerprint -> [(cell, index of its first token), ...]

    @cached_property
    def tokens(self):
        """The tokens of each cell without what was given; of a large class only those that are shown are kept."""
        return [own(cell, self.given) for cell in self.cells]


def python_of(source):
    """A cell without the lines that are IPython's; the others keep their numbers.

    >>> python_of("%matplotlib inline\\nx = 1\\n!ls")
    '\\nx = 1\\n'
    >>> python_of("%%html\\n<b>")
    ''
    """
    first = source.split(maxsplit=1)[0] if source.strip() else ""
    if first.startswith("%%") and first not in PYTHON_MAGICS:
        return ""
    return re.sub(r"(?m)^[ \t]*[%!?].*$", "", source)


def tokens_of(source):
    """The tokens of a cell: names become `n`, strings `s` and numbers `0`; comments and docstrings are left out.

    >>> [token.kind for token in tokens_of("def area(w, h):  # of a box\\n    'Its area.'\\n    return w * h.max(1)")]
    ['def', 'n', '(', 'n', ',', 'n', ')', ':', 'return', 'n', '*', 'n', '.', 'max', '(', '0', ')']
    """
    found, line, depth, alone, before = [], 0, 0, True, ""
    for match in TOKEN.finditer(python_of(source)):
        text, sort = match[0], match.lastgroup
        if sort == "string" and alone and not depth and END.match(match.string, match.end()):
            sort = "comment"  # a docstring, or another string that nobody uses
        if sort not in ("space", "comment"):
            kind = {"string": "s", "number": "0"}.get(sort, text)
            if sort == "name" and text not in FIXED and before != ".":
                kind = "n"
            depth = max(0, depth + (text in ("(", "[", "{")) - (text in (")", "]", "}")))
            found.append(Token(kind, text, line))
            alone, before = False, text
        if "\n" in text:
            line += text.count("\n")
            alone = alone or not text.startswith("\\")
    return found


def lines_of(tokens):
    """The lines of a cell as what is written in them, without spaces and comments.

    >>> sorted(lines_of(tokens_of("x = 1\\ny  = x # twice")).values())
    ['x = 1', 'y = x']
    """
    lines = {}
    for token in tokens:
        lines.setdefault(token.line, []).append(token.text)
    return {line: " ".join(texts) for line, texts in lines.items()}


def hashes_of(tokens):
    """A hash for each run of K tokens, the same in every process.

    >>> len(hashes_of(tokens_of("a + b + c + d + e + f + g + h + i")))
    2
    """
    if len(tokens) < K:
        return np.zeros(0, np.uint64)
    codes = np.array([zlib.crc32(token.kind.encode("utf-8", "replace")) for token in tokens], np.uint64)
    powers = np.uint64(6364136223846793005) ** np.arange(K, dtype=np.uint64)
    hashes = (sliding_window_view(codes, K) * powers).sum(axis=1, dtype=np.uint64)
    hashes ^= hashes >> np.uint64(29)  # else the last token hardly changes the high bits, which decide what is smallest
    return hashes * np.uint64(0xBF58476D1CE4E5B9)


def picked(hashes):
    """The indices that winnowing keeps: of each WINDOW hashes the smallest, the last of them if there are several.

    >>> picked(np.array([5, 3, 9, 3, 8, 8, 9, 7], np.uint64)).tolist()
    [3]
    """
    if not len(hashes):
        return np.zeros(0, int)
    size = min(WINDOW, len(hashes))
    backwards = sliding_window_view(hashes, size)[:, ::-1]
    return np.unique(np.arange(len(backwards)) + size - 1 - backwards.argmin(axis=1))


def released(cells):
    """What is to be ignored, from the cells of the released notebooks.

    >>> released(["import numpy as np"]).lines
    frozenset({'import numpy as np'})
    """
    tokens = [tokens_of(cell) for cell in cells]
    lines = {line for cell in tokens for line in lines_of(cell).values()}
    hashes = np.unique(np.concatenate([hashes_of([]), *map(hashes_of, tokens)]))
    return Released(frozenset(cells), frozenset(lines), hashes)


def own(source, given):
    """The tokens of a cell that are in no line that was given, and in no run of K tokens that was, under other names.

    >>> [token.text for token in own("import numpy as np\\nx = 1", released(["import numpy as np"]))]
    ['x', '=', '1']
    """
    if source in given.cells:
        return []
    tokens = tokens_of(source)
    lines = lines_of(tokens)
    mine = np.array([lines[token.line] not in given.lines for token in tokens], bool)
    for start in np.flatnonzero(np.isin(hashes_of(tokens), given.hashes)):
        mine[start : start + K] = False
    return [token for token, is_mine in zip(tokens, mine) if is_mine]


def work_of(name, cells, given):
    """Somebody's code with its fingerprints, without what was given.

    >>> work = work_of("ada", ["import numpy as np\\nx = 1"], released(["import numpy as np"]))
    >>> len(work.tokens[0]), work.places
    (3, {})
    """
    work = Work(name, list(cells), given)
    for number, source in enumerate(cells):
        hashes = hashes_of(own(source, given))
        for index in picked(hashes).tolist():
            work.places.setdefault(int(hashes[index]), []).append((number, index))
    return work


@dataclass(frozen=True)
class Run:
    """Tokens that two works have in common: where the run begins in either, and how long it is."""

    size: int
    first: tuple  # (cell, index of the token)
    second: tuple


def stretched(mine, theirs, i, j):
    """Where a run of equal tokens begins that goes through index `i` here and `j` there, and how long it is.

    >>> stretched("xabcy", "abcz", 2, 1)
    (1, 3)
    """
    start, end = i, i
    while start and j - i + start and mine[start - 1] == theirs[j - i + start - 1]:
        start -= 1
    while end < len(mine) and j - i + end < len(theirs) and mine[end] == theirs[j - i + end]:
        end += 1
    return start, end - start


def within(run, other):
    """Whether a run lies in another one, on either side.

    >>> within(Run(3, (0, 5), (1, 0)), Run(9, (0, 1), (4, 4)))
    True
    """
    pairs = ((run.first, other.first), (run.second, other.second))
    return any(a[0] == b[0] and 0 <= a[1] - b[1] <= other.size - run.size for a, b in pairs)


def runs(first, second, most=12):
    """The longest runs of tokens that two works share, from the longest on; none lies in another.

    >>> code = "def f(a, b):\\n    return [a[i] + b[j] for i in range(3) for j in range(4)]"
    >>> [run.size for run in runs(work_of("ada", [code], Released()), work_of("bo", ["c = 2\\n" + code], Released()))]
    [34]
    """
    mine, theirs = ([[token.kind for token in cell] for cell in work.tokens] for work in (first, second))
    found, seen = [], {}  # how far the tokens were compared: (cell here, cell there, distance) -> index here
    shared = first.places.keys() & second.places.keys()
    seeds = sorted((place, key) for key in shared for place in first.places[key][:REPEATS])
    for (cell, i), seed in seeds:
        for other, j in second.places[seed][:REPEATS]:
            if i >= seen.get((cell, other, i - j), 0):
                start, size = stretched(mine[cell], theirs[other], i, j)
                seen[cell, other, i - j] = start + size
                found.append(Run(size, (cell, start), (other, j - i + start)))
    kept = []
    for run in sorted(found, key=lambda run: (-run.size, run.first, run.second)):
        if len(kept) < most and not any(within(run, other) for other in kept):
            kept.append(run)
    return kept
