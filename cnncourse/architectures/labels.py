"""What a drawing writes on its boxes: nodes that belong together, in few words."""

NORMS = {"batch_norm": "BN", "layer_norm": "LN", "local_response_norm": "LRN"}
ACTIVATIONS = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "silu": "SiLU",
    "gelu": "GELU",
    "hard_sigmoid": "h-sigmoid",
    "hard_silu": "h-swish",
    "softmax": "softmax",
}
AFTER = {**NORMS, **ACTIVATIONS}  # what stands behind a convolution, and shares its box
NAMES = {
    "conv": "conv",
    "sparse_conv": "sparse conv",
    "depthwise_conv": "depthwise",
    "max_pool": "max pool",
    "avg_pool": "mean pool",
    "global_avg_pool": "global mean",
    "class_token": "class token",
    "first_token": "first token",
    "attention": "attention",
}


def label(node):
    """The lines of a box for one node.

    >>> from cnncourse.architectures import build, named
    >>> label(build(named("AlexNet 2012")).nodes["conv2.conv"])
    ['5×5 conv', '256, 2 groups']
    """
    options, name = node.options, NAMES.get(node.op, AFTER.get(node.op, node.op))
    if "kernel" in options:
        details = [] if "pool" in node.op else [str(node.shape[-1])]
        details += [f"/{options['stride'][0]}"] if options["stride"] != (1, 1) else []
        details += [f"{options['groups']} groups"] if options.get("groups", 1) > 1 else []
        details += [f"dilation {options['dilation']}"] if options["dilation"] > 1 else []
        return ["{}×{} {}".format(*options["kernel"], name), *([", ".join(details)] if details else [])]
    if node.op in ("dense", "rbf"):
        return [f"{name} {options['units']}"]
    if node.op == "attention":
        return [name, f"{options['heads']} heads"]
    if node.op == "shuffle":
        return [name, f"{options['groups']} groups"]
    return [name]


def boxes(nodes):
    """Boxes for nodes that stand in a row: each a list of lines; what follows a convolution stands in its box.

    >>> from cnncourse.architectures import build, named
    >>> boxes(build(named("ResNet-18")).rows["conv1"])
    [['7×7 conv', '64, /2', 'BN, ReLU']]
    """
    made = []  # (lines, what follows)
    for node in nodes:
        if node.op not in AFTER:
            made.append((label(node), []))
        elif made:
            made[-1][1].append(AFTER[node.op])
        else:
            made.append(([], [AFTER[node.op]]))
    return [[*lines, *([", ".join(after)] if after else [])] for lines, after in made]
