"""How an answer fares in worlds drawn from what the evidence allows: regret, losses, shares."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np

from atlasmix.evidence.scores import SEEN
from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.mixture import LEAST_READ, GuardrailOdds, Mixture, Uncertainty
from atlasmix.mixture.prediction import matrix_regrets
from atlasmix.problem.constraints import title_of
from atlasmix.problem.problem import MixProblem
from atlasmix.report.blocks import (
    Block,
    Cell,
    Column,
    Figure,
    Heading,
    Row,
    Sentences,
    Table,
    first_rows,
    section,
)
from atlasmix.report.figures.uncertainty import intervals_alt, shares_interval_figure
from atlasmix.report.words import closed, named, number_text, percent, tokens_text
from atlasmix.solver.optimise import matrix_bests

HEADING: Final = "Regret and intervals"

_FEW: Final = 100
"""Draws below which the ends of an interval are said to be rough: our choice, at 100 each end is
known to about a fifteenth of the interval."""

_NONE: Final = 1e-4
"""Part of the reducible loss below which a regret is none: our choice."""

_MOST_ROWS: Final = 12

_NAMED: Final = 4
"""Languages that are named of another mixture."""


def uncertainty_blocks(problem: MixProblem, mixture: Mixture) -> tuple[Block, ...]:
    """The section of an answer that was tried in draws; nothing where it was not."""
    sure = mixture.uncertainty
    if sure is None:
        return ()
    return section(
        Heading(HEADING),
        regret_sentence(problem, sure),
        losses_table(mixture, sure),
        Figure(
            "intervals",
            "Shares here and in the best mixtures of the draws",
            intervals_alt(sure),
            partial(shares_interval_figure, mixture, sure),
        ),
        shares_table(problem, sure),
        Sentences(tuple(_notes(problem, sure))),
    )


def regret_sentence(problem: MixProblem, sure: Uncertainty) -> str:
    """What this mixture loses against those who knew which draw is the truth."""
    unit = "" if problem.objective == "worst" else f" {problem.law.unit}"
    regret = sure.regret
    if max(regret.relative_expected, regret.relative_high) < _NONE:
        return (
            f"In {sure.draws:,} worlds drawn from what the evidence allows, this mixture is as "
            "good as the best of each: in 90 of 100 it is worse by less than 0.01% of the "
            "reducible loss."
        )
    return (
        f"In {sure.draws:,} worlds drawn from what the evidence allows, this mixture is worse than "
        f"the best of each by {_amount(regret.expected)}{unit} on average "
        f"({percent(regret.relative_expected)} of the reducible loss), and in 90 of 100 by at most "
        f"{_amount(regret.high)} ({percent(regret.relative_high)})."
    )


def losses_table(mixture: Mixture, sure: Uncertainty) -> Table:
    """The loss of each target under this mixture, as predicted and over the draws."""
    here = {effect.language: effect.loss for effect in mixture.targets}
    rows = tuple(
        Row(
            (
                *(named(each.language), here[each.language]),
                *(each.loss.low, each.loss.middle, each.loss.high),
            )
        )
        for each in sure.losses
    )
    return Table(
        (
            Column("target"),
            Column("loss", "loss", "as predicted from the best estimates"),
            Column("low", "loss", "5 of 100 draws lie at or below it"),
            Column("middle", "loss", "half of the draws lie at or below it"),
            Column("high", "loss", "95 of 100 draws lie at or below it"),
        ),
        rows,
        brief=first_rows(rows, _MOST_ROWS),
        title="Loss of each target under this mixture, over the draws",
    )


def matrices_table(problem: MixProblem, mixture: Mixture) -> Table | None:
    """What this mixture loses if one of several matrices is right; None where there is one."""
    if not problem.rivals:
        return None
    tokens = np.array([share.tokens for share in mixture.pools])
    regrets = matrix_regrets(problem, tokens)
    rows = []
    for best, regret in zip(matrix_bests(problem), regrets, strict=True):
        read = best.solved.compiled.expand(best.problem, best.solved.optimum.x)
        shares: dict[str, float] = {}
        for pool, tokens_read in zip(best.problem.pools, read, strict=True):
            shares[pool.language] = shares.get(pool.language, 0.0) + float(tokens_read)
        total = sum(shares.values())
        kept = [key for key in shares if shares[key] >= LEAST_READ * sum(shares.values())]
        most = sorted(kept, key=lambda key: (-shares[key], key))[:_NAMED]
        told = ", ".join(f"{name_of(key)} {percent(shares[key] / total)}" for key in most)
        rows.append(Row((best.problem.matrix.name, best.loss, best.loss + regret, regret, told)))
    return Table(
        (
            Column("if this matrix is right"),
            Column("best", "close loss", "mean loss of the mixture that would be best"),
            Column("this one", "close loss", "mean loss of this mixture"),
            Column("regret", "loss difference", "how far apart they are"),
            Column("the best reads"),
        ),
        tuple(rows),
        title="What is lost if one of the matrices is right",
    )


def shares_table(problem: MixProblem, sure: Uncertainty) -> Table:
    """The share of each language here, and in the best mixtures of the draws."""
    rows = tuple(
        Row(
            (
                Cell(named(each.language), doubted=not _measured(problem, each.language)),
                each.share,
                (each.best.low, each.best.high),
                each.read,
            )
        )
        for each in sure.shares
    )
    return Table(
        (
            Column("language"),
            Column("share", "share", "in this mixture"),
            Column(
                "best in 90 of 100",
                "share range",
                "its share in the best mixture of each draw, without the 5 lowest and highest",
            ),
            Column(
                "read in",
                "share",
                f"part of the draws whose best mixture reads it, from {percent(LEAST_READ)} on",
            ),
        ),
        rows,
        brief=first_rows(rows, _MOST_ROWS),
        title="Share of each language here, and in the best mixtures of the draws",
    )


def _notes(problem: MixProblem, sure: Uncertainty) -> Iterator[str]:
    """What was drawn, what was held, and how far the intervals can be trusted."""
    yield closed(f"drawn, by seed {sure.seed}: {'; '.join(sure.drawn)}")
    if sure.held:
        yield closed(f"held: {'; '.join(sure.held)}")
    least, most = sure.tokens.low, sure.tokens.high
    if least < 0.99 * most:
        yield (
            f"The best mixture reads {tokens_text(least)} to {tokens_text(most)} in 90 of 100 "
            "draws."
        )
    for odds in sure.guardrails:
        yield _odds(problem, odds)
    if sure.draws < _FEW:
        yield (
            f"{sure.draws} draws give each end of an interval to about a tenth of its width; 256 "
            "to a twentieth."
        )


def _odds(problem: MixProblem, odds: GuardrailOdds) -> str:
    return (
        f"This mixture keeps '{title_of(odds.limit, problem.limits)}' in {percent(odds.kept)} of "
        "the draws; where it does not, regret is against mixtures that do no better on it."
    )


def _measured(problem: MixProblem, source: str) -> bool:
    """Whether somebody measured what a language gives to one of the targets, or it is one."""
    if source in problem.target_keys or source not in problem.transfer.keys:
        return True
    transfer = problem.transfer
    row = transfer.index(source)
    return any(transfer.status[row, transfer.index(key)] in SEEN for key in problem.target_keys)


def _amount(loss: float) -> str:
    """A small loss in two significant digits, or that it is none."""
    return number_text(loss) if loss >= 5e-6 else "0"
