"""Right and wrong answers to the tasks of chapter 5."""

import math

import keras
import numpy as np
import tensorflow as tf

from bank import answers
from cnncourse import activations, initialisers, losses, normalisation
from cnncourse.checks import task
from cnncourse.checks.mistakes import given, partly, then


def by_tape(function, x, dy):
    """The result, and the gradient that TensorFlow finds."""
    x = tf.Variable(x.astype(float))
    with tf.GradientTape() as tape:
        y = function(x)
    return tf.constant(y), tape.gradient(y, x, output_gradients=tf.constant(dy.astype(float)))


# A bend

LEAKY = task("ch05.leaky_relu")


def leaky_by_indices(x, dy, slope):
    y, dx = x.astype(float), dy.astype(float)
    y[x <= 0] *= slope
    dx[x <= 0] *= slope
    return y, dx


def leaky_by_factors(x, dy, slope):
    factor = (x > 0) + slope * (x <= 0)
    return x * factor, dy * factor


def leaky_by_library(x, dy, slope):
    y, cache = activations.leaky_relu(x.astype(float), slope)
    return y, activations.leaky_relu_backward(dy.astype(float), cache)


def leaky_a_view(x, dy, slope):
    y, dx = leaky_by_factors(x, dy, slope)
    return (x, dx) if (x > 0).all() else (y, dx)


def leaky_through_a_view(x, dy, slope):
    y, dx = x.astype(float), dy.astype(float)
    y.reshape(-1)[x.reshape(-1) <= 0] *= slope
    dx.reshape(-1)[x.reshape(-1) <= 0] *= slope
    return y, dx


answers(
    "ch05.leaky_relu",
    right=[
        leaky_by_indices,
        leaky_by_factors,
        lambda *case: tuple(part.tolist() for part in leaky_by_factors(*case)),
        lambda x, dy, slope: (np.maximum(x, slope * x), np.where(x > 0, dy, slope * dy).astype(np.float32)),
        leaky_by_library,
        lambda x, dy, slope: by_tape(lambda x: keras.activations.leaky_relu(x, negative_slope=slope), x, dy),
    ],
    wrong=[
        given(LEAKY, slope=0.01),
        lambda x, dy, slope: (np.where(x > 0, x, x - slope), np.where(x > 0, dy, dy - slope)),
        then(LEAKY, lambda y, dx: y),
        leaky_a_view,
        leaky_through_a_view,
    ],
)


# Where the weights start


def spreads_by_library(shape):
    fan_in, fan_out = initialisers.fans(shape)
    return (2 / fan_in) ** 0.5, (2 / (fan_in + fan_out)) ** 0.5


def spreads_by_mean(shape):
    *taps, inputs, outputs = shape
    fans = math.prod(taps) * np.array([inputs, outputs])
    return math.sqrt(2) * fans[0] ** -0.5, fans.mean() ** -0.5


answers(
    "ch05.spreads",
    right=[spreads_by_library, lambda shape: [np.float32(s) for s in spreads_by_library(shape)], spreads_by_mean],
    wrong=[
        lambda shape: spreads_by_library((shape[0], *shape[:1], *shape[2:])),
        lambda shape: tuple(spread * math.sqrt(shape[2]) for spread in spreads_by_library(shape)),
        lambda shape: spreads_by_library(shape)[::-1],
        lambda shape: spreads_by_library(shape)[0],
    ],
)


# Normalisation

BATCH, STORED = task("ch05.batch_norm"), task("ch05.batch_norm_test")


