"""What ``export`` and ``import`` show, and a mixture as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from atlasmix.evidence.mixture_file import GivenMixture, GivenOther
from atlasmix.interop.exporters.exporter import Exporter
from atlasmix.interop.exporters.writing import Written
from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.recipe.phases import recipe_phases
from atlasmix.recipe.recipe import recipe_pools
from atlasmix.report.layout import FittingTable
from atlasmix.report.words import epochs_text, named, percent
from atlasmix.text import listed

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


def frameworks_table(exporters: Sequence[Exporter], title: str = "name") -> FittingTable:
    """One line a framework; ``title`` stands over their names."""
    table = FittingTable(title, "weights count", "repetition there", "stages", "format")
    for exporter in exporters:
        table.add_row(
            exporter.name,
            exporter.unit,
            exporter.repetition,
            "in one file" if exporter.stages == "native" else "a file each",
            _CHECKED[exporter.checked.how],
        )
    return table


def _pools(pools: Sequence[Mapping[str, Any]], caps: Mapping[str, float]) -> FittingTable:
    table = FittingTable("pool", ">share", ">weight", ">tokens", ">epochs", ">cap", ">sequences")
    for pool in sorted(pools, key=lambda each: -each["share"])[:_MOST_ROWS]:
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


_MOST_LANGUAGES = 40


def import_parts(mixture: GivenMixture, output: str) -> list[RenderableType]:
    """The parts of the report on an import."""
    from rich.text import Text

    entries = sum(len(each.parts) for each in (*mixture.pools, *mixture.other))
    languages = mixture.proportions
    run = "" if mixture.tokens is None else f", {format_quantity(mixture.tokens)} tokens"
    parts: list[RenderableType] = [
        Text(f"{mixture.origin['file']}: {entries} entries{run}", style="bold"),
        Text(
            f"{_count(len(mixture.pools), 'pool')} of {_count(len(languages), 'language')} "
            f"({percent(sum(languages.values()))} of the tokens), "
            f"{_count(len(mixture.other), 'other source')}; "
            f"{mixture.origin['mapping'] or 'no mapping'}"
        ),
        "",
        _languages(mixture),
    ]
    left = len(languages) - _MOST_LANGUAGES
    parts += [Text(f"and {left} more languages")] if left > 0 else []
    corpora = list(dict.fromkeys(pool.corpus for pool in mixture.pools))
    parts.append(Text(f"Corpora: {listed(corpora, 12)}."))
    if mixture.other:
        parts += ["", _other(mixture)]
    if mixture.notes:
        parts += ["", Text("Notes", style="bold")]
        parts += [Text(f"  - {note}") for note in mixture.notes]
    said = f"Written to {output}." if output else "Nothing was written: -o FILE writes the mixture."
    return [*parts, "", Text(said)]


def _languages(mixture: GivenMixture) -> FittingTable:
    table = FittingTable("language", ">share", ">entries", ">unique", "provenance")
    for key, share in list(mixture.proportions.items())[:_MOST_LANGUAGES]:
        pools = [pool for pool in mixture.pools if pool.language == key]
        table.add_row(
            named(key),
            percent(share),
            str(sum(len(pool.parts) for pool in pools)),
            _unique(pools),
            ", ".join(sorted({pool.provenance for pool in pools})),
        )
    return table


def _other(mixture: GivenMixture) -> FittingTable:
    table = FittingTable("other source", ">share", ">entries", ">unique")
    for part in mixture.other:
        table.add_row(part.name, percent(part.proportion), str(len(part.parts)), _unique([part]))
    return table


def _unique(sources: Sequence[GivenOther]) -> str:
    known = [source.unique_tokens for source in sources]
    if None in known:
        return "unknown"
    return format_quantity(sum(count for count in known if count is not None))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


_READ: Final = ("language", "name", "provenance", "corpus", "proportion", "tokens", "epochs")
COLUMNS: Final = (*_READ, "unique_tokens", "obtained", "unit", "pool")
PHASE_COLUMNS: Final = ("phase", *_READ, "epochs_after", "pool")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def mixture_csv(mixture: Mixture) -> str:
    """The pools that are read, largest first, with the figures that a recipe records.

    ``proportion`` is a share of the tokens read (0-1, six places, sum 1), ``tokens`` and
    ``unique_tokens`` are whole numbers, ``epochs`` is tokens / unique tokens. A text that a
    spreadsheet would take for a formula gets an apostrophe before it.
    """
    by_name = {share.pool.name: share.pool for share in mixture.read}
    return _written(
        COLUMNS,
        (
            (
                row.language,
                name_of(row.language),
                row.provenance,
                row.corpus,
                f"{row.proportion:.6f}",
                row.tokens,
                f"{row.epochs:g}",
                row.unique_tokens,
                by_name[row.name].obtained,
                by_name[row.name].unit,
                row.name,
            )
            for row in recipe_pools(mixture)
        ),
    )


def phases_csv(problem: MixProblem, mixture: Mixture) -> str:
    """What each phase reads of each pool, in the order of training, as a recipe records it.

    ``proportion`` is a share of the phase's tokens (0-1, six places, sum 1 over a phase);
    ``tokens`` of a pool sum over the phases to those of :func:`mixture_csv`. ``epochs`` are passes
    in the phase, ``epochs_after`` those from the first phase to its end.

    Raises:
        ProblemError, Infeasible, SolverFailed: as ``recipe_phases``.
    """
    pools = {row.name: row for row in recipe_pools(mixture)}
    phases = recipe_phases(problem, {name: row.tokens for name, row in pools.items()})
    return _written(
        PHASE_COLUMNS,
        (
            (
                phase.name,
                pools[row.name].language,
                name_of(pools[row.name].language),
                pools[row.name].provenance,
                pools[row.name].corpus,
                f"{row.proportion:.6f}",
                row.tokens,
                f"{row.epochs:g}",
                f"{row.epochs_after:g}",
                row.name,
            )
            for phase in phases
            for row in phase.pools
        ),
    )


def _written(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_safe(each) for each in row] for row in rows)
    return text.getvalue()


def _safe(cell: str | int) -> str | int:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
