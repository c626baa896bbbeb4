"""The report of ``learn``: how well each law foretells, the best mixture, its proof, its doubt."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from atlasmix.fitting.history import Batch, Outcome, Score, history_data, score
from atlasmix.fitting.learning import MIXING, Judged, Learned, hardly_told
from atlasmix.fitting.mixing_draws import WEIGHT_OF
from atlasmix.fitting.mixing_law import DECAY, MixingLaw
from atlasmix.mixture.learned import FLAT
from atlasmix.mixture.learned_answer import LearnedAnswer
from atlasmix.mixture.next_runs import NextRuns
from atlasmix.quantities import format_quantity, percent_above
from atlasmix.report.blocks import (
    Block,
    Column,
    Figure,
    Heading,
    Row,
    Sentence,
    Sentences,
    Table,
    section,
)
from atlasmix.report.figures.learning import held_out_figure, learned_shares_figure
from atlasmix.report.report import Report
from atlasmix.report.words import closed, number_text, percent
from atlasmix.text import first_few, listed

_SHOWN: Final = 0.0005
"""Shares below this are told together."""
_BRIEF_SETS: Final = 20
_NOTHING: Final = 0.95
"""Error from which a law tells nothing that the mean does not: our choice, errors have errors."""
_TOLD: Final = 0.005
_MOST_TOLD: Final = 6
_NEARLY: Final = 1.5
"""Times the error of the chosen law up to which another is listened to: our choice."""
_WORDS: Final = {
    "linear": "a line in the shares",
    "exponential": "c + exp(k + t·p) (data mixing laws, Olmix)",
    "additive": "E + 1/Σ C·p^γ, γ ≤ 1 (Shukor et al.)",
    "lightgbm": "trees with RegMix's settings",
    "lightgbm-small": "trees for few runs",
    "gaussian-process": "on square roots of the shares",
}


@dataclass(frozen=True, slots=True, eq=False)
class LearnedReport:
    """Everything that the report of ``learn`` tells.

    Attributes:
        learned: laws and how they were judged.
        answer: the best mixture; None: not asked for.
        tables: name and SHA-256 of each file of runs.
        fault: why there is no mixture, where one was asked for; may be empty.
        planned: runs to train next; None: not asked for.
        history: what the laws before foretold of runs that were added; empty: none were.
        fresh: how many of those batches, the last ones, are new.
    """

    learned: Learned
    answer: LearnedAnswer | None
    tables: tuple[tuple[str, str], ...]
    fault: str = ""
    planned: NextRuns | None = None
    history: tuple[Batch, ...] = ()
    fresh: int = 0


def learning_blocks(told: LearnedReport) -> tuple[Block, ...]:
    """What the runs tell, in reading order."""
    learned, answer = told.learned, told.answer
    fault = section(Heading("The mixture"), told.fault) if told.fault and not answer else ()
    return (
        headline(learned),
        *foretold_blocks(
            told.history,
            told.fresh,
            learned.question.coverage,
            "The law is learned from all of them now.",
        ),
        *(mixture_blocks(learned, answer) if answer else fault),
        *(planned_blocks(told.planned) if told.planned else ()),
        *laws_blocks(learned),
        *warning_blocks(learned, answer),
        *section(Heading("How the runs were read"), _lines(reading_notes(told))),
    )


def learning_page(told: LearnedReport) -> Report:
    """The same with its figures, as one page."""
    learned, answer = told.learned, told.answer
    runs = f"{learned.runs.count} runs"
    figures: list[Block] = [
        Figure(
            "held-out",
            "Predicted against measured",
            f"Losses of {runs}, each predicted by a fit that never saw it.",
            partial(held_out_figure, learned),
        )
    ]
    if answer is not None:
        figures.append(
            Figure(
                "shares",
                "The mixture, and where it is as good",
                "Share of each source, the range in which it is as good, and the best run.",
                partial(learned_shares_figure, learned, answer),
            )
        )
    blocks = (*learning_blocks(told), *section(Heading("Figures"), *figures))
    return Report(f"What {runs} of {len(learned.runs.sources)} sources say", blocks)


def headline(learned: Learned) -> Sentence:
    """What was learned from how many runs, and how far to trust it."""
    return Sentence(_headline(learned), strong=True)


def mixture_blocks(learned: Learned, answer: LearnedAnswer) -> tuple[Block, ...]:
    """The best mixture, its proof and room, what it gains and how far it lies from the runs."""
    return (
        *section(Heading("The mixture"), *_mixture(learned, answer)),
        *section(Heading("What it gains"), *_gains(learned, answer)),
    )


def planned_blocks(planned: NextRuns) -> tuple[Block, ...]:
    """The runs to train next."""
    return section(Heading("Runs to train next"), *_planned(planned))


def laws_blocks(learned: Learned) -> tuple[Block, ...]:
    """Every law compared on runs that it never saw, and the chosen one set by set."""
    compared = Heading("Laws on runs that they never saw")
    return (
        *section(compared, _laws(learned), *_comparison(learned)),
        *section(Heading("The law of each set"), _sets(learned), _set_words(learned)),
    )


_MOST_OUTCOMES: Final = 40
"""Losses that a page lists; more are in the law's file and the data."""


