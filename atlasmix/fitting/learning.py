r"""Learning a law from runs of mixtures: laws compared on held-out runs, one chosen, intervals.

Every law predicts every run from a fit that never saw it (the same folds for all, repeats of one
mixture together). What is tuned is tuned without the fold that it is judged on. The error of a set
is the mean deviation of its predictions over that of its mean; a law's is the mean over the sets.

Intervals are those of cross-conformal prediction (Vovk 2015, doi 10.1007/s10472-013-9368-4): the
loss predicted for a new mixture, more or less the quantile of the deviations held out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.assumed import Assumed, GivenLaw, assumed_by
from atlasmix.fitting.mixing_draws import posterior_of
from atlasmix.fitting.mixing_fit import (
    FORMS,
    STRENGTHS,
    Form,
    MixingFits,
    Shape,
    fit_mixing,
    scale_of,
)
from atlasmix.fitting.mixing_law import MixingLaw, Scale
from atlasmix.fitting.mixture_runs import MixtureRuns, Mixtures
from atlasmix.fitting.rival_laws import (
    FORMULAS,
    RIVALS,
    FormulaLaw,
    absent,
    fit_formula,
    fit_model,
)
from atlasmix.fitting.runs import frozen

Array = NDArray[np.float64]
Places = NDArray[np.int64]

MIXING: Final = "mixing"
LAWS: Final = (MIXING, *RIVALS)
COMPARED: Final = FORMULAS
"""Laws compared where nobody says which: those that take no package and under a second."""

COVERAGE: Final = 0.9
BENT: Final = ("exponential", "additive")
"""Laws of others that answer where they are ahead of the mixing law by more than twice the standard
error of the difference: convex, so that an optimum is proved. A line is convex too, but its optimum
lies at the limits of everything, whatever the runs say."""

LEAST_RUNS: Final = 8
"""Runs below which nothing is fitted to a set: our choice; half a dozen mixtures of anything fit
any law of ours exactly."""

_MOST_NUMBERS: Final = 4_000_000
"""Slopes that are held at a time: 32 MB."""

_STILL: Final = 1e-3
"""Part of its mean by which a loss varies at least, for a deviation to be told in: our choice."""

_ROUGH: Final = 1e-4
"""A fit that is only judged ends when a step gains less than this part of its objective: our
choice; the errors held out are then right to 0.1 %, in half the time."""

_FORM_WORDS: Final = {
    "own share, less of more": "own share, transfer, and less of more",
    "own share": "own share and transfer",
    "transfer": "transfer alone",
}

_FOLDS: Final = 10
_MANY: Final = 200
_FEW_FOLDS: Final = 5
"""Folds from _MANY runs on: our choice, the folds then differ little."""


class Law(Protocol):
    """What every law of this package can do."""

    @property
    def name(self) -> str:
        """The word that names it."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of what is mixed."""

    @property
    def sets(self) -> tuple[str, ...]:
        """Names of the evaluation sets."""

    @property
    def convex(self) -> bool:
        """Whether every loss is convex in the mixture."""

    def predict(self, mixtures: Mixtures) -> Array:
        """(n, K) loss of each mixture."""


