"""Right and wrong answers to the tasks of chapter 1."""

import keras
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from bank import answers
from cnncourse.baselines import shift_images
from cnncourse.layers import Conv2D, Dense, Flatten, MaxPooling2D
from cnncourse.network import Network
from cnncourse.shapes import conv_output_size

# Flattening


def index_by_table(row, column, channel, shape):
    return np.arange(np.prod(shape)).reshape(shape)[row, column, channel]


def index_by_strides(row, column, channel, shape):
    _, W, C = shape
    return row * W * C + column * C + channel


def index_by_bytes(row, column, channel, shape):
    strides = np.empty(shape, np.int8).strides
    return int(np.dot((row, column, channel), strides))


def index_fortran(row, column, channel, shape):
    return row + shape[0] * (column + shape[1] * channel)


def index_as_float(row, column, channel, shape):
    return float(index_by_strides(row, column, channel, shape))


def index_of_product(row, column, channel, shape):
    return row * column * channel


answers(
    "ch01.flat_index",
    right=[index_by_table, index_by_strides, index_by_bytes],
    wrong=[index_fortran, index_as_float, index_of_product],
)


def dense_loops(x, weights, bias):
    y = np.zeros((len(x), len(bias)))
    for n, image in enumerate(x):
        numbers = image.flatten()
        for f in range(len(bias)):
            y[n, f] = bias[f]
            for p in range(len(numbers)):
                y[n, f] += numbers[p] * weights[p, f]
    return y


def dense_einsum(x, weights, bias):
    return np.einsum("nijc,ijcf->nf", x, weights.reshape(*x.shape[1:], -1)) + bias


def dense_float32(x, weights, bias):
    pixels = np.array([image.ravel() for image in x], dtype=np.float32)
    return pixels @ weights.astype(np.float32) + bias.astype(np.float32)


def dense_lists(x, weights, bias):
    return [[float(image.ravel() @ w + b) for w, b in zip(weights.T, bias)] for image in x]


def dense_keras(x, weights, bias):
    flat = keras.ops.reshape(x.astype(weights.dtype), (len(x), -1))
    return keras.ops.add(keras.ops.matmul(flat, weights), bias)


def dense_subtracts_bias(x, weights, bias):
    return dense_loops(x, weights, -bias)


def dense_fortran(x, weights, bias):
    return x.reshape(len(x), -1, order="F") @ weights + bias


def dense_weights_by_columns(x, weights, bias):
    return dense_loops(x, weights[::-1], bias)


def dense_first_bias(x, weights, bias):
    return dense_loops(x, weights, bias[:1] + 0 * bias)


def dense_softmax(x, weights, bias):
    scores = dense_loops(x, weights, bias)
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


answers(
    "ch01.dense_layer",
    right=[dense_loops, dense_einsum, dense_float32, dense_lists, dense_keras],
    wrong=[dense_subtracts_bias, dense_fortran, dense_weights_by_columns, dense_first_bias, dense_softmax],
)


# Costs


def costs_by_network(H, W, C, F1, F2, units):
    layers = [Conv2D(F1, 3), MaxPooling2D(), Conv2D(F2, 3), MaxPooling2D(), Flatten(), Dense(units), Dense(10)]
    rows = Network(layers, (H, W, C)).summary()
    return [rows[k].parameters for k in (0, 2, 5, 6)]


def costs_by_sizes(H, W, C, F1, F2, units):
    for _ in range(2):
        H, W = conv_output_size((H, W), 3)
        H, W = conv_output_size((H, W), 2, stride=2)
    conv = [np.prod(shape) + shape[3] for shape in [(3, 3, C, F1), (3, 3, F1, F2)]]
    dense = [np.prod(shape) + shape[1] for shape in [(H * W * F2, units), (units, 10)]]
    return np.array(conv + dense)


def costs_by_shapes(H, W, C, F1, F2, units):
    maps = np.zeros((H, W))
    for _ in range(2):
        maps = maps[1:-1, 1:-1]
        maps = maps[1::2, 1::2]
    sizes = [9 * C, 9 * F1, maps.size * F2, units]
    return {"counts": tuple((n + 1) * f for n, f in zip(sizes, (F1, F2, units, 10)))}["counts"]


def costs_total(*case):
    return sum(costs_by_shapes(*case))


def costs_square(H, W, C, F1, F2, units):
    return costs_by_shapes(H, H, C, F1, F2, units)


def costs_floats(*case):
    return tuple(float(count) for count in costs_by_shapes(*case))