def _outcomes(batches: Sequence[Batch]) -> list[Outcome]:
    return [each for batch in batches for each in batch.outcomes]


def _scores(batches: Sequence[Batch]) -> list[tuple[str, Score]]:
    """The score of every set, in the order in which they appear."""
    outcomes = _outcomes(batches)
    sets = dict.fromkeys(each.set for each in outcomes)
    return [(name, score([each for each in outcomes if each.set == name])) for name in sets]


def foretold_blocks(
    history: Sequence[Batch], fresh: int, coverage: float, ending: str
) -> tuple[Block, ...]:
    """What a law foretold of runs that came after it, and what they reached.

    Args:
        history: batches of runs, in the order in which they came.
        fresh: how many of them, the last ones, are told loss by loss.
        coverage: of the intervals.
        ending: what became of the law.
    """
    heading = Heading("Foretold and reached")
    return section(heading, *_foretold(history, fresh, coverage, ending)) if history else ()


def foretold_data(history: Sequence[Batch]) -> dict[str, Any]:
    """The same for programs."""
    scores = _scores(history)
    return {
        "history": history_data(history),
        "score": {
            "all": dataclasses.asdict(score(_outcomes(history))),
            **{name: dataclasses.asdict(each) for name, each in scores},
        }
        if history
        else {},
    }


def _foretold(
    history: Sequence[Batch], count: int, coverage: float, ending: str
) -> Iterator[Block]:
    """The newest runs loss by loss, then the score of all that were ever added."""
    fresh = history[len(history) - count :]
    outcomes = _outcomes(fresh)
    if outcomes:
        yield Table(
            (
                Column("run"),
                Column("set"),
                Column("predicted", "close loss"),
                Column("interval"),
                Column("reached", "close loss"),
                Column("off", "loss part", "reached less predicted"),
                Column("", title="whether it lies in its interval"),
            ),
            tuple(_outcome_row(each) for each in outcomes[:_MOST_OUTCOMES]),
            title="What the law of the runs before foretold of the new ones",
        )
    unjudged = [sentence for batch in fresh for sentence in batch.unjudged]
    if len(outcomes) > _MOST_OUTCOMES:
        unjudged.append(f"{len(outcomes) - _MOST_OUTCOMES} more losses are not listed")
    if unjudged:
        yield Sentences(tuple(f"{each[0].upper()}{closed(each[1:])}" for each in unjudged))
    scores = _scores(history)
    if not scores:
        return
    everything = score(_outcomes(history))
    yield Table(
        (
            Column("set"),
            Column("foretold", "count"),
            Column("inside", "count", "losses within their interval"),
            Column("mean error", "loss part"),
            Column("bias", "loss part", "mean of reached less predicted"),
        ),
        tuple(_score_row(name, each) for name, each in (*scores, ("all", everything))),
        title="Its predictions of all runs that were ever added",
    )
    yield Sentence(_verdict(coverage, everything, ending))


def _outcome_row(each: Outcome) -> Row:
    interval, inside = "none", "no interval"
    if each.half_width is not None:
        low, high = each.predicted - each.half_width, each.predicted + each.half_width
        interval, inside = f"{low:.4f} to {high:.4f}", "inside" if each.inside else "outside"
    cells = (each.run, each.set, each.predicted, interval, each.reached, each.off, inside)
    return Row(cells, "chosen" if each.inside is False else "")


