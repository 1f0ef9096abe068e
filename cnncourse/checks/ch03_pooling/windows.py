"""What the tasks of this chapter share: all windows of a batch at once, and the sections and mistakes about windows."""

from numpy.lib.stride_tricks import sliding_window_view

from cnncourse.checks.writing import ignores

ONE_NUMBER, OVERLAPPING = "#one-number-for-each-window", "#overlapping-windows"
SIZE = "#the-size-of-the-answer-and-who-is-left-out"
STEPS = "From one window to the next it is stride pixels, in both directions."
FOUR_SIDES = "Padding is what is added at each of the four sides."


def windows(x, KH, KW, stride):
    """The windows of images (N, H, W, C), with their pixels on the last two axes: (N, OH, OW, C, KH, KW)."""
    return sliding_window_view(x, (KH, KW), axis=(1, 2))[:, ::stride, ::stride]


def around(padding):
    """Padding of the height and the width of (N, H, W, C), as `np.pad` wants it."""
    return (0, 0), (padding, padding), (padding, padding), (0, 0)


def ignores_stride(task):
    """Note the mistake that the windows move by one pixel."""
    ignores(task, "stride", 1, STEPS, ONE_NUMBER)


def side_by_side(task, answer):
    """Note the mistake that the windows move by their own size: `answer`."""
    why = "The stride is the size of the window only if nobody says otherwise; here it is given."
    task.mistake("the windows lie side by side, whatever the stride says", why, OVERLAPPING)(answer)
