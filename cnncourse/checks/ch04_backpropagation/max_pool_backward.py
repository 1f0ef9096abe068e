"""ch04.max_pool_backward: the gradient of max pooling, with windows that overlap, and ties."""

import numpy as np

from cnncourse.checks.drawing import digits, normals, whole
from cnncourse.checks.task import Task

MAX = "#max-pooling-the-winner-takes-all"


def by_shares(dy, x, KH, KW, stride, share, step=None, assign=False):
    """Each window hands its dy out as `share(window)` says, which is an array of the shape of the window."""
    dx = np.zeros(x.shape)
    for n, i, j, c in np.ndindex(dy.shape):
        top, left = i * (step or stride), j * (step or stride)
        part = n, slice(top, top + KH), slice(left, left + KW), c
        handed = share(x[part]) * dy[n, i, j, c]
        dx[part] = np.where(handed != 0, handed, dx[part]) if assign else dx[part] + handed
    return dx


def first(window):
    """1 for the first maximum in reading order, 0 elsewhere."""
    share = np.zeros(window.shape)
    share.flat[np.argmax(window)] = 1
    return share


def max_pool_backward(dy, x, KH, KW, stride):
    return by_shares(dy, x, KH, KW, stride, first)


def pool_case(rng, x, KH, KW, stride, draw=digits):
    N, H, W, C = x.shape
    return draw(rng, N, (H - KH) // stride + 1, (W - KW) // stride + 1, C), x, KH, KW, stride


def pool_cases(rng):
    yield pool_case(rng, rng.permutation(4).reshape(1, 2, 2, 1) + 1.0, 2, 2, 2)
    yield pool_case(rng, np.full((1, 2, 2, 1), float(whole(rng, 1, 5))), 2, 2, 2)  # blank paper
    ridge = np.full((1, 3, 3, 1), -9.0)
    ridge[0, 1, 1] = whole(rng, 1, 5)  # wins in four windows
    yield pool_case(rng, ridge, 2, 2, 1)
    yield pool_case(rng, digits(rng, 1, 1, 5, 1), 1, 2, 2)  # the last pixel is in no window
    yield pool_case(rng, -np.abs(digits(rng, 1, 3, 4, 1)), 2, 3, 1)  # nothing above 0
    yield pool_case(rng, digits(rng, 1, 2, 2, 2), 2, 2, 1)
    yield pool_case(rng, digits(rng, 2, 2, 4, 1), 1, 2, 1)
    yield pool_case(rng, rng.integers(0, 3, (2, 7, 6, 2)).astype(float), 3, 2, 1, normals)
    yield pool_case(rng, normals(rng, 2, 8, 7, 3), 3, 3, 2, normals)
    yield pool_case(rng, normals(rng, 3, 9, 5, 2, dtype=np.float32), 2, 2, 3, normals)


TASK = Task(
    "ch04.max_pool_backward",
    "the gradient of max pooling, with windows that overlap, and ties",
    "ch04_backpropagation#max-pooling-the-winner-takes-all",
    max_pool_backward,
    pool_cases,
)


def all_of_them(window):
    return window == window.max()


def equal_shares(window):
    return all_of_them(window) / all_of_them(window).sum()


def last(window):
    return first(window[::-1, ::-1])[::-1, ::-1]


def first_by_columns(window):
    return first(window.T).T


TASK.mistake(
    "every pixel that ties for the maximum gets the whole gradient",
    "The slopes of a window add up to 1. Two pixels that both get everything foretell twice the rise.",
)(lambda *case: by_shares(*case, all_of_them))
TASK.mistake(
    "pixels that tie for the maximum share the gradient",
    "That is a possible rule, but not the one asked for: here the first of them, in reading order, gets all.",
)(lambda *case: by_shares(*case, equal_shares))
TASK.mistake(
    "the last of several maxima gets the gradient",
    "At a tie the first pixel in reading order gets the gradient: row by row, from the left.",
)(lambda *case: by_shares(*case, last))
TASK.mistake(
    "the first of several maxima is looked for column by column",
    "Reading order goes along the rows: all of the first row, then the second.",
)(lambda *case: by_shares(*case, first_by_columns))
TASK.mistake(
    "a window overwrites what other windows have given to the same pixel",
    "A pixel that won in several windows gets the gradients of all of them: `+=`.",
    "#accumulate-do-not-assign",
)(lambda *case: by_shares(*case, first, assign=True))
TASK.mistake(
    "the gradient is dealt out in equal parts to the whole window",
    "That is the gradient of average pooling. A nudge to a pixel that is not the maximum changes nothing.",
    "#average-pooling-everybody-gets-a-share",
)(lambda *case: by_shares(*case, lambda window: np.full(window.shape, 1 / window.size)))
TASK.mistake(
    "the winner is the pixel furthest from 0",
    "The maximum is the largest number, not the one with the largest size: 1 beats -5.",
)(lambda *case: by_shares(*case, lambda window: first(np.abs(window))))
TASK.mistake(
    "the gradient is multiplied by the maximum", "The slope of the maximum in its winner is 1, whatever its value."
)(lambda *case: by_shares(*case, lambda window: first(window) * window.max()))


@TASK.mistake(
    "the windows are taken to lie side by side",
    "The window of output (i, j) starts at (i * stride, j * stride), and stride need not be its size.",
)
def windows_side_by_side(dy, x, KH, KW, stride):
    dx = np.zeros(x.shape)
    for n, i, j, c in np.ndindex(dy.shape):
        part = dx[n, i * KH : i * KH + KH, j * KW : j * KW + KW, c]
        window = x[n, i * KH : i * KH + KH, j * KW : j * KW + KW, c]
        if window.size:
            part += first(window) * dy[n, i, j, c]
    return dx


@TASK.mistake(
    "one winner is chosen for all channels together",
    "Pooling looks at each channel by itself: the winner in one channel says nothing about another.",
)
def one_winner_for_all_channels(dy, x, KH, KW, stride):
    strongest = np.broadcast_to(x.max(axis=3, keepdims=True), x.shape)
    return by_shares(dy, strongest, KH, KW, stride, first)
