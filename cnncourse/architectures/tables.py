"""A network as the table of a paper: for each row its shape, its costs, and what it sees."""

from math import prod
from typing import NamedTuple

from cnncourse.architectures.counting import NOTHING, counts
from cnncourse.architectures.receptive_fields import fields
from cnncourse.architectures.storage import kept_numbers

EVERYTHING = "all"


class TableRow(NamedTuple):
    """One row of a spec, or one node."""

    name: str
    shape: tuple  # of its output
    trainable: int
    fixed: int
    macs: int
    flops: int
    outputs: int  # numbers of one image that its nodes write
    kept: int  # of them, those that wait for the backward pass
    widest: tuple | None  # what it sees: a ReceptiveField each for height and width
    narrowest: tuple | None


class Table(list):
    """Rows that print as a table."""

    def __repr__(self):
        width = max(len(row.name) for row in self) + 2
        line = f"{{:<{width}}}{{:<16}}{{:>12}}{{:>15}}{{:>15}}   {{:<11}}{{}}".format
        lines = [line("row", "output shape", "trainable", "MACs", "FLOPs", "sees", "least")]
        for row in self:
            shape, seen = " x ".join(map(str, row.shape)), (sees(row.widest), sees(row.narrowest))
            lines.append(line(row.name, shape, *(f"{n:,}" for n in (row.trainable, row.macs, row.flops)), *seen))
        totals = (f"{sum(column):,}" for column in zip(*[(row.trainable, row.macs, row.flops) for row in self]))
        return "\n".join(text.rstrip() for text in [*lines, line("total", "", *totals, "", "")])

    __str__ = __repr__


def sees(field):
    """What is seen along height and width, as a table writes it.

    >>> sees(None)
    'all'
    """
    return EVERYTHING if field is None else "{:g} x {:g}".format(*(along.size for along in field))


def table(graph):
    """One `TableRow` for each row of the spec.

    >>> from cnncourse.architectures import build, named
    >>> table(build(named("LeNet-5")))
    row      output shape       trainable           MACs          FLOPs   sees       least
    input    32 x 32 x 1                0              0              0   1 x 1      1 x 1
    conv1    28 x 28 x 6              156        117,600        239,904   5 x 5      5 x 5
    pool1    14 x 14 x 6                0              0          3,528   6 x 6      6 x 6
    conv2    10 x 10 x 16           2,416        240,000        481,600   14 x 14    14 x 14
    pool2    5 x 5 x 16                 0              0          1,200   16 x 16    16 x 16
    flatten  400                        0              0              0   all        all
    fc1      120                   48,120         48,000         96,120   all        all
    fc2      84                    10,164         10,080         20,244   all        all
    fc3      10                       850            840          1,710   all        all
    total                          61,706        416,520        844,306
    """
    return _table(graph, graph.rows)


def node_table(graph):
    """One `TableRow` for each node.

    >>> from cnncourse.architectures import build, named
    >>> node_table(build(named("LeNet-5")))[1].name
    'conv1.conv'
    """
    return _table(graph, {node.name: [node] for node in graph})


def _table(graph, rows):
    counted, seen, kept = counts(graph), fields(graph), kept_numbers(graph)
    table = Table()
    for name, nodes in rows.items():
        field = seen[nodes[-1].name]
        outputs, waiting = sum(prod(node.shape) for node in nodes), sum(kept[node.name] for node in nodes)
        costs = sum((counted[node.name] for node in nodes), NOTHING)
        table.append(TableRow(name, nodes[-1].shape, *costs, outputs, waiting, field.widest, field.narrowest))
    return table
