"""Why the share of each language is what it is, and not one point more or less.

At the optimum the next token of every language that is free to move is worth the same: the common
price, the multiplier of Σx = 1. What holds a language away from it is a limit, the end of its text,
or that its first token is worth less. Values are slopes of the objective at the number of tokens
read; what a point more or less would change is the law evaluated anew, not a slope.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from atlasmix.laws.saturation import Array, marginal, saturate
from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.constraints import Guardrail
from atlasmix.problem.problem import MixProblem, canonical
from atlasmix.solver.compile import same_language, weights_of
from atlasmix.solver.engines import violations
from atlasmix.solver.optimise import Solved, optimise_problem
from atlasmix.solver.program import (
    effective,
    linearise,
    losses,
    objective,
    scale,
)

POINT: Final = 0.01
"""The share that is moved: one point, or half of a share that is smaller than two."""

ASKED_ABOUT: Final = "eng"
"""English is explained where it is left out, too: the share that every reviewer asks about."""

NEXT_IN_LINE: Final = 5
"""Languages left out that are explained besides, the nearest to coming in: our choice."""

_READ: Final = 1e-6
_AT_CAP: Final = 1e-6
_BINDS: Final = 1e-6
_GIVES: Final = 1e-3
"""Part of a token's value below which a target is not named: our choice."""

_NAMED: Final = 0.05
_APART: Final = 0.005
"""Part of the common price by which a next token is worth something else: half a percent, our
choice, below what a table shows."""
_Mask = NDArray[np.bool_]

Held = Literal[
    "free",
    "near",
    "text",
    "least",
    "most",
    "below",
    "crumb",
    "closed",
    "donors",
    "no text",
    "no scores",
]
"""What decides a share: ``free`` to move, the next token is worth the common price; ``near``: it
stays near that of a reference, as was asked; ``text`` runs out at the epoch cap; ``least`` and
``most``, limits of the question; ``below``: not read, its first token is worth less than the common
price; ``crumb``: not read, the best mixture reads too little of it to be prepared; ``closed`` by a
limit of 0; ``donors``: no more of them may be read; ``no text`` here; ``no scores`` in the
matrix."""


@dataclass(frozen=True, slots=True)
class Gift:
    """What a language is to one target.

    Attributes:
        target: the target, or a guarded language.
        capacity, data: parts of the value of the next token (0-1) that come from the target's own
            share, and from its effective data; over all gifts of a language they sum to 1.
        tokens: effective tokens that the target has of the language in this mixture.
        weight, stderr: τ and its standard error; 1 and 0 of the target itself.
        status: how τ came to be; see :class:`~atlasmix.mixture.mixture.Reason`.
    """

    target: str
    capacity: float
    data: float
    tokens: float
    weight: float
    stderr: float
    status: str

    @property
    def part(self) -> float:
        """Part of the value of the next token, 0-1."""
        return self.capacity + self.data


@dataclass(frozen=True, slots=True)
class Move:
    """A share moved by a little, and the law evaluated there, the number of tokens unchanged.

    Attributes:
        step: how much of the tokens is moved, above 0; one point as a rule.
        change: of the objective, in the unit of the certificate's ``value``; below 0 is better.
        relative: the same over the reducible part of the objective.
        others: languages that give or take a twentieth of it or more, largest part first.
        losses: every target and the change of its predicted loss, donors counted whole.
        breaks: limits of the question that it would break, by name; ``epoch cap`` for that.
    """

    step: float
    change: float
    relative: float
    others: tuple[str, ...]
    losses: tuple[tuple[str, float], ...]
    breaks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShareReason:
    """Why one language has the share that it has.

    Attributes:
        language: key.
        role: ``target``, ``donor`` (read) or ``out`` (neither).
        share: of the tokens read, 0-1.
        flat: least and most share at which nobody would measure a difference; None: not sought.
        held: what decides the share.
        limits: names of the limits that hold it, where ``held`` is ``least`` or ``most``.
        value: of its next token over the common price; nan where it has no text or no score.
        fresh: what a token of it is worth beside a fresh one, 0-1: repeats are worth less.
        epochs: passes over the pool of it that is read most often.
        gifts: whom it helps, by the value of its next token, largest first.
        more, less: a point more and a point less; None where nothing could give or take it.
    """

    language: str
    role: Literal["target", "donor", "out"]
    share: float
    flat: tuple[float, float] | None
    held: Held
    limits: tuple[str, ...]
    value: float
    fresh: float
    epochs: float
    gifts: tuple[Gift, ...]
    more: Move | None
    less: Move | None


