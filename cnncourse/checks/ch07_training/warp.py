"""ch07.warp: an image moved by a matrix, with weights for the four pixels around the point where each comes from."""

import numpy as np

from cnncourse.checks.writing import Task, cuts_fractions, digits, given, normals, then, whole, with_zeros


def pixels(image, row, column):
    """The pixels of an image at some places, and 0 where there are none."""
    H, W = image.shape
    inside = (row >= 0) & (row < H) & (column >= 0) & (column < W)
    return np.where(inside, image[np.clip(row, 0, H - 1), np.clip(column, 0, W - 1)], 0)


def between(image, r, c, pixels=pixels, whole=np.floor):
    row, column = whole(r).astype(int), whole(c).astype(int)
    down, right = r - row, c - column
    above = (1 - right) * pixels(image, row, column) + right * pixels(image, row, column + 1)
    below = (1 - right) * pixels(image, row + 1, column) + right * pixels(image, row + 1, column + 1)
    return (1 - down) * above + down * below


def moved(image, matrix, take=between):
    """What `take` finds in the image at the places where the pixels of the output come from."""
    places = np.stack([*np.indices(image.shape), np.ones(image.shape)])  # (3, H, W)
    r, c, _ = np.tensordot(np.linalg.inv(matrix), places, 1).round(9)  # 1.9999999999 is on pixel 2, not above it
    return take(image.astype(float), r, c)


def warp(image, matrix):
    return moved(image, matrix)


def shift(row, column):
    return np.array([[1.0, 0, row], [0, 1, column], [0, 0, 1]])


def cases(rng):
    yield digits(rng, 1, 4), shift(0, 0.5)
    yield digits(rng, 4, 1), shift(0.25, 0)
    yield digits(rng, 2, 3), shift(0, -1)
    yield digits(rng, 2, 3), shift(1, 0)
    yield digits(rng, 3, 4).astype(int), shift(-0.5, 0.25)
    yield with_zeros(rng, 3, 4), np.array([[1.0, 0.5, 0], [0, 1, 0], [0, 0, 1]])
    for size in ((4, 5), (7, 6), (5, 9)):
        matrix = np.eye(3) + np.vstack([rng.uniform(-0.35, 0.35, (2, 3)), np.zeros((1, 3))])
        yield np.asfortranarray(normals(rng, *size)), matrix @ shift(0, whole(rng, -1, 1))
    yield normals(rng, 6, 6, dtype=np.float32), shift(2.75, -1.5) @ np.diag([0.5, 1.5, 1])


TASK = Task(__name__, __doc__, "#augmentation", warp, cases)


def taking(take):
    return lambda image, matrix: moved(image, matrix, take)


def only_between_four(image, r, c):
    H, W = image.shape
    return np.where((r >= 0) & (r <= H - 1) & (c >= 0) & (c <= W - 1), between(image, r, c), 0)


def border(image, row, column):
    return image[np.clip(row, 0, image.shape[0] - 1), np.clip(column, 0, image.shape[1] - 1)]


def round_the_corner(image, row, column):
    return image[row % image.shape[0], column % image.shape[1]]


why = "The matrix says where a pixel goes. To fill the output, ask where each of its pixels comes from: the inverse."
TASK.mistake("the matrix is not inverted", why)(given(TASK, matrix=np.linalg.inv))
reason = "A point between four pixels gets a part of each, by how near they are."
TASK.mistake("only the nearest pixel is taken", reason)(
    taking(lambda image, r, c: pixels(image, np.rint(r).astype(int), np.rint(c).astype(int)))
)
TASK.mistake("only the pixel above and to the left is taken", reason)(
    taking(lambda image, r, c: pixels(image, np.floor(r).astype(int), np.floor(c).astype(int)))
)
why = "The nearer pixel weighs more: at a distance of 0.25 its weight is 0.75."
TASK.mistake("the far pixel gets the weight of the near one", why)(
    taking(lambda image, r, c: between(image, 2 * np.floor(r) + 1 - r, 2 * np.floor(c) + 1 - c))
)
why = "Outside the image there are zeros, not the last row or column once more."
TASK.mistake("the border goes on outside the image", why)(taking(lambda *case: between(*case, pixels=border)))
why = "A negative index counts from the other end in Python: what lies outside must be found out before."
TASK.mistake("the image goes on at its other end", why)(taking(lambda *case: between(*case, pixels=round_the_corner)))
why = (
    "A point less than a pixel outside the image lies between zeros and pixels of the border, which have their weight."
)
TASK.mistake("points that lack one of their four pixels are 0", why)(taking(only_between_four))
why = "int() cuts -0.3 to 0; the row above that point is -1, which np.floor gives."
TASK.mistake("negative places are rounded towards 0", why)(taking(lambda *case: between(*case, whole=np.trunc)))
why = "A point is (row, column, 1) here, as an array is indexed."
TASK.mistake("row and column are exchanged", why)(given(TASK, matrix=lambda M: M[[1, 0, 2]][:, [1, 0, 2]]))
why = "The point (0, 0) of this matrix is the first pixel; moves about the centre are in the matrix already."
TASK.mistake("the matrix is applied about the centre", why)(
    lambda image, M: moved(image, (C := shift(*(np.array(image.shape) - 1) / 2)) @ M @ np.linalg.inv(C))
)
cuts_fractions(TASK)
why = "The columns stay columns: the output has the shape of the image."
TASK.mistake("the result is transposed", why)(then(TASK, np.transpose))
