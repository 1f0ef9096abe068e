"""The words about the patients are true of the recorded runs, and each test tells its patient from the healthy run."""

import json
from pathlib import Path

import numpy as np
import pytest

from cnncourse.baselines.clinic import CASES, SICK
from cnncourse.baselines.patients import PATIENTS, WAITING, charts, rows, written

RECORD = json.loads((Path(__file__).parents[1] / "book/experiments/ch07_clinic.json").read_text(encoding="utf-8"))
RUNS = {name: run for (name, _), run in list(zip(RECORD["cases"], RECORD["results"]))[1:]}  # after a short one
HEALTHY = RUNS["healthy"]
TEN = np.log(10)


def last(name, curve):
    return RUNS[name][curve][-1]


def jumps(values):
    return np.abs(np.diff(values)).max()


def rises(values):
    return np.diff(values).max()


# What each symptom says, as a claim about the curves
SHOWS = {
    "learning rate too large": lambda r: (
        rises(r["val_loss"][3:]) > 1 and rises(r["loss"][3:]) > 5 * rises(HEALTHY["loss"][3:])
    ),
    "learning rate too small": lambda r: (
        2.2 < r["loss"][-1] < r["loss"][0] - 0.1 and 2.2 < r["val_loss"][-1] < r["val_loss"][0]
    ),
    "dead units": lambda r: np.allclose([r["loss"], r["val_loss"]], TEN, atol=0.02),
    "no shuffling": lambda r: (
        r["accuracy"][-1] > 0.8 and r["val_accuracy"][-1] < 0.7 and jumps(r["val_accuracy"]) > 0.1
    ),
    "leaked images": lambda r: r["val_accuracy"][-1] > 0.97 and r["val_accuracy"][-1] > r["accuracy"][-1] + 0.03,
    "wrong loss for the head": lambda r: r["accuracy"][-1] > 0.6 and min(r["loss"] + r["val_loss"]) > 1.4612,
    "labels off by one": lambda r: (
        r["accuracy"][-1] > r["accuracy"][0] + 0.05
        and abs(r["val_accuracy"][-1] - 0.1) < 0.04
        and r["val_loss"][-1] > TEN
    ),
    "unnormalised input": lambda r: (
        r["loss"][0] > 3 * TEN and np.allclose([r["loss"][1:], r["val_loss"][1:]], TEN, atol=0.03)
    ),
    "batch norm, batches of 2": lambda r: (
        r["accuracy"][-1] + 0.15 < r["val_accuracy"][-1] and abs(r["loss"][-1] - r["loss"][3]) < 0.1
    ),
    "decay too strong": lambda r: 0.5 < r["loss"][-1] < 1.2 and 0.65 < r["accuracy"][-1] < 0.8,
    "augmentation that changes the label": lambda r: (
        r["val_accuracy"][-1] < HEALTHY["val_accuracy"][-1] - 0.05 and r["loss"][-1] > 2 * HEALTHY["loss"][-1]
    ),
    "evaluation in training mode": lambda r: (
        r["loss"] == HEALTHY["loss"]
        and r["val_accuracy"][-1] < r["accuracy"][-1] - 0.03
        and jumps(r["val_accuracy"][5:]) > 0.02
    ),
    "healthy": lambda r: (
        r["val_loss"][-1] < 0.4 and r["test"] > 0.92 and abs(r["accuracy"][-1] - r["val_accuracy"][-1]) < 0.03
    ),
}


@pytest.mark.parametrize("name", PATIENTS)
def test_the_symptom_is_what_the_curves_show(name):
    assert SHOWS[name](RUNS[name])


def test_what_the_page_says_of_several_patients_together():
    dead, raw = RUNS["dead units"], RUNS["unnormalised input"]
    assert np.allclose(dead["val_loss"][1:], raw["val_loss"][1:], atol=0.05)
    for slow in ("decay too strong", "augmentation that changes the label"):
        assert last(slow, "loss") > 2 * HEALTHY["loss"][-1]
    assert last("leaked images", "val_accuracy") > 0.97 > 0.96 > RUNS["leaked images"]["test"]
    assert RUNS["evaluation in training mode"]["test"] == HEALTHY["test"]
    assert last("no shuffling", "accuracy") - last("no shuffling", "val_accuracy") > 0.15
    assert abs(RUNS["no shuffling"]["train"] - last("no shuffling", "val_accuracy")) < 0.05


@pytest.mark.parametrize("name", SICK)
def test_its_own_test_tells_the_patient_from_the_run_after_the_cure(name):
    here, usual = (RUNS[case]["found"][name] for case in (name, PATIENTS[name].cured))
    assert here < usual / 2 or here > usual * 2


@pytest.mark.parametrize("name", SICK)
def test_after_the_cure_the_network_is_as_good_as_the_healthy_one(name):
    assert RUNS[PATIENTS[name].cured]["test"] > HEALTHY["test"] - 0.01


@pytest.mark.parametrize("name", SICK)
def test_the_test_of_a_wrong_diagnosis_does_not_confirm_it(name):
    """Whoever chose one of the tempting diagnoses must be able to see from its number that it was the wrong one."""
    for other in PATIENTS[name].tempting:
        if other in SICK:
            here, own, usual = RUNS[name]["found"][other], RUNS[other]["found"][other], HEALTHY["found"][other]
            assert (here - usual) / (own - usual) < 0.5, other


def test_the_record_is_of_every_case():
    assert list(RUNS) == list(CASES) and set(PATIENTS) == set(SICK) | {"healthy"} == set(WAITING)
    assert len(WAITING) == len(PATIENTS)


def test_every_patient_has_three_other_diagnoses():
    for name, patient in PATIENTS.items():
        assert len({*patient.tempting} - {name}) == 3 and set(patient.tempting) <= set(PATIENTS)
        assert patient.cured in CASES


def test_the_widget_gets_every_patient_once_with_its_own_curves():
    listed = charts(RUNS)
    assert [chart["options"][chart["right"]]["name"] for chart in listed] == [
        "nothing is wrong" if name == "healthy" else name for name in WAITING
    ]
    for name, chart in zip(WAITING, listed):
        assert chart["curves"]["val_loss"] == RUNS[name]["val_loss"]
        assert len(chart["options"]) == 4
    batch = listed[WAITING.index("batch norm, batches of 2")]
    assert batch["cured"]["loss"] == RUNS["batch norm, batches of 32"]["loss"]
    assert "(healthy: 5.4\u00a0%)" in batch["options"][batch["right"]]["found"]


def test_the_right_answer_is_not_always_at_the_same_place():
    places = [chart["right"] for chart in charts(RUNS)]
    assert set(places) == {0, 1, 2, 3} and max(map(places.count, places)) <= 5


def test_the_table_has_a_row_for_each_of_the_twelve():
    table = rows(RUNS)
    assert [row[1] for row in table] == [f"**{name}**" for name in SICK]
    assert all(len(row) == 4 and "|" not in "".join(row) for row in table)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1, "share", "100 %"), (0, "share", "0 %"), (0.0074588, "share", "0.75 %"), (6.81e-5, "share", "0.0068 %"),
     (0.878, "share", "87.8 %"), (1.4611501, "number", "1.46"),
     (0.16677, "number", "0.17"), (59.0536, "number", "59.1")],
)  # fmt: skip
def test_numbers_are_written_in_two_or_three_digits(value, unit, text):
    assert written(value, unit) == text.replace(" ", "\u00a0")
