r"""Newton's system of the interior point (interior.py): its matrix in parts, and its solution.

.. math:: K = D + \sum_k \omega_k f_k f_k^T, \quad K\,dv + e\,d\nu = rhs, \quad e \cdot dv = room

D is diagonal; there is one f for every m^-φ, every y^-β and every limit. Small systems are written
out. In large ones what a target's own share adds lies within one column, so that D with it is
inverted by hand, and there are fewer other f than variables: they are brought in by the formula of
Woodbury, or, where many data terms each say little, left to conjugate gradients, for which the rest
of K is nearly all of it. Either is taken back to K itself until it is sharp, and what does not get
sharp is solved the next, slower way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasmix.laws.saturation import Array

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
        free = terms.v > terms.n + terms.k  # the maximum has no bounds, so D is 0 there
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
