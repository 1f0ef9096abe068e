"""Networks as tables that people and programs can read (chapter ch06_architectures).

A network is written once, as a text (`notation`, `zoo`). `build` writes out its rows as a graph of plain nodes, and
each reader walks that graph: `count` (parameters, MACs, FLOPs), `fields` (what is seen), `memory`, `table`, `draw`,
`to_keras`, `to_numpy`. What others have published about the networks of the zoo is in `published`.

>>> table(build(read('''
... network Smallest
... input 28 28 1
... conv 5x5 4 stride=2 -> relu
... global_avg_pool -> dense 10
... ''')))
row               output shape       trainable           MACs          FLOPs   sees       least
input             28 x 28 x 1                0              0              0   1 x 1      1 x 1
conv              14 x 14 x 4              104         19,600         39,984   5 x 5      5 x 5
global_avg_pool   10                        50             40            864   all        all
total                                      154         19,640         40,848
"""

from cnncourse.architectures.counting import Count, count, counts
from cnncourse.architectures.drawing import draw
from cnncourse.architectures.exploring import explorer
from cnncourse.architectures.graph import Graph, Node, build
from cnncourse.architectures.keras_model import to_keras
from cnncourse.architectures.literature import Published, published, sources
from cnncourse.architectures.notation import Spec, read_all
from cnncourse.architectures.numpy_network import to_numpy
from cnncourse.architectures.receptive_fields import Field, field_at, fields
from cnncourse.architectures.storage import Memory, kept_numbers, memory
from cnncourse.architectures.tables import Table, TableRow, node_table, table
from cnncourse.architectures.zoo import named, names, read

__all__ = [
    "Count",
    "Field",
    "Graph",
    "Memory",
    "Node",
    "Published",
    "Spec",
    "Table",
    "TableRow",
    "build",
    "count",
    "counts",
    "draw",
    "explorer",
    "field_at",
    "fields",
    "kept_numbers",
    "memory",
    "named",
    "names",
    "node_table",
    "published",
    "read",
    "read_all",
    "sources",
    "table",
    "to_keras",
    "to_numpy",
]
