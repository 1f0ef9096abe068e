"""ch07.clip: several gradients, cut to a length that they may have together."""

import numpy as np

from cnncourse.checks.writing import Task, digits, normals, with_zeros


def clip(gradients, limit):
    return cut(gradients, limit)


def length(gradients):
    return np.sqrt(sum((gradient**2).sum() for gradient in gradients))


def cut(gradients, limit, norm=length, anyway=False):
    found = norm(gradients)
    factor = limit / found if found > limit or anyway else 1.0
    return [gradient * factor for gradient in gradients]


def cases(rng):
    yield (np.array([3.0, 4.0]),), 1.0
    yield (np.array([3.0]), np.array([-4.0])), 2.5
    yield (np.array([2.0, -1.0]), np.array([[2.0]])), 3.0  # exactly as long as it may be
    yield (0.1 * digits(rng, 2), 0.1 * digits(rng, 1)), 5.0
    yield (np.zeros(2), np.zeros((1, 2))), 1.0
    yield (with_zeros(rng, 2, 3), digits(rng, 3), np.zeros(2)), 2.0
    yield (4 * digits(rng, 3, 2), 0.2 * digits(rng, 3)), 6.0
    yield (np.asfortranarray(normals(rng, 4, 3)), normals(rng, 2, 2, 1, 3), 3 * normals(rng, 5)), 0.5
    yield (normals(rng, 3), normals(rng, 2)), 50.0


TASK = Task(__name__, __doc__, "#the-step", clip, cases, tolerance=1e-6)

why = "Each array has a length of its own then, and the step points elsewhere. The limit is for all arrays together."
TASK.mistake("each array is cut by its own length", why)(
    lambda gradients, limit: [cut([gradient], limit)[0] for gradient in gradients]
)
why = "That cuts single numbers, and turns the step. One factor for all numbers keeps its direction."
TASK.mistake("each number is cut to the limit", why)(
    lambda gradients, limit: [np.clip(gradient, -limit, limit) for gradient in gradients]
)
why = "A gradient that is short enough stays as it is: the limit is the most, not the aim."
TASK.mistake("short gradients are made longer", why)(
    lambda gradients, limit: cut(gradients, limit, anyway=length(gradients) > 0)
)
why = "3 and 4 are 5 long together, not 7: add the squares of all numbers first, and take the root at the end."
TASK.mistake("the lengths of the arrays are added up", why)(
    lambda gradients, limit: cut(gradients, limit, lambda all_of: sum(map(np.linalg.norm, all_of)))
)
why = "The length is the root of the sum of the squares."
TASK.mistake("the root is missing", why)(
    lambda gradients, limit: cut(gradients, limit, lambda all_of: length(all_of) ** 2)
)
why = "The length is the root of the sum of the squares, over all numbers. One large number is not all of it."
TASK.mistake("the largest number is taken for the length", why)(
    lambda gradients, limit: cut(gradients, limit, lambda all_of: max(np.abs(gradient).max() for gradient in all_of))
)
why = "The length is the root of the sum of the squares. The sum of the absolute values is larger."
TASK.mistake("the absolute values are added up", why)(
    lambda gradients, limit: cut(gradients, limit, lambda all_of: sum(np.abs(gradient).sum() for gradient in all_of))
)
why = "The mean of the squares does not grow with the number of weights, and the length of a step does."
TASK.mistake("the squares are averaged instead of added up", why)(
    lambda gradients, limit: cut(
        gradients, limit, lambda all_of: length(all_of) / np.sqrt(sum(gradient.size for gradient in all_of))
    )
)
why = "Once the gradients are too long, all are multiplied by limit / length. Dividing by the length alone makes it 1."
TASK.mistake("long gradients are cut to length 1", why)(
    lambda gradients, limit: cut(gradients, 1.0) if length(gradients) > limit else gradients
)
why = "The factor is one number for all arrays, the last one included."
TASK.mistake("the factor is not for the last array", why)(
    lambda gradients, limit: [*cut(gradients, limit)[:-1], gradients[-1]]
)


@TASK.mistake("the gradients are overwritten")
def overwritten(gradients, limit):
    """The caller may still need the arrays that it passed: work on a copy."""
    result = clip(gradients, limit)
    for gradient in gradients:
        gradient[...] = 0
    return result
