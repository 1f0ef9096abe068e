"""Write _build/course.zip, what students get: the exercises, the package, the built book, and how to begin.

The solutions, the tests, the grading and the bank of answers stay behind. The files are dated by the time of writing,
so that a newer bundle that is unpacked over an older one is seen to be newer by `make`, by Python and by a browser.
"""

import sys
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "_build" / "course.zip"
TOP = "course"  # the folder that the zip unpacks to
AS_THEY_ARE = ("LICENSE", "LICENSE-text", "constraints.txt", "pyproject.toml")
RENAMED = {"README.md": "tools/readme_students.md", "Makefile": "lab.mk"}


def below(folder):
    """The files of a folder by their places in it, without what is hidden and what Python leaves behind."""
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if (
            path.is_file()
            and "__pycache__" not in place.parts
            and not any(part.startswith(".") for part in place.parts)
        ):
            yield place.as_posix(), path


def contents(root, site):
    """What is in the zip: place -> file."""
    found = {name: root / name for name in AS_THEY_ARE}
    found |= {name: root / other for name, other in RENAMED.items()}
    # Those with a page, and the capstones, which have tasks in the package
    chapters = {path.stem for path in [*(root / "book").glob("*.md"), *(root / "cnncourse" / "checks").glob("ch*_*")]}
    # An exam that was released is no part of the course
    exercises = {f"exercises/{place}": path for place, path in below(root / "exercises")}
    found |= {place: path for place, path in exercises.items() if place.split("/")[1] in chapters}
    found |= {
        f"cnncourse/{place}": path for place, path in below(root / "cnncourse") if not place.startswith("grading/")
    }
    found |= {f"book/{place}": path for place, path in below(site)}
    # For the pages as notebooks, which would otherwise repeat the long experiments in full
    found |= {f"book/experiments/{place}": path for place, path in below(root / "book" / "experiments")}
    return dict(sorted(found.items()))


def write(target, files, moment):
    """Write the zip, its files dated by `moment` (year, month, day, hour, minute, second)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for place, path in files.items():
            about = zipfile.ZipInfo(f"{TOP}/{place}", date_time=moment)
            about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            packed.writestr(about, path.read_bytes())


def main():
    """None, or what to say on a failure."""
    site = ROOT / "_build" / "html"
    if not (site / "index.html").is_file():
        return "There is no book yet: run 'make book' first."
    files = contents(ROOT, site)
    write(TARGET, files, time.localtime()[:6])
    print(f"==> {TARGET.relative_to(ROOT)}: {len(files)} files, {TARGET.stat().st_size / 2**20:.0f} MiB")
    return None


if __name__ == "__main__":
    sys.exit(main())
