"""Donor or synthetic: what the next tokens of every kind would be worth, on one scale.

From a mixture of human text, so many tokens more are read of one kind at a time: the target's own
text once more, each donor, and machine text of the target of every kind. What the objective then
loses, against what as many fresh human tokens of the target would take off it, is the worth of that
route: 1 is fresh text that there is not, 0 is nothing, and a route below 0 takes more capacity from
the target than it gives data. Nothing is chosen anew: it is the value of the next step.

The same is worked out in every draw of what nobody knows, the worth of machine text included, and
the worth of translations at which they would overtake the best other route is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from atlasmix.errors import ProblemError
from atlasmix.evidence.pools import SYNTHETIC, Pool, pool_name
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.saturation import Array
from atlasmix.mixture.mixture import Quantiles
from atlasmix.mixture.prediction import target_effects
from atlasmix.mixture.sensitivity import BY_BENCHMARKS
from atlasmix.mixture.solve import solve
from atlasmix.mixture.uncertainty import quantiles
from atlasmix.problem.problem import (
    BENCHMARK_WORTH,
    REPHRASED_MOST,
    WORTH_RANGE,
    MixProblem,
)
from atlasmix.problem.worlds import UNASKED, worlds
from atlasmix.solver.compile import source_tokens
from atlasmix.solver.compute import at_compute

GENERATOR_PARAMS: Final = 8e9
"""Parameters of the model that writes or translates: Kang et al. 2025 found one of 8B better than
one of 3B and one of 70B no better."""

CURVE_STEPS: Final = (1e8, 1e9, 1e10, 1e11)
"""Tokens read more at which the curves of the routes are worked out: our choice, a power of ten
apart, from a sample to a run."""

_DONORS: Final = 4
_HALVINGS: Final = 40


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of tokens to read next.

    Attributes:
        kind: ``repeat``, ``donor``, a provenance of machine text, or that ``by benchmarks``.
        source: key of the language that is read.
        worth: fresh human tokens of the target that a token of it does as much as, on the mean of
            the targets by their weights.
        interval: the same in 90 of 100 draws.
        best: part of the draws in which no other route is worth more; nan for one that is judged by
            benchmarks, which is another scale.
        epochs: passes over the pool after the step; nan for text that is yet to be made.
        flops: of making the tokens, 2 a parameter of the generator; 0 for text that there is.
        note: what limits it, in a sentence without a full stop; may be empty.
    """

    kind: str
    source: str
    worth: float
    interval: Quantiles
    best: float
    epochs: float
    flops: float
    note: str


@dataclass(frozen=True, slots=True)
class Routes:
    """What could be read next.

    Attributes:
        routes: the most valuable first, those by benchmarks last.
        step: tokens of each.
        draws, seed: of the intervals.
        overtakes: worth of a translated token from which on translations are the best route; None
            where none up to 4 makes them so, or nothing less than they have now keeps them from it.
        training_flops: of reading the step, 6 a parameter of the model.
    """

    routes: tuple[Route, ...]
    step: float
    draws: int
    seed: int
    overtakes: float | None
    training_flops: float


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """A route before it is judged: which pools it adds tokens to."""

    kind: str
    source: str
    tokens: Array
    epochs: float
    flops: float
    note: str


