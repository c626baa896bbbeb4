"""What a corpus, or a part of one, was counted to hold: small, and merged without loss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final, NamedTuple

import numpy as np

from atlasmix.audit.corpus.characters import SCRIPTS
from atlasmix.audit.corpus.detector import DetectorScores
from atlasmix.audit.corpus.labels import Label
from atlasmix.audit.corpus.near import NearDocuments, no_documents
from atlasmix.audit.corpus.passages import Passages, no_passages
from atlasmix.audit.corpus.sketches import (
    Counts,
    Hashes,
    LeastHashes,
    Registers,
    no_registers,
    no_values,
)
from atlasmix.errors import DataError

TYPES: Final = 8192
"""Types whose occurrences are counted one by one, of a language and origin; our choice: a share of
types is right to 0.6 points (one standard error at one half)."""

DOCUMENTS: Final = 8192
"""Documents whose duplicates are counted one by one; our choice, as :data:`TYPES`."""

TOLD: Final = 500
"""Files whose faults are kept by name, the first by name; of the others only the number."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a corpus is counted; counts merge only where all of it is equal.

    Attributes:
        language: of records and folders that name none.
        tokenizer: what the tokens of the sample are, empty: none were counted.
        token_share: share of the documents whose tokens were counted.
        identifier: package that was asked for the language, empty: none.
        identified_share: share of the documents it was asked about.
        near: whether near duplicates were looked for.
        detector: field of records with the score of a detector, empty: none was read.
        thresholds: scores from which on documents are counted apart, rising.
        segmenter: package that cut unsegmented scripts into words, with its version; empty: their
            characters are counted.
    """

    language: str = "und"
    tokenizer: str = ""
    token_share: float = 0.0
    identifier: str = ""
    identified_share: float = 0.0
    near: bool = False
    detector: str = ""
    thresholds: tuple[float, ...] = ()
    segmenter: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over the documents of one label.

    Attributes:
        documents, bytes, characters: of the texts, in UTF-8 and Unicode.
        words: runs of letters, marks and digits; single characters in unsegmented scripts.
        script_checked, script_mismatch: documents whose script was held against their language,
            and those in another.
        language_checked, language_mismatch: documents shown to an identifier that told a language,
            and those told to be in another.
        token_documents, token_bytes, tokens: of the documents whose tokens were counted.
        bytes_squared, bytes_tokens, tokens_squared: sums of products over them, for the error.
    """

    documents: int = 0
    bytes: int = 0
    characters: int = 0
    words: int = 0
    script_checked: int = 0
    script_mismatch: int = 0
    language_checked: int = 0
    language_mismatch: int = 0
    token_documents: int = 0
    token_bytes: int = 0
    tokens: int = 0
    bytes_squared: int = 0
    bytes_tokens: int = 0
    tokens_squared: int = 0

    def plus(self, other: Figures) -> Figures:
        """Both sums as one."""
        return Figures(*(getattr(self, name) + getattr(other, name) for name in FIGURES))


FIGURES: Final = tuple(field.name for field in fields(Figures))


class Place(NamedTuple):
    """Where text is held together: one language, one origin."""

    language: str
    origin: str


@dataclass(frozen=True, slots=True)
class Stream:
    """The texts of one language and origin.

    Attributes:
        registers: of its types, for their number.
        types: the types of least hash, how often each stands.
        documents: the texts of least hash, how often each stands and its bytes.
        passages: a sample of the text.
        near: documents for near duplicates; nothing where none were looked for.
        scripts: documents by the script of most of their letters, as in ``SCRIPTS``.
        told: documents by the language that an identifier told.
        scores: of a detector, as the records have them.
    """

    registers: Registers
    types: LeastHashes
    documents: LeastHashes
    passages: Passages
    near: NearDocuments
    scripts: Counts
    told: Mapping[str, int]
    scores: DetectorScores

    def merged(self, *others: Stream) -> Stream:
        """All as one."""
        parts = (self, *others)
        told: dict[str, int] = {}
        scores = DetectorScores()
        for part in parts:
            told = _sums(told, part.told)
            scores = scores.plus(part.scores)
        return Stream(
            registers=np.maximum.reduce([part.registers for part in parts]),
            types=self.types.merged(*(other.types for other in others)),
            documents=self.documents.merged(*(other.documents for other in others)),
            passages=self.passages.merged(*(other.passages for other in others)),
            near=self.near.merged(*(other.near for other in others)),
            scripts=np.sum([part.scripts for part in parts], axis=0, dtype=np.int64),
            told=told,
            scores=scores,
        )


def no_stream() -> Stream:
    """Nothing of a language."""
    return Stream(
        registers=no_registers(),
        types=no_values(TYPES),
        documents=no_values(DOCUMENTS),
        passages=no_passages(),
        near=no_documents(),
        scripts=np.zeros(len(SCRIPTS), dtype=np.int64),
        told={},
        scores=DetectorScores(),
    )


