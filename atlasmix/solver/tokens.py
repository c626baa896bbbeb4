"""How many tokens to read: the search over T, and over N where compute is given, with its proof.

The optimum of the convex program at T tokens, f(T), falls where text abounds. Where epoch caps
hold targets at what there is, more donor tokens cost them capacity, and f may turn up again. f
need not have one valley, so a search by halves is not safe. But what proves one optimum proves a
bound at every other T as well (``proved_over``). By the slopes the best T is approached first, then
T is solved where the bound over all intervals is least, until that meets the best answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.laws.saturation import Array, saturate
from atlasmix.solver.collisions import feasible
from atlasmix.solver.compile import Compiled
from atlasmix.solver.engines import Engine, Optimum, barrier, optimise
from atlasmix.solver.linear import NoPoint
from atlasmix.solver.patience import expired
from atlasmix.solver.program import Program, gathered, scale

Exponent = float | Array
"""Of the tokens, by which the capacity terms grow: one for all rows, or (T,)."""

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
            :func:`atlasmix.solver.engines.barrier`.
    """

    tokens: float
    params: float
    compiled: Compiled
    optimum: Optimum
    kept: bool = True


def point_at(
    tokens: float, params: float, compiled: Compiled, engine: Engine | None = None
) -> Point | None:
    """The optimum of a program compiled at T and N; None where its linear limits cannot hold."""
    program = compiled.program
    optimum = optimise(program, engine)
    if optimum is not None:
        return Point(tokens, params, compiled, optimum)
    if not np.isfinite(program.level).any() or not feasible(program):
        return None
    try:
        eased = barrier(program)
    except NoPoint:
        return None
    if eased is None:
        return None
    return Point(tokens, params, replace(compiled, program=eased[0]), eased[1], kept=False)


def proved_over(
    point: Point, left: Array, right: Array, exponent: Exponent
) -> tuple[Array, Array, Array]:
    """What the prices at one point prove over every cell of T and at its ends.

    inf where no guardrail can hold.
    """
    phi, count = point.compiled.program.phi, len(_FOLLOWED)
    middle = np.sqrt(left * right) / point.tokens
    more = np.concatenate([middle**part for part in _FOLLOWED])

    def proved(ends: Array, kappa: Array) -> Array:
        """b at one end of every cell, by each of the guesses."""
        kappas = np.tile(kappa, (count, 1))
        # What no text of a target's own adds to its m grows with T: all over a cell it is given
        # what it is at the right end.
        at = _curve(point, np.tile(ends, count), kappas, more, np.tile(right, count))
        return at.reshape(count, ends.size)

    first, last = _kappas(point, left, exponent), _kappas(point, right, exponent)
    start, end = proved(left, first), proved(right, last)
    lower = end
    if float(np.max(exponent + phi, initial=0.0)) > 1.0:
        # κ bends up: at the right end its tangent at the left one stands in.
        growth = 1.0 + (exponent + phi) * (right[:, None] / left[:, None] - 1.0)
        lower = proved(right, np.minimum(first * growth, last))
    bounds = np.minimum(start, lower).max(axis=0), start.max(axis=0), end.max(axis=0)
    if point.kept:
        return bounds
    least, at_left, at_right = (np.where(each > _OUT, np.inf, -np.inf) for each in bounds)
    return least, at_left, at_right


def proved_at(point: Point, tokens: Array, exponent: Exponent) -> Array:
    """What the prices at one point prove at other T, by its own tangents."""
    kappa = _kappas(point, tokens, exponent)
    return _curve(point, tokens, kappa, np.ones(tokens.size), tokens)


def _kappas(point: Point, tokens: Array, exponent: Exponent) -> Array:
    """κ of every row at every T, (G, T)."""
    ratio = (tokens / point.tokens)[:, None]
    return np.asarray(
        point.optimum.prices.line.heavy * ratio ** (exponent + point.compiled.program.phi)
    )


