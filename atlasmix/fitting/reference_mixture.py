"""A mixture of a file or of the shelf as shares of the sources of runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.published import PublishedMixture
from atlasmix.fitting.mixture_runs import Array
from atlasmix.languages.resolving import resolve
from atlasmix.text import first_few

_ROUNDED = 1e-4
"""What a recipe with six places and many pools may lack of 1."""


def shares_among(mixture: PublishedMixture, sources: Sequence[str]) -> Array:
    """The share of each source, summing to 1.

    Args:
        mixture: its parts are called as the sources are, or are their languages.
        sources: of the runs, in their order.

    Raises:
        ProblemError: it has what the runs do not mix.
    """
    parts = {**dict(mixture.shares), **dict(mixture.other)}
    shares = np.array([parts.pop(name if name in parts else _key(name), 0.0) for name in sources])
    left = {name: share for name, share in parts.items() if share > 0}
    if sum(left.values()) > _ROUNDED or not shares.sum() > 0:
        raise ProblemError(
            f"mixture {mixture.name} reads {first_few(list(left), 4)}, which the runs do not mix: "
            f"expected a mixture of their sources, {first_few(list(sources), 8)}",
            field="near",
            value=mixture.name,
        )
    return np.asarray(shares / shares.sum())


def _key(source: str) -> str:
    """The language that a source is called after; its own name where it is none."""
    try:
        return str(resolve(source))
    except DataError:
        return source
