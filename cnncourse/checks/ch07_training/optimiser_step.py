"""ch07.optimiser_step: one step of AdamW, from the weights and what the optimiser remembers."""

import numpy as np

from cnncourse.checks.writing import Task, digits, given, normals, overwrites, partly, with_zeros

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


def adamw(weight, gradient, mean, square, step, rate, decay):
    return moved(weight, gradient, mean, square, step, rate, decay)


def remembered(gradient, mean, square, beta_1=BETA_1, beta_2=BETA_2):
    return beta_1 * mean + (1 - beta_1) * gradient, beta_2 * square + (1 - beta_2) * gradient**2


def ratio(mean, square, epsilon=EPSILON):
    return mean / (np.sqrt(square) + epsilon)


def moved(weight, gradient, mean, square, step, rate, decay, over=ratio, betas=(BETA_1, BETA_2), late=0):
    mean, square = remembered(gradient, mean, square, *betas)
    corrected = [part / (1 - beta ** (step + late)) for part, beta in zip((mean, square), betas)]
    return weight - rate * (over(*corrected) + decay * weight), mean, square


def cases(rng):
    nothing = np.zeros(2)
    yield digits(rng, 2), np.array([3.0, -0.5]), nothing, nothing, 1, 0.1, 0.0
    yield digits(rng, 2), np.array([3.0, -0.5]), nothing, nothing, 1, 0.1, 0.5
    yield digits(rng, 2), nothing, nothing, nothing, 1, 0.5, 0.1
    yield with_zeros(rng, 3), with_zeros(rng, 3), 0.1 * digits(rng, 3), rng.uniform(0.01, 0.1, 3), 2, 0.2, 0.3
    yield digits(rng, 2, 3), digits(rng, 2, 3), digits(rng, 2, 3), rng.uniform(1, 9, (2, 3)), 7, 0.5, 0.25
    quiet = 1e-7 * rng.uniform(0.5, 2, (3, 2)) * rng.choice([-1, 1], (3, 2))
    yield digits(rng, 3, 2), quiet, np.zeros((3, 2)), np.zeros((3, 2)), 1, 0.5, 0.25
    yield np.asfortranarray(normals(rng, 4, 3)), *(normals(rng, 4, 3) for _ in "gm"), rng.random((4, 3)), 40, 0.3, 0.2
    yield normals(rng, 4, 3), np.asfortranarray(normals(rng, 4, 3)), normals(rng, 4, 3), rng.random((4, 3)), 3, 0.3, 0.0


RESULTS = ("weight", "mean", "square")
TASK = Task(__name__, __doc__, "#the-step", adamw, cases, results=RESULTS, tolerance=1e-5)

why = "Both means start at 0, so at first they are too small, by different factors: divide each by 1 - beta^step."
TASK.mistake("the correction of the means is left out", why)(
    lambda w, g, m, s, step, rate, decay: moved(w, g, m, s, np.inf, rate, decay)
)
why = "The first step is step 1, and its factor is 1 - beta: then the corrected mean is the gradient itself."
TASK.mistake("the steps are counted from 0", why)(lambda *case: moved(*case, late=1))
why = "What is remembered for the next step are the means as they are. The correction is made anew at each step."
TASK.mistake("the corrected means are remembered", why)(
    lambda w, g, m, s, step, *rest: (
        adamw(w, g, m, s, step, *rest)[0],
        *(mean / (1 - beta**step) for mean, beta in zip(remembered(g, m, s), (BETA_1, BETA_2))),
    )
)


@TASK.mistake("the decay goes through the gradient")
def penalised(w, g, m, s, step, rate, decay):
    """That is an L2 penalty: the root divides it too, and a weight with large gradients hardly shrinks. The decay of
    AdamW stands beside the gradient step."""
    return adamw(w, g + decay * w, m, s, step, rate, 0.0)


why = "The decay is a part of the step, so the learning rate scales it as well: rate * decay * weight."
TASK.mistake("the decay is not multiplied by the learning rate", why)(
    lambda w, g, m, s, step, rate, decay: moved(w, g, m, s, step, rate, decay / rate)
)
why = "AdamW shrinks the weight as well: subtract rate * decay * weight, too."
TASK.mistake("the decay is left out", why)(given(TASK, decay=0.0))
why = "The decay pulls towards 0: it is subtracted, whatever the sign of the weight."
TASK.mistake("the decay makes the weights grow", why)(given(TASK, decay=lambda decay: -decay))
why = "epsilon is added to the root. Within the root it is as large as a gradient of 3e-4."
TASK.mistake("epsilon is added within the root", why)(
    lambda *case: moved(*case, over=lambda m, s: m / np.sqrt(s + EPSILON))
)
why = "The mean of the squares has the unit of a squared gradient. Its root has the unit of a gradient."
TASK.mistake("the root is missing", why)(lambda *case: moved(*case, over=lambda m, s: m / (s + EPSILON)))
why = "beta_1 belongs to the mean of the gradients, beta_2 to that of their squares, which remembers longer."
TASK.mistake("the two betas are exchanged", why)(lambda *case: moved(*case, betas=(BETA_2, BETA_1)))
why = "beta is the part that is kept. The new gradient counts 1 - beta."
TASK.mistake("beta is the part of the new gradient", why)(lambda *case: moved(*case, betas=(1 - BETA_1, 1 - BETA_2)))
why = "The gradient says where the loss climbs: the step goes the other way."
TASK.mistake("the weights climb", why)(lambda *case: moved(*case, over=lambda m, s: -ratio(m, s)))
why = "The second mean is of the squares of the gradients, not of the gradients: otherwise opposite signs cancel."
TASK.mistake("the second mean is of the gradients, without the square", why)(
    partly(TASK, lambda w, g, m, s, *_: (w, m, BETA_2 * s + (1 - BETA_2) * g), 2)
)
overwrites(TASK, "mean", "square")
