"""Right and wrong answers to the tasks of chapter 3."""

import math

import keras
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from bank import answers
from cnncourse import pooling, shapes

# Sizes


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


def sizes_unseen_in_stride_units(size, pool_size, stride):
    inside, covering, _ = sizes_by_counting(size, pool_size, stride)
    return inside, covering, size - inside * stride


def sizes_rounded_to_nearest(size, pool_size, stride):
    _, covering, unseen = sizes_by_counting(size, pool_size, stride)
    return round((size - pool_size) / stride) + 1, covering, unseen


def sizes_exchanged(size, pool_size, stride):
    inside, covering, unseen = sizes_by_counting(size, pool_size, stride)
    return covering, inside, unseen


def sizes_of_a_sheet(size, pool_size, stride):
    return tuple(n * n for n in sizes_by_counting(size, pool_size, stride))


answers(
    "ch03.pool_sizes",
    right=[sizes_by_counting, sizes_by_walking, sizes_by_numpy, sizes_by_library],
    wrong=[sizes_unseen_in_stride_units, sizes_rounded_to_nearest, sizes_exchanged, sizes_of_a_sheet],
)


# The largest


def max_by_loops(x, KH, KW, stride):
    N, H, W, C = x.shape
    y = np.empty((N, (H - KH) // stride + 1, (W - KW) // stride + 1, C))
    for n, i, j, c in np.ndindex(y.shape):
        best = x[n, i * stride, j * stride, c]
        for u in range(KH):
            for v in range(KW):
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
    N, H, W, C = x.shape
    rows, columns = range(0, H - KH + 1, stride), range(0, W - KW + 1, stride)
    return [
        [[[max(x[n, i : i + KH, j : j + KW, c].ravel().tolist()) for c in range(C)] for j in columns] for i in rows]
        for n in range(N)
    ]


def max_first_image(x, KH, KW, stride):
    return np.repeat(max_by_view(x[:1], KH, KW, stride), len(x), axis=0)


def max_starts_at(number):
    return lambda *x: np.maximum(max_by_view(*x), number)


def max_only_rows_stride(x, KH, KW, stride):
    return max_by_view(x, KH, KW, 1)[:, ::stride]


def max_square_window(x, KH, KW, stride):
    return max_by_view(x, KH, KH, stride)


def max_channels_first(x, KH, KW, stride):
    return np.moveaxis(max_by_view(x, KH, KW, stride), 3, 1)


def max_of_the_image(x, KH, KW, stride):
    return np.full_like(max_by_view(x, KH, KW, stride), x.max())


def min_pool(x, KH, KW, stride):
    return -max_by_view(-x, KH, KW, stride)


def max_writing_into_x(x, KH, KW, stride):
    y = max_by_view(x, KH, KW, stride)
    x[:] = 0
    return y


answers(
    "ch03.max_pool",
    right=[max_by_loops, max_by_view, max_by_taps, max_by_keras, max_by_library, max_lists],
    wrong=[
        max_first_image,
        max_starts_at(-1),
        max_starts_at(-1000),
        max_starts_at(-1e9),
        max_only_rows_stride,
        max_square_window,
        max_channels_first,
        max_of_the_image,
        min_pool,
        max_writing_into_x,
    ],
)


# With padding


def padded_by_library(x, pool_size, stride, padding):
    return pooling.max_pool2d(x, pool_size, stride, padding)[0]


def padded_by_cutting(x, pool_size, stride, padding):
    N, H, W, C = x.shape
    OH, OW = ((n + 2 * padding - pool_size) // stride + 1 for n in (H, W))
    y = np.zeros((N, OH, OW, C), x.dtype)
    for i in range(OH):
        for j in range(OW):
            top, left = i * stride - padding, j * stride - padding
            y[:, i, j] = x[:, max(top, 0) : top + pool_size, max(left, 0) : left + pool_size].max(axis=(1, 2))
    return y


def padded_with_the_edge(x, pool_size, stride, padding):
    wide = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)), mode="edge")
    return max_by_view(wide, pool_size, pool_size, stride)


def padded_with_the_smallest(x, pool_size, stride, padding):
    wide = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)), constant_values=x.min())
    return max_by_taps(wide, pool_size, pool_size, stride)


