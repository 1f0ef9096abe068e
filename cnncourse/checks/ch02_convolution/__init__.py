"""The tasks of chapter 2: output sizes, padding, correlation and convolution, im2col, transposed convolution."""

from cnncourse.checks.ch02_convolution.backwards import CONV_TRANSPOSE, KERNEL
from cnncourse.checks.ch02_convolution.channels import CONV2D, IM2COL
from cnncourse.checks.ch02_convolution.sizes import PAD, SIZES
from cnncourse.checks.ch02_convolution.windows import CONVOLVE, CORRELATE, WINDOW

TASKS = [SIZES, PAD, WINDOW, CORRELATE, CONVOLVE, KERNEL, CONV2D, IM2COL, CONV_TRANSPOSE]
