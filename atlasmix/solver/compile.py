"""From the question to the convex program: names become columns, tokens shares of what is read.

Pools of one language and worth that no limit tells apart become one column: saturation is
homogeneous, so the best split between them is in proportion to their unique tokens. Columns are
sorted by name; the answer does not depend on the order of the pools.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import ProblemError
from atlasmix.evidence.pools import Pool
from atlasmix.laws.saturation import Array
from atlasmix.problem.constraints import EpochCap, Guardrail, KeepTokens, ShareLimit
from atlasmix.problem.problem import MixProblem
from atlasmix.solver.closed_form import Alone, best_alone
from atlasmix.solver.program import Program, Rows


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program and the way back to the names.

    Attributes:
        program: in shares of ``tokens``; targets first, then guarded languages that are none.
        tokens: T of the program.
        columns: for each column the indices of its pools in ``problem.pools``.
        rows_of: language key of every row of the program.
        languages: language key of every column.
    """

    program: Program
    tokens: float
    columns: tuple[tuple[int, ...], ...]
    rows_of: tuple[str, ...]
    languages: tuple[str, ...]

    def expand(self, problem: MixProblem, x: Array) -> Array:
        """Tokens read of every pool of the problem, shape (pools,)."""
        tokens = np.zeros(len(problem.pools))
        for share, column in zip(x, self.columns, strict=True):
            unique = np.array([problem.pools[index].unique_tokens for index in column])
            tokens[list(column)] = share * self.tokens * unique / unique.sum()
        return tokens

    def collapse(self, tokens: Array) -> Array:
        """The columns of given tokens per pool; exact where each column is read evenly."""
        return np.array([tokens[list(column)].sum() for column in self.columns]) / self.tokens

    def at(self, tokens: float, params: float, problem: MixProblem) -> Compiled:
        """The same question at another T and N."""
        program, ratio = self.program, tokens / self.tokens
        keep = np.array([kind == "keep" for kind in program.rows.kinds], dtype=bool)
        levels = np.where(keep, program.rows.levels / ratio, program.rows.levels)
        rows = program.rows
        moved = replace(
            program,
            unique=program.unique / ratio,
            upper=program.upper / ratio,
            capacity=problem.law.capacity_loss(params),
            data=problem.law.data_loss(tokens),
            rows=Rows.of(rows.names, rows.kinds, rows.members, levels.tolist()),
        )
        return replace(self, program=moved, tokens=tokens)


def compile_problem(problem: MixProblem, guards: dict[str, float] | None = None) -> Compiled:
    """The program of a checked problem that reads its whole budget.

    Args:
        problem: the question.
        guards: most predicted loss per guarded language, in the law's unit.
    """
    caps, law, tokens = epoch_limits(problem), problem.law, problem.budget
    columns = _columns(problem, caps)
    first = [problem.pools[column[0]] for column in columns]
    languages = tuple(pool.language for pool in first)
    unique = np.array([_unique(problem.pools, column) for column in columns]) / tokens
    cap = np.array([caps[column[0]] for column in columns])
    worth = np.array([problem.worth.get(pool.provenance, 0.0) for pool in first])
    guards = guards or {}
    rows_of = (*problem.target_keys, *(key for key in guards if key not in problem.target_keys))
    tau, sigma = _weights(problem, rows_of, languages)
    own = np.array(
        [
            [float(same_language(key, language, problem.transfer.axis)) for language in languages]
            for key in rows_of
        ]
    )
    own = np.where(worth > 0, own, 0.0)  # text that is worth nothing teaches no language
    expected = tau * worth
    gain = np.maximum(tau - charged(problem, tau, sigma), 0.0) * worth
    upper = np.where(_closed(problem, columns), 0.0, cap * unique)
    _check_reachable(problem, gain @ upper)
    weight = np.zeros(len(rows_of))
    weight[: len(problem.targets)] = [target.weight for target in problem.targets]
    program = Program(
        gain=gain,
        expected=expected,
        own=own,
        unique=unique,
        upper=upper,
        decay=problem.decay,
        capacity=law.capacity_loss(problem.params),
        phi=np.array([problem.transfer.phi[problem.transfer.index(key)] for key in rows_of]),
        data=law.data_loss(tokens),
        beta=law.beta,
        weight=weight / weight.sum(),
        heard=(own * worth) @ upper > 0,
        level=np.array([guards.get(key, math.inf) - law.E for key in rows_of]),
        base=None,
        rows=_limits(problem, columns),
    )
    compiled = Compiled(program, tokens, columns, rows_of, languages)
    if problem.objective != "worst":
        return compiled
    alone = np.full(len(rows_of), np.inf)
    alone[: len(problem.targets)] = [each.chosen_by for each in alone_of(problem, compiled)]
    counted = np.where(weight > 0, 1.0 / alone, 0.0)
    return replace(compiled, program=replace(program, weight=counted, base=law.E * counted))


