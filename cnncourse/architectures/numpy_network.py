"""A graph as a `Network` of NumPy layers, where it is a plain stack: each node reads the one before it."""

from cnncourse import layers
from cnncourse.network import Network

ACTIVATIONS = {
    "relu": layers.ReLU,
    "sigmoid": layers.Sigmoid,
    "tanh": layers.Tanh,
    "silu": layers.SiLU,
    "softmax": layers.Softmax,
}


def to_numpy(graph, seed=0):
    """The network.

    A softmax at the end is left out: the losses of the course take what comes before it.

    >>> from cnncourse.architectures import build, named
    >>> to_numpy(build(named("LeNet-5"))).count_params()
    61706
    """
    stack, before = [], graph.input
    for node in list(graph)[1:]:
        if node.inputs != (before.name,):
            raise ValueError(
                f"{graph.name} is no plain stack: {node.name!r} reads {' and '.join(node.inputs)}, not {before.name!r} "
                f"alone; to_keras takes any graph"
            )
        if node.op != "softmax" or node is not graph.output:
            stack.append(_layer(node, graph.name))
        before = node
    return Network(stack, graph.input.shape, seed)


def _layer(node, name):
    options = node.options
    if node.op in ACTIVATIONS:
        return ACTIVATIONS[node.op]()
    looking = {key: options[key] for key in ("stride", "padding") if key in options}
    match node.op:
        case "conv":
            knobs = {"dilation": options["dilation"], "groups": options["groups"], "use_bias": options["bias"]}
            return layers.Conv2D(options["filters"], options["kernel"], **looking, **knobs)
        case "depthwise_conv":
            knobs = {"dilation": options["dilation"], "use_bias": options["bias"]}
            return layers.DepthwiseConv2D(options["kernel"], **looking, depth_multiplier=options["multiplier"], **knobs)
        case "max_pool":
            return layers.MaxPooling2D(options["kernel"], **looking)
        case "avg_pool":
            return layers.AveragePooling2D(options["kernel"], **looking)
        case "global_avg_pool":
            return layers.GlobalAveragePooling2D()
        case "flatten":
            return layers.Flatten()
        case "dense":
            return layers.Dense(options["units"], use_bias=options["bias"])
        case "dropout":
            return layers.Dropout(options["rate"])
        case "batch_norm" if options["scale"]:
            return layers.BatchNormalization(epsilon=options["epsilon"])
        case "layer_norm":
            return layers.LayerNormalization(epsilon=options["epsilon"])
        case "local_response_norm":
            knobs = {key: options[key] for key in ("size", "alpha", "beta", "bias")}
            return layers.LocalResponseNormalization(**knobs)
    raise ValueError(f"{name} has {node.name!r}, a {node.op} for which cnncourse.layers has no layer")
