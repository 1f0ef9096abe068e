"""Training: the loop, its workers, the optimisers, and what is measured (chapter ch07_training)."""

from cnncourse.training.clipping import clip_by_global_norm, clip_by_norm, clip_by_value, global_norm
from cnncourse.training.loop import History, fit
from cnncourse.training.metrics import correct
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
    "WarmUp",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "correct",
    "crew",
    "fit",
    "global_norm",
    "half_gradients",
    "range_test",
    "recomputed_gradients",
    "to_half",
]
