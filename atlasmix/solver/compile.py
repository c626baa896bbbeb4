"""From the question to the convex program: names become columns, tokens shares of what is read.

Pools of one language and worth that no limit tells apart become one column: saturation is
homogeneous, so the best split between them is in proportion to their unique tokens. Columns are
sorted by name; the answer does not depend on the order of the pools.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import ProblemError
from atlasmix.evidence.pools import Pool
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.kinds import LossLaw
from atlasmix.laws.saturation import Array, saturate
from atlasmix.problem.constraints import (
    EpochCap,
    Guardrail,
    KeepTokens,
    Limit,
    OriginLimit,
    ShareLimit,
    epoch_caps,
)
from atlasmix.problem.problem import DEFAULT_BOX, REPHRASED_MOST, UNDER_DRAWS, MixProblem
from atlasmix.problem.worlds import weighed
from atlasmix.solver.closed_form import Alone, best_alone
from atlasmix.solver.program import Drift, Program, Rows


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program and the way back to the names.

    Attributes:
        program: in shares of ``tokens``; targets first, then guarded languages that are none.
        tokens: T of the program.
        columns: for each column the indices of its pools in ``problem.pools``.
        rows_of: language key of every row of the program.
        languages: language key of every column.
        laws: of every row: one for all, or each target's own, or a draw's.
    """

    program: Program
    tokens: float
    columns: tuple[tuple[int, ...], ...]
    rows_of: tuple[str, ...]
    languages: tuple[str, ...]
    laws: tuple[LossLaw, ...]

    def heads(self, problem: MixProblem) -> list[Pool]:
        """A pool of every column: what they all have in common."""
        return _heads(problem, self.columns)

    def held(self, problem: MixProblem) -> Array:
        """Unique tokens that there are of every column, in shares of the program's tokens."""
        return np.array([_unique(problem.pools, column) for column in self.columns]) / self.tokens

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

    def at(self, tokens: float, params: float) -> Compiled:
        """The same question at another T and N."""
        program, ratio = self.program, tokens / self.tokens
        keep = np.array([kind == "keep" for kind in program.rows.kinds], dtype=bool)
        levels = np.where(keep, program.rows.levels / ratio, program.rows.levels)
        rows = program.rows
        moved = replace(
            program,
            unique=program.unique / ratio,
            upper=program.upper / ratio,
            capacity=np.array([law.capacity_loss(params) for law in self.laws]),
            data=np.array([law.data_loss(tokens) for law in self.laws]),
            rows=rows.at(levels.tolist()),
            drift=None if program.drift is None else program.drift.times(ratio),
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
    heads = _heads(problem, columns)
    languages = tuple(pool.language for pool in heads)
    held = np.array([_unique(problem.pools, column) for column in columns]) / tokens
    distinct = distinct_tokens(problem)
    unique = np.array([float(distinct[list(column)].sum()) for column in columns]) / tokens
    cap = np.array([caps[column[0]] for column in columns])
    worth = np.array([problem.worth_of(pool) for pool in heads])
    guards = guards or {}
    rows_of = (*problem.target_keys, *(key for key in guards if key not in problem.target_keys))
    tau, sigma = weights_of(problem, rows_of, languages)
    own = np.array(
        [
            [float(same_language(key, language, problem.transfer.axis)) for language in languages]
            for key in rows_of
        ]
    )
    own = np.where(worth > 0, own, 0.0)  # text that is worth nothing teaches no language
    laws = tuple(law.of(key) for key in rows_of)
    least = np.array([each.least for each in laws])
    own *= 1.0 - least[:, None]
    expected = tau * worth
    gain = np.maximum(tau - charged(problem, tau, sigma), 0.0) * worth
    upper = np.where(_closed(problem, heads), 0.0, cap * held)
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
        capacity=np.array([each.capacity_loss(problem.params) for each in laws]),
        phi=np.array([problem.transfer.phi[problem.transfer.index(key)] for key in rows_of]),
        least=least,
        data=np.array([each.data_loss(tokens) for each in laws]),
        beta=np.array([each.beta for each in laws]),
        weight=weight / weight.sum(),
        heard=(own * worth) @ upper > 0,
        level=np.array(
            [guards.get(key, math.inf) - each.E for key, each in zip(rows_of, laws, strict=True)]
        ),
        base=None,
        rows=_limits(problem, heads),
        drift=_drift(problem, heads, upper),
    )
    compiled = Compiled(program, tokens, columns, rows_of, languages, laws)
    if problem.objective in UNDER_DRAWS:
        return _under_draws(problem, compiled)
    if problem.objective != "worst":
        return compiled
    alone = np.full(len(rows_of), np.inf)
    alone[: len(problem.targets)] = [each.chosen_by for each in alone_of(problem, compiled)]
    counted = np.where(weight > 0, 1.0 / alone, 0.0)
    floors = np.array([each.E for each in laws])
    return replace(compiled, program=replace(program, weight=counted, base=floors * counted))


