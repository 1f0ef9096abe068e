"""Build the book, strictly: execute its pages side by side, then let Jupyter Book put the site together.

Jupyter Book executes one page after the other. So the pages that have no result in its cache are executed
here first, a few at a time, and the build that follows finds every result in place. A page that fails is left
to that build, which stops with the traceback.

The cache knows a page by its cells. What else a result depends on is found out by tools/behind.py and kept with the
result in one state: a page is executed again when that state has changed, and not when anything else has.
"""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path

import yaml
from behind import state_behind
from jupyter_cache import get_cache
from jupyter_cache.cache.db import NbCacheRecord
from jupyter_cache.executors.utils import create_cache_bundle, single_nb_execution
from jupyter_cache.readers import NbReadError
from myst_nb.core.read import is_myst_markdown_notebook
from sphinx_external_toc.parsing import parse_toc_yaml

from cnncourse.dependencies import digest_of

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
SITE = BUILD / "html"
INDEX = SITE / "index.html"
CACHE = BUILD / ".jupyter_cache"
MADE_OF = SITE / ".made_of"

# What the site is made of, besides what is behind its pages.
SOURCES = ("cnncourse/**/*", "book/**/*", "exercises/**/*", "_config.yml", "_toc.yml", "constraints.txt", "tools/*.py")

# Each kernel would otherwise print a paragraph about its unencrypted, local-only connection.
QUIET = {"extra_arguments": ["--log-level=ERROR"]}


def fingerprint(patterns):
    """A hash of the files that the patterns name."""
    files = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    return digest_of(sorted(path for path in files if "__pycache__" not in path.parts), ROOT)


def notebooks():
    """The pages of the table of contents that hold code to execute."""
    for page in parse_toc_yaml(ROOT / "_toc.yml"):
        path = ROOT / f"{page}.md"
        if path.exists() and is_myst_markdown_notebook(path.read_text(encoding="utf-8")):
            yield path


def is_fresh(cache, page, state):
    """Whether the cache holds a result of the page's cells that was made in this state of all that is behind them.

    A result of another state is forgotten, for Jupyter Book would take it.
    """
    try:
        record = cache.match_cache_notebook(page.nb)
    except KeyError:
        return False
    with suppress(KeyError, ValueError):  # a build that was interrupted may have left a record with no whole result
        cache.get_cache_bundle(record.pk)
        if record.data.get("state") == state:
            return True
    NbCacheRecord.remove_records([record.pk], cache.db)
    shutil.rmtree(CACHE / "executed" / record.hashkey, ignore_errors=True)
    return False


def execute_pages(states, timeout):
    """Put the result of every page into the cache: `states` is what is behind each of them."""
    cache = get_cache(CACHE)
    waiting = []
    for path, state in states.items():
        record = cache.add_nb_to_project(str(path), read_data={"name": "myst_nb_md", "type": "plugin"})
        try:
            page = cache.get_project_notebook(record.pk)
        except NbReadError as error:
            sys.exit(f"{path.relative_to(ROOT)} is not a page that can be executed. {error}")
        if not is_fresh(cache, page, state):
            waiting.append(page)
    if not waiting:
        return
    workers = min(len(waiting), os.cpu_count() or 1, 4)
    print(f"==> Executing {len(waiting)} page(s), {workers} at a time", flush=True)
    with ThreadPoolExecutor(workers) as pool:
        running = {
            pool.submit(single_nb_execution, page.nb, str(Path(page.uri).parent), timeout, False, **QUIET): page
            for page in waiting
        }
        for done, future in enumerate(as_completed(running), start=1):
            page, outcome = running[future], "failed"
            with suppress(RuntimeError):  # the kernel did not start, or died
                result = future.result()
                if result.err is None:  # stored from this thread: the cache is a database with one writer
                    bundle = create_cache_bundle(page, result.cwd, None, result.time, None)
                    bundle.data["state"] = states[Path(page.uri)]
                    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
                    outcome = f"{result.time:.1f} s"
            print(f"    {done}/{len(waiting)} {Path(page.uri).relative_to(ROOT)}: {outcome}", flush=True)


def main():
    """None, or what to say on a failure."""
    start = time.monotonic()
    states = {path: state_behind(path) for path in notebooks()}
    made_of = fingerprint(SOURCES) + "".join(states.values())
    if MADE_OF.exists() and MADE_OF.read_text() == made_of:
        print(f"==> The book is up to date: {INDEX.as_uri()}")
        return None
    print("==> Building the book", flush=True)
    execute_pages(states, yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["execute"]["timeout"])
    shutil.rmtree(SITE, ignore_errors=True)  # a page that left the table of contents must leave the site
    print("==> Putting the site together", flush=True)
    jupyter_book = "from jupyter_book.cli.main import main; main()"
    options = ["build", ".", "--all", "-W", "-n", "--keep-going", "-q"]
    build = subprocess.run([sys.executable, "-c", jupyter_book, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if build.returncode:
        print(build.stdout)
        return f"The book was not built: see above (exit status {build.returncode})."
    MADE_OF.write_text(made_of)
    print(f"==> The book is ready ({time.monotonic() - start:.0f} s): {INDEX.as_uri()}")
    return None


if __name__ == "__main__":
    sys.exit(main())