@dataclass(frozen=True, slots=True)
class CorpusCounts:
    """What some files of a corpus hold.

    Attributes:
        settings: how they were counted.
        files: a hash of the name of each, rising.
        packed_bytes: their size on disk.
        groups: sums by label.
        streams: by language and origin.
        faults: sentences by the name of the file, at most :data:`TOLD` files.
        faulty: how many files had a fault.
        left: files whose names end so, which were not read, by ending.
    """

    settings: Settings
    files: Hashes
    packed_bytes: int
    groups: Mapping[Label, Figures]
    streams: Mapping[Place, Stream]
    faults: Mapping[str, tuple[str, ...]]
    faulty: int
    left: Mapping[str, int]

    def languages(self) -> tuple[str, ...]:
        """The keys of the languages in it, those with most bytes first."""
        size: dict[str, int] = {}
        for label, figures in self.groups.items():
            size[label.language] = size.get(label.language, 0) + figures.bytes
        return tuple(sorted(size, key=lambda key: (-size[key], key)))

    def language(self, key: str) -> Stream:
        """All text of one language as one stream."""
        parts = [self.streams[p] for p in sorted(self.streams) if p.language == key]
        return no_stream().merged(*parts)


def no_counts(settings: Settings) -> CorpusCounts:
    """Nothing counted yet."""
    return CorpusCounts(settings, np.zeros(0, dtype=np.uint64), 0, {}, {}, {}, 0, {})


def merge_counts(parts: Iterable[CorpusCounts], settings: Settings | None = None) -> CorpusCounts:
    """The counts of all files of all parts, the same in whatever order they come.

    Args:
        parts: at least one, or ``settings``; they are taken a few at a time.
        settings: of all parts; None takes those of the first.

    Raises:
        DataError: no part, parts that were counted otherwise, or a file in two of them.
    """
    held = [no_counts(settings)] if settings else []
    for part in parts:
        held.append(part)
        # Many small parts cost little more than one, and no more than these are in memory.
        if sum(len(each.streams) for each in held) >= _TOGETHER or len(held) >= _TOGETHER:
            held = [_together(held)]
    if not held:
        raise DataError("no counts to merge: expected at least one")
    return _together(held)


_TOGETHER: Final = 64
"""Streams that are merged at once, about 1 MB each where they are full."""


def _together(parts: Sequence[CorpusCounts]) -> CorpusCounts:
    first = parts[0]
    if len(parts) == 1:
        return first
    for part in parts[1:]:
        _refuse_other(first.settings, part.settings)
    names, often = np.unique(np.concatenate([part.files for part in parts]), return_counts=True)
    if names.size and often.max() > 1:
        raise DataError(
            f"{int((often > 1).sum()):,} files stand in two parts: expected every file once; leave "
            "one of the parts out"
        )
    streams: dict[Place, list[Stream]] = {}
    groups: dict[Label, Figures] = {}
    faults: dict[str, tuple[str, ...]] = {}
    left: dict[str, int] = {}
    for part in parts:
        for place, stream in part.streams.items():
            streams.setdefault(place, []).append(stream)
        for label, figures in part.groups.items():
            groups[label] = groups[label].plus(figures) if label in groups else figures
        faults.update(part.faults)
        left = _sums(left, part.left)
    return CorpusCounts(
        settings=first.settings,
        files=names,
        packed_bytes=sum(part.packed_bytes for part in parts),
        groups=groups,
        streams={
            place: some[0].merged(*some[1:]) if len(some) > 1 else some[0]
            for place, some in streams.items()
        },
        faults={name: faults[name] for name in sorted(faults)[:TOLD]},
        faulty=sum(part.faulty for part in parts),
        left=left,
    )


def refuse_other_words(counts: CorpusCounts, other: CorpusCounts) -> None:
    """Refuse two texts whose words were cut in two ways: their variety cannot be compared.

    Raises:
        DataError: they were.
    """
    ways = [each.settings.segmenter or "single characters" for each in (counts, other)]
    if ways[0] != ways[1]:
        raise DataError(
            f"unsegmented scripts were counted by {ways[0]} here and by {ways[1]} there: expected "
            "the same words; count one of the two again",
            field="segment",
            value=ways[0],
        )


def _refuse_other(settings: Settings, other: Settings) -> None:
    if settings == other:
        return
    odd = [
        f"{each.name} {getattr(settings, each.name)!r} and {getattr(other, each.name)!r}"
        for each in fields(Settings)
        if getattr(settings, each.name) != getattr(other, each.name)
    ]
    raise DataError(
        f"the parts were counted differently ({'; '.join(odd)}): expected the same settings; "
        "count one of them again"
    )


def _sums(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    names = sorted({*left, *right})
    return {name: left.get(name, 0) + right.get(name, 0) for name in names}
