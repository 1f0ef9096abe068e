"""Schedules against numbers done by hand and against Keras."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnncourse.layers import Dense
from cnncourse.network import Network
from cnncourse.training import (
    SGD,
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    History,
    OneCycle,
    PiecewiseConstantDecay,
    ReduceLROnPlateau,
    WarmUp,
    fit,
)


def rates(schedule, steps):
    return [schedule(step) for step in range(steps)]


# --- Keras -----------------------------------------------------------------------------------------------------------

SHARED = [
    PiecewiseConstantDecay([3, 7], [0.5, 0.2, 0.1]),
    PiecewiseConstantDecay([0], [0.5, 0.2]),
    ExponentialDecay(0.3, 7, 0.6),
    ExponentialDecay(0.3, 7, 0.6, staircase=True),
    CosineDecay(0.3, 11),
    CosineDecay(0.3, 11, alpha=0.2),
    CosineDecay(0.0, 11, alpha=0.1, warmup_target=0.4, warmup_steps=5),
    CosineDecay(0.1, 11, warmup_target=0.4, warmup_steps=3),
    CosineDecay(0.1, 11, alpha=0.5, warmup_target=0.4),
    CosineDecayRestarts(0.3, 5),
    CosineDecayRestarts(0.3, 5, t_mul=1.0, m_mul=0.5),
    CosineDecayRestarts(0.3, 4, t_mul=1.5, m_mul=0.7, alpha=0.1),
]


@pytest.mark.parametrize("ours", SHARED, ids=str)
def test_keras_has_the_same_rates(ours):
    import keras

    theirs = getattr(keras.optimizers.schedules, type(ours).__name__)(**vars(ours))
    for step in range(33):
        at_a_restart = type(ours) is CosineDecayRestarts and ours(step) > ours(max(step - 1, 0))
        if not at_a_restart:  # Keras finds restarts by a logarithm in float32, which may be a step late
            assert ours(step) == pytest.approx(float(theirs(step)), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("losses", [[5, 4, 4, 4, *10 * [3]], [1, 2, 3, 2, 1, 0.99, 0.98, 2, 2, 2, 2]])
@pytest.mark.parametrize("options", [{}, {"cooldown": 2}, {"min_delta": 0.05}, {"min_lr": 0.04}, {"patience": 1}])
def test_keras_cuts_the_rate_at_the_same_epochs(losses, options):
    import keras

    options = {"factor": 0.5, "patience": 2, **options}
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    theirs = keras.callbacks.ReduceLROnPlateau("val_loss", **options)
    theirs.set_model(model)
    theirs.on_train_begin()
    ours = ReduceLROnPlateau(0.1, **options)
    for epoch, loss in enumerate(losses):
        theirs.on_epoch_end(epoch, {"val_loss": loss})
        ours.after_epoch(History(loss=losses[: epoch + 1], val_loss=losses[: epoch + 1]))
        assert ours(0) == pytest.approx(float(model.optimizer.learning_rate), rel=1e-6), epoch


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_a_restart_begins_a_wave_of_its_own_at_once():
    waves = CosineDecayRestarts(0.8, first_decay_steps=2, t_mul=2.0, m_mul=0.5)
    assert_allclose(rates(waves, 2), rates(CosineDecay(0.8, 2), 2))
    assert_allclose(rates(waves, 6)[2:], rates(CosineDecay(0.4, 4), 4))
    assert waves(6) == pytest.approx(0.2)
    steady = CosineDecayRestarts(0.8, first_decay_steps=3, t_mul=1.0)
    assert [steady(step) for step in (0, 3, 6, 9)] == [0.8] * 4


def test_a_warm_up_climbs_in_a_line_to_where_the_schedule_begins():
    halves = ExponentialDecay(0.4, 1, 0.5)
    assert_allclose(rates(WarmUp(halves, 4), 7), [0, 0.1, 0.2, 0.3, 0.4, 0.2, 0.1])
    assert_allclose(rates(WarmUp(halves, 2, start=0.2), 4), [0.2, 0.3, 0.4, 0.2])
    assert_allclose(rates(WarmUp(0.3, 3), 5), [0, 0.1, 0.2, 0.3, 0.3])
    assert_allclose(
        rates(WarmUp(CosineDecay(0.4, 6), 3), 12), rates(CosineDecay(0.0, 6, warmup_target=0.4, warmup_steps=3), 12)
    )


def test_one_cycle_begins_climbs_and_ends_where_it_says():
    cycle = OneCycle(0.5, total_steps=101, warmup_share=0.25, div_factor=10, final_div_factor=100)
    # the top is at step 0.25 * 101 - 1 = 24.25
    found = rates(cycle, 101)
    assert found[0] == pytest.approx(0.05)
    assert found[-1] == pytest.approx(0.0005)
    assert int(np.argmax(found)) == 24
    assert max(found) == pytest.approx(0.5, rel=1e-3)
    assert (np.diff(found[:25]) > 0).all()
    assert (np.diff(found[25:]) < 0).all()
    assert cycle(200) == found[-1]
    halfway = 24.25 / 2
    assert cycle(halfway) == pytest.approx((0.05 + 0.5) / 2)
    assert cycle((24.25 + 100) / 2) == pytest.approx((0.5 + 0.0005) / 2)


def test_one_cycle_without_a_climb_starts_at_the_top():
    assert OneCycle(0.5, total_steps=10, warmup_share=0.0)(0) == 0.5


# --- in a training ---------------------------------------------------------------------------------------------------

ALL = [*SHARED, WarmUp(CosineDecay(0.1, 5), 2), OneCycle(0.1, 9)]


@pytest.mark.parametrize("schedule", [*ALL, ReduceLROnPlateau(0.1)], ids=str)
def test_a_schedule_is_called_the_same_in_every_process_whatever_it_has_seen(schedule):
    known = {**globals()}
    before = repr(schedule)
    schedule(3)
    again = eval(before, known)
    assert repr(again) == before == repr(schedule)
    assert "0x" not in before
    assert rates(again, 20) == rates(schedule, 20)


def problem(rng):
    x = rng.standard_normal((64, 3)).astype(np.float32)
    return x, (x[:, 0] > 0).astype(int)


def trained(rate, x, y, epochs, **options):
    network, seen = Network([Dense(2)], (3,)), []

    class Watched(SGD):
        def update(self, param, grad, rate, memory):
            seen.append(rate)
            super().update(param, grad, rate, memory)

    options = {"batch_size": 32, "progress": False, "validation": (x, 1 - y), **options}
    history = fit(network, x, y, epochs=epochs, optimiser=Watched(rate), **options)
    return network.get_weights(), history, seen[::4]  # two arrays, two batches an epoch


def test_a_training_whose_validation_loss_rises_gets_smaller_rates(rng):
    x, y = problem(rng)
    _, _, seen = trained(ReduceLROnPlateau(0.1, factor=0.5, patience=2), x, y, epochs=7)
    assert_allclose(seen, [0.1, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025])


@pytest.mark.parametrize("make", [lambda: ReduceLROnPlateau(0.1, 0.5, 2), lambda: CosineDecay(0.1, 14)])
def test_a_resumed_training_goes_on_with_the_rate_that_it_would_have_had(make, rng, tmp_path):
    x, y = problem(rng)
    unbroken, history, seen = trained(make(), x, y, epochs=7)
    path = tmp_path / "run.npz"
    _, _, first = trained(make(), x, y, epochs=4, checkpoint=path)
    weights, resumed, rest = trained(make(), x, y, epochs=7, checkpoint=path)
    assert first + rest == seen
    assert resumed == history
    for name in unbroken:
        assert_array_equal(weights[name], unbroken[name])


def test_a_checkpoint_of_another_schedule_is_refused(rng, tmp_path):
    x, y = problem(rng)
    path = tmp_path / "run.npz"
    trained(CosineDecay(0.1, 14), x, y, epochs=1, checkpoint=path)
    for other in (CosineDecay(0.1, 15), ExponentialDecay(0.1, 14, 0.5)):
        with pytest.raises(ValueError, match=r"another training.*CosineDecay\(initial_learning_rate=0.1"):
            trained(other, x, y, epochs=2, checkpoint=path)


def test_without_validation_there_is_no_plateau_to_see(rng):
    x, y = problem(rng)
    with pytest.raises(ValueError, match=r"ReduceLROnPlateau\(.*follows the validation loss: pass validation"):
        trained(ReduceLROnPlateau(0.1), x, y, epochs=1, validation=None)


# --- manners ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PiecewiseConstantDecay([3], [0.1]), "1 values for 1 boundaries, but one more"),
        (lambda: PiecewiseConstantDecay([3, 3], [0.1, 0.1, 0.1]), "each must be larger than the one before"),
        (lambda: PiecewiseConstantDecay([3.5], [0.1, 0.1]), "a boundary is 3.5"),
        (lambda: PiecewiseConstantDecay([3], [0.1, -1]), "a value is -1"),
        (lambda: ExponentialDecay(0, 3, 0.5), "initial_learning_rate is 0"),
        (lambda: ExponentialDecay(0.1, 0, 0.5), "decay_steps is 0"),
        (lambda: ExponentialDecay(0.1, 3, 0), "decay_rate is 0"),
        (lambda: CosineDecay(0.1, 0), "decay_steps is 0"),
        (lambda: CosineDecay(0.1, 3, alpha=2), "alpha is 2"),
        (lambda: CosineDecay(0.1, 3, warmup_steps=2), "warmup_steps is 2, but .*add warmup_target"),
        (lambda: CosineDecay(0.1, 3, warmup_target=0), "warmup_target is 0"),
        (lambda: CosineDecayRestarts(0.1, 0), "first_decay_steps is 0"),
        (lambda: CosineDecayRestarts(0.1, 3, t_mul=0.5), "t_mul is 0.5, but a number >= 1"),
        (lambda: CosineDecayRestarts(0.1, 3, m_mul=0), "m_mul is 0"),
        (lambda: WarmUp(0, 3), "after is 0"),
        (lambda: WarmUp(0.1, 0), "steps is 0"),
        (lambda: WarmUp(0.1, 3, start=-1), "start is -1"),
        (lambda: OneCycle(0, 10), "max_learning_rate is 0"),
        (lambda: OneCycle(0.1, 1), "total_steps is 1"),
        (lambda: OneCycle(0.1, 10, warmup_share=1.0), "warmup_share is 1.0"),
        (lambda: OneCycle(0.1, 10, div_factor=0), "div_factor is 0"),
        (lambda: ReduceLROnPlateau(0), "learning_rate is 0"),
        (lambda: ReduceLROnPlateau(0.1, factor=1), r"factor is 1, but a number in \(0, 1\)"),
        (lambda: ReduceLROnPlateau(0.1, patience=-1), "patience is -1"),
        (lambda: ReduceLROnPlateau(0.1, cooldown=0.5), "cooldown is 0.5"),
    ],
)
def test_a_bad_argument_is_named_and_so_is_what_would_do(make, words):
    with pytest.raises(ValueError, match=words):
        make()
