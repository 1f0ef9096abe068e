"""Right and wrong answers to the tasks of chapter 4."""

import keras
import numpy as np
import tensorflow as tf
from numpy.lib.stride_tricks import sliding_window_view

from bank import answers
from cnncourse import activations, convolution, normalisation, pooling, unfolding
from cnncourse.checks import task
from cnncourse.checks.mistakes import given, partly, then


def tape_gradients(function, dy, *arrays):
    """The gradients that TensorFlow finds."""
    variables = [tf.Variable(array) for array in arrays]
    with tf.GradientTape() as tape:
        y = function(*variables)
    return tuple(tape.gradient(y, variables, output_gradients=tf.constant(dy)))


# A dense layer and its ReLU

DENSE = task("ch04.dense_relu_backward")


def dense_loops(dy, x, w, b):
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for n, f in np.ndindex(dy.shape):
        if b[f] + sum(x[n, c] * w[c, f] for c in range(x.shape[1])) > 0:
            db[f] += dy[n, f]
            dx[n] += dy[n, f] * w[:, f]
            dw[:, f] += dy[n, f] * x[n]
    return dx, dw, db


def dense_products(dz, x, w):
    return np.einsum("nf,cf->nc", dz, w), np.einsum("nc,nf->cf", x, dz), np.einsum("nf->f", dz)


def dense_library(dy, x, w, b):
    dz = activations.relu_backward(dy, activations.relu(x @ w + b)[1])
    return (dz @ w.T).tolist(), (x.T @ dz).tolist(), list(dz.sum(0))


def dense_in_place(dy, x, w, b):
    dy *= x @ w + b > 0
    return dense_products(dy, x, w)


answers(
    "ch04.dense_relu_backward",
    right=[
        dense_loops,
        lambda dy, x, w, b: dense_products(np.where(x @ w + b <= 0, 0, dy), x, w),
        lambda dy, *xwb: tape_gradients(lambda x, w, b: keras.ops.relu(keras.ops.matmul(x, w) + b), dy, *xwb),
        dense_library,
    ],
    wrong=[
        lambda dy, x, w, b: dense_products(dy * np.heaviside(x @ w + b, 0.5), x, w),
        dense_in_place,
        then(DENSE, lambda dx, dw, db: (dw, dx, db)),
        lambda dy, x, w, b: (dy @ w, x @ dy, dy.sum(0)),
        then(DENSE, lambda dx, dw, db: (dx, dw, db.sum())),
    ],
)


# Slopes by nudging


def slopes_in_place(f, x, h):
    x = np.array(x, dtype=np.float64)
    flat, slopes = x.reshape(-1), []
    for k, old in enumerate(flat.copy()):
        flat[k], values = old + h, []
        values.append(f(x))
        flat[k] = old - h
        values.append(f(x))
        flat[k] = old
        slopes.append((values[0] - values[1]) / (2 * h))
    return np.reshape(slopes, x.shape)


def slopes_by_unit_vectors(f, x, h, length=1):
    units = np.eye(x.size).reshape(x.size, *x.shape) * length
    return np.array([(f(x + h * e) / h - f(x - h * e) / h) / 2 for e in units]).reshape(x.shape)


def slopes_both_sides(f, x, h):
    x = x.astype(float)
    here, slopes = f(x), np.empty(x.shape)
    for place, value in np.ndenumerate(x):
        nudged = x.copy()
        nudged[place] = value + h
        right = (f(nudged) - here) / h
        nudged[place] = value - h
        slopes[place] = (right + (here - f(nudged)) / h) / 2
    return slopes.tolist()


answers(
    "ch04.numerical_gradient",
    right=[slopes_in_place, slopes_by_unit_vectors, slopes_both_sides],
    wrong=[
        lambda f, x, h: slopes_by_unit_vectors(f, x, h / 2),
        lambda f, x, h: slopes_by_unit_vectors(f, x, 1e-5),
        lambda f, x, h: slopes_by_unit_vectors(f, x, h).ravel(),
        lambda f, x, h: slopes_by_unit_vectors(f, x, h, length=np.abs(x)),
        lambda f, x, h: slopes_by_unit_vectors(f, x, h).round(2),
    ],
)


# The kernel, one channel

DW = task("ch04.conv_dw")


