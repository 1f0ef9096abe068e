"""How many parameters a network has, and how much work one image costs: MACs and FLOPs, which are not the same.

A MAC is a multiplication whose result is added to a running sum: the work of convolutions, of dense layers and of the
two products of attention. FLOPs are all floating-point operations of one image at inference: a sum of K products is K
multiplications and K - 1 additions, a bias is one more, and what MACs leave out (normalisation, activations, pooling,
sums of paths) counts too. `exp`, `tanh`, a root, a power and a division are one operation each. Many papers write
"FLOPs" and mean MACs.
"""

from math import prod
from typing import NamedTuple


class Count(NamedTuple):
    """Of one node, one row or a whole network."""

    trainable: int  # parameters that gradients change
    fixed: int  # numbers that are stored but not learnt by a gradient: running means and variances, fixed points
    macs: int
    flops: int

    @property
    def parameters(self):
        """All that has to be stored."""
        return self.trainable + self.fixed

    def __add__(self, other):
        return Count(*(a + b for a, b in zip(self, other)))


NOTHING = Count(0, 0, 0, 0)
# Operations for each number that comes out. Sigmoid: negate, exp, add, divide; a SiLU multiplies by it.
FOR_EACH = {
    "relu": 1,
    "relu6": 2,
    "sigmoid": 4,
    "tanh": 1,
    "silu": 5,
    "gelu": 5,  # x * (1 + erf(x / sqrt(2))) / 2
    "hard_sigmoid": 4,  # multiply, add, and cut off at both ends
    "hard_silu": 5,
    "softmax": 3,  # exp, add, divide
    "batch_norm": 2,  # at inference all of it is one factor and one shift
    "layer_norm": 7,  # mean, difference, square, mean, divide, scale, shift
    "positions": 1,
    "multiply": 1,
    "dropout": 0,
    "flatten": 0,
    "shuffle": 0,
    "tokens": 0,
    "class_token": 0,
    "first_token": 0,
    "concat": 0,
    "input": 0,
}


def count(graph):
    """The count of a whole network, of all that the graph holds: `graph.main()` leaves out heads for training.

    >>> from cnncourse.architectures import build, named
    >>> count(build(named("LeNet-5")))
    Count(trainable=61706, fixed=0, macs=416520, flops=844306)
    """
    return sum(counts(graph).values(), NOTHING)


def counts(graph):
    """The count of each node, by name.

    >>> from cnncourse.architectures import build, named
    >>> counts(build(named("LeNet-5")))["conv1.conv"]
    Count(trainable=156, fixed=0, macs=117600, flops=235200)
    """
    return {node.name: _count(node, [source.shape for source in graph.inputs(node)]) for node in graph}


def _products(positions, length, units, bias):
    """`units` sums of `length` products at each of `positions`, and the weights that are shared among them."""
    outputs = positions * units
    return Count(units * (length + bias), 0, outputs * length, outputs * (2 * length - 1 + bias))


def _count(node, shapes):
    options, size, channels = node.options, prod(node.shape), node.shape[-1]
    positions = size // channels
    match node.op:
        case "conv":
            length = prod(options["kernel"]) * shapes[0][-1] // options["groups"]
            return _products(positions, length, channels, options["bias"])
        case "sparse_conv":
            lengths = [prod(options["kernel"]) * len(one) for one in options["maps"]]
            return sum((_products(positions, length, 1, options["bias"]) for length in lengths), NOTHING)
        case "depthwise_conv":
            return _products(positions, prod(options["kernel"]), channels, options["bias"])
        case "dense":
            return _products(positions, shapes[0][-1], channels, options["bias"])
        case "rbf":  # a difference, a square, a sum
            length = shapes[0][-1]
            return Count(0, channels * length, channels * length, channels * (3 * length - 1))
        case "attention":
            return _attention(*node.shape, options["heads"])
        case "scale":
            return Count(channels * (1 + options["bias"]), 0, size, size * (1 + options["bias"]))
        case "batch_norm":
            return Count(channels * (1 + options["scale"]), 2 * channels, 0, size * FOR_EACH["batch_norm"])
        case "layer_norm":
            return Count(2 * channels, 0, 0, size * FOR_EACH["layer_norm"])
        case "class_token":
            return Count(channels, 0, 0, 0)
        case "positions":
            return Count(size, 0, 0, size)
        case "max_pool":
            return Count(0, 0, 0, size * (prod(options["kernel"]) - 1))
        case "avg_pool":
            return Count(0, 0, 0, size * prod(options["kernel"]))
        case "global_avg_pool":
            return Count(0, 0, 0, prod(shapes[0]))
        case "local_response_norm":  # squares, their sum, times alpha, plus the bias, a power, a division
            return Count(0, 0, 0, size * (options["size"] + 4))
        case "add":
            return Count(0, 0, 0, size * (len(shapes) - 1))
    return Count(0, 0, 0, size * FOR_EACH[node.op])


def _attention(tokens, channels, heads):
    """Queries, keys, values and the output are dense layers; between them, scores of all pairs and sums of values."""
    dense = _products(tokens, channels, channels, True)
    pairs = tokens * tokens
    scores = Count(0, 0, pairs * channels, pairs * (2 * channels - heads))
    softmax = Count(0, 0, 0, pairs * heads * (FOR_EACH["softmax"] + 1))  # and the scale
    mixing = Count(0, 0, pairs * channels, tokens * channels * (2 * tokens - 1))
    return dense + dense + dense + dense + scores + softmax + mixing
