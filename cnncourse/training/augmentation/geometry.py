"""Where a pixel goes: affine matrices, and images moved by them.

A point is (row, column, 1), in pixels from the centre of the image: rows grow downwards and columns to the right, as
in an array. A matrix says where a point goes, from the input to the output, so `rotation(10) @ scaling(2)` zooms first
and turns afterwards. Every matrix is 3x3; numbers that differ by image give one matrix an image, shape (N, 3, 3).
"""

import numpy as np

from cnncourse.arguments import float_array, generator, number, whole_number

IMAGES_AT_A_TIME = 64  # so many that the arrays of a step stay in the processor's cache


def rotation(degrees):
    """Turn about the centre, anticlockwise as one sees it.

    >>> rotation(90)[:2, :2].round() + 0.0  # the pixel below the centre goes to its right: (1, 0) -> (0, 1)
    array([[ 0., -1.],
           [ 1.,  0.]])
    """
    angle = np.deg2rad(_finite(degrees, "degrees"))
    return _matrices([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0]])


def scaling(rows, columns=None):
    """Make what is seen larger (> 1) or smaller (< 1): in both directions by the same factor, if only one is given.

    >>> scaling(2)
    array([[2., 0., 0.],
           [0., 2., 0.],
           [0., 0., 1.]])
    """
    rows = _finite(rows, "rows")
    columns = rows if columns is None else _finite(columns, "columns")
    for name, factor in (("rows", rows), ("columns", columns)):
        if (factor <= 0).any():
            raise ValueError(f"{name} holds {factor.min()}, but a factor > 0 is needed: use flip for a mirror image")
    return _matrices([[rows, 0, 0], [0, columns, 0]])


def shear(rows=0.0, columns=0.0):
    """Slant: a row moves to the right by `columns` for each pixel it lies below the centre, a column down by `rows`.

    >>> shear(columns=0.5)
    array([[1. , 0. , 0. ],
           [0.5, 1. , 0. ],
           [0. , 0. , 1. ]])
    """
    return _matrices([[1, _finite(rows, "rows"), 0], [_finite(columns, "columns"), 1, 0]])


def translation(rows, columns):
    """Shift down by `rows` and to the right by `columns`, in pixels, which may be fractions.

    >>> translation(-1, 2) @ [0, 0, 1]
    array([-1.,  2.,  1.])
    """
    return _matrices([[1, 0, _finite(rows, "rows")], [0, 1, _finite(columns, "columns")]])


def flip(rows=False, columns=True):
    """Mirror: left and right change places by default; with `rows`, top and bottom do.

    >>> flip() @ [3, -5, 1]
    array([3., 5., 1.])
    """
    rows, columns = (np.where(np.asarray(swap, dtype=bool), -1.0, 1.0) for swap in (rows, columns))
    return _matrices([[rows, 0, 0], [0, columns, 0]])


def about(matrices, centre):
    """The same motion about another point: `centre` (row, column) stays where it is.

    With ``centre=((H - 1) / 2, (W - 1) / 2)`` the points are counted as the pixels of an array are, from its corner.

    >>> about(rotation(180), (1, 1)) @ [0, 0, 1]
    array([2., 2., 1.])
    """
    row, column = centre
    return translation(row, column) @ _square(matrices) @ translation(-row, -column)


def random_affine(n, rng, rotate=0.0, zoom=0.0, shear=0.0, shift=0.0):
    """Draw `n` matrices: each shears, zooms, turns and shifts by as much at most as the arguments say, either way.

    rotate : degrees
    zoom : a fraction; 0.1 draws a factor between 0.9 and 1.1
    shear : pixels to the side for each pixel downwards
    shift : pixels, drawn for rows and columns each

    Returns an array of shape (n, 3, 3): translation @ rotation @ scaling @ shear.

    >>> random_affine(100, np.random.default_rng(0), rotate=10, shift=2).shape
    (100, 3, 3)
    """
    n, rng = whole_number(n, "n"), generator(rng)
    most = [number(value, name) for name, value in dict(rotate=rotate, zoom=zoom, shear=shear, shift=shift).items()]
    if most[1] >= 1:
        raise ValueError(f"zoom is {zoom}, which would draw factors down to {1 - most[1]:g}: use a fraction below 1")
    turn, larger, slant, down, right = rng.uniform(-1, 1, (5, n)) * np.array([*most, most[3]])[:, None]
    return translation(down, right) @ rotation(turn) @ scaling(1 + larger) @ _shear(columns=slant)


_shear = shear  # the function, where an argument has its name


def random_warp(images, rng, rotate=0.0, zoom=0.0, shear=0.0, shift=0.0, fill=0.0):
    """Move each image by a matrix of its own: `warp` with matrices from `random_affine`. A step of a pipeline.

    >>> random_warp(np.ones((2, 5, 7, 1)), np.random.default_rng(0), shift=2).shape
    (2, 5, 7, 1)
    """
    images = float_array(images, "images", "NHWC")
    if not len(images):
        return images.copy()
    return warp(images, random_affine(len(images), rng, rotate, zoom, shear, shift), fill)


