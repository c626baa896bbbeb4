r"""The convex program in numbers: one column a pool, one row a target, in shares of the budget.

With x = tokens read / budget, S the saturation and q the worth of a token, the effective data of
target t (ATLAS Eq. 2, in shares of the budget) is

.. math:: y_t(x) = \sum_p G_{tp} S(x_p) - \sum_p H_{tp} R(x_p)
                   - \kappa \lVert \sigma_t \circ z \rVert_2

G holds what helps, H what harms (q|τ|), z = Σ q S(x) what is read of each language, saturated: the
derivative of y_t by its score, so that the norm is the standard error of y_t. R = S; :func:`net`
takes help and harm together, which is convex in s = S(x). For limits that are not, R is an affine
``slope * x + offset``, chosen as upper bound (inner problem), tangent (tightening) or chord
(certificate), so that y_t is concave in x.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from atlasmix.scaling.saturation import Array, marginal, saturate

FLOOR = 1e-6
"""Below this share of what a target could get alone, its value goes on along the tangent: our
choice, far under any share a mixture gives a language it means to serve."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Limits on groups of columns, ``matrix @ x <= bound`` in shares of the budget.

    Attributes:
        names: of each limit, in the user's words.
        kinds: ``min`` or ``max`` (share ``level`` of the tokens read) or ``keep`` (``level`` is a
            share of the budget).
        members: (m, n), the columns each limit speaks of.
        levels: (m,).
        matrix, bound: (m, n) and (m,), derived.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    members: NDArray[np.bool_]
    levels: Array
    matrix: Array
    bound: Array

    @staticmethod
    def of(
        names: Sequence[str], kinds: Sequence[str], members: Array, levels: Sequence[float]
    ) -> Rows:
        """Rows from what each limit says; ``members`` is (m, n)."""
        inside = np.asarray(members, dtype=bool)
        level = np.asarray(levels, dtype=float)
        matrix, bound = np.zeros(inside.shape), np.zeros(level.size)
        for row, kind in enumerate(kinds):
            if kind == "keep":
                matrix[row], bound[row] = -1.0 * inside[row], -level[row]
            else:
                sign = 1.0 if kind == "max" else -1.0
                # Share of what is read, not of the budget: level · Σx moves to the left side.
                matrix[row] = sign * (inside[row] - level[row])
        return Rows(tuple(names), tuple(kinds), inside, level, matrix, bound)

    @staticmethod
    def none(columns: int) -> Rows:
        """No limit."""
        return Rows.of((), (), np.zeros((0, columns)), ())


@dataclass(frozen=True, slots=True)
class Program:
    """Minimise Σ_t ``coefficient_t`` · φ(y_t / ``reference_t``) under box, budget and rows.

    Shapes: T targets, n columns, L languages. All token counts are shares of the budget.
    """

    gain: Array  # (T, n) q·τ where it helps, else 0; signed after net()
    harm: Array  # (T, n) q·|τ| where it harms, else 0
    sigma: Array  # (T, L) κ times the standard error of τ
    member: NDArray[np.intp]  # (n,) the language of a column, an index into L
    worth: Array  # (n,) q
    unique: Array  # (n,) U / budget, above 0
    lower: Array  # (n,)
    upper: Array  # (n,) epoch cap times unique, also where that is over the budget
    decay: float
    coefficient: Array  # (T,)
    reference: Array  # (T,) best y_t that target t could get alone
    exponent: float | None  # β of φ = v^-β, or None for φ = -log v
    spend_all: bool
    rows: Rows
    harm_slope: Array  # (n,)
    harm_offset: Array  # (n,)
    variance: Array  # (T, L) sigma squared
    base: Array | None  # (T,) for the objective max_t (base + coefficient·φ); None for the sum
    least: Array  # (T,) guardrails: y_t without risk penalty at least this; -inf for none
    risky: bool  # any score's error is charged for
    harmful: bool  # any pool harms any target


def with_harm(program: Program, slope: Array, offset: Array) -> Program:
    """The same program with another affine stand-in for S in the negative terms."""
    return replace(program, harm_slope=slope, harm_offset=offset)


def net(program: Program) -> Program:
    """Help and harm as one signed gain per unit of s = S(x).

    y is linear in s and x = S⁻¹(s) is convex and rising, so that budget, caps, the risk term and
    every objective are convex *in s*, negative transfer or not. Shares of what is read and a budget
    that must be spent are not; there the certificate says whether the answer is the best.
    """
    gain = program.gain - program.harm * program.harm_slope
    if program.harm_offset.any() or np.any(program.harm_slope != 1.0):
        return program
    return replace(program, gain=gain, harm=np.zeros_like(gain), harmful=False)


def inner(program: Program) -> Program:
    """Negative terms by S <= D: feasible, and exact where a harmful pool is read at most once."""
    n = program.unique.size
    return with_harm(program, np.ones(n), np.zeros(n))


def tightened(program: Program, x: Array) -> Program:
    """Negative terms by the tangent of S at ``x``: exact there, an upper bound elsewhere."""
    slope = marginal(x, program.unique, program.decay)
    return with_harm(
        program, slope, np.asarray(saturate(x, program.unique, program.decay) - slope * x)
    )


def relaxed(program: Program) -> Program:
    """Negative terms by the chord of S over what may be read: never above S, so a relaxation."""
    most = np.minimum(program.upper, 1.0)
    safe = np.where(most > 0, most, 1.0)
    chord = np.where(most > 0, saturate(safe, program.unique, program.decay) / safe, 1.0)
    return with_harm(program, np.asarray(chord), np.zeros(most.size))


