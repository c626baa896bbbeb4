"""Fitting a law to runs: many starts, one answer, and what it says of each run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, SolverFailed
from atlasmix.fitting.fit_question import (
    FitQuestion,
    check_identified,
    one_epoch,
    settled,
)
from atlasmix.fitting.forms import Form, huber, huber_slope, log_loss, r_squared
from atlasmix.fitting.runs import Runs
from atlasmix.laws.kinds import LOSS_CONSTANTS

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]
Places = NDArray[np.int64]

Objective = Callable[[Array, Places], tuple[Array, Array]]
"""(values (S,), gradients (S, p)) at coordinates (S, p); the places say which starts these are."""

MEMORY: Final = 12
_SUFFICIENT: Final = 1e-4
_PATIENCE: Final = 12
_NOTHING: Final = 1e-14


@dataclass(frozen=True, slots=True, eq=False)
class Descent:
    """Where S starts ended: coordinates (S, p), values (S,), and evaluations of the longest."""

    theta: Array
    value: Array
    evaluations: int


@dataclass(slots=True, eq=False)
class _State:
    """The starts that still move; every array has them as its first axis."""

    place: Places
    theta: Array
    value: Array
    gradient: Array
    direction: Array
    step: Array
    steps: Array
    changes: Array
    held: Places
    stale: Places
    fresh: Bool

    def keep(self, which: Bool) -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name)[which])


def descend(
    objective: Objective,
    starts: Array,
    bounds: tuple[Array, Array],
    tolerance: float = 1e-13,
    most: int = 3000,
) -> Descent:
    """Minimise from every row of ``starts``.

    Args:
        objective: see Objective.
        starts: (S, p).
        bounds: least and largest coordinates, each (S, p) or (p,); equal ends hold one fixed.
        tolerance: a start ends when 12 accepted steps together gain less than this share of its
            value, or when no step gains anything.
        most: evaluations per start.
    """
    low, high = (np.broadcast_to(each, starts.shape) for each in bounds)
    theta = np.clip(starts, low, high)
    everyone = np.arange(len(theta))
    value, gradient = objective(theta, everyone)
    ended = Descent(theta.copy(), np.where(np.isfinite(value), value, np.inf), 0)
    count, width = theta.shape
    state = _State(
        everyone,
        theta.copy(),
        value.copy(),
        gradient.copy(),
        np.zeros_like(theta),
        np.ones(count),
        np.zeros((count, MEMORY, width)),
        np.zeros((count, MEMORY, width)),
        np.zeros(count, dtype=np.int64),
        np.zeros(count, dtype=np.int64),
        np.ones(count, dtype=bool),
    )
    state.keep(np.isfinite(value))
    since = ended.value.copy()
    evaluations = 0
    while len(state.place) and evaluations < most:
        evaluations += 1
        bottom, top = low[state.place], high[state.place]
        _aim(state, bottom, top)
        trial = np.clip(state.theta + state.step[:, None] * state.direction, bottom, top)
        value, gradient = objective(trial, state.place)
        _take(state, trial, value, gradient)
        ended.theta[state.place], ended.value[state.place] = state.theta, state.value
        gain = since[state.place] - state.value
        due = state.stale >= _PATIENCE
        done = (due & (gain <= tolerance * np.abs(state.value) + _NOTHING)) | (state.step < 1e-16)
        since[state.place[due]] = state.value[due]
        state.stale[due] = 0
        if done.any():
            state.keep(~done)
    return Descent(ended.theta, ended.value, evaluations)


def _aim(state: _State, low: Array, high: Array) -> None:
    """New directions for the starts whose last step was taken."""
    new = np.flatnonzero(state.fresh)
    if not len(new):
        return
    gradient, theta = state.gradient[new], state.theta[new]
    free = ((theta > low[new]) | (gradient < 0)) & ((theta < high[new]) | (gradient > 0))
    free &= low[new] < high[new]
    slope = np.where(free, gradient, 0.0)
    turned, blind = _two_loops(slope, free, state.steps[new], state.changes[new], state.held[new])
    direction = -turned
    direction = np.where(free, direction, 0.0)
    down = np.sum(direction * slope, axis=1)
    size = np.sqrt(np.sum(slope**2, axis=1))
    bad = ~np.isfinite(down) | (down > -1e-12 * size * np.sqrt(np.sum(direction**2, axis=1)))
    direction[bad] = -slope[bad]
    state.direction[new] = direction
    # Without curvature (at first, or where the objective bends down) a step has no scale of its
    # own: then the coordinate that moves most moves by a fifth.
    largest = np.max(np.abs(direction), axis=1)
    state.step[new] = np.where(blind | bad, 0.2 / np.maximum(largest, 1e-300), 1.0)
    state.step[new[largest == 0]] = 0.0
    state.held[new[bad]] = 0
    state.fresh[new] = False


def _two_loops(
    slope: Array, free: Bool, steps: Array, changes: Array, held: Places
) -> tuple[Array, Bool]:
    """The inverse Hessian of each start's history times its gradient; which have no history."""
    steps, changes = steps * free[:, None, :], changes * free[:, None, :]
    curvature = np.sum(steps * changes, axis=2)
    squares = np.sum(changes**2, axis=2)
    usable = (curvature > 1e-14 * squares) & (np.arange(MEMORY) < held[:, None])
    rho = np.where(usable, 1.0 / np.where(usable, curvature, 1.0), 0.0)
    direction, weights = slope.copy(), np.zeros_like(rho)
    for age in range(MEMORY):
        weights[:, age] = rho[:, age] * np.sum(steps[:, age] * direction, axis=1)
        direction -= weights[:, age : age + 1] * changes[:, age]
    newest = np.argmax(usable, axis=1)
    rows = np.arange(len(direction))
    some = usable[rows, newest]
    scale = np.where(some, curvature[rows, newest] / np.where(some, squares[rows, newest], 1), 1.0)
    direction *= scale[:, None]
    for age in reversed(range(MEMORY)):
        back = rho[:, age] * np.sum(changes[:, age] * direction, axis=1)
        direction += (weights[:, age] - back)[:, None] * steps[:, age]
    return np.asarray(direction), ~some


