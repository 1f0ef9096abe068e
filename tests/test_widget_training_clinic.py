"""The clinic of chapter 7: its arithmetic, and the way from a diagnosis to the next patient by mouse and keyboard."""

import json

import numpy as np
import pytest

EPOCHS = 5


def curves(first, last):
    loss, accuracy = np.linspace(first, last, EPOCHS), np.linspace(0.1, 0.9, EPOCHS)
    return {
        "loss": loss.tolist(),
        "val_loss": (loss + 0.1).tolist(),
        "accuracy": accuracy.tolist(),
        "val_accuracy": (accuracy - 0.05).tolist(),
    }


def patient(name, right, first=2.3):
    names = ["asleep", "hungry", "tired", name]
    names.insert(right, names.pop())
    return {
        "curves": curves(first, 0.4),
        "cured": curves(2.3, 0.2),
        "test": "61.0 %",
        "cured_test": "93.7 %",
        "symptom": f"It looks {name}.",
        "cause": f"It is {name}.",
        "cure": "Rest.",
        "right": right,
        "options": [{"name": each, "found": f"Test of {each}: {len(each)} (healthy: 0)."} for each in names],
    }


PATIENTS = [patient("ill", 2), patient("sore", 0, first=21.6)]


@pytest.fixture
def tab(widget):
    given = json.dumps({"patients": PATIENTS})
    script = f'<script type="application/json">{given}</script>'
    return widget("training-clinic", f'<training-clinic class="cnn-widget">{script}</training-clinic>')


def said(tab):
    return tab.get_by_role("status").text_content()


def shown(tab):
    return tab.locator(".training-clinic-reveal").inner_text()


def choose(tab, name):
    tab.get_by_role("radio", name=name).check()
    tab.get_by_role("button", name="This is my diagnosis").click()


@pytest.mark.parametrize(("first", "top"), [(0.5, 3), (2.3, 3), (3.2, 4), (21.6, 4)])
def test_the_loss_axis_ends_at_a_whole_number_that_is_never_above_four(tab, first, top):
    assert tab.evaluate("c => cnn['training-clinic'].lossTop(c)", curves(first, 0.1)) == top


def test_the_points_of_a_curve_fill_the_box_and_are_cut_off_at_its_top(tab):
    found = tab.evaluate("cnn['training-clinic'].points([4, 1, 0, 8], 4, 30, 100)")
    assert found == [[0, 0], [10, 75], [20, 100], [30, 0]]
    assert tab.evaluate("cnn['training-clinic'].points([2], 4, 30, 100)") == [[0, 50]]


def test_answers_are_counted_when_they_are_right(tab):
    count = "([p, a]) => cnn['training-clinic'].named(p, a)"
    assert [tab.evaluate(count, [PATIENTS, a]) for a in ([None, None], [2, None], [2, 0], [1, 0])] == [0, 1, 2, 1]


def test_nothing_is_given_away_before_the_diagnosis(tab):
    assert shown(tab) == "" and tab.locator("polyline.cured").count() == 0
    assert not tab.get_by_role("button", name="Next patient").is_visible()
    tab.get_by_role("button", name="This is my diagnosis").dispatch_event("click")  # without a choice
    assert shown(tab) == "" and said(tab) == "Choose one of 4 diagnoses."
    tab.get_by_role("radio", name="tired").check()
    assert shown(tab) == ""


def test_a_right_diagnosis_shows_its_test_and_the_cured_curves(tab):
    choose(tab, "ill")
    assert said(tab) == "Right: ill. So far 1 of 1 named."
    assert "Test of ill: 3 (healthy: 0)." in shown(tab) and "It is ill." in shown(tab)
    assert "Right answers on new images: 61.0 %; after the cure 93.7 %." in shown(tab)
    assert "your diagnosis" not in shown(tab)
    assert tab.locator(".training-clinic-charts polyline.cured").count() == 4
    assert tab.locator("label[data-answer=right]").inner_text().startswith("ill")


def test_a_wrong_diagnosis_also_shows_what_its_own_test_gives(tab):
    choose(tab, "hungry")
    assert said(tab) == "No: ill. So far 0 of 1 named."
    assert "The test for your diagnosis, hungry. Test of hungry: 6 (healthy: 0)." in shown(tab)
    assert tab.locator("label[data-answer=wrong]").inner_text().startswith("hungry")
    for radio in tab.get_by_role("radio").all():
        assert radio.is_disabled()


def test_the_keyboard_goes_through_all_patients_and_the_score_stands_at_the_end(tab):
    tab.get_by_role("radio").first.focus()
    for key in ("Space", "ArrowDown", "ArrowDown", "Tab", "Enter"):  # the third; then the button
        tab.keyboard.press(key)
    assert said(tab) == "Right: ill. So far 1 of 1 named."
    tab.keyboard.press("Enter")  # the focus is on the next patient
    assert said(tab) == "Patient 2 of 2. So far 1 of 1 named."
    for key in ("Tab", "ArrowDown", "Tab", "Enter"):
        tab.keyboard.press(key)
    assert said(tab) == "No: sore. That was the last one: 1 of 2 named."
    tab.keyboard.press("Enter")
    assert said(tab) == "Patient 1 of 2." and shown(tab) == ""
    assert tab.locator("input:checked").count() == 0


def test_the_charts_say_in_words_what_they_show(tab):
    loss, accuracy = (tab.get_by_role("img").nth(k).get_attribute("aria-label") for k in range(2))
    assert loss == "Loss over 5 epochs: training from 2.3 to 0.4, validation from 2.4 to 0.5."
    assert accuracy == "Accuracy over 5 epochs: training from 10 % to 90 %, validation from 5 % to 85 %."


def test_a_curve_starts_at_its_first_value_and_what_is_too_high_is_written(tab):
    points = tab.locator(".training-clinic-charts figure").first.locator("polyline.training").get_attribute("points")
    first, last = ([float(x) for x in point.split(",")] for point in (points.split(" ")[0], points.split(" ")[-1]))
    assert first == [52, pytest.approx(12 + 172 * (1 - 2.3 / 3), abs=0.06)]
    assert last == [330, pytest.approx(12 + 172 * (1 - 0.4 / 3), abs=0.06)]
    assert tab.locator("text.over").count() == 0
    choose(tab, "ill")
    tab.get_by_role("button", name="Next patient").click()
    assert tab.locator("text.over").first.text_content() == "↑ 21.6"


def test_a_telephone_has_room_for_it(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    choose(tab, "hungry")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
