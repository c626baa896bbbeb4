"""What ``verify-run`` shows: a verdict for the run, and one for each pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from atlasmix.audit.run_verdict import RunReport
from atlasmix.quantities import format_quantity
from atlasmix.report.layout import FittingTable
from atlasmix.report.words import epochs_text, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST_ROWS: Final = 40


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
    if len(report.pools) > _MOST_ROWS:
        left = len(report.pools) - _MOST_ROWS
        parts.append(Text(f"and {left} more, nearer to the plan{more}"))
    parts += [Text(f"Note: {note}.") for note in report.notes]
    return parts


def _pools(report: RunReport) -> FittingTable:
    table = FittingTable(
        "source", "verdict", ">planned", ">read", ">may differ", ">epochs", ">at end", ">cap"
    )
    for pool in report.pools[:_MOST_ROWS]:
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