@dataclass(frozen=True, slots=True)
class LearnQuestion:
    """What is asked of the runs.

    Attributes:
        law: the law that answers; empty: the mixing law, unless a convex one that is compared
            predicts held-out runs better than by chance (:data:`BENT`).
        compared: other laws that predict the same held-out runs.
        seed: of the folds.
        coverage: of the intervals.
        for_solve: whether the mixing law keeps to the form that a solve takes: every token of a
            source tells as much (γ = 1), and none is worth anything by itself (ε = 0).
        constants_from: law whose constants are taken where the runs, being of one size, tell none;
            the mixing law then keeps to the form that a solve takes too. None: none are taken.
    """

    law: str = ""
    compared: tuple[str, ...] = COMPARED
    seed: int = 0
    coverage: float = COVERAGE
    for_solve: bool = False
    constants_from: GivenLaw | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A law and what it predicts of runs that it never saw.

    Attributes:
        name: of the law.
        law: fitted to all runs.
        held_out: (n, K) predictions of each run from the fits without it.
        errors: (K,) mean deviation over that of the set's mean; below 1 the law tells something.
        ranks: (K,) Spearman's correlation of predicted and measured loss.
        words: what the law was told, or what was chosen for it.
    """

    name: str
    law: Law
    held_out: Array
    errors: Array
    ranks: Array
    words: str = ""

    @property
    def error(self) -> float:
        """Mean over the sets."""
        return float(np.mean(self.errors))

    @property
    def rank(self) -> float:
        """Mean over the sets."""
        return float(np.mean(self.ranks))


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """All that the runs tell.

    Attributes:
        runs: what was learned from.
        question: what was asked.
        judged: every law compared, the chosen one first.
        folds: (n,) fold of each run.
        half_width: (K,) half the width of an interval of a predicted loss; inf where too few runs
            were held out for the coverage asked for.
        absent: laws left out, each with the package that is not installed.
        shape: of the mixing law that was fitted.
        scale: size that the law counts from.
    """

    runs: MixtureRuns
    question: LearnQuestion
    judged: tuple[Judged, ...]
    folds: Places
    half_width: Array
    absent: tuple[tuple[str, str], ...]
    shape: Shape
    scale: Scale

    @property
    def chosen(self) -> Judged:
        """The law that answers."""
        return self.judged[0]

    @property
    def law(self) -> Law:
        """The law that answers, fitted to all runs."""
        return self.chosen.law

    @property
    def assumed(self) -> Assumed | None:
        """Constants of the law that answers that are assumed and not learned; None: none are."""
        return self.shape.assumed if isinstance(self.law, MixingLaw) else None

    @property
    def ahead(self) -> tuple[Judged, ...]:
        """Laws whose error on these runs is lower by more than its standard error, best first."""
        mine = self._deviations(self.chosen)
        better = []
        for other in self.judged[1:]:
            apart = mine - self._deviations(other)
            error = float(np.std(apart) / math.sqrt(len(apart)))
            if float(np.mean(apart)) > 2 * error:
                better.append(other)
        return tuple(sorted(better, key=lambda each: each.error))

    def _deviations(self, judged: Judged) -> Array:
        return np.asarray(deviations(self.runs, judged.held_out).mean(axis=1))


def deviations(runs: MixtureRuns, predicted: Array) -> Array:
    """(n, K) deviation of each prediction, 1 being the mean deviation from the set's mean.

    0 where the loss was not measured, so that a run counts with the sets that it has.
    """
    measured = ~np.isnan(runs.loss)
    mean = np.nanmean(runs.loss, axis=0)
    spread = np.nanmean(np.abs(runs.loss - mean), axis=0)
    off = np.abs(np.where(measured, predicted - runs.loss, 0.0))
    return np.asarray(off / np.maximum(spread, _STILL * mean))


def learn(
    runs: MixtureRuns,
    question: LearnQuestion = LearnQuestion(),
    advance: Callable[[int], None] = lambda steps: None,
) -> Learned:
    """Fit and judge every law asked for, and choose.

    Args:
        runs: as :mod:`atlasmix.fitting.mixture_tables` reads them.
        question: laws, seed, coverage.
        advance: is called with 1 after each law.

    Raises:
        ProblemError: a law that nobody knows.
        DataError: too few runs, mixtures that are all one, or a law without its package.
    """
    check_question(question)
    check_enough(runs)
    folds = folds_of(runs, question.seed)
    counts = 1.0 - (folds == np.arange(folds.max() + 1)[:, None]).astype(np.float64)
    chosen = question.law or MIXING
    names = tuple(dict.fromkeys((chosen, MIXING, *question.compared)))
    lacking = [(name, absent(name)) for name in names if absent(name) and name != chosen]
    unsized = set(FORMULAS) if runs.varies else set()
    assumed = assumed_by(runs, question.constants_from) if chosen == MIXING else None
    fits, mixing = _judge_mixing(runs, counts, folds, question.for_solve, assumed)
    judged = []
    for name in names:
        if name in dict(lacking) or (name in unsized and name != chosen):
            continue
        judged.append(mixing if name == MIXING else _judge_rival(name, runs, counts, folds))
        advance(1)
    learned = Learned(
        runs=runs,
        question=question,
        judged=tuple(judged),
        folds=folds,
        half_width=half_widths(runs, judged[0].held_out, question.coverage),
        absent=tuple(lacking),
        shape=fits.shape,
        scale=fits.scale,
    )
    if question.law or question.for_solve or question.constants_from is not None:
        return learned
    return _by_error(learned)


def _by_error(learned: Learned) -> Learned:
    """The same, answered by another convex law where one is ahead."""
    better = next((each for each in learned.ahead if each.name in BENT), None)
    if better is None:
        return learned
    others = tuple(each for each in learned.judged if each is not better)
    widths = half_widths(learned.runs, better.held_out, learned.question.coverage)
    return replace(learned, judged=(better, *others), half_width=widths)


def check_question(question: LearnQuestion) -> None:
    """Refuse a law that nobody knows, or a coverage that is none.

    Raises:
        ProblemError: with the words that are known.
    """
    for field, names in (("law", (question.law or MIXING,)), ("compare", question.compared)):
        for name in names:
            if name not in LAWS:
                from atlasmix.text import did_you_mean

                hint = did_you_mean(name, LAWS) or f"expected one of {', '.join(LAWS)}"
                raise ProblemError(f"no law {name[:40]!r}: {hint}", field=field, value=name)
    if not 0.5 <= question.coverage <= 0.99:
        raise ProblemError(
            f"coverage is {question.coverage}: expected 0.5 to 0.99",
            field="coverage",
            value=question.coverage,
        )


def check_enough(runs: MixtureRuns) -> None:
    """Refuse runs that can tell nothing.

    Raises:
        DataError: too few runs, or one mixture.
    """
    measured = (~np.isnan(runs.loss)).sum(axis=0)
    faults = [
        f"loss of {name}: measured in {count} runs, expected at least {LEAST_RUNS}"
        for name, count in zip(runs.sets, measured.tolist(), strict=True)
        if count < LEAST_RUNS
    ]
    groups = len(np.unique(runs.groups))
    if groups < LEAST_RUNS:
        faults = [
            f"{runs.count} runs of {groups} different mixtures: expected at least {LEAST_RUNS}"
        ]
    if faults:
        raise DataError("the runs are too few to learn a law from:", tuple(faults), field="runs")


def folds_of(runs: MixtureRuns, seed: int) -> Places:
    """(n,) the fold in which each run is held out; repeats of one mixture share theirs."""
    groups, ordinals = np.unique(runs.groups, return_inverse=True)
    folds = _FEW_FOLDS if len(groups) >= _MANY else min(_FOLDS, len(groups))
    order = np.random.default_rng(seed).permutation(len(groups))
    return np.asarray((order % folds)[ordinals], dtype=np.int64)


def half_widths(runs: MixtureRuns, held_out: Array, coverage: float) -> Array:
    """(K,) the deviation that ``coverage`` of the runs held out stay within, corrected for n."""
    widths = np.full(len(runs.sets), np.inf)
    for place in range(len(runs.sets)):
        measured = ~np.isnan(runs.loss[:, place])
        off = np.sort(np.abs(held_out[measured, place] - runs.loss[measured, place]))
        rank = math.ceil(coverage * (len(off) + 1) - 1e-9)
        if rank <= len(off):
            widths[place] = off[rank - 1]
    return widths


def judge(name: str, runs: MixtureRuns, seed: int = 0) -> Judged:
    """A law of others alone, on the folds in which :func:`learn` judges all.

    Args:
        name: one of ``RIVALS``.
        runs: enough of them.
        seed: of the folds.

    Raises:
        ProblemError: a law that nobody knows.
        DataError: a law without its package.
    """
    check_question(LearnQuestion(name))
    folds = folds_of(runs, seed)
    counts = 1.0 - (folds == np.arange(folds.max() + 1)[:, None]).astype(np.float64)
    return _judge_rival(name, runs, counts, folds)


def _judge_rival(name: str, runs: MixtureRuns, counts: Array, folds: Places) -> Judged:
    held_out = np.empty_like(runs.loss)
    if name in FORMULAS:
        every = np.concatenate([counts, np.ones((1, runs.count))])
        *partial, law = fit_formula(name, runs, every)
        for fold, fitted in enumerate(partial):
            held_out[folds == fold] = fitted.predict(runs.mixtures.select(folds == fold))
        return _judged(name, law, runs, held_out)
    for fold in range(len(counts)):
        out = folds == fold
        model = fit_model(name, runs.select(~out))
        held_out[out] = model.predict(runs.mixtures.select(out))
    return _judged(name, fit_model(name, runs), runs, held_out)


def _judged(name: str, law: Law, runs: MixtureRuns, held_out: Array, words: str = "") -> Judged:
    return Judged(
        name=name,
        law=law,
        held_out=frozen(held_out),
        errors=errors_of(runs, held_out),
        ranks=ranks_of(runs, held_out),
        words=words,
    )


def errors_of(runs: MixtureRuns, predicted: Array) -> Array:
    """(K,) mean deviation of the predictions over that of the set's mean."""
    count = (~np.isnan(runs.loss)).sum(axis=0)
    return np.asarray(deviations(runs, predicted).sum(axis=0) / np.maximum(count, 1))


