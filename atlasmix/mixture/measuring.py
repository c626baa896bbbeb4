r"""What to measure next: pairs whose scores would lower the regret of the mixture most.

Worlds are drawn from what the evidence allows. In each, every candidate pair would show a score,
and a study would read it with its error. Whoever had read it would choose, of the mixtures that are
best in some world, the one with the least loss that they then expect; how much less that loses in
the world itself than the mixture chosen without the score is what the score was worth there. The
mean over worlds is the value of measuring the pair (expected value of sample information).

What is expected once scores are known is a regression of the losses on the scores over the draws
(Strong, Oakley and Brennan 2014, *Medical Decision Making* 34(3):311-326): linear and square in
each score. The world that is judged is left out of its own regression, so that nobody is credited
with knowing it; the value is then a mean over worlds with a standard error.

Pairs are chosen one by one, each with those before it known, since two scores may say the same. Of
pairs that the worlds cannot tell apart the likelier donor is taken: a strange one may show as well
how much capacity its target lacks, and no team would train on it. Where no pair lowers the regret
by a fiftieth the plan ends.

A run must be able to be made: of no language more than four epochs are read (our choice, as in a
mixture), so a target with little text is measured at fewer tokens than the scores of its matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from atlasmix.errors import ProblemError
from atlasmix.evidence.scores import MEASURED, OWN
from atlasmix.evidence.transfer_matrix import DOUBT
from atlasmix.laws.hardware import training_flops
from atlasmix.laws.saturation import Array, saturate
from atlasmix.mixture.prediction import drift_value
from atlasmix.mixture.solve import solve
from atlasmix.mixture.uncertainty import outcomes
from atlasmix.problem.problem import DEFAULT_EPOCHS, MixProblem
from atlasmix.problem.worlds import Worlds, worlds
from atlasmix.quantities import format_quantity
from atlasmix.solver.compile import distinct_tokens, same_language
from atlasmix.solver.compute import at_compute
from atlasmix.transfer.bts import balance, log_scale, measured_at, score_of_weight
from atlasmix.transfer.calibration import BTS

DRAWS: Final = 256
"""Worlds that a plan is made over: our choice, enough for values a tenth of the regret apart."""

_LEAST_DRAWS: Final = 64
_MOST_PAIRS: Final = 60
"""Pairs whose value is worked out, those first that some world reads: our choice."""

_MIXTURES: Final = 32
"""Mixtures to choose among: more of them lower no regret that can be told from the draws' noise."""

_RIDGE: Final = 1e-3
"""Part of a variance that is added to it in the regression, for scores that move together."""


@dataclass(frozen=True, slots=True)
class Study:
    """How scores would be measured.

    Attributes:
        params: N of the runs, with embeddings.
        tokens: most tokens of a run of one language alone.
        stderr: standard error of a score.
    """

    params: float
    tokens: float
    stderr: float


def study_of(problem: MixProblem) -> Study:
    """A study like the one behind the matrix: its size, and the error of its measured scores."""
    card = problem.matrix.card
    return Study(*measured_at(card), card.stderr_of(MEASURED) or DOUBT)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One bilingual run that is worth making.

    Attributes:
        languages: the two of it, source first where one of them alone is a target.
        scores: the scores that it gives and a target of the question asks for, (source, target).
        weight, weight_stderr: τ of the first of them and its standard error, as known now.
        score, score_stderr: the score that is expected, and how far apart the worlds' scores are.
        value: what its scores lower the expected regret by, with those before it known.
        value_stderr: standard error of that, from the number of worlds.
        left: expected regret once it and all before it are known.
        target_tokens: tokens of the run of a target alone that it is compared with.
        tokens: tokens of the bilingual run, until it is expected to reach the same loss.
        flops: of the bilingual run, at 6·N·D.
        alone: targets whose run alone is needed for it and for none before it.
        alone_flops: FLOPs of those.
    """

    languages: tuple[str, str]
    scores: tuple[tuple[str, str], ...]
    weight: float
    weight_stderr: float
    score: float
    score_stderr: float
    value: float
    value_stderr: float
    left: float
    target_tokens: float
    tokens: float
    flops: float
    alone: tuple[str, ...]
    alone_flops: float


@dataclass(frozen=True, slots=True)
class MeasuringPlan:
    """What to measure next, dearest first.

    Attributes:
        measurements: in the order in which they are worth making.
        regret: expected regret of the mixture that would be chosen now, in the law's unit.
        reducible: mean part of the best objective that a mixture can change: what regret is of.
        possible: expected fall of the regret if the likeliest dozen pairs were known.
        pairs: how many candidate pairs there were.
        draws, seed: of the worlds.
        params, tokens: size of the runs, N and the most tokens of a run of one language alone.
        stderr: standard error of a score that is measured.
    """

    measurements: tuple[Measurement, ...]
    regret: float
    reducible: float
    possible: float
    pairs: int
    draws: int
    seed: int
    params: float
    tokens: float
    stderr: float


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A pair of languages that one run measures.

    Attributes:
        languages: as in :class:`Measurement`.
        scores: (source, target) of every score that says anything here.
        shown: (draws, scores) what each world would show, without the error of the study.
        tokens: of a run of its target alone, as far as the text goes.
    """

    languages: tuple[str, str]
    scores: tuple[tuple[str, str], ...]
    shown: Array
    tokens: float