def warp(images, matrices, fill=0.0):
    """Move images by affine matrices, about their centre.

    images : ndarray, shape (N, H, W, C)
    matrices : ndarray, shape (N, 3, 3) or (N, 2, 3), one for each image; or a single one, for all of them.
        They say where a point of the input goes. The centre, where both coordinates are 0, is the middle of the
        image, at row (H - 1) / 2 and column (W - 1) / 2 of the array.
    fill : what comes in from outside

    Returns the moved images, same shape and dtype. For every pixel of the output the inverse of the matrix says where
    in the input it comes from. That is between four pixels, which are weighted by how near they are (bilinear).

    >>> image = np.arange(6.0).reshape(1, 2, 3, 1)
    >>> warp(image, translation(0, 1))[0, :, :, 0]
    array([[0., 0., 1.],
           [0., 3., 4.]])
    """
    images = float_array(images, "images", "NHWC")
    n, height, width, channels = images.shape
    matrices = _square(matrices)
    if matrices.ndim == 3 and len(matrices) != n:
        raise ValueError(f"there are {len(matrices)} matrices for {n} images: pass one for each, or a single one")
    if not np.all(np.abs(np.linalg.det(matrices[..., :2, :2])) > 1e-9):
        raise ValueError("a matrix has determinant 0, so it squeezes the image into a line: use factors other than 0")
    back = np.linalg.inv(matrices)
    moved = np.empty(images.shape, images.dtype)
    if not images.size:
        return moved
    corner = translation((height - 1) / 2, (width - 1) / 2)
    # One pixel of `fill` all around: what comes from outside the image comes from there
    back = np.broadcast_to(translation(1, 1) @ corner @ back @ np.linalg.inv(corner), (n, 3, 3)).astype(images.dtype)
    for start in range(0, n, IMAGES_AT_A_TIME):
        part = np.s_[start : start + IMAGES_AT_A_TIME]
        framed = np.pad(images[part], ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=fill)
        moved[part] = _between(framed, *_sources(back[part], height, width))
    return moved


def _sources(back, height, width):
    """Where the pixels of the output come from in framed images: two arrays of shape (N, H, W)."""
    r, c = np.arange(height, dtype=back.dtype)[:, None], np.arange(width, dtype=back.dtype)
    for axis, size in enumerate((height, width)):
        by_row, by_column, shift = back[:, axis, :, None, None].transpose(1, 0, 2, 3)  # three of shape (N, 1, 1)
        source = (by_row * r + shift) + by_column * c  # (N, H, 1) + (N, 1, W) -> (N, H, W)
        yield np.clip(source, 0, size + 1, out=source)


def _between(images, rows, columns):
    """The images between their pixels, at `rows` and `columns` >= 0, each of shape (N, H, W)."""
    n, height, width, channels = images.shape
    top = np.minimum(rows.astype(np.int32), height - 2)  # int cuts off what is behind the point
    left = np.minimum(columns.astype(np.int32), width - 2)
    down, right = rows - top.astype(rows.dtype), columns - left.astype(rows.dtype)  # how far from there, in [0, 1]
    first = np.arange(n, dtype=np.int32)[:, None, None] * (height * width) + top * width + left  # in (N * H * W, C)
    pixels = images.reshape(-1, channels)  # (N, H, W, C) -> (N*H*W, C)
    if channels == 1:
        pixels = pixels[:, 0]
    else:
        down, right = down[..., None], right[..., None]
    above, below = (
        _mix(pixels.take(corner, axis=0), pixels.take(corner + 1, axis=0), right) for corner in (first, first + width)
    )
    return _mix(above, below, down).reshape(*rows.shape, channels)


def _mix(near, far, distance):
    """near + distance * (far - near), written into `far`."""
    far -= near
    far *= distance
    far += near
    return far


def _finite(value, name):
    value = np.asarray(value, dtype=np.float64)
    if value.ndim > 1 or not np.isfinite(value).all():
        raise ValueError(f"{name} is {value}, but a finite number is needed, or one for each image, shape (N,)")
    return value


def _matrices(rows):
    """Two rows of numbers or of arrays of shape (N,) -> a matrix (3, 3), or one for each image, (N, 3, 3)."""
    entries = np.broadcast_arrays(*rows[0], *rows[1], 0.0, 0.0, 1.0)
    return np.stack(entries, axis=-1).reshape(*entries[0].shape, 3, 3)  # (N, 9) -> (N, 3, 3)


def _square(matrices):
    """Matrices with their third row, which is always 0 0 1."""
    matrices = np.asarray(matrices, dtype=np.float64)
    if matrices.ndim not in (2, 3) or matrices.shape[-2:] not in ((2, 3), (3, 3)):
        raise ValueError(
            f"matrices have shape {matrices.shape}, but (3, 3) or (N, 3, 3) is needed; (2, 3) would do too"
        )
    if not np.isfinite(matrices).all():
        raise ValueError("matrices hold NaN or infinite numbers, but finite ones are needed")
    last = np.broadcast_to([0.0, 0.0, 1.0], (*matrices.shape[:-2], 1, 3))
    if matrices.shape[-2] == 3 and not np.array_equal(matrices[..., 2:, :], last):
        raise ValueError("a matrix has a third row other than 0 0 1: that is no affine map; is it transposed?")
    return np.concatenate([matrices[..., :2, :], last], axis=-2)
