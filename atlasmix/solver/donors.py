"""At most k donors: which languages may be read beside the targets, with a certified gap.

Outer approximation (Duran & Grossmann 1986): tangents of the saturation and of both loss terms
make a mixed-integer linear program (HiGHS) that lies below the objective. Its optimum is a lower
bound and names the next set of donors; the convex engines find the best mixture of that set, whose
point adds tangents, until bound and mixture meet. The number of tokens is fixed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import SolverFailed
from atlasmix.laws.saturation import Array, marginal, saturate
from atlasmix.solver.engines import Engine, Optimum, optimise
from atlasmix.solver.linear import silent
from atlasmix.solver.patience import LEAST_SECONDS, expired, left
from atlasmix.solver.program import Program, effective, own_shares, scale

_ENOUGH = 1e-7
_MIP_GAP = 1e-8
_ROUNDS = 40
_NODES = 50_000
_LEAST_HUMAN = 1e-3
"""Human share below which no tangent of a drift penalty is taken: HiGHS has few digits."""
_Set = NDArray[np.bool_]


@dataclass(slots=True)
class _Model:
    """The piecewise-linear model: where tangents were taken so far, and the sets tried."""

    program: Program
    donor_of: NDArray[np.intp]  # (n,) index of the donor a column belongs to, -1 for targets
    donors: int
    most: int
    epochs: list[Array] = field(default_factory=list)  # x (n,) for tangents of S
    shares: list[Array] = field(default_factory=list)  # m (T,) for tangents of m^-φ
    depths: list[tuple[Array, Array]] = field(default_factory=list)  # y, charged and expected
    drifts: list[Array] = field(default_factory=list)  # (n,) slopes of the drift penalty
    tried: list[_Set] = field(default_factory=list)

    def touch(self, x: Array) -> None:
        """Take tangents at a mixture."""
        if self.program.drift is not None:
            self.drifts.append(self.program.drift.gradient(x, _LEAST_HUMAN))
        self.epochs.append(x)
        self.shares.append(np.maximum(own_shares(self.program, x), 1e-9))
        y = [np.maximum(effective(self.program, x, expected=e), 1e-12) for e in (False, True)]
        self.depths.append((y[0], y[1]))


def optimise_donors(program: Program, donor_of: NDArray[np.intp], most: int) -> Optimum | None:
    """The best mixture that reads at most ``most`` languages beside the targets.

    Args:
        program: as compiled.
        donor_of: (n,) number of the donor that a column belongs to, -1 for the targets' own.
        most: k.

    Returns:
        The optimum, its bound that of the mixed-integer program; None where no mixture exists.
    """
    free = optimise(program)
    if free is None:
        return None
    used = sorted({int(donor) for donor in donor_of[free.x > 0] if donor >= 0})
    if len(used) <= most:
        return free
    count = int(donor_of.max()) + 1
    program = only(program, donor_of, ~_outdone(program, donor_of))
    model = _Model(program, donor_of, count, most)
    _grid(model, free.x)
    # The donors that give most in the free optimum are a good first set.
    gain = -free.prices.line.gradient * free.x
    order = sorted(used, key=lambda donor: (-float(gain[donor_of == donor].sum()), donor))
    chosen = np.isin(np.arange(count), order[:most])
    best, lowest = _search(program, model, chosen, free.bound)
    if best is None:
        return None
    return replace(best, bound=min(lowest, best.value), engine=Engine.DONOR_SEARCH)


def _search(
    program: Program, model: _Model, chosen: _Set, lowest: float
) -> tuple[Optimum | None, float]:
    """The best mixture of the sets looked at, and what no mixture of any set is below."""
    best: Optimum | None = None
    looked = math.inf  # the least bound of the sets tried one by one
    for _ in range(_ROUNDS):
        optimum = with_set(program, model.donor_of, chosen)
        model.tried.append(chosen)
        if optimum is not None:
            model.touch(optimum.x)
            looked = min(looked, optimum.bound)
            if best is None or optimum.value < best.value:
                best = optimum
        if best is not None and expired():
            break
        # No set need be named that is not better by what counts.
        aim = math.inf if best is None else best.value - _ENOUGH * scale(program, best.value)
        answer = _next_set(model, aim)
        if answer is None:
            return best, min(aim, looked)
        lowest = max(lowest, answer[0])
        if lowest >= aim or answer[1] is None:
            break
        chosen, touched = answer[1]
        model.touch(touched)
    return best, min(lowest, looked)


def with_set(program: Program, donor_of: NDArray[np.intp], chosen: _Set) -> Optimum | None:
    """The best mixture with the chosen donors alone; None where they leave a target nothing."""
    closed = only(program, donor_of, chosen)
    return None if mute(closed) else optimise(closed)


def only(program: Program, donor_of: NDArray[np.intp], chosen: _Set) -> Program:
    """The program with the other donors closed."""
    allowed = donor_of < 0
    allowed[~allowed] = chosen[donor_of[~allowed]]
    return replace(program, upper=np.where(allowed, program.upper, 0.0))


def _outdone(program: Program, donor_of: NDArray[np.intp]) -> _Set:
    """Donors that another one can stand in for, token by token: of equals the first stays.

    It holds text for the whole run, gives every target as much, and no limit tells the two apart.
    """
    count = int(donor_of.max()) + 1
    out = np.zeros(count, dtype=bool)
    value = np.vstack([program.gain, program.expected, program.own])
    members = program.rows.matrix
    if program.drift is not None:
        members = np.vstack([members, program.drift.read, program.drift.human])
    heads = np.flatnonzero((donor_of >= 0) & (np.minimum(program.unique, program.upper) >= 1.0))
    for donor in reversed(range(count)):
        mine = np.flatnonzero((donor_of == donor) & (program.upper > 0))
        for head in heads:
            other = donor_of[head]
            if other == donor or out[other]:
                continue
            same = members[:, mine] == members[:, [head]]
            more = value[:, [head]] - value[:, mine]
            equal = not np.any(more) and mine.size == 1
            if np.all(same) and np.all(more >= 0) and (other < donor or not equal):
                out[donor] = True
                break
    return out


def mute(program: Program) -> bool:
    """Whether some target has nothing at all to learn from."""
    counted = program.weight > 0
    return bool(np.any(program.gain[counted] @ np.minimum(program.upper, 1.0) <= 0))


def _grid(model: _Model, x: Array) -> None:
    """First tangents: at the free optimum and on a grid of epochs and of both terms."""
    program = model.program
    for share in (0.25, 0.5, 0.75, 1.0):
        again = np.maximum(np.minimum(program.upper, 1.0) - program.unique, 0.0)
        model.epochs.append(program.unique + share * again)
    model.touch(x)
    m, (y, expected) = model.shares[-1], model.depths[-1]
    for factor in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.05, 1.2, 1.5, 2.5):
        model.depths.append((y * factor, expected * factor))
        model.shares.append(np.minimum(m * factor, 1.0))


class _Rows:
    """Collects rows ``a @ variables <= b`` over blocks of variables by name."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self.at: dict[str, slice] = {}
        self.width = 0
        for name, size in sizes.items():
            self.at[name] = slice(self.width, self.width + size)
            self.width += size
        self.matrix: list[Array] = []
        self.bound: list[Array] = []

    def add(self, bound: Array, **blocks: Array) -> None:
        rows = np.zeros((bound.size, self.width))
        for name, block in blocks.items():
            rows[:, self.at[name]] = block
        self.matrix.append(rows)
        self.bound.append(bound)