def _score_row(name: str, each: Score) -> Row:
    return Row((name, each.count, f"{each.inside} of {each.told}", each.error, each.bias))


def _verdict(coverage: float, all_of_them: Score, ending: str) -> str:
    aim = percent(coverage)
    side = "more than" if all_of_them.bias > 0 else "less than"
    said = (
        f"Of {all_of_them.told} losses with an interval {all_of_them.inside} "
        f"({percent(all_of_them.inside / max(all_of_them.told, 1))}) fell inside, where {aim} are "
        f"meant to; runs reached {abs(all_of_them.bias):.4f} {side} foretold on average."
    )
    return f"{said} {ending}"


def warning_blocks(learned: Learned, answer: LearnedAnswer | None) -> tuple[Block, ...]:
    """What has to be known before it is used."""
    return section(Heading("Warnings"), _lines(tuple(_warnings(learned, answer))))


def learning_data(told: LearnedReport) -> dict[str, Any]:
    """The report for programs."""
    learned = told.learned
    left = hardly_told(learned)
    return {
        "law": learned.law.name,
        "form": learned.chosen.words,
        "runs": learned.runs.count,
        "sources": list(learned.runs.sources),
        "sets": [
            {
                "set": name,
                "own": _own(learned, place),
                "held_out_error": float(learned.chosen.errors[place]),
                "held_out_rank": float(learned.chosen.ranks[place]),
                "half_width": float(learned.half_width[place]),
                "noise": float(learned.runs.noise[place]),
                "hardly_told": list(left[place]),
            }
            for place, name in enumerate(learned.runs.sets)
        ],
        "coverage": learned.question.coverage,
        "unit": learned.runs.unit,
        "laws": [
            {
                "law": judged.name,
                "held_out_error": judged.error,
                "held_out_rank": judged.rank,
                "convex": judged.law.convex,
            }
            for judged in learned.judged
        ],
        "absent": [{"law": name, "needs": package} for name, package in learned.absent],
        "mixture": _mixture_data(learned, told.answer) if told.answer else None,
        **foretold_data(told.history),
        "next": _planned_data(told.planned) if told.planned else [],
        "assumed": learned.assumed.data() if learned.assumed else None,
        "held_out": _held_out_data(learned),
        "warnings": list(_warnings(learned, told.answer)),
        "notes": list(learned.runs.notes),
        "tables": [{"file": name, "sha256": digest} for name, digest in told.tables],
    }


def _mixture_data(learned: Learned, answer: LearnedAnswer) -> dict[str, Any]:
    mixture, sources = answer.mixture, learned.runs.sources
    doubt = answer.doubt
    return {
        "shares": dict(zip(sources, mixture.shares.tolist(), strict=True)),
        "flat": dict(zip(sources, mixture.flat.tolist(), strict=True)),
        "resampled": dict(zip(sources, doubt.shares.tolist(), strict=True)) if doubt else {},
        "loss": mixture.loss,
        "losses": dict(zip(learned.runs.sets, mixture.losses.tolist(), strict=True)),
        "bound": mixture.bound,
        "gap": mixture.gap,
        "gains": [
            {
                "over": gain.over,
                "loss": gain.loss,
                "gain": gain.gain,
                "low": gain.low,
                "high": gain.high,
                "better_in": gain.better,
            }
            for gain in (doubt.gains if doubt else ())
        ],
        "optimism": doubt.optimism if doubt else None,
        "divergence": dict(answer.divergences),
        "nearest_run": answer.distance.nearest,
        "distance": answer.distance.away,
        "distance_between_runs": answer.distance.typical,
        "other_laws": [
            {"law": each.law, "loss": each.loss, "gain_over_best_run": each.gain}
            for each in answer.opinions
        ],
    }


def _held_out_data(learned: Learned) -> list[dict[str, Any]]:
    runs = learned.runs
    return [
        {
            "run": name,
            "fold": int(learned.folds[row]),
            "measured": dict(zip(runs.sets, runs.loss[row].tolist(), strict=True)),
            "predicted": dict(zip(runs.sets, learned.chosen.held_out[row].tolist(), strict=True)),
        }
        for row, name in enumerate(runs.mixtures.names)
    ]


