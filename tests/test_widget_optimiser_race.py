"""The optimiser race takes the steps of cnncourse.training.optimisers, and answers to mouse and keyboard."""

import re

import numpy as np
import pytest

from cnncourse.training.optimisers import SGD, Adam, RMSprop

OURS = {
    "SGD": SGD,
    "momentum": lambda rate: SGD(rate, momentum=0.9),
    "Nesterov": lambda rate: SGD(rate, momentum=0.9, nesterov=True),
    "RMSprop": RMSprop,
    "Adam": Adam,
}
SURFACES = ["narrow valley", "narrow valley, turned", "saddle", "valley with a bend"]
PLACES = np.random.default_rng(2).uniform(-2, 2, (30, 2)).tolist()
CALL = "([f, a]) => cnn['optimiser-race'][f](...a)"


@pytest.fixture
def tab(widget):
    return widget("optimiser-race")


def call(tab, function, *arguments):
    return tab.evaluate(CALL, [function, list(arguments)])


def walked(surface, name, start, rate, steps, noise=None):
    """The same walk with the package's own optimiser, float64."""
    optimiser, params, path = OURS[name](rate), {"w": np.array(start, float)}, [start]
    for k in range(steps):
        grad = SLOPES[surface](*params["w"])
        optimiser.step(params, {"w": grad if noise is None else grad + noise[k]})
        path.append(params["w"].tolist())
    return np.array(path)


def valley(angle):
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, s], [-s, c]])
    bowl = turn.T @ np.diag([1.0, 20.0]) @ turn
    return lambda x, y: 0.5 * np.array([x, y]) @ bowl @ [x, y], lambda x, y: bowl @ [x, y]


HEIGHTS, SLOPES = {}, {}
for key, angle in (("narrow valley", 0), ("narrow valley, turned", np.pi / 6)):
    HEIGHTS[key], SLOPES[key] = valley(angle)
HEIGHTS["saddle"] = lambda x, y: x**2 / 2 + (y**2 - 1) ** 2 / 4
SLOPES["saddle"] = lambda x, y: np.array([x, y**3 - y])
HEIGHTS["valley with a bend"] = lambda x, y: (x - 2) ** 2 / 4 + 5 * (y - (x**2 / 2 - 1)) ** 2
SLOPES["valley with a bend"] = lambda x, y: np.array(
    [(x - 2) / 2 - 10 * x * (y - x**2 / 2 + 1), 10 * (y - x**2 / 2 + 1)]
)


def said(tab):
    return tab.get_by_role("status").inner_text()


def row(tab, name):
    return tab.get_by_role("row").filter(has=tab.get_by_role("rowheader", name=name, exact=True)).locator("td")


def slide(tab, label, value):
    tab.get_by_label(label, exact=True).fill(str(value))
    tab.get_by_label(label, exact=True).dispatch_event("change")


def to_step(tab, step):
    tab.locator(".race-controls input").fill(str(step))
    tab.locator(".race-controls input").dispatch_event("change")


def test_it_offers_the_surfaces_and_the_optimisers(tab):
    assert call(tab, "surfaces") == SURFACES
    assert call(tab, "names") == list(OURS)


@pytest.mark.parametrize("surface", SURFACES)
def test_heights_and_slopes_are_those_of_the_formula(tab, surface):
    found = tab.evaluate(
        "([s, ps]) => ps.map(p => [cnn['optimiser-race'].loss(s, p), ...cnn['optimiser-race'].gradient(s, p)])",
        [surface, PLACES],
    )
    for place, (height, *slope) in zip(PLACES, found):
        assert height == pytest.approx(HEIGHTS[surface](*place), abs=1e-12)
        nudged = [HEIGHTS[surface](*np.add(place, d)) for d in ((1e-5, 0), (-1e-5, 0), (0, 1e-5), (0, -1e-5))]
        np.testing.assert_allclose(slope, [(a - b) / 2e-5 for a, b in (nudged[:2], nudged[2:])], atol=1e-6)
        np.testing.assert_allclose(slope, SLOPES[surface](*place), atol=1e-12)


@pytest.mark.parametrize("surface", SURFACES)
def test_every_step_is_the_package_s_own(tab, surface):
    start, rate = [-1.3, 0.7], 0.02
    for name in OURS:
        for noise in (None, call(tab, "noise", 2, 60)):
            found = call(tab, "walk", surface, name, start, rate, 60, noise)
            assert found["diverged"] is None
            path = walked(surface, name, start, rate, 60, noise)
            np.testing.assert_allclose(found["path"], path, rtol=1e-9, atol=1e-9, err_msg=name)
            np.testing.assert_allclose(found["losses"], [HEIGHTS[surface](*at) for at in path], rtol=1e-9, atol=1e-9)


