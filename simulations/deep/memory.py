"""Memory that is freed and needed again at once: glibc is asked not to hand it back in between.

By default glibc returns large buffers to the system when they are freed, and the next one has to be mapped and zeroed
page by page: a good part of the time of a pass through a large network. Now they come from the heap, which keeps what
it has.
"""

from __future__ import annotations

import ctypes
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # malloc.h
NEVER = -1


@cache
def keep_freed_memory() -> bool:
    """For the rest of this process, and once; whether the C library took it. Where it is not glibc nothing happens."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):  # no such library (Windows), no such function (musl, macOS)
        return False
    return bool(mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, NEVER))
