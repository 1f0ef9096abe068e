"""Training: the loop, its workers, the optimisers, and what is measured (chapter ch07_training)."""

from cnncourse.training.bootstrap import bootstrap_interval, paired_interval
from cnncourse.training.calibration import Reliability, calibration_error, reliability
from cnncourse.training.clipping import clip_by_global_norm, clip_by_norm, clip_by_value, global_norm
from cnncourse.training.loop import History, fit
from cnncourse.training.metrics import (
    Scores,
    class_scores,
    confusion_matrix,
    correct,
    macro_scores,
    micro_scores,
    top_k_accuracy,
)
from cnncourse.training.optimisers import SGD, Adam, AdamL2, AdamW, Optimiser, RMSprop
from cnncourse.training.parallel import Crew, crew
from cnncourse.training.range_test import RangeTest, range_test
from cnncourse.training.recomputing import recomputed_gradients
from cnncourse.training.scaling import LossScaleOptimizer, half_gradients, to_half
from cnncourse.training.schedules import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    OneCycle,
    PiecewiseConstantDecay,
    ReduceLROnPlateau,
    WarmUp,
)

__all__ = [
    "SGD",
    "Adam",
    "AdamL2",
    "AdamW",
    "CosineDecay",
    "CosineDecayRestarts",
    "Crew",
    "ExponentialDecay",
    "History",
    "LossScaleOptimizer",
    "OneCycle",
    "Optimiser",
    "PiecewiseConstantDecay",
    "RMSprop",
    "RangeTest",
    "ReduceLROnPlateau",
    "Reliability",
    "Scores",
    "WarmUp",
    "bootstrap_interval",
    "calibration_error",
    "class_scores",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "confusion_matrix",
    "correct",
    "crew",
    "fit",
    "global_norm",
    "half_gradients",
    "macro_scores",
    "micro_scores",
    "paired_interval",
    "range_test",
    "recomputed_gradients",
    "reliability",
    "to_half",
    "top_k_accuracy",
]
