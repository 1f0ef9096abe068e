"""The task on equivariance: by how much does it matter whether the image moves before the layer or after it?"""

import numpy as np

from cnncourse.baselines import shift_images
from cnncourse.checks import lent
from cnncourse.checks.drawing import digits, normals, whole
from cnncourse.checks.given.ch01 import ask
from cnncourse.checks.task import Misconception, Task

PAGE = "ch01_why_convolution"


def both_orders(f, x, down, right):
    """The maps of the moved images, the moved maps of the images."""
    return f(shift_images(x, down, right)), shift_images(f(x), down, right)


def equivariance_gap(f, x, down, right):
    before, after = both_orders(f, x, down, right)
    return float(np.abs(before - after)[:, down:, right:].max())


def gap_cases(rng):
    yield "a weight for every place", digits(rng, 1, 3, 1), digits(rng, 1, 1, 3, 1), 0, 1
    yield "a weight for every place", digits(rng, 3, 1, 1), digits(rng, 1, 3, 1, 1), 1, 0
    yield "convolution", digits(rng, 1, 2, 1, 1), digits(rng, 1, 1, 3, 1), 0, 1
    blank_first = np.stack([np.zeros((1, 3, 1)), digits(rng, 1, 3, 1)])  # the first image shows nothing
    growing = np.cumsum(abs(digits(rng, 1, 3, 1)), axis=1)
    yield "a weight for every place", growing, blank_first, 0, 1
    falling = growing[:, ::-1] * [[[100.0], [1.0], [1.0]]]  # the largest weight by far stands at the border
    yield "a weight for every place", falling, digits(rng, 1, 1, 3, 1), 0, 1
    one_moves_along = np.concatenate([np.ones((1, 3, 1)), growing], axis=2)  # the first of two channels
    yield "a weight for every place", one_moves_along, digits(rng, 1, 1, 3, 2), 0, 1
    yield "a number for every place is added", digits(rng, 2, 3, 1), digits(rng, 2, 2, 3, 1), 1, 1
    yield "mirror image", digits(rng, 1), digits(rng, 2, 2, 5, 1), 1, 2
    yield "convolution", normals(rng, 3, 2, 2, 3), normals(rng, 2, 6, 7, 2), 2, 1
    yield "convolution, then ReLU", normals(rng, 2, 3, 1, 2), normals(rng, 3, 7, 6, 1), 1, 3
    yield "mirror image", digits(rng, 1), normals(rng, 1, 1, 3, 2), 0, 2
    yield "mirror image", normals(rng, 1), normals(rng, 3, 4, 5, 2), 2, 1
    for _ in range(8):
        N, H, W, C = (whole(rng, *span) for span in [(1, 4), (3, 6), (3, 6), (1, 3)])
        x, weights = normals(rng, N, H, W, C), 10 * normals(rng, H, W, C)
        name = ["a weight for every place", "a number for every place is added"][whole(rng, 0, 1)]
        yield name, weights, x, whole(rng, 0, 2), whole(rng, 0, 2)


def on_a_ring(f, x, down, right):
    before, after = f(np.roll(x, (down, right), (1, 2))), np.roll(f(x), (down, right), (1, 2))
    return float(np.abs(before - after)[:, down:, right:].max())


def with_border(f, x, down, right):
    before, after = both_orders(f, x, down, right)
    return float(np.abs(before - after).max())


def other_border(f, x, down, right):
    before, after = both_orders(f, x, down, right)
    H, W = after.shape[1:3]
    return float(np.abs(before - after)[:, : H - down, : W - right].max())


def all_borders(f, x, down, right):
    before, after = both_orders(f, x, down, right)
    H, W = after.shape[1:3]
    return float(np.abs(before - after)[:, down : H - down, right : W - right].max(initial=0))


def of_differences(measure):
    def gap(f, x, down, right):
        before, after = both_orders(f, x, down, right)
        return float(measure((before - after)[:, down:, right:]))

    return gap


def invariance(f, x, down, right):
    return float(np.abs(f(shift_images(x, down, right)) - f(x))[:, down:, right:].max())


def invariance_everywhere(f, x, down, right):
    return float(np.abs(f(shift_images(x, down, right)) - f(x)).max())


def one_order(f, x, down, right):
    return 0.0


INSIDE = "The shift brings in zeros at the top and on the left: compare from row down and column right on."

GAP = Task(
    id="ch01.equivariance_gap",
    asks="how far a layer is from moving along with its image",
    section=f"{PAGE}#equivariant-is-not-invariant",
    reference=equivariance_gap,
    cases=gap_cases,
    probe=ask,
    lends=(
        ("cnncourse.baselines.shift_images", lent.shift_images),
        ("cnncourse.convolution.conv2d", lent.conv2d),  # for the layers of `ask`
    ),
    misconceptions=(
        Misconception(
            "the border is compared too",
            with_border,
            "At the border the shift has brought in zeros that the other order never saw. " + INSIDE,
        ),
        Misconception("the other border is left out", other_border, INSIDE),
        Misconception(
            "rows and columns are left out on all sides",
            all_borders,
            "At the bottom and on the right nothing comes in, and those places count. " + INSIDE,
        ),
        Misconception(
            "the map is expected to stay where it is",
            invariance,
            "That would measure invariance: f(shift(x)) against f(x). Equivariance lets the map move along.",
        ),
        Misconception(
            "the map is expected to stay where it is, at the border too",
            invariance_everywhere,
            "That would measure invariance: f(shift(x)) against f(x). Equivariance lets the map move along. " + INSIDE,
        ),
        Misconception(
            "the sign of the difference is not taken off",
            of_differences(np.max),
            "A difference of -5 is larger than one of 2: take the absolute value first.",
        ),
        Misconception(
            "the differences are averaged",
            of_differences(lambda d: np.abs(d).mean()),
            "The largest difference is asked for; a mean hides one wrong place among many right ones.",
        ),
        Misconception(
            "the differences are added up",
            of_differences(lambda d: np.abs(d).sum()),
            "The largest difference is asked for; a sum grows with the size of the map.",
        ),
        Misconception(
            "the difference is squared",
            of_differences(lambda d: (d**2).max()),
            "The size of the largest difference is asked for, not its square.",
        ),
        Misconception(
            "only the first image is compared",
            lambda f, x, down, right: equivariance_gap(f, x[:1], down, right),
            "The first axis counts images, and the largest difference may be in any of them.",
        ),
        Misconception(
            "what leaves on one side comes in on the other",
            on_a_ring,
            "`np.roll` puts the image on a ring, and a layer may carry what came in to any place of its map.",
        ),
        Misconception(
            "the same order is compared with itself",
            one_order,
            "Shift before the layer once, and after it once: a gap of 0 for every layer shows nothing.",
        ),
    ),
)