@dataclass(frozen=True, slots=True)
class OtherWorlds:
    """The targets in circumstances that the question is not asked in: rows for a program.

    Attributes:
        at: row of the target that each of the rows is, (R,).
        gain: (R, n).
        phi: (R,).
        weight: (R,).
        base: (R,), as in ``Program``; None: minimised is the sum of the rows.
        scenario: (R,), as in ``Program``; None where ``base`` is.
        blocks: block of every scenario; None: all are in one.
        most: weight that one scenario may have in its block.
        laws: (R,) of each row; empty: those of the targets themselves.
    """

    at: Sequence[int]
    gain: Array
    phi: Array
    weight: Array
    base: Array | None
    scenario: NDArray[np.intp] | None
    blocks: NDArray[np.intp] | None = None
    most: float = 1.0
    laws: tuple[LossLaw, ...] = ()


def with_worlds(problem: MixProblem, compiled: Compiled, other: OtherWorlds) -> Compiled:
    """The program over other worlds: its own rows stay for their guardrails, and count no more."""
    program, at = compiled.program, list(other.at)
    stood = np.zeros(len(compiled.rows_of))
    scenario = other.scenario
    laws = other.laws or tuple(compiled.laws[row] for row in at)
    least = np.array([law.least for law in laws])
    # Of a target that keeps its law ``own`` stays to the last digit.
    apart = (1.0 - least) / (1.0 - program.least[at])
    changed = replace(
        program,
        gain=np.vstack([program.gain, other.gain]),
        expected=np.vstack([program.expected, other.gain]),
        own=np.vstack([program.own, program.own[at] * apart[:, None]]),
        phi=np.append(program.phi, other.phi),
        least=np.append(program.least, least),
        capacity=np.append(program.capacity, [law.capacity_loss(problem.params) for law in laws]),
        data=np.append(program.data, [law.data_loss(compiled.tokens) for law in laws]),
        beta=np.append(program.beta, [law.beta for law in laws]),
        weight=np.append(stood, other.weight),
        heard=np.append(program.heard, program.heard[at]),
        level=np.append(program.level, np.full(len(at), math.inf)),
        base=None if other.base is None else np.append(stood, other.base),
        scenario=None if scenario is None else np.append(stood.astype(np.intp), scenario),
        blocks=other.blocks,
        most=other.most,
    )
    rows_of = (*compiled.rows_of, *(compiled.rows_of[row] for row in at))
    return replace(compiled, program=changed, rows_of=rows_of, laws=(*compiled.laws, *laws))


def _under_draws(problem: MixProblem, compiled: Compiled) -> Compiled:
    """The program with a row a target and draw."""
    drawn, heads = weighed(problem), compiled.heads(problem)
    keys, count = problem.target_keys, drawn.count
    by_draw = np.empty((count, len(keys), len(heads)))
    for column, pool in enumerate(heads):
        worth = drawn.worth(problem, pool.provenance) / pool.depth
        for row, key in enumerate(keys):
            by_draw[:, row, column] = worth * drawn.weights(pool.language, key)
    gain = by_draw.reshape(-1, len(heads))
    weight = np.tile(compiled.program.weight[: len(keys)], count)
    cautious = problem.objective == "cautious"
    laws = tuple(law.of(key) for law in drawn.laws for key in keys)
    # What a draw's law leaves for good above the question's own.
    floors = [
        law.E - problem.law.of(key).E for law, key in zip(laws, list(keys) * count, strict=True)
    ]
    other = OtherWorlds(
        at=list(range(len(keys))) * count,
        gain=gain,
        phi=np.stack([drawn.phi(key) for key in keys], axis=1).ravel(),
        weight=weight if cautious else weight / count,
        base=weight * np.array(floors) if cautious else None,
        laws=laws,
        scenario=np.repeat(np.arange(count), len(keys)) if cautious else None,
        most=most_weight(problem, count) if cautious else 1.0,
    )
    return with_worlds(problem, compiled, other)


