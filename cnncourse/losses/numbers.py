"""The loss for numbers: how far is a prediction from its target? (chapter ch05_layers)"""

from cnncourse.losses.loss import Loss, any_shape, targets_like, upstream


def mean_squared_error(predictions, targets):
    """The mean of the squared differences, over all numbers.

    Parameters
    ----------
    predictions : ndarray, any shape
    targets : numbers, shape of predictions

    >>> import numpy as np
    >>> mean_squared_error(np.array([[1.0], [2.0]]), np.array([[1.0], [5.0]]))[0].item()
    4.5
    """
    predictions = any_shape(predictions, "predictions")
    difference = predictions - targets_like(predictions, targets)
    return (difference * difference).sum() / max(difference.size, 1), difference


def mean_squared_error_backward(dloss, cache):
    """The gradient with respect to the predictions: twice the difference, over how many there are.

    >>> import numpy as np
    >>> loss, cache = mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    >>> mean_squared_error_backward(1.0, cache)
    array([ 0., -3.])
    """
    return upstream(dloss) * 2 / max(cache.size, 1) * cache


class MeanSquaredError(Loss):
    """`mean_squared_error` for predictions and targets of one shape.

    >>> import numpy as np
    >>> loss = MeanSquaredError()
    >>> value, cache = loss.forward(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    >>> value.item(), loss.backward(cache)
    (4.5, array([ 0., -3.]))
    """

    function, gradient = staticmethod(mean_squared_error), staticmethod(mean_squared_error_backward)
