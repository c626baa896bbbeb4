"""Prices: what each limit costs, to first order, in the objective.

Each price is the dual of a limit times one readable loosening (a billion tokens, one epoch, one
point of share). By the envelope theorem it is the change of the optimum, not of this mixture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from atlasmix.laws.saturation import Array, value_of_unique
from atlasmix.mixture.mixture import Mixture, Price
from atlasmix.problem.constraints import EpochCap, Guardrail
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.solver.linear import LinearProgram, minimise
from atlasmix.solver.program import scale

if TYPE_CHECKING:
    from atlasmix.solver.optimise import Solved

_NOTHING = 1e-6
"""Change of the objective over its reducible part below which a limit is said to cost nothing."""

_AT_CAP = 1e-6

_Entry = tuple[str, str, str, str, float]  # kind, subject, limit, change, fall of the objective


def prices(problem: MixProblem, solved: Solved, mixture: Mixture) -> tuple[Price, ...]:
    """Every limit that costs something, dearest first."""
    # Under 'worst' what each target could get alone moves with budget and pools: no price then.
    fixed = problem.objective not in ("worst", "regret")
    # A compute budget is spent: more tokens would mean fewer parameters.
    stated = problem.compute is None
    duals = _duals(problem, solved, mixture)
    entries = [
        *(_budget(problem, solved, duals) if fixed and stated else ()),
        *(_unique(problem, solved, duals) if fixed else ()),
        *_epochs(problem, solved, duals),
        *_rows(solved, duals),
        *_guardrails(problem, solved),
    ]
    size = scale(solved.compiled.program, solved.optimum.value)
    priced = [
        Price(limit, change, -fall, -fall / size, kind, subject)
        for kind, subject, limit, change, fall in entries
        if math.isfinite(fall) and fall > _NOTHING * size
    ]
    return tuple(sorted(priced, key=lambda price: (price.value, price.limit)))


def _step(tokens: float) -> float:
    """A round loosening that is small against ``tokens``: 1B, or a tenth as a power of ten."""
    return min(1e9, 10.0 ** math.floor(math.log10(max(tokens, 10.0) / 10)))


@dataclass(frozen=True, slots=True)
class _Duals:
    """Duals in tokens, where T is free up to the budget: each per share of the tokens read.

    Attributes:
        budget: of the budget; 0 where it is not all read.
        upper: (n,), of each column's epoch cap.
        rows: (m,), of the limits.
    """

    budget: float
    upper: Array
    rows: Array


def _duals(problem: MixProblem, solved: Solved, mixture: Mixture) -> _Duals:
    """The certificate's duals hold T fixed; here a token more also crowds every target.

    Where caps or limits end the run before the budget, it is they that a longer run is priced by.
    """
    program, optimum = solved.compiled.program, solved.optimum
    line = optimum.prices.line
    apart = program.phi * (1.0 - program.least / line.m)  # μ is there however much is read
    crowded = float((line.heavy * apart) @ line.m**-program.phi)
    slope = line.gradient + crowded  # of the objective by the tokens of a column
    spent = mixture.unspent <= _NOTHING * problem.budget
    rows = np.zeros(len(program.rows.names))
    budget = optimum.prices.share - crowded if spent else 0.0
    if not problem.exact_tokens:
        budget = max(budget, 0.0)
    if rows.size:
        size = max(float(np.abs(slope).max()), 1e-300)
        total = np.ones((1, slope.size))
        most = np.array([problem.budget / solved.compiled.tokens])
        limits, bound = program.rows.matrix, program.rows.bound
        box = (np.zeros(slope.size), program.upper)
        if problem.exact_tokens:
            task = LinearProgram(slope / size, limits, bound, *box, total, most)
        else:
            limits, bound = np.vstack([limits, total]), np.append(bound, most)
            task = LinearProgram(slope / size, limits, bound, *box)
        solution = minimise(task, "the prices")
        rows = solution.rows[: rows.size] * size
        budget = float(solution.equal[0] if problem.exact_tokens else solution.rows[-1]) * size
    reduced = slope + budget + rows @ program.rows.matrix
    capped = (optimum.x >= program.upper * (1.0 - _AT_CAP)) & (program.upper > 0)
    return _Duals(budget, np.where(capped, np.maximum(-reduced, 0.0), 0.0), rows)


def _budget(problem: MixProblem, solved: Solved, duals: _Duals) -> list[_Entry]:
    """One more token of everything: more data, and a smaller own share for whom it is not.

    A drift penalty is counted over the budget, and so falls as it grows.
    """
    step = _step(problem.budget)
    fall = duals.budget * step / solved.compiled.tokens
    drift = solved.compiled.program.drift
    if drift is not None:
        fall += drift.value(solved.optimum.x) * step / problem.budget
    return [("budget", "", "budget", f"+{format_quantity(step)} tokens", fall)]


def _unique(problem: MixProblem, solved: Solved, duals: _Duals) -> list[_Entry]:
    """Unique tokens of a language, its pools growing evenly: what rephrases have to give, too."""
    compiled, optimum = solved.compiled, solved.optimum
    program = compiled.program
    value = optimum.prices.line.worth * value_of_unique(optimum.x, program.unique, program.decay)
    # A cap is epochs times unique tokens: it moves with them.
    held = duals.upper * program.upper
    value = np.where(program.upper > 0, value + held / program.unique, 0.0)
    entries, held_tokens = [], compiled.held(problem)
    for language in sorted(set(compiled.languages)):
        mine = np.array([key == language for key in compiled.languages])
        size = float(held_tokens[mine].sum())
        step = _step(size * compiled.tokens)
        share = program.unique[mine] / size
        fall = float(value[mine] @ share) * step / compiled.tokens
        change = f"+{format_quantity(step)} unique tokens"
        entries.append(("unique", language, f"unique tokens of {language}", change, fall))
    return entries


def _epochs(problem: MixProblem, solved: Solved, duals: _Duals) -> list[_Entry]:
    """A tenth of an epoch more for every pool under the same cap, together."""
    at_cap = 0.1 * duals.upper * solved.compiled.held(problem)
    # A column that the tokens themselves hold is at no cap, nor is one that a limit closes.
    open_to_all = (solved.compiled.program.upper < 1.0) & (solved.compiled.program.upper > 0)
    at_cap = np.where(open_to_all, at_cap, 0.0)
    own = [limit for limit in problem.limits if isinstance(limit, EpochCap)]
    heads = solved.compiled.heads(problem)
    taken = np.zeros(len(heads), dtype=bool)
    entries = []
    for limit in reversed(own):  # the last one written wins, as in epoch_limits
        mask = limit.selection.mask(heads) & ~taken
        taken |= mask
        entries.append(
            ("epochs", limit.selection.label, limit.name, "+0.1 epoch", float(at_cap[mask].sum()))
        )
    rest = float(at_cap[~taken].sum())
    return [*entries, ("epochs", "", f"max epochs {problem.max_epochs:g}", "+0.1 epoch", rest)]


def _rows(solved: Solved, duals: _Duals) -> list[_Entry]:
    rows, entries = solved.compiled.program.rows, []
    for name, kind, level, price in zip(
        rows.names, rows.kinds, rows.levels, duals.rows, strict=True
    ):
        if kind == "keep":
            step = _step(level * solved.compiled.tokens)
            change = f"-{format_quantity(step)} tokens"
            fall = price * step / solved.compiled.tokens
        else:
            change, fall = f"{'+' if kind == 'max' else '-'}1 point", price * 0.01
        entries.append((kind, name.split(" ")[1], name, change, float(fall)))
    return entries


def _guardrails(problem: MixProblem, solved: Solved) -> list[_Entry]:
    """One more point of slack: a hundredth of the loss that is guarded."""
    guard = solved.optimum.duals.guard
    if guard is None:
        return []
    entries = []
    for limit in problem.limits:
        if not isinstance(limit, Guardrail):
            continue
        row = solved.compiled.rows_of.index(limit.language)
        allowed = float(solved.compiled.program.level[row]) + solved.compiled.laws[row].E
        fall = float(guard[row]) * 0.01 * allowed / (1 + limit.slack)
        entries.append(("guardrail", limit.language, limit.name, "+1 point", fall))
    return entries