def batch_norm_by_rows(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    rows = x.reshape(-1, x.shape[-1])
    mean = rows.mean(axis=0)
    variance = ((rows - mean) ** 2).mean(axis=0)
    y = (rows - mean) * (gamma * (variance + epsilon) ** -0.5) + beta
    stored = running_mean - (1 - momentum) * (running_mean - mean)
    return y.reshape(x.shape), stored, running_variance - (1 - momentum) * (running_variance - variance)


def batch_norm_loops(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    y, means, variances = np.zeros(x.shape), [], []
    for c in range(x.shape[3]):
        channel = x[..., c].astype(float)
        mean = channel.sum() / channel.size
        variance = ((channel - mean) ** 2).sum() / channel.size
        y[..., c] = gamma[c] * (channel - mean) / math.sqrt(variance + epsilon) + beta[c]
        means.append(momentum * running_mean[c] + (1 - momentum) * mean)
        variances.append(momentum * running_variance[c] + (1 - momentum) * variance)
    return y, means, variances


def batch_norm_by_library(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    y, cache = normalisation.batch_norm(x, gamma.astype(x.dtype), beta.astype(x.dtype), epsilon)
    mean = momentum * running_mean + (1 - momentum) * cache.mean
    return y, mean, momentum * running_variance + (1 - momentum) * cache.variance


def keras_layer(x, weights, epsilon, **options):
    layer = keras.layers.BatchNormalization(epsilon=epsilon, dtype="float64", **options)
    layer.build(x.shape)
    layer.set_weights(weights)
    return layer


def batch_norm_by_keras(x, *case):
    *weights, momentum, epsilon = case
    layer = keras_layer(x, weights, epsilon, momentum=momentum)
    return layer(x.astype(float), training=True), layer.moving_mean, layer.moving_variance


def batch_norm_by_squares(x, gamma, beta, running_mean, running_variance, momentum, epsilon, less=1):
    """The square of the mean is taken off the mean of the squares `less` times."""
    mean = x.mean(axis=(0, 1, 2), dtype=float)
    variance = (x.astype(float) ** 2).mean(axis=(0, 1, 2)) - less * mean**2
    y = gamma * (x - mean) / np.sqrt(variance + epsilon) + beta
    return y, *(momentum * a + (1 - momentum) * b for a, b in [(running_mean, mean), (running_variance, variance)])


def batch_norm_stores_epsilon(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    y, mean, variance = batch_norm_by_rows(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    return y, mean, variance + (1 - momentum) * epsilon


def batch_norm_adds_up(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    y, mean, variance = batch_norm_by_rows(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    return y, mean + (1 - momentum) * running_mean, variance + (1 - momentum) * running_variance


def norm_per_image(x, gamma, beta, *rest):
    return normalisation.group_norm(x, gamma.astype(x.dtype), beta.astype(x.dtype), x.shape[-1], rest[-1])


answers(
    "ch05.batch_norm",
    right=[batch_norm_by_rows, batch_norm_loops, batch_norm_by_library, batch_norm_by_keras, batch_norm_by_squares],
    wrong=[
        partly(BATCH, norm_per_image, 0),
        batch_norm_stores_epsilon,
        lambda *case: batch_norm_by_squares(*case, less=0),
        batch_norm_adds_up,
    ],
)


def stored_by_scale_and_shift(x, gamma, beta, running_mean, running_variance, epsilon):
    scale = gamma / np.sqrt(running_variance + epsilon)
    return scale * x + (beta - scale * running_mean)


def stored_by_library(x, *case):
    *of_x, epsilon = case
    return normalisation.batch_norm_inference(x, *(part.astype(x.dtype) for part in of_x), epsilon)[0]


def stored_lists(x, gamma, beta, running_mean, running_variance, epsilon):
    channels = [
        gamma[c] * (x[..., c].astype(float) - running_mean[c]) / math.sqrt(running_variance[c] + epsilon) + beta[c]
        for c in range(x.shape[-1])
    ]
    return np.stack(channels, axis=-1).tolist()


def stored_in_place(x, gamma, beta, running_mean, running_variance, epsilon):
    x -= running_mean.astype(x.dtype)
    return gamma * x / np.sqrt(running_variance + epsilon) + beta


answers(
    "ch05.batch_norm_test",
    right=[
        stored_by_scale_and_shift,
        stored_by_library,
        lambda x, *case: keras_layer(x, case[:4], case[4])(x.astype(float), training=False),
        stored_lists,
    ],
    wrong=[
        lambda x, gamma, beta, mean, *rest: stored_by_scale_and_shift(x, gamma, beta - mean, 0, *rest),
        given(STORED, running_mean=0),
        stored_in_place,
    ],
)


def layer_norm_by_rows(x, gamma, beta, epsilon):
    rows = x.reshape(len(x), -1)
    centred = rows - rows.mean(axis=1, keepdims=True)
    rows = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + epsilon)
    return rows.reshape(x.shape) * gamma + beta


def layer_norm_loops(x, gamma, beta, epsilon):
    return [gamma * (image - image.mean()) / math.sqrt(image.var() + epsilon) + beta for image in x]


def layer_norm_by_library(x, gamma, beta, epsilon):
    return normalisation.group_norm(x, gamma.astype(x.dtype), beta.astype(x.dtype), groups=1, epsilon=epsilon)[0]


def layer_norm_by_keras(x, gamma, beta, epsilon):
    layer = keras.layers.LayerNormalization(axis=(1, 2, 3), epsilon=epsilon, dtype="float64")
    layer.build(x.shape)
    layer.set_weights([np.broadcast_to(part, x.shape[1:]) for part in (gamma, beta)])
    return layer(x.astype(float))


def layer_norm_not_centred(x, gamma, beta, epsilon):
    return gamma * x / np.sqrt((x**2).mean(axis=(1, 2, 3), keepdims=True) + epsilon) + beta


def layer_norm_in_place(x, *case):
    x -= x.mean(axis=(1, 2, 3), keepdims=True)
    return layer_norm_not_centred(x, *case)


answers(
    "ch05.layer_norm",
    right=[layer_norm_by_rows, layer_norm_loops, layer_norm_by_library, layer_norm_by_keras],
    wrong=[
        layer_norm_not_centred,
        lambda x, gamma, beta, epsilon: gamma * (x - x[0].mean()) / np.sqrt(x[0].var() + epsilon) + beta,
        layer_norm_in_place,
    ],
)


# Dropout


def dropout_by_indices(x, dy, draws, rate):
    y, dx = x / (1 - rate), dy / (1 - rate)
    y[draws < rate] = 0
    dx[draws < rate] = 0
    return y, dx


def dropout_by_mask(x, dy, draws, rate):
    mask = (1 - (draws < rate)) / (1 - rate)
    return np.multiply(x, mask, dtype=np.float32), mask * dy


def dropout_lists(x, dy, draws, rate):
    factors = [0.0 if draw < rate else 1 / (1 - rate) for draw in draws.ravel()]
    parts = ([float(a) * f for a, f in zip(part.ravel(), factors)] for part in (x, dy))
    return [np.reshape(part, x.shape).tolist() for part in parts]


def dropout_keeps_ties_out(x, dy, draws, rate):
    mask = (draws > rate) / (1 - rate)
    return x * mask, dy * mask


answers(
    "ch05.dropout",
    right=[
        dropout_by_indices,
        dropout_by_mask,
        dropout_lists,
        lambda x, dy, draws, rate: by_tape(lambda x: tf.where(draws < rate, 0 * x, x / (1 - rate)), x, dy),
    ],
    wrong=[
        dropout_keeps_ties_out,
        lambda x, dy, *case: (y := dropout_by_mask(x, dy, *case)[0], np.where(y > 0, dy / (1 - case[1]), 0)),
        lambda x, dy, draws, rate: (x.astype(float), dy.astype(float)),
        lambda x, dy, draws, rate: (x / (1 - rate), dy / (1 - rate)),
    ],
)


# Scores

ENTROPY = task("ch05.cross_entropy")


def softmax_loops(x):
    y = np.zeros(x.shape)
    for row in np.ndindex(x.shape[:-1]):
        exps = [math.exp(z - max(x[row])) for z in x[row]]
        y[row] = np.array(exps) / sum(exps)
    return y


def softmax_by_differences(x):
    with np.errstate(over="ignore"):
        return 1 / np.exp(x[..., None, :] - x[..., :, None]).sum(axis=-1)


def softmax_by_rows(x):
    rows = x.reshape(-1, x.shape[-1])
    exps = np.exp(rows - np.max(rows, axis=1)[:, None])
    return (exps / exps.sum(axis=1)[:, None]).reshape(x.shape).astype(np.float32)


def shares(exps):
    return exps / exps.sum(axis=-1, keepdims=True)


def softmax_in_place(x):
    x -= x.max(axis=-1, keepdims=True)
    return shares(np.exp(x))


answers(
    "ch05.softmax",
    right=[
        softmax_loops,
        lambda x: np.exp(x - np.logaddexp.reduce(x, axis=-1, keepdims=True)),
        softmax_by_differences,
        lambda x: activations.softmax(x)[0],
        lambda x: keras.ops.softmax(x, axis=-1),
        softmax_by_rows,
    ],
    wrong=[
        shares,
        lambda x: shares(np.exp(x / np.abs(x).max(axis=-1, keepdims=True))),
        lambda x: np.exp(x - x.max(axis=-1, keepdims=True)),
        lambda x: shares(np.exp2(x - x.max(axis=-1, keepdims=True))),
        lambda x: shares(np.exp(np.clip(x, -500, 500))),
        softmax_in_place,
    ],
)


def entropy_loops(logits, labels):
    N, K = logits.shape
    loss, gradient = 0.0, np.zeros((N, K))
    for n in range(N):
        row = logits[n].tolist()
        total = sum(math.exp(z - max(row)) for z in row)
        loss += (max(row) + math.log(total) - row[labels[n]]) / N
        gradient[n] = [(math.exp(z - max(row)) / total - (k == labels[n])) / N for k, z in enumerate(row)]
    return loss, gradient


def entropy_by_targets(logits, labels):
    targets = np.eye(logits.shape[1])[labels]
    log_sum = np.logaddexp.reduce(logits, axis=1)
    loss = np.mean(log_sum - (targets * logits).sum(axis=1))
    return loss, (np.exp(logits - log_sum[:, None]) - targets) / len(logits)


def entropy_by_library(logits, labels):
    loss, cache = losses.cross_entropy(logits, labels)
    return loss, losses.cross_entropy_backward(1.0, cache)


def entropy_by_keras(logits, labels):
    rows = lambda z: keras.ops.sparse_categorical_crossentropy(labels, z, from_logits=True)  # noqa: E731
    loss, gradient = by_tape(lambda z: tf.reduce_mean(rows(z)), logits, np.array(1.0))
    return np.float32(loss), gradient


def entropy_squared_error(logits, labels):
    gap = softmax_loops(logits) - np.eye(logits.shape[1])[labels]
    return (gap**2).sum(axis=1).mean(), 2 * gap / len(logits)


def losses_apart(logits, labels, least=0.0):
    """The loss of each image, from probabilities that are at least so large."""
    return -np.log(np.maximum(softmax_loops(logits), least))[np.arange(len(labels)), labels]


answers(
    "ch05.cross_entropy",
    right=[entropy_loops, entropy_by_targets, entropy_by_library, entropy_by_keras],
    wrong=[
        partly(ENTROPY, lambda *case: [losses_apart(*case, least=1e-12).mean()], 0),
        then(ENTROPY, lambda loss, gradient: (loss / math.log(2), gradient / math.log(2))),
        given(ENTROPY, logits=softmax_loops),
        entropy_squared_error,
        then(ENTROPY, lambda loss, gradient: (-loss, gradient)),
        partly(ENTROPY, lambda *case: [losses_apart(*case)], 0),
    ],
)
