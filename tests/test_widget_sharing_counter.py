"""The counter of weights of chapter 1: its arithmetic against cnncourse, its questions, and wrong input."""

import numpy as np
import pytest

from cnncourse.baselines import count_weights

CASES = [(28, 1, 3, 32), (1, 1, 1, 1), (5, 3, 31, 2), (256, 64, 31, 256), (17, 4, 2, 9)]
RANDOM = [tuple(map(int, row)) for row in np.random.default_rng(0).integers(1, (257, 65, 32, 257), (20, 4))]


@pytest.fixture
def tab(widget):
    return widget("sharing-counter")


def said(tab):
    return tab.get_by_role("status").text_content()


@pytest.mark.parametrize(("side", "channels", "kernel", "filters"), CASES + RANDOM)
def test_it_counts_as_the_package_does(tab, side, channels, kernel, filters):
    sizes = {"side": side, "channels": channels, "kernel": kernel, "filters": filters}
    counted = tab.evaluate("sizes => cnn['sharing-counter'].weights(sizes)", sizes)
    assert counted == count_weights((side, side, channels), kernel, filters, padding="same")._asdict()


@pytest.mark.parametrize(("side", "channels", "kernel", "filters"), CASES)
def test_the_growth_is_the_ratio_of_two_counts_and_always_among_the_answers(tab, side, channels, kernel, filters):
    sizes = {"side": side, "channels": channels, "kernel": kernel, "filters": filters}
    before = count_weights((side, side, channels), kernel, filters, padding="same")._asdict()
    for knob in sizes:
        more = {**sizes, knob: 2 * sizes[knob]}
        shape = (more["side"], more["side"], more["channels"])
        after = count_weights(shape, more["kernel"], more["filters"], padding="same")._asdict()
        for layer in before:
            grown = tab.evaluate("args => cnn['sharing-counter'].growth(...args)", [layer, knob, sizes])
            assert grown == after[layer] / before[layer]
            assert grown in (1, 2, 4, 16)


def test_every_question_comes_before_one_comes_again(tab):
    asked = [tab.evaluate("n => cnn['sharing-counter'].question(n)", n) for n in range(12)]
    assert len({(question["layer"], question["knob"]) for question in asked}) == 12


@pytest.mark.parametrize("text", ["", "  ", "x", "2.5", "0", "-3", "1e9", "9999", "NaN", "Infinity"])
def test_what_is_no_size_is_refused(tab, text):
    refused = tab.evaluate(
        "text => { try { return cnn['sharing-counter'].parse(text, 'side') } catch (error) { return error.message } }",
        text,
    )
    assert "the side of the image: write a whole number from 1 to 256" in refused


def test_a_right_and_a_wrong_answer_are_told_with_numbers_and_a_reason(tab):
    assert "double the side of the image" in tab.locator(".sharing-question").inner_text()
    tab.get_by_role("button", name="× 4").click()
    assert said(tab).startswith("No, × 16: from 19,668,992 to 314,703,872. There are four times as many pixels")
    assert tab.get_by_role("button", name="× 4").is_disabled()
    tab.keyboard.press("Enter")  # the focus has gone on to the next question
    assert said(tab) == tab.locator(".sharing-question").inner_text()
    tab.get_by_role("button", name="× 2").focus()
    tab.keyboard.press("Space")
    assert said(tab).startswith("Right: ") and said(tab).endswith("(1 of 2 answers right.)")


def test_new_sizes_are_counted_and_wrong_ones_leave_the_table_alone(tab):
    box = tab.get_by_label("Filters (channels out)")
    box.fill("8")
    box.press("Tab")
    assert said(tab) == "Dense 4,917,248, locally connected 56,448, convolution 72 weights."
    box.fill("99999")
    box.press("Tab")
    assert "write a whole number from 1 to 256. The table still shows 8." in said(tab)
    assert tab.locator("tbody tr").nth(2).inner_text().split("\t") == ["convolution", "72", "1"]
    box.fill("")
    box.press("Tab")
    assert '"" does not do for the number of filters' in said(tab)


def test_a_telephone_has_room_for_it(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
