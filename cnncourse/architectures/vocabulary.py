"""The words of a spec: what each needs to be told, and the shape that it makes of a shape.

A shape is that of one image: (H, W, C), (T, C) for T tokens, or (C,).
"""

from collections.abc import Callable
from typing import NamedTuple

from cnncourse.arguments import fraction, per_axis, whole_number
from cnncourse.shapes import conv_output_size

PADDINGS = ("same", "valid")


class Word(NamedTuple):
    """One kind of node."""

    shape: Callable  # (input shape, options) -> output shape; checks and completes the options
    arguments: tuple = ()  # in the order in which a row gives them
    options: dict = {}  # noqa: RUF012 - name -> what it is where a row does not say


def _image(shape, word):
    if len(shape) != 3:
        raise ValueError(f"{word} needs an image (H, W, C), but the shape {shape} came")


def _window(shape, options, word):
    """What convolutions and pooling share; `kernel` and `stride` become pairs."""
    _image(shape, word)
    options["kernel"] = per_axis(options["kernel"], 2, "kernel")
    options["stride"] = per_axis(options["stride"] or options["kernel"], 2, "stride")  # 0: as far as it is wide
    options.setdefault("dilation", 1)
    if options["padding"] not in PADDINGS:
        options["padding"] = whole_number(options["padding"], "padding", minimum=0)
    return conv_output_size(
        shape[:2],
        options["kernel"],
        options["stride"],
        options["padding"],
        whole_number(options["dilation"], "dilation"),
    )


def _conv(shape, options):
    size = _window(shape, options, "conv")
    filters, groups = whole_number(options["filters"], "filters"), whole_number(options["groups"], "groups")
    if shape[-1] % groups or filters % groups:
        raise ValueError(f"groups is {groups}, which must divide C = {shape[-1]} channels and {filters} filters")
    _bias(options)
    return (*size, filters)


def _sparse_conv(shape, options):
    size = _window(shape, options, "sparse_conv")
    maps = str(options["maps"]).split(",")
    options["maps"] = tuple(tuple(int(digit) for digit in one) if one.isdigit() else () for one in maps)
    for text, channels in zip(maps, options["maps"]):
        if not channels or max(channels) >= shape[-1] or len(set(channels)) < len(channels):
            raise ValueError(
                f"maps has {text!r}, but the digits of channels 0 ... {shape[-1] - 1} are needed, each once"
            )
    _bias(options)
    return (*size, len(maps))


def _depthwise(shape, options):
    size = _window(shape, options, "depthwise_conv")
    _bias(options)
    return (*size, shape[-1] * whole_number(options["multiplier"], "multiplier"))


def _bias(options):
    if not isinstance(options["bias"], bool):
        raise ValueError(f"bias is {options['bias']!r}, but yes or no is needed")


def _max_pool(shape, options):
    return (*_window(shape, options, "max_pool"), shape[-1])


def _avg_pool(shape, options):
    if options["padding"] not in PADDINGS:
        raise ValueError(f"padding is {options['padding']!r}, but avg_pool takes same or valid: zeros would count")
    return (*_window(shape, options, "avg_pool"), shape[-1])


def _global_avg_pool(shape, options):
    if len(shape) == 1:
        raise ValueError(f"global_avg_pool needs positions to average over, but the shape {shape} came")
    return (shape[-1],)


def _flatten(shape, options):
    size = 1
    for n in shape:
        size *= n
    return (size,)


def _dense(shape, options):
    _bias(options)
    return (*shape[:-1], whole_number(options["units"], "units"))


def _rbf(shape, options):
    if len(shape) != 1:
        raise ValueError(f"rbf needs a vector (C,), but the shape {shape} came: flatten first")
    return (whole_number(options["units"], "units"),)


def _same(shape, options):
    return shape


def _dropout(shape, options):
    fraction(options["rate"], "rate")
    return shape


def _scale(shape, options):
    _bias(options)
    return shape


def _shuffle(shape, options):
    if shape[-1] % whole_number(options["groups"], "groups"):
        raise ValueError(f"groups is {options['groups']}, which must divide C = {shape[-1]} channels")
    return shape


def _local_response_norm(shape, options):
    _image(shape, "local_response_norm")
    whole_number(options["size"], "size")
    return shape


