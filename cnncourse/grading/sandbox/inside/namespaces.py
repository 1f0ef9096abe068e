"""A process of its own world: Linux namespaces, mounts, limits and capabilities, by way of the C library."""

import ctypes
import os
import resource
import signal

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
WORLD = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = (
    1,
    2,
    4,
    8,
    32,
    4096,
    16384,
    1 << 18,
)
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
CAPABILITY_VERSION_3 = 0x20080522
KEYCTL, KEYCTL_JOIN_SESSION_KEYRING = {"x86_64": 250, "aarch64": 219}, 1  # the C library has no function for it
SOCKETS = "/run/kernels"  # a folder for each kernel of a warm process
STUDENT = 1000  # who the student is inside, whoever grades outside

libc = ctypes.CDLL(None, use_errno=True)


def _do(what, result):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def unshare():
    """Leave the namespaces of the parent; the caller must have one thread only.

    >>> from cnncourse.grading.sandbox.inside import namespaces
    >>> callable(namespaces.unshare)  # calling it would take this process out of its world
    True
    """
    uid, gid = os.getuid(), os.getgid()
    _do("unshare", libc.unshare(WORLD))
    for name, text in [("setgroups", "deny"), ("uid_map", f"{STUDENT} {uid} 1"), ("gid_map", f"{STUDENT} {gid} 1")]:
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def mount(source, target, kind=None, flags=0, options=None):
    """The system call; a failure names the target.

    >>> mount("nothing", "/nowhere", "tmpfs")
    Traceback (most recent call last):
    ...
    FileNotFoundError: [Errno 2] mount on /nowhere: No such file or directory
    """
    given = [None if text is None else text.encode() for text in (source, target, kind, options)]
    _do(f"mount on {target}", libc.mount(given[0], given[1], given[2], ctypes.c_ulong(flags), given[3]))


def private_disk(target, size):
    """An empty, writable, private disk of so many bytes, in memory.

    >>> private_disk("/nowhere", 4096)
    Traceback (most recent call last):
    ...
    FileNotFoundError: [Errno 2] mount on /nowhere: No such file or directory
    """
    mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, f"size={size},nr_inodes={max(size >> 14, 64)},mode=755")


def freeze(target):
    """Allow no more changes in a mounted folder; sockets that are there can be used as before.

    >>> freeze("/nowhere")
    Traceback (most recent call last):
    ...
    FileNotFoundError: [Errno 2] mount on /nowhere: No such file or directory
    """
    mount(None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def own_processes_only():
    """Show this namespace's own processes in /proc, or nothing at all where the system refuses that.

    >>> own_processes_only.__name__  # it replaces /proc
    'own_processes_only'
    """
    try:
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    except OSError:
        mount("tmpfs", "/proc", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "size=4k")
        return
    with open("/proc/sys/user/max_user_namespaces", "w") as file:  # no namespaces within this one
        file.write("0")


def die_with_parent():
    """Have the system kill this process when its parent ends.

    >>> die_with_parent.__name__  # it would tie this process to its parent
    'die_with_parent'
    """
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def hide(hidden=True):
    """Let no process of the same user look into this one, or let it.

    >>> hide.__name__  # it would keep a debugger away from this process
    'hide'
    """
    libc.prctl(PR_SET_DUMPABLE, int(not hidden), 0, 0, 0)


def forget_keys():
    """Leave the session keyring, in which keys and passwords of whoever grades may lie.

    >>> forget_keys.__name__  # it would take the keys from this process
    'forget_keys'
    """
    number = KEYCTL.get(os.uname().machine)
    if number:
        libc.syscall(number, KEYCTL_JOIN_SESSION_KEYRING, None)


def give_up_power():
    """Drop every capability for good.

    >>> give_up_power.__name__  # there is no way back
    'give_up_power'
    """
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails for numbers that do not exist, which is fine
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    _do("capset", libc.capset(header, (ctypes.c_uint32 * 6)()))
    _do("no_new_privs", libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def address_space():
    """How many bytes of address space this process takes up now.

    >>> address_space() > 2**20
    True
    """
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def limit(memory, processes, file_size, files, cpu_seconds):
    """Set the limits of the system on this process and all its children; `memory` comes on top of what is taken up.

    >>> limit.__name__  # limits cannot be raised again
    'limit'
    """
    for what, most in {
        resource.RLIMIT_AS: address_space() + memory,
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_FSIZE: file_size,
        resource.RLIMIT_NOFILE: files,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }.items():
        resource.setrlimit(what, (most, most))
