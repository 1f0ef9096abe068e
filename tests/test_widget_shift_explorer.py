"""The moving digit of chapter 1: its arithmetic against cnncourse, and the hand on mouse and keyboard."""

import json

import numpy as np
import pytest

from cnncourse.baselines import shift_images

REACH, SIDE = 2, 5
PIXELS = [np.random.default_rng(k).integers(1, 255, (6, 6)) for k in range(2)]  # no zero: a lost pixel would show


def scores(n, k):
    """Two networks: the first reads a digit rightly where it moved by at most one pixel, the second everywhere."""
    label, wrong = (4, 7)[k], (7, 4)[k]
    rows = []
    for down in range(-REACH, REACH + 1):
        for right in range(-REACH, REACH + 1):
            row = [0] * 10
            row[label if n or max(abs(down), abs(right)) <= 1 else wrong] = 1000 - 10 * abs(down) - 30 * abs(right)
            rows += row
    return rows


@pytest.fixture
def tab(widget):
    digits = [
        {"label": label, "pixels": PIXELS[k].tolist(), "scores": [scores(n, k) for n in range(2)]}
        for k, label in enumerate((4, 7))
    ]
    given = json.dumps({"reach": REACH, "networks": ["short-sighted", "far-sighted"], "digits": digits})
    return widget(
        "shift-explorer", f'<shift-explorer><script type="application/json">{given}</script></shift-explorer>'
    )


def said(tab):
    return tab.get_by_role("status").text_content()


@pytest.mark.parametrize("shape", [(6, 6), (1, 5), (4, 1), (3, 7)])
def test_it_shifts_as_the_package_does(tab, shape):
    x = np.random.default_rng(1).integers(1, 256, shape)
    H, W = shape
    for down in range(-H, H + 1):
        for right in range(-W, W + 1):
            moved = tab.evaluate(
                "([x, down, right]) => cnn['shift-explorer'].shift(x, down, right)", [x.tolist(), down, right]
            )
            assert np.array_equal(moved, shift_images(x[None, ..., None].astype(float), down, right)[0, ..., 0])


@pytest.mark.parametrize("numbers", [[3], [1, 5, 2], [0, 0, 0], [2, 9, 9, 1], [-3, -1, -2], [0.1, 0.30, 0.3]])
def test_the_largest_is_the_one_that_numpy_names(tab, numbers):
    assert tab.evaluate("x => cnn['shift-explorer'].argmax(x)", numbers) == np.argmax(numbers)


def test_the_scores_of_a_shift_are_found_where_the_page_put_them(tab):
    every = np.arange(SIDE * SIDE * 10)
    for n, (down, right) in enumerate(np.ndindex(SIDE, SIDE)):
        found = tab.evaluate(
            "([all, reach, down, right]) => cnn['shift-explorer'].scoresAt(all, reach, down, right)",
            [every.tolist(), REACH, down - REACH, right - REACH],
        )
        assert found == list(range(10 * n, 10 * n + 10))


def test_the_map_of_right_answers_is_numpys(tab):
    table = np.random.default_rng(2).integers(0, 4, (SIDE, SIDE, 10))  # many ties
    hits = tab.evaluate(
        "([all, reach, label]) => cnn['shift-explorer'].rightAnswers(all, reach, label)",
        [table.ravel().tolist(), REACH, 3],
    )
    assert np.array_equal(hits, table.argmax(axis=2) == 3)


def test_the_arrow_keys_move_the_digit_and_home_puts_it_back(tab):
    stage = tab.get_by_role("application")
    stage.focus()
    assert "The 4, not moved. Read as: short-sighted 4, far-sighted 4." in said(tab)
    for key in ("ArrowDown", "ArrowDown", "ArrowLeft"):
        tab.keyboard.press(key)
    assert said(tab) == "The 4, 2 down, 1 left. Read as: short-sighted 7, far-sighted 4."
    tab.keyboard.press("ArrowDown")
    assert said(tab).startswith("It goes no further than 2 pixels. The 4, 2 down, 1 left.")
    tab.keyboard.press("Home")
    assert "not moved" in said(tab)


def test_the_buttons_move_it_too_and_the_table_follows(tab):
    tab.get_by_role("button", name="the 7").click()
    for _ in range(2):
        tab.get_by_role("button", name="right", exact=True).click()
    assert said(tab) == "The 7, 2 right. Read as: short-sighted 4, far-sighted 7."
    rows = tab.locator(".shift-scores tbody tr")
    assert rows.nth(7).inner_text().split("\t") == ["7 (it is)", "0 %", "94 %"]
    assert tab.locator(".shift-scores tfoot").inner_text().split() == ["reads", "4", "✗", "7", "✓"]
    tab.get_by_role("button", name="back to the middle").click()
    assert "not moved" in said(tab)


def test_the_picture_shows_the_moved_pixels(tab):
    tab.get_by_role("button", name="down", exact=True).click()
    grey = tab.evaluate(
        """() => { const c = document.querySelector('.shift-canvas'), zoom = c.width / 6;
        return Array.from({length: 6}, (_, i) => Array.from({length: 6}, (_, j) =>
            255 - c.getContext('2d').getImageData((j + .5) * zoom, (i + .5) * zoom, 1, 1).data[0])) }"""
    )
    assert np.array_equal(grey, shift_images(PIXELS[0][None, ..., None].astype(float), down=1)[0, ..., 0])


def test_all_shifts_at_once_are_shown_on_demand_and_counted(tab):
    button = tab.get_by_role("button", name="Show all shifts at once")
    assert not tab.locator(".shift-maps").is_visible()
    button.focus()
    tab.keyboard.press("Enter")
    assert [text.split("\n")[-1] for text in tab.locator(".shift-maps figcaption").all_inner_texts()] == [
        "right at 9 of 25",
        "right at 25 of 25",
    ]
    tab.keyboard.press("Enter")
    assert not tab.locator(".shift-maps").is_visible()


def test_a_telephone_has_room_for_it(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
