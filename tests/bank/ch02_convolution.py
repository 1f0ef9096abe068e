"""Right and wrong answers to the tasks of chapter 2."""

import keras
import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from bank import answers, as_it_lies
from cnncourse import convolution, shapes, unfolding
from cnncourse.checks import task
from cnncourse.checks.mistakes import given
from cnncourse.checks.task import returns

# Output sizes


def size_by_counting(size, kernel, stride, padding, dilation):
    reach = dilation * (kernel - 1)
    return len([start for start in range(0, size + 2 * padding, stride) if start + reach < size + 2 * padding])


def size_by_steps(size, kernel, stride, padding, dilation):
    last, positions = size + 2 * padding - (kernel + (kernel - 1) * (dilation - 1)), 0
    while last >= 0:
        last, positions = last - stride, positions + 1
    return positions


def size_by_numpy(size, kernel, stride, padding, dilation):
    return np.int64(np.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1)


def size_by_library(size, kernel, stride, padding, dilation):
    return shapes.conv_output_size(size, kernel, stride, padding, dilation)


def size_dilated_plus_one(size, kernel, stride, padding, dilation):
    return (size + 2 * padding - (dilation + 1) * (kernel - 1) - 1) // stride + 1


answers(
    "ch02.output_size",
    right=[size_by_counting, size_by_steps, size_by_numpy, size_by_library],
    wrong=[lambda size, kernel, stride, padding, dilation: size, size_dilated_plus_one],
)


# Padding


def pad_by_hand(x, padding):
    H, W = x.shape
    out = np.zeros((H + 2 * padding, W + 2 * padding), x.dtype)
    out[padding : padding + H, padding : padding + W] = x
    return out


def pad_by_stacking(x, padding):
    side = np.zeros((len(x), padding))
    wide = np.hstack([side, x, side])
    lid = np.zeros((padding, wide.shape[1]))
    return np.vstack([lid, wide, lid])


def pad_lists(x, padding):
    rows = [[0.0] * padding + [float(v) for v in row] + [0.0] * padding for row in x]
    empty = [[0.0] * (x.shape[1] + 2 * padding) for _ in range(padding)]
    return empty + rows + empty


def pad_in_place(x, padding):
    x *= 1.0
    out = np.pad(x, padding)
    x[:] = 0
    return out


def pad_square(x, padding):
    out = np.zeros((len(x) + 2 * padding,) * 2)
    out[padding : padding + len(x), padding : padding + x.shape[1]] = x
    return out


answers(
    "ch02.pad",
    right=[pad_by_hand, pad_by_stacking, pad_lists],
    wrong=[pad_in_place, pad_square, given(task("ch02.pad"), x=as_it_lies)],
)


# One channel


def window_by_loops(x, kernel, row, column, stride):
    total = 0.0
    for u in range(kernel.shape[0]):
        for v in range(kernel.shape[1]):
            total += x[row * stride + u, column * stride + v] * kernel[u, v]
    return total


def window_by_einsum(x, kernel, row, column, stride):
    seen = x[stride * row :, stride * column :][: kernel.shape[0], : kernel.shape[1]]
    return np.einsum("uv,uv->", seen, kernel)


def window_by_view(x, kernel, row, column, stride):
    return np.vdot(sliding_window_view(x, kernel.shape)[::stride, ::stride][row, column], kernel)


def window_matrix_product(x, kernel, row, column, stride):
    KH, KW = kernel.shape
    seen = x[row * stride : row * stride + KH, column * stride : column * stride + KW]
    return np.sum(seen.T @ kernel)


