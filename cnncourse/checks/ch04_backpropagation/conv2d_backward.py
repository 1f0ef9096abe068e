"""ch04.conv2d_backward: all three gradients of a convolutional layer."""

import numpy as np

from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Task


def padded_gradients(dy, x, kernel, stride, padding, assign=False, turn=False):
    """The gradient of the padded image, and of the kernel."""
    (PH, PW), (KH, KW) = padding, kernel.shape[:2]
    padded = np.pad(x, ((0, 0), (PH, PH), (PW, PW), (0, 0)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(kernel.shape)
    sent = kernel[::-1, ::-1] if turn else kernel
    for i, j in np.ndindex(dy.shape[1:3]):
        top, left = i * stride[0], j * stride[1]
        rows, columns = slice(top, top + KH), slice(left, left + KW)
        part = np.einsum("nf,uvcf->nuvc", dy[:, i, j], sent)
        dpadded[:, rows, columns] = part + (0 if assign else dpadded[:, rows, columns])
        dw += np.einsum("nf,nuvc->uvcf", dy[:, i, j], padded[:, rows, columns])
    return dpadded, dw


def inside(dpadded, x, padding):
    (PH, PW), (H, W) = padding, x.shape[1:3]
    return dpadded[:, PH : PH + H, PW : PW + W]


def conv2d_backward(dy, x, kernel, stride, padding, **options):
    dpadded, dw = padded_gradients(dy, x, kernel, stride, padding, **options)
    return inside(dpadded, x, padding), dw, dy.sum(axis=(0, 1, 2))


def layer_case(rng, draw, x, kernel, stride, padding, **options):
    size = ((n + 2 * p - k) // s + 1 for n, k, s, p in zip(x[1:3], kernel, stride, padding))
    dy = (x[0], *size, kernel[3])
    return *(draw(rng, *shape, **options) for shape in (dy, x, kernel)), stride, padding


def layer_cases(rng):
    yield layer_case(rng, digits, (1, 1, 3, 1), (1, 2, 1, 1), (1, 1), (0, 0))
    yield layer_case(rng, digits, (1, 2, 2, 1), (2, 2, 1, 1), (1, 1), (1, 0))
    yield layer_case(rng, digits, (2, 2, 3, 1), (1, 2, 1, 2), (1, 1), (0, 1))
    yield layer_case(rng, digits, (1, 2, 2, 2), (2, 1, 2, 1), (1, 1), (0, 0))
    yield layer_case(rng, digits, (1, 4, 5, 1), (2, 3, 1, 1), (2, 1), (0, 0))
    yield layer_case(rng, digits, (1, 3, 5, 1), (2, 2, 1, 1), (1, 2), (1, 1))
    yield layer_case(rng, normals, (2, 6, 5, 3), (3, 2, 3, 4), (1, 1), (1, 1))
    yield layer_case(rng, normals, (3, 7, 9, 2), (3, 3, 2, 5), (2, 3), (2, 0))
    yield layer_case(rng, normals, (2, 8, 5, 3), (2, 3, 3, 4), (3, 2), (0, 2), dtype=np.float32)
    yield layer_case(rng, normals, (4, 5, 6, 2), (3, 2, 2, 3), (1, 1), (0, 0))


TASK = Task(
    "ch04.conv2d_backward",
    "all three gradients of a convolutional layer",
    "ch04_backpropagation#two-dimensions-with-all-the-knobs",
    conv2d_backward,
    layer_cases,
    results=("dx", "dw", "db"),
)
ADD = "#accumulate-do-not-assign"
SHARED = "#sharing-a-weight-means-adding-up"


def changed(dx=None, dw=None, db=None):
    """An answer that is right but for what the given functions make of one of its parts."""

    def answer(dy, x, kernel, stride, padding):
        parts = conv2d_backward(dy, x, kernel, stride, padding)
        return tuple(change(part, dy) if change else part for change, part in zip((dx, dw, db), parts))

    return answer


def mean_over_batch(part, dy):
    return part / len(dy)


TASK.mistake(
    "each window overwrites what the windows before it have left in dx",
    "A pixel that lies in several windows acts on the loss along several roads, and where roads meet, "
    "gradients add up: `+=`.",
    ADD,
)(lambda *case: conv2d_backward(*case, assign=True))


@TASK.mistake(
    "the border is cut off dx with [p:-p], which is empty when p is 0",
    "-0 is 0, so `[0:-0]` is `[0:0]`. Count from the front, with the height and the width of x.",
    ADD,
)
def cropped_by_minus(dy, x, kernel, stride, padding):
    dpadded, dw = padded_gradients(dy, x, kernel, stride, padding)
    PH, PW = padding
    return dpadded[:, PH:-PH, PW:-PW], dw, dy.sum(axis=(0, 1, 2))


@TASK.mistake(
    "dx keeps the border that padding has added",
    "dx has the shape of x. What went to the zeros of the border is dropped: they are not part of the image.",
)
def not_cropped(dy, x, kernel, stride, padding):
    dpadded, dw = padded_gradients(dy, x, kernel, stride, padding)
    return dpadded, dw, dy.sum(axis=(0, 1, 2))


@TASK.mistake(
    "the border is cut off dx at the end only",
    "The zeros were added at all four sides, so the image starts at row PH and column PW of the padded one.",
)
def cropped_at_the_end(dy, x, kernel, stride, padding):
    dpadded, dw = padded_gradients(dy, x, kernel, stride, padding)
    return dpadded[:, : x.shape[1], : x.shape[2]], dw, dy.sum(axis=(0, 1, 2))


TASK.mistake("stride is left out", "Output (i, j) came from the window at (i * SH, j * SW) of the padded image.")(
    lambda dy, x, kernel, stride, padding: conv2d_backward(dy, x, kernel, (1, 1), padding)
)

TASK.mistake(
    "the kernel is turned once too often in dx",
    "Whoever spreads dy into the windows lays the kernel down as it is: each pixel gets the weight that it "
    "met. Whoever collects the same sum pixel by pixel meets the kernel turned. Do one or the other.",
    "#a-convolution-in-one-dimension",
)(lambda *case: conv2d_backward(*case, turn=True))
TASK.mistake(
    "the gradients of the kernel and the bias are averaged over the batch",
    "The parameters act on every image, so the gradients add up. If the loss is a mean, dy holds the 1/N already.",
    SHARED,
)(changed(dw=mean_over_batch, db=mean_over_batch))
TASK.mistake(
    "all gradients are divided by the number of images",
    "No layer divides by N. If the loss is a mean, its own backward pass has divided, once, and dy holds that.",
    "#where-it-starts-the-loss",
)(changed(dx=mean_over_batch, dw=mean_over_batch, db=mean_over_batch))
TASK.mistake(
    "the gradient of the kernel is averaged over the places",
    "The kernel is used at every place, so the gradients of all places add up.",
    SHARED,
)(changed(dw=lambda dw, dy: dw / dy[0, ..., 0].size))
TASK.mistake(
    "the gradient of the bias is added up over the images only",
    "There is one bias for each filter; it serves all images and all places, so db has the shape (F,).",
    SHARED,
)(changed(db=lambda db, dy: dy.sum(axis=0)))
TASK.mistake(
    "the gradient of the bias is added up over the places only",
    "There is one bias for each filter; it serves all images and all places, so db has the shape (F,).",
    SHARED,
)(changed(db=lambda db, dy: dy.sum(axis=(1, 2))))
TASK.mistake(
    "the gradient of the bias is averaged",
    "The bias was added at every place of every image, with slope 1: its gradient is the sum.",
    SHARED,
)(changed(db=lambda db, dy: dy.mean(axis=(0, 1, 2))))
