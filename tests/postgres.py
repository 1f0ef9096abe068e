"""A PostgreSQL of our own, in a temporary folder, on a Unix socket."""

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest


def programs():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def postgres():
    """Yields a function that makes an empty database and returns its URL."""
    if programs() is None:
        if os.environ.get("CI"):
            pytest.fail("there is no PostgreSQL: apt-get install postgresql")
        pytest.skip("there is no PostgreSQL here: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # the path of a socket has at most 107 characters
    asks = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres")
        asks = ["runuser", "-u", "postgres", "--"]

    def do(name, *arguments):
        command = [*asks, str(programs() / name), *arguments]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)

    data = str(folder / "data")
    try:
        do("initdb", "-D", data, "-A", "trust", "-U", "teacher", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        do("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")

        def database(name):
            do("createdb", "-h", str(folder), "-U", "teacher", name)
            return f"postgresql+psycopg://teacher@/{name}?host={folder}"

        yield database
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            do("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
