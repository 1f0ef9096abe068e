"""Right and wrong answers to the tasks of chapter 2."""

import keras
import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from bank import answers
from cnncourse import convolution, shapes, unfolding
from cnncourse.checks import task
from cnncourse.checks.mistakes import given, then
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


answers(
    "ch02.output_size",
    right=[size_by_counting, size_by_steps, size_by_numpy, lambda *case: shapes.conv_output_size(*case)],
    wrong=[lambda *case: case[0], lambda *case: size_by_steps(*case[:4], case[4] + 1)],
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
    out = np.pad(x, padding)
    x[:] = 0
    return out


def pad_square(x, padding):
    out = np.zeros((len(x) + 2 * padding,) * 2)
    out[padding : padding + len(x), padding : padding + x.shape[1]] = x
    return out


answers("ch02.pad", right=[pad_by_hand, pad_by_stacking, pad_lists], wrong=[pad_in_place, pad_square])


# One channel

WINDOW = task("ch02.window_sum")


def window_by_loops(x, kernel, row, column, stride):
    return sum(x[row * stride + u, column * stride + v] * weight for (u, v), weight in np.ndenumerate(kernel))


def window_by_einsum(x, kernel, row, column, stride):
    seen = x[stride * row :, stride * column :][: kernel.shape[0], : kernel.shape[1]]
    return np.einsum("uv,uv->", seen, kernel)


def window_by_view(x, kernel, row, column, stride):
    return np.vdot(sliding_window_view(x, kernel.shape)[::stride, ::stride][row, column], kernel)


def window_then(change):
    """Another end: `change(window, kernel)`."""
    return lambda x, kernel, row, column, stride: change(
        sliding_window_view(x, kernel.shape)[row * stride, column * stride], kernel
    )


answers(
    "ch02.window_sum",
    right=[window_by_loops, window_by_einsum, window_by_view, lambda *case: np.float32(window_by_loops(*case))],
    wrong=[
        window_then(lambda window, kernel: np.sum(window.T @ kernel)),
        given(WINDOW, x=lambda x: np.pad(x, ((1, 3), (1, 3)))),
        window_then(np.multiply),
        given(WINDOW, kernel=np.ones_like),
    ],
)


def correlate_by_view(x, kernel, stride):
    return np.einsum("ijuv,uv->ij", sliding_window_view(x, kernel.shape)[::stride, ::stride], kernel)


def correlate_by_shifts(x, kernel, stride):
    OH, OW = (n - k + 1 for n, k in zip(x.shape, kernel.shape))
    return sum(weight * x[u : u + OH, v : v + OW] for (u, v), weight in np.ndenumerate(kernel))[::stride, ::stride]


def convolve_by_fft(x, kernel):
    """The true convolution."""
    (H, W), (KH, KW) = x.shape, kernel.shape
    size = H + KH, W + KW
    return np.fft.irfft2(np.fft.rfft2(x, size) * np.fft.rfft2(kernel, size), size)[KH - 1 : H, KW - 1 : W]


def correlate_by_keras(x, kernel, stride):
    return keras.ops.conv(x[None, :, :, None], kernel[:, :, None, None], strides=stride, padding="valid")[0, :, :, 0]


def correlate_lists(x, kernel, stride):
    (H, W), (KH, KW) = x.shape, kernel.shape
    rows, columns = range(0, H - KH + 1, stride), range(0, W - KW + 1, stride)
    return [[float((x[i : i + KH, j : j + KW] * kernel).sum()) for j in columns] for i in rows]


def correlate_square(x, kernel, stride):
    return correlate_by_view(x[:, : len(x)], kernel[:, : len(kernel)], stride)


def correlate_counted_from_the_end(x, kernel, stride):
    KH, KW = kernel.shape
    full = correlate_by_view(np.pad(x, ((0, KH - 1), (0, KW - 1))), kernel, 1)
    return full[: len(x) - KH + 1, : 1 - KW][::stride, ::stride]


answers(
    "ch02.correlate",
    right=[
        correlate_by_view,
        correlate_by_shifts,
        lambda x, kernel, stride: convolve_by_fft(x, kernel[::-1, ::-1])[::stride, ::stride],
        correlate_by_keras,
        correlate_lists,
    ],
    wrong=[
        correlate_square,
        lambda x, kernel, stride: correlate_by_view(x, kernel, 1)[::stride],
        correlate_counted_from_the_end,
    ],
)


def convolve_by_view(x, kernel):
    return np.einsum("ijuv,uv->ij", sliding_window_view(x, kernel.shape), np.flip(kernel))


def convolve_by_indices(x, kernel):
    KH, KW = kernel.shape
    y = np.zeros([n - k + 1 for n, k in zip(x.shape, kernel.shape)])
    for i, j, u, v in np.ndindex(*y.shape, KH, KW):
        y[i, j] += kernel[u, v] * x[i + KH - 1 - u, j + KW - 1 - v]
    return y


def convolve_turning_in_place(x, kernel):
    kernel[:] = kernel[::-1, ::-1].copy()
    return correlate_by_view(x, kernel, 1)


answers(
    "ch02.convolve", right=[convolve_by_view, convolve_by_indices, convolve_by_fft], wrong=[convolve_turning_in_place]
)


# The layer

LAYER = task("ch02.conv2d")


def conv2d_loops(x, kernel, bias, stride, padding, dilation):
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    OH, OW = ((n - dilation * (k - 1) - 1) // stride + 1 for n, k in zip(x.shape[1:], kernel.shape[:2]))
    y = np.zeros((len(x), OH, OW, len(bias)))
    for i, j, u, v in np.ndindex(OH, OW, *kernel.shape[:2]):
        y[:, i, j] += x[:, i * stride + u * dilation, j * stride + v * dilation] @ kernel[u, v]
    return y + bias


def conv2d_einsum(x, kernel, bias, stride, padding, dilation, before=1, after=1, mode="constant"):
    """The border is `before` and `after` times the padding."""
    sides = before * padding, after * padding
    reach = [dilation * (k - 1) + 1 for k in kernel.shape[:2]]
    windows = sliding_window_view(np.pad(x, [(0, 0), sides, sides, (0, 0)], mode=mode), reach, axis=(1, 2))
    seen = windows[:, ::stride, ::stride, :, ::dilation, ::dilation]
    return np.einsum("nijcuv,uvcf->nijf", seen, kernel) + bias


def conv2d_im2col(x, kernel, bias, stride, padding, dilation):
    KH, KW, C, F = kernel.shape
    rows = unfolding.im2col(x, (KH, KW), stride=stride, padding=padding, dilation=dilation)
    OH = shapes.conv_output_size(x.shape[1], KH, stride, padding, dilation)
    return (rows @ kernel.reshape(-1, F) + bias).reshape(len(x), OH, -1, F)


def conv2d_keras(x, kernel, bias, stride, padding, dilation):
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    return (keras.ops.conv(x, kernel, padding="valid", dilation_rate=dilation) + bias)[:, ::stride, ::stride]


def conv2d_library(x, kernel, bias, stride, padding, dilation):
    return convolution.conv2d(x, kernel, bias.astype(x.dtype), stride=stride, padding=padding, dilation=dilation)[0]


def conv2d_windows_as_wide_as_the_stride(x, kernel, bias, stride, padding, dilation):
    sizes = (max(0, stride - dilation * (k - 1) - 1) for k in kernel.shape[:2])
    rows, columns = (n + padding - size for n, size in zip(x.shape[1:], sizes))
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])[:, : rows + padding, : columns + padding]
    return conv2d_einsum(x, kernel, bias, stride, 0, dilation)


