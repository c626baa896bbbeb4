"""From one file to its counts: the only kernel, whichever engine runs it."""

from __future__ import annotations

import hashlib
import itertools
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from atlasmix.audit.corpus.attributes import AttributeScores
from atlasmix.audit.corpus.characters import (
    ALONE,
    APART,
    JOINED,
    SCRIPTS,
    accepted_scripts,
    character_table,
)
from atlasmix.audit.corpus.counts import (
    DOCUMENTS,
    FIGURES,
    TYPES,
    CorpusCounts,
    Figures,
    Place,
    Settings,
    Stream,
)
from atlasmix.audit.corpus.detector import DetectorScores, score_of, scores_of
from atlasmix.audit.corpus.doors import (
    Cut,
    Identify,
    identifier,
    open_tokenizer,
    same_macrolanguage,
    segmenter,
)
from atlasmix.audit.corpus.labels import NO_LANGUAGE, Label, folder_language, label_of
from atlasmix.audit.corpus.near import near_documents, no_documents
from atlasmix.audit.corpus.passages import (
    PASSAGE,
    SAMPLE,
    Passages,
    as_tokens,
    no_passages,
)
from atlasmix.audit.corpus.records import FaultLog, Record, Span, no_faults, read_records
from atlasmix.audit.corpus.sketches import (
    Hashes,
    LeastHashes,
    add_hashes,
    mixed,
    no_registers,
    no_values,
)
from atlasmix.languages.tables import languages

_BATCH: Final = 250_000
"""Characters that are looked at together: their arrays fit a processor's cache."""

_LETTER_STEP: Final = 3
"""Every third character is asked for its script: our choice, enough to tell which one leads."""

_FEW_LETTERS: Final = 10
"""Letters looked at, below which a document's script is not held against its language."""

_MOST_LABELS: Final = 10_000
"""Labels of one file; what is labelled beyond keeps language and origin alone."""

_RADIX: Final = np.uint64(0xD6E8FEB86659FD93)
_MASKS: Final = np.array([2 ** (16 * units) - 1 for units in range(5)], dtype=np.uint64)
"""Of eight bytes, those of so many units."""

_UNITS: Final = 0x10000
_REST: Final = 3
"""The second half of a character that stands alone."""

_LENGTHENED: Final = (0x30FC, 0xFF70, 0x3005)
"""Marks of Japanese that lengthen or repeat a character and belong to its word: ー, ー, 々."""

_LONG_WORD: Final = 256
"""Units of a word beyond which it is hashed by itself: our choice, hardly any is as long."""

_FULL: Final = 2.0**64

FIGURE: Final = {name: place for place, name in enumerate(FIGURES)}


@dataclass(frozen=True, slots=True)
class FileTask:
    """A file to be counted.

    Attributes:
        path: where it lies.
        name: its path within the corpus, with forward slashes.
        settings: how it is counted.
        tokenizer: path of a tokenizer.json, where tokens are counted.
        span: the part of it; None: all of it.
        attributes: files of attributes beside it, for a detector's scores.
    """

    path: Path
    name: str
    settings: Settings
    tokenizer: str = ""
    span: Span | None = None
    attributes: tuple[Path, ...] = ()

    @property
    def key(self) -> str:
        """What no other file or part of one in the corpus is called."""
        return self.name if self.span is None else f"{self.name} from byte {self.span[0]:,}"


def count_file(task: FileTask) -> CorpusCounts:
    """The counts of one file; its faults are in them, and never raised.

    Args:
        task: which file, and how.
    """
    log = no_faults()
    counter = _FileCounter(task, log)
    for record in read_records(task.path, log.note, task.span):
        counter.add(record, *label_of(record.fields, counter.language))
    groups, streams = counter.result()
    sentences = log.sentences()
    return CorpusCounts(
        settings=task.settings,
        files=np.array([name_hash(task.key)], dtype=np.uint64),
        packed_bytes=_size(task),
        groups=groups,
        streams=streams,
        faults={shown_name(task.key): sentences} if sentences else {},
        faulty=int(bool(sentences)),
        left={},
    )


