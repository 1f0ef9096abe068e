"""ch02.conv2d: the whole layer: images, channels, filters, bias, stride, padding, dilation."""

import numpy as np

from cnncourse.checks.writing import Task, digits, given, ignores, normals, then


def conv2d(x, kernel, bias, stride, padding, dilation):
    N, H, W, _ = x.shape
    KH, KW, _, F = kernel.shape
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    OH = (H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1
    OW = (W + 2 * padding - dilation * (KW - 1) - 1) // stride + 1
    y = np.zeros((N, OH, OW, F)) + bias
    for u in range(KH):
        for v in range(KW):
            top, left = u * dilation, v * dilation
            seen = x[:, top : top + OH * stride : stride, left : left + OW * stride : stride]
            y += seen[:, :OH, :OW] @ kernel[u, v]  # (N, OH, OW, C) @ (C, F)
    return y


def cases(rng):
    yield digits(rng, 2, 2, 3, 1), digits(rng, 2, 2, 1, 1), digits(rng, 1), 1, 0, 1
    yield digits(rng, 1, 2, 2, 2), digits(rng, 1, 1, 2, 1), digits(rng, 1), 1, 0, 1
    yield np.asfortranarray(digits(rng, 2, 2, 2, 1)), digits(rng, 1, 2, 1, 2), digits(rng, 2), 1, 0, 1
    yield digits(rng, 1, 3, 2, 1), digits(rng, 2, 2, 1, 1), digits(rng, 1), 1, 1, 1
    yield digits(rng, 1, 5, 4, 1), digits(rng, 2, 2, 1, 1), digits(rng, 1), 2, 0, 1
    yield digits(rng, 1, 5, 4, 1), digits(rng, 2, 1, 1, 1), digits(rng, 1), 3, 0, 1
    yield digits(rng, 1, 3, 5, 1), digits(rng, 2, 2, 1, 1), digits(rng, 1), 1, 0, 2
    x, kernel = (np.asfortranarray(normals(rng, *shape)) for shape in [(2, 6, 7, 3), (3, 2, 3, 4)])
    yield x, kernel, normals(rng, 4), 1, 0, 1
    yield normals(rng, 2, 5, 8, 2), normals(rng, 3, 3, 2, 3), normals(rng, 3), 2, 1, 1
    yield normals(rng, 3, 9, 7, 2), normals(rng, 2, 3, 2, 5), normals(rng, 5), 3, 2, 2
    floats = (normals(rng, *shape, dtype=np.float32) for shape in [(2, 8, 6, 3), (3, 3, 3, 2), (2,)])
    yield *floats, 1, 1, 2


TASK = Task(__name__, __doc__, "#channels-in-filters-out", conv2d, cases)
STRIDE, PADDING, HOLES = "#how-far-to-move-stride", "#what-lies-beyond-the-edge-padding", "#holes-dilation"
ignores(TASK, "stride", 1, "With stride 2 every second position is used, in both directions.", STRIDE)
ignores(TASK, "padding", 0, "The zeros come first, then the window slides over the larger image.", PADDING)
ignores(TASK, "dilation", 1, "With dilation D, neighbouring weights meet pixels that are D apart.", HOLES)

why = "A filter has weights for every channel of the image and adds up the products of all of them."
TASK.mistake("only the first channel is read", why)(
    given(TASK, x=lambda x: x[..., :1], kernel=lambda kernel: kernel[:, :, :1])
)
why = "Each filter makes a map of its own, with its own weights and its own bias."
TASK.mistake("only the first filter is used", why)(then(TASK, lambda y: np.repeat(y[..., :1], y.shape[3], axis=3)))
why = "The first axis counts images; each is convolved by itself."
TASK.mistake("every image gets the map of the first one", why)(then(TASK, lambda y: np.repeat(y[:1], len(y), axis=0)))
why = "Each filter adds its bias to every pixel of its map."
TASK.mistake("the bias is forgotten", why)(given(TASK, bias=lambda bias: 0 * bias))
why = "The bias is added once to the finished sum, not inside the loops that make it."
TASK.mistake("the bias is added with every product", why)(
    lambda x, kernel, bias, *knobs: conv2d(x, kernel, kernel[..., 0].size * bias, *knobs)
)
why = "The bias is added once to the finished sum, after the channels are added up."
TASK.mistake("the bias is added once for every channel", why)(
    lambda x, kernel, bias, *knobs: conv2d(x, kernel, kernel.shape[2] * bias, *knobs)
)
why = "The products of all channels are added up, not averaged."
TASK.mistake("the channels are averaged", why)(given(TASK, x=lambda x: x / x.shape[3]))
why = "That is a true convolution. A convolutional layer leaves the kernel as it lies."
TASK.mistake("the kernel is turned", why, "#turned-or-not")(given(TASK, kernel=lambda kernel: kernel[::-1, ::-1]))
why = "Dilation is the distance from one weight to the next: dilation 1 has no holes."
TASK.mistake("dilation is taken as the number of holes", why, HOLES)(
    given(TASK, dilation=lambda dilation: dilation + 1)
)
why = "This course, like Keras, keeps the channels last: (N, OH, OW, F)."
TASK.mistake("the axes of the result are (N, F, OH, OW)", why)(then(TASK, lambda y: np.moveaxis(y, 3, 1)))


@TASK.mistake("the channels are padded too", section=PADDING)
def padded_channels(x, kernel, bias, stride, padding, dilation):
    """Zeros belong above, below, left and right of the image; the number of channels stays what it is."""
    around = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (padding, padding)))
    wide = np.pad(kernel, ((0, 0), (0, 0), (0, 2 * padding), (0, 0)))
    return conv2d(around, wide, bias, stride, 0, dilation)
