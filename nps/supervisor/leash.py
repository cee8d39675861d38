"""Runs one command and lets none of its descendants outlive the supervisor.

A process of its own between the supervisor and each program: standard input is a pipe whose other end only the
supervisor holds. When it closes, however the supervisor died, everything below is killed. The leash is a "subreaper":
a grandchild that lost its parent (RQ's work horse has a process group of its own) comes to the leash, not to init, so
nothing can slip away by forking. Should the leash itself be killed, the kernel kills the program.

Run as a file (`python -I -S leash.py command …`); imports the standard library only, to be up in some milliseconds.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
STDIN, STDERR = 0, 2
CANNOT_START = 127
_libc = ctypes.CDLL(None, use_errno=True)


def run(command: list[str]) -> int:
    """Run `command` until it ends or the pipe on standard input closes; the exit code a shell would give."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    news, wakeup = os.pipe()
    os.set_blocking(news, False)
    os.set_blocking(wakeup, False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(wakeup)
    child = _start(command)
    poller = select.poll()
    poller.register(STDIN, select.POLLIN)
    poller.register(news, select.POLLIN)
    while True:
        ready = {descriptor for descriptor, _ in poller.poll()}
        if STDIN in ready and not os.read(STDIN, 1):
            kill_descendants()
            return 128 + signal.SIGKILL
        if news in ready:
            arrived = set(os.read(news, 256))
            code = _reap(child)
            if code is not None:
                kill_descendants()
                return code
            if arrived & {signal.SIGTERM, signal.SIGINT}:
                os.kill(child, signal.SIGTERM)


def _start(command: list[str]) -> int:
    leash = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != leash:  # it died before the line above
            os._exit(CANNOT_START)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), STDIN)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(STDERR, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(CANNOT_START)


def _reap(child: int) -> int | None:
    """Collect everything that has ended; the exit code of `child` when it is among them."""
    code = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == child:
                ended = os.waitstatus_to_exitcode(status)
                code = 128 - ended if ended < 0 else ended
    return code


def kill_descendants() -> None:
    """Kill children until there are none; those of a killed child become ours and are killed in the next round."""
    with contextlib.suppress(ChildProcessError):
        while True:
            for pid in _children(os.getpid()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            os.waitpid(-1, 0)


def _children(parent: int) -> list[int]:
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                # pid (name, which may hold spaces and brackets) state ppid …
                if int(file.read().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(entry))
    return found


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