answers(
    "ch02.conv2d",
    right=[conv2d_loops, conv2d_einsum, conv2d_im2col, conv2d_keras, conv2d_library],
    wrong=[
        lambda *case: conv2d_einsum(*case, before=0, after=2),
        lambda *case: conv2d_einsum(*case, mode="edge"),
        lambda *case: conv2d_einsum(*case, mode="symmetric"),
        given(LAYER, bias=np.negative),
        then(LAYER, lambda y: np.maximum(y, 0)),
        then(LAYER, lambda y: y[:, :, : y.shape[1]]),
        conv2d_windows_as_wide_as_the_stride,
    ],
)


# Windows as rows

ROWS = task("ch02.im2col")


def im2col_by_view(x, KH, KW, stride):
    windows = sliding_window_view(x, (KH, KW), axis=(0, 1))[::stride, ::stride]  # (OH, OW, C, KH, KW)
    return windows.transpose(0, 1, 3, 4, 2).reshape(-1, KH * KW * x.shape[2])


def im2col_by_strides(x, KH, KW, stride, strides=None):
    (H, W, C), (a, b, c) = x.shape, strides or x.strides
    shape = (H - KH) // stride + 1, (W - KW) // stride + 1, KH, KW, C
    return as_strided(x, shape, (a * stride, b * stride, a, b, c)).reshape(-1, KH * KW * C)


