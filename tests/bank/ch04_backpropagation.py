"""Right and wrong answers to the tasks of chapter 4."""

import keras
import numpy as np
import tensorflow as tf
from numpy.lib.stride_tricks import sliding_window_view

from bank import answers
from cnncourse import activations, convolution, normalisation, pooling, unfolding


def tape_gradients(function, dy, *arrays):
    """The gradients that TensorFlow finds."""
    variables = [tf.Variable(array) for array in arrays]
    with tf.GradientTape() as tape:
        y = function(*variables)
    return tuple(tape.gradient(y, variables, output_gradients=tf.constant(dy)))


# A dense layer and its ReLU


def dense_loops(dy, x, w, b):
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for n in range(len(x)):
        for f in range(len(b)):
            z = b[f] + sum(x[n, c] * w[c, f] for c in range(x.shape[1]))
            if z > 0:
                db[f] += dy[n, f]
                dx[n] += dy[n, f] * w[:, f]
                dw[:, f] += dy[n, f] * x[n]
    return dx, dw, db


def dense_einsum(dy, x, w, b):
    dz = np.where(x @ w + b <= 0, 0, dy)
    return np.einsum("nf,cf->nc", dz, w), np.einsum("nc,nf->cf", x, dz), np.einsum("nf->f", dz)


def dense_keras(dy, x, w, b):
    return tape_gradients(lambda x, w, b: keras.ops.relu(keras.ops.matmul(x, w) + b), dy, x, w, b)


def dense_library(dy, x, w, b):
    _, gate = activations.relu(x @ w + b)
    dz = activations.relu_backward(dy, gate)
    return (dz @ w.T).tolist(), (x.T @ dz).tolist(), list(dz.sum(0))


def dense_half_open(dy, x, w, b):
    z = x @ w + b
    dz = dy * np.where(z == 0, 0.5, z > 0)
    return dz @ w.T, x.T @ dz, dz.sum(0)


def dense_in_place(dy, x, w, b):
    dy *= x @ w + b > 0
    return dy @ w.T, x.T @ dy, dy.sum(0)


def dense_other_order(dy, x, w, b):
    dx, dw, db = dense_einsum(dy, x, w, b)
    return dw, dx, db


def dense_no_transpose(dy, x, w, b):
    dz = dy * (x @ w + b > 0)
    return dz @ w, x @ dz, dz.sum(0)


answers(
    "ch04.dense_relu_backward",
    right=[dense_loops, dense_einsum, dense_keras, dense_library],
    wrong=[
        dense_half_open,
        dense_in_place,
        dense_other_order,
        dense_no_transpose,
        lambda dy, x, w, b: (*dense_einsum(dy, x, w, b)[:2], (dy * (x @ w + b > 0)).sum()),
    ],
)


# Slopes by nudging


def slopes_in_place(f, x, h):
    x = np.array(x, dtype=np.float64)
    flat, slopes = x.reshape(-1), []
    for k in range(flat.size):
        old = flat[k]
        values = []
        for nudged in (old + h, old - h):
            flat[k] = nudged
            values.append(f(x))
        flat[k] = old
        slopes.append((values[0] - values[1]) / (2 * h))
    return np.reshape(slopes, x.shape)


def slopes_by_unit_vectors(f, x, h):
    units = np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + h * e) / h - f(x - h * e) / h) / 2 for e in units]).reshape(x.shape)


def slopes_both_sides(f, x, h):
    x = x.astype(float)
    here, slopes = f(x), np.empty(x.shape)
    for place, value in np.ndenumerate(x):
        nudged = x.copy()
        nudged[place] = value + h
        right = (f(nudged) - here) / h
        nudged[place] = value - h
        left = (here - f(nudged)) / h
        slopes[place] = (left + right) / 2
    return slopes.tolist()


def slopes_relative(f, x, h):
    units = np.eye(x.size).reshape(x.size, *x.shape) * np.abs(x)
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in units]).reshape(x.shape)


answers(
    "ch04.numerical_gradient",
    right=[slopes_in_place, slopes_by_unit_vectors, slopes_both_sides],
    wrong=[
        lambda f, x, h: slopes_by_unit_vectors(f, x, h / 2),
        lambda f, x, h: slopes_by_unit_vectors(f, x, 1e-5),
        lambda f, x, h: slopes_by_unit_vectors(f, x, h).ravel(),
        slopes_relative,
        lambda f, x, h: slopes_by_unit_vectors(f, x, h).round(2),
    ],
)


