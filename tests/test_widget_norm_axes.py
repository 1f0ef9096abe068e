"""The normalisation explorer computes what cnncourse.normalisation computes, and answers to mouse and keyboard."""

import json

import numpy as np
import pytest

from cnncourse import normalisation

HAND = np.array([[[1.0, 2.0], [3.0, 8.0]], [[5.0, 2.0], [7.0, 0.0]]])  # (N, positions, C)
CASES = {
    "by hand": (HAND, 2),
    "random": (np.random.default_rng(0).normal(3, 5, (3, 5, 6)), 3),
    "one image": (np.random.default_rng(1).normal(0, 1, (1, 4, 4)), 2),
    "one position": (np.random.default_rng(2).normal(0, 1, (4, 1, 2)), 1),
    "nothing varies": (np.full((2, 3, 2), 7.0), 1),
    "far from zero": (1e4 + np.random.default_rng(3).normal(0, 1e-1, (2, 3, 4)), 4),
}
EPSILON = 1e-3


def ours(kind, x, groups):
    gamma, beta = np.ones(x.shape[-1]), np.zeros(x.shape[-1])
    return {
        "batch": lambda: normalisation.batch_norm(x, gamma, beta, EPSILON),
        "layer": lambda: normalisation.layer_norm(x, gamma, beta, EPSILON),
        "image": lambda: normalisation.group_norm(x, gamma, beta, 1, EPSILON),
        "instance": lambda: normalisation.group_norm(x, gamma, beta, x.shape[-1], EPSILON),
        "group": lambda: normalisation.group_norm(x, gamma, beta, groups, EPSILON),
    }[kind]()[0]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", ["batch", "layer", "image", "instance", "group"])
def test_it_normalises_as_the_package_does(widget, kind, case):
    x, groups = CASES[case]
    found = widget("norm-axes").evaluate(
        "([kind, x, groups, e]) => cnn['norm-axes'].normalise(kind, x, groups, e)", [kind, x.tolist(), groups, EPSILON]
    )
    np.testing.assert_allclose(found, ours(kind, x, groups), rtol=1e-7, atol=1e-7)


def test_with_running_averages_it_does_what_the_package_does_at_test_time(widget):
    found = widget("norm-axes").evaluate(
        "([x, mean, variance, e]) => x.map(i => i.map(p => p.map((v, c) => "
        "cnn['norm-axes'].normalised(v, {mean: mean[c], variance: variance[c]}, e))))",
        [HAND.tolist(), [3.0, 2.0], [4.0, 9.0], EPSILON],
    )
    y, _ = normalisation.batch_norm_inference(
        HAND, np.ones(2), np.zeros(2), np.array([3.0, 2.0]), np.array([4.0, 9.0]), EPSILON
    )
    np.testing.assert_allclose(found, y, rtol=1e-12)


def page(x=HAND, groups=1):
    data = {"x": x.tolist(), "mean": [3, 2], "variance": [4, 9], "groups": groups, "epsilon": EPSILON}
    return f'<norm-axes><script type="application/json">{json.dumps(data)}</script></norm-axes>'


def marked(tab):
    return tab.locator("td[data-mark~=window]").count()


def eight(tab):
    return tab.get_by_role("gridcell", name="image 0, position 1, channel 1")


def test_pointing_at_a_number_marks_its_set_and_the_status_line_tells(widget):
    tab = widget("norm-axes", page())
    eight(tab).hover()
    assert marked(tab) == 4
    assert tab.locator(".norm-sum").inner_text() == "(8 − 3) / √(9 + 0.001) = 1.667"
    tab.wait_for_function("document.querySelector('[role=status]').textContent.includes('8 becomes')")
    said = tab.locator("[role=status]").inner_text()
    assert said == ("Image 0, position 1, channel 1. 4 numbers share mean 3 and standard deviation 3. 8 becomes 1.667.")


@pytest.mark.parametrize(
    "kind, count, mean", [("layer", 2, 5.5), ("image", 4, 3.5), ("instance", 2, 5), ("group", 4, 3.5)]
)
def test_each_normalisation_has_its_own_set(widget, kind, count, mean):
    tab = widget("norm-axes", page())
    eight(tab).click()
    tab.get_by_label("normalisation").select_option(kind)
    assert marked(tab) == count
    assert f"{count} numbers share mean {mean} " in tab.locator("[role=status]").inner_text()


def test_the_keyboard_walks_and_chooses(widget):
    tab = widget("norm-axes", page())
    tab.get_by_label("normalisation").focus()
    tab.keyboard.press("Tab")  # the button
    tab.keyboard.press("Tab")  # the first table
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Enter")
    assert tab.locator("[role=status]").inner_text().startswith("Image 0, position 1, channel 1.")
    tab.keyboard.press("Tab")
    tab.keyboard.press("End")
    tab.keyboard.press(" ")
    assert tab.locator("[role=status]").inner_text().startswith("Image 1, position 0, channel 1.")


def test_at_test_time_no_number_of_the_batch_matters(widget):
    tab = widget("norm-axes", page())
    eight(tab).click()
    button = tab.get_by_role("button", name="running averages")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert marked(tab) == 1
    said = tab.locator("[role=status]").inner_text()
    assert "No number of this batch matters: channel 1 has the running mean 2 and standard deviation 3." in said
    assert said.endswith("8 becomes 2.")


def test_only_batch_norm_has_running_averages(widget):
    tab = widget("norm-axes", page())
    tab.get_by_label("normalisation").select_option("layer")
    assert tab.get_by_role("button", name="running averages").is_disabled()
    assert "Only batch norm needs them" in tab.locator(".norm-hint").inner_text()


def test_a_mean_below_zero_is_added(widget):
    tab = widget("norm-axes", page(-HAND))
    eight(tab).click()
    assert tab.locator(".norm-sum").inner_text() == "(−8 + 3) / √(9 + 0.001) = −1.667"
