"""Right and wrong answers to the tasks of chapter 7."""

import math

import keras
import numpy as np

from bank import answers, as_it_lies
from cnncourse import training
from cnncourse.checks import task
from cnncourse.checks.mistakes import given, partly, then
from cnncourse.training import augmentation

# --- steps ------------------------------------------------------------------------------------------------------------

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


# --- augmentation and metrics ----------------------------------------------------------------------------------------

AFFINE = task("ch07.affine_matrix")


def affine_by_points(degrees, zoom, shift, size):
    """Where three points go, one after the other, and the matrix that sends them there."""
    angle, middle = math.radians(degrees), (np.array(size) - 1) / 2

    def goes(point):
        r, c = (np.array(point) - middle) * zoom
        turned = math.cos(angle) * r - math.sin(angle) * c, math.sin(angle) * r + math.cos(angle) * c
        return turned + middle + shift

    origin = goes((0, 0))
    return [*np.column_stack([goes((1, 0)) - origin, goes((0, 1)) - origin, origin]).tolist(), [0, 0, 1]]


def affine_by_library(degrees, zoom, shift, size):
    middle = [(length - 1) / 2 for length in size]
    motion = augmentation.rotation(degrees) @ augmentation.scaling(*zoom)
    return augmentation.translation(*shift) @ augmentation.about(motion, middle)


def affine_by_solving(degrees, zoom, shift, size):
    M = np.eye(3)
    a = np.deg2rad(degrees)
    M[:2, :2] = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) * zoom
    middle = (np.array(size) - 1) / 2
    M[:2, 2] = middle - M[:2, :2] @ middle + shift
    return M.astype(np.float32)


answers(
    "ch07.affine_matrix",
    right=[affine_by_points, affine_by_library, affine_by_solving],
    wrong=[
        then(AFFINE, lambda M: M[:2]),
        then(AFFINE, lambda M: M.round(1)),
        given(AFFINE, zoom=lambda zoom: (zoom[0], zoom[0])),
        given(AFFINE, zoom=lambda zoom: (1 / zoom[0], 1 / zoom[1])),
        given(AFFINE, shift=lambda shift: (-shift[0], -shift[1])),
        given(AFFINE, shift=(0, 0)),
    ],
)

WARP = task("ch07.warp")


def warp_by_loops(image, matrix):
    H, W = image.shape
    back, moved = np.linalg.inv(matrix), np.zeros((H, W))
    for i in range(H):
        for j in range(W):
            r, c, _ = back @ [i, j, 1]
            for row in range(H):
                for column in range(W):
                    moved[i, j] += max(0, 1 - abs(r - row)) * max(0, 1 - abs(c - column)) * image[row, column]
    return moved


def warp_with_a_frame(image, matrix):
    H, W = image.shape
    framed = np.pad(image.astype(float), 2)
    r, c = (np.linalg.solve(matrix, [*np.indices((H, W)).reshape(2, -1), np.ones(H * W)]))[:2]
    r, c = np.clip(r + 2, 0, H + 2), np.clip(c + 2, 0, W + 2)
    top, left = r.astype(int), c.astype(int)
    rows = [(1 - (c - left)) * framed[k, left] + (c - left) * framed[k, left + 1] for k in (top, top + 1)]
    return ((1 - (r - top)) * rows[0] + (r - top) * rows[1]).reshape(H, W)


def warp_by_library(image, matrix):
    height, width = image.shape
    centred = augmentation.about(matrix, (-(height - 1) / 2, -(width - 1) / 2))
    return augmentation.warp(image.astype(float)[None, :, :, None], centred)[0, :, :, 0]


def warp_pushed(image, matrix):
    """Each pixel is pushed to the place nearest to where it goes, which leaves holes."""
    moved = np.zeros(image.shape)
    for place in np.ndindex(image.shape):
        r, c = np.rint(matrix @ [*place, 1])[:2].astype(int)
        if 0 <= r < image.shape[0] and 0 <= c < image.shape[1]:
            moved[r, c] = image[place]
    return moved


answers(
    "ch07.warp",
    right=[warp_by_loops, warp_with_a_frame, warp_by_library],
    wrong=[
        warp_pushed,
        given(WARP, matrix=lambda matrix: matrix.T),
        given(WARP, matrix=lambda matrix: matrix * [[1, 1, 0], [1, 1, 0], [1, 1, 1]]),
        given(WARP, matrix=np.eye(3)),
        then(WARP, lambda image: image.clip(0)),
        then(WARP, lambda image: image[..., None]),
    ],
)

MIXUP = task("ch07.mixup")


def mixup_by_loops(images, targets, partners, lam):
    pairs = [(w * images[n] + (1 - w) * images[p], n, p, w) for n, (p, w) in enumerate(zip(partners, lam))]
    return np.array([x for x, *_ in pairs]), np.array([w * targets[n] + (1 - w) * targets[p] for _, n, p, w in pairs])


def mixup_by_matrix(images, targets, partners, lam):
    """Mixing is a matrix, with lam on its diagonal and 1 - lam at the partners."""
    N = len(lam)
    M = np.diag(lam)
    M[np.arange(N), partners] += 1 - lam
    return np.tensordot(M, images, 1), M @ targets


def mixup_from_the_partner(images, targets, partners, lam):
    own = lam[:, None, None, None]
    return images[partners] + own * (images - images[partners]), targets[partners] + lam[:, None] * (
        targets - targets[partners]
    )


