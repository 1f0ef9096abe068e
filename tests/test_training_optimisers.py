"""Optimisers against steps done by hand and against Keras."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnncourse.layers import BatchNormalization, Dense, ReLU
from cnncourse.losses import CrossEntropy
from cnncourse.network import Network
from cnncourse.training import SGD, Adam, AdamL2, AdamW, ExponentialDecay, RMSprop, crew, global_norm

ALL = [
    SGD(0.1),
    SGD(0.1, momentum=0.9),
    SGD(0.1, momentum=0.9, nesterov=True),
    SGD(0.1, momentum=0.5, weight_decay=0.01),
    RMSprop(),
    RMSprop(0.1, momentum=0.5, centered=True),
    Adam(),
    AdamL2(),
    AdamW(),
    SGD(0.1, clipvalue=0.1),
    Adam(clipnorm=0.1),
    RMSprop(global_clipnorm=0.1),
]


def called(optimiser):
    """The knobs that are turned."""
    knobs = optimiser.config()
    return f"{knobs.pop('class')}({', '.join(f'{name}={value}' for name, value in knobs.items() if value)})"


every_optimiser = pytest.mark.parametrize("optimiser", ALL, ids=called)


def fresh(optimiser):
    """One that has forgotten everything."""
    settings = optimiser.config()
    return {kind.__name__: kind for kind in map(type, ALL)}[settings.pop("class")](**settings)


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


def test_rmsprop_by_hand_for_two_steps():
    # squares 0.25 * 4 = 1 and 0.75 * 1 + 0.25 * 16 = 4.75; epsilon 1.25 within the root: 1.5 and the root of 6
    places = walk(RMSprop(0.3, rho=0.75, epsilon=1.25), [2, 4])
    assert_allclose(places, [1 - 0.3 * 2 / 1.5, 0.6 - 0.3 * 4 / 6**0.5])
    # the second step adds half of the first
    places = walk(RMSprop(0.3, rho=0.75, epsilon=1.25, momentum=0.5), [2, 4])
    assert_allclose(places, [0.6, 0.6 - 0.2 - 0.3 * 4 / 6**0.5])
    # centred: means 0.5 and 0.75 * 0.5 + 0.25 * 4 = 1.375
    places = walk(RMSprop(0.3, rho=0.75, epsilon=1.25, centered=True), [2, 4])
    first = 1 - 0.3 * 2 / (1 - 0.25 + 1.25) ** 0.5
    assert_allclose(places, [first, first - 0.3 * 4 / (4.75 - 1.375**2 + 1.25) ** 0.5])


def test_the_first_step_of_rmsprop_is_longer_than_its_rate_and_that_of_adam_is_not():
    for scale in (1e-2, 1, 1e3):
        assert_allclose(walk(RMSprop(0.1, rho=0.96, epsilon=1e-12), [scale]), [1 - 0.1 / 0.2], rtol=1e-6)
        assert_allclose(walk(Adam(0.1, epsilon=1e-12), [scale]), [0.9])


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


def test_a_penalty_in_adam_is_divided_by_the_root_and_a_decay_beside_it_is_not():
    """Two weights of the same size, one with gradients that go to and fro; each should shrink by a tenth a step."""
    penalised, decayed = (np.array([1.0, 1.0]) for _ in range(2))
    one, two = AdamL2(0.01, weight_decay=0.1), AdamW(0.01, weight_decay=0.1)
    for step in range(200):
        grad = np.array([0.0, 5.0 * (-1) ** step])
        one.step({"w": penalised}, {"w": grad})
        two.step({"w": decayed}, {"w": grad})
    quiet, loud = 1 - penalised
    assert quiet > 10 * abs(loud)
    quiet, loud = 1 - decayed
    assert quiet == pytest.approx(loud, rel=0.1)


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
        (AdamL2(0.02, epsilon=1e-14, weight_decay=0.3), kinds.Adam(0.02, epsilon=1e-14), 0.3),
        (RMSprop(0.02, epsilon=0.01), kinds.RMSprop(0.02, epsilon=0.01), 0),
        (RMSprop(0.02, 0.7, 0.6, 1e-3, True), kinds.RMSprop(0.02, 0.7, 0.6, 1e-3, True), 0),
        (SGD(0.05, clipnorm=0.5), kinds.SGD(0.05, clipnorm=0.5), 0),
        (SGD(0.05, clipvalue=0.5), kinds.SGD(0.05, clipvalue=0.5), 0),
        (SGD(0.05, global_clipnorm=0.5), kinds.SGD(0.05, global_clipnorm=0.5), 0),
        (
            Adam(ExponentialDecay(0.02, 2, 0.5), epsilon=1e-14, gradient_accumulation_steps=3, clipnorm=0.5),
            kinds.Adam(
                kinds.schedules.ExponentialDecay(0.02, 2, 0.5),
                epsilon=1e-14,
                gradient_accumulation_steps=3,
                clipnorm=0.5,
            ),
            0,
        ),
    ]


@pytest.mark.parametrize("which", range(14))
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


# --- several gradients, one step -------------------------------------------------------------------------------------


def test_a_step_goes_by_the_mean_of_the_gradients_that_came():
    optimiser = SGD(0.1, gradient_accumulation_steps=3)
    assert_allclose(walk(optimiser, [1, 2, 6, 0, 0, 3]), [1, 1, 0.7, 0.7, 0.7, 0.6])
    assert optimiser.steps == 2


def test_the_mean_is_cut_and_not_its_parts():
    assert_allclose(walk(SGD(1, gradient_accumulation_steps=2, clipvalue=1), [10, -10]), [1, 1])
    assert_allclose(walk(SGD(1, clipvalue=1), [10, -10]), [0, 1])
    assert_allclose(walk(SGD(1, clipvalue=1), [10, -3, -10]), [0, 1, 2])


def one_step(between, cut, rng):
    """The weights after one step of a small network by the gradient of 24 images, in `cut` batches of the same size."""
    network = Network([Dense(6), between, Dense(3)], (5,), dtype=np.float64)
    x, y, indices = rng.standard_normal((24, 5)), rng.integers(0, 3, 24), np.arange(24)
    optimiser = Adam(0.01, gradient_accumulation_steps=cut)
    with crew(network, 1) as team:
        for part in np.split(indices, cut):
            optimiser.step(network.params, team.train(x, y, part, CrossEntropy())[2])
    return network.params


@pytest.mark.parametrize("cut", [2, 3, 8])
def test_small_batches_that_are_added_up_equal_one_large_batch_except_through_batch_normalisation(cut):
    for between, equal in ((ReLU(), True), (BatchNormalization(), False)):
        kind = type(between)
        large = one_step(kind(), 1, np.random.default_rng(0))
        small = one_step(kind(), cut, np.random.default_rng(0))
        gap = max(np.abs(large[name] - small[name]).max() for name in large)
        assert gap < 1e-12 if equal else gap > 1e-4


def test_the_gradient_that_moves_the_weights_is_as_short_as_asked_and_keeps_its_direction(rng):
    seen = {}

    class Watched(SGD):
        def update(self, param, grad, rate, memory):
            seen[id(param)] = grad

    params = {"a": np.zeros(3), "b": np.zeros((2, 2))}
    grads = {name: 10 * rng.standard_normal(array.shape) for name, array in params.items()}
    Watched(1.0, global_clipnorm=0.5).step(params, grads)
    cut = {name: seen[id(array)] for name, array in params.items()}
    assert global_norm(cut) == pytest.approx(0.5)
    factor = 0.5 / global_norm(grads)
    for name in grads:
        assert_allclose(cut[name], factor * grads[name])


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
    together.global_clipnorm = alone.global_clipnorm = None  # the one thing that parameters share
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
        (lambda: RMSprop(rho=1), "rho is 1"),
        (lambda: RMSprop(epsilon=0), "epsilon is 0"),
        (lambda: AdamL2(weight_decay=-1), "weight_decay is -1"),
        (lambda: SGD(clipnorm=0), "clipnorm is 0, but a number > 0"),
        (lambda: SGD(clipnorm=1, clipvalue=2), "clipnorm and clipvalue are given.*choose one"),
        (lambda: SGD(gradient_accumulation_steps=0), "gradient_accumulation_steps is 0"),
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