def routes(
    problem: MixProblem, step: float = 1e9, generator_params: float = GENERATOR_PARAMS
) -> Routes:
    """What the next tokens of every kind would be worth.

    Args:
        problem: the question; the mixture of its human text is where the step is taken from.
        step: tokens that are read more, above 0.
        generator_params: parameters of the model that writes or translates.

    Raises:
        ProblemError: a number out of range, or several targets without one that comes first.

    >>> from atlasmix import Problem
    >>> outlook = routes(Problem("cat", draws=20).question)
    >>> outlook.routes[0].worth >= outlook.routes[1].worth
    True
    """
    for name, value in (("step", step), ("generator_params", generator_params)):
        if not 1.0 <= value <= 1e18:
            raise ProblemError(
                f"{name.replace('_', ' ')} is {value:g}: expected 1 to 1e18",
                field=name,
                value=value,
            )
    human = tuple(pool for pool in problem.pools if pool.provenance not in SYNTHETIC)
    question = at_compute(
        replace(problem, pools=human, objective="loss", rivals=(), box=None, near=None)
    )
    mixture = solve(replace(question, wrong_scores=None))
    target = problem.target_keys[0]
    start = {share.pool.name: share.tokens for share in mixture.pools}
    made = tuple(_made(target, origin) for origin in (*SYNTHETIC, "fresh"))
    whole = replace(question, pools=(*human, *made), worth={**problem.worth})
    base = np.array([start.get(pool.name, 0.0) for pool in whole.pools])
    ways = _ways(whole, base, step, generator_params)
    draws = problem.draws or UNASKED
    drawn = worlds(whole, draws, problem.seed)
    here = _values(whole, base, ways, step)
    over = np.array([_values(drawn.question(draw), base, ways, step) for draw in range(draws)])
    leader = over.argmax(axis=1)
    told = [
        _route(way, float(here[place]), over[:, place], float((leader == place).mean()))
        for place, way in enumerate(ways)
    ]
    told.sort(key=lambda route: -route.worth)
    return Routes(
        routes=(*told, *_by_benchmarks(whole, base, ways, step)),
        step=step,
        draws=draws,
        seed=problem.seed,
        overtakes=_overtakes(whole, base, ways, step),
        training_flops=6.0 * whole.params * step,
    )


def route_curves(
    problem: MixProblem,
    steps: Sequence[float] = CURVE_STEPS,
    generator_params: float = GENERATOR_PARAMS,
) -> tuple[Routes, ...]:
    """The same over the size of the step: what a token is worth falls as more of it is read.

    Args:
        problem: as for :func:`routes`.
        steps: tokens read more, rising.
        generator_params: parameters of the model that writes or translates.

    Raises:
        ProblemError: as :func:`routes`.
    """
    return tuple(routes(problem, step, generator_params) for step in steps)


def _route(way: _Way, worth: float, over: Array, best: float) -> Route:
    return Route(
        way.kind, way.source, worth, quantiles(over), best, way.epochs, way.flops, way.note
    )


def _made(target: str, origin: str) -> Pool:
    """Text of the target that is yet to be made, as much as anybody reads."""
    provenance = "human" if origin == "fresh" else origin
    return Pool(
        name=pool_name(target, provenance, f"yet-{origin}"),
        language=target,
        provenance=provenance,
        corpus=f"yet-{origin}",
        unique_tokens=1e17,
        obtained="stated",
        unit="tokens",
    )


def _ways(problem: MixProblem, base: Array, step: float, generator: float) -> list[_Way]:
    """Every route, each with the tokens that it adds per pool."""
    target = problem.target_keys[0]
    pools, ways = problem.pools, []
    mine = [
        place
        for place, pool in enumerate(pools)
        if pool.language == target and not pool.corpus.startswith("yet-") and base[place] > 0
    ]
    if mine:
        unique = np.array([pools[place].unique_tokens for place in mine])
        more = np.zeros(base.size)
        more[mine] = step * unique / unique.sum()
        epochs = float((base[mine].sum() + step) / unique.sum())
        note = ""
        if epochs > problem.max_epochs:
            note = f"over the cap of {problem.max_epochs:g} epochs"
        ways.append(_Way("repeat", target, more, epochs, 0.0, note))
    for key, place in _donors(problem, base, step):
        more = np.zeros(base.size)
        more[place] = step
        epochs = (base[place] + step) / pools[place].unique_tokens
        ways.append(_Way("donor", key, more, float(epochs), 0.0, ""))
    for origin in SYNTHETIC:
        place = _place_of(problem, origin)
        more = np.zeros(base.size)
        more[place] = step
        note = ""
        if origin == "rephrased" and step > REPHRASED_MOST * source_tokens(problem, target):
            note = "more than its source has to give"
        ways.append(_Way(origin, target, more, float("nan"), 2.0 * generator * step, note))
    return ways


