"""Optimisers against steps done by hand and against Keras."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnncourse.training import SGD, Adam, AdamW

ALL = [
    SGD(0.1),
    SGD(0.1, momentum=0.9),
    SGD(0.1, momentum=0.9, nesterov=True),
    SGD(0.1, momentum=0.5, weight_decay=0.01),
    Adam(),
    AdamW(),
]
every_optimiser = pytest.mark.parametrize("optimiser", ALL, ids=str)


def fresh(optimiser):
    """One that has forgotten everything."""
    settings = optimiser.config()
    return {"SGD": SGD, "Adam": Adam, "AdamW": AdamW}[settings.pop("class")](**settings)


def walk(optimiser, grads, start=1.0):
    """Where the number `start` goes, given a gradient for each step."""
    params, places = {"w": np.array([start])}, []
    for grad in grads:
        optimiser.step(params, {"w": np.array([grad])})
        places.append(params["w"].item())
    return places


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_plain_descent_forgets_what_was():
    assert_allclose(walk(SGD(0.1), [2, 0, -1]), [0.8, 0.8, 0.9])


def test_momentum_goes_on_when_the_gradient_ends():
    # velocities: -0.2, then half of it, then half of that less 0.1
    assert_allclose(walk(SGD(0.1, momentum=0.5), [2, 0, 1]), [0.8, 0.7, 0.55])


def test_nesterov_steps_by_the_next_velocity_ahead_of_time():
    # velocities -0.2, -0.1, -0.15; each step is half of the new velocity and the gradient step once more
    places = walk(SGD(0.1, momentum=0.5, nesterov=True), [2, 0, 1])
    assert_allclose(places, [1 - 0.1 - 0.2, 0.7 - 0.05, 0.65 - 0.075 - 0.1])


def test_weight_decay_pulls_towards_zero_through_the_gradient():
    assert_allclose(walk(SGD(0.1, weight_decay=0.5), [0, 0, 2]), [0.95, 0.9025, 0.9025 * 0.95 - 0.2])
    # with momentum the pull gathers speed too: gradients 0.5 and 0.475, velocities -0.05 and -0.025 - 0.0475
    assert_allclose(walk(SGD(0.1, momentum=0.5, weight_decay=0.5), [0, 0]), [0.95, 0.8775])


def test_adam_takes_steps_of_one_length_whatever_the_scale_of_the_gradients():
    for scale in (1e-3, 1, 1e3):
        assert_allclose(walk(Adam(0.1, epsilon=1e-12), [scale] * 3), [0.9, 0.8, 0.7])


def test_adam_by_hand_for_two_steps():
    # means 0.5 * 2 = 1 and 0.5 * 1 + 0.5 * (-1) = 0; corrected by 1 - 0.5 and 1 - 0.25: 2 and 0
    # squares 0.25 * 4 = 1 and 0.75 * 1 + 0.25 * 1 = 1; corrected by 1 - 0.75 and 1 - 0.5625: 4 and 16/7
    places = walk(Adam(0.1, beta_1=0.5, beta_2=0.75, epsilon=1.0), [2, -1])
    assert_allclose(places, [1 - 0.1 * 2 / (2 + 1), 1 - 0.1 * 2 / 3 - 0.1 * 0])
    places = walk(Adam(0.1, beta_1=0.5, beta_2=0.75, epsilon=1.0), [2, 1])
    assert_allclose(places[1], places[0] - 0.1 * (1 / 0.75) / (4 / 7**0.5 + 1))


def test_adamw_shrinks_the_weight_beside_the_gradient_step_and_not_through_it():
    assert_allclose(walk(AdamW(0.1, weight_decay=0.5), [0, 0]), [0.95, 0.9025])
    assert_allclose(walk(AdamW(0.1, weight_decay=0.5, epsilon=1e-12), [7, 7]), [0.95 - 0.1, 0.85 * 0.95 - 0.1])


@every_optimiser
def test_a_learning_rate_may_be_a_function_of_the_step(optimiser, rng):
    grads, seen = rng.standard_normal(5), []

    def schedule(step):
        seen.append(step)
        return 0.1 / (1 + step)

    scheduled, by_hand = fresh(optimiser), fresh(optimiser)
    scheduled.learning_rate = schedule
    params = {"w": np.array([1.0])}
    places = walk(scheduled, grads)
    assert seen == [0, 1, 2, 3, 4]
    for step, (grad, place) in enumerate(zip(grads, places)):
        by_hand.learning_rate = 0.1 / (1 + step)
        by_hand.step(params, {"w": np.array([grad])})
        assert_allclose(params["w"], place)


# --- Keras -----------------------------------------------------------------------------------------------------------


def _counterparts():
    import keras

    kinds = keras.optimizers
    # The epsilon is tiny because Keras adds it before it corrects the mean square and the paper, as we do, after.
    return [
        (SGD(0.05), kinds.SGD(0.05), 0),
        (SGD(0.05, momentum=0.9), kinds.SGD(0.05, momentum=0.9), 0),
        (SGD(0.05, momentum=0.9, nesterov=True), kinds.SGD(0.05, momentum=0.9, nesterov=True), 0),
        (SGD(0.05, momentum=0.8, weight_decay=0.1), kinds.SGD(0.05, momentum=0.8), 0.1),  # an L2 penalty in Keras
        (Adam(0.02, epsilon=1e-14), kinds.Adam(0.02, epsilon=1e-14), 0),
        (Adam(0.02, 0.5, 0.8, 1e-14), kinds.Adam(0.02, 0.5, 0.8, 1e-14), 0),
        (AdamW(0.02, epsilon=1e-14, weight_decay=0.3), kinds.AdamW(0.02, epsilon=1e-14, weight_decay=0.3), 0),
    ]


@pytest.mark.parametrize("which", range(7))
@pytest.mark.parametrize(("dtype", "close"), [(np.float64, 2e-6), (np.float32, 2e-5)])
def test_twenty_steps_lead_where_keras_gets(which, dtype, close, rng):
    """In float64 what remains is that Keras keeps the learning rate in float32."""
    import keras

    ours, theirs, penalty = _counterparts()[which]
    params = {"kernel": rng.standard_normal((3, 2)).astype(dtype), "bias": rng.standard_normal(2).astype(dtype)}
    variables = [keras.Variable(array, dtype=np.dtype(dtype).name) for array in params.values()]
    theirs.build(variables)
    for step in range(20):
        scale = 0.1 + step % 3  # gradients of changing size
        grads = {name: (scale * rng.standard_normal(array.shape)).astype(dtype) for name, array in params.items()}
        theirs.apply([g + penalty * np.asarray(v) for g, v in zip(grads.values(), variables)], variables)
        ours.step(params, grads)
        for array, variable in zip(params.values(), variables):
            assert_allclose(array, variable, rtol=close, atol=close)


# --- manners ---------------------------------------------------------------------------------------------------------


@every_optimiser
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_arrays_are_changed_in_place_in_their_own_precision_and_gradients_are_left_alone(
    optimiser, dtype, rng
):
    optimiser, params = fresh(optimiser), {"a": np.ones((2, 3), dtype), "b": np.ones(4, dtype)}
    arrays, grads = list(params.values()), {name: rng.random(a.shape).astype(dtype) for name, a in params.items()}
    before = {name: grad.copy() for name, grad in grads.items()}
    for _ in range(3):
        optimiser.step(params, grads)
    assert [now is then for now, then in zip(params.values(), arrays)] == [True, True]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}
    assert {a.dtype for slots in optimiser.memory.values() for a in slots.values()} <= {np.dtype(dtype)}
    assert all((a < 1).all() for a in arrays)
    for name, grad in grads.items():
        assert_array_equal(grad, before[name])


@every_optimiser
def test_each_parameter_has_a_memory_of_its_own(optimiser, rng):
    together, alone = fresh(optimiser), fresh(optimiser)
    params = {"a": np.array([1.0]), "b": np.array([1.0])}
    single = {"b": np.array([1.0])}
    for _ in range(4):
        grads = {"a": 5 + rng.random(1), "b": rng.random(1)}
        together.step(params, grads)
        alone.step(single, {"b": grads["b"]})
    assert_array_equal(params["b"], single["b"])


@every_optimiser
def test_the_order_of_the_names_does_not_matter(optimiser):
    one, two = fresh(optimiser), fresh(optimiser)
    params, same = {"a": np.array([1.0]), "b": np.array([2.0])}, {"a": np.array([1.0]), "b": np.array([2.0])}
    for _ in range(3):
        one.step(params, {"a": np.array([0.5]), "b": np.array([-0.5])})
        two.step(same, {"b": np.array([-0.5]), "a": np.array([0.5])})
    assert params == same


@every_optimiser
def test_different_names_are_refused_before_anything_moves(optimiser):
    optimiser, params = fresh(optimiser), {"a": np.array([1.0]), "b": np.array([1.0])}
    with pytest.raises(ValueError, match=r"the same names, but these are in one alone: \['b', 'c'\]"):
        optimiser.step(params, {"a": np.array([1.0]), "c": np.array([1.0])})
    assert params["a"] == 1.0
    assert optimiser.steps == 0


@every_optimiser
def test_a_config_makes_the_same_optimiser_again(optimiser):
    assert fresh(optimiser).config() == optimiser.config()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SGD(0), "learning_rate is 0, but a number > 0 is needed"),
        (lambda: Adam(-0.1), "learning_rate is -0.1"),
        (lambda: Adam(float("nan")), "learning_rate is nan"),
        (lambda: AdamW(float("inf")), "learning_rate is inf"),
        (lambda: SGD("0.1"), "learning_rate is '0.1'"),
        (lambda: SGD(momentum=1.0), r"momentum is 1.0, but a number in \[0, 1\) is needed"),
        (lambda: SGD(momentum=-0.5), "momentum is -0.5"),
        (lambda: SGD(nesterov=True), "nesterov=True looks ahead along the momentum, but momentum is 0"),
        (lambda: SGD(weight_decay=-1), "weight_decay is -1, but a number >= 0 is needed"),
        (lambda: Adam(beta_1=1), "beta_1 is 1"),
        (lambda: Adam(beta_2=1.5), "beta_2 is 1.5"),
        (lambda: Adam(epsilon=0), "epsilon is 0, but a number > 0"),
        (lambda: AdamW(weight_decay=float("nan")), "weight_decay is nan"),
        (lambda: AdamW(beta_1=None), "beta_1 is None"),
    ],
)
def test_a_bad_argument_is_named_and_so_is_what_would_do(make, words):
    with pytest.raises(ValueError, match=words):
        make()
