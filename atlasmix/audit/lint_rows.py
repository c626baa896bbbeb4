"""Epochs of every source of a mixture: what is read of it, against what there is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from atlasmix.errors import ProblemError
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.mixture_file import (
    GivenMixture,
    GivenOther,
    GivenPool,
    files_of,
    plain_prefix,
)
from atlasmix.interop.exporters.levanter import BLOCKS
from atlasmix.interop.importers.counts import Counts
from atlasmix.interop.importers.levanter import MOST

Basis = Literal["counted", "whole language", "unknown"]
"""What the unique tokens of a row are: of this very source; of all text of its language and
provenance in the inventory, shared by all its sources; or nobody knows."""

SLACK: Final = 1e-3
"""A cap counts as passed by more than this part of it: a recipe rounds its epochs."""


@dataclass(frozen=True, slots=True)
class Row:
    """One source that a framework draws from.

    Attributes:
        name: the prefix, or the pool where there is none.
        pool: name of the pool, or of the other source, that it is part of.
        language, provenance: empty for what has no single language.
        share: of training tokens, 0-1.
        tokens: read at this budget; None without a budget.
        unique_tokens: distinct; None where unknown.
        basis: see :data:`Basis`.
        epochs: tokens / unique tokens; None where either is unknown.
        cap: most epochs.
    """

    name: str
    pool: str
    language: str
    provenance: str
    share: float
    tokens: float | None
    unique_tokens: float | None
    basis: Basis
    epochs: float | None
    cap: float

    @property
    def over(self) -> bool:
        """Whether it is read more often than its cap allows."""
        return self.epochs is not None and self.epochs > self.cap * (1 + SLACK)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Where unique tokens are looked up, in this order, after the mixture's own.

    Attributes:
        counts: by prefix.
        inventory: by pool, then by language and provenance; None for none.
    """

    counts: Counts
    inventory: Inventory | None = None


def rows_of(
    mixture: GivenMixture, tokens: float | None, cap: float, sizes: Sizes
) -> tuple[Row, ...]:
    """One row for each different prefix that is counted, else one for each pool; largest first.

    Args:
        mixture: as imported.
        tokens: of the run.
        cap: most epochs where the mixture sets none.
        sizes: further counts.
    """
    rows: list[Row] = []
    uncounted: list[GivenOther] = []
    entries = (*mixture.pools, *mixture.other)
    counted = _counted(entries, sizes.counts)
    for entry in entries:
        parts = _by_prefix(entry, counted)
        known = [unique for _, unique in parts.values()]
        if parts and None not in known:
            weight = sum(weighed for weighed, _ in parts.values())
            rows += [
                _row(entry, prefix, entry.proportion * weighed / weight, unique, (tokens, cap))
                for prefix, (weighed, unique) in parts.items()
            ]
        elif entry.unique_tokens or _in_inventory(entry, sizes.inventory):
            unique = entry.unique_tokens or _in_inventory(entry, sizes.inventory)
            rows.append(_row(entry, "", entry.proportion, unique, (tokens, cap)))
        else:
            uncounted.append(entry)
    rows += _by_language(uncounted, tokens, cap, sizes.inventory)
    return tuple(sorted(rows, key=lambda row: (-row.share, row.name)))


def _counted(entries: Sequence[GivenOther], counts: Counts) -> dict[str, float | None]:
    """Unique tokens of every prefix that the mixture itself has not counted."""
    bare = {
        plain_prefix(part.prefix): ()
        for entry in entries
        for part in entry.parts
        if part.unique_tokens is None
    }
    known = counts.of_each(bare)
    return {
        prefix: count.tokens if count is not None and count.tokens > 0 else None
        for prefix, count in known.items()
    }


def _by_prefix(
    entry: GivenOther, counted: Mapping[str, float | None]
) -> dict[str, tuple[float, float | None]]:
    """Prefix to part of the pool and unique tokens; the same prefix twice is one text."""
    return {
        prefix: (part, counted.get(prefix) if unique is None else unique)
        for prefix, (part, unique) in files_of(entry).items()
    }


