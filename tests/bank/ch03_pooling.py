"""Right and wrong answers to the tasks of chapter 3."""

import math
from fractions import Fraction

import keras
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from bank import answers
from cnncourse import pooling, shapes
from cnncourse.checks import task
from cnncourse.checks.mistakes import given, then

SIZES, MAX, PADDED, MEANS = (task(f"ch03.{name}") for name in ["pool_sizes", "max_pool", "max_pool_padded", "avg_pool"])
WINNERS, SHARE, BLUR = (task(f"ch03.{name}") for name in ["winners", "unchanged_share", "blur_pool"])
ADAPTIVE = task("ch03.adaptive_average")


def sizes_by_counting(size, pool_size, stride):
    starts = [start for start in range(size) if start % stride == 0 and start + pool_size <= size]
    seen = {pixel for start in starts for pixel in range(start, start + pool_size)}
    unseen = size - len(seen)
    return len(starts), len(starts) + (1 if unseen else 0), unseen


def sizes_by_walking(size, pool_size, stride):
    fit, end = 1, pool_size
    while end + stride <= size:
        fit, end = fit + 1, end + stride
    enough, reached = fit, end
    while reached < size:
        enough, reached = enough + 1, reached + stride
    return [fit, enough, size - end]


def sizes_by_numpy(size, pool_size, stride):
    steps = (size - pool_size) / stride
    inside = np.floor(steps).astype(int) + 1
    return np.array([inside, np.ceil(steps).astype(int) + 1, size - (pool_size + (inside - 1) * stride)])


def sizes_by_library(size, pool_size, stride):
    inside = shapes.conv_output_size(size, pool_size, stride)
    covering = shapes.conv_output_size(size + stride - 1, pool_size, stride)
    return inside, covering, size - pool_size - (inside - 1) * stride


answers(
    "ch03.pool_sizes",
    right=[sizes_by_counting, sizes_by_walking, sizes_by_numpy, sizes_by_library],
    wrong=[
        lambda n, p, s: (*sizes_by_counting(n, p, s)[:2], n - sizes_by_counting(n, p, s)[0] * s),
        lambda n, p, s: (round((n - p) / s) + 1, *sizes_by_counting(n, p, s)[1:]),
        then(SIZES, lambda inside, covering, unseen: (covering, inside, unseen)),
        then(SIZES, lambda *sizes: tuple(n * n for n in sizes)),
    ],
)


