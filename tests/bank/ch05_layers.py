"""Right and wrong answers to the tasks of chapter 5."""

import math

import keras
import numpy as np
import tensorflow as tf

from bank import answers
from cnncourse import activations, initialisers, losses, normalisation

# A bend


def leaky_by_indices(x, dy, slope):
    y, dx = x.astype(float), dy.astype(float)
    y[x <= 0] *= slope
    dx[x <= 0] *= slope
    return y, dx


def leaky_by_factors(x, dy, slope):
    factor = (x > 0) + slope * (x <= 0)
    return x * factor, dy * factor


def leaky_lists(x, dy, slope):
    y = [float(a) if a > 0 else slope * float(a) for a in x.ravel()]
    dx = [float(d) if a > 0 else slope * float(d) for a, d in zip(x.ravel(), dy.ravel())]
    return np.reshape(y, x.shape).tolist(), np.reshape(dx, x.shape).tolist()


def leaky_by_library(x, dy, slope):
    y, cache = activations.leaky_relu(x.astype(float), slope)
    return y, activations.leaky_relu_backward(dy.astype(float), cache)


def leaky_by_keras(x, dy, slope):
    with tf.GradientTape() as tape:
        variable = tf.constant(x.astype(float))
        tape.watch(variable)
        y = keras.activations.leaky_relu(variable, negative_slope=slope)
    return y, tape.gradient(y, variable, output_gradients=tf.constant(dy.astype(float)))


def leaky_a_view(x, dy, slope):
    y, dx = leaky_by_factors(x, dy, slope)
    return (x, dx) if (x > 0).all() else (y, dx)


answers(
    "ch05.leaky_relu",
    right=[
        leaky_by_indices,
        leaky_by_factors,
        leaky_lists,
        lambda x, dy, slope: (np.maximum(x, slope * x), np.where(x > 0, dy, slope * dy).astype(np.float32)),
        leaky_by_library,
        leaky_by_keras,
    ],
    wrong=[
        lambda x, dy, slope: leaky_by_factors(x, dy, 0.01),
        lambda x, dy, slope: (np.where(x > 0, x, x - slope), np.where(x > 0, dy, dy - slope)),
        lambda x, dy, slope: leaky_by_factors(x, dy, slope)[0],
        leaky_a_view,
    ],
)


# Where the weights start


def spreads_by_library(shape):
    fan_in, fan_out = initialisers.fans(shape)
    return (2 / fan_in) ** 0.5, (2 / (fan_in + fan_out)) ** 0.5


def spreads_float32(shape):
    window = np.float32(np.prod(shape[:2]))
    return [np.sqrt(2 / (window * shape[2])), np.sqrt(2 / (window * (shape[2] + shape[3])))]


def spreads_by_mean(shape):
    *taps, inputs, outputs = shape
    fans = math.prod(taps) * np.array([inputs, outputs])
    return math.sqrt(2) * fans[0] ** -0.5, fans.mean() ** -0.5


def spreads_square_window(shape):
    KH, _, C, F = shape
    return spreads_by_library((KH, KH, C, F))


answers(
    "ch05.spreads",
    right=[spreads_by_library, spreads_float32, spreads_by_mean],
    wrong=[
        spreads_square_window,
        lambda shape: tuple(spread * math.sqrt(shape[2]) for spread in spreads_by_library(shape)),
        lambda shape: spreads_by_library(shape)[::-1],
        lambda shape: spreads_by_library(shape)[0],
    ],
)


# Normalisation


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


