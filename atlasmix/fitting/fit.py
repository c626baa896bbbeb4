"""Fitting a law to runs: many starts, one answer, and what it says of each run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, SolverFailed
from atlasmix.fitting.descent import Descent, descend, grid_of_starts
from atlasmix.fitting.fit_question import LOSS_CONSTANTS, FitQuestion, one_epoch
from atlasmix.fitting.forms import Form, huber, huber_slope, log_loss, r_squared
from atlasmix.fitting.identification import check_identified, settled
from atlasmix.fitting.runs import Runs

Array = NDArray[np.float64]

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
        apart = [abs(descent.value[place] / descent.value[other] - 1) > _DISTINCT for other in kept]
        # What is far worse here is not best in a resample either.
        if len(kept) > _MOST_OTHERS or not descent.value[place] < _RIVAL * descent.value[order[0]]:
            break
        if all(apart):
            kept.append(place)
    return descent.theta[kept[1:]]
