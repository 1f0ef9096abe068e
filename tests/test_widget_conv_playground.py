"""The widget conv-playground computes what cnncourse computes, hides the map until it is predicted, and explains it."""

import re

import numpy as np
import pytest

from cnncourse.convolution import conv2d, convolve, correlate
from cnncourse.shapes import conv_output_size, pad_amounts

CALL = "([name, ...rest]) => cnn['conv-playground'][name](...rest)"


@pytest.fixture
def tab(widget):
    return widget("conv-playground")


def said(tab):
    return tab.locator("[role=status]").inner_text()


def summed(tab):
    return tab.locator(".conv-playground-sum").inner_text()


def cases(rng, count=80):
    """Non-square images and kernels with every knob, many of which do not fit."""
    for _ in range(count):
        size, kernel_size = tuple(rng.integers(1, 9, 2).tolist()), tuple(rng.integers(1, 6, 2).tolist())
        padding = ["valid", "same", "full", int(rng.integers(0, 5))][rng.integers(4)]
        yield size, kernel_size, int(rng.integers(1, 5)), padding, int(rng.integers(1, 4))


def test_sizes_paddings_and_refusals_are_those_of_the_package(tab, rng):
    refused = 0
    for size, kernel_size, stride, padding, dilation in cases(rng, 150):
        pads = tab.evaluate(CALL, ["padAmounts", padding, size, kernel_size, stride, dilation])
        assert tuple(map(tuple, pads)) == pad_amounts(padding, size, kernel_size, stride, dilation)
        try:
            expected = conv_output_size(size, kernel_size, stride, padding, dilation)
        except ValueError as error:
            refused += 1
            message = str(error).replace(f"dilation {dilation}x{dilation}", f"dilation {dilation}")
            with pytest.raises(Exception, match=re.escape(message)):
                tab.evaluate(CALL, ["outputSize", size, kernel_size, stride, padding, dilation])
        else:
            assert tuple(tab.evaluate(CALL, ["outputSize", size, kernel_size, stride, padding, dilation])) == expected
    assert 10 < refused < 140


def test_maps_are_those_of_correlate_convolve_and_conv2d(tab, rng):
    compared = 0
    for size, kernel_size, stride, padding, dilation in cases(rng):
        image, kernel = rng.integers(-9, 10, size), rng.integers(-9, 10, kernel_size)
        try:
            expected = correlate(image, kernel, stride, padding, dilation)
        except ValueError:
            continue
        compared += 1
        knobs = [stride, padding, dilation]
        plain = tab.evaluate(CALL, ["correlate", image.tolist(), kernel.tolist(), *knobs])
        np.testing.assert_array_equal(plain, expected)
        layer, _ = conv2d(np.float64(image)[None, ..., None], np.float64(kernel)[..., None, None], None, *knobs)
        np.testing.assert_array_equal(plain, layer[0, :, :, 0])
        turned = tab.evaluate(CALL, ["turn", kernel.tolist()])
        true = tab.evaluate(CALL, ["correlate", image.tolist(), turned, *knobs])
        np.testing.assert_array_equal(true, convolve(image, kernel, *knobs))
    assert compared > 30


def test_the_terms_of_a_place_add_up_to_its_number(tab, rng):
    image, kernel = rng.integers(-9, 10, (5, 7)), rng.integers(-9, 10, (3, 2))
    expected = correlate(image, kernel, 2, "same", 2)
    for place in np.ndindex(*expected.shape):
        taps = tab.evaluate(CALL, ["taps", image.tolist(), kernel.tolist(), list(place), 2, "same", 2])
        assert sum(tap["pixel"] * tap["weight"] for tap in taps) == expected[place]
        for tap in taps:
            inside = 0 <= tap["row"] < 5 and 0 <= tap["column"] < 7
            assert tap["pixel"] == (image[tap["row"], tap["column"]] if inside else 0)


def predict(tab, rows, columns):
    tab.get_by_label("rows OH").fill(str(rows))
    tab.get_by_label("columns OW").fill(str(columns))
    tab.keyboard.press("Enter")


def test_the_map_is_hidden_until_its_size_is_predicted(tab):
    assert tab.get_by_role("grid", name="feature map").count() == 0
    predict(tab, 4, 4)
    assert said(tab) == "Right: 4 by 4."
    assert tab.get_by_role("grid", name="feature map").get_by_role("gridcell").count() == 16
    formula = tab.locator(".conv-playground-formula").inner_text()
    assert formula.splitlines() == ["OH = ⌊(5 + 0 + 0 − 2) / 1⌋ + 1 = 4", "OW = ⌊(6 + 0 + 0 − 3) / 1⌋ + 1 = 4"]


def test_a_wrong_prediction_is_corrected_and_told_where(tab):
    predict(tab, 4, 5)
    assert said(tab) == "You said 4 by 5, and it is 4 by 4: look at the columns in the formula."


@pytest.mark.parametrize("rows", ["", "2.5", "-1", "1000"])
def test_a_prediction_that_is_no_size_is_asked_for_again(tab, rows):
    predict(tab, rows, 4)
    assert "a whole number from 0 to 99 is needed" in said(tab)
    assert tab.get_by_role("grid", name="feature map").count() == 0


