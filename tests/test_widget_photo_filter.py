"""The widget photo-filter computes what cnncourse computes, and paints it."""

import json

import numpy as np
import pytest

from cnncourse.convolution import correlate

CALL = "([name, ...rest]) => cnn['photo-filter'][name](...rest)"
KERNELS = {
    "copy": {"weights": [[0, 0, 0], [0, 1, 0], [0, 0, 0]]},
    "box": {"weights": [[1, 1, 1]] * 3, "over": 9},
    "across": {"weights": [[-1, 0, 1]] * 3, "mode": "signed"},
}
PIXELS = np.random.default_rng(4).integers(0, 256, (6, 9))


@pytest.fixture
def tab(widget):
    data = json.dumps({"pixels": PIXELS.tolist(), "kernels": KERNELS})
    return widget("photo-filter", f'<photo-filter><script type="application/json">{data}</script></photo-filter>')


def said(tab):
    return tab.locator("[role=status]").inner_text()


def painted(tab):
    levels = tab.evaluate(
        "() => { const c = document.querySelectorAll('canvas')[1];"
        " return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data] }"
    )
    return np.array(levels).reshape(*PIXELS.shape, 4)[..., 0]


@pytest.mark.parametrize("border, mode", [("zeros", "constant"), ("edge", "edge")])
def test_it_filters_as_the_package_does(tab, rng, border, mode):
    for height, width in ((1, 1), (2, 7), (6, 5), (1, 9)):
        pixels, kernel = rng.integers(0, 256, (height, width)), rng.integers(-9, 10, (3, 3))
        got = tab.evaluate(CALL, ["filter", pixels.tolist(), kernel.tolist(), 7, border])
        np.testing.assert_array_equal(got, correlate(np.pad(pixels, 1, mode=mode), kernel) + 7)


def test_greys_are_cut_off_or_fitted_in(tab):
    assert tab.evaluate(CALL, ["grey", [[-5, 0, 99.6, 300]], "clip"]) == [[0, 0, 100, 255]]
    assert tab.evaluate(CALL, ["grey", [[-10, 0, 5]], "signed"]) == [[0, 128, 191]]
    assert tab.evaluate(CALL, ["grey", [[0, 0]], "signed"]) == [[128, 128]]


def test_the_canvas_shows_the_filtered_photograph(tab):
    np.testing.assert_array_equal(painted(tab), PIXELS)
    tab.get_by_label("Ready-made").select_option("box")
    expected = correlate(PIXELS, np.full((3, 3), 1 / 9), padding="same")
    np.testing.assert_allclose(painted(tab), expected, atol=0.51)
    assert said(tab).startswith("The weights add up to 1; the map goes from ")


def test_the_keyboard_alone_changes_a_weight(tab):
    tab.get_by_label("weight in row 1, column 1").focus()
    tab.keyboard.press("Control+a")
    tab.keyboard.type("-1")
    tab.keyboard.press("Tab")
    tab.get_by_label("Bias").fill("255")
    tab.keyboard.press("Tab")
    np.testing.assert_array_equal(painted(tab), 255 - PIXELS)
    assert said(tab).startswith("The weights add up to −1;")
    assert said(tab).endswith("and 0 % of it is outside 0 to 255 and cut off.")
    assert tab.locator("canvas").nth(1).get_attribute("aria-label").endswith(said(tab))


def test_a_signed_map_has_its_zero_in_the_middle(tab):
    tab.get_by_label("Ready-made").select_option("across")
    assert tab.get_by_label("Show").input_value() == "signed"
    values = correlate(PIXELS, [[-1, 0, 1]] * 3, padding="same")
    np.testing.assert_allclose(painted(tab), 127.5 + 127.5 * values / abs(values).max(), atol=0.51)


@pytest.mark.parametrize("value", ["", "1e7"])
def test_a_weight_that_is_none_is_refused_in_a_sentence(tab, value):
    before = painted(tab)
    tab.get_by_label("weight in row 0, column 2").fill(value)
    tab.keyboard.press("Tab")
    assert "a number between −9999 and 9999 is needed." in said(tab)
    np.testing.assert_array_equal(painted(tab), before)
