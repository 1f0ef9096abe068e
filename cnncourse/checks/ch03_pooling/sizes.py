"""The task on sizes: how many windows fit, how many it takes to see every pixel, and how many pixels go unseen."""

from cnncourse.checks.drawing import whole
from cnncourse.checks.task import Misconception, Task

PAGE = "ch03_pooling"


def up(a, b):
    """a / b rounded up, for whole numbers."""
    return -(-a // b)


def pool_sizes(size, pool_size, stride):
    steps, rest = divmod(size - pool_size, stride)
    return steps + 1, steps + 1 + (rest > 0), rest


def size_cases(rng):
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


def stride_ignored(size, pool_size, stride):
    return pool_sizes(size, pool_size, 1)


def side_by_side(size, pool_size, stride):
    return pool_sizes(size, pool_size, pool_size)


def always_up(size, pool_size, stride):
    _, covering, unseen = pool_sizes(size, pool_size, stride)
    return covering, covering, unseen


def always_down(size, pool_size, stride):
    inside, _, unseen = pool_sizes(size, pool_size, stride)
    return inside, inside, unseen


def steps_only(size, pool_size, stride):
    inside, covering, unseen = pool_sizes(size, pool_size, stride)
    return inside - 1, covering - 1, unseen


def always_one_more(size, pool_size, stride):
    inside, _, unseen = pool_sizes(size, pool_size, stride)
    return inside, inside + 1, unseen


def same_size(size, pool_size, stride):
    inside, _, unseen = pool_sizes(size, pool_size, stride)
    return inside, up(size, stride), unseen


def divided_by_stride(size, pool_size, stride):
    return size // stride, up(size, stride), size % stride


def rest_of_the_size(size, pool_size, stride):
    return *pool_sizes(size, pool_size, stride)[:2], size % stride


def end_from_the_stride(size, pool_size, stride):
    return pool_sizes(size, pool_size, stride)[0], up(size, stride), size % stride


def no_overlap_in_the_rest(size, pool_size, stride):
    inside, covering, _ = pool_sizes(size, pool_size, stride)
    return inside, covering, size - inside * pool_size


def unrounded(size, pool_size, stride):
    _, covering, unseen = pool_sizes(size, pool_size, stride)
    return (size - pool_size) / stride + 1, covering, unseen


POOL_SIZES = Task(
    id="ch03.pool_sizes",
    asks="how many windows fit, how many see every pixel, how many pixels go unseen",
    section=f"{PAGE}#the-size-of-the-answer-and-who-is-left-out",
    reference=pool_sizes,
    results=("rounded down", "rounded up", "unseen"),
    cases=size_cases,
    misconceptions=(
        Misconception(
            "the number of windows that fit is rounded up",
            always_up,
            "A window that reaches over the end does not fit: the first of the three numbers rounds down.",
        ),
        Misconception(
            "the number of windows that see everything is rounded down",
            always_down,
            "If a few pixels are left over behind the last window that fits, it takes one more window to see them.",
        ),
        Misconception(
            "the first window is not counted",
            steps_only,
            "The division counts the steps from one window to the next; there is one window more than steps.",
        ),
        Misconception(
            "one more window is laid even where nothing is left over",
            always_one_more,
            "If the last window ends on the last pixel, everything is seen already, and both numbers are the same.",
        ),
        Misconception(
            'the windows that see everything are counted as "same" counts them',
            same_size,
            '"same" lays a window for every stride pixels. With overlapping windows, fewer can be enough to reach the '
            "end.",
        ),
        Misconception(
            "the size is divided by the stride, and the window is forgotten",
            divided_by_stride,
            "That is right for windows side by side only. The first window takes up pool_size pixels; what is behind "
            "it is divided by the stride.",
        ),
        Misconception(
            "the windows fit as they should, and the end is worked out from the stride alone",
            end_from_the_stride,
            "Windows that are longer than the stride reach further than size / stride says. Find where the last window "
            "ends: what is behind it is unseen, and only that takes one window more.",
        ),
        Misconception(
            "the pixels left over are the remainder of size / stride",
            rest_of_the_size,
            "Windows that are longer than the stride reach further. Find where the last window ends, and count from "
            "there.",
        ),
        Misconception(
            "the windows that fit are taken to cover pool_size pixels each",
            no_overlap_in_the_rest,
            "Overlapping windows share pixels. Find where the last window ends, and count from there.",
            f"{PAGE}#overlapping-windows",
        ),
        Misconception(
            "the stride is ignored",
            stride_ignored,
            "From one window to the next it is stride pixels.",
        ),
        Misconception(
            "the windows lie side by side, whatever the stride says",
            side_by_side,
            "The stride is the pool size only if nobody says otherwise; here it is given.",
            f"{PAGE}#overlapping-windows",
        ),
        Misconception(
            "the division is not rounded",
            unrounded,
            "A number of windows is whole. `//` divides and rounds down, and gives an int.",
        ),
    ),
)
