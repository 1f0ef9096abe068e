"""Run the recorded experiments of the book again and write their records: all of them, or those that are named.

    make experiments                            all
    make experiments NAMES="ch01_shuffle"       one

Each is run by itself in a new kernel, with the code of its page that it needs and nothing else.
One that was interrupted goes on where it stopped: the cases that were finished are not run again.
"""

import os
import sys
import time
from pathlib import Path

import nbformat
from behind import cells_of
from nbclient import execute

from cnncourse.experiments import RECORDING, code_behind, records_in

ROOT = Path(__file__).resolve().parents[1]

# One thread for each product: the machines that build the book add alike, and the time is that of one core.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def experiments():
    """Every record that a page asks for, with that page."""
    return {ROOT / "book" / record: page for page in pages() for record in records_in(cells_of(page))}


def pages():
    return [page for page in sorted((ROOT / "book").glob("*.md")) if "recorded(" in page.read_text(encoding="utf-8")]


def record(path, page):
    """Run one experiment; `recorded`, which is in its code, writes the record."""
    code = code_behind(cells_of(page), path.relative_to(page.parent).as_posix())
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    execute(notebook, cwd=str(page.parent), timeout=None, kernel_name="python3", extra_arguments=["--log-level=ERROR"])


def main(names):
    """None, or what to say on a failure."""
    known = {path.stem: (path, page) for path, page in experiments().items()}
    if unknown := sorted(set(names) - set(known)):
        return f"There is no experiment {', '.join(unknown)}; there are {', '.join(known)}."
    os.environ |= ONE_THREAD | {RECORDING: "yes"}
    for name in names or known:
        start = time.monotonic()
        print(f"==> Recording {name}", end="", flush=True)
        record(*known[name])
        print(f": {time.monotonic() - start:.0f} s", flush=True)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