def ranks_of(runs: MixtureRuns, predicted: Array) -> Array:
    """(K,) Spearman's correlation of predicted and measured loss; 0 for one that never varies."""
    from scipy.stats import rankdata

    ranks = np.zeros(len(runs.sets))
    for place in range(len(runs.sets)):
        measured = ~np.isnan(runs.loss[:, place])
        left, right = (
            rankdata(np.round(column[measured, place], 10)) for column in (predicted, runs.loss)
        )
        left, right = left - left.mean(), right - right.mean()
        size = math.sqrt(float(left @ left) * float(right @ right))
        ranks[place] = float(left @ right) / size if size > 0 else 0.0
    return ranks


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """One shape of the mixing law: its fit to all runs, and its predictions held out."""

    fits: MixingFits
    held_out: Array
    errors: Array


def _judge_mixing(
    runs: MixtureRuns, counts: Array, folds: Places, for_solve: bool, assumed: Assumed | None
) -> tuple[MixingFits, Judged]:
    """The mixing law in the shape that predicts best, each fold's judged without that fold."""
    scale = scale_of(runs, assumed=assumed)
    solvable = for_solve or assumed is not None
    trials: dict[Shape, _Trial] = {}

    def error(shape: Shape) -> float:
        if shape not in trials:
            trials[shape] = _try(runs, shape, scale, counts, folds)
        return float(np.mean(trials[shape].errors))

    # Without own sources the whole law is transfer with γ, and the form between is transfer.
    forms = FORMS if np.any(runs.own >= 0) else (FORMS[0], FORMS[2])
    if solvable:
        forms = tuple(form for form in FORMS[1:] if form in forms)
    if assumed is not None and assumed.params and "own share" in forms:
        # Without shares nothing tells the capacity term of runs of one N.
        forms = ("own share",)

    def shapes_of(form: Form) -> list[Shape]:
        return [Shape(form, each, not solvable, assumed) for each in STRENGTHS]

    best = _walk(shapes_of(forms[0]), error)
    for form in forms[1:]:
        # The other form as near to the sets' mean; further only where that is better.
        other = Shape(form, best.strength, not solvable, assumed)
        if error(other) < error(best):
            best = _walk(shapes_of(form), error)
    shapes = list(trials)
    table = np.array([trials[shape].errors for shape in shapes])
    held_out = np.empty_like(runs.loss)
    for fold in range(len(counts)):
        out = folds == fold
        least = int(np.argmin(table[:, ~out].mean(axis=1)))
        held_out[out] = trials[shapes[least]].held_out[out]
    chosen = shapes[int(np.argmin(table.mean(axis=1)))]
    fits = fit_mixing(runs, chosen, start=trials[chosen].fits, scale=scale)
    words = _FORM_WORDS[chosen.form]
    return fits, _judged(MIXING, fits.law(runs), runs, held_out, words)


