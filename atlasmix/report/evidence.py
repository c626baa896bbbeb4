"""Text tables of the shelf: matrices, inventories, published mixtures, languages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from atlasmix.evidence.card import Card
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.pools import Pool
from atlasmix.evidence.published import PublishedMixture
from atlasmix.evidence.scores import (
    COMPLETED,
    DEFINED,
    MEASURED,
    MISSING,
    OWN,
    PREDICTED,
    SEEN,
    Floats,
    Texts,
)
from atlasmix.evidence.store import InventorySummary, MatrixSummary
from atlasmix.evidence.transfer_matrix import Agreement, TransferMatrix
from atlasmix.languages.catalogue import name_of
from atlasmix.languages.language import Language
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.report.blocks import Column, Row, Table
from atlasmix.report.words import named, score_text
from atlasmix.solver.compile import charged
from atlasmix.text import listed
from atlasmix.transfer.model import TransferModel

if TYPE_CHECKING:
    from rich.text import Text

ROUNDING: Final = 0.05
"""A score is given back where the model's is at most half a printed digit off; levels likewise."""


def matrices_table(summaries: Sequence[MatrixSummary]) -> Table:
    """One line a matrix."""
    return Table(
        (
            Column("matrix"),
            Column("size", "count", "languages on either side"),
            Column("metric"),
            Column("measured", "large count", "scores that somebody measured"),
            Column("predicted", "large count", "scores that nobody measured"),
            Column("", title="whose"),
        ),
        tuple(
            Row((each.name, None, f"broken: {each.fault}", None, None, None))
            if each.fault
            else Row(
                (each.name, each.size, each.metric, each.measured, each.predicted, _place(each))
            )
            for each in summaries
        ),
        title="Matrices on the shelf",
    )


def inventories_table(summaries: Sequence[InventorySummary]) -> Table:
    """One line an inventory."""
    return Table(
        (
            Column("inventory"),
            Column("keys", "count", "languages or labels"),
            Column("pools", "count"),
            Column("provenance"),
            Column("tokens are", meaning="counted by a tokenizer, estimated, or as a paper states"),
            Column("", title="whose"),
        ),
        tuple(
            Row((each.name, None, None, f"broken: {each.fault}", None, None))
            if each.fault
            else Row(
                (
                    each.name,
                    each.size,
                    each.pools,
                    ", ".join(name for name, _ in each.provenances),
                    ", ".join(name for name, _ in each.obtained),
                    _place(each),
                )
            )
            for each in summaries
        ),
        title="Inventories on the shelf",
    )


def card_text(name: str, card: Card, facts: Sequence[tuple[str, str]] = ()) -> Text:
    """What a card says, one labelled paragraph a line."""
    from rich.text import Text

    text = Text()
    text.append(f"{name}: {card.title}\n", style="bold")
    for label, words in card_facts(card, facts):
        text.append(f"\n{label}: " if label else "\n", style="bold")
        text.append(words)
    return text


def card_facts(card: Card, facts: Sequence[tuple[str, str]] = ()) -> tuple[tuple[str, str], ...]:
    """(label, words) of all that a card says; the description has no label."""
    said = [
        ("", card.description),
        *facts,
        ("unit", card.unit),
        ("direction", ", ".join(filter(None, (card.orientation, card.direction)))),
        ("evidence", card.evidence),
        ("standard errors", card.stderr_note),
        ("tokenizer", card.tokenizer),
        ("source", card.source),
        ("citation", card.citation),
        ("licence", card.licence),
        ("derivation", card.derivation),
    ]
    return tuple((label, words) for label, words in said if words)


def donors_table(matrix: TransferMatrix, target: str) -> Table:
    """Every donor of a target, best first; measured and predicted in so many words."""
    return Table(
        (Column("donor"), Column("score", "score"), Column("how it came to be")),
        tuple(
            Row(
                (named(source), score.score, score_text(score.status, score.stderr)),
                _certainty(score.status),
            )
            for source, score in matrix.donors(target)
        ),
        title=f"Donors of {name_of(target)}",
    )


