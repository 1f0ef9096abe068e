"""ch03.pool_sizes: how many windows fit, how many it takes to see every pixel, and how many pixels go unseen."""

from cnncourse.checks.ch03_pooling.windows import OVERLAPPING, SIZE, side_by_side
from cnncourse.checks.drawing import whole
from cnncourse.checks.mistakes import given, then
from cnncourse.checks.task import Task


def up(a, b):
    """a / b rounded up, for whole numbers."""
    return -(-a // b)


def pool_sizes(size, pool_size, stride):
    steps, rest = divmod(size - pool_size, stride)
    return steps + 1, steps + 1 + (rest > 0), rest


def cases(rng):
    size = whole(rng, 4, 9)
    yield size, 1, 1
    yield 2 * size, 2, 2
    yield 2 * size + 1, 2, 2
    yield 2 * size, 3, 2
    yield 2 * size + 1, 3, 2
    yield 3 * size + 2, 3, 3
    yield size, size, 1
    yield 4 * size + 3, 5, 4
    for _ in range(20):
        pool_size = whole(rng, 1, 7)
        yield pool_size + whole(rng, 0, 25), pool_size, whole(rng, 1, pool_size)


TASK = Task(
    "ch03.pool_sizes",
    "how many windows fit, how many see every pixel, how many pixels go unseen",
    "ch03_pooling" + SIZE,
    pool_sizes,
    cases,
    results=("rounded down", "rounded up", "unseen"),
)
END = "Find where the last window ends"
side_by_side(TASK, lambda size, pool_size, stride: pool_sizes(size, pool_size, pool_size))

TASK.mistake(
    "the number of windows that fit is rounded up",
    "A window that reaches over the end does not fit: the first of the three numbers rounds down.",
)(then(TASK, lambda inside, covering, unseen: (covering, covering, unseen)))
TASK.mistake(
    "the number of windows that see everything is rounded down",
    "If a few pixels are left over behind the last window that fits, it takes one more window to see them.",
)(then(TASK, lambda inside, covering, unseen: (inside, inside, unseen)))
TASK.mistake(
    "the first window is not counted",
    "The division counts the steps from one window to the next; there is one window more than steps.",
)(then(TASK, lambda inside, covering, unseen: (inside - 1, covering - 1, unseen)))
TASK.mistake(
    "one more window is laid even where nothing is left over",
    "If the last window ends on the last pixel, everything is seen already, and both numbers are the same.",
)(then(TASK, lambda inside, covering, unseen: (inside, inside + 1, unseen)))
TASK.mistake(
    'the windows that see everything are counted as "same" counts them',
    '"same" lays a window for every stride pixels. With overlapping windows, fewer can be enough to reach the end.',
)(lambda n, p, s: (pool_sizes(n, p, s)[0], up(n, s), pool_sizes(n, p, s)[2]))
TASK.mistake(
    "the size is divided by the stride, and the window is forgotten",
    "That is right for windows side by side only. The first window takes up pool_size pixels; what is behind it is "
    "divided by the stride.",
)(lambda n, p, s: (n // s, up(n, s), n % s))
TASK.mistake(
    "the windows fit as they should, and the end is worked out from the stride alone",
    f"Windows that are longer than the stride reach further than size / stride says. {END}: what is behind it is "
    "unseen, and only that takes one window more.",
)(lambda n, p, s: (pool_sizes(n, p, s)[0], up(n, s), n % s))
TASK.mistake(
    "the pixels left over are the remainder of size / stride",
    f"Windows that are longer than the stride reach further. {END}, and count from there.",
)(lambda n, p, s: (*pool_sizes(n, p, s)[:2], n % s))
TASK.mistake(
    "the windows that fit are taken to cover pool_size pixels each",
    f"Overlapping windows share pixels. {END}, and count from there.",
    OVERLAPPING,
)(lambda n, p, s: (*pool_sizes(n, p, s)[:2], n - pool_sizes(n, p, s)[0] * p))
TASK.mistake("the stride is ignored", "From one window to the next it is stride pixels.")(given(TASK, stride=1))
TASK.mistake(
    "the division is not rounded", "A number of windows is whole. `//` divides and rounds down, and gives an int."
)(lambda n, p, s: ((n - p) / s + 1, *pool_sizes(n, p, s)[1:]))