def _walk(shapes: Sequence[Shape], error: Callable[[Shape], float]) -> Shape:
    """The best of the shapes, tried from the middle towards where the error falls."""
    place = STRENGTHS.index(0.1)
    step = 1 if error(shapes[place + 1]) < error(shapes[place]) else -1
    place = max(place, place + step) if step > 0 else place
    while 0 <= place + step < len(shapes) and error(shapes[place + step]) < error(shapes[place]):
        place += step
    return shapes[place]


def _try(runs: MixtureRuns, shape: Shape, scale: Scale, counts: Array, folds: Places) -> _Trial:
    whole = fit_mixing(runs, shape, scale=scale, tolerance=_ROUGH)
    # Never begun from the fit to all runs, which knows what is held out: where few runs leave a
    # constant open, it would stay there.
    partial = fit_mixing(runs, shape, counts, scale=scale, tolerance=_ROUGH)
    held_out = partial.predict(runs)[folds, np.arange(runs.count)]
    return _Trial(whole, held_out, deviations(runs, held_out).mean(axis=1))


def hardly_told(learned: Learned) -> tuple[tuple[str, ...], ...]:
    """By set: constants of the mixing law that the runs hardly tell; none of another law."""
    if learned.law.name != MIXING:
        return ((),) * len(learned.runs.sets)
    return posterior_of(learned.runs, learned.shape, learned.scale).hardly_told(
        learned.runs.sources
    )


