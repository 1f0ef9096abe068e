"""ch01.count_parameters: the parameters of the little CNN, layer by layer, from a count with a mistake in it."""

from cnncourse.checks.drawing import whole
from cnncourse.checks.mistakes import given
from cnncourse.checks.task import Task


def sides(H, W, steps):
    """The rows and columns that are left after steps, each a function of one side."""
    for step in steps:
        H, W = step(H), step(W)
    return H, W


def conv(side):
    return side - 2


def pool(side):
    return side // 2


def with_bias(inputs, units):
    return (inputs + 1) * units


def counts(H, W, C, F1, F2, units, steps=(conv, pool, conv, pool), filters=with_bias, dense=with_bias):
    rows, columns = sides(H, W, steps)
    return filters(9 * C, F1), filters(9 * F1, F2), dense(rows * columns * F2, units), dense(units, 10)


def count_parameters(H, W, C, F1, F2, units):
    return counts(H, W, C, F1, F2, units)


def cases(rng):
    yield 10, 10, 1, whole(rng, 1, 4), whole(rng, 1, 4), whole(rng, 1, 9)
    yield 28, 28, 1, 32, 64, 8 * whole(rng, 2, 32)
    for _ in range(14):
        H, W = whole(rng, 10, 33), whole(rng, 10, 33)
        yield H, W, whole(rng, 1, 4), whole(rng, 2, 20), whole(rng, 2, 20), whole(rng, 2, 50)


TASK = Task(
    "ch01.count_parameters",
    "the parameters of a small CNN, from a count with a mistake",
    "ch01_why_convolution#its-weights-grow-with-the-image",
    count_parameters,
    cases,
)


def counted(**changes):
    return lambda *case: counts(*case, **changes)


def without_bias(inputs, units):
    return inputs * units


TASK.mistake(
    "the biases of the dense layers are forgotten",
    "This is the count of the script: it gives each filter a bias and no unit one. A unit has a bias as well.",
)(counted(dense=without_bias))
TASK.mistake(
    "the biases of the convolutions are forgotten", "Each filter has one bias, as each unit of a dense layer has one."
)(counted(filters=without_bias))
TASK.mistake("all biases are forgotten", "Each filter and each unit has a bias, and it is learnt like a weight.")(
    counted(filters=without_bias, dense=without_bias)
)
TASK.mistake(
    "the first pooling is left out",
    "Without it the maps that are flattened are about twice as wide and twice as high; for 28 by 28 pixels, "
    "32 and 64 filters and 128 units that gives the script's 1.2 million.",
)(counted(steps=(conv, conv, pool)))
TASK.mistake("the second pooling is left out", "The maps are halved once more before they are flattened.")(
    counted(steps=(conv, pool, conv))
)
TASK.mistake(
    "the convolutions keep the size of the image",
    "There are no zeros around the image, so a window of 3 by 3 has two rows and two columns fewer to go.",
)(counted(steps=(pool, pool)))
TASK.mistake(
    "a row and a column too many are lost before the maps are halved",
    "A window of 3 takes 2 steps from its first pixel to its last, so a side of 28 has 26 places for it; "
    "and a side of 26 has 13 blocks of two pixels.",
)(counted(steps=(lambda side: side - 3, pool) * 2))
TASK.mistake("the pooling rounds up", "An odd row or column that is left over at the end makes no block of its own.")(
    counted(steps=(conv, lambda side: -(-side // 2)) * 2)
)
TASK.mistake(
    "only one of the maps is flattened",
    "All maps of the second convolution are flattened: the vector is their number times as long.",
)(lambda *case: (*counts(*case)[:2], *given(TASK, F2=1)(*case)[2:]))
TASK.mistake(
    "a filter has nine weights, whatever the number of channels",
    "A filter has 3 by 3 weights for every channel that comes in.",
)(counted(filters=lambda inputs, units: with_bias(9, units)))
TASK.mistake(
    "a filter has a bias for every channel",
    "The products of all channels are added up, and one bias is added to the sum.",
)(counted(filters=lambda inputs, units: (inputs + inputs // 9) * units))
TASK.mistake(
    "the dense layers have a bias for every input",
    "A bias belongs to a weighted sum, so there is one for each unit, not for each number coming in.",
)(counted(dense=lambda inputs, units: inputs * (units + 1)))
TASK.mistake(
    "a filter of the second convolution is taken to read the image's channels",
    "What comes in there are the maps of the first convolution: a filter has 3 by 3 weights for each of them.",
)(lambda *case: (counts(*case)[0], given(TASK, F1=case[2])(*case)[1], *counts(*case)[2:]))
