"""What the file of a task is written with, in one place to import from: see `task`, `drawing` and `mistakes`."""

from cnncourse.checks.drawing import digits, normals, whole, with_zeros
from cnncourse.checks.mistakes import cuts_fractions, exchanged, given, ignores, in_place, overwrites, partly, then
from cnncourse.checks.task import Task, returns

__all__ = [
    "Task",
    "cuts_fractions",
    "digits",
    "exchanged",
    "given",
    "ignores",
    "in_place",
    "normals",
    "overwrites",
    "partly",
    "returns",
    "then",
    "whole",
    "with_zeros",
]
