"""Bilingual Transfer Scores read off loss curves, each with its standard error or its bound.

BTS(s→t) = 2 − d_bi/d_mono: d_bi are *all* tokens that a model on half source and half target reads
until it has the loss that a model on the target alone has at d_mono.

The standard error has two parts. Noise between the checkpoints of a curve, and what another seed
would change, both as losses, become log tokens by the steepness of the curve where the loss is met.
The part that comes from the run of the target alone is one and the same in all scores of that
target: they err together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.curve_fit import (
    LEAST_POINTS,
    CurveFit,
    before_cooling,
    cooled_from,
    fit_curve,
)
from atlasmix.fitting.loss_curves import LossCurve, LossCurves
from atlasmix.quantities import format_quantity
from atlasmix.text import first_few

Outcome = Literal["scored", "below", "above", "flat"]
"""``below``: the loss is never reached, so that the score is below a bound; ``above``: it is met
before the first checkpoint; ``flat``: too flat a curve to tell where."""

_FLAT: Final = 0.5
"""Standard error of log tokens from which a curve is too flat to tell: our choice, for beyond it a
score of 0 may as well be −1 or 0.6."""
_PRIOR_FREEDOM: Final = 4.0
"""Observations that the noise of all curves counts for in that of one: our choice."""
_MOST_LAG: Final = 0.8
_ANCHORS: Final = (1.0, 0.5, 0.25)
_REACH: Final = 1.001
"""How far beyond the last checkpoint an anchor may lie: its tokens may be rounded."""
_SAME: Final = 0.05
"""Relative difference up to which two numbers of parameters are one size: as of two matrices."""
_NORMAL: Final = 1.959964
"""Standard errors of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class BilingualScore:
    """One score at one anchor, or why there is none.

    Attributes:
        source, target: language keys.
        anchor: d_mono, tokens.
        outcome: whether there is a score.
        tokens: d_bi, all tokens; at a bound the last (or first) checkpoint of the bilingual run.
        stderr: of the score, widened where few runs or checkpoints show the noise, so that 1.96 of
            it are a 95 % interval; nan without a score.
        shared: the part of ``stderr`` that all scores of the target at this anchor have in common.
        loss: of the target-only model at the anchor.
        seeds: runs of the target alone, and of the two.
    """

    source: str
    target: str
    anchor: float
    outcome: Outcome
    tokens: float
    stderr: float
    shared: float
    loss: float
    seeds: tuple[int, int]

    @property
    def score(self) -> float:
        """BTS; at a bound, the bound."""
        return 2.0 - self.tokens / self.anchor

    @property
    def interval(self) -> tuple[float, float]:
        """95 %: symmetric in log tokens, so wider below than above."""
        if self.outcome != "scored":
            return math.nan, math.nan
        spread = _NORMAL * self.stderr / (self.tokens / self.anchor)
        part = self.tokens / self.anchor
        return 2 - part * math.exp(spread), 2 - part * math.exp(-spread)


@dataclass(frozen=True, slots=True)
class CurveQuestion:
    """What is wanted of the curves.

    Attributes:
        anchors: d_mono, tokens; the first is the matrix's. Empty: the last checkpoint that every
            target has alone, its half and its quarter.
        params: the size, where a table has several, or says none.
    """

    anchors: tuple[float, ...] = ()
    params: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CurveScores:
    """All scores of a table of curves.

    Attributes:
        scores: by target, source and anchor, the matrix's anchor first.
        anchors: d_mono; the first is the matrix's.
        params: of every run; None where nothing says.
        noise: standard deviation of a checkpoint about its line, median of the curves.
        seed_noise: standard deviation of a run's loss from one seed to another; nan where nothing
            was repeated.
        notes: how curves were read, one sentence each.
        warnings: what makes scores doubtful, or is left out.
    """

    scores: tuple[BilingualScore, ...]
    anchors: tuple[float, ...]
    params: float | None
    noise: float
    seed_noise: float
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    def at(self, anchor: float) -> tuple[BilingualScore, ...]:
        """Those at one anchor."""
        return tuple(each for each in self.scores if each.anchor == anchor)


