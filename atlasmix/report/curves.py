"""Scores read off loss curves: in sentences and a table, measured and bounded apart."""

from __future__ import annotations

import math
from typing import Any

from atlasmix.evidence.new_matrix import Origin
from atlasmix.fitting.curve_scores import BilingualScore, CurveScores
from atlasmix.languages.catalogue import name_of
from atlasmix.quantities import format_quantity
from atlasmix.report.blocks import (
    Block,
    Caution,
    Column,
    Heading,
    Row,
    Sentence,
    Sentences,
    Table,
    section,
)
from atlasmix.report.words import closed
from atlasmix.text import listed

_FEW = 6


def curve_blocks(scores: CurveScores) -> tuple[Block, ...]:
    """All that a report of ``measure curves`` says."""
    return (
        Sentence(headline(scores), strong=True),
        *(Caution(closed(text)) for text in scores.warnings),
        *section(Heading("Scores"), scores_table(scores), Sentences(tuple(_notes(scores)))),
    )


def headline(scores: CurveScores) -> str:
    """How many pairs have a score, and at which size."""
    anchor = scores.anchors[0]
    here = scores.at(anchor)
    known = sum(each.outcome == "scored" for each in here)
    size = f" and {format_quantity(scores.params)} parameters" if scores.params else ""
    said = (
        f"{known} of {len(here)} pairs have a Bilingual Transfer Score at "
        f"{format_quantity(anchor)} tokens of the target alone{size}"
    )
    if known < len(here):
        said += "; of the others a bound is known, which is no score"
    return closed(said)


def scores_table(scores: CurveScores) -> Table:
    """A line a pair, the matrix's anchor first and the others beside it."""
    anchor, *others = scores.anchors
    by_pair: dict[tuple[str, str], dict[float, BilingualScore]] = {}
    for each in scores.scores:
        by_pair.setdefault((each.target, each.source), {})[each.anchor] = each
    rows = []
    for (target, source), at in by_pair.items():
        first = at.get(anchor)
        scored = first is not None and first.outcome == "scored"
        rows.append(
            Row(
                (
                    f"{name_of(source)} to {name_of(target)}",
                    _score(first),
                    f"{first.stderr:.2g}" if first and scored else "",
                    _interval(first) if first and scored else "",
                    first.tokens if first and scored else "",
                    *(_score(at.get(other)) for other in others),
                ),
                weight="" if scored else "aside",
            )
        )
    return Table(
        (
            Column("pair"),
            Column("BTS", "score", "2 − d_bi/d_mono; > and < are bounds"),
            Column("±", "score", "its standard error"),
            Column("95%", "score", "where it lies in 95 of 100 repetitions"),
            Column("d_bi", "tokens", "all tokens that the model of both reads to the same loss"),
            *(Column(f"at {format_quantity(other)}", "score") for other in others),
        ),
        tuple(rows),
        title="Bilingual Transfer Scores",
    )


def _score(score: BilingualScore | None) -> str:
    if score is None:
        return ""
    marks = {"scored": "", "below": "< ", "above": "> ", "flat": ""}
    return "flat" if score.outcome == "flat" else f"{marks[score.outcome]}{score.score:.2f}"


def _interval(score: BilingualScore) -> str:
    low, high = score.interval
    return f"{low:.2f} to {high:.2f}"


def _notes(scores: CurveScores) -> list[str]:
    here = [each for each in scores.at(scores.anchors[0]) if each.outcome == "scored"]
    said = [
        "A score of 1: both languages together read no more than the target alone would have. 0: "
        "twice as much, so that the source gave nothing and cost nothing. Below 0: it costs "
        "capacity and gives less.",
        f"A checkpoint strays {scores.noise:.2g} from its line (median of the curves)"
        + _seed_words(scores.seed_noise),
    ]
    shared = {each.target: each.shared / each.stderr for each in here if each.stderr > 0}
    if len(here) > len(shared) and shared:
        most = max(shared, key=shared.__getitem__)
        said.append(
            "The scores of one target err together, for all are read against its run alone: of "
            f"those for {name_of(most)} {shared[most] ** 2:.0%} of the error variance is shared."
        )
    lacking = [each for each in scores.at(scores.anchors[0]) if each.outcome == "below"]
    if lacking:
        names = [f"{name_of(each.source)} to {name_of(each.target)}" for each in lacking]
        said.append(
            f"{listed(names, _FEW)}: the loss is not reached within the run of both. Let it go on, "
            "or look at a smaller anchor."
        )
    return [*map(closed, scores.notes), *said]


def _seed_words(noise: float) -> str:
    if math.isnan(noise):
        return "."
    if noise == 0:
        return "; repeated runs differ by no more than that."
    return f", and a run {noise:.2g} from another seed of it."


def curve_data(scores: CurveScores, origin: Origin) -> dict[str, Any]:
    """The same for another program."""
    return {
        "metric": "BTS",
        "anchors": list(scores.anchors),
        "params": scores.params,
        "noise": scores.noise,
        "seed_noise": scores.seed_noise,
        "scores": [
            {
                "source": each.source,
                "target": each.target,
                "anchor": each.anchor,
                "outcome": each.outcome,
                "score" if each.outcome == "scored" else "bound": each.score,
                "stderr": each.stderr,
                "shared_stderr": each.shared,
                "interval": list(each.interval),
                "tokens": each.tokens,
                "loss": each.loss,
                "seeds": list(each.seeds),
            }
            for each in scores.scores
        ],
        "notes": list(scores.notes),
        "warnings": list(scores.warnings),
        "tables": dict(origin.tables),
    }
