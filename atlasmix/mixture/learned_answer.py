"""What runs of mixtures answer: the best mixture, against what, how sure, and what others say."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import ProblemError
from atlasmix.evidence.mixture_file import BILLIONTHS, GivenMixture, GivenOther, Part
from atlasmix.fitting.learning import MIXING, Learned, draw_laws
from atlasmix.fitting.mixing_law import MixingLaw, Scale, one_mixture
from atlasmix.fitting.mixture_runs import Mixtures
from atlasmix.fitting.rival_laws import FORMULAS
from atlasmix.fitting.runs import frozen
from atlasmix.mixture.learned import (
    ConvexLaw,
    LearnedMixture,
    Near,
    best_mixture,
    divergence,
    make_question,
)
from atlasmix.mixture.learned_doubt import Distance, LearnedDoubt, distance, doubt
from atlasmix.mixture.next_runs import PLANNING_DRAWS, NextRuns, RunSize, next_runs
from atlasmix.quantities import at_most, exact_parts, format_quantity
from atlasmix.text import did_you_mean, first_few
from atlasmix.version import __version__

Array = NDArray[np.float64]

_BEYOND: Final = 2.0
"""Times the most that any run read of a source that a mixture may hold of it: our choice. Held to
the most itself, mixtures of two dozen runs lost over three times as much in made worlds; held to
nothing, one had two thirds of a source of which runs read 2 %."""

_HELD: Final = 1e-4
"""Part of the tokens by which a share may miss its limit and stand at it: the barrier keeps off it
by less."""

DRAWS: Final = 24
"""Laws drawn: our choice, a few seconds for 500 runs of a dozen sets."""


@dataclass(frozen=True, slots=True)
class MixtureWish:
    """What a user wants of the mixture.

    Attributes:
        targets: set to its weight; empty: all alike.
        low: source to its least share.
        high: source to its most.
        max_epochs: passes over any source whose unique tokens are known; None: no limit.
        near: name of a reference and the most KL divergence from it in nats; None: anywhere.
        references: words to a mixture, beside those that the runs give.
        params: size of the model that the mixture is for; None: that of the runs.
        tokens: that it reads; None: as the runs.
        unique: source to its distinct tokens there.
        draws: laws drawn for the doubt; 0: none.
        seed: of the draws.
    """

    targets: Mapping[str, float] = field(default_factory=dict)
    low: Mapping[str, float] = field(default_factory=dict)
    high: Mapping[str, float] = field(default_factory=dict)
    max_epochs: float | None = None
    near: tuple[str, float] | None = None
    references: Mapping[str, Array] = field(default_factory=dict)
    params: float | None = None
    tokens: float | None = None
    unique: Mapping[str, float] = field(default_factory=dict)
    draws: int = DRAWS
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Opinion:
    """What another law predicts of the mixture.

    Attributes:
        law: its name.
        loss: predicted weighted loss.
        gain: over the best run, by the same law.
    """

    law: str
    loss: float
    gain: float


@dataclass(frozen=True, slots=True, eq=False)
class LearnedAnswer:
    """The best mixture and all that is said of it.

    Attributes:
        mixture: the optimum, its bound and the room of each share.
        doubt: what draws of the law say; None: not asked for.
        distance: how far it lies from the runs.
        references: words to a mixture that it is held against.
        divergences: words to KL(mixture || reference) in nats.
        opinions: of the other laws.
        best_run: name of the run with the lowest weighted loss measured.
        epochs: (S,) passes over each source, nan where its unique tokens are unknown.
        scale: the size that the mixture is for.
        wide: (S,) most shares within the user's own limits, whatever the runs read: those of runs
            to come.
    """

    mixture: LearnedMixture
    doubt: LearnedDoubt | None
    distance: Distance
    references: Mapping[str, Array]
    divergences: Mapping[str, float]
    opinions: tuple[Opinion, ...]
    best_run: str
    epochs: Array
    scale: Scale
    wide: Array

    @property
    def at_most_seen(self) -> tuple[str, ...]:
        """Sources held at twice the most that any run read of them, though no limit holds them."""
        high = self.mixture.question.high
        held = (self.mixture.shares >= high - _HELD) & (self.wide > high + _HELD)
        return tuple(np.array(self.mixture.question.law.sources)[held & (high > 0)].tolist())


def convex_law(learned: Learned) -> ConvexLaw:
    """The chosen law, as one that keeps the problem convex.

    Raises:
        ProblemError: it does not.
    """
    law = learned.law
    if not law.convex:
        raise ProblemError(
            f"the law {law.name} is not convex in the mixture, so no optimum of it can be proved: "
            f"take one of {MIXING}, {', '.join(FORMULAS)}, or only predict with it",
            field="law",
            value=law.name,
        )
    return cast(ConvexLaw, law)


def answer(
    learned: Learned, wish: MixtureWish = MixtureWish(), advance: Callable[[], None] = lambda: None
) -> LearnedAnswer:
    """The best mixture under the chosen law, and what is to be known of it.

    Args:
        learned: from the runs.
        wish: weights, limits, draws.
        advance: is called when the optimum stands, before the draws.

    Raises:
        ProblemError: names that the law does not know, or a law that is not convex.
        Infeasible: limits that no mixture meets.
    """
    runs = learned.runs
    scale = size_of(learned, wish)
    law = _sized(convex_law(learned), scale)
    caps = _caps(learned, scale, wish)
    seen = {
        name: min(_BEYOND * float(column.max()), 1.0)
        for name, column in zip(runs.sources, runs.weights.T, strict=True)
        if name not in wish.low
    }
    unread = {name: 0.0 for name, most in seen.items() if most == 0.0}
    wide = _least({**unread, **wish.high}, caps)
    # Far beyond what any run read of a source the law has only what it expects of any, and whoever
    # seeks where it is lowest finds where it errs: no more is mixed in unless somebody asks for it,
    # by a limit or a region of trust, or what they ask for needs more.
    within = _least({**seen, **wish.high}, caps)
    room = sum(within.get(name, 1.0) for name in runs.sources)
    high = wide if wish.near is not None or room < 1.0 else within
    question = make_question(law, dict(wish.targets), dict(wish.low), high)
    best_run = _best_run(learned, question.weights)
    references = dict(wish.references)
    references[f"best run ({runs.mixtures.names[best_run]})"] = runs.weights[best_run]
    references["even mixture"] = np.full(len(runs.sources), 1.0 / len(runs.sources))
    if np.all(np.isfinite(scale.unique)):
        references["in proportion to unique tokens"] = scale.unique / scale.unique.sum()
    if wish.near is not None:
        near = Near(_reference(wish.near[0], references, learned), wish.near[1])
        question = make_question(law, dict(wish.targets), dict(wish.low), high, near)
    optimum = best_mixture(question)
    advance()
    doubted = None
    if wish.draws:
        laws = cast(tuple[ConvexLaw, ...], draw_laws(learned, wish.draws, wish.seed))
        laws = tuple(_sized(each, scale) for each in laws)
        doubted = doubt(optimum, laws, references)
    shares = optimum.shares
    return LearnedAnswer(
        mixture=optimum,
        doubt=doubted,
        distance=distance(shares, runs.weights, runs.mixtures.names, runs.sources),
        references=references,
        divergences={name: divergence(shares, each) for name, each in references.items()},
        opinions=_opinions(learned, scale, (shares, runs.weights[best_run]), question.weights),
        best_run=runs.mixtures.names[best_run],
        epochs=_epochs(scale, shares),
        scale=scale,
        wide=np.array([wide.get(name, 1.0) for name in runs.sources]),
    )


def _least(limits: Mapping[str, float], caps: Mapping[str, float]) -> dict[str, float]:
    """The limits, none above the cap of epochs."""
    return {**limits, **{name: min(limits.get(name, cap), cap) for name, cap in caps.items()}}


def size_of(learned: Learned, wish: MixtureWish) -> Scale:
    """The size that a mixture is for: that of the runs where nothing else is said.

    Raises:
        ProblemError: parameters that the runs say nothing of, or a source that is not there.
    """
    scale, sources = learned.scale, learned.runs.sources
    if wish.params is not None and not scale.params_vary:
        raise ProblemError(
            "the runs are of one size, so they say nothing of other parameters: leave params out "
            "(the order of mixtures is what carries over), or add runs of other sizes",
            field="params",
            value=wish.params,
        )
    unique = scale.unique.copy()
    for name, tokens in wish.unique.items():
        if name not in sources:
            hint = did_you_mean(name, sources) or f"there are {first_few(sources, 8)}"
            raise ProblemError(f"no source {name[:60]!r}: {hint}", field="unique", value=name)
        unique[sources.index(name)] = tokens
    return replace(
        scale,
        params=wish.params or scale.params,
        tokens=wish.tokens or scale.tokens,
        unique=frozen(unique),
    )


def _sized(law: ConvexLaw, scale: Scale) -> ConvexLaw:
    """The law at that size; one that knows no size is the same everywhere."""
    if not isinstance(law, MixingLaw):
        return law
    return law.at_size(scale.params or None, scale.tokens or None, scale.unique)


def mixture_file(
    learned: Learned, answer: LearnedAnswer, name: str, tables: Sequence[tuple[str, str]]
) -> GivenMixture:
    """The mixture as a file that is compared, linted and exported, one entry a source read.

    Args:
        learned: from the runs.
        answer: of it.
        name: of the mixture.
        tables: name and SHA-256 of each file of runs.
    """
    scale, shares = answer.scale, answer.mixture.shares
    parts = exact_parts(dict(zip(learned.runs.sources, shares.tolist(), strict=True)), BILLIONTHS)
    unique = dict(zip(learned.runs.sources, scale.unique.tolist(), strict=True))
    entries = [
        GivenOther(
            name=source,
            proportion=part / BILLIONTHS,
            unique_tokens=unique[source] if math.isfinite(unique[source]) else None,
            parts=(Part(source, part / BILLIONTHS),),
        )
        for source, part in sorted(parts.items(), key=lambda item: (-item[1], item[0]))
        if part
    ]
    return GivenMixture(
        name=name,
        tokens=scale.tokens if scale.tokens >= 1 else None,
        pools=(),
        other=tuple(entries),
        origin={
            "atlasmix": __version__,
            "format": "learned from runs",
            "file": " and ".join(table for table, _ in tables),
            "sha256": tables[0][1],
            "mapping": "",
            "counts": "",
        },
        notes=(
            f"optimum of the law {learned.law.name} of {learned.runs.count} runs",
            f"predicted weighted loss {answer.mixture.loss:.6g}, at most "
            f"{at_most(answer.mixture.gap):.1e} of it above the best within the limits",
        ),
    )


def plan(
    learned: Learned,
    answer: LearnedAnswer,
    count: int,
    seed: int = 0,
    sizes: Sequence[RunSize] = (),
) -> NextRuns:
    """The mixtures whose runs would lower the regret of this answer most.

    They keep the user's own limits, but may read more of a source than any run so far.

    Args:
        learned: from the runs so far.
        answer: of it.
        count: runs to plan.
        seed: of draws and of the mixtures that are tried.
        sizes: that a run may have, with what each costs; empty: the middle of the runs so far,
            whatever size the mixture is for.

    Raises:
        ProblemError: no run, more than 64, or a size that the runs say nothing of.
    """
    for size in sizes:
        _check_size(learned.scale, size)
    drawn = [cast(ConvexLaw, each) for each in draw_laws(learned, PLANNING_DRAWS, seed)]
    laws = tuple(_sized(each, answer.scale) for each in drawn)
    offered = [
        (
            size,
            tuple(
                _sized(each, replace(learned.scale, params=size.params, tokens=size.tokens))
                for each in drawn
            ),
        )
        for size in sizes or (RunSize(learned.scale.params, learned.scale.tokens),)
    ]
    question = replace(answer.mixture.question, high=frozen(answer.wide))
    return next_runs(learned, best_mixture(question, ranges=False), laws, offered, count, seed)


def _check_size(scale: Scale, size: RunSize) -> None:
    """Refuse a size of which no run tells anything, and a cost that is none."""
    if not (math.isfinite(size.cost) and size.cost > 0):
        raise ProblemError(
            f"a run costs {size.cost:g}: expected a number above 0", field="sizes", value=size.cost
        )
    for noun, theirs, wanted, vary in (
        ("parameters", scale.params, size.params, scale.params_vary),
        ("tokens", scale.tokens, size.tokens, scale.tokens_vary),
    ):
        if not vary and not math.isclose(theirs, wanted, rel_tol=1e-6):
            known = f"are all of {format_quantity(theirs)}" if theirs > 0 else "name no"
            raise ProblemError(
                f"the runs {known} {noun}, so they say nothing of a run of "
                f"{format_quantity(wanted)}: leave the sizes of the next runs out, or add runs of "
                "other sizes",
                field="sizes",
                value=wanted,
            )


def _caps(learned: Learned, scale: Scale, wish: MixtureWish) -> dict[str, float]:
    """Most shares by the cap of epochs."""
    if wish.max_epochs is None:
        return {}
    known = np.isfinite(scale.unique)
    if scale.tokens <= 0 or not np.any(known):
        raise ProblemError(
            "a cap of epochs needs the tokens read and the unique tokens of a source: the runs "
            "have no columns tokens and unique_SOURCE; say them, or leave the cap out",
            field="max_epochs",
            value=wish.max_epochs,
        )
    return {
        name: min(wish.max_epochs * float(unique) / scale.tokens, 1.0)
        for name, unique, some in zip(learned.runs.sources, scale.unique, known, strict=True)
        if some
    }


def _epochs(scale: Scale, shares: Array) -> Array:
    if scale.tokens <= 0:
        return np.full(len(shares), np.nan)
    known = np.isfinite(scale.unique)
    read = shares * scale.tokens
    return np.where(known, read / np.where(known, scale.unique, 1.0), np.nan)


def _best_run(learned: Learned, weights: Array) -> int:
    """The run of lowest weighted loss among those at the size that the answer is for."""
    runs = learned.runs
    wanted = weights > 0
    loss = runs.loss[:, wanted] @ weights[wanted]
    if runs.varies:
        loss = learned.law.predict(_at_size(learned))[:, wanted] @ weights[wanted]
    if np.all(np.isnan(loss)):
        loss = learned.law.predict(_at_size(learned))[:, wanted] @ weights[wanted]
    return int(np.nanargmin(loss))


def _at_size(learned: Learned) -> Mixtures:
    return replace(learned.runs.mixtures, params=None, tokens=None, unique=None)


def _reference(name: str, references: Mapping[str, Array], learned: Learned) -> Array:
    """A mixture by its word: ``best``, ``even``, ``unique``, ``mean``, or a run's id."""
    words = {"best": "best run", "even": "even mixture", "unique": "in proportion to unique"}
    for key, mixture in references.items():
        if key == name or (name in words and key.startswith(words[name])):
            return np.asarray(mixture)
    if name == "mean":
        return np.asarray(learned.runs.weights.mean(axis=0))
    names = learned.runs.mixtures.names
    if name in names:
        return np.asarray(learned.runs.weights[names.index(name)])
    raise ProblemError(
        f"no reference mixture {name[:60]!r}: expected best, even, mean, unique (where unique "
        "tokens are known), the id of a run, or a table with one mixture",
        field="near",
        value=name,
    )


def _opinions(
    learned: Learned, scale: Scale, mixtures: tuple[Array, Array], weights: Array
) -> tuple[Opinion, ...]:
    """What every law predicts of the mixture, and of the best run.

    One that knows no sizes says nothing at another size than the runs', where the chosen law does.
    """
    sources, middle = learned.runs.sources, learned.scale
    elsewhere = (middle.params_vary and scale.params != middle.params) or (
        middle.tokens_vary and scale.tokens != middle.tokens
    )
    told = []
    for judged in learned.judged:
        law = judged.law
        if not isinstance(law, MixingLaw) and elsewhere:
            continue
        if isinstance(law, MixingLaw):
            law = law.at_size(scale.params or None, scale.tokens or None, scale.unique)
        here, there = (
            float(weights @ law.predict(one_mixture(sources, mixture))[0]) for mixture in mixtures
        )
        told.append(Opinion(judged.name, here, there - here))
    return tuple(told)
