"""ch07.mnist_runs: a log of at least three runs."""

import numpy as np

from cnncourse.checks.ch07_capstone.digits import bytes_of
from cnncourse.checks.measuring import Measure
from cnncourse.checks.task import Task

NEAR, GAP, RUNS, OTHERS = 0.002, 0.03, 3, 1000


def logged(answer, images):
    """The log, and what the network of each run makes of the images."""
    from cnncourse.checks.handing_in import NotUsable, log_in  # noqa: PLC0415 - a probe crosses as source
    from cnncourse.checks.weights import into_network, predicted  # noqa: PLC0415

    runs, said = log_in("runs.json")[:5], []
    for number, run in enumerate(runs, start=1):
        try:
            network = into_network(answer(number), str(run.get("weights", "")))
            said.append(predicted(network, images))
        except NotUsable as fault:
            said.append(str(fault))
    return runs, said


def drawn(rng, earlier):
    """Validation images and some test images, in an order that nobody knows: indices, and how many are of the first."""
    validation = np.asarray(earlier["ch07.mnist_split"]["validation"])
    order = rng.permutation(len(validation) + OTHERS)
    return validation, rng.choice(10_000, OTHERS, replace=False), order


def cases(rng, earlier):
    validation, others, order = drawn(rng, earlier)
    yield (np.concatenate([bytes_of("x_train")[validation], bytes_of("x_test")[others]])[order],)


def measure(values, truth, earlier):
    runs, said = values[0]
    validation, others, order = drawn(truth, earlier)
    labels = np.concatenate([bytes_of("y_train")[validation], bytes_of("y_test")[others]])[order]
    mine = order < len(validation)
    good, words, seen = 0, [], []
    for number, (run, classes) in enumerate(zip(runs, said), start=1):
        claimed, changed = run.get("validation_accuracy"), run.get("changed")
        if isinstance(classes, str):
            words.append(f"run {number}: {classes}")
        elif np.shape(classes) != labels.shape or not isinstance(claimed, (int, float)):
            words.append(f"run {number} has no validation_accuracy")
        elif not isinstance(changed, str) or not changed.strip():
            words.append(f"run {number} does not say what was changed")
        elif any(np.array_equal(classes, other) for other in seen):
            words.append(f"run {number} has the same network as one before it")
        else:
            seen.append(classes)
            right = np.asarray(classes) == labels
            here, there = right[mine].mean(), right[~mine].mean()
            is_near = abs(here - claimed) <= NEAR and abs(here - there) <= GAP
            good += is_near
            words.append(f"run {number}: you said {claimed:.2%}, recomputed {here:.2%}" + ("" if is_near else " (no)"))
    words.append(f"runs that are as the log says: {good}, asked for: {RUNS}")
    return Measure(min(good, RUNS) / RUNS, "; ".join(words) + ".")


TASK = Task(
    __name__,
    __doc__,
    "ch07_mnist#what-each-ingredient-brings",
    None,
    cases,
    probe=logged,
    measure=measure,
    truth=lambda rng: rng,
    files=("runs.json",),
    after=("ch07.mnist_split",),
    seconds=40.0,
)
