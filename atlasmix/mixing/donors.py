"""At most k donors: which languages may be read beside the targets, with a certified gap.

Outer approximation (Duran & Grossmann 1986): tangents of the saturation, of the outer function and
of the risk term make a mixed-integer linear program (HiGHS) that lies below the objective. Its
optimum is a lower bound and names the next set of donors; the convex engines find the best mixture
of that set, whose point adds tangents, until bound and mixture meet.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import SolverFailed
from atlasmix.mixing.engines import Optimum, optimise, scale
from atlasmix.mixing.program import (
    Program,
    charge,
    effective,
    leaning,
    net,
    outer_value,
    relaxed,
)
from atlasmix.scaling.saturation import Array, marginal, saturate

_ENOUGH = 1e-7
_ROUNDS = 40
_NODES = 50_000
_Set = NDArray[np.bool_]


@dataclass(slots=True)
class _Model:
    """The piecewise-linear model: where tangents were taken so far, and the sets tried."""

    program: Program  # with chords in the negative terms: a relaxation
    donor_of: NDArray[np.intp]  # (n,) index of the donor a column belongs to, -1 for targets
    donors: int
    most: int
    epochs: list[Array] = field(default_factory=list)  # x (n,) for tangents of S
    depths: list[Array] = field(default_factory=list)  # v (T,) for tangents of φ
    leans: list[Array] = field(default_factory=list)  # u (T, L) for lines under the risk term
    tried: list[_Set] = field(default_factory=list)

    def touch(self, x: Array) -> None:
        """Take tangents at a mixture."""
        program = self.program
        self.epochs.append(x)
        self.depths.append(effective(program, x) / program.reference)
        if program.risky:
            self.leans.append(leaning(program, x))


def optimise_donors(program: Program, targets: tuple[int, ...], most: int) -> Optimum | None:
    """The best mixture that reads at most ``most`` languages beside the targets.

    Args:
        program: as compiled.
        targets: the targets' indices in ``program.member``.
        most: k.

    Returns:
        The optimum, its bound that of the mixed-integer program; None where no mixture exists.
    """
    languages = np.array(sorted(set(program.member.tolist()) - set(targets)), dtype=np.intp)
    donor_of = np.searchsorted(languages, program.member)
    donor_of[np.isin(program.member, targets)] = -1
    free = optimise(program)
    if free is None:
        return None
    used = {int(donor) for donor in donor_of[free.x > 0] if donor >= 0}
    if len(used) <= most:
        return free
    model = _Model(_base(program), donor_of, languages.size, most)
    _grid(model, free.x)
    # The donors that give most in the free optimum are a good first set.
    gain = -free.prices.line.gradient * free.x
    order = sorted(used, key=lambda donor: (-float(gain[donor_of == donor].sum()), donor))
    chosen = np.isin(np.arange(languages.size), order[:most])
    best, lowest = _search(program, model, chosen, free.bound)
    if best is None:
        return None
    return replace(best, bound=min(lowest, best.value), engine="donor search")


def _base(program: Program) -> Program:
    """The program whose tangents the model takes: convex in s, or relaxed by chords."""
    free = not (program.rows.names or program.spend_all)
    return net(program) if free else relaxed(program)


def _search(
    program: Program, model: _Model, chosen: _Set, lowest: float
) -> tuple[Optimum | None, float]:
    best: Optimum | None = None
    for _ in range(_ROUNDS):
        found = _with_set(program, model, chosen)
        if found is not None:
            model.touch(found.x)
            if best is None or found.value < best.value:
                best = found
        answer = _next_set(model)
        if answer is None:  # every set has been tried
            return best, best.bound if best else lowest
        lowest, chosen = max(lowest, answer[0]), answer[1]
        model.touch(answer[2])
        if best and best.value - lowest <= _ENOUGH * scale(program, best.value):
            return best, lowest
    return best, lowest


def _with_set(program: Program, model: _Model, chosen: _Set) -> Optimum | None:
    """The best mixture with the chosen donors alone."""
    model.tried.append(chosen)
    allowed = (model.donor_of < 0) | chosen[model.donor_of]
    return optimise(replace(program, upper=np.where(allowed, program.upper, 0.0)))


def _grid(model: _Model, x: Array) -> None:
    """First tangents: at the free optimum and on a grid of epochs and of effective data."""
    program = model.program
    for share in (0.25, 0.5, 0.75, 1.0):
        again = np.maximum(np.minimum(program.upper, 1.0) - program.unique, 0.0)
        model.epochs.append(program.unique + share * again)
    model.touch(x)
    here = model.depths[-1]
    for factor in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.05):
        model.depths.append(np.maximum(here, 1e-4) * factor)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where each block of variables starts: x, s (saturated), z (donors), v, r (risk), θ."""

    n: int
    donors: int
    targets: int

    def block(self, name: str) -> slice:
        sizes = {"x": self.n, "s": self.n, "z": self.donors}
        sizes |= {"v": self.targets, "r": self.targets, "t": self.targets, "o": 1}
        start = 0
        for key, size in sizes.items():
            if key == name:
                return slice(start, start + size)
            start += size
        return slice(start, start)

    @property
    def width(self) -> int:
        return 2 * self.n + self.donors + 3 * self.targets + 1


