"""What is in memory at once, by hand and by playing it through."""

from math import prod

import pytest
from networks import UNSEEN, of_zoo

from cnncourse.architectures import build, named, names, read
from cnncourse.architectures.storage import INPUT, NOTHING, OUTPUT, kept_numbers, memory
from cnncourse.architectures.vocabulary import JOINS, WORDS


def small(rows, shape="4 4 2"):
    return build(read(f"network N\ninput {shape}\n{rows}"))


def test_every_word_says_what_its_backward_pass_needs():
    assert sorted([*INPUT, *OUTPUT, *NOTHING]) == sorted({*WORDS, *JOINS, "input"} - {"identity"})


@pytest.mark.parametrize(
    ("rows", "numbers", "peak"),
    [
        ("conv 1x1 4", 32 + 64, "conv.conv"),
        ("conv 1x1 4 -> relu -> conv 1x1 1", 64 + 64, "conv.relu"),  # the image is no longer needed
        ("conv 1x1 4 -> flatten -> dense 8", 32 + 64, "conv.conv"),  # flat is the same numbers in another shape
        ("relu -> max_pool 2x2", 32 + 32, "relu.relu"),
        ("add\n  | conv 1x1 3 -> conv 1x1 2\n  | identity", 32 + 48 + 32, "add.conv_2"),  # the image waits for the sum
        ("concat\n  | conv 1x1 3\n  | conv 1x1 5", 48 + 80 + 128, "concat.concat"),
        ("output a\n  | conv 1x1 4\nconv 1x1 1", 32 + 64 + 16, "conv.conv"),  # a head's output stays
    ],
)
def test_the_fullest_moment_of_a_forward_pass_is_what_one_counts_by_hand(rows, numbers, peak):
    used = memory(small(rows))
    assert (used.activations, used.peak) == (4 * numbers, peak)


def played(graph):
    """The most numbers at once, with outputs thrown away as soon as no later node reads them."""
    order, most = list(graph), 0
    for at, node in enumerate(order):
        ahead = {name for later in order[at + 1 :] for name in later.inputs} | set(graph.outputs.values())
        kept = [other for other in order[:at] if other.name in ahead or other.name in node.inputs]
        most = max(most, sum(prod(other.shape) for other in kept) + prod(node.shape))
    return most


@pytest.mark.parametrize("name", ["ResNet-18", "GoogLeNet", "MobileNet v2", "SqueezeNet 1.1", "ShuffleNet v1"])
def test_the_peak_is_that_of_a_run_that_throws_away_what_nobody_needs(name):
    graph = of_zoo(name)
    assert memory(graph).activations == 4 * played(graph)


@pytest.mark.parametrize(
    ("rows", "numbers"),
    [
        ("conv 1x1 4", 32),  # its input
        ("conv 1x1 4 -> relu", 32 + 64),  # the ReLU's output
        ("conv 1x1 4 -> relu -> conv 1x1 4", 32 + 64),  # which is also the input of the next
        ("conv 1x1 4 -> silu -> conv 1x1 4", 32 + 64 + 64),  # a SiLU needs its input, the next its output
        ("conv 1x1 4 bias=no -> batch_norm -> relu", 32 + 64 + 64),
        ("add\n  | conv 1x1 2\n  | identity", 32),
        ("global_avg_pool -> dense 3", 2),
        ("flatten -> dense 3 -> softmax", 32 + 3),
        ("relu -> flatten -> dense 3", 32),  # the ReLU's output and the dense layer's input are the same numbers
        ("multiply\n  | identity\n  | global_avg_pool -> sigmoid", 32 + 2),
        ("tokens -> attention 2", 32 + 4 * 32 + 2 * 16 * 16),
    ],
)
def test_what_waits_for_the_backward_pass_is_what_one_counts_by_hand(rows, numbers):
    graph = small(rows)
    assert sum(kept_numbers(graph).values()) == numbers
    assert memory(graph, batch=3, bytes_per_number=2).kept == 3 * 2 * numbers


def test_training_holds_gradients_and_what_the_optimiser_keeps_besides():
    graph = small("conv 1x1 4 bias=no -> batch_norm")  # 8 + 8 weights, 8 running numbers
    adam, plain = memory(graph), memory(graph, slots=0)
    assert adam.weights == plain.weights == 4 * 24
    assert adam.training == 4 * (24 + 16 + 32) + adam.kept
    assert plain.training == 4 * (24 + 16) + plain.kept
    assert adam.inference == adam.weights + adam.activations
    twice = memory(graph, batch=2)
    assert (twice.activations, twice.kept, twice.weights) == (2 * adam.activations, 2 * adam.kept, adam.weights)
    with pytest.raises(ValueError, match="batch is 0"):
        memory(graph, batch=0)


def test_the_weights_of_vgg_fill_528_mebibytes():
    assert round(memory(of_zoo("VGG-16")).weights / 2**20) == 528  # the size of Keras' file


def test_what_a_dense_block_keeps_grows_with_the_square_of_its_layers():
    def kept(layers):
        graph = build(named("DenseNet-121"), n1=layers, n2=1, n3=1, n4=1)
        return sum(n for name, n in kept_numbers(graph).items() if graph.nodes[name].row == "dense1")

    steps = [kept(n + 1) - kept(n) for n in range(1, 8)]
    assert len({after - before for before, after in zip(steps, steps[1:])}) == 1  # the steps grow, each by as much
    assert steps[1] > steps[0]


def test_every_network_fits_the_arithmetic():
    for graph in [*(of_zoo(name) for name in names()), build(read(UNSEEN))]:
        used = memory(graph)
        assert 0 < used.activations < used.kept + used.weights + 10**7
        assert used.peak in graph.nodes
        assert used.training > used.inference
