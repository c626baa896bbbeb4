r"""The interior-point engine: primal-dual Newton steps for every limit that a question can state.

Each column is split into what is read for the first time and what is read again, so that
S = a + U·(1 - e^(-λr))/λ has all its derivatives. The losses are sums of m^-φ and y^-β, of which
gradient and Hessian are a few matrix products. Mehrotra's predictor sets how far the
central path is followed in one step. Guardrails, the maximum over targets and a ceiling on the
objective are inequalities of the same sums. The caller checks the answer (certificate.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasmix.laws.saturation import Array
from atlasmix.solver.program import Drift, Duals, Program, Scenarios, columns

_LARGE = 150
"""Variables from which on a Cholesky factor is worth the import of scipy.linalg."""

_SPARSE = 300
"""Variables from which on fewer rows than variables pay."""

_MANY = 120
"""Data terms from which on conjugate gradients cost less than a factor: measured."""

_RIDGE = 1e-14
_SHARP = 1e-10
"""Part of the right-hand side that may be left."""

_MOST_ITERATIONS = 40


class Terms:
    """The arguments of the powers: own shares m = own·x first, then data y = gain·s.

    x and s are linear in a step: a column's fresh share counts ``unit``, an epoch read again counts
    ``often`` tokens, of which ``fade`` are worth something.
    """

    def __init__(
        self,
        own: Array,
        gain: Array,
        unit: Array,
        often: Array,
        again: NDArray[np.intp],
        size: int,
    ) -> None:
        self.own, self.gain, self.unit, self.often, self.again = own, gain, unit, often, again
        self.n, self.k, self.v = unit.size, again.size, size
        self.shares = own.shape[0]
        self.row, self.column = np.nonzero(own)
        self.entry = own[self.row, self.column]
        alone = np.bincount(self.row, minlength=self.shares) == 1
        self.single = alone[self.row]
        """Entries of targets with one column of their own."""
        self.shared = np.flatnonzero(~alone)

    def spread(self, rows: Array) -> Array:
        """Rows over the columns as rows over the variables."""
        wide = np.zeros((rows.shape[0], self.v))
        wide[:, : self.n] = rows * self.unit
        wide[:, self.n : self.n + self.k] = rows[:, self.again] * self.often
        return wide

    def columns(self, v: Array) -> Array:
        """x of every column."""
        x = self.unit * v[: self.n]
        x[self.again] += self.often * v[self.n : self.n + self.k]
        return x

    def values(self, v: Array, worn: Array) -> Array:
        """m and y, (K,); ``worn`` is what the epochs read again are worth."""
        s = self.unit * v[: self.n]
        x = s.copy()
        x[self.again] += self.often * v[self.n : self.n + self.k]
        s[self.again] += self.often * worn
        return np.concatenate([self._shares(x), self.gain @ s])

    def along(self, dv: Array, fade: Array) -> Array:
        """The change of m and y along a step."""
        return self.values(dv, fade * dv[self.n : self.n + self.k])

    def _shares(self, x: Array) -> Array:
        weights = self.entry * x[self.column]
        return np.asarray(
            np.bincount(self.row, weights=weights, minlength=self.shares), dtype=float
        )

    def pull(self, force: Array, fade: Array) -> tuple[Array, Array]:
        """Σ force·derivative by the variables (v,), and of it by s of every column (n,)."""
        weights = self.entry * force[self.row]
        x = np.bincount(self.column, weights=weights, minlength=self.n)
        s = force[self.shares :] @ self.gain
        out = np.zeros(self.v)
        out[: self.n] = self.unit * (x + s)
        out[self.n : self.n + self.k] = self.often * (x[self.again] + fade * s[self.again])
        return out, s

    def slopes(self, force: Array, fade: Array) -> Array:
        """The same for several rows of forces, (m, K) -> (m, v)."""
        x, s = force[:, : self.shares] @ self.own, force[:, self.shares :] @ self.gain
        out = np.zeros((force.shape[0], self.v))
        out[:, : self.n] = self.unit * (x + s)
        again = x[:, self.again] + fade * s[:, self.again]
        out[:, self.n : self.n + self.k] = self.often * again
        return out


@dataclass(frozen=True, slots=True)
class Newton:
    """K in its parts.

    Attributes:
        terms: their first derivatives.
        fade: what one more token read again is worth.
        curved: (K,) ω of the powers.
        diagonal: (v,) D.
        rows: (m, v) gradients of the limits.
        ratio: (m,) ω of the limits.
    """

    terms: Terms
    fade: Array
    curved: Array
    diagonal: Array
    rows: Array
    ratio: Array

    def times(self, dv: Array) -> Array:
        """K·dv."""
        along = self.terms.along(dv, self.fade)
        out = self.terms.pull(self.curved * along, self.fade)[0] + self.diagonal * dv
        return out + (self.ratio * (self.rows @ dv)) @ self.rows if self.ratio.size else out


Inverse = Callable[[Array], Array]


class Solver:
    """Solves one system after another of the same path, the fast way for as long as it is sharp."""

    def __init__(self, terms: Terms, limits: int, e: Array) -> None:
        data = terms.gain.shape[0]
        rank = data + terms.shared.size + limits
        self.ways: list[Callable[[Newton], Inverse | None]] = []
        free = terms.v > terms.n + terms.k  # the worst has no bounds, so D is 0 there
        if terms.v >= _SPARSE and not free:
            if data >= _MANY:
                self.ways.append(lambda newton: _by_rows(newton, False))
            if rank < 0.7 * terms.v:
                self.ways.append(lambda newton: _by_rows(newton, True))
        self.e = e

    def factorise(self, newton: Newton) -> bool:
        """Get ready to solve with ``newton``; False where it is not made of finite numbers."""
        self.newton = newton
        while self.ways:
            inverse = self.ways[0](newton)
            if inverse is not None:
                self.inverse: Inverse = inverse
                return self._with_sum()
            del self.ways[0]
        written = _written_out(newton)
        if written is None:
            return False
        self.inverse = written
        return self._with_sum()

    def _with_sum(self) -> bool:
        self.ke = self._back(self.e)
        return bool(np.isfinite(self.ke).all())

    def solve(self, rhs: Array, room: float) -> tuple[Array, float]:
        """dv and dν."""
        part = self._back(rhs)
        dnu = (float(self.e @ part) - room) / float(self.e @ self.ke)
        return part - dnu * self.ke, dnu

    def _back(self, rhs: Array) -> Array:
        if not self.ways:
            return self.inverse(rhs)
        answer = _conjugate(self.newton, self.inverse, rhs)
        if answer is not None:
            return answer
        del self.ways[0]
        if self.factorise(self.newton):
            return self._back(rhs)
        return np.full(rhs.shape, np.nan)


def _conjugate(newton: Newton, inverse: Inverse, rhs: Array) -> Array | None:
    """Conjugate gradients with ``inverse`` for most of K⁻¹; None where they do not get sharp."""
    enough = _SHARP * float(np.abs(rhs).max())
    answer = inverse(rhs)
    rest = rhs - newton.times(answer)
    ahead, before = np.zeros_like(rhs), 1.0
    for _ in range(_MOST_ITERATIONS):
        if not float(np.abs(rest).max()) > enough:
            break
        near = inverse(rest)
        size = float(rest @ near)
        ahead = near + size / before * ahead
        moved = newton.times(ahead)
        length = size / float(ahead @ moved)
        answer, rest, before = answer + length * ahead, rest - length * moved, size
    return answer if float(np.abs(rest).max()) <= enough else None


def _written_out(newton: Newton) -> Inverse | None:
    """K in full."""
    terms, n, k = newton.terms, newton.terms.n, newton.terms.k
    size, shares = newton.curved.size, terms.shares
    root = np.sqrt(newton.curved)[:, None]
    tall = np.zeros((size + newton.ratio.size, terms.v))
    tall[:shares, :n] = root[:shares] * (terms.own * terms.unit)
    tall[:shares, n : n + k] = root[:shares] * (terms.own[:, terms.again] * terms.often)
    tall[shares:size, :n] = root[shares:] * (terms.gain * terms.unit)
    again = terms.gain[:, terms.again] * (terms.often * newton.fade)
    tall[shares:size, n : n + k] = root[shares:] * again
    tall[size:] = np.sqrt(newton.ratio)[:, None] * newton.rows
    matrix = tall.T @ tall
    place = np.diag_indices_from(matrix)
    matrix[place] += newton.diagonal
    matrix[place] += _RIDGE * (1.0 + matrix[place])
    # The scales of the diagonal are taken out.
    scale = 1.0 / np.sqrt(np.maximum(matrix[place], 1e-300))
    matrix *= scale[:, None]
    matrix *= scale
    if not np.isfinite(matrix).all():
        return None
    solve = _cholesky(matrix) if terms.v >= _LARGE else None
    if solve is None:
        solve = _by_elimination(matrix)
    return lambda rhs: np.asarray(solve(rhs * scale) * scale)


class _Blocks:
    """D with what own shares add to it, one block of two a column, and its inverse."""

    def __init__(self, newton: Newton) -> None:
        terms, n, k = newton.terms, newton.terms.n, newton.terms.k
        self.n, self.again = n, terms.again
        single = terms.single
        force = newton.curved[terms.row[single]] * np.square(terms.entry[single])
        bowed = np.bincount(terms.column[single], weights=force, minlength=n)
        fresh, unit, often = newton.diagonal[:n] + _RIDGE, terms.unit, terms.often
        a, r = fresh[self.again], newton.diagonal[n : n + k] + _RIDGE
        c, u = bowed[self.again], unit[self.again]
        det = a * r + c * (np.square(u) * r + np.square(often) * a)
        self.aa = 1.0 / (fresh + bowed * np.square(unit))
        self.aa[self.again] = (r + c * np.square(often)) / det
        self.ar, self.rr = -c * u * often / det, (a + c * np.square(u)) / det
        self.worth = self.aa * np.square(unit)
        """s of a column for a force of 1 on it."""
        late = c * np.square(u * often * (1.0 - newton.fade))
        both = np.square(u) * r + np.square(often * newton.fade) * a
        self.worth[self.again] = (both + late) / det

    def inverse(self, force: Array) -> Array:
        """Forces on the variables to a step, both (v,) or (v, c)."""
        n, again = self.n, self.again
        across = force.T
        out = np.empty_like(across)
        out[..., :n] = across[..., :n] * self.aa
        out[..., again] += across[..., n:] * self.ar
        out[..., n:] = across[..., again] * self.ar + across[..., n:] * self.rr
        return out.T


class _Rows:
    """The rows that are brought in by the formula of Woodbury, each times the root of its ω.

    Data terms are kept by the columns' s, if they are among them at all; shared own shares and
    limits by the variables.
    """

    def __init__(self, newton: Newton, whole: bool) -> None:
        self.terms, self.whole = newton.terms, whole
        self.fading = newton.terms.often * newton.fade
        shared = newton.terms.shared
        self.others = np.sqrt(newton.ratio)[:, None] * newton.rows
        if shared.size:
            own = newton.terms.spread(newton.terms.own[shared])
            self.others = np.vstack([np.sqrt(newton.curved[shared])[:, None] * own, self.others])
        self.data = newton.curved.size - newton.terms.shares if whole else 0
        self.root = np.sqrt(newton.curved[newton.terms.shares :])

    def of(self, step: Array) -> Array:
        """A step of the variables, or several, (v,) or (v, c), by rows."""
        if not self.whole:
            return np.asarray(self.others @ step)
        terms, across = self.terms, step.T
        s = terms.unit * across[..., : terms.n]
        s[..., terms.again] += self.fading * across[..., terms.n :]
        data = self.root * (s @ terms.gain.T)
        return np.concatenate([data, across @ self.others.T], axis=-1).T

    def force(self, rows: Array) -> Array:
        """A force on each row as a force on the variables, (v,)."""
        out = rows[self.data :] @ self.others
        if self.whole:
            s = (self.root * rows[: self.data]) @ self.terms.gain
            out[: self.terms.n] += self.terms.unit * s
            out[self.terms.n :] += self.fading * s[self.terms.again]
        return np.asarray(out)

    def matrix(self, blocks: _Blocks) -> Array:
        """I + F D⁻¹ Fᵀ."""
        data = self.data
        matrix = np.empty((data + self.others.shape[0],) * 2)
        if self.whole:
            tall = self.terms.gain * np.sqrt(blocks.worth)
            tall *= self.root[:, None]
            matrix[:data, :data] = tall @ tall.T
        if self.others.size:
            matrix[:, data:] = self.of(blocks.inverse(self.others.T))
            matrix[data:, :data] = matrix[:data, data:].T
        matrix[np.diag_indices_from(matrix)] += 1.0
        return matrix


def _by_rows(newton: Newton, whole: bool) -> Inverse | None:
    """Inverse of K by Woodbury: one unknown a limit, a shared own share and a data term.

    Args:
        newton: K.
        whole: False leaves the data terms out.
    """
    blocks, rows = _Blocks(newton), _Rows(newton, whole)
    if not (np.isfinite(blocks.worth).all() and np.isfinite(rows.others).all()):
        return None
    if not (whole or rows.others.size):
        return blocks.inverse
    solve = _cholesky(rows.matrix(blocks))
    if solve is None:
        return None

    def inverse(rhs: Array) -> Array:
        step = blocks.inverse(rhs)
        return np.asarray(step - blocks.inverse(rows.force(solve(rows.of(step)))))

    return inverse


def _by_elimination(matrix: Array) -> Inverse:
    def solve(rhs: Array) -> Array:
        try:
            return np.asarray(np.linalg.solve(matrix, rhs), dtype=float)
        except np.linalg.LinAlgError:
            return np.full(rhs.shape, np.nan)

    return solve


def _cholesky(matrix: Array) -> Inverse | None:
    """Half the work of an LU; scipy.linalg is slow to import, so small problems do without it."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    for ridge in (0.0, 1e-13, 1e-10):
        lifted = matrix + ridge * np.eye(matrix.shape[0]) if ridge else matrix
        try:
            # The transpose of a symmetric matrix is read in Fortran's order without a copy.
            factor: Any = cho_factor(lifted.T, lower=True, check_finite=False)
        except LinAlgError:
            continue
        return lambda rhs: np.asarray(cho_solve(factor, rhs, check_finite=False))
    return None


