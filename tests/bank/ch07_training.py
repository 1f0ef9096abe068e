"""Right and wrong answers to the tasks of chapter 7."""

import math

import keras
import numpy as np

from bank import answers, as_it_lies
from cnncourse import training
from cnncourse.checks import task
from cnncourse.checks.mistakes import given, partly, then

# --- steps

STEP = task("ch07.optimiser_step")


def step_by_library(weight, gradient, mean, square, step, rate, decay):
    optimiser = training.AdamW(rate, weight_decay=decay)
    optimiser.calls = step - 1
    optimiser.memory = {"w": {"mean": mean.copy(), "square": square.copy()}}
    params = {"w": weight.copy()}
    optimiser.step(params, {"w": gradient})
    return params["w"], optimiser.memory["w"]["mean"], optimiser.memory["w"]["square"]


def step_loops(weight, gradient, mean, square, step, rate, decay):
    new = [np.zeros(weight.shape) for _ in range(3)]
    for place in np.ndindex(weight.shape):
        m = 0.9 * mean[place] + 0.1 * gradient[place]
        v = 0.999 * square[place] + 0.001 * gradient[place] ** 2
        move = rate * (m / (1 - 0.9**step)) / (math.sqrt(v / (1 - 0.999**step)) + 1e-7)
        new[0][place], new[1][place], new[2][place] = weight[place] * (1 - rate * decay) - move, m, v
    return tuple(new)


def step_with_a_corrected_rate(weight, gradient, mean, square, step, rate, decay):
    """As Kingma and Ba write it to save time: the correction in the rate, with epsilon scaled to match."""
    m, v = mean + 0.1 * (gradient - mean), square + 0.001 * (gradient * gradient - square)
    root = math.sqrt(1 - 0.999**step)
    weight = weight - rate * decay * weight
    return weight - rate * root / (1 - 0.9**step) * m / (np.sqrt(v) + 1e-7 * root), m, v


def step_in_place(weight, gradient, mean, square, step, rate, decay):
    result = step_loops(weight, gradient, mean, square, step, rate, decay)
    weight[...] = result[0]
    return weight, *result[1:]


def step_shrinks_afterwards(weight, gradient, mean, square, step, rate, decay):
    moved, *rest = step_loops(weight, gradient, mean, square, step, rate, 0.0)
    return moved * (1 - rate * decay), *rest


answers(
    "ch07.optimiser_step",
    right=[step_loops, step_by_library, step_with_a_corrected_rate],
    wrong=[
        step_in_place,
        step_shrinks_afterwards,
        then(STEP, lambda weight, mean, square: weight),
        then(STEP, lambda weight, mean, square: (weight, square, mean)),
        given(STEP, step=1),
        given(STEP, gradient=as_it_lies),
        partly(STEP, lambda w, g, m, s, *_: (w, m, 0.999 * s + 0.001 * abs(g)), 2),
        partly(STEP, lambda w, g, m, s, *_: (w, 0.9 * m + g, s), 1),
    ],
)

SCHEDULE = task("ch07.schedule")


def rate_by_library(step, warmup, total, peak, lowest):
    return training.CosineDecay(0.0, total - warmup, lowest / peak, peak, warmup)(step)


def rate_by_sine(step, warmup, total, peak, lowest):
    if step < warmup:
        return np.interp(step, [0, warmup], [0, peak])
    passed = np.clip((step - warmup) / (total - warmup), 0, 1)
    return peak - (peak - lowest) * np.sin(np.pi / 2 * passed) ** 2


def rate_from_a_table(step, warmup, total, peak, lowest):
    table = [peak * k / warmup for k in range(warmup)]
    table += [
        lowest + (peak - lowest) * 0.5 * (1 + math.cos(math.pi * k / (total - warmup)))
        for k in range(total - warmup + 1)
    ]
    return table[min(step, total)]


answers(
    "ch07.schedule",
    right=[rate_by_library, rate_by_sine, rate_from_a_table],
    wrong=[
        lambda step, warmup, total, *rest: rate_by_sine(step, warmup, total + 1, *rest),
        lambda step, *case: rate_by_sine(step + 1, *case),
        lambda step, warmup, *case: rate_by_sine(max(step, warmup), warmup, *case) * min(1, (step + 1) / (warmup + 1)),
        given(SCHEDULE, lowest=0.0),
        lambda step, warmup, total, *rest: 0.0 if step > total else rate_by_sine(step, warmup, total, *rest),
        then(SCHEDULE, lambda rate: float(round(rate, 1))),
    ],
)

CLIP = task("ch07.clip")


