"""Small deformations of digits: what was drawn stays what it was, and no pixel stays as it was."""

import numpy as np

TURN, ZOOM, SHEAR, SHIFT, BEND = np.deg2rad(8), 0.06, 0.1, 1.3, 0.5  # the most, in radians, shares and pixels
KNOTS = 4  # of a side of the grid whose displacements bend an image
AT_ONCE = 2000  # images, so that the memory stays small


def deformed(images, rng):
    """Each image turned, scaled, sheared, shifted and bent a little, all by chance; (N, H, W) uint8 in and out.

    >>> image = np.zeros((1, 28, 28), np.uint8)
    >>> image[0, 10:18, 13:15] = 255
    >>> moved = deformed(image, np.random.default_rng(0))
    >>> moved.shape, moved.dtype.name, bool((moved != image).any()), bool(abs(moved.mean() - image.mean()) < 2)
    ((1, 28, 28), 'uint8', True, True)
    """
    parts = [_deformed(images[first : first + AT_ONCE], rng) for first in range(0, len(images), AT_ONCE)]
    return np.concatenate(parts) if parts else images.copy()


def _deformed(images, rng):
    N, H, W = images.shape
    turn, shear = rng.uniform(-TURN, TURN, N), rng.uniform(-SHEAR, SHEAR, N)
    zoom, shift = rng.uniform(1 - ZOOM, 1 + ZOOM, (2, N)), rng.uniform(-SHIFT, SHIFT, (2, N))
    cosine, sine = np.cos(turn), np.sin(turn)
    rows, columns = np.arange(H) - (H - 1) / 2, np.arange(W) - (W - 1) / 2
    y, x = (part[None] for part in np.meshgrid(rows, columns, indexing="ij"))
    each = (slice(None), None, None)
    from_y = (zoom[0] * cosine)[each] * y + (zoom[1] * (shear * cosine - sine))[each] * x + shift[0][each]
    from_x = (zoom[0] * sine)[each] * y + (zoom[1] * (shear * sine + cosine))[each] * x + shift[1][each]
    bends = rng.normal(0, BEND, (2, N, KNOTS, KNOTS))
    up, across = _tents(H), _tents(W)
    from_y = from_y + up @ bends[0] @ across.T + (H - 1) / 2  # (H, KNOTS) (N, KNOTS, KNOTS) (KNOTS, W) -> (N, H, W)
    from_x = from_x + up @ bends[1] @ across.T + (W - 1) / 2
    return _between(images, from_y.astype(np.float32), from_x.astype(np.float32))


def _tents(size):
    """How much each knot counts at each place between them: (size, KNOTS)."""
    places = np.linspace(0, KNOTS - 1, size)
    return np.maximum(1 - np.abs(places[:, None] - np.arange(KNOTS)), 0)


def _between(images, y, x):
    """The images at fractional places, zero outside."""
    N, H, W = images.shape
    wide = np.zeros((N, H + 2, W + 2), np.float32)
    wide[:, 1:-1, 1:-1] = images
    y, x = np.clip(y + 1, 0, H + 0.999), np.clip(x + 1, 0, W + 0.999)
    top, left = y.astype(np.int32), x.astype(np.int32)
    down, right = y - top, x - left
    flat = wide.reshape(-1)
    first = np.arange(N, dtype=np.int32)[:, None, None] * ((H + 2) * (W + 2)) + top * (W + 2) + left
    upper = flat[first] * (1 - right) + flat[first + 1] * right
    lower = flat[first + W + 2] * (1 - right) + flat[first + W + 3] * right
    return np.rint(upper * (1 - down) + lower * down).astype(np.uint8)
