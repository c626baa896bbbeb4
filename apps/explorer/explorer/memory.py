"""How much memory a worker may take for one visitor, so that none can take that of the host."""

from __future__ import annotations

import sys
from typing import Final

MOST_MEMORY: Final = 2 * 1024**3
"""Bytes of address space of a worker. Our choice: the largest questions that are solved here (2,000
pools, 100 targets) stay below a quarter of it."""


def bound_memory() -> None:
    """Bound the address space of this process, where the system does so: on Linux.

    There an allocation beyond it fails, Python raises ``MemoryError``, and the visitor is told. On
    macOS the same call is accepted and not kept to, and Windows has none: there the bounds on what
    is read (bytes of a file, cells of a table, pools of a question) stand alone.
    """
    if sys.platform != "linux":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = MOST_MEMORY if most == resource.RLIM_INFINITY else min(MOST_MEMORY, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def memory_words() -> str:
    """What a visitor is told whose task needed more."""
    return (
        f"this needs more than {MOST_MEMORY >> 30} GiB of memory, the limit of this explorer: ask "
        "a smaller question, or bring a smaller table; the command line has no such limit"
    )
