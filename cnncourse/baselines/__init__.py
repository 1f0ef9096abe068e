"""The networks that the whole course compares, and how to compare them (chapter ch01_why_convolution)."""

from cnncourse.baselines import clinic, patients
from cnncourse.baselines.images import permute_pixels, shift_images
from cnncourse.baselines.networks import INPUT_SHAPE, dense_network, little_cnn, logistic_regression, tiny_cnn
from cnncourse.baselines.seeds import Runs, spread, train_over_seeds
from cnncourse.baselines.weights import Weights, count_weights

__all__ = [
    "INPUT_SHAPE",
    "Runs",
    "Weights",
    "clinic",
    "count_weights",
    "dense_network",
    "little_cnn",
    "logistic_regression",
    "patients",
    "permute_pixels",
    "shift_images",
    "spread",
    "tiny_cnn",
    "train_over_seeds",
]