def _place_of(problem: MixProblem, origin: str) -> int:
    corpora = [pool.corpus for pool in problem.pools]
    return corpora.index(f"yet-{origin}")


def _donors(problem: MixProblem, base: Array, step: float) -> list[tuple[str, int]]:
    """The donors that give the targets most and have the text, each by its largest pool."""
    transfer, largest = problem.transfer, dict[str, int]()
    for place, pool in enumerate(problem.pools):
        key = pool.language
        if key in problem.target_keys or key not in transfer.keys:
            continue
        if base[place] + step > problem.max_epochs * pool.unique_tokens:
            continue
        if key not in largest or pool.unique_tokens > problem.pools[largest[key]].unique_tokens:
            largest[key] = place
    at = [transfer.index(key) for key in problem.target_keys]

    def gives(key: str) -> float:
        return float(transfer.weights[transfer.index(key), at].max())

    read = [key for key in largest if base[largest[key]] > 0]
    names = sorted(largest, key=lambda key: (key not in read, -gives(key), key))[:_DONORS]
    return [(key, largest[key]) for key in names]


def _values(problem: MixProblem, base: Array, ways: Sequence[_Way], step: float) -> Array:
    """What a token of every route is worth in fresh human tokens of the target."""
    start = _loss(problem, base)
    fresh = np.zeros(base.size)
    fresh[_place_of(problem, "fresh")] = step
    unit = start - _loss(problem, base + fresh)
    return np.array([(start - _loss(problem, base + way.tokens)) / unit for way in ways])


def _loss(problem: MixProblem, tokens: Array) -> float:
    effects = target_effects(problem, tokens)
    weight = sum(effect.weight for effect in effects)
    return sum(effect.weight * effect.loss for effect in effects) / weight


def _by_benchmarks(
    problem: MixProblem, base: Array, ways: Sequence[_Way], step: float
) -> list[Route]:
    """Routes whose worth by benchmark scores is known to be another one."""
    told = []
    for way in ways:
        if way.kind not in BENCHMARK_WORTH:
            continue
        ends = [
            float(_values(_at_worth(problem, way.kind, worth), base, [way], step)[0])
            for worth in BENCHMARK_WORTH[way.kind]
        ]
        middle = float(np.mean(ends))
        told.append(
            Route(
                f"{way.kind}{BY_BENCHMARKS}",
                way.source,
                middle,
                Quantiles(ends[0], middle, ends[1]),
                float("nan"),
                way.epochs,
                way.flops,
                "on benchmark scores, not on loss of native text",
            )
        )
    return told


def _at_worth(problem: MixProblem, provenance: str, worth: float) -> MixProblem:
    return replace(problem, worth={**problem.worth, provenance: worth})


def _overtakes(problem: MixProblem, base: Array, ways: Sequence[_Way], step: float) -> float | None:
    """The worth at which translations become the best route."""
    kinds = [way.kind for way in ways]
    at = kinds.index("translated")

    def ahead(worth: float) -> bool:
        values = _values(_at_worth(problem, "translated", worth), base, ways, step)
        return bool(values[at] >= np.delete(values, at).max())

    low, high = 0.0, 4.0
    if ahead(low) or not ahead(high):
        return None
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if ahead(middle) else (middle, high)
    return high


def worth_words(kind: str, problem: MixProblem) -> str:
    """What a kind of machine text is taken to be worth, and between which ends."""
    if kind.endswith(BY_BENCHMARKS):
        low, high = BENCHMARK_WORTH[kind.removesuffix(BY_BENCHMARKS)]
        return f"{low:g}-{high:g}"
    used, ends = problem.worth.get(kind, 0.0), WORTH_RANGE.get(kind)
    return f"{used:g}" if ends is None else f"{used:g} ({ends[0]:g}-{ends[1]:g})"


def route_name(route: Route) -> str:
    """``repeat``, ``Spanish``, ``translated``, ``translated by benchmarks``."""
    return name_of(route.source) if route.kind == "donor" else route.kind
