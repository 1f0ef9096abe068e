"""ch07.mnist_accuracy: accuracy on the test images."""

from cnncourse.checks.ch07_capstone.digits import drawn, mixed, sorted_out
from cnncourse.checks.ch07_capstone.mnist_budget import HALF
from cnncourse.checks.measuring import Measure, by_steps
from cnncourse.checks.task import Task

# On the test images, and on images that only the judge has. Honest networks reached there, without augmentation, 95.5 %
# (98.1 % of the test images), 97.0 to 97.7 % (98.7 to 99.0 %); with augmentation 98.7 % (99.2 %) and 99.5 % (99.6 %)
STEPS = [(0.98, 0.25), (0.985, 0.5), (0.99, 1.0)]
CONFIRMED = [(0.94, 0.25), (0.955, 0.5), (0.965, 1.0)]


def classes(answer, images):
    """What the network makes of the images, with the weights that were handed in."""
    from cnncourse.checks.weights import into_network, predicted  # noqa: PLC0415 - a probe crosses as source

    return predicted(into_network(answer(), "model.weights.h5"), images)


def cases(rng, earlier):
    yield (mixed(rng),)


def measure(values, truth, earlier):
    found = sorted_out(values[0], truth)
    if found is None:
        return Measure(0.0, "The network should give ten numbers for each image, one for each digit.")
    share, confirmed = by_steps(found["test"], STEPS), by_steps(found["unseen"], CONFIRMED)
    words = f"{found['test']:.2%} of the test images are right; 98.0 %, 98.5 % and 99.0 % are the steps."
    if found["test"] < 0.2:
        words += " That is as good as guessing: are these the weights of this network?"
    if confirmed < share:
        words += f" Of images like them that only the judge has it is {found['unseen']:.1%}: more is not counted."
    if earlier["ch07.mnist_budget"][0] > HALF:
        share = found["unseen"] = 0.0
        words += f" A network of more than {HALF:,} numbers could hold the images themselves: it earns nothing."
    return Measure(min(share, confirmed), words, found)


TASK = Task(
    __name__,
    __doc__,
    "ch07_mnist#what-each-ingredient-brings",
    None,
    cases,
    probe=classes,
    measure=measure,
    truth=drawn,
    files=("model.weights.h5",),
    after=("ch07.mnist_budget",),
    doubts=("seen", "written"),
    seconds=40.0,
)
