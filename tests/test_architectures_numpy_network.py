"""A plain stack in NumPy gives what the same graph gives in Keras; anything else is refused."""

import numpy as np
import pytest
from networks import of_zoo
from numpy.testing import assert_allclose

from cnncourse.architectures import build, read
from cnncourse.architectures.keras_model import to_keras
from cnncourse.architectures.numpy_network import to_numpy

STACK = """
network Stack
input 13 12 3
conv 3x3 4 stride=2 padding=1 bias=no -> batch_norm -> silu
depthwise_conv 3x3 multiplier=2 dilation=2
local_response_norm 3 alpha=0.1 -> sigmoid
conv 3x2 6 groups=2 -> layer_norm -> tanh
max_pool 3x3 stride=2 padding=1
avg_pool 2x2 stride=1
dropout 0.3 -> global_avg_pool -> dense 5 bias=no -> softmax -> dense 3 -> softmax
"""


@pytest.mark.parametrize("graph", [build(read(STACK)), of_zoo("LeNet-5")], ids=lambda graph: graph.name)
def test_the_network_answers_as_the_keras_model_with_the_same_weights(graph, rng):
    network, model = to_numpy(graph), to_keras(graph)
    arrays = []
    for layer in network.layers:
        layer.params.update({k: rng.normal(0, 0.5, v.shape).astype(np.float32) for k, v in layer.params.items()})
        layer.state.update({k: rng.uniform(0.5, 1.5, v.shape).astype(np.float32) for k, v in layer.state.items()})
        arrays += [*layer.params.values(), *layer.state.values()]
    model.set_weights([array.reshape(weight.shape) for array, weight in zip(arrays, model.weights, strict=True)])
    x = rng.random((3, *graph.input.shape), np.float32)
    scores = network.predict(x)
    exp = np.exp(scores - scores.max(axis=1, keepdims=True))
    assert_allclose(exp / exp.sum(axis=1, keepdims=True), np.asarray(model(x)), atol=1e-5)


def test_lenet_learns_a_few_images_by_heart(rng):
    network = to_numpy(of_zoo("LeNet-5"))
    x, y = rng.random((20, 32, 32, 1), np.float32), np.arange(20) % 10
    before, _ = network.evaluate(x, y)
    network.fit(x, y, epochs=60, batch_size=20)
    after, accuracy = network.evaluate(x, y)
    assert after < before / 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ResNet-18", "ResNet-18 is no plain stack: 'conv2.add' reads conv2.batch_norm_2 and pool1.max_pool"),
        ("MobileNet v1", "MobileNet v1 has 'conv1.relu6', a relu6 for which cnncourse.layers has no layer"),
        ("LeNet-5 1998", "LeNet-5 1998 has 'S2.scale', a scale for which"),
    ],
)
def test_what_is_no_stack_of_layers_of_the_course_is_refused(name, message):
    with pytest.raises(ValueError, match=message):
        to_numpy(of_zoo(name))
