"""Training: the loop, its workers, the optimisers, and what is measured (chapter ch07_training)."""

from cnncourse.training.loop import History, fit
from cnncourse.training.metrics import correct
from cnncourse.training.optimisers import SGD, Adam, AdamW, Optimiser
from cnncourse.training.parallel import Crew, crew

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Crew",
    "History",
    "Optimiser",
    "correct",
    "crew",
    "fit",
]
