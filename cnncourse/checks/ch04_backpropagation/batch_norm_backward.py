"""ch04.batch_norm_backward: the gradients of batch normalisation with a mask."""

import numpy as np

from cnncourse.checks.writing import Task, digits, given, normals, partly


def batch_norm_backward(dy, x, mask, gamma, epsilon):
    return gradients(dy, x, mask, gamma, epsilon)


def under_the_root(variance, epsilon):
    return np.sqrt(variance + epsilon)


def to_marked(marked, roads):
    return np.where(marked, roads, 0)


@np.errstate(divide="ignore", invalid="ignore")  # a wrong answer may divide by 0
def gradients(
    dy, x, mask, gamma, epsilon, axes=(0, 1, 2), mean=1, variance=1, spare=0, root=under_the_root, lead=to_marked, by=0
):
    """All gradients. 0 shuts a road, the one through the mean or the variance; `lead` says to which pixels these two
    lead; the variance divides by `spare` less; the roads divide by `by`, if not by the number of marked pixels."""
    marked = mask[..., None]
    over = {"axis": axes, "keepdims": True}
    count = marked.sum(**over)
    centred = x - x.sum(where=marked, **over) / count
    deviation = root((centred**2).sum(where=marked, **over) / (count - spare), epsilon)
    hat, g = centred / deviation, dy * gamma
    roads = (mean * g.sum(**over) + variance * hat * (g * hat).sum(**over)) / (by or count)
    return (g - lead(marked, roads)) / deviation, (dy * hat).sum(axis=(0, 1, 2)), dy.sum(axis=(0, 1, 2))


def case(rng, draw, shape, marked, epsilon, **options):
    """A case in which that many pixels are marked, at places that are drawn."""
    dy, x = draw(rng, *shape, **options), draw(rng, *shape, **options)
    mask = np.zeros(shape[:3], bool)
    mask.flat[rng.permutation(mask.size)[:marked]] = True
    last = tuple(np.argwhere(mask)[-1])
    x[last] = x.max(axis=(0, 1, 2)) + 1  # no channel is constant, nor is what comes back to it
    dy[last] = dy.max(axis=(0, 1, 2)) + 1
    return dy, x, mask, draw(rng, shape[3], **options), epsilon


def rising(rng, *shape):
    """Digits in order, so that no sum over a handful of them comes out as 0."""
    return np.sort(digits(rng, *shape), axis=None).reshape(shape)


def cases(rng):
    yield case(rng, rising, (1, 1, 3, 1), 2, 0.5)
    yield case(rng, rising, (3, 1, 1, 1), 2, 0.5)  # an image without a marked pixel
    yield case(rng, rising, (1, 2, 2, 1), 1, 4.0)
    yield case(rng, digits, (2, 1, 2, 2), 4, 2.0)  # all pixels
    yield case(rng, digits, (1, 2, 3, 2), 4, 1.0)
    yield case(rng, normals, (2, 3, 4, 5), 14, 0.1)
    yield case(rng, normals, (4, 3, 2, 3), 15, 1e-3)
    yield case(rng, normals, (3, 4, 5, 2), 60, 0.1, dtype=np.float32)
    dy, x, mask, gamma, epsilon = case(rng, normals, (3, 4, 3, 2), 24, 1e-3)
    mask[0] = False
    yield dy, np.asfortranarray(20 + x), np.asfortranarray(mask), gamma, epsilon
    floats = case(rng, normals, (2, 4, 3, 2), 16, 1e-3, dtype=np.float32)
    yield floats[0], 1000 + 3 * floats[1], *floats[2:]


TASK = Task(
    __name__,
    __doc__,
    "#batch-normalisation-three-roads-home",
    batch_norm_backward,
    cases,
    results=("dx", "dgamma", "dbeta"),
)
ROADS = (
    "A marked pixel acts on its own output directly, and on all outputs of its channel through the mean and "
    "through the variance."
)
SET = "The set is one channel: the marked pixels of all images together."
USE = "Pixels that are not marked use the mean and the variance."
MADE = "Pixels that are not marked did not make the mean and the variance"