def alone_of(problem: MixProblem, compiled: Compiled) -> tuple[Alone, ...]:
    """What each target could have as the only one, within budget and epoch caps."""
    program, law = compiled.program, problem.law
    return tuple(best_alone(program, row, law.E) for row in range(len(problem.targets)))


def same_language(key: str, other: str, axis: str = "language") -> bool:
    """Whether two keys are scripts of one language: they share its capacity (ρ = 1).

    Labels of domains are names, whatever they hold: ``web_text`` and ``web_code`` are two.
    """
    if axis != "language":
        return key == other
    return key.partition("_")[0] == other.partition("_")[0]


def epoch_limits(problem: MixProblem) -> Array:
    """Most epochs of every pool, shape (pools,): the problem's cap or the pool's own."""
    caps = np.full(len(problem.pools), problem.max_epochs)
    for limit in problem.limits:
        if isinstance(limit, EpochCap):
            caps[limit.selection.mask(problem.pools)] = limit.epochs
    return caps


def _unique(pools: Sequence[Pool], column: tuple[int, ...]) -> float:
    return float(sum(pools[index].unique_tokens for index in column))


def _columns(problem: MixProblem, caps: Array) -> tuple[tuple[int, ...], ...]:
    """Pools that can share a column: same language, worth, cap and limits, and in the matrix."""
    apart = [
        limit.selection.mask(problem.pools)
        for limit in problem.limits
        if isinstance(limit, ShareLimit | KeepTokens)
    ]
    known = set(problem.transfer.keys)
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, pool in enumerate(problem.pools):
        if pool.unique_tokens > 0 and pool.language in known:
            signature = tuple(bool(mask[index]) for mask in apart)
            worth = problem.worth.get(pool.provenance, 0.0)
            groups.setdefault((pool.language, worth, caps[index], signature), []).append(index)
    if not groups:
        raise ProblemError(
            f"none of the {len(problem.pools)} pools is in a language of matrix "
            f"{problem.matrix.name}: choose another matrix or inventory",
            field="pools",
        )
    named = sorted((min(problem.pools[i].name for i in group), group) for group in groups.values())
    return tuple(tuple(sorted(group, key=lambda i: problem.pools[i].name)) for _, group in named)


def _weights(
    problem: MixProblem, rows_of: tuple[str, ...], languages: tuple[str, ...]
) -> tuple[Array, Array]:
    """τ and its standard error as (T, n), target by column."""
    targets = [problem.transfer.index(key) for key in rows_of]
    sources = [problem.transfer.index(key) for key in languages]
    block = np.ix_(sources, targets)
    return problem.transfer.weights[block].T, problem.transfer.stderr[block].T


def charged(problem: MixProblem, tau: Array, sigma: Array) -> Array:
    """κσ per pair, but never more than τ: doubt can take away what a score promises, not more."""
    return np.minimum(problem.risk_aversion * sigma, np.maximum(tau, 0.0))


def _check_reachable(problem: MixProblem, reference: Array) -> None:
    for target, best in zip(problem.targets, reference, strict=False):
        if best <= 0:
            raise ProblemError(
                f"nothing that may be read helps target {target.language}: within inventory "
                f"{problem.inventory.name} and these limits it has no pool of its own and no donor "
                f"above 0 in matrix {problem.matrix.name}; add an inventory of its tokens, choose "
                "other pools, or open a limit of 0 %",
                field="pools",
                value=target.language,
            )


def _closed(problem: MixProblem, columns: tuple[tuple[int, ...], ...]) -> NDArray[np.bool_]:
    """Columns that a limit of 0 % closes altogether."""
    heads = [problem.pools[column[0]] for column in columns]
    closed = np.zeros(len(columns), dtype=bool)
    for limit in problem.limits:
        if isinstance(limit, ShareLimit) and limit.bound == "max" and limit.share == 0:
            closed |= limit.selection.mask(heads)
    return closed


def _limits(problem: MixProblem, columns: tuple[tuple[int, ...], ...]) -> Rows:
    """Rows for share limits and kept tokens."""
    heads = [problem.pools[column[0]] for column in columns]
    names, kinds, members, levels = [], [], [], []
    for limit in problem.limits:
        if isinstance(limit, EpochCap | Guardrail):
            continue
        names.append(limit.name)
        members.append(limit.selection.mask(heads))
        if isinstance(limit, KeepTokens):
            kinds.append("keep")
            levels.append(limit.tokens / problem.budget)
        else:
            kinds.append(str(limit.bound))
            levels.append(limit.share)
    return Rows.of(names, kinds, np.reshape(members, (len(names), len(columns))), levels)