def most_weight(problem: MixProblem, draws: int) -> float:
    """Weight that one draw has at most in the mean of the worst ``tail`` of them."""
    return min(1.0 / (problem.tail * draws), 1.0)


def alone_of(problem: MixProblem, compiled: Compiled) -> tuple[Alone, ...]:
    """What each target could have as the only one, within budget and epoch caps."""
    program = compiled.program
    return tuple(
        best_alone(program, row, compiled.laws[row].E) for row in range(len(problem.targets))
    )


def same_language(key: str, other: str, axis: str = "language") -> bool:
    """Whether two keys are scripts of one language: they share its capacity (ρ = 1).

    Labels of domains are names, whatever they hold: ``web_text`` and ``web_code`` are two.
    """
    if axis != "language":
        return key == other
    return key.partition("_")[0] == other.partition("_")[0]


def epoch_limits(problem: MixProblem) -> Array:
    """Most epochs of every pool, shape (pools,): the problem's cap or the pool's own."""
    return epoch_caps(problem.limits, problem.pools, problem.max_epochs)


def _heads(problem: MixProblem, columns: tuple[tuple[int, ...], ...]) -> list[Pool]:
    return [problem.pools[column[0]] for column in columns]


def _unique(pools: Sequence[Pool], column: tuple[int, ...]) -> float:
    return float(sum(pools[index].unique_tokens for index in column))


def _columns(problem: MixProblem, caps: Array) -> tuple[tuple[int, ...], ...]:
    """Pools that can share a column: same language, worth, cap and limits, and in the matrix."""
    apart = [
        _counted(problem, limit, problem.pools)
        for limit in problem.limits
        if isinstance(limit, ShareLimit | KeepTokens | OriginLimit)
    ]
    within = [
        limit.within(problem.pools) for limit in problem.limits if isinstance(limit, OriginLimit)
    ]
    drift = drift_of(problem, problem.pools)
    if drift is not None:
        apart += list(drift.human)
    known = set(problem.transfer.keys)
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, pool in enumerate(problem.pools):
        if pool.unique_tokens > 0 and pool.language in known:
            signature = tuple(float(counted[index]) for counted in (*apart, *within))
            worth = problem.worth_of(pool)
            # What is worth the same as a rule is not in every draw, and rephrases wear otherwise.
            apart_by = pool.provenance
            if problem.objective not in UNDER_DRAWS and pool.provenance != "rephrased":
                apart_by = ""
            key = (pool.language, worth, caps[index], signature, apart_by)
            groups.setdefault(key, []).append(index)
    if not groups:
        raise ProblemError(
            f"none of the {len(problem.pools)} pools is in a language of matrix "
            f"{problem.matrix.name}: choose another matrix or inventory",
            field="pools",
        )
    named = sorted((min(problem.pools[i].name for i in group), group) for group in groups.values())
    return tuple(tuple(sorted(group, key=lambda i: problem.pools[i].name)) for _, group in named)


def charged(problem: MixProblem, tau: Array, sigma: Array) -> Array:
    """κσ per pair, but never more than τ: doubt can take away what a score promises, not more.

    With a box it is what lies above the lower end of the weight's interval: log(1 + τ) is
    Gaussian, of standard error σ/(1 + τ). An objective that is taken over draws of the doubt
    charges nothing for it besides; where only some scores are wrong at once see :func:`in_doubt`.
    """
    if problem.objective in UNDER_DRAWS or problem.wrong_scores is not None:
        return np.zeros_like(tau)
    if problem.box is not None:
        return in_doubt(problem, tau, sigma)
    return np.minimum(problem.risk_aversion * sigma, np.maximum(tau, 0.0))


def in_doubt(problem: MixProblem, tau: Array, sigma: Array) -> Array:
    """What of every weight lies above the lower end of its interval at the level of the box."""
    level = DEFAULT_BOX if problem.box is None else problem.box
    width = NormalDist().inv_cdf(0.5 + 0.5 * level) * sigma / (1.0 + np.maximum(tau, 0.0))
    low = np.maximum((1.0 + tau) * np.exp(-width) - 1.0, 0.0)
    return np.maximum(tau, 0.0) - np.minimum(low, np.maximum(tau, 0.0))


