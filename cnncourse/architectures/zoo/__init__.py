"""The networks that come with the course: text files beside this one, one for each family."""

from functools import cache
from pathlib import Path

from cnncourse.architectures import notation

FOLDER = Path(__file__).parent


def texts():
    """The text of each family, by its name.

    >>> texts()["vgg"].splitlines()[2]
    'network VGG-11'
    """
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.txt"))}


@cache
def _zoo():
    specs = {}
    for text in texts().values():
        specs |= notation.read_all(text, specs)
    return specs


def names():
    """The names of all networks of the zoo, family by family.

    >>> names()[:3]
    ['AlexNet 2012', 'AlexNet', 'ConvNeXt-T']
    """
    return list(_zoo())


def named(name):
    """The spec of a network of the zoo.

    >>> named("VGG-16").settings["n5"]
    '3'
    """
    if name not in _zoo():
        raise ValueError(f"there is no network {name!r} in the zoo; there are {', '.join(names())}")
    return _zoo()[name]


def read(text):
    """The spec of a text that describes one network; it may be ``like`` one of the zoo.

    >>> read("network VGG-10 like VGG-11\\nn5 = 1").name
    'VGG-10'
    """
    specs = notation.read_all(text, _zoo())
    if len(specs) != 1:
        raise ValueError(f"the text describes {' and '.join(specs)}, but one network is needed: use read_all")
    return next(iter(specs.values()))
