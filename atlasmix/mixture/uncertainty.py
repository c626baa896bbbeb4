"""How sure an answer is: its losses, its regret and other best mixtures, over draws of the truth.

A draw is one world that the evidence allows: other transfer weights, exponents, law constants, λ
and worths (:mod:`atlasmix.transfer.draws`). In each of them this mixture has losses, and there is a
best mixture for whoever knew that world; what this one loses against it is its regret. A draw is
the truth, so no donor is charged for doubt in it, and nothing but the draw changes: budget, limits
and pools stay, and the best mixture of a draw is found, and proved, as any other answer is.

A guardrail that this mixture breaks in a draw is loosened there to what this mixture does: regret
is then against mixtures that are no worse for the guarded language, and never below 0.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from atlasmix.laws.saturation import Array
from atlasmix.mixture.mixture import (
    LEAST_READ,
    GuardrailOdds,
    LossInterval,
    Mixture,
    Quantiles,
    Regret,
    ShareInterval,
    Uncertainty,
)
from atlasmix.mixture.prediction import in_user_unit, objective_value, target_effects
from atlasmix.problem.constraints import Guardrail
from atlasmix.problem.problem import DEFAULT_SEED, MixProblem, Target
from atlasmix.problem.worlds import Worlds, draws_of, worlds
from atlasmix.processes import side_by_side, usable_cores
from atlasmix.solver.compute import at_compute
from atlasmix.solver.optimise import guard_levels, optimise_problem
from atlasmix.solver.program import scale

LEVELS: Final = (0.05, 0.50, 0.95)
"""The interval is the one that holds 90 of 100 draws: 5 lie below and 5 above it."""

HIGH: Final = 0.90
"""Regret is also told at the level that 90 of 100 draws do not pass."""

_BATCH: Final = 8
"""Draws that one process solves before it reports: enough to be worth the sending."""

_WORTH_PROCESSES: Final = 2.0
"""Seconds of work left from which on other processes are started: about what their start takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What one mixture does, and what would be best, in every draw.

    Attributes:
        losses: (draws, targets) of this mixture, in the canonical order of the targets.
        value: (draws,) objective of this mixture, in the unit of the certificate's ``value``.
        best: (draws,) objective of the best mixture found.
        bound: (draws,) below which no mixture lies.
        reducible: (draws,) the part of ``best`` that a mixture can change.
        tokens: (draws, pools) read by the best mixture.
        kept: (draws, guardrails) whether this mixture keeps each.
    """

    losses: Array
    value: Array
    best: Array
    bound: Array
    reducible: Array
    tokens: Array
    kept: Array

    @property
    def regret(self) -> Array:
        """(draws,) of this mixture: where it beats what the solver found it is the best itself."""
        return np.maximum(self.value - self.best, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    worlds: Worlds
    tokens: Array


def outcomes(
    drawn: Worlds,
    tokens: Array,
    cores: int | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> Outcomes:
    """One mixture in every draw, beside the best of that draw.

    Args:
        drawn: the draws.
        tokens: tokens that the mixture reads per pool of the problem, (pools,).
        cores: processes at most, None: as many as this process may use. They change no number.
        advance: called with the number of draws that have become ready.
    """
    starts = range(0, len(drawn), _BATCH)
    batches = [_Batch(drawn.some(first, first + _BATCH), tokens) for first in starts]
    begin = time.perf_counter()
    ready = [_solved(batches[0])]
    advance(len(batches[0].worlds))
    left = (time.perf_counter() - begin) * (len(batches) - 1)
    cores = (cores or usable_cores()) if left > _WORTH_PROCESSES else 1
    with closing(side_by_side(_solved, batches[1:], cores)) as rest:
        for batch, rows in zip(batches[1:], rest, strict=True):
            ready.append(rows)
            advance(len(batch.worlds))
    columns = zip(*(row for rows in ready for row in rows), strict=True)
    return Outcomes(*(np.array(column) for column in columns))


_Row = tuple[list[float], float, float, float, float, list[float], list[bool]]


def _solved(batch: _Batch) -> list[_Row]:
    return [
        _outcome(batch.worlds.question(draw), batch.tokens) for draw in range(len(batch.worlds))
    ]


def _outcome(problem: MixProblem, tokens: Array) -> _Row:
    """A row of :class:`Outcomes`."""
    effects = target_effects(problem, tokens)
    levels, kept = _levels(problem, tokens)
    solved = optimise_problem(problem, levels=levels)
    value = objective_value(problem, solved.compiled, tokens, effects)
    best = in_user_unit(problem, solved.optimum.value)
    return (
        [effect.loss for effect in effects],
        value,
        best,
        min(in_user_unit(problem, solved.bound), best),
        scale(solved.compiled.program, solved.optimum.value),
        solved.compiled.expand(problem, solved.optimum.x).tolist(),
        kept,
    )


def _levels(problem: MixProblem, tokens: Array) -> tuple[dict[str, float], list[bool]]:
    """What every guardrail allows in a draw, at least what this mixture does, and who keeps it."""
    levels = guard_levels(problem)
    if not levels:
        return {}, []
    guarded = replace(problem, targets=tuple(Target(key) for key in levels))
    losses = {each.language: each.loss for each in target_effects(guarded, tokens)}
    # A hair above: the level must be one that arithmetic can meet.
    eased = {key: max(level, losses[key] * (1 + _HAIR)) for key, level in levels.items()}
    rails = [limit for limit in problem.limits if isinstance(limit, Guardrail)]
    return eased, [losses[rail.language] <= levels[rail.language] * (1 + _HAIR) for rail in rails]


_HAIR: Final = 1e-6


def with_uncertainty(
    problem: MixProblem,
    mixture: Mixture,
    cores: int | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> Mixture:
    """The mixture with its intervals and regret, over as many draws as :func:`draws_of` says.

    Args:
        problem: the question; its ``draws`` and ``seed`` decide.
        mixture: its answer.
        cores, advance: as for :func:`uncertainty`.
    """
    draws = draws_of(problem)
    if not draws:
        return mixture
    sure = uncertainty(problem, mixture, draws, problem.seed, cores, advance)
    return replace(mixture, uncertainty=sure)


def uncertainty(
    problem: MixProblem,
    mixture: Mixture,
    draws: int,
    seed: int = DEFAULT_SEED,
    cores: int | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> Uncertainty:
    """Intervals and regret of a mixture over draws of what nobody knows for certain.

    Args:
        problem: the question; where it has a compute budget N and D stay as they were chosen.
        mixture: its answer, or any mixture of the same pools.
        draws: how many, at least 1.
        seed: of the draws, from 0: another seed, other draws.
        cores: processes at most, None: as many as this process may use. They change no number.
        advance: called with the number of draws that have become ready.

    >>> from atlasmix import Problem
    >>> solution = Problem("cat").solve()
    >>> sure = uncertainty(solution.question, solution.mixture, draws=8)
    >>> sure.losses[0].loss.low < solution.targets[0].loss < sure.losses[0].loss.high
    True
    """
    problem = at_compute(problem)
    drawn = worlds(problem, draws, seed)
    tokens = np.array([share.tokens for share in mixture.pools])
    tried = outcomes(drawn, tokens, cores, advance)
    order = drawn.problem.target_keys
    losses = {key: quantiles(tried.losses[:, place]) for place, key in enumerate(order)}
    rails = [limit.name for limit in drawn.problem.limits if isinstance(limit, Guardrail)]
    regret, relative = tried.regret, tried.regret / tried.reducible
    return Uncertainty(
        draws=draws,
        seed=seed,
        losses=tuple(LossInterval(key, losses[key]) for key in problem.target_keys),
        shares=_shares(problem, mixture, tried.tokens),
        regret=Regret(
            expected=float(regret.mean()),
            high=_quantile(regret, HIGH),
            relative_expected=float(relative.mean()),
            relative_high=_quantile(relative, HIGH),
        ),
        tokens=quantiles(tried.tokens.sum(axis=1)),
        guardrails=tuple(
            GuardrailOdds(name, float(tried.kept[:, place].mean()))
            for place, name in enumerate(rails)
        ),
        gap=float(((tried.best - tried.bound) / tried.reducible).max()),
        drawn=drawn.drawn,
        held=drawn.held,
    )


def _shares(problem: MixProblem, mixture: Mixture, tokens: Array) -> tuple[ShareInterval, ...]:
    """Every language that this mixture or that of a draw reads, largest share first."""
    languages = [pool.language for pool in problem.pools]
    shares = tokens / tokens.sum(axis=1, keepdims=True)
    here = mixture.proportions
    rows = []
    for key in dict.fromkeys(languages):
        members = np.array([language == key for language in languages])
        share = shares[:, members].sum(axis=1)
        if key in here or share.max() >= LEAST_READ:
            read = float((share >= LEAST_READ).mean())
            rows.append(ShareInterval(key, here.get(key, 0.0), quantiles(share), read))
    return tuple(
        sorted(rows, key=lambda row: (-row.share, -row.best.middle, -row.read, row.language))
    )


def quantiles(values: Sequence[float] | Array) -> Quantiles:
    """The interval of some numbers; each end is one of them, also where some are infinite.

    >>> quantiles([3.0, 1.0, 2.0])
    Quantiles(low=1.0, middle=2.0, high=3.0)
    """
    return Quantiles(*(_quantile(np.asarray(values), level) for level in LEVELS))


def _quantile(values: Array, level: float) -> float:
    return float(np.quantile(values, level, method="inverted_cdf"))
