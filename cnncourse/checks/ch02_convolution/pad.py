"""ch02.pad: zeros around an image."""

import numpy as np

from cnncourse.checks.writing import Task, cuts_fractions, digits, normals


def pad(x, padding):
    return np.pad(x, padding)


def cases(rng):
    yield digits(rng, 2, 3), 1
    yield np.asfortranarray(digits(rng, 3, 2)), 2
    yield digits(rng, 2, 2), 0
    yield normals(rng, 4, 5), 3
    yield normals(rng, 5, 4, dtype=np.float32), 1
    yield rng.random((1, 6)), 2


TASK = Task(__name__, __doc__, "#what-lies-beyond-the-edge-padding", pad, cases, fresh=True)
cuts_fractions(TASK)

why = "Padding is the number of zeros at each of the four sides."
TASK.mistake("the zeros are added after the last row and column only", why)(
    lambda x, padding: np.pad(x, ((0, padding), (0, padding)))
)
why = "The image needs zeros to the left and right too."
TASK.mistake("only rows are added", why)(lambda x, padding: np.pad(x, ((padding, padding), (0, 0))))
why = "Padding is the number of zeros at each side, so the image grows by twice as much."
TASK.mistake("padding is shared between two opposite sides", why)(
    lambda x, padding: np.pad(x, ((padding // 2, padding - padding // 2),) * 2)
)
why = "Repeating the edge is another way to pad; here, and in most networks, the border is zeros."
TASK.mistake("the edge is repeated instead of zeros", why)(lambda x, padding: np.pad(x, padding, mode="edge"))
why = "Whoever changes the padded image would then change the original, but only when the padding is 0."
TASK.mistake("the image itself is returned when there is nothing to add", why)(
    lambda x, padding: np.pad(x, padding) if padding else x
)


@TASK.mistake("the inside is addressed as [p:-p], which is empty when p is 0")
def counted_from_the_end(x, padding):
    """-0 is 0, so `out[0:-0]` is `out[0:0]`. Count from the start: `out[p : p + H]`."""
    out = np.zeros((x.shape[0] + 2 * padding, x.shape[1] + 2 * padding))
    out[padding:-padding, padding:-padding] = x
    return out