def dw_by_taps(dy, x, KH, KW, stride):
    OH, OW = dy.shape
    return [[np.vdot(x[u::stride, v::stride][:OH, :OW], dy) for v in range(KW)] for u in range(KH)]


def dw_by_view(dy, x, KH, KW, stride):
    return np.einsum("ij,ijuv->uv", dy, sliding_window_view(x, (KH, KW))[::stride, ::stride])


def dw_by_gaps(dy, x, KH, KW, stride):
    wide = np.zeros([(n - 1) * stride + 1 for n in dy.shape])
    wide[::stride, ::stride] = dy
    return convolution.correlate(x, wide)[:KH, :KW].astype(np.float32)


def dw_library(dy, x, KH, KW, stride):
    _, cache = convolution.conv2d(x[None, :, :, None], np.zeros((KH, KW, 1, 1), x.dtype), stride=stride)
    return convolution.conv_backward(dy[None, :, :, None], cache)[1][:, :, 0, 0].tolist()


def dw_columns_only(dy, x, KH, KW, stride):
    return np.einsum("ij,ijuv->uv", dy, sliding_window_view(x, (KH, KW))[: len(dy), ::stride])


def dw_last_row_left_out(dy, *case):
    dy[-1] = 0
    return dw_by_view(dy, *case)


answers(
    "ch04.conv_dw",
    right=[dw_by_taps, dw_by_view, dw_by_gaps, dw_library],
    wrong=[
        given(DW, x=np.ones_like),
        dw_columns_only,
        then(DW, np.transpose),
        then(DW, lambda dw: dw.astype(int)),
        dw_last_row_left_out,
    ],
)


# The image, one channel

DX = task("ch04.conv_dx")


def dx_by_matrix(dy, kernel, H, W, stride):
    matrix, (KH, KW) = np.zeros((*dy.shape, H, W)), kernel.shape
    for i, j in np.ndindex(dy.shape):
        matrix[i, j, i * stride : i * stride + KH, j * stride : j * stride + KW] = kernel
    return np.tensordot(dy, matrix, 2)


def dx_by_collecting(dy, kernel, H, W, stride):
    dx = np.zeros((H, W))
    for row, column, u, v in np.ndindex(H, W, *kernel.shape):
        (i, above), (j, before) = divmod(row - u, stride), divmod(column - v, stride)
        if above == before == 0 and 0 <= i < len(dy) and 0 <= j < dy.shape[1]:
            dx[row, column] += dy[i, j] * kernel[u, v]
    return dx


def dx_turned_kernel(dy, kernel, H, W, stride):
    (OH, OW), (KH, KW) = dy.shape, kernel.shape
    wide = np.zeros((H + KH - 1, W + KW - 1))
    wide[KH - 1 : KH - 1 + OH * stride : stride, KW - 1 : KW - 1 + OW * stride : stride][:OH, :OW] = dy
    return convolution.correlate(wide, kernel[::-1, ::-1])


def dx_by_taps(dy, kernel, H, W, stride):
    dx = np.zeros((H, W), np.float32)
    for u, v in np.ndindex(kernel.shape):
        dx[u::stride, v::stride][: len(dy), : dy.shape[1]] += (dy * kernel[u, v]).astype(np.float32)
    return dx


def dx_keras(dy, kernel, H, W, stride):
    convolve = lambda x: keras.ops.conv(x, kernel[:, :, None, None], strides=stride, padding="valid")  # noqa: E731
    return tape_gradients(convolve, dy[None, :, :, None], np.zeros((1, H, W, 1), dy.dtype))[0][0, :, :, 0]


def dx_forward_again(dy, kernel, H, W, stride):
    pad = [(0, size + k - 1 - n) for size, k, n in zip((H, W), kernel.shape, dy.shape)]
    return convolution.correlate(np.pad(dy, pad), kernel)


def dx_gaps_forgotten(dy, kernel, H, W, stride):
    full = convolution.convolve(dy, kernel, padding="full")
    return np.pad(full, ((0, max(0, H - len(full))), (0, max(0, W - full.shape[1]))))[:H, :W] * stride


answers(
    "ch04.conv_dx",
    right=[dx_by_matrix, dx_by_collecting, dx_turned_kernel, dx_by_taps, dx_keras],
    wrong=[
        given(DX, kernel=lambda kernel: kernel[::-1]),
        dx_forward_again,
        dx_gaps_forgotten,
        lambda dy, kernel, *sizes: dx_by_matrix(dy[::-1, ::-1], kernel[::-1, ::-1], *sizes)[::-1, ::-1],
    ],
)


