import itertools

import numpy as np
import pytest

from cnncourse.convolution import conv2d, conv_backward
from cnncourse.pooling import (
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)

KNOBS = list(itertools.product((1, 2, 3), (1, 2, 3), (0, 1, 2), (1, 2)))  # size, stride, padding, dilation
NUDGES = np.random.default_rng(0).normal(size=(9, 10))


@pytest.fixture
def tab(widget):
    return widget("gradient-router", "<gradient-router class=cnn-widget></gradient-router>")


def choose(tab, knob, option):
    tab.get_by_role("combobox", name=knob).select_option(option)


def spec(size, stride, padding, dilation=1):
    return {"size": size, "stride": stride, "padding": padding, "dilation": dilation}


def in_the_page(tab, kind, x, kernel, dy, geometry):
    call = "([kind, x, k, dy, g]) => cnn['gradient-router'].inputGradient(kind, x, k, dy, g)"
    return np.array(tab.evaluate(call, [kind, x.tolist(), kernel.tolist(), dy.tolist(), geometry]))


def images(rng):
    yield rng.normal(size=(5, 6))
    yield rng.integers(0, 3, (5, 6)).astype(float)  # hardly a window without a tie
    yield np.zeros((5, 6))
    yield -1.0 - rng.integers(0, 4, (5, 7))  # all below the 0 that padding must not win with


def test_the_gradients_of_a_convolution_are_those_of_the_package(tab, rng):
    for size, stride, padding, dilation in KNOBS:
        x, k = rng.normal(size=(5, 6)), rng.normal(size=(size, size))
        y, cache = conv2d(x[None, :, :, None], k[:, :, None, None], None, stride, padding, dilation)
        dy = rng.normal(size=y.shape)
        dx, dk, _ = conv_backward(dy, cache)
        geometry = spec(size, stride, padding, dilation)
        seen = in_the_page(tab, "conv", x, k, dy[0, :, :, 0], geometry)
        np.testing.assert_allclose(seen, dx[0, :, :, 0], atol=1e-12, err_msg=str(geometry))
        call = "([x, dy, g]) => cnn['gradient-router'].kernelGradient(x, dy, g)"
        seen = tab.evaluate(call, [x.tolist(), dy[0, :, :, 0].tolist(), geometry])
        np.testing.assert_allclose(seen, dk[:, :, 0, 0], atol=1e-12, err_msg=str(geometry))


@pytest.mark.parametrize(
    "kind, pool, back", [("max", max_pool2d, max_pool2d_backward), ("avg", avg_pool2d, avg_pool2d_backward)]
)
def test_the_gradient_of_a_pooling_is_that_of_the_package_with_overlaps_ties_and_padding(tab, rng, kind, pool, back):
    for (size, stride, padding, dilation), x in itertools.product(KNOBS, images(rng)):
        if dilation > 1 or padding >= size:
            continue
        y, cache = pool(x[None, :, :, None], size, stride, padding)
        dy = rng.normal(size=y.shape)
        seen = in_the_page(tab, kind, x, np.ones((size, size)), dy[0, :, :, 0], spec(size, stride, padding))
        np.testing.assert_allclose(seen, back(dy, cache)[0, :, :, 0], atol=1e-12, err_msg=f"{size, stride, padding}")


def test_the_terms_of_a_pixel_add_up_to_its_gradient(tab, rng):
    for kind, (size, stride, padding, dilation) in itertools.product(("conv", "max", "avg"), KNOBS):
        geometry = spec(size, stride, padding, dilation if kind == "conv" else 1)
        if kind != "conv" and padding >= size:
            continue
        x, k = rng.integers(0, 4, (5, 6)).astype(float), rng.normal(size=(size, size))
        OH, OW = (tab.evaluate("([n, g]) => cnn['gradient-router'].outSize(n, g)", [n, geometry]) for n in (5, 6))
        dy = NUDGES[:OH, :OW]
        dx = in_the_page(tab, kind, x, k, dy, geometry)
        totals = tab.evaluate(
            """([kind, x, k, dy, g]) => x.map((line, r) => line.map((_, c) => cnn['gradient-router']
               .terms(kind, x, k, g, r, c).reduce((sum, {i, j, factor}) => sum + dy[i][j] * factor, 0)))""",
            [kind, x.tolist(), k.tolist(), dy.tolist(), geometry],
        )
        np.testing.assert_allclose(totals, dx, atol=1e-12)


