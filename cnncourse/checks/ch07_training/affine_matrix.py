"""ch07.affine_matrix: one matrix that zooms and turns an image about its centre, and then shifts it."""

import numpy as np

from cnncourse.checks.writing import Task, exchanged, given, then, whole


def to(row, column):
    return np.array([[1.0, 0, row], [0, 1, column], [0, 0, 1]])


def parts(degrees, zoom, shift, size):
    """The shift, the way back from the corner to the centre, the turn, the zoom, and the way to the corner."""
    angle, (row, column) = np.deg2rad(degrees), (np.array(size) - 1) / 2
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return to(*shift), to(row, column), turn, np.diag([*zoom, 1.0]), to(-row, -column)


def affine_matrix(degrees, zoom, shift, size):
    moved, corner, turn, larger, centre = parts(degrees, zoom, shift, size)
    return moved @ corner @ turn @ larger @ centre


def cases(rng):
    yield 0, (1.0, 1.0), (whole(rng, 1, 3), -whole(rng, 4, 6)), (3, 3)
    yield 0, (2.0, 2.0), (0, 0), (3, 5)
    yield 90, (1.0, 1.0), (0, 0), (3, 5)
    yield 90, (2.0, 4.0), (1, 0), (2, 3)
    for _ in range(6):
        zoom, shift = rng.uniform(0.5, 2, 2), rng.uniform(-3, 3, 2)
        size = whole(rng, 3, 9), whole(rng, 10, 20)
        yield float(rng.uniform(10, 80)), tuple(zoom.tolist()), tuple(shift.tolist()), size


def product(arrange):
    return lambda *case: arrange(*parts(*case))


TASK = Task(__name__, __doc__, "#augmentation", affine_matrix, cases)

why = "The turn and the zoom leave the point (0, 0) where it is: move the centre of the image there first, and back."
TASK.mistake("the image is turned about its corner", why)(product(lambda S, C, R, Z, B: S @ R @ Z))
why = "What came to (0, 0) must go back after the turn: the centre stays where it was."
TASK.mistake("the centre is left in the corner", why)(product(lambda S, C, R, Z, B: S @ R @ Z @ B))
why = "With H rows, counted from 0, the middle is at (H - 1) / 2: between the first row, 0, and the last, H - 1."
TASK.mistake("the centre is half a pixel off", why)(given(TASK, size=lambda size: (size[0] + 1, size[1] + 1)))
why = "The matrix on the right acts first. Here the image is shifted first, and the shift is turned and zoomed with it."
TASK.mistake("the shift comes first", why)(product(lambda S, C, R, Z, B: C @ R @ Z @ B @ S))
why = "The matrix on the right acts first: the zoom stands to the right of the turn."
TASK.mistake("the turn comes before the zoom", why)(product(lambda S, C, R, Z, B: S @ C @ Z @ R @ B))
why = "The matrix on the right acts first. Here all are in the order in which one says them."
TASK.mistake("the product is the other way round", why)(product(lambda S, C, R, Z, B: B @ Z @ R @ C @ S))
why = "NumPy's sine and cosine want radians: np.deg2rad(degrees)."
TASK.mistake("degrees are taken for radians", why)(given(TASK, degrees=np.rad2deg))
why = "Rows grow downwards: (row, column) with cos, -sin in the first line turns anticlockwise."
TASK.mistake("the image is turned the other way", why)(given(TASK, degrees=lambda degrees: -degrees))
why = "A point is (row, column, 1) here, with the row first."
TASK.mistake("the column stands first", why)(then(TASK, lambda M: M[[1, 0, 2]][:, [1, 0, 2]]))
why = "The rows belong to the height, size[0], and the columns to the width."
TASK.mistake("height and width are exchanged", why)(given(TASK, size=lambda size: size[::-1]))
why = "The matrix says where a point of the old image goes. Its inverse says where a point of the new one comes from."
TASK.mistake("the inverse is returned", why)(then(TASK, np.linalg.inv))
why = "A point is a column, to the right of the matrix: the shift stands in the last column."
TASK.mistake("the matrix is transposed", why)(then(TASK, np.transpose))
why = "The first number of the zoom is for the rows, the first of the shift too: both as they came."
TASK.mistake("zoom and shift are exchanged", why)(exchanged(TASK, "zoom", "shift"))
