"""ch04.max_pool_backward: the gradient of max pooling, with windows that overlap, and ties."""

import numpy as np

from cnncourse.checks.writing import Task, digits, given, normals, whole


def max_pool_backward(dy, x, KH, KW, stride):
    return by_shares(dy, x, KH, KW, stride, first)


def first(window):
    """1 for the first maximum in reading order, 0 elsewhere."""
    return (np.arange(window.size) == np.argmax(window)).reshape(window.shape)


def by_shares(dy, x, KH, KW, stride, share, steps=None, assign=False):
    """Each window hands its dy out as `share(window)` says; the windows are `steps` apart."""
    (SH, SW), dx = steps or (stride, stride), np.zeros(x.shape)
    for n, i, j, c in np.ndindex(dy.shape):
        part = n, slice(i * SH, i * SH + KH), slice(j * SW, j * SW + KW), c
        handed = share(x[part]) * dy[n, i, j, c]
        dx[part] = np.where(handed != 0, handed, dx[part]) if assign else dx[part] + handed
    return dx


def case(rng, x, KH, KW, stride, draw=digits):
    N, H, W, C = x.shape
    return draw(rng, N, (H - KH) // stride + 1, (W - KW) // stride + 1, C), x, KH, KW, stride


def cases(rng):
    yield case(rng, rng.permutation(4).reshape(1, 2, 2, 1) + 1.0, 2, 2, 2)
    yield case(rng, np.full((1, 2, 2, 1), float(whole(rng, 1, 5))), 2, 2, 2)  # blank paper
    ridge = np.full((1, 3, 3, 1), -9.0)
    ridge[0, 1, 1] = whole(rng, 1, 5)  # wins in four windows
    yield case(rng, ridge, 2, 2, 1)
    yield case(rng, digits(rng, 1, 1, 5, 1), 1, 2, 2)  # the last pixel is in no window
    yield case(rng, -np.abs(digits(rng, 1, 3, 4, 1)), 2, 3, 1)  # nothing above 0
    yield case(rng, digits(rng, 1, 2, 2, 2), 2, 2, 1)
    yield case(rng, digits(rng, 2, 2, 4, 1), 1, 2, 1)
    yield case(rng, rng.integers(0, 3, (2, 7, 6, 2)).astype(float), 3, 2, 1, normals)
    yield case(rng, digits(rng, 1, 4, 2, 1), 2, 1, 1)
    dy, x, *rest = case(rng, normals(rng, 2, 8, 7, 3), 3, 3, 2, normals)
    yield np.asfortranarray(dy), np.asfortranarray(x), *rest
    yield case(rng, normals(rng, 3, 9, 5, 2, dtype=np.float32), 2, 2, 3, normals)


TASK = Task(__name__, __doc__, "#max-pooling-the-winner-takes-all", max_pool_backward, cases)


def shared(share):
    return lambda *case: by_shares(*case, share)


def largest(window):
    return window == window.max()


why = "The slopes of a window add up to 1. Two pixels that both get everything foretell twice the rise."
TASK.mistake("every pixel that ties for the maximum gets the whole gradient", why)(shared(largest))
why = "That is a possible rule, but not the one asked for: here the first of them, in reading order, gets all."
TASK.mistake("pixels that tie for the maximum share the gradient", why)(
    shared(lambda window: largest(window) / largest(window).sum())
)
why = "At a tie the first pixel in reading order gets the gradient: row by row, from the left."
TASK.mistake("the last of several maxima gets the gradient", why)(
    shared(lambda window: first(window[::-1, ::-1])[::-1, ::-1])
)
why = "Reading order goes along the rows: all of the first row, then the second."
TASK.mistake("the first of several maxima is looked for column by column", why)(
    shared(lambda window: first(window.T).T)
)
why = "That is the gradient of average pooling. A nudge to a pixel that is not the maximum changes nothing."
TASK.mistake(
    "the gradient is dealt out in equal parts to the whole window", why, "#average-pooling-everybody-gets-a-share"
)(shared(lambda window: np.full(window.shape, 1 / window.size)))
why = "The slope of the maximum in its winner is 1, whatever its value."
TASK.mistake("the gradient is multiplied by the maximum", why)(shared(lambda window: first(window) * window.max()))
why = "A pixel that won in several windows gets the gradients of all of them: `+=`."
TASK.mistake("a window overwrites what other windows have given to the same pixel", why, "#accumulate-do-not-assign")(
    lambda *case: by_shares(*case, first, assign=True)
)
why = "The maximum is the largest number, not the one with the largest size: 1 beats -5."
TASK.mistake("the winner is the pixel furthest from 0", why)(given(TASK, x=np.abs))
why = "The window of output (i, j) starts at (i * stride, j * stride), and stride need not be its size."
TASK.mistake("the windows are taken to lie side by side", why)(
    lambda *case: by_shares(*case, lambda window: first(window) if window.size else window, steps=case[2:4])
)
why = "Pooling looks at each channel by itself: the winner in one channel says nothing about another."
TASK.mistake("one winner is chosen for all channels together", why)(
    given(TASK, x=lambda x: np.broadcast_to(x.max(axis=3, keepdims=True), x.shape))
)
