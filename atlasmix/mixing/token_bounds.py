r"""What the prices of one optimum, at T₀ tokens, prove at every other number of tokens.

Count tokens in units of T₀, keep every price as a price of one token, and the data terms by their
line; then only the capacity terms know T:

.. math:: b(T) = fixed - \nu T/T_0 - r \cdot bound
          + \sum_g \min_X \Big[\sum_{t \in g} \kappa_t M_t^{-\varphi_t}
          + \sum_p (toll_p X_p - worth_p S(X_p))\Big]

with M the tokens in the target's own language, and κ rising as A/N^α times the power φ of T/T₀.
Each minimum is a concave rising function of κ, and κ is concave in T (N fixed, or N = C/6T as long
as α + φ <= 1; otherwise its tangent stands in). So b is concave, and over an interval of T its
least value is at an end. The line of the data terms may touch at k times the point's own y,
whatever k: as y follows T, it proves most at other T for k a power of T/T₀.

Where guardrails cannot hold at T₀, the same line under the largest loss over its level proves at
which other T they cannot hold either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.mixing.collisions import feasible
from atlasmix.mixing.compile import Compiled
from atlasmix.mixing.engines import Optimum, barrier, optimise
from atlasmix.mixing.linear import NoPoint
from atlasmix.mixing.program import Program
from atlasmix.scaling.saturation import Array, saturate

_FOLLOWED: Final = (0.0, 0.3, 0.6)
"""Powers of T/T₀ that y is guessed to follow: the best of the three bounds counts."""

_HALVINGS = 18
_SLIP = 1e-4
"""How far ln ζ is looked for beyond its range, for what an engine's answer misses."""

_OUT = 1.0 + 1e-9
"""Largest guarded loss over its level from which on a guardrail is broken."""


@dataclass(frozen=True, slots=True)
class Point:
    """The optimum at one number of tokens.

    Attributes:
        tokens, params: T and N.
        compiled: the program there.
        optimum: its optimum.
        kept: whether guardrails can hold there; if not, program and optimum are those of
            :func:`atlasmix.mixing.engines.barrier`.
    """

    tokens: float
    params: float
    compiled: Compiled
    optimum: Optimum
    kept: bool = True


def point_at(
    tokens: float, params: float, compiled: Compiled, engine: str | None = None
) -> Point | None:
    """The optimum of a program compiled at T and N; None where its linear limits cannot hold."""
    program = compiled.program
    optimum = optimise(program, engine)
    if optimum is not None:
        return Point(tokens, params, compiled, optimum)
    if not np.isfinite(program.level).any() or not feasible(program):
        return None
    try:
        found = barrier(program)
    except NoPoint:
        return None
    if found is None:
        return None
    return Point(tokens, params, replace(compiled, program=found[0]), found[1], kept=False)


def proved_over(
    point: Point, left: Array, right: Array, exponent: float
) -> tuple[Array, Array, Array]:
    """What the prices at one point prove over every cell of T and at its ends.

    inf where no guardrail can hold.
    """
    phi, count = point.compiled.program.phi, len(_FOLLOWED)
    middle = np.sqrt(left * right) / point.tokens
    more = np.concatenate([middle**part for part in _FOLLOWED])

    def proved(ends: Array, kappa: Array) -> Array:
        """b at one end of every cell, by each of the guesses."""
        at = _curve(point, np.tile(ends, count), np.tile(kappa, (count, 1)), more)
        return at.reshape(count, ends.size)

    first, last = _kappas(point, left, exponent), _kappas(point, right, exponent)
    start, end = proved(left, first), proved(right, last)
    lower = end
    if exponent + float(phi.max(initial=0.0)) > 1.0:
        # κ bends up: at the right end its tangent at the left one stands in.
        growth = 1.0 + (exponent + phi) * (right[:, None] / left[:, None] - 1.0)
        lower = proved(right, np.minimum(first * growth, last))
    found = np.minimum(start, lower).max(axis=0), start.max(axis=0), end.max(axis=0)
    if point.kept:
        return found
    least, at_left, at_right = (np.where(one > _OUT, np.inf, -np.inf) for one in found)
    return least, at_left, at_right


def proved_at(point: Point, tokens: Array, exponent: float) -> Array:
    """What the prices at one point prove at other T, by its own tangents."""
    return _curve(point, tokens, _kappas(point, tokens, exponent), np.ones(tokens.size))


def _kappas(point: Point, tokens: Array, exponent: float) -> Array:
    """κ of every row at every T, (G, T)."""
    ratio = (tokens / point.tokens)[:, None]
    return np.asarray(
        point.optimum.prices.line.heavy * ratio ** (exponent + point.compiled.program.phi)
    )


