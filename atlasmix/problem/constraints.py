"""Limits on a mixture, in the user's words: plain data, with a name and a title for messages.

A limit's ``name`` has codes, as a question and its JSON write them; its ``title``, which every
sentence uses, has the names of languages in their place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError, about
from atlasmix.evidence.pools import SYNTHETIC, Pool
from atlasmix.languages.catalogue import language, name_of
from atlasmix.quantities import format_quantity

Kind = Literal["language", "group", "family", "script", "provenance", "corpus", "pool"]
KINDS: Final = ("language", "group", "family", "script", "provenance", "corpus", "pool")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which pools a limit speaks of.

    Attributes:
        kind: what ``value`` names.
        value: a language key, a group's name, ``Romance``, ``Cyrl``, ``human``, a corpus, a pool.
        languages: the members, for a group.
    """

    kind: Kind
    value: str
    languages: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How it was written: ``cat``, ``family:Romance``."""
        return self.value if self.kind in {"language", "group"} else f"{self.kind}:{self.value}"

    @property
    def title(self) -> str:
        """The same with a language by name: ``Catalan``, ``family:Romance``."""
        return name_of(self.value) if self.kind == "language" else self.label

    def matches(self, pool: Pool) -> bool:
        """Whether the limit speaks of this pool."""
        if self.kind == "language":
            return pool.language == self.value
        if self.kind == "group":
            return pool.language in self.languages
        if self.kind in {"family", "script"}:
            return self.value.casefold() in _traits(pool.language, self.kind)
        if self.kind == "pool":
            return pool.name == self.value
        return bool(getattr(pool, self.kind) == self.value)

    def mask(self, pools: Sequence[Pool]) -> NDArray[np.bool_]:
        """One truth a pool."""
        return np.array([self.matches(pool) for pool in pools], dtype=bool)


def _traits(key: str, kind: str) -> set[str]:
    try:
        known = language(key)
    except DataError:
        return set()
    if kind == "script":
        return {(key.partition("_")[2] or known.script).casefold()}
    return {known.family.casefold(), known.genus.casefold()}


@dataclass(frozen=True, slots=True)
class ShareLimit:
    """Least or most proportion of training tokens for the selected pools together.

    ``bound`` is a share of the tokens read, 0-1, not of the budget: where tokens stay unspent the
    limit still holds in the mixture that is trained on.
    """

    bound: Literal["min", "max"]
    selection: Selection
    share: float

    @property
    def name(self) -> str:
        """``min cat 30%``."""
        return self._written(self.selection.label)

    @property
    def title(self) -> str:
        """``min Catalan 30%``."""
        return self._written(self.selection.title)

    def _written(self, what: str) -> str:
        return f"{self.bound} {what} {100 * self.share:g}%"


ORIGINS: Final = ("human", "synthetic", *SYNTHETIC, "unknown", "unverified", "deep")
"""What a share within a language may be of. ``human``: written by people, edited text too, and
unknown text as far as a question says so; ``synthetic``: all that a machine wrote or translated;
``unverified``: what of it nothing verified; ``deep``: what of it lies two models or more from
people."""

GENERATOR: Final = "generator:"
"""Before the name of what wrote the text, as the column ``generator`` of an inventory has it."""
UNNAMED: Final = "unknown"
"""The generator of text that a machine wrote and whose pool names none."""
EVERY_GENERATOR: Final = f"{GENERATOR}*"
AMONG_SYNTHETIC: Final = "synthetic/"
"""Before a generator whose share is of what machines wrote in the language."""


def generator_of(pool: Pool) -> str:
    """What wrote the text of a pool, :data:`UNNAMED` where nobody says; empty for human text.

    Text that people wrote and a machine touched has the name that its pool gives, if any.
    """
    return pool.generator or (UNNAMED if pool.provenance in SYNTHETIC else "")


HUMAN_FLOORS: Final[Mapping[str, float]] = {
    "conservative": 2.0 / 3.0,
    "balanced": 1.0 - math.sqrt(1.0 - 6.0 / math.pi**2),
    "articles": 0.25,
}
"""Least shares of human text by name.