def _next_set(model: _Model, aim: float) -> tuple[float, tuple[_Set, Array] | None] | None:
    """Lower bound over all sets not tried yet, and the set that attains it with its mixture.

    None where no set is left, or none that could be below ``aim``; no set where time ran out.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    program = model.program
    n, targets = program.unique.size, program.weight.size
    rows = _Rows(
        {"x": n, "s": n, "z": model.donors, "c": targets, "d": targets, "e": targets}
        | {"r": 1, "o": 1}
    )
    _value_rows(model, rows)
    _choice_rows(model, rows)
    low, high = np.full(rows.width, -np.inf), np.full(rows.width, np.inf)
    low[rows.at["x"]], high[rows.at["x"]] = 0.0, np.minimum(program.upper, 1.0)
    low[rows.at["s"]] = 0.0
    low[rows.at["z"]], high[rows.at["z"]] = 0.0, 1.0
    for name in "cdero":
        low[rows.at[name]] = 0.0
    high[rows.at["o"]] = aim
    integer = np.zeros(rows.width, dtype=np.int64)
    integer[rows.at["z"]] = 1
    cost = np.zeros(rows.width)
    cost[rows.at["o"]] = 1.0
    limits = LinearConstraint(csr_array(np.vstack(rows.matrix)), ub=np.concatenate(rows.bound))
    options: Any = {"mip_rel_gap": _MIP_GAP, "node_limit": _NODES}
    if math.isfinite(left()):
        options["time_limit"] = max(left(), LEAST_SECONDS)
    with silent():
        answer = milp(
            cost,
            integrality=integer,
            bounds=Bounds(low, high),
            constraints=limits,
            options=options,
        )
    if answer.status == 2 or (answer.x is None and "infeasible" in answer.message.lower()):
        return None
    if answer.x is None and expired():
        bound = answer.mip_dual_bound
        return -math.inf if bound is None else float(bound), None
    if answer.x is None or answer.mip_dual_bound is None:
        raise SolverFailed(f"the donor search ended with '{answer.message}': please report it")
    chosen = np.round(answer.x[rows.at["z"]]).astype(bool)
    return float(answer.mip_dual_bound), (chosen, np.asarray(answer.x[rows.at["x"]]))


def _value_rows(model: _Model, rows: _Rows) -> None:
    """Objective from below: tangents of S, of m^-φ and of y^-β."""
    program, n, targets = model.program, model.program.unique.size, model.program.weight.size
    for x in model.epochs:
        slope = marginal(x, program.unique, program.decay)
        offset = saturate(x, program.unique, program.decay) - slope * x
        worn = np.flatnonzero(slope < 1.0)  # elsewhere it is S(x) <= x, below
        rows.add(np.asarray(offset)[worn], s=np.eye(n)[worn], x=-np.diag(slope)[worn])
    rows.add(np.zeros(n), s=np.eye(n), x=-np.eye(n))
    each, heard = np.eye(targets), np.where(program.heard, program.capacity, 0.0)
    for m in model.shares:
        lost, phi = heard * m**-program.phi, program.phi
        ahead = 1.0 + phi - phi * program.least / m
        rows.add(-lost * ahead, c=-each, x=-(lost * phi / m)[:, None] * program.own)
    guarded = np.isfinite(program.level)
    beta = program.beta
    for depth in model.depths:
        for name, gain, y in zip("de", (program.gain, program.expected), depth, strict=True):
            if name == "e" and not guarded.any():
                continue
            lost = program.data * y**-beta
            rows.add(-lost * (1.0 + beta), **{name: -each}, s=-(lost * beta / y)[:, None] * gain)
    if guarded.any():
        rows.add(program.level[guarded], c=each[guarded], e=each[guarded])
    weight = program.weight
    for slope in model.drifts:
        rows.add(np.zeros(1), x=slope[None, :], r=-np.ones((1, 1)))
    if program.base is None:
        unit = np.ones((1, 1))
        rows.add(np.zeros(1), c=weight[None, :], d=weight[None, :], r=unit, o=-unit)
    else:
        mine = np.flatnonzero(weight > 0)
        part, ones = np.diag(weight)[mine], np.ones((mine.size, 1))
        rows.add(-program.base[mine], c=part, d=part, r=ones, o=-ones)


def _choice_rows(model: _Model, rows: _Rows) -> None:
    """Σx = 1, limits, the switches of the donors, and the sets already tried."""
    program, n = model.program, model.program.unique.size
    rows.add(np.ones(1), x=np.ones((1, n)))
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
