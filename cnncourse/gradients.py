"""Is a backward pass right? Ask the forward pass (chapter ch04_backpropagation).

A gradient says how the output answers to a nudge. `check_gradients` nudges each number a little up and a little down,
in float64, and compares what happens with what the backward pass claims. Where the two one-sided slopes differ however
small the nudge is, the function has a kink there (ReLU at 0, a tie in max pooling): no derivative exists, and the
check says so instead of passing a verdict.
"""

import copy
import inspect
from typing import NamedTuple

import numpy as np

from cnncourse.arguments import number, whole_number

NUDGE = 1e-5  # balances the curvature, which grows with the nudge, against rounding, which grows as it shrinks


class Comparison(NamedTuple):
    """What the check found for one array."""

    name: str
    error: float  # the largest relative error among the entries that were judged
    worst: tuple  # where it is
    claimed: float  # the backward pass there
    measured: float  # the slope there
    judged: int
    kinks: list  # the entries where the slope from the left differs from the slope from the right


class GradientReport(NamedTuple):
    """What `check_gradients` found. Print it; `ok` is true only if all that was looked at is right."""

    comparisons: list
    tolerance: float

    @property
    def verdict(self):
        """ "right", "wrong", or "undecided": nothing is wrong, but some entries sit at a kink, or none was judged."""
        if any(c.error > self.tolerance for c in self.comparisons):
            return "wrong"
        return "undecided" if any(c.kinks or not c.judged for c in self.comparisons) else "right"

    @property
    def ok(self):
        return self.verdict == "right"

    def __str__(self):
        lines = [f"gradients: {self.verdict}"]
        for c in self.comparisons:
            line = f"  {c.name:<12} {c.judged} entries, largest relative error {c.error:.1e}"
            if c.error > self.tolerance:
                line += f" at {c.worst}: backward says {c.claimed:.6g}, the slope is {c.measured:.6g}"
            lines.append(line)
            if c.kinks:
                lines.append(
                    f"  {'':<12} {len(c.kinks)} more at a kink, the first at {c.kinks[0]}: not judged. Move away "
                    "from it, e.g. by adding 1e-2 * rng.standard_normal(...)"
                )
        return "\n".join(lines)

    __repr__ = __str__


def check_gradients(subject, *inputs, samples=100, tolerance=1e-6, seed=0, **options):
    """Compare a backward pass with the slopes of its forward pass.

    Parameters
    ----------
    subject : a pair of functions ``forward(*inputs, **options) -> y, cache`` and ``backward(dy, cache) -> gradients``
        (one for each float input, in order), or a layer or network (its input and its parameters are checked).
    inputs : arrays; float ones are checked, others (labels, None) are passed on as they are.
    samples : how many entries of each array to look at, chosen at random.
    tolerance : the largest relative error that counts as right. An entry below a thousandth of the array's largest
        gradient is measured against that thousandth: by itself it drowns in rounding.
    seed : of the choice and of the upstream gradient.
    options : what forward takes by name, such as ``stride=2``, or ``training=True`` for a layer.

    Returns
    -------
    GradientReport

    >>> def square(x): return x**2, x
    >>> def square_backward(dy, x): return 2 * x * dy
    >>> check_gradients((square, square_backward), np.array([1.0, 2.0, 3.0])).ok
    True
    >>> def forgetful_backward(dy, x): return x * dy
    >>> print(check_gradients((square, forgetful_backward), np.array([2.0])))
    gradients: wrong
      x            1 entries, largest relative error 5.0e-01 at (0,): backward says 0.205935, the slope is 0.411871
    >>> from cnncourse.activations import relu, relu_backward
    >>> check_gradients((relu, relu_backward), np.array([-1.0, 0.0, 1.0])).verdict
    'undecided'
    """
    samples, tolerance = whole_number(samples, "samples"), number(tolerance, "tolerance", above_zero=True)
    rng = np.random.default_rng([seed, 1])  # not the stream from which the caller may have drawn x
    if hasattr(subject, "forward"):
        forward, backward, names, arrays = _of_layer(subject, inputs, options)
    else:
        forward, backward, names, arrays = _of_functions(subject, inputs, options)
    y, cache = forward(*arrays)
    dy = rng.standard_normal(np.shape(y))  # a random mixture of the outputs is one number to differentiate
    rounding = (
        16 * np.finfo(np.float64).eps * np.sum(np.abs(y * dy)) / NUDGE
    )  # of a stack of layers: slopes below are noise
    gradients = backward(dy, cache)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    checked = [i for i, array in enumerate(arrays) if _is_float(array)]
    if len([g for g in gradients if g is not None]) != len(checked):
        raise ValueError(f"backward returned {len(gradients)} gradients for the {len(checked)} float inputs")
    comparisons = []
    for i, gradient in zip(checked, (g for g in gradients if g is not None)):
        if np.shape(gradient) != arrays[i].shape:
            raise ValueError(
                f"the gradient of {names[i]} has shape {np.shape(gradient)}, but {names[i]} {arrays[i].shape}"
            )

        def value(array, i=i):
            return np.sum(forward(*arrays[:i], array, *arrays[i + 1 :])[0] * dy)

        gradient = np.asarray(gradient)
        floor = max(
            1e-3 * np.max(np.abs(gradient), initial=0), rounding / tolerance, 1e-8
        )  # tiny slopes count against this
        comparisons.append(_compare(names[i], value, arrays[i], gradient, samples, tolerance, floor, rng))
    return GradientReport(comparisons, tolerance)


