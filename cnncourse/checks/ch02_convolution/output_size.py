"""ch02.output_size: the size of a map from the five numbers that decide it."""

from cnncourse.checks.writing import Task, given, whole


def output_size(size, kernel, stride, padding, dilation):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def cases(rng):
    yield from [(7, 3, 1, 0, 1), (7, 3, 2, 0, 1), (8, 3, 2, 0, 1), (5, 5, 1, 0, 1), (6, 1, 1, 0, 1), (9, 3, 1, 0, 2)]
    for _ in range(30):
        kernel, stride, padding, dilation = (whole(rng, *span) for span in [(1, 7), (1, 4), (0, 4), (1, 3)])
        fits = dilation * (kernel - 1) + 1 - 2 * padding
        yield max(fits, 1) + whole(rng, 0, 12), kernel, stride, padding, dilation


TASK = Task(__name__, __doc__, "#how-large-is-the-result", output_size, cases)
DOWN = "A step that would take the window over the edge is not taken, so the division rounds down."
STRIDE, HOLES = "#how-far-to-move-stride", "#holes-dilation"

TASK.mistake("the number of steps is rounded up", DOWN)(
    lambda n, k, s, p, d: -(-(n + 2 * p - d * (k - 1) - 1) // s) + 1
)
TASK.mistake("the number of steps is rounded to the nearest whole number", DOWN)(
    lambda n, k, s, p, d: round((n + 2 * p - d * (k - 1) - 1) / s) + 1
)
why = "The division counts the steps after the first position; the first position itself is added afterwards."
TASK.mistake("the + 1 is inside the division", why)(lambda n, k, s, p, d: (n + 2 * p - d * (k - 1)) // s)
why = "The division counts steps. One step joins two positions, so there is one position more than steps."
TASK.mistake("the first position is not counted", why)(lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) // s)
why = "In this course padding is what is added at each side, so a line becomes longer by twice as much."
TASK.mistake("the padding is added once", why, "#what-lies-beyond-the-edge-padding")(
    lambda n, k, s, p, d: (n + p - d * (k - 1) - 1) // s + 1
)
why = "A dilated kernel reaches further than its number of weights says."
TASK.mistake("dilation is left out", why, HOLES)(given(TASK, dilation=1))
why = "The holes are between the weights: k weights have k - 1 gaps, and one weight stays one pixel long."
TASK.mistake("a dilated kernel is taken to be dilation times as long", why, HOLES)(
    lambda n, k, s, p, d: (n + 2 * p - d * k) // s + 1
)
why = "With stride 2 every second position is used, so there are about half as many."
TASK.mistake("stride is left out", why, STRIDE)(given(TASK, stride=1))
why = "Stride is the distance from one position to the next; stride 1 skips nothing."
TASK.mistake("stride is taken as the number of pixels that are skipped", why, STRIDE)(
    given(TASK, stride=lambda stride: stride + 1)
)
why = "A map has a whole number of pixels. `//` divides and rounds down, and gives an int."
TASK.mistake("the division is not rounded", why)(lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) / s + 1)
