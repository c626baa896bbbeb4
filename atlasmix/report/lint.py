"""What ``lint`` shows: findings, epochs, shares, and what solving again would change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from atlasmix.audit.lint import LintReport
from atlasmix.audit.lint_rows import Row
from atlasmix.audit.solving_again import Resolved
from atlasmix.quantities import format_quantity
from atlasmix.report.answer_words import gap_text, loss_text
from atlasmix.report.layout import FittingTable
from atlasmix.report.words import SAME, epochs_text, listed, named, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST_ROWS: Final = 20
_MOST_FINDINGS: Final = 40
_MOST_CHANGES: Final = 15
_WIDEST: Final = 38
"""Longer prefixes are shown by their end."""
_ASKED: Final = {
    "recipe": "the recipe's own question, with today's evidence",
    "targets": "the targets named",
    "shares": "its own languages as targets, each weighted by its share",
}


def lint_parts(report: LintReport, every: bool = False) -> list[RenderableType]:
    """The parts of a report; ``every`` lists all sources."""
    from rich.text import Text

    run = "no budget" if report.tokens is None else f"{format_quantity(report.tokens)} tokens"
    counted = sum(row.unique_tokens is not None for row in report.rows)
    faults, notes = report.faults, len(report.findings) - report.faults
    parts: list[RenderableType] = [
        Text(f"{report.name}: {_count(faults, 'fault')}, {_count(notes, 'note')}", style="bold"),
        Text(
            f"{_count(report.entries, 'entry', 'entries')}, "
            f"{_count(len(report.languages), 'language')}, {run}; {counted} of "
            f"{_count(len(report.rows), 'source')} counted"
        ),
    ]
    if report.tokens is not None and counted:
        parts.append(
            Text(
                f"Read more than twice: {report.over(2)}; more than four times: {report.over(4)}; "
                f"past their cap: {sum(row.over for row in report.rows)}."
            )
        )
    for level, title in (("fault", "Faults"), ("note", "Notes")):
        found = [one.sentence for one in report.findings if one.level == level]
        if found:
            parts += ["", Text(title, style="bold")]
            shown = found if every else found[:_MOST_FINDINGS]
            parts += [Text(f"  - {sentence}") for sentence in shown]
            left = len(found) - len(shown)
            parts += [Text(f"  and {left:,} more: --all")] if left else []
    parts += ["", _rows(report.rows, every)]
    parts += ["", _shares(report)]
    if report.resolved is not None:
        parts += ["", *_resolved(report.resolved)]
    return parts


def _rows(rows: Sequence[Row], every: bool) -> FittingTable:
    """The most repeated sources first; those of unknown size last."""
    ordered = sorted(rows, key=lambda row: (-(row.epochs or -1.0), -row.share, row.name))
    shown = ordered if every else ordered[:_MOST_ROWS]
    table = FittingTable("source", ">epochs", ">cap", ">share", ">tokens", ">unique")
    for row in shown:
        table.add_row(
            row.name if len(row.name) <= _WIDEST else f"…{row.name[1 - _WIDEST :]}",
            "unknown" if row.epochs is None else epochs_text(row.epochs),
            f"{row.cap:g}",
            percent(row.share),
            "" if row.tokens is None else format_quantity(row.tokens),
            "unknown" if row.unique_tokens is None else format_quantity(row.unique_tokens),
            style="bold" if row.over else "",
        )
    if len(ordered) > len(shown):
        table.add_row(f"and {len(ordered) - len(shown)} more: --all", *[""] * 5)
    return table


def _shares(report: LintReport) -> FittingTable:
    table = FittingTable("share of training tokens", ">share")
    for provenance, share in report.provenances:
        words = "other (code, mathematics, parallel, ...)" if provenance == "other" else provenance
        table.add_row(words, percent(share))
    for one in report.languages[-3:] if len(report.languages) > 5 else ():
        table.add_row(f"among the least: {named(one.language)}", percent(one.share))
    return table


def _resolved(found: Resolved) -> list[RenderableType]:
    from rich.text import Text

    head = Text(f"Solved again: {_ASKED[found.asked]}", style="bold")
    if found.refused:
        return [head, Text(f"  refused: {found.refused}")]
    left = f" {_count(len(found.left_out), 'source')} without count, scores or a single language "
    said = (
        f"{format_quantity(found.tokens)} tokens ({percent(found.covered)} of the run) were solved "
        "for" + (f";{left}keep their place." if found.left_out else ".")
    )
    parts: list[RenderableType] = [head, Text(said), Text(_effect(found))]
    if found.unspent > 1e-6 * found.tokens:
        left = format_quantity(found.unspent)
        parts.append(Text(f"{left} of them would be better not read: the shares are of the rest."))
    parts += [Text(f"Note: {note}.") for note in found.notes]
    if found.moved < SAME:
        return parts
    table = FittingTable("language", ">now", ">solved", ">loss now", ">loss solved")
    for one in found.changes[:_MOST_CHANGES]:
        table.add_row(
            named(one.language),
            percent(one.now),
            percent(one.then),
            "" if one.loss_now is None else loss_text(one.loss_now),
            "" if one.loss_then is None else loss_text(one.loss_then),
        )
    parts += ["", table]
    more = [named(one.language) for one in found.changes[_MOST_CHANGES:]]
    return [*parts, Text(f"and {listed(more)}")] if more else parts


def _effect(found: Resolved) -> str:
    if found.moved < SAME:
        return "The best proportions are those it has."
    gap = ""
    if found.gap is not None:
        gap = (
            ", proved best" if found.gap <= 1e-6 else f", within {gap_text(found.gap)} of the best"
        )
    words = {
        "loss": "mean predicted loss",
        "worst": "largest predicted loss against alone",
    }[found.objective]
    now, then = (math.inf if one is None else one for one in (found.value_now, found.value_then))
    numbers = f"{loss_text(now)} to {loss_text(then)}"
    return (
        f"{percent(found.moved)} of these tokens would go elsewhere; {words} from {numbers}{gap}. "
        "Predicted, with the law's constants for every language."
    )


def _count(number: int, what: str, several: str = "") -> str:
    return f"{number} {what if number == 1 else several or what + 's'}"
