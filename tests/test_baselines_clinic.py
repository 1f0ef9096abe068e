"""The clinic of sick runs: each patient differs from the healthy run in one thing, and its test tells."""

import numpy as np
import pytest

from cnncourse.baselines import clinic
from cnncourse.baselines.clinic import CASES, SICK, Training, digits, nearest_label, run
from cnncourse.layers import BatchNormalization, Dropout, Softmax
from cnncourse.training import SGD

BATCH_NORM = "batch norm, batches of 2"


@pytest.fixture(scope="module")
def healthy():
    """The healthy run for two epochs."""
    return run("healthy", epochs=2)


def test_the_three_sets_share_no_image_and_hold_every_class_alike():
    hashes = [{image.tobytes() for image in part.x} for part in digits()]
    assert len(set.union(*hashes)) == 2500
    for part, images in zip(digits(), (100, 50, 100)):
        assert np.bincount(part.y).tolist() == [images] * 10


def test_the_healthy_run_is_what_fit_does_with_the_same_batches():
    # Without dropout, of which the two would draw other numbers
    plain = type("Plain", (Training,), {"network": lambda self: _without_dropout(Training.network(self))})()
    network, other = plain.network(), plain.network()
    for _ in plain.steps(network, epochs=1):
        pass
    x, optimiser = plain.prepared(plain.train.x), SGD(0.05)
    for batch in plain.batches(np.random.default_rng(0)):
        other.fit(
            x[batch], plain.train.y[batch], epochs=1, batch_size=32, optimiser=optimiser, workers=1, progress=False
        )
    for name, array in network.params.items():
        assert np.allclose(array, other.params[name], atol=1e-5), name


def _without_dropout(network):
    for layer in network.layers:
        if isinstance(layer, Dropout):
            layer.rate = 0.0
    return network


def test_a_run_tells_the_mean_of_its_batches_and_measures_afterwards():
    result, training = run("learning rate too small", epochs=1), CASES["learning rate too small"]()
    network = training.network()
    steps = list(training.steps(network, epochs=1))
    assert [step[3] for step in steps] == [False] * 31 + [True] and sum(step[2] for step in steps) == 1000
    assert result["loss"] == [round(sum(value * n for value, _, n, _ in steps) / 1000, 4)]
    assert result["accuracy"] == [round(sum(right for _, right, *_ in steps) / 1000, 4)]
    loss, accuracy = network.evaluate(training.prepared(training.validation.x), training.validation.y)
    assert result["val_loss"] == [round(float(loss), 4)] and result["val_accuracy"] == [round(accuracy, 4)]
    assert result["test"] == network.evaluate(training.prepared(training.test.x), training.test.y)[1]


@pytest.mark.slow
def test_a_shorter_run_is_the_beginning_of_a_longer_one(healthy):
    short = run("healthy", epochs=1)
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert short[name] == healthy[name][:1]


@pytest.mark.parametrize("name", SICK)
def test_a_patient_changes_one_thing(name):
    kind = CASES[name]
    changed = {key for key in vars(kind) if not key.startswith("__") or key == "__init__"} - {"examined"}
    assert len(changed) == 1
    assert kind.__mro__[1] in (Training, clinic.BatchNorm)
    assert kind.examined.__doc__


@pytest.mark.slow
def test_measuring_in_training_mode_trains_the_very_same_network(healthy):
    patient = run("evaluation in training mode", epochs=2)
    assert patient["loss"] == healthy["loss"] and patient["test"] == healthy["test"]
    assert patient["val_accuracy"][-1] < healthy["val_accuracy"][-1] - 0.02
    assert patient["found"]["evaluation in training mode"] > 0.05 > healthy["found"]["evaluation in training mode"] == 0


# --- the examinations, against what they should be by hand -----------------------------------------------------------


def test_the_loss_before_the_first_step_is_near_log_10_only_for_normalised_input(healthy):
    assert abs(healthy["found"]["unnormalised input"] - np.log(10)) < 0.2
    patient = CASES["unnormalised input"]()
    assert patient.examined(patient, None) > 20