def shown_name(name: str) -> str:
    r"""A name of a file as it may be printed, whatever bytes it is made of.

    >>> shown_name("a\x1b[2J.txt")
    'a?[2J.txt'
    """
    return "".join(each if each.isprintable() else "?" for each in name)


def name_hash(name: str) -> int:
    """A number of 64 bits for a name."""
    return _hash(name.encode("utf-8", "surrogateescape"))


def _hash(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def _size(task: FileTask) -> int:
    if task.span is not None:
        return task.span[1] - task.span[0]
    try:
        return task.path.stat().st_size
    except OSError:
        return 0


@dataclass(frozen=True, slots=True)
class Words:
    """The words of some texts.

    Attributes:
        content: the texts in small letters, one after the other, in UTF-16 (least byte first).
        hashes: of each word.
        starts: its first unit of two bytes in ``content``.
        begins: the first word of each text, and at last the number of words.
        letters: letters by script that were looked at, (texts, scripts).
    """

    content: bytes
    hashes: Hashes
    starts: NDArray[np.int64]
    begins: NDArray[np.int64]
    letters: NDArray[np.int64]

    def text(self, start: int, stop: int) -> bytes:
        """What stands from one word to before another, in UTF-8."""
        until = 2 * int(self.starts[stop]) if stop < len(self.starts) else len(self.content)
        part = self.content[2 * int(self.starts[start]) : until]
        return part.decode("utf-16-le", "surrogatepass").encode("utf-8", "surrogatepass")


def split_words(texts: list[str], cut: Cut | None = None) -> Words:
    """The words of texts.

    A word is a run of letters, marks and digits of Unicode in small letters; a character of an
    unsegmented script is one by itself, or what ``cut`` says.

    Args:
        texts: at least one.
        cut: where words of unsegmented scripts begin; None: each character is one.

    >>> words = split_words(["Bon dia, bon DIA!", "日本"])
    >>> len(words.hashes), len(set(words.hashes.tolist())), words.begins.tolist()
    (6, 4, [0, 4, 6])
    """
    lowered = [text.lower() for text in texts]
    joined = "\n".join(lowered) + "\n"
    content = joined.encode("utf-16-le", "surrogatepass")
    units = np.frombuffer(content, dtype=np.uint16)
    if len(units) == len(joined):
        ends = np.cumsum([len(text) + 1 for text in lowered])
    else:
        ends = np.cumsum(
            [len(text.encode("utf-16-le", "surrogatepass")) // 2 + 1 for text in lowered]
        )
    kinds, scripts = _units(units, len(units) == len(joined))
    if cut is not None:
        _join(kinds, units, lowered, ends, cut)
    starts, stops = _spans(kinds)
    return Words(
        content=content,
        hashes=_word_hashes(content, starts, stops - starts),
        starts=starts,
        begins=np.r_[0, np.searchsorted(starts, ends)],
        letters=_letters(scripts, ends),
    )


def _units(units: NDArray[np.uint16], single: bool) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """What each unit is, and the script of every third; ``single``: none is half a character."""
    table = character_table()
    kinds = np.take(table.kinds[:_UNITS], units)
    scripts = np.take(table.scripts[:_UNITS], units[::_LETTER_STEP])
    if single:
        return kinds, scripts
    high = np.flatnonzero((units[:-1] & 0xFC00 == 0xD800) & (units[1:] & 0xFC00 == 0xDC00))
    points = 0x10000 + ((units[high].astype(np.int64) & 0x3FF) << 10) + (units[high + 1] & 0x3FF)
    kinds[high] = table.kinds[points]
    kinds[high + 1] = np.where(kinds[high] == ALONE, _REST, kinds[high])
    looked = high % _LETTER_STEP == 0
    scripts[high[looked] // _LETTER_STEP] = table.scripts[points[looked]]
    return kinds, scripts


def _join(
    kinds: NDArray[np.uint8],
    units: NDArray[np.uint16],
    texts: list[str],
    ends: NDArray[np.int64],
    cut: Cut,
) -> None:
    """Take units of unsegmented scripts that begin no word for the rest of one, in place."""
    kinds[np.isin(units, _LENGTHENED) & (kinds == JOINED)] = ALONE
    alone = kinds == ALONE
    begins = np.r_[0, ends[:-1]]
    begun = np.ones(len(kinds), dtype=bool)
    for place in np.flatnonzero(np.logical_or.reduceat(alone, begins)).tolist():
        # Half a character alone is none that may be shown to others, and is one all the same.
        content = texts[place].encode("utf-16-le", "surrogatepass")
        first = int(begins[place])
        begun[first : first + len(content) // 2] = False
        begun[first + cut(content.decode("utf-16-le", "replace"))] = True
    follows = np.r_[False, kinds[:-1] != APART]
    kinds[alone & ~begun & follows] = _REST


def _spans(kinds: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each word starts, and where it is over; the last unit is no part of one."""
    inside = kinds == JOINED
    if kinds.max() <= JOINED:
        edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
        edges = np.r_[0, edges] if inside[0] else edges
        return edges[::2], edges[1::2]
    opens = inside.copy()
    opens[1:] &= ~inside[:-1]
    opens |= kinds == ALONE
    belongs = kinds != APART
    closes = belongs[:-1] & (opens[1:] | ~belongs[1:])
    return np.flatnonzero(opens), np.flatnonzero(closes) + 1


def _word_hashes(content: bytes, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> Hashes:
    """A hash of the units of each word: four at a time, the first four of all words at once."""
    if not starts.size:
        return np.zeros(0, dtype=np.uint64)
    padded = content + bytes(8)
    # A view of eight bytes at every unit, whether it is aligned or not.
    fours = np.ndarray(len(content) // 2, dtype=np.uint64, buffer=padded, strides=(2,))
    hashes = mixed(fours[starts] & _MASKS[np.minimum(lengths, 4)])
    longer = np.flatnonzero(lengths > 4)
    for done in range(4, _LONG_WORD, 4):
        if not longer.size:
            return hashes
        more = fours[starts[longer] + done] & _MASKS[np.minimum(lengths[longer] - done, 4)]
        hashes[longer] = mixed(hashes[longer] * _RADIX + more)
        longer = longer[lengths[longer] > done + 4]
    for word in longer.tolist():
        part = content[2 * int(starts[word]) : 2 * int(starts[word] + lengths[word])]
        hashes[word] = _hash(part)
    return hashes


def _letters(scripts: NDArray[np.uint8], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    number = len(SCRIPTS)
    bounds = -(-ends // _LETTER_STEP)
    text = np.repeat(np.arange(len(ends)) * number, np.diff(np.r_[0, bounds]))
    letters = np.bincount(text + scripts, minlength=len(ends) * number).reshape(-1, number)
    letters[:, 0] = 0
    return letters


class _FileCounter:
    """Takes documents, looks at them in batches, and gives the counts of the file."""

    def __init__(self, task: FileTask, log: FaultLog) -> None:
        self._task, self._log = task, log
        folder = folder_language(task.name)
        self.language = folder if folder != NO_LANGUAGE else task.settings.language
        self._texts: list[str] = []
        self._labels: list[Label] = []
        self._scores: list[float | None] = []
        self._beside: AttributeScores | None = None
        if task.attributes and task.settings.detector:
            self._beside = AttributeScores(task.attributes, task.settings.detector, log)
        self._characters = 0
        self._sums: dict[Label, list[int]] = {}
        self._streams: dict[Place, _StreamCounter] = {}
        settings = task.settings
        self._identify: Identify | None = (
            _identifier(settings.identifier) if settings.identifier else None
        )
        self._tokens = _tokenizer(task.tokenizer) if task.tokenizer else None
        self._cut: Cut | None = _segmenter(settings.segmenter) if settings.segmenter else None

    def add(self, record: Record, label: Label, fault: str | None) -> None:
        """One document."""
        text, score = record.text, None
        if self._task.settings.detector:
            score, odd = score_of(record.fields, self._task.settings.detector)
            fault = fault or odd
        if self._beside is not None:
            joined = self._beside.score(record.fields)
            score = joined if score is None else score
        if fault is not None:
            self._log.note(fault, "")
        if label not in self._sums:
            if len(self._sums) >= _MOST_LABELS:
                label = Label(label.language, label.origin)
            self._sums.setdefault(label, [0] * len(FIGURES))
        self._texts.append(text)
        self._labels.append(label)
        self._scores.append(score)
        self._characters += len(text)
        if self._characters >= _BATCH:
            self._look()

    def result(self) -> tuple[dict[Label, Figures], dict[Place, Stream]]:
        """What the file holds."""
        self._look()
        groups = {label: Figures(*sums) for label, sums in self._sums.items()}
        return groups, {place: each.stream() for place, each in self._streams.items()}

    def _look(self) -> None:
        if not self._texts:
            return
        texts, labels, scores = self._texts, self._labels, self._scores
        self._texts, self._labels, self._scores, self._characters = [], [], [], 0
        if len(set(labels)) > 1:
            # One label after the other: then the words of each, and of each stream, stand together.
            keys = {label: tuple(map(str, label)) for label in set(labels)}
            order = sorted(range(len(texts)), key=lambda place: keys[labels[place]])
            texts, labels = [texts[each] for each in order], [labels[each] for each in order]
            scores = [scores[each] for each in order]
        contents = [text.encode("utf-8", "surrogatepass") for text in texts]
        batch = _Batch(
            texts,
            labels,
            np.array([len(content) for content in contents]),
            np.array([_hash(content) for content in contents], dtype=np.uint64),
            split_words(texts, self._cut),
            scores,
        )
        for begin, end in _runs(labels):
            self._sum(batch, begin, end)
        self._ask(batch)
        for begin, end in _runs([label[:2] for label in labels]):
            place = Place(*labels[begin][:2])
            if place not in self._streams:
                self._streams[place] = _StreamCounter(self._task, place)
            self._streams[place].add(batch, begin, end)

    def _sum(self, batch: _Batch, begin: int, end: int) -> None:
        """The documents of one label."""
        label = batch.labels[begin]
        checked, wrong = _script_faults(label.language, batch.words.letters[begin:end])
        words = batch.words.begins
        sums = self._sums[label]
        for place, value in enumerate(
            (
                end - begin,
                int(batch.sizes[begin:end].sum()),
                sum(map(len, batch.texts[begin:end])),
                int(words[end] - words[begin]),
                checked,
                wrong,
            )
        ):
            sums[place] += value

    def _ask(self, batch: _Batch) -> None:
        """What is asked of a sample of documents: their language, their tokens."""
        draws = mixed(batch.hashes)
        settings = self._task.settings
        if self._identify:
            drawn = np.flatnonzero(draws < settings.identified_share * _FULL)
            for place in drawn.tolist():
                language = batch.labels[place].language
                told = self._identify(batch.texts[place]) if language != NO_LANGUAGE else ""
                if told and told != NO_LANGUAGE:
                    sums = self._sums[batch.labels[place]]
                    sums[FIGURE["language_checked"]] += 1
                    sums[FIGURE["language_mismatch"]] += not same_macrolanguage(language, told)
                    batch.told.append((place, told))
        if self._tokens:
            drawn = np.flatnonzero(mixed(draws) < settings.token_share * _FULL)
            for place in drawn.tolist():
                tokens, size = self._tokens(batch.texts[place]), int(batch.sizes[place])
                sums = self._sums[batch.labels[place]]
                for name, value in (
                    ("token_documents", 1),
                    ("token_bytes", size),
                    ("tokens", tokens),
                    ("bytes_squared", size * size),
                    ("bytes_tokens", size * tokens),
                    ("tokens_squared", tokens * tokens),
                ):
                    sums[FIGURE[name]] += value


@dataclass(slots=True)
class _Batch:
    """Some documents that are looked at together, in the order of their labels."""

    texts: list[str]
    labels: list[Label]
    sizes: NDArray[np.int64]
    hashes: Hashes
    words: Words
    scores: list[float | None]
    told: list[tuple[int, str]] = field(default_factory=list)


def _runs(keys: Sequence[object]) -> list[tuple[int, int]]:
    """Where equal neighbours begin, and where they end."""
    edges = [0, *(n for n in range(1, len(keys)) if keys[n] != keys[n - 1]), len(keys)]
    return list(itertools.pairwise(edges))


def _script_faults(language: str, letters: NDArray[np.int64]) -> tuple[int, int]:
    """How many documents were held against the scripts of their language, and are in another."""
    accepted = _scripts_of(language)
    if not accepted:
        return 0, 0
    sure = letters.sum(axis=1) >= _FEW_LETTERS
    other = ~np.isin(letters.argmax(axis=1), list(accepted))
    return int(sure.sum()), int((sure & other).sum())


@cache
def _scripts_of(key: str) -> frozenset[int]:
    code, _, script = key.partition("_")
    entry = languages().get(code)
    if entry is None:
        return frozenset()
    return accepted_scripts((script,) if script else entry.scripts)


@cache
def _identifier(name: str) -> Identify:
    return identifier(name)


@cache
def _segmenter(name: str) -> Cut:
    return segmenter(name)[0]


@cache
def _tokenizer(path: str) -> Callable[[str], int]:
    return open_tokenizer(path)[0]


class _StreamCounter:
    """The counts of one language and origin in one file."""

    def __init__(self, task: FileTask, place: Place) -> None:
        self._near = task.settings.near
        self._registers = no_registers()
        self._types = _TypeCounter()
        self._documents = no_values(DOCUMENTS)
        self._alike = no_documents()
        self._scripts = np.zeros(len(SCRIPTS), dtype=np.int64)
        self._told: dict[str, int] = {}
        self._thresholds = task.settings.thresholds
        self._scores = DetectorScores()
        self._cutter = _PassageCutter(name_hash("\0".join((task.key, *place))))

    def add(self, batch: _Batch, begin: int, end: int) -> None:
        """The documents of a batch from one place to before another."""
        bounds = batch.words.begins[begin : end + 1]
        hashes = batch.words.hashes[bounds[0] : bounds[-1]]
        add_hashes(self._registers, hashes)
        self._types.add(hashes)
        documents = batch.hashes[begin:end]
        self._documents = self._documents.with_values(documents, batch.sizes[begin:end])
        letters = batch.words.letters[begin:end]
        leading = letters.argmax(axis=1)
        self._scripts += np.bincount(leading, minlength=len(SCRIPTS))
        for place, told in batch.told:
            if begin <= place < end:
                self._told[told] = self._told.get(told, 0) + 1
        self._scores = self._scores.plus(scores_of(batch.scores[begin:end], self._thresholds))
        if self._near:
            seen = near_documents(hashes, bounds - bounds[0], documents)
            self._alike = self._alike.merged(seen)
        self._cutter.add(batch, begin, end)

    def stream(self) -> Stream:
        """What was counted."""
        return Stream(
            registers=self._registers,
            types=self._types.types(),
            documents=self._documents,
            passages=self._cutter.passages(),
            near=self._alike,
            scripts=self._scripts,
            told=dict(sorted(self._told.items())),
            scores=self._scores,
        )


class _PassageCutter:
    """Cuts the words of a stream into passages and keeps those of least priority."""

    def __init__(self, seed: int) -> None:
        self._seed = np.uint64(seed)
        self._bound = np.uint64(2**64 - 1)
        self._kept: list[_Cut] = []
        self._words = 0
        self._open: list[tuple[NDArray[np.uint32], bytes]] = []
        self._document = 0

    def add(self, batch: _Batch, begin: int, end: int) -> None:
        """Words of the documents of a batch, from one place to before another."""
        bounds = batch.words.begins[begin : end + 1]
        low, high = int(bounds[0]), int(bounds[-1])
        if low == high:
            return
        first_passage = self._words // PASSAGE
        last_passage = (self._words + high - low - 1) // PASSAGE
        numbers = np.arange(first_passage, last_passage + 1, dtype=np.uint64)
        priorities = mixed(numbers ^ self._seed)
        for place in np.flatnonzero(priorities <= self._bound).tolist():
            number = first_passage + place
            start = max(low, low + number * PASSAGE - self._words)
            stop = min(high, low + (number + 1) * PASSAGE - self._words)
            self._take(batch, bounds, (begin, start, stop))
            if self._words + stop - low == (number + 1) * PASSAGE:
                self._close(int(priorities[place]))
        self._words += high - low
        if len(self._kept) >= _MOST_PASSAGES + _TOGETHER:
            self._kept.sort(key=lambda cut: cut.priority)
            del self._kept[_MOST_PASSAGES:]
            self._bound = np.uint64(self._kept[-1].priority)

    def _take(self, batch: _Batch, bounds: NDArray[np.int64], where: tuple[int, int, int]) -> None:
        begin, start, stop = where
        first = np.zeros(stop - start, dtype=bool)
        low, high = np.searchsorted(bounds, (start, stop))
        first[bounds[low:high] - start] = True
        if not self._open:
            document = begin + int(np.searchsorted(bounds, start, side="right")) - 1
            self._document = int(batch.hashes[document]) & 0xFFFFFFFF
        tokens = as_tokens(batch.words.hashes[start:stop], first)
        self._open.append((tokens, batch.words.text(start, stop)))

    def _close(self, priority: int) -> None:
        tokens = np.concatenate([part for part, _ in self._open])
        raw = b"".join(text for _, text in self._open).strip()
        self._open = []
        self._kept.append(_Cut(priority, tokens, raw, self._document))

    def passages(self) -> Passages:
        """The sample, the last passage in it however short."""
        if self._open:
            number = np.array([(self._words - 1) // PASSAGE], dtype=np.uint64)
            self._close(int(mixed(number ^ self._seed)[0]))
        if not self._kept:
            return no_passages()
        self._kept.sort(key=lambda cut: cut.priority)
        kept = self._kept[:_MOST_PASSAGES]
        return no_passages().merged(
            Passages(
                priorities=np.array([cut.priority for cut in kept], dtype=np.uint64),
                lengths=np.array([len(cut.tokens) for cut in kept], dtype=np.int64),
                documents=np.array([cut.document for cut in kept], dtype=np.uint32),
                raw=np.array([len(cut.raw) for cut in kept], dtype=np.int64),
                packed=np.array([len(zlib.compress(cut.raw, 6)) for cut in kept], dtype=np.int64),
                tokens=np.concatenate([cut.tokens for cut in kept]),
            )
        )


class _TypeCounter:
    """Counts the types of least hash without sorting every word.

    Every type is counted as any value of least hash is when it is seen first; then it gets a seat
    in a table, where its hash is free, and later words of it are only added up there.
    """

    def __init__(self) -> None:
        self._first = no_values(TYPES)
        self._seats = np.zeros(_SEATS, dtype=np.uint64)
        self._counts = np.zeros(_SEATS, dtype=np.int64)

    def add(self, hashes: Hashes) -> None:
        """Words."""
        if not self._first.whole:
            hashes = hashes[hashes <= self._first.bound]
        seats = (hashes & np.uint64(_SEATS - 1)).astype(np.intp)
        known = self._seats[seats] == hashes
        self._counts += np.bincount(seats[known], minlength=_SEATS)
        fresh = hashes[~known]
        if not fresh.size:
            return
        self._first = self._first.with_values(fresh)
        if not self._first.whole:
            gone = self._seats > self._first.bound
            self._seats[gone] = 0
            self._counts[gone] = 0
        seats = seats[~known]
        free = (self._seats[seats] == 0) & (fresh <= self._first.bound)
        self._seats[seats[free]] = fresh[free]

    def types(self) -> LeastHashes:
        """What was counted."""
        taken = np.flatnonzero(self._counts)
        order = taken[np.argsort(self._seats[taken])]
        later = LeastHashes(
            TYPES, self._seats[order], self._counts[order], np.zeros(len(order), dtype=np.int64)
        )
        return self._first.merged(later)


_SEATS: Final = 4 * TYPES
"""Four for each type that is kept: most find theirs free. A power of two."""


class _Cut(NamedTuple):
    priority: int
    tokens: NDArray[np.uint32]
    raw: bytes
    document: int


_TOGETHER: Final = 150
"""Passages beyond as many as are kept at which the others are let go."""

_MOST_PASSAGES: Final = SAMPLE // PASSAGE + 1
"""As many as can be in a sample: all are whole but the last of a stream."""