def _curve(point: Point, tokens: Array, kappa: Array, more: Array, reach: Array) -> Array:
    """b at several T, given κ there and k, ``more``; see the head of this file.

    b bends as it is said to only where every T is allowed the same columns: a cell's left end is
    given what its right end may hold, ``reach`` tokens or more.

    At k times the point's own y the tangents of y^-β are q = k^-(1+β) times as steep; where rows
    differ in β, each is taken at the k that makes them as steep as that of the mean β. With all
    prices times q, columns are read as before: b is q times the same with κ/q in the place of κ,
    and a drift penalty, which is counted in tokens and has one slope at every T, over q.
    """
    program, prices = point.compiled.program, point.optimum.prices
    line, toll = prices.line, prices.toll(program)
    drift = program.drift is not None
    # No column holds more than all tokens that are read.
    most = np.minimum(program.upper, max(float(reach.max()), point.tokens) / point.tokens)
    rows = float(prices.rows @ program.rows.bound) if prices.rows.size else 0.0
    q = more ** -(1.0 + float(program.beta.mean()))
    times = q[:, None] ** (-1.0 / (1.0 + program.beta))
    base = -prices.share * tokens / point.tokens - rows
    if drift:
        # Its tangents bound it at every T as they are, and no price of theirs may be raised.
        toll = toll - line.drift + line.drift / q[:, None]
    free = line.pull <= 0
    price = toll[..., free]
    read = _cheapest(price, line.worth[free], program, free, most)
    s = saturate(read, program.unique[free], program.decay)
    spent = (price * read).sum(axis=1) if drift else price @ read
    base = base + spent - s @ line.worth[free]
    base = q * (base + _own_parts(point, toll, most, kappa / q[:, None], reach))
    return np.asarray(
        base + line.fixed + (times * q[:, None] - 1.0) @ (line.lost * (1.0 + program.beta))
    )


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


