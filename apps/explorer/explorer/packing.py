"""The library's data as JSON and raw bytes, and back: records, arrays, refusals.

Between the server and its workers nothing is unpickled. Whatever a worker says, even one that a
visitor's file had got the better of, can only become data of AtlasMix's own classes. Evidence that
ships is on both sides, and is named: 28 MB of every answer were the same matrix.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import struct
import weakref
from collections.abc import Mapping
from enum import Enum
from functools import cache
from importlib import import_module
from typing import Any, Final

import numpy as np

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.shelf import INVENTORIES, MATRICES, Shelf, shipped_names
from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix

_HEAD: Final = struct.Struct("<Q")
_ODD: Final = (AttributeError, ImportError, LookupError, RecursionError, TypeError, struct.error)
_OURS: Final = ("atlasmix.", "explorer.")
_SHELVES: Final = {shelf.word: shelf for shelf in (MATRICES, INVENTORIES)}
_LARGE: Final = 1 << 16
"""Bytes from which an array is kept once for all that hold the same, as those of a visitor's own
matrix, which every answer brings along."""
_kept: weakref.WeakValueDictionary[tuple[str, tuple[int, ...], bytes], np.ndarray[Any, Any]]
_kept = weakref.WeakValueDictionary()


def pack(value: object) -> bytes:
    """A value as bytes: the length of the JSON, the JSON, then the arrays and byte strings.

    Raises:
        TypeError: it holds what is neither plain nor the library's.
    """
    writer = _Writer()
    said = json.dumps(writer.told(value), separators=(",", ":")).encode()
    return b"".join((_HEAD.pack(len(said)), said, *writer.raw))


def unpack(body: bytes) -> Any:
    """The value that :func:`pack` made bytes of; its arrays are read-only.

    Raises:
        ValueError: the bytes say something that :func:`pack` does not write.
    """
    try:
        (size,) = _HEAD.unpack_from(body)
        start = _HEAD.size + size
        reader = _Reader(memoryview(body)[start:])
        return reader.read(json.loads(body[_HEAD.size : start]))
    except _ODD as error:
        raise ValueError(f"no such data: {error}") from error


class _Writer:
    """Tells each object once; what comes again is named by the number it got."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self._length = 0
        self._numbers: dict[int, int] = {}

    def told(self, value: object) -> object:
        """A value as JSON has it: plain ones as they are, others as ``{kind: what}``."""
        if isinstance(value, Enum):
            return {"member": [*_name(value), value.value]}
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, list):
            return [self.told(each) for each in value]
        if isinstance(value, tuple):
            parts = [self.told(each) for each in value]
            ours = type(value).__module__.startswith(_OURS)
            return {"named": [*_name(value), parts]} if ours else {"tuple": parts}
        if isinstance(value, Mapping):
            return {"dict": [[self.told(key), self.told(each)] for key, each in value.items()]}
        return self._once(value)

    def _once(self, value: object) -> object:
        if id(value) in self._numbers:
            return {"again": self._numbers[id(value)]}
        said: dict[str, object]
        if isinstance(value, bytes):
            said = {"bytes": self._span(value)}
        elif isinstance(value, AtlasMixError):
            parts = [[name, self.told(part)] for name, part in _carried(value).items()]
            said = {"error": [*_name(value), str(value.args[0]), parts]}
        elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
            said = {"array": [value.dtype.str, list(value.shape), self._span(value.tobytes())]}
        elif isinstance(value, TransferMatrix | Inventory) and _is_shipped(value):
            said = {"shipped": [_shelf(value).word, value.name, value.sha256]}
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = [self.told(getattr(value, field.name)) for field in dataclasses.fields(value)]
            said = {"data": [*_name(value), fields]}
        else:
            raise TypeError(f"a {type(value).__qualname__} is no plain data")
        self._numbers[id(value)] = len(self._numbers)
        return said

    def _span(self, content: bytes) -> list[int]:
        self.raw.append(content)
        self._length += len(content)
        return [self._length - len(content), self._length]