_MOST_STEPS = 100
_MOST_IDLE = 15
"""Steps without a nearer point after which the path is left."""

_INSIDE = 1e-9
"""What a point may miss a limit by, as a share of the limit's size, to be the answer."""

_TOLERANCE = 1e-11
_ENDS = 1e-6
"""Share of the tokens to which the ends of a range are sought: a table shows two digits, and the
last of Newton's steps are the dearest."""

_CLOSED = 1e-15
_KEPT = 0.5
"""Part of a curved limit's linear slack from which on its true slack takes its place."""

_WAIT = 0.1
"""Part of what the slopes are off by, in the objective's unit, that the gap may not fall below."""

_BACK = 0.995
"""Part of the way to the nearest bound that one step goes."""


@dataclass(frozen=True, slots=True)
class Interior:
    """Where the engine stopped: shares (n,) and duals."""

    x: Array
    duals: Duals


@dataclass(frozen=True, slots=True)
class Aim:
    """Instead of the objective: least of cost · x where the objective is at most ``ceiling``."""

    cost: Array
    ceiling: float


class _Model:
    """Variables v: fresh shares, epochs read again, the worst; inequalities and their sums.

    The worst of some scenarios is η + most·Σu, least of all that keep V <= η + u and u >= 0; where
    a scenario may have all the weight, the largest, u is 0 and left out. Each block has its η.
    """

    def __init__(self, program: Program, aim: Aim | None) -> None:
        most = np.minimum(program.upper, 1.0)
        self.program = program
        self.enough = _TOLERANCE if aim is None else _ENDS
        again = np.flatnonzero(program.upper > program.unique)
        again = again[program.unique[again] < 1.0]
        n, k = program.unique.size, again.size
        unit = np.maximum(np.minimum(program.unique, most), 1e-300)
        often = program.unique[again]
        self.each = None if program.base is None else Scenarios.of(program)
        tops = overs = 0
        if self.each is not None:
            tops = self.each.block_count
            overs = self.each.count if self.each.most < 1.0 else 0
        self.top, self.over = slice(n + k, n + k + tops), slice(n + k + tops, n + k + tops + overs)
        self.n, self.k, self.v = n, k, n + k + tops + overs
        self.boxed = n + k
        """The variables up to here have two bounds: those of the worst have none."""
        self.high = np.ones(self.boxed)
        self.high[n:] = (most[again] - often) / often
        self.total = np.zeros(self.v)
        self.total[:n], self.total[n : n + k] = unit, often
        counted, guarded = program.weight > 0, np.isfinite(program.level)
        speaks = np.flatnonzero(program.heard & (counted | guarded))
        self.mine, self.kept = np.flatnonzero(counted), np.flatnonzero(guarded)
        gain = program.gain
        if self.kept.size or self.mine.size < counted.size:
            gain = np.vstack([gain[self.mine], program.expected[self.kept]])
        own = program.own if speaks.size == counted.size else program.own[speaks]
        self.terms = Terms(own, gain, unit, often, again, self.v)
        rows = np.concatenate([self.mine, self.kept])
        self.exponent = np.concatenate([program.phi[speaks], program.beta[rows]])
        self.given = np.concatenate([program.least[speaks], np.zeros(rows.size)])
        """What the arguments of the powers are where nothing is read."""
        self._sums(speaks, aim)

    def _sums(self, speaks: NDArray[np.intp], aim: Aim | None) -> None:
        """How objective and inequalities are made of the terms."""
        program, mine, kept = self.program, self.mine, self.kept
        size, targets, limits = self.exponent.size, program.weight.size, program.rows
        wide = self.terms.spread
        heard = np.zeros(size)
        heard[: speaks.size] = program.weight[speaks] * program.capacity[speaks]
        heard[speaks.size : speaks.size + mine.size] = program.weight[mine] * program.data[mine]
        self.cost, self.price = np.zeros(self.v), heard
        parts, lines, bounds = [np.zeros((0, size))], [np.zeros((0, self.v))], [np.zeros(0)]
        place = np.full(targets, -1)
        place[speaks] = np.arange(speaks.size)
        if kept.size:
            expect = np.zeros((kept.size, size))
            heard_too = place[kept] >= 0
            expect[heard_too, place[kept][heard_too]] = program.capacity[kept][heard_too]
            expect[:, speaks.size + mine.size :] = np.diag(program.data[kept])
            parts.append(expect)
            lines.append(np.zeros((kept.size, self.v)))
            bounds.append(program.level[kept])
        if limits.names:
            parts.append(np.zeros((len(limits.names), size)))
            lines.append(wide(limits.matrix))
            bounds.append(limits.bound)
        self.first = sum(bound.size for bound in bounds)
        """The first inequality of the scenarios."""
        if self.each is not None:
            self.price = np.zeros(size)
            part, line, bound = self._scenarios(speaks, place)
            parts.append(part)
            lines.append(line)
            bounds.append(bound)
        if aim is not None:
            parts.append(self.price[None, :])
            lines.append(self.cost[None, :].copy())
            bounds.append(np.array([aim.ceiling]))
            self.price = np.zeros(size)
            self.cost = wide(aim.cost[None, :])[0]
        self.part, self.line = np.vstack(parts), np.vstack(lines)
        self.bound = np.concatenate(bounds)
        self.drift: Drift | None = None
        """The drift penalty over the variables."""
        self.priced, self.held = 0.0, np.zeros(self.bound.size)
        """How often it counts in the objective, and in every inequality."""
        if program.drift is not None:
            whole = program.drift
            self.drift = Drift(whole.price, wide(whole.read), wide(whole.human))
            self.priced = float(aim is None)
            self.held[-1:] = float(aim is not None)

    def _scenarios(
        self, speaks: NDArray[np.intp], place: NDArray[np.intp]
    ) -> tuple[Array, Array, Array]:
        """V <= η + u of every scenario, and u >= 0."""
        program, mine, each = self.program, self.mine, self.each
        assert each is not None
        assert program.base is not None
        member = np.zeros((each.count, mine.size))
        member[each.of_row, np.arange(mine.size)] = program.weight[mine]
        part = np.zeros((each.count, self.exponent.size))
        told = place[mine] >= 0
        part[:, place[mine][told]] = member[:, told] * program.capacity[mine][told]
        part[:, speaks.size : speaks.size + mine.size] = member * program.data[mine]
        line = np.zeros((each.count, self.v))
        line[np.arange(each.count), self.top.start + each.block] = -1.0
        self.cost[self.top] = 1.0
        bound = -each.values(program.base[mine])
        if each.most >= 1.0:
            return part, line, bound
        self.cost[self.over] = each.most
        line[:, self.over] = -np.eye(each.count)
        above = np.zeros((each.count, self.v))
        above[:, self.over] = -np.eye(each.count)
        zero = np.zeros(each.count)
        return np.vstack([part, 0.0 * part]), np.vstack([line, above]), np.append(bound, zero)

    def inner(self, v: Array) -> Array:
        """m and y, the arguments of the powers, (K,)."""
        n, k, decay = self.n, self.k, self.program.decay
        return self.given + self.terms.values(v, -np.expm1(-decay * v[n : n + k]) / decay)

    def columns(self, v: Array) -> Array:
        """Shares of the tokens per column."""
        return self.terms.columns(v)

    def start(self, safe: Array | None = None) -> Array:
        """Something of everything, within the bounds.

        Args:
            safe: a mixture that keeps every guardrail: the start lies as near to it as it must.
        """
        room = 0.9 * np.minimum(self.program.upper, 1.0)
        low, high = 0.0, 1.0
        for _ in range(60):  # a level that everything is filled up to
            level = 0.5 * (low + high)
            if np.minimum(room, level).sum() < 1.0:
                low = level
            else:
                high = level
        x = np.minimum(room, high)
        v = self._inside(x, 0.1)
        for part in (0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 1e-4):
            if safe is None:
                break
            v = self._inside(part * x + (1.0 - part) * safe, 1e-3)
            guards = slice(self.kept.size)
            value = self.part[guards] @ self.inner(v) ** -self.exponent
            if np.all(value < self.bound[guards]):
                break
        if self.each is not None:
            value = self.part @ (self.inner(v) ** -self.exponent) - self.bound
            values = value[self.first : self.first + self.each.count]
            tops = np.full(self.each.block_count, -np.inf)
            np.maximum.at(tops, self.each.block, values)
            v[self.top] = tops + 0.05 * np.abs(tops) + 1e-9
            if self.each.most < 1.0:
                v[self.over] = 0.05 * np.abs(tops[self.each.block]) + 1e-9
        return v

    def _inside(self, x: Array, off: float) -> Array:
        """The variables at a mixture, off their bounds by a part ``off`` of what lies between."""
        n, k, terms = self.n, self.k, self.terms
        v = np.zeros(self.v)
        v[:n] = np.clip(x / terms.unit, 0.0, 1.0 - off)
        rest = (x - terms.unit * v[:n])[terms.again] / terms.often
        top = self.high[n:]
        v[n : n + k] = np.clip(rest, 0.5 * off * top, (1.0 - 0.5 * off) * top)
        return v


