"""The losses against hand-made numbers, their definitions, their own slopes, and Keras."""

import math
import os

import numpy as np
import pytest

from cnncourse import losses
from cnncourse.gradients import check_gradients

WEIGHTS = [0.5, 3.0, 0.0, 1.5]


def logits(*shape):
    return 3 * np.random.default_rng(len(shape)).standard_normal(shape)


def bits(*shape):
    return np.random.default_rng(sum(shape)).integers(0, 2, shape)


def parts(*shape):
    return np.random.default_rng(sum(shape)).random(shape)


LABELS = np.array([3, 0, 1, 1, 2, 0, 3])

# what to call, on which outputs, with what else
CASES = {
    "one image": ("cross_entropy", logits(1, 4), {"labels": np.array([2])}),
    "one class": ("cross_entropy", logits(3, 1), {"labels": np.array([0, 0, 0])}),
    "a batch": ("cross_entropy", logits(7, 4), {"labels": LABELS}),
    "ties": ("cross_entropy", np.ones((7, 4)), {"labels": LABELS}),
    "smoothing": ("cross_entropy", logits(7, 4), {"labels": LABELS, "label_smoothing": 0.3}),
    "weights": ("cross_entropy", logits(7, 4), {"labels": LABELS, "class_weights": WEIGHTS}),
    "both": ("cross_entropy", logits(7, 4), {"labels": LABELS, "label_smoothing": 0.1, "class_weights": WEIGHTS}),
    "binary": ("binary_cross_entropy", logits(5, 1), {"targets": bits(5, 1)}),
    "binary mask": ("binary_cross_entropy", logits(2, 3, 5, 2), {"targets": bits(2, 3, 5, 2)}),
    "binary soft": ("binary_cross_entropy", logits(4, 3), {"targets": parts(4, 3)}),
    "focal": ("focal", logits(5, 1), {"targets": bits(5, 1)}),
    "focal mask": ("focal", logits(2, 3, 5, 2), {"targets": bits(2, 3, 5, 2), "alpha": 0.9, "gamma": 0.5}),
    "focal 0": ("focal", logits(4, 3), {"targets": bits(4, 3), "alpha": 0.4, "gamma": 0.0}),
    "squares": ("mean_squared_error", logits(5, 2), {"targets": parts(5, 2)}),
    "squares of an image": ("mean_squared_error", logits(1, 3, 5, 2), {"targets": bits(1, 3, 5, 2)}),
    "distillation": ("distillation_kl", logits(7, 4), {"teacher_logits": 5 * parts(7, 4), "temperature": 1.0}),
    "distillation, hot": ("distillation_kl", logits(1, 3), {"teacher_logits": 5 * parts(1, 3), "temperature": 4.0}),
}
NAMES = sorted({name for name, _, _ in CASES.values()})

each_case = pytest.mark.parametrize(("name", "outputs", "rest"), CASES.values(), ids=CASES)


def one_case(name):
    return next((outputs, rest) for n, outputs, rest in CASES.values() if n == name)


def pair(name):
    return getattr(losses, name), getattr(losses, f"{name}_backward")


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    return keras


def by_keras(keras, name, outputs, rest):
    """The loss as Keras computes it in float64, and its gradient."""
    import tensorflow as tf

    outputs = tf.Variable(outputs)
    with tf.GradientTape() as tape:
        options = {"dtype": "float64"}
        if name == "cross_entropy":
            one_hot = np.eye(outputs.shape[1])[rest["labels"]]
            weights = np.asarray(rest.get("class_weights", np.ones(outputs.shape[1])))[rest["labels"]]
            smoothing = rest.get("label_smoothing", 0.0)
            loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing, **options)(
                one_hot, outputs, sample_weight=weights
            )
        elif name == "binary_cross_entropy":
            loss = keras.losses.BinaryCrossentropy(from_logits=True, **options)(rest["targets"], outputs)
        elif name == "focal":
            options |= {"alpha": rest.get("alpha", 0.25), "gamma": rest.get("gamma", 2.0)}
            loss = keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True, from_logits=True, **options)(
                rest["targets"], outputs
            )
        elif name == "mean_squared_error":
            loss = keras.losses.MeanSquaredError(**options)(rest["targets"], outputs)
        else:
            T = rest["temperature"]
            teacher, student = keras.ops.softmax(rest["teacher_logits"] / T), keras.ops.softmax(outputs / T)
            loss = T**2 * keras.losses.KLDivergence(**options)(teacher, student)
    return float(loss), tape.gradient(loss, outputs).numpy()


