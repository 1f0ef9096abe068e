"""ch01.shift: moved images, with zeros where nothing comes in."""

import numpy as np

from cnncourse.checks.writing import (
    Task,
    cuts_fractions,
    digits,
    exchanged,
    given,
    in_place,
    normals,
    whole,
    with_zeros,
)


def taken(x, rows, columns):
    """The pixels at those rows and columns; the nearest ones where they lie outside."""
    _, H, W, _ = x.shape
    return x[:, rows.clip(0, H - 1)][:, :, columns.clip(0, W - 1)]


def shift(x, down, right):
    _, H, W, _ = x.shape
    rows, columns = np.arange(H) - down, np.arange(W) - right  # where the pixels come from
    inside = ((rows >= 0) & (rows < H))[:, None] & ((columns >= 0) & (columns < W))  # (H, W)
    return np.where(inside[..., None], taken(x, rows, columns), 0)


def cases(rng):
    yield digits(rng, 1, 1, 3, 1), 0, 1
    yield digits(rng, 1, 1, 3, 1), 0, -1
    yield digits(rng, 1, 3, 2, 1), 1, 0
    yield digits(rng, 1, 3, 2, 1), -1, 0
    yield digits(rng, 2, 2, 2, 1), 0, 0
    yield digits(rng, 1, 3, 4, 1), 1, -2
    yield with_zeros(rng, 2, 4, 4, 1), -1, 1
    yield np.asfortranarray(digits(rng, 2, 2, 3, 1)), 1, 1
    yield digits(rng, 3, 3, 3, 2), -1, 2
    yield normals(rng, 2, 5, 4, 3), 3, 1
    yield normals(rng, 2, 4, 6, 1, dtype=np.float32), -2, -3
    yield normals(rng, 2, 3, 4, 1), 3, -4  # nothing is left in the frame
    yield rng.integers(1, 256, size=(1, 4, 5, 3)), whole(rng, -3, 3), whole(rng, -4, 4)


TASK = Task(__name__, __doc__, "#it-has-to-learn-every-position-anew", shift, cases, fresh=True)
cuts_fractions(TASK)

why = "`np.roll` puts the image on a ring. Here it has a frame: what leaves is lost, and zeros come in."
TASK.mistake("what leaves on one side comes in on the other", why)(
    lambda x, down, right: np.roll(x, (down, right), axis=(1, 2))
)
why = "What is in row i afterwards was in row i - down before: a positive number moves down, and to the right."
TASK.mistake("the images move in the other direction", why)(
    given(TASK, down=lambda down: -down, right=lambda right: -right)
)
why = "Rows are counted from the top, so down means larger row numbers."
TASK.mistake("the vertical shift goes in the other direction", why)(given(TASK, down=lambda down: -down))
why = "The axes are (N, H, W, C): down is along the second axis, right along the third."
TASK.mistake("down and right are exchanged", why)(exchanged(TASK, "down", "right"))
why = "Where the frame has nothing to show, the pixels are to be 0."
TASK.mistake("the edge is repeated instead of zeros", why)(
    lambda x, down, right: taken(x, np.arange(x.shape[1]) - down, np.arange(x.shape[2]) - right)
)
why = "A negative number moves the images up, or to the left."
TASK.mistake("the sign is ignored", why)(given(TASK, down=abs, right=abs))
why = "The result must be an array of its own; the caller still needs the images as they were."
TASK.mistake("the images themselves are overwritten", why)(in_place(TASK))


@TASK.mistake("the slices fit only for shifts down and to the right")
def positive_only(x, down, right):
    """With a negative number the slices swap their roles: `x[:, : H - down]` would be longer than the image. An `if`
    for the sign will do, or ask for each pixel where it comes from."""
    _, H, W, _ = x.shape
    y = np.zeros_like(x)
    y[:, down:, right:] = x[:, : H - down, : W - right]
    return y


@TASK.mistake("[: -down] is used, which is empty when down is 0")
def minus_zero(x, down, right):
    """-0 is 0, so `x[:, :-0]` is `x[:, :0]`. Count from the start: `x[:, : H - down]`."""
    y = np.zeros_like(x)
    (to_rows, rows), (to_columns, columns) = (
        (slice(n, None), slice(None, -n)) if n >= 0 else (slice(None, n), slice(-n, None)) for n in (down, right)
    )
    y[:, to_rows, to_columns] = x[:, rows, columns]
    return y


@TASK.mistake("the axes are counted as if there were no images")
def wrong_axes(x, down, right):
    """The first axis counts images. Rows are the second axis, columns the third."""
    N, H, W, C = x.shape
    return shift(x.reshape(1, N, H, W * C), down, right).reshape(x.shape)
