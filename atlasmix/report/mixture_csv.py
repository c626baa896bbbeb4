"""A mixture as CSV, for a spreadsheet: one row a pool that is read, in all or in each phase."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.problem import MixProblem
from atlasmix.recipe.phases import recipe_phases
from atlasmix.recipe.recipe import recipe_pools

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
