"""Another light, another camera: pixels keep their place and change their value.

Images are floats in [0, 1], and so are the results: what would leave that range is set to its end. How much to change
is a number, or one for each image, shape (N,).
"""

import numpy as np

from cnncourse.arguments import float_array, fraction, generator, number


def adjust_brightness(images, delta):
    """Add `delta` to every value: more light for delta > 0, less for delta < 0.

    images : ndarray, shape (N, H, W, C); so is what is returned

    >>> adjust_brightness(np.array([0.25, 0.75]).reshape(1, 1, 2, 1), 0.5).ravel()
    array([0.75, 1.  ])
    """
    images = float_array(images, "images", "NHWC")
    return _clipped(images + _per_image(delta, "delta", images))


def adjust_contrast(images, factor):
    """Stretch the values of each channel away from their mean (factor > 1) or towards it (factor < 1).

    images : ndarray, shape (N, H, W, C); so is what is returned

    >>> adjust_contrast(np.array([0.25, 0.75]).reshape(1, 1, 2, 1), 0.5).ravel()
    array([0.375, 0.625])
    """
    images, factor = float_array(images, "images", "NHWC"), _factor(factor, images)
    mean = images.mean(axis=(1, 2), keepdims=True, dtype=np.float64).astype(images.dtype)  # a float32 sum loses digits
    return _clipped(mean + factor * (images - mean))


def adjust_saturation(images, factor):
    """Multiply the saturation of every pixel: 0 makes the image grey, more than 1 makes its colours stronger.

    images : ndarray, shape (N, H, W, 3); so is what is returned

    >>> adjust_saturation(np.array([0.5, 0.25, 0.25]).reshape(1, 1, 1, 3), 0.0).ravel()
    array([0.5, 0.5, 0.5])
    """
    hsv, factor = rgb_to_hsv(images), _factor(factor, images)
    hsv[..., 1] = np.clip(hsv[..., 1] * factor[..., 0], 0, 1)
    return hsv_to_rgb(hsv)


def adjust_hue(images, delta):
    """Turn the circle of colours by `delta`; 1 is a whole turn, 1/3 makes red green.

    images : ndarray, shape (N, H, W, 3); so is what is returned

    >>> adjust_hue(np.array([1.0, 0.0, 0.0]).reshape(1, 1, 1, 3), 1 / 3).round(6).ravel()
    array([0., 1., 0.])
    """
    hsv = rgb_to_hsv(images)
    hsv[..., 0] = (hsv[..., 0] + _per_image(delta, "delta", images)[..., 0]) % 1
    return hsv_to_rgb(hsv)


def rgb_to_hsv(images):
    """Hue, saturation and value of every pixel, each in [0, 1].

    The value is the largest of the three channels, the saturation says how far the smallest lies below it (0 for grey),
    and the hue is an angle, in turns: 0 is red, 1/3 green, 2/3 blue.

    images : ndarray, shape (N, H, W, 3); so is what is returned

    >>> rgb_to_hsv(np.array([0.0, 0.5, 0.0]).reshape(1, 1, 1, 3)).round(4).ravel()
    array([0.3333, 1.    , 0.5   ])
    """
    images = _in_colour(images)
    value = images.max(axis=-1)
    spread = value - images.min(axis=-1)
    some = np.where(spread > 0, spread, 1)  # a grey pixel has no hue: 0 stands for it
    red, green, blue = np.moveaxis(images, -1, 0)
    hue = np.select(
        [spread == 0, value == red, value == green],
        [np.zeros_like(value), (green - blue) / some, 2 + (blue - red) / some],
        4 + (red - green) / some,
    )
    return np.stack([hue / 6 % 1, spread / np.where(value > 0, value, 1), value], axis=-1)


def hsv_to_rgb(images):
    """Red, green and blue from hue, saturation and value: the inverse of `rgb_to_hsv`.

    images : ndarray, shape (N, H, W, 3); so is what is returned

    >>> hsv_to_rgb(np.array([1 / 3, 1.0, 0.5]).reshape(1, 1, 1, 3)).round(6).ravel()
    array([0. , 0.5, 0. ])
    """
    hue, saturation, value = np.moveaxis(_in_colour(images), -1, 0)
    # A channel is at its full value within a sixth of a turn of its own hue, and at its least beyond a third
    away = [np.abs((6 * hue - own + 3) % 6 - 3) for own in (0, 2, 4)]  # in sixths, from 0 to 3
    return np.stack([value * (1 - saturation * np.clip(a - 1, 0, 1)) for a in away], axis=-1)


def random_colours(images, rng, brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0):
    """Change the colours of each image by as much at most as the arguments say, either way. A step of a pipeline.

    brightness : of what is added; contrast, saturation : of the factor, around 1; hue : in turns.
    A saturation or a hue other than 0 needs three channels.

    images : ndarray, shape (N, H, W, C); so is what is returned

    >>> random_colours(np.full((2, 4, 4, 3), 0.5), np.random.default_rng(0), brightness=0.2, hue=0.1).shape
    (2, 4, 4, 3)
    """
    images, rng = float_array(images, "images", "NHWC"), generator(rng)
    most = dict(brightness=brightness, contrast=contrast, saturation=saturation, hue=hue)
    most = {name: number(value, name) for name, value in most.items()}
    for name in ("contrast", "saturation"):
        if most[name] > 1:
            raise ValueError(f"{name} is {most[name]}, which would draw factors below 0: use 0 to 1")
    draws = rng.uniform(-1, 1, (4, len(images)))
    images = adjust_brightness(images, most["brightness"] * draws[0])
    images = adjust_contrast(images, 1 + most["contrast"] * draws[1])
    if most["saturation"]:
        images = adjust_saturation(images, 1 + most["saturation"] * draws[2])
    if most["hue"]:
        images = adjust_hue(images, most["hue"] * draws[3])
    return images


