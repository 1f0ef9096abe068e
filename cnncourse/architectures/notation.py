"""A network as a table in text, read into plain data.

::

    network Two roads                       # everything behind a # is a remark
    input 32 32 3                           # height, width, channels
    f = 16                                  # a setting: `build(spec, f=32)` changes it
    block unit(k, f, s=1)                   # rows that stand for themselves wherever their name is written
        conv k f stride=s bias=no -> batch_norm -> relu
    unit 3x3 f
    roads: concat                           # a label, and paths that part here and come together again
      | unit 1x1 f
      | unit 1x1 f/2 -> unit 3x3 f          # one after the other
        unit 3x3 f                          # a path goes on in the rows that are written below its first word
    unit 3x3 2*f stride=2  x 3 if f > 8     # three of them, but only under a condition
    global_avg_pool -> dense 10 -> softmax

`cnncourse.architectures.vocabulary` has the words, `cnncourse.architectures.expressions` the arithmetic. A row with no
``padding`` pads as much as "same" does. ``network B like A`` takes everything over from A; what it writes itself,
settings or blocks, replaces A's, and rows of its own replace all of A's rows.
"""

import re
from dataclasses import asdict, dataclass, field

NAME = r"[A-Za-z_]\w*"
TAKEN = {"C", "H", "W"}  # in an expression, the shape that has been reached
HEAD = re.compile(r"network\s+(?P<name>\S.*?)(?:\s+like\s+(?P<like>\S.*))?$")
SETTING = re.compile(rf"(?P<names>{NAME}(?:\s+{NAME})*)\s+=\s+(?P<values>\S.*)$")  # an option has no spaces
BLOCK = re.compile(rf"block\s+(?P<name>{NAME})\s*(?:\((?P<arguments>[^)]*)\))?$")
LABEL = re.compile(r"(?P<label>[\w.-]+)\s*:\s+(?P<row>.*)$")
OPTION = re.compile(rf"(?P<name>{NAME})=(?P<value>[^=].*)$")


@dataclass(frozen=True)
class Item:
    """One word of a row with what stands behind it: ``conv 3x3 64 stride=2``."""

    word: str
    arguments: tuple = ()  # expressions, as text
    options: dict = field(default_factory=dict)  # name -> expression

    def __str__(self):
        return " ".join([self.word, *self.arguments, *(f"{k}={v}" for k, v in self.options.items())])


@dataclass(frozen=True)
class Line:
    """One row: its items one after the other, `times` over, if `condition` holds; or the paths below its one word."""

    items: tuple
    number: int  # in the text, for messages
    label: str = ""
    times: str = "1"
    condition: str = ""
    paths: tuple = ()  # each a tuple of Line


@dataclass(frozen=True)
class Block:
    """Rows with a name, and arguments of their own."""

    arguments: dict  # name -> the expression it has where the call gives none, or None
    rows: tuple


@dataclass(frozen=True)
class Spec:
    """A network as it was written: `cnncourse.architectures.graph.build` makes nodes of it."""

    name: str
    input: tuple  # expressions: height, width, channels
    settings: dict  # name -> expression
    blocks: dict  # name -> Block
    rows: tuple
    text: str

    def data(self):
        """The same as dicts, lists and strings: what JSON can hold."""
        return asdict(self)