conservative: 2/3, from where on training on one's own output is locally stable in the best case of
Bertrand et al. 2024 (ICLR, arXiv 2310.00429; sufficient, not necessary), and about what Kang et al.
2025 found best for rephrased text. balanced: 0.374, the share whose error amplification is that of
a pile that only grows (derived from the bound of Gerstgrasser et al. 2024, arXiv 2404.01413).
articles: 0.25, as popular articles say; no paper is behind it."""


def origin_words(origin: str) -> str:
    """What a title calls an origin, ready for the name of the language behind it.

    >>> origin_words("human"), origin_words("synthetic/generator:nllb")
    ('human in', 'text of nllb among the synthetic in')
    """
    within, prefix, generator = origin.partition(GENERATOR)
    if not prefix:
        return f"{origin} in"
    writer = "any one generator" if prefix + generator == EVERY_GENERATOR else generator
    return f"text of {writer} {'among the synthetic ' if within else ''}in"


@dataclass(frozen=True, slots=True)
class OriginLimit:
    """Least or most proportion of what is read of one language that is of one origin.

    ``share`` is of the tokens read in that language, repeats included, and not of all tokens:
    donors in other languages count neither as human text of it nor against it.

    ``origin`` is one of :data:`ORIGINS`, or ``generator:NAME`` for what one model or program wrote,
    or ``synthetic/generator:NAME`` for the same as a share of what machines wrote in the language.
    """

    bound: Literal["min", "max"]
    language: str
    origin: str
    share: float

    @property
    def selection(self) -> Selection:
        """The language within which the share is taken."""
        return Selection("language", self.language)

    @property
    def label(self) -> str:
        """How it is written: ``cat/human``."""
        return f"{self.language}/{self.origin}"

    @property
    def name(self) -> str:
        """``min cat/human 37.4%``."""
        return f"{self.bound} {self.label} {100 * self.share:.4g}%"

    @property
    def title(self) -> str:
        """``min human in Catalan 37.4%``, ``max text of nllb in Catalan 20%``."""
        told = f"{origin_words(self.origin)} {name_of(self.language)}"
        return f"{self.bound} {told} {100 * self.share:.4g}%"

    @property
    def generator(self) -> str:
        """Whose text is limited; empty where the limit is of no single generator."""
        return self.origin.partition(GENERATOR)[2]

    def within(self, pools: Sequence[Pool]) -> NDArray[np.bool_]:
        """The pools whose tokens the share is of."""
        synthetic = self.origin.startswith(AMONG_SYNTHETIC)
        return np.array(
            [
                pool.language == self.language and (not synthetic or pool.provenance in SYNTHETIC)
                for pool in pools
            ],
            dtype=bool,
        )

    def counts(self, pools: Sequence[Pool], unknown_human: float) -> NDArray[np.float64]:
        """What a token of every pool counts for, 0-1.

        Args:
            pools: in any languages; those of others count nothing.
            unknown_human: least part of text of unknown origin that people wrote.
        """
        trust = {"human": 1.0, "human_edited": 1.0, "unknown": unknown_human}
        counted = []
        for pool, inside in zip(pools, self.within(pools), strict=True):
            if not inside:
                counted.append(0.0)
            elif self.generator:
                counted.append(float(generator_of(pool) == self.generator))
            elif self.origin == "human":
                counted.append(trust.get(pool.provenance, 0.0))
            elif self.origin == "synthetic":
                counted.append(float(pool.provenance in SYNTHETIC))
            elif self.origin == "unverified":
                counted.append(float(pool.provenance in SYNTHETIC and not pool.verified))
            elif self.origin == "deep":
                counted.append(float(pool.depth > 1))
            else:
                counted.append(float(pool.provenance == self.origin))
        return np.array(counted)


@dataclass(frozen=True, slots=True)
class KeepTokens:
    """Read at least ``tokens`` tokens of the selected pools (human text of an earlier run, say)."""

    selection: Selection
    tokens: float

    @property
    def name(self) -> str:
        """``keep cat 20B``."""
        return self._written(self.selection.label)

    @property
    def title(self) -> str:
        """``keep Catalan 20B``."""
        return self._written(self.selection.title)

    def _written(self, what: str) -> str:
        return f"keep {what} {format_quantity(self.tokens)}"


@dataclass(frozen=True, slots=True)
class EpochCap:
    """Read the selected pools at most ``epochs`` times, in the place of the problem's own cap."""

    selection: Selection
    epochs: float

    @property
    def name(self) -> str:
        """``max epochs cat 8``."""
        return self._written(self.selection.label)

    @property
    def title(self) -> str:
        """``max epochs Catalan 8``."""
        return self._written(self.selection.title)

    def _written(self, what: str) -> str:
        return f"max epochs {what} {self.epochs:g}"


