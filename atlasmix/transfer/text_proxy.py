r"""How far texts alone suggest that one language helps another: a proxy, and no transfer score.

A model of characters that has read d characters of the target foretells held-out text of it with
some loss. Beside it stands a mixture of two such models, of m/2 characters of the target and m/2 of
the source, and the proxy is 2 − m/d for the m at which the mixture has the same loss: BTS read of
character models. The mixture is *gated*: which of the two is believed hangs on how long a context
each has seen before, with weights learned by EM on one half of the held-out text and used on the
other. Without the gate a small model of both pays for not knowing which language it reads, the
more the nearer they are, and relatives look harmful.

What it sees is shared spelling and vocabulary. Levels hang on d and on the texts, so two controls
of each target stand beside it: a second sample of the target itself in the place of the source,
which should read 1, and a source whose letters were exchanged at random, which should read 0.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.trigrams import cosine, profile
from atlasmix.text import first_few
from atlasmix.transfer.character_model import (
    CharacterModel,
    Foretold,
    Hashes,
    HeldOut,
    foretell,
    held_out,
    symbols,
    train,
)
from atlasmix.transfer.parallel_text import check_parallel

Floats = NDArray[np.float64]

TRAINED: Final = 150_000
"""Characters of a language that are read, d: with fewer the noise nears the differences."""
HELD_OUT: Final = 40_000
"""Characters that are foretold."""
SEEDS: Final = 2
MOST_SEEDS: Final = 20
MOST_LANGUAGES: Final = 100

_SIZES: Final = (0.5, 0.6, 0.75, 1.0)
"""m/2 in parts of d: the mixture of two models of d/2 reads as much as the one of d."""
_CELLS: Final = 7
_STEPS: Final = 12
_BELIEF: Final = (1.9, 0.1)
"""Weights of target and source in a cell of the gate before anything is seen there: our choice."""
_BLOCKS: Final = 10
_LEAST_LINES: Final = 100
_SHARED_LETTERS: Final = 0.5
"""Part of the target's letters that the source must write for a pair to be measurable: our choice;
languages of one script share over 0.85 of them, of two less than 0.05."""

Outcome = Literal["measured", "not measurable"]


@dataclass(frozen=True, slots=True)
class ProxyScore:
    """What the texts say of one pair.

    Attributes:
        source, target: language keys.
        outcome: ``not measurable`` where the two write in other letters, which says nothing of
            transfer.
        raw: 2 − m/d, the mean of the seeds; nan where not measurable.
        stderr: of ``raw``: of the held-out text by a jackknife over its blocks, or of the samples
            by what seeds differ, whichever is larger.
        score: ``raw`` between the controls of the target: 0 as the exchanged letters, 1 as a second
            sample.
        trigram_cosine: of the two texts, the baseline that a proxy has to beat; nan where not
            measurable.
    """

    source: str
    target: str
    outcome: Outcome
    raw: float
    stderr: float
    score: float
    score_stderr: float
    trigram_cosine: float


@dataclass(frozen=True, slots=True)
class Control:
    """The two controls of a target.

    Attributes:
        same: proxy of a second sample of the language itself.
        unrelated: proxy of a source whose letters were exchanged at random.
        same_at: characters that the control was trained on; fewer than d where text is short.
    """

    same: float
    unrelated: float
    same_at: int


@dataclass(frozen=True, slots=True, eq=False)
class TextProxies:
    """The proxies of every pair of some texts.

    Attributes:
        scores: by target, then source.
        controls: by language.
        characters: d.
        held_out: characters that were foretold.
        seeds: how many samples were drawn.
        agreement: Pearson correlation of the raw proxies of two seeds; nan with one seed, or with
            fewer than three pairs.
        warnings: one sentence each.
    """

    scores: tuple[ProxyScore, ...]
    controls: Mapping[str, Control]
    characters: int
    held_out: int
    seeds: int
    agreement: float
    warnings: tuple[str, ...]


def text_proxies(
    texts: Mapping[str, str],
    characters: int = TRAINED,
    seeds: int = SEEDS,
    allow_parallel: bool = False,
    advance: Callable[[int], None] = lambda count: None,
) -> TextProxies:
    """Proxies of every pair, with controls.

    Args:
        texts: language key to plain text, paragraphs or sentences on lines of their own.
        characters: d.
        seeds: samples that are drawn.
        allow_parallel: whether texts that are translations line by line are only warned of.
        advance: told of each step of :func:`steps`.

    Raises:
        DataError: a text that is too short (the numbers are said), or texts that are translations
            of each other.
        ProblemError: fewer than two languages or more than a hundred, or seeds beyond 20.
    """
    _check(texts, characters, seeds)
    foretold = _held_out_characters(characters)
    keys = tuple(sorted(texts))
    warnings = list(check_parallel(texts, allow_parallel))
    letters = {key: _letters(texts[key]) for key in keys}
    raw: dict[tuple[str, str], list[tuple[float, float]]] = {
        (source, target): []
        for source, target in itertools.permutations(keys, 2)
        if _alike(letters[source], letters[target])
    }
    same: dict[str, list[float]] = {key: [] for key in keys}
    unrelated: dict[str, list[float]] = {key: [] for key in keys}
    for seed in range(seeds):
        # One at a time: the models of a few dozen languages would fill gigabytes.
        sample = _Sample(texts, characters, foretold, seed)
        for source in keys:
            models = sample.models(source)
            for target in keys:
                if (source, target) in raw:
                    raw[source, target].append(sample.proxy(models, target))
            advance(1)
        for key in keys:
            unrelated[key].append(sample.exchanged(key))
            same[key].append(sample.second(key))
            advance(1)
    controls = _controls(texts, same, unrelated, characters, foretold, warnings)
    profiles = {key: profile(texts[key][: 2 * characters]) for key in keys}
    scores = []
    for target in keys:
        for source in keys:
            if source != target:
                alike = cosine(profiles[source], profiles[target])
                scores.append(_score(source, target, raw, controls[target], alike))
    return TextProxies(
        tuple(scores),
        controls,
        characters,
        foretold,
        seeds,
        _agreement(list(raw.values())),
        tuple(warnings),
    )


def _held_out_characters(characters: int) -> int:
    return round(HELD_OUT * characters / TRAINED)


def _check(texts: Mapping[str, str], characters: int, seeds: int) -> None:
    if not 2 <= len(texts) <= MOST_LANGUAGES:
        raise ProblemError(
            f"there are texts of {len(texts)} language{'s' * (len(texts) != 1)}: expected 2 to "
            f"{MOST_LANGUAGES}",
            field="texts",
        )
    if not 1 <= seeds <= MOST_SEEDS:
        raise ProblemError(f"seeds is {seeds}: expected 1 to {MOST_SEEDS}", field="seeds")
    if not 20_000 <= characters <= 2_000_000:
        raise ProblemError(
            f"characters is {characters:,}: expected 20,000 to 2,000,000", field="characters"
        )
    needed = characters + _held_out_characters(characters)
    short = [f"{key} has {len(text):,}" for key, text in texts.items() if len(text) < needed]
    if short:
        most = min(len(text) for text in texts.values()) * TRAINED // (TRAINED + HELD_OUT)
        raise DataError(
            f"{first_few(short, 5)} characters: {needed:,} are needed, {characters:,} to read and "
            "the rest to foretell",
            field="texts",
            hint="bring more text"
            + (
                f", or read {most // 1000 * 1000:,} characters of every language, with more noise"
                if most >= 20_000
                else ""
            ),
        )


def alike_letters(first: str, second: str) -> bool:
    """Whether two texts are written in the same letters.

    >>> alike_letters("abc", "aabd"), alike_letters("abc", "абв")
    (True, False)
    """
    return _alike(_letters(first), _letters(second))


class _Letters(NamedTuple):
    """Letters that a text writes, and how often each comes in its beginning."""

    written: set[str]
    counts: Counter[str]


def _letters(text: str) -> _Letters:
    return _Letters(
        {each for each in set(text[:200_000].lower()) if each.isalpha()},
        Counter(each for each in text[:50_000].lower() if each.isalpha()),
    )


def _alike(first: _Letters, second: _Letters) -> bool:
    return max(_shared(first, second), _shared(second, first)) >= _SHARED_LETTERS


def _shared(source: _Letters, target: _Letters) -> float:
    """The part of the target's letters, as they come, that the source writes too."""
    total = sum(target.counts.values())
    return sum(target.counts[each] for each in source.written) / total if total else 0.0