def _lines(texts: tuple[str, ...]) -> Sentences | None:
    return Sentences(tuple(closed(text) for text in texts)) if texts else None


def _headline(learned: Learned) -> str:
    runs, chosen = learned.runs, learned.chosen
    counts = len(runs.sets), runs.count, len(runs.sources)
    return law_headline(chosen.name, chosen.words, counts, (chosen.error, chosen.rank))


def law_headline(
    name: str, words: str, counts: tuple[int, int, int], judged: tuple[float, float] | None
) -> str:
    """A learned law in a sentence.

    Args:
        name: of the law.
        words: its form; empty: it has but one.
        counts: of losses, runs and sources.
        judged: error and rank correlation on runs held out; None: not recorded.
    """
    sets, runs, sources = counts
    said = f"Law {name}{f' ({words})' if words else ''} of {sets} losses from {runs} runs of "
    said += f"{sources} sources"
    if judged is None:
        return f"{said}."
    error, rank = judged
    return (
        f"{said}: its error on runs held out is {error:.0%} of that of guessing the mean, its rank "
        f"correlation {rank:.3f}."
    )


def _draw_words(learned: Learned) -> str:
    if learned.law.name == MIXING:
        return (
            "laws that the runs leave possible, the losses drawn anew with the noise that they "
            "show and what no run tells as it was expected"
        )
    return "fits to resamples of the runs"


def _mixture(learned: Learned, answer: LearnedAnswer) -> Iterator[Block | str]:
    mixture, doubt = answer.mixture, answer.doubt
    yield (
        f"Predicted weighted loss {mixture.loss:.2f}; no mixture within the limits is predicted "
        f"to be more than {percent_above(mixture.gap)} better."
    )
    order = np.argsort(-mixture.shares, kind="stable").tolist()
    epochs = np.isfinite(answer.epochs)
    repeated = bool(np.any(epochs))
    best = answer.references[f"best run ({answer.best_run})"]
    rows, few = [], []
    for place in order:
        name = learned.runs.sources[place]
        if mixture.shares[place] < _SHOWN and mixture.flat[place, 1] < _SHOWN:
            few.append(name)
            continue
        flat = mixture.flat[place]
        drawn = [(float(low), float(high)) for low, high in doubt.shares[[place]]] if doubt else []
        passes = [float(answer.epochs[place]) if epochs[place] else None] if repeated else []
        cells = (
            *(name, float(mixture.shares[place]), (float(flat[0]), float(flat[1]))),
            *drawn,
            float(best[place]),
            *passes,
        )
        rows.append(Row(cells))
    drawn_shares = Column("drawn", "share range", "nine tenths of the draws' own optima")
    yield Table(
        (
            Column("source"),
            Column("share", "share"),
            Column("as good", "share range", f"within {FLAT:.1%} of what can fall"),
            *((drawn_shares,) if doubt else ()),
            Column(f"run {answer.best_run}", "share", "the best run"),
            *((Column("epochs", "epochs"),) if repeated else ()),
        ),
        tuple(rows),
        notes=(f"Nothing of {listed(few)}.",) if few else (),
        title="The mixture",
    )
    yield (
        f"As good: the share alone moved, the others answering, within {FLAT:.1%} of what the loss "
        "can still fall."
    )