@dataclass(slots=True)
class _Iterate:
    v: Array
    s: Array  # slacks of the inequalities
    lam: Array
    zl: Array  # (boxed,) as zu
    zu: Array
    nu: float


def follow(program: Program, aim: Aim | None = None, safe: Array | None = None) -> Interior:
    """Minimise the program; the caller checks limits and gap.

    Args:
        program: any program whose limits leave room.
        aim: minimise a linear cost under a ceiling on the objective instead.
        safe: a mixture that keeps the guardrails, to start near.
    """
    # A column that nothing may be read of, or a row that closes its own, leaves a path no room.
    kept = _rows_with_room(program)
    shut = (program.rows.matrix[~kept] > 0).any(axis=0) | (program.upper <= _CLOSED)
    if safe is None:  # which may lean on any column
        shut |= dominated(program, None if aim is None else aim.cost)
    if shut.any():
        opened = np.flatnonzero(~shut)
        cost = None if aim is None else Aim(aim.cost[opened], aim.ceiling)
        smaller = replace(program, rows=program.rows.only(kept))
        inner = follow(columns(smaller, opened), cost, None if safe is None else safe[opened])
        x = np.zeros(program.upper.size)
        x[opened] = inner.x
        prices = inner.duals.rows
        if prices is not None or not kept.all():
            every = np.full(kept.size, np.nan)
            every[kept] = 0.0 if prices is None else prices
            prices = every
        return Interior(x, replace(inner.duals, rows=prices))
    model = _Model(program, aim)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _Path(model, safe).walk()