def steps(languages: int, seeds: int) -> int:
    """How often ``advance`` is told of one more."""
    return 2 * languages * seeds


_Models = tuple[CharacterModel, ...]


class _Sample:
    """One draw of training and held-out text of every language.

    Lines are shuffled, so that both are of one kind, and those of each language in a way of its
    own: translations line by line would otherwise lie side by side.
    """

    def __init__(self, texts: Mapping[str, str], characters: int, foretold: int, seed: int) -> None:
        """Draw, and foretell each held-out text by models of its own language."""
        self._alphabet: dict[str, int] = {}
        self._characters, self._seed = characters, seed
        self._train: dict[str, Hashes] = {}
        self._texts: dict[str, HeldOut] = {}
        for key in sorted(texts):
            draw = np.random.default_rng([seed, *key.encode()])
            whole = symbols(_drawn(texts[key], foretold + 2 * characters, draw), self._alphabet)
            self._texts[key] = held_out(whole[:foretold])
            self._train[key] = whole[foretold : foretold + 2 * characters]
        self._own = {key: self._told(self.models(key), key) for key in self._train}

    def models(self, key: str) -> _Models:
        """Of the text of a language, of every size."""
        return self._models(self._train[key], self._characters)

    def _models(self, text: Hashes, characters: int) -> _Models:
        alphabet = len(self._alphabet) + 1
        return tuple(train(text[: round(part * characters)], alphabet) for part in _SIZES)

    def _told(self, models: _Models, target: str) -> tuple[Foretold, ...]:
        return tuple(foretell(model, self._texts[target]) for model in models)

    def proxy(
        self, source: _Models, target: str, own: tuple[Foretold, ...] = ()
    ) -> tuple[float, float]:
        """2 − m/d, and its standard error by a jackknife over blocks of the held-out text.

        Args:
            source: its models.
            target: language key.
            own: what models of the target say; empty: those of the whole size.
        """
        own = own or self._own[target]
        alone = _block_losses(own[-1].chance)
        both = np.array(
            [
                _block_losses(_mixed(mine, other))
                for mine, other in zip(own, self._told(source, target), strict=True)
            ]
        )
        whole = 2 - _met(both.mean(axis=1), float(alone.mean()))
        without = np.array(
            [
                2
                - _met(np.delete(both, at, axis=1).mean(axis=1), float(np.delete(alone, at).mean()))
                for at in range(_BLOCKS)
            ]
        )
        spread = (_BLOCKS - 1) / _BLOCKS * float(np.sum((without - without.mean()) ** 2))
        return whole, math.sqrt(spread)

    def second(self, target: str) -> float:
        """The proxy of a second sample of the language; of two halves where text is short."""
        text, size = self._train[target], self._characters
        if len(text) >= 2 * size:
            return self.proxy(self._models(text[size:], size), target)[0]
        half = size // 2
        own = self._told(self._models(text[:half], half), target)
        return self.proxy(self._models(text[half:], half), target, own)[0]

    def exchanged(self, target: str) -> float:
        """The proxy of the target's own text with its letters exchanged at random.

        It has the structure of the target and none of its words.
        """
        text = self._train[target][: self._characters]
        letters = [at for each, at in self._alphabet.items() if each.isalpha()]
        used = np.intersect1d(text, np.array(letters, dtype=np.uint64))
        rng = np.random.default_rng([self._seed, 1, *target.encode()])
        exchange = np.arange(len(self._alphabet) + 1, dtype=np.uint64)
        exchange[used] = rng.permutation(used)
        return self.proxy(self._models(exchange[text], self._characters), target)[0]