def costs_exchanged_filters(H, W, C, F1, F2, units):
    return costs_by_shapes(H, W, C, F2, F1, units)


def costs_no_pooling(H, W, C, F1, F2, units):
    dense = ((H - 4) * (W - 4) * F2 + 1) * units
    return *costs_by_shapes(H, W, C, F1, F2, units)[:2], dense, (units + 1) * 10


answers(
    "ch01.count_parameters",
    right=[costs_by_network, costs_by_sizes, costs_by_shapes],
    wrong=[costs_total, costs_square, costs_floats, costs_exchanged_filters, costs_no_pooling],
)


# Shuffles


def permute_loops(x, order):
    N, H, W, C = x.shape
    y = np.zeros_like(x)
    for p, source in enumerate(order):
        for n in range(N):
            y[n, p // W, p % W] = x[n, source // W, source % W]
    return y


def permute_take(x, order):
    return np.take(x.reshape(len(x), -1, x.shape[3]), order, axis=1).reshape(x.shape)


def permute_matrix(x, order):
    N, H, W, C = x.shape
    moves = np.eye(H * W)[order]
    return np.einsum("pq,nqc->npc", moves, x.reshape(N, H * W, C)).reshape(x.shape)


def permute_lists(x, order):
    rows, columns = np.unravel_index(order.reshape(x.shape[1:3]), x.shape[1:3])
    return [image[rows, columns].tolist() for image in x]


def permute_each_anew(x, order):
    return np.stack([permute_take(x[n : n + 1], np.roll(order, n + 1))[0] for n in range(len(x))])


def permute_numbers(x, order):
    N, H, W, C = x.shape
    numbers = np.tile(order, C)
    return x.reshape(N, -1)[:, numbers].reshape(x.shape)


def permute_rows(x, order):
    rows = np.argsort(order[: x.shape[1]])
    return x[:, rows]


def permute_twice(x, order):
    return permute_take(permute_take(x, order), order)


answers(
    "ch01.permute",
    right=[permute_loops, permute_take, permute_matrix, permute_lists],
    wrong=[permute_each_anew, permute_numbers, permute_twice, permute_rows],
)


def unpermute_loops(x, order):
    N, H, W, C = x.shape
    y = np.zeros_like(x)
    for p, source in enumerate(order):
        y[:, source // W, source % W] = x[:, p // W, p % W]
    return y


def unpermute_argsort(x, order):
    return permute_take(x, np.argsort(order))


def unpermute_search(x, order):
    places = [list(order).index(p) for p in range(len(order))]
    return permute_take(x, places)


def unpermute_matrix(x, order):
    return permute_lists(x, np.linalg.inv(np.eye(len(order))[order]).argmax(axis=1))


def unpermute_nothing(x, order):
    return x.copy()


def unpermute_twice(x, order):
    return permute_twice(x, np.argsort(order))


def unpermute_flat(x, order):
    return unpermute_argsort(x, order).reshape(len(x), -1)


def unpermute_reads_first_channel(x, order):
    return np.repeat(unpermute_argsort(x, order)[..., :1], x.shape[3], axis=3)


answers(
    "ch01.unpermute",
    right=[unpermute_loops, unpermute_argsort, unpermute_search, unpermute_matrix],
    wrong=[unpermute_nothing, unpermute_twice, unpermute_flat, unpermute_reads_first_channel],
)


# Shifts


def shift_padding(x, down, right):
    N, H, W, C = x.shape
    wide = np.pad(x, ((0, 0), (H, H), (W, W), (0, 0)))
    return wide[:, H - down : 2 * H - down, W - right : 2 * W - right].copy()


def shift_matrices(x, down, right):
    _, H, W, _ = x.shape
    moves, aside = np.eye(H, k=-down, dtype=x.dtype), np.eye(W, k=-right, dtype=x.dtype)
    return np.einsum("ia,nabc,jb->nijc", moves, x, aside)


def shift_roll_then_clear(x, down, right):
    y = np.roll(x, (down, right), axis=(1, 2))
    _, H, W, _ = x.shape
    y[:, : max(down, 0)] = 0
    y[:, H + min(down, 0) :] = 0
    y[:, :, : max(right, 0)] = 0
    y[:, :, W + min(right, 0) :] = 0
    return y


def shift_one_by_one(x, down, right):
    y = x.tolist()
    H, W = x.shape[1:3]
    moved = []
    for image in y:
        blank = [[[0.0] * x.shape[3] for _ in range(W)] for _ in range(H)]
        for i in range(H):
            for j in range(W):
                if 0 <= i + down < H and 0 <= j + right < W:
                    blank[i + down][j + right] = image[i][j]
        moved.append(blank)
    return moved


def shift_library(x, down, right):
    return shift_images(x.astype(float), down, right)


def shift_cropped(x, down, right):
    _, H, W, _ = x.shape
    return x[:, max(-down, 0) : H - max(down, 0), max(-right, 0) : W - max(right, 0)].copy()


def shift_keeps_old(x, down, right):
    y, moved = x.copy(), shift_padding(x, down, right)
    y[moved != 0] = moved[moved != 0]
    return y


def shift_down_only(x, down, right):
    return shift_padding(x, down, 0)


def shift_rolls_columns(x, down, right):
    return np.roll(shift_padding(x, down, 0), right, axis=2)


answers(
    "ch01.shift",
    right=[shift_padding, shift_matrices, shift_roll_then_clear, shift_one_by_one, shift_library],
    wrong=[shift_cropped, shift_keeps_old, shift_down_only, shift_rolls_columns],
)


# The matrix of a kernel


def matrix_by_eye(kernel, size):
    OH = size - len(kernel) + 1
    return sum(w * np.eye(OH, size, k=u) for u, w in enumerate(kernel))


def matrix_by_answers(kernel, size):
    return np.array([np.correlate(unit, kernel, mode="valid") for unit in np.eye(size)]).T


def matrix_by_view(kernel, size):
    wide = np.zeros(2 * size - len(kernel))
    wide[size - len(kernel) : size] = kernel
    return sliding_window_view(wide, size)[::-1]


def matrix_lists(kernel, size):
    K = len(kernel)
    return [[float(kernel[a - i]) if 0 <= a - i < K else 0.0 for a in range(size)] for i in range(size - K + 1)]


def matrix_float32(kernel, size):
    return matrix_by_eye(kernel, size).astype(np.float32)


def matrix_square(kernel, size):
    return np.pad(matrix_by_eye(kernel, size), ((0, len(kernel) - 1), (0, 0)))[::-1]


def matrix_own_weights(kernel, size):
    matrix = matrix_by_eye(kernel, size)
    return matrix * np.arange(1, len(matrix) + 1)[:, None]


def matrix_first_weight(kernel, size):
    return kernel[0] * (matrix_by_eye(np.ones(len(kernel)), size))


answers(
    "ch01.conv_matrix",
    right=[matrix_by_eye, matrix_by_answers, matrix_by_view, matrix_lists, matrix_float32],
    wrong=[matrix_square, matrix_own_weights, matrix_first_weight],
)


# Equivariance


def gap_without_second_shift(f, x, down, right):
    _, H, W, _ = f(x).shape
    return np.max(np.abs(f(shift_padding(x, down, right))[:, down:, right:] - f(x)[:, : H - down, : W - right]))


def gap_loops(f, x, down, right):
    before, after = f(shift_padding(x, down, right)), shift_padding(f(x), down, right)
    largest = 0.0
    for n, i, j, c in np.ndindex(*before.shape):
        if i >= down and j >= right:
            largest = max(largest, abs(before[n, i, j, c] - after[n, i, j, c]))
    return largest


def gap_norm(f, x, down, right):
    before, after = f(shift_padding(x, down, right)), shift_padding(f(x), down, right)
    return np.float32(np.linalg.norm((before - after)[:, down:, right:].ravel(), np.inf))


def gap_smallest(f, x, down, right):
    before, after = f(shift_padding(x, down, right)), shift_padding(f(x), down, right)
    return float(np.abs(before - after)[:, down:, right:].min())


def gap_other_way(f, x, down, right):
    before, after = f(shift_padding(x, -down, -right)), shift_padding(f(x), down, right)
    return float(np.abs(before - after)[:, down:, right:].max())


def gap_array(f, x, down, right):
    before, after = f(shift_padding(x, down, right)), shift_padding(f(x), down, right)
    return np.abs(before - after)[:, down:, right:]


def gap_yes_or_no(f, x, down, right):
    return bool(gap_loops(f, x, down, right) < 1e-6)


def gap_first_channel(f, x, down, right):
    return float(gap_array(f, x, down, right)[..., 0].max())


answers(
    "ch01.equivariance_gap",
    right=[gap_without_second_shift, gap_loops, gap_norm],
    wrong=[gap_smallest, gap_other_way, gap_array, gap_yes_or_no, gap_first_channel],
)