answers(
    "ch07.mixup",
    right=[mixup_by_loops, mixup_by_matrix, mixup_from_the_partner],
    wrong=[
        then(MIXUP, lambda images, targets: images),
        then(MIXUP, lambda images, targets: (images.astype(int), targets)),
        given(MIXUP, lam=lambda lam: np.maximum(lam, 1 - lam)),
        given(MIXUP, lam=0.5),
        partly(MIXUP, lambda images, *rest: (images, None), 0),
        lambda images, targets, partners, lam: (
            images + images[partners],
            mixup_by_loops(images, targets, partners, lam)[1],
        ),
    ],
)

SCORES = task("ch07.precision_recall")


def scores_by_loops(labels, predictions, classes):
    precision, recall = [], []
    for c in range(classes):
        hits = sum(1 for label, guess in zip(labels, predictions) if label == guess == c)
        predicted, there = list(predictions).count(c), list(labels).count(c)
        precision.append(hits / predicted if predicted else float("nan"))
        recall.append(hits / there if there else math.nan)
    return precision, recall


def scores_by_library(labels, predictions, classes):
    return training.class_scores(training.confusion_matrix(labels, predictions, classes))[:2]


def scores_by_means(labels, predictions, classes):
    one = np.arange(classes)[:, None]
    is_it, said = labels == one, predictions == one  # (classes, N)
    with np.errstate(invalid="ignore"):
        both = (is_it & said).sum(axis=1)
        return both / said.sum(axis=1), both / is_it.sum(axis=1)


answers(
    "ch07.precision_recall",
    right=[scores_by_loops, scores_by_library, scores_by_means],
    wrong=[
        then(SCORES, lambda precision, recall: precision),
        then(SCORES, lambda precision, recall: (100 * precision, 100 * recall)),
        then(SCORES, lambda precision, recall: (precision[::-1], recall[::-1])),
        given(SCORES, classes=lambda classes: classes + 1),
        partly(SCORES, lambda labels, *rest: (np.zeros(rest[1]), None), 0),
        then(SCORES, lambda precision, recall: (np.nan_to_num(precision), recall)),
    ],
)

CALIBRATION = task("ch07.calibration")


def calibration_by_loops(probabilities, labels, bins):
    total = 0
    for b in range(bins):
        inside = [n for n, p in enumerate(probabilities) if b / bins < max(p) <= (b + 1) / bins]
        if inside:
            sure = sum(max(probabilities[n]) for n in inside)
            total += abs(sum(probabilities[n].argmax() == labels[n] for n in inside) - sure)
    return total / len(labels)


def calibration_by_library(probabilities, labels, bins):
    return np.float32(training.calibration_error(probabilities, labels, bins))


def calibration_by_counting(probabilities, labels, bins):
    confidence = probabilities.max(axis=1)
    place = np.ceil((confidence * bins).round(9)).astype(int) - 1
    return np.abs(np.bincount(place, weights=(probabilities.argmax(axis=1) == labels) - confidence)).sum() / len(labels)


answers(
    "ch07.calibration",
    right=[calibration_by_loops, calibration_by_library, calibration_by_counting],
    wrong=[
        then(CALIBRATION, lambda error: 100 * error),
        then(CALIBRATION, lambda error: 1 - error),
        then(CALIBRATION, lambda error: round(error, 1)),
        given(CALIBRATION, bins=lambda bins: bins + 1),
        lambda probabilities, labels, bins: float((probabilities.argmax(axis=1) == labels).mean()),
        given(CALIBRATION, probabilities=lambda p: np.ones_like(p) * (p == p.max(axis=1, keepdims=True))),
    ],
)

SPLIT = task("ch07.split")


def split_by_dictionary(labels, originals, order, parts):
    different = {}
    for n in order:
        names = different.setdefault(labels[n].item(), [])
        if originals[n] not in names:
            names.append(originals[n])
    kept = {name for names in different.values() for name in names[: len(names) // parts]}
    return [name in kept for name in originals.tolist()]


def split_by_ranks(labels, originals, order, parts):
    result = np.zeros(len(labels), dtype=bool)
    rank = np.argsort(order)
    for c in set(labels.tolist()):
        names = sorted(set(originals[labels == c].tolist()), key=lambda name: rank[originals == name].min())
        for name in names[: len(names) // parts]:
            result[originals == name] = True
    return result


def split_one_by_one(labels, originals, order, parts):
    room = {c: len(np.unique(originals[labels == c])) // parts for c in np.unique(labels)}
    result = np.zeros(len(labels), dtype=bool)
    for n in order:
        if room[labels[n]] and not result[n]:
            room[labels[n]] -= 1
            result |= originals == originals[n]
    return result


answers(
    "ch07.split",
    right=[split_by_dictionary, split_by_ranks, split_one_by_one],
    wrong=[
        then(SPLIT, np.flatnonzero),
        then(SPLIT, lambda chosen: chosen.astype(int)),
        then(SPLIT, np.zeros_like),
        given(SPLIT, parts=lambda parts: parts + 1),
        lambda labels, originals, order, parts: np.isin(np.arange(len(order)), order[: len(order) // parts]),
        given(SPLIT, labels=lambda labels: labels == labels[0]),
    ],
)
