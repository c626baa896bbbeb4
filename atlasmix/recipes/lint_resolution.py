"""Sources that a framework would never draw: its shares come in steps, and some are too small."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from atlasmix.errors import ProblemError
from atlasmix.recipes.exporters.levanter_blocks import BLOCKS
from atlasmix.recipes.lint_rows import Row

MAXTEXT_PLACES: Final = 4
"""MaxText's ``grain_train_files=a,0.3;b,0.7`` rounds every weight to so many decimals."""

DEFAULT_BLOCK: Final = BLOCKS[0]
"""Levanter's own ``mixture_block_size``."""


@dataclass(frozen=True, slots=True)
class Vanishing:
    """What one way of drawing leaves out.

    Attributes:
        where: the framework, and the setting that decides.
        step: smallest share that it can draw, 0-1.
        names: sources of which it draws nothing, smallest share last.
        share: of training tokens, all of them together, 0-1.
        remedy: what to do.
    """

    where: str
    step: float
    names: tuple[str, ...]
    share: float
    remedy: str


def vanishing(
    rows: Sequence[Row], tokens: float | None, sequence_length: int, block: int
) -> tuple[Vanishing, ...]:
    """What the run itself, Levanter and MaxText would leave out.

    Args:
        rows: sources with their shares.
        tokens: of the run; None leaves the run itself out.
        sequence_length: tokens a sample.
        block: Levanter's ``mixture_block_size``, in sequences.

    Raises:
        ProblemError: a length or block that is not above 0.
    """
    for what, number in (("--sequence-length", sequence_length), ("--block", block)):
        if number < 1:
            raise ProblemError(f"{what} is {number}: expected a whole number from 1")
    found = []
    if tokens is not None:
        samples = tokens / sequence_length
        found.append(
            _left_out(
                rows,
                f"{samples:,.0f} samples of {sequence_length:,} tokens",
                1 / samples,
                [row for row in rows if row.share * samples < 1],
                "raise the budget, lower the sequence length, or put the smallest together",
            )
        )
    # Levanter cuts share x block to a whole number; its largest source gets what is left.
    cut = [row for row in rows if math.floor(row.share * block) == 0]
    found.append(_left_out(rows, f"Levanter, block {block:,}", 1 / block, cut, _block_remedy(rows)))
    whole = math.fsum(row.share for row in rows)
    lost = [row for row in rows if round(row.share / whole, MAXTEXT_PLACES) == 0]
    remedy = "use its JSON (grain_train_mixture_config_path), which rounds nothing"
    where = f"MaxText's semicolon form, {MAXTEXT_PLACES} decimals"
    found.append(_left_out(rows, where, 10.0**-MAXTEXT_PLACES / 2, lost, remedy))
    return tuple(found)


def _left_out(
    rows: Sequence[Row], where: str, step: float, gone: Sequence[Row], remedy: str
) -> Vanishing:
    names = tuple(row.name for row in sorted(gone, key=lambda row: (-row.share, row.name)))
    return Vanishing(where, step, names, math.fsum(row.share for row in gone), remedy)


def _block_remedy(rows: Sequence[Row]) -> str:
    smallest = min(row.share for row in rows)
    size = next((size for size in BLOCKS if math.floor(smallest * size) > 0), None)
    if size is None:
        return f"not even its largest block of {BLOCKS[-1]:,} has one sequence of the smallest"
    return f"mixture_block_size {size:,} draws every source"
