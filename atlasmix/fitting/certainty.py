"""How sure the constants are: the fit repeated on resampled runs, on all cores.

Whole training runs are drawn with replacement (Efron 1979), so that checkpoints of one run stay
together. The draws come from the seed alone, in blocks of fixed size: the intervals do not depend
on the number of cores.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.fit import Fit, fit, refit
from atlasmix.fitting.fit_question import (
    check_identified,
    one_epoch,
    rows_text,
    values_of,
)
from atlasmix.fitting.forms import EXPONENTS, jacobian, r_squared
from atlasmix.fitting.runs import Runs
from atlasmix.laws.kinds import LOSS_CONSTANTS
from atlasmix.processes import side_by_side, usable_cores
from atlasmix.quantities import format_quantity
from atlasmix.text import listed

Array = NDArray[np.float64]

BLOCK: Final = 20
"""Resamples that are fitted side by side."""

COVERAGE: Final = 0.95
_WORTH_PROCESSES: Final = 1.5
_MOST_DRAWS: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """The constants of every resample.

    Attributes:
        samples: name -> (R,) in the units of the card; held constants are left out.
        resamples: R.
    """

    samples: dict[str, Array]
    resamples: int

    def interval(self, name: str) -> tuple[float, float]:
        """The middle 95 % of the resamples."""
        return middle(self.samples[name])

    def growth(self) -> tuple[float, float] | None:
        """Interval of β/(α+β): N grows as compute to this power; None where both are held."""
        alpha, beta = self.samples.get("alpha"), self.samples.get("beta")
        if alpha is None or beta is None:
            return None
        return middle(beta / (alpha + beta))


def middle(values: Array) -> tuple[float, float]:
    """The middle 95 % of values."""
    low, high = np.quantile(values, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return float(low), float(high)


def bootstrap(
    fitted: Fit,
    resamples: int,
    seed: int = 0,
    advance: Callable[[int], None] = lambda count: None,
    cores: int | None = None,
) -> Bootstrap:
    """Fit ``resamples`` resamples of the runs of ``fitted``.

    Args:
        fitted: a fit; resamples start from its constants and its other minima.
        resamples: how many, R.
        seed: of the draws.
        advance: called with the number of resamples that have become ready.
        cores: processes at most; None: as many as this process may use.
    """
    draws = _draws(fitted, resamples, seed)
    blocks = [draws[first : first + BLOCK] for first in range(0, len(draws), BLOCK)]
    begin = time.perf_counter()
    thetas = [refit(fitted, blocks[0])]
    advance(len(blocks[0]))
    left = (time.perf_counter() - begin) * (len(blocks) - 1)
    cores = (cores or usable_cores()) if left > _WORTH_PROCESSES else 1
    with closing(side_by_side(partial(refit, fitted), blocks[1:], cores)) as rest:
        for theta in rest:
            thetas.append(theta)
            advance(len(theta))
    named = fitted.form.named(np.concatenate(thetas))
    free = fitted.free
    if fitted.question.tied:
        free = free | (np.array(fitted.form.constants) == "beta")
    samples = {
        name: values for (name, values), is_free in zip(named.items(), free, strict=True) if is_free
    }
    return Bootstrap(samples, len(draws))


def _draws(fitted: Fit, resamples: int, seed: int) -> Array:
    """(R, n) how often each row counts; draws that leave a constant open are drawn again."""
    runs = fitted.runs
    names, members = np.unique(runs.runs, return_inverse=True)
    source = np.random.default_rng(seed)
    drawn: list[Array] = []
    for _ in range(resamples):
        for _ in range(_MOST_DRAWS):
            picked = source.integers(len(names), size=len(names))
            weights = np.bincount(picked, minlength=len(names))[members].astype(float)
            if _fits(fitted, weights):
                drawn.append(weights)
                break
    if not drawn:
        raise DataError(
            f"no resample of {len(names)} runs can fit the law: there are too few for intervals; "
            "add runs, or ask for no resamples",
            field="bootstrap",
        )
    return np.array(drawn)


def _fits(fitted: Fit, weights: Array) -> bool:
    picked = weights > 0
    question, first = fitted.question, fitted.first
    try:
        if first is not None:
            once = first.runs.select(picked[one_epoch(fitted.runs)])
            check_identified(once, first.question, first.form, spare=0)
            base = tuple((name, fitted.constants[name]) for name in LOSS_CONSTANTS)
            question = replace(question, stages=1, fixed=(*question.fixed, *base))
        check_identified(fitted.runs.select(picked), question, fitted.form, spare=0)
    except DataError:
        return False
    return True


Mask = NDArray[np.bool_]

_FOLDS: Final = 5
_FIFTH: Final = 0.2
_STARTS: Final = 8


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One split.

    Attributes:
        split: ``random``, ``N``, ``D``, ``compute``, ``larger half`` or ``mixtures``.
        held: which runs were held out, in words.
        count: how many.
        r_squared: of predicted against measured loss of the runs held out; NaN for fewer than 3.
        error: mean \\|predicted/measured - 1\\|.
        bias: mean predicted/measured - 1: above 0, losses turn out lower than predicted.
        fault: why the split could not be made; empty where it could.
    """

    split: str
    held: str
    count: int = 0
    r_squared: float = float("nan")
    error: float = float("nan")
    bias: float = float("nan")
    fault: str = ""