def harms(problem: MixProblem, target: str, languages: Sequence[str], saturated: Array) -> Array:
    """What every language's text would lack if its score were wrong, in effective tokens.

    Args:
        problem: the question.
        target: key of the target.
        languages: of every pool or column.
        saturated: q·S of each.

    Returns:
        (languages,), by their first appearance in ``languages``.
    """
    order = {key: place for place, key in enumerate(dict.fromkeys(languages))}
    tau, sigma = weights_of(problem, [target], languages)
    out = np.zeros(len(order))
    lost = saturated * in_doubt(problem, tau, sigma)[0]
    np.add.at(out, [order[key] for key in languages], lost)
    return out


def weights_of(
    problem: MixProblem, targets: Sequence[str], languages: Sequence[str]
) -> tuple[Array, Array]:
    """τ and its standard error as (T, n), target by language; 0 where the matrix has none of it."""
    transfer = problem.transfer
    place = {key: at for at, key in enumerate(transfer.keys)}
    sources = np.array([place.get(language, -1) for language in languages], dtype=np.intp)
    block = np.ix_(sources, np.array([transfer.index(target) for target in targets]))
    known = sources >= 0
    tau, sigma = transfer.weights[block].T, transfer.stderr[block].T
    return np.where(known, tau, 0.0), np.where(known, sigma, 0.0)


Wrong = tuple[tuple[str, frozenset[str]], ...]
"""Scores that may be wrong at once: a target and the donors concerned, a pair a scenario."""


def with_wrong_scores(problem: MixProblem, compiled: Compiled, wrong: Wrong) -> Compiled:
    """The program with a row a scenario of wrong scores.

    Under the mean each target has its own worst scenario, and under the objective ``worst`` the
    largest ratio of any counts.
    """
    program, keys = compiled.program, problem.target_keys
    at = [keys.index(target) for target, _ in wrong]
    tau, sigma = weights_of(problem, keys, compiled.languages)
    worth = np.array([problem.worth_of(pool) for pool in compiled.heads(problem)])
    hit = np.array([[key in donors for key in compiled.languages] for _, donors in wrong])
    lost = np.where(hit, in_doubt(problem, tau, sigma)[at], 0.0)
    other = OtherWorlds(
        at=at,
        gain=np.maximum(tau[at] - lost, 0.0) * worth,
        phi=program.phi[at],
        weight=program.weight[at],
        base=np.zeros(len(at)) if program.base is None else program.base[at],
        scenario=np.arange(len(at)),
        blocks=None if problem.objective == "worst" else np.array(at),
    )
    return with_worlds(problem, compiled, other)


def most_harmful(problem: MixProblem, compiled: Compiled, x: Array) -> Wrong:
    """The scores whose being wrong harms each target most in a mixture, at most so many."""
    worth = np.array([problem.worth_of(pool) for pool in compiled.heads(problem)])
    saturated = worth * saturate(x, compiled.program.unique, problem.decay)
    languages = list(dict.fromkeys(compiled.languages))
    wrong = []
    for key in problem.target_keys:
        harm = harms(problem, key, compiled.languages, saturated)
        order = np.argsort(-harm, kind="stable")[: problem.wrong_scores]
        wrong.append((key, frozenset(languages[place] for place in order if harm[place] > 0)))
    return tuple(wrong)


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


def _closed(problem: MixProblem, heads: Sequence[Pool]) -> NDArray[np.bool_]:
    """Columns that a limit of 0 % closes altogether."""
    closed = np.zeros(len(heads), dtype=bool)
    for limit in problem.limits:
        if isinstance(limit, ShareLimit) and limit.bound == "max" and limit.share == 0:
            closed |= limit.selection.mask(heads)
    return closed


def _counted(problem: MixProblem, limit: Limit, pools: Sequence[Pool]) -> Array:
    """What a token of every pool counts for under a limit: 0 or 1, or how far it is trusted."""
    if isinstance(limit, OriginLimit):
        return limit.counts(pools, problem.unknown_human)
    assert not isinstance(limit, Guardrail)
    return limit.selection.mask(pools).astype(float)


