"""From rows to nodes: what a spec says, written out; and what is wrong with it, in words."""

import json

import pytest
from networks import UNSEEN, of_zoo

from cnncourse.architectures import build, names, read
from cnncourse.architectures.vocabulary import JOINS, WORDS

HEAD = "network N\ninput 8 6 4\n"


def graph_of(rows, size=None, **settings):
    return build(read(HEAD + rows), size, **settings)


def test_each_node_stands_behind_its_inputs_and_has_every_knob():
    for name in names():
        graph, seen = of_zoo(name), set()
        for node in graph:
            assert seen.issuperset(node.inputs), node
            assert node.op in ("input", *JOINS) or node.options.keys() >= {
                *WORDS[node.op].arguments,
                *WORDS[node.op].options,
            }
            seen.add(node.name)
        assert set(graph.outputs.values()) <= seen
        assert sum(len(nodes) for nodes in graph.rows.values()) == len(graph.nodes)


def test_a_spec_of_twenty_lines_that_nobody_has_seen_is_written_out():
    assert len(UNSEEN.strip().splitlines()) <= 24
    graph = build(read(UNSEEN))
    shapes = {row: nodes[-1].shape for row, nodes in graph.rows.items()}
    assert shapes == {
        "input": (40, 36, 3),
        "stem": (20, 18, 8),
        "roads": (20, 18, 32),
        "gated": (20, 18, 32),
        "skips": (20, 18, 32),
        "down": (12, 11, 16),
        "output": (5,),
    }
    assert graph.nodes["roads.concat"].inputs == ("roads.relu", "roads.depthwise_conv", "roads.relu_3")
    assert graph.nodes["skips.add"].inputs == ("skips.relu_3", "skips.shuffle")
    assert graph.nodes["skips.add_2"].inputs == ("skips.add", "gated.multiply")


def test_settings_and_size_can_be_others_than_the_spec_has():
    graph = build(read(UNSEEN), size=(20, 28), f=4)
    assert graph.input.shape == (20, 28, 3)
    assert graph.nodes["roads.concat"].shape == (10, 14, 16)
    with pytest.raises(ValueError, match="Two roads has no setting g; it has f"):
        build(read(UNSEEN), g=4)
    with pytest.raises(ValueError, match="spec is 'VGG-16', but a Spec is needed"):
        build("VGG-16")


def test_a_row_is_repeated_left_out_or_sees_the_shape_that_has_been_reached():
    graph = graph_of("n = 3\nconv 1x1 2*C  x n\nrelu  x n-3\ntanh if C > 99\nsigmoid if H == 8 and W == 6 and C == 32")
    assert [node.op for node in graph] == ["input", "conv", "conv", "conv", "sigmoid"]
    assert graph.output.shape == (8, 6, 32)


def test_arguments_of_a_block_have_defaults_that_may_use_those_before_them():
    graph = graph_of("block b(f, g=2*f, h=C)\n    conv 1x1 f -> conv 1x1 g -> conv 1x1 h\nb 3\nb 3 5 h=7")
    assert [node.shape[-1] for node in graph] == [4, 3, 6, 4, 3, 5, 7]
    assert graph.nodes["b_2.conv_3"].blocks == ("b 3 5 7",)


def test_a_head_leaves_the_way_to_the_last_row_alone():
    graph = graph_of("relu\noutput side\n  | flatten -> dense 2\ntanh")
    assert graph.outputs == {"side": "output.dense", "main": "tanh.tanh"}
    assert graph.nodes["tanh.tanh"].inputs == ("relu.relu",)
    assert [node.op for node in graph.main()] == ["input", "relu", "tanh"]
    assert list(graph.main().parts) == ["input", "relu", "tanh"]


def test_a_network_can_be_cut_at_a_node_also_within_a_path():
    graph = graph_of("relu\nadd\n  | tanh -> sigmoid\n  | relu6\nsoftmax")
    assert [node.op for node in graph.up_to("add")] == ["input", "relu", "tanh", "sigmoid", "relu6", "add"]
    inside = graph.up_to("add.tanh")
    assert [node.op for node in inside] == ["input", "relu", "tanh"]
    assert inside.parts["add"] == [{"node": "add.tanh"}]
    with pytest.raises(ValueError, match="N has no node or row 'nowhere'; its rows are input, relu, add, softmax"):
        graph.up_to("nowhere")


