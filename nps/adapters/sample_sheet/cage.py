"""Limits that a child sets on itself before it looks at a byte of a file from outside."""

from __future__ import annotations

import ctypes
import os
import resource
import signal

from nps.adapters.sample_sheet.limits import CHILD_CPU_S, CHILD_MEMORY_BYTES

_PR_SET_PDEATHSIG = 1


def lock(parent: int, file_bytes: int) -> None:
    """Bound memory, processor time, written bytes and processes.

    The kernel ends this process together with `parent`.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY_BYTES, CHILD_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CHILD_CPU_S, CHILD_CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
