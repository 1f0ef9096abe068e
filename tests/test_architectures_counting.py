"""Parameters, MACs and FLOPs: by hand, by counting what a loop does, and as the layers of the course count."""

from collections import Counter
from itertools import product

import pytest
from networks import UNSEEN, of_zoo, with_word

from cnncourse.architectures import Count, build, count, counts, named, names, read
from cnncourse.architectures.numpy_network import to_numpy
from cnncourse.architectures.vocabulary import WORDS


def one(row, shape="6 5 4"):
    """The count of the last node of a network of one row."""
    return list(counts(build(read(f"network N\ninput {shape}\n{row}"))).values())[-1]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # 3*3*4 products and 35 sums for each of 6*5*7 outputs; the bias is one more
        ("conv 3x3 7", Count(7 * 37, 0, 210 * 36, 210 * 72)),
        ("conv 3x3 7 bias=no", Count(7 * 36, 0, 210 * 36, 210 * 71)),
        ("conv 3x3 6 groups=2 stride=2", Count(6 * 19, 0, 3 * 3 * 6 * 18, 3 * 3 * 6 * 36)),
        ("conv 2x3 7 padding=valid dilation=2", Count(7 * 25, 0, 4 * 1 * 7 * 24, 4 * 1 * 7 * 48)),
        ("depthwise_conv 3x3 multiplier=2", Count(8 * 10, 0, 240 * 9, 240 * 18)),
        ("sparse_conv 1x1 maps=0,13,0123", Count(1 + 2 + 4 + 3, 0, 30 * 7, 30 * (2 + 4 + 8))),
        ("dense 7", Count(35, 0, 30 * 7 * 4, 30 * 7 * 8)),
        ("flatten -> dense 7 bias=no", Count(840, 0, 840, 7 * 239)),
        ("flatten -> rbf 3", Count(0, 360, 360, 3 * (120 + 120 + 119))),
        ("batch_norm", Count(8, 8, 0, 240)),
        ("batch_norm scale=no", Count(4, 8, 0, 240)),
        ("layer_norm", Count(8, 0, 0, 7 * 120)),
        ("scale bias=yes", Count(8, 0, 120, 240)),
        ("scale", Count(4, 0, 120, 120)),
        ("local_response_norm 5", Count(0, 0, 0, 120 * 9)),
        ("max_pool 3x2", Count(0, 0, 0, 2 * 3 * 4 * 5)),
        ("avg_pool 3x2", Count(0, 0, 0, 2 * 3 * 4 * 6)),
        ("global_avg_pool", Count(0, 0, 0, 120)),
        ("relu", Count(0, 0, 0, 120)),
        ("softmax", Count(0, 0, 0, 360)),
        ("dropout 0.5", Count(0, 0, 0, 0)),
        ("add\n  | relu\n  | tanh\n  | identity", Count(0, 0, 0, 240)),
        ("multiply\n  | identity\n  | global_avg_pool", Count(0, 0, 0, 120)),
        ("concat\n  | relu\n  | identity", Count(0, 0, 0, 0)),
        ("tokens -> class_token", Count(4, 0, 0, 0)),
        ("tokens -> positions", Count(120, 0, 0, 120)),
    ],
)
def test_a_count_is_what_one_counts_by_hand(row, expected):
    assert one(row) == expected


def test_attention_is_counted_as_a_loop_would_do_it():
    tokens, channels, heads = 30, 4, 2
    done = Counter()

    def dot(length):
        done["macs"] += length
        done["flops"] += 2 * length - 1

    for _ in product(range(4), range(tokens), range(channels)):  # queries, keys, values, output
        dot(channels)
        done["flops"] += 1  # the bias
    for _ in product(range(heads), range(tokens), range(tokens)):  # each pair: a score
        dot(channels // heads)
        done["flops"] += 1 + 3  # divided by a root; exp, add, divide
    for _ in product(range(tokens), range(channels)):  # each mixed value: a sum over the tokens
        dot(tokens)
    parameters = 4 * (channels * channels + channels)
    assert one("tokens -> attention 2") == (parameters, 0, done["macs"], done["flops"])


@pytest.mark.parametrize("name", ["LeNet-5", "NiN"])
def test_plain_stacks_count_as_many_as_the_layers_of_the_course(name):
    graph = build(named(name), 67 if name == "NiN" else None)
    network = to_numpy(graph)
    assert count(graph).trainable == network.count_params()
    assert count(graph).macs == sum(row.macs for row in network.summary())


def test_flops_are_not_twice_the_macs_but_near_it_where_convolutions_do_the_work():
    for name in names():
        total = count(of_zoo(name))
        assert 2 * total.macs < total.flops * 1.001
        assert total.flops < 2.2 * total.macs, name
    assert count(of_zoo("VGG-16")).flops / count(of_zoo("VGG-16")).macs < 2.01


def test_every_word_of_the_vocabulary_is_counted():
    for name in WORDS:
        assert min(count(with_word(name))) >= 0


def test_the_whole_is_the_sum_of_its_nodes_also_for_a_network_that_nobody_has_seen():
    graph = build(read(UNSEEN))
    each = counts(graph)
    assert list(each) == list(graph.nodes)
    total = count(graph)
    assert total == tuple(map(sum, zip(*each.values())))
    assert total.parameters == total.trainable + total.fixed
    assert each["stem.conv"].trainable == 5 * 3 * 3 * 8
    assert each["roads.conv"].trainable == 8 * 8
    assert each["roads.conv_2"].trainable == 3 * 3 * 8 * 8
    assert each["roads.depthwise_conv"].trainable == 16 * 10
    assert each["gated.dense"].trainable == 32 * 16 + 16
    assert each["skips.conv_2"].trainable == 7 * 16 // 4 * 32
    assert each["output.dense"].trainable == 16 * 5 + 5