def pairs_table(
    matrix: TransferMatrix, most: int, model: TransferModel | None = None, keys: Iterable[str] = ()
) -> Table:
    """The strongest pairs of a matrix, best first: a heat map for a page that has no room for one.

    Args:
        matrix: the scores.
        most: how many pairs.
        model: weights in the place of scores; None: scores alone.
        keys: languages that the pairs are among; none: all.

    >>> from atlasmix.evidence.store import Store
    >>> table = pairs_table(Store("none").matrix("atlas-2025"), 2)
    >>> [column.heading for column in table.columns]
    ['source', 'target', 'score', 'how it came to be']
    """
    rows: list[tuple[float, str, str, str, float]] = []
    for source, target in permutations(tuple(keys) or matrix.keys, 2):
        if model is None:
            score = matrix.pair(source, target)
            value, status, stderr = score.score, score.status, score.stderr
            if status == MISSING:
                continue
        else:
            place = model.index(source), model.index(target)
            value, stderr = float(model.weights[place]), float(model.stderr[place])
            status = str(model.status[place]) or "no score"
        rows.append((value, source, target, status, stderr))
    rows.sort(key=lambda row: (-row[0], row[1:3]))
    return Table(
        (
            Column("source"),
            Column("target"),
            Column("score", "score") if model is None else Column("τ", "coefficient"),
            Column("how it came to be"),
        ),
        tuple(
            Row(
                (name_of(source), name_of(target), value, score_text(status, stderr)),
                _certainty(status),
            )
            for value, source, target, status, stderr in rows[:most]
        ),
        title=f"The {min(most, len(rows))} strongest of {len(rows):,} pairs",
    )


def _certainty(status: str) -> Literal["", "aside"]:
    """The weight of a line: what nobody measured steps back."""
    return "" if status in SEEN else "aside"


def weights_table(
    matrix: TransferMatrix, model: TransferModel, target: str, most: int | None = None
) -> Table:
    """Donors of a target by transfer weight; measured, predicted and completed in so many words.

    Args:
        matrix: their scores.
        model: their weights.
        target: key of the target.
        most: how many; None: all.
    """
    rows = []
    for source in ranked(model, target)[:most]:
        place = model.index(source), model.index(target)
        score = matrix.pair(source, target)
        residual = float(model.residual[place])
        rows.append(
            Row(
                (
                    named(source),
                    float(model.weights[place]),
                    float(model.stderr[place]),
                    None if score.status == MISSING else score.score,
                    None if score.status == MISSING else score.stderr,
                    str(model.status[place]) or "no score",
                    None if not abs(residual) > ROUNDING else residual,
                ),
                _certainty(str(model.status[place])),
            )
        )
    return Table(
        (
            Column("donor"),
            Column("τ", "coefficient", "tokens of the target that a token of it is worth"),
            Column("±", "coefficient"),
            Column("score", "score"),
            Column("±", "standard error"),
            Column("which is"),
            Column("residual", "coefficient", "what the weight leaves of the score"),
        ),
        tuple(rows),
        title=f"Donors of {name_of(target)}",
    )


def ranked(model: TransferModel, target: str) -> tuple[str, ...]:
    """The donors of a target, greatest τ first; ties: the surer status first, then by key."""
    column = model.index(target)
    return _best(model, model.weights[:, column], model.status[:, column], target)


def helped(model: TransferModel, source: str) -> tuple[str, ...]:
    """The targets that a source helps, greatest τ first; ties as in :func:`ranked`."""
    row = model.index(source)
    return _best(model, model.weights[row], model.status[row], source)


_SUREST: Final = (DEFINED, MEASURED, OWN, PREDICTED, COMPLETED)


def _best(model: TransferModel, weights: Floats, status: Texts, own: str) -> tuple[str, ...]:
    rows = [
        (-round(weight, 6), _SUREST.index(how), key)
        for weight, how, key in zip(weights.tolist(), status.tolist(), model.keys, strict=True)
        if key != own and how
    ]
    return tuple(key for _, _, key in sorted(rows))


def exponent_words(model: TransferModel, target: str) -> str:
    """φ of a target and what it rests on."""
    place = model.index(target)
    phi, error = model.phi[place], model.phi_stderr[place]
    said = f"Capacity exponent φ {phi:.3f} ± {error:.3f} under law {model.law}"
    if model.calibration != "bts":
        return f"{said}: the law's, as these scores say nothing of it."
    count = int(np.isin(model.status[:, place], SEEN).sum())
    if count:
        return f"{said}, from {count} measured score{'s' * (count > 1)}."
    return f"{said}, drawn to that of other targets: none of its own scores is measured."