@pytest.mark.parametrize(
    ("name", "outputs", "rest", "loss", "gradient"),
    [
        # probabilities 1/8, 2/8, 5/8 and 1/2, 1/4, 1/4
        ("cross_entropy", np.log([[1, 2, 5]]), {"labels": [1]}, np.log(4), [[1 / 8, -6 / 8, 5 / 8]]),
        (
            "cross_entropy",
            np.log([[1, 2, 5], [2, 1, 1]]),
            {"labels": [1, 0], "class_weights": [3, 1, 0]},
            (np.log(4) + 3 * np.log(2)) / 2,  # over N = 2, not over the weights' sum 4
            [[1 / 16, -6 / 16, 5 / 16], [-3 / 4, 3 / 8, 3 / 8]],
        ),
        # targets 0.1, 0.8, 0.1
        (
            "cross_entropy",
            np.log([[1, 2, 5]]),
            {"labels": [1], "label_smoothing": 0.3},
            0.1 * np.log(8) + 0.8 * np.log(4) + 0.1 * np.log(1.6),
            [[0.025, -0.55, 0.525]],
        ),
        ("binary_cross_entropy", np.log([3, 3]), {"targets": [1, 0]}, np.log(16 / 3) / 2, [-1 / 8, 3 / 8]),
        ("binary_cross_entropy", np.log([3]), {"targets": [0.75]}, np.log(4) - 0.75 * np.log(3), [0]),
        # right with probability 3/4 (weight 1/4) and 1/4 (weight 3/4)
        (
            "focal",
            np.log([3, 3]),
            {"targets": [1, 0]},
            (1 / 4 * 1 / 16 * np.log(4 / 3) + 3 / 4 * 9 / 16 * np.log(4)) / 2,
            [-1 / 128 * (1.5 * np.log(4 / 3) + 1 / 4), 27 / 128 * (0.5 * np.log(4) + 3 / 4)],
        ),
        ("mean_squared_error", np.array([[1.0, 2], [4, 8]]), {"targets": [[1, 0], [5, 8]]}, 5 / 4, [[0, 1], [-0.5, 0]]),
        # at temperature 2 the teacher's 9 : 1 becomes 3 : 1
        (
            "distillation_kl",
            np.zeros((1, 2)),
            {"teacher_logits": np.log([[9.0, 1.0]]), "temperature": 2},
            4 * (0.75 * np.log(1.5) + 0.25 * np.log(0.5)),
            [[-0.5, 0.5]],
        ),
    ],
)
def test_numbers_done_by_hand(name, outputs, rest, loss, gradient):
    forward, backward = pair(name)
    found, cache = forward(outputs, **rest)
    np.testing.assert_allclose(found, loss, rtol=1e-12)
    np.testing.assert_allclose(backward(1.0, cache), gradient, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(backward(-3, cache), -3 * np.array(gradient), rtol=1e-12, atol=1e-15)


@each_case
def test_the_stable_form_equals_the_definition(name, outputs, rest):
    found = pair(name)[0](outputs, **rest)[0]
    if name == "mean_squared_error":
        expected = sum((p - t) ** 2 for p, t in zip(outputs.flat, rest["targets"].flat)) / outputs.size
    else:
        expected = getattr(losses, f"{name}_loops")(outputs, **rest)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)


@each_case
def test_the_gradient_is_the_slope(name, outputs, rest):
    report = check_gradients(pair(name), outputs, **rest)
    assert report.ok, str(report)


@pytest.mark.filterwarnings("ignore::SyntaxWarning")  # Keras finds a single class odd, and is right
@each_case
def test_keras_agrees(name, outputs, rest, keras):
    loss, cache = pair(name)[0](outputs, **rest)
    their_loss, their_gradient = by_keras(keras, name, outputs, rest)
    # where Keras takes the way over probabilities, it cuts them off at 1e-7
    tolerance = 1e-6 if name in ("focal", "distillation_kl") else 1e-12
    assert loss == pytest.approx(their_loss, rel=tolerance)
    np.testing.assert_allclose(pair(name)[1](1.0, cache), their_gradient, rtol=tolerance, atol=tolerance)


@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
def test_class_weights_mean_what_they_mean_in_keras_training(keras):
    x, weights = logits(7, 4), dict(enumerate(WEIGHTS))
    model = keras.Sequential([keras.Input((4,)), keras.layers.Identity()])
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    loss = losses.cross_entropy(x, LABELS, class_weights=WEIGHTS)[0]
    assert loss == pytest.approx(float(model.train_on_batch(x, LABELS, class_weight=weights)), rel=1e-6)


