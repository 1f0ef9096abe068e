"""The pooling explorer: its arithmetic is the package's, and it answers to the mouse and to the keyboard."""

import json

import numpy as np
import pytest

from cnncourse.pooling import avg_pool2d, max_pool2d, max_pool2d_backward, pool_geometry

TABLE = [[1, 3, 0, 2], [4, 2, 6, 1], [0, 7, 2, 2], [5, 1, 0, 4], [2, 0, 9, 6]]
DATA = json.dumps({"table": TABLE})
PAGE = f'<pool-explorer><script type="application/json">{DATA}</script></pool-explorer>'
CASES = [
    ((6, 8), (2, 2), (2, 2), "valid"),
    ((5, 7), (2, 2), (2, 2), "valid"),  # a row and a column in no window
    ((5, 7), (2, 2), (2, 2), "same"),
    ((5, 7), (3, 3), (2, 2), "valid"),  # overlapping
    ((5, 7), (3, 3), (2, 2), "same"),
    ((7, 5), (2, 3), (3, 1), "valid"),
    ((7, 5), (2, 3), (3, 1), "same"),
    ((4, 9), (3, 4), (1, 2), 1),
    ((4, 9), (3, 4), (2, 4), 2),
    ((3, 3), (1, 1), (2, 2), "valid"),  # gaps
    ((2, 3), (2, 3), (1, 1), "valid"),
    ((1, 1), (2, 2), (2, 2), 1),
]


@pytest.fixture
def tab(widget):
    return widget("pool-explorer", PAGE)


def tables(size):
    rng = np.random.default_rng(11)
    return [rng.integers(0, 10, size), rng.integers(-3, 1, size), np.zeros(size, int), rng.standard_normal(size)]


def images(table):
    return np.asarray(table, float)[None, :, :, None]


def said(tab):
    return tab.get_by_role("status").inner_text()


def explained(tab):
    return tab.locator(".pool-explorer-sum").inner_text()


def field(tab, label, text):
    tab.get_by_label(label, exact=True).fill(text)
    tab.keyboard.press("Tab")


@pytest.mark.parametrize(("size", "pool_size", "stride", "padding"), CASES)
def test_the_numbers_are_those_of_the_package(tab, size, pool_size, stride, padding):
    window = [list(pool_size), list(stride), padding]
    assert tab.evaluate("a => cnn['pool-explorer'].outputSize(...a)", [list(size), *window]) == list(
        pool_geometry(size, pool_size, stride, padding).out
    )
    for table in tables(size):
        for mode in ("max", "average", "average with padding"):
            seen = tab.evaluate("a => cnn['pool-explorer'].pool(...a)", [table.tolist(), *window, mode])
            x = images(table)
            if mode == "average with padding":
                x, padding_done = np.pad(x, ((0, 0), *pool_geometry(size, pool_size, stride, padding).pads, (0, 0))), 0
            else:
                padding_done = padding
            function = max_pool2d if mode == "max" else avg_pool2d
            np.testing.assert_allclose(seen, function(x, pool_size, stride, padding_done)[0][0, :, :, 0], atol=1e-12)


@pytest.mark.parametrize(("size", "pool_size", "stride", "padding"), CASES)
def test_the_winner_is_the_one_that_gets_the_gradient(tab, size, pool_size, stride, padding):
    for table in tables(size):
        y, cache = max_pool2d(images(table), pool_size, stride, padding)
        places = [list(place) for place in np.ndindex(*y.shape[1:3])]
        found = tab.evaluate(
            "([places, ...a]) => places.map(place => cnn['pool-explorer'].winner(...a, place))",
            [places, table.tolist(), list(pool_size), list(stride), padding],
        )
        for (i, j), best in zip(places, found):
            dy = np.zeros_like(y)
            dy[0, i, j, 0] = 1
            assert max_pool2d_backward(dy, cache)[0, best["row"], best["column"], 0] == 1


@pytest.mark.parametrize("step", [(0, 1), (0, -1), (1, 0), (-1, 0), (2, -3)])
def test_a_shift_lets_zeros_in_and_loses_what_leaves(tab, step):
    table = np.random.default_rng(5).integers(1, 10, (4, 6))
    (down, right), (H, W) = step, table.shape
    expected = np.pad(table, 3)[3 - down : 3 - down + H, 3 - right : 3 - right + W]
    seen = tab.evaluate("a => cnn['pool-explorer'].shift(...a)", [table.tolist(), list(step)])
    np.testing.assert_array_equal(seen, expected)
    differs = tab.evaluate("a => cnn['pool-explorer'].differs(...a)", [table.tolist(), seen])
    np.testing.assert_array_equal(differs, table != expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([[4, 4], [5, 2], [1, 1], "valid"], "the window is 5 by 2 but the table with its padding is 4 by 4"),
        ([[4, 4], [2, 2], [1, 1], 2], "could hold nothing but padding"),
    ],
)
def test_what_cannot_be_is_refused(tab, arguments, message):
    text = tab.evaluate(
        "a => { try { return cnn['pool-explorer'].outputSize(...a) } catch (e) { return e.message } }", arguments
    )
    assert message in text
    with pytest.raises(ValueError, match="padding"):
        pool_geometry(*arguments)


