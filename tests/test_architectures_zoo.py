"""The networks that come with the course: all of them are there, short, and known to whatever depends on them."""

import re

import pytest
from networks import of_zoo

from cnncourse.architectures import names
from cnncourse.architectures.zoo import FOLDER, named
from cnncourse.dependencies import files_behind

PROMISED = {
    *("LeNet-5 1998", "LeNet-5", "AlexNet 2012", "AlexNet", "VGG-11", "VGG-13", "VGG-16", "VGG-19", "NiN"),
    *("GoogLeNet", "Inception-v3", "ResNet-18", "ResNet-34", "ResNet-50", "ResNet-101", "ResNet-152"),
    *("ResNet-50 v2", "ResNet-101 v2", "ResNet-152 v2", "DenseNet-121", "DenseNet-169", "DenseNet-201"),
    *("SE-ResNet-50", "ResNeXt-50", "MobileNet v1", "MobileNet v2", "MobileNet v3 large", "MobileNet v3 small"),
    *("ShuffleNet v1", "EfficientNet-Lite0", "ConvNeXt-T", "ViT-Ti", "ViT-S", "ViT-B"),
    *(f"EfficientNet-B{number}" for number in range(8)),
}


def test_every_network_that_the_course_speaks_of_is_there():
    assert set(names()) >= PROMISED


def test_a_name_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(ValueError, match=r"there is no network 'ResNet50' in the zoo; there are .*ResNet-50"):
        named("ResNet50")


@pytest.mark.parametrize("name", names())
def test_a_network_is_a_short_table_of_plain_text(name):
    text = named(name).text
    assert len(text.splitlines()) <= 50
    assert max(map(len, text.splitlines())) <= 125
    assert not re.search(r"\t|[^\x20-\x7e\n]", text)


def test_a_network_ends_in_its_classes():
    for name in names():
        graph = of_zoo(name)
        classes = 10 if name.startswith("LeNet") else 1000
        assert {graph.nodes[end].shape for end in graph.outputs.values()} == {(classes,)}, name


def test_what_imports_the_zoo_depends_on_its_texts():
    behind = files_behind({"cnncourse.architectures"})
    assert behind and set(FOLDER.glob("*.txt")) <= set(behind)
    assert FOLDER.parent / "published.json" in behind


def test_half_of_the_networks_have_twenty_lines_at_most():
    lengths = sorted(len(named(name).text.splitlines()) for name in names())
    assert lengths[len(lengths) // 2] <= 20