def test_a_corner_lies_in_one_window_and_the_middle_in_nine(tab):
    call = "([x, k, g, r, c]) => cnn['gradient-router'].terms('conv', x, k, g, r, c).length"
    case = [np.ones((5, 6)).tolist(), np.ones((3, 3)).tolist(), spec(3, 1, 0)]
    assert [tab.evaluate(call, [*case, *place]) for place in ([0, 0], [0, 2], [2, 2])] == [1, 3, 9]


def test_pointing_at_a_pixel_writes_its_sum(tab):
    tab.get_by_role("grid", name="the image x").get_by_role("gridcell").first.hover()
    said = tab.get_by_role("status").inner_text()
    assert said == "Pixel 0,0 lies in 1 window: dx[0,0] = dy[0,0]·k[0,0] = (−3)·1 = −3."
    assert tab.locator("[data-mark~=window]").count() == 4  # in x, in dx, in dy and in the kernel


def test_the_keyboard_walks_the_image_and_the_outputs(tab):
    choose(tab, "size", "2")
    tab.get_by_role("grid", name="the image x").get_by_role("gridcell").first.focus()
    tab.keyboard.press("ArrowRight")
    said = tab.get_by_role("status").inner_text()
    assert said.startswith("Pixel 0,1 lies in 2 windows: dx[0,1] = dy[0,0]·k[0,1] + dy[0,1]·k[0,0] =")
    tab.get_by_role("grid", name="dy,").get_by_role("gridcell").first.focus()
    tab.keyboard.press("End")
    assert "goes to the 4 pixels of its window" in tab.get_by_role("status").inner_text()


def test_a_tie_is_said_and_the_first_takes_it_all(widget):
    tab = widget("gradient-router")
    call = "g => cnn['gradient-router'].outputText('max', [[2, 2], [2, 1]], [[1]], [[5]], g, 0, 0)"
    assert tab.evaluate(call, spec(2, 1, 0)) == (
        "dy[0,0] = 5 goes whole to pixel 0,0, the maximum of its window; "
        "3 pixels tie, and the first in reading order takes it all."
    )


def test_a_geometry_that_makes_no_sense_is_answered_with_a_sentence(tab):
    choose(tab, "size", "1")
    choose(tab, "padding", "1")
    choose(tab, "operation", "max")
    assert "hold nothing but padding" in tab.get_by_role("status").inner_text()
    assert tab.get_by_role("combobox", name="operation").input_value() == "conv"
    choose(tab, "padding", "0")
    choose(tab, "operation", "max")
    assert tab.get_by_role("combobox", name="dilation").is_disabled()
    choose(tab, "size", "3")
    choose(tab, "operation", "conv")
    choose(tab, "dilation", "2")
    assert "No window fits" in tab.get_by_role("status").inner_text()  # five pixels are needed, three are there
    assert tab.get_by_role("combobox", name="dilation").input_value() == "1"


def test_the_window_of_a_maximum_is_marked_apart_from_its_winner(tab):
    choose(tab, "size", "2")
    choose(tab, "operation", "max")
    tab.get_by_role("grid", name="dy,").get_by_role("gridcell").first.focus()
    image = tab.get_by_role("grid", name="the image x")
    assert image.locator("[data-mark=seen]").count() == 3
    assert image.locator("[data-mark=window]").inner_text() == "5"


def test_padding_is_told_apart_without_colour(tab):
    choose(tab, "padding", "1")
    assert tab.locator("[data-mark=padding]").count() == 16
    tab.get_by_role("grid", name="the image x").get_by_role("gridcell").first.hover()
    assert "thrown away" in tab.get_by_role("status").inner_text()


def test_it_fits_a_phone(tab):
    tab.set_viewport_size({"width": 390, "height": 800})
    choose(tab, "padding", "2")
    assert tab.evaluate("document.documentElement.scrollWidth <= 390")
