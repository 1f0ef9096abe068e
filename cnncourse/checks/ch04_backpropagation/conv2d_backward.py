"""ch04.conv2d_backward: all three gradients of a convolutional layer whose padding repeats the edge."""

import numpy as np

from cnncourse.checks.ch04_backpropagation.conv_dw import LINE
from cnncourse.checks.ch04_backpropagation.conv_dx import ADD, SEVERAL, TURNED
from cnncourse.checks.writing import Task, digits, given, normals, partly, with_zeros


def conv2d_backward(dy, x, kernel, stride, padding):
    return gradients(dy, x, kernel, stride, padding)


def repeats(size, padding):
    """Which row of an image each row of the padded one repeats; columns alike."""
    return np.clip(np.arange(-padding, size + padding), 0, size - 1)


def gathered(dpadded, H, W, PH, PW):
    """What arrived at a pixel and at its copies, added up."""
    dx = np.zeros((len(dpadded), H, W, dpadded.shape[3]))
    np.add.at(dx, (slice(None), repeats(H, PH)[:, None], repeats(W, PW)), dpadded)
    return dx


def gradients(dy, x, kernel, stride, padding, mode="edge", home=gathered, assign=False, turned=1):
    """All three gradients; `home` makes dx from what arrived at the padded image, `turned` is -1 for a kernel that is
    turned in dx."""
    (SH, SW), (PH, PW), (KH, KW) = stride, padding, kernel.shape[:2]
    padded = np.pad(x, ((0, 0), (PH, PH), (PW, PW), (0, 0)), mode=mode)
    dpadded, dw = np.zeros(padded.shape), np.zeros(kernel.shape)
    for i, j in np.ndindex(dy.shape[1:3]):
        window = np.s_[:, i * SH : i * SH + KH, j * SW : j * SW + KW]
        part = np.einsum("nf,uvcf->nuvc", dy[:, i, j], kernel[::turned, ::turned])
        dpadded[window] = part + (0 if assign else dpadded[window])
        dw += np.einsum("nf,nuvc->uvcf", dy[:, i, j], padded[window])
    return home(dpadded, *x.shape[1:3], PH, PW), dw, dy.sum(axis=(0, 1, 2))


