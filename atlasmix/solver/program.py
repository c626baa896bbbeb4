r"""The convex program in numbers: a column a pool, a row a target, in shares of the tokens read.

With x = tokens read / T, Σx = 1, S the saturation and q the worth of a token, target t has

.. math:: m_t(x) = \sum_p \rho_{tp} x_p, \quad y_t(x) = \sum_p G_{tp} S(x_p), \quad
          L_t - E = \frac{A}{N^\alpha} m_t^{-\varphi_t} + \frac{B}{T^\beta} y_t^{-\beta}

ρ is 1 where a column holds the target's own language, G = q·max(0, τ - κσ). m is linear and y
concave, both enter through convex falling functions: at fixed T everything is convex in x. A
penalty on machine text, where there is one, is jointly convex in x by itself (:class:`Drift`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from atlasmix.laws.saturation import Array, marginal, saturate

_LEAST = 1e-60
"""Stands for nothing where a power of a share is taken: a line may touch anywhere above 0."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Limits on groups of columns, ``matrix @ x <= bound`` in shares of the tokens read.

    Attributes:
        names: of each limit, in the user's words.
        kinds: ``min`` or ``max`` (share ``level`` of the tokens read) or ``keep`` (``level`` is
            tokens over tokens read).
        members: (m, n), the columns each limit speaks of.
        levels: (m,).
        counts: (m, n), what a token of each column counts for, 0-1; the members' 1 as a rule.
        within: (m, n), the columns whose tokens the share is of; all of them as a rule.
        matrix, bound: (m, n) and (m,), derived.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    members: NDArray[np.bool_]
    levels: Array
    counts: Array
    within: NDArray[np.bool_]
    matrix: Array
    bound: Array

    def only(self, kept: NDArray[np.bool_]) -> Rows:
        """Some of the limits."""
        some = np.flatnonzero(kept)
        return Rows(
            tuple(self.names[row] for row in some),
            tuple(self.kinds[row] for row in some),
            self.members[some],
            self.levels[some],
            self.counts[some],
            self.within[some],
            self.matrix[some],
            self.bound[some],
        )

    def at(self, levels: Sequence[float]) -> Rows:
        """The same limits at other levels."""
        return Rows.of(self.names, self.kinds, self.members, levels, self.counts, self.within)

    def columns(self, kept: NDArray[np.intp]) -> Rows:
        """The limits over some of the columns."""
        parts = (self.members[:, kept], self.levels.tolist())
        return Rows.of(self.names, self.kinds, *parts, self.counts[:, kept], self.within[:, kept])

    @staticmethod
    def of(
        names: Sequence[str],
        kinds: Sequence[str],
        members: ArrayLike,
        levels: Sequence[float],
        counts: ArrayLike | None = None,
        within: ArrayLike | None = None,
    ) -> Rows:
        """Rows from what each limit says; ``members``, ``counts`` and ``within`` are (m, n)."""
        inside = np.asarray(members, dtype=bool)
        level = np.asarray(levels, dtype=float)
        counted = inside.astype(float) if counts is None else np.asarray(counts, dtype=float)
        whole = np.ones(inside.shape, bool) if within is None else np.asarray(within, dtype=bool)
        matrix, bound = np.zeros(inside.shape), np.zeros(level.size)
        for row, kind in enumerate(kinds):
            if kind == "keep":
                matrix[row], bound[row] = -counted[row], -level[row]
            else:
                # A share is of what is read, whatever that is: level · Σx moves to the left side.
                sign = 1.0 if kind == "max" else -1.0
                matrix[row] = sign * (counted[row] - level[row] * whole[row])
        return Rows(tuple(names), tuple(kinds), inside, level, counted, whole, matrix, bound)

    @staticmethod
    def none(columns: int) -> Rows:
        """No limit."""
        return Rows.of((), (), np.zeros((0, columns)), ())