def _drawn(text: str, characters: int, draw: np.random.Generator) -> str:
    """Lines in a random order, as many as ``characters`` need, or pieces where lines are few."""
    lines = text.splitlines()
    if len(lines) < _LEAST_LINES:
        lines = _pieces(text)
    drawn, length = [], 0
    for place in draw.permutation(len(lines)).tolist():
        drawn.append(lines[place])
        length += len(lines[place]) + 1
        if length > characters:
            break
    return "\n".join(drawn)


def _pieces(text: str) -> list[str]:
    return [text[at : at + 200] for at in range(0, len(text), 200)]


def _block_losses(chance: Floats) -> Floats:
    """Mean bits a character in each block of the held-out text."""
    return np.array([float(np.mean(each)) for each in np.array_split(-np.log2(chance), _BLOCKS)])


def _mixed(target: Foretold, source: Foretold) -> Floats:
    """The gated mixture: each half of the text with the gate that was learned on the other."""
    cells = target.matched * _CELLS + source.matched
    half = len(cells) // 2
    first, second = slice(0, half), slice(half, None)
    mixed = np.empty(len(cells))
    for learn, use in ((first, second), (second, first)):
        gate = _gate(target.chance[learn], source.chance[learn], cells[learn])
        part = gate[cells[use]]
        mixed[use] = part * target.chance[use] + (1 - part) * source.chance[use]
    return mixed