def source_tokens(problem: MixProblem, language: str) -> float:
    """Unique tokens of human text that rephrased text of a language was made from, 0: unknown.

    Which documents were rephrased no inventory says: all human text that may be read, or all of the
    inventory where none may.
    """
    human = [
        pool
        for pool in problem.inventory.pools
        if pool.language == language and pool.provenance in ("human", "human_edited")
    ]
    opened = {pool.name for pool in problem.pools}
    return sum(p.unique_tokens for p in human if p.name in opened) or sum(
        p.unique_tokens for p in human
    )


def distinct_tokens(problem: MixProblem) -> Array:
    """Unique tokens as saturation counts them, (pools,): those of the pool, as a rule.

    Rephrases are other views of the documents of their source. All of a language together have at
    most :data:`REPHRASED_MOST` of its tokens to give, however often it was rephrased: they saturate
    as a pool whose limit, U·(1 + 1/λ), is that. The epoch cap is on the tokens that there are.
    """
    unique = np.array([pool.unique_tokens for pool in problem.pools])
    rephrased = [pool.provenance == "rephrased" for pool in problem.pools]
    for language in {p.language for p in problem.pools if p.provenance == "rephrased"}:
        source = source_tokens(problem, language)
        most = REPHRASED_MOST * source * problem.decay / (1.0 + problem.decay)
        mine = np.array([p.language == language for p in problem.pools]) & rephrased
        total = float(unique[mine].sum())
        if not (source > 0 and total > 0):
            continue
        for place in np.flatnonzero(mine).tolist():
            worth = problem.worth_of(problem.pools[place])
            if worth > 0:  # what is worth half a token takes twice the tokens to give as much
                unique[place] = min(unique[place], most * unique[place] / total / worth)
    return unique


def drift_of(problem: MixProblem, pools: Sequence[Pool]) -> Drift | None:
    """The penalty on machine text of the targets; None where there is none to price.

    It is counted in tokens over the budget, each target by its weight over the mean of all.
    """
    if not problem.drift_penalty:
        return None
    weights = np.array([target.weight for target in problem.targets])
    humans = [OriginLimit("min", key, "human", 0.0) for key in problem.target_keys]
    read = np.array([each.within(pools).astype(float) for each in humans])
    human = np.array([each.counts(pools, problem.unknown_human) for each in humans])
    machine = (human < read).any(axis=1)
    if not machine.any():
        return None
    price = problem.drift_penalty * weights / weights.mean()
    return Drift(price[machine], read[machine], human[machine])


def _drift(problem: MixProblem, heads: Sequence[Pool], upper: Array) -> Drift | None:
    """The penalty over the columns.

    Raises:
        ProblemError: a target has machine text and no human text beside it, which would cost any
            amount.
    """
    drift = drift_of(problem, heads)
    if drift is None:
        return None
    for read, human in zip(drift.read, drift.human, strict=True):
        if not (human @ upper) > 0:
            language = heads[int(np.argmax(read))].language
            raise ProblemError(
                f"the drift penalty prices machine text against human text beside it, and "
                f"{name_of(language)} has no human text that may be read: open human pools of it, "
                "or leave the penalty out",
                field="drift_penalty",
                value=problem.drift_penalty,
            )
    return drift


def _limits(problem: MixProblem, heads: Sequence[Pool]) -> Rows:
    """Rows for share limits, limits within a language, and kept tokens."""
    names, kinds, levels = [], [], []
    members, counts, within = [], [], []
    for limit in problem.limits:
        if isinstance(limit, EpochCap | Guardrail):
            continue
        names.append(limit.name)
        mine = limit.selection.mask(heads)
        members.append(mine)
        counts.append(_counted(problem, limit, heads))
        whole = np.ones(len(heads), dtype=bool)
        within.append(limit.within(heads) if isinstance(limit, OriginLimit) else whole)
        if isinstance(limit, KeepTokens):
            kinds.append("keep")
            levels.append(limit.tokens / problem.budget)
        else:
            kinds.append(str(limit.bound))
            levels.append(limit.share)
    shape = (len(names), len(heads))
    tables = [np.reshape(table, shape) for table in (members, counts, within)]
    return Rows.of(names, kinds, tables[0], levels, tables[1], tables[2])