def batch_norm_by_keras(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    layer = keras.layers.BatchNormalization(momentum=momentum, epsilon=epsilon, dtype="float64")
    layer.build(x.shape)
    layer.set_weights([gamma, beta, running_mean, running_variance])
    y = layer(x.astype(float), training=True)
    return y, layer.moving_mean, layer.moving_variance


def batch_norm_by_squares(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    mean = x.mean(axis=(0, 1, 2), dtype=float)
    variance = (x.astype(float) ** 2).mean(axis=(0, 1, 2)) - mean**2
    y = gamma * (x - mean) / np.sqrt(variance + epsilon) + beta
    return y, *(momentum * a + (1 - momentum) * b for a, b in [(running_mean, mean), (running_variance, variance)])


def batch_norm_per_image(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    y, _ = normalisation.group_norm(x, gamma.astype(x.dtype), beta.astype(x.dtype), x.shape[-1], epsilon)
    return y, *batch_norm_by_rows(x, gamma, beta, running_mean, running_variance, momentum, epsilon)[1:]


def batch_norm_stores_epsilon(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    y, mean, variance = batch_norm_by_rows(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    return y, mean, variance + (1 - momentum) * epsilon


def batch_norm_squares_not_centred(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    mean, squares = x.mean(axis=(0, 1, 2)), (x**2).mean(axis=(0, 1, 2))
    y = gamma * (x - mean) / np.sqrt(squares + epsilon) + beta
    return y, *(momentum * a + (1 - momentum) * b for a, b in [(running_mean, mean), (running_variance, squares)])


def batch_norm_adds_up(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    y, mean, variance = batch_norm_by_rows(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    return y, mean + (1 - momentum) * running_mean, variance + (1 - momentum) * running_variance


answers(
    "ch05.batch_norm",
    right=[batch_norm_by_rows, batch_norm_loops, batch_norm_by_library, batch_norm_by_keras, batch_norm_by_squares],
    wrong=[batch_norm_per_image, batch_norm_stores_epsilon, batch_norm_squares_not_centred, batch_norm_adds_up],
)


def stored_by_scale_and_shift(x, gamma, beta, running_mean, running_variance, epsilon):
    scale = gamma / np.sqrt(running_variance + epsilon)
    return scale * x + (beta - scale * running_mean)


def stored_by_library(x, gamma, beta, running_mean, running_variance, epsilon):
    of_x = (part.astype(x.dtype) for part in (gamma, beta, running_mean, running_variance))
    return normalisation.batch_norm_inference(x, *of_x, epsilon)[0]


def stored_by_keras(x, gamma, beta, running_mean, running_variance, epsilon):
    layer = keras.layers.BatchNormalization(epsilon=epsilon, dtype="float64")
    layer.build(x.shape)
    layer.set_weights([gamma, beta, running_mean, running_variance])
    return layer(x.astype(float), training=False)


def stored_lists(x, gamma, beta, running_mean, running_variance, epsilon):
    channels = [
        (gamma[c] * (x[..., c].astype(float) - running_mean[c]) / math.sqrt(running_variance[c] + epsilon) + beta[c])
        for c in range(x.shape[-1])
    ]
    return np.stack(channels, axis=-1).tolist()


def stored_mean_taken_last(x, gamma, beta, running_mean, running_variance, epsilon):
    return gamma * x / np.sqrt(running_variance + epsilon) - running_mean + beta


def stored_mean_forgotten(x, gamma, beta, running_mean, running_variance, epsilon):
    return gamma * x / np.sqrt(running_variance + epsilon) + beta


def stored_in_place(x, gamma, beta, running_mean, running_variance, epsilon):
    x -= running_mean.astype(x.dtype)
    return gamma * x / np.sqrt(running_variance + epsilon) + beta


answers(
    "ch05.batch_norm_test",
    right=[stored_by_scale_and_shift, stored_by_library, stored_by_keras, stored_lists],
    wrong=[stored_mean_taken_last, stored_mean_forgotten, stored_in_place],
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


def layer_norm_in_place(x, gamma, beta, epsilon):
    x -= x.mean(axis=(1, 2, 3), keepdims=True)
    return gamma * x / np.sqrt((x**2).mean(axis=(1, 2, 3), keepdims=True) + epsilon) + beta


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


def dropout_by_gradient(x, dy, draws, rate):
    with tf.GradientTape() as tape:
        variable = tf.constant(x.astype(float))
        tape.watch(variable)
        y = tf.where(draws < rate, tf.zeros_like(variable), variable / (1 - rate))
    return y, tape.gradient(y, variable, output_gradients=tf.constant(dy.astype(float)))


def dropout_keeps_ties_out(x, dy, draws, rate):
    mask = (draws > rate) / (1 - rate)
    return x * mask, dy * mask


def dropout_gradient_of_positives(x, dy, draws, rate):
    y, _ = dropout_by_indices(x, dy, draws, rate)
    return y, np.where(y > 0, dy / (1 - rate), 0)


answers(
    "ch05.dropout",
    right=[dropout_by_indices, dropout_by_mask, dropout_lists, dropout_by_gradient],
    wrong=[
        dropout_keeps_ties_out,
        dropout_gradient_of_positives,
        lambda x, dy, draws, rate: (x.astype(float), dy.astype(float)),
        lambda x, dy, draws, rate: (x / (1 - rate), dy / (1 - rate)),
    ],
)


# Scores


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


def softmax_divided_by_the_largest(x):
    exps = np.exp(x / np.abs(x).max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


def softmax_base_2(x):
    exps = np.exp2(x - x.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


def softmax_clipped(x):
    exps = np.exp(np.clip(x, -500, 500))
    return exps / exps.sum(axis=-1, keepdims=True)


def softmax_in_place(x):
    x -= x.max(axis=-1, keepdims=True)
    exps = np.exp(x)
    return exps / exps.sum(axis=-1, keepdims=True)


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
        lambda x: x / x.sum(axis=-1, keepdims=True),
        softmax_divided_by_the_largest,
        lambda x: np.exp(x - x.max(axis=-1, keepdims=True)),
        softmax_base_2,
        softmax_clipped,
        softmax_in_place,
    ],
)


def entropy_loops(logits, labels):
    N, K = logits.shape
    loss, gradient = 0.0, np.zeros((N, K))
    for n in range(N):
        top = max(logits[n].tolist())
        total = sum(math.exp(z - top) for z in logits[n].tolist())
        loss += (top + math.log(total) - float(logits[n, labels[n]])) / N
        for k in range(K):
            gradient[n, k] = (math.exp(float(logits[n, k]) - top) / total - (k == labels[n])) / N
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
    with tf.GradientTape() as tape:
        variable = tf.constant(logits)
        tape.watch(variable)
        rows = keras.ops.sparse_categorical_crossentropy(labels, variable, from_logits=True)
        loss = tf.reduce_mean(rows)
    return np.float32(loss), tape.gradient(loss, variable)


def entropy_clipped_lower(logits, labels):
    p = np.clip(softmax_loops(logits), 1e-12, 1)
    return -np.log(p[np.arange(len(p)), labels]).mean(), entropy_by_targets(logits, labels)[1]


def entropy_base_2(logits, labels):
    loss, gradient = entropy_by_targets(logits, labels)
    return loss / math.log(2), gradient / math.log(2)


def entropy_squared_error(logits, labels):
    gap = softmax_loops(logits) - np.eye(logits.shape[1])[labels]
    return (gap**2).sum(axis=1).mean(), 2 * gap / len(logits)


def entropy_sign(logits, labels):
    loss, gradient = entropy_by_targets(logits, labels)
    return -loss, gradient


def entropy_each_image(logits, labels):
    log_sum = np.logaddexp.reduce(logits, axis=1)
    return log_sum - logits[np.arange(len(labels)), labels], entropy_by_targets(logits, labels)[1]


answers(
    "ch05.cross_entropy",
    right=[entropy_loops, entropy_by_targets, entropy_by_library, entropy_by_keras],
    wrong=[
        entropy_clipped_lower,
        entropy_base_2,
        lambda logits, labels: entropy_by_targets(softmax_loops(logits), labels),
        entropy_squared_error,
        entropy_sign,
        entropy_each_image,
    ],
)
