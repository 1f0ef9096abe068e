"""The table of a network: rows as in the spec, sums as in the counts."""

from networks import UNSEEN, of_zoo

from cnncourse.architectures import build, count, names, read
from cnncourse.architectures.storage import memory
from cnncourse.architectures.tables import node_table, table


def test_the_rows_add_up_to_the_whole():
    for graph in [*(of_zoo(name) for name in names()), build(read(UNSEEN))]:
        for rows in (table(graph), node_table(graph)):
            total = count(graph)
            assert sum(row.trainable for row in rows) == total.trainable
            assert sum(row.fixed for row in rows) == total.fixed
            assert sum(row.macs for row in rows) == total.macs
            assert sum(row.flops for row in rows) == total.flops
            assert 4 * sum(row.kept for row in rows) == memory(graph).kept


def test_a_table_looks_like_the_one_of_the_paper():
    lines = str(table(of_zoo("ResNet-50"))).splitlines()
    assert lines[0].split() == ["row", "output", "shape", "trainable", "MACs", "FLOPs", "sees", "least"]
    assert [line.split()[0] for line in lines[1:]] == [
        *("input", "conv1", "pool1", "conv2", "conv3", "conv4", "conv5", "output", "total")
    ]
    assert "7 x 7 x 2048" in lines[7]
    assert lines[7].endswith("483 x 483  11 x 11")
    assert "25,557,032" in lines[-1]


def test_a_network_that_nobody_has_seen_has_a_table_too():
    lines = str(table(build(read(UNSEEN)))).splitlines()
    assert len(lines) == 1 + 7 + 1
    assert lines[3].split()[:6] == ["roads", "20", "x", "18", "x", "32"]
    assert lines[3].endswith("17 x 15    5 x 3")  # 5 x 3, then 2 steps of 2 pixels, then 4 of 2
    assert lines[4].endswith("all        5 x 3")


def test_nodes_have_a_table_of_their_own():
    graph = of_zoo("ResNet-18")
    rows = node_table(graph)
    assert [row.name for row in rows] == list(graph.nodes)
    assert next(row for row in rows if row.name == "conv1.conv").trainable == 7 * 7 * 3 * 64
