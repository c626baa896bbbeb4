"""Records of two kinds of log file, and the protobuf messages in them, read a piece at a time.

LevelDB's log (W&B's offline file) is cut into blocks of 32 KiB, so that reading goes on at the next
block after a broken one; TFRecord (TensorBoard) has no such place, so it ends where it breaks.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

_BLOCK: Final = 32 * 1024
_HEADER: Final = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_MOST_PIECES: Final = 2048
"""Pieces of up to 32 KiB of a record that are put together, our choice: 64 MiB."""
_SKIPPED: Final = 4 * 1024 * 1024
"""Bytes from which a TFRecord is passed over: an image or a graph, never a number."""
_SUMMED: Final = 4096
"""Bytes up to which the checksum of a TFRecord is computed here: longer ones take too long."""
_LAST_SHIFT: Final = 63

Field = int | bytes


class BrokenRecord(Exception):
    """Bytes that are no record or message; the text says why."""


@dataclass(slots=True)
class Damage:
    """What could not be read of a file.

    Attributes:
        broken: places at which records were left out.
        cut: whether the file ends within a record.
    """

    broken: int = 0
    cut: bool = False

    @property
    def words(self) -> str:
        """A sentence's part; empty where all was read."""
        told = []
        if self.broken:
            told.append(f"broken in {self.broken} place{'s' * (self.broken > 1)}")
        if self.cut:
            told.append("cut off within a record")
        return " and ".join(told)


def message_fields(message: bytes) -> Iterator[tuple[int, Field]]:
    """Number and value of every field: a varint as a number, all else as its bytes.

    Raises:
        BrokenRecord: no protobuf message.

    >>> list(message_fields(bytes([0x08, 0x96, 0x01, 0x12, 0x01, 0x61])))
    [(1, 150), (2, b'a')]
    """
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            number, at = _varint(message, at)
            yield key >> 3, number
            continue
        if kind == 2:
            size, at = _varint(message, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise BrokenRecord(f"wire type {kind}")
        if size > end - at:
            raise BrokenRecord("a field longer than its message")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while at < len(message) and shift <= _LAST_SHIFT:
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
    raise BrokenRecord("a number without an end")


def signed(number: int) -> int:
    """A varint as the signed 64-bit integer that it stands for.

    >>> signed(2**64 - 1), signed(7)
    (-1, 7)
    """
    number &= (1 << 64) - 1
    return number - (1 << 64) if number >> 63 else number


def leveldb_records(file: BinaryIO, start: int, damage: Damage) -> Iterator[bytes]:
    """Every whole record of a LevelDB log.

    Args:
        file: opened at ``start``.
        start: bytes of the file's own header, which count in the first block.
        damage: what cannot be read is counted there.
    """
    parts: list[bytes] | None = None
    block = file.read(_BLOCK - start)
    while block:
        at = 0
        following = file.read(_BLOCK)
        while len(block) - at >= _HEADER.size:
            checksum, size, kind = _HEADER.unpack_from(block, at)
            piece = block[at + _HEADER.size : at + _HEADER.size + size]
            if not checksum and not size and not kind:
                break  # room that the writer made and did not fill
            if len(piece) < size and not following:
                damage.cut = True
                return
            if zlib.crc32(block[at + 6 : at + 7] + piece) != checksum or len(piece) < size:
                damage.broken += 1
                parts = None
                break
            at += _HEADER.size + size
            if kind in (_FULL, _FIRST):
                parts = []
            if parts is None:
                continue  # the end of a record whose beginning was broken
            parts.append(piece)
            if len(parts) > _MOST_PIECES:
                damage.broken += 1
                parts = None
            elif kind in (_FULL, _LAST):
                yield b"".join(parts)
                parts = None
        block = following
    damage.cut = damage.cut or parts is not None


def tfrecords(file: BinaryIO, damage: Damage) -> Iterator[bytes]:
    """Every whole record of a TFRecord file but those too long to hold numbers.

    Args:
        file: opened at its start.
        damage: what cannot be read is counted there.
    """
    while header := file.read(12):
        if len(header) < 12:
            damage.cut = True
            return
        if _masked(header[:8]) != int.from_bytes(header[8:], "little"):
            damage.broken += 1
            return
        size = int.from_bytes(header[:8], "little")
        if size > _SKIPPED:
            here = file.tell()
            end = file.seek(0, 2)
            if here + size + 4 > end:
                damage.cut = True
                return
            file.seek(here + size + 4)
            continue
        record = file.read(size + 4)
        if len(record) < size + 4:
            damage.cut = True
            return
        content = record[:size]
        if size <= _SUMMED and _masked(content) != int.from_bytes(record[size:], "little"):
            damage.broken += 1
            continue
        yield content


def _crc_table() -> tuple[int, ...]:
    """CRC-32C, of the polynomial of Castagnoli, a byte at a time."""
    table = []
    for byte in range(256):
        rest = byte
        for _ in range(8):
            rest = (rest >> 1) ^ (0x82F63B78 if rest & 1 else 0)
        table.append(rest)
    return tuple(table)


_CRC: Final = _crc_table()


def _masked(content: bytes) -> int:
    """TFRecord's checksum: CRC-32C, turned by 15 bits and moved by a constant."""
    rest = 0xFFFFFFFF
    for byte in content:
        rest = _CRC[(rest ^ byte) & 0xFF] ^ (rest >> 8)
    rest ^= 0xFFFFFFFF
    return (((rest >> 15) | (rest << 17)) + 0xA282EAD8) & 0xFFFFFFFF