def scores_of_curves(read: LossCurves, how: CurveQuestion | None = None) -> CurveScores:
    """BTS of every pair that has a run of two languages and one of its target alone.

    Raises:
        DataError: no pair, or no curve that a line can be drawn through.
        ProblemError: runs of several sizes and none chosen, or an anchor beyond every run.
    """
    how = how or CurveQuestion()
    warnings: list[str] = []
    curves, params = _one_size(read, how.params, warnings)
    curves = _usable(curves, warnings)
    curves = _uncooled(curves, warnings)
    groups = _grouped(curves)
    pairs = _pairs(groups, read.bits, warnings)
    if not pairs:
        raise DataError(
            f"{read.what} has no pair to score: expected, for a target, a run on it alone and one "
            "on it and another language half and half, both with losses of the target",
            tuple(warnings),
            field="curves",
        )
    fits = _fits(pairs, groups, warnings)
    pairs = [pair for pair in pairs if pair[0] in fits and pair[1] in fits]
    if not pairs:
        raise DataError(
            f"{read.what}: no pair has two curves that a line can be drawn through",
            tuple(warnings),
            field="curves",
        )
    alone = {pair[0]: fits[pair[0]] for pair in pairs}
    anchors = _anchors(how.anchors, alone, warnings)
    noise = _Noise(fits)
    scores = [
        _score(first, both, anchor, fits, noise)
        for anchor in anchors
        for first, both in pairs
        if fits[first].low <= anchor <= fits[first].high * _REACH
    ]
    _check_anchor(anchors[0], scores, alone)
    if math.isnan(noise.between):
        warnings.append(
            "no run was repeated with another seed: what a seed changes is not in these standard "
            "errors, which are too small by it; repeat the runs of one language first, they count "
            "in every score of it"
        )
    order = {anchor: place for place, anchor in enumerate(anchors)}
    scores.sort(key=lambda each: (each.target, each.source, order[each.anchor]))
    return CurveScores(
        tuple(scores),
        anchors,
        params,
        noise.within,
        noise.between,
        read.notes,
        tuple(warnings),
    )


def _fits(
    pairs: Sequence[tuple[Group, Group]],
    groups: dict[Group, list[LossCurve]],
    warnings: list[str],
) -> dict[Group, CurveFit]:
    """The line of every curve of a pair that has one."""
    wanted = dict.fromkeys(key for pair in pairs for key in pair)
    fits = {key: fit for key in wanted if (fit := fit_curve(groups[key])) is not None}
    for key in wanted:
        if key not in fits:
            warnings.append(
                f"{_named(key)}: fewer than {LEAST_POINTS} checkpoints, or a loss that does not "
                "fall: no line can be drawn through it; left out"
            )
    return fits


def _check_anchor(
    anchor: float, scores: Sequence[BilingualScore], alone: dict[Group, CurveFit]
) -> None:
    """Refuse a first anchor at which no target has checkpoints."""
    if any(each.anchor == anchor for each in scores):
        return
    spans = [
        f"{key[1]} {format_quantity(fit.low)} to {format_quantity(fit.high)}"
        for key, fit in alone.items()
    ]
    raise ProblemError(
        f"no target has checkpoints around {format_quantity(anchor)} tokens alone: they have "
        f"{first_few(spans, 5)}",
        field="at",
        value=anchor,
    )


Group = tuple[tuple[str, ...], str, bool]
"""Languages trained on, target, and whether its checkpoints are cooled down."""


def _named(group: Group) -> str:
    languages, target, annealed = group
    return f"loss of {target} of the run{'s' if annealed else ''} on {' and '.join(languages)}" + (
        ", cooled down" if annealed else ""
    )


def _one_size(
    read: LossCurves, params: float | None, warnings: list[str]
) -> tuple[list[LossCurve], float | None]:
    """The curves of one number of parameters, and that number."""
    sizes = sorted({curve.params for curve in read.curves})
    if params is not None and sizes == [0.0]:
        return list(read.curves), params
    apart = [sizes[0]] if sizes else []
    for size in sizes:
        if size > apart[-1] * (1 + _SAME):
            apart.append(size)
    if params is None and len(apart) > 1:
        shown = [format_quantity(size) if size else "none said" for size in apart]
        raise ProblemError(
            f"{read.what} has runs of {len(apart)} sizes ({first_few(shown, 5)} parameters): a "
            "score is of one size",
            field="params",
            hint=f"say which, as {shown[-1]}",
        )
    wanted = apart[0] if params is None else params
    kept = (
        [curve for curve in read.curves if abs(curve.params / wanted - 1) <= _SAME]
        if wanted
        else list(read.curves)
    )
    if not kept:
        raise ProblemError(
            f"{read.what} has no run of {format_quantity(wanted)} parameters: there are "
            f"{first_few([format_quantity(size) for size in apart], 5)}",
            field="params",
            value=params,
        )
    left = len(read.curves) - len(kept)
    if left:
        warnings.append(f"{left} curves of another size than {format_quantity(wanted)} left out")
    return kept, wanted or None


