"""Messages between the explorer and its workers: a length, then that many bytes."""

from __future__ import annotations

import os
import pickle
import struct
from typing import Any

_HEAD = struct.Struct("<Q")


def write_frame(descriptor: int, content: object) -> None:
    """Send one message; BrokenPipeError where nobody reads."""
    body = pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL)
    left = memoryview(_HEAD.pack(len(body)) + body)
    while left:
        left = left[os.write(descriptor, left) :]


def read_frame(descriptor: int) -> Any:
    """The next message, however long it takes; None at the end of the pipe."""
    head = _read(descriptor, _HEAD.size)
    body = None if head is None else _read(descriptor, _HEAD.unpack(head)[0])
    # Both ends are this program: what a visitor sends is only ever text or bytes inside.
    return None if body is None else pickle.loads(body)


def _read(descriptor: int, size: int) -> bytes | None:
    parts = []
    while size:
        part = os.read(descriptor, min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
