"""What ``export`` shows: the files, what should be read of each pool, and the frameworks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from atlasmix.quantities import format_quantity
from atlasmix.recipes.exporters import Exporter, Written
from atlasmix.views.fitting import FittingTable
from atlasmix.views.words import epochs_text, listed, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST_ROWS = 40
_CHECKED = {"executed": "executed", "by hand": "by hand", "read": "read only", "own": "ours"}


def export_parts(folder: str, written: Written) -> list[RenderableType]:
    """The parts of the report on an export."""
    from rich.text import Text

    run = written.figures["run"]
    title = f"A mixture for {written.exporter.title}, in {folder}"
    parts: list[RenderableType] = [
        Text(title, style="bold"),
        Text(f"Files: {listed(sorted(written.files), 12)}."),
        Text(
            f"Run: {format_quantity(run['tokens'])} tokens in {run['steps']:,} steps of "
            f"{run['batch_size']:,} sequences of {run['sequence_length']:,} tokens."
        ),
    ]
    caps = {pool["pool"]: pool["max_epochs"] for pool in written.figures["pools"]}
    phases = written.figures["phases"]
    for phase in phases:
        if len(phases) > 1:
            first = f"Phase {phase['phase']}, from step {phase['first_step']:,}"
            parts += ["", Text(first, style="bold")]
        parts += ["" if len(phases) == 1 else Text(""), _pools(phase["pools"], caps)]
        left = len(phase["pools"]) - _MOST_ROWS
        parts += [Text(f"and {left} more pools, in expected.json")] if left > 0 else []
    parts += ["", Text("Load it", style="bold")]
    parts += [Text(f"  {line}", no_wrap=True) for line in written.export.load.splitlines()]
    if written.export.notes:
        parts += ["", Text("Notes", style="bold")]
        parts += [Text(f"  - {note}") for note in written.export.notes]
    return parts


def frameworks_table(exporters: Sequence[Exporter]) -> FittingTable:
    """One line a framework."""
    table = FittingTable("--to", "weights count", "repetition there", "stages", "format")
    for one in exporters:
        table.add_row(
            one.name,
            one.unit,
            one.repetition,
            "in one file" if one.stages == "native" else "a file each",
            _CHECKED[one.checked.how],
        )
    return table


def _pools(pools: Sequence[Mapping[str, Any]], caps: Mapping[str, float]) -> FittingTable:
    table = FittingTable("pool", ">share", ">weight", ">tokens", ">epochs", ">cap", ">sequences")
    for pool in sorted(pools, key=lambda one: -one["share"])[:_MOST_ROWS]:
        table.add_row(
            pool["pool"],
            percent(pool["share"]),
            f"{pool['weight']:.6g}",
            format_quantity(pool["tokens"]),
            epochs_text(pool["epochs"]),
            f"{caps[pool['pool']]:g}",
            f"{pool['samples']:,}",
        )
    return table