def window_centred(x, kernel, row, column, stride):
    KH, KW = kernel.shape
    return window_by_loops(np.pad(x, ((KH // 2, KH), (KW // 2, KW))), kernel, row, column, stride)


def window_not_summed(x, kernel, row, column, stride):
    KH, KW = kernel.shape
    return x[row * stride : row * stride + KH, column * stride : column * stride + KW] * kernel


answers(
    "ch02.window_sum",
    right=[
        window_by_loops,
        window_by_einsum,
        window_by_view,
        lambda x, kernel, row, column, stride: np.float32(window_by_loops(x, kernel, row, column, stride)),
    ],
    wrong=[
        window_matrix_product,
        window_centred,
        window_not_summed,
        given(task("ch02.window_sum"), x=as_it_lies),
        lambda x, kernel, row, column, stride: window_by_loops(x, np.ones_like(kernel), row, column, stride),
    ],
)


def correlate_by_view(x, kernel, stride):
    return np.einsum("ijuv,uv->ij", sliding_window_view(x, kernel.shape)[::stride, ::stride], kernel)


def correlate_by_shifts(x, kernel, stride):
    (H, W), (KH, KW) = x.shape, kernel.shape
    out = sum(kernel[u, v] * x[u : H - KH + u + 1, v : W - KW + v + 1] for u in range(KH) for v in range(KW))
    return out[::stride, ::stride]


def correlate_by_fft(x, kernel, stride):
    (H, W), (KH, KW) = x.shape, kernel.shape
    size = H + KH, W + KW
    full = np.fft.irfft2(np.fft.rfft2(x, size) * np.fft.rfft2(kernel[::-1, ::-1], size), size)
    return full[KH - 1 : H, KW - 1 : W][::stride, ::stride]


def correlate_by_keras(x, kernel, stride):
    return keras.ops.conv(x[None, :, :, None], kernel[:, :, None, None], strides=stride, padding="valid")[0, :, :, 0]


def correlate_lists(x, kernel, stride):
    (H, W), (KH, KW) = x.shape, kernel.shape
    rows, columns = range(0, H - KH + 1, stride), range(0, W - KW + 1, stride)
    return [[float((x[i : i + KH, j : j + KW] * kernel).sum()) for j in columns] for i in rows]


def correlate_square(x, kernel, stride):
    K = kernel.shape[0]
    out = correlate_by_view(x[:, : x.shape[0]], kernel[:, :K], stride)
    return out


answers(
    "ch02.correlate",
    right=[correlate_by_view, correlate_by_shifts, correlate_by_fft, correlate_by_keras, correlate_lists],
    wrong=[
        correlate_square,
        lambda x, kernel, stride: correlate_by_view(x, kernel, 1)[::stride],
        given(task("ch02.correlate"), x=as_it_lies),
    ],
)


def convolve_by_view(x, kernel):
    return np.einsum("ijuv,uv->ij", sliding_window_view(x, kernel.shape), np.flip(kernel))


def convolve_by_indices(x, kernel):
    (H, W), (KH, KW) = x.shape, kernel.shape
    y = np.zeros((H - KH + 1, W - KW + 1))
    for i in range(H - KH + 1):
        for j in range(W - KW + 1):
            for u in range(KH):
                for v in range(KW):
                    y[i, j] += kernel[u, v] * x[i + KH - 1 - u, j + KW - 1 - v]
    return y


def convolve_by_fft(x, kernel):
    (H, W), (KH, KW) = x.shape, kernel.shape
    size = H + KH, W + KW
    return np.fft.irfft2(np.fft.rfft2(x, size) * np.fft.rfft2(kernel, size), size)[KH - 1 : H, KW - 1 : W]


def convolve_turning_in_place(x, kernel):
    kernel[:] = kernel[::-1, ::-1].copy()
    return correlate_by_view(x, kernel, 1)


answers(
    "ch02.convolve",
    right=[
        convolve_by_view,
        convolve_by_indices,
        convolve_by_fft,
    ],
    wrong=[convolve_turning_in_place, given(task("ch02.convolve"), x=as_it_lies)],
)


# The layer


def conv2d_loops(x, kernel, bias, stride, padding, dilation):
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    N, H, W, C = x.shape
    KH, KW, C, F = kernel.shape
    OH = (H - dilation * (KH - 1) - 1) // stride + 1
    OW = (W - dilation * (KW - 1) - 1) // stride + 1
    y = np.empty((N, OH, OW, F))
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                top, left = i * stride, j * stride
                seen = x[n, top : top + dilation * KH : dilation, left : left + dilation * KW : dilation]
                for f in range(F):
                    y[n, i, j, f] = np.sum(seen[:KH, :KW] * kernel[..., f]) + bias[f]
    return y


def conv2d_einsum(x, kernel, bias, stride, padding, dilation):
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    KH, KW = kernel.shape[:2]
    reach = dilation * (KH - 1) + 1, dilation * (KW - 1) + 1
    windows = sliding_window_view(x, reach, axis=(1, 2))[:, ::stride, ::stride, :, ::dilation, ::dilation]
    return np.einsum("nijcuv,uvcf->nijf", windows, kernel) + bias


def conv2d_im2col(x, kernel, bias, stride, padding, dilation):
    KH, KW, C, F = kernel.shape
    rows = unfolding.im2col(x, (KH, KW), stride=stride, padding=padding, dilation=dilation)
    OH = shapes.conv_output_size(x.shape[1], KH, stride, padding, dilation)
    return (rows @ kernel.reshape(-1, F) + bias).reshape(len(x), OH, -1, F)


def conv2d_keras(x, kernel, bias, stride, padding, dilation):
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    if stride == 1:
        return keras.ops.conv(x, kernel, padding="valid", dilation_rate=dilation) + bias
    full = keras.ops.conv(x, kernel, padding="valid", dilation_rate=dilation) + bias
    return full[:, ::stride, ::stride]


def conv2d_library(x, kernel, bias, stride, padding, dilation):
    y, _ = convolution.conv2d(x, kernel, bias.astype(x.dtype), stride=stride, padding=padding, dilation=dilation)
    return y


def conv2d_pads_one_side(x, kernel, bias, stride, padding, dilation):
    x = np.pad(x, [(0, 0), (0, 2 * padding), (0, 2 * padding), (0, 0)])
    return conv2d_loops(x, kernel, bias, stride, 0, dilation)


def conv2d_edge(x, kernel, bias, stride, padding, dilation):
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)], mode="edge")
    return conv2d_loops(x, kernel, bias, stride, 0, dilation)


def conv2d_reflect(x, kernel, bias, stride, padding, dilation):
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)], mode="symmetric")
    return conv2d_loops(x, kernel, bias, stride, 0, dilation)