def held_out(
    fitted: Fit, seed: int = 0, advance: Callable[[int], None] = lambda count: None
) -> tuple[HeldOut, ...]:
    """Every split that the runs allow.

    Args:
        fitted: the fit to all runs.
        seed: of the random fifths.
        advance: called with 1 after every split.
    """
    splits = []
    for split, held, tests in _splits(fitted.runs, seed):
        splits.append(_score(fitted, split, held, tests))
        advance(1)
    return tuple(splits)


def split_names(runs: Runs) -> tuple[str, ...]:
    """The splits that ``held_out`` will make."""
    return tuple(split for split, _, _ in _splits(runs, 0))


def _splits(runs: Runs, seed: int) -> Iterator[tuple[str, str, list[Mask]]]:
    yield "random", "each random fifth in turn", _folds(runs.runs, seed)
    columns = (
        ("N", "the largest N", runs.params),
        ("D", "the largest D", runs.total),
        ("compute", "the largest compute", runs.compute),
    )
    for split, held, column in columns:
        yield split, held, [largest(column, _FIFTH)]
    yield "larger half", "the larger half by compute", [largest(runs.compute, 0.5)]
    mixtures = len(np.unique(runs.mixtures))
    if mixtures > 1:
        words = "each fifth of the mixtures in turn" if mixtures > _FOLDS else "each mixture"
        yield "mixtures", words, _folds(runs.mixtures, seed)


def largest(column: Array, share: float) -> Mask:
    """The rows with the largest values, at least ``share`` of all; equal values stay together."""
    wanted = max(1, int(np.ceil(share * len(column))))
    return np.asarray(column >= np.sort(column)[-wanted] * (1 - 1e-9))


def _folds(groups: NDArray[np.int64], seed: int) -> list[Mask]:
    names = np.unique(groups)
    order = np.random.default_rng(seed).permutation(len(names))
    count = min(_FOLDS, len(names))
    return [np.isin(groups, names[order[fold::count]]) for fold in range(count)]


def _score(fitted: Fit, split: str, held: str, tests: list[Mask]) -> HeldOut:
    runs = fitted.runs
    question = replace(fitted.question, starts=min(fitted.question.starts, _STARTS))
    predicted, seen = np.zeros(runs.count), np.zeros(runs.count, dtype=bool)
    for test in tests:
        try:
            law = fit(runs.select(~test), question)
        except (DataError, ProblemError) as error:
            reason = error.sentence.partition(":")[0]
            return HeldOut(split, held, fault=f"the other runs cannot be fitted: {reason}")
        predicted[test], seen = law.loss_of(runs.select(test)), seen | test
    measured, reached = runs.loss[seen], predicted[seen]
    errors = reached / measured - 1.0
    return HeldOut(
        split,
        held,
        int(np.sum(seen)),
        r_squared(measured, reached) if np.sum(seen) >= 3 else float("nan"),
        float(np.mean(np.abs(errors))),
        float(np.mean(errors)),
    )


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
