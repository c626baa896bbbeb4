"""Messages between the explorer and its workers: a length, then that many bytes of plain data."""

from __future__ import annotations

import os
import struct
from typing import Any

from explorer.packing import pack, unpack

_HEAD = struct.Struct("<Q")


def write_frame(descriptor: int, content: object) -> None:
    """Send one message; BrokenPipeError where nobody reads."""
    body = pack(content)
    left = memoryview(_HEAD.pack(len(body)) + body)
    while left:
        left = left[os.write(descriptor, left) :]


def read_frame(descriptor: int) -> Any:
    """The next message, however long it takes; None at the end of the pipe."""
    head = _read(descriptor, _HEAD.size)
    body = None if head is None else _read(descriptor, _HEAD.unpack(head)[0])
    return None if body is None else unpack(body)


def _read(descriptor: int, size: int) -> bytes | None:
    parts = []
    while size:
        part = os.read(descriptor, min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
