"""Augmentation: training images changed in ways that keep their label (chapter ch07_training).

Images are NHWC floats in [0, 1]. A step of a pipeline is a function of (images, rng) that returns images; mixing also
takes and returns the labels.
"""

from cnncourse.training.augmentation.colour import (
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
    colour_components,
    drop_pixels,
    gaussian_noise,
    hsv_to_rgb,
    random_colours,
    rgb_to_hsv,
    shift_colours,
)
from cnncourse.training.augmentation.crops import crop, flip_left_right, flip_up_down, random_crop, random_flip
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
from cnncourse.training.augmentation.mixing import cutmix, cutout, mixup, random_erasing
from cnncourse.training.augmentation.pipelines import pipeline

__all__ = [
    "about",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_hue",
    "adjust_saturation",
    "colour_components",
    "crop",
    "cutmix",
    "cutout",
    "drop_pixels",
    "flip",
    "flip_left_right",
    "flip_up_down",
    "gaussian_noise",
    "hsv_to_rgb",
    "mixup",
    "pipeline",
    "random_affine",
    "random_colours",
    "random_crop",
    "random_erasing",
    "random_flip",
    "random_warp",
    "rgb_to_hsv",
    "rotation",
    "scaling",
    "shear",
    "shift_colours",
    "translation",
    "warp",
]