class _Rows:
    """Collects rows ``a @ variables <= b``."""

    def __init__(self, layout: _Layout) -> None:
        self.layout = layout
        self.matrix: list[Array] = []
        self.bound: list[Array] = []

    def add(self, bound: Array, **blocks: Array) -> None:
        rows = np.zeros((bound.size, self.layout.width))
        for name, block in blocks.items():
            rows[:, self.layout.block(name)] = block
        self.matrix.append(rows)
        self.bound.append(bound)


def _next_set(model: _Model) -> tuple[float, _Set, Array] | None:
    """Lower bound over all sets not tried yet, the set that attains it, and its mixture."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    program = model.program
    layout = _Layout(program.unique.size, model.donors, program.coefficient.size)
    rows = _Rows(layout)
    _value_rows(model, rows)
    _choice_rows(model, rows)
    low, high = np.full(layout.width, -np.inf), np.full(layout.width, np.inf)
    low[layout.block("x")] = program.lower
    high[layout.block("x")] = np.minimum(program.upper, 1.0)
    low[layout.block("s")] = 0.0
    low[layout.block("z")], high[layout.block("z")] = 0.0, 1.0
    low[layout.block("r")] = 0.0
    if not program.risky:
        high[layout.block("r")] = 0.0
    idle = program.coefficient == 0
    low[layout.block("t")] = np.where(idle, 0.0, -np.inf)
    high[layout.block("t")] = np.where(idle, 0.0, np.inf)
    integer = np.zeros(layout.width, dtype=np.int64)
    integer[layout.block("z")] = 1
    cost = np.zeros(layout.width)
    cost[layout.block("o")] = 1.0
    answer = milp(
        cost,
        integrality=integer,
        bounds=Bounds(low, high),
        constraints=LinearConstraint(np.vstack(rows.matrix), ub=np.concatenate(rows.bound)),
        options={"mip_rel_gap": 1e-9, "node_limit": _NODES},
    )
    if answer.status == 2:
        return None
    if answer.x is None or answer.mip_dual_bound is None:
        raise SolverFailed(f"the donor search ended with '{answer.message}': please report it")
    chosen = np.round(answer.x[layout.block("z")]).astype(bool)
    return float(answer.mip_dual_bound), chosen, np.asarray(answer.x[layout.block("x")])


def _value_rows(model: _Model, rows: _Rows) -> None:
    """Objective from below: tangents of S and φ, lines under the risk term."""
    program, n, targets = model.program, rows.layout.n, rows.layout.targets
    for x in model.epochs:
        slope = marginal(x, program.unique, program.decay)
        offset = saturate(x, program.unique, program.decay) - slope * x
        rows.add(np.asarray(offset), s=np.eye(n), x=-np.diag(slope))
    rows.add(np.zeros(n), s=np.eye(n), x=-np.eye(n))
    scaled = 1.0 / program.reference[:, None]
    hurt = program.harm * program.harm_slope * scaled
    offset = -(program.harm @ program.harm_offset) / program.reference
    rows.add(offset, v=np.eye(targets), s=-program.gain * scaled, x=hurt, r=np.eye(targets))
    for lean in model.leans:
        rows.add(np.zeros(targets), s=charge(program, lean) * scaled, r=-np.eye(targets))
    weight = program.coefficient
    for depth in model.depths:
        phi, slope, _ = outer_value(program.exponent, depth)
        rows.add(weight * (slope * depth - phi), v=np.diag(weight * slope), t=-np.eye(targets))
    guarded = np.flatnonzero(np.isfinite(program.least))
    if guarded.size:
        kept = -program.least - program.harm @ program.harm_offset
        hurt = program.harm * program.harm_slope
        rows.add(kept[guarded], s=-program.gain[guarded], x=hurt[guarded])
    if program.base is None:
        rows.add(np.zeros(1), t=np.ones((1, targets)), o=-np.ones((1, 1)))
    else:
        rows.add(-program.base, t=np.eye(targets), o=-np.ones((targets, 1)))


def _choice_rows(model: _Model, rows: _Rows) -> None:
    """Budget, limits, the switches of the donors, and the sets already tried."""
    program, n = model.program, rows.layout.n
    rows.add(np.ones(1), x=np.ones((1, n)))
    if program.spend_all:
        rows.add(-np.ones(1), x=-np.ones((1, n)))
    if program.rows.names:
        rows.add(program.rows.bound, x=program.rows.matrix)
    read = np.flatnonzero(model.donor_of >= 0)
    switch = np.zeros((read.size, model.donors))
    switch[np.arange(read.size), model.donor_of[read]] = -np.minimum(program.upper, 1.0)[read]
    rows.add(np.zeros(read.size), x=np.eye(n)[read], z=switch)
    rows.add(np.array([float(model.most)]), z=np.ones((1, model.donors)))
    for tried in model.tried:
        # Some donor outside the set must be read: its subsets need no second look.
        rows.add(-np.ones(1), z=-(~tried).astype(float)[None, :])
