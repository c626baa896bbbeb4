"""Hostile phases by structure: what a question says of them is read or refused in a sentence."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import numpy as np
from hostile import changed
from hypothesis import given, settings

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.store import Store
from atlasmix.mixture.phases import split_phases
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping

BUDGET = int(os.environ.get("ATLASMIX_FUZZ", "60"))
"""Examples; the script asks for more."""
STORE = Store("/nonexistent")
QUESTION = {
    "targets": "cat,spa",
    "groups": {"iberian": ["cat", "por"]},
    "phases": [
        {"name": "main", "tokens": "rest", "max": {"eng": "10%"}},
        {
            **{"name": "anneal", "tokens": "20%", "min": {"cat": 0.3}},
            "max_epochs": {"default": 2, "cat": 1, "iberian": 1.5, "provenance:human": 3},
        },
    ],
}


@settings(max_examples=BUDGET, deadline=None)
@given(question=changed(QUESTION))
def test_phases(question: Any) -> None:
    """What is read goes there and back, and its caps hold in a split or the split is refused."""
    with suppress(AtlasMixError):
        problem = problem_from_mapping(question, STORE)
        again = problem_from_mapping(problem_to_mapping(problem), STORE)
        assert again.phases == problem.phases
        tokens = np.zeros(len(problem.pools))
        tokens[:30] = np.linspace(1, 5, 30)[: tokens.size] * 1e9
        split = split_phases(problem.phases, problem.pools, tokens)
        for phase, mixture in zip(problem.phases, split, strict=True):
            caps = phase.caps([share.pool for share in mixture.shares])
            for share, cap in zip(mixture.shares, caps.tolist(), strict=True):
                loose = 1e-5 * tokens.sum() / share.pool.unique_tokens
                assert share.epochs <= cap * (1 + 1e-9) + loose
