"""Attributes that lie in files beside the documents, as Dolma's: joined by file and by id.

A tagger's file has the path of the documents' file, ``attributes/TAGGER/part.jsonl.gz`` beside
``documents/part.jsonl.gz``, and a line for each of its documents, in their order. A document that
could not be read, or has no line, costs its own attributes and no other's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from atlasmix.audit.corpus.detector import score_of
from atlasmix.audit.corpus.records import FaultLog, read_attributes

DOCUMENTS: Final = "documents"
ATTRIBUTES: Final = "attributes"

_AHEAD: Final = 1000
"""Lines that are read on for an id and kept: our choice, a tagger leaves out fewer in a row."""

_MISSED: Final = "documents whose id has no line of attributes near theirs, counted without"


def attribute_files(path: Path) -> tuple[Path, ...]:
    """The files of taggers that lie beside a file of documents, by the taggers' names.

    Args:
        path: of a file somewhere in a folder ``documents`` with ``attributes`` beside it.
    """
    for folder in path.parents:
        beside = folder.parent / ATTRIBUTES
        if folder.name != DOCUMENTS or not beside.is_dir():
            continue
        inside = path.relative_to(folder)
        try:
            taggers = sorted(each for each in beside.iterdir() if each.is_dir())
        except OSError:
            return ()
        return tuple(file for each in taggers if (file := each / inside).exists())
    return ()


class AttributeScores:
    """The scores of documents in the order of their file, from the files of taggers beside it.

    Args:
        paths: as :func:`attribute_files` gives them.
        field: whose score; the first tagger that has it counts.
        log: is told what cannot be read or joined.
    """

    def __init__(self, paths: Sequence[Path], field: str, log: FaultLog) -> None:
        self._log = log
        self._taggers = [_Tagger(path, field, log) for path in paths]

    def score(self, record: Mapping[str, object]) -> float | None:
        """Of the document of this record; None where no tagger has one."""
        key, known = record.get("id"), None
        for tagger in self._taggers:
            missed, score = tagger.take(key)
            known = score if known is None else known
            if missed:
                self._log.note(_MISSED, "")
        return known


class _Tagger:
    """One file, read as far as the documents need it."""

    def __init__(self, path: Path, field: str, log: FaultLog) -> None:
        self._lines = _scores(path, field, log)
        self._ahead: deque[tuple[object, float | None]] = deque()
        self._missed, self._log, self._name = 0, log, _tagger_name(path)

    def take(self, key: object) -> tuple[bool, float | None]:
        """Whether there is no line of the id, and its score.

        Lines before it are of documents that were left out: both files have one order.
        """
        if self._missed >= _AHEAD:
            return False, None  # told once, and no longer looked for
        for place, (other, score) in enumerate(self._ahead):
            if other == key:
                for _ in range(place + 1):
                    self._ahead.popleft()
                self._missed = 0
                return False, score
        while len(self._ahead) < _AHEAD:
            line = next(self._lines, None)
            if line is None:
                break
            if line[0] == key:
                self._ahead.clear()
                self._missed = 0
                return False, line[1]
            self._ahead.append(line)
        self._missed += 1
        if self._missed == _AHEAD:
            self._log.note(
                f"attributes of {self._name}: not in the order of the documents, "
                f"left out after {_AHEAD:,} without a line",
                "",
            )
        return True, None


def _scores(path: Path, field: str, log: FaultLog) -> Iterator[tuple[object, float | None]]:
    """The id and score of each line of a tagger's file."""
    name = _tagger_name(path)

    def note(kind: str, place: str) -> None:
        log.note(f"attributes of {name}: {kind}", place)

    for record in read_attributes(path, note):
        score, fault = score_of({ATTRIBUTES: record[ATTRIBUTES]}, field)
        if fault is not None:
            note(fault, "")
        yield record.get("id"), score


def _tagger_name(path: Path) -> str:
    """The folder below ``attributes``, as it may be printed."""
    parts = path.parts
    below = len(parts) - parts[::-1].index(ATTRIBUTES)
    return "".join(each if each.isprintable() else "?" for each in parts[below])[:60]