def _usable(curves: Iterable[LossCurve], warnings: list[str]) -> list[LossCurve]:
    """Curves of one language, and of two half and half."""
    kept, many, uneven = [], [], []
    for curve in curves:
        if len(curve.languages) > 2:
            many.append(curve.run)
        elif not curve.even:
            shares = " to ".join(f"{100 * share:.3g}" for share in curve.shares)
            uneven.append(f"{curve.run} ({shares})")
        elif curve.target in curve.languages:
            kept.append(curve)
    if many:
        warnings.append(
            f"run {first_few(list(dict.fromkeys(many)), 4)}: more than two languages, of which a "
            "bilingual score says nothing; left out"
        )
    if uneven:
        warnings.append(
            f"run {first_few(list(dict.fromkeys(uneven)), 4)}: a score is of a model on half and "
            "half and is not defined at other shares; left out. The law of mixing takes such runs "
            "as they are: write them as a table for a fit, which gives φ and τ from any shares and "
            "sizes together"
        )
    return kept


def _uncooled(curves: Sequence[LossCurve], warnings: list[str]) -> list[LossCurve]:
    """Without checkpoints that seem to lie in a cool-down that the table does not tell."""
    kept, cut = [], []
    for curve in curves:
        start = None if curve.annealed else cooled_from(curve)
        if start is None:
            kept.append(curve)
        else:
            cut.append(f"{curve.run} ({curve.target}, from {format_quantity(start)} tokens)")
            kept.append(before_cooling(curve, start))
    if cut:
        warnings.append(
            f"run {first_few(cut, 4)}: the loss drops below its own curve at the end, as where the "
            "learning rate is lowered; those checkpoints are left out, for a cooled-down model "
            "is no match for one that is still at its full rate. A schedule that falls all the way "
            "(a cosine) shows the loss at a length only at its end: train with a constant rate, "
            "or cool down at each length and say so in a column phase"
        )
    return kept


def _grouped(curves: Iterable[LossCurve]) -> dict[Group, list[LossCurve]]:
    groups: dict[Group, list[LossCurve]] = {}
    for curve in curves:
        groups.setdefault((curve.languages, curve.target, curve.annealed), []).append(curve)
    return groups


def _pairs(
    groups: dict[Group, list[LossCurve]], bits: bool, warnings: list[str]
) -> list[tuple[Group, Group]]:
    """A target alone and the same target beside a source, of one kind of checkpoints."""
    pairs: list[tuple[Group, Group]] = []
    missing: dict[str, None] = {}
    mixed: list[str] = []
    for both, target in dict.fromkeys((both, target) for both, target, _ in groups):
        if len(both) < 2:
            continue
        alone = (target,)
        there = [
            ((alone, target, kind), (both, target, kind))
            for kind in (False, True)
            if (both, target, kind) in groups and (alone, target, kind) in groups
        ]
        if there:
            pairs.append(max(there, key=lambda each: min(_points(groups[key]) for key in each)))
        elif any((alone, target, kind) in groups for kind in (False, True)):
            mixed.append(f"{'+'.join(both)} ({target})")
        else:
            missing[target] = None
    if missing:
        warnings.append(
            f"no run of {first_few(list(missing), 6)} alone: scores for it cannot be read"
        )
    if mixed:
        warnings.append(
            f"{first_few(mixed, 4)}: cooled-down checkpoints on one side and none on the other, "
            "which cannot be compared; left out"
        )
    return _alike(pairs, groups, bits, warnings)


def _alike(
    pairs: list[tuple[Group, Group]],
    groups: dict[Group, list[LossCurve]],
    bits: bool,
    warnings: list[str],
) -> list[tuple[Group, Group]]:
    """The pairs whose losses can be compared; unequal batches and vocabularies are said."""
    kept, batches, vocabularies = [], [], []
    for pair in pairs:
        alone, beside = (groups[key][0] for key in pair)
        name = f"{'+'.join(pair[1][0])} against {pair[1][1]}"
        if _differ(alone.vocabulary, beside.vocabulary):
            vocabularies.append(f"{name} ({alone.vocabulary} and {beside.vocabulary})")
            if not bits:
                continue
        if _differ(alone.batch, beside.batch):
            batches.append(f"{name} ({alone.batch} and {beside.batch})")
        kept.append(pair)
    if vocabularies:
        warnings.append(
            f"{first_few(vocabularies, 3)}: another vocabulary, "
            + (
                "so that tokens are other pieces of text, and scores are in tokens all the same"
                if bits
                else "whose losses per token cannot be compared; left out (losses in bits per "
                "byte, columns bpb_LANG, can)"
            )
        )
    if batches:
        warnings.append(
            f"{first_few(batches, 3)}: another batch size, which moves the loss at equal tokens: "
            "the score holds its effect too"
        )
    return kept