why = f"That is right in use, where they are constants. In training they come from the batch. {ROADS}"
TASK.mistake("the mean and the variance are taken as constants", why)(
    lambda *case: gradients(*case, mean=0, variance=0)
)
why = f"{ROADS} Adding a constant to a channel changes no output, so its dx must add up to 0."
TASK.mistake("the road through the mean is forgotten", why)(lambda *case: gradients(*case, mean=0))
why = (
    f"{ROADS} Stretching a channel about its mean hardly changes an output, so dx must have (nearly) no part "
    "along the normalised numbers."
)
TASK.mistake("the road through the variance is forgotten", why)(lambda *case: gradients(*case, variance=0))
why = "The output was gamma times the normalised number, so on the way back gamma comes first."
TASK.mistake("gamma is left out of dx", why)(given(TASK, gamma=1.0))
why = "gamma's slope is the number that it was multiplied with, and beta's is 1. gamma itself is in neither."
TASK.mistake("gamma is multiplied into its own gradient", why)(
    partly(TASK, lambda dy, x, mask, gamma, epsilon: batch_norm_backward(dy * gamma, x, mask, gamma, epsilon), 1, 2)
)
why = "gamma was multiplied with the normalised number, so that is its slope."
TASK.mistake("the gradient of gamma is taken with x as it came in", why)(
    partly(TASK, lambda dy, x, *case: (0, (dy * x).sum(axis=(0, 1, 2)), 0), 1)
)
why = "One gamma and one beta serve every pixel of every image, and where roads meet, gradients add up."
TASK.mistake("the gradients of gamma and beta are averaged", why, "#used-twice-means-added")(
    partly(TASK, given(TASK, dy=lambda dy: dy / dy[..., 0].size), 1, 2)
)
for lead in (to_marked, np.multiply):  # two ways to write it, which differ where the deviation is 0
    TASK.mistake(
        "epsilon is left out",
        "The forward pass divided by the root of variance plus epsilon, and backward must do the same.",
    )(lambda *case, lead=lead: gradients(*case[:-1], 0.0, lead=lead))
why = "epsilon stands under the root, next to the variance."
TASK.mistake("epsilon is added to the deviation instead of the variance", why)(
    lambda *case: gradients(*case, root=lambda variance, epsilon: np.sqrt(variance) + epsilon)
)
why = "The variance of this layer is the mean of the squared differences: it divides by the count itself."
TASK.mistake("the variance divides by one less than the count", why)(lambda *case: gradients(*case, spare=1))
TASK.mistake("each pixel is normalised by itself, over the images only", SET)(lambda *case: gradients(*case, axes=(0,)))
TASK.mistake("each image is normalised by itself", SET)(lambda *case: gradients(*case, axes=(1, 2)))
why = "Normalising divides by the deviation once, and so does its gradient."
TASK.mistake("dx is divided by the variance instead of its root", why)(
    lambda dy, x, mask, gamma, epsilon: batch_norm_backward(
        dy, x, mask, gamma / under_the_root(x[mask].var(axis=0), epsilon), epsilon
    )
)
why = f"{MADE}: those are the mean and the variance of the marked pixels only."
TASK.mistake("mask is ignored", why)(given(TASK, mask=np.ones_like))


def marked_only(dy, x, mask, *rest):
    return batch_norm_backward(dy * mask[..., None], x, mask, *rest)


why = (
    f"They are normalised like all others, so what arrives at them counts. {USE} So they send a gradient through both."
)
TASK.mistake("pixels that are not marked are left out altogether", why)(marked_only)


@TASK.mistake(
    "only marked pixels send a gradient through the mean and the variance",
    f"{USE} So the sums over g and over g times the normalised number go over all pixels.",
)
def sent_by_marked_only(dy, x, mask, *rest):
    dx, *others = batch_norm_backward(dy, x, mask, *rest)
    return np.where(mask[..., None], marked_only(dy, x, mask, *rest)[0], dx), *others


why = f"{MADE}, but their own output is made from them: the direct road is theirs."
TASK.mistake("pixels that are not marked get no gradient", why)(
    partly(TASK, lambda dy, x, mask, *rest: [batch_norm_backward(dy, x, mask, *rest)[0] * mask[..., None]], 0)
)
why = f"{MADE}, so these two roads lead to the marked ones only."
TASK.mistake("the roads through the mean and the variance lead to every pixel", why)(
    lambda *case: gradients(*case, lead=lambda marked, roads: roads)
)
why = (
    "The mean and the variance divide by the number of marked pixels. So the slope of the mean in one of them is 1 "
    "over that number."
)
TASK.mistake("the roads are divided by the number of all pixels", why)(
    lambda dy, x, mask, *rest: gradients(dy, x, mask, *rest, by=mask.size)
)
why = "gamma and beta serve every pixel, marked or not."
TASK.mistake("the gradients of gamma and beta are added up over marked pixels only", why, "#used-twice-means-added")(
    partly(TASK, marked_only, 1, 2)
)
