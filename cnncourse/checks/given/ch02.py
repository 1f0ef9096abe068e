"""How chapter 2 asks for an answer: for a kernel, which is tried afterwards."""

import numpy as np


def kernel_of(answer, image):
    """The 3 by 3 kernel that an answer returns.

    >>> kernel_of(lambda: np.eye(2), None)
    Traceback (most recent call last):
    ...
    ValueError: the kernel has shape (2, 2), but (3, 3) is asked for
    """
    kernel = np.asarray(answer(), dtype=float)
    if kernel.shape != (3, 3):
        raise ValueError(f"the kernel has shape {kernel.shape}, but (3, 3) is asked for")
    return kernel


PROBES = {"ch02.edge_kernel": kernel_of}