def _in_inventory(entry: GivenOther, inventory: Inventory | None) -> float | None:
    if inventory is None or not isinstance(entry, GivenPool):
        return None
    counted = next((pool for pool in inventory.pools if pool.name == entry.name), None)
    return counted.unique_tokens if counted is not None and counted.unique_tokens > 0 else None


def _by_language(
    uncounted: Sequence[GivenOther],
    tokens: float | None,
    cap: float,
    inventory: Inventory | None,
) -> list[Row]:
    """Rows of what nobody counted: against all text of the language that the inventory knows."""
    whole: dict[tuple[str, str], float] = {}
    share: dict[tuple[str, str], float] = {}
    for pool in inventory.pools if inventory is not None else ():
        key = pool.language, pool.provenance
        whole[key] = whole.get(key, 0.0) + pool.unique_tokens
    for entry in uncounted:
        if isinstance(entry, GivenPool):
            share[_kind(entry)] = share.get(_kind(entry), 0.0) + entry.proportion
    rows = []
    for entry in uncounted:
        row = _row(entry, "", entry.proportion, None, (tokens, cap))
        unique = whole.get(_kind(entry)) if isinstance(entry, GivenPool) else None
        if unique and isinstance(entry, GivenPool):
            epochs = None if tokens is None else share[_kind(entry)] * tokens / unique
            row = replace(row, unique_tokens=unique, basis="whole language", epochs=epochs)
        rows.append(row)
    return rows


def _kind(pool: GivenPool) -> tuple[str, str]:
    """Language and provenance; text of unknown provenance is held against human text."""
    return pool.language, "human" if pool.provenance == "unknown" else pool.provenance


def _row(
    entry: GivenOther,
    prefix: str,
    share: float,
    unique: float | None,
    run: tuple[float | None, float],
) -> Row:
    tokens, cap = run
    read = None if tokens is None else share * tokens
    language, provenance = "", ""
    if isinstance(entry, GivenPool):
        language, provenance = entry.language, entry.provenance
    return Row(
        name=prefix if prefix and len(entry.parts) > 1 else entry.name,
        pool=entry.name,
        language=language,
        provenance=provenance,
        share=share,
        tokens=read,
        unique_tokens=unique,
        basis="unknown" if unique is None else "counted",
        epochs=None if read is None or not unique else read / unique,
        cap=cap if entry.max_epochs is None else entry.max_epochs,
    )


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
    for field, what, number in (
        ("sequence_length", "the sequence length", sequence_length),
        ("block", "the mixture block", block),
    ):
        if number < 1:
            raise ProblemError(
                f"{what} is {number}: expected a whole number from 1", field=field, value=number
            )
    vanished = []
    if tokens is not None:
        samples = tokens / sequence_length
        vanished.append(
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
    vanished.append(
        _left_out(rows, f"Levanter, block {block:,}", 1 / block, cut, _block_remedy(rows))
    )
    whole = math.fsum(row.share for row in rows)
    lost = [row for row in rows if round(row.share / whole, MAXTEXT_PLACES) == 0]
    remedy = "use its JSON (grain_train_mixture_config_path), which rounds nothing"
    where = f"MaxText's semicolon form, {MAXTEXT_PLACES} decimals"
    vanished.append(_left_out(rows, where, 10.0**-MAXTEXT_PLACES / 2, lost, remedy))
    return tuple(vanished)


def _left_out(
    rows: Sequence[Row], where: str, step: float, gone: Sequence[Row], remedy: str
) -> Vanishing:
    names = tuple(row.name for row in sorted(gone, key=lambda row: (-row.share, row.name)))
    return Vanishing(where, step, names, math.fsum(row.share for row in gone), remedy)


def _block_remedy(rows: Sequence[Row]) -> str:
    smallest = min(row.share for row in rows)
    size = math.ceil(1 / smallest) if smallest * MOST >= 1 else MOST
    # 1 / share may be a hair short of a whole sequence.
    size += math.floor(smallest * size) < 1 and size < MOST
    if math.floor(smallest * size) < 1:
        return f"not even its largest block of {MOST:,} has one sequence of the smallest"
    size = next((block for block in BLOCKS if block >= size), size)
    return f"mixture_block_size {size:,} draws every source"