def dominated(program: Program, cost: Array | None = None) -> NDArray[np.bool_]:
    """Columns that another one can take the place of, token for token, at no loss.

    That one is long enough to be read fresh whatever it takes over, gives every language as much
    and stands under the same limits. Most of six hundred languages go so where one of the large
    ones is a nearer relative of every target; the certificate speaks of all columns all the same.

    Args:
        program: any.
        cost: a linear cost that is minimised in the place of the objective.
    """
    guarded = np.isfinite(program.level)
    merits = [program.gain, program.own, program.expected[guarded]]
    alike = [program.rows.matrix]
    if cost is not None:
        alike.append(cost[None, :])
    if program.drift is not None:
        alike += [program.drift.read, program.drift.human]
    less = np.zeros(program.unique.size, dtype=bool)
    for better in np.flatnonzero((program.unique >= 1.0) & (program.upper >= 1.0)):
        if less[better]:
            continue
        under = np.ones(less.size, dtype=bool)
        for rows in merits:
            under &= (rows <= rows[:, [better]]).all(axis=0)
        for rows in alike:
            under &= (rows == rows[:, [better]]).all(axis=0)
        # Of two that are alike the first one stays.
        under[better] = False
        less |= under
    return less


def _rows_with_room(program: Program) -> NDArray[np.bool_]:
    """Rows that leave their columns something: those of ``max cmn 0%`` do not."""
    rows = program.rows
    return (rows.bound > 0) | (rows.matrix < 0).any(axis=1) | ~(rows.matrix > 0).any(axis=1)