def draw_laws(learned: Learned, draws: int, seed: int) -> tuple[Law, ...]:
    """Laws that may be true, as far as the runs and what was expected before them leave it open.

    Of the mixing law they are those of :mod:`atlasmix.fitting.mixing_draws`; of a formula, which
    expects nothing, the fits to resamples of the runs, repeats of one mixture together.

    Args:
        learned: from the runs.
        draws: number of laws.
        seed: the same seed, the same laws.

    Raises:
        ProblemError: a law that is a model of a library.
    """
    runs, law = learned.runs, learned.law
    source = np.random.default_rng(seed)
    if isinstance(law, FormulaLaw):
        groups = np.unique(runs.groups, return_inverse=True)[1].ravel()
        count = int(groups.max()) + 1
        often = source.multinomial(count, np.full(count, 1.0 / count), size=draws)
        return tuple(fit_formula(law.name, runs, often[:, groups].astype(np.float64)))
    if not isinstance(law, MixingLaw):
        raise ProblemError(f"the law {law.name} is not drawn: ask a formula", field="law")
    posterior = posterior_of(runs, learned.shape, learned.scale)
    laws: list[Law] = []
    numbers = len(runs.sets) * runs.count * (len(runs.sources) + 8)
    each = max(1, int(_MOST_NUMBERS / numbers))
    of_a_law = learned.shape.assumed
    given = None if of_a_law is None else of_a_law.drawn(draws, seed)
    for first in range(0, draws, each):
        count = min(each, draws - first)
        fits = posterior.draw(count, source, None if given is None else given[first:][:count])
        laws += [fits.law(runs, place) for place in range(count)]
    return tuple(laws)