def test_other_sizes_hide_the_map_again_and_other_values_do_not(tab):
    predict(tab, 4, 4)
    tab.get_by_label("Filled with").select_option("all ones")
    predict(tab, 4, 4)
    tab.get_by_role("gridcell", name="pixel 0, 0: 1", exact=True).click()
    assert tab.get_by_role("grid", name="feature map").count() == 1
    tab.get_by_label("Stride").fill("2")
    tab.keyboard.press("Tab")
    assert tab.get_by_role("grid", name="feature map").count() == 0
    predict(tab, 2, 2)
    assert said(tab) == "Right: 2 by 2."


@pytest.fixture
def open_tab(tab):
    tab.get_by_label("let me predict the size first").uncheck()
    assert said(tab) == "The map has 4 rows and 4 columns."
    return tab


def test_the_mouse_over_a_number_of_the_map_shows_where_it_comes_from(open_tab):
    tab = open_tab
    shown = tab.evaluate("[...document.querySelectorAll('[aria-label^=\"pixel\"]')].map(td => Number(td.textContent))")
    image = np.array(shown).reshape(5, 6)
    expected = correlate(image, [[1, 2, 3], [4, 5, 6]])
    tab.get_by_role("gridcell", name=f"row 1, column 2: {expected[1, 2]:g}", exact=True).hover()
    assert summed(tab).startswith(f"Y at row 1, column 2 = {image[1, 2]}·1 + {image[1, 3]}·2 + {image[1, 4]}·3")
    assert summed(tab).endswith(f"= {expected[1, 2]:g}")
    marked = tab.eval_on_selector_all('td[data-mark~="window"]', "all => all.map(td => td.getAttribute('aria-label'))")
    assert sum(label.startswith("pixel") for label in marked) == 6


def test_the_keyboard_walks_over_the_map_and_edits_the_image(open_tab):
    tab = open_tab
    tab.get_by_role("grid", name="feature map").get_by_role("gridcell").first.focus()
    tab.keyboard.press("ArrowDown")
    assert summed(tab).startswith("Y at row 1, column 0")
    cell = tab.get_by_role("grid", name="image").get_by_role("gridcell").first
    cell.focus()
    assert summed(tab) == "The pixel at row 0, column 0 enters 1 of the 16 sums."
    before = int(cell.inner_text())
    tab.keyboard.press("Enter")
    assert int(cell.inner_text()) == (before + 1) % 10
    for key, value in (("7", "7"), ("-", "−7"), ("Backspace", "0")):
        tab.keyboard.press(key)
        assert cell.inner_text() == value
        assert said(tab) == f"Pixel 0, 0 is now {value}."
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowDown")
    assert summed(tab) == "The pixel at row 1, column 1 enters 4 of the 16 sums."


def test_an_impulse_comes_out_turned_under_correlation_and_straight_under_convolution(open_tab):
    tab = open_tab
    tab.get_by_label("Filled with").select_option("one bright pixel")
    tab.get_by_label("Padding", exact=True).select_option("full")

    def shown():
        cells = tab.get_by_role("grid", name="feature map").get_by_role("gridcell")
        return np.array([float(text) for text in cells.all_inner_texts()]).reshape(6, 8)

    image = np.zeros((5, 6))
    image[2, 3] = 1
    kernel = [[1, 2, 3], [4, 5, 6]]
    np.testing.assert_array_equal(shown(), correlate(image, kernel, padding="full"))
    tab.get_by_label(re.compile("true convolution")).check()
    np.testing.assert_array_equal(shown(), convolve(image, kernel, padding="full"))
    assert "its first row is 6, 5, 4" in said(tab)


def test_weights_can_be_typed(open_tab):
    tab = open_tab
    tab.get_by_label("weight in row 0, column 0 of the kernel").fill("-0.5")
    tab.keyboard.press("Tab")
    tab.get_by_role("grid", name="feature map").get_by_role("gridcell").first.focus()
    assert "·(−0.5) +" in summed(tab)


def test_wrong_input_is_answered_with_a_sentence(open_tab):
    tab = open_tab
    tab.get_by_label("weight in row 0, column 0 of the kernel").fill("1e9")
    tab.keyboard.press("Tab")
    assert "must be a number between −999 and 999; it counts as 1 until then" in said(tab)
    for label, value, reason in (
        ("Rows H", "", "The image's height is empty, but a whole number from 1 to 8 is needed."),
        ("Stride", "0", "The stride is 0, but a whole number from 1 to 4 is needed."),
        ("Dilation", "1.5", "The dilation is 1.5, but a whole number from 1 to 3 is needed."),
    ):
        box = tab.get_by_label(label)
        before = box.input_value()
        box.fill(value)
        tab.keyboard.press("Tab")
        assert said(tab) == reason
        box.fill(before)
        tab.keyboard.press("Tab")
        assert tab.get_by_role("grid", name="feature map").count() == 1


def test_an_impossible_geometry_is_refused_in_the_words_of_the_package(open_tab):
    tab = open_tab
    tab.get_by_label("Ready-made").select_option("Laplacian")
    tab.get_by_label("Dilation").fill("3")
    tab.keyboard.press("Tab")
    assert said(tab) == (
        "Kernel is 3x3 (it spans 7x7 with dilation 3) but the padded input is 5x6: "
        "add padding >= 1 or use a smaller kernel."
    )
    assert tab.get_by_role("grid", name="feature map").count() == 0
    tab.get_by_label("Padding", exact=True).select_option("a number")
    assert tab.get_by_role("grid", name="feature map").count() == 1
    assert tab.get_by_role("grid", name="image").get_by_role("gridcell", name="padding: 0").count() == 7 * 8 - 5 * 6