class _Reader:
    """Undoes a :class:`_Writer`."""

    def __init__(self, raw: memoryview) -> None:
        self._raw = raw
        self._made: list[object] = []

    def read(self, said: Any) -> Any:
        """The value of what the writer told."""
        if isinstance(said, list):
            return [self.read(each) for each in said]
        if not isinstance(said, dict):
            return said
        ((kind, what),) = said.items()
        if kind in ("tuple", "named"):
            parts = tuple(self.read(each) for each in (what if kind == "tuple" else what[2]))
            return parts if kind == "tuple" else _ours(what[0], what[1], tuple)(*parts)
        if kind == "member":
            return _ours(what[0], what[1], Enum)(what[2])
        if kind == "dict":
            return {self.read(key): self.read(each) for key, each in what}
        return self._made[what] if kind == "again" else self._once(kind, what)

    def _once(self, kind: str, what: Any) -> object:
        value: Any
        if kind == "bytes":
            value = self._span(what).tobytes()
        elif kind == "error":
            value = self._error(*what)
        elif kind == "array":
            value = _array(np.dtype(what[0]), tuple(what[1]), self._span(what[2]))
        elif kind == "data":
            value = _ours(what[0], what[1], object)(*(self.read(each) for each in what[2]))
        elif kind == "shipped":
            word, name, digest = what
            value = _shipped(word, name)
            if value.sha256 != digest:
                raise ValueError(f"{word} {name!r} is not the one that ships")
        else:
            raise ValueError(f"no kind of data: {kind!r}")
        self._made.append(value)
        return value

    def _error(self, module: str, name: str, message: str, parts: list[Any]) -> AtlasMixError:
        error: AtlasMixError = _ours(module, name, AtlasMixError)(message)
        vars(error).update({key: self.read(part) for key, part in parts})
        return error

    def _span(self, span: list[int]) -> memoryview:
        begin, end = span
        return self._raw[begin:end]


def _shelf(evidence: TransferMatrix | Inventory) -> Shelf:
    return MATRICES if isinstance(evidence, TransferMatrix) else INVENTORIES


def _is_shipped(evidence: TransferMatrix | Inventory) -> bool:
    """Whether evidence is what ships under its name; something else may have the same one."""
    shelf = _shelf(evidence)
    if evidence.name not in shipped(shelf):
        return False
    ours = _shipped(shelf.word, evidence.name)
    return (ours.sha256, ours.card) == (evidence.sha256, evidence.card)


@cache
def shipped(shelf: Shelf) -> tuple[str, ...]:
    """The names that ship, which no file is looked at for again."""
    return shipped_names(shelf)


@cache
def _shipped(word: str, name: str) -> TransferMatrix | Inventory:
    """Evidence that ships, by its name; kept, so that all answers hold the same."""
    if name not in shipped(_SHELVES[word]):
        raise LookupError(f"no {word} {name!r} ships")
    return Store().matrix(name) if word == MATRICES.word else Store().inventory(name)


def _array(kind: np.dtype[Any], shape: tuple[int, ...], content: memoryview) -> object:
    """An array that nobody can write into, and that does not hold the frame it came in."""
    key = (kind.str, shape, hashlib.sha256(content).digest()) if len(content) >= _LARGE else None
    array = None if key is None else _kept.get(key)
    if array is None:
        array = np.frombuffer(content, kind).reshape(shape).copy()
        array.setflags(write=False)
        if key is not None:
            _kept[key] = array
    return array


def _carried(error: AtlasMixError) -> dict[str, Any]:
    """What a refusal carries; what was given in its place may be anything, and is then shown."""
    try:
        pack(error.value)
    except TypeError:
        return {**vars(error), "value": repr(error.value)[:200]}
    return vars(error)


def _name(value: object) -> tuple[str, str]:
    return type(value).__module__, type(value).__qualname__


def _ours(module: str, name: str, base: type) -> Any:
    """A record or a refusal of AtlasMix, by name; nothing else can be made from a frame."""
    kind = getattr(import_module(module), name) if module.startswith(_OURS) else None
    if (
        not isinstance(kind, type)
        or not issubclass(kind, base)
        or kind.__module__ != module
        or not (dataclasses.is_dataclass(kind) or issubclass(kind, AtlasMixError | Enum | tuple))
    ):
        raise ValueError(f"no class of AtlasMix: {module}.{name}")
    return kind
