"""Worlds for Hypothesis: small ones that look like evidence, and ones that are all corners."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from worlds import keys, world

from atlasmix.problem.problem import MixProblem


@st.composite
def one_target_worlds(draw: Any, **options: Any) -> MixProblem:
    """One target, two to six languages, weights to two digits so that ties are frequent."""
    n = draw(st.integers(2, 6))
    score = st.integers(0, 100).map(lambda value: value / 100)
    size = st.integers(1, 400).map(lambda value: value / 20)
    tau = np.eye(n)
    tau[1:, 0] = [draw(score) for _ in range(n - 1)]
    unique = [draw(size) for _ in range(n)]
    return world(
        tau,
        unique,
        phi=draw(st.sampled_from([0.05, 0.11, 0.3])),
        budget=draw(st.integers(1, 80)) * 1e9,
        params=draw(st.sampled_from([2e8, 2e9, 2e10])),
        decay=draw(st.sampled_from([0.037, 0.04, 0.1, 0.34])),
        max_epochs=draw(st.sampled_from([1.0, 2.5, 4.0, 16.0])),
        **options,
    )


_CORNER_SCORES = [0.0, 0.0, 1e-9, 0.1, 0.1, 0.5, 1.0, 3.0]
_CORNER_SIZES = [0.0, 1e-3, 1.0, 1.0, 7.0, 1e3]


@st.composite
def corner_worlds(draw: Any) -> MixProblem:
    """Ties, empty pools, one pool, nothing shared, targets without text, ratios of 10^6."""
    n = draw(st.integers(1, 4))
    tau = np.array([[draw(st.sampled_from(_CORNER_SCORES)) for _ in range(n)] for _ in range(n)])
    np.fill_diagonal(tau, 1.0)
    unique = [draw(st.sampled_from(_CORNER_SIZES)) for _ in range(n)]
    targets = draw(st.integers(1, n))
    return world(
        tau,
        unique,
        keys(n)[:targets],
        phi=draw(st.sampled_from([1e-3, 0.11, 0.9])),
        stderr=draw(st.sampled_from([0.0, 0.03, 0.16, 1.0])),
        risk_aversion=draw(st.sampled_from([0.0, 1.0, 10.0])),
        budget=draw(st.sampled_from([1e8, 1e10, 1e12])),
        params=draw(st.sampled_from([1e7, 2e9, 1e12])),
        max_epochs=draw(st.sampled_from([0.5, 1.0, 4.0, 16.0])),
        decay=draw(st.sampled_from([0.001, 0.04, 0.34, 10.0])),
        objective=draw(st.sampled_from(["loss", "worst"])),
        exact_tokens=draw(st.booleans()),
    )