# --- shares instead of labels ----------------------------------------------------------------------------------------


def shares(*shape):
    given = parts(*shape) * bits(*shape)  # some exactly 0
    given[:, 0] += 0.1
    return given / given.sum(axis=1, keepdims=True)


def test_shared_targets_by_hand():
    loss, cache = losses.soft_cross_entropy(np.log([[1.0, 2, 5]]), np.array([[0.5, 0.0, 0.5]]))
    assert loss == pytest.approx(0.5 * np.log(8) + 0.5 * np.log(1.6))
    np.testing.assert_allclose(losses.cross_entropy_backward(1.0, cache), [[1 / 8 - 0.5, 2 / 8, 5 / 8 - 0.5]])


def test_the_loss_of_shared_targets_is_the_mixture_of_the_losses_of_labels():
    x, other = logits(7, 4), (LABELS + 1) % 4
    one_hot = np.eye(4)
    mixed, _ = losses.soft_cross_entropy(x, 0.3 * one_hot[LABELS] + 0.7 * one_hot[other])
    single = [losses.cross_entropy(x, labels)[0] for labels in (LABELS, other)]
    assert mixed == pytest.approx(0.3 * single[0] + 0.7 * single[1])


def test_the_gradient_of_shared_targets_is_the_slope_and_keras_agrees(keras):
    x, targets = logits(7, 4), shares(7, 4)
    loss, cache = losses.soft_cross_entropy(x, targets)
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, dtype="float64")(targets, x)
    assert loss == pytest.approx(float(theirs), rel=1e-12)
    gradient = losses.cross_entropy_backward(1.0, cache)
    for place in np.ndindex(7, 4):
        step = np.zeros((7, 4))
        step[place] = 1e-6
        rise = losses.soft_cross_entropy(x + step, targets)[0] - losses.soft_cross_entropy(x - step, targets)[0]
        assert gradient[place] == pytest.approx(rise / 2e-6, abs=1e-8)


def test_a_label_is_a_share_of_1():
    loss, x = losses.SoftCrossEntropy(), logits(7, 4)
    by_labels, memory = loss.forward(x, LABELS)
    by_shares, other = loss.forward(x, np.eye(4)[LABELS])
    assert by_labels == pytest.approx(by_shares)
    np.testing.assert_allclose(loss.backward(memory), loss.backward(other))


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (np.full((7, 4), 0.5), "a row of targets has the sum 2.0, but shares of 1 are needed"),
        (np.eye(4)[LABELS] * 2 - 1, "must lie in 0 ... 1"),
        (np.eye(5)[LABELS], "the outputs have"),
    ],
)
def test_what_is_no_share_is_refused(targets, words):
    with pytest.raises(ValueError, match=words):
        losses.soft_cross_entropy(logits(7, 4), targets)


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_a_network_that_knows_nothing_has_loss_log_k(classes):
    assert losses.cross_entropy(np.full((3, classes), 0.7), [0, 1, 1])[0] == pytest.approx(math.log(classes))


EXTREMES = np.array([[1000, -1000, 0], [-1000, 1000, 1000], [1000, 1000, -1000]], np.float32)


@pytest.mark.parametrize(
    ("name", "rest", "loss"),
    [
        ("cross_entropy", {"labels": [1, 1, 2]}, (2000 + np.log(2) + 2000 + np.log(2)) / 3),
        ("cross_entropy", {"labels": [0, 2, 0]}, 2 * np.log(2) / 3),
        ("binary_cross_entropy", {"targets": EXTREMES > 0}, np.log(2) / 9),
        ("binary_cross_entropy", {"targets": EXTREMES <= 0}, (8000 + np.log(2)) / 9),
        ("focal", {"targets": EXTREMES <= 0, "alpha": 0.5}, (4000 + 0.125 * np.log(2)) / 9),
        ("focal", {"targets": EXTREMES > 0, "alpha": 1.0}, 0),
        ("focal", {"targets": EXTREMES > 0, "gamma": 0, "alpha": 0}, np.log(2) / 9),
        ("mean_squared_error", {"targets": -EXTREMES}, 8 * 2000**2 / 9),
        ("distillation_kl", {"teacher_logits": EXTREMES, "temperature": 1}, 0),
        (
            "distillation_kl",
            {"teacher_logits": -EXTREMES, "temperature": 2},
            4 * (3000 + 2 * np.log(2)) / 3,
        ),
    ],
)
def test_logits_of_1000_in_float32_give_the_true_loss(name, rest, loss):
    forward, backward = pair(name)
    found, cache = forward(EXTREMES, **rest)
    gradient = backward(1.0, cache)
    assert found == pytest.approx(loss, rel=1e-6, abs=1e-6)
    assert np.isfinite(gradient).all()
    assert found.dtype == gradient.dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_case