def parts_in_order(parts):
    for part in parts:
        for path in part.get("paths", ()):
            yield from parts_in_order(path)
        yield from parts_in_order(part.get("parts", ()))
        yield from [part[kind] for kind in ("node", "join") if kind in part]


def test_the_parts_hold_every_node_once_in_the_order_of_the_graph():
    for name in names():
        graph = of_zoo(name)
        assert [n for parts in graph.parts.values() for n in parts_in_order(parts)] == list(graph.nodes), name


def test_a_graph_is_plain_data_and_json_can_hold_it():
    graph = build(read(UNSEEN))
    data = json.loads(json.dumps(graph.data()))
    assert data["nodes"][1]["options"]["kernel"] == [5, 3]
    assert data["outputs"] == {"main": "output.softmax"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("convolve 3x3 4", r"N, line 3, 'convolve 3x3 4': there is no word or block 'convolve'; there are conv,"),
        ("conv 3x3", "'conv 3x3': conv needs filters"),
        ("conv", "conv needs kernel and filters"),
        ("conv 3x3 4 5", "conv takes kernel filters, but 3x3 4 5 came"),
        ("conv 3x3 4 strides=2", "conv has no strides=; it has kernel, filters, stride, padding"),
        ("conv 3x3 4 filters=4", "conv is told filters twice"),
        ("conv 3x3 f", "'f' is not known here; known are C, H, W"),
        ("conv 3x3 4.5", "filters is 4.5, but a whole number >= 1 is needed"),
        ("conv 3x3 4 groups=3", "groups is 3, which must divide C = 4 channels and 4 filters"),
        ("conv 3x3 4 bias=2", "bias is 2, but yes or no is needed"),
        ("conv 3x3 4 padding=-1", "padding is -1, but a whole number >= 0"),
        ("conv 9x9 4 padding=valid", "kernel is 9x9 but the padded input is 8x6"),
        ("flatten -> conv 3x3 4", r"conv needs an image \(H, W, C\), but the shape \(192,\) came"),
        ("avg_pool 2x2 padding=1", "avg_pool takes same or valid"),
        ("sparse_conv 3x3 maps=01,9", r"maps has '9', but the digits of channels 0 ... 3 are needed"),
        ("sparse_conv 3x3", "maps has ''"),
        ("batch_norm scale=3", "scale is 3, but yes or no"),
        ("dropout 1.5", "rate is 1.5"),
        ("shuffle 3", "groups is 3, which must divide C = 4"),
        ("attention 2", r"attention needs tokens \(T, C\), but the shape \(8, 6, 4\) came: write tokens before it"),
        ("tokens -> attention 3", "heads is 3, which must divide C = 4"),
        ("rbf 3", "flatten first"),
        ("flatten -> global_avg_pool", "global_avg_pool needs positions"),
        ("relu x 1.5", "repeated 1.5 times, but a whole number"),
        ("identity x 1000000", "repeated 1000000 times"),
        ("relu x 15000\nrelu x 15000", "N has more than 20,000 nodes"),
        ("block b\n    b\nb", "blocks stand 20 deep in each other here"),
        ("block b(f)\n    relu\nb", "'b': b needs f"),
        ("block b\n    conv 3x3 f\nb", "line 4, 'conv 3x3 f': 'f' is not known"),
        ("add", "the paths of add stand below it"),
        ("add\n  | relu", "add needs at least two paths, but there is one"),
        ("relu\n  | relu\n  | relu", "paths can stand below add, concat, multiply or output, not below 'relu'"),
        ("add 3\n  | relu\n  | relu", "this should be add alone"),
        ("output\n  | relu", "this should be output and a name alone"),
        ("output a\n  | identity", "an output has one path, which is not empty"),
        ("add\n  | conv 1x1 5\n  | identity", r"add needs paths of one shape, but \(8, 6, 5\) and \(8, 6, 4\) came"),
        ("concat\n  | max_pool 2x2\n  | identity", "concat needs paths that agree in all but the channels"),
        ("multiply\n  | identity\n  | global_avg_pool -> dense 3", "a vector of its channels"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_line_and_what_would_do(rows, message):
    with pytest.raises(ValueError, match=message):
        graph_of(rows)