def read_all(text, known=None):
    """The specs of a text that has several, one after the other, by name.

    Parameters
    ----------
    text : str, as this module explains it.
    known : dict of Spec, those that ``like`` may name besides those of the text itself.

    >>> specs = read_all('''
    ... network Small
    ... input 8 8 1
    ... f = 4
    ... conv 3x3 f -> relu
    ... network Wide like Small
    ... f = 64
    ... ''')
    >>> specs["Wide"].settings, specs["Wide"].rows == specs["Small"].rows
    ({'f': '64'}, True)
    """
    parts, specs = [], {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#")[0].rstrip()
        if re.match(r"network\s", line):
            parts.append([])
        if line and not parts:
            raise ValueError(f"line {number}, {line.strip()!r}: a spec starts with a line such as 'network My-Net'")
        if line:
            parts[-1].append((number, line))
    if not parts:
        raise ValueError("the text is empty: a spec starts with a line such as 'network My-Net'")
    for lines in parts:
        spec = _spec(lines, {**(known or {}), **specs})
        specs[spec.name] = spec
    return specs


def _spec(lines, known):
    head = _match(HEAD, *lines[0], "network My-Net, or network My-Net like ResNet-50")
    base = None
    if head["like"]:
        if head["like"] not in known:
            names = ", ".join(known) or "none"
            raise ValueError(f"line {lines[0][0]}: there is no network {head['like']!r} to be like; known are {names}")
        base = known[head["like"]]
    shape = base.input if base else None
    settings, blocks = (dict(base.settings), dict(base.blocks)) if base else ({}, {})
    rows, at = [], 1
    while at < len(lines):
        number, line = lines[at]
        if line[0].isspace() and not line.strip().startswith("|"):
            raise ValueError(f"line {number}, {line.strip()!r}: only the rows of a block or a path are indented")
        below = _below(lines, at, 0)
        if line.startswith("input "):
            shape = tuple(line.split()[1:])
            if len(shape) != 3:
                raise ValueError(f"line {number}, {line!r}: height, width and channels are needed: input 224 224 3")
        elif line.startswith("block "):
            block = _match(BLOCK, number, line, "block unit(k, f, s=1)")
            if not below:
                raise ValueError(f"line {number}, {line!r}: the rows of a block stand below it, indented")
            blocks[block["name"]] = Block(_arguments(block["arguments"], number, line), _rows(below))
        elif not below and (setting := SETTING.match(line)):
            names, values = setting["names"].split(), setting["values"].split()
            _free(names, number, line)
            if len(names) != len(values):
                raise ValueError(f"line {number}, {line!r}: {len(names)} names, but {len(values)} values")
            settings.update(zip(names, values))
        else:
            rows.extend(_rows(lines[at : at + 1 + len(below)]))
        at += 1 + (len(below) if not line.startswith("input ") else 0)
    rows = tuple(rows) or (base.rows if base else ())
    if not shape or not rows:
        raise ValueError(f"network {head['name']}: {'rows' if shape else 'a line such as input 224 224 3'} are missing")
    text = "\n".join(line for _, line in lines)
    return Spec(head["name"], shape, settings, blocks, rows, text)


def _match(pattern, number, line, like):
    found = pattern.match(line.strip())
    if not found:
        raise ValueError(f"line {number}, {line.strip()!r}: this should look like {like!r}")
    return found


def _arguments(text, number, line):
    arguments = {}
    for part in filter(None, (part.strip() for part in (text or "").split(","))):
        name, _, default = (piece.strip() for piece in part.partition("="))
        if not re.fullmatch(NAME, name):
            raise ValueError(f"line {number}, {line!r}: {part!r} is no argument, such as f or s=1")
        arguments[name] = default or None
    _free(arguments, number, line)
    return arguments


def _free(names, number, line):
    if taken := sorted(TAKEN & set(names)):
        raise ValueError(f"line {number}, {line!r}: {taken[0]} is the shape that has been reached: take another name")


def _indent(line):
    return len(line) - len(line.lstrip())


def _below(lines, at, indent):
    """The lines after `at` that are indented by more than `indent`."""
    end = at + 1
    while end < len(lines) and _indent(lines[end][1]) > indent:
        end += 1
    return lines[at + 1 : end]


def _rows(lines):
    rows, at = [], 0
    while at < len(lines):
        number, line = lines[at]
        if line.strip().startswith("|"):
            raise ValueError(f"line {number}, {line.strip()!r}: a path needs a row above it that parts, such as concat")
        below = _below(lines, at, _indent(line))
        rows.append(_row(number, line.strip(), _paths(below, line)))
        at += 1 + len(below)
    return tuple(rows)


def _paths(lines, parent):
    """Each "|" starts a path; the rows written below its first word belong to it."""
    paths, at = [], 0
    while at < len(lines):
        number, line = lines[at]
        if not line.strip().startswith("|"):
            raise ValueError(f"line {number}, {line.strip()!r}: below {parent.strip()!r} each path starts with |")
        below = _below(lines, at, _indent(line))
        first = line.replace("|", " ", 1)  # its words stay in their columns
        paths.append(_rows([(number, first), *below] if first.strip() else below))
        at += 1 + len(below)
    return tuple(paths)


def _row(number, text, paths):
    label = LABEL.match(text)
    label, rest = (label["label"], label["row"]) if label else ("", text)
    rest, _, condition = rest.partition(" if ")
    rest, _, times = rest.partition(" x ")
    items = tuple(_item(part.strip(), number, text) for part in rest.split("->"))
    if paths and len(items) > 1:
        raise ValueError(f"line {number}, {text!r}: paths stand below a row of one word, such as add")
    return Line(items, number, label, times.strip() or "1", condition.strip(), paths)


def _item(text, number, row):
    word, *rest = text.split() or [""]
    if not re.fullmatch(NAME, word):
        raise ValueError(f"line {number}, {row!r}: {word!r} is no word, such as conv, where one is needed")
    arguments, options = [], {}
    for part in rest:
        if option := OPTION.match(part):
            options[option["name"]] = option["value"]
        elif options:
            raise ValueError(f"line {number}, {row!r}: {part!r} stands behind {' '.join(options)}=; options come last")
        else:
            arguments.append(part)
    return Item(word, tuple(arguments), options)
