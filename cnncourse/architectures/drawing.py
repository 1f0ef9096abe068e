"""A drawing of a network as SVG: its rows from top to bottom, and each kind of block that parts into paths.

Lines and letters have the colour of the text around them (``currentColor``), so that it can be read in both themes. It
is made for a column of 360 pixels, the width of a telephone; wider screens show it larger, up to `WIDEST`.
"""

from collections.abc import Callable
from html import escape
from itertools import groupby
from math import log
from typing import NamedTuple

from cnncourse.architectures.labels import ACTIVATIONS, AFTER, boxes

WIDTH, WIDEST = 360, 480  # pixels
LETTER, LINE = 11, 13  # height of the letters, and from one line to the next
NARROW = 6.0  # how wide a letter is, generously
GAP, BUS, RADIUS = 10, 9, 9
SIGNS = {"add": "+", "concat": "‖", "multiply": "×"}
SAID = {"add": "added", "concat": "put side by side", "multiply": "multiplied"}
STYLES = {"pool": 'fill="none" stroke-dasharray="4 3"', "box": 'fill="currentColor" fill-opacity="0.08"'}


class Piece(NamedTuple):
    """Something that is entered at the top in the middle and left at the bottom in the middle."""

    width: float
    height: float
    draw: Callable  # (x of the middle, y of the top) -> list of elements


class Detail(NamedTuple):
    """One block that parts, drawn for itself."""

    name: str
    place: str
    piece: Piece

    @property
    def width(self):
        return min(WIDTH - 8, max(self.piece.width, len(self.place) * NARROW))

    @property
    def scale(self):
        return min(1, (WIDTH - 8) / self.piece.width)


def draw(graph):
    """The SVG, as text.

    >>> from cnncourse.architectures import build, named
    >>> svg = draw(build(named("ResNet-18")))
    >>> svg[:4], "currentColor" in svg, "7×7 conv" in svg
    ('<svg', True, True)
    """
    parts, y = [], 4
    for number, (name, row) in enumerate(graph.parts.items()):
        elements, height = _row(graph, name, row, y, number > 0)
        parts += elements
        y += height
    for shelf in _shelves(details(graph)):
        x, height = 4, max(detail.piece.height * detail.scale for detail in shelf)
        for detail in shelf:
            parts += [_text(x, y + 24, detail.name, weight=600), _text(x, y + 24 + LINE, detail.place)]
            inside = "".join(detail.piece.draw(0, 0))
            move = f"translate({x + detail.width / 2:g} {y + 32 + LINE:g}) scale({detail.scale:.3f})"
            parts.append(f'<g transform="{move}">{inside}</g>')
            x += detail.width + 2 * GAP
        y += 32 + LINE + height + GAP
    for line in _wrapped(_key(graph), 58, ";"):
        parts.append(_text(4, y + 14, line))
        y += LINE
    y += 8
    name, said = escape(graph.name), escape(_said(graph))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y:g}" role="img" aria-label="{said}" '
        f'style="width:100%;max-width:{WIDEST}px;height:auto" font-family="sans-serif" font-size="{LETTER}" '
        f'fill="currentColor" stroke="none"><title>{name}</title>{"".join(parts)}</svg>'
    )


def _said(graph):
    """The drawing in words, for those who do not see it."""
    rows = ", ".join(f"{name} {'×'.join(map(str, nodes[-1].shape))}" for name, nodes in graph.rows.items())
    return f"{graph.name}, from top to bottom: {rows}"


def _key(graph):
    """What the signs mean, those that are there."""
    ops = {node.op for node in graph}
    key = ["grey shape: height is image size, width is channels", "/2: stride 2"]
    key += ["broken line: pooling"] if any("pool" in op for op in ops) else []
    return key + [f"{SIGNS[op]}: {SAID[op]}" for op in SIGNS if op in ops]


# --- the rows of the table --------------------------------------------------------------------------------------------