def _gate(target: Floats, source: Floats, cells: NDArray[np.int64]) -> Floats:
    """Belief in the target's model in each cell of matched contexts, by EM."""
    count = _CELLS * _CELLS
    seen = np.bincount(cells, minlength=count) + sum(_BELIEF)
    gate = np.full(count, _BELIEF[0] / sum(_BELIEF))
    for _ in range(_STEPS):
        part = gate[cells]
        own = part * target
        told = np.bincount(cells, weights=own / (own + (1 - part) * source), minlength=count)
        gate = (told + _BELIEF[0]) / seen
    return gate


def _met(losses: Floats, loss: float) -> float:
    """m/d at which the mixture has a loss: the line between two sizes in log tokens, or beyond."""
    x = np.log(2 * np.array(_SIZES))
    place = int(np.clip(np.searchsorted(-losses, -loss) - 1, 0, len(x) - 2))
    fall = losses[place] - losses[place + 1]
    if fall <= 1e-9:
        return 2.0
    reached = x[place] + (losses[place] - loss) / fall * (x[place + 1] - x[place])
    return math.exp(min(reached, math.log(8.0)))


def _controls(
    texts: Mapping[str, str],
    same: Mapping[str, list[float]],
    unrelated: Mapping[str, list[float]],
    characters: int,
    foretold: int,
    warnings: list[str],
) -> dict[str, Control]:
    halved = [key for key in sorted(texts) if len(texts[key]) < foretold + 2 * characters]
    controls = {
        key: Control(
            float(np.mean(same[key])),
            float(np.mean(unrelated[key])),
            characters // 2 if key in halved else characters,
        )
        for key in same
    }
    few = [key for key in sorted(texts) if len(texts[key].splitlines()) < _LEAST_LINES]
    if few:
        warnings.append(
            f"{first_few(few, 6)}: fewer than {_LEAST_LINES} lines, so pieces of 200 characters "
            "are drawn in their place"
        )
    if halved:
        warnings.append(
            f"{first_few(halved, 6)}: text for one sample alone, so the control of the language "
            f"itself is of {characters // 2:,} characters, at which levels are others: "
            f"{foretold + 2 * characters:,} would do"
        )
    low = [f"{key} {each.same:.2f}" for key, each in controls.items() if not 0.7 < each.same < 1.2]
    if low:
        warnings.append(
            f"a second sample of the same language reads {first_few(low, 5)} where 1 was expected: "
            "the text is of several kinds, or repeats itself"
        )
    high = [
        f"{key} {each.unrelated:.2f}" for key, each in controls.items() if abs(each.unrelated) > 0.1
    ]
    if high:
        warnings.append(
            f"exchanged letters read {first_few(high, 5)} where 0 was expected: numbers and signs "
            "alone carry the score"
        )
    return controls


def _score(
    source: str,
    target: str,
    raw: Mapping[tuple[str, str], Sequence[tuple[float, float]]],
    control: Control,
    alike: float,
) -> ProxyScore:
    seeds = raw.get((source, target))
    if seeds is None:
        return ProxyScore(source, target, "not measurable", *[math.nan] * 5)
    values = [value for value, _ in seeds]
    within = float(np.mean([error**2 for _, error in seeds]))
    between = float(np.var(values, ddof=1)) if len(values) > 1 else 0.0
    mean, error = float(np.mean(values)), math.sqrt(max(within, between) / len(values))
    span = control.same - control.unrelated
    return ProxyScore(
        source,
        target,
        "measured",
        mean,
        error,
        (mean - control.unrelated) / span,
        error / abs(span),
        alike,
    )


def _agreement(raw: Sequence[Sequence[tuple[float, float]]]) -> float:
    if len(raw) < 3 or len(raw[0]) < 2:
        return math.nan
    first, second = (np.array([each[seed][0] for each in raw]) for seed in (0, 1))
    if first.std() == 0 or second.std() == 0:
        return math.nan
    return float(np.corrcoef(first, second)[0, 1])
