"""The networks that the whole course compares (chapter ch01_why_convolution).

They all end in ten scores and take MNIST's images. The same ones stand in every chapter, so that each chapter adds to
a picture the reader already has.
"""

from cnncourse.layers import Conv2D, Dense, Flatten, MaxPooling2D, ReLU
from cnncourse.network import Network

INPUT_SHAPE = (28, 28, 1)


def logistic_regression(seed=0, input_shape=INPUT_SHAPE):
    """Ten scores, each a weighted sum of all pixels: softmax regression, a network without a hidden layer.

    >>> logistic_regression().count_params()
    7850
    """
    return Network([Flatten(), Dense(10)], input_shape, seed=seed)


def dense_network(seed=0, input_shape=INPUT_SHAPE):
    """One hidden layer of 128 units, each of which looks at every pixel.

    >>> dense_network().count_params()
    101770
    """
    return Network([Flatten(), Dense(128), ReLU(), Dense(10)], input_shape, seed=seed)


def little_cnn(seed=0, input_shape=INPUT_SHAPE):
    """Two rounds of convolution, ReLU and pooling in front of the dense network.

    >>> little_cnn().count_params()
    225034
    """
    features = [Conv2D(32, 3), ReLU(), MaxPooling2D(), Conv2D(64, 3), ReLU(), MaxPooling2D()]
    return Network([*features, Flatten(), Dense(128), ReLU(), Dense(10)], input_shape, seed=seed)


def tiny_cnn(seed=0, input_shape=INPUT_SHAPE):
    """Two rounds of convolution with few filters, and no hidden dense layer: fewer weights than logistic regression.

    >>> tiny_cnn().count_params()
    5258
    """
    features = [Conv2D(8, 3), ReLU(), MaxPooling2D(), Conv2D(16, 3), ReLU(), MaxPooling2D()]
    return Network([*features, Flatten(), Dense(10)], input_shape, seed=seed)