def _row(graph, name, row, y, linked):
    """A box with the row's name and what it does, its output's shape, and a picture of the shape."""
    last = graph.rows[name][-1]
    aside = "output" in row[0]
    lines = _wrapped(_summary(graph, row), 46 - 3 * aside) if name != "input" else ["image"]
    height = 22 + LINE * len(lines)
    left, right = (24 if aside else 4), WIDTH - 4
    elements = [_line(14, y, 14, y + GAP)] if linked else []
    if aside:  # a head: it hangs beside the way, which goes on
        elements += [_line(14, y, 14, y + GAP + height), _line(14, y + GAP + height / 2, left, y + GAP + height / 2)]
    y += GAP if linked else 0
    style = STYLES["pool" if all("pool" in n.op for n in graph.rows[name]) else "box"]
    elements.append(_box(left, y, right - left, height, style))
    elements.append(_text(left + 8, y + 16, name, weight=600))
    elements.append(_text(right - 44, y + 16, "×".join(map(str, last.shape)), anchor="end"))
    elements += [_text(left + 8, y + 16 + LINE * (i + 1), line) for i, line in enumerate(lines)]
    elements.append(_pictured(graph, last.shape, right - 22, y + height / 2, height - 8))
    return elements, height + (GAP if linked else 0)


def _pictured(graph, shape, x, y, room):
    """A rectangle as high as the image is large and as wide as it has channels, both on logarithmic scales."""
    size = shape[0] if len(shape) == 3 else shape[0] ** 0.5 if len(shape) == 2 else 1
    most = max(log(node.shape[-1]) for node in graph) or 1
    height = 3 + (room - 3) * log(size + 1) / log(graph.input.shape[0] + 1)
    width = 2 + 30 * log(shape[-1]) / most
    return _box(x - width / 2, y - height / 2, width, height, 'fill="currentColor" fill-opacity="0.35"', corner=0)


def _summary(graph, row):
    """The pieces of a row in words, with equal ones that follow each other counted."""
    said = []
    for part in _pieces(row):
        if isinstance(part, list):
            said += [", ".join(lines) for lines in boxes([graph.nodes[name] for name in part])]
        else:
            said.append(part)
    counted = [(text, len(list(same))) for text, same in groupby(said)]
    return [text if times == 1 else f"{times} × {text}" for text, times in counted]


def _pieces(parts):
    """Lists of nodes that follow each other, and names of blocks with paths."""
    pieces = []
    for part in parts:
        if "node" in part:
            found = [[part["node"]]]
        elif "join" in part:
            found = [f"{len(part['paths'])} paths, {SAID[_op(part['join'])]}"]
        elif "block" in part and any("join" in inner for inner in part["parts"]):
            found = [part["block"].split()[0]]
        else:
            found = _pieces(part["parts"])
        for piece in found:
            if isinstance(piece, list) and pieces and isinstance(pieces[-1], list):
                pieces[-1] = pieces[-1] + piece
            else:
                pieces.append(piece)
    return pieces


def _op(name):
    return name.rsplit(".", 1)[1].split("_")[0]


def _wrapped(pieces, letters, mark=" →"):
    lines = [""]
    for i, piece in enumerate(pieces):
        text = piece + (mark if i < len(pieces) - 1 else "")
        if lines[-1] and len(lines[-1]) + 1 + len(text) > letters:
            lines.append("")
        lines[-1] = f"{lines[-1]} {text}".strip()
    return lines


# --- blocks that part -------------------------------------------------------------------------------------------------


def details(graph):
    """A `Detail` for each kind of block with paths, once: the first of those that are built alike.

    >>> from cnncourse.architectures import build, named
    >>> [(detail.name, detail.place) for detail in details(build(named("ResNet-18")))]
    [('residual', 'conv2: 56×56×64 → 56×56×64'), ('residual', 'conv3: 56×56×64 → 28×28×128')]
    """
    found = {}
    for row, parts in graph.parts.items():
        for name, block in _parting(parts, row):
            found.setdefault(_kind(graph, block), (name, row, block))
    return [Detail(name, _place(graph, row, block), _series(graph, block)) for name, row, block in found.values()]


def _place(graph, row, parts):
    """Where the block stands, and the shapes before and behind it."""
    inside = set(_names(parts))
    before = next(graph.nodes[name] for inner in inside for name in graph.nodes[inner].inputs if name not in inside)
    last = next(name for name in reversed(graph.nodes) if name in inside)
    shapes = ("×".join(map(str, shape)) for shape in (before.shape, graph.nodes[last].shape))
    return f"{row}: {' → '.join(shapes)}"


def _names(parts):
    for part in _flat(parts):
        yield part.get("join", part.get("node"))
        for path in part.get("paths", ()):
            yield from _names(path)


def _shelves(details):
    """Details side by side, as many as there is room for."""
    shelf, used = [], 0
    for detail in details:
        if shelf and used + detail.width > WIDTH - 8:
            yield shelf
            shelf, used = [], 0
        shelf.append(detail)
        used += detail.width + 2 * GAP
    if shelf:
        yield shelf