def case(rng, draw, x, kernel, stride, padding, **options):
    size = ((n + 2 * p - k) // s + 1 for n, k, s, p in zip(x[1:3], kernel, stride, padding))
    dy = (x[0], *size, kernel[3])
    return *(draw(rng, *shape, **options) for shape in (dy, x, kernel)), stride, padding


def cases(rng):
    yield case(rng, digits, (2, 1, 3, 1), (1, 2, 1, 1), (1, 1), (0, 0))
    yield case(rng, digits, (1, 2, 2, 1), (2, 2, 1, 1), (1, 1), (1, 0))
    yield case(rng, digits, (2, 2, 3, 1), (1, 2, 1, 2), (1, 1), (0, 1))
    yield case(rng, digits, (1, 2, 2, 2), (2, 1, 2, 1), (1, 1), (0, 0))
    yield case(rng, digits, (1, 1, 2, 1), (1, 1, 1, 1), (1, 1), (1, 1))  # no smaller a padding than the kernel
    yield case(rng, digits, (1, 4, 4, 1), (2, 1, 1, 1), (2, 2), (0, 0))  # the last column is in no window
    yield case(rng, digits, (1, 4, 5, 1), (2, 3, 1, 1), (2, 1), (0, 0))
    yield case(rng, with_zeros, (1, 3, 5, 1), (2, 2, 1, 1), (1, 2), (1, 1))
    yield case(rng, digits, (1, 1, 3, 1), (2, 1, 1, 1), (1, 1), (2, 1))  # one row, with two copies on either side
    yield case(rng, digits, (1, 4, 3, 1), (2, 2, 1, 1), (3, 1), (1, 0))  # the copy of the last row is in no window
    yield case(rng, normals, (2, 6, 5, 3), (3, 2, 3, 4), (1, 1), (1, 1))
    yield case(rng, normals, (3, 8, 10, 2), (3, 2, 2, 5), (2, 3), (2, 0))
    yield case(rng, normals, (2, 8, 5, 3), (2, 3, 3, 4), (3, 2), (0, 2), dtype=np.float32)
    yield case(rng, normals, (2, 5, 4, 2), (3, 2, 2, 3), (2, 2), (2, 1))
    dy, x, *rest = case(rng, normals, (4, 6, 8, 2), (3, 2, 2, 3), (2, 2), (0, 0))
    yield np.asfortranarray(dy), np.asfortranarray(x), *rest


TASK = Task(__name__, __doc__, "#two-dimensions-with-all-the-knobs", conv2d_backward, cases, results=("dx", "dw", "db"))
SHARED = "#sharing-a-weight-means-adding-up"
ONE_BIAS = "There is one bias for each filter; it serves all images and all places, so db has the shape (F,)."

COPIES = "A pixel that was repeated acts on the loss through its copies too."
TWICE = "#used-twice-means-added"


def inside(dpadded, H, W, PH, PW):
    return dpadded[:, PH : PH + H, PW : PW + W]


TASK.mistake("each window overwrites what the windows before it have left in dx", SEVERAL, ADD)(
    lambda *case: gradients(*case, assign=True)
)
why = f"{COPIES} So what arrived at a copy belongs to that pixel."
TASK.mistake("what arrived at the border is dropped", why, TWICE)(lambda *case: gradients(*case, home=inside))
why = (
    f"{COPIES} In the chapter the border holds zeros, which are not part of the image, so it may be dropped; this one "
    "may not."
)
TASK.mistake("the layer is taken for one with zeros around the image", why, TWICE)(
    lambda *case: gradients(*case, mode="constant", home=inside)
)
why = "A weight gets dy times what it met, and at the border it met the edge again."
TASK.mistake("the gradient of the kernel is taken with zeros around the image", why)(
    partly(TASK, lambda *case: gradients(*case, mode="constant"), 1)
)


@TASK.mistake("copies of a pixel overwrite each other", section=ADD)
def overwritten(*case):
    """`dx[:, rows, columns] += ...` adds only once to a place that the indices name several times. `np.add.at` adds
    each time; so do a loop, and sums over the rows and then over the columns of the border."""

    def home(dpadded, H, W, PH, PW):
        dx = np.zeros((len(dpadded), H, W, dpadded.shape[3]))
        dx[:, repeats(H, PH)[:, None], repeats(W, PW)] += dpadded
        return dx

    return gradients(*case, home=home)


@TASK.mistake("what arrived at the corners of the border is dropped", section=TWICE)
def corners_dropped(*case):
    """A corner of the border repeats the corner of the image. If rows are added to rows first, over the whole width,
    the corners go along, and are where the columns need them."""

    def home(dpadded, H, W, PH, PW):
        beside = gathered(dpadded[:, PH : PH + H], H, W, 0, PW)
        above = gathered(dpadded[:, :, PW : PW + W], H, W, PH, 0)
        return beside + above - inside(dpadded, H, W, PH, PW)

    return gradients(*case, home=home)


why = (
    "-0 is 0, so `[0:-0]` is `[0:0]`. Count from the front, with the height and the width of x; and add what arrived "
    "at the border to the pixels that it repeats."
)
TASK.mistake("the border is cut off dx with [p:-p], which is empty when p is 0", why, ADD)(
    lambda *case: gradients(*case, home=lambda dpadded, H, W, PH, PW: dpadded[:, PH:-PH, PW:-PW])
)
why = f"dx has the shape of x. {COPIES} So what arrived at a copy belongs to that pixel."
TASK.mistake("dx keeps the border that padding has added", why, TWICE)(
    lambda *case: gradients(*case, home=lambda dpadded, *sizes: dpadded)
)
why = (
    "Padding was added at all four sides, so the image starts at row PH and column PW of the padded one. What arrived "
    "at the border belongs to the pixels that it repeats."
)
TASK.mistake("the border is cut off dx at the end only", why)(
    lambda *case: gradients(*case, home=lambda dpadded, H, W, PH, PW: dpadded[:, :H, :W])
)
why = "Output (i, j) came from the window at (i * SH, j * SW) of the padded image."
TASK.mistake("stride is left out", why)(given(TASK, stride=(1, 1)))
TASK.mistake("the kernel is turned once too often in dx", TURNED, LINE)(lambda *case: gradients(*case, turned=-1))

AVERAGED = given(TASK, dy=lambda dy: dy / len(dy))

why = "The parameters act on every image, so the gradients add up. If the loss is a mean, dy holds the 1/N already."
TASK.mistake("the gradients of the kernel and the bias are averaged over the batch", why, SHARED)(
    partly(TASK, AVERAGED, 1, 2)
)
why = "No layer divides by N. If the loss is a mean, its own backward pass has divided, once, and dy holds that."
TASK.mistake("all gradients are divided by the number of images", why, "#where-it-starts-the-loss")(AVERAGED)
why = "The kernel is used at every place, so the gradients of all places add up."
TASK.mistake("the gradient of the kernel is averaged over the places", why, SHARED)(
    partly(TASK, given(TASK, dy=lambda dy: dy / dy[0, ..., 0].size), 1)
)
TASK.mistake("the gradient of the bias is added up over the images only", ONE_BIAS, SHARED)(
    lambda dy, *rest: (*conv2d_backward(dy, *rest)[:2], dy.sum(axis=0))
)
TASK.mistake("the gradient of the bias is added up over the places only", ONE_BIAS, SHARED)(
    lambda dy, *rest: (*conv2d_backward(dy, *rest)[:2], dy.sum(axis=(1, 2)))
)
why = "The bias was added at every place of every image, with slope 1: its gradient is the sum."
TASK.mistake("the gradient of the bias is averaged", why, SHARED)(
    partly(TASK, given(TASK, dy=lambda dy: dy / dy[..., 0].size), 2)
)