def padded_by_keras(x, pool_size, stride, padding):
    wide = np.pad(
        x.astype(np.float32), ((0, 0), (padding, padding), (padding, padding), (0, 0)), constant_values=-np.inf
    )
    return keras.ops.max_pool(wide, pool_size, strides=stride, padding="valid")


def padded_with(**how):
    def answer(x, pool_size, stride, padding):
        wide = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)), **how)
        return max_by_view(wide, pool_size, pool_size, stride)

    return answer


def padded_twice(x, pool_size, stride, padding):
    return padded_by_library(np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge"), pool_size, stride, padding)


def padded_then_relu(x, pool_size, stride, padding):
    return np.maximum(padded_by_library(x, pool_size, stride, padding), 0)


def padded_only_columns(x, pool_size, stride, padding):
    return pooling.max_pool2d(x, pool_size, stride, ((0, 0), (padding, padding)))[0]


answers(
    "ch03.max_pool_padded",
    right=[padded_by_library, padded_by_cutting, padded_with_the_edge, padded_with_the_smallest, padded_by_keras],
    wrong=[
        padded_with(constant_values=-1),
        padded_with(constant_values=-1000),
        padded_with(constant_values=np.inf),
        padded_with(mode="symmetric"),
        padded_with(mode="wrap"),
        padded_twice,
        padded_then_relu,
        padded_only_columns,
    ],
)


# Means


def avg_by_library(x, pool_size, stride, padding, count_padding):
    x = x.astype(float)
    if count_padding:
        x, padding = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0))), 0
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
    sides = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    wide = np.pad(x.astype(np.float32), sides, constant_values=0 if count_padding else np.nan)
    return np.nanmean(sliding_window_view(wide, (pool_size,) * 2, axis=(1, 2))[:, ::stride, ::stride], axis=(-2, -1))


def avg_by_keras(x, pool_size, stride, padding, count_padding):
    sides = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    means, there = (
        keras.ops.average_pool(np.pad(a.astype(np.float32), sides), pool_size, strides=stride, padding="valid")
        for a in (x, np.ones(x.shape))
    )
    return means if count_padding else means / there


def avg_over_stride(x, pool_size, stride, padding, count_padding):
    return avg_by_loops(x, pool_size, stride, padding, count_padding) * pool_size**2 / stride**2


def avg_over_the_side(x, pool_size, stride, padding, count_padding):
    return avg_by_loops(x, pool_size, stride, padding, count_padding) * pool_size


def avg_edge(x, pool_size, stride, padding, count_padding):
    wide = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)), mode="edge")
    return avg_by_loops(wide, pool_size, stride, 0, True)


def avg_not_padded(x, pool_size, stride, padding, count_padding):
    return avg_by_loops(x, pool_size, stride, 0, count_padding)


def avg_whole_numbers(*x):
    return avg_by_loops(*x).astype(int)


def avg_first_channel(x, *knobs):
    return np.repeat(avg_by_loops(x[..., :1], *knobs), x.shape[3], axis=3)


def avg_maximum(x, pool_size, stride, padding, count_padding):
    return pooling.max_pool2d(x.astype(float), pool_size, stride, padding)[0]


answers(
    "ch03.avg_pool",
    right=[avg_by_library, avg_by_loops, avg_by_nan, avg_by_keras],
    wrong=[
        avg_over_stride,
        avg_over_the_side,
        avg_edge,
        avg_not_padded,
        avg_whole_numbers,
        avg_first_channel,
        avg_maximum,
    ],
)


# Winners


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
        line = []
        for left in range(0, x.shape[1] - KW + 1, stride):
            seen = x[top : top + KH, left : left + KW]
            row, column = np.argwhere(seen == seen.max())[0] + (top, left)
            line.append((float(seen.max()), float(row), float(column)))
        found.append(line)
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


def winners_from_zero(x, KH, KW, stride):
    largest, rows, columns = winners_by_loops(x, KH, KW, stride)
    dead = largest <= 0
    return np.maximum(largest, 0), np.where(dead, 0, rows), np.where(dead, 0, columns)


def winners_tap(x, KH, KW, stride):
    y, (tap, _) = pooling.max_pool2d(x[None, :, :, None], (KH, KW), stride)
    return y[0, :, :, 0], tap[0, :, :, 0], tap[0, :, :, 0]


