"""A drawing is sound SVG, has all that the spec has, and can be read on a telephone in both themes."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
from networks import UNSEEN, of_zoo, with_word

from cnncourse.architectures import build, named, names, read
from cnncourse.architectures.drawing import LETTER, WIDTH, details, draw
from cnncourse.architectures.labels import AFTER, boxes, label
from cnncourse.architectures.vocabulary import WORDS

SVG = "{http://www.w3.org/2000/svg}"
SMALLEST = 9.5  # pixels, of a letter in a column of 360


def drawn(graph):
    return ElementTree.fromstring(draw(graph))


def words(svg):
    return [element.text for element in svg.iter(f"{SVG}text")]


@pytest.mark.parametrize("name", names())
def test_every_row_stands_in_the_drawing_with_its_shape(name):
    graph = of_zoo(name)
    svg = drawn(graph)
    said = words(svg)
    for row, nodes in graph.rows.items():
        assert row in said
        assert "×".join(map(str, nodes[-1].shape)) in said
        assert row in svg.get("aria-label")
    assert svg.find(f"{SVG}title").text == name


def test_lines_and_letters_have_the_colour_of_the_text_around_them():
    for name in names():
        colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', draw(of_zoo(name))))
        assert colours == {"currentColor", "none"}


def extent(element, x=0.0, scale=1.0):
    """Left and right ends of all that is drawn, and the heights of letters, in the units of the drawing."""
    if transform := element.get("transform"):
        move, factor = re.fullmatch(r"translate\(([\d.-]+) [\d.-]+\) scale\(([\d.]+)\)", transform).groups()
        x, scale = x + scale * float(move), scale * float(factor)
    if element.tag == f"{SVG}rect":
        left = x + scale * float(element.get("x"))
        yield left, left + scale * float(element.get("width")), None
    if element.tag == f"{SVG}text":
        at, wide = x + scale * float(element.get("x")), scale * len(element.text) * LETTER * 0.52
        shift = {"start": 0, "middle": 0.5, "end": 1}[element.get("text-anchor")]
        yield at - shift * wide, at + (1 - shift) * wide, scale * LETTER
    for child in element:
        yield from extent(child, x, scale)


@pytest.mark.parametrize("name", [*names(), "unseen"])
def test_nothing_leaves_the_column_of_a_telephone_and_no_letter_is_too_small(name):
    svg = drawn(build(read(UNSEEN) if name == "unseen" else named(name)))
    assert svg.get("viewBox").split()[2] == str(WIDTH)
    for left, right, letter in extent(svg):
        assert 0 <= left <= right <= WIDTH
        assert letter is None or letter >= SMALLEST


def test_equal_blocks_are_counted_in_their_row_and_drawn_once():
    graph = of_zoo("ResNet-50")
    assert {"3 × residual", "4 × residual", "6 × residual"} <= set(words(drawn(graph)))
    assert [(detail.name, detail.place) for detail in details(graph)] == [
        ("residual", "conv2: 56×56×64 → 56×56×256"),
        ("residual", "conv2: 56×56×256 → 56×56×256"),
    ]


def test_the_joins_of_the_blocks_have_their_signs_and_a_key():
    said = words(drawn(build(read(UNSEEN))))
    assert {"+", "‖", "×"} <= set(said)
    key = " ".join(said[-4:])
    for explained in ("+: added", "‖: put side by side", "×: multiplied", "/2: stride 2", "broken line: pooling"):
        assert explained in key
    assert "added" not in " ".join(words(drawn(of_zoo("VGG-16"))))


def test_paths_stand_side_by_side_and_boxes_do_not_overlap():
    for name in ("GoogLeNet", "Inception-v3", "SE-ResNet-50", "ViT-B", "ShuffleNet v1"):
        for group in drawn(of_zoo(name)).iter(f"{SVG}g"):
            places = [
                [float(box.get(key)) for key in ("x", "y", "width", "height")] for box in group.iter(f"{SVG}rect")
            ]
            for i, (x, y, width, height) in enumerate(places):
                for to_x, to_y, to_width, to_height in places[:i]:
                    apart = x >= to_x + to_width or to_x >= x + width or y >= to_y + to_height or to_y >= y + height
                    assert apart, name


def test_every_word_has_a_label():
    for name in WORDS:
        node = with_word(name).output
        assert all(label(node))
        assert name not in AFTER or label(node) == [AFTER[name]]


def test_what_follows_a_convolution_stands_in_its_box():
    graph = of_zoo("MobileNet v2")
    assert boxes(graph.rows["block1"]) == [["3×3 depthwise", "32", "BN, ReLU6"], ["1×1 conv", "16", "BN"]]
    assert boxes(of_zoo("ResNet-50 v2").rows["norm"]) == [["BN, ReLU"]]
