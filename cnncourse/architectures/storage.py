"""What has to be in memory: the weights, and the outputs of nodes; for one pass, and for a step of training.

Counted are numbers that the network itself needs, each stored once; a framework needs room beside that, and may keep
more. Nodes run in the order of the graph.

- *At inference* an output is kept until the last node that reads it has run. The peak is the moment at which the most
  is kept; a node's own output is there together with its inputs, except that what only changes shape needs none.
- *In training* an output is kept until the backward pass if the gradient of some node needs it: that of a convolution
  needs its input, that of a ReLU its output, that of a sum nothing. (Dropout's mask, one bit a number, is left out.)
"""

from math import prod
from typing import NamedTuple

from cnncourse.architectures.counting import count
from cnncourse.arguments import whole_number

VIEWS = ("flatten", "tokens", "dropout", "first_token")  # at inference: the same numbers, or a part of them
# What the backward pass of each word reads
INPUT = (
    *("conv", "sparse_conv", "depthwise_conv", "dense", "rbf", "attention", "batch_norm", "layer_norm", "scale"),
    *("local_response_norm", "max_pool", "multiply", "silu", "gelu", "hard_sigmoid", "hard_silu"),
)
OUTPUT = ("relu", "relu6", "sigmoid", "tanh", "softmax")
NOTHING = (
    *("input", "add", "concat", "avg_pool", "global_avg_pool", "flatten", "dropout", "shuffle"),
    *("tokens", "class_token", "first_token", "positions"),
)


class Memory(NamedTuple):
    """Bytes."""

    weights: int  # all that is stored, running statistics included
    activations: int  # the most that is kept at one moment of a forward pass
    peak: str  # the node at which that is
    inference: int  # weights + activations
    kept: int  # outputs that wait for the backward pass
    training: int  # weights, gradients, what the optimiser keeps, and `kept`


def memory(graph, batch=1, bytes_per_number=4, slots=2):
    """Bytes for `batch` images, in numbers of `bytes_per_number` bytes (4: float32).

    `slots` is how many numbers the optimiser keeps for each weight: 0 for plain steps, 1 with momentum, 2 for Adam.

    >>> from cnncourse.architectures import build, named
    >>> used = memory(build(named("VGG-16")))
    >>> used.weights / 1e6, used.activations / 1e6, used.peak
    (553.430176, 25.690112, 'conv1.relu')
    """
    batch, bytes_per_number = whole_number(batch, "batch"), whole_number(bytes_per_number, "bytes_per_number")
    slots = whole_number(slots, "slots", minimum=0)
    total = count(graph)
    weights = total.parameters * bytes_per_number
    most, peak = _most_at_once(graph)
    activations = most * batch * bytes_per_number
    kept = sum(kept_numbers(graph).values()) * batch * bytes_per_number
    training = weights + total.trainable * (1 + slots) * bytes_per_number + kept
    return Memory(weights, activations, peak, weights + activations, kept, training)


def _most_at_once(graph):
    """How many numbers of one image are kept at the fullest moment, and at which node."""
    owner = {}  # a view keeps alive what it shows
    for node in graph:
        owner[node.name] = owner[node.inputs[0]] if node.op in VIEWS else node.name
    order = list(graph)
    last = {owner[name]: len(order) for name in graph.outputs.values()}
    for at, node in enumerate(order):
        for name in node.inputs:
            last[owner[name]] = max(last.get(owner[name], 0), at)
    alive, most, peak = {}, 0, ""
    for at, node in enumerate(order):
        if owner[node.name] == node.name:
            alive[node.name] = prod(node.shape)
        if (now := sum(alive.values())) > most:
            most, peak = now, node.name
        alive = {name: size for name, size in alive.items() if last.get(name, -1) > at}
    return most, peak


def kept_numbers(graph):
    """For one image in training: how many numbers of each node's output wait for the backward pass.

    Attention keeps its queries, keys, values, mixed values and the shares of all pairs besides.

    >>> from cnncourse.architectures import build, named
    >>> kept = kept_numbers(build(named("VGG-16")))
    >>> kept["conv1.conv"], kept["conv1.relu"] == 224 * 224 * 64
    (0, True)
    """
    kept = {node.name: 0 for node in graph}
    owner = {}
    for node in graph:  # a flattened output is not a second one
        owner[node.name] = owner[node.inputs[0]] if node.op in ("flatten", "tokens") else node.name
    for node in graph:
        needed = node.inputs if node.op in INPUT else (node.name,) if node.op in OUTPUT else ()
        for name in needed:
            kept[owner[name]] = max(kept[owner[name]], prod(graph.nodes[name].shape))
    for node in graph:
        if node.op == "attention":
            tokens, channels = node.shape
            kept[node.name] += 4 * tokens * channels + node.options["heads"] * tokens * tokens
    return kept
