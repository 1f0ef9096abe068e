"""What a node sees: along every single path, and as a Keras model with positive weights shows it."""

import numpy as np
import pytest
from networks import UNSEEN, of_zoo, with_word

from cnncourse.architectures import build, named, read
from cnncourse.architectures.keras_model import to_keras
from cnncourse.architectures.receptive_fields import EVERYTHING, WINDOWS, Field, field_at, fields
from cnncourse.architectures.vocabulary import WORDS
from cnncourse.shapes import pad_amounts, receptive_field

BRANCHES = """
network Branches
input 61 60 2
add
  | conv 3x3 4 -> conv 3x1 4 dilation=2
  | conv 1x1 4
conv 4x4 4 stride=2 padding=1
concat
  | max_pool 3x3 stride=2
  | depthwise_conv 5x5 stride=2
  | conv 1x1 4 stride=2 -> conv 1x7 4
    add
      | identity
      | avg_pool 3x3 stride=1
"""


def paths_to(graph, node):
    """Every way from the image to the node, as a list of nodes."""
    if not node.inputs:
        return [[]]
    return [[*path, node] for source in graph.inputs(node) for path in paths_to(graph, source)]


def along(graph, path, axis):
    """The field at the end of one path, by `cnncourse.shapes.receptive_field`."""
    steps = []
    for node in path:
        if "kernel" in node.options:
            o = node.options
            pads = pad_amounts(o["padding"], graph.inputs(node)[0].shape[:2], o["kernel"], o["stride"], o["dilation"])
            steps.append((o["kernel"][axis], o["stride"][axis], pads[axis][0], o["dilation"]))
    return receptive_field(steps)[-1]


@pytest.mark.parametrize(
    ("graph", "at"),
    [
        (build(read(BRANCHES)), "concat"),
        (build(read(UNSEEN)), "roads"),
        (of_zoo("GoogLeNet"), "4a"),
        (of_zoo("Inception-v3"), "mixed3"),
        (of_zoo("ResNet-18"), "conv5"),
        (of_zoo("DenseNet-121"), "dense1"),
        (build(named("ShuffleNet v1"), 225), "stage2"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_widest_field_holds_those_of_all_paths_and_the_narrowest_is_the_smallest_of_them(graph, at):
    node = graph.nodes[graph.end_of(at)]
    paths = paths_to(graph, node)
    assert len(paths) > 1
    field = field_at(graph, at)
    each = [[along(graph, path, axis) for axis in (0, 1)] for path in paths]
    for axis in (0, 1):
        ends = [(f.start - (f.size - 1) / 2, f.start + (f.size - 1) / 2) for f in (pair[axis] for pair in each)]
        first, last = min(a for a, _ in ends), max(b for _, b in ends)
        widest = field.widest[axis]
        assert (widest.size, widest.start) == (last - first + 1, (first + last) / 2)
        assert {pair[axis].jump for pair in each} == {widest.jump}
    assert list(field.narrowest) in each
    assert field.narrowest[0].size * field.narrowest[1].size == min(a.size * b.size for a, b in each)


def seen_columns(graph):
    """For each column of the output, the columns of the image that change it, as a model with weights of 1 tells."""
    model = to_keras(graph)
    model.set_weights([np.ones_like(w) if w.ndim > 1 else np.zeros_like(w) for w in model.get_weights()])
    height, width, channels = graph.input.shape
    columns = np.zeros((width, height, width, channels), np.float32)
    columns[range(width), :, range(width)] = 1  # image i is bright in column i alone
    answer = np.asarray(model(columns)).sum(axis=(1, 3))  # (W, OH, OW, C) -> (W, OW)
    return [np.flatnonzero(answer[:, column]) for column in range(answer.shape[1])]


def test_a_model_answers_to_what_lies_in_its_field_and_to_nothing_else():
    graph = build(read(BRANCHES))
    field = field_at(graph, "concat").widest[1]
    assert (field.size, field.jump) == (38, 4)
    seen = seen_columns(graph)
    assert len(seen) == graph.output.shape[1]
    for column, columns in enumerate(seen):
        centre = field.start + column * field.jump
        first, last = centre - (field.size - 1) / 2, centre + (field.size - 1) / 2
        assert (columns[0], columns[-1]) == (max(first, 0), min(last, graph.input.shape[1] - 1))


@pytest.mark.parametrize("word", ["global_avg_pool", "flatten", "tokens -> attention 2"])
def test_what_reads_all_positions_sees_the_whole_image(word):
    graph = build(read(f"network N\ninput 8 8 4\nconv 3x3 4\n{word}"))
    assert fields(graph)[graph.output.name] == Field(None, None)


def test_behind_a_gate_the_widest_is_the_whole_image_and_the_narrowest_the_path_past_it():
    gated, plain = (field_at(of_zoo(name), "conv3") for name in ("SE-ResNet-50", "ResNet-50"))
    assert gated.widest is None
    assert gated.narrowest == plain.narrowest
    assert gated.narrowest[0].size == 11


def test_a_skip_connection_keeps_the_narrowest_field_small_however_deep_the_network_is():
    sizes = [field_at(of_zoo(f"ResNet-{depth}"), "conv5") for depth in (50, 101, 152)]
    assert [field.narrowest[0].size for field in sizes] == [11, 11, 11]  # the first two windows, and strides
    assert [field.widest[0].size for field in sizes] == [483, 1027, 1507]


def test_two_axes_are_kept_apart():
    field = field_at(build(read("network N\ninput 9 9 1\nconv 1x7 4 stride=1x2 -> conv 3x1 4")), "conv")
    assert [(f.size, f.jump) for f in field.widest] == [(3, 1), (7, 2)]


def test_where_paths_that_come_together_have_other_jumps_the_largest_is_told():
    field = field_at(build(read("network N\ninput 1 1 4\nadd\n  | identity\n  | conv 3x3 4 stride=2")), "add")
    assert field.widest[0].jump == 2


def test_every_word_with_a_kernel_is_a_window_and_what_makes_an_image_a_vector_sees_all_of_it():
    assert {name for name, word in WORDS.items() if "kernel" in word.arguments} == set(WINDOWS)
    for name in WORDS:
        if len(with_word(name).output.shape) == 1:
            assert name in EVERYTHING
