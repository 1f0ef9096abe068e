"""The widget conv-1d computes what cnncourse computes, and says so to hand, keyboard and ear."""

import re

import numpy as np
import pytest

from cnncourse.convolution import convolve, correlate
from cnncourse.shapes import pad_amounts

CALL = "([name, ...rest]) => cnn['conv-1d'][name](...rest)"


@pytest.fixture
def tab(widget):
    return widget("conv-1d")


def said(tab):
    return tab.locator("[role=status]").inner_text()


def summed(tab):
    return tab.locator(".conv-1d-sum").inner_text()


def cases(rng):
    for _ in range(60):
        size, taps = int(rng.integers(1, 13)), int(rng.integers(1, 8))
        padding, stride = str(rng.choice(["valid", "same", "full"])), int(rng.integers(1, 4))
        signal, kernel = rng.integers(-9, 10, size).tolist(), rng.integers(-9, 10, taps).tolist()
        yield signal, kernel, padding, stride


def test_it_slides_and_pads_as_the_package_does(tab, rng):
    compared = 0
    for signal, kernel, padding, stride in cases(rng):
        pads = tab.evaluate(CALL, ["padAmounts", padding, len(signal), len(kernel), stride])
        assert tuple(pads) == pad_amounts(padding, (len(signal),), (len(kernel),), stride)[0]
        for flip, operation in ((False, correlate), (True, convolve)):
            try:
                expected = operation(signal, kernel, stride, padding)
            except ValueError:
                with pytest.raises(Exception, match="or use a smaller kernel"):
                    tab.evaluate(CALL, ["slide", signal, kernel, padding, stride, flip])
                continue
            compared += 1
            assert tab.evaluate(CALL, ["slide", signal, kernel, padding, stride, flip]) == expected.tolist()
    assert compared > 60


def test_each_column_of_the_matrix_is_the_answer_to_an_impulse(tab, rng):
    for signal, kernel, padding, stride in cases(rng):
        if padding == "valid" and len(kernel) > len(signal):
            continue
        matrix = np.array(tab.evaluate(CALL, ["matrix", len(signal), kernel, padding, stride, False]))
        for j, impulse in enumerate(np.eye(len(signal))):
            np.testing.assert_array_equal(matrix[:, j], correlate(impulse, kernel, stride, padding))


def test_numbers_are_read_as_people_write_them(tab):
    assert tab.evaluate(CALL, ["parse", " 1, -2.5;3 −4 ", "signal", 9]) == [1, -2.5, 3, -4]


@pytest.mark.parametrize(
    "text, reason",
    [
        ("", "is empty"),
        ("1 two 3", '"two" in the signal is not a number'),
        ("1e9", "too large"),
        ("1 " * 13, "room for 12"),
    ],
)
def test_a_signal_that_is_none_is_refused_in_a_sentence(tab, text, reason):
    tab.get_by_label("Signal", exact=True).fill(text)
    tab.keyboard.press("Tab")
    assert reason in said(tab)
    assert tab.get_by_role("grid").count() == 0
    tab.get_by_label("Signal", exact=True).fill("1 2 3")
    tab.keyboard.press("Tab")
    assert "1 place for a kernel of 3 on a signal of 3" in said(tab)
    assert tab.get_by_role("grid").count() == 3


def test_a_kernel_that_does_not_fit_is_told_what_would_help(tab):
    tab.get_by_label("Signal", exact=True).fill("1 2")
    tab.keyboard.press("Tab")
    assert "The kernel is 3 long but the padded signal 2: add padding >= 1" in said(tab)


def test_the_mouse_over_a_result_shows_its_sum(tab):
    tab.get_by_role("gridcell", name="result 2: 3", exact=True).hover()
    assert summed(tab) == "Result 2 = (−1)·3 + 0·7 + 1·6 = 3"


def test_the_keyboard_walks_through_the_results(tab):
    tab.get_by_role("gridcell", name="result 0: 1", exact=True).focus()
    tab.keyboard.press("ArrowRight")
    assert summed(tab).startswith("Result 1 = (−1)·3 + 0·3 + 1·7")
    tab.keyboard.press("End")
    assert summed(tab).endswith("= −3")


def test_the_buttons_go_from_place_to_place_and_stop_at_the_ends(tab):
    back, forward = (tab.get_by_role("button", name=f"{word} place") for word in ("Previous", "Next"))
    assert back.is_disabled()
    for _ in range(3):
        forward.click()
    assert forward.is_disabled()
    assert said(tab) == "Result 3 = (−1)·7 + 0·6 + 1·4 = −3"


def test_the_last_place_keeps_the_focus(tab):
    back, forward = (tab.get_by_role("button", name=f"{word} place") for word in ("Previous", "Next"))
    for button, presses in ((forward, 5), (back, 5)):
        button.focus()
        for _ in range(presses):  # more than there are places
            tab.keyboard.press("Enter")
        assert button.evaluate("e => e === document.activeElement")
        assert button.get_attribute("aria-disabled") == "true"
    assert said(tab).startswith("Result 0 =")


def test_a_number_of_the_signal_says_into_which_results_it_goes(tab):
    tab.get_by_role("gridcell", name="signal 2: 3", exact=True).click()
    assert summed(tab) == (
        "Signal 2, which is 3, goes with weight 1 to result 0, −1 to result 2: its column of the matrix."
    )


def test_a_number_of_the_signal_that_only_meets_a_zero_goes_nowhere(tab):
    tab.get_by_label("Stride").select_option("2")
    tab.locator("table").nth(0).locator("tr").nth(0).locator("td").nth(1).click()
    assert summed(tab) == "Signal 1, which is 3, goes nowhere: its column of the matrix is all zeros."


def test_turning_the_kernel_round_changes_the_results(tab):
    tab.get_by_label("Kernel", exact=True).fill("1 2 3")
    tab.keyboard.press("Tab")
    correlated = summed(tab)
    tab.get_by_label(re.compile("turn the kernel round")).check()
    assert correlated == "Result 0 = 1·2 + 2·3 + 3·3 = 17"
    assert summed(tab) == "Result 0 = 3·2 + 2·3 + 1·3 = 15"


def test_zeros_of_the_padding_take_part(tab):
    tab.get_by_label("Padding", exact=True).select_option("full")
    assert summed(tab) == "Result 0 = (−1)·0 + 0·0 + 1·2 = 2"
    assert tab.get_by_role("gridcell", name="padding: 0").count() == 4
