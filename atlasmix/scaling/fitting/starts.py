"""Where descents begin: a grid over the exponents, with the best E, A and B solved for at each.

Given the exponents and what repeated tokens are worth, a law is linear in E, A and B, and their
best values are a small non-negative least-squares problem (variable projection, Golub and Pereyra
1973). So the grid has two to four axes, not five to seven, and its best points are good starts.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.scaling.fitting.forms import Form, log_loss
from atlasmix.scaling.fitting.objective import huber

Array = NDArray[np.float64]

_EXPONENTS: Final = (0.05, 0.1, 0.2, 0.3, 0.45, 0.65, 0.9, 1.3)
_FEW_EXPONENTS: Final = (0.1, 0.2, 0.35, 0.6, 1.0)
_AXES: Final[dict[str, tuple[float, ...]]] = {
    "alpha": _EXPONENTS,
    "beta": _EXPONENTS,
    "lambda": (0.003, 0.03, 0.2, 1.0, 5.0),
    "R_D": (0.2, 1.0, 5.0, 30.0, 300.0),
    "R_N": (0.3, 5.0, 100.0, 1e5),
    "phi": (-0.3, 0.0, 0.3),
    "psi": (-0.3, 0.0, 0.3),
}
_TRANSFERS: Final = (0.0, 0.25, 0.7)
_SHARE_EXPONENTS: Final = (0.03, 0.12, 0.3)
_MOST_RUNS: Final = 400
_CHUNK: Final = 1024
_ROUNDS: Final = 4


def grid_of_starts(
    form: Form, loss: Array, fixed: dict[str, float], delta: float, most: int
) -> Array:
    """(S, p) starts, S <= ``most``, the best of the grid first.

    Args:
        form: over the runs to be fitted.
        loss: (n,) their loss.
        fixed: constants that are held, in the units of the card.
        delta: of Huber's function.
        most: starts to return; of neighbours in the grid only the best is kept.
    """
    grid = np.array(
        [form.coordinates({**values, **fixed}) for values in _points(form, loss, fixed)]
    )
    grid = np.clip(grid, form.low, form.high)
    held = np.isin(form.constants, list(fixed))
    found = [
        _projected(form, grid[first : first + _CHUNK], loss, held, delta)
        for first in range(0, len(grid), _CHUNK)
    ]
    theta = np.concatenate([each for each, _ in found])
    value = np.concatenate([each for _, each in found])
    order = np.argsort(value, kind="stable")
    return theta[_apart(theta[order], most, order)]


def _points(form: Form, loss: Array, fixed: dict[str, float]) -> Iterable[dict[str, float]]:
    """Constants at the points of the grid; E, A and B stand in until they are solved for."""
    axes = {name: _AXES[name] for name in form.constants if name in _AXES}
    mixing = "lambda" in axes
    crowding = [name for name in form.constants if mixing and name.split(" ")[0] == "phi"]
    axes |= {"phi": _SHARE_EXPONENTS} if crowding else {}
    if "R_N" in axes:
        axes |= {"alpha": _FEW_EXPONENTS, "beta": _FEW_EXPONENTS}
    axes = {name: (fixed[name],) if name in fixed else values for name, values in axes.items()}
    sources = [name for name in form.constants if name.startswith("tau ")]
    for values in product(*axes.values()):
        point = {"E": 0.5 * float(np.min(loss)), "A": 400.0, "B": 400.0}
        point |= dict(zip(axes, values, strict=True))
        point |= dict.fromkeys(crowding, point.get("phi", 0.0))
        for tau in _TRANSFERS if sources else (0.0,):
            if "R_N" not in axes:
                yield point | dict.fromkeys(sources, tau)
                continue
            # What parameters are in excess depends on A/B, so that is tried too: tokens per
            # parameter of about 2, 20 and 200 at a billion parameters.
            for ratio in (2.0, 20.0, 200.0) if not {"A", "B"} <= set(fixed) else (20.0,):
                alpha, beta = point["alpha"], point["beta"]
                scale = beta / alpha * (ratio * 1e9) ** beta / 1e9**alpha
                yield point | {"B": 400.0 * float(scale)}


def _projected(
    form: Form, theta: Array, loss: Array, held: NDArray[np.bool_], delta: float
) -> tuple[Array, Array]:
    """The points with the best E, A and B put in, and their objective."""
    terms = form.terms(theta)
    stride = max(1, len(loss) // _MOST_RUNS)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        columns = (
            np.stack(
                [
                    np.ones_like(terms.u),
                    np.exp(np.clip(terms.u - theta[:, 1:2], -300, 300)),
                    np.exp(np.clip(terms.v - theta[:, 3:4], -300, 300)),
                ],
                axis=2,
            )[:, ::stride]
            / loss[None, ::stride, None]
        )
        # Of one size each, whatever the exponents: the systems below stay well scaled.
        size = np.max(np.abs(columns), axis=1)
        columns /= size[:, None, :]
        given = np.exp(theta[:, [0, 1, 3]]) * size
        solved = _least_squares(columns, given, held[[0, 1, 3]])
        logs = np.log(np.maximum(solved, 1e-12) / size)
    theta = theta.copy()
    for place, coordinate in enumerate((0, 1, 3)):
        if not held[coordinate]:
            theta[:, coordinate] = logs[:, place]
    theta = np.clip(theta, form.low, form.high)
    if held.any():
        theta[:, held] = theta[0, held]
    predicted, _ = log_loss(form.terms(theta), theta[:, 0])
    value = np.sum(huber(predicted - np.log(loss), delta), axis=1)
    return theta, np.where(np.isfinite(value), value, np.inf)


def _least_squares(columns: Array, given: Array, held: NDArray[np.bool_]) -> Array:
    """(S, 3) coefficients >= 0 by which the columns (S, m, 3) come nearest to 1.

    The sum of absolute residuals is what counts (so that a diverged run does not decide), reached
    by reweighting; with three unknowns the sets of positive ones can all be tried.
    """
    weights = np.ones(columns.shape[:2])
    best = given
    for _ in range(_ROUNDS):
        best = _best_subset(columns, weights, given, held)
        residual = np.abs(np.einsum("smk,sk->sm", columns, best) - 1.0)
        weights = 1.0 / np.maximum(residual, 1e-3)
    return best


def _best_subset(columns: Array, weights: Array, given: Array, held: NDArray[np.bool_]) -> Array:
    count = len(columns)
    best, least = np.where(held, given, 0.0), np.full(count, np.inf)
    free = [place for place in range(3) if not held[place]]
    rest = 1.0 - np.einsum("smk,sk->sm", columns, np.where(held, given, 0.0))
    gram = np.einsum("sm,smk,sml->skl", weights, columns, columns)
    right = np.einsum("sm,smk,sm->sk", weights, columns, rest)
    energy = np.einsum("sm,sm->s", weights, rest**2)
    for mask in range(1, 1 << len(free)):
        chosen = [place for bit, place in enumerate(free) if mask >> bit & 1]
        system = gram[:, chosen][:, :, chosen]
        system = system + 1e-10 * np.einsum("skk->s", system)[:, None, None] * np.eye(len(chosen))
        answer = np.linalg.solve(system, right[:, chosen][..., None])[..., 0]
        left = energy - np.sum(answer * right[:, chosen], axis=1)
        better = np.all(answer > 0, axis=1) & (left < least)
        least = np.where(better, left, least)
        full = np.where(held, given, 0.0)
        full[:, chosen] = answer
        best = np.where(better[:, None], full, best)
    return best


def _apart(ordered: Array, most: int, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of the first ``most`` points that are no near copies of better ones."""
    kept: list[int] = []
    for place, point in enumerate(ordered):
        if all(np.max(np.abs(point - ordered[other])) > 0.05 for other in kept):
            kept.append(place)
        if len(kept) == most:
            break
    return order[kept]
