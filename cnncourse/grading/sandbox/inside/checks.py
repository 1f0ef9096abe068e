"""In place of `cnncourse.checks` while a notebook is graded: the judge stands outside, and asks for itself."""

from cnncourse.checks.handing_in import hand_in

__all__ = ["check", "hand_in"]


def check(name, answer):
    """Say that this is not where an answer is judged.

    >>> check("ch02.pad", len)
    ch02.pad: handed in.
    """
    print(f"{name}: handed in.")