@dataclass(frozen=True, slots=True)
class Drift:
    r"""A price on what machine text adds to the error, :math:`\sum_g P_g R_g(x)`.

    .. math:: R_g = \tfrac12 (t^2/h + t^2/(2t - h)) - t = t (a(h/t) - 1)

    with t = read·x what is read of a language and h = human·x what of it people wrote; a is the
    error amplification of :func:`atlasmix.laws.collapse.amplification`. Both quotients are
    quadratic over linear, so R is jointly convex; it grows with the tokens in proportion, so each
    of its tangents goes through 0 and lies below it at every number of tokens.

    Attributes:
        price: (G,), of a token that is lost to error, times the tokens of the program.
        read: (G, n), 1 for the columns of the language.
        human: (G, n), how far a token of a column counts as human, 0-1; never above ``read``.
    """

    price: Array
    read: Array
    human: Array

    def columns(self, kept: NDArray[np.intp]) -> Drift:
        """Over some of the columns."""
        return Drift(self.price, self.read[:, kept], self.human[:, kept])

    def times(self, factor: float) -> Drift:
        """The same at ``factor`` times the price."""
        return Drift(factor * self.price, self.read, self.human)

    def value(self, x: Array) -> float:
        """What it adds to the objective; inf where machine text has no human text beside it."""
        t, h = self.read @ x, self.human @ x
        some = t > 0
        t, h, price = t[some], h[some], self.price[some]
        with np.errstate(divide="ignore", over="ignore"):
            each = 0.5 * (t * t / h + t * t / (2.0 * t - h)) - t
        return float(price @ np.maximum(each, 0.0))

    def gradient(self, x: Array, least: float = 1e-9) -> Array:
        """(n,), a tangent's slope: below the value everywhere, wherever it was taken.

        Args:
            x: where.
            least: human share for less than which it is taken there: what no number can hold.
        """
        t, h = self._apart(x, least)
        k = 2.0 * t - h
        by_t = t / h + t / k - np.square(t / k) - 1.0
        by_h = 0.5 * (np.square(t / k) - np.square(t / h))
        return np.asarray((self.price * by_t) @ self.read + (self.price * by_h) @ self.human)

    def bend(self, x: Array) -> tuple[Array, Array]:
        """The Hessian as rows (2G, n) and what each counts for (2G,): Σ ω r rᵀ."""
        t, h = self._apart(x, 1e-9)
        k = 2.0 * t - h
        steep = self.read - (t / h)[:, None] * self.human
        flat = self.read - (t / k)[:, None] * (2.0 * self.read - self.human)
        return np.vstack([steep, flat]), np.concatenate([self.price / h, self.price / k])

    def _apart(self, x: Array, least: float) -> tuple[Array, Array]:
        """t and h where slopes can be taken: nothing read is taken for human text alone."""
        t, h = self.read @ x, self.human @ x
        some = t > 0
        t, h = np.where(some, t, 1.0), np.where(some, h, 1.0)
        return t, np.clip(h, least * t, t)


@dataclass(frozen=True, slots=True)
class Program:
    """Minimise Σ_t w_t·(L_t - E), or the worst of some scenarios, under box, Σx = 1 and limits.

    Shapes: T targets (then guarded languages that are none), n columns. Where ``base`` is given
    each scenario has the value V = Σ base_t + w_t·(L_t - E) of its rows, and minimised is the
    largest blend Σ p·V of weights p of sum 1, none above ``most``: the largest V where that is 1,
    the mean of the worst part ``a`` of S scenarios where it is 1/(a·S). Scenarios in ``blocks`` are
    blended block by block, and the sum over the blocks is minimised.
    """

    gain: Array  # (T, n) q·max(0, τ - κσ), what the objective counts on
    expected: Array  # (T, n) q·τ, what guardrails count on
    own: Array  # (T, n) ρ: 1 (less μ) where the column is in the target's own language
    unique: Array  # (n,) U / T, above 0
    upper: Array  # (n,) epoch cap times unique, also where that is over 1
    decay: float
    capacity: Array  # (T,) A / N^α
    phi: Array  # (T,)
    least: Array  # (T,) μ, the part of m that no text of a target's own adds to
    data: Array  # (T,) B / T^β
    beta: Array  # (T,)
    weight: Array  # (T,) 0 for guarded languages that are no target
    heard: NDArray[np.bool_]  # (T,) has text of its own; without, its capacity term is left out
    level: Array  # (T,) guardrails: most of L - E, expected; inf for none
    base: Array | None  # (T,) of the worst of some scenarios; None for the sum
    rows: Rows
    scenario: NDArray[np.intp] | None = None  # (T,) of each row; None: every row is one by itself
    blocks: NDArray[np.intp] | None = None  # (S,) block of every scenario; None: all are in one
    most: float = 1.0  # weight that one scenario may have in its block
    drift: Drift | None = None  # beside the losses, whatever the scenario


def columns(program: Program, kept: NDArray[np.intp]) -> Program:
    """The program over some of its columns."""
    rows = program.rows
    return replace(
        program,
        gain=program.gain[:, kept],
        expected=program.expected[:, kept],
        own=program.own[:, kept],
        unique=program.unique[kept],
        upper=program.upper[kept],
        rows=rows.columns(kept),
        drift=None if program.drift is None else program.drift.columns(kept),
    )


