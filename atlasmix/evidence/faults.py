"""Collecting every fault of a table, so that a user mends it in one go."""

from __future__ import annotations

from collections.abc import Sequence

from atlasmix.errors import DataError


def refuse(what: str, faults: Sequence[str]) -> None:
    """Raise one DataError that names them all; do nothing where there is none."""
    if faults:
        count = f"{len(faults)} fault{'s' * (len(faults) > 1)}"
        raise DataError(f"{what} has {count}: mend what follows and try again", tuple(faults))