def notes_on_weights(model: TransferModel, target: str) -> tuple[str, ...]:
    """What the table of a target leaves unsaid: its level, and scores that are not given back."""
    place = model.index(target)
    level, notes = float(model.level[place]), []
    if abs(level) > ROUNDING and not model.is_completed:
        side = "below" if level < 0 else "above"
        notes.append(
            f"The predicted scores of this target lie {abs(level):.2f} {side} what its φ gives, "
            "all alike. That is taken for an error of the prediction, and each is read against "
            "the others of its row."
        )
    slope = math.nan if model.slope is None else float(model.slope[place])
    if not math.isnan(slope):
        notes.append(
            f"Predicted scores of this target follow relatedness by {slope:.2f} of what the truth "
            "would, and are believed as far as that."
            if slope > 0
            else "Predicted scores of this target run against relatedness: nothing was taken from "
            "them."
        )
    if np.nanmin(model.residual[:, place], initial=0.0) < -ROUNDING:
        notes.append(
            "residual: how far a score lies below that of a donor that gives nothing; τ is 0 there "
            "and the estimate does not give the score back."
        )
    return tuple(notes)


def pools_table(pools: Sequence[Pool]) -> Table:
    """One line a pool."""
    return Table(
        (
            Column("pool"),
            Column("language"),
            Column("unique tokens", "tokens"),
            Column("", title="count is"),
            Column("kind"),
        ),
        tuple(
            Row((pool.name, name_of(pool.language), pool.unique_tokens, pool.obtained, pool.kind))
            for pool in pools
        ),
        title="Pools",
    )


def published_table(mixtures: Sequence[PublishedMixture]) -> Table:
    """One line a published mixture."""
    return Table(
        (
            Column("mixture"),
            Column("model"),
            Column("year", "count"),
            Column("languages", "count"),
            Column("covers", "share", "part of its data that is in a language named"),
        ),
        tuple(
            Row((each.name, each.model, each.year, len(each.shares), each.covered))
            for each in mixtures
        ),
        title="Published mixtures",
    )


def shares_table(mixture: PublishedMixture) -> Table:
    """Every part of a published mixture."""
    return Table(
        (Column("part"), Column("share", "share")),
        (
            *(Row((named(key), share)) for key, share in mixture.shares),
            *(Row((part, share), "aside") for part, share in mixture.other),
        ),
        title=f"Parts of {mixture.name}",
    )


def languages_table(languages: Sequence[Language]) -> Table:
    """One line a language."""
    return Table(
        (
            Column("code"),
            Column("name"),
            Column("endonym"),
            Column("family"),
            Column("script"),
        ),
        tuple(
            Row((each.code, each.name, each.endonym, each.family, ", ".join(each.scripts)))
            for each in languages
        ),
        title="Languages",
    )


def inventory_facts(inventory: Inventory) -> tuple[tuple[str, str], ...]:
    """What an inventory holds, in numbers."""
    tokens = sum(pool.unique_tokens for pool in inventory.pools)
    return (
        ("pools", f"{len(inventory.pools)} in {len(inventory.languages())} languages"),
        ("unique tokens", f"{format_quantity(tokens)} in all"),
    )


def _place(summary: MatrixSummary | InventorySummary) -> str:
    if summary.default:
        return "default"
    return "" if summary.shipped else "yours"


def matrix_sentence(matrix: TransferMatrix) -> str:
    """How many scores of a matrix somebody measured, and what they mean."""
    measured, own, predicted = (matrix.count(each) for each in (MEASURED, OWN, PREDICTED))
    said = f"{measured + own:,} of {measured + own + predicted:,} scores were measured"
    said += f" ({own:,} of them by you)" if own else ""
    said += f", {predicted:,} predicted by the study itself" if predicted else ""
    said += f" ({matrix.card.metric}, {matrix.card.direction})"
    if matrix.card.prior:
        said += "; all other pairs of languages have no score and are completed from relatedness"
    return f"{said}."


def role_sentence(matrix: TransferMatrix, key: str) -> str:
    """How much of what is known of one language's donors was measured."""
    name = name_of(key)
    if not matrix.donors(key):
        said = f"No donor for {name} has a score"
        return f"{said}: all are completed from relatedness." if matrix.card.prior else f"{said}."
    share = matrix.is_predicted_share(key)
    if share == 0:
        return f"Every score of a donor for {name} was measured."
    if share == 1:
        return f"Every score of a donor for {name} is predicted: nobody measured one."
    return f"{share:.0%} of the scores of donors for {name} are predicted, not measured."


def nothing_sentence(model: TransferModel, target: str) -> str:
    """What a donor that gives nothing scores; empty where no score of the target is a BTS."""
    scored = np.isin(model.status[:, model.index(target)], (*SEEN, PREDICTED)).any()
    if model.calibration != "bts" or not scored:
        return ""
    score, _ = model.score_of(0.0, target)
    return (
        f"A score counts the capacity that a donor takes as well as the data that it gives: one "
        f"that gives {name_of(target)} nothing scores {score:.2f}, and τ is what lies above that."
    )


