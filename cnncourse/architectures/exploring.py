"""What the page gives to its explorer of architectures, the widget that reads the texts of the zoo in the browser."""

from base64 import b64encode

import numpy as np

from cnncourse.architectures.zoo import named, texts
from cnncourse.data import photograph

SIDE = 150  # pixels of the photograph that is shown below the fields


def explorer(network="ResNet-50", other=None):
    """The texts of all networks, a square photograph, and which one or two of the networks are shown first.

    The photograph is `SIDE` x `SIDE` pixels of three bytes, row by row, in base64.

    >>> data = explorer("VGG-16", "ResNet-50")
    >>> data["network"], data["other"], data["zoo"]["vgg"] == texts()["vgg"], data["side"]
    ('VGG-16', 'ResNet-50', True, 150)
    """
    for name in (network, *([] if other is None else [other])):
        named(name)  # says which there are, if it is none of them
    cat = photograph()[:, 75:375]  # (300, 300, 3)
    small = cat.reshape(SIDE, 2, SIDE, 2, 3).mean(axis=(1, 3))
    pixels = b64encode((255 * small).round().astype(np.uint8)).decode()
    return {"zoo": texts(), "network": network, "other": other, "side": SIDE, "photograph": pixels}
