"""Mixtures for first runs, before any evidence exists, as a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from atlasmix.errors import ProblemError
from atlasmix.mixture.design import LEAST, DesignQuestion
from atlasmix.mixture.design import design as design_mixtures
from atlasmix.text import did_you_mean, first_few

if TYPE_CHECKING:
    import pandas as pd


def design(
    sources: Mapping[str, float] | Sequence[str],
    runs: int,
    *,
    min: Mapping[str, float] | None = None,
    max: Mapping[str, float] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Mixtures spread around a reference, no two alike; the first is the reference.

    Args:
        sources: name to its weight in the reference, or names for an even one.
        runs: different mixtures.
        min: source to its least share.
        max: source to its most; at D tokens and E epochs it is E times its unique tokens over D.
        seed: the same seed, the same mixtures.

    Returns:
        ``w_SOURCE`` of each run: with its losses beside it, what :func:`learn` takes.

    Raises:
        ProblemError: a source that is not there, fewer than two of them, or no runs.
        Infeasible: limits that no mixture meets.

    >>> from atlasmix import design
    >>> runs = design({"web": 3, "code": 1}, 8, max={"web": 0.9})
    >>> runs.iloc[0].tolist(), bool((runs["w_web"] <= 0.9).all())
    ([0.75, 0.25], True)
    """
    import pandas as pd

    weights = dict(sources) if isinstance(sources, Mapping) else dict.fromkeys(sources, 1.0)
    names = tuple(weights)
    reference = np.array(list(weights.values()), dtype=float)
    if not np.all(np.isfinite(reference) & (reference >= 0)) or not reference.sum() > 0:
        raise ProblemError(
            "the reference has a weight below 0, or none above it: expected shares of each source",
            field="sources",
        )
    question = DesignQuestion(
        sources=names,
        reference=reference / reference.sum(),
        runs=runs,
        low=_limits(min, names, 0.0, "min"),
        high=_limits(max, names, 1.0, "max"),
        least=LEAST,
        seed=seed,
    )
    index = pd.Index([f"run-{number:03d}" for number in range(1, runs + 1)], name="run")
    return pd.DataFrame(design_mixtures(question), index, [f"w_{name}" for name in names])


def _limits(
    given: Mapping[str, float] | None, names: tuple[str, ...], default: float, field: str
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    for name in given or {}:
        if name not in names:
            hint = did_you_mean(name, names) or f"there are {first_few(names, 8)}"
            raise ProblemError(f"no source {name[:60]!r}: {hint}", field=field, value=name)
    return np.array([float((given or {}).get(name, default)) for name in names])
