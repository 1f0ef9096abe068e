"""A check of gradients must pass what is right, catch what is wrong, and refuse what cannot be judged."""

import numpy as np
import pytest

from cnncourse.activations import relu, relu_backward
from cnncourse.convolution import conv2d, conv_backward
from cnncourse.gradients import check_gradients
from cnncourse.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, ReLU
from cnncourse.losses import cross_entropy, cross_entropy_backward
from cnncourse.network import Network
from cnncourse.pooling import max_pool2d, max_pool2d_backward


def test_a_right_backward_pass_is_right(rng):
    x, w, b = (rng.standard_normal(shape) for shape in [(2, 6, 5, 3), (3, 2, 3, 4), (4,)])
    report = check_gradients((conv2d, conv_backward), x, w, b, stride=2)
    assert report.ok
    assert [c.name for c in report.comparisons] == ["x", "w", "b"]


# The mistakes that people make in a convolution's backward pass
MISTAKES = {
    "the kernel is not turned": lambda dx, dw, db: (dx[:, ::-1, ::-1], dw, db),
    "the gradient is averaged over the batch": lambda dx, dw, db: (dx, dw / 2, db),
    "rows and columns are exchanged": lambda dx, dw, db: (dx, dw.swapaxes(0, 1), db),
    "the bias sees one image": lambda dx, dw, db: (dx, dw, db / 2),
    "one entry is off by a hundred-thousandth": lambda dx, dw, db: (dx, dw, db * np.array([1, 1, 1, 1 + 1e-5])),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_wrong_backward_pass_is_wrong(mistake, rng):
    x, w, b = (rng.standard_normal(shape) for shape in [(2, 6, 6, 3), (3, 3, 3, 4), (4,)])
    report = check_gradients((conv2d, lambda dy, cache: mistake(*conv_backward(dy, cache))), x, w, b, samples=1000)
    assert report.verdict == "wrong"
    assert "backward says" in str(report)


def test_a_backward_pass_that_gives_nan_is_wrong(rng):
    report = check_gradients((lambda x: (x * 2, None), lambda dy, cache: dy * np.nan), rng.standard_normal(3))
    assert report.verdict == "wrong"


def test_at_a_kink_there_is_no_verdict_and_the_place_is_named():
    report = check_gradients((relu, relu_backward), np.array([-1.0, 0.0, 2.0]))
    assert report.verdict == "undecided"
    assert not report.ok
    assert report.comparisons[0].kinks == [(1,)]
    assert "1 more at a kink, the first at (1,): not judged" in str(report)


def test_a_tie_in_max_pooling_is_a_kink():
    x = np.array([[5.0, 5.0], [1.0, 2.0]])[None, ..., None]
    report = check_gradients((max_pool2d, max_pool2d_backward), x)
    assert report.comparisons[0].kinks == [(0, 0, 0, 0), (0, 0, 1, 0)]


def test_a_wrong_entry_beside_a_kink_is_wrong():
    def backward(dy, cache):
        return 2 * relu_backward(dy, cache)

    assert check_gradients((relu, backward), np.array([0.0, 1.0])).verdict == "wrong"


@pytest.mark.parametrize("distance", [1e-6, 4e-6, 9e-6, 1e-4])
def test_beside_a_kink_the_slope_of_the_right_side_counts(distance):
    assert check_gradients((relu, relu_backward), np.array([distance, -distance])).ok


def test_strong_curvature_is_no_kink():
    pair = (lambda x: (np.exp(30 * x), x)), (lambda dy, x: 30 * np.exp(30 * x) * dy)
    assert check_gradients(pair, np.linspace(-1, 1, 50)).ok


def test_labels_are_passed_on_and_not_nudged(rng):
    report = check_gradients(
        (cross_entropy, cross_entropy_backward), rng.standard_normal((4, 3)), np.array([0, 2, 1, 1])
    )
    assert report.ok
    assert len(report.comparisons) == 1


def test_float32_input_is_judged_in_float64(rng):
    assert check_gradients((conv2d, conv_backward), rng.random((1, 4, 4, 1), np.float32), rng.random((2, 2, 1, 1))).ok


@pytest.mark.parametrize("dropped", [0.0, 0.4])
def test_a_whole_network_is_judged_in_training(dropped, rng):
    layers = [Conv2D(4, 3), BatchNormalization(), ReLU(), MaxPooling2D(), Dropout(dropped), Flatten(), Dense(3)]
    network = Network(layers, (7, 6, 2))
    before = network.get_weights()
    report = check_gradients(network, rng.standard_normal((4, 7, 6, 2)), training=True, samples=30)
    assert report.ok, report
    assert [c.name for c in report.comparisons][1:] == list(network.params)
    assert all(np.array_equal(array, before[name]) for name, array in network.get_weights().items())


def test_a_layer_with_a_wrong_gradient_is_caught(rng):
    class Wrong(Dense):
        def gradient(self, dy, x):
            dx = super().gradient(dy, x)
            self.grads["kernel"] = self.grads["kernel"] / len(x)
            return dx

    layer = Wrong(3)
    layer.build((5,), rng)
    report = check_gradients(layer, rng.standard_normal((4, 5)))
    assert [c.name for c in report.comparisons if c.error > report.tolerance] == ["kernel"]


def test_a_gradient_of_another_shape_or_number_is_refused():
    with pytest.raises(ValueError, match=r"the gradient of x has shape \(2,\), but x \(3,\)"):
        check_gradients((lambda x: (x, None), lambda dy, cache: dy[:2]), np.ones(3))
    with pytest.raises(ValueError, match="2 gradients for the 1 float inputs"):
        check_gradients((lambda x: (x, None), lambda dy, cache: (dy, dy)), np.ones(3))


def test_where_nothing_was_judged_there_is_no_verdict():
    assert check_gradients((relu, relu_backward), np.zeros((0, 3))).verdict == "undecided"
    with pytest.raises(ValueError, match="samples is 0"):
        check_gradients((relu, relu_backward), np.ones(3), samples=0)
    with pytest.raises(ValueError, match="tolerance is nan"):
        check_gradients((relu, relu_backward), np.ones(3), tolerance=float("nan"))
