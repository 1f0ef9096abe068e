"""The limits of a sandbox, and which of them this machine can hold."""

from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

MIB = 1 << 20
CGROUPS = Path("/sys/fs/cgroup")
INSTALL = "install it (Debian, Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap)"


@dataclass(frozen=True)
class Limits:
    """What one kernel may use, in bytes, seconds and numbers."""

    memory: int = 3072 * MIB  # of each process, beside what the warm process holds
    together: int = 6144 * MIB  # of all processes; held where cgroups are writable
    processes: int = 200
    file_size: int = 64 * MIB
    disk: int = 64 * MIB
    files: int = 512
    cpu_seconds: int = 900

    def inside(self):
        """What the sandbox itself holds, as plain data.

        >>> "together" in Limits().inside()
        False
        """
        return {name: value for name, value in asdict(self).items() if name != "together"}

    def words(self, group):
        """The limits in force, as sentences for an instructor.

        >>> Limits().words(None)[-1]
        'no cgroup is writable: the processes of one student are limited one by one, not together'
        """
        each = f"{self.memory // MIB} MiB of memory a process, {self.processes} processes, {self.cpu_seconds} s of CPU"
        disks = f"{self.disk // MIB} MiB on disk, {self.file_size // MIB} MiB a file, {self.files} open files"
        if not group:
            return [
                each,
                disks,
                "no cgroup is writable: the processes of one student are limited one by one, not together",
            ]
        return [each, disks, f"{self.together // MIB} MiB of memory for all processes together (cgroup)"]


class Group:
    """A cgroup of the system for a process and all it starts, version 2 or 1."""

    def __init__(self, folders):
        self.folders = folders

    def add(self, *processes):
        """Put processes in; what they start from then on is in too. False where the system refuses."""
        try:
            for folder in self.folders:
                for process in processes:
                    (folder / "cgroup.procs").write_text(str(process))
        except OSError:
            self.remove()
            return False
        return True

    def remove(self):
        """Take the group away; it must be empty, and stays if the system still counts a process."""
        for folder in self.folders:
            with suppress(OSError):
                folder.rmdir()


def own_groups():
    """Where this process stands in the system's groups: controller -> folder ("" for version 2).

    >>> all(isinstance(folder, Path) for folder in own_groups().values())
    True
    """
    found = {}
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            for controller in controllers.split(","):
                found[controller] = CGROUPS / controller / path.lstrip("/")
    return found


def make_group(name, limits):
    """A group that holds the memory and the number of processes, or None where no group is writable.

    >>> group = make_group("cnncourse-example", Limits())
    >>> group is None or group.remove() is None
    True
    """
    own = own_groups()
    wanted = {"memory": ("memory.limit_in_bytes", limits.together), "pids": ("pids.max", 2 * limits.processes)}
    places = {controller: own.get(controller) for controller in wanted}
    if not all(places.values()):
        both = own.get("")
        places = dict.fromkeys(wanted, both)
        wanted = {"memory": ("memory.max", limits.together), "pids": ("pids.max", 2 * limits.processes)}
    if not all(places.values()):
        return None
    folders = []
    try:
        for controller, (file, most) in wanted.items():
            folder = places[controller] / name
            folder.mkdir(exist_ok=True)
            if folder not in folders:
                folders.append(folder)
            (folder / file).write_text(str(most))
    except OSError:
        Group(folders).remove()
        return None
    return Group(folders)
