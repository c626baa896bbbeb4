"""Prices: what each limit costs, to first order, in predicted loss or effective data.

Each price is the dual of a limit times one readable loosening (a billion tokens, one epoch, one
point of share). By the envelope theorem it is the change of the optimum, not of this mixture.
"""

from __future__ import annotations

import math

import numpy as np

from atlasmix.mixing.compile import Compiled
from atlasmix.mixing.engines import Optimum
from atlasmix.mixing.limits import EpochCap, Guardrail
from atlasmix.mixing.mixture import Mixture, Price
from atlasmix.mixing.problem import MixProblem
from atlasmix.mixing.program import charge
from atlasmix.quantities import format_quantity
from atlasmix.scaling.saturation import Array, value_of_unique

_NOTHING = 1e-6
"""Relative change of the objective below which a limit is said to cost nothing."""


def prices(
    problem: MixProblem, compiled: Compiled, optimum: Optimum, mixture: Mixture
) -> tuple[Price, ...]:
    """Every limit that costs something, dearest first."""
    # Under 'worst' what each target could get alone moves with budget and pools: no price then.
    fixed = compiled.program.base is None
    # A compute budget is spent: more tokens would mean fewer parameters.
    stated = problem.compute is None
    found = [
        *(_budget(problem, optimum) if fixed and stated else ()),
        *(_unique(problem, compiled, optimum) if fixed else ()),
        *_epochs(problem, compiled, optimum),
        *_rows(problem, compiled, optimum),
        *_guardrails(problem, compiled, optimum),
    ]
    words = [_price(problem, compiled, mixture, entry) for entry in found]
    kept = [price for price in words if price is not None]
    return tuple(sorted(kept, key=lambda price: (_size(price), price.limit)))


_Entry = tuple[str, str, str, str, float]  # kind, subject, limit, change, fall of the objective


def _step(tokens: float) -> float:
    """A round loosening that is small against ``tokens``: 1B, or a tenth as a power of ten."""
    return min(1e9, 10.0 ** math.floor(math.log10(max(tokens, 10.0) / 10)))


def _budget(problem: MixProblem, optimum: Optimum) -> list[_Entry]:
    step = _step(problem.budget)
    fall = optimum.prices.budget * step / problem.budget
    return [("budget", "", "budget", f"+{format_quantity(step)} tokens", fall)]


def _unique(problem: MixProblem, compiled: Compiled, optimum: Optimum) -> list[_Entry]:
    """Unique tokens of a language, the pools of a column growing evenly."""
    program, x = compiled.program, optimum.x
    pull = optimum.prices.line.pull
    more = value_of_unique(x, program.unique, program.decay)
    effect = program.gain - program.harm
    worth = pull @ effect
    if optimum.duals.risk is not None:
        worth = worth - pull @ charge(program, optimum.duals.risk)
    if optimum.duals.guard is not None:
        worth = worth + optimum.duals.guard @ effect
    value = worth * more
    # A cap is epochs times unique tokens: it moves with them.
    value = value + optimum.prices.upper * program.upper / program.unique
    entries = []
    for language in sorted({compiled.languages[index] for index in program.member}):
        mine = program.member == compiled.languages.index(language)
        size = float(program.unique[mine].sum()) * problem.budget
        step = _step(size)
        share = program.unique[mine] / program.unique[mine].sum()
        fall = float(value[mine] @ share) * step / problem.budget
        change = f"+{format_quantity(step)} unique tokens"
        entries.append(("unique", language, f"unique tokens of {language}", change, fall))
    return entries


def _epochs(problem: MixProblem, compiled: Compiled, optimum: Optimum) -> list[_Entry]:
    """A tenth of an epoch more for every pool under the same cap, together."""
    program = compiled.program
    at_cap = 0.1 * optimum.prices.upper * program.unique
    own = [limit for limit in problem.limits if isinstance(limit, EpochCap)]
    heads = [problem.pools[column[0]] for column in compiled.columns]
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


def _rows(problem: MixProblem, compiled: Compiled, optimum: Optimum) -> list[_Entry]:
    rows, total = compiled.program.rows, float(optimum.x.sum())
    entries = []
    for name, kind, level, price in zip(
        rows.names, rows.kinds, rows.levels, optimum.prices.rows, strict=True
    ):
        if kind == "keep":
            step = _step(level * problem.budget)
            change, fall = f"-{format_quantity(step)} tokens", price * step / problem.budget
        else:
            change, fall = f"{'+' if kind == 'max' else '-'}1 point", price * 0.01 * total
        entries.append((kind, name.split(" ")[1], name, change, float(fall)))
    return entries


def _guardrails(problem: MixProblem, compiled: Compiled, optimum: Optimum) -> list[_Entry]:
    """One more point of slack, by the loss law from loss to effective data."""
    if optimum.duals.guard is None:
        return []
    entries = []
    for limit in problem.limits:
        if not isinstance(limit, Guardrail):
            continue
        row = compiled.rows_of.index(limit.language)
        least = float(compiled.program.least[row])
        loss = problem.law.loss(problem.params, least * problem.budget)
        looser = loss * (1 + limit.slack + 0.01) / (1 + limit.slack)
        eased = problem.law.tokens_for(problem.params, looser) / problem.budget
        fall = float(optimum.duals.guard[row]) * (least - eased)
        entries.append(("guardrail", limit.language, limit.name, "+1 point", fall))
    return entries


def _price(
    problem: MixProblem, compiled: Compiled, mixture: Mixture, entry: _Entry
) -> Price | None:
    """The fall of the program's objective in the user's unit."""
    kind, subject, limit, change, fall = entry
    program, law = compiled.program, problem.law
    if abs(fall) <= _NOTHING:
        return None
    loss: float | None
    effective: float | None
    if program.base is not None:
        loss, effective = -fall, None
    elif program.exponent is not None:
        loss, effective = -fall * _reducible(problem, program.reference), None
    elif len(mixture.targets) == 1:
        target = mixture.targets[0]
        data = max(target.effective_data - target.risk_penalty, 1.0)
        loss, effective = -fall * law.beta * law.B * data**-law.beta, fall
    else:
        loss, effective = None, fall
    return Price(limit, change, loss, effective, kind, subject)  # type: ignore[arg-type]


def _reducible(problem: MixProblem, reference: Array) -> float:
    """Mean loss per unit of the program's objective."""
    weight = np.array([target.weight for target in problem.targets])
    alone = reference[: weight.size] * problem.budget
    return float(weight @ (problem.law.B * alone**-problem.law.beta) / weight.sum())


def _size(price: Price) -> float:
    return -abs(price.effective if price.effective is not None else price.loss or 0.0)
