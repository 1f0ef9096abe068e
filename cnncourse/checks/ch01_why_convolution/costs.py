"""The task on costs: the parameters of the little CNN, layer by layer."""

from cnncourse.checks.drawing import whole
from cnncourse.checks.task import Misconception, Task

PAGE = "ch01_why_convolution"


def sides(H, W, steps):
    """The rows and columns that are left after steps, each a function of one side."""
    for step in steps:
        H, W = step(H), step(W)
    return H, W


def conv(side):
    return side - 2


def pool(side):
    return side // 2


def count_parameters(H, W, C, F1, F2, units, steps=(conv, pool, conv, pool)):
    rows, columns = sides(H, W, steps)
    dense = (rows * columns * F2 + 1) * units
    return (9 * C + 1) * F1, (9 * F1 + 1) * F2, dense, (units + 1) * 10


def parameter_cases(rng):
    yield 10, 10, 1, whole(rng, 1, 4), whole(rng, 1, 4), whole(rng, 1, 9)
    yield 28, 28, 1, 32, 64, 8 * whole(rng, 2, 32)
    for _ in range(14):
        H, W = whole(rng, 10, 33), whole(rng, 10, 33)
        yield H, W, whole(rng, 1, 4), whole(rng, 2, 20), whole(rng, 2, 20), whole(rng, 2, 50)


def steps(*changed):
    return lambda *case: count_parameters(*case, steps=changed)


def without_biases(*case):
    C, F1, F2, units = case[2:]
    conv1, conv2, dense, output = count_parameters(*case)
    return conv1 - F1, conv2 - F2, dense - units, output - 10


def two_conventions(*case):
    return *count_parameters(*case)[:2], *without_biases(*case)[2:]


def other_way_about(*case):
    return *without_biases(*case)[:2], *count_parameters(*case)[2:]


def bias_per_slice(H, W, C, F1, F2, units):
    _, _, dense, output = count_parameters(H, W, C, F1, F2, units)
    return 10 * C * F1, 10 * F1 * F2, dense, output


def flat_filters(H, W, C, F1, F2, units):
    _, _, dense, output = count_parameters(H, W, C, F1, F2, units)
    return 10 * F1, 10 * F2, dense, output


def image_again(H, W, C, F1, F2, units):
    conv1, _, dense, output = count_parameters(H, W, C, F1, F2, units)
    return conv1, (9 * C + 1) * F2, dense, output


def one_map(H, W, C, F1, F2, units):
    rows, columns = sides(H, W, (conv, pool, conv, pool))
    conv1, conv2, _, output = count_parameters(H, W, C, F1, F2, units)
    return conv1, conv2, (rows * columns + 1) * units, output


def bias_per_input(H, W, C, F1, F2, units):
    conv1, conv2, dense, _ = count_parameters(H, W, C, F1, F2, units)
    inputs = dense // units - 1
    return conv1, conv2, inputs * (units + 1), units * 11


PARAMETERS = Task(
    id="ch01.count_parameters",
    asks="the parameters of a small CNN, from a count with a mistake",
    section=f"{PAGE}#its-weights-grow-with-the-image",
    reference=lambda H, W, C, F1, F2, units: count_parameters(H, W, C, F1, F2, units),
    cases=parameter_cases,
    misconceptions=(
        Misconception(
            "the biases of the dense layers are forgotten",
            two_conventions,
            "This is the count of the script: it gives each filter a bias and no unit one. A unit has a bias as well.",
        ),
        Misconception(
            "the biases of the convolutions are forgotten",
            other_way_about,
            "Each filter has one bias, as each unit of a dense layer has one.",
        ),
        Misconception(
            "all biases are forgotten",
            without_biases,
            "Each filter and each unit has a bias, and it is learnt like a weight.",
        ),
        Misconception(
            "the first pooling is left out",
            steps(conv, conv, pool),
            "Without it the maps that are flattened are about twice as wide and twice as high; for 28 by 28 pixels, "
            "32 and 64 filters and 128 units that gives the script's 1.2 million.",
        ),
        Misconception(
            "the second pooling is left out",
            steps(conv, pool, conv),
            "The maps are halved once more before they are flattened.",
        ),
        Misconception(
            "the convolutions keep the size of the image",
            steps(pool, pool),
            "There are no zeros around the image, so a window of 3 by 3 has two rows and two columns fewer to go.",
        ),
        Misconception(
            "a convolution is taken to lose three rows and columns",
            steps(lambda side: side - 3, pool, lambda side: side - 3, pool),
            "A window of 3 takes 2 steps from its first pixel to its last, so a side of 28 has 26 places for it.",
        ),
        Misconception(
            "the pooling rounds up",
            steps(conv, lambda side: -(-side // 2), conv, lambda side: -(-side // 2)),
            "An odd row or column that is left over at the end makes no block of its own.",
        ),
        Misconception(
            "a filter of the second convolution is taken to read the image's channels",
            image_again,
            "What comes in there are the maps of the first convolution: a filter has 3 by 3 weights for each of them.",
        ),
        Misconception(
            "a filter has nine weights, whatever the number of channels",
            flat_filters,
            "A filter has 3 by 3 weights for every channel that comes in.",
        ),
        Misconception(
            "a filter has a bias for every channel",
            bias_per_slice,
            "The products of all channels are added up, and one bias is added to the sum.",
        ),
        Misconception(
            "only one of the maps is flattened",
            one_map,
            "All maps of the second convolution are flattened: the vector is their number times as long.",
        ),
        Misconception(
            "the dense layers have a bias for every input",
            bias_per_input,
            "A bias belongs to a weighted sum, so there is one for each unit, not for each number coming in.",
        ),
    ),
)