def _parting(parts, row):
    """(name, parts) of the outermost blocks with a join of their own; for joins outside of blocks the row's."""
    if any("join" in part for part in parts):
        yield row, parts
        return
    for part in parts:
        if "block" in part:
            yield from _parting(part["parts"], part["block"].split()[0])
        elif "output" in part:
            yield from _parting(part["parts"], row)


def _kind(graph, parts):
    """What makes two blocks alike: the operations and how they are put together, not their sizes."""
    kinds = []
    for part in parts:
        if "node" in part:
            op = graph.nodes[part["node"]].op
            kinds.append("activation" if op in ACTIVATIONS else op)
        elif "join" in part:
            kinds.append((graph.nodes[part["join"]].op, *(_kind(graph, path) for path in part["paths"])))
        else:
            kinds.extend(_kind(graph, part["parts"]))
    return tuple(kinds)


def _series(graph, parts):
    """One below the other."""
    pieces, run = [], []

    def close():
        pieces.extend(_boxed(lines, node) for lines, node in _with_nodes(graph, run))
        run.clear()

    for part in _flat(parts):
        if "join" in part:
            close()
            pieces.append(_parallel(graph, part))
        else:
            run.append(part["node"])
    close()
    if not pieces:
        return Piece(20, GAP, lambda x, y: [_line(x, y, x, y + GAP)])

    def drawn(x, y):
        elements = []
        for i, piece in enumerate(pieces):
            if i:
                elements.append(_line(x, y, x, y + GAP))
                y += GAP
            elements += piece.draw(x, y)
            y += piece.height
        return elements

    height = sum(piece.height for piece in pieces) + GAP * (len(pieces) - 1)
    return Piece(max(piece.width for piece in pieces), height, drawn)


def _flat(parts):
    for part in parts:
        if "parts" in part:
            yield from _flat(part["parts"])
        else:
            yield part


def _with_nodes(graph, names):
    """Boxes, each with the node that it is named for."""
    nodes = [graph.nodes[name] for name in names]
    made = boxes(nodes)
    own = [node for i, node in enumerate(nodes) if not i or node.op not in AFTER]
    return list(zip(made, own))


def _boxed(lines, node):
    width = max(len(line) for line in lines) * NARROW + 8
    height = LINE * len(lines) + 6

    def drawn(x, y):
        style = STYLES["pool" if "pool" in node.op else "box"]
        texts = [_text(x, y + LINE * (i + 1), line, anchor="middle") for i, line in enumerate(lines)]
        return [_box(x - width / 2, y, width, height, style), *texts]

    return Piece(width, height, drawn)


def _parallel(graph, part):
    """Paths side by side: down from one line, and together again in a circle with the sign of what joins them."""
    paths = [_series(graph, path) for path in part["paths"]]
    sign = SIGNS[graph.nodes[part["join"]].op]
    height, space = max(path.height for path in paths), 6
    width = sum(path.width for path in paths) + space * (len(paths) - 1)

    def drawn(x, y):
        elements, left, middles = [], x - width / 2, []
        top, bottom = y + BUS, y + 2 * BUS + height
        for path in paths:
            middle = left + path.width / 2
            start = top + BUS
            elements.append(_line(middle, top, middle, start))
            elements += path.draw(middle, start)
            elements.append(_line(middle, start + path.height, middle, bottom + BUS))
            middles.append(middle)
            left += path.width + space
        ends = min([x, *middles]), max([x, *middles])
        centre = bottom + 2 * BUS + RADIUS
        elements += [_line(x, y, x, top), _line(ends[0], top, ends[1], top)]
        elements += [_line(ends[0], bottom + BUS, ends[1], bottom + BUS), _line(x, bottom + BUS, x, centre - RADIUS)]
        elements.append(f'<circle cx="{x:g}" cy="{centre:g}" r="{RADIUS}" fill="none" stroke="currentColor"/>')
        elements.append(_text(x, centre + 4, sign, anchor="middle", weight=600))
        return elements

    return Piece(width, 4 * BUS + height + 2 * RADIUS, drawn)


# --- SVG --------------------------------------------------------------------------------------------------------------


def _line(x, y, to_x, to_y):
    return f'<path d="M{x:g} {y:g}L{to_x:g} {to_y:g}" stroke="currentColor" fill="none"/>'


def _box(x, y, width, height, style, corner=3):
    size = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{corner}"'
    return f'<rect {size} stroke="currentColor" {style}/>'


def _text(x, y, text, anchor="start", weight=400):
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-weight="{weight}">{escape(text)}</text>'
