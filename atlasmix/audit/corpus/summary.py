"""What an audit says: per language and provenance, how much, by whom, how alike, how sure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from atlasmix.audit.corpus.audit_file import Audit
from atlasmix.audit.corpus.counts import (
    CorpusCounts,
    Figures,
    Place,
    Stream,
    no_stream,
    refuse_other_words,
)
from atlasmix.audit.corpus.detector import UNIT
from atlasmix.audit.corpus.labels import ORIGINS, Label
from atlasmix.audit.corpus.sketches import DISTINCT_ERROR, LeastHashes, distinct
from atlasmix.audit.corpus.warnings import EarlyWarning, early_warning

WORDS: Final = "words (runs of letters, marks and digits; single characters in unsegmented scripts)"
"""What is counted where no tokenizer was named."""


def word_unit(segmenter: str) -> str:
    """What is counted where no tokenizer was named.

    >>> word_unit("icu4py 1.2.0")
    'words (runs of letters, marks and digits; as icu4py 1.2.0 cuts them in unsegmented scripts)'
    """
    if not segmenter:
        return WORDS
    cut = f"as {segmenter} cuts them in unsegmented scripts"
    return WORDS.replace("single characters in unsegmented scripts", cut)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its standard error; 0 where it is exact."""

    value: float
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class GenerationDepth:
    """How many models lie between text and human text, over the words that say so.

    Attributes:
        mean, deepest: of them.
        known: share of the words that say so.
    """

    mean: float
    deepest: int
    known: float