def test_it_begins_with_the_table_of_the_page(tab):
    assert said(tab) == "2 by 2 outputs from 5 by 4 numbers. 4 of the 20 numbers are in no window."
    assert tab.get_by_role("grid", name="pooled map").locator("td").all_inner_texts() == ["4", "6", "7", "4"]


def test_an_output_shows_its_window_its_winner_and_its_ties_to_the_mouse(tab):
    tab.get_by_label("What is kept").select_option("max")
    output = tab.get_by_role("grid", name="pooled map").locator("td").nth(1)
    output.hover()
    assert explained(tab) == "Y at row 0, column 1 = max(0, 2, 6, 1) = 6, from row 1, column 2."
    marks = [cell.get_attribute("data-mark") for cell in tab.get_by_role("grid", name="table").locator("td").all()]
    assert [i for i, mark in enumerate(marks) if "window" in mark] == [2, 3, 6, 7]
    assert [i for i, mark in enumerate(marks) if "winner" in mark] == [6]
    tab.get_by_label("row 0, column 2: 0").click(click_count=1)
    assert said(tab) == "Row 0, column 2 is now 1."
    assert explained(tab) == "The number at row 0, column 2 is in 1 window."


def test_the_keyboard_walks_types_and_finds_ties(tab):
    cell = tab.get_by_label("row 1, column 1: 2")
    tab.get_by_label("row 0, column 0: 1").focus()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowRight")
    assert cell.evaluate("cell => cell === document.activeElement")
    tab.keyboard.press("4")
    assert said(tab) == "Row 1, column 1 is now 4."
    tab.get_by_label("output 0, 0: 4").focus()
    assert "4 stands there 2 times, and the first counts as the winner" in explained(tab)
    marks = [cell.get_attribute("data-mark") for cell in tab.get_by_role("grid", name="table").locator("td").all()]
    assert [i for i, mark in enumerate(marks) if "winner" in mark] == [4]
    assert [i for i, mark in enumerate(marks) if "tie" in mark] == [5]
    tab.keyboard.press("ArrowRight")
    assert explained(tab).startswith("Y at row 0, column 1")
    tab.get_by_label("row 4, column 3: 6").focus()
    assert explained(tab) == "The number at row 4, column 3 is in no window: whatever it is, no output hears of it."


def test_a_shift_counts_what_changed(tab):
    tab.get_by_role("button", name="right").press("Enter")
    moved = np.pad(np.array(TABLE)[:, :-1], ((0, 0), (1, 0)))
    pooled, was = (max_pool2d(images(table), 2)[0] for table in (moved, TABLE))
    outputs, numbers = int((pooled != was).sum()), int((moved != np.array(TABLE)).sum())
    assert (
        said(tab)
        == f"Shifted right by one: {outputs} of 4 outputs changed, and {numbers} of the 20 numbers of the table."
    )
    assert tab.locator("td[data-mark~=changed]").count() == outputs
    tab.get_by_role("button", name="the table as it was").click()
    assert tab.locator("td[data-mark~=changed]").count() == 0
    assert tab.get_by_role("grid", name="pooled map").locator("td").all_inner_texts() == ["4", "6", "7", "4"]


def test_two_steps_under_a_stride_of_two_move_the_map_by_one(tab):
    before = tab.get_by_role("grid", name="pooled map").locator("td").all_inner_texts()
    for _ in range(2):
        tab.get_by_role("button", name="right").click()
    after = tab.get_by_role("grid", name="pooled map").locator("td").all_inner_texts()
    assert after == ["0", before[0], "0", before[2]]


def test_padding_is_drawn_as_what_it_counts_for(tab):
    tab.get_by_label("Padding", exact=True).select_option("1")
    corner = tab.get_by_role("grid", name="table").locator("td").first
    assert corner.inner_text() == "−∞"
    tab.get_by_label("What is kept").select_option("average")
    tab.get_by_label("output 0, 0: 1").focus()
    assert explained(tab) == "Y at row 0, column 0 = (1) / 1 = 1."
    tab.get_by_label("What is kept").select_option("average with padding")
    tab.get_by_label("output 0, 0: 0.25").focus()
    assert explained(tab) == "Y at row 0, column 0 = (1 + 0 + 0 + 0) / 4 = 0.25."
    assert corner.inner_text() == "0"


@pytest.mark.parametrize("text", ["", "0", "99", "1.5"])
def test_nonsense_is_answered_with_a_sentence(tab, text):
    field(tab, "Window rows", text)
    assert said(tab).startswith("The number of rows of the window is")
    assert said(tab).endswith("but a whole number from 1 to 5 is needed.")
    tab.get_by_role("button", name="left").click()
    assert "mend the window" in said(tab)
    field(tab, "Window rows", "2")
    assert said(tab).startswith("2 by 2 outputs")


def test_a_window_of_padding_alone_is_refused(tab):
    tab.get_by_label("Padding", exact=True).select_option("2")
    assert "nothing but padding" in said(tab)


def test_every_control_has_a_label_and_it_fits_a_phone(tab):
    tab.set_viewport_size({"width": 390, "height": 800})
    for box in tab.locator("input, select").all():
        assert box.evaluate("box => box.labels.length") == 1
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