# The layer, whose padding repeats the edge

LAYER = task("ch04.conv2d_backward")


def repeated(size, padding):
    """Which row of the image each row of the padded one repeats."""
    return [0] * padding + list(range(size)) + [size - 1] * padding


def edge_padded(x, padding):
    return x[:, repeated(x.shape[1], padding[0])][:, :, repeated(x.shape[2], padding[1])]


def folded(dpadded, H, W, padding):
    """The rows of the border added to the first and the last row, then the columns."""
    (PH, PW), dpadded = padding, np.array(dpadded)
    dpadded[:, PH] += dpadded[:, :PH].sum(1)
    dpadded[:, PH + H - 1] += dpadded[:, PH + H :].sum(1)
    dx = dpadded[:, PH : PH + H]
    dx[:, :, PW] += dx[:, :, :PW].sum(2)
    dx[:, :, PW + W - 1] += dx[:, :, PW + W :].sum(2)
    return dx[:, :, PW : PW + W]


def layer_loops(dy, x, kernel, stride, padding):
    (H, W), dx, dw, db = x.shape[1:3], np.zeros_like(x), np.zeros_like(kernel), np.zeros(kernel.shape[3])
    for n, i, j, f in np.ndindex(dy.shape):
        db[f] += dy[n, i, j, f]
        for u, v in np.ndindex(kernel.shape[:2]):
            row = min(max(i * stride[0] + u - padding[0], 0), H - 1)
            column = min(max(j * stride[1] + v - padding[1], 0), W - 1)
            dx[n, row, column] += dy[n, i, j, f] * kernel[u, v, :, f]
            dw[u, v, :, f] += dy[n, i, j, f] * x[n, row, column]
    return dx, dw, db


def layer_library(dy, x, kernel, stride, padding):
    bias = np.zeros(kernel.shape[3], x.dtype)
    dpadded, dw, db = convolution.conv_backward(
        dy, convolution.conv2d(edge_padded(x, padding), kernel, bias, stride=stride)[1]
    )
    return folded(dpadded, *x.shape[1:3], padding), dw, db


def products(dy, padded, kernel, stride):
    size, F = kernel.shape[:2], kernel.shape[3]
    rows, back = unfolding.im2col(padded, size, stride=stride), dy.reshape(-1, F)
    dpadded = unfolding.col2im(back @ kernel.reshape(-1, F).T, padded.shape, size, stride=stride)
    return dpadded, (rows.T @ back).reshape(kernel.shape), np.ones(len(back)) @ back


def layer_by_products(dy, x, kernel, stride, padding):
    """The padding, too, is a product: with a matrix that has a 1 for each copy."""
    down, right = (np.eye(size)[repeated(size, p)] for size, p in zip(x.shape[1:], padding))
    padded = np.einsum("ah,bw,nhwc->nabc", down, right, x)
    dpadded, dw, db = products(dy, padded, kernel, stride)
    return np.einsum("ah,bw,nabc->nhwc", down, right, dpadded), dw, db


def layer_by_taps(dy, x, kernel, stride, padding):
    (SH, SW), (OH, OW, F) = stride, dy.shape[1:]
    xp = edge_padded(x, padding).astype(np.float32)
    dxp, dw = np.zeros_like(xp), np.zeros(kernel.shape, np.float32)
    for u, v in np.ndindex(kernel.shape[:2]):
        at = np.s_[:, u : u + SH * (OH - 1) + 1 : SH, v : v + SW * (OW - 1) + 1 : SW]
        dw[u, v] = np.einsum("nijc,nijf->cf", xp[at], dy)
        dxp[at] += dy @ kernel[u, v].T
    return folded(dxp, *x.shape[1:3], padding), dw.tolist(), dy.reshape(-1, F).sum(0)


def layer_tensorflow(dy, x, kernel, stride, padding):
    def forward(x, kernel, bias):
        for axis, (size, p) in enumerate(zip(x.shape[1:3], padding), start=1):
            x = tf.gather(x, repeated(size, p), axis=axis)
        return keras.ops.conv(x, kernel, strides=stride, padding="valid") + bias

    dx, dw, db = tape_gradients(forward, dy, x, kernel, np.zeros_like(kernel[0, 0, 0]))
    return tf.convert_to_tensor(dx), dw, db  # the gradient of a gather comes as rows and their numbers


