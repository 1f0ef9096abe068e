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
    marking = import_module("cnncourse.checks.marking")
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


def analyse(arguments):
    """Write the report on how a class did.

    >>> analyse(argparse.Namespace(assignment="", to="reports"))
    "'' is no name of an assignment"
    """
    return import_module("cnncourse.grading.reports.analysis").command(arguments)


def similar(arguments):
    """Write the report on which submissions are alike.

    >>> similar(argparse.Namespace(assignment="", to="reports"))
    "'' is no name of an assignment"
    """
    return import_module("cnncourse.grading.reports.similarity").command(arguments)


REPORTS = {"analyse": analyse, "similar": similar}


def grade(arguments):
    """Grade what a class handed in; the exit status is 0 only when nobody was left out.

    >>> grade(argparse.Namespace(assignment="../x", student=[], jobs=1, scheduler=None, dry_run=True, force=False))
    "'../x' is no name of an assignment"
    """
    if not arguments.scheduler:
        import_module("cnncourse.grading.cohort.worker").start_importing()  # while this process imports what it needs
    whole, cluster = (
        import_module("cnncourse.grading.cohort.grading_run"),
        import_module("cnncourse.grading.cohort.cluster"),
    )
    judging = import_module("cnncourse.grading.judge.judging")
    results = cluster.on_workers(judging.grade_notebook, arguments.jobs, arguments.scheduler, judging.packages_of)
    try:
        return whole.grade(arguments.assignment, results, arguments.student, arguments.dry_run, arguments.force)
    except ValueError as why:
        return str(why)


def doctor(arguments):
    """Say what this machine has for grading, and what it lacks; the exit status is 0 only if grading can work.

    >>> doctor.__name__  # it starts a sandbox
    'doctor'
    """
    return import_module("cnncourse.grading.doctor").command()


def at_least_one(text):
    """A number of processes.

    >>> at_least_one("2")
    2
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of processes: give 1 or more")
    return int(text)


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
    add_grading(commands)
    add_reports(commands)
    about = "Say line by line what this machine has for grading, what is missing, and how to get it."
    commands.add_parser("doctor", help=about[0].lower() + about[1:-1], description=about).set_defaults(run=doctor)
    return top


def add_grading(commands):
    """The command that grades a class.

    >>> add_grading(argparse.ArgumentParser().add_subparsers())
    """
    about = (
        "Grade what was handed in, in the folder of the course. What was graded before and has not changed is not "
        "graded again. It may be stopped at any moment; the same command goes on from there. Scores given by hand stay."
    )
    command = commands.add_parser("grade", help="grade what a class handed in", description=about)
    command.add_argument("assignment", help="the name of the assignment, such as ch02_convolution")
    command.add_argument("--jobs", type=at_least_one, metavar="N", help="processes (default: one for each core)")
    command.add_argument("--student", action="append", default=[], metavar="ID", help="only this one (repeatable)")
    command.add_argument("--scheduler", metavar="ADDRESS", help="grade on the dask.distributed cluster at this address")
    command.add_argument("--dry-run", action="store_true", help="show who would get what, and write nothing")
    command.add_argument("--force", action="store_true", help="grade again what has not changed since it was graded")
    command.set_defaults(run=grade, extra="instructors")


def add_reports(commands):
    """The commands for the time after grading.

    >>> add_reports(argparse.ArgumentParser().add_subparsers())
    """
    abouts = {
        "analyse": "Write a page and a table on how the class did, task by task: pass rates, points, times, mistakes.",
        "similar": "Write a page and a table on which submissions are alike, with what they share side by side.",
    }
    for name, about in abouts.items():
        command = commands.add_parser(name, help=about[0].lower() + about[1:].rstrip("."), description=about)
        command.add_argument("assignment", help="the name of the assignment, such as ch02_convolution")
        command.add_argument("--to", default="reports", metavar="FOLDER", help="where to write (default: reports)")
        command.set_defaults(run=REPORTS[name], extra="instructors")


def main(arguments=None):
    """Run a command and return its exit status, or a sentence that says what was wrong.

    >>> main(["check", "nowhere.ipynb"])
    'there is no file nowhere.ipynb'
    """
    chosen = parser().parse_args(arguments)
    try:
        return chosen.run(chosen)
    except ModuleNotFoundError as missing:
        return f"This command needs {missing.name}: pip install 'cnncourse[{getattr(chosen, 'extra', 'exercises')}]'"
    except KeyboardInterrupt:
        return "stopped"


if __name__ == "__main__":
    sys.exit(main())