def explain_shares(
    problem: MixProblem, mixture: Mixture, languages: tuple[str, ...] = ()
) -> tuple[ShareReason, ...]:
    """Why each language has its share: those read, targets, English, the next in line.

    Args:
        problem: the question.
        mixture: its answer.
        languages: further ones to explain, whether the question has text of them or not.

    Returns:
        Languages that are read, largest share first, then those that are not, by the value of
        their first token.
    """
    problem = canonical(problem)
    solved = optimise_problem(problem)
    x = solved.optimum.x
    if mixture.left_alone is not None or mixture.crumbs is not None:
        read_by = {share.pool.name: share.tokens for share in mixture.pools}
        x = solved.compiled.collapse(np.array([read_by[pool.name] for pool in problem.pools]))
        x = x / x.sum()
    margin = _Margin(problem, solved, x)
    ranges = {each.language: (each.low, each.high) for each in mixture.flatness}
    read = list(mixture.proportions)
    usual = [ASKED_ABOUT] if problem.transfer.axis == "language" else []
    explained = dict.fromkeys([*read, *problem.target_keys, *usual, *languages])
    line = sorted(
        {*margin.compiled.languages} - {*explained, *mixture.crumb_keys},
        key=lambda key: (-margin.value(key), key),
    )
    keys = dict.fromkeys([*explained, *line[:NEXT_IN_LINE]])
    reasons = [_reason(margin, mixture, key, ranges.get(key)) for key in keys]
    order = {key: place for place, key in enumerate(read)}

    def rank(reason: ShareReason) -> tuple[int, float, str]:
        value = -np.inf if np.isnan(reason.value) else reason.value
        return order.get(reason.language, len(order)), -value, reason.language

    return tuple(sorted(reasons, key=rank))


class _Margin:
    """The slopes of the objective at an answer, column by column, and what holds each column."""

    def __init__(self, problem: MixProblem, solved: Solved, x: Array) -> None:
        """Read off the line under the objective at ``x``, the optimum or what stands for it."""
        self.problem, self.compiled, self.optimum = problem, solved.compiled, solved.optimum
        program = self.compiled.program
        self.program, self.x = program, x
        at_best = x is self.optimum.x
        self.line = line = (
            self.optimum.prices.line if at_best else linearise(program, x, self.optimum.duals)
        )
        self.value_there = self.optimum.value if at_best else objective(program, x)
        self.languages = np.array(self.compiled.languages)
        self.slope = marginal(x, program.unique, program.decay)
        self.worth = line.pull + line.worth * self.slope - line.drift
        self.capped = (x >= program.upper * (1.0 - _AT_CAP)) & (program.upper > 0)
        self.open = program.upper > 0
        rows = self.optimum.prices.rows
        size = max(float(np.abs(self.worth).max(initial=0.0)), 1e-300)
        self.binding = rows > _BINDS * size
        members = program.rows.members & (program.rows.counts > 0)
        self.bound_by = members & self.binding[:, None]
        held = self.bound_by.any(axis=0)
        self.free: _Mask = (x > _READ) & ~self.capped & ~held
        self.price = self.optimum.prices.share
        if self.free.any():
            self.price = float(x[self.free] @ self.worth[self.free] / x[self.free].sum())
        # The first rows are the targets as the evidence has them, under any objective.
        self.before = losses(program, x, expected=True)[: len(problem.targets)]
        self.size = scale(program, self.optimum.value)

    def mine(self, key: str) -> _Mask:
        """The columns of a language."""
        return np.asarray(self.languages == key)

    def head(self, key: str) -> int:
        """The column whose token comes next: of those that have room, the most read or worth."""
        mine = np.flatnonzero(self.mine(key))
        return int(
            max(
                mine,
                key=lambda at: (
                    bool(self.open[at] and not self.capped[at]),
                    float(self.x[at]) if self.x[at] > _READ else 0.0,
                    float(self.worth[at]),
                ),
            )
        )

    def value(self, key: str) -> float:
        """Value of the next token over the common price; nan where the language has no column."""
        if not self.mine(key).any():
            return float("nan")
        return float(self.worth[self.head(key)] / self.price) if self.price > 0 else float("inf")

    def rise(self, key: str) -> float:
        """How much more is looked at: a point, or all the text that is left of less than one."""
        mine = self.mine(key) & self.open
        room = float((np.minimum(self.program.upper, 1.0) - self.x)[mine].sum())
        return min(room, POINT) if room > _READ else POINT

    def barred(self, kind: str) -> _Mask:
        """The columns that a binding limit holds: ``max`` from above, any other from below."""
        rows = self.program.rows
        mine = [row for row, each in enumerate(rows.kinds) if (each == "max") == (kind == "max")]
        return np.asarray(self.bound_by[mine].any(axis=0)) if mine else np.zeros(self.x.size, bool)

    def moved(self, key: str, step: float) -> Move | None:
        """What ``step`` more of a language (below 0: less) does, given or taken by others."""
        own = _inside(self, key, step)
        others = _beside(self, key, -step)
        if own is None or others is None:
            return None
        there = np.maximum(self.x + own + others, 0.0)
        change = objective(self.program, there) - self.value_there
        after = losses(self.program, there, expected=True)[: len(self.problem.targets)]
        whose = np.argsort(-np.abs(others), kind="stable")
        least = _NAMED * abs(step)
        named = dict.fromkeys(str(self.languages[at]) for at in whose if abs(others[at]) > least)
        with np.errstate(invalid="ignore"):
            difference = after - self.before
        return Move(
            step=abs(step),
            change=float(change),
            relative=float(change / self.size),
            others=tuple(named),
            losses=tuple(zip(self.problem.target_keys, difference.tolist(), strict=True)),
            breaks=_broken(self, there),
        )


