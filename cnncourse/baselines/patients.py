"""What to say about the patients of the clinic: symptom, cause, test and cure (chapter ch07_training)."""

from typing import NamedTuple

import numpy as np

from cnncourse.baselines.clinic import SICK


class Patient(NamedTuple):
    """One patient in words.

    `unit` is how its number is written, `cured` the run after the cure, and `tempting` are three other diagnoses that
    its curves could suggest.
    """

    symptom: str
    cause: str
    test: str
    unit: str
    cure: str
    tempting: tuple
    cured: str = "healthy"


PATIENTS = {
    "learning rate too large": Patient(
        symptom="Both losses jump up and down from one epoch to the next, and do not settle.",
        cause="The learning rate is ten times too large: many steps go too far and make the loss larger.",
        test="length of one step over the length of the weights (median of the first 20 steps, hidden layer)",
        unit="share",
        cure="Divide the learning rate by ten; find it with a range test.",
        tempting=("no shuffling", "dead units", "decay too strong"),
    ),
    "learning rate too small": Patient(
        symptom="Both losses fall from epoch to epoch, but so little that they are still near log 10 at the end.",
        cause="The learning rate is more than a hundred times too small: the weights hardly move.",
        test="length of one step over the length of the weights (median of the first 20 steps, hidden layer)",
        unit="share",
        cure="Multiply the learning rate by ten until the loss falls quickly; find it with a range test.",
        tempting=("dead units", "labels off by one", "decay too strong"),
    ),
    "dead units": Patient(
        symptom="Both losses stand at log 10 from the first epoch to the last.",
        cause="The hidden ReLUs are 0 for every image, here because their biases started at −20. "
        "Where a ReLU is 0 its gradient is 0, so no weight before it ever changes.",
        test="hidden units that are 0 for every validation image",
        unit="share",
        cure="Start the biases at 0; lower the learning rate if units die in training.",
        tempting=("labels off by one", "no shuffling", "wrong loss for the head"),
    ),
    "no shuffling": Patient(
        symptom="The training curves rise well, but validation is far worse and jumps.",
        cause="The images come class after class. "
        "The network learns to give the class that has just been seen many times, and forgets the others.",
        test="different classes in one batch (mean)",
        unit="number",
        cure="Shuffle the training images before every epoch.",
        tempting=("learning rate too large", "labels off by one", "evaluation in training mode"),
    ),
    "leaked images": Patient(
        symptom="The accuracy on the validation images goes to nearly 100 %, higher than in training.",
        cause="The validation images are among the training images, so validation measures what is known by heart.",
        test="validation images that are among the training images (by a hash of their bytes)",
        unit="share",
        cure="Split first, then do everything else; compare hashes of the two parts.",
        tempting=("healthy", "evaluation in training mode", "augmentation that changes the label"),
    ),
    "wrong loss for the head": Patient(
        symptom="Most answers are right at the end, but the loss is still above 1.46.",
        cause="The network ends with a softmax, and the loss applies a softmax again. "
        "Probabilities lie between 0 and 1, and as logits such numbers are never far apart.",
        test="loss of perfect scores (100 for the label, 0 for the others)",
        unit="number",
        cure="End the network with the scores themselves; in Keras, from_logits=True.",
        tempting=("batch norm, batches of 2", "decay too strong", "augmentation that changes the label"),
    ),
    "labels off by one": Patient(
        symptom="The accuracy in training creeps upwards; in validation it stays at 10 %, with a loss above log 10.",
        cause="Each training image has the label of its neighbour in the file. "
        "There is nothing to learn, so the network begins to learn single images by heart.",
        test="training images whose nearest neighbour has the same label",
        unit="share",
        cure="Look at twenty images with their labels; line up the two files again.",
        tempting=("learning rate too small", "no shuffling", "dead units"),
    ),
    "unnormalised input": Patient(
        symptom="The loss of the first epoch is many times log 10; after it both losses stand at log 10.",
        cause="The pixels go from 0 to 255. "
        "The first two steps are so long that most filters are 0 for every image from then on.",
        test="loss before the first step",
        unit="number",
        cure="Subtract the mean and divide by the standard deviation of the training images.",
        tempting=("learning rate too large", "dead units", "wrong loss for the head"),
    ),
    "batch norm, batches of 2": Patient(
        symptom="Training is far worse than validation, and neither gets better.",
        cause="Batch normalisation takes mean and variance from two images. "
        "Each image is then described only by how it differs from the other one.",
        test="validation images that are read otherwise when their batch holds other images",
        unit="share",
        cure="Use batches of 16 or more, or a normalisation that does not look at the batch.",
        tempting=("evaluation in training mode", "decay too strong", "augmentation that changes the label"),
        cured="batch norm, batches of 32",
    ),
    "decay too strong": Patient(
        symptom="Both losses stop early at a high value; training is no better than about three in four.",
        cause="The decay pulls the weights to 0 as fast as the gradient makes them grow.",
        test="length of the hidden weights after training over that before",
        unit="number",
        cure="Train without decay first; then try 0.0001, and ten times more or less.",
        tempting=("learning rate too small", "wrong loss for the head", "augmentation that changes the label"),
    ),
    "augmentation that changes the label": Patient(
        symptom="Both losses fall, but training is slow and validation ends well below the healthy run.",
        cause="Half of the images are turned upside down: a 6 becomes a 9, and keeps the label 6.",
        test="sixes and nines, as augmentation gives them, whose nearest neighbour is one of the other",
        unit="share",
        cure="Use only changes after which you would still give the same label; look at a sheet of results.",
        tempting=("decay too strong", "learning rate too small", "labels off by one"),
    ),
    "evaluation in training mode": Patient(
        symptom="Training looks healthy; validation is worse than training, and jumps.",
        cause="Dropout still drops units while validation is measured. The network itself is healthy.",
        test="validation images that are read otherwise when they are measured a second time",
        unit="share",
        cure="Measure with training=False.",
        tempting=("healthy", "leaked images", "no shuffling"),
    ),
    "healthy": Patient(
        symptom="Both losses fall quickly at first and slowly later; validation stays close to training.",
        cause="Nothing is wrong. Validation is a little better than training, because dropout works in training only.",
        test="",
        unit="",
        cure="None is needed.",
        tempting=("leaked images", "evaluation in training mode", "learning rate too small"),
    ),
}


