"""What each node sees of the image: size, jump and place, along the widest and along the narrowest path.

Where paths come together, what the sum sees is all that any of them sees: the widest field. The narrowest is that of
the path with the smallest windows; a skip connection keeps it small however deep the network is. After a global
average, a flatten, or attention, everything is seen: there is no field any more. A gate of squeeze-and-excitation
sees the whole image too, so that behind it the widest field is the whole image, and the narrowest the path past it.
"""

from typing import NamedTuple

from cnncourse.shapes import ReceptiveField, pad_amounts

WINDOWS = ("conv", "sparse_conv", "depthwise_conv", "max_pool", "avg_pool")
EVERYTHING = ("global_avg_pool", "flatten", "rbf", "attention", "first_token", "class_token")


class Field(NamedTuple):
    """What one node sees, along height and width: a `ReceptiveField` each, or None for the whole image."""

    widest: tuple | None
    narrowest: tuple | None


def fields(graph):
    """The field of each node, by name.

    >>> from cnncourse.architectures import build, named
    >>> field = fields(build(named("ResNet-18")))["conv2.add"]
    >>> field.widest[0], field.narrowest[0].size
    (ReceptiveField(size=27, jump=4, start=0.0), 11)
    """
    found = {}
    for node in graph:
        sources = [found[name] for name in node.inputs]
        if node.op == "input":
            here = (ReceptiveField(1, 1, 0.0),) * 2
            found[node.name] = Field(here, here)
        elif node.op in EVERYTHING:
            found[node.name] = Field(None, None)
        elif node.op in WINDOWS:
            steps = _steps(node, graph.inputs(node)[0].shape)
            found[node.name] = Field(*(path and tuple(map(_through, path, steps)) for path in sources[0]))
        else:
            found[node.name] = Field(_union([f.widest for f in sources]), _smallest([f.narrowest for f in sources]))
    return found


def field_at(graph, name):
    """The field of one node, or of the last node of a row.

    >>> from cnncourse.architectures import build, named
    >>> field_at(build(named("VGG-16")), "pool5").widest[0].size
    212
    """
    return fields(graph)[graph.end_of(name)]


def _steps(node, shape):
    """(kernel, stride, padding before, dilation) along each axis."""
    options = node.options
    knobs = options["kernel"], options["stride"], options["dilation"]
    pads = pad_amounts(options["padding"], shape[:2], *knobs)
    return [(k, s, before, options["dilation"]) for k, s, (before, _) in zip(*knobs[:2], pads)]


def _through(field, step):
    kernel, stride, before, dilation = step
    reach = dilation * (kernel - 1)
    size, jump, start = field
    return ReceptiveField(size + reach * jump, jump * stride, start + (reach / 2 - before) * jump)


def _union(paths):
    """The smallest field that holds all of them; None where one sees everything."""
    if any(path is None for path in paths):
        return None
    return tuple(_around(along) for along in zip(*paths))


def _around(fields):
    first = min(field.start - field.size / 2 for field in fields)
    last = max(field.start + field.size / 2 for field in fields)
    return ReceptiveField(int(last - first), max(field.jump for field in fields), (first + last) / 2)


def _smallest(paths):
    """The field of the narrowest path; None only where every path sees everything."""
    seeing = [path for path in paths if path is not None]
    return min(seeing, key=lambda path: path[0].size * path[1].size, default=None)