def layer_on_another_image(mode):
    """The border filled otherwise than with the edge."""

    def answer(dy, x, kernel, stride, padding):
        (PH, PW), (H, W) = padding, x.shape[1:3]
        padded = np.pad(x, ((0, 0), (PH, PH), (PW, PW), (0, 0)), mode=mode)
        dx, dw, db = products(dy, padded, kernel, stride)
        return dx[:, PH : PH + H, PW : PW + W], dw, db

    return answer


def layer_border_goes(home):
    """The border goes home in another way: `home` takes what arrived, and gives dx."""

    def answer(dy, x, kernel, stride, padding):
        dpadded, *rest = products(dy, edge_padded(x, padding), kernel, stride)
        return home(dpadded, *x.shape[1:3], *padding), *rest

    return answer


def to_the_opposite_edge(dpadded, H, W, PH, PW):
    """As if the padding had gone round."""
    dx = np.zeros((len(dpadded), H, W, dpadded.shape[3]))
    rows, columns = np.arange(-PH, H + PH) % H, np.arange(-PW, W + PW) % W
    np.add.at(dx, (slice(None), rows[:, None], columns), dpadded)
    return dx


def nearest_row_only(dpadded, H, W, PH, PW):
    near = dpadded[:, max(PH - 1, 0) : PH + H + 1, max(PW - 1, 0) : PW + W + 1]
    return folded(near, H, W, (min(PH, 1), min(PW, 1)))


def rows_only(dpadded, H, W, PH, PW):
    return folded(dpadded[:, :, PW : PW + W], H, W, (PH, 0))


def mean_of_copies(dpadded, *sizes):
    return folded(dpadded, *sizes[:2], sizes[2:]) / folded(np.ones_like(dpadded), *sizes[:2], sizes[2:])


def layer_pads_dy(dy, x, kernel, stride, padding):
    np.pad(dy, [(0, 0), *((k - 1 - p,) * 2 for k, p in zip(kernel.shape, padding)), (0, 0)])  # not below 0
    return layer_by_products(dy, x, kernel, stride, padding)


def layer_leaves_rows_off(dy, x, kernel, stride, padding):
    dx, *rest = layer_by_products(dy, x, kernel, stride, padding)
    height, width = ((n - 1) * s + k - p for n, s, k, p in zip(dy.shape[1:], stride, kernel.shape, padding))
    return dx[:, :height, :width], *rest


answers(
    "ch04.conv2d_backward",
    right=[layer_loops, layer_library, layer_by_products, layer_by_taps, layer_tensorflow],
    wrong=[
        partly(LAYER, lambda dy, x, *case: [layer_by_products(dy, x, *case)[0][:, :, : x.shape[1]]], 0),
        layer_on_another_image("wrap"),
        layer_on_another_image("symmetric"),
        layer_border_goes(to_the_opposite_edge),
        layer_border_goes(nearest_row_only),
        layer_border_goes(rows_only),
        layer_border_goes(mean_of_copies),
        partly(LAYER, lambda dy, x, kernel, *case: layer_by_products(dy[..., :1], x, kernel[..., :1], *case), 0),
        partly(LAYER, lambda dy, x, *case: layer_by_products(dy[:1], x[:1], *case), 1, 2),
        then(LAYER, lambda dx, dw, db: (dx, dw)),
        layer_pads_dy,
        layer_leaves_rows_off,
        given(LAYER, stride=lambda stride: stride if stride[0] != stride[1] else (1, 1)),
        given(LAYER, padding=lambda padding: padding[::-1]),
    ],
)


# Max pooling

POOL = task("ch04.max_pool_backward")


def pool_library(dy, x, KH, KW, stride):
    return pooling.max_pool2d_backward(dy, pooling.max_pool2d(x, (KH, KW), stride)[1])


def pool_by_looking(dy, x, KH, KW, stride):
    dx = np.zeros(x.shape)
    for n, i, j, c in np.ndindex(dy.shape):
        best = top, left = i * stride, j * stride
        for row in range(top, top + KH):
            for column in range(left, left + KW):
                if x[n, row, column, c] > x[n, *best, c]:
                    best = row, column
        dx[n, *best, c] += dy[n, i, j, c]
    return dx


