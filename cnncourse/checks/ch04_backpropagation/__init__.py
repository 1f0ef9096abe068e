"""The tasks of chapter 4: the backward passes of the layers, and the slope by nudging that can judge them."""

from cnncourse.checks.ch04_backpropagation.batch import BATCH_NORM
from cnncourse.checks.ch04_backpropagation.channels import CONV2D
from cnncourse.checks.ch04_backpropagation.dense import DENSE_RELU
from cnncourse.checks.ch04_backpropagation.maxima import MAX_POOL
from cnncourse.checks.ch04_backpropagation.nudges import NUMERICAL
from cnncourse.checks.ch04_backpropagation.printed import CONVOLVE_DX
from cnncourse.checks.ch04_backpropagation.windows import CONV_DW, CONV_DX

TASKS = [DENSE_RELU, NUMERICAL, CONV_DW, CONV_DX, CONV2D, MAX_POOL, CONVOLVE_DX, BATCH_NORM]
