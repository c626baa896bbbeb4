"""Text tables of the shelf: matrices, inventories, published mixtures, languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from atlasmix.evidence import (
    Card,
    Inventory,
    InventorySummary,
    MatrixSummary,
    Pool,
    PublishedMixture,
    TransferMatrix,
)
from atlasmix.languages import Language, name_of
from atlasmix.quantities import format_quantity
from atlasmix.views.fitting import FittingTable
from atlasmix.views.words import named, percent, score_text

if TYPE_CHECKING:
    from rich.text import Text


def matrices_table(summaries: Sequence[MatrixSummary]) -> FittingTable:
    """One line a matrix."""
    table = FittingTable("matrix", ">size", "metric", ">measured", ">predicted", "")
    for one in summaries:
        if one.fault:
            table.add_row(one.name, "", f"broken: {one.fault}", "", "", "")
            continue
        size, measured, predicted = str(one.size), f"{one.measured:,}", f"{one.predicted:,}"
        table.add_row(one.name, size, one.metric, measured, predicted, _place(one))
    return table


def inventories_table(summaries: Sequence[InventorySummary]) -> FittingTable:
    """One line an inventory."""
    table = FittingTable("inventory", ">keys", ">pools", "provenance", "tokens are", "")
    for one in summaries:
        if one.fault:
            table.add_row(one.name, "", "", f"broken: {one.fault}", "", "")
            continue
        table.add_row(
            one.name,
            str(one.size),
            str(one.pools),
            ", ".join(name for name, _ in one.provenances),
            ", ".join(name for name, _ in one.obtained),
            _place(one),
        )
    return table


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


def donors_table(matrix: TransferMatrix, target: str) -> FittingTable:
    """Every donor of a target, best first; measured and predicted in so many words."""
    table = FittingTable("donor", ">score", "how it came to be")
    for source, score in matrix.donors(target):
        style = "" if score.status == "measured" else "dim"
        table.add_row(
            named(source), f"{score.score:g}", score_text(score.status, score.stderr), style=style
        )
    return table


def pools_table(pools: Sequence[Pool]) -> FittingTable:
    """One line a pool."""
    table = FittingTable("pool", "language", ">unique tokens", "", "kind")
    for pool in pools:
        table.add_row(
            pool.name,
            name_of(pool.language),
            format_quantity(pool.unique_tokens),
            pool.obtained,
            pool.kind,
        )
    return table


def published_table(mixtures: Sequence[PublishedMixture]) -> FittingTable:
    """One line a published mixture."""
    table = FittingTable("mixture", "model", ">year", ">languages", ">covers")
    for one in mixtures:
        table.add_row(
            one.name, one.model, str(one.year), str(len(one.shares)), percent(one.covered)
        )
    return table


def shares_table(one: PublishedMixture) -> FittingTable:
    """Every part of a published mixture."""
    table = FittingTable("part", ">share")
    for key, share in one.shares:
        table.add_row(named(key), percent(share))
    for part, share in one.other:
        table.add_row(part, percent(share), style="dim")
    return table


def languages_table(languages: Sequence[Language]) -> FittingTable:
    """One line a language."""
    table = FittingTable("code", "name", "endonym", "family", "script")
    for one in languages:
        table.add_row(one.code, one.name, one.endonym, one.family, ", ".join(one.scripts))
    return table


def inventory_facts(inventory: Inventory) -> tuple[tuple[str, str], ...]:
    """What an inventory holds, in numbers."""
    tokens = sum(pool.unique_tokens for pool in inventory.pools)
    return (
        ("pools", f"{len(inventory.pools)} in {len(inventory.languages())} languages"),
        ("unique tokens", f"{format_quantity(tokens)} in all"),
    )


def _place(one: MatrixSummary | InventorySummary) -> str:
    if one.default:
        return "default"
    return "" if one.shipped else "yours"
