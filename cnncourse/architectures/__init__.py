"""Networks as tables that can be read by people and programs (chapter ch06_architectures)."""

from cnncourse.architectures.counts import Count, count, counts
from cnncourse.architectures.graph import Graph, Node, build
from cnncourse.architectures.notation import Spec, read_all
from cnncourse.architectures.zoo import named, names, read

__all__ = ["Count", "Graph", "Node", "Spec", "build", "count", "counts", "named", "names", "read", "read_all"]