def _reason(
    margin: _Margin, mixture: Mixture, key: str, flat: tuple[float, float] | None
) -> ShareReason:
    problem, share = margin.problem, mixture.proportions.get(key, 0.0)
    targets = set(problem.target_keys)
    role: Literal["target", "donor", "out"] = "donor" if share > 0 else "out"
    if key in targets:
        role = "target"
    if not margin.mine(key).any():
        known = key in problem.transfer.keys or key in targets
        held: Held = "no text" if known else "no scores"
        nothing = float("nan")
        return ShareReason(key, role, share, flat, held, (), nothing, nothing, 0.0, (), None, None)
    head = margin.head(key)
    held, limits = ("crumb", ()) if key in mixture.crumb_keys else _held(margin, key)
    step = min(POINT, 0.5 * share)
    mine = [each.epochs for each in mixture.pools if each.pool.language == key]
    closed = held in ("closed", "donors")
    return ShareReason(
        language=key,
        role=role,
        share=share,
        flat=flat,
        held=held,
        limits=limits,
        value=float("nan") if closed else margin.value(key),
        fresh=float(margin.slope[head]),
        epochs=max(mine, default=0.0),
        gifts=_gifts(margin, key, head),
        more=None if closed else margin.moved(key, margin.rise(key)),
        less=margin.moved(key, -step) if step > _READ else None,
    )


def _held(margin: _Margin, key: str) -> tuple[Held, tuple[str, ...]]:
    """What decides the share of a language that has text here, and the limits of that name."""
    mine = margin.mine(key)
    if not margin.open[mine].any():
        few = margin.problem.max_donors is not None
        return ("donors" if few and not _forbidden(margin, key) else "closed"), ()
    if margin.free[mine].any():
        near = margin.problem.near is not None and abs(margin.value(key) - 1.0) > _APART
        return ("near" if near else "free"), ()
    rows = margin.program.rows
    holding = np.flatnonzero(margin.bound_by[:, mine].any(axis=1))
    floors = tuple(rows.names[row] for row in holding if rows.kinds[row] != "max")
    ceilings = tuple(rows.names[row] for row in holding if rows.kinds[row] == "max")
    if ceilings and (margin.value(key) >= 1.0 or not floors):
        return "most", ceilings
    if floors:
        return "least", floors
    return ("text" if margin.capped[mine].any() else "below"), ()


def _forbidden(margin: _Margin, key: str) -> bool:
    """Whether a limit of 0 closes the language whatever the number of donors."""
    return any(
        kind == "max" and level == 0 and bool(members[margin.mine(key)].all())
        for kind, level, members in zip(
            margin.program.rows.kinds,
            margin.program.rows.levels.tolist(),
            margin.program.rows.members,
            strict=True,
        )
    )


