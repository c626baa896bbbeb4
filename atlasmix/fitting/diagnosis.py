"""What a reader of the constants must be warned of: collinearity, bounds, outliers, thin tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.fitting.certainty import Bootstrap
from atlasmix.fitting.fit import Fit
from atlasmix.fitting.fit_question import one_epoch
from atlasmix.fitting.forms import EXPONENTS, jacobian, r_squared
from atlasmix.fitting.identification import rows_text, values_of
from atlasmix.quantities import format_quantity
from atlasmix.text import listed

Array = NDArray[np.float64]

COLLINEAR: Final = 100.0
"""Condition number above which constants are called collinear (our choice): tables that cross many
N with many D reach 25-60, tables where N and D move together 150 and more."""

_INVOLVED: Final = 0.3
_NEAR: Final = 1e-3
_OUTLIER: Final = 8.0
_MOST_OUTLIERS: Final = 0.1
_BOUND_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the runs can and cannot say.

    Attributes:
        condition: condition number of the weighted derivatives, columns of one length.
        spread: typical residual, as a share of the loss (1.4826 times the median).
        warnings: one sentence each.
        outliers: rows of the table far from the law.
    """

    condition: float
    spread: float
    warnings: tuple[str, ...]
    outliers: tuple[int, ...]


def diagnose(fit: Fit, intervals: Bootstrap | None = None) -> Diagnosis:
    """Everything worth a warning."""
    residuals = np.abs(fit.residuals)
    spread = 1.4826 * float(np.median(residuals))
    far = residuals > max(_OUTLIER * spread, 10 * _NEAR)
    condition, involved = _collinearity(fit)
    warnings = [
        *_thin(fit),
        *_collinear(fit, condition, involved),
        *_bounds(fit, intervals),
        *_repetition(fit),
        *_odd_runs(fit, far),
    ]
    return Diagnosis(condition, spread, tuple(warnings), tuple(fit.runs.rows[far].tolist()))


def _collinearity(fit: Fit) -> tuple[float, list[str]]:
    """Condition number of the free coordinates, and the constants in its weakest direction."""
    free = fit.question.free(fit.form)
    if fit.first is not None:
        free[:5] = False
    if np.sum(free) < 2:
        return 1.0, []
    weights = np.minimum(1.0, fit.question.delta / np.maximum(np.abs(fit.residuals), 1e-12))
    slopes = jacobian(fit.form, fit.theta)
    if fit.question.tied:
        slopes[:, 2] += slopes[:, 4]
    slopes = slopes[:, free] * np.sqrt(weights)[:, None]
    length = np.linalg.norm(slopes, axis=0)
    slopes = slopes / np.where(length > 0, length, 1.0)
    _, sizes, directions = np.linalg.svd(slopes, full_matrices=False)
    names = [name for name, fitted in zip(fit.form.constants, free, strict=True) if fitted]
    weakest = np.abs(directions[-1])
    involved = [name for name, part in zip(names, weakest, strict=True) if part > _INVOLVED]
    condition = float(sizes[0] / sizes[-1]) if sizes[-1] > 0 else float("inf")
    return condition, involved


def _thin(fit: Fit) -> Iterator[str]:
    fitted = int(np.sum(fit.question.free(fit.form)))
    trained = len(np.unique(fit.runs.runs))
    if trained < 4 * fitted:
        yield (
            f"{trained} training runs for {fitted} constants are few: one odd run can move them; "
            "look at the intervals"
        )
    rows = fit.runs.count
    # The losses of several languages at the end of one run are no checkpoints of it.
    ends = np.column_stack([fit.runs.runs, fit.runs.target_of])
    if len(np.unique(ends, axis=0)) < rows:
        yield (
            f"{rows} rows are checkpoints of {trained} runs: before the end of a learning-rate "
            "schedule losses lie above the law; keep each run's last checkpoint alone"
        )


def _collinear(fit: Fit, condition: float, involved: list[str]) -> Iterator[str]:
    runs = fit.runs
    if condition > COLLINEAR:
        size = "without limit" if condition > 1e8 else f"{condition:,.0f}"
        names = listed(involved, len(involved)) or "the constants"
        yield (
            f"these runs hardly tell {names} apart (condition number {size}, "
            f"comfortable below {COLLINEAR:g}): single constants mean little, and predictions are "
            "good only where N and D are like those of the runs"
        )
    together = _correlation(np.log(runs.params), np.log(runs.total))
    if abs(together) > 0.95:
        yield (
            f"N and D move together (correlation of their logarithms {together:.3f}, as where "
            "every run has the same tokens per parameter): what capacity gains and what data gain "
            "cannot be told apart; add runs with few and with many tokens per parameter"
        )
    axes = [("N", runs.params, "alpha"), ("D", runs.total, "beta")]
    for name, column, exponent in axes:
        values = values_of(column)
        if values == 2 and exponent not in fit.question.held:
            yield (
                f"there are only two {name}: any {exponent} fits them, with an E of its own; "
                f"add a third {name} or fix {exponent}"
            )