def own_shares(program: Program, x: Array) -> Array:
    """m of every target, shape (T,)."""
    return np.asarray(program.least + program.own @ x)


def effective(program: Program, x: Array, *, expected: bool = False) -> Array:
    """y of every target, shape (T,), in shares of the tokens read.

    Args:
        program: the program.
        x: shares of the tokens read, shape (n,).
        expected: count donors with τ itself, not with what the risk charge leaves of it.
    """
    gain = program.expected if expected else program.gain
    return np.asarray(gain @ saturate(x, program.unique, program.decay))


def losses(program: Program, x: Array, *, expected: bool = False) -> Array:
    """L - E of every target, shape (T,); inf where it has nothing to learn from."""
    with np.errstate(divide="ignore"):
        data = program.data * effective(program, x, expected=expected) ** -program.beta
        capacity = program.capacity * own_shares(program, x) ** -program.phi
    return np.asarray(data + np.where(program.heard, capacity, 0.0))


def objective(program: Program, x: Array) -> float:
    """The value to minimise."""
    counted = program.weight > 0
    value = gathered(program, program.weight[counted] * losses(program, x)[counted])
    return value if program.drift is None else value + program.drift.value(x)


def gathered(program: Program, parts: Array) -> float:
    """The objective of given w_t·(L_t - E) of the rows that count, any drift penalty aside."""
    if program.base is None:
        return float(parts.sum())
    each = Scenarios.of(program)
    values = each.values(program.base[each.rows] + parts)
    return float(each.worst(values) @ values)


def worst_weights(values: Array, most: float) -> Array:
    """(S,) weights of sum 1, none above ``most``, under which the mean of ``values`` is largest."""
    blend = np.empty(values.size)
    order = np.argsort(-values, kind="stable")
    blend[order] = np.clip(1.0 - most * np.arange(values.size), 0.0, most)
    return blend


@dataclass(frozen=True, slots=True)
class Scenarios:
    """The scenarios of a program whose objective is the worst of them.

    Attributes:
        rows: (C,) rows of the program that count.
        of_row: (C,) scenario of each, from 0.
        block: (S,) block of every scenario, from 0.
        most: weight that one of them may have in its block.
    """

    rows: NDArray[np.intp]
    of_row: NDArray[np.intp]
    block: NDArray[np.intp]
    most: float

    @staticmethod
    def of(program: Program) -> Scenarios:
        """Those of a program; a row that does not count belongs to none."""
        rows = np.flatnonzero(program.weight > 0)
        if program.scenario is None:
            of_row, blocks = np.arange(rows.size), np.zeros(rows.size, dtype=np.intp)
            return Scenarios(rows, of_row, blocks, program.most)
        of_row = program.scenario[rows]
        block = program.blocks
        if block is None:
            block = np.zeros(int(of_row.max()) + 1, dtype=np.intp)
        return Scenarios(rows, of_row, block, program.most)

    @property
    def count(self) -> int:
        """S."""
        return self.block.size

    @property
    def block_count(self) -> int:
        """How many blocks."""
        return int(self.block.max()) + 1

    def values(self, parts: Array) -> Array:
        """(S,) sums of what the rows that count bring, (C,)."""
        return np.asarray(np.bincount(self.of_row, weights=parts, minlength=self.count))

    def worst(self, values: Array) -> Array:
        """(S,) weights under which ``values`` are worst: as much as may be on the largest."""
        blend = np.zeros(self.count)
        for block in range(self.block_count):
            inside = self.block == block
            blend[inside] = worst_weights(values[inside], self.most)
        return blend

    def allowed(self, blend: Array) -> Array:
        """(S,) the nearest weights that may be: from 0 to ``most``, of sum 1 in every block."""
        out = np.zeros(self.count)
        for block in range(self.block_count):
            inside = np.flatnonzero(self.block == block)
            part = np.maximum(blend[inside], 0.0)
            # A price that is none beside the greatest is 0: divided by, it would be infinite.
            part = np.where(part > 1e-12 * part.max(), part, 0.0)
            part = part if part.sum() > 0 else np.ones(inside.size)
            for _ in range(inside.size):  # what is over the most goes to the others, as they stand
                part = part / part.sum()
                over = part > self.most
                if not over.any():
                    break
                free = ~over & (part < self.most)
                part = np.where(over, self.most, part)
                left = 1.0 - float(part[~free].sum())
                held = float(part[free].sum())
                if held > 0:
                    part[free] *= left / held
                elif free.any():
                    part[free] = left / int(free.sum())
            out[inside] = np.minimum(part, self.most)
        return out

    def by_row(self, program: Program, blend: Array) -> Array:
        """Weights of scenarios as weights of the program's rows, (T,)."""
        wide = np.zeros(program.weight.size)
        wide[self.rows] = blend[self.of_row]
        return wide


