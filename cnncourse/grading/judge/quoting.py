"""Words that may quote a student, for a gradebook, a terminal and a comment."""

SAID = 1000  # characters of a remark


def plain(text):
    """Words for a terminal: on one line, and nothing in them that moves the cursor.

    >>> plain("red \\x1b[31m\\nline")
    'red ·[31m line'
    """
    words = " ".join(text.split())
    return "".join(letter if letter.isprintable() else "·" for letter in words)


def said(words):
    """Words for a gradebook and a terminal: on one line, and not without end.

    >>> said("a" + chr(27) + chr(10) + "b"), len(said("x" * 5000))
    ('a· b', 1001)
    """
    return plain(words if len(words) <= SAID else words[:SAID] + "…")


def harmless(text):
    """Words for a comment, which nbgrader reads as Markdown: no HTML and no link in them.

    >>> harmless("NameError: <img src=x> ![a](http://x)")
    'NameError: ‹img src=x> ![a] (http://x)'
    """
    return " ".join(text.replace("<", "‹").replace("](", "] (").split())