def measuring_plan(
    problem: MixProblem,
    pairs: int = 5,
    study: Study | None = None,
    cores: int | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> MeasuringPlan:
    """The pairs to measure next, by what knowing them is worth.

    Args:
        problem: the question that the mixture is for. Its ``draws`` are the worlds, 64 or more
            (256 where it says none), by its ``seed``.
        pairs: how many, at least 1.
        study: size of the runs and error of their scores; None: as those of the matrix.
        cores: processes at most, None: as many as this process may use. They change no number.
        advance: called with the number of worlds that have become ready.

    Raises:
        ProblemError: a number out of range, or nothing left to measure.

    >>> from atlasmix import Problem
    >>> plan = measuring_plan(Problem("glg", draws=100).question, 1)
    >>> plan.measurements[0].languages[1], plan.measurements[0].value > 0
    ('glg', True)
    """
    if pairs < 1:
        raise ProblemError(f"{pairs} pairs: expected at least 1", field="pairs", value=pairs)
    draws, seed = problem.draws or DRAWS, problem.seed
    if draws < _LEAST_DRAWS:
        raise ProblemError(
            f"{draws} draws: expected {_LEAST_DRAWS} or more, to tell what a score is worth",
            field="draws",
            value=draws,
        )
    # What a score is worth does not depend on how doubt is weighed now: the mean decides.
    problem = at_compute(
        replace(problem, objective="loss", rivals=(), wrong_scores=None, box=None, near=None)
    )
    drawn = worlds(problem, draws, seed)
    study = study or study_of(problem)
    params, tokens, error = study.params, study.tokens, study.stderr
    candidates = candidates_of(drawn, tokens)
    if not candidates:
        raise ProblemError(
            "every pair that could matter here is measured already, or has too little text for a "
            f"run: nothing is left to plan at {format_quantity(tokens)} tokens",
            field="targets",
        )
    change, regret, reducible = _choices(drawn, cores, advance)
    noise = np.random.Generator(np.random.Philox(key=seed + (2 << 64)))
    errors = [error * noise.standard_normal(each.shown.shape) for each in candidates]
    least = max(_LEAST_PART * regret, _NOTHING * reducible)
    steps = _in_turn(candidates, errors, change, pairs, least)
    read = [each.shown + extra for each, extra in zip(candidates, errors, strict=True)]
    possible, _ = value_of(np.hstack(read[:_MOST_TOGETHER]), change)
    measurements, alone = [], set[str]()
    known = 0.0
    for place, gain, spread in steps:
        each = candidates[place]
        known += gain
        measurements.append(
            _measurement(problem, each, (gain, spread, regret - known), params, alone)
        )
        alone |= set(measurements[-1].alone)
    return MeasuringPlan(
        measurements=tuple(measurements),
        regret=regret,
        reducible=reducible,
        possible=max(possible, known),
        pairs=len(candidates),
        draws=draws,
        seed=seed,
        params=params,
        tokens=tokens,
        stderr=error,
    )


def _choices(
    drawn: Worlds, cores: int | None, advance: Callable[[int], None]
) -> tuple[Array, float, float]:
    """The mixtures to choose among, by their losses in every world.

    Returns:
        (draws, mixtures) loss of each less that of the one of least mean; the expected regret of
        that one; the mean reducible part of the best objective.
    """
    chosen = solve(replace(drawn.problem, objective="expected", draws=None))
    start = np.array([share.tokens for share in chosen.pools])
    tried = outcomes(drawn, start, cores, advance)
    losses = losses_of(drawn, np.vstack([start, tried.tokens]))
    kept = _few(losses)
    first = losses[:, kept[0]]
    regret = float((first - losses.min(axis=1)).mean())
    return losses[:, kept] - first[:, None], regret, float(tried.reducible.mean())


_MOST_TOGETHER: Final = 12
"""Pairs that are read together at most for what all of them would be worth: each score takes two
columns of the regression, and 256 worlds carry no more."""


_NOTHING: Final = 1e-5
"""Part of the reducible loss below which nothing is gained that any run could show."""

_LEAST_PART: Final = 0.02
"""Part of the regret that a pair must take off to be worth a run: our choice."""


def candidates_of(drawn: Worlds, tokens: float) -> tuple[Candidate, ...]:
    """The pairs that nobody measured and a run could measure, the likeliest donors first.

    Args:
        drawn: the worlds.
        tokens: most tokens of a run of one language alone.
    """
    problem, transfer = drawn.problem, drawn.transfer
    model = transfer.model
    text: dict[str, float] = {}
    for pool in problem.pools:
        text[pool.language] = text.get(pool.language, 0.0) + pool.unique_tokens
    targets = [key for key in problem.target_keys if model.index(key) in transfer.targets]
    keyed: dict[tuple[str, str], list[tuple[str, str, Array]]] = {}
    order: dict[tuple[str, str], float] = {}
    for target in targets:
        column = transfer.targets.index(model.index(target))
        for row, place in enumerate(transfer.sources):
            source = model.keys[place]
            weights = transfer.weights[:, row, column]
            seen = str(model.status[place, model.index(target)]) in (MEASURED, OWN)
            same = same_language(target, source, model.axis)
            run = min(tokens, DEFAULT_EPOCHS * text.get(target, 0.0))
            # Half of a bilingual run, at worst, is as long as the run of the target alone.
            short = DEFAULT_EPOCHS * text[source] < run or not run > 0
            if seen or same or short or not float(weights.std()) > 0:
                continue
            pair = (source, target)
            reverse = (target, source)
            name = reverse if reverse in keyed else pair
            shown = _shown(drawn, weights, column)
            keyed.setdefault(name, []).append((source, target, shown))
            high = float(weights.mean() + 1.3 * weights.std())
            order[name] = max(order.get(name, 0.0), high)
    names = sorted(keyed, key=lambda name: (-order[name], name))[:_MOST_PAIRS]
    return tuple(
        Candidate(
            name,
            tuple((source, target) for source, target, _ in keyed[name]),
            np.stack([shown for _, _, shown in keyed[name]], axis=1),
            min(tokens, DEFAULT_EPOCHS * text[keyed[name][0][1]]),
        )
        for name in names
    )


def _shown(drawn: Worlds, weights: Array, column: int) -> Array:
    """(draws,) the score that each world would show for a pair."""
    problem = drawn.problem
    if problem.transfer.calibration != "bts":
        return np.asarray(weights)
    size = measured_at(problem.matrix.card)
    scale = [
        float(np.exp(log_scale(phi, balance(law, *size), law.beta)))
        for phi, law in zip(drawn.transfer.phi[:, column], drawn.laws, strict=True)
    ]
    return score_of_weight(weights, np.array(scale))


def losses_of(drawn: Worlds, mixtures: Array) -> Array:
    """Weighted mean loss of every mixture in every draw, (draws, mixtures).

    A drift penalty counts in it, as in the choice.

    Args:
        drawn: the worlds.
        mixtures: (mixtures, pools) tokens read.
    """
    problem, transfer = drawn.problem, drawn.transfer
    model = transfer.model
    read = np.flatnonzero(mixtures.max(axis=0) > 0)
    pools = [problem.pools[place] for place in read]
    tokens, total = mixtures[:, read], mixtures.sum(axis=1)
    rows = [
        transfer.sources.index(model.index(pool.language)) if pool.language in model.keys else -1
        for pool in pools
    ]
    weight = np.array([target.weight for target in problem.targets])
    losses = np.zeros((len(drawn), mixtures.shape[0]))
    for draw in range(len(drawn)):
        question = drawn.question(draw)
        worth = np.array([question.worth_of(pool) for pool in pools])
        unique = distinct_tokens(question)[read]
        data = worth * saturate(tokens, unique, question.decay)
        for share, target in zip(weight / weight.sum(), problem.targets, strict=True):
            column = transfer.targets.index(model.index(target.language))
            tau = np.where(np.array(rows) >= 0, transfer.weights[draw, rows, column], 0.0)
            own = np.array(
                [same_language(target.language, pool.language, model.axis) for pool in pools]
            )
            law = question.law.of(target.language)
            mine = law.least + (1.0 - law.least) * (tokens @ (own & (worth > 0)) / total)
            phi = transfer.phi[draw, column]
            with np.errstate(divide="ignore"):
                lost = law.E + law.B * (data @ tau) ** -law.beta
                if np.any(own & (worth > 0)):
                    lost = lost + law.capacity_loss(question.params) * mine**-phi
            losses[draw] += share * lost
    return np.asarray(losses + np.array([drift_value(problem, each) for each in mixtures]))


def _few(losses: Array) -> Array:
    """Mixtures to choose among, the one of least mean loss first: each lowers the regret most."""
    finite = np.isfinite(losses).all(axis=0)
    places = np.flatnonzero(finite)
    kept = [int(places[np.argmin(losses[:, places].mean(axis=0))])]
    least = losses[:, kept[0]]
    while len(kept) < min(_MIXTURES, places.size):
        regret = np.minimum(losses[:, places], least[:, None]).mean(axis=0)
        best = int(places[np.argmin(regret)])
        if best in kept or regret.min() >= least.mean() - 1e-9 * abs(least.mean()):
            break
        kept.append(best)
        least = np.minimum(least, losses[:, best])
    return np.array(kept)


def value_of(scores: Array, change: Array) -> tuple[float, Array]:
    """What reading some scores is worth, and in every world, (draws,).

    Args:
        scores: (draws, scores) as a study reads them.
        change: (draws, mixtures) loss of each mixture less that of the one chosen without them.
    """
    centred = scores - scores.mean(axis=0)
    scaled = centred / np.maximum(centred.std(axis=0), 1e-12)
    square = scaled**2 - (scaled**2).mean(axis=0)
    columns = np.hstack([scaled, square])
    gram = columns.T @ columns
    gram[np.diag_indices_from(gram)] *= 1.0 + _RIDGE
    part = np.linalg.solve(gram, columns.T)
    own = (np.einsum("ij,ji->i", columns, part) + 1.0 / len(scores))[:, None]
    fitted = columns @ (part @ change) + change.mean(axis=0)
    foretold = (fitted - own * change) / np.maximum(1.0 - own, 1e-6)
    best = foretold.argmin(axis=1)
    value = -change[np.arange(len(change)), best]
    return float(value.mean()), value


def _in_turn(
    candidates: Sequence[Candidate],
    errors: Sequence[Array],
    change: Array,
    count: int,
    least: float,
) -> list[tuple[int, float, float]]:
    """(Candidate, what it adds, standard error) one by one, each with those before it known."""
    steps: list[tuple[int, float, float]] = []
    known, here = np.zeros((len(change), 0)), np.zeros(len(change))
    left = list(range(len(candidates)))
    while left and len(steps) < count:
        scores = {
            place: np.hstack([known, candidates[place].shown + errors[place]]) for place in left
        }
        values = {place: value_of(read, change)[1] for place, read in scores.items()}
        worth = [place for place in left if float((values[place] - here).mean()) > least]
        if not worth:
            break
        best = max(worth, key=lambda place: float(values[place].mean()))
        # The first that the worlds do not tell from the best: candidates come by their likelihood.
        place = next(each for each in worth if not _behind(values[best] - values[each]))
        gained = values[place] - here
        steps.append((place, float(gained.mean()), _stderr(gained)))
        left.remove(place)
        known, here = scores[place], values[place]
    return steps


def _behind(lack: Array) -> bool:
    return bool(lack.mean() > _stderr(lack))


def _stderr(values: Array) -> float:
    return float(values.std(ddof=1) / np.sqrt(values.size))


def _measurement(
    problem: MixProblem,
    candidate: Candidate,
    worth: tuple[float, float, float],
    params: float,
    alone: set[str],
) -> Measurement:
    """A step of the plan with its cost; ``worth`` is its value, the error of it, what is left."""
    gain, spread, left = worth
    source, target = candidate.scores[0]
    transfer = problem.transfer
    place = transfer.index(source), transfer.index(target)
    score = float(candidate.shown[:, 0].mean())
    ratio = 2.0 - score if problem.matrix.card.metric == BTS else 2.0
    read = candidate.tokens * max(ratio, 1.0)
    needed = dict.fromkeys(key for _, key in candidate.scores if key not in alone)
    return Measurement(
        languages=candidate.languages,
        scores=candidate.scores,
        weight=float(transfer.weights[place]),
        weight_stderr=float(transfer.stderr[place]),
        score=score,
        score_stderr=float(candidate.shown[:, 0].std()),
        value=gain,
        value_stderr=spread,
        left=max(left, 0.0),
        target_tokens=candidate.tokens,
        tokens=read,
        flops=training_flops(params, read),
        alone=tuple(needed),
        alone_flops=len(needed) * training_flops(params, candidate.tokens),
    )