def scale(program: Program, value: float) -> float:
    """What a gap is measured against: the part of the objective that a mixture can change.

    Under the worst of some scenarios that is the value less the least that any of them starts from.
    """
    if program.base is None:
        return max(abs(value), 1e-300)
    each = Scenarios.of(program)
    starts = each.values(program.base[each.rows])
    least = sum(float(starts[each.block == block].min()) for block in range(each.block_count))
    return max(value - least, 1e-300)


@dataclass(frozen=True, slots=True)
class Duals:
    """What an engine learnt about limits that are no lines; each makes a line under the objective.

    Attributes:
        guard: (T,), prices >= 0 of the guardrails.
        mix: (T,), weight of its scenario for every row, where the objective is the worst of them.
        rows: (m,), prices >= 0 of the program's rows, where the engine has them; nan for a row that
            it has no price of.
    """

    guard: Array | None = None
    mix: Array | None = None
    rows: Array | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line in x and s = S(x) under the objective, at every x' that meets the limits:

        fixed + capacity + (drift - pull)·x' - worth·S(x') <= f(x')

    Attributes:
        x: where it touches, (n,).
        value: the Lagrangian there.
        fixed: its constant that no model size changes.
        capacity: its constant from the capacity terms.
        heavy: (T,), what multiplies m^-φ of every row: weight, price of its guardrail, A/N^α.
        m: (T,), own shares there.
        lost: (T,), what the data term of every row takes, guardrails included.
        pull: (n,), what a share of the tokens is worth by the capacity it gives a target.
        drift: (n,), what the drift penalty takes for a share of the tokens; below 0 for human text.
        worth: (n,), what a unit of s is worth as data.
        gradient: (n,), drift - pull - worth·S'(x).
        yields: (T,), what one more unit of effective data of t is worth, guardrails included.
    """

    x: Array
    value: float
    fixed: float
    capacity: float
    heavy: Array
    m: Array
    lost: Array
    pull: Array
    drift: Array
    worth: Array
    gradient: Array
    yields: Array


def linearise(program: Program, x: Array, duals: Duals) -> Line:
    """The line at ``x``: below the objective wherever the limits are met.

    m and y are taken by their tangents under the convex terms, and any duals of the right sign keep
    the line below, so that a poor dual makes the proof weak but never wrong.
    """
    blend = np.where(program.weight > 0, 1.0, 0.0)
    fixed = 0.0
    if program.base is not None:
        counted = program.weight > 0
        blend = _worst(program, x, program.base) if duals.mix is None else duals.mix
        fixed = float(blend[counted] @ program.base[counted])
    share = blend * program.weight
    guard = np.zeros_like(share) if duals.guard is None else duals.guard
    m = np.maximum(own_shares(program, x), _LEAST)
    heavy = np.where(program.heard, share + guard, 0.0) * program.capacity
    bowed = heavy * m**-program.phi
    pull = (bowed * program.phi / m) @ program.own
    capacity = float(bowed @ (1.0 + program.phi - program.phi * program.least / m))
    worth, yields, without = np.zeros_like(x), np.zeros_like(share), np.zeros_like(share)
    for price, gain in ((share, program.gain), (guard, program.expected)):
        if not price.any():
            continue
        y = np.maximum(gain @ saturate(x, program.unique, program.decay), _LEAST)
        lost = np.where(price > 0, price * program.data * y**-program.beta, 0.0)
        fixed += float(lost @ (1.0 + program.beta))
        without += lost
        yields += lost * program.beta / y
        worth = worth + (lost * program.beta / y) @ gain
    guarded = guard > 0
    fixed -= float(guard[guarded] @ program.level[guarded])
    saturated = saturate(x, program.unique, program.decay)
    value = fixed + capacity - float(pull @ x) - float(worth @ saturated)
    gradient = -pull - worth * marginal(x, program.unique, program.decay)
    drift = np.zeros_like(x)
    if program.drift is not None:
        drift = program.drift.gradient(x)
        value, gradient = value + float(drift @ x), gradient + drift
    return Line(x, value, fixed, capacity, heavy, m, without, pull, drift, worth, gradient, yields)


def _worst(program: Program, x: Array, base: Array) -> Array:
    each = Scenarios.of(program)
    parts = base[each.rows] + program.weight[each.rows] * losses(program, x)[each.rows]
    return each.by_row(program, each.worst(each.values(parts)))
