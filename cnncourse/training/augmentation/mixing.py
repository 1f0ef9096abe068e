"""Parts of images taken out, and images mixed with each other: then the labels are mixed too.

Labels are rows of weights that add up to 1, shape (N, K): `cnncourse.data.one_hot` makes them of class numbers.
"""

import numpy as np

from cnncourse.arguments import float_array, fraction, generator, number, whole_number


def cutout(images, rng, size, fill=0.0):
    """Hide a square of `size` by `size` pixels in each image, around a pixel drawn at random. A step of a pipeline.

    A square that reaches beyond the border hides less (DeVries and Taylor, 2017).

    images : ndarray, shape (N, H, W, C); so is what is returned

    >>> cutout(np.ones((1, 4, 5, 1)), np.random.default_rng(1), 2)[0, :, :, 0]
    array([[1., 0., 0., 1., 1.],
           [1., 0., 0., 1., 1.],
           [1., 1., 1., 1., 1.],
           [1., 1., 1., 1., 1.]])
    """
    images, size = float_array(images, "images", "NHWC"), whole_number(size, "size")
    hidden = _boxes(images.shape, generator(rng), size, size)
    return np.where(hidden, np.asarray(fill, images.dtype), images)


def random_erasing(images, rng, rate=0.5, area=(0.02, 0.33), ratio=(0.3, 3.3)):
    """Put noise over a rectangle in each image, with probability `rate` (Zhong et al., 2020). A step of a pipeline.

    area : the smallest and largest part of the image that it covers
    ratio : the smallest and largest height divided by width; a rectangle that does not fit in is cut to the image

    images : ndarray, shape (N, H, W, C); so is what is returned

    >>> x, rng = np.zeros((1, 10, 10, 1)), np.random.default_rng(0)
    >>> changed = random_erasing(x, rng, rate=1.0, area=(0.25, 0.25), ratio=(1.0, 1.0))
    >>> int(np.count_nonzero(changed))
    25
    """
    images, rate = float_array(images, "images", "NHWC"), fraction(rate, "rate", below_one=False)
    rng = generator(rng)
    (n, height, width, _), noise = images.shape, rng.random(images.shape, dtype=images.dtype)
    for name, (low, high), most in (("area", area, 1), ("ratio", ratio, np.inf)):
        if not 0 < low <= high <= most:
            raise ValueError(f"{name} is {(low, high)}, but a smallest and a largest are needed, above 0")
    pixels = height * width * rng.uniform(*area, n)
    ratios = np.exp(rng.uniform(*np.log(ratio), n))  # 1/3 is as likely as 3
    tall = np.clip(np.sqrt(pixels * ratios).round().astype(int), 1, height)
    wide = np.clip(np.sqrt(pixels / ratios).round().astype(int), 1, width)
    top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
    erased = _inside(images.shape, top, top + tall, left, left + wide) & (rng.random(n) < rate)[:, None, None, None]
    return np.where(erased, noise, images)


def mixup(images, targets, rng, alpha=0.2):
    """Lay another image of the batch over each image, and weight the labels as the images (Zhang et al., 2018).

    An image keeps the part `lam` and its partner gets 1 - lam; lam is drawn for each image from Beta(alpha, alpha).
    A small alpha draws mostly numbers close to 0 or 1; with alpha = 1 all numbers are equally likely.

    images : ndarray, shape (N, H, W, C)
    targets : ndarray, shape (N, K), rows of weights

    Returns images and targets of the same shapes.

    >>> x, y = np.array([0.0, 1.0]).reshape(2, 1, 1, 1), np.eye(2)
    >>> mixed, targets = mixup(x, y, np.random.default_rng(3))
    >>> np.allclose(mixed.ravel(), targets[:, 1])
    True
    """
    images, targets, alpha = _mixable(images, targets, alpha)
    rng = generator(rng)
    partners, lam = rng.permutation(len(images)), rng.beta(alpha, alpha, len(images)).astype(images.dtype)
    return _mixed(images, images[partners], lam[:, None, None, None]), _mixed(targets, targets[partners], lam[:, None])


def cutmix(images, targets, rng, alpha=1.0):
    """Put a rectangle of another image of the batch into each image, and weight the labels by area (Yun et al., 2019).

    The rectangle has the image's proportions and would cover 1 - lam of it, lam from Beta(alpha, alpha). Its middle is
    drawn at random, so it may reach beyond the border; the weights are those of the pixels that are really there.

    images : ndarray, shape (N, H, W, C)
    targets : ndarray, shape (N, K), rows of weights

    Returns images and targets of the same shapes.

    >>> x, y = np.stack([np.zeros((4, 4, 1)), np.ones((4, 4, 1))]), np.eye(2)
    >>> mixed, targets = cutmix(x, y, np.random.default_rng(0))
    >>> np.allclose(mixed.mean(axis=(1, 2, 3)), targets[:, 1])
    True
    """
    images, targets, alpha = _mixable(images, targets, alpha)
    rng = generator(rng)
    n, height, width, _ = images.shape
    partners, side = rng.permutation(n), np.sqrt(1 - rng.beta(alpha, alpha, n))
    pasted = _boxes(images.shape, rng, (side * height).round().astype(int), (side * width).round().astype(int))
    kept = 1 - pasted.mean(axis=(1, 2, 3)).astype(images.dtype)
    return np.where(pasted, images[partners], images), _mixed(targets, targets[partners], kept[:, None])


def _mixed(own, others, weight):
    return weight * own + (1 - weight) * others


def _mixable(images, targets, alpha):
    images, targets, alpha = float_array(images, "images", "NHWC"), np.asarray(targets), number(alpha, "alpha", True)
    if targets.ndim == 1:
        raise ValueError("targets are class numbers, which cannot be mixed: pass cnncourse.data.one_hot(y, classes)")
    if targets.ndim != 2 or len(targets) != len(images):
        raise ValueError(
            f"targets have shape {targets.shape}, but (N, K) is needed, a row for each of {len(images)} images"
        )
    if targets.dtype.kind not in "iuf":
        raise ValueError(f"targets have dtype {targets.dtype}, but numbers are needed")
    return images, targets.astype(images.dtype), alpha


def _boxes(shape, rng, tall, wide):
    """True in a rectangle around a pixel drawn for each image, as far as it lies inside: shape (N, H, W, 1)."""
    n, height, width, _ = shape
    top = rng.integers(0, height, n) - tall // 2
    left = rng.integers(0, width, n) - wide // 2
    return _inside(shape, top, top + tall, left, left + wide)


def _inside(shape, top, bottom, left, right):
    """True from `top` up to before `bottom` and from `left` up to before `right`, all of shape (N,)."""
    _, height, width, _ = shape
    rows, columns = np.arange(height), np.arange(width)
    inside = [
        (rows >= top[:, None]) & (rows < bottom[:, None]),
        (columns >= left[:, None]) & (columns < right[:, None]),
    ]
    return (inside[0][:, :, None] & inside[1][:, None, :])[..., None]  # (N, H) and (N, W) -> (N, H, W, 1)
