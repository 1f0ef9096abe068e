"""A spec with all its rows written out: plain nodes, in an order in which each comes after its inputs."""

from dataclasses import asdict, dataclass, field
from functools import partial

from cnncourse.architectures.expressions import evaluate
from cnncourse.architectures.notation import Spec
from cnncourse.architectures.vocabulary import JOINS, PADDINGS, RAW, WORDS, joined
from cnncourse.arguments import per_axis

DEEPEST = 20  # blocks within blocks
LARGEST = 20_000  # nodes


@dataclass(frozen=True)
class Node:
    """One operation."""

    name: str
    op: str  # a word of `vocabulary`, "input", or one that joins
    inputs: tuple  # names of nodes
    shape: tuple  # of its output, for one image
    options: dict = field(default_factory=dict)  # every knob, with its value
    row: str = ""  # the row of the table that it comes from: its label, or its first word with a number
    blocks: tuple = ()  # the blocks it stands in, from the outside in, as they were called


@dataclass(frozen=True)
class Graph:
    """Nodes by name; each stands behind its inputs.

    Attributes
    ----------
    outputs : dict from the name of a head ("main" is the last row) to the name of a node.
    parts : the same nodes as they were written, row by row, for drawings: dict from the name of a row to a list of
        ``{"node": name}``, ``{"join": name, "paths": lists}``, ``{"block": call, "parts": list}`` and
        ``{"output": head, "parts": list}``.
    """

    name: str
    nodes: dict
    outputs: dict
    spec: Spec
    parts: dict

    def __iter__(self):
        return iter(self.nodes.values())

    def inputs(self, node):
        """The nodes that a node reads."""
        return [self.nodes[name] for name in node.inputs]

    @property
    def input(self):
        return next(iter(self))

    @property
    def output(self):
        return self.nodes[self.outputs["main"]]

    @property
    def rows(self):
        """The nodes of each row of the table, by the row's name."""
        rows = {}
        for node in self:
            rows.setdefault(node.row, []).append(node)
        return rows

    def users(self):
        """For each node's name, the nodes that read it."""
        users = {name: [] for name in self.nodes}
        for node in self:
            for name in node.inputs:
                users[name].append(node)
        return users

    def up_to(self, name):
        """The part of the network that a node, or the last node of a row, depends on.

        >>> from cnncourse.architectures.zoo import named
        >>> [node.name for node in build(named("LeNet-5")).up_to("pool1")]
        ['input', 'conv1.conv', 'conv1.relu', 'pool1.max_pool']
        """
        name = self.end_of(name)
        wanted = {name}
        for node in reversed(self.nodes.values()):
            wanted.update(node.inputs if node.name in wanted else ())
        nodes = {key: node for key, node in self.nodes.items() if key in wanted}
        parts = {row: left for row, parts in self.parts.items() if (left := _left(parts, nodes))}
        return Graph(self.name, nodes, {"main": name}, self.spec, parts)

    def main(self):
        """The network without the heads that only training uses."""
        return self.up_to(self.outputs["main"])

    def end_of(self, name):
        """The name of a node: `name` itself, or the last node of the row with that name."""
        if name in self.nodes:
            return name
        if name not in self.rows:
            raise ValueError(f"{self.name} has no node or row {name!r}; its rows are {', '.join(self.rows)}")
        return self.rows[name][-1].name

    def data(self):
        """The same as dicts, lists, strings and numbers: what JSON can hold."""
        nodes = [asdict(node) for node in self]
        return {"name": self.name, "outputs": dict(self.outputs), "nodes": nodes, "parts": self.parts}


def _left(parts, nodes):
    """Those parts whose nodes are there."""
    left = []
    for part in parts:
        if "parts" in part:
            inner = _left(part["parts"], nodes)
            left.extend([{**part, "parts": inner}] if inner else [])
        elif part.get("join", part.get("node")) in nodes:
            left.append(part)
        elif "join" in part:  # it ends inside one of the paths
            left.extend(found[-1] for path in part["paths"] if (found := _left(path, nodes)))
    return left