# The kernel, one channel


def dw_by_taps(dy, x, KH, KW, stride):
    OH, OW = dy.shape
    dw = np.zeros((KH, KW))
    for u in range(KH):
        for v in range(KW):
            dw[u, v] = np.vdot(x[u::stride, v::stride][:OH, :OW], dy)
    return dw


def dw_by_view(dy, x, KH, KW, stride):
    return np.einsum("ij,ijuv->uv", dy, sliding_window_view(x, (KH, KW))[::stride, ::stride])


def dw_by_gaps(dy, x, KH, KW, stride):
    OH, OW = dy.shape
    wide = np.zeros(((OH - 1) * stride + 1, (OW - 1) * stride + 1))
    wide[::stride, ::stride] = dy
    return convolution.correlate(x, wide)[:KH, :KW].astype(np.float32)


def dw_library(dy, x, KH, KW, stride):
    _, cache = convolution.conv2d(x[None, :, :, None], np.zeros((KH, KW, 1, 1), x.dtype), stride=stride)
    return convolution.conv_backward(dy[None, :, :, None], cache)[1][:, :, 0, 0].tolist()


def dw_columns_only(dy, x, KH, KW, stride):
    OH, OW = dy.shape
    return np.einsum("ij,ijuv->uv", dy, sliding_window_view(x, (KH, KW))[:OH, ::stride])


def dw_last_row_left_out(dy, x, KH, KW, stride):
    dy[-1] = 0
    return dw_by_view(dy, x, KH, KW, stride)


answers(
    "ch04.conv_dw",
    right=[dw_by_taps, dw_by_view, dw_by_gaps, dw_library],
    wrong=[
        lambda dy, x, KH, KW, stride: dw_by_view(dy, np.ones_like(x), KH, KW, stride),
        dw_columns_only,
        lambda dy, x, KH, KW, stride: dw_by_view(dy, x, KH, KW, stride).T,
        lambda dy, x, KH, KW, stride: dw_by_view(dy, x, KH, KW, stride).astype(int),
        dw_last_row_left_out,
    ],
)


# The image, one channel


def dx_by_matrix(dy, kernel, H, W, stride):
    (OH, OW), (KH, KW) = dy.shape, kernel.shape
    matrix = np.zeros((OH, OW, H, W))
    for i in range(OH):
        for j in range(OW):
            matrix[i, j, i * stride : i * stride + KH, j * stride : j * stride + KW] = kernel
    return np.tensordot(dy, matrix, 2)


