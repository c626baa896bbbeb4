"""Mixtures that need no evidence on transfer: what every answer is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from atlasmix.errors import ProblemError
from atlasmix.evidence.mixture_file import is_mixture_file
from atlasmix.evidence.published import PublishedMixture, list_published, published
from atlasmix.evidence.store import NO_FILES, Store
from atlasmix.laws.saturation import Array
from atlasmix.problem.problem import MixProblem
from atlasmix.text import did_you_mean

TEMPERATURES: Final = (1.43, 3.33)
"""p^(1/T): 1/0.7 (mBERT's exponent 0.7) and 1/0.3 (XLM-R's and mT5's exponent 0.3)."""

TARGET_ONLY: Final = "target only"


def names() -> tuple[str, ...]:
    """The baselines by name, as guardrails and comparisons take them."""
    return ("natural", *(f"temperature-{t:g}" for t in TEMPERATURES), "unimax", "uniform")


def baseline_tokens(problem: MixProblem, name: str) -> Array:
    """Tokens per pool, shape (pools,), of a baseline or a published mixture on this budget.

    Raises:
        ProblemError: no such baseline.
    """
    if name == TARGET_ONLY:
        return _spread(problem, {target.language: target.weight for target in problem.targets})
    if name == "unimax":
        unique = unique_by_language(problem)
        size = np.array(list(unique.values()))
        read = unimax(size, problem.budget, problem.max_epochs)
        return _divided(problem, dict(zip(unique, read.tolist(), strict=True)))
    if name in names():
        unique = unique_by_language(problem)
        return _spread(problem, _shares(unique, name))
    if is_mixture_file(name) or name in {mixture.name for mixture in list_published()}:
        return published_tokens(problem, published(name))
    raise _unknown_reference(name, True)


def check_reference(name: str, store: Store) -> None:
    """Refuse what is no baseline and no published mixture, nor, where a store opens files, a file.

    Raises:
        ProblemError: suggests the nearest.
    """
    known = (*names(), TARGET_ONLY, *(mixture.name for mixture in list_published()))
    if name not in known and store.path_of(name) is None:
        raise _unknown_reference(name, store.opens_files)


def _unknown_reference(name: str, files: bool) -> ProblemError:
    known = (*names(), TARGET_ONLY, *(mixture.name for mixture in list_published()))
    return ProblemError(
        f"no reference mixture {name[:60]!r}: {did_you_mean(name, known, ' ')}"
        f"expected {', '.join(names())}, '{TARGET_ONLY}', or a "
        "published mixture (see 'atlasmix mixtures list')"
        + (" or a mixture file (.yaml)" if files else f"; {NO_FILES}"),
        value=name,
    )


def published_tokens(problem: MixProblem, mixture: PublishedMixture) -> Array:
    """A published mixture on this budget: what of it has pools here, scaled up to 1."""
    unique = unique_by_language(problem)
    shares = {key: share for key, share in mixture.sources if key in unique}
    if not shares:
        raise ProblemError(
            f"published mixture {mixture.name} has no language with a pool in this problem: choose "
            "another reference"
        )
    return _spread(problem, shares)


def unique_by_language(problem: MixProblem) -> dict[str, float]:
    """Unique tokens per language of the pools that the matrix knows."""
    known = set(problem.transfer.keys)
    unique: dict[str, float] = {}
    for pool in problem.pools:
        if pool.language in known and pool.unique_tokens > 0:
            unique[pool.language] = unique.get(pool.language, 0.0) + pool.unique_tokens
    return unique


def _shares(unique: Mapping[str, float], name: str) -> dict[str, float]:
    keys = list(unique)
    size = np.array([unique[key] for key in keys])
    if name == "natural":
        share = size
    elif name == "uniform":
        share = np.ones(size.size)
    else:
        share = (size / size.sum()) ** (1.0 / float(name.removeprefix("temperature-")))
    return dict(zip(keys, share.tolist(), strict=True))


def unimax(unique: Array, budget: float, max_epochs: float) -> Array:
    """Tokens per language by UniMax: uniform, capped, what a cap leaves handed on to the others.

    Where all text to its cap is less than the budget, that is all that is read.

    Chung et al. 2023 (arXiv 2304.09151), Algorithm 1.

    >>> unimax(np.array([1.0, 10.0, 100.0]), 60.0, 4.0)
    array([ 4., 28., 28.])
    """
    tokens = np.zeros(unique.size)
    left = budget
    for place, index in enumerate(np.argsort(unique, kind="stable")):
        tokens[index] = min(left / (unique.size - place), unique[index] * max_epochs)
        left -= tokens[index]
    return tokens


def _spread(problem: MixProblem, shares: Mapping[str, float]) -> Array:
    """The whole budget by language shares."""
    known = unique_by_language(problem).keys() & shares.keys()
    total = sum(shares[key] for key in shares if key in known)
    if total <= 0:
        return np.zeros(len(problem.pools))
    return _divided(problem, {key: problem.budget * shares[key] / total for key in known})


def _divided(problem: MixProblem, read: Mapping[str, float]) -> Array:
    """Tokens per pool: those of a language in proportion to unique tokens."""
    unique = unique_by_language(problem)
    tokens = np.zeros(len(problem.pools))
    for index, pool in enumerate(problem.pools):
        if pool.language in unique and pool.unique_tokens > 0:
            part = pool.unique_tokens / unique[pool.language]
            tokens[index] = read.get(pool.language, 0.0) * part
    return tokens