def _gains(learned: Learned, answer: LearnedAnswer) -> Iterator[Block | str]:
    doubt = answer.doubt
    if doubt:
        rows = tuple(
            Row(
                (
                    gain.over,
                    gain.loss,
                    gain.gain,
                    gain.low,
                    gain.high,
                    gain.better,
                    _divergence(answer.divergences[gain.over]),
                )
            )
            for gain in doubt.gains
        )
        yield Table(
            (
                Column("over"),
                Column("its loss", "close loss"),
                Column("gain", "loss difference"),
                Column("low", "loss difference"),
                Column("high", "loss difference"),
                Column("better in", "share"),
                Column("KL", "coefficient", "divergence of the mixture from it, nats"),
            ),
            rows,
            title="What it gains",
        )
        yield (
            f"Low to high: nine tenths of {doubt.draws} {_draw_words(learned)}. Whoever chooses "
            "where a law is lowest chooses where it errs low: the optima of the draws promised "
            f"{doubt.optimism:.2g} more than the law of all runs keeps, so expect that much less."
        )
    away = answer.distance
    beyond = f"; outside what any run read: {listed(away.beyond)}" if away.beyond else ""
    yield (
        f"{percent(away.away)} of its tokens read otherwise than in the nearest run "
        f"({away.nearest}); runs lie {percent(away.typical)} from their nearest other{beyond}."
    )
    if len(answer.opinions) > 1:
        yield Table(
            (
                Column("law"),
                Column("loss of the mixture", "close loss"),
                Column("gain over the best run", "loss difference"),
            ),
            tuple(Row((each.law, each.loss, each.gain)) for each in answer.opinions),
            title="What other laws predict of it",
        )


def _divergence(nats: float) -> float | str:
    """KL, or that the mixture reads what the other does not."""
    return nats if math.isfinite(nats) else "without end"


_OF_SIZES: Final = (
    Column("parameters", "parameters"),
    Column("tokens", "tokens"),
    Column("costs", meaning="times the cheapest here"),
)


def _planned(planned: NextRuns) -> Iterator[Block | str]:
    rows = []
    several = planned.offered > 1
    cheapest = min(size.cost for size in planned.sizes)
    first = planned.sizes[0]
    one_size = "" if several else size_words(first.params, first.tokens)
    for place, shares in enumerate(planned.mixtures.tolist()):
        parts = sorted(zip(shares, planned.sources, strict=True), reverse=True)
        words = [f"{percent(share)} {name}" for share, name in parts if share >= _TOLD]
        size = planned.sizes[place]
        priced = (size.params, size.tokens, f"{size.cost / cheapest:.3g}") if several else ()
        cells = (place + 1, float(planned.after[place]), *priced, first_few(words, _MOST_TOLD))
        rows.append(Row(cells))
    yield Table(
        (
            Column("run", "count"),
            Column("regret after", "ratio", "expected, of the best mixture then"),
            *(_OF_SIZES if several else ()),
            Column("", title="mixture"),
        ),
        tuple(rows),
        title="Runs to train next",
    )
    yield (
        f"Expected regret of the best mixture now {number_text(planned.regret)}: what it loses to "
        "the best of every law that may be true. Each run is chosen for what it takes off"
        + (" in relation to its cost" if several else "")
        + ", given those before it."
        + (f" They are of {one_size}." if one_size else "")
    )


def size_words(params: float, tokens: float) -> str:
    """Parameters and tokens of a run, those above 0; empty where nobody says them."""
    parts = ((params, "parameters"), (tokens, "tokens"))
    return listed([f"{format_quantity(value)} {noun}" for value, noun in parts if value > 0])


def _planned_data(planned: NextRuns) -> list[dict[str, Any]]:
    return [
        {
            "mixture": dict(zip(planned.sources, shares, strict=True)),
            "params": size.params or None,
            "tokens": size.tokens or None,
            "cost": size.cost if planned.offered > 1 else None,
            "regret_after": float(after),
        }
        for shares, after, size in zip(
            planned.mixtures.tolist(), planned.after, planned.sizes, strict=True
        )
    ]


def _laws(learned: Learned) -> Table:
    rows = []
    for judged in sorted(learned.judged, key=lambda each: each.error):
        mine = judged is learned.chosen
        rows.append(
            Row(
                (
                    judged.name,
                    judged.error,
                    judged.rank,
                    _typical(learned, judged),
                    judged.words or _WORDS.get(judged.name, ""),
                ),
                "chosen" if mine else "",
            )
        )
    return Table(
        (
            Column("law"),
            Column("error", "coefficient", "mean deviation over that of the mean of each set"),
            Column("rank", "correlation", "Spearman, mean over the sets"),
            Column("off by", "loss part", learned.runs.unit),
            Column("", title="form"),
        ),
        tuple(rows),
        title="Laws compared",
    )


def _typical(learned: Learned, judged: Judged) -> float:
    return float(np.nanmean(np.abs(judged.held_out - learned.runs.loss)))