def _points(curves: Sequence[LossCurve]) -> int:
    return sum(len(curve.tokens) for curve in curves)


def _differ(first: str, second: str) -> bool:
    return bool(first and second and first != second)


def _anchors(
    given: tuple[float, ...], alone: dict[Group, CurveFit], warnings: list[str]
) -> tuple[float, ...]:
    """d_mono: as asked, or the last that every target has, its half and its quarter."""
    if given:
        return tuple(dict.fromkeys(given))
    ends = {key[1]: fit.high for key, fit in alone.items()}
    last = min(ends.values())
    longer = [key for key, end in ends.items() if end > 2 * last]
    if longer:
        short = min(ends, key=ends.__getitem__)
        warnings.append(
            f"the runs of {first_few(longer, 5)} alone go on to more than twice the tokens of that "
            f"of {short}: name an anchor to score them there"
        )
    return tuple(part * last for part in _ANCHORS)


class _Noise:
    """How much a checkpoint strays from its line, and a run from another seed of it."""

    def __init__(self, fits: dict[Group, CurveFit]) -> None:
        """From all lines together; those of few checkpoints lean on the others."""
        free = {key: max(fit.freedom, 1) for key, fit in fits.items()}
        own = {key: fit.squares / free[key] for key, fit in fits.items()}
        self._all = float(np.average(list(own.values()), weights=list(free.values())))
        squares = sum(fit.squares for fit in fits.values())
        lag = sum(fit.lag for fit in fits.values()) / squares if squares > 0 else 0.0
        # Residuals of a line with three constants lean against their neighbours.
        bias = float(np.mean([3 / fit.points for fit in fits.values()]))
        near = min(max(lag + bias, 0.0), _MOST_LAG)
        self._widened = (1 + near) / (1 - near)
        self._free = float(sum(free.values()))
        self._own = {
            key: (free[key] * own[key] + _PRIOR_FREEDOM * self._all) / (free[key] + _PRIOR_FREEDOM)
            for key in fits
        }
        self.within = math.sqrt(float(np.median(list(self._own.values()))))
        between, count = 0.0, 0
        for key, fit in fits.items():
            extra = len(fit.offsets) - 1
            if extra:
                line = self._own[key] * self._widened * fit.offset_variance
                between += float(np.sum(fit.offsets**2)) - extra * line
                count += extra
        self.between = math.sqrt(max(between / count, 0.0)) if count else math.nan
        self._repeats = count

    def variance(self, key: Group, fit: CurveFit, tokens: float) -> tuple[float, float]:
        """Of the line of a group as the loss that its languages give: of checkpoints, of seeds."""
        seeds = 0.0 if math.isnan(self.between) else self.between**2 / len(fit.offsets)
        return self._own[key] * self._widened * fit.variance(tokens), seeds

    def widening(self, checkpoints: float, seeds: float) -> float:
        """By how much 1.96 standard errors are too few, from how few values show each noise.

        Student's t over the normal, freedom by Satterthwaite, quantile by Cornish and Fisher.
        """
        parts = checkpoints**2 / max(self._free, 1.0) + seeds**2 / max(self._repeats, 1)
        free = max((checkpoints + seeds) ** 2 / parts, 1.0) if parts > 0 else math.inf
        z = _NORMAL
        return 1 + (z**2 + 1) / (4 * free) + (5 * z**4 + 16 * z**2 + 3) / (96 * free**2)


def _score(
    alone: Group, both: Group, anchor: float, fits: dict[Group, CurveFit], noise: _Noise
) -> BilingualScore:
    mono, bi = fits[alone], fits[both]
    target = alone[1]
    loss = mono.loss(anchor)
    tokens = bi.tokens(loss)
    outcome: Outcome = "scored"
    if tokens > bi.high:
        outcome, tokens = "below", bi.high
    elif tokens < bi.low:
        outcome, tokens = "above", bi.low
    own = noise.variance(alone, mono, anchor)
    each = [sum(parts) for parts in zip(own, noise.variance(both, bi, tokens), strict=True)]
    steep = bi.steepness(tokens) / noise.widening(each[0], each[1])
    spread = math.sqrt(sum(each)) / steep if steep > 0 else math.inf
    if outcome == "scored" and spread > _FLAT:
        outcome = "flat"
    part = tokens / anchor
    known = outcome == "scored"
    return BilingualScore(
        source=next(key for key in both[0] if key != target),
        target=target,
        anchor=anchor,
        outcome=outcome,
        tokens=tokens,
        stderr=part * spread if known else math.nan,
        shared=part * math.sqrt(sum(own)) / steep if known else math.nan,
        loss=loss,
        seeds=(len(mono.offsets), len(bi.offsets)),
    )
