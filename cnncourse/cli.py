"""The command `cnncourse`."""

import argparse
import sys
from importlib import import_module
from pathlib import Path


def show_progress(cell, count):
    """Say on a terminal which cell is running.

    >>> show_progress(1, 3)
    """
    if sys.stderr.isatty():
        print(f"\rcell {cell} of {count}", end="\r" if cell < count else "\r\033[K", file=sys.stderr, flush=True)


def check(arguments):
    """Run a notebook and print what each task earned; the exit status is 0 only when every task passes.

    >>> check(argparse.Namespace(notebook="nowhere.ipynb", seconds=1))
    'there is no file nowhere.ipynb'
    """
    marking = import_module("cnncourse.marking")
    try:
        notebook = marking.read(arguments.notebook)
    except marking.Unreadable as why:
        return str(why)
    stopped = marking.run(notebook, Path(arguments.notebook).resolve().parent, arguments.seconds, show_progress)
    rows = list(marking.marks(notebook))
    print(marking.table(rows))
    if stopped:
        print(f"\n{stopped}", file=sys.stderr)
    return int(bool(stopped) or any(row.earned is not None and row.earned < row.points for row in rows))


def parser():
    """The commands and their arguments.

    >>> parser().parse_args(["check", "a.ipynb"]).seconds
    120
    """
    top = argparse.ArgumentParser(prog="cnncourse", description="The CNN course at the command line.")
    commands = top.add_subparsers(title="commands", required=True)
    about = "Run a notebook and print what each task earned. The exit status is 0 only when every task passes."
    command = commands.add_parser("check", help="run a notebook and print what each task earned", description=about)
    command.add_argument("notebook", help="a notebook of exercises/, with your answers")
    command.add_argument("--seconds", type=int, default=120, help="the time limit for one cell (default: 120)")
    command.set_defaults(run=check)
    return top


def main(arguments=None):
    """Run a command and return its exit status, or a sentence that says what was wrong.

    >>> main(["check", "nowhere.ipynb"])
    'there is no file nowhere.ipynb'
    """
    chosen = parser().parse_args(arguments)
    try:
        return chosen.run(chosen)
    except ModuleNotFoundError as missing:
        return f"This command needs {missing.name}: pip install 'cnncourse[exercises]'"
    except KeyboardInterrupt:
        return "stopped"


if __name__ == "__main__":
    sys.exit(main())