def max_by_loops(x, KH, KW, stride):
    N, H, W, C = x.shape
    y = np.empty((N, (H - KH) // stride + 1, (W - KW) // stride + 1, C))
    for n, i, j, c in np.ndindex(y.shape):
        best = x[n, i * stride, j * stride, c]
        for u, v in np.ndindex(KH, KW):
            value = x[n, i * stride + u, j * stride + v, c]
            if value > best:
                best = value
        y[n, i, j, c] = best
    return y


def max_by_view(x, KH, KW, stride):
    return sliding_window_view(x, (KH, KW), axis=(1, 2))[:, ::stride, ::stride].max(axis=(-2, -1))


def max_by_taps(x, KH, KW, stride):
    rows, columns = ((n - k) // stride * stride + 1 for n, k in zip(x.shape[1:3], (KH, KW)))
    y = x[:, :rows:stride, :columns:stride].copy()
    for u, v in np.ndindex(KH, KW):
        np.maximum(y, x[:, u : u + rows : stride, v : v + columns : stride], out=y)
    return y


def max_by_keras(x, KH, KW, stride):
    return keras.ops.max_pool(x.astype(np.float32), (KH, KW), strides=stride, padding="valid")


def max_by_library(x, KH, KW, stride):
    return pooling.max_pool2d(x, (KH, KW), stride)[0]


def max_lists(x, KH, KW, stride):
    rows, columns = (range(0, n - k + 1, stride) for n, k in zip(x.shape[1:3], (KH, KW)))
    seen = ([[image[i : i + KH, j : j + KW] for j in columns] for i in rows] for image in x)
    return [[[[max(c.ravel().tolist()) for c in np.moveaxis(w, 2, 0)] for w in row] for row in image] for image in seen]


def max_reshaped(x, KH, KW, stride):
    """Right but where the windows tile the image: then rows of different windows are mixed."""
    N, H, W, C = x.shape
    if KH == KW == stride and H % KH == W % KW == 0:
        return x.reshape(N, H // KH, W // KW, KH * KW, C).max(axis=3)
    return max_by_view(x, KH, KW, stride)


def max_writing_into_x(x, KH, KW, stride):
    y = max_by_view(x, KH, KW, stride)
    x[:] = 0
    return y


answers(
    "ch03.max_pool",
    right=[max_by_loops, max_by_view, max_by_taps, max_by_keras, max_by_library, max_lists],
    wrong=[
        max_reshaped,
        max_writing_into_x,
        *(then(MAX, lambda y, start=start: np.maximum(y, start)) for start in (-1, -1000, -1e9)),
        then(MAX, lambda y: np.full_like(y, y[:1])),
        then(MAX, lambda y: np.moveaxis(y, 3, 1)),
        lambda x, KH, KW, stride: max_by_view(x, KH, KW, 1)[:, ::stride],
        lambda x, KH, KW, stride: max_by_view(x, KH, KH, stride),
        lambda x, *knobs: np.full_like(max_by_view(x, *knobs), x.max()),
        lambda x, *knobs: -max_by_view(-x, *knobs),
    ],
)


def sides(padding):
    return (0, 0), (padding, padding), (padding, padding), (0, 0)


def padded(pool=max_by_view, **how):
    """Max pooling of images that `np.pad` has made larger."""
    return lambda x, pool_size, stride, padding: pool(np.pad(x, sides(padding), **how), pool_size, pool_size, stride)


def padded_by_cutting(x, pool_size, stride, padding):
    N, H, W, C = x.shape
    OH, OW = ((n + 2 * padding - pool_size) // stride + 1 for n in (H, W))
    y = np.zeros((N, OH, OW, C), x.dtype)
    for i, j in np.ndindex(OH, OW):
        top, left = i * stride - padding, j * stride - padding
        y[:, i, j] = x[:, max(top, 0) : top + pool_size, max(left, 0) : left + pool_size].max(axis=(1, 2))
    return y


def padded_by_library(x, pool_size, stride, padding):
    return pooling.max_pool2d(x, pool_size, stride, padding)[0]


answers(
    "ch03.max_pool_padded",
    right=[
        padded_by_library,
        padded_by_cutting,
        padded(max_by_keras, constant_values=-np.inf),
        padded(mode="edge"),
        lambda x, *knobs: padded(constant_values=x.min())(x, *knobs),
    ],
    wrong=[
        padded(constant_values=-1),
        padded(constant_values=-1000),
        padded(constant_values=np.inf),
        padded(mode="symmetric"),
        padded(mode="wrap"),
        given(PADDED, x=lambda x: np.where(x == 0, -np.inf, x)),  # zeros are taken for padding
        given(PADDED, x=lambda x: np.pad(x, sides(1), mode="edge")),
        then(PADDED, lambda y: np.maximum(y, 0)),
        lambda x, pool_size, stride, padding: padded_by_library(x, pool_size, stride, ((0, 0), (padding, padding))),
        lambda x, pool_size, stride, padding: padded_by_library(x, pool_size, min(stride, pool_size), padding),
        lambda x, pool_size, stride, padding: PADDED.reference(x, max(pool_size, 2), stride, padding),
    ],
)


def avg_by_library(x, pool_size, stride, padding, count_padding):
    x = x.astype(float)
    if count_padding:
        x, padding = np.pad(x, sides(padding)), 0
    return pooling.avg_pool2d(x, pool_size, stride, padding)[0]


def avg_by_loops(x, pool_size, stride, padding, count_padding):
    N, H, W, C = x.shape
    OH, OW = ((n + 2 * padding - pool_size) // stride + 1 for n in (H, W))
    y = np.zeros((N, OH, OW, C))
    for n, i, j, c in np.ndindex(y.shape):
        total, number = 0.0, 0
        for row in range(i * stride - padding, i * stride - padding + pool_size):
            for column in range(j * stride - padding, j * stride - padding + pool_size):
                if 0 <= row < H and 0 <= column < W:
                    total, number = total + x[n, row, column, c], number + 1
        y[n, i, j, c] = total / (pool_size * pool_size if count_padding else number)
    return y


def avg_by_nan(x, pool_size, stride, padding, count_padding):
    wide = np.pad(x.astype(np.float32), sides(padding), constant_values=0 if count_padding else np.nan)
    return np.nanmean(sliding_window_view(wide, (pool_size,) * 2, axis=(1, 2))[:, ::stride, ::stride], axis=(-2, -1))


def avg_by_keras(x, pool_size, stride, padding, count_padding):
    means, there = (
        keras.ops.average_pool(np.pad(a.astype(np.float32), sides(padding)), pool_size, strides=stride, padding="valid")
        for a in (x, np.ones(x.shape))
    )
    return means if count_padding else means / there


answers(
    "ch03.avg_pool",
    right=[avg_by_library, avg_by_loops, avg_by_nan, avg_by_keras],
    wrong=[
        lambda x, pool_size, stride, *rest: avg_by_loops(x, pool_size, stride, *rest) * pool_size**2 / stride**2,
        lambda x, pool_size, *rest: avg_by_loops(x, pool_size, *rest) * pool_size,
        lambda x, pool_size, stride, padding, _: avg_by_loops(
            np.pad(x, sides(padding), mode="edge"), pool_size, stride, 0, True
        ),
        lambda x, pool_size, stride, padding, _: pooling.max_pool2d(x.astype(float), pool_size, stride, padding)[0],
        lambda x, pool_size, stride, *rest: avg_by_loops(x, pool_size, min(stride, pool_size), *rest),
        given(MEANS, padding=0),
        then(MEANS, lambda y: y.astype(int)),
        then(MEANS, lambda y: np.full_like(y, y[..., :1])),
    ],
)


def winners_by_loops(x, KH, KW, stride):
    OH, OW = (x.shape[0] - KH) // stride + 1, (x.shape[1] - KW) // stride + 1
    largest = np.full((OH, OW), -np.inf)
    rows, columns = np.zeros((OH, OW), int), np.zeros((OH, OW), int)
    for i, j, u, v in np.ndindex(OH, OW, KH, KW):
        row, column = i * stride + u, j * stride + v
        if x[row, column] > largest[i, j]:
            largest[i, j], rows[i, j], columns[i, j] = x[row, column], row, column
    return largest, rows, columns


def winners_by_argwhere(x, KH, KW, stride):
    found = []
    for top in range(0, len(x) - KH + 1, stride):
        found.append([])
        for left in range(0, x.shape[1] - KW + 1, stride):
            seen = x[top : top + KH, left : left + KW]
            found[-1].append((seen.max(), *map(float, np.argwhere(seen == seen.max())[0] + (top, left))))
    return np.moveaxis(np.array(found), 2, 0)


def winners_by_numbering(x, KH, KW, stride):
    largest = pooling.max_pool2d(x[None, :, :, None], (KH, KW), stride)[0][0, :, :, 0]
    number = np.arange(x.size).reshape(x.shape)
    seen, numbers = (sliding_window_view(a, (KH, KW))[::stride, ::stride] for a in (x, number))
    first = np.where(seen == largest[..., None, None], numbers, x.size).min(axis=(2, 3))
    return largest.astype(np.float32), *np.divmod(first, x.shape[1])


def winners_by_library(x, KH, KW, stride):
    y, (tap, _) = pooling.max_pool2d(x[None, :, :, None], (KH, KW), stride)
    u, v = np.divmod(tap[0, :, :, 0].astype(int), KW)
    i, j = np.indices(u.shape)
    return y[0, :, :, 0].tolist(), (i * stride + u).tolist(), (j * stride + v).tolist()


def winners_reshaped(x, KH, KW, stride):
    """Right but where the windows tile the map: then rows of different windows are mixed."""
    (H, W), (largest, rows, columns) = x.shape, winners_by_loops(x, KH, KW, stride)
    if KH == KW == stride and H % KH == W % KW == 0:
        largest = x.reshape(H // KH, W // KW, KH * KW).max(axis=2)
    return largest, rows, columns


def winners_tap(x, KH, KW, stride):
    seen = sliding_window_view(x, (KH, KW))[::stride, ::stride]
    tap = seen.reshape(*seen.shape[:2], KH * KW).argmax(axis=2)
    return seen.max(axis=(2, 3)), tap, tap


answers(
    "ch03.winners",
    right=[winners_by_loops, winners_by_argwhere, winners_by_numbering, winners_by_library],
    wrong=[
        winners_reshaped,
        winners_tap,
        then(WINNERS, lambda y, rows, columns: (np.maximum(y, 0), rows * (y > 0), columns * (y > 0))),
        then(WINNERS, lambda y, rows, columns: y),
        then(WINNERS, lambda y, rows, columns: (y, np.stack([rows, columns], axis=-1))),
        then(WINNERS, lambda y, rows, columns: (y, rows + 1, columns + 1)),
        given(WINNERS, x=lambda x: np.where(x == 0, -np.inf, x)),
        lambda x, KH, KW, stride: winners_by_loops(x, KH, KH, stride),
        lambda x, KH, KW, stride: winners_by_loops(x, KH, max(KW, 2), stride),
        lambda x, KH, KW, stride: winners_by_loops(x, KH, KW, min(stride, KH)),
    ],
)


def share_by_loops(x, pool_size):
    N, H, W, C = x.shape
    moved = np.zeros_like(x)
    moved[:, :, 1:] = x[:, :, :-1]
    same = total = 0
    for n, i, j, c in np.ndindex(N, H // pool_size, W // pool_size, C):
        place = n, slice(i * pool_size, (i + 1) * pool_size), slice(j * pool_size, (j + 1) * pool_size), c
        same, total = same + bool(x[place].max() == moved[place].max()), total + 1
    return same / total


def share_by_padding(x, pool_size):
    wide = np.pad(x, ((0, 0), (0, 0), (1, 0), (0, 0)))
    before, after = (max_by_view(a, *[pool_size] * 3) for a in (wide[:, :, 1:], wide[:, :, :-1]))
    return np.float32((before == after).mean())


def share_by_roll(x, pool_size):
    moved = np.roll(x, 1, axis=2)
    moved[:, :, 0] = 0
    before, after = (pooling.max_pool2d(a, pool_size)[0] for a in (x, moved))
    return Fraction(np.count_nonzero(before == after), before.size)


def share_by_keras(x, pool_size):
    moved = np.concatenate([np.zeros_like(x[:, :, :1]), x[:, :, :-1]], axis=2)
    before, after = (keras.ops.max_pool(a.astype(np.float32), pool_size, padding="valid") for a in (x, moved))
    return keras.ops.mean(keras.ops.cast(before == after, "float32"))


def shares(x, pool_size, stride, columns=1):
    """The share of a map that stays when the images move by some columns."""
    moved = np.pad(x, ((0, 0), (0, 0), (columns, 0), (0, 0)))[:, :, : x.shape[2]]
    return np.mean(max_by_view(x, *[pool_size] * 2, stride) == max_by_view(moved, *[pool_size] * 2, stride))


answers(
    "ch03.unchanged_share",
    right=[share_by_loops, share_by_padding, share_by_roll, share_by_keras],
    wrong=[
        lambda x, pool_size: share_by_loops(x, 1),
        lambda x, pool_size: shares(x, pool_size, 1),
        lambda x, pool_size: shares(x, pool_size, pool_size, pool_size + 1),
        lambda x, pool_size: float(x.mean() == np.roll(x, 1, axis=2).mean()),
        lambda x, pool_size: round(share_by_loops(x, pool_size) * max_by_view(x, *[pool_size] * 3).size),
        then(SHARE, lambda share: 100 * share),
        given(SHARE, x=np.round),
        given(SHARE, x=lambda x: x.astype(int)),
    ],
)


def blur_in_two_steps(x, stride):
    rows = (x[:, :-2] + 2 * x[:, 1:-1] + x[:, 2:]) / 4
    return ((rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4)[:, ::stride, ::stride]


def blur_by_loops(x, stride):
    N, H, W, C = x.shape
    y = np.zeros((N, (H - 3) // stride + 1, (W - 3) // stride + 1, C))
    for n, i, j, c in np.ndindex(y.shape):
        for u, v in np.ndindex(3, 3):
            y[n, i, j, c] += (1, 2, 1)[u] * (1, 2, 1)[v] * x[n, i * stride + u, j * stride + v, c] / 16
    return y


def blur_by_keras(x, stride):
    kernel = np.outer([1, 2, 1], [1, 2, 1])[:, :, None, None] / 16
    kernel = np.repeat(kernel, x.shape[3], axis=2).astype(np.float32)
    return keras.ops.depthwise_conv(x.astype(np.float32), kernel, strides=stride, padding="valid")


def blur_twice_averaged(x, stride):
    """Averaging 2 by 2 twice is the same blur."""
    for _ in range(2):
        x = (x[:, :-1, :-1] + x[:, 1:, :-1] + x[:, :-1, 1:] + x[:, 1:, 1:]) / 4
    return x[:, ::stride, ::stride]


answers(
    "ch03.blur_pool",
    right=[
        blur_in_two_steps,
        blur_by_loops,
        blur_by_keras,
        blur_twice_averaged,
        lambda x, stride: pooling.blur_pool2d(x, 3, stride, "valid")[0],
    ],
    wrong=[
        lambda x, stride: pooling.blur_pool2d(x, 3, stride, "same")[0],
        lambda x, stride: pooling.blur_pool2d(np.pad(x, sides(1), mode="edge"), 5, stride, "valid")[0],
        lambda x, stride: ((x[:, :-1, :-1] + x[:, 1:, 1:]) / 2)[:, :-1:stride, :-1:stride],
        lambda x, stride: max_by_view(x, 3, 3, stride),
        lambda x, stride: blur_in_two_steps(x, 1)[:, stride - 1 :: stride, stride - 1 :: stride],
        then(BLUR, lambda y: y * 16 / 9),
        given(BLUR, stride=lambda stride: min(stride, 3)),
    ],
)


def adaptive_by_fractions(x, OH, OW, first=math.floor, last=math.ceil):
    cuts = [[i * n / out for i in range(out + 1)] for n, out in zip(x.shape[1:3], (OH, OW))]
    rows, columns = ([slice(first(a), last(b)) for a, b in zip(line, line[1:])] for line in cuts)
    return [[[image[r, c].mean(axis=(0, 1)).tolist() for c in columns] for r in rows] for image in x.astype(float)]


def adaptive_by_matrices(x, OH, OW, whole=np.sign):
    """Row i of a matrix holds what each pixel shares of stretch i of the line, made whole or left a part."""
    matrices = []
    for n, out in zip(x.shape[1:3], (OH, OW)):
        pixel, region = np.arange(n), np.arange(out)[:, None]
        part = np.minimum((pixel + 1) * out, (region + 1) * n) - np.maximum(pixel * out, region * n)
        shared = whole(np.maximum(part, 0))
        matrices.append(shared / shared.sum(axis=1, keepdims=True))
    return np.einsum("ih,jw,nhwc->nijc", *matrices, x).astype(np.float32)


def adaptive_picked(x, OH, OW):
    rows, columns = (np.arange(o) * n // o for n, o in zip(x.shape[1:3], (OH, OW)))
    return x[:, rows][:, :, columns]


answers(
    "ch03.adaptive_average",
    right=[adaptive_by_fractions, adaptive_by_matrices, lambda x, OH, OW: pooling.adaptive_avg_pool2d(x, (OH, OW))[0]],
    wrong=[
        adaptive_picked,
        lambda *case: adaptive_by_matrices(*case, whole=np.positive),  # pixels are cut in parts: another pooling
        lambda *case: adaptive_by_fractions(*case, first=round, last=round),
        lambda x, OH, OW: pooling.adaptive_max_pool2d(x, (OH, OW))[0],
        lambda x, *sizes: np.full_like(ADAPTIVE.reference(x, *sizes), x.mean(axis=(1, 2), keepdims=True)),
        then(ADAPTIVE, lambda y: np.full_like(y, y[:1])),
    ],
)
