"""What ``lint`` and ``verify-run`` show: findings, epochs, shares, verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from atlasmix.audit.lint import LintReport
from atlasmix.audit.lint_rows import Row as Source
from atlasmix.audit.run_verdict import RunReport
from atlasmix.audit.solving_again import Resolved
from atlasmix.quantities import format_quantity
from atlasmix.report.answer_words import gap_text
from atlasmix.report.blocks import (
    Block,
    Cell,
    Column,
    Heading,
    Row,
    Sentence,
    Sentences,
    Table,
    Value,
)
from atlasmix.report.words import SAME, losses_apart, named, percent
from atlasmix.text import listed

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


def lint_blocks(report: LintReport, every: bool = False, more: str = "") -> tuple[Block, ...]:
    """Faults and notes, every source, the shares, and what solving again would say.

    Args:
        report: what was found.
        every: list all sources and findings.
        more: what a reader is told of those left out, say how to see them.
    """
    run = "no budget" if report.tokens is None else f"{format_quantity(report.tokens)} tokens"
    counted = sum(row.unique_tokens is not None for row in report.rows)
    faults, notes = report.faults, len(report.findings) - report.faults
    title = f"{report.name}: {_count(faults, 'fault')}, {_count(notes, 'note')}"
    blocks: list[Block] = [
        Sentence(title, strong=True),
        Sentence(
            f"{_count(report.entries, 'entry', 'entries')}, "
            f"{_count(len(report.languages), 'language')}, {run}; {counted} of "
            f"{_count(len(report.rows), 'source')} counted"
        ),
    ]
    if report.tokens is not None and counted:
        blocks.append(
            Sentence(
                f"Read more than twice: {report.over(2)}; more than four times: {report.over(4)}; "
                f"past their cap: {sum(row.over for row in report.rows)}."
            )
        )
    for level, title in (("fault", "Faults"), ("note", "Notes")):
        sentences = tuple(each.sentence for each in report.findings if each.level == level)
        if sentences:
            shown = sentences if every else sentences[:_MOST_FINDINGS]
            blocks += [Heading(title, 3), Sentences(shown)]
            left = len(sentences) - len(shown)
            blocks += [Sentence(f"and {left:,} more{more}")] if left else []
    blocks += [_rows(report.rows, every, more), _shares(report)]
    if report.resolved is not None:
        blocks += _resolved(report.resolved)
    return tuple(blocks)


def _rows(sources: Sequence[Source], every: bool, more: str) -> Table:
    """The most repeated sources first; those of unknown size last."""
    ordered = sorted(sources, key=lambda each: (-(each.epochs or -1.0), -each.share, each.name))
    shown = ordered if every else ordered[:_MOST_ROWS]
    rows = [
        Row(
            (
                each.name if len(each.name) <= _WIDEST else f"…{each.name[1 - _WIDEST :]}",
                _known(each.epochs),
                each.cap,
                each.share,
                each.tokens,
                _known(each.unique_tokens),
            ),
            "chosen" if each.over else "",
        )
        for each in shown
    ]
    if len(ordered) > len(shown):
        rows.append(Row((f"and {len(ordered) - len(shown)} more{more}", *[None] * 5)))
    return Table(
        (
            Column("source"),
            Column("epochs", "epochs"),
            Column("cap", "score", "most epochs"),
            Column("share", "share"),
            Column("tokens", "tokens"),
            Column("unique", "tokens"),
        ),
        tuple(rows),
        title="Sources, the most repeated first",
    )


def _known(value: float | None) -> Value:
    return "unknown" if value is None else value


def _shares(report: LintReport) -> Table:
    rows = []
    for provenance, share in report.provenances:
        words = "other (code, mathematics, parallel, ...)" if provenance == "other" else provenance
        rows.append(Row((words, share)))
    for language in report.languages[-3:] if len(report.languages) > 5 else ():
        rows.append(Row((f"among the least: {named(language.language)}", language.share)))
    columns = Column("share of training tokens"), Column("share", "share")
    return Table(columns, tuple(rows), title="Shares of the training tokens")


def _resolved(resolved: Resolved) -> list[Block]:
    head = Heading(f"Solved again: {_BASIS[resolved.basis]}", 3)
    if resolved.refused:
        return [head, Sentence(f"refused: {resolved.refused}")]
    left = (
        f" {_count(len(resolved.left_out), 'source')} without count, scores or a single language "
    )
    said = (
        f"{format_quantity(resolved.tokens)} tokens ({percent(resolved.covered)} of the run) were "
        "solved for" + (f";{left}keep their place." if resolved.left_out else ".")
    )
    blocks: list[Block] = [head, Sentence(said), Sentence(_effect(resolved))]
    if resolved.unspent > 1e-6 * resolved.tokens:
        left = format_quantity(resolved.unspent)
        blocks.append(
            Sentence(f"{left} of them would be better not read: the shares are of the rest.")
        )
    blocks += [Sentence(f"Note: {note}.") for note in resolved.notes]
    if resolved.moved < SAME:
        return blocks
    rows = (
        Row((named(each.language), each.now, each.then, each.loss_now, each.loss_then))
        for each in resolved.changes[:_MOST_CHANGES]
    )
    table = Table(
        (
            Column("language"),
            Column("now", "share"),
            Column("solved", "share"),
            Column("loss now", "close loss"),
            Column("loss solved", "close loss"),
        ),
        tuple(rows),
        title="Shares now and solved again",
    )
    more = [named(change.language) for change in resolved.changes[_MOST_CHANGES:]]
    return [*blocks, table, *([Sentence(f"and {listed(more)}")] if more else [])]


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
        "expected": "mean predicted loss over draws",
        "cautious": "mean predicted loss of the worst draws",
        "regret": "largest regret over the matrices",
    }[resolved.objective]
    now, then = (
        math.inf if each is None else each for each in (resolved.value_now, resolved.value_then)
    )
    numbers = losses_apart(now, then, " to ")
    return (
        f"{percent(resolved.moved)} of these tokens would go elsewhere; {words} from {numbers}"
        f"{gap}. Predicted, with the law's constants for every language."
    )


def _count(number: int, what: str, several: str = "") -> str:
    return f"{number} {what if number == 1 else several or what + 's'}"


_MOST_POOLS: Final = 40


def run_blocks(report: RunReport, more: str = "") -> tuple[Block, ...]:
    """The verdict on a run, and every pool; ``more`` says where those left out are."""
    off = sum(pool.verdict != "as planned" for pool in report.pools)
    verdict = (
        "the run reads what was planned"
        if report.as_planned
        else f"{off} of {len(report.pools)} sources are not read as planned"
    )
    done = format_quantity(report.tokens)
    of = "" if report.planned_tokens is None else f" of {format_quantity(report.planned_tokens)}"
    step = "" if report.step is None else f", step {report.step:,}"
    left = len(report.pools) - _MOST_POOLS
    return (
        Sentence(f"{report.plan}: {verdict}.", strong=True),
        Sentence(
            f"{done}{of} tokens read{step}; {format_quantity(report.samples)} samples of "
            f"{report.sequence_length:,} tokens. A share may be off by four standard errors of so "
            "many draws, and one sample."
        ),
        _pools(report),
        *([Sentence(f"and {left} more, nearer to the plan{more}")] if left > 0 else []),
        *(Sentence(f"Note: {note}.") for note in report.notes),
    )


def _pools(report: RunReport) -> Table:
    rows = (
        Row(
            (
                pool.name,
                pool.verdict,
                pool.planned,
                pool.read,
                Cell(pool.tolerance, "±"),
                _known(pool.epochs),
                pool.epochs_at_end,
                pool.cap,
            ),
            "" if pool.verdict == "as planned" else "chosen",
        )
        for pool in report.pools[:_MOST_POOLS]
    )
    return Table(
        (
            Column("source"),
            Column("verdict"),
            Column("planned", "share"),
            Column("read", "share"),
            Column("may differ", "share"),
            Column("epochs", "epochs", "so far"),
            Column("at end", "epochs"),
            Column("cap", "score", "most epochs"),
        ),
        tuple(rows),
        title="Planned and read",
    )
