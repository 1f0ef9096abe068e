"""The command `cnncourse`."""

import argparse
import sys
from importlib import import_module
from importlib.util import find_spec

GRADING = "cnncourse.grading"


def carry_out(arguments):
    """Let the module that a command names carry it out: it alone imports what the command needs, and may be missing.

    A command may also name a module that can begin while the other one is still being imported.

    >>> carry_out(argparse.Namespace(module="cnncourse.checks.marking", first="", notebook="nowhere.ipynb", seconds=1))
    'there is no file nowhere.ipynb'
    """
    if arguments.first:
        import_module(arguments.first).begin(arguments)
    return import_module(arguments.module).command(arguments)


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
    top.set_defaults(first="", extra="exercises")
    commands = top.add_subparsers(title="commands", required=True)
    about = (
        "Run a notebook and print what each task earned. The exit status is 0 only when nothing is wrong or missing."
    )
    command = commands.add_parser("check", help="run a notebook and print what each task earned", description=about)
    command.add_argument("notebook", help="a notebook of exercises/, with your answers")
    command.add_argument("--seconds", type=int, default=120, help="the time limit for one cell (default: 120)")
    command.set_defaults(module="cnncourse.checks.marking")
    about = "Open the exercises in JupyterLab, and serve the built book beside it, so that feedback links its sections."
    command = commands.add_parser("lab", help="open the exercises in JupyterLab", description=about)
    command.add_argument("options", nargs="*", help="options for JupyterLab, after --")
    command.set_defaults(module="cnncourse.lab")
    if find_spec(GRADING):  # students get the package without it
        add_composing(commands)
        add_collecting(commands)
        add_grading(commands)
        add_reports(commands)
        add_others(commands)
    return top


def add_others(commands):
    """The commands for the time before and between: the machine, and the answers.

    >>> add_others(argparse.ArgumentParser().add_subparsers())
    """
    about = "Say line by line what this machine has for grading, what is missing, and how to get it."
    command = commands.add_parser("doctor", help=about[0].lower() + about[1:-1], description=about)
    command.set_defaults(module=f"{GRADING}.doctor")
    about = "Write the solutions of an assignment as a notebook for students, to be handed out after the deadline."
    command = commands.add_parser("answers", help="write the solutions as a notebook for students", description=about)
    command.add_argument("assignment", help="the name of the assignment, such as ch02_convolution")
    command.add_argument("--to", default="answers", metavar="FOLDER", help="where to write (default: answers)")
    command.set_defaults(module=f"{GRADING}.reports.answers", extra="instructors")


def add_composing(commands):
    """The command that puts an assignment of one's own together.

    >>> add_composing(argparse.ArgumentParser().add_subparsers())
    """
    about = "Put an assignment of your own together, from tasks of any chapter and from your own, into solutions/."
    command = commands.add_parser("compose", help=about[0].lower() + about[1:-1], description=about)
    command.add_argument("assignment", help="the name of the new assignment, such as exam")
    command.add_argument("tasks", nargs="+", metavar="TASK=POINTS", help="such as ch02.pad=3")
    command.add_argument("--title", default="", help="the heading (default: the name)")
    command.set_defaults(module=f"{GRADING}.composing", extra="instructors")


def add_collecting(commands):
    """The command that brings what was handed in to where it is graded.

    >>> add_collecting(argparse.ArgumentParser().add_subparsers())
    """
    about = (
        "Take the notebooks out of what Canvas, Moodle or Gradescope lets you download, or out of a folder, and put "
        "them where they are graded. It shows first who is missing, doubled, late or unknown, and asks. What is there "
        "already stays. The exit status is 0 only when all that was handed in found its place."
    )
    command = commands.add_parser("collect", help="bring in what a class handed in", description=about)
    command.add_argument("archive", help="the zip as it was downloaded, or a folder")
    command.add_argument("--assignment", required=True, help="the name of the assignment, such as ch02_convolution")
    command.add_argument("--roster", required=True, metavar="CSV", help="the list of students that the system gives")
    systems = ["canvas", "moodle", "gradescope", "folder"]
    command.add_argument("--from", dest="system", choices=systems, help="where it comes from (else it is recognised)")
    zone = "the time zone of Moodle's worksheet, such as Europe/Berlin (default: this machine's)"
    command.add_argument("--timezone", default="", metavar="ZONE", help=zone)
    former = "take this submission where another one is there, which is set aside in .former"
    command.add_argument("--replace", action="store_true", help=former)
    command.add_argument("--yes", action="store_true", help="write without asking")
    command.add_argument("--dry-run", action="store_true", help="show what was found, and write nothing")
    command.set_defaults(module=f"{GRADING}.cohort.collecting", extra="instructors")


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
    workers, module = f"{GRADING}.cohort.worker", f"{GRADING}.cohort.grading_run"
    command.set_defaults(module=module, first=workers, extra="instructors")


def add_reports(commands):
    """The commands for the time after grading.

    >>> add_reports(argparse.ArgumentParser().add_subparsers())
    """
    reports = {
        "analyse": (
            "analysis",
            "Write a page and a table on how the class did, task by task: pass rates, points, times, mistakes.",
        ),
        "similar": (
            "similarity",
            "Write a page and a table on which submissions are alike, with what they share side by side.",
        ),
    }
    for name, (module, about) in reports.items():
        command = commands.add_parser(name, help=about[0].lower() + about[1:].rstrip("."), description=about)
        command.add_argument("assignment", help="the name of the assignment, such as ch02_convolution")
        command.add_argument("--to", default="reports", metavar="FOLDER", help="where to write (default: reports)")
        command.set_defaults(module=f"{GRADING}.reports.{module}", extra="instructors")


def main(arguments=None):
    """Run a command and return its exit status, or a sentence that says what was wrong.

    >>> main(["check", "nowhere.ipynb"])
    'there is no file nowhere.ipynb'
    """
    chosen = parser().parse_args(arguments)
    try:
        return carry_out(chosen)
    except ModuleNotFoundError as missing:
        return f"This command needs {missing.name}: pip install 'cnncourse[{chosen.extra}]'"
    except KeyboardInterrupt:
        return "stopped"


if __name__ == "__main__":
    sys.exit(main())