def _comparison(learned: Learned) -> Iterator[str]:
    folds = int(learned.folds.max()) + 1
    yield (
        f"{folds} folds, the same for all laws, seed {learned.question.seed}; what is tuned is "
        "tuned without the fold it is judged on."
    )
    known = {judged.name for judged in learned.judged} | {name for name, _ in learned.absent}
    sizeless = [name for name in learned.question.compared if name not in known]
    if sizeless:
        yield f"Left out: {listed(sizeless)}, which know nothing of sizes, and the runs differ."
    if learned.absent:
        names = [name for name, _ in learned.absent]
        packages = list(dict.fromkeys(package for _, package in learned.absent))
        yield (
            f"Left out: {listed(names)}, for {listed(packages)} is not installed "
            "(pip install 'atlasmix[learn]')."
        )


def _sets(learned: Learned) -> Table:
    law, runs, noise = learned.law, learned.runs, learned.runs.noise
    repeated = bool(np.any(np.isfinite(noise)))
    mixing = law if isinstance(law, MixingLaw) else None
    left = hardly_told(learned)
    rows = []
    for place, name in enumerate(runs.sets):
        width = float(learned.half_width[place])
        constants: tuple[float, ...] = ()
        if mixing is not None:
            columns = (
                *(mixing.floor, mixing.capacity, mixing.phi),
                *(mixing.data, mixing.beta, mixing.gamma),
            )
            constants = tuple(float(column[place]) for column in columns)
        rows.append(
            Row(
                (
                    name,
                    float(learned.chosen.errors[place]),
                    float(learned.chosen.ranks[place]),
                    f"±{width:.3f}" if math.isfinite(width) else "too few runs",
                    *constants,
                    *((untold_words(left[place]),) if mixing is not None else ()),
                    *((float(noise[place]),) * repeated),
                )
            )
        )
    named = ("E", "A", "φ", "B", "β", "γ") if mixing is not None else ()
    return Table(
        (
            Column("set"),
            Column("error", "coefficient"),
            Column("rank", "correlation"),
            Column(f"{learned.question.coverage:.0%} within"),
            *(Column(word, "coefficient") for word in named),
            *((Column("hardly told"),) if mixing is not None else ()),
            *((Column("noise", "loss part", "spread between repeats"),) * repeated),
        ),
        tuple(rows),
        brief=tuple(rows[:_BRIEF_SETS]) if len(rows) > _BRIEF_SETS else None,
        title="The law of each set",
    )


def untold_words(names: tuple[str, ...]) -> str:
    """The constants by name, weights of sources as a number of them."""
    weights = [name for name in names if name.startswith(WEIGHT_OF)]
    alone = [name for name in names if not name.startswith(WEIGHT_OF)]
    return ", ".join([*alone, *([f"{len(weights)} τ"] if weights else [])]) or "none"


def _set_words(learned: Learned) -> str:
    assumed = learned.assumed.names if learned.assumed is not None else ()
    return law_words(learned.runs.unit, learned.question.coverage, assumed, learned.law.name)


def law_words(unit: str, coverage: float, assumed: Sequence[str], law: str) -> str:
    """What the table of a law's sets means."""
    text = (
        f"Losses in {unit}. An interval is what {coverage:.0%} of the deviations held out stay "
        "within: it holds for mixtures like those of the runs."
    )
    if assumed:
        text += f" Assumed, not learned: {listed(assumed)}."
    if law == MIXING:
        text += (
            " L = E + A·(μ + (1 - μ)·m)^-φ + B/(ε + Σ τ·p^γ)^β, m the own share; the saved law "
            "has every τ. Hardly told: what the runs leave open by more than half of what was open "
            "before them, so that it is mostly what was expected."
        )
    return text


