"""ch01.count_parameters: the parameters of a small CNN, from a count with a mistake."""

from cnncourse.checks.writing import Task, given, whole


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


TASK = Task(__name__, __doc__, "#its-weights-grow-with-the-image", count_parameters, cases)


def counted(**changes):
    return lambda *case: counts(*case, **changes)


def without_bias(inputs, units):
    return inputs * units


why = "This is the count of the script: it gives each filter a bias and no unit one. A unit has a bias as well."
TASK.mistake("the biases of the dense layers are forgotten", why)(counted(dense=without_bias))
why = "Each filter has one bias, as each unit of a dense layer has one."
TASK.mistake("the biases of the convolutions are forgotten", why)(counted(filters=without_bias))
why = "Each filter and each unit has a bias, and it is learnt like a weight."
TASK.mistake("all biases are forgotten", why)(counted(filters=without_bias, dense=without_bias))
why = (
    "Without it the maps that are flattened are about twice as wide and twice as high; for 28 by 28 pixels, "
    "32 and 64 filters and 128 units that gives the script's 1.2 million."
)
TASK.mistake("the first pooling is left out", why)(counted(steps=(conv, conv, pool)))
why = "The maps are halved once more before they are flattened."
TASK.mistake("the second pooling is left out", why)(counted(steps=(conv, pool, conv)))
why = "There are no zeros around the image, so a window of 3 by 3 has two rows and two columns fewer to go."
TASK.mistake("the convolutions keep the size of the image", why)(counted(steps=(pool, pool)))
why = (
    "A window of 3 takes 2 steps from its first pixel to its last, so a side of 28 has 26 places for it; "
    "and a side of 26 has 13 blocks of two pixels."
)
TASK.mistake("a row and a column too many are lost before the maps are halved", why)(
    counted(steps=(lambda side: side - 3, pool) * 2)
)
why = "An odd row or column that is left over at the end makes no block of its own."
TASK.mistake("the pooling rounds up", why)(counted(steps=(conv, lambda side: -(-side // 2)) * 2))
why = "All maps of the second convolution are flattened: the vector is their number times as long."
TASK.mistake("only one of the maps is flattened", why)(
    lambda *case: (*counts(*case)[:2], *given(TASK, F2=1)(*case)[2:])
)
why = "A filter has 3 by 3 weights for every channel that comes in."
TASK.mistake("a filter has nine weights, whatever the number of channels", why)(
    counted(filters=lambda inputs, units: with_bias(9, units))
)
why = "The products of all channels are added up, and one bias is added to the sum."
TASK.mistake("a filter has a bias for every channel", why)(
    counted(filters=lambda inputs, units: (inputs + inputs // 9) * units)
)
why = "A bias belongs to a weighted sum, so there is one for each unit, not for each number coming in."
TASK.mistake("the dense layers have a bias for every input", why)(
    counted(dense=lambda inputs, units: inputs * (units + 1))
)
why = "What comes in there are the maps of the first convolution: a filter has 3 by 3 weights for each of them."
TASK.mistake("a filter of the second convolution is taken to read the image's channels", why)(
    lambda *case: (counts(*case)[0], given(TASK, F1=case[2])(*case)[1], *counts(*case)[2:])
)
