"""Augmentation: training images changed in ways that keep their label (chapter ch07_training).

Images are NHWC floats in [0, 1]; a step of a pipeline is a function of the images and of `rng`.
"""

from cnncourse.training.augmentation.geometry import (
    about,
    flip,
    random_affine,
    random_warp,
    rotation,
    scaling,
    shear,
    translation,
    warp,
)

__all__ = [
    "about",
    "flip",
    "random_affine",
    "random_warp",
    "rotation",
    "scaling",
    "shear",
    "translation",
    "warp",
]