def winners_values_only(x, KH, KW, stride):
    return winners_by_loops(x, KH, KW, stride)[0]


def winners_pairs(x, KH, KW, stride):
    largest, rows, columns = winners_by_loops(x, KH, KW, stride)
    return largest, np.stack([rows, columns], axis=-1)


def winners_square_window(x, KH, KW, stride):
    return winners_by_loops(x, KH, KH, stride)


def winners_counted_from_one(x, KH, KW, stride):
    largest, rows, columns = winners_by_loops(x, KH, KW, stride)
    return largest, rows + 1, columns + 1


answers(
    "ch03.winners",
    right=[winners_by_loops, winners_by_argwhere, winners_by_numbering, winners_by_library],
    wrong=[
        winners_from_zero,
        winners_tap,
        winners_values_only,
        winners_pairs,
        winners_square_window,
        winners_counted_from_one,
    ],
)


# Shifts


def share_by_loops(x, pool_size):
    N, H, W, C = x.shape
    moved = np.zeros_like(x)
    moved[:, :, 1:] = x[:, :, :-1]
    same = total = 0
    for top in range(0, H - pool_size + 1, pool_size):
        for left in range(0, W - pool_size + 1, pool_size):
            for n in range(N):
                for c in range(C):
                    place = n, slice(top, top + pool_size), slice(left, left + pool_size), c
                    same, total = same + bool(x[place].max() == moved[place].max()), total + 1
    return same / total


def share_by_padding(x, pool_size):
    wide = np.pad(x, ((0, 0), (0, 0), (1, 0), (0, 0)))
    before, after = (max_by_view(a, pool_size, pool_size, pool_size) for a in (wide[:, :, 1:], wide[:, :, :-1]))
    return np.float32((before == after).mean())


def share_by_roll(x, pool_size):
    moved = np.roll(x, 1, axis=2)
    moved[:, :, 0] = 0
    before, after = (pooling.max_pool2d(a, pool_size)[0] for a in (x, moved))
    return np.count_nonzero(before == after) / before.size


def share_by_keras(x, pool_size):
    moved = np.concatenate([np.zeros_like(x[:, :, :1]), x[:, :, :-1]], axis=2)
    before, after = (keras.ops.max_pool(a.astype(np.float32), pool_size, padding="valid") for a in (x, moved))
    return keras.ops.mean(keras.ops.cast(before == after, "float32"))


def share_of_pixels(x, pool_size):
    return share_by_loops(x, 1)


def share_in_per_cent(x, pool_size):
    return 100 * share_by_loops(x, pool_size)


def share_of_the_mean(x, pool_size):
    before, after = (a.mean() for a in (x, np.roll(x, 1, axis=2)))
    return float(before == after)


def share_dense(x, pool_size):
    moved = np.pad(x, ((0, 0), (0, 0), (1, 0), (0, 0)))[:, :, :-1]
    return np.mean(max_by_view(x, pool_size, pool_size, 1) == max_by_view(moved, pool_size, pool_size, 1))


def share_by_the_window(x, pool_size):
    moved = np.pad(x, ((0, 0), (0, 0), (pool_size + 1, 0), (0, 0)))[:, :, : x.shape[2]]
    return np.mean(max_by_view(x, *[pool_size] * 3) == max_by_view(moved, *[pool_size] * 3))


def share_counted(x, pool_size):
    return round(share_by_loops(x, pool_size) * max_by_view(x, *[pool_size] * 3).size)


answers(
    "ch03.unchanged_share",
    right=[share_by_loops, share_by_padding, share_by_roll, share_by_keras],
    wrong=[share_of_pixels, share_in_per_cent, share_of_the_mean, share_dense, share_by_the_window, share_counted],
)


# Blur


def blur_by_library(x, stride):
    return pooling.blur_pool2d(x, 3, stride, "valid")[0]


