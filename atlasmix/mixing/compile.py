"""From the question to the convex program: names become columns, tokens shares of the budget.

Pools of one language and worth that no limit tells apart become one column: saturation is
homogeneous, so the best split between them is in proportion to their unique tokens. Columns are
sorted by name; the answer does not depend on the order of the pools.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import ProblemError
from atlasmix.evidence import Pool
from atlasmix.mixing.closed_form import fill
from atlasmix.mixing.limits import EpochCap, Guardrail, KeepTokens, ShareLimit
from atlasmix.mixing.problem import MixProblem
from atlasmix.mixing.program import Program, Rows
from atlasmix.scaling.saturation import Array, saturate


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program and the way back to the names.

    Attributes:
        program: in shares of the budget; targets first, then guarded languages that are none.
        columns: for each column the indices of its pools in ``problem.pools``.
        rows_of: language key of every row of the program.
        languages: language key of every index in ``program.member``.
    """

    program: Program
    columns: tuple[tuple[int, ...], ...]
    rows_of: tuple[str, ...]
    languages: tuple[str, ...]

    def expand(self, problem: MixProblem, x: Array) -> Array:
        """Tokens read of every pool of the problem, shape (pools,)."""
        tokens = np.zeros(len(problem.pools))
        for share, column in zip(x, self.columns, strict=True):
            unique = np.array([problem.pools[index].unique_tokens for index in column])
            tokens[list(column)] = share * problem.budget * unique / unique.sum()
        return tokens

    def collapse(self, problem: MixProblem, tokens: Array) -> Array:
        """The columns of given tokens per pool; exact where each column is read evenly."""
        return np.array([tokens[list(column)].sum() for column in self.columns]) / problem.budget


def compile_problem(problem: MixProblem, guards: dict[str, float] | None = None) -> Compiled:
    """The program of a checked problem.

    Args:
        problem: the question.
        guards: least expected effective data in tokens per guarded language.
    """
    caps = epoch_limits(problem)
    columns = _columns(problem, caps)
    first = [problem.pools[column[0]] for column in columns]
    unique = np.array([_unique(problem.pools, column) for column in columns]) / problem.budget
    cap = np.array([caps[column[0]] for column in columns])
    languages = tuple(sorted({pool.language for pool in first}))
    member = np.array([languages.index(pool.language) for pool in first], dtype=np.intp)
    worth = np.array([problem.worth.get(pool.provenance, 0.0) for pool in first])
    guards = guards or {}
    rows_of = (*problem.target_keys, *(key for key in guards if key not in problem.target_keys))
    tau, sigma = _weights(problem, rows_of, languages)
    value = tau[:, member] * worth
    reference = np.array(
        [alone(np.maximum(row, 0.0), unique, cap * unique, problem.decay) for row in value]
    )
    upper = np.where(_closed(problem, columns), 0.0, cap * unique)
    _check_reachable(problem, np.maximum(value, 0.0) @ upper)
    coefficient, base = _coefficients(problem, reference)
    least = np.array([guards.get(key, -np.inf) / problem.budget for key in rows_of])
    program = Program(
        gain=np.maximum(value, 0.0),
        harm=np.maximum(-value, 0.0),
        sigma=sigma,
        member=member,
        worth=worth,
        unique=unique,
        lower=np.zeros(len(columns)),
        upper=upper,
        decay=problem.decay,
        coefficient=coefficient,
        reference=reference,
        exponent=_exponent(problem),
        spend_all=problem.spend_all,
        rows=_limits(problem, columns),
        harm_slope=np.ones(len(columns)),
        harm_offset=np.zeros(len(columns)),
        variance=np.square(sigma),
        base=base,
        least=least,
        risky=bool(sigma.any()),
        harmful=bool((value < 0).any()),
    )
    return Compiled(program, columns, rows_of, languages)


def alone(value: Array, unique: Array, upper: Array, decay: float) -> float:
    """The most effective data one target could get for itself, in shares of the budget."""
    return float(value @ saturate(fill(value, unique, upper, decay), unique, decay))


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
            f"{problem.matrix.name}: choose another --matrix or --inventory"
        )
    named = sorted((min(problem.pools[i].name for i in group), group) for group in groups.values())
    return tuple(tuple(sorted(group, key=lambda i: problem.pools[i].name)) for _, group in named)


def _weights(
    problem: MixProblem, rows_of: tuple[str, ...], languages: tuple[str, ...]
) -> tuple[Array, Array]:
    """τ and its standard error as (T, L), target by source."""
    targets = [problem.transfer.index(key) for key in rows_of]
    sources = [problem.transfer.index(key) for key in languages]
    block = np.ix_(sources, targets)
    tau, sigma = problem.transfer.weights[block].T, problem.transfer.stderr[block].T
    return believed(problem, tau), charged(problem, tau, sigma)


def charged(problem: MixProblem, tau: Array, sigma: Array) -> Array:
    """κσ per pair, but never more than τ: doubt can take away what a score promises, not more.

    Without that bound the doubt about scores near and below 0 would count as certain harm, and a
    model of many targets would be told to leave most of its budget unspent.
    """
    return np.minimum(problem.risk_aversion * sigma, np.maximum(tau, 0.0))


def believed(problem: MixProblem, tau: Array) -> Array:
    """Transfer weights with the negative ones scaled by the problem's interference."""
    return np.asarray(np.where(tau < 0, problem.interference * tau, tau), dtype=float)


def _check_reachable(problem: MixProblem, reference: Array) -> None:
    for target, best in zip(problem.targets, reference, strict=False):
        if best <= 0:
            raise ProblemError(
                f"nothing that may be read helps target {target.language}: within inventory "
                f"{problem.inventory.name} and these limits it has no pool of its own and no donor "
                f"above 0 in matrix {problem.matrix.name}; add its tokens with --inventory, choose "
                "other --pools, or open a limit of 0 %"
            )


def _exponent(problem: MixProblem) -> float | None:
    # For one target every objective has the same optimum; the logarithm is the best scaled one.
    if problem.objective == "effective-data" or len(problem.targets) == 1:
        return None
    return problem.law.beta


def _coefficients(problem: MixProblem, reference: Array) -> tuple[Array, Array | None]:
    """Weight of every row in the objective (0 for guarded languages that are no target)."""
    extra = np.zeros(reference.size - len(problem.targets))
    weight = np.concatenate([[target.weight for target in problem.targets], extra])
    if _exponent(problem) is None:
        return weight / weight.sum(), None
    law = problem.law
    reducible = law.B * (reference * problem.budget) ** -law.beta
    if problem.objective == "worst":
        alone_loss = law.capacity_term(problem.params) + reducible
        active = np.where(weight > 0, 1.0, 0.0)
        # A guarded language that is no target must never be the largest term.
        base = np.where(weight > 0, law.capacity_term(problem.params) / alone_loss, -1e3)
        return active * reducible / alone_loss, base
    share = weight * reducible
    return share / share.sum(), None


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
