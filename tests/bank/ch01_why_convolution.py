"""Right and wrong answers to the tasks of chapter 1."""

import keras
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from bank import answers
from cnncourse.baselines import shift_images
from cnncourse.checks import task
from cnncourse.checks.mistakes import exchanged, given, then
from cnncourse.layers import Conv2D, Dense, Flatten, MaxPooling2D
from cnncourse.network import Network
from cnncourse.shapes import conv_output_size

INDEX, DENSE, COUNTS, PERMUTE, UNPERMUTE, SHIFT, MATRIX = (
    task(f"ch01.{name}")
    for name in ["flat_index", "dense_layer", "count_parameters", "permute", "unpermute", "shift", "conv_matrix"]
)


def index_by_table(row, column, channel, shape):
    return np.arange(np.prod(shape)).reshape(shape)[row, column, channel]


def index_by_bytes(row, column, channel, shape):
    return int(np.dot((row, column, channel), np.empty(shape, np.int8).strides))


answers(
    "ch01.flat_index",
    right=[
        index_by_table,
        index_by_bytes,
        lambda row, column, channel, shape: row * shape[1] * shape[2] + column * shape[2] + channel,
    ],
    wrong=[
        lambda row, column, channel, shape: row + shape[0] * (column + shape[1] * channel),
        lambda row, column, channel, shape: row * column * channel,
        then(INDEX, float),
    ],
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


def softmax(scores):
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


answers(
    "ch01.dense_layer",
    right=[dense_loops, dense_einsum, dense_float32, dense_lists, dense_keras],
    wrong=[
        given(DENSE, bias=np.negative),
        given(DENSE, bias=lambda bias: bias[:1]),
        given(DENSE, weights=np.flipud),
        lambda x, weights, bias: x.reshape(len(x), -1, order="F") @ weights + bias,
        then(DENSE, softmax),
    ],
)


def counts_by_network(H, W, C, F1, F2, units):
    layers = [Conv2D(F1, 3), MaxPooling2D(), Conv2D(F2, 3), MaxPooling2D(), Flatten(), Dense(units), Dense(10)]
    rows = Network(layers, (H, W, C)).summary()
    return [rows[k].parameters for k in (0, 2, 5, 6)]


def counts_by_sizes(H, W, C, F1, F2, units):
    for _ in range(2):
        H, W = conv_output_size((H, W), 3)
        H, W = conv_output_size((H, W), 2, stride=2)
    shapes = (3, 3, C, F1), (3, 3, F1, F2), (H * W * F2, units), (units, 10)
    return np.array([np.prod(shape) + shape[-1] for shape in shapes])


def counts_by_shapes(H, W, C, F1, F2, units):
    maps = np.zeros((H, W))
    for _ in range(2):
        maps = maps[1:-1, 1:-1][1::2, 1::2]
    return [(n + 1) * f for n, f in zip((9 * C, 9 * F1, maps.size * F2, units), (F1, F2, units, 10))]


answers(
    "ch01.count_parameters",
    right=[counts_by_network, counts_by_sizes, counts_by_shapes],
    wrong=[
        then(COUNTS, lambda *counts: sum(counts)),
        then(COUNTS, lambda *counts: tuple(map(float, counts))),
        lambda H, W, *rest: counts_by_shapes(H, H, *rest),
        exchanged(COUNTS, "F1", "F2"),
        lambda H, W, *rest: counts_by_shapes(4 * (H - 4) + 6, 4 * (W - 4) + 6, *rest),  # neither of the poolings
    ],
)


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
    return np.einsum("pq,nqc->npc", np.eye(H * W)[order], x.reshape(N, H * W, C)).reshape(x.shape)


def permute_lists(x, order):
    rows, columns = np.unravel_index(order.reshape(x.shape[1:3]), x.shape[1:3])
    return [image[rows, columns].tolist() for image in x]


def permute_each_anew(x, order):
    return np.stack([permute_take(x[n : n + 1], np.roll(order, n + 1))[0] for n in range(len(x))])


answers(
    "ch01.permute",
    right=[permute_loops, permute_take, permute_matrix, permute_lists],
    wrong=[
        permute_each_anew,
        lambda x, order: x.reshape(len(x), -1)[:, np.tile(order, x.shape[3])].reshape(x.shape),
        lambda x, order: x[:, np.argsort(order[: x.shape[1]])],
        lambda x, order: permute_take(permute_take(x, order), order),
    ],
)


def unpermute_loops(x, order):
    W, y = x.shape[2], np.zeros_like(x)
    for p, source in enumerate(order):
        y[:, source // W, source % W] = x[:, p // W, p % W]
    return y


answers(
    "ch01.unpermute",
    right=[
        unpermute_loops,
        lambda x, order: permute_take(x, np.argsort(order)),
        lambda x, order: permute_take(x, [list(order).index(p) for p in range(len(order))]),
        lambda x, order: permute_lists(x, np.linalg.inv(np.eye(len(order))[order]).argmax(axis=1)),
    ],
    wrong=[
        lambda x, order: x.copy(),
        lambda x, order: permute_take(permute_take(x, np.argsort(order)), np.argsort(order)),
        then(UNPERMUTE, lambda y: y.reshape(len(y), -1)),
        then(UNPERMUTE, lambda y: np.full_like(y, y[..., :1])),
    ],
)


def shift_padding(x, down, right):
    _, H, W, _ = x.shape
    wide = np.pad(x, ((0, 0), (H, H), (W, W), (0, 0)))
    return wide[:, H - down : 2 * H - down, W - right : 2 * W - right].copy()


def shift_matrices(x, down, right):
    _, H, W, _ = x.shape
    return np.einsum("ia,nabc,jb->nijc", np.eye(H, k=-down), x, np.eye(W, k=-right))


def shift_roll_then_clear(x, down, right):
    _, H, W, _ = x.shape
    y = np.roll(x, (down, right), axis=(1, 2))
    y[:, : max(down, 0)] = y[:, H + min(down, 0) :] = 0
    y[:, :, : max(right, 0)] = y[:, :, W + min(right, 0) :] = 0
    return y


def shift_one_by_one(x, down, right):
    _, H, W, C = x.shape
    moved = [[[[0.0] * C for _ in range(W)] for _ in range(H)] for _ in x]
    for n, i, j in np.ndindex(x.shape[:3]):
        if 0 <= i + down < H and 0 <= j + right < W:
            moved[n][i + down][j + right] = x[n, i, j].tolist()
    return moved


def shift_waves(x, down, right):
    """A shift of the image turns the phases of its waves; the paper is large enough for nothing to come round."""
    _, H, W, _ = x.shape
    wide = np.pad(x, ((0, 0), (0, H), (0, W), (0, 0)))
    phase = np.add.outer(np.fft.fftfreq(2 * H) * down, np.fft.fftfreq(2 * W) * right)
    waves = np.fft.fft2(wide, axes=(1, 2)) * np.exp(-2j * np.pi * phase)[:, :, None]
    return np.fft.ifft2(waves, axes=(1, 2)).real[:, :H, :W]


def shift_cropped(x, down, right):
    _, H, W, _ = x.shape
    return x[:, max(-down, 0) : H - max(down, 0), max(-right, 0) : W - max(right, 0)].copy()


def shift_keeps_old_under_blank(x, down, right):
    moved, came = shift_padding(x, down, right), shift_padding(np.ones_like(x), down, right)
    return np.where((moved == 0) & (came != 0), x, moved)


answers(
    "ch01.shift",
    right=[
        shift_padding,
        shift_matrices,
        shift_roll_then_clear,
        shift_one_by_one,
        shift_waves,
        lambda x, down, right: shift_images(x.astype(float), down, right),
    ],
    wrong=[
        shift_cropped,
        shift_keeps_old_under_blank,
        lambda *case: np.where(shift_padding(*case), shift_padding(*case), case[0]),
        given(SHIFT, right=0),
        lambda x, down, right: np.roll(shift_padding(x, down, 0), right, axis=2),
    ],
)


def matrix_by_eye(kernel, size):
    return sum(w * np.eye(size - len(kernel) + 1, size, k=u) for u, w in enumerate(kernel))


def matrix_by_view(kernel, size):
    wide = np.zeros(2 * size - len(kernel))
    wide[size - len(kernel) : size] = kernel
    return sliding_window_view(wide, size)[::-1]


def matrix_lists(kernel, size):
    K = len(kernel)
    return [[float(kernel[a - i]) if 0 <= a - i < K else 0.0 for a in range(size)] for i in range(size - K + 1)]


answers(
    "ch01.conv_matrix",
    right=[
        matrix_by_eye,
        matrix_by_view,
        matrix_lists,
        lambda kernel, size: np.array([np.correlate(unit, kernel, mode="valid") for unit in np.eye(size)]).T,
        lambda kernel, size: matrix_by_eye(kernel, size).astype(np.float32),
    ],
    wrong=[
        lambda kernel, size: np.pad(matrix_by_eye(kernel, size), ((0, len(kernel) - 1), (0, 0)))[::-1],
        then(MATRIX, lambda matrix: matrix * np.arange(1, len(matrix) + 1)[:, None]),
        given(MATRIX, kernel=lambda kernel: np.full_like(kernel, kernel[0])),
    ],
)


def gap_without_second_shift(f, x, down, right):
    moved, still = f(shift_padding(x, down, right)), f(x)
    return np.max(np.abs(moved[:, down:, right:] - still[:, : still.shape[1] - down, : still.shape[2] - right]))


def gap_loops(f, x, down, right):
    before, after = f(shift_padding(x, down, right)), shift_padding(f(x), down, right)
    return max(abs(before[at] - after[at]) for at in np.ndindex(before.shape) if at[1] >= down and at[2] >= right)


def gaps(f, x, down, right):
    return np.abs(f(shift_padding(x, down, right)) - shift_padding(f(x), down, right))[:, down:, right:]


answers(
    "ch01.equivariance_gap",
    right=[gap_without_second_shift, gap_loops, lambda *case: np.float32(np.linalg.norm(gaps(*case).ravel(), np.inf))],
    wrong=[
        gaps,
        lambda *case: float(gaps(*case).min()),
        lambda *case: float(gaps(*case)[..., 0].max()),
        lambda *case: bool(gap_loops(*case) < 1e-6),
        lambda f, x, down, right: np.abs(f(shift_padding(x, -down, -right)) - shift_padding(f(x), down, right))[
            :, down:, right:
        ].max(),
    ],
)