def conv2d_height_for_both(x, kernel, bias, stride, padding, dilation):
    y = conv2d_loops(x, kernel, bias, stride, padding, dilation)
    return y[:, :, : y.shape[1]]


answers(
    "ch02.conv2d",
    right=[conv2d_loops, conv2d_einsum, conv2d_im2col, conv2d_keras, conv2d_library],
    wrong=[
        conv2d_pads_one_side,
        conv2d_edge,
        conv2d_reflect,
        lambda x, kernel, bias, *knobs: conv2d_loops(x, kernel, -bias, *knobs),
        lambda x, kernel, bias, *knobs: np.maximum(conv2d_loops(x, kernel, bias, *knobs), 0),
        conv2d_height_for_both,
        given(task("ch02.conv2d"), x=as_it_lies),
        given(task("ch02.conv2d"), kernel=as_it_lies),
    ],
)


# Windows as rows


def im2col_by_view(x, KH, KW, stride):
    windows = sliding_window_view(x, (KH, KW), axis=(0, 1))[::stride, ::stride]  # (OH, OW, C, KH, KW)
    return windows.transpose(0, 1, 3, 4, 2).reshape(-1, KH * KW * x.shape[2])


def im2col_by_strides(x, KH, KW, stride):
    (H, W, C), (a, b, c) = x.shape, x.strides
    shape = (H - KH) // stride + 1, (W - KW) // stride + 1, KH, KW, C
    return as_strided(x, shape, (a * stride, b * stride, a, b, c)).reshape(-1, KH * KW * C)


def im2col_lists(x, KH, KW, stride):
    rows = []
    for i in range(0, x.shape[0] - KH + 1, stride):
        for j in range(0, x.shape[1] - KW + 1, stride):
            rows.append([float(v) for v in x[i : i + KH, j : j + KW].flatten()])
    return rows


def im2col_four_axes(x, KH, KW, stride):
    rows = im2col_by_view(x, KH, KW, stride)
    return rows.reshape((x.shape[0] - KH) // stride + 1, -1, rows.shape[1])


answers(
    "ch02.im2col",
    right=[im2col_by_view, im2col_by_strides, im2col_lists],
    wrong=[
        im2col_four_axes,
        given(task("ch02.im2col"), x=as_it_lies),
        lambda x, KH, KW, stride: im2col_by_view(x, KH, max(KW, 2), stride),
    ],
)


# Transposed


def transposed_by_matrix(x, kernel, stride):
    (H, W), (KH, KW) = x.shape, kernel.shape
    OH, OW = (H - 1) * stride + KH, (W - 1) * stride + KW
    matrix = np.zeros((H * W, OH * OW))
    for i in range(H):
        for j in range(W):
            for u in range(KH):
                for v in range(KW):
                    matrix[i * W + j, (i * stride + u) * OW + j * stride + v] = kernel[u, v]
    return (matrix.T @ x.ravel()).reshape(OH, OW)


def transposed_by_spreading(x, kernel, stride):
    wide = np.zeros(((len(x) - 1) * stride + 1, (x.shape[1] - 1) * stride + 1))
    wide[::stride, ::stride] = x
    return correlate_by_view(np.pad(wide, [(n - 1, n - 1) for n in kernel.shape]), kernel[::-1, ::-1], 1)


def transposed_by_keras(x, kernel, stride):
    maps = keras.ops.conv_transpose(x[None, :, :, None], kernel[:, :, None, None], strides=stride, padding="valid")
    (H, W), (KH, KW) = x.shape, kernel.shape
    return np.asarray(maps)[0, : (H - 1) * stride + KH, : (W - 1) * stride + KW, 0]


def transposed_by_shifts(x, kernel, stride):
    (H, W), (KH, KW) = x.shape, kernel.shape
    y = np.zeros(((H - 1) * stride + KH, (W - 1) * stride + KW))
    for u in range(KH):
        for v in range(KW):
            y[u : u + (H - 1) * stride + 1 : stride, v : v + (W - 1) * stride + 1 : stride] += x * kernel[u, v]
    return y


def transposed_in_the_middle(x, kernel, stride):
    KH, KW = kernel.shape
    return transposed_by_shifts(x, kernel, stride)[KH // 2 :, KW // 2 :]


answers(
    "ch02.conv_transpose",
    right=[transposed_by_matrix, transposed_by_spreading, transposed_by_keras, transposed_by_shifts],
    wrong=[transposed_in_the_middle, given(task("ch02.conv_transpose"), x=as_it_lies)],
)


SHIFT = np.array([[0, 0, 0], [-1, 0, 1], [0, 0, 0]])


answers(
    "ch02.edge_kernel",
    right=[returns(SHIFT), returns(SHIFT.tolist()), returns(SHIFT.astype(np.float32))],
    wrong=[returns(np.array([-1.0, 0, 1])), returns(np.zeros((3, 3)))],
)
