"""ch04.conv_dw: the gradient of the kernel, one channel."""

import numpy as np

from cnncourse.checks.writing import Task, digits, given, normals, then


def conv_dw(dy, x, KH, KW, stride):
    return collect(dy, x, KH, KW, stride, stride)


def collect(dy, x, KH, KW, row_step, column_step):
    """Add up the windows of an image, each times its number of dy."""
    dw = np.zeros((KH, KW))
    for i, j in np.ndindex(dy.shape):
        dw += dy[i, j] * x[i * row_step : i * row_step + KH, j * column_step : j * column_step + KW]
    return dw


def arrived(rng, draw, H, W, KH, KW, stride, **options):
    """A dy for a map of that size."""
    return draw(rng, (H - KH) // stride + 1, (W - KW) // stride + 1, **options)


def case(rng, draw, H, W, KH, KW, stride, **options):
    return arrived(rng, draw, H, W, KH, KW, stride, **options), draw(rng, H, W, **options), KH, KW, stride


def cases(rng):
    yield case(rng, digits, 1, 3, 1, 2, 1)
    yield case(rng, digits, 3, 2, 2, 1, 1)
    yield case(rng, digits, 3, 3, 2, 2, 1)
    yield case(rng, digits, 3, 5, 1, 3, 2)
    yield case(rng, digits, 4, 6, 2, 2, 2)
    yield case(rng, digits, 6, 5, 3, 2, 2)  # the last row and column are in no window
    yield case(rng, normals, 9, 8, 2, 3, 3)
    yield case(rng, normals, 7, 10, 4, 2, 1, dtype=np.float32)
    dy, x, *rest = case(rng, normals, 11, 9, 3, 3, 2)
    yield np.asfortranarray(dy), np.asfortranarray(x), *rest


LINE, PLANE = "#a-convolution-in-one-dimension", "#two-dimensions-with-all-the-knobs"
TASK = Task(__name__, __doc__, f"ch04_backpropagation{LINE}", conv_dw, cases)

why = "Output (i, j) came from the window at (i * stride, j * stride): that is what the weights met there."
TASK.mistake("stride is left out", why, PLANE)(given(TASK, stride=1))
why = "The window moved by the stride in both directions."
TASK.mistake("only the rows move by the stride", why, PLANE)(
    lambda dy, x, KH, KW, stride: collect(dy, x, KH, KW, stride, 1)
)
why = (
    "That is right for stride 1. With a stride, the gaps between the windows become gaps between the numbers "
    "of dy, and the result must have the shape of the kernel."
)
TASK.mistake("the image is correlated with dy at stride 1", why, "#stride-and-dilation-change-places")(
    lambda dy, x, *sizes: conv_dw(dy, x, len(x) - len(dy) + 1, x.shape[1] - dy.shape[1] + 1, 1)
)
why = "The kernel is used at every place, and where roads meet, gradients add up: `+=`."
TASK.mistake("each place overwrites what the places before it have left", why, "#accumulate-do-not-assign")(
    given(TASK, dy=lambda dy: dy * (np.arange(dy.size) == dy.size - 1).reshape(dy.shape))
)
why = "Every place acts on the loss by itself, so their gradients add up. If the loss is a mean, dy knows."
TASK.mistake("the places are averaged", why, "#sharing-a-weight-means-adding-up")(
    given(TASK, dy=lambda dy: dy / dy.size)
)
why = (
    "Weight (u, v) met the pixel u below and v to the right of each window's corner. Nothing is turned here; "
    "the turn belongs to the gradient of the image."
)
TASK.mistake("the gradient is turned like the kernel of a true convolution", why)(then(TASK, lambda dw: dw[::-1, ::-1]))
why = (
    "The number that came back to output (i, j) belongs to the window of output (i, j). Nothing is turned "
    "here; the turn belongs to the gradient of the image."
)
TASK.mistake("dy is turned", why)(given(TASK, dy=lambda dy: dy[::-1, ::-1]))