def gaussian_noise(images, rng, stddev):
    """Add a random number to every value, of a normal distribution with mean 0. A step of a pipeline.

    images : ndarray, shape (N, H, W, C); so is what is returned

    >>> gaussian_noise(np.full((1, 1, 3, 1), 0.5), np.random.default_rng(0), 0.1).ravel().round(3)
    array([0.513, 0.487, 0.564])
    """
    images, stddev = float_array(images, "images", "NHWC"), number(stddev, "stddev")
    return _clipped(images + stddev * generator(rng).standard_normal(images.shape, dtype=images.dtype))


def drop_pixels(images, rng, rate):
    """Set each pixel, in all its channels, to 0 with probability `rate`. A step of a pipeline.

    images : ndarray, shape (N, H, W, C); so is what is returned

    >>> drop_pixels(np.ones((1, 2, 4, 1)), np.random.default_rng(0), 0.3)[0, :, :, 0]
    array([[1., 0., 0., 0.],
           [1., 1., 1., 1.]])
    """
    images, rate = float_array(images, "images", "NHWC"), fraction(rate, "rate", below_one=False)
    return images * (generator(rng).random(images.shape[:3]) >= rate)[..., None]


def colour_components(images):
    """The directions in which the colours of images differ most, and by how much: of the covariance of their pixels.

    images : ndarray, shape (N, H, W, C)

    Returns the eigenvalues, largest first, shape (C,), and the eigenvectors in the columns of an array (C, C). An
    eigenvalue is the variance of the pixels along its eigenvector.

    >>> values, vectors = colour_components(np.array([[0.0, 0, 0], [1.0, 1, 1]]).reshape(1, 1, 2, 3))
    >>> values.round(6)
    array([0.75, 0.  , 0.  ])
    """
    images = float_array(images, "images", "NHWC")
    if images.size == 0:
        raise ValueError(f"images have shape {images.shape}, but at least one pixel is needed")
    pixels = images.reshape(-1, images.shape[-1]).astype(np.float64)  # (N, H, W, C) -> (N*H*W, C)
    pixels = pixels - pixels.mean(axis=0)
    values, vectors = np.linalg.eigh(pixels.T @ pixels / len(pixels))
    return np.maximum(values[::-1], 0), vectors[:, ::-1]


def shift_colours(images, rng, components, stddev=0.1):
    """Add one random colour to all pixels of an image, mostly along the largest component. A step of a pipeline.

    That is AlexNet's augmentation of colours (Krizhevsky, Sutskever and Hinton, 2012, section 4.1): to each pixel the
    sum of ``a * eigenvalue * eigenvector`` is added, where the three a are drawn once for an image, of a normal
    distribution with standard deviation `stddev`.

    images : ndarray, shape (N, H, W, C); so is what is returned
    components : eigenvalues and eigenvectors, from `colour_components` of the training images

    >>> x = np.random.default_rng(0).random((2, 4, 4, 3))
    >>> shift_colours(x, np.random.default_rng(0), colour_components(x)).shape
    (2, 4, 4, 3)
    """
    images, stddev = float_array(images, "images", "NHWC"), number(stddev, "stddev")
    values, vectors = (np.asarray(part) for part in components)
    channels = images.shape[-1]
    if vectors.shape != (channels, channels) or values.shape != (channels,):
        raise ValueError(
            f"components have shapes {values.shape} and {vectors.shape}, but {(channels,)} and {(channels, channels)} "
            "are needed: use colour_components of the training images"
        )
    a = stddev * generator(rng).standard_normal((len(images), channels))
    shift = (a * values) @ vectors.T  # (N, C)
    return _clipped(images + shift[:, None, None, :].astype(images.dtype))


def _clipped(images):
    return np.clip(images, 0, 1, out=images)


def _in_colour(images):
    images = float_array(images, "images", "NHWC")
    if images.shape[-1] != 3:
        raise ValueError(f"images have {images.shape[-1]} channels, but hue and saturation need 3: red, green, blue")
    return images


def _per_image(value, name, images):
    """A number, or one for each image, as an array that broadcasts against (N, H, W, C)."""
    value = np.asarray(value, dtype=images.dtype)
    if value.shape not in ((), (len(images),)) or not np.isfinite(value).all():
        raise ValueError(f"{name} is {value!r}, but a finite number or {len(images)}, one for each image, are needed")
    return value.reshape(-1, 1, 1, 1)


def _factor(value, images):
    factor = _per_image(value, "factor", np.asarray(images))
    if (factor < 0).any():
        raise ValueError(f"factor holds {factor.min()}, but a number >= 0 is needed")
    return factor