def _curve(point: Point, tokens: Array, kappa: Array, more: Array) -> Array:
    """b at several T, given κ there and k, ``more``; see the head of this file.

    At k times the point's own y the tangents of y^-β are q = k^-(1+β) times as steep. With all
    prices times q, columns are read as before: b is q times the same with κ/q in the place of κ.
    """
    program, prices = point.compiled.program, point.optimum.prices
    line, toll = prices.line, prices.toll(program)
    # No column holds more than all tokens of the range, which ends above every T that is asked.
    most = np.minimum(program.upper, max(float(tokens.max()), point.tokens) / point.tokens)
    rows = float(prices.rows @ program.rows.bound) if prices.rows.size else 0.0
    lost = float(line.worth @ saturate(line.x, program.unique, program.decay)) / program.beta
    q = more ** -(1.0 + program.beta)
    base = -prices.share * tokens / point.tokens - rows
    free = line.pull <= 0
    read = _cheapest(toll[free], line.worth[free], program, free, most)
    s = saturate(read, program.unique[free], program.decay)
    base = base + float(toll[free] @ read - line.worth[free] @ s)
    base = q * (base + _own_parts(point, toll, most, kappa / q[:, None]))
    return np.asarray(base + line.fixed + lost * (1.0 + program.beta) * (more * q - 1.0))


@dataclass(frozen=True, slots=True)
class _Groups:
    """Columns whose text gives some target capacity, and the rows they give it to.

    Columns of one language give it to the same rows: a group. Both are sorted by group.
    """

    columns: NDArray[np.intp]
    column_group: NDArray[np.intp]
    column_starts: NDArray[np.intp]
    rows: NDArray[np.intp]
    row_group: NDArray[np.intp]
    row_starts: NDArray[np.intp]


def _groups(point: Point) -> _Groups | None:
    program, line = point.compiled.program, point.optimum.prices.line
    columns, rows = np.flatnonzero(line.pull > 0), np.flatnonzero(line.heavy > 0)
    if not columns.size:
        return None
    linked = program.own[np.ix_(rows, columns)] > 0
    _, group = np.unique(linked.argmax(axis=0), return_inverse=True)
    order = np.argsort(group, kind="stable")
    columns, group = columns[order], group[order]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    heads = linked[:, order[starts]]  # (rows, groups), one column for each
    kept = heads.any(axis=1)
    rows, row_group = rows[kept], heads[kept].argmax(axis=1)
    by_group = np.argsort(row_group, kind="stable")
    rows, row_group = rows[by_group], row_group[by_group]
    row_starts = np.flatnonzero(np.diff(row_group, prepend=-1))
    return _Groups(columns, group, starts, rows, row_group, row_starts)


def _own_parts(point: Point, toll: Array, most: Array, kappa: Array) -> Array:
    """The least of every group's terms at several T, by the best ζ of each; any ζ would do.

    κM^-φ >= (1 + φ)·κ^(1/(1+φ))·(z/φ)^(φ/(1+φ)) - z·M for every z >= 0, here z = ζ·z₀ with z₀ the
    z of the point itself (weak duality). The best ζ lies between 1 and κ/κ₀.
    """
    groups = _groups(point)
    if groups is None:
        return np.zeros(kappa.shape[0])
    program, line = point.compiled.program, point.optimum.prices.line
    columns, rows = groups.columns, groups.rows
    phi, kappa = program.phi[rows], kappa[:, rows]
    toll, worth, pull = toll[columns], line.worth[columns], line.pull[columns]
    first = line.heavy[rows] * phi * line.m[rows] ** (-phi - 1.0)  # z₀
    wide = (phi * kappa / first) ** (1.0 / (1.0 + phi)) * first

    def read(zeta: Array) -> Array:
        price = toll - zeta[:, groups.column_group] * pull
        return _cheapest(price, worth, program, columns, most)

    def wants(log_zeta: Array) -> Array:
        """How much more of its language each group wants than is cheapest, in z₀."""
        wanted = wide * np.exp(-log_zeta[:, groups.row_group] / (1.0 + phi))
        given = read(np.exp(log_zeta)) * pull
        return np.asarray(
            np.add.reduceat(wanted, groups.row_starts, axis=1)
            - np.add.reduceat(given, groups.column_starts, axis=1)
        )

    ahead = np.log(kappa / line.heavy[rows])
    high = np.maximum(np.maximum.reduceat(ahead, groups.row_starts, axis=1), 0.0) + _SLIP
    low = np.minimum(np.minimum.reduceat(ahead, groups.row_starts, axis=1), 0.0) - _SLIP
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        more = wants(middle) > 0
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    zeta = np.exp(high)
    x, z = read(zeta), zeta[:, groups.row_group] * first
    s = saturate(x, program.unique[columns], program.decay)
    lines = (1.0 + phi) * kappa ** (1.0 / (1.0 + phi)) * (z / phi) ** (phi / (1.0 + phi))
    price = toll - zeta[:, groups.column_group] * pull
    return np.asarray(lines.sum(axis=1) + (price * x).sum(axis=1) - s @ worth)


def _cheapest(
    price: Array, worth: Array, program: Program, members: NDArray[Any], most: Array
) -> Array:
    """Tokens where price·X - worth·S(X) is least, for some columns; price may be (G, columns)."""
    unique = program.unique[members]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(price > 0, worth / price, np.inf)
        epochs = 1.0 + np.log(ratio) / program.decay
    inside = np.where(ratio > 1.0, unique * np.maximum(epochs, 1.0), 0.0)
    return np.asarray(np.minimum(inside, most[members]))
