"""What ``export`` and ``import`` show, and a mixture as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from atlasmix.evidence.mixture_file import GivenMixture, GivenOther
from atlasmix.interop.exporters.exporter import Exporter
from atlasmix.interop.exporters.writing import Written
from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.recipe.phases import recipe_phases
from atlasmix.recipe.recipe import recipe_pools
from atlasmix.report.blocks import (
    Block,
    Column,
    Heading,
    Row,
    Sentence,
    Sentences,
    Table,
    Value,
    Verbatim,
)
from atlasmix.report.words import named, percent
from atlasmix.text import listed

_MOST_ROWS = 40
_CHECKED = {"executed": "executed", "by hand": "by hand", "read": "read only", "own": "ours"}


def export_blocks(folder: str, written: Written) -> tuple[Block, ...]:
    """What was written, the run it plans, its pools, and how the framework loads it."""
    run = written.figures["run"]
    blocks: list[Block] = [
        Sentence(f"A mixture for {written.exporter.title}, in {folder}", strong=True),
        Sentence(f"Files: {listed(sorted(written.files), 12)}."),
        Sentence(
            f"Run: {format_quantity(run['tokens'])} tokens in {run['steps']:,} steps of "
            f"{run['batch_size']:,} sequences of {run['sequence_length']:,} tokens."
        ),
    ]
    caps = {pool["pool"]: pool["max_epochs"] for pool in written.figures["pools"]}
    phases = written.figures["phases"]
    for phase in phases:
        if len(phases) > 1:
            blocks.append(Heading(f"Phase {phase['phase']}, from step {phase['first_step']:,}", 3))
        blocks.append(_pools(phase["pools"], caps))
        left = len(phase["pools"]) - _MOST_ROWS
        blocks += [Sentence(f"and {left} more pools, in expected.json")] if left > 0 else []
    blocks += [Heading("Load it", 3), Verbatim(written.export.load.rstrip("\n"))]
    if written.export.notes:
        blocks += [Heading("Notes", 3), Sentences(tuple(written.export.notes))]
    return tuple(blocks)


def frameworks_table(exporters: Sequence[Exporter], title: str = "name") -> Table:
    """One line a framework; ``title`` stands over their names."""
    return Table(
        (
            Column(title),
            Column("weights count"),
            Column("repetition there"),
            Column("stages"),
            Column("format", meaning="how it was checked that the framework reads it"),
        ),
        tuple(
            Row(
                (
                    each.name,
                    each.unit,
                    each.repetition,
                    "in one file" if each.stages == "native" else "a file each",
                    _CHECKED[each.checked.how],
                )
            )
            for each in exporters
        ),
        title="Frameworks",
    )


def _pools(pools: Sequence[Mapping[str, Any]], caps: Mapping[str, float]) -> Table:
    largest = sorted(pools, key=lambda each: -each["share"])[:_MOST_ROWS]
    return Table(
        (
            Column("pool"),
            Column("share", "share"),
            Column("weight", "printed constant", "as the framework is given it"),
            Column("tokens", "tokens"),
            Column("epochs", "epochs"),
            Column("cap", "score", "most epochs"),
            Column("sequences", "large count"),
        ),
        tuple(
            Row(
                (
                    pool["pool"],
                    pool["share"],
                    pool["weight"],
                    pool["tokens"],
                    pool["epochs"],
                    caps[pool["pool"]],
                    pool["samples"],
                )
            )
            for pool in largest
        ),
        title="Pools as the framework is given them",
    )


_MOST_LANGUAGES = 40


def import_blocks(mixture: GivenMixture) -> tuple[Block, ...]:
    """What a framework's file reads: languages, corpora, other sources, notes."""
    entries = sum(len(each.parts) for each in (*mixture.pools, *mixture.other))
    languages = mixture.proportions
    run = "" if mixture.tokens is None else f", {format_quantity(mixture.tokens)} tokens"
    left = len(languages) - _MOST_LANGUAGES
    corpora = list(dict.fromkeys(pool.corpus for pool in mixture.pools))
    return (
        Sentence(f"{mixture.origin['file']}: {entries} entries{run}", strong=True),
        Sentence(
            f"{_count(len(mixture.pools), 'pool')} of {_count(len(languages), 'language')} "
            f"({percent(sum(languages.values()))} of the tokens), "
            f"{_count(len(mixture.other), 'other source')}; "
            f"{mixture.origin['mapping'] or 'no mapping'}"
        ),
        _languages(mixture),
        *([Sentence(f"and {left} more languages")] if left > 0 else []),
        Sentence(f"Corpora: {listed(corpora, 12)}."),
        *([_other(mixture)] if mixture.other else []),
        *((Heading("Notes", 3), Sentences(mixture.notes)) if mixture.notes else ()),
    )


def _languages(mixture: GivenMixture) -> Table:
    rows = []
    for key, share in list(mixture.proportions.items())[:_MOST_LANGUAGES]:
        pools = [pool for pool in mixture.pools if pool.language == key]
        entries = sum(len(pool.parts) for pool in pools)
        provenances = ", ".join(sorted({pool.provenance for pool in pools}))
        rows.append(Row((named(key), share, entries, _unique(pools), provenances)))
    return Table(
        (
            Column("language"),
            Column("share", "share"),
            Column("entries", "count"),
            Column("unique", "tokens"),
            Column("provenance"),
        ),
        tuple(rows),
        title="Languages",
    )


def _other(mixture: GivenMixture) -> Table:
    return Table(
        (
            Column("other source"),
            Column("share", "share"),
            Column("entries", "count"),
            Column("unique", "tokens"),
        ),
        tuple(
            Row((part.name, part.proportion, len(part.parts), _unique([part])))
            for part in mixture.other
        ),
        title="Other sources",
    )


def _unique(sources: Sequence[GivenOther]) -> Value:
    known = [source.unique_tokens for source in sources]
    if None in known:
        return "unknown"
    return sum(count for count in known if count is not None)


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