def dx_by_collecting(dy, kernel, H, W, stride):
    dx = np.zeros((H, W))
    for row in range(H):
        for column in range(W):
            for u in range(kernel.shape[0]):
                for v in range(kernel.shape[1]):
                    i, j = row - u, column - v
                    on_grid = i % stride == 0 and j % stride == 0
                    if on_grid and 0 <= i // stride < len(dy) and 0 <= j // stride < dy.shape[1]:
                        dx[row, column] += dy[i // stride, j // stride] * kernel[u, v]
    return dx


def dx_turned_kernel(dy, kernel, H, W, stride):
    (OH, OW), (KH, KW) = dy.shape, kernel.shape
    wide = np.zeros((H + KH - 1, W + KW - 1))
    wide[KH - 1 : KH - 1 + OH * stride : stride, KW - 1 : KW - 1 + OW * stride : stride][:OH, :OW] = dy
    return convolution.correlate(wide, kernel[::-1, ::-1])


def dx_by_taps(dy, kernel, H, W, stride):
    OH, OW = dy.shape
    dx = np.zeros((H, W), np.float32)
    for u, v in np.ndindex(kernel.shape):
        dx[u::stride, v::stride][:OH, :OW] += (dy * kernel[u, v]).astype(np.float32)
    return dx


def dx_keras(dy, kernel, H, W, stride):
    convolve = lambda x: keras.ops.conv(x, kernel[:, :, None, None], strides=stride, padding="valid")  # noqa: E731
    dx = tape_gradients(convolve, dy[None, :, :, None], np.zeros((1, H, W, 1), dy.dtype))
    return dx[0][0, :, :, 0]


def dx_forward_again(dy, kernel, H, W, stride):
    pad = [(0, H + kernel.shape[0] - 1 - len(dy)), (0, W + kernel.shape[1] - 1 - dy.shape[1])]
    return convolution.correlate(np.pad(dy, pad), kernel)


def dx_gaps_forgotten(dy, kernel, H, W, stride):
    full = convolution.convolve(dy, kernel, padding="full")
    return np.pad(full, ((0, max(0, H - len(full))), (0, max(0, W - full.shape[1]))))[:H, :W] * stride


def dx_at_the_far_corner(dy, kernel, H, W, stride):
    return dx_by_matrix(dy[::-1, ::-1], kernel[::-1, ::-1], H, W, stride)[::-1, ::-1]


answers(
    "ch04.conv_dx",
    right=[dx_by_matrix, dx_by_collecting, dx_turned_kernel, dx_by_taps, dx_keras],
    wrong=[
        lambda dy, kernel, H, W, stride: dx_by_matrix(dy, kernel[::-1], H, W, stride),
        dx_forward_again,
        dx_gaps_forgotten,
        dx_at_the_far_corner,
    ],
)


# The layer


def layer_loops(dy, x, kernel, stride, padding):
    (_, H, W, _), (KH, KW, _, F) = x.shape, kernel.shape
    dx, dw, db = np.zeros_like(x), np.zeros_like(kernel), np.zeros(F)
    for n, i, j, f in np.ndindex(dy.shape):
        db[f] += dy[n, i, j, f]
        for u, v in np.ndindex(KH, KW):
            row, column = i * stride[0] + u - padding[0], j * stride[1] + v - padding[1]
            if 0 <= row < H and 0 <= column < W:
                dx[n, row, column] += dy[n, i, j, f] * kernel[u, v, :, f]
                dw[u, v, :, f] += dy[n, i, j, f] * x[n, row, column]
    return dx, dw, db


def layer_library(dy, x, kernel, stride, padding):
    pads = tuple((p, p) for p in padding)
    _, cache = convolution.conv2d(x, kernel, np.zeros(kernel.shape[3], x.dtype), stride=stride, padding=pads)
    return convolution.conv_backward(dy, cache)


def layer_by_products(dy, x, kernel, stride, padding):
    pads = tuple((p, p) for p in padding)
    KH, KW, C, F = kernel.shape
    rows, back = unfolding.im2col(x, (KH, KW), stride=stride, padding=pads), dy.reshape(-1, F)
    dx = unfolding.col2im(back @ kernel.reshape(-1, F).T, x.shape, (KH, KW), stride=stride, padding=pads)
    return dx, (rows.T @ back).reshape(kernel.shape), np.ones(len(back)) @ back


def layer_by_taps(dy, x, kernel, stride, padding):
    (SH, SW), (PH, PW) = stride, padding
    (N, H, W, C), (N, OH, OW, F) = x.shape, dy.shape
    xp = np.zeros((N, H + 2 * PH, W + 2 * PW, C), np.float32)
    xp[:, PH : PH + H, PW : PW + W] = x
    dxp, dw = np.zeros_like(xp), np.zeros(kernel.shape, np.float32)
    for u, v in np.ndindex(kernel.shape[:2]):
        at = slice(None), slice(u, u + SH * (OH - 1) + 1, SH), slice(v, v + SW * (OW - 1) + 1, SW)
        dw[u, v] = np.einsum("nijc,nijf->cf", xp[at], dy)
        dxp[at] += dy @ kernel[u, v].T
    return dxp[:, PH : H + PH, PW : W + PW], dw.tolist(), dy.reshape(-1, F).sum(0)


def layer_height_for_both(dy, x, kernel, stride, padding):
    H = x.shape[1]
    dx, dw, db = layer_loops(dy, x, kernel, stride, padding)
    return dx[:, :, :H], dw, db


def layer_wraps(dy, x, kernel, stride, padding):
    (_, H, W, _), (KH, KW) = x.shape, kernel.shape[:2]
    dx, dw = np.zeros_like(x), np.zeros_like(kernel)
    for n, i, j, f in np.ndindex(dy.shape):
        for u, v in np.ndindex(KH, KW):
            row, column = (i * stride[0] + u - padding[0]) % H, (j * stride[1] + v - padding[1]) % W
            dx[n, row, column] += dy[n, i, j, f] * kernel[u, v, :, f]
            dw[u, v, :, f] += dy[n, i, j, f] * x[n, row, column]
    return dx, dw, dy.sum((0, 1, 2))


def layer_first_filter(dy, x, kernel, stride, padding):
    dx, _, _ = layer_loops(dy[..., :1], x, kernel[..., :1], stride, padding)
    return dx, *layer_loops(dy, x, kernel, stride, padding)[1:]


def layer_first_image(dy, x, kernel, stride, padding):
    _, dw, db = layer_loops(dy[:1], x[:1], kernel, stride, padding)
    return layer_loops(dy, x, kernel, stride, padding)[0], dw, db


def layer_edge_padding(dy, x, kernel, stride, padding):
    (PH, PW), (H, W) = padding, x.shape[1:3]
    xp = np.pad(x, ((0, 0), (PH, PH), (PW, PW), (0, 0)), mode="edge")
    dxp, dw, db = layer_loops(dy, xp, kernel, stride, (0, 0))
    return dxp[:, PH : PH + H, PW : PW + W], dw, db


answers(
    "ch04.conv2d_backward",
    right=[layer_loops, layer_library, layer_by_products, layer_by_taps],
    wrong=[
        layer_height_for_both,
        layer_wraps,
        layer_first_filter,
        layer_first_image,
        lambda dy, x, kernel, stride, padding: layer_loops(dy, x, kernel, stride, padding)[:2],
        layer_edge_padding,
    ],
)


# Max pooling


def pool_library(dy, x, KH, KW, stride):
    _, cache = pooling.max_pool2d(x, (KH, KW), stride)
    return pooling.max_pool2d_backward(dy, cache)


def pool_by_looking(dy, x, KH, KW, stride):
    dx = np.zeros(x.shape)
    N, OH, OW, C = dy.shape
    for n in range(N):
        for c in range(C):
            for i in range(OH):
                for j in range(OW):
                    best = i * stride, j * stride
                    for row in range(i * stride, i * stride + KH):
                        for column in range(j * stride, j * stride + KW):
                            if x[n, row, column, c] > x[n, best[0], best[1], c]:
                                best = row, column
                    dx[n, best[0], best[1], c] += dy[n, i, j, c]
    return dx


def pool_by_view(dy, x, KH, KW, stride):
    N, OH, OW, C = dy.shape
    windows = sliding_window_view(x, (KH, KW), axis=(1, 2))[:, ::stride, ::stride].reshape(N, OH, OW, C, -1)
    row, column = np.divmod(windows.argmax(-1), KW)
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
    return pool_by_looking(dy, x, KH, KW, stride) / np.maximum(counts, 1)


def pool_into_dy(dy, x, KH, KW, stride):
    dy /= KH * KW
    return pool_by_looking(dy, x, KH, KW, stride)


answers(
    "ch04.max_pool_backward",
    right=[pool_library, pool_by_looking, pool_by_view, pool_tensorflow],
    wrong=[
        lambda dy, x, KH, KW, stride: pool_by_looking(dy, x, 1, KW, stride),
        pool_halves_overlaps,
        lambda dy, x, KH, KW, stride: pool_by_looking(dy, x, KH, KW, stride) * (x > 0),
        pool_into_dy,
    ],
)


# The printed formula


def printed_by_products(dy, kernel):
    H, W = dy.shape[0] - kernel.shape[0] + 1, dy.shape[1] - kernel.shape[1] + 1
    dx = np.zeros((H, W))
    for i, j in np.ndindex(H, W):
        for m, n in np.ndindex(dy.shape):
            if 0 <= m - i < kernel.shape[0] and 0 <= n - j < kernel.shape[1]:
                dx[i, j] += dy[m, n] * kernel[m - i, n - j]
    return dx


def printed_keras(dy, kernel):
    convolve = lambda x: keras.ops.conv(  # noqa: E731
        keras.ops.pad(x, ((0, 0), *((k - 1, k - 1) for k in kernel.shape), (0, 0))),
        kernel[::-1, ::-1, None, None],
        padding="valid",
    )
    shape = (1, dy.shape[0] - kernel.shape[0] + 1, dy.shape[1] - kernel.shape[1] + 1, 1)
    return tape_gradients(convolve, dy[None, :, :, None], np.zeros(shape, dy.dtype))[0][0, :, :, 0]


def printed_same_size(dy, kernel):
    KH, KW = kernel.shape
    return convolution.correlate(np.pad(dy, ((0, KH - 1), (0, KW - 1))), kernel)


answers(
    "ch04.convolve_input_gradient",
    right=[
        printed_by_products,
        lambda dy, kernel: np.einsum("ijuv,uv->ij", sliding_window_view(dy, kernel.shape), kernel).tolist(),
        lambda dy, kernel: convolution.correlate(dy, kernel).astype(np.float32),
        printed_keras,
    ],
    wrong=[
        lambda dy, kernel: convolution.correlate(dy, kernel[::-1]),
        lambda dy, kernel: convolution.correlate(dy, np.resize(kernel.T, kernel.shape)),
        printed_same_size,
        lambda dy, kernel: convolution.correlate(dy[::-1, ::-1], kernel),
    ],
)


# Batch normalisation


def norm_by_roads(dy, x, gamma, epsilon):
    m = dy[..., 0].size
    mean, s = x.mean((0, 1, 2)), np.sqrt(x.var((0, 1, 2)) + epsilon)
    g = gamma * dy
    dvariance = -0.5 * (g * (x - mean)).sum((0, 1, 2)) / s**3
    dmean = -g.sum((0, 1, 2)) / s - 2 * dvariance * (x - mean).mean((0, 1, 2))
    dx = g / s + dvariance * 2 * (x - mean) / m + dmean / m
    return dx, (dy * (x - mean) / s).sum((0, 1, 2)), dy.sum((0, 1, 2))


def norm_library(dy, x, gamma, epsilon):
    _, cache = normalisation.batch_norm(x, gamma, np.zeros_like(gamma), epsilon)
    return normalisation.batch_norm_backward(dy, cache)


def norm_channel_by_channel(dy, x, gamma, epsilon):
    dx, dgamma, dbeta = np.zeros(x.shape), [], []
    for c in range(len(gamma)):
        a, d = x[..., c].ravel(), dy[..., c].ravel()
        hat = (a - a.mean()) / np.sqrt(a.var() + epsilon)
        slopes = (np.eye(len(a)) - 1 / len(a) - np.outer(hat, hat) / len(a)) * gamma[c]
        dx[..., c] = (slopes @ d / np.sqrt(a.var() + epsilon)).reshape(x.shape[:3])
        dgamma.append(float(d @ hat))
        dbeta.append(float(d.sum()))
    return dx, dgamma, dbeta


def norm_tensorflow(dy, x, gamma, epsilon):
    def forward(x, gamma, beta):
        mean, variance = keras.ops.moments(x, (0, 1, 2), keepdims=True)
        return gamma * (x - mean) / keras.ops.sqrt(variance + epsilon) + beta

    return tape_gradients(forward, dy, x, gamma, np.zeros_like(gamma))


def norm_mean_of_the_batch(dy, x, gamma, epsilon):
    dx, dgamma, dbeta = norm_by_roads(dy, x, gamma, epsilon)
    return dx / len(x), dgamma / len(x), dbeta / len(x)


def norm_double_variance(dy, x, gamma, epsilon):
    s, hat = np.sqrt(x.var((0, 1, 2)) + epsilon), (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + epsilon)
    g = gamma * dy
    dx = (g - g.mean((0, 1, 2)) - 2 * hat * (g * hat).mean((0, 1, 2))) / s
    return dx, (dy * hat).sum((0, 1, 2)), dy.sum((0, 1, 2))


def norm_all_channels(dy, x, gamma, epsilon):
    s = np.sqrt(x.var() + epsilon)
    hat, g = (x - x.mean()) / s, gamma * dy
    return (g - g.mean() - hat * (g * hat).mean()) / s, (dy * hat).sum((0, 1, 2)), dy.sum((0, 1, 2))


answers(
    "ch04.batch_norm_backward",
    right=[norm_by_roads, norm_library, norm_channel_by_channel, norm_tensorflow],
    wrong=[
        lambda dy, x, gamma, epsilon: norm_by_roads(dy, x, gamma, 2 * epsilon),
        norm_mean_of_the_batch,
        norm_double_variance,
        norm_all_channels,
    ],
)