def agreement_sentence(agreement: Agreement, first: str, second: str) -> str:
    """How far two studies rank the pairs that they share alike."""
    said = (
        f"{first} and {second} share {len(agreement.languages)} languages and "
        f"{len(agreement.pairs):,} pairs, of which {agreement.measured:,} were measured in both"
    )
    if math.isnan(agreement.spearman):
        return f"{said}; too few to rank."
    if all(pair.first.score == pair.second.score for pair in agreement.pairs):
        return f"{said}. The scores of both are the same."
    return (
        f"{said}. Spearman's rank correlation of their scores is {agreement.spearman:.2f} (1: they "
        "call the same donors good, 0: nothing in common)."
    )


@dataclass(frozen=True, slots=True)
class TargetCoverage:
    """The evidence on one target.

    Attributes:
        language: the target.
        chosen: unique tokens of its pools that the question may read.
        unread: unique tokens of its other pools in the inventory, by provenance, largest first.
        epochs: passes over ``chosen`` that would fill the budget alone; inf where there is none.
        measured, predicted: scores of donors for it.
        donors: those with a pool to read whose weight is above 0 after the risk charge.
        estimated: whether unique tokens that the question may read are estimates.
    """

    language: str
    chosen: float
    unread: tuple[tuple[str, float], ...]
    epochs: float
    measured: int
    predicted: int
    donors: int
    estimated: bool

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is missing, in plain sentences."""
        name, said = name_of(self.language), []
        if self.chosen <= 0:
            said.append(f"No pool of {name} may be read by this question.")
        if not self.measured:
            said.append(f"Nobody measured a score for {name}: all are predicted or missing.")
        if not self.donors:
            said.append(f"No donor of {name} counts for more than the doubt about its score.")
        if self.estimated:
            said.append(f"Unique tokens of {name} are estimated, not counted.")
        return tuple(said)


def coverage(problem: MixProblem) -> tuple[TargetCoverage, ...]:
    """The evidence on each target of a question."""
    chosen = {pool.name for pool in problem.pools}
    weights, readable = problem.transfer, {pool.language for pool in problem.pools}
    rows = []
    for target in problem.target_keys:
        own = [pool for pool in problem.inventory.pools if pool.language == target]
        mine = [pool for pool in own if pool.name in chosen]
        unread: dict[str, float] = {}
        for pool in own:
            if pool.name not in chosen:
                kind = pool.provenance
                unread[kind] = unread.get(kind, 0.0) + pool.unique_tokens
        tokens = sum(pool.unique_tokens for pool in mine)
        column = weights.index(target)
        statuses = [score.status for _, score in problem.matrix.donors(target)]
        tau, sigma = weights.weights[:, column], weights.stderr[:, column]
        counted = tau - charged(problem, tau, sigma)
        donors = sum(
            key != target and key in readable and weight > 0
            for key, weight in zip(weights.keys, counted.tolist(), strict=True)
        )
        rows.append(
            TargetCoverage(
                target,
                tokens,
                tuple(sorted(unread.items(), key=lambda item: (-item[1], item[0]))),
                problem.budget / tokens if tokens else float("inf"),
                sum(status in SEEN for status in statuses),
                statuses.count(PREDICTED),
                donors,
                any(pool.obtained == "estimated" for pool in mine),
            )
        )
    return tuple(rows)


def coverage_table(rows: tuple[TargetCoverage, ...]) -> Table:
    """One line a target."""
    return Table(
        (
            Column("target"),
            Column("may be read", "tokens", "unique tokens of its pools"),
            Column("not chosen", meaning="unique tokens of its other pools, by provenance"),
            Column("epochs alone", "epochs", "passes that would fill the budget with it alone"),
            Column("measured", "count", "scores of donors for it"),
            Column("predicted", "count", "scores of donors that nobody measured"),
            Column("donors", "count", "that count for more than the doubt about their score"),
        ),
        tuple(
            Row(
                (
                    named(row.language),
                    row.chosen,
                    listed([f"{format_quantity(tokens)} {kind}" for kind, tokens in row.unread])
                    or "none",
                    row.epochs if row.chosen else "none",
                    row.measured,
                    row.predicted,
                    row.donors,
                )
            )
            for row in rows
        ),
        title="The evidence on each target",
    )
