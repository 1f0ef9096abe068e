"""ch05.leaky_relu: a leaky ReLU and its gradient."""

import numpy as np

from cnncourse.checks.writing import Task, digits, given, normals


def leaky_relu(x, dy, slope):
    return np.where(x > 0, x, slope * x), np.where(x > 0, dy, slope * dy)


def with_zeros(x):
    """Every third number of an array becomes 0."""
    x.reshape(-1)[::3] = 0
    return x


def cases(rng):
    yield digits(rng, 1), digits(rng, 1), 0.5
    yield np.array([0.0, -rng.integers(1, 5)]), digits(rng, 2), 0.5
    yield np.array([-2.0, rng.integers(1, 5)]), np.array([4.0, -6.0]), 0.5
    yield np.array([-3, 2, -1]) * int(rng.choice([1, 3, 5])), digits(rng, 3), 0.5  # whole numbers
    yield np.abs(digits(rng, 3)), digits(rng, 3), 0.5
    yield with_zeros(digits(rng, 2, 3)), digits(rng, 2, 3), 0.1
    yield *(np.asfortranarray(normals(rng, 2, 3, 4, 2)) for _ in range(2)), 0.01
    yield normals(rng, 3, 5, dtype=np.float32), normals(rng, 3, 5, dtype=np.float32), 0.3
    yield with_zeros(1e6 * normals(rng, 7)), normals(rng, 7), 0.2
    yield normals(rng, 6), normals(rng, 6), 0.0


TASK = Task(__name__, __doc__, "#which-bend", leaky_relu, cases, results=("y", "dx"), fresh=True)


def with_gradient(gradient):
    """The right result, with a gradient of another kind."""
    return lambda x, dy, slope: (leaky_relu(x, dy, slope)[0], gradient(x, dy, slope))


why = (
    "That is the plain ReLU. The leaky one keeps a little of a negative number, and lets a little of its gradient "
    "through."
)
TASK.mistake("everything below 0 becomes 0", why)(given(TASK, slope=0.0))
why = "Which slope holds was settled on the way forward, by x. A gradient may have either sign on either side."
TASK.mistake("the sign of the gradient decides, instead of the sign of the input", why)(
    with_gradient(lambda x, dy, slope: np.where(dy > 0, dy, slope * dy))
)
why = "The slope is the share of the gradient above that gets through: that gradient, dy, is multiplied by it."
TASK.mistake("the gradient is the slope itself", why)(with_gradient(lambda x, dy, slope: np.where(x > 0, 1.0, slope)))
why = "Below 0 the output moves only by the slope when the input moves by 1, and so does the gradient."
TASK.mistake("the gradient passes unchanged on both sides", why)(with_gradient(lambda x, dy, slope: dy.copy()))
why = "At 0 either side could be meant; this task asks for the left one, so only x > 0 lets the gradient through whole."
TASK.mistake("0 belongs to the right side", why)(with_gradient(lambda x, dy, slope: np.where(x >= 0, dy, slope * dy)))
why = "It is the positive numbers that pass unchanged."
TASK.mistake("the slope is on the wrong side", why)(
    lambda x, dy, slope: (np.where(x < 0, x, slope * x), np.where(x < 0, dy, slope * dy))
)
why = "The slope is a factor: a number that is twice as far below 0 comes out twice as far below 0."
TASK.mistake("every negative number becomes the slope", why)(
    lambda x, dy, slope: (np.where(x > 0, x, slope), leaky_relu(x, dy, slope)[1])
)
why = "An array like x is one of whole numbers if x is, and cuts the fractions off everything put into it."
TASK.mistake("the result is made for whole numbers", why)(
    lambda x, dy, slope: (leaky_relu(x, dy, slope)[0].astype(x.dtype), leaky_relu(x, dy, slope)[1])
)


@TASK.mistake("the arguments are overwritten")
def overwritten(x, dy, slope):
    """The layer below still needs its output to compute its own gradient, so a layer must not write into what it is
    given."""
    x[:], dy[:] = leaky_relu(x, dy, slope)
    return x, dy


@TASK.mistake("fractions are multiplied into a copy of whole numbers")
def into_a_copy(x, dy, slope):
    """An array of dtype int can hold whole numbers only, and so can its copy; NumPy refuses. Make an array of floats
    instead of writing into a copy of x."""
    y, dx = x.copy(), dy.copy()
    y[x <= 0] *= slope
    dx[x <= 0] *= slope
    return y, dx