def _tokens(shape, options):
    _image(shape, "tokens")
    return (shape[0] * shape[1], shape[2])  # (H, W, C) -> (H*W, C)


def _row_of_tokens(shape, word):
    if len(shape) != 2:
        raise ValueError(f"{word} needs tokens (T, C), but the shape {shape} came: write tokens before it")


def _class_token(shape, options):
    _row_of_tokens(shape, "class_token")
    return (shape[0] + 1, shape[1])


def _first_token(shape, options):
    _row_of_tokens(shape, "first_token")
    return shape[1:]


def _positions(shape, options):
    _row_of_tokens(shape, "positions")
    return shape


def _attention(shape, options):
    _row_of_tokens(shape, "attention")
    if shape[-1] % whole_number(options["heads"], "heads"):
        raise ValueError(f"heads is {options['heads']}, which must divide C = {shape[-1]} channels")
    return shape


def _norm(shape, options):
    if not isinstance(options.get("scale", True), bool):
        raise ValueError(f"scale is {options['scale']!r}, but yes or no is needed")
    return shape


LOOKING = {"stride": 1, "padding": "same"}
POOLING = {"stride": 0, "padding": "same"}
WORDS = {
    "conv": Word(_conv, ("kernel", "filters"), {**LOOKING, "dilation": 1, "groups": 1, "bias": True}),
    # One map for each of maps=012,0234,...: the channels that it is made from
    "sparse_conv": Word(_sparse_conv, ("kernel",), {"maps": "", **LOOKING, "bias": True}),
    "depthwise_conv": Word(_depthwise, ("kernel",), {**LOOKING, "dilation": 1, "multiplier": 1, "bias": True}),
    "max_pool": Word(_max_pool, ("kernel",), POOLING),
    "avg_pool": Word(_avg_pool, ("kernel",), POOLING),
    "global_avg_pool": Word(_global_avg_pool),
    "flatten": Word(_flatten),
    "dense": Word(_dense, ("units",), {"bias": True}),
    "rbf": Word(_rbf, ("units",)),  # squared distances to fixed points
    "dropout": Word(_dropout, ("rate",)),
    "batch_norm": Word(_norm, (), {"epsilon": 0.001, "scale": True}),
    "layer_norm": Word(_norm, (), {"epsilon": 0.000001}),
    "local_response_norm": Word(_local_response_norm, ("size",), {"alpha": 0.0001, "beta": 0.75, "bias": 2}),
    "scale": Word(_scale, (), {"bias": False, "start": 1}),  # a factor for each channel
    "shuffle": Word(_shuffle, ("groups",)),
    "tokens": Word(_tokens),
    "class_token": Word(_class_token),
    "first_token": Word(_first_token),
    "positions": Word(_positions),
    "attention": Word(_attention, ("heads",)),
    "identity": Word(_same),
}
ACTIVATIONS = ("relu", "relu6", "sigmoid", "tanh", "silu", "gelu", "hard_sigmoid", "hard_silu", "softmax")
WORDS |= {name: Word(_same) for name in ACTIVATIONS}
RAW = {"maps"}  # options that are no expressions


def joined(word, shapes):
    """The shape that paths of these shapes come together in: by `add`, `concat` or `multiply`.

    A vector (C,) multiplies an image channel by channel.

    >>> joined("concat", [(14, 14, 64), (14, 14, 32)]), joined("multiply", [(14, 14, 64), (64,)])
    ((14, 14, 96), (14, 14, 64))
    >>> joined("add", [(14, 14, 64), (7, 7, 64)])
    Traceback (most recent call last):
    ...
    ValueError: add needs paths of one shape, but (14, 14, 64) and (7, 7, 64) came
    """
    first, shown = shapes[0], " and ".join(map(str, shapes))
    if word == "concat":
        if len({shape[:-1] for shape in shapes}) > 1:
            raise ValueError(f"concat needs paths that agree in all but the channels, but {shown} came")
        return (*first[:-1], sum(shape[-1] for shape in shapes))
    if any(shape != first and (word == "add" or shape != first[-1:]) for shape in shapes[1:]):
        also = " (or, after the first, a vector of its channels)" if word == "multiply" else ""
        raise ValueError(f"{word} needs paths of one shape{also}, but {shown} came")
    return first


JOINS = ("add", "concat", "multiply")
