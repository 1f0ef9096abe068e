"""A teaching engine for convolutional neural networks, in NumPy.

Images are arrays of shape (N, H, W, C) and kernels of shape (KH, KW, C, F), as in Keras, so arrays pass to and from
Keras untouched. There are two levels: pure functions, ``forward -> output, cache`` and ``backward -> gradients``, in a
module per topic (`cnncourse.convolution`, `cnncourse.pooling`, ...), and thin layers over them (`cnncourse.layers`)
that a `cnncourse.network.Network` stacks and trains.
"""

__version__ = "0.1.0"