def _compare(name, value, array, gradient, samples, tolerance, floor, rng):
    chosen = rng.choice(array.size, size=min(samples, array.size), replace=False)
    worst, kinks = (0.0, (), 0.0, 0.0), []
    for index in (tuple(int(i) for i in np.unravel_index(flat, array.shape)) for flat in np.sort(chosen)):
        slope, at_kink = _slope(value, array, index, tolerance, floor)
        if at_kink:
            kinks.append(index)
            continue
        claimed = float(gradient[index])
        error = abs(claimed - slope) / max(abs(claimed), abs(slope), floor)
        if not error <= worst[0]:  # NaN is the worst of all
            worst = (error if error == error else np.inf, index, claimed, slope)
    return Comparison(name, *worst, len(chosen) - len(kinks), kinks)


def _slope(value, array, index, tolerance, floor):
    """The slope of `value` at one entry, and whether it has a kink there.

    The slopes to the right and to the left differ by ``nudge * curvature``, which shrinks with the nudge; at a kink
    they differ by the same amount for every nudge.
    """
    here, gap = value(array), np.inf
    for shrink in (1, 4, 16):
        nudge = NUDGE * max(1.0, abs(array[index])) / shrink
        up, down = array.copy(), array.copy()
        up[index] += nudge
        down[index] -= nudge
        right, left = (value(up) - here) / nudge, (here - value(down)) / nudge
        gap, gap_before = abs(right - left), gap
        if not gap > 10 * tolerance * max(abs(right), abs(left), floor):
            return float((right + left) / 2), False
    return float((right + left) / 2), bool(gap > gap_before / 2)


def _of_functions(pair, inputs, options):
    forward, backward = pair
    arrays = [_to_float64(array) for array in inputs]
    names = list(inspect.signature(forward).parameters)[: len(arrays)]
    return (lambda *a: forward(*a, **options)), backward, names, arrays


def _of_layer(layer, inputs, options):
    """A layer or network as a function of its input and its parameters."""
    if len(inputs) != 1:
        raise ValueError(f"a layer takes one input, but {len(inputs)} came")
    layer = copy.deepcopy(layer)
    for part in getattr(layer, "layers", [layer]):
        for arrays in (part.params, part.state):
            arrays.update((key, _to_float64(array)) for key, array in arrays.items())
    names = list(layer.params)

    def forward(x, *values):
        trial = copy.deepcopy(layer)  # so that each trial starts from the same random numbers and statistics
        for name, value in zip(names, values):
            trial.params[name][...] = value
        return trial.forward(x, **options), trial

    def backward(dy, trial):
        dx = trial.backward(dy)
        return (dx, *(trial.grads[name] for name in names))

    return forward, backward, ["x", *names], [_to_float64(inputs[0]), *layer.params.values()]


def _is_float(array):
    return isinstance(array, np.ndarray) and np.issubdtype(array.dtype, np.floating)


def _to_float64(array):
    return array.astype(np.float64) if _is_float(array) else array