def test_the_noise_is_normal_with_a_spread_of_two_and_the_same_again(tab):
    draws = np.array(call(tab, "noise", 1, 4000))
    assert draws.shape == (4000, 2)
    np.testing.assert_allclose(draws.mean(0), 0, atol=0.1)
    np.testing.assert_allclose(draws.std(0), 2, atol=0.1)
    assert abs(np.corrcoef(draws.T)[0, 1]) < 0.05
    assert np.mean(np.abs(draws) < 2) == pytest.approx(0.683, abs=0.02)
    assert call(tab, "noise", 1, 5) == draws[:5].tolist() != call(tab, "noise", 2, 5)


def test_a_walk_that_climbs_without_end_is_said_to_diverge(tab):
    found = call(tab, "walk", "narrow valley", "SGD", [0, 1], 0.2, 100, None)
    factor = 1 - 0.2 * 20  # of y, at each step
    assert found["diverged"] == next(k for k in range(100) if 10 * factor ** (2 * k) >= 1e4)
    assert len(found["path"]) == found["diverged"] + 1
    assert call(tab, "walk", "narrow valley", "SGD", [0, 1], 0.0999, 100, None)["diverged"] is None


def test_the_best_rate_is_the_lowest_of_the_slider_after_so_many_steps(tab):
    rates = [call(tab, "rate", k) for k in range(-30, 6)]
    assert rates[0] == 0.001 and rates[10] == 0.01 and rates[13] == 0.02 and rates[-1] == 3.2
    for surface, name in (("narrow valley", "momentum"), ("valley with a bend", "SGD"), ("saddle", "Adam")):
        ends = []
        for rate in rates:
            found = call(tab, "walk", surface, name, [-2, 0.5], rate, 50, None)
            ends.append(np.inf if found["diverged"] else found["losses"][50])
        assert call(tab, "bestRate", surface, name, [-2, 0.5], 50, None) == int(np.argmin(ends)) - 30


def test_the_ranking_puts_those_who_diverged_last(tab):
    walks = {
        "a": {"losses": [5, 4, 3], "diverged": None},
        "b": {"losses": [5, 99999], "diverged": 1},
        "c": {"losses": [5, 1, 4], "diverged": None},
    }
    assert call(tab, "ranking", walks, 1) == ["c", "a", "b"]
    assert call(tab, "ranking", walks, 2) == ["a", "c", "b"]
    assert call(tab, "ranking", walks, 0) == ["a", "b", "c"]


def test_contours_lie_at_their_level(tab):
    y, x = np.mgrid[-2:2.01:0.1, -2:2.01:0.1]
    lines = call(tab, "contour", (x**2 + y**2).tolist(), 1.0, 0.1)
    ends = np.array([float(number) for number in re.findall(r"-?[\d.]+", lines)]).reshape(-1, 2) - 2
    assert len(ends) > 60
    np.testing.assert_allclose(np.hypot(*ends.T), 1, atol=0.08)  # written with one digit after the point
    assert call(tab, "contour", (x**2 + y**2).tolist(), 50.0, 0.1) == ""


def test_nothing_moves_before_a_prediction(tab):
    for name in ("play", "one step on"):
        tab.get_by_role("button", name=name).click()
        assert said(tab).startswith("Predict first")
    to_step(tab, 30)
    assert tab.locator(".race-counter").inner_text() == "step 0 of 100"


def test_a_prediction_is_answered_at_step_fifty(tab):
    tab.get_by_label("Adam", exact=True).check()
    tab.get_by_role("button", name="one step on").click()
    assert "You predicted" not in said(tab)
    to_step(tab, 50)
    lowest = min(OURS, key=lambda name: HEIGHTS["narrow valley"](*walked(SURFACES[0], name, [-2.5, 1], 0.02, 50)[-1]))
    assert said(tab).startswith(f"Step 50: {lowest} leads")
    assert f"You predicted Adam, but after 50 steps {lowest} was lowest, and Adam was 5th." in said(tab)
    to_step(tab, 10)
    slide(tab, "rate of SGD", 0)
    assert tab.get_by_label("Adam", exact=True).is_checked()  # it was not used up: this race is before its end
    tab.get_by_label(lowest, exact=True).check()
    slide(tab, "rate of SGD", -17)
    to_step(tab, 50)
    assert said(tab).endswith(f"You predicted {lowest} for step 50: right.")
    slide(tab, "rate of SGD", -20)
    assert tab.locator("input[type=radio]:checked").count() == 0


def test_another_surface_asks_anew_but_not_of_those_who_only_look(tab):
    tab.get_by_label("SGD", exact=True).check()
    to_step(tab, 20)
    tab.get_by_label("Surface", exact=True).select_option("saddle")
    assert said(tab) == "Saddle. The start is (−2.5, 0.01)."
    tab.get_by_role("button", name="play").click()
    assert said(tab).startswith("Predict first")
    tab.get_by_label("I only look").check()
    tab.get_by_label("Surface", exact=True).select_option("narrow valley")
    tab.get_by_role("button", name="one step on").click()
    assert said(tab).startswith("Step 1: ")


