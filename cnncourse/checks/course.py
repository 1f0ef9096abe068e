"""What the package knows of the book and of the assignments, because a student may have neither beside it.

`make exercises` writes it into course.json.
"""

import json
from functools import cache
from pathlib import Path


@cache
def known():
    """Everything: the `headings` by their sections, what is graded in each of the `assignments`, and their `files`.

    >>> sorted(known())
    ['assignments', 'files', 'headings']
    """
    return json.loads(Path(__file__).with_name("course.json").read_text(encoding="utf-8"))


def heading(section):
    """The heading of a section; of one that the package does not know, its anchor in words.

    >>> heading("ch02_convolution#how-large-is-the-result"), heading("ch02_convolution#not-there")
    ('How large is the result?', 'not there')
    """
    return known()["headings"].get(section) or section.partition("#")[2].replace("-", " ")