def blur_in_two_steps(x, stride):
    rows = (x[:, :-2] + 2 * x[:, 1:-1] + x[:, 2:]) / 4
    return ((rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4)[:, ::stride, ::stride]


def blur_by_loops(x, stride):
    N, H, W, C = x.shape
    y = np.zeros((N, (H - 3) // stride + 1, (W - 3) // stride + 1, C))
    for n, i, j, c in np.ndindex(y.shape):
        for u, a in enumerate((1, 2, 1)):
            for v, b in enumerate((1, 2, 1)):
                y[n, i, j, c] += a * b * x[n, i * stride + u, j * stride + v, c] / 16
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


def blur_same(x, stride):
    return pooling.blur_pool2d(x, 3, stride, "same")[0]


def blur_five(x, stride):
    return pooling.blur_pool2d(np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge"), 5, stride, "valid")[0]


def blur_by_nine(x, stride):
    return blur_by_loops(x, stride) * 16 / 9


def blur_averaged_once(x, stride):
    return ((x[:, :-1, :-1] + x[:, 1:, 1:]) / 2)[:, :-1:stride, :-1:stride]


def blur_of_the_maximum(x, stride):
    return max_by_view(x, 3, 3, stride)


def blur_second_row(x, stride):
    return blur_in_two_steps(x, 1)[:, stride - 1 :: stride, stride - 1 :: stride]


answers(
    "ch03.blur_pool",
    right=[blur_by_library, blur_in_two_steps, blur_by_loops, blur_by_keras, blur_twice_averaged],
    wrong=[blur_same, blur_five, blur_by_nine, blur_averaged_once, blur_of_the_maximum, blur_second_row],
)


# Regions


def adaptive_by_library(x, OH, OW):
    return pooling.adaptive_avg_pool2d(x, (OH, OW))[0]


def adaptive_by_fractions(x, OH, OW):
    rows, columns = (
        [slice(math.floor(i * n / o), math.ceil((i + 1) * n / o)) for i in range(o)]
        for n, o in zip(x.shape[1:3], (OH, OW))
    )
    return [[[image[r, c].mean(axis=(0, 1)).tolist() for c in columns] for r in rows] for image in x.astype(float)]


def adaptive_by_matrices(x, OH, OW):
    """Row i of a matrix holds ones for the pixels that share a stretch of the line with region i."""
    matrices = []
    for n, o in zip(x.shape[1:3], (OH, OW)):
        pixel, region = np.arange(n), np.arange(o)[:, None]
        meets = (pixel * o < (region + 1) * n) & ((pixel + 1) * o > region * n)
        matrices.append(meets / meets.sum(axis=1, keepdims=True))
    return np.einsum("ih,jw,nhwc->nijc", *matrices, x).astype(np.float32)


def adaptive_by_resizing(x, OH, OW):
    """The mean of each stretch of the line, with pixels cut in parts: another pooling."""
    matrices = []
    for n, o in zip(x.shape[1:3], (OH, OW)):
        pixel, region = np.arange(n), np.arange(o)[:, None]
        part = np.minimum((pixel + 1) * o, (region + 1) * n) - np.maximum(pixel * o, region * n)
        matrices.append(np.maximum(part, 0) / n)
    return np.einsum("ih,jw,nhwc->nijc", *matrices, x)


def adaptive_rounded(x, OH, OW):
    rows, columns = (
        [slice(round(i * n / o), round((i + 1) * n / o)) for i in range(o)] for n, o in zip(x.shape[1:3], (OH, OW))
    )
    return np.array([[[image[r, c].mean(axis=(0, 1)) for c in columns] for r in rows] for image in x])


def adaptive_largest(x, OH, OW):
    return pooling.adaptive_max_pool2d(x, (OH, OW))[0]


def adaptive_global(x, OH, OW):
    return np.broadcast_to(x.mean(axis=(1, 2), keepdims=True), (len(x), OH, OW, x.shape[3])).copy()


def adaptive_first_image(x, OH, OW):
    return np.repeat(adaptive_by_library(x[:1], OH, OW), len(x), axis=0)


def adaptive_picked(x, OH, OW):
    rows, columns = (np.arange(o) * n // o for n, o in zip(x.shape[1:3], (OH, OW)))
    return x[:, rows][:, :, columns]


answers(
    "ch03.adaptive_average",
    right=[adaptive_by_library, adaptive_by_fractions, adaptive_by_matrices],
    wrong=[
        adaptive_by_resizing,
        adaptive_rounded,
        adaptive_largest,
        adaptive_global,
        adaptive_first_image,
        adaptive_picked,
    ],
)
