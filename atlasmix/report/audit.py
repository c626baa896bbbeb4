"""What ``lint`` and ``verify-run`` show: findings, epochs, shares, verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from atlasmix.audit.lint import LintReport
from atlasmix.audit.lint_rows import Row
from atlasmix.audit.run_verdict import RunReport
from atlasmix.audit.solving_again import Resolved
from atlasmix.quantities import format_quantity
from atlasmix.report.answer_words import gap_text
from atlasmix.report.layout import FittingTable
from atlasmix.report.words import SAME, epochs_text, loss_text, named, percent
from atlasmix.text import listed

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST_ROWS: Final = 20
_MOST_FINDINGS: Final = 40
_MOST_CHANGES: Final = 15
_WIDEST: Final = 38
"""Longer prefixes are shown by their end."""
_BASIS: Final = {
    "recipe": "the recipe's own question, with today's evidence",
    "targets": "the targets named",
    "shares": "its own languages as targets, each weighted by its share",
}


def lint_parts(report: LintReport, every: bool = False, more: str = "") -> list[RenderableType]:
    """The parts of a report.

    Args:
        report: what was found.
        every: list all sources and findings.
        more: what a reader is told of those left out, say how to see them.
    """
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
        sentences = [finding.sentence for finding in report.findings if finding.level == level]
        if sentences:
            parts += ["", Text(title, style="bold")]
            shown = sentences if every else sentences[:_MOST_FINDINGS]
            parts += [Text(f"  - {sentence}") for sentence in shown]
            left = len(sentences) - len(shown)
            parts += [Text(f"  and {left:,} more{more}")] if left else []
    parts += ["", _rows(report.rows, every, more)]
    parts += ["", _shares(report)]
    if report.resolved is not None:
        parts += ["", *_resolved(report.resolved)]
    return parts


def _rows(rows: Sequence[Row], every: bool, more: str) -> FittingTable:
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
        table.add_row(f"and {len(ordered) - len(shown)} more{more}", *[""] * 5)
    return table


def _shares(report: LintReport) -> FittingTable:
    table = FittingTable("share of training tokens", ">share")
    for provenance, share in report.provenances:
        words = "other (code, mathematics, parallel, ...)" if provenance == "other" else provenance
        table.add_row(words, percent(share))
    for language in report.languages[-3:] if len(report.languages) > 5 else ():
        table.add_row(f"among the least: {named(language.language)}", percent(language.share))
    return table


def _resolved(resolved: Resolved) -> list[RenderableType]:
    from rich.text import Text

    head = Text(f"Solved again: {_BASIS[resolved.basis]}", style="bold")
    if resolved.refused:
        return [head, Text(f"  refused: {resolved.refused}")]
    left = (
        f" {_count(len(resolved.left_out), 'source')} without count, scores or a single language "
    )
    said = (
        f"{format_quantity(resolved.tokens)} tokens ({percent(resolved.covered)} of the run) were "
        "solved for" + (f";{left}keep their place." if resolved.left_out else ".")
    )
    parts: list[RenderableType] = [head, Text(said), Text(_effect(resolved))]
    if resolved.unspent > 1e-6 * resolved.tokens:
        left = format_quantity(resolved.unspent)
        parts.append(Text(f"{left} of them would be better not read: the shares are of the rest."))
    parts += [Text(f"Note: {note}.") for note in resolved.notes]
    if resolved.moved < SAME:
        return parts
    table = FittingTable("language", ">now", ">solved", ">loss now", ">loss solved")
    for change in resolved.changes[:_MOST_CHANGES]:
        table.add_row(
            named(change.language),
            percent(change.now),
            percent(change.then),
            "" if change.loss_now is None else loss_text(change.loss_now),
            "" if change.loss_then is None else loss_text(change.loss_then),
        )
    parts += ["", table]
    more = [named(change.language) for change in resolved.changes[_MOST_CHANGES:]]
    return [*parts, Text(f"and {listed(more)}")] if more else parts


def _effect(resolved: Resolved) -> str:
    if resolved.moved < SAME:
        return "The best proportions are those it has."
    gap = ""
    if resolved.gap is not None:
        gap = (
            ", proved best"
            if resolved.gap <= 1e-6
            else f", within {gap_text(resolved.gap)} of the best"
        )
    words = {
        "loss": "mean predicted loss",
        "worst": "largest predicted loss against alone",
    }[resolved.objective]
    now, then = (
        math.inf if each is None else each for each in (resolved.value_now, resolved.value_then)
    )
    numbers = f"{loss_text(now)} to {loss_text(then)}"
    return (
        f"{percent(resolved.moved)} of these tokens would go elsewhere; {words} from {numbers}"
        f"{gap}. Predicted, with the law's constants for every language."
    )


def _count(number: int, what: str, several: str = "") -> str:
    return f"{number} {what if number == 1 else several or what + 's'}"


_MOST_POOLS: Final = 40


def run_parts(report: RunReport, more: str = "") -> list[RenderableType]:
    """The parts of a report on a run; ``more`` says where the pools are that are left out."""
    from rich.text import Text

    off = sum(pool.verdict != "as planned" for pool in report.pools)
    verdict = (
        "the run reads what was planned"
        if report.as_planned
        else f"{off} of {len(report.pools)} sources are not read as planned"
    )
    done = format_quantity(report.tokens)
    of = "" if report.planned_tokens is None else f" of {format_quantity(report.planned_tokens)}"
    step = "" if report.step is None else f", step {report.step:,}"
    parts: list[RenderableType] = [
        Text(f"{report.plan}: {verdict}.", style="bold"),
        Text(
            f"{done}{of} tokens read{step}; {format_quantity(report.samples)} samples of "
            f"{report.sequence_length:,} tokens. A share may be off by four standard errors of so "
            "many draws, and one sample."
        ),
        "",
        _pools(report),
    ]
    if len(report.pools) > _MOST_POOLS:
        left = len(report.pools) - _MOST_POOLS
        parts.append(Text(f"and {left} more, nearer to the plan{more}"))
    parts += [Text(f"Note: {note}.") for note in report.notes]
    return parts


def _pools(report: RunReport) -> FittingTable:
    table = FittingTable(
        "source", "verdict", ">planned", ">read", ">may differ", ">epochs", ">at end", ">cap"
    )
    for pool in report.pools[:_MOST_POOLS]:
        table.add_row(
            pool.name,
            pool.verdict,
            percent(pool.planned),
            percent(pool.read),
            f"±{percent(pool.tolerance)}",
            "unknown" if pool.epochs is None else epochs_text(pool.epochs),
            "" if pool.epochs_at_end is None else epochs_text(pool.epochs_at_end),
            "" if pool.cap is None else f"{pool.cap:g}",
            style="" if pool.verdict == "as planned" else "bold",
        )
    return table
