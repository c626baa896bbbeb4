"""A convex quadratic over box and budget: the step of Newton's method in the smooth engine.

Primal-dual active set (Hintermüller, Ito & Kunisch 2002): many columns reach or leave their bounds
in one solve. Where curvature is missing it can cycle, so a ridge is raised until it settles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.scaling.saturation import Array

_RIDGES: Final = (1e-13, 1e-9, 1e-6, 1e-4, 1e-2, 1.0)
_LARGE: Final = 150
_Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Quadratic:
    """½ d·H d + g·d over low <= d <= high and Σd <= room (= room where ``exhaust``)."""

    hessian: Array
    gradient: Array
    low: Array
    high: Array
    room: float
    exhaust: bool


def minimise(model: Quadratic) -> Array:
    """A step inside box and budget that lowers the model, its minimum where the set settles."""
    size = model.gradient.size
    scale = max(float(np.trace(model.hessian)) / max(size, 1), 1e-300)
    step = np.zeros(size)
    for ridge in _RIDGES:
        hessian = model.hessian.copy()
        hessian[np.diag_indices(size)] += ridge * scale
        step, settled = _active_set(model, hessian)
        step = _inside(model, step)
        if settled and float(model.gradient @ step) < 0:
            return step
    return step


def _active_set(model: Quadratic, hessian: Array) -> tuple[Array, bool]:
    wish, binding = _diagonal(model, np.diag(hessian))
    at_low, at_high = wish <= model.low, wish >= model.high
    step = np.zeros(model.gradient.size)
    for _ in range(30):
        step, price = _solve_active(model, hessian, (at_low, at_high), binding)
        if not np.isfinite(price):  # no curvature along the budget: a larger ridge has some
            return np.zeros(step.size), False
        slope = model.gradient + hessian @ step + price
        free = ~(at_low | at_high)
        low_next = (free & (step < model.low)) | (at_low & (slope > 0))
        high_next = (free & (step > model.high)) | (at_high & (slope < 0))
        bind_next = model.exhaust or (
            price > 0 if binding else float(step.sum()) > model.room + 1e-15
        )
        same = np.array_equal(low_next, at_low) and np.array_equal(high_next, at_high)
        if same and bind_next == binding:
            return step, True
        at_low, at_high, binding = low_next, high_next, bind_next
    return step, False


def _diagonal(model: Quadratic, bent: Array) -> tuple[Array, bool]:
    """The minimum if columns did not interact, before clipping, and whether the budget binds."""

    safe = np.maximum(bent, 1e-200)

    def wish(price: float) -> Array:
        with np.errstate(over="ignore"):  # no curvature: the wish has no end, the box has
            return np.asarray(-(model.gradient + price) / safe)

    def excess(price: float) -> float:
        return float(np.clip(wish(price), model.low, model.high).sum()) - model.room

    if not model.exhaust and excess(0.0) <= 0:
        return wish(0.0), False
    reach = bent * np.maximum(-model.low, model.high)
    right = float(np.max(np.abs(model.gradient) + reach))
    left = -right if model.exhaust else 0.0
    for _ in range(60):
        middle = 0.5 * (left + right)
        left, right = (middle, right) if excess(middle) > 0 else (left, middle)
    return wish(right), True


def _solve_active(
    model: Quadratic, hessian: Array, active: tuple[_Mask, _Mask], binding: bool
) -> tuple[Array, float]:
    """The minimum with the active columns on their bounds, and μ, the price of the budget."""
    at_low, at_high = active
    step = np.where(at_low, model.low, np.where(at_high, model.high, 0.0))
    free = np.flatnonzero(~(at_low | at_high))
    if free.size == 0:
        return step, 0.0
    rhs = -(model.gradient[free] + hessian[free] @ step)
    block = hessian[np.ix_(free, free)]
    if not binding:
        step[free] = _solve(block, rhs[:, None])[:, 0]
        return step, 0.0
    pair = _solve(block, np.column_stack([rhs, np.ones(free.size)]))
    excess = float(pair[:, 0].sum()) - (model.room - float(step.sum()))
    softness = float(pair[:, 1].sum())
    if not softness > 0 or not np.isfinite(excess):
        return step, np.inf
    price = excess / softness
    step[free] = pair[:, 0] - price * pair[:, 1]
    return step, price


def _solve(block: Array, rhs: Array) -> Array:
    if block.shape[0] < _LARGE:
        return np.asarray(np.linalg.solve(block, rhs), dtype=float)
    # Half the work of an LU; scipy.linalg is slow to import, so small problems do without it.
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    try:
        factor = cho_factor(block, check_finite=False)
    except LinAlgError:
        return np.asarray(np.linalg.solve(block, rhs), dtype=float)
    return np.asarray(cho_solve(factor, rhs, check_finite=False))


def _inside(model: Quadratic, step: Array) -> Array:
    """The step, moved into box and budget where the active set stopped short of both."""
    step = np.clip(step, model.low, model.high)
    excess = float(step.sum()) - model.room
    if excess > 0 or model.exhaust:
        room = (step - model.low) if excess > 0 else (model.high - step)
        total = float(room.sum())
        if total > 0:
            step = step - np.sign(excess) * room * min(abs(excess) / total, 1.0)
    return step
