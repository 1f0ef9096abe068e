"""How the figures of the course look: one palette, and the few kinds of picture that every chapter needs."""

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.colors import LinearSegmentedColormap, Normalize

# From dark to light, so that they differ in grey and to a colour-blind eye; the lines differ in their dashes too.
PALETTE = ("#004488", "#bb5566", "#c98a00", "#000000", "#5f9ed1")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
INK = "gray_r"  # 0 is paper, 1 is ink
# Below zero, zero, above zero. The two ends differ in lightness as well: in grey, above zero is the darker.
SIGNED = LinearSegmentedColormap.from_list("signed", ["#c98a00", "#f3e3bf", "#ffffff", "#9fc0e0", "#003366"])


def style():
    """Make the figures of a page alike: sharp at any size, and not larger than the text around them.

    >>> style()
    >>> plt.rcParams["axes.spines.top"]
    False
    """
    plt.rcParams.update(
        {
            "axes.grid": False,
            "axes.prop_cycle": cycler(color=PALETTE) + cycler(linestyle=DASHES),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlesize": 10,
            "figure.constrained_layout.use": True,
            "figure.dpi": 100,
            "font.size": 10,
            "image.interpolation": "none",  # an SVG then holds the pixels themselves, a few hundred bytes
            "legend.frameon": False,
            "svg.hashsalt": "cnncourse",  # the same figure, the same bytes
        }
    )
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats  # noqa: PLC0415 - only in a notebook
    except ImportError:
        return
    set_matplotlib_formats("svg")


def show_image(ax, image, title="", **options):
    """Draw an image, (H, W) grey or (H, W, 3) in colour, with the numbers of its first and last rows and columns.

    Grey images are drawn as ink on paper, on the scale from 0 to 1.

    >>> fig, ax = plt.subplots()
    >>> drawn = show_image(ax, np.eye(5), "a diagonal")
    >>> [int(tick) for tick in ax.get_xticks()]
    [0, 4]
    >>> plt.close(fig)
    """
    image = np.asarray(image)
    if image.ndim != 2 and (image.ndim != 3 or image.shape[-1] != 3):
        raise ValueError(f"image has shape {image.shape}, but (H, W) or (H, W, 3) is needed: take one of the channels")
    if image.ndim == 2:
        options = {"cmap": INK, "vmin": 0, "vmax": 1, **options}
    drawn = ax.imshow(image, **options)
    ax.set_title(title)
    ax.set_xticks(sorted({0, image.shape[1] - 1}))
    ax.set_yticks(sorted({0, image.shape[0] - 1}))
    ax.spines[:].set_visible(True)
    return drawn


def show_signed(ax, values, title="", limit=None):
    """Draw a table of signed numbers (H, W), white where they are zero.

    `limit` is the size that gets the full colour; give several pictures the same to compare them.

    >>> fig, ax = plt.subplots()
    >>> drawn = show_signed(ax, np.array([[-2.0, 0.0, 1.0]]))
    >>> drawn.get_clim()
    (-2.0, 2.0)
    >>> plt.close(fig)
    """
    limit = float(np.abs(values).max(initial=0)) if limit is None else limit
    limit = limit or 1.0
    return show_image(ax, values, title, cmap=SIGNED, vmin=-limit, vmax=limit)


def show_numbers(ax, values, title="", marked=None, limit=None, pattern="{:g}"):
    """Draw a small table (H, W) with its numbers written in, the cells where `marked` is true framed.

    >>> fig, ax = plt.subplots()
    >>> drawn = show_numbers(ax, np.array([[1, 2], [3, -4]]), marked=np.array([[True, False], [False, False]]))
    >>> [text.get_text() for text in ax.texts]
    ['1', '2', '3', '-4']
    >>> plt.close(fig)
    """
    values = np.asarray(values)
    drawn = show_signed(ax, values.astype(float), title, limit)
    scale = Normalize(*drawn.get_clim())
    for (row, column), value in np.ndenumerate(values):
        red, green, blue, _ = SIGNED(scale(value))
        dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
        ax.text(column, row, pattern.format(value), ha="center", va="center", color="white" if dark else "black")
        if marked is not None and marked[row, column]:
            frame = plt.Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, fill=False, lw=2, ec=PALETTE[1])
            ax.add_patch(frame)
    return drawn