def test_the_type_of_the_outputs_is_the_type_of_loss_and_gradient(name, outputs, rest, dtype):
    forward, backward = pair(name)
    loss, cache = forward(outputs.astype(dtype), **rest)
    assert np.ndim(loss) == 0 and loss.dtype == dtype
    assert backward(np.float64(1), cache).dtype == dtype
    assert loss == pytest.approx(forward(outputs, **rest)[0], rel=1e-5)


@each_case
def test_inputs_come_back_unmodified_and_the_gradient_is_new(name, outputs, rest):
    arrays = [outputs, *(value for value in rest.values() if isinstance(value, np.ndarray))]
    before = [array.copy() for array in arrays]
    _, cache = pair(name)[0](outputs, **rest)
    gradient = pair(name)[1](1.0, cache)
    assert not any(np.shares_memory(gradient, array) for array in arrays)
    kept = gradient.copy()
    gradient += 1  # a caller may do as it likes with what it was given
    np.testing.assert_array_equal(pair(name)[1](1.0, cache), kept)
    for array, was in zip(arrays, before):
        np.testing.assert_array_equal(array, was)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_batch_has_loss_0(name):
    _, rest = one_case(name)
    empty = {key: value[:0] if isinstance(value, np.ndarray) else value for key, value in rest.items()}
    shape = (0, 4) if name in ("cross_entropy", "distillation_kl") else (0, *rest["targets"].shape[1:])
    if name == "distillation_kl":
        empty["teacher_logits"] = np.zeros(shape)
    loss, cache = pair(name)[0](np.zeros(shape), **empty)
    assert loss == 0
    assert pair(name)[1](1.0, cache).shape == shape


def test_a_perfect_student_has_loss_0_and_no_gradient():
    loss, cache = losses.distillation_kl(logits(7, 4), logits(7, 4) + 5, temperature=3.0)
    assert loss == pytest.approx(0, abs=1e-14)
    np.testing.assert_allclose(losses.distillation_kl_backward(1.0, cache), 0, atol=1e-15)


def test_the_factor_t_squared_keeps_the_size_of_the_gradient_when_the_temperature_rises():
    student, teacher = logits(7, 4), 5 * parts(7, 4)

    def size(temperature):
        _, cache = losses.distillation_kl(student, teacher, temperature)
        return np.linalg.norm(losses.distillation_kl_backward(1.0, cache))

    assert size(1000.0) == pytest.approx(size(100.0), rel=0.1)


BAD_TARGETS = [
    (np.zeros(4), r"targets have shape \(4,\), but the outputs have \(4, 1\).*targets.reshape\(4, 1\)"),
    (np.zeros((4, 2)), r"targets have shape \(4, 2\), but the outputs have \(4, 1\): make them equal$"),
    (np.array([[0.0], [np.nan], [1], [np.nan]]), "targets hold 2 NaN"),
    (np.array([["a"], ["b"], ["c"], ["d"]]), "targets have dtype <U1"),
]


@pytest.mark.parametrize(("targets", "message"), BAD_TARGETS)
@pytest.mark.parametrize("name", ["binary_cross_entropy", "focal", "mean_squared_error"])
def test_bad_targets_are_refused(name, targets, message):
    with pytest.raises(ValueError, match=message):
        pair(name)[0](np.zeros((4, 1)), targets)