def by_language(program: Program, saturated: Array) -> Array:
    """z: S of the tokens read per language, weighted with their worth, shape (L,)."""
    return np.bincount(
        program.member, weights=program.worth * saturated, minlength=program.sigma.shape[1]
    ).astype(float)


def leaning(program: Program, x: Array) -> Array:
    """The gradient of each target's ‖σ ∘ z‖ in σ ∘ z, (T, L); rows of 0 where nothing is read."""
    scaled = program.sigma * by_language(program, saturate(x, program.unique, program.decay))
    norm = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.asarray(np.divide(scaled, norm, out=np.zeros_like(scaled), where=norm > 0))


def charge(program: Program, lean: Array) -> Array:
    """What a unit of s costs through the risk term's line of slope ``lean`` (T, L), (T, n)."""
    return np.asarray((lean * program.sigma)[:, program.member] * program.worth)


def effective(program: Program, x: Array, *, exact: bool = False, risk: bool = True) -> Array:
    """y_t for every target, shape (T,), in shares of the budget.

    Args:
        program: the program.
        x: shares of the budget, shape (n,).
        exact: subtract S itself in the negative terms instead of its affine stand-in.
        risk: subtract κ·‖σ ∘ z‖.
    """
    saturated = saturate(x, program.unique, program.decay)
    y = program.gain @ saturated
    if program.harmful:
        stand_in = saturated if exact else program.harm_slope * x + program.harm_offset
        y = y - program.harm @ stand_in
    if risk and program.risky:
        y = y - np.sqrt(program.variance @ np.square(by_language(program, saturated)))
    return np.asarray(y)


def outer_value(exponent: float | None, v: Array) -> tuple[Array, Array, Array]:
    """φ, φ' and φ'' at v = y / reference, (T,) each; below the floor φ goes on as its tangent."""
    safe = np.maximum(v, FLOOR)
    short = np.minimum(v - FLOOR, 0.0)
    if exponent is None:
        phi, slope, bend = -np.log(safe), -1.0 / safe, 1.0 / np.square(safe)
    else:
        phi = safe**-exponent
        slope = -exponent * phi / safe
        bend = -(exponent + 1) * slope / safe
    return phi + slope * short, slope, np.where(short < 0, 0.0, bend)


def terms(program: Program, x: Array, *, exact: bool = False) -> Array:
    """Each target's part of the objective, shape (T,)."""
    v = effective(program, x, exact=exact) / program.reference
    part = program.coefficient * outer_value(program.exponent, v)[0]
    return part if program.base is None else program.base + part


def objective(program: Program, x: Array, *, exact: bool = False) -> float:
    """The value to minimise, with κ's penalty; ``exact`` uses S itself in the negative terms."""
    parts = terms(program, x, exact=exact)
    return float(parts.sum() if program.base is None else parts.max())


@dataclass(frozen=True, slots=True)
class Duals:
    """What an engine learnt about the non-smooth parts; each makes a line under the objective.

    Attributes:
        risk: (T, L), rows u of norm at most 1: ‖s‖ >= u·s.
        guard: (T,), prices >= 0 of the guardrails.
        mix: (T,), weights >= 0 of sum 1 of the targets under the objective ``max``.
        depth: (T,), the v at which φ's tangents are taken; by default that of the mixture.
    """

    risk: Array | None = None
    guard: Array | None = None
    mix: Array | None = None
    depth: Array | None = None


@dataclass(frozen=True, slots=True)
class Linearisation:
    """A line in s = S(x) and x under the objective, for every feasible x':

        value - worth · (S(x') - S(x)) + cost · (x' - x) <= f(x')

    Attributes:
        x: where it touches, (n,).
        value: the Lagrangian there.
        worth: (n,), what a unit of s is worth, risk charged; below 0 where the net effect is harm.
        cost: (n,), what a token read costs through affine negative terms.
        pull: (T,), -df/dy_t >= 0, what one more unit of effective data of t is worth.
        gradient: (n,), cost - worth · S'(x).
    """

    x: Array
    value: float
    worth: Array
    cost: Array
    pull: Array
    gradient: Array


def linearise(program: Program, x: Array, duals: Duals) -> Linearisation:
    """The line at ``x``: below the objective at every feasible point.

    y is linear in s, each part is convex in y, and any dual of the right sign keeps the line
    below, so that a poor dual makes the proof weak but never wrong.
    """
    expected = effective(program, x, risk=False)
    y, gain = expected, program.gain
    if program.risky and duals.risk is not None:
        charged = charge(program, duals.risk)
        y = expected - charged @ saturate(x, program.unique, program.decay)
        gain = gain - charged
    v = y / program.reference
    depth = v if duals.depth is None else duals.depth
    phi, first, _ = outer_value(program.exponent, depth)
    parts, weight = program.coefficient * (phi + first * (v - depth)), np.ones_like(y)
    if program.base is not None:
        parts = program.base + parts
        weight = np.zeros_like(y) if duals.mix is None else duals.mix
        if duals.mix is None:
            weight[int(parts.argmax())] = 1.0
    pull = -weight * program.coefficient * first / program.reference
    value, worth, cost = float(weight @ parts), pull @ gain, np.zeros_like(x)
    if program.harmful:
        cost = pull @ program.harm * program.harm_slope
    if duals.guard is not None:
        guarded = duals.guard > 0
        value += float(duals.guard[guarded] @ (program.least - expected)[guarded])
        worth = worth + duals.guard @ program.gain
        if program.harmful:
            cost = cost + duals.guard @ program.harm * program.harm_slope
    gradient = cost - worth * marginal(x, program.unique, program.decay)
    return Linearisation(x, value, worth, cost, pull, gradient)
