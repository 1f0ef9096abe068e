"""The engine room: convolution, pooling and ReLU laid out for speed (chapter ch04_backpropagation).

The functions of `cnncourse.convolution` and `cnncourse.pooling` say what is computed; here the same numbers are
computed with less waiting for memory. Four ideas carry it:

1. **Columns first.** In memory an image batch is laid out as (W, N, H, C): column, image, row, channel. Each column of
   the batch is then one contiguous block, so that a shift by a column, or a comparison of neighbouring columns, reads
   memory in order. A transposed view of the same memory has the shape (N, H, W, C), which is all that a caller sees.
2. **Windows without copies.** In that layout the KH pixels above each other that one column of the kernel touches, with
   all their channels, are neighbours in memory. A convolution is KW calls of matmul, each a stack of OH products on
   overlapping views. (Windows of fewer than `UNFOLD_BELOW` numbers are copied out after all: that is cheaper.)
3. **Winograd.** Two neighbouring outputs of a row of three taps need four products instead of six (Lavin & Gray, 2016,
   arXiv:1509.09308), and both gradients save as much.
4. **Memory that is used again.** A `Workspace` hands out the same arrays at every step, so that no time goes into
   asking for memory. What a function returns lives in the workspace and is overwritten by the next call with it.

Strides, dilation and groups are not covered: `cnncourse.convolution` does them. Shapes are checked by the layers, which
call this; here they are taken on trust.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnncourse.arguments import same_shape

UNFOLD_BELOW = 32  # a window with fewer numbers is cheaper to copy out, as one matrix, than to visit column by column


class Workspace:
    """Arrays that are made once and handed out again under the same name.

    >>> space = Workspace()
    >>> first = space.take("y", (2, 3), np.float32)
    >>> space.take("y", (2, 3), np.float32) is first
    True
    """

    def __init__(self):
        self._arrays = {}

    def take(self, name, shape, dtype):
        """An array with anything in it."""
        return self._get(name, shape, dtype, np.empty)

    def zeros(self, name, shape, dtype):
        """An array that is zero when it is made: for borders that nobody writes to. Other borders, another name."""
        return self._get(name, shape, dtype, np.zeros)

    def _get(self, name, shape, dtype, make):
        array = self._arrays.get(name)
        if array is None or array.shape != shape or array.dtype != dtype:
            array = self._arrays[name] = make(shape, dtype)
        return array


def as_columns(x, name, space):
    """The memory (W, N, H, C) of images (N, H, W, C): free if they are laid out like that, a copy if not.

    >>> as_columns(np.zeros((64, 28, 27, 1)), "x", Workspace()).shape
    (27, 64, 28, 1)
    """
    columns = x.transpose(2, 0, 1, 3)
    if not columns.flags.c_contiguous:
        copy = space.take(name, columns.shape, x.dtype)
        copy[...] = columns
        columns = copy
    return columns


def as_images(columns):
    """Images (N, H, W, C) as a view of the memory (W, N, H, C).

    >>> as_images(np.zeros((27, 64, 28, 1))).shape
    (64, 28, 27, 1)
    """
    return columns.transpose(1, 2, 0, 3)


def _as_gradient(dy, shape, space):
    """The memory of the gradient that comes back to an output with memory of that `shape` (OW, N, OH, F)."""
    OW, N, OH, F = shape
    return as_columns(same_shape(dy, "dy", (N, OH, OW, F)), "dy", space)


# --- convolution -----------------------------------------------------------------------------------------------------


def conv2d(x, w, b, pads, space):
    """`cnncourse.convolution.conv2d` with stride 1: x (N, H, W, C), w (KH, KW, C, F) -> y (N, OH, OW, F), cache.

    >>> y, cache = conv2d(np.ones((2, 6, 5, 4)), np.ones((3, 3, 4, 8)), np.zeros(8), ((1, 1), (1, 1)), Workspace())
    >>> y.shape, y[0, 3, 2, 0].item(), y[0, 0, 0, 0].item()
    ((2, 6, 5, 8), 36.0, 16.0)
    """
    (top, bottom), (left, right) = pads
    if top or bottom or left or right:
        N, H, W, C = x.shape
        columns = space.zeros(("padded", pads), (left + W + right, N, top + H + bottom, C), x.dtype)
        columns[left : left + W, :, top : top + H] = x.transpose(2, 0, 1, 3)
    else:
        columns = as_columns(x, "columns", space)
    forward, backward = _method(w.shape)
    y, memory = forward(columns, w, b, space)
    return as_images(y), (backward, columns.shape, memory, w, pads, y.shape)


def conv2d_backward(dy, cache, space, need_dx=True):
    """The gradients dx, dw, db; without `need_dx` (nothing lies below the first layer) dx is None and costs nothing.

    >>> y, cache = conv2d(np.ones((1, 4, 4, 9)), np.ones((3, 3, 9, 2)), np.zeros(2), ((0, 0), (0, 0)), Workspace())
    >>> dx, dw, db = conv2d_backward(np.ones_like(y), cache, Workspace())
    >>> dx[0, :, :, 0]
    array([[2., 4., 4., 2.],
           [4., 8., 8., 4.],
           [4., 8., 8., 4.],
           [2., 4., 4., 2.]])
    """
    backward, shape, memory, w, pads, out = cache
    dcolumns = _as_gradient(dy, out, space)
    # A sum over all rows; as a product it takes a fraction of the time of sum(axis=0)
    db = np.ones(dcolumns[..., 0].size, dy.dtype) @ dcolumns.reshape(-1, dy.shape[-1])
    dx, dw = backward(dcolumns, shape, memory, w, space, need_dx)
    if not need_dx:
        return None, dw, db
    (top, bottom), (left, right) = pads
    return as_images(dx[left : len(dx) - right, :, top : dx.shape[2] - bottom]), dw, db


def _method(kernel_shape):
    """The fastest of the three ways for a kernel (KH, KW, C, F)."""
    KH, KW, C, _ = kernel_shape
    if KH * KW * C < UNFOLD_BELOW:
        return _unfold, _unfold_backward
    if KW == 3:
        return _winograd, _winograd_backward
    return _shift, _shift_backward


# From here on x, y, dx and dy stand for their memory: (W, N, H, C) and (OW, N, OH, F)


def _unfold(x, w, b, space):
    """im2col with a row for each tap, which is one shifted copy; a row of ones brings the bias into the product."""
    W, N, H, C = x.shape
    KH, KW, _, F = w.shape
    OH, OW, K = H - KH + 1, W - KW + 1, KH * KW * C
    taps = space.take("taps", (K + 1, OW, N, OH), x.dtype)
    for k, (u, v, c) in enumerate(np.ndindex(KH, KW, C)):
        taps[k] = x[v : v + OW, :, u : u + OH, c]
    taps[K] = 1
    y = space.take("y", (OW, N, OH, F), x.dtype)
    np.matmul(taps.reshape(K + 1, -1).T, np.vstack([w.reshape(K, F), b]), out=y.reshape(-1, F))
    return y, taps


def _unfold_backward(dy, shape, taps, w, space, need_dx):
    F = w.shape[-1]
    OW, _, OH, _ = dy.shape
    dw = (taps.reshape(len(taps), -1) @ dy.reshape(-1, F))[:-1].reshape(w.shape)
    if not need_dx:
        return None, dw
    dtaps = (w.reshape(-1, F) @ dy.reshape(-1, F).T).reshape(len(taps) - 1, *dy.shape[:3])
    dx = space.take("dx", shape, dy.dtype)
    dx[...] = 0
    for dtap, (u, v, c) in zip(dtaps, np.ndindex(*w.shape[:3])):
        dx[v : v + OW, :, u : u + OH, c] += dtap
    return dx, dw


def _shift(x, w, b, space):
    """One product for each column of the kernel, added up."""
    KH, KW, C, F = w.shape
    W, N, H, _ = x.shape
    OW, OH = W - KW + 1, H - KH + 1
    y, term = (space.take(name, (OW, N, OH, F), x.dtype) for name in ("y", "term"))
    y[...] = b
    for v in range(KW):
        y += _down(x[v : v + OW], w[:, v], out=term)
    return y, x


def _shift_backward(dy, shape, x, w, space, need_dx):
    OW = len(dy)
    dw = np.stack([_down_weights(x[v : v + OW], dy) for v in range(w.shape[1])], axis=1)
    if not need_dx:
        return None, dw
    border = w.shape[0] - 1
    room = space.zeros("dy with room", (OW, dy.shape[1], dy.shape[2] + 2 * border, dy.shape[3]), dy.dtype)
    room[:, :, border : border + dy.shape[2]] = dy  # zeros above and below make `_down` a full convolution
    dx = space.take("dx", shape, dy.dtype)
    dx[...] = 0
    term = space.take("dx term", (OW, *shape[1:]), dy.dtype)
    for v in range(w.shape[1]):
        dx[v : v + OW] += _down(room, _turned(w[:, v]), out=term)
    return dx, dw


def _winograd(x, w, b, space):
    """F(2, 3) along the rows: outputs 2t and 2t + 1 from the columns 2t ... 2t + 3.

    With taps g0, g1, g2 and columns d0 ... d3, the four products

        m0 = (d0 - d2) g0
        m1 = (d1 + d2) (g0 + g1 + g2) / 2
        m2 = (d2 - d1) (g0 - g1 + g2) / 2
        m3 = (d1 - d3) g2

    give y0 = m0 + m1 + m2 = d0 g0 + d1 g1 + d2 g2 and y1 = m1 - m2 - m3 = d1 g0 + d2 g1 + d3 g2. Here each product
    is a convolution down the columns with all channels.
    """
    KH, _, C, F = w.shape
    W, N, H, _ = x.shape
    OW, OH = W - 2, H - KH + 1
    T = (OW + 1) // 2  # pairs of outputs; for an odd OW the last one is not used
    if W < 2 * T + 2:
        wider = space.zeros("wider", (2 * T + 2, N, H, C), x.dtype)
        wider[:W] = x
        x = wider
    d0, d1, d2, d3 = (x[k : k + 2 * T : 2] for k in range(4))
    mixed = space.take("mixed", (4, T, N, H, C), x.dtype)
    np.subtract(d0, d2, out=mixed[0])
    np.add(d1, d2, out=mixed[1])
    np.subtract(d2, d1, out=mixed[2])
    np.subtract(d1, d3, out=mixed[3])

    outer, middle = (w[:, 0] + w[:, 2]) / 2, w[:, 1] / 2  # (KH, C, F) each
    taps = np.stack([w[:, 0], outer + middle, outer - middle, w[:, 2]])  # (4, KH, C, F)
    m = space.take("products", (4, T, N, OH, F), x.dtype)
    for k in range(4):
        _down(mixed[k], taps[k], out=m[k])
    y = space.take("y", (2 * T, N, OH, F), x.dtype)
    m[1] += b  # reaches both outputs
    np.add(m[1], m[2], out=y[0::2])
    y[0::2] += m[0]
    np.subtract(m[1], m[2], out=y[1::2])
    y[1::2] -= m[3]
    return y[:OW], (mixed, taps)


def _winograd_backward(dy, shape, memory, w, space, need_dx):
    """m1 went into y0 and y1, so dm1 = dy0 + dy1; likewise dm0 = dy0, dm2 = dy0 - dy1, dm3 = -dy1.

    Columns d2, d3 of one pair are d0, d1 of the next, so their gradients add up.
    """
    mixed, taps = memory
    _, T, N, H, C = mixed.shape
    OW, _, OH, F = dy.shape
    KH = w.shape[0]
    dm_room = space.zeros("dproducts", (4, T, N, OH + 2 * (KH - 1), F), dy.dtype)
    dm = dm_room[:, :, :, KH - 1 : KH - 1 + OH]
    y0, y1 = dy[0::2], dy[1::2]
    pairs = len(y1)  # where OW is odd the last y0 stands alone
    dm[0] = y0
    np.add(y0[:pairs], y1, out=dm[1, :pairs])
    np.subtract(y0[:pairs], y1, out=dm[2, :pairs])
    np.negative(y1, out=dm[3, :pairs])
    dm[1:3, pairs:] = y0[pairs:]
    dm[3, pairs:] = 0

    dtaps = np.stack([_down_weights(mixed[k], dm[k]) for k in range(4)])  # (4, KH, C, F)
    total, difference = (dtaps[1] + dtaps[2]) / 2, (dtaps[1] - dtaps[2]) / 2
    dw = np.stack([dtaps[0] + total, difference, total + dtaps[3]], axis=1)  # (KH, 3, C, F)
    if not need_dx:
        return None, dw

    dmixed = space.take("dmixed", mixed.shape, dy.dtype)
    for k in range(4):
        _down(dm_room[k], _turned(taps[k]), out=dmixed[k])
    dx = space.take("dx", (2 * T + 2, N, H, C), dy.dtype)
    dx[2 * T] = 0
    dx[0 : 2 * T : 2] = dmixed[0]
    np.subtract(dmixed[1], dmixed[2], out=dx[1 : 2 * T : 2])
    dx[1 : 2 * T : 2] += dmixed[3]
    dmixed[1] += dmixed[2]
    dmixed[1] -= dmixed[0]
    dx[2 : 2 * T + 2 : 2] += dmixed[1]
    dx[2 * T + 1] = 0
    dx[3 : 2 * T + 2 : 2] -= dmixed[3]
    return dx[: shape[0]], dw


# --- the building block: a convolution down the columns --------------------------------------------------------------


def _stacks(x, height):
    """Every `height` pixels above each other, as a view: (W, N, H, C) -> (H - height + 1, W*N, height*C).

    Only for an x whose rows are contiguous and whose columns follow each other without a gap.
    """
    W, N, H, C = x.shape
    to_image = x.strides[1] if N > 1 else x.strides[0]  # an axis of length 1 may have any stride
    return as_strided(x, (H - height + 1, W * N, height * C), (C * x.itemsize, to_image, x.itemsize))


def _down(x, w, out):
    """x (W, N, H, C), w (KH, C, F) -> out (W, N, OH, F): a kernel one column wide. One product for each output row."""
    KH, C, F = w.shape
    np.matmul(_stacks(x, KH), w.reshape(KH * C, F), out=_stacks(out, 1))
    return out


def _down_weights(x, dy):
    """The gradient (KH, C, F) of `_down` with respect to its kernel."""
    KH, C, F = x.shape[2] - dy.shape[2] + 1, x.shape[3], dy.shape[3]
    return (_stacks(x, KH).swapaxes(1, 2) @ _stacks(dy, 1)).sum(axis=0).reshape(KH, C, F)


def _turned(w):
    """The kernel that sends `_down`'s gradient to its input: upside down, filters for channels."""
    return np.ascontiguousarray(w[::-1].swapaxes(1, 2))  # (KH, C, F) -> (KH, F, C)


