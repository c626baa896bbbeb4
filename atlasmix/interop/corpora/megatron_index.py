"""The ``.idx`` file beside a corpus of Megatron: how many tokens and documents it holds.

Nine bytes ``MMIDIDX\\0\\0``, then little-endian: the version (64 bits, 1), a code of the number
type of a token (8 bits), the number of sequences and of document boundaries (64 bits each), the
length of every sequence in tokens (32 bits each), the place of each in the ``.bin`` (64 bits each),
and the boundaries (64 bits each); megatron-core 0.1 to 0.16, Megatron-LM since 2019 (``mmap``).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from atlasmix.errors import DataError
from atlasmix.io.files import refusing_to_read

MAGIC: Final = b"MMIDIDX\x00\x00"
_HEAD: Final = struct.Struct("<QBQQ")
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 8, 7: 4, 8: 2}
"""Code of a number type to its bytes."""
_PIECE: Final = 2 * 1024 * 1024
"""Lengths that are read at a time."""
_OLD: Final = b"TNTIDX"


@dataclass(frozen=True, slots=True)
class IndexCount:
    """What an index counts.

    Attributes:
        tokens: of all sequences.
        documents: between the boundaries.
        token_bytes: of a token in the ``.bin``.
    """

    tokens: int
    documents: int
    token_bytes: int


def read_index(path: Path) -> IndexCount:
    """The counts of an index, and whether its own size, and that of the ``.bin``, agree with them.

    Raises:
        DataError: no such index, one of another kind, one that is cut off, or one whose ``.bin``
            is of another size.
    """
    with refusing_to_read(path), path.open("rb") as file:
        begins = file.read(len(MAGIC))
        if begins[: len(_OLD)] == _OLD:
            raise DataError(
                f"{path.name} is an index of the old kind (TNTIDX, --dataset-impl lazy): "
                "tokenize again with the mmap kind"
            )
        head = file.read(_HEAD.size)
        if begins != MAGIC or len(head) < _HEAD.size:
            raise DataError(f"{path.name} is no index of Megatron: expected MMIDIDX at its start")
        version, code, sequences, boundaries = _HEAD.unpack(head)
        if version != 1 or code not in _SIZES:
            raise DataError(
                f"{path.name} has version {version} and number type {code}: expected 1, and 1 to 8"
            )
        start = file.tell()
        size = file.seek(0, 2)
        least = start + 12 * sequences + 8 * boundaries
        # A corpus of several modalities has a byte more for each sequence.
        if size not in (least, least + sequences):
            raise DataError(
                f"{path.name} has {size:,} bytes, and its {sequences:,} sequences take {least:,}: "
                "is it cut off?"
            )
        file.seek(start)
        tokens, left = 0, sequences
        while left:
            lengths = np.frombuffer(file.read(4 * min(left, _PIECE)), dtype="<i4")
            if len(lengths) == 0 or int(lengths.min()) < 0:
                raise DataError(f"{path.name} holds a length below 0: is it damaged?")
            tokens += int(lengths.sum(dtype=np.int64))
            left -= len(lengths)
    _check_content(path, tokens * _SIZES[code])
    return IndexCount(tokens, max(boundaries - 1, 0), _SIZES[code])


def _check_content(path: Path, expected: int) -> None:
    """Refuse a ``.bin`` of another size than the index says; it need not be there."""
    content = path.with_suffix(".bin")
    if content.is_file() and content.stat().st_size != expected:
        raise DataError(
            f"{content.name} has {content.stat().st_size:,} bytes and its index counts "
            f"{expected:,}: copy it again, or tokenize it again"
        )
