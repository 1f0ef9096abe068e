"""Losses: one number that says how wrong the network is, and which way is less wrong (chapter ch05_layers).

Each loss is a mean, so that a learning rate does not depend on the batch size; for an empty batch it is 0. They are
sorted by what they compare: classes, numbers, distributions, areas.
"""

from cnncourse.losses.areas import dice, dice_backward, iou, iou_backward
from cnncourse.losses.classes import (
    BinaryCrossEntropy,
    CrossEntropy,
    SoftCrossEntropy,
    binary_cross_entropy,
    binary_cross_entropy_backward,
    binary_cross_entropy_loops,
    cross_entropy,
    cross_entropy_backward,
    cross_entropy_loops,
    focal,
    focal_backward,
    focal_loops,
    soft_cross_entropy,
)
from cnncourse.losses.distributions import distillation_kl, distillation_kl_backward, distillation_kl_loops
from cnncourse.losses.loss import Loss, targets_like, upstream
from cnncourse.losses.numbers import MeanSquaredError, mean_squared_error, mean_squared_error_backward

__all__ = [
    "BinaryCrossEntropy",
    "CrossEntropy",
    "Loss",
    "MeanSquaredError",
    "SoftCrossEntropy",
    "binary_cross_entropy",
    "binary_cross_entropy_backward",
    "binary_cross_entropy_loops",
    "cross_entropy",
    "cross_entropy_backward",
    "cross_entropy_loops",
    "dice",
    "dice_backward",
    "distillation_kl",
    "distillation_kl_backward",
    "distillation_kl_loops",
    "focal",
    "focal_backward",
    "focal_loops",
    "iou",
    "iou_backward",
    "mean_squared_error",
    "mean_squared_error_backward",
    "soft_cross_entropy",
    "targets_like",
    "upstream",
]