def _warnings(learned: Learned, answer: LearnedAnswer | None) -> Iterator[str]:
    runs = learned.runs
    if learned.chosen.error >= _NOTHING:
        yield (
            "on runs held out the law is no better than the mean of each set: these runs do not "
            "tell which mixture is good, and the one above rests on chance"
        )
    yield from _choice(learned)
    for other in learned.ahead[:1]:
        yield (
            f"{other.name} foretells these runs better ({other.error:.2f} against "
            f"{learned.chosen.error:.2f}); at their own size that may be the law to ask, while the "
            "mixing law is made to carry over to larger models"
        )
    yield from _assumption(learned)
    if runs.count < len(runs.sources) + 2:
        yield (
            f"{runs.count} runs of {len(runs.sources)} sources: most of a set's transfer weights "
            "are what the sets have in common"
        )
    dull = [
        name
        for name, error in zip(runs.sets, learned.chosen.errors.tolist(), strict=True)
        if error > 0.7
    ]
    if dull:
        yield f"the law tells little of {listed(dull)}: off by over 0.7 of what the mean is off by"
    if answer is not None:
        yield from _held(answer)
        if answer.distance.beyond:
            yield (
                f"the mixture reads {listed(answer.distance.beyond)} as no run did: the law is "
                "extended there"
            )
        if answer.doubt and any(
            gain.over.startswith("best run") and gain.low <= 0 for gain in answer.doubt.gains
        ):
            yield "the gain over the best run is within its doubt: train both, or run more mixtures"
        errors = {judged.name: judged.error for judged in learned.judged}
        worse = [
            each.law
            for each in answer.opinions
            if each.gain < 0 and errors[each.law] < _NEARLY * learned.chosen.error
        ]
        if worse:
            yield f"{listed(worse)} predicts the best run to be better than this mixture"
    if learned.question.law and learned.question.law != MIXING:
        yield f"the law {learned.question.law} answers because it was asked for"


def _held(answer: LearnedAnswer) -> Iterator[str]:
    """That more of a source may be better, and what would tell."""
    if answer.at_most_seen:
        yield (
            f"of {listed(answer.at_most_seen)} the mixture has twice the most that any run read, "
            "and is held there: more may be better, which only runs with more of it can tell; "
            "planned runs go there, and a limit of your own opens it"
        )


def _choice(learned: Learned) -> Iterator[str]:
    """That another law than the mixing law answers though nobody asked for it, and why."""
    if learned.question.law or learned.law.name == MIXING:
        return
    mixing = next(each for each in learned.judged if each.name == MIXING)
    yield (
        f"the law {learned.law.name} answers: it foretells runs held out better "
        f"({learned.chosen.error:.2f} against {mixing.error:.2f} of the mixing law), by more than "
        "twice the error of the difference; it knows no size and no repetition, and the mixing law "
        "is made to carry over to larger models, and answers where it is asked by name"
    )


def _assumption(learned: Learned) -> Iterator[str]:
    if learned.assumed is not None:
        yield (
            f"{learned.assumed.words}: what is said of other sizes rests on them, and no run of "
            "these tells how far they are off"
        )


def reading_notes(told: LearnedReport) -> tuple[str, ...]:
    """How the runs were read, what was left out, and the size that the law is for."""
    return tuple(_reading(told))


def _reading(told: LearnedReport) -> Iterator[str]:
    learned = told.learned
    yield from learned.runs.notes
    scale = told.answer.scale if told.answer else learned.scale
    sizes = [
        f"{format_quantity(value)} {noun}"
        for value, noun in ((scale.params, "parameters"), (scale.tokens, "tokens"))
        if value > 0
    ]
    if sizes:
        middle = scale.params == learned.scale.params and scale.tokens == learned.scale.tokens
        yield f"the law and its mixture are for {listed(sizes)}" + (
            ", the middle of the runs" if middle else ", as asked"
        )
    else:
        yield "no parameters or tokens are named: the law is for the size of the runs"
    given = learned.question.constants_from
    if given is not None and learned.assumed is None:
        why = (
            "the runs are of several parameters and tokens, which tell them"
            if learned.law.name == MIXING
            else f"the law {learned.law.name} has no place for them"
        )
        yield f"no constants are taken from law {given.law.name}: {why}"
    if scale.tokens > 0 and np.any(np.isfinite(scale.unique)):
        fading = number_text(scale.decay or DECAY)
        yield f"repeated tokens fade by λ = {fading} an epoch (held, not fitted)"


def _own(learned: Learned, place: int) -> str:
    own = int(learned.runs.own[place])
    return learned.runs.sources[own] if own >= 0 else ""