def build(spec, size=None, **settings):
    """Write out the rows of a spec.

    Parameters
    ----------
    spec : Spec, from `read` or `named`.
    size : int or (height, width) of the images, instead of the spec's own.
    settings : other values for the settings of the spec.

    >>> from cnncourse.architectures.zoo import read
    >>> graph = build(read('''
    ... network Small
    ... input 8 8 1
    ... f = 4
    ... conv 3x3 f -> relu
    ... add
    ...   | conv 3x3 f
    ...   | identity
    ... '''), f=6)
    >>> [(node.op, node.shape) for node in graph][1:]
    [('conv', (8, 8, 6)), ('relu', (8, 8, 6)), ('conv', (8, 8, 6)), ('add', (8, 8, 6))]
    """
    if not isinstance(spec, Spec):
        raise ValueError(f"spec is {spec!r}, but a Spec is needed, such as named('ResNet-18') or read(text)")
    unknown = settings.keys() - spec.settings.keys()
    if unknown:
        known = ", ".join(spec.settings) or "none"
        raise ValueError(f"{spec.name} has no setting {', '.join(sorted(unknown))}; it has {known}")
    return _Builder(spec, size, settings).build()


class _Builder:
    """Walks the rows, and keeps where it stands: the node that was written last."""

    def __init__(self, spec, size, settings):
        self.spec, self.nodes, self.outputs = spec, {}, {}
        self.names = {}
        for name, text in spec.settings.items():
            self.names[name] = settings[name] if name in settings else self.value(text, self.names, f"{name} = {text}")
        shape = tuple(self.value(text, self.names, "input") for text in spec.input)
        if size is not None:
            shape = (*per_axis(size, 2, "size"), shape[-1])
        self.row, self.counts, self.blocks = "input", {}, ()
        self.parts, self.written = [{"node": "input"}], {}
        self.written["input"] = self.parts
        self.nodes["input"] = Node("input", "input", (), per_axis(shape, 3, "input"), row="input")
        self.here = "input"

    def build(self):
        for line in self.spec.rows:
            self.line(line, self.names, top=True)
        self.outputs["main"] = self.here
        return Graph(self.spec.name, self.nodes, self.outputs, self.spec, {k: v for k, v in self.written.items() if v})

    def aside(self, walk):
        """What `walk` writes, as a list of parts of its own."""
        outside, self.parts = self.parts, []
        walk()
        inside, self.parts = self.parts, outside
        return inside

    # --- rows ---------------------------------------------------------------------------------------------------------

    def line(self, line, names, top=False):
        where = f"{self.spec.name}, line {line.number}, {' -> '.join(map(str, line.items))!r}"
        if line.condition and not self.value(line.condition, self.now(names), where):
            return
        times = self.value(line.times, self.now(names), where)
        if not isinstance(times, int) or not 0 <= times <= LARGEST:
            raise ValueError(f"{where}: repeated {times!r} times, but a whole number up to {LARGEST:,} is needed")
        if top and times:
            self.row = self.unique(line.label or line.items[0].word, self.counts)
            self.parts = self.written[self.row] = []
        for _ in range(times):
            if line.paths:
                self.paths(line, names, where)
            else:
                for item in line.items:
                    self.item(item, names, where)

    def item(self, item, names, where):
        if item.word in self.spec.blocks:
            self.call(item, names, where)
        elif item.word in WORDS:
            word = WORDS[item.word]
            options = self.bound(item, word.arguments, word.options, names, where)
            try:
                shape = word.shape(self.nodes[self.here].shape, options)
            except ValueError as error:
                raise ValueError(f"{where}: {error}") from None
            self.add(item.word, (self.here,), shape, options)
        elif item.word in (*JOINS, "output"):
            raise ValueError(f"{where}: the paths of {item.word} stand below it, each with | in front")
        else:
            known = ", ".join([*self.spec.blocks, *WORDS, *JOINS, "output"])
            raise ValueError(f"{where}: there is no word or block {item.word!r}; there are {known}")

    def call(self, item, names, where):
        block = self.spec.blocks[item.word]
        if len(self.blocks) >= DEEPEST:
            raise ValueError(f"{where}: blocks stand {DEEPEST} deep in each other here; does one of them call itself?")
        needed = tuple(name for name, default in block.arguments.items() if default is None)
        given = self.bound(item, tuple(block.arguments), {}, names, where, needed)
        inner = {**self.names}
        for name, default in block.arguments.items():
            inner[name] = given[name] if name in given else self.value(default, self.now(inner), where)
        shown = [item.word, *(shown_value(inner[name]) for name in block.arguments if name in given)]
        outside, self.blocks = self.blocks, (*self.blocks, " ".join(shown))
        parts = self.aside(lambda: self.lines(block.rows, inner))
        self.parts.append({"block": self.blocks[-1], "parts": parts})
        self.blocks = outside

    def lines(self, lines, names):
        for line in lines:
            self.line(line, names)

    def paths(self, line, names, where):
        item, start = line.items[0], self.here
        if item.word not in (*JOINS, "output"):
            raise ValueError(f"{where}: paths can stand below {', '.join(JOINS)} or output, not below {item.word!r}")
        if item.options or len(item.arguments) != (item.word == "output"):
            raise ValueError(f"{where}: this should be {item.word}{' and a name' * (item.word == 'output')} alone")
        ends, paths = [], []
        for path in line.paths:
            self.here = start
            paths.append(self.aside(partial(self.lines, path, names)))
            ends.append(self.here)
        if item.word == "output":
            if len(ends) != 1 or ends[0] == start:
                raise ValueError(f"{where}: an output has one path, which is not empty")
            self.outputs[item.arguments[0]], self.here = ends[0], start
            self.parts.append({"output": item.arguments[0], "parts": paths[0]})
            return
        if len(ends) < 2:
            raise ValueError(f"{where}: {item.word} needs at least two paths, but there is one")
        try:
            shape = joined(item.word, [self.nodes[end].shape for end in ends])
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
        self.add(item.word, tuple(ends), shape, {})
        self.parts[-1] = {"join": self.here, "paths": paths}

    # --- values -------------------------------------------------------------------------------------------------------

    def now(self, names):
        """The names that an expression may use: settings, arguments, and the shape that has been reached."""
        shape = self.nodes[self.here].shape
        return {**names, "C": shape[-1], **dict(zip("HW", shape if len(shape) == 3 else ()))}

    def value(self, text, names, where):
        try:
            return text if text in PADDINGS else evaluate(text, names)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None

    def bound(self, item, arguments, defaults, names, where, needed=None):
        """name -> value, from what a row says, what the word takes, and what is usual."""
        if len(item.arguments) > len(arguments):
            takes = " ".join(arguments) or "no arguments"
            raise ValueError(f"{where}: {item.word} takes {takes}, but {' '.join(item.arguments)} came")
        texts = dict(zip(arguments, item.arguments))
        for name, text in item.options.items():
            if name not in (*arguments, *defaults):
                raise ValueError(f"{where}: {item.word} has no {name}=; it has {', '.join([*arguments, *defaults])}")
            if name in texts:
                raise ValueError(f"{where}: {item.word} is told {name} twice")
            texts[name] = text
        missing = [name for name in (arguments if needed is None else needed) if name not in texts]
        if missing:
            raise ValueError(f"{where}: {item.word} needs {' and '.join(missing)}")
        now = self.now(names)
        return {**defaults, **{k: text if k in RAW else self.value(text, now, where) for k, text in texts.items()}}

    # --- nodes --------------------------------------------------------------------------------------------------------

    def unique(self, word, counts):
        counts[word] = counts.get(word, 0) + 1
        return word if counts[word] == 1 else f"{word}_{counts[word]}"

    def add(self, op, inputs, shape, options):
        if op == "identity":
            return  # it only says that a path is empty
        if len(self.nodes) >= LARGEST:
            raise ValueError(f"{self.spec.name} has more than {LARGEST:,} nodes")
        name = self.unique(f"{self.row}.{op}", self.counts)
        self.nodes[name] = Node(name, op, inputs, shape, options, self.row, self.blocks)
        self.here = name
        self.parts.append({"node": name})


def shown_value(value):
    """A value as a spec writes it.

    >>> shown_value((1, 7)), shown_value(True), shown_value(64)
    ('1x7', 'yes', '64')
    """
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
