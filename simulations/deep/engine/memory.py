"""Memory that is freed and needed again at once: glibc is asked not to hand it back in between.

By default glibc maps large buffers one by one and gives the top of its heap back to the system when it is free; what is
needed next has to be mapped and zeroed page by page. Now buffers of up to 32 MB, the most that every glibc allows, come
from the heap, which keeps its top. Larger ones would tear holes into it, and are given back.
"""

from __future__ import annotations

import ctypes
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
NEVER, MOST = -1, 2**25


@cache
def keep_freed_memory() -> bool:
    """For the rest of this process, and once; whether the C library took it. Where it is not glibc nothing happens."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):  # no such library (Windows), no such function (macOS)
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, MOST) and mallopt(M_TRIM_THRESHOLD, NEVER))