def _gifts(margin: _Margin, key: str, head: int) -> tuple[Gift, ...]:
    """The value of the next token by target, and what each has of the language so far."""
    program, compiled, problem = margin.program, margin.compiled, margin.problem
    line = margin.line
    capacity = line.heavy * line.m**-program.phi * program.phi / line.m * program.own[:, head]
    guarded = np.zeros_like(line.yields)
    guard = margin.optimum.duals.guard
    if guard is not None and guard.any():
        y = np.maximum(effective(program, margin.x, expected=True), 1e-60)
        lost = np.where(guard > 0, guard * program.data * y**-program.beta, 0.0)
        guarded = lost * program.beta / y
    counted = (line.yields - guarded) * program.gain[:, head]
    data = (counted + guarded * program.expected[:, head]) * margin.slope[head]
    whole = float(capacity.sum() + data.sum())
    mine = np.flatnonzero(margin.mine(key))
    saturated = saturate(margin.x, program.unique, program.decay)[mine] * compiled.tokens
    transfer, gifts = problem.transfer, []
    for target in dict.fromkeys(compiled.rows_of):
        rows = np.array([each == target for each in compiled.rows_of])
        first = compiled.rows_of.index(target)
        tau, sigma = weights_of(problem, [target], [key])
        own = same_language(target, key, transfer.axis)
        gift = Gift(
            target=target,
            capacity=float(capacity[rows].sum()) / whole if whole > 0 else 0.0,
            data=float(data[rows].sum()) / whole if whole > 0 else 0.0,
            tokens=float(program.expected[first, mine] @ saturated),
            weight=float(tau[0, 0]),
            stderr=float(sigma[0, 0]),
            status="" if own else str(transfer.status[transfer.index(key), transfer.index(target)]),
        )
        if gift.part >= _GIVES or gift.tokens > 0:
            gifts.append(gift)
    return tuple(sorted(gifts, key=lambda gift: (-gift.part, -gift.tokens, gift.target)))


def _inside(margin: _Margin, key: str, step: float) -> Array | None:
    """How the columns of a language share what it is given or loses."""
    mine = margin.mine(key)
    x, upper = margin.x, np.minimum(margin.program.upper, 1.0)
    if step < 0:
        free = mine & margin.free
        for group in (free, mine):
            if float(x[group].sum()) >= -step:
                return -_shared(np.where(group, x, 0.0), np.where(group, x, 0.0), -step)
        return None
    room = np.where(mine & margin.open, upper - x, 0.0)
    ready = mine & margin.open & (x > _READ) & ~margin.capped
    if float(room[ready].sum()) >= step:
        return _shared(np.where(ready, x, 0.0), np.where(ready, room, 0.0), step)
    if float(room.sum()) >= step:
        by_worth = np.where(room > 0, np.maximum(margin.worth, 0.0), 0.0)
        return _greedy(by_worth, room, step)
    read = mine & (x > _READ)
    if read.any():  # beyond the epoch cap: what the point would be worth all the same
        return np.where(read, x, 0.0) * (step / float(x[read].sum()))
    size = np.where(mine & margin.open, margin.program.upper, 0.0)
    return size * (step / float(size.sum())) if size.any() else None


def _beside(margin: _Margin, key: str, amount: float) -> Array | None:
    """How the columns of the other languages share what they are given, or lose (below 0)."""
    x, upper = margin.x, np.minimum(margin.program.upper, 1.0)
    others = ~margin.mine(key) & margin.open
    room = np.where(others, upper - x if amount > 0 else x, 0.0)
    free = others & margin.free
    size = abs(amount)
    if float(room[free].sum()) >= size:
        spread = _shared(np.where(free, x, 0.0), np.where(free, room, 0.0), size)
    else:
        # Held languages last: no limit that holds them may be broken where another way is open.
        kind = "max" if amount > 0 else "least"
        barred = margin.barred(kind)
        order = margin.worth if amount > 0 else -margin.worth
        order = order - float(order.min()) + 1.0
        open_room = np.where(barred, 0.0, room)
        chosen = open_room if float(open_room.sum()) >= size else room
        if float(chosen.sum()) < size * (1.0 - 1e-9):
            return None
        spread = _greedy(np.where(chosen > 0, order, 0.0), chosen, size)
    return spread if amount > 0 else -spread


def _shared(weight: Array, room: Array, amount: float) -> Array:
    """``amount`` in proportion to ``weight``, no column beyond its room."""
    given = np.zeros_like(weight)
    for _ in range(weight.size):
        left = amount - float(given.sum())
        open_to = (room - given > 0) & (weight > 0)
        if left <= 0 or not open_to.any():
            break
        part = np.where(open_to, weight, 0.0)
        given = np.minimum(given + left * part / part.sum(), np.where(weight > 0, room, 0.0))
    return given


def _greedy(order: Array, room: Array, amount: float) -> Array:
    """``amount`` to the columns with the highest ``order`` (above 0), each up to its room."""
    given = np.zeros_like(room)
    for at in np.argsort(-order, kind="stable"):
        left = amount - float(given.sum())
        if left <= 0 or order[at] <= 0:
            break
        given[at] = min(left, float(room[at]))
    return given


def _broken(margin: _Margin, there: Array) -> tuple[str, ...]:
    """The limits that a moved mixture breaks, by name; a guardrail by its own."""
    rails = [limit.name for limit in margin.problem.limits if isinstance(limit, Guardrail)]
    names: list[str] = []
    for name in violations(margin.program, there):
        if name != "tokens":
            names += rails if name == "guardrail" else [name]
    return tuple(dict.fromkeys(names))