# --- pooling and ReLU ------------------------------------------------------------------------------------------------


def max_pool2d(x, pool_size, space):
    """Max pooling whose windows neither overlap nor are padded: x (N, H, W, C) -> y (N, H // PH, W // PW, C), cache.

    The maximum of each row of a window comes first, then the maximum of those: ties then go to the first pixel in
    reading order, as in `cnncourse.pooling`.

    >>> y, cache = max_pool2d(np.arange(16.0).reshape(1, 4, 4, 1), (2, 2), Workspace())
    >>> y[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    (PH, PW), columns = pool_size, as_columns(x, "columns", space)
    W, N, H, C = columns.shape
    OW, OH = W // PW, H // PH
    rows = space.take("rows", (OW, N, H, C), x.dtype)
    y = space.take("y", (OW, N, OH, C), x.dtype)
    across = [columns[k : k + PW * (OW - 1) + 1 : PW] for k in range(PW)]
    down = [rows[:, :, k : k + PH * (OH - 1) + 1 : PH] for k in range(PH)]
    _largest(across, rows)
    _largest(down, y)
    return as_images(y), (columns.shape, across, rows, down, y, pool_size)


def max_pool2d_backward(dy, cache, space):
    """dy (N, OH, OW, C) -> dx (N, H, W, C): each goes to the pixel that was the maximum, all others stay 0.

    >>> y, cache = max_pool2d(np.array([[3.0, 3.0], [1.0, 3.0]]).reshape(1, 2, 2, 1), (2, 2), Workspace())
    >>> max_pool2d_backward(np.ones_like(y), cache, Workspace())[0, :, :, 0]
    array([[1., 0.],
           [0., 0.]])
    """
    shape, across, rows, down, y, (PH, PW) = cache
    d = _as_gradient(dy, y.shape, space)
    drows = space.zeros("drows", rows.shape, dy.dtype)
    dx = space.zeros("dx", shape, dy.dtype)
    OW, _, OH, _ = y.shape
    below = [drows[:, :, k : k + PH * (OH - 1) + 1 : PH] for k in range(PH)]
    beside = [dx[k : k + PW * (OW - 1) + 1 : PW] for k in range(PW)]
    _route(down, y, d, below)
    _route(across, rows, drows, beside)
    return as_images(dx)


def _largest(candidates, out):
    np.copyto(out, candidates[0])
    for candidate in candidates[1:]:
        np.maximum(out, candidate, out=out)


def _route(candidates, largest, d, parts):
    """Write `d` into the part of the first candidate that equals the largest, and 0 into the other parts."""
    if len(parts) == 1:
        parts[0][...] = d
    for k in range(len(parts) - 1):
        np.multiply(candidates[k] == largest, d, out=parts[k])
        d = np.subtract(d, parts[k], out=parts[-1])  # what is left: 0 once it is given away


def relu(x, space):
    """x -> max(x, 0), cache. Images come back laid out columns first, other arrays as usual.

    >>> relu(np.array([[-1.0, 2.0]]), Workspace())[0]
    array([[0., 2.]])
    """
    memory = x.transpose(2, 0, 1, 3) if x.ndim == 4 else x
    y = space.take("y", memory.shape, x.dtype)
    np.maximum(memory, space.zeros("zeros", memory.shape[1:], x.dtype), out=y)  # quicker than with the number 0
    return as_images(y) if x.ndim == 4 else y, (y, x.shape)


def relu_backward(dy, cache, space):
    """dy -> dx: what came back passes where the output is above 0.

    >>> y, cache = relu(np.array([[-1.0, 2.0]]), Workspace())
    >>> relu_backward(np.array([[5.0, 7.0]]), cache, Workspace())
    array([[0., 7.]])
    """
    y, shape = cache
    dy = same_shape(dy, "dy", shape)
    dx = space.take("dx", y.shape, dy.dtype)
    np.multiply(y > 0, dy.transpose(2, 0, 1, 3) if dy.ndim == 4 else dy, out=dx)
    return as_images(dx) if dy.ndim == 4 else dx