@dataclass(frozen=True, slots=True)
class TypeSpectrum:
    """How many types stand how often, from a fair sample of the types.

    ``counts`` and ``types`` are what ``atlasmix.laws.collapse.type_retention`` takes.

    Attributes:
        counts: that occur, rising.
        types: of the sample, how many have each.
        whole: whether the sample is all types.
    """

    counts: tuple[int, ...]
    types: tuple[int, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """What a detector's scores say of the documents of one language and origin.

    Attributes:
        documents: that have a score.
        scored: share of all documents that they are.
        mean: of the scores.
        reached: share of the scored documents whose score is each threshold or more.
    """

    documents: int
    scored: float
    mean: float
    reached: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """The documents of one label.

    Attributes:
        label: language, origin, kind, generator and the rest.
        figures: their sums.
        tokens: of a tokenizer, None where none was named.
    """

    label: Label
    figures: Figures
    tokens: Estimate | None


@dataclass(frozen=True, slots=True)
class LanguageSummary:
    """The documents of one language.

    Attributes:
        language: its key; ``und`` where none was named.
        figures: sums.
        tokens: of a tokenizer, None where none was named.
        origins: share of the words by origin, those that occur.
        leading_generator: the generator of most synthetic words, and its share of them; None
            where no synthetic text names one.
        generations: of the synthetic and edited text; None where nothing says.
        types: distinct words, about.
        duplicates: share of the documents that repeat an earlier one letter by letter.
        repeated_bytes: share of the bytes in them.
        near_duplicates: share of the distinct documents compared that are like an earlier one, at
            least; None where none were looked for.
        wrong_script: share of the documents checked whose script is none of their language's.
        wrong_language: share of those an identifier told to be in another; None: not asked.
        told: documents by language told, most first.
        spectra: of the types, by origin; ``all`` is the whole language.
        warning: all of its text against the reference; None without one.
        warnings: by origin, where there are several.
        scores: of a detector by origin, those that have any.
    """

    language: str
    figures: Figures
    tokens: Estimate | None
    origins: Mapping[str, float]
    leading_generator: tuple[str, float] | None
    generations: GenerationDepth | None
    types: Estimate
    duplicates: Estimate
    repeated_bytes: float
    near_duplicates: Estimate | None
    wrong_script: Estimate | None
    wrong_language: Estimate | None
    told: Mapping[str, int]
    spectra: Mapping[str, TypeSpectrum]
    warning: EarlyWarning | None
    warnings: Mapping[str, EarlyWarning]
    scores: Mapping[str, ScoreSummary]


@dataclass(frozen=True, slots=True)
class AuditSummary:
    """What an audit says.

    Attributes:
        corpus: what it is called.
        shards: the parts that are in it; empty: it is whole.
        unit: of the tokens.
        files, faulty: how many were read, and how many of them or of folders had a fault.
        faults: sentences by file.
        left: files that were not read, by ending.
        packed_bytes: on disk.
        total: sums over all documents.
        tokens: of a tokenizer, of all.
        groups: by label, most bytes first.
        languages: most bytes first.
        referenced: whether it was held against human text.
        detector: field of records that its scores were read from; empty: none were.
        thresholds: of the shares by score.
    """

    corpus: str
    shards: tuple[str, ...]
    unit: str
    files: int
    faulty: int
    faults: Mapping[str, tuple[str, ...]]
    left: Mapping[str, int]
    packed_bytes: int
    total: Figures
    tokens: Estimate | None
    groups: tuple[GroupSummary, ...]
    languages: tuple[LanguageSummary, ...]
    referenced: bool
    detector: str = ""
    thresholds: tuple[float, ...] = ()

    @property
    def flagged(self) -> tuple[LanguageSummary, ...]:
        """The languages whose text, or that of one origin, lies outside human text."""
        return tuple(
            each
            for each in self.languages
            if any(w.flagged for w in (each.warning, *each.warnings.values()) if w is not None)
        )


def summarise(audit: Audit) -> AuditSummary:
    """Everything an audit says, the same for equal counts.

    Raises:
        DataError: its reference was cut into other words.
    """
    counts = audit.counts
    if audit.reference is not None:
        refuse_other_words(counts, audit.reference)
    groups = sorted(counts.groups, key=lambda each: (-counts.groups[each].bytes, _order(each)))
    total = _sum(counts.groups.values())
    return AuditSummary(
        corpus=audit.corpus,
        shards=audit.shards,
        unit=counts.settings.tokenizer or word_unit(counts.settings.segmenter),
        files=len(counts.files),
        faulty=counts.faulty,
        faults=counts.faults,
        left=counts.left,
        packed_bytes=counts.packed_bytes,
        total=total,
        tokens=tokens_of(total),
        groups=tuple(
            GroupSummary(
                label,
                counts.groups[label],
                _tokens_among(counts, counts.groups[label], _of_language(counts, label.language)),
            )
            for label in groups
        ),
        languages=tuple(_language(counts, audit.reference, key) for key in counts.languages()),
        referenced=audit.reference is not None,
        detector=counts.settings.detector,
        thresholds=counts.settings.thresholds,
    )


def tokens_of(figures: Figures) -> Estimate | None:
    """The tokens of documents from those of a sample: the ratio to bytes, and its error."""
    number, size = figures.token_documents, figures.token_bytes
    if number < 2 or not size:
        return None
    ratio = figures.tokens / size
    squares = (
        figures.tokens_squared
        - 2 * ratio * figures.bytes_tokens
        + ratio * ratio * figures.bytes_squared
    )
    left = max(1.0 - number / max(figures.documents, 1), 0.0)
    error = math.sqrt(max(squares, 0.0) * number / (number - 1) * left) / size
    return Estimate(ratio * figures.bytes, error * figures.bytes)


def _tokens_among(counts: CorpusCounts, figures: Figures, *wider: Figures) -> Estimate | None:
    """The tokens of some documents; where too few of them were asked, by the ratio of more.

    Args:
        counts: of the corpus.
        figures: of the documents.
        wider: of more documents with them in it, the nearest first; all at last.
    """
    if not counts.settings.tokenizer:
        return None
    for each in (figures, *wider, _sum(counts.groups.values())):
        known = tokens_of(each)
        if known is not None:
            scale = figures.bytes / each.bytes
            return Estimate(known.value * scale, known.error * scale)
    return None


def _of_language(counts: CorpusCounts, key: str) -> Figures:
    return _sum(each for label, each in counts.groups.items() if label.language == key)


def _sum(figures: Iterable[Figures]) -> Figures:
    total = Figures()
    for each in figures:
        total = total.plus(each)
    return total


def _order(label: Label) -> tuple[str, ...]:
    return tuple("" if part is None else str(part) for part in label)


def _language(counts: CorpusCounts, reference: CorpusCounts | None, key: str) -> LanguageSummary:
    groups = {label: each for label, each in counts.groups.items() if label.language == key}
    figures = _sum(groups.values())
    stream = counts.language(key)
    settings = counts.settings
    warning, warnings = _warnings(counts, reference, key, stream)
    shares = _shares_by(groups, lambda label: label.origin)
    return LanguageSummary(
        language=key,
        figures=figures,
        tokens=_tokens_among(counts, figures),
        origins={origin: shares[origin] for origin in ORIGINS if origin in shares},
        leading_generator=_leading_generator(groups),
        generations=_generations(groups),
        types=_types(stream),
        duplicates=duplicates(stream.documents),
        repeated_bytes=repeated_bytes(stream.documents),
        near_duplicates=_share(*stream.near.copies(), whole=stream.near.whole)
        if settings.near
        else None,
        wrong_script=_share(figures.script_mismatch, figures.script_checked, whole=True),
        wrong_language=_share(
            figures.language_mismatch,
            figures.language_checked,
            whole=settings.identified_share >= 1.0,
        ),
        told=dict(sorted(stream.told.items(), key=lambda item: (-item[1], item[0]))),
        spectra={
            "all": type_spectrum(stream),
            **{
                origin: type_spectrum(counts.streams[Place(key, origin)])
                for origin in ORIGINS
                if Place(key, origin) in counts.streams
            },
        },
        warning=warning,
        warnings=warnings,
        scores=_scores(counts, key),
    )


def _scores(counts: CorpusCounts, key: str) -> dict[str, ScoreSummary]:
    """The scores of a language's documents by origin."""
    told = {}
    for origin in ORIGINS:
        stream = counts.streams.get(Place(key, origin))
        if stream is None or not stream.scores.documents:
            continue
        number = stream.scores.documents
        among = _sum(each for label, each in counts.groups.items() if label[:2] == (key, origin))
        told[origin] = ScoreSummary(
            number,
            number / among.documents,
            stream.scores.total / UNIT / number,
            tuple(reached / number for reached in stream.scores.reached),
        )
    return told


def type_spectrum(stream: Stream) -> TypeSpectrum:
    """How many types of a stream stand how often."""
    values, types = stream.types.spectrum()
    return TypeSpectrum(tuple(values.tolist()), tuple(types.tolist()), stream.types.whole)


def _types(stream: Stream) -> Estimate:
    if stream.types.whole:
        return Estimate(stream.types.distinct())
    number = distinct(stream.registers)
    return Estimate(number, DISTINCT_ERROR * number)


def _warnings(
    counts: CorpusCounts, reference: CorpusCounts | None, key: str, stream: Stream
) -> tuple[EarlyWarning | None, dict[str, EarlyWarning]]:
    if reference is None:
        return None, {}
    human = human_part(reference, key).passages
    origins = [o for o in ORIGINS if Place(key, o) in counts.streams]
    whole = early_warning(stream.passages, human)
    if len(origins) < 2:
        return whole, {}
    return whole, {
        origin: early_warning(counts.streams[Place(key, origin)].passages, human)
        for origin in origins
    }


def human_part(reference: CorpusCounts, key: str) -> Stream:
    """A language's text of a reference; what says of itself that it is synthetic is left out."""
    parts = [
        reference.streams[place]
        for place in sorted(reference.streams)
        if place.language == key and place.origin != "synthetic"
    ]
    return no_stream().merged(*parts)


def _share(part: int, whole_number: int, *, whole: bool) -> Estimate | None:
    """A share of documents; its error is binomial where they are a sample."""
    if not whole_number:
        return None
    share = part / whole_number
    return Estimate(share, 0.0 if whole else math.sqrt(share * (1 - share) / whole_number))


def duplicates(documents: LeastHashes) -> Estimate:
    """Share of the documents that repeat an earlier one, 1 - 1/mean count of the distinct ones."""
    if not len(documents.counts):
        return Estimate(0.0)
    mean = float(documents.counts.mean())
    if documents.whole:
        return Estimate(1.0 - 1.0 / mean)
    spread = float(documents.counts.std(ddof=1)) / math.sqrt(len(documents.counts))
    return Estimate(1.0 - 1.0 / mean, spread / mean**2)


def repeated_bytes(documents: LeastHashes) -> float:
    """Share of the bytes that stand in documents which repeat an earlier one."""
    # In floating point: a product of large numbers of both would not fit.
    all_bytes = float(np.dot(documents.counts.astype(float), documents.sizes.astype(float)))
    return 1.0 - float(documents.sizes.sum()) / all_bytes if all_bytes else 0.0


def _shares_by(groups: Mapping[Label, Figures], key: Any) -> dict[Any, float]:
    """Share of the words by what ``key`` says of a label."""
    words: dict[Any, int] = {}
    for label, figures in groups.items():
        words[key(label)] = words.get(key(label), 0) + figures.words
    total = sum(words.values())
    return {name: number / total for name, number in words.items()} if total else {}


def _leading_generator(groups: Mapping[Label, Figures]) -> tuple[str, float] | None:
    made = {label: each for label, each in groups.items() if label.origin == "synthetic"}
    shares = _shares_by(made, lambda label: label.generator)
    named = sorted((-share, name) for name, share in shares.items() if name)
    return (named[0][1], -named[0][0]) if named else None


def _generations(groups: Mapping[Label, Figures]) -> GenerationDepth | None:
    made = {label: each for label, each in groups.items() if label.origin != "human"}
    words = sum(each.words for each in made.values())
    known = {label: each for label, each in made.items() if label.generation is not None}
    said = sum(each.words for each in known.values())
    if not said:
        return None
    mean = sum((label.generation or 0) * each.words for label, each in known.items()) / said
    return GenerationDepth(mean, max(label.generation or 0 for label in known), said / words)


def summary_data(summary: AuditSummary) -> dict[str, Any]:
    """The summary as plain data for JSON."""
    data = asdict(summary)
    data["groups"] = [
        {
            **group.label._asdict(),
            "provenance": group.label.provenance,
            **asdict(group.figures),
            "estimated_tokens": group.tokens and asdict(group.tokens),
        }
        for group in summary.groups
    ]
    for language, each in zip(data["languages"], summary.languages, strict=True):
        for warning, told in [(language["warning"], each.warning)]:
            if told is not None:
                warning["flagged"] = told.flagged
        for origin, told in each.warnings.items():
            language["warnings"][origin]["flagged"] = told.flagged
    data["flagged"] = [each.language for each in summary.flagged]
    return data