def im2col_lists(x, KH, KW, stride):
    places = np.ndindex((x.shape[0] - KH) // stride + 1, (x.shape[1] - KW) // stride + 1)
    corners = ((i * stride, j * stride) for i, j in places)
    return [x[top : top + KH, left : left + KW].ravel().tolist() for top, left in corners]


def im2col_strides_from_the_shape(x, KH, KW, stride):
    _, W, C = x.shape
    return im2col_by_strides(x, KH, KW, stride, [W * C * x.itemsize, C * x.itemsize, x.itemsize])


answers(
    "ch02.im2col",
    right=[im2col_by_view, im2col_by_strides, im2col_lists],
    wrong=[
        lambda x, KH, *case: ROWS.reference(x, KH, *case)[None],
        im2col_strides_from_the_shape,
        lambda x, KH, KW, stride: im2col_by_view(x, KH, max(KW, 2), stride),
    ],
)


# Transposed


def transposed_by_matrix(x, kernel, stride):
    OH, OW = ((n - 1) * stride + k for n, k in zip(x.shape, kernel.shape))
    matrix = np.zeros((*x.shape, OH, OW))
    for i, j, u, v in np.ndindex(*x.shape, *kernel.shape):
        matrix[i, j, i * stride + u, j * stride + v] = kernel[u, v]
    return (matrix.reshape(-1, OH * OW).T @ x.ravel()).reshape(OH, OW)


def transposed_by_spreading(x, kernel, stride):
    wide = np.zeros([(n - 1) * stride + 1 for n in x.shape])
    wide[::stride, ::stride] = x
    return correlate_by_view(np.pad(wide, [(n - 1, n - 1) for n in kernel.shape]), kernel[::-1, ::-1], 1)


def transposed_by_keras(x, kernel, stride):
    maps = keras.ops.conv_transpose(x[None, :, :, None], kernel[:, :, None, None], strides=stride, padding="valid")
    OH, OW = ((n - 1) * stride + k for n, k in zip(x.shape, kernel.shape))
    return np.asarray(maps)[0, :OH, :OW, 0]


def transposed_by_shifts(x, kernel, stride):
    y = np.zeros([(n - 1) * stride + k for n, k in zip(x.shape, kernel.shape)])
    for (u, v), weight in np.ndenumerate(kernel):
        y[u:, v:][: (len(x) - 1) * stride + 1 : stride, : (x.shape[1] - 1) * stride + 1 : stride] += x * weight
    return y


answers(
    "ch02.conv_transpose",
    right=[transposed_by_matrix, transposed_by_spreading, transposed_by_keras, transposed_by_shifts],
    wrong=[
        lambda x, kernel, stride: transposed_by_shifts(x, kernel, stride)[len(kernel) // 2 :, kernel.shape[1] // 2 :]
    ],
)


SHIFT = np.array([[0, 0, 0], [-1, 0, 1], [0, 0, 0]])


answers(
    "ch02.edge_kernel",
    right=[returns(SHIFT), returns(SHIFT.tolist()), returns(SHIFT.astype(np.float32))],
    wrong=[returns(np.array([-1.0, 0, 1])), returns(np.zeros((3, 3)))],
)
