"""ch01.equivariance_gap: how far a layer is from moving along with its image."""

import numpy as np

from cnncourse.checks.lent import conv2d, shift_images
from cnncourse.checks.writing import Task, digits, given, normals, whole


def measured(difference, measure=lambda difference: abs(difference).max(initial=0)):
    """An answer that measures what `difference(f, x, down, right)` gives."""
    return lambda f, x, down, right: float(measure(difference(f, x, down, right)))


def everywhere(f, x, down, right):
    """What two orders give: the maps of the moved images, less the moved maps of the images."""
    return f(shift_images(x, down, right)) - shift_images(f(x), down, right)


def inside(f, x, down, right):
    return everywhere(f, x, down, right)[:, down:, right:]


def equivariance_gap(f, x, down, right):
    return measured(inside)(f, x, down, right)


def cases(rng):
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
    yield "convolution", normals(rng, 3, 2, 2, 3), np.asfortranarray(normals(rng, 2, 6, 7, 2)), 2, 1
    yield "convolution, then ReLU", normals(rng, 2, 3, 1, 2), normals(rng, 3, 7, 6, 1), 1, 3
    yield "mirror image", digits(rng, 1), normals(rng, 1, 1, 3, 2), 0, 2
    yield "mirror image", normals(rng, 1), np.asfortranarray(normals(rng, 3, 4, 5, 2)), 2, 1
    for _ in range(8):
        N, H, W, C = (whole(rng, *span) for span in [(1, 4), (3, 6), (3, 6), (1, 3)])
        x, weights = normals(rng, N, H, W, C), 10 * normals(rng, H, W, C)
        name = ["a weight for every place", "a number for every place is added"][whole(rng, 0, 1)]
        yield name, weights, x, whole(rng, 0, 2), whole(rng, 0, 2)


def ask(answer, layer, weights, x, down, right):
    """Ask for the gap of one of the layers, which an answer gets as a function of the images alone.

    >>> ask(lambda f, x, down, right: f(x).tolist(), "mirror image", 2.0, np.ones((1, 1, 2, 1)), 0, 1)
    [[[[2.0], [2.0]]]]
    """
    layers = {
        "convolution": lambda x: conv2d(x, weights)[0],
        "convolution, then ReLU": lambda x: np.maximum(conv2d(x, weights)[0], 0),
        "a weight for every place": lambda x: x * weights,
        "a number for every place is added": lambda x: x + weights,
        "mirror image": lambda x: x[:, :, ::-1] * weights,
    }
    return answer(layers[layer], x, down, right)


TASK = Task(
    __name__,
    __doc__,
    "#equivariant-is-not-invariant",
    equivariance_gap,
    cases,
    probe=ask,
    lends=(("cnncourse.baselines.shift_images", shift_images), ("cnncourse.convolution.conv2d", conv2d)),
)
INSIDE = "The shift brings in zeros at the top and on the left: compare from row down and column right on."
STAYS = "That would measure invariance: f(shift(x)) against f(x). Equivariance lets the map move along."

why = "At the border the shift has brought in zeros that the other order never saw. " + INSIDE
TASK.mistake("the border is compared too", why)(measured(everywhere))
TASK.mistake("the other border is left out", INSIDE)(
    measured(lambda *case: everywhere(*case)[:, ::-1, ::-1][:, case[2] :, case[3] :])
)
why = "At the bottom and on the right nothing comes in, and those places count. " + INSIDE
TASK.mistake("rows and columns are left out on all sides", why)(
    measured(lambda *case: inside(*case)[:, ::-1, ::-1][:, case[2] :, case[3] :])
)
TASK.mistake("the map is expected to stay where it is", STAYS)(
    measured(lambda f, x, down, right: (f(shift_images(x, down, right)) - f(x))[:, down:, right:])
)
why = f"{STAYS} {INSIDE}"
TASK.mistake("the map is expected to stay where it is, at the border too", why)(
    measured(lambda f, x, down, right: f(shift_images(x, down, right)) - f(x))
)
why = "A difference of -5 is larger than one of 2: take the absolute value first."
TASK.mistake("the sign of the difference is not taken off", why)(measured(inside, np.max))
why = "The largest difference is asked for; a mean hides one wrong place among many right ones."
TASK.mistake("the differences are averaged", why)(measured(inside, lambda difference: abs(difference).mean()))
why = "The largest difference is asked for; a sum grows with the size of the map."
TASK.mistake("the differences are added up", why)(measured(inside, lambda difference: abs(difference).sum()))
why = "The size of the largest difference is asked for, not its square."
TASK.mistake("the difference is squared", why)(measured(inside, lambda difference: (difference**2).max()))
why = "The first axis counts images, and the largest difference may be in any of them."
TASK.mistake("only the first image is compared", why)(given(TASK, x=lambda x: x[:1]))
why = "Shift before the layer once, and after it once: a gap of 0 for every layer shows nothing."
TASK.mistake("the same order is compared with itself", why)(lambda f, x, down, right: 0.0)


@TASK.mistake(
    "what leaves on one side comes in on the other",
    "`np.roll` puts the image on a ring, and a layer may carry what came in to any place of its map.",
)
@measured
def on_a_ring(f, x, down, right):
    before, after = f(np.roll(x, (down, right), (1, 2))), np.roll(f(x), (down, right), (1, 2))
    return (before - after)[:, down:, right:]
