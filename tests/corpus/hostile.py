"""The hostile submissions: those that one notebook holds, and those that lie in the folder around it."""

from corpus import beside, borrowed, forging, notebooks, reaching_out, resources, submissions_in, tricks

IN_NOTEBOOKS = submissions_in(tricks, forging, notebooks, resources, reaching_out, borrowed)
BESIDE = submissions_in(beside)
HOSTILE = [*IN_NOTEBOOKS, *BESIDE]
