"""Counts as a file: what an audit writes, what its parts leave behind, what a later one reads."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from atlasmix.audit.corpus.characters import SCRIPTS
from atlasmix.audit.corpus.counts import (
    CorpusCounts,
    Figures,
    Place,
    Settings,
    Stream,
    merge_counts,
)
from atlasmix.audit.corpus.detector import DetectorScores
from atlasmix.audit.corpus.labels import Label
from atlasmix.audit.corpus.near import BANDS, NearDocuments
from atlasmix.audit.corpus.passages import Passages
from atlasmix.audit.corpus.sketches import REGISTERS, LeastHashes
from atlasmix.errors import DataError
from atlasmix.io.files import refusing_to_read, write_atomic

SCHEMA: Final = "atlasmix/audit/1"
ENDING: Final = ".audit.json"

_MOST_NUMBERS: Final = 50_000_000
"""Of one array; the longest that is written has a hundredth of it, the names of files aside."""


@dataclass(frozen=True, slots=True)
class Audit:
    """A corpus as it was counted, and the human text that it is held against.

    Attributes:
        corpus: what it is called.
        counts: of the corpus.
        reference: of the human text; None where there was none.
        shards: its parts that are in it, as ``2/8``; empty where it is whole.
    """

    corpus: str
    counts: CorpusCounts
    reference: CorpusCounts | None = None
    shards: tuple[str, ...] = ()


def merge_audits(audits: Iterable[Audit]) -> Audit:
    """The parts of a corpus as one audit, in whatever order they come.

    Args:
        audits: at least one, of one corpus.

    Raises:
        DataError: none, parts of unlike corpora, counted otherwise, with a file in two of them, or
            held against unlike references.
    """
    merged: Audit | None = None
    for audit in audits:
        merged = audit if merged is None else _both(merged, audit)
    if merged is None:
        raise DataError("no audits to merge: expected at least one")
    numbers = {each.partition("/")[2] for each in merged.shards}
    whole = len(numbers) == 1 and len(merged.shards) == int(next(iter(numbers)))
    order = sorted(merged.shards, key=lambda each: [int(part) for part in each.split("/")])
    return replace(merged, shards=() if whole else tuple(order))


def _both(left: Audit, right: Audit) -> Audit:
    if left.corpus != right.corpus:
        raise DataError(
            f"audits of {left.corpus!r} and {right.corpus!r}: expected parts of one corpus; give "
            "both the same name where they are",
            field="name",
        )
    known = [each.reference for each in (left, right) if each.reference is not None]
    if len(known) == 2 and counts_data(known[0]) != counts_data(known[1]):
        raise DataError(
            "the parts were held against unlike references: expected the same; count them without, "
            "and name the reference when they are merged",
            field="reference",
        )
    return Audit(
        corpus=left.corpus,
        counts=merge_counts((left.counts, right.counts)),
        reference=known[0] if known else None,
        shards=(*left.shards, *right.shards),
    )


def write_audit(path: Path, audit: Audit) -> None:
    """Write an audit in one step.

    Raises:
        DataError: the path cannot be written.
    """
    content = {
        "schema": SCHEMA,
        "corpus": audit.corpus,
        "shards": audit.shards,
        "counts": counts_data(audit.counts),
        "reference": None if audit.reference is None else counts_data(audit.reference),
    }
    write_atomic(path, msgspec.json.encode(content).decode())


def read_audit(path: Path) -> Audit:
    """An audit that :func:`write_audit` wrote.

    Raises:
        DataError: no such file, or another one.
    """
    with refusing_to_read(path):
        content = path.read_bytes()
    return parse_audit(content, str(path)[:200])


def parse_audit(content: bytes, what: str) -> Audit:
    """An audit from the bytes of its file.

    Args:
        content: of the file.
        what: how a message names it.

    Raises:
        DataError: another file, or one that is damaged.
    """
    data = _parsed(content)
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        printed = isinstance(data, dict) and {"corpus", "groups", "languages"} <= set(data)
        raise DataError(
            f"{what} is what 'atlasmix audit' prints for programs: expected the file that it writes"
            if printed
            else f"{what} is no audit: expected a file that 'atlasmix audit' wrote, with the "
            f"schema {SCHEMA}"
        )
    try:
        reference = data["reference"]
        return Audit(
            corpus=str(data["corpus"]),
            counts=counts_from(data["counts"]),
            reference=None if reference is None else counts_from(reference),
            shards=tuple(str(each) for each in data["shards"]),
        )
    except _MALFORMED as error:
        raise DataError(f"{what} is a damaged audit ({str(error)[:80]}): write it again") from error


_MALFORMED: Final = (KeyError, TypeError, ValueError, AttributeError, zlib.error, binascii.Error)


def _parsed(content: bytes) -> object:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def counts_data(counts: CorpusCounts) -> dict[str, Any]:
    """Counts as plain data, the same for equal counts."""
    return {
        "settings": asdict(counts.settings),
        "files": _array(counts.files),
        "packed_bytes": counts.packed_bytes,
        "groups": [
            {**label._asdict(), **asdict(counts.groups[label])}
            for label in sorted(counts.groups, key=_label_order)
        ],
        "streams": [
            {**place._asdict(), **_stream_data(counts.streams[place])}
            for place in sorted(counts.streams)
        ],
        "faults": dict(sorted(counts.faults.items())),
        "faulty": counts.faulty,
        "left": dict(sorted(counts.left.items())),
    }


def counts_from(data: Mapping[str, Any]) -> CorpusCounts:
    """Counts from plain data.

    Raises:
        KeyError, TypeError, ValueError: other data.
    """
    label_names, figure_names = Label._fields, [each.name for each in fields(Figures)]
    return CorpusCounts(
        settings=settings_from(data["settings"]),
        files=_numbers(data["files"], np.uint64),
        packed_bytes=int(data["packed_bytes"]),
        groups={
            Label(*(group[name] for name in label_names)): Figures(
                *(int(group[name]) for name in figure_names)
            )
            for group in data["groups"]
        },
        streams={
            Place(str(each["language"]), str(each["origin"])): _stream_from(each)
            for each in data["streams"]
        },
        faults={str(name): tuple(map(str, told)) for name, told in data["faults"].items()},
        faulty=int(data["faulty"]),
        left={str(ending): int(number) for ending, number in data["left"].items()},
    )


def settings_from(data: Mapping[str, Any]) -> Settings:
    """Settings from plain data, in which a row of numbers is a list.

    Raises:
        TypeError: other data.
    """
    thresholds = tuple(float(each) for each in data.get("thresholds", ()))
    return Settings(**{**data, "thresholds": thresholds})


def _label_order(label: Label) -> tuple[str, ...]:
    return tuple("" if part is None else str(part) for part in label)


def _stream_data(stream: Stream) -> dict[str, Any]:
    return {
        "registers": _array(stream.registers),
        "types": _least_data(stream.types),
        "documents": _least_data(stream.documents),
        "passages": {
            each.name: _array(getattr(stream.passages, each.name)) for each in fields(Passages)
        },
        "near": {
            each.name: _array(getattr(stream.near, each.name)) for each in fields(NearDocuments)
        },
        "scripts": {
            SCRIPTS[place]: number for place, number in enumerate(stream.scripts.tolist()) if number
        },
        "told": dict(sorted(stream.told.items())),
        "scores": asdict(stream.scores),
    }


def _stream_from(data: Mapping[str, Any]) -> Stream:
    scripts = np.zeros(len(SCRIPTS), dtype=np.int64)
    for code, number in data["scripts"].items():
        scripts[SCRIPTS.index(code)] = int(number)
    near, kept = data["near"], data["passages"]
    passages = Passages(
        priorities=_numbers(kept["priorities"], np.uint64),
        lengths=_numbers(kept["lengths"], np.int64),
        documents=_numbers(kept["documents"], np.uint32),
        raw=_numbers(kept["raw"], np.int64),
        packed=_numbers(kept["packed"], np.int64),
        tokens=_numbers(kept["tokens"], np.uint32),
    )
    number = len(passages.priorities)
    columns = (passages.lengths, passages.documents, passages.raw, passages.packed)
    if any(len(column) != number for column in columns) or passages.size != len(passages.tokens):
        raise ValueError("passages of unequal number")
    registers = _numbers(data["registers"], np.uint8)
    if len(registers) != REGISTERS:
        raise ValueError(f"{len(registers)} registers")
    return Stream(
        registers=registers,
        types=_least_from(data["types"]),
        documents=_least_from(data["documents"]),
        passages=passages,
        near=NearDocuments(
            keys=_numbers(near["keys"], np.uint64),
            documents=_numbers(near["documents"], np.uint64),
            counts=_numbers(near["counts"], np.int64),
            bands=_numbers(near["bands"], np.uint32).reshape(-1, BANDS),
        ),
        scripts=scripts,
        told={str(key): int(each) for key, each in data["told"].items()},
        scores=_scores_from(data.get("scores", {})),
    )


def _scores_from(data: Mapping[str, Any]) -> DetectorScores:
    """Of an audit from before there were any: none."""
    return DetectorScores(
        int(data.get("documents", 0)),
        int(data.get("total", 0)),
        tuple(int(each) for each in data.get("reached", ())),
    )


def _least_data(least: LeastHashes) -> dict[str, Any]:
    return {
        "most": least.most,
        **{name: _array(getattr(least, name)) for name in ("hashes", "counts", "sizes")},
    }


def _least_from(data: Mapping[str, Any]) -> LeastHashes:
    least = LeastHashes(
        most=int(data["most"]),
        hashes=_numbers(data["hashes"], np.uint64),
        counts=_numbers(data["counts"], np.int64),
        sizes=_numbers(data["sizes"], np.int64),
    )
    if not len(least.hashes) == len(least.counts) == len(least.sizes) <= least.most:
        raise ValueError("values of unequal number")
    return least


def _array(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """An array as text: its bytes, least first, packed."""
    content = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    packed = zlib.compress(content.tobytes(), 6)
    return {"type": array.dtype.name, "size": array.size, "zlib": base64.b64encode(packed).decode()}


def _numbers(data: Mapping[str, Any], kind: type[np.generic]) -> np.ndarray[Any, Any]:
    dtype, size = np.dtype(kind), int(data["size"])
    if data["type"] != dtype.name or not 0 <= size <= _MOST_NUMBERS:
        raise ValueError(f"an array of {size} {data['type']}")
    # Not a byte more than it says is unpacked.
    unpacker = zlib.decompressobj()
    packed, wanted = base64.b64decode(data["zlib"], validate=True), size * dtype.itemsize
    content = unpacker.decompress(packed, wanted + 1)
    if len(content) != wanted:
        raise ValueError("an array of another size than it says")
    return np.frombuffer(content, dtype=dtype.newbyteorder("<")).astype(dtype)