def clip_in_one_row(gradients, limit):
    row = np.concatenate([gradient.ravel() for gradient in gradients])
    factor = min(1, limit / max(np.linalg.norm(row), 1e-300))
    ends = np.cumsum([gradient.size for gradient in gradients])[:-1]
    return [part.reshape(gradient.shape) for part, gradient in zip(np.split(row * factor, ends), gradients)]


def clip_by_library(gradients, limit):
    clipped = training.clip_by_global_norm(dict(enumerate(gradients)), limit)
    return tuple(clipped.values())


def clip_by_keras(gradients, limit):
    total = keras.ops.sqrt(sum(keras.ops.sum(keras.ops.square(gradient)) for gradient in gradients))
    return [gradient * (limit / keras.ops.maximum(total, limit)) for gradient in gradients]


def clip_in_place(gradients, limit):
    norm = math.sqrt(sum(np.vdot(gradient, gradient) for gradient in gradients))
    for gradient in gradients:
        gradient *= limit / max(norm, limit)
    return gradients


answers(
    "ch07.clip",
    right=[clip_in_one_row, clip_by_library, clip_by_keras],
    wrong=[
        clip_in_place,
        lambda gradients, limit: gradients,
        lambda gradients, limit: [gradient * limit for gradient in gradients],
        lambda gradients, limit: clip_in_one_row(gradients, limit)[0],
        lambda gradients, limit: clip_in_one_row([as_it_lies(gradient) for gradient in gradients], limit),
        lambda gradients, limit: clip_in_one_row(gradients, limit**2),
    ],
)

ACCUMULATE = task("ch07.accumulate")


def accumulate_loops(gradients, sizes):
    total = np.zeros(gradients.shape[1:])
    for gradient, size in zip(gradients, sizes):
        total = total + size * gradient
    return total / sum(sizes)


def accumulate_one_after_the_other(gradients, sizes):
    mean, seen = gradients[0].copy(), sizes[0]
    for gradient, size in zip(gradients[1:], sizes[1:]):
        seen += size
        mean += (gradient - mean) * size / seen
    return mean


def accumulate_image_by_image(gradients, sizes):
    return np.repeat(gradients, sizes, axis=0).mean(axis=0)


answers(
    "ch07.accumulate",
    right=[
        accumulate_loops,
        accumulate_one_after_the_other,
        accumulate_image_by_image,
        lambda gradients, sizes: np.average(gradients, axis=0, weights=sizes),
    ],
    wrong=[
        lambda gradients, sizes: gradients[int(np.argmax(sizes))].copy(),
        lambda gradients, sizes: np.average(gradients, axis=0, weights=sizes[::-1]),
        lambda gradients, sizes: np.median(gradients, axis=0),
        lambda gradients, sizes: accumulate_loops(gradients, np.square(sizes)),
        given(ACCUMULATE, gradients=as_it_lies),
        lambda gradients, sizes: accumulate_loops(gradients, sizes).sum(),
    ],
)

PICK = task("ch07.range_test_pick")


def pick_by_weights(rates, losses, smoothing):
    smoothed = []
    for step, loss in enumerate(losses):
        if not math.isfinite(loss):
            break
        weights = [smoothing ** (step - k) for k in range(step + 1)]
        smoothed.append(sum(w * loss for w, loss in zip(weights, losses)) / sum(weights))
    return smoothed, rates[smoothed.index(min(smoothed))] / 10


def pick_by_the_last_mean(rates, losses, smoothing):
    smoothed, weight, mean = [], 0.0, 0.0
    for loss in losses:
        if np.isnan(loss) or np.isinf(loss):
            break
        weight = smoothing * weight + 1
        mean += (loss - mean) / weight
        smoothed.append(mean)
    return np.array(smoothed), 0.1 * rates[np.argmin(smoothed)]


def pick_in_log(rates, losses, smoothing):
    smoothed, best = pick_by_weights(rates, losses, smoothing)
    return tuple(smoothed), 10 ** (np.log10(best * 10) - 1)


def pick_steepest(rates, losses, smoothing):
    smoothed, _ = pick_by_weights(rates, losses, smoothing)
    return smoothed, rates[int(np.argmin(np.diff(smoothed)))]


answers(
    "ch07.range_test_pick",
    right=[pick_by_weights, pick_by_the_last_mean, pick_in_log],
    wrong=[
        pick_steepest,
        then(PICK, lambda smoothed, rate: rate),
        then(PICK, lambda smoothed, rate: (smoothed, rate * 10 / 3)),
        then(PICK, lambda smoothed, rate: (smoothed, rate * 10 - 0.1)),
        lambda rates, losses, smoothing: (np.cumsum(losses) / np.arange(1, len(losses) + 1), 0.1 * rates[-1]),
        lambda rates, losses, smoothing: (losses.copy(), pick_by_weights(rates, losses, smoothing)[1]),
    ],
)