def _take(state: _State, trial: Array, value: Array, gradient: Array) -> None:
    """Take the steps that gain enough; shorten the others."""
    moved = trial - state.theta
    promised = np.sum(state.gradient * moved, axis=1)
    good = np.isfinite(value) & np.all(np.isfinite(gradient), axis=1)
    with np.errstate(invalid="ignore"):
        good &= value <= state.value + _SUFFICIENT * np.minimum(promised, 0.0)
        good &= (value < state.value) | (promised < 0)
    hit = np.flatnonzero(good)
    if len(hit):
        state.steps[hit] = np.roll(state.steps[hit], 1, axis=1)
        state.changes[hit] = np.roll(state.changes[hit], 1, axis=1)
        state.steps[hit, 0] = moved[hit]
        state.changes[hit, 0] = gradient[hit] - state.gradient[hit]
        state.held[hit] = np.minimum(state.held[hit] + 1, MEMORY)
        state.theta[hit], state.value[hit] = trial[hit], value[hit]
        state.gradient[hit] = gradient[hit]
        state.stale[hit] += 1
        state.fresh[hit] = True
    miss = np.flatnonzero(~good)
    if len(miss):
        # The parabola through both values and the slope, kept within a tenth and a half.
        rise = value[miss] - state.value[miss] - promised[miss]
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            part = np.where(rise > 0, -0.5 * promised[miss] / rise, 0.5)
        part = np.clip(np.nan_to_num(part, nan=0.1, posinf=0.5, neginf=0.1), 0.1, 0.5)
        state.step[miss] *= np.where(np.isfinite(value[miss]), part, 0.1)
        # A direction that leads nowhere is given up for the steepest one, once.
        stuck = miss[(state.step[miss] < 1e-10) & (state.held[miss] > 0)]
        state.held[stuck], state.fresh[stuck] = 0, True


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
    chunks = [
        _projected(form, grid[first : first + _CHUNK], loss, held, delta)
        for first in range(0, len(grid), _CHUNK)
    ]
    theta = np.concatenate([each for each, _ in chunks])
    value = np.concatenate([each for _, each in chunks])
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


