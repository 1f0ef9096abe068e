import numpy as np
import pytest
from conftest import STATIC

from cnncourse.activations import relu, relu_backward
from cnncourse.convolution import conv1d, conv_backward

EXAMPLE = {"x": [2, 3, 1], "k": [1.5, -0.5], "b": 0.5, "t": [0.5, 2]}


@pytest.fixture
def tab(widget):
    return widget("chain-stepper", "<chain-stepper class=cnn-widget></chain-stepper>")


def by_the_package(p):
    """The same graph from the functions of cnncourse."""
    x, k = np.array(p["x"], float).reshape(1, 3, 1), np.array(p["k"], float).reshape(2, 1, 1)
    z, conv_cache = conv1d(x, k, np.array([p["b"]], float))
    a, relu_cache = relu(z)
    da = a - np.reshape(p["t"], a.shape)
    dz = relu_backward(da, relu_cache)
    dx, dk, db = conv_backward(dz, conv_cache)
    return {"L": 0.5 * np.sum(da**2), "z": z, "a": a, "da": da, "dz": dz, "dk": dk, "db": db, "dx": dx}


def cases():
    rng = np.random.default_rng(4)
    drawn = [
        {"x": rng.normal(0, 3, 3), "k": rng.normal(0, 3, 2), "b": rng.normal(), "t": rng.normal(0, 3, 2)}
        for _ in range(20)
    ]
    shut = {**EXAMPLE, "b": -3}
    at_the_bend = {**EXAMPLE, "b": -1.5}  # the first window comes out as exactly 0
    nothing = {"x": [0, 0, 0], "k": [0, 0], "b": 0, "t": [0, 0]}
    return [EXAMPLE, shut, at_the_bend, nothing, *drawn]


def test_values_and_gradients_are_those_of_the_package(tab):
    for p in cases():
        p = {name: np.asarray(value).tolist() for name, value in p.items()}
        seen = {
            **tab.evaluate("p => cnn['chain-stepper'].forward(p)", p),
            **tab.evaluate("p => cnn['chain-stepper'].backward(p)", p),
        }
        for name, expected in by_the_package(p).items():
            np.testing.assert_allclose(np.ravel(seen[name]), np.ravel(expected), rtol=1e-12, err_msg=f"{name} of {p}")


def test_the_buttons_walk_from_the_inputs_to_the_loss_and_back(tab):
    status = tab.get_by_role("status")
    assert "Step 0 of 16" in status.inner_text()
    for _ in range(5):
        tab.get_by_role("button", name="Next step").click()
    assert status.inner_text() == "Step 5 of 16, forward. L = ½(a0 − t0)² + ½(a1 − t1)² = ½·1.5² + ½·2.5² = 4.25."
    tab.get_by_role("button", name="Next step").click()
    assert "backward" in status.inner_text()
    tab.get_by_role("button", name="One step back").click()
    assert "Step 5" in status.inner_text()
    tab.get_by_role("button", name="To the end").click()
    assert "Step 16" in status.inner_text()
    assert tab.get_by_role("button", name="Next step").is_disabled()
    picture = tab.locator("svg").text_content()
    assert all(text in picture for text in ["dk0 = 10.5", "dk1 = 7", "db = 4", "dx0 = 2.25", "dx1 = 3", "dx2 = −1.25"])


def test_a_gradient_is_not_shown_before_its_step(tab):
    tab.get_by_role("button", name="To the end").click()
    for _ in range(3):
        tab.get_by_role("button", name="One step back").click()
    picture = tab.locator("svg").text_content()
    assert "db = 4" in picture and "dx0" not in picture


def test_the_keyboard_alone_is_enough(tab):
    tab.get_by_role("slider").focus()
    for _ in range(11):
        tab.keyboard.press("ArrowRight")
    assert "dk0 = dz0·x0 + dz1·x1 = 1.5·2 + 2.5·3 = 10.5" in tab.get_by_role("status").inner_text()
    tab.get_by_role("button", name="Next step").focus()
    tab.keyboard.press("Enter")
    assert "dk1" in tab.get_by_role("status").inner_text()


def test_a_shut_gate_is_said_and_passes_nothing(tab):
    tab.get_by_label("b", exact=True).fill("-3")
    tab.get_by_role("slider").fill("9")
    assert "dz0 = da0 · slope of the gate" in tab.get_by_role("status").inner_text()
    assert "shut, so nothing passes" in tab.get_by_role("status").inner_text()
    tab.get_by_role("button", name="To the end").click()
    assert "dx0 = 0" in tab.locator("svg").text_content()


@pytest.mark.parametrize("typed, sentence", [("", "x1 is not a number"), ("1e9", "x1 is 1e9")])
def test_a_number_that_is_none_is_answered_with_a_sentence(tab, typed, sentence):
    tab.get_by_label("x1").fill(typed)
    assert sentence in tab.get_by_role("status").inner_text()
    assert "x1 = 3" in tab.locator("svg").text_content()
    tab.get_by_label("x1").fill("4")
    assert "x1 = 4" in tab.locator("svg").text_content()
    assert tab.locator("[aria-invalid]").count() == 0


def test_on_a_phone_each_step_brings_its_node_into_view(tab):
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.add_style_tag(path=STATIC / "css" / "widgets" / "chain-stepper.css")
    for step, node in ((5, "L = "), (16, "dx2 = ")):
        tab.get_by_role("slider").fill(str(step))
        box = tab.locator("svg text", has_text=node).first.bounding_box()
        assert tab.evaluate("document.documentElement.scrollWidth <= 390")
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390, node


def test_the_last_step_keeps_the_focus(tab):
    button = tab.get_by_role("button", name="To the end")
    button.focus()
    tab.keyboard.press("Enter")
    assert button.evaluate("e => e === document.activeElement") and button.get_attribute("aria-disabled") == "true"
