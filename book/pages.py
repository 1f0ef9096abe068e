"""What the pages of the book import: the numbers of the prose, and the data of the widgets."""

import json

import numpy as np
from IPython.display import HTML
from myst_nb import glue


def plain(value):
    """The value with lists, numbers and strings only."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def say(**values):
    """Give each value a name that the prose can call: say(accuracy=0.97) for {glue:text}`accuracy:.2f`."""
    for name, value in values.items():
        glue(name, plain(value), display=False)


def widget(name, label, data=None):
    """The web component book/_static/widgets/<name>.js, called `label`, with the data it starts from."""
    script = ""
    if data is not None:
        text = json.dumps(plain(data), separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
        script = f'<script type="application/json">{text}</script>'
    silent = "<noscript>This figure answers to your hand, for which it needs JavaScript.</noscript>"
    return HTML(f'<{name} class="cnn-widget" role="group" aria-label="{label}">{script}{silent}</{name}>')
