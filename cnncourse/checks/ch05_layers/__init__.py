"""The tasks of chapter 5: a bend, the spread of the weights, normalisation, dropout, softmax and cross-entropy."""

from cnncourse.checks.ch05_layers.bends import LEAKY_RELU
from cnncourse.checks.ch05_layers.noise import DROPOUT
from cnncourse.checks.ch05_layers.norms import BATCH_NORM, BATCH_NORM_TEST, LAYER_NORM
from cnncourse.checks.ch05_layers.scores import CROSS_ENTROPY, SOFTMAX
from cnncourse.checks.ch05_layers.spreads import SPREADS

TASKS = [LEAKY_RELU, SPREADS, BATCH_NORM, BATCH_NORM_TEST, LAYER_NORM, DROPOUT, SOFTMAX, CROSS_ENTROPY]