def test_the_table_shows_loss_distance_and_place_of_each(tab):
    tab.get_by_label("I only look").check()
    for _ in range(3):
        tab.get_by_role("button", name="one step on").click()
    tab.get_by_role("button", name="one step back").click()
    ends = {name: walked(SURFACES[0], name, [-2.5, 1], 0.02, 2)[-1] for name in OURS}
    order = sorted(OURS, key=lambda name: HEIGHTS[SURFACES[0]](*ends[name]))
    for name, end in ends.items():
        _, loss, far, place = row(tab, name).all_inner_texts()
        assert float(loss) == pytest.approx(HEIGHTS[SURFACES[0]](*end), rel=5e-3)
        assert float(far) == pytest.approx(np.hypot(*end), rel=5e-3)
        assert place == ["1st", "2nd", "3rd", "4th", "5th"][order.index(name)]
    tab.get_by_role("button", name="back to the start").click()
    assert said(tab) == "All five stand at (−2.5, 1), with a loss of 13.1."


def test_who_has_diverged_is_told_and_leads_no_more(tab):
    tab.get_by_label("Nesterov", exact=True).check()
    slide(tab, "rate of Nesterov", -7)  # 0.2
    to_step(tab, 50)
    assert "Nesterov diverged at step" in said(tab)
    assert said(tab).endswith("and Nesterov had diverged.")
    assert row(tab, "Nesterov").nth(1).inner_text() == "diverged"
    assert row(tab, "Nesterov").nth(3).inner_text() == "–"
    assert tab.locator("path.race-head.race-nesterov").first.get_attribute("d") == ""


def test_the_best_rates_are_set_and_said(tab):
    tab.get_by_role("button", name="best rate for each").click()
    for name in OURS:
        rate = call(tab, "rate", call(tab, "bestRate", SURFACES[0], name, [-2.5, 1], 50, None))
        assert f"{name} {rate}" in said(tab)
        assert row(tab, name).first.inner_text() == str(rate)
    tab.get_by_label("One rate for all").fill("-10")
    assert {row(tab, name).first.inner_text() for name in OURS} == {"0.1"}
    assert tab.locator("label", has_text="One rate for all").inner_text() == "One rate for all: 0.1"


def test_a_noisy_race_is_another_race(tab):
    tab.get_by_label("I only look").check()
    to_step(tab, 40)
    exact = row(tab, "SGD").nth(1).inner_text()
    tab.get_by_label("Gradient", exact=True).select_option("noisy, draw 1")
    noisy = row(tab, "SGD").nth(1).inner_text()
    tab.get_by_label("Gradient", exact=True).select_option("noisy, draw 2")
    assert len({exact, noisy, row(tab, "SGD").nth(1).inner_text()}) == 3


def test_the_start_is_moved_by_keyboard_and_by_mouse(tab):
    stage = tab.get_by_role("application")
    stage.focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Shift+ArrowUp")
    assert said(tab) == "The start is (−2.4, 1.5)."
    tab.keyboard.press("Shift+ArrowUp")
    tab.keyboard.press("Shift+ArrowUp")
    assert said(tab) == "The start is (−2.4, 2)."  # no further than the picture
    tab.keyboard.press("Home")
    assert said(tab) == "The start is (−2.5, 1)."
    box = tab.locator(".race-plot").bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 3 * box["width"] / 4, box["y"] + box["height"] / 2)
    tab.mouse.up()
    x, y = (float(n.replace("−", "-")) for n in re.findall(r"−?[\d.]+(?=[,)])", said(tab)))
    assert (x, y) == pytest.approx((1.5, 0), abs=0.03)


def test_play_goes_to_fifty_and_with_reduced_motion_at_once(tab):
    tab.emulate_media(reduced_motion="reduce")
    tab.get_by_label("RMSprop", exact=True).check()
    tab.get_by_role("button", name="play").press("Enter")
    assert tab.locator(".race-counter").inner_text() == "step 50 of 100"
    tab.get_by_role("button", name="play").press("Enter")
    assert tab.locator(".race-counter").inner_text() == "step 100 of 100"
    tab.emulate_media(reduced_motion="no-preference")
    tab.get_by_role("button", name="play").press("Enter")  # from the start again
    tab.get_by_role("button", name="pause").wait_for()
    tab.wait_for_function("!document.querySelector('.race-counter').textContent.startsWith('step 0')")
    tab.get_by_role("button", name="pause").press("Enter")
    assert said(tab).startswith("Step ")


def test_every_control_has_a_name_and_it_fits_a_phone(tab):
    tab.set_viewport_size({"width": 390, "height": 800})
    for box in tab.locator("input, select").all():
        assert box.evaluate("box => box.labels.length === 1 || Boolean(box.getAttribute('aria-label'))")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
