"""What others have published about the networks of the zoo, and what the readers of this package say to it.

The numbers and where they stand are in ``published.json``. A number is held to what is computed from the spec:
parameters, fields and the like to the unit, MACs to 1 %. Where a published number is further away than that, the file
says so (``differs``, relative to what is published) and why.
"""

import json
from functools import cache
from math import prod
from pathlib import Path
from typing import NamedTuple

from cnncourse.architectures.counting import count, counts
from cnncourse.architectures.graph import build
from cnncourse.architectures.receptive_fields import fields
from cnncourse.architectures.zoo import named

FILE = Path(__file__).with_name("published.json")
WITHIN = {"macs": 0.01, "mebibytes": 0.01}  # relative; all else is exact


class Published(NamedTuple):
    """One number."""

    network: str
    what: str  # "trainable", "parameters", "macs", "field", "jump", "padding", "neurons", "connections", "mebibytes"
    value: float
    source: str  # a key of `sources`
    at: str = ""  # the row, or "" for the whole network; fields and MACs are those up to the row
    settings: dict = {}  # noqa: RUF012 - other than the spec's own
    size: int | None = None  # of the images, where not the spec's own
    heads: bool = False  # with the heads that only training uses
    adds: int = 0  # what an implementation has besides
    differs: float = 0.0
    note: str = ""

    @property
    def computed(self):
        """What comes from the spec."""
        return computed(self)

    @property
    def agrees(self):
        """Is what comes from the spec what was published?"""
        return abs(self.computed - self.value) <= WITHIN.get(self.what, 0) * self.value


@cache
def _file():
    return json.loads(FILE.read_text(encoding="utf-8"))


def sources():
    """key -> citation, and where to look: an address, or a key of the book's references.

    >>> sources()["howard"]["key"]
    'howard2017mobilenets'
    """
    return _file()["sources"]


def published(network=None):
    """All numbers, or those about one network.

    >>> number = published("AlexNet")[0]
    >>> number.what, number.value, number.source, number.agrees
    ('trainable', 61100840, 'torchvision', True)
    """
    numbers = [Published(**entry) for entry in _file()["numbers"]]
    return [number for number in numbers if network in (None, number.network)]


def computed(number):
    """The number that the readers of this package find for a published one.

    >>> computed(published("ResNet-18")[0])
    11689512
    """
    settings = {name: tuple(value) if isinstance(value, list) else value for name, value in number.settings.items()}
    graph = _graph(number.network, number.size, tuple(settings.items()))
    graph = graph if number.heads else graph.main()
    row = [node.name for node in graph.rows[number.at]] if number.at else list(graph.nodes)
    match number.what:
        case "trainable" | "parameters":
            counted = counts(graph)
            return sum(getattr(counted[name], number.what) for name in row) + number.adds
        case "mebibytes":
            return 4 * count(graph).parameters / 2**20
        case "macs":
            return count(graph.up_to(number.at) if number.at else graph).macs
        case "neurons":
            return max(prod(graph.nodes[name].shape) for name in row)
        case "connections":
            return sum(_connections(graph, graph.nodes[name]) for name in row)
    along = fields(graph)[row[-1]].widest[0]
    if number.what == "padding":  # how far the first window begins before the image, as Araujo et al. define it
        return (along.size - 1) / 2 - along.start
    return {"field": along.size, "jump": along.jump}[number.what]


@cache
def _graph(network, size, settings):
    return build(named(network), size, **dict(settings))


def _connections(graph, node):
    """As LeCun et al. count: each product, and each bias; a mean of four is four connections."""
    if node.op == "avg_pool":
        return prod(node.shape) * prod(node.options["kernel"])
    if node.op == "scale":
        return prod(node.shape)
    return counts(graph)[node.name].macs + prod(node.shape) * node.options.get("bias", False)