def _own_parts(point: Point, toll: Array, most: Array, kappa: Array, reach: Array) -> Array:
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
    toll, worth, pull = toll[..., columns], line.worth[columns], line.pull[columns]
    first = line.heavy[rows] * phi * line.m[rows] ** (-phi - 1.0)  # z₀
    wide = (phi * kappa / first) ** (1.0 / (1.0 + phi)) * first
    held = program.least[rows] * reach[:, None] / point.tokens

    def read(zeta: Array) -> Array:
        price = toll - zeta[:, groups.column_group] * pull
        return _cheapest(price, worth, program, columns, most)

    def wants(log_zeta: Array) -> Array:
        """How much more of its language each group wants than is cheapest, in z₀."""
        wanted = wide * np.exp(-log_zeta[:, groups.row_group] / (1.0 + phi))
        given = read(np.exp(log_zeta)) * pull
        return np.asarray(
            np.add.reduceat(wanted - first * held, groups.row_starts, axis=1)
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
    lines = lines - z * held
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


ENOUGH: Final = 2e-5
"""Certified gap, relative to the reducible loss, at which the search over T stops."""

CRUMB: Final = 1e-3
"""Share of a donor below which nobody prepares its text, where a little less read is as good: our
choice, the least share that a report prints to a tenth of a percent."""

_NOT_READ = 1e-9
_SAME = 1e-6
_CELLS = 32
_MOST_SOLVES = 60
_MOST_ROUNDS = 400
_MOST_APPROACHES = 8
_PARTS = 8
_STEEP = 4.0
_NEAR = 4
_BESIDE = 0.8
"""Beyond what the point below proves, by how much of its reach the next one is solved."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The best number of tokens.

    Attributes:
        best: the point there.
        bound: no T in the range has a mixture with a lower objective.
        solves: points that were solved.
        points: all of them, by T.
    """

    best: Point
    bound: float
    solves: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class TokenRange:
    """Where T is looked for, in tokens, and the ends that the limits themselves have.

    At the ends limits may leave nothing for a target, and its loss no end: ``low`` and ``high`` lie
    a hair inside ``least`` and ``most``. What that hair could give counts in the bound.
    """

    least: float
    low: float
    high: float
    most: float


@dataclass(slots=True)
class _Search:
    """Every T solved so far, and cells of T with the best bound that any of them proves."""

    solve: Callable[[float], Point | None]
    exponent: Exponent  # α (of every row) where N = C/6T; 0 where N is fixed
    seen: dict[float, Point | None] = field(default_factory=dict)

    @property
    def points(self) -> list[Point]:
        """The solved ones, by T."""
        kept = (p for p in self.seen.values() if p is not None and p.kept)
        return sorted(kept, key=lambda p: p.tokens)

    @property
    def walls(self) -> list[Point]:
        """Those at which no mixture keeps the guardrails."""
        return [p for p in self.seen.values() if p is not None and not p.kept]

    @property
    def best(self) -> Point:
        """The least objective so far; of equals the most tokens."""
        return min(self.points, key=lambda p: (p.optimum.value, -p.tokens))

    def at(self, tokens: float) -> Point | None:
        """The point at T = ``tokens``, solved once; None where no mixture meets the limits."""
        if tokens not in self.seen:
            self.seen[tokens] = self.solve(tokens)
        point = self.seen[tokens]
        return point if point is not None and point.kept else None


def search(
    solve: Callable[[float], Point | None], ends: TokenRange, exponent: Exponent = 0.0
) -> SearchResult | None:
    """The T of a range with the least objective; None where none can be solved.

    Args:
        solve: the optimum at T; a point that is not ``kept``, or None, where no mixture meets the
            limits there.
        ends: range of T; the bound holds for all of it.
        exponent: α, of all rows or of each, where N = C/6T, so that A/N^α grows with T^α; 0 where
            N stays.
    """
    low, high = ends.low, ends.high
    known = _Search(solve, exponent)
    if known.at(high) is None and not _first(known, low, high):
        return None
    if low >= high * (1 - 1e-9):
        best = known.best
        bound = min(best.optimum.bound, _outside(known, ends))
        return SearchResult(best, bound, len(known.seen), tuple(known.points))
    bound = _descend(known, ends)
    # The search ends within a tolerance: what no target has any use for was read to fill T up.
    idle = _idle(known.best)
    if 0 < idle < 0.5:
        known.at(max(known.best.tokens * (1.0 - idle), low))
    best = _tidied(known, low)
    whole = known.seen[high]
    if whole is not None and whole.kept:
        # Nobody leaves tokens unread for a difference that no run could show.
        near = _SAME * scale(best.compiled.program, best.optimum.value)
        best = whole if whole.optimum.value <= best.optimum.value + near else best
    return SearchResult(best, bound, len(known.seen), tuple(known.points))


def _outside(known: _Search, ends: TokenRange) -> float:
    """What the points solved prove of the T between those looked at and the ends."""
    hairs = [(ends.least, ends.low), (ends.high, ends.most)]
    pairs = [(max(left, right * 1e-12), right) for left, right in hairs if left < right]
    if not pairs:
        return math.inf
    left, right = np.array(pairs).T
    proved = [
        proved_over(point, left, right, known.exponent)[0]
        for point in known.seen.values()
        if point is not None
    ]
    return float(np.max(proved, axis=0).min())


def _idle(point: Point) -> float:
    """Share of the tokens that gives no target data or capacity."""
    program = point.compiled.program
    counted = program.weight > 0
    used = (program.gain[counted] > 0).any(axis=0) | (program.own[counted] > 0).any(axis=0)
    return float(point.optimum.x[~used].sum())


def _tidied(known: _Search, low: float) -> Point:
    """The best point, or one a hair below it that reads no crumb of a donor and is as good."""
    best = known.best
    crumbs = _crumbs(best)
    if not crumbs:
        return best
    near = known.at(max(best.tokens * (1.0 - crumbs), low))
    if near is None or _crumbs(near) or near.optimum.value > best.optimum.value + _enough(best):
        return best
    return near


def _crumbs(point: Point) -> float:
    """Share of the tokens that is read of donors in portions that nobody would prepare."""
    program, x = point.compiled.program, point.optimum.x
    lent = ~(program.own[program.weight > 0] > 0).any(axis=0)
    return float(x[lent & (x > _NOT_READ) & (x < CRUMB)].sum())


def _first(known: _Search, low: float, high: float) -> bool:
    """Any T that can be solved, from many tokens to few; guardrails may leave only a part."""
    floor = max(low, high * 1e-6)
    scan = np.geomspace(high, floor, 25)[1:].tolist()
    return any(known.at(tokens) is not None for tokens in scan) or _between_walls(known)


def _between_walls(known: _Search) -> bool:
    """A T that guardrails leave between two at which they cannot hold.

    The largest guarded loss over its level falls from one side and rises to the other: its least
    is looked for by the slopes, until it lies below the levels or the place is found.
    """
    walls = sorted(known.walls, key=lambda point: point.tokens)
    valleys = [
        (left, right)
        for left, right in pairwise(walls)
        if _slope(left, known.exponent) < 0 < _slope(right, known.exponent)
    ]
    valleys.sort(key=lambda pair: min(point.optimum.value for point in pair))
    for below, above in valleys[:2]:
        left, right = below, above
        for _ in range(_MOST_APPROACHES):
            fall, rise = -_slope(left, known.exponent), _slope(right, known.exponent)
            part = min(max(fall / (fall + rise), 0.1), 0.9)
            tokens = left.tokens * (right.tokens / left.tokens) ** part
            if known.at(tokens) is not None:
                return True
            middle = known.seen[tokens]
            if middle is None:
                break
            rising = _slope(middle, known.exponent) > 0
            left, right = (left, middle) if rising else (middle, right)
    return False


def _descend(known: _Search, ends: TokenRange) -> float:
    """Solve where the bound is least until it meets the best answer; returns the bound."""
    high, worthless = ends.high, _worthless(known, ends.high)
    low = max(ends.low, worthless)
    if low >= high * (1 - 1e-9):
        return min(known.best.optimum.bound, _outside(known, replace(ends, least=low, low=low)))
    _approach(known, low, high)
    # The cells reach to the very ends, and T is solved between ``low`` and ``high`` alone.
    edges = np.geomspace(low, high, _cell_count(known) + 1)
    edges[0], edges[-1] = ends.least if ends.low >= worthless else low, ends.most
    cells, bound = _known(known, edges[:-1], edges[1:]), -math.inf
    for _ in range(_MOST_ROUNDS):
        best = known.best
        aim = best.optimum.value - _enough(best)
        place = int(np.argmin(cells.least))
        bound = min(float(cells.least[place]), best.optimum.bound)
        if cells.least[place] >= aim or len(known.seen) >= _MOST_SOLVES or expired():
            break
        apart = min(cells.start[place], cells.end[place]) < aim
        tokens = _next(known, cells, place, aim) if apart else None
        if tokens in known.seen:  # what was hoped of it did not hold here: look at the cell itself
            tokens = math.sqrt(cells.left[place] * cells.right[place])
        tokens = None if tokens is None else min(max(tokens, low), high)
        if tokens is not None and tokens not in known.seen:
            known.at(tokens)
            new = known.seen[tokens]
            # Cells that are proved already stay so: the aim never rises.
            open_ = np.flatnonzero(cells.least < aim)
            if new is not None:
                left, right = cells.left[open_], cells.right[open_]
                cells.rise(open_, proved_over(new, left, right, known.exponent))
            cells.least[_closed(known, cells.right)] = np.inf
            continue
        # What is known at its edge leaves too much room inside: smaller cells.
        edge = cells.left[place], cells.right[place]
        if edge[1] / edge[0] < 1.0 + 1e-9:
            break
        inside = np.geomspace(*edge, _PARTS + 1)
        inside[0], inside[-1] = edge
        cells = cells.divided(place, _known(known, inside[:-1], inside[1:]))
    return bound


def _enough(point: Point) -> float:
    return ENOUGH * scale(point.compiled.program, point.optimum.value)


def _slope(point: Point, exponent: Exponent) -> float:
    """df/d ln T at a solved point, by its prices."""
    line, program = point.optimum.prices.line, point.compiled.program
    phi = program.phi
    rise = (exponent + phi * (1.0 - program.least / line.m)) * line.heavy * line.m**-phi
    return float(rise.sum()) - point.optimum.prices.share


def _approach(known: _Search, low: float, high: float) -> None:
    """Go downhill from the most tokens by the slopes: a better answer proves more, and sooner."""
    right = known.at(high)
    if right is None or not _slope(right, known.exponent) > 0:
        return
    left: Point | None = None
    for _ in range(_MOST_APPROACHES):
        if expired():
            return
        rise = _slope(right, known.exponent)
        if left is None:
            step = math.log(right.tokens / max(low, 0.25 * right.tokens))
        else:
            wide = math.log(right.tokens / left.tokens)
            # Where limits leave hardly any tokens for a target either slope has no end.
            fall = _slope(left, known.exponent)
            fall, rise = max(fall, -_STEEP * rise), min(rise, -_STEEP * fall)
            # What a parabola would still gain is not worth a solve.
            if rise * rise * wide < _enough(known.best) * (rise - fall):
                return
            step = min(max(rise / (rise - fall), 0.1), 0.9) * wide
        if step < 1e-9:
            return
        there = known.at(right.tokens * math.exp(-step))
        if there is None:
            return
        if _slope(there, known.exponent) > 0:
            right = there
        else:
            left = there


@dataclass(slots=True)
class _Cells:
    """Intervals of T in order, what is proved over each, and at its two ends."""

    left: Array
    right: Array
    least: Array
    start: Array
    end: Array

    def rise(self, places: NDArray[np.intp], proved: tuple[Array, Array, Array]) -> None:
        """Take in what one more point proves."""
        for mine, new in zip((self.least, self.start, self.end), proved, strict=True):
            mine[places] = np.maximum(mine[places], new)

    def divided(self, place: int, parts: _Cells) -> _Cells:
        """With one cell replaced by smaller ones."""
        parts.least = np.maximum(parts.least, self.least[place])

        def with_parts(mine: Array, new: Array) -> Array:
            return np.concatenate([mine[:place], new, mine[place + 1 :]])

        return _Cells(
            with_parts(self.left, parts.left),
            with_parts(self.right, parts.right),
            with_parts(self.least, parts.least),
            with_parts(self.start, parts.start),
            with_parts(self.end, parts.end),
        )


def _next(known: _Search, cells: _Cells, place: int, aim: float) -> float | None:
    """Where to solve among the open cells round ``place``: as far in as a point proves about it.

    None where a point lies in that cell: then smaller ones are to show how far it proves.
    """
    # A wall proves nothing of what lies beside it.
    solved = np.array([point.tokens for point in known.points])
    if np.any((solved >= cells.left[place]) & (solved <= cells.right[place])):
        return None
    open_ = (cells.least < aim) & (np.minimum(cells.start, cells.end) < aim)
    first = last = place
    after = np.searchsorted(solved, cells.left)
    while first > 0 and open_[first - 1] and after[first - 1] == after[place]:
        first -= 1
    while last + 1 < open_.size and open_[last + 1] and after[last + 1] == after[place]:
        last += 1
    low, high = float(cells.left[first]), float(cells.right[last])
    middle = math.sqrt(low * high)
    if after[place] == 0:
        return middle
    reach = low / float(solved[after[place] - 1])  # so far up does the point below prove
    return float(min(low * reach**_BESIDE, middle))


def _cell_count(known: _Search) -> int:
    """Fewer cells for large programs: those that matter are cut smaller anyway."""
    columns = known.best.compiled.program.unique.size
    return max(_CELLS // 8, min(_CELLS, _CELLS * 100 // columns))


def _closed(known: _Search, right: Array) -> NDArray[np.bool_]:
    """Cells below the smallest T that can be solved, where a smaller one met no linear limit."""
    least = min(p.tokens for p in known.points)
    none = [t for t, p in known.seen.items() if p is None and t < least]
    return right <= max(none, default=0.0)


def _worthless(known: _Search, high: float) -> float:
    """T below which even text of the best kind alone leaves a greater loss than the best answer.

    Or a billionth of the range's end, below which nobody looks.
    """
    best = known.best
    program, tokens = best.compiled.program, best.tokens
    counted = program.weight > 0
    most = program.gain[counted].max(axis=1)
    beta = program.beta[counted]
    lost = program.data[counted] * most**-beta  # at T tokens of the most useful kind
    # With compute given a smaller T leaves a larger N: its capacity terms count for nothing here.
    least = program.capacity[counted] * (not np.any(known.exponent))
    capacity = np.where(program.heard[counted], least, 0.0)
    weight = program.weight[counted]
    value = best.optimum.value
    ratio = 1.0
    for _ in range(200):
        ratio *= 0.5
        total = gathered(program, weight * (capacity + lost * ratio**-beta))
        if total > value or ratio * tokens < 1e-9 * high:
            break
    return ratio * tokens


def _known(known: _Search, left: Array, right: Array) -> _Cells:
    """The best that what was solved so far proves over cells of T."""
    nothing = np.full(left.size, -np.inf)
    cells = _Cells(left, right, nothing, nothing.copy(), nothing.copy())
    every = np.arange(left.size)
    # The further off a point lies, the less it proves.
    near = sorted(known.points, key=lambda p: abs(math.log(p.tokens**2 / (left[0] * right[-1]))))
    for point in (*near[:_NEAR], *known.walls):
        cells.rise(every, proved_over(point, left, right, known.exponent))
    cells.least[_closed(known, right)] = np.inf
    return cells
