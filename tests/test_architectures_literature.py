"""The zoo is held to what has been published, number by number."""

import re
from pathlib import Path

import pytest
from networks import of_zoo

from cnncourse.architectures import count, names
from cnncourse.architectures.literature import Published, published, sources
from cnncourse.architectures.receptive_fields import field_at

NUMBERS = published()
ROOT = Path(__file__).resolve().parents[1]


def about(number):
    return "-".join(str(part) for part in (number.network, number.what, number.at, number.source) if part)


@pytest.mark.parametrize("number", [n for n in NUMBERS if not n.differs], ids=about)
def test_a_published_number_comes_from_the_spec(number):
    assert number.agrees, number.computed


@pytest.mark.parametrize("number", [n for n in NUMBERS if n.differs], ids=about)
def test_a_number_that_differs_does_so_by_as_much_as_the_file_says_and_has_a_reason(number):
    assert not number.agrees
    assert number.computed / number.value - 1 == pytest.approx(number.differs, abs=2e-4)
    assert number.note


def test_every_network_of_the_zoo_is_held_to_a_count_of_its_parameters():
    by_hand = {"LeNet-5", "NiN", "ResNet-50 slim", "ResNet-101 slim", "ResNet-152 slim"}  # below
    held = {n.network for n in NUMBERS if n.what in ("trainable", "parameters") and not n.differs and not n.at}
    assert held | by_hand == set(names())


def test_every_network_is_held_to_its_macs_but_those_without_a_table():
    held = {n.network for n in NUMBERS if n.what == "macs" and not n.differs}
    assert set(names()) - held == {"EfficientNet-Lite0", "LeNet-5", "LeNet-5 1998", "NiN"}


def test_twenty_five_networks_of_keras_have_as_many_parameters_as_their_specs():
    held = {n.network for n in NUMBERS if n.source == "keras" and n.what == "parameters"}
    assert len(held) == 25


def test_the_parameters_of_lenet_and_nin_are_what_one_counts_by_hand():
    assert count(of_zoo("LeNet-5")).trainable == 6 * 26 + 16 * 151 + 120 * 401 + 84 * 121 + 10 * 85
    assert count(of_zoo("LeNet-5")).macs == 784 * 6 * 25 + 100 * 16 * 150 + 120 * 400 + 84 * 120 + 10 * 84
    windows = 96 * (11 * 11 * 3 + 1) + 256 * (25 * 96 + 1) + 384 * (9 * 256 + 1) + 1024 * (9 * 384 + 1)
    points = 2 * 96 * 97 + 2 * 256 * 257 + 2 * 384 * 385 + 1024 * 1025 + 1000 * 1025
    assert count(of_zoo("NiN")).trainable == windows + points == 7_595_176


def test_where_the_stride_stands_changes_the_work_and_the_field_but_no_parameter():
    first, third, last = (of_zoo(f"ResNet-50{version}") for version in ("", " v1.5", " slim"))
    assert count(first).trainable == count(third).trainable == count(last).trainable == 25_557_032
    assert count(last).macs < count(first).macs < count(third).macs
    sizes = [field_at(graph, "conv5").widest[0].size for graph in (first, third, last)]
    assert sizes == [483, 427, 483]


def test_lite0_is_b0_without_gates():
    lite, b0 = (count(of_zoo(f"EfficientNet-{name}")) for name in ("Lite0", "B0"))
    gates = b0.trainable - lite.trainable
    assert 0 < gates < b0.trainable / 5
    assert 0 < b0.macs - lite.macs < 0.002 * b0.macs


def test_each_source_has_a_citation_and_says_where_to_look():
    assert {number.source for number in NUMBERS} == set(sources())
    keys = set(re.findall(r"^@\w+\{(\S+),", (ROOT / "book/references.bib").read_text(), re.MULTILINE))
    for source in sources().values():
        assert source["citation"]
        assert source.get("key") in keys or source["where"].startswith("http")


def test_a_wrong_number_is_seen():
    assert not Published("VGG-16", "trainable", 138_357_545, "keras").agrees
    assert not Published("VGG-16", "macs", 15_700_000_000, "hu").agrees
    assert not Published("VGG-16", "field", 213, "araujo", at="pool5").agrees