@pytest.mark.parametrize("name", ["binary_cross_entropy", "focal"])
@pytest.mark.parametrize("wrong", [-0.5, 1.5, 255])
def test_targets_that_are_no_probabilities_are_refused(name, wrong):
    with pytest.raises(ValueError, match=r"targets go from .* but they must lie in 0 ... 1"):
        pair(name)[0](np.zeros((2, 1)), np.array([[wrong], [0.5]]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: losses.focal(np.zeros(2), np.array([0.5, 1])), "targets hold 0.5, but the focal loss takes 0 and 1"),
        (lambda: losses.focal(np.zeros(1), np.zeros(1), gamma=-1), "gamma is -1, but a number >= 0"),
        (lambda: losses.focal(np.zeros(1), np.zeros(1), gamma=np.nan), "gamma is nan"),
        (
            lambda: losses.focal(np.zeros(1), np.zeros(1), alpha=1.5),
            r"alpha is 1.5, but a number in \[0, 1\] is needed",
        ),
        (lambda: losses.cross_entropy(np.zeros(3), [0]), r"logits has shape \(3,\), which is 1-D, but \(N, K\)"),
        (lambda: losses.cross_entropy(np.zeros((2, 3), int), [0, 1]), "logits has dtype int64"),
        (lambda: losses.cross_entropy(np.zeros((2, 0)), [0, 1]), "at least one class is needed"),
        (lambda: losses.cross_entropy(np.zeros((2, 3)), [0, 3]), "labels go from 0 to 3"),
        (lambda: losses.cross_entropy(np.zeros((2, 3)), [0, -1]), "labels go .*-1"),
        (lambda: losses.cross_entropy(np.zeros((2, 3)), [0, np.nan]), "labels hold 1 NaN"),
        (lambda: losses.cross_entropy(np.zeros((2, 3)), np.eye(3)[:2]), "looks one-hot"),
        (lambda: losses.cross_entropy(np.zeros((2, 3)), [0, 1], label_smoothing=1.0), "label_smoothing is 1.0"),
        (lambda: losses.cross_entropy(np.zeros((2, 3)), [0, 1], class_weights=[1, 2]), "3 numbers are needed"),
        (lambda: losses.cross_entropy(np.zeros((2, 3)), [0, 1], class_weights={0: 1.0}), "3 numbers are needed"),
        (lambda: losses.cross_entropy(np.zeros((2, 3)), [0, 1], class_weights=[1, -2, 0]), "numbers >= 0 are needed"),
        (lambda: losses.cross_entropy(np.zeros((2, 3)), [0, 1], class_weights=[1, np.nan, 0]), "numbers >= 0"),
        (lambda: losses.distillation_kl(np.zeros((2, 3)), np.zeros((3, 2)), 1), r"teacher_logits has shape \(3, 2\)"),
        (lambda: losses.distillation_kl(np.zeros((2, 3)), np.zeros((2, 3)), 0), "temperature is 0, but a number > 0"),
        (lambda: losses.distillation_kl(np.zeros((2, 3)), np.zeros((2, 3)), np.inf), "temperature is inf"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_that_is_not_one_number_is_refused(name):
    outputs, rest = one_case(name)
    _, cache = pair(name)[0](outputs, **rest)
    with pytest.raises(ValueError, match=r"dloss has shape \(3,\), but a loss is one number"):
        pair(name)[1](np.ones(3), cache)


@pytest.mark.parametrize(
    ("loss", "name", "options"),
    [
        (losses.CrossEntropy(), "cross_entropy", {}),
        (losses.CrossEntropy(0.2, WEIGHTS), "cross_entropy", {"label_smoothing": 0.2, "class_weights": WEIGHTS}),
        (losses.BinaryCrossEntropy(), "binary_cross_entropy", {}),
        (losses.MeanSquaredError(), "mean_squared_error", {}),
    ],
)
def test_a_loss_as_an_object_gives_what_its_functions_give(loss, name, options):
    outputs = logits(7, 4)
    targets = LABELS if name == "cross_entropy" else bits(7, 4)
    expected, cache = pair(name)[0](outputs, targets, **options)
    value, memory = loss.forward(outputs, targets)
    assert value == expected
    np.testing.assert_array_equal(loss.backward(memory), pair(name)[1](1.0, cache))


def test_a_loss_remembers_nothing_so_that_many_workers_can_share_it():
    loss = losses.CrossEntropy()
    before = dict(vars(loss))
    (_, first), (_, second) = (loss.forward(logits(3, 4), labels) for labels in ([0, 1, 2], [2, 1, 0]))
    assert vars(loss) == before
    assert not np.array_equal(loss.backward(first), loss.backward(second))


def test_a_class_that_is_ruled_out_by_minus_infinity_costs_nothing():
    logits = np.array([[0.0, 1.0, -np.inf]])
    loss, cache = losses.cross_entropy(logits, [1])
    assert loss == pytest.approx(losses.cross_entropy(logits[:, :2], [1])[0])
    np.testing.assert_allclose(losses.cross_entropy_backward(1.0, cache)[0, 2], 0)