def test_perfect_scores_have_the_loss_0_or_with_a_softmax_before_the_loss_that_of_0_and_1():
    patient, well = CASES["wrong loss for the head"](), Training()
    assert isinstance(patient.network().layers[-1], Softmax)
    assert patient.examined(patient, patient.network()) == pytest.approx(np.log(np.e + 9) - 1, abs=1e-4)
    assert patient.examined(well, well.network()) == pytest.approx(0, abs=1e-6)


def test_the_step_over_the_weights_grows_with_the_rate():
    small, well, large = (
        clinic.step_over_weights(CASES[name](), None)
        for name in ("learning rate too small", "healthy", "learning rate too large")
    )
    assert small < well / 50 and large > 3 * well
    one = CASES["learning rate too small"]()
    network = one.network()
    before = clinic.hidden_kernel(network).copy()
    next(one.steps(network, 1))
    assert 0 < np.linalg.norm(clinic.hidden_kernel(network) - before) / np.linalg.norm(before) < 2 * small


def test_dead_units_are_counted_one_by_one():
    patient = CASES["dead units"]()
    network = Training().network()
    assert patient.examined(patient, network) < 0.1
    bias = [array for name, array in network.params.items() if name.endswith("bias")][-2]
    bias[:16] = -100
    assert patient.examined(patient, network) - 0.25 < 0.08
    assert patient.examined(patient, patient.network()) == 1


def test_sorted_batches_hold_hardly_more_than_one_class():
    patient = CASES["no shuffling"]()
    assert patient.examined(patient, None) < 2 < 9 < patient.examined(Training(), None)
    assert patient.train.y[np.concatenate(patient.batches(np.random.default_rng(0)))].tolist() == sorted(
        patient.train.y
    )


def test_leaked_images_are_found_by_their_bytes():
    patient = CASES["leaked images"]()
    assert patient.examined(patient, None) == 1 and patient.examined(Training(), None) == 0
    assert len(patient.train.y) == 1000 and np.array_equal(patient.train.x[500:], patient.validation.x)


def test_the_nearest_neighbour_is_never_the_image_itself():
    x = np.array([0.0, 1.0, 3.0, 3.5]).reshape(4, 1, 1, 1)
    assert nearest_label(x, x, np.array([5, 6, 7, 8])).tolist() == [6, 5, 8, 7]


def test_labels_off_by_one_agree_with_the_neighbour_as_often_as_by_chance():
    patient = CASES["labels off by one"]()
    assert patient.train.y[1:].tolist() == digits().train.y[:-1].tolist()
    assert abs(patient.examined(patient, None) - 0.1) < 0.05 < 0.8 < patient.examined(Training(), None)


def test_half_of_the_images_stand_on_their_heads_and_some_sixes_are_nines():
    patient = CASES["augmentation that changes the label"]()
    x = patient.train.x
    turned = patient.augmented(x, np.random.default_rng(0))
    same, reversed_ = (turned == x).all(axis=(1, 2, 3)), (turned == x[:, ::-1, ::-1]).all(axis=(1, 2, 3))
    assert (same | reversed_).all() and 400 < reversed_.sum() < 600
    assert patient.examined(patient, None) > 0.15 > patient.examined(Training(), None) == 0


def test_company_matters_in_batches_of_two_and_little_in_batches_of_32():
    two, many = CASES[BATCH_NORM](), CASES["batch norm, batches of 32"]()
    network = many.network()
    list(many.steps(network, epochs=2))
    kept = network.get_weights()
    assert two.examined(two, network) > 0.25 > many.examined(many, network)
    assert any(isinstance(layer, BatchNormalization) for layer in network.layers)
    for name, array in network.get_weights().items():
        assert np.array_equal(array, kept[name])  # measuring leaves no trace


def test_strong_decay_shortens_the_weights():
    patient = CASES["decay too strong"]()
    network = patient.network()
    list(patient.steps(network, epochs=2))
    assert patient.examined(patient, network) < 0.9
    assert patient.examined(patient, patient.network()) == 1


def test_an_unknown_case_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"case is 'flu', but one of .*'healthy'"):
        run("flu")
