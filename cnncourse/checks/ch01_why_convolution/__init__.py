"""The tasks of chapter 1: flattening, dense layers and what they cost, shuffles, shifts, and equivariance."""

from cnncourse.checks.ch01_why_convolution.costs import PARAMETERS
from cnncourse.checks.ch01_why_convolution.equivariance import GAP
from cnncourse.checks.ch01_why_convolution.flattening import DENSE, FLAT_INDEX
from cnncourse.checks.ch01_why_convolution.shifts import MATRIX, SHIFT
from cnncourse.checks.ch01_why_convolution.shuffles import PERMUTE, UNPERMUTE

TASKS = [FLAT_INDEX, DENSE, PARAMETERS, PERMUTE, UNPERMUTE, SHIFT, MATRIX, GAP]
