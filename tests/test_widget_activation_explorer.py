"""The activation explorer computes what cnncourse.activations computes, and answers to mouse and keyboard."""

import numpy as np
import pytest

from cnncourse import activations

OURS = {
    "ReLU": ("relu", {}),
    "leaky ReLU": ("leaky_relu", {}),
    "ELU": ("elu", {}),
    "sigmoid": ("sigmoid", {}),
    "tanh": ("tanh", {}),
    "GELU": ("gelu", {}),
    "SiLU (swish)": ("silu", {}),
}
RANDOM = np.random.default_rng(0).normal(0, 3, 40).tolist()
PLACES = np.array([0.0, 1e-12, -1e-12, -1.278, 1, -1, 6, -6, 30, -30, 100, -100, *RANDOM])


def ours(name):
    function, options = OURS[name]
    y, cache = getattr(activations, function)(PLACES, **options)
    return y, getattr(activations, f"{function}_backward")(np.ones_like(PLACES), cache)


def test_it_offers_the_activations_of_the_package(widget):
    assert sorted(widget("activation-explorer").evaluate("cnn['activation-explorer'].names()")) == sorted(OURS)


@pytest.mark.parametrize("name", OURS)
def test_values_and_slopes_are_those_of_the_package(widget, name):
    tab = widget("activation-explorer")
    found = tab.evaluate(
        "([name, xs]) => xs.map(x => ['value', 'slope'].map(f => cnn['activation-explorer'][f](name, x)))",
        [name, PLACES.tolist()],
    )
    y, dy = ours(name)
    np.testing.assert_allclose(found, np.stack([y, dy], axis=1), rtol=1e-9, atol=1e-12)


def test_a_chain_multiplies_the_slope_ten_times(widget):
    tab = widget("activation-explorer")
    assert tab.evaluate("cnn['activation-explorer'].chain('sigmoid', 0)") == 0.25**10


def test_the_mouse_chooses_and_the_status_line_tells(widget):
    tab = widget("activation-explorer")
    tab.get_by_label("activation", exact=True).select_option("sigmoid")
    tab.get_by_label("x =", exact=True).fill("0")
    said = tab.locator("[role=status]").inner_text()
    assert said.startswith("sigmoid at x = 0: value 0.5, slope 0.25.")
    assert "9.54e−7: the gradient has all but vanished" in said
    assert tab.locator("td").all_inner_texts() == ["0.5", "0.25", "9.54e−7"]
    tab.get_by_label("activation", exact=True).select_option("ReLU")
    assert "ReLU at x = 0: value 0, slope 0." in tab.locator("[role=status]").inner_text()


def test_the_keyboard_slides(widget):
    tab = widget("activation-explorer")
    slider = tab.get_by_label("slide x")
    slider.focus()
    slider.press("Home")
    assert tab.get_by_label("x =", exact=True).input_value() == "-6"
    slider.press("ArrowRight")
    assert tab.get_by_label("x =", exact=True).input_value() == "-5.9"
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("ArrowUp")
    assert "x = −5.8" in tab.locator("[role=status]").inner_text()
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.type("tanh")
    assert "tanh at x = −5.8" in tab.locator("[role=status]").inner_text()


@pytest.mark.parametrize(
    "text, said", [("", "Type a number"), ("1e9", "choose one from −100 to 100"), ("-101", "choose")]
)
def test_a_wrong_number_gets_a_sentence_and_changes_nothing(widget, text, said):
    tab = widget("activation-explorer")
    before = tab.locator("td").all_inner_texts()
    tab.get_by_label("x =", exact=True).fill(text)
    assert said in tab.locator("[role=status]").inner_text()
    assert tab.get_by_label("x =", exact=True).get_attribute("aria-invalid") == "true"
    assert tab.locator("td").all_inner_texts() == before


@pytest.mark.parametrize("text", ["", "  ", "abc", "1,5", "Infinity", "NaN", "101"])
def test_reading_a_box_refuses_what_is_no_number_in_reach(widget, text):
    assert "error" in widget("activation-explorer").evaluate("text => cnn['activation-explorer'].read(text)", text)


def test_out_of_the_picture_the_marks_hide_and_the_numbers_stay(widget):
    tab = widget("activation-explorer")
    tab.get_by_label("activation", exact=True).select_option("ReLU")
    tab.get_by_label("x =", exact=True).fill("50")
    assert tab.locator("circle").get_attribute("visibility") == "hidden"
    assert tab.locator("td").first.inner_text() == "50"
