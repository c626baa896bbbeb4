"""A mixture as CSV, for a spreadsheet: one row a pool that is read."""

from __future__ import annotations

import csv
import io
from typing import Final

from atlasmix.languages import name_of
from atlasmix.mixing.mixture import Mixture
from atlasmix.recipes.recipe import recipe_pools

COLUMNS: Final = (
    "language",
    "name",
    "provenance",
    "corpus",
    "proportion",
    "tokens",
    "epochs",
    "unique_tokens",
    "obtained",
    "unit",
    "pool",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def mixture_csv(mixture: Mixture) -> str:
    """The pools that are read, largest first, with the figures that a recipe records.

    ``proportion`` is a share of the tokens read (0-1, six places, sum 1), ``tokens`` and
    ``unique_tokens`` are whole numbers, ``epochs`` is tokens / unique tokens. A text that a
    spreadsheet would take for a formula gets an apostrophe before it.
    """
    by_name = {share.pool.name: share.pool for share in mixture.read}
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in recipe_pools(mixture):
        pool = by_name[row.name]
        writer.writerow(
            [
                _safe(row.language),
                _safe(name_of(row.language)),
                row.provenance,
                _safe(row.corpus),
                f"{row.proportion:.6f}",
                row.tokens,
                f"{row.epochs:g}",
                row.unique_tokens,
                pool.obtained,
                _safe(pool.unit),
                _safe(row.name),
            ]
        )
    return text.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