def _bounds(fit: Fit, intervals: Bootstrap | None) -> Iterator[str]:
    constants, held = fit.constants, fit.question.held
    if "E" not in held and constants["E"] < 0.01 * float(np.min(fit.runs.loss)):
        yield (
            "E is at 0: the runs do not reach far enough to show a floor, and losses predicted far "
            "beyond them will be too low; fix E if it is known"
        )
    elif intervals is not None and "E" in intervals.samples:
        share = float(np.mean(intervals.samples["E"] < 0.01 * np.min(fit.runs.loss)))
        if share > _BOUND_SHARE:
            yield f"E is at 0 in {share:.0%} of the resamples: the floor is hardly seen"
    for name in ("alpha", "beta"):
        for bound in EXPONENTS:
            if name not in held and abs(constants[name] - bound) < _NEAR * bound:
                yield (
                    f"{name} is at its bound {bound:g}: that term does not follow a power law in "
                    "these runs, or they cover too little of it"
                )
    yield from _extra_bounds(fit)


def _extra_bounds(fit: Fit) -> Iterator[str]:
    """Constants beside those of Hoffmann's law that ended at a bound."""
    constants, held = fit.constants, fit.question.held
    meaning = {
        "lambda": ("repeated tokens are worth as much as fresh ones", "nothing"),
        "R_D": ("repeated tokens are worth nothing", "as much as fresh ones"),
        "R_N": ("excess parameters are worth nothing", "as much as the others"),
    }
    for place, name in enumerate(fit.form.constants):
        low, high = fit.form.low[place], fit.form.high[place]
        at_low, at_high = fit.theta[place] <= low + _NEAR, fit.theta[place] >= high - _NEAR
        if name in held or not (at_low or at_high):
            continue
        if name in meaning:
            least, most = meaning[name]
            says = least if at_low else f"{least.split(' are ')[0]} are worth {most}"
            yield f"{name} is at its bound {constants[name]:.3g}: by these runs {says}"
        elif fit.question.law == "mixing" and at_low and name.startswith(("tau ", "phi")):
            worth = (
                "what is read of it adds no data"
                if name.startswith("tau ")
                else ("a small own share costs no capacity")
            )
            yield f"{name} is at 0: by these runs {worth}"
        elif name.startswith(("tau ", "phi ")) or name in {"phi", "psi"}:
            yield f"{name} is at its bound {constants[name]:.3g}: these runs do not determine it"


def _repetition(fit: Fit) -> Iterator[str]:
    runs = fit.runs
    again = ~one_epoch(runs)
    if not fit.question.repeats:
        if np.any(again):
            yield (
                f"{np.sum(again)} of {runs.count} runs read text more than once (up to "
                f"{np.max(runs.epochs):.3g} times), and the {fit.question.law} law counts every "
                "token as fresh: law atlas or data-constrained does not"
            )
        return
    repeated = runs.epochs[again]
    if 0 < len(repeated) < 4:
        yield f"only {len(repeated)} runs repeat text: what repeated tokens are worth rests on them"
    elif len(repeated) and values_of(repeated) == 1:
        yield (
            f"every run that repeats reads its text {repeated[0]:.3g} times: the decay is measured "
            "at that one number of epochs"
        )


def _odd_runs(fit: Fit, far: NDArray[np.bool_]) -> Iterator[str]:
    runs = fit.runs
    if np.any(far):
        above = np.sum(fit.residuals[far] < 0)
        share = np.sum(far) / runs.count
        kind = "diverged, cut short or mistyped" if above else "mistyped or measured otherwise"
        tail = ", and so many may mean that no one law holds" if share > _MOST_OUTLIERS else ""
        who = "1 run lies" if np.sum(far) == 1 else f"{np.sum(far)} runs lie"
        rest = r_squared(runs.loss[~far], fit.predicted[~far])
        yield (
            f"{who} far from the law ({rows_text(runs.rows[far])}): {kind}? Huber's function "
            f"counts them little, R² in full: without them it is {rest:.4f}{tail}"
        )
    compute = fit.runs.compute
    if np.max(compute) < 10 * np.min(compute):
        yield (
            f"compute spans {format_quantity(float(np.min(compute)), 2)} to "
            f"{format_quantity(float(np.max(compute)), 2)} FLOPs, less than a factor of ten: "
            "do not extrapolate far"
        )


def _correlation(a: Array, b: Array) -> float:
    if np.std(a) == 0 or np.std(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