_TIE: Final = (2, 4)
_DISTINCT: Final = 1e-6
_MOST_OTHERS: Final = 2
_RIVAL: Final = 1.1


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted law.

    Attributes:
        question: what was asked.
        runs: what it was fitted to.
        form: the form over them.
        theta: (p,) coordinates of the answer.
        objective: the sum of Huber terms there.
        others: (k, p) where else descents ended, best first: other minima.
        first: the first of two stages; None where there was one.
    """

    question: FitQuestion
    runs: Runs
    form: Form
    theta: Array
    objective: float
    others: Array
    first: Fit | None = None

    @property
    def constants(self) -> dict[str, float]:
        """The constants, in the units of the card."""
        named = self.form.named(self.theta[None, :])
        return {name: float(value[0]) for name, value in named.items()}

    @property
    def free(self) -> NDArray[np.bool_]:
        """(p,) which constants were fitted, in either stage."""
        free = self.question.free(self.form)
        if self.first is not None:
            free[: len(LOSS_CONSTANTS)] = self.first.free
        return free

    @property
    def predicted(self) -> Array:
        """(n,) predicted loss of the runs."""
        return predict(self.form, self.theta)

    @property
    def residuals(self) -> Array:
        """(n,) log of predicted over measured loss."""
        return np.log(self.predicted) - np.log(self.runs.loss)

    @property
    def r_squared(self) -> float:
        """R² of predicted against measured loss."""
        return r_squared(self.runs.loss, self.predicted)

    def loss_of(self, runs: Runs) -> Array:
        """(n,) predicted loss of other runs."""
        return predict(self.form.over(runs), self.theta)


def predict(form: Form, theta: Array) -> Array:
    """(n,) predicted loss at coordinates (p,)."""
    row = theta[None, :]
    return np.asarray(np.exp(log_loss(form.terms(row), row[:, 0])[0][0]))


def fit(runs: Runs, question: FitQuestion) -> Fit:
    """The constants at which the sum of Huber terms is least.

    Args:
        runs: at least one more than there are constants.
        question: law, stages, what is held.

    Raises:
        DataError: runs that cannot tell the constants of the law apart.
        ProblemError: a law or a held constant that there is not.

    >>> from atlasmix.fitting.runs import make_runs
    >>> size, read = (axis.ravel() for axis in np.meshgrid([1e8, 3e8, 1e9, 3e9], [2e9, 1e10, 5e10]))
    >>> runs = make_runs(size, read, 1.8 + 480 / size**0.35 + 2000 / read**0.37)
    >>> round(fit(runs, FitQuestion()).constants["alpha"], 4)
    0.35
    """
    if not runs.count:
        raise DataError("there is none to fit: expected one row for each run")
    if question.stages == 2:
        return _two_stages(runs, question)
    runs, question = settled(runs, question)
    form = question.form(runs)
    check_identified(runs, question, form)
    starts = grid_of_starts(form, runs.loss, question.held, question.delta, question.starts)
    descent = minimise(form, runs.loss, question, starts)
    order = np.argsort(descent.value, kind="stable")
    if not np.isfinite(descent.value[order[0]]):
        raise SolverFailed("no start led to finite constants")
    best = descent.theta[order[0]]
    objective = huber(np.log(predict(form, best)) - np.log(runs.loss), question.delta)
    return Fit(
        question, runs, form, best, float(np.sum(objective)), _others(descent, order, question)
    )


def _two_stages(runs: Runs, question: FitQuestion) -> Fit:
    """E, A, α, B and β on runs of one epoch, then the rest on all runs with those held."""
    held = question.held
    once = runs.select(one_epoch(runs))
    first_held = tuple((name, value) for name, value in question.fixed if name in LOSS_CONSTANTS)
    first_question = replace(question, law="chinchilla", stages=1, fixed=first_held)
    try:
        first = fit(once, first_question)
    except DataError as error:
        raise DataError(
            f"the first of two stages is fitted to the {once.count} runs of one epoch, and "
            f"{error.sentence}; or take its constants from a law, or fit in one stage",
            error.faults,
            field="base",
        ) from error
    base = {name: first.constants[name] for name in LOSS_CONSTANTS}
    rest = tuple((name, value) for name, value in held.items() if name not in base)
    second = fit(runs, replace(question, stages=1, tied=False, fixed=(*base.items(), *rest)))
    return replace(second, question=question, first=first)


def refit(near: Fit, weights: Array) -> Array:
    """(R, p) coordinates of the same law fitted to reweighted runs, starting at ``near``.

    Args:
        near: a fit.
        weights: (R, n) how often each of its runs counts.
    """
    question = near.question
    if near.first is None:
        return _refit(near, question, weights, near.form.low, near.form.high)
    once = one_epoch(near.runs)
    named = near.first.form.named(refit(near.first, weights[:, once]))
    low = np.tile(near.form.low, (len(weights), 1))
    high = np.tile(near.form.high, (len(weights), 1))
    constants = [dict(zip(named, row, strict=True)) for row in zip(*named.values(), strict=True)]
    rest = {name: near.constants[name] for name in near.constants if name not in named}
    held = np.array([near.form.coordinates({**rest, **row}) for row in constants])
    place = slice(0, len(LOSS_CONSTANTS))
    low[:, place] = high[:, place] = held[:, place]
    return _refit(near, replace(question, stages=1, tied=False), weights, low, high)


def _refit(near: Fit, question: FitQuestion, weights: Array, low: Array, high: Array) -> Array:
    starts = np.concatenate([near.theta[None, :], near.others])
    each, count = len(starts), len(weights)
    rows = np.tile(starts, (count, 1))
    bounds = tuple(
        np.repeat(np.broadcast_to(side, (count, near.theta.size)), each, axis=0)
        for side in (low, high)
    )
    descent = minimise(
        near.form, near.runs.loss, question, rows, np.repeat(weights, each, axis=0), bounds
    )
    best = np.argmin(descent.value.reshape(count, each), axis=1)
    return np.asarray(descent.theta.reshape(count, each, -1)[np.arange(count), best])


def minimise(
    form: Form,
    loss: Array,
    question: FitQuestion,
    starts: Array,
    weights: Array | None = None,
    bounds: tuple[Array, ...] | None = None,
) -> Descent:
    """Descents from ``starts`` (S, p); ``weights`` (S, n) say how often each run counts."""
    low, high = bounds or (form.low, form.high)
    held = [place for place, name in enumerate(form.constants) if name in question.held]
    low, high = (np.array(np.broadcast_to(side, starts.shape)) for side in (low, high))
    low[:, held] = high[:, held] = starts[:, held]
    measured, delta = np.log(loss), question.delta
    # For the step sizes alone: descents end by relative gains, and the sum is what is reported.
    scale = 1.0 / (delta * len(loss))

    def objective(theta: Array, places: NDArray[np.int64]) -> tuple[Array, Array]:
        if question.tied:
            theta = theta.copy()
            theta[:, _TIE[1]] = theta[:, _TIE[0]]
        # A step too far may overflow: it is then taken back, not an error.
        with np.errstate(all="ignore"):
            terms = form.terms(theta)
            predicted, (floor, capacity, data) = log_loss(terms, theta[:, 0])
            residuals = predicted - measured
            costs = huber(residuals, delta)
            slopes = huber_slope(residuals, delta) * scale
            if weights is not None:
                costs, slopes = costs * weights[places], slopes * weights[places]
            gradient = terms.pull(slopes * floor, slopes * capacity, slopes * data)
        if question.tied:
            gradient[:, _TIE[0]] += gradient[:, _TIE[1]]
            gradient[:, _TIE[1]] = 0.0
        return np.sum(costs, axis=1) * scale, gradient

    descent = descend(objective, starts, (low, high))
    if question.tied:
        descent.theta[:, _TIE[1]] = descent.theta[:, _TIE[0]]
    return descent


def _others(descent: Descent, order: NDArray[np.int64], question: FitQuestion) -> Array:
    """Minima other than the best, best first."""
    kept = [order[0]]
    for place in order[1:]:
        # Of data without noise the best is 0 to the last digit.
        here = descent.value[place]
        apart = [
            abs(here - descent.value[other]) > _DISTINCT * descent.value[other] for other in kept
        ]
        # What is far worse here is not best in a resample either.
        if len(kept) > _MOST_OTHERS or not descent.value[place] < _RIVAL * descent.value[order[0]]:
            break
        if all(apart):
            kept.append(place)
    return descent.theta[kept[1:]]