class _Path:
    """The central path of one model."""

    def __init__(self, model: _Model, safe: Array | None) -> None:
        self.model = model
        v = model.start(safe)
        value = model.inner(v) ** -model.exponent
        drifted = 0.0 if model.drift is None else model.drift.value(v)
        whole = model.price @ value + model.cost @ v + model.priced * drifted
        self.unit = max(abs(float(whole)), 1e-12)
        if not (model.price.any() or model.priced):
            self.unit = max(float(np.abs(model.cost).max()), 1e-12)
        g = model.part @ value + model.line @ v - model.bound + model.held * drifted
        # Rows are brought to one size, so that one tolerance serves them all.
        sizes = np.abs(model.part) @ value + np.abs(model.line).max(axis=1, initial=0.0)
        sizes = sizes + model.held * drifted
        row = 1.0 / np.maximum(np.maximum(sizes, np.abs(model.bound)), 1e-12)
        self.row = row
        self.part, self.line = model.part * row[:, None], model.line * row[:, None]
        self.bound = model.bound * row
        self.held, self.priced = model.held * row, model.priced / self.unit
        self.bent = np.flatnonzero(self.part.any(axis=1) | (self.held > 0))
        self.price, self.cost = model.price / self.unit, model.cost / self.unit
        s = np.maximum(-g * row, 0.1)
        if safe is not None:  # guardrails begin with the room that they have
            guards = slice(model.kept.size)
            s[guards] = np.maximum(-g[guards] * row[guards], 1e-7)
        inside = v[: model.boxed]
        zl, zu = 0.1 / np.maximum(inside, 1e-3), 0.1 / np.maximum(model.high - inside, 1e-3)
        self.at = _Iterate(v, s, 0.1 / s, zl, zu, 0.0)
        self.arguments = model.inner(v)
        self.off = np.inf
        """How far the last point was from the end of the path; inf where it breaks a limit."""
        more = 0 if model.drift is None else 2 * model.drift.price.size
        self.solver = Solver(model.terms, s.size + more, model.total)

    def walk(self) -> Interior:
        """Steps until nothing is left to gain, and the best point that was met.

        Where arithmetic cannot follow the path any further, prices run away from it.
        """
        best, best_off, idle = None, np.inf, 0
        for _ in range(_MOST_STEPS):
            here = self.at
            done = self._step()
            idle += best is not None
            if self.off < best_off:
                best, best_off, idle = here, self.off, 0
            if done or idle > _MOST_IDLE:
                break
        return self._result(best or self.at)

    def _result(self, at: _Iterate) -> Interior:
        """Shares and duals of a point of the path."""
        model = self.model
        lam = at.lam * self.row * self.unit
        kept = model.kept.size
        guard = mix = None
        size = model.program.weight.size
        if kept:
            guard = np.zeros(size)
            guard[model.kept] = lam[:kept]
        if model.each is not None:
            prices = lam[model.first : model.first + model.each.count]
            mix = model.each.by_row(model.program, model.each.allowed(prices))
        count = len(model.program.rows.names)
        rows = lam[kept : kept + count] if count else None
        return Interior(model.columns(at.v), Duals(guard, mix, rows))

    def _newton(self) -> tuple[Newton, Array, Array]:
        """Newton's matrix, the inequalities and the dual residual.

        A drift penalty bends along two more rows a language, behind those of the limits.
        """
        model, at, terms = self.model, self.at, self.model.terms
        n, k, exponent, arguments = model.n, model.k, model.exponent, self.arguments
        value = arguments**-exponent
        first = -exponent * value / arguments
        fade = np.exp(-model.program.decay * at.v[n : n + k])
        weights = self.price + at.lam @ self.part
        g = self.part @ value - self.bound + self.line @ at.v
        jac = self.line
        if self.bent.size:
            jac = jac.copy()
            jac[self.bent] += terms.slopes(self.part[self.bent] * first, fade)
        pulled, worth = terms.pull(weights * first, fade)
        rows, ratio = jac, at.lam / at.s
        dual = self.cost + pulled + at.lam @ self.line + at.nu * model.total
        if model.drift is not None:
            count = self.priced + float(at.lam @ self.held)
            slope = model.drift.gradient(at.v)
            bends, force = model.drift.bend(at.v)
            g = g + self.held * model.drift.value(at.v)
            dual += count * slope
            rows = np.vstack([jac + self.held[:, None] * slope, bends])
            ratio = np.concatenate([ratio, count * force])
        dual[: model.boxed] += at.zu - at.zl
        diagonal = np.zeros(model.v)
        self.below, self.above = at.v[: model.boxed], model.high - at.v[: model.boxed]
        diagonal[: model.boxed] = at.zl / self.below + at.zu / self.above
        # What a token read again is worth falls: the bend of S times its price.
        diagonal[n : n + k] -= model.program.decay * fade * terms.often * worth[terms.again]
        curved = weights * exponent * (exponent + 1.0) * value / np.square(arguments)
        return Newton(terms, fade, curved, diagonal, rows, ratio), g, dual

    def _step(self) -> bool:
        """One predictor and corrector; True where the path has come to its end."""
        model, at = self.model, self.at
        newton, g, dual = self._newton()
        limits, ratio = newton.rows[: at.s.size], newton.ratio[: at.s.size]
        below, above, boxed = self.below, self.above, model.boxed
        gap = float(at.s @ at.lam + below @ at.zl + above @ at.zu)
        mu = gap / (at.s.size + 2 * boxed)
        rg, re = g + at.s, float(model.total @ at.v) - 1.0
        error = max(float(np.abs(rg).max(initial=0.0)), abs(re), float(np.abs(dual).max()) * 1e-3)
        missed = max(float(np.abs(rg).max(initial=0.0)), abs(re))
        self.off = max(gap, error) if missed <= _INSIDE else np.inf
        if gap <= model.enough and error <= max(100 * model.enough, 1e-9):
            return True
        if not self.solver.factorise(newton):
            return True

        def direction(target: float, cs: Array, cl: Array, cu: Array) -> _Iterate:
            """Newton's step towards complementarity ``target``, corrected by second-order terms."""
            push = (target - cs) / at.s
            left, right = (target - cl) / below, (target - cu) / above
            rhs = -dual
            rhs[:boxed] += left - at.zl - right + at.zu
            if at.s.size:
                rhs -= (push - at.lam + ratio * rg) @ limits
            dv, dnu = self.solver.solve(rhs, -re)
            inside, ds = dv[:boxed], -rg - limits @ dv
            dlam = push - at.lam - ratio * ds
            dzl = left - at.zl - at.zl / below * inside
            dzu = right - at.zu + at.zu / above * inside
            return _Iterate(dv, ds, dlam, dzl, dzu, dnu)

        first = direction(0.0, np.zeros_like(at.s), np.zeros(boxed), np.zeros(boxed))
        inside = first.v[:boxed]
        ahead, dual_ahead = self._reach(first)
        left = float(
            (at.s + ahead * first.s) @ (at.lam + dual_ahead * first.lam)
            + (below + ahead * inside) @ (at.zl + dual_ahead * first.zl)
            + (above - ahead * inside) @ (at.zu + dual_ahead * first.zu)
        )
        centre = min(max((left / gap) ** 3, 1e-6), 0.9)
        # Newton only doubles a share that is far too small: the gap waits for the slopes.
        behind = float(np.abs(dual[:boxed]) @ below)
        centre = max(centre, min(_WAIT * behind / gap, 0.9))
        full = ahead if ahead > 0.1 else 0.0
        step = direction(
            centre * mu,
            full * first.s * first.lam,
            full * inside * first.zl,
            -full * inside * first.zu,
        )
        length, dual_length = self._reach(step)
        length, dual_length = min(_BACK * length, 1.0), min(_BACK * dual_length, 1.0)
        self._move(step, length, dual_length, max(error, mu))
        return False

    def _move(self, step: _Iterate, length: float, dual_length: float, error: float) -> None:
        """Go along the step, less far where the curved terms leave their domain or bend away."""
        model, at, whole = self.model, self.at, length
        for _ in range(30):
            v = at.v + length * step.v
            s = at.s + length * step.s
            inner = model.inner(v)
            if np.all(inner > 0):
                if not self.bent.size:
                    break
                room = self.bound - self.part @ inner**-model.exponent - self.line @ v
                if model.drift is not None:
                    room = room - self.held * model.drift.value(v)
                # A convex limit lies above its line: its slack is what it truly leaves, where that
                # is much. Else the rest grows from step to step while the gap closes.
                s = np.where((room >= _KEPT * s) & (room < s), room, s)
                off = np.abs(s - room).max(initial=0.0)
                if off <= max(10.0 * error, 1e-10) or length < 1e-6:
                    break
            length *= 0.5
        self.arguments = inner
        # Prices go as far as the mixture: else they run ahead, and the path loses its middle.
        dual_length *= length / whole
        self.at = _Iterate(
            v,
            s,
            at.lam + dual_length * step.lam,
            at.zl + dual_length * step.zl,
            at.zu + dual_length * step.zu,
            at.nu + dual_length * step.nu,
        )

    def _reach(self, step: _Iterate) -> tuple[float, float]:
        """How far the step may go, at most 1, before a bound is met: primal and dual."""
        at, inside = self.at, step.v[: self.model.boxed]
        primal = max(_haste(at.s, step.s), _haste(self.below, inside), _haste(self.above, -inside))
        dual = max(_haste(at.lam, step.lam), _haste(at.zl, step.zl), _haste(at.zu, step.zu))
        return 1.0 / max(primal, 1.0), 1.0 / max(dual, 1.0)


def _haste(value: Array, step: Array) -> float:
    """How many times over the step would use up the value."""
    return float(np.max(-step / value, initial=0.0))
