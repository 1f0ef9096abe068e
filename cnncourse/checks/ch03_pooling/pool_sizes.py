"""ch03.pool_sizes: how many windows fit, how many see every pixel, how many pixels go unseen."""

from cnncourse.checks.ch03_pooling.windows import OVERLAPPING, SIZE, side_by_side
from cnncourse.checks.writing import Task, given, then, whole


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


TASK = Task(__name__, __doc__, SIZE, pool_sizes, cases, results=("rounded down", "rounded up", "unseen"))
END = "Find where the last window ends"
side_by_side(TASK, lambda size, pool_size, stride: pool_sizes(size, pool_size, pool_size))

why = "A window that reaches over the end does not fit: the first of the three numbers rounds down."
TASK.mistake("the number of windows that fit is rounded up", why)(
    then(TASK, lambda inside, covering, unseen: (covering, covering, unseen))
)
why = "If a few pixels are left over behind the last window that fits, it takes one more window to see them."
TASK.mistake("the number of windows that see everything is rounded down", why)(
    then(TASK, lambda inside, covering, unseen: (inside, inside, unseen))
)
why = "The division counts the steps from one window to the next; there is one window more than steps."
TASK.mistake("the first window is not counted", why)(
    then(TASK, lambda inside, covering, unseen: (inside - 1, covering - 1, unseen))
)
why = "If the last window ends on the last pixel, everything is seen already, and both numbers are the same."
TASK.mistake("one more window is laid even where nothing is left over", why)(
    then(TASK, lambda inside, covering, unseen: (inside, inside + 1, unseen))
)
why = '"same" lays a window for every stride pixels. With overlapping windows, fewer can be enough to reach the end.'
TASK.mistake('the windows that see everything are counted as "same" counts them', why)(
    lambda n, p, s: (pool_sizes(n, p, s)[0], up(n, s), pool_sizes(n, p, s)[2])
)
why = (
    "That is right for windows side by side only. The first window takes up pool_size pixels; what is behind it is "
    "divided by the stride."
)
TASK.mistake("the size is divided by the stride, and the window is forgotten", why)(
    lambda n, p, s: (n // s, up(n, s), n % s)
)
why = (
    f"Windows that are longer than the stride reach further than size / stride says. {END}: what is behind it is "
    "unseen, and only that takes one window more."
)
TASK.mistake("the windows fit as they should, and the end is worked out from the stride alone", why)(
    lambda n, p, s: (pool_sizes(n, p, s)[0], up(n, s), n % s)
)
why = f"Windows that are longer than the stride reach further. {END}, and count from there."
TASK.mistake("the pixels left over are the remainder of size / stride", why)(
    lambda n, p, s: (*pool_sizes(n, p, s)[:2], n % s)
)
why = f"Overlapping windows share pixels. {END}, and count from there."
TASK.mistake("the windows that fit are taken to cover pool_size pixels each", why, OVERLAPPING)(
    lambda n, p, s: (*pool_sizes(n, p, s)[:2], n - pool_sizes(n, p, s)[0] * p)
)
TASK.mistake("the stride is ignored", "From one window to the next it is stride pixels.")(given(TASK, stride=1))
why = "A number of windows is whole. `//` divides and rounds down, and gives an int."
TASK.mistake("the division is not rounded", why)(lambda n, p, s: ((n - p) / s + 1, *pool_sizes(n, p, s)[1:]))