def pool_by_view(dy, x, KH, KW, stride):
    windows = sliding_window_view(x, (KH, KW), axis=(1, 2))[:, ::stride, ::stride]
    row, column = np.divmod(windows.reshape(*dy.shape[:3], x.shape[3], -1).argmax(-1), KW)
    n, i, j, c = np.indices(dy.shape)
    dx = np.zeros_like(x)
    np.add.at(dx, (n, i * stride + row, j * stride + column, c), dy)
    return dx


def pool_tensorflow(dy, x, KH, KW, stride):
    pool = lambda x: tf.nn.max_pool2d(x, (KH, KW), stride, "VALID")  # noqa: E731
    return tape_gradients(pool, dy.astype(np.float32), x.astype(np.float32))[0]


def pool_halves_overlaps(dy, x, KH, KW, stride):
    _, cache = pooling.avg_pool2d(np.ones_like(x), (KH, KW), stride)
    counts = pooling.avg_pool2d_backward(np.ones(dy.shape, x.dtype), cache) * KH * KW
    return pool_library(dy, x, KH, KW, stride) / np.maximum(counts, 1)


def pool_into_dy(dy, x, KH, KW, stride):
    dy /= KH * KW
    return pool_library(dy, x, KH, KW, stride)


answers(
    "ch04.max_pool_backward",
    right=[pool_library, pool_by_looking, pool_by_view, pool_tensorflow],
    wrong=[
        given(POOL, KH=1),
        pool_halves_overlaps,
        lambda dy, x, *case: POOL.reference(dy, x, *case) * (x > 0),
        pool_into_dy,
    ],
)


# The printed formula

PRINTED = task("ch04.convolve_input_gradient")


def printed_by_products(dy, kernel):
    H, W = dy.shape[0] - kernel.shape[0] + 1, dy.shape[1] - kernel.shape[1] + 1
    dx = np.zeros((H, W))
    for i, j, m, n in np.ndindex(H, W, *dy.shape):
        if 0 <= m - i < kernel.shape[0] and 0 <= n - j < kernel.shape[1]:
            dx[i, j] += dy[m, n] * kernel[m - i, n - j]
    return dx


def printed_keras(dy, kernel):
    def convolve(x):
        padded = keras.ops.pad(x, ((0, 0), *((k - 1, k - 1) for k in kernel.shape), (0, 0)))
        return keras.ops.conv(padded, kernel[::-1, ::-1, None, None], padding="valid")

    shape = [n - k + 1 for n, k in zip(dy.shape, kernel.shape)]
    return tape_gradients(convolve, dy[None, :, :, None], np.zeros((1, *shape, 1), dy.dtype))[0][0, :, :, 0]


answers(
    "ch04.convolve_input_gradient",
    right=[
        printed_by_products,
        lambda dy, kernel: np.einsum("ijuv,uv->ij", sliding_window_view(dy, kernel.shape), kernel).tolist(),
        lambda dy, kernel: convolution.correlate(dy, kernel).astype(np.float32),
        printed_keras,
    ],
    wrong=[
        given(PRINTED, kernel=lambda kernel: kernel[::-1]),
        given(PRINTED, kernel=lambda kernel: np.resize(kernel.T, kernel.shape)),
        lambda dy, kernel: convolution.correlate(np.pad(dy, [(0, k - 1) for k in kernel.shape]), kernel),
        given(PRINTED, dy=lambda dy: dy[::-1, ::-1]),
    ],
)


# Batch normalisation with the mean and the variance of marked pixels

NORM = task("ch04.batch_norm_backward")


def norm_by_roads(
    dy, x, mask, gamma, epsilon, variance=lambda x: x.var(0), mean=lambda x, mask: x[mask].mean(0), road=1
):
    """Road by road; `road` is how often the one through the variance is taken."""
    g, m = gamma * dy, np.count_nonzero(mask)
    centred, s = x - mean(x, mask), np.sqrt(variance(x[mask]) + epsilon)
    dvariance = -0.5 * (g * centred).sum((0, 1, 2)) / s**3
    dmean = -g.sum((0, 1, 2)) / s  # the centred numbers that make the variance add up to 0
    dx = g / s
    dx[mask] += (road * dvariance * 2 * centred[mask] + dmean) / m
    return dx, (dy * centred / s).sum((0, 1, 2)), dy.sum((0, 1, 2))


