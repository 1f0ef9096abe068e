"""The solutions as somebody hands them in: with the files beside them that their notebooks wrote when they trained.

The files are no part of `solutions/`, whose folders nbgrader copies to students.
"""

import shutil
from pathlib import Path

HERE = Path(__file__).parent
SOLUTIONS = HERE.parents[1] / "solutions"


def hand_in(slug, folder):
    """Write the solution of an assignment into a folder, complete; returns the path of the notebook."""
    for place in (SOLUTIONS / slug, HERE / slug):
        if place.exists():
            shutil.copytree(place, folder, dirs_exist_ok=True)
    return folder / f"{slug}.ipynb"