# The order in which they come: no two of a kind one after the other, and the healthy one is not the last
WAITING = (
    "augmentation that changes the label",
    "learning rate too large",
    "leaked images",
    "dead units",
    "batch norm, batches of 2",
    "wrong loss for the head",
    "healthy",
    "no shuffling",
    "learning rate too small",
    "evaluation in training mode",
    "unnormalised input",
    "decay too strong",
    "labels off by one",
)


def written(value, unit):
    """A number of an examination as a text: a share in per cent, after a space that no line ends at.

    >>> written(0.2814, "share"), written(0.0000681, "share"), written(59.05355, "number")
    ('28.1\\xa0%', '0.0068\\xa0%', '59.1')
    """
    scaled = 100 * value if unit == "share" else value
    digits = f"{scaled:.0f}" if abs(scaled) >= 100 else f"{scaled:.{3 if abs(scaled) >= 1 else 2}g}"
    return f"{digits}\u00a0%" if unit == "share" else digits


def examination(name, run, healthy):
    """What a patient's test gives for some run, as a sentence; `healthy` is the run to compare it with.

    >>> examination("no shuffling", {"found": {"no shuffling": 1.25}}, {"found": {"no shuffling": 9.5625}})
    'Different classes in one batch (mean): 1.25 (healthy: 9.56).'
    """
    if name == "healthy":
        return ""
    _, _, test, unit, *_ = PATIENTS[name]
    here, usual = (written(each["found"][name], unit) for each in (run, healthy))
    return f"{test[0].upper()}{test[1:]}: {here} (healthy: {usual})."


def charts(runs):
    """What the widget needs, from the results of `clinic.run` by case: a dict for each patient, in order.

    Parameters
    ----------
    runs : dict, the result of `clinic.run` for each case.

    >>> run = {"loss": [2.0], "val_loss": [2.1], "accuracy": [0.3], "val_accuracy": [0.2], "test": 0.2}
    >>> from cnncourse.baselines.clinic import CASES
    >>> listed = charts({case: {**run, "found": dict.fromkeys(SICK, 0.0)} for case in CASES})
    >>> len(listed), [option["name"] for option in listed[0]["options"]][listed[0]["right"]]
    (13, 'augmentation that changes the label')
    """
    healthy, listed, rng = runs["healthy"], [], np.random.default_rng(0)
    for name in WAITING:
        patient = PATIENTS[name]
        run, cured = runs[name], runs[patient.cured]
        options = [(name, *patient.tempting)[k] for k in rng.permutation(4)]
        listed.append(
            {
                "curves": curves(run),
                "cured": curves(cured),
                "test": f"{100 * run['test']:.1f} %",
                "cured_test": f"{100 * cured['test']:.1f} %",
                "symptom": patient.symptom,
                "cause": patient.cause,
                "cure": patient.cure,
                "right": options.index(name),
                "options": [
                    {
                        "name": "nothing is wrong" if option == "healthy" else option,
                        "found": examination(option, run, cured if option == name else healthy),
                    }
                    for option in options
                ],
            }
        )
    return listed


def curves(run):
    """The four curves of a run.

    >>> curves({"loss": [2.0], "val_loss": [2.1], "accuracy": [0.3], "val_accuracy": [0.2], "test": 0.2})["val_loss"]
    [2.1]
    """
    return {name: run[name] for name in ("loss", "val_loss", "accuracy", "val_accuracy")}


def rows(runs):
    """The table symptom, cause, test, cure for the twelve patients, as rows of text.

    >>> from cnncourse.baselines.clinic import CASES
    >>> runs = {case: {"found": dict.fromkeys(SICK, 0.5)} for case in CASES}
    >>> print(*rows(runs)[3], sep=chr(10))
    The training curves rise well, but validation is far worse and jumps.
    **no shuffling**
    Different classes in one batch (mean): 0.5 (healthy: 0.5).
    Shuffle the training images before every epoch.
    """
    healthy = runs["healthy"]
    return [
        (
            patient.symptom,
            f"**{name}**",
            examination(name, runs[name], healthy if patient.cured == "healthy" else runs[patient.cured]),
            patient.cure,
        )
        for name, patient in PATIENTS.items()
        if name in SICK
    ]