@dataclass(frozen=True, slots=True)
class Guardrail:
    """The predicted loss of ``language`` at most ``slack`` (0.01 = 1 %) above a reference mixture.

    ``reference`` names a baseline (``natural``, ``uniform``, ``unimax``, ``temperature-3.33``) or a
    published mixture. The expected loss is meant, without risk penalty.
    """

    language: str
    slack: float
    reference: str = "natural"

    @property
    def name(self) -> str:
        """``guardrail eng 1% over natural``."""
        return self._written(self.language)

    @property
    def title(self) -> str:
        """``guardrail English 1% over natural``."""
        return self._written(name_of(self.language))

    def _written(self, what: str) -> str:
        return f"guardrail {what} {100 * self.slack:g}% over {self.reference}"


Limit = ShareLimit | OriginLimit | KeepTokens | EpochCap | Guardrail


def title_of(name: str, limits: Iterable[Limit]) -> str:
    """What sentences call the limit of this name; a name of none of them stays as it is.

    >>> limit = ShareLimit("min", Selection("language", "cat"), 0.3)
    >>> title_of("min cat 30%", [limit]), title_of("budget", [limit])
    ('min Catalan 30%', 'budget')
    """
    return next((limit.title for limit in limits if limit.name == name), name)


def key_of(limit: Limit) -> str:
    """The key of a question that holds such limits: ``min``, ``keep``, ``max_epochs``."""
    if isinstance(limit, ShareLimit | OriginLimit):
        return limit.bound
    if isinstance(limit, KeepTokens):
        return "keep"
    return "max_epochs" if isinstance(limit, EpochCap) else "guardrails"


def check_limits(limits: Sequence[Limit], pools: Sequence[Pool]) -> None:
    """Refuse numbers out of range and limits that speak of nothing.

    Raises:
        ProblemError: the first such limit.
    """
    for limit in limits:
        with about(key_of(limit), limit.name):
            _check_limit(limit, pools)


def _check_limit(limit: Limit, pools: Sequence[Pool]) -> None:
    if isinstance(limit, ShareLimit | OriginLimit) and not 0 <= limit.share <= 1:
        raise ProblemError(f"limit '{limit.title}': a share lies between 0 and 1")
    if isinstance(limit, KeepTokens) and not 0 <= limit.tokens < float("inf"):
        raise ProblemError(f"limit '{limit.title}': expected a finite number of tokens from 0")
    if isinstance(limit, EpochCap) and not 0 < limit.epochs <= HARD_EPOCHS:
        raise ProblemError(
            f"limit '{limit.title}': expected more than 0 and at most {HARD_EPOCHS:g} epochs"
        )
    if isinstance(limit, Guardrail):
        if not 0 <= limit.slack < float("inf"):
            raise ProblemError(f"limit '{limit.title}': expected a slack from 0, such as 0.01")
    elif not limit.selection.mask(pools).any():
        harmless = isinstance(limit, ShareLimit | OriginLimit) and (
            limit.bound == "max" or limit.share == 0
        )
        if not harmless:
            raise ProblemError(
                f"limit '{limit.title}' selects none of the {len(pools)} pools of this problem: "
                f"expected a language, group or {', '.join(KINDS[2:])} among them"
            )


def epoch_caps(limits: Iterable[Limit], pools: Sequence[Pool], usual: float) -> NDArray[np.float64]:
    """Most epochs of every pool, shape (pools,); of several that speak of a pool the last holds.

    Args:
        limits: those that are no :class:`EpochCap` are passed over.
        pools: in any order.
        usual: the cap of pools that none speaks of; inf where there is none.
    """
    caps = np.full(len(pools), usual)
    for limit in limits:
        if isinstance(limit, EpochCap):
            caps[limit.selection.mask(pools)] = limit.epochs
    return caps


def idle_limits(limits: Sequence[Limit], pools: Sequence[Pool]) -> tuple[str, ...]:
    """A sentence for each limit that speaks of none of the pools, and so holds whatever is read."""
    writers = {generator_of(pool) for pool in pools}
    idle = [
        limit.title
        for limit in limits
        if not isinstance(limit, Guardrail)
        and (
            not limit.selection.mask(pools).any()
            or (isinstance(limit, OriginLimit) and limit.generator not in {"", *writers})
        )
    ]
    return tuple(
        f"limit '{title}' speaks of no pool of this question, so it changes nothing"
        for title in idle
    )


HARD_EPOCHS: Final = 16.0
"""No pool is read more often than this: the saturation law was fitted on far fewer repeats for most
runs and says nothing of harm (Hernandez et al. 2022, arXiv 2205.10487: repetition can hurt)."""