def norm_library(dy, x, mask, gamma, epsilon):
    """The chapter's layer for the marked pixels, and what comes to them from the others."""
    _, cache = normalisation.batch_norm(x[mask], gamma, np.zeros_like(gamma), epsilon)
    mean, s = x[mask].mean(0), np.sqrt(x[mask].var(0) + epsilon)
    others, hat, dx = gamma * dy[~mask], (x - mean) / s, gamma * dy / s
    to_mean, to_variance = others.sum(0), (others * hat[~mask]).sum(0)
    dx[mask] = normalisation.batch_norm_backward(dy[mask], cache)[0]
    dx[mask] -= (to_mean + hat[mask] * to_variance) / mask.sum() / s
    return dx, (dy * hat).sum((0, 1, 2)), dy.sum((0, 1, 2))


def norm_channel_by_channel(dy, x, mask, gamma, epsilon):
    dx, dgamma, dbeta = np.zeros(x.shape), [], []
    made = mask.ravel()
    for c in range(len(gamma)):
        a, d = x[..., c].ravel().astype(float), dy[..., c].ravel()
        s = np.sqrt(a[made].var() + epsilon)
        hat = (a - a[made].mean()) / s
        slopes = (np.eye(len(a)) - made[:, None] * (1 + np.outer(hat, hat)) / made.sum()) / s
        dx[..., c] = (slopes @ d * gamma[c]).reshape(mask.shape)
        dgamma.append(float(d @ hat))
        dbeta.append(float(d.sum()))
    return dx, dgamma, dbeta


def norm_tensorflow(dy, x, mask, gamma, epsilon):
    def forward(x, gamma, beta):
        mean, variance = keras.ops.moments(tf.boolean_mask(x, mask), 0)
        return gamma * (x - mean) / keras.ops.sqrt(variance + epsilon) + beta

    return tape_gradients(forward, dy, x, gamma, np.zeros_like(gamma))


def norm_all_channels(dy, x, mask, gamma, epsilon):
    s, real = np.sqrt(x[mask].var() + epsilon), mask[..., None]
    hat, g = (x - x[mask].mean()) / s, gamma * dy
    dx = (g - real * (g.sum() + hat * (g * hat).sum()) / x[mask].size) / s
    return dx, (dy * hat).sum((0, 1, 2)), dy.sum((0, 1, 2))


def norm_by_one_less(dy, x, mask, gamma, epsilon):
    """The variance divides by one less than the count, and so does the road through it."""
    m = np.count_nonzero(mask)
    variance = lambda x: ((x - x.mean(0)) ** 2).sum(0) / max(m - 1, 1)  # noqa: E731
    return norm_by_roads(dy, x, mask, gamma, epsilon, variance=variance, road=m / max(m - 1, 1))


def norm_into_dy(dy, x, mask, *rest):
    result = NORM.reference(dy, x, mask, *rest)
    dy[~mask] = 0
    return result


def norm_of_a_filled_sheet(dy, x, mask, gamma, epsilon):
    """The pixels that are not marked are filled with the mean of the others, and all counted."""
    filled = np.where(mask[..., None], x, x[mask].mean(0))
    return NORM.reference(dy, filled, np.ones_like(mask), gamma, epsilon)


answers(
    "ch04.batch_norm_backward",
    right=[
        norm_by_roads,
        norm_library,
        norm_channel_by_channel,
        norm_tensorflow,
        lambda dy, x, mask, *rest: norm_by_roads(np.float32(dy), np.float32(x), mask, *map(np.float32, rest)),
    ],
    wrong=[
        given(NORM, epsilon=lambda epsilon: 2 * epsilon),
        lambda dy, *case: tuple(part / len(dy) for part in NORM.reference(dy, *case)),
        lambda *case: norm_by_roads(*case, road=2),
        norm_by_one_less,
        norm_all_channels,
        lambda *case: norm_by_roads(*case, variance=lambda x: (x**2).mean(0) - x.mean(0) ** 2),
        lambda *case: norm_by_roads(*case, mean=lambda x, mask: x.sum((0, 1, 2)) / mask.sum()),
        lambda *case: norm_by_roads(*case, mean=lambda x, mask: x.mean((0, 1, 2))),
        given(NORM, mask=np.logical_not),
        given(NORM, mask=lambda mask: mask | ~mask.any(axis=(1, 2), keepdims=True)),
        norm_of_a_filled_sheet,
        norm_into_dy,
    ],
)
