"""Mixtures that need no evidence on transfer: what every answer is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import ProblemError
from atlasmix.evidence.mixture_file import is_mixture_file
from atlasmix.evidence.published import PublishedMixture, list_published, published
from atlasmix.evidence.store import NO_FILES, Store
from atlasmix.io.plain_data import shown
from atlasmix.laws.saturation import Array
from atlasmix.problem.constraints import KeepTokens, ShareLimit, epoch_caps
from atlasmix.problem.problem import MixProblem
from atlasmix.text import did_you_mean

TEMPERATURES: Final = (1.43, 3.33)
"""p^(1/T): 1/0.7 (mBERT's exponent 0.7) and 1/0.3 (XLM-R's and mT5's exponent 0.3)."""

TARGET_ONLY: Final = "target only"

_OF_TARGETS: Final = "targets-"
"""Before the rule of a baseline that reads the targets and no other language."""


USUAL_RULE: Final = f"{_OF_TARGETS}temperature-3.33"
"""What most teams do where nothing is measured: XLM-R's and mT5's exponent over their own list."""


def names() -> tuple[str, ...]:
    """The baselines by name, as guardrails and comparisons take them.

    Those that begin with ``targets-`` are what teams do: a rule over their own languages, no pool
    read past its cap, and what a cap leaves handed on. The others are over every language.
    """
    heated = tuple(f"temperature-{t:g}" for t in TEMPERATURES)
    within = ("natural", *heated, "unimax")
    return ("natural", *heated, "unimax", "uniform", *(f"{_OF_TARGETS}{each}" for each in within))


def is_of_targets(name: str) -> bool:
    """Whether a baseline, by its name or its title, reads the targets and no other language."""
    return name.startswith(_OF_TARGETS) or name.endswith(" of targets")


def baseline_title(name: str) -> str:
    """What tables call a baseline; any other name stays as it is.

    >>> baseline_title("targets-temperature-3.33"), baseline_title("salamandra-7b")
    ('temperature 3.33 of targets', 'salamandra-7b')
    """
    if name not in names():
        return name
    rule = name.removeprefix(_OF_TARGETS)
    return rule.replace("-", " ") + (" of targets" if rule != name else "")


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
    if name in names() and is_of_targets(name):
        return _of_targets(problem, name.removeprefix(_OF_TARGETS))
    if name in names():
        unique = unique_by_language(problem)
        return _spread(problem, _shares(unique, name))
    if is_mixture_file(name) or name in {mixture.name for mixture in list_published()}:
        return published_tokens(problem, published(name))
    raise _unknown_reference(name, True)


def reference_name(value: object, what: str, more: str = "") -> str:
    """The name of a reference mixture, which :func:`check_reference` looks up.

    Args:
        value: as it was given.
        what: names it.
        more: what else may stand there.

    Raises:
        ProblemError: no text; says what references look like.
    """
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise ProblemError(
        f"{what} is {shown(value)}: expected a reference mixture by its name, such as "
        f"{USUAL_RULE}, natural or a published one (see 'atlasmix mixtures list'){more}",
        value=value,
    )


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
        + (" or a mixture file or recipe (.yaml)" if files else f"; {NO_FILES}"),
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


def _of_targets(problem: MixProblem, rule: str) -> Array:
    """A rule over the targets, every pool at most to its own cap.

    What a limit asks of pools that are none of the targets', an eighth of code say, is read first.
    """
    caps = epoch_caps(problem.limits, problem.pools, problem.max_epochs)
    most = np.array([pool.unique_tokens for pool in problem.pools]) * caps
    tokens = np.zeros(len(problem.pools))
    targets = np.array([pool.language in problem.target_keys for pool in problem.pools])
    for limit in problem.limits:
        if isinstance(limit, KeepTokens):
            least = limit.tokens
        elif isinstance(limit, ShareLimit) and limit.bound == "min":
            least = limit.share * problem.budget
        else:
            continue
        members = limit.selection.mask(problem.pools)
        if not (members & targets).any():
            _fill(tokens, members, most, least)
    unique = unique_by_language(problem)
    unique = {key: unique[key] for key in problem.target_keys if key in unique}
    weight = _shares(unique, "uniform" if rule == "unimax" else rule)
    mine = [np.array([pool.language == key for pool in problem.pools]) for key in unique]
    full = np.array([most[members].sum() for members in mine])
    left = max(problem.budget - tokens.sum(), 0.0)
    for members, read in zip(
        mine, filled(np.array(list(weight.values())), full, left), strict=True
    ):
        _fill(tokens, members, most, read)
    return tokens


def _fill(tokens: Array, members: NDArray[np.bool_], most: Array, read: float) -> None:
    """At least so many tokens of some pools, all of them alike far towards their caps."""
    whole = float(most[members].sum())
    if whole > 0:
        share = min(read / whole, 1.0)
        tokens[members] = np.maximum(tokens[members], most[members] * share)


def filled(weight: Array, most: Array, budget: float) -> Array:
    """Tokens in proportion to a weight, capped, what a cap leaves handed on in proportion too.

    Where all caps together are less than the budget, that is all that is read.

    >>> filled(np.array([1.0, 1.0, 2.0]), np.array([4.0, 40.0, 400.0]), 60.0)
    array([ 4.        , 18.66666667, 37.33333333])
    """
    tokens = np.zeros(weight.size)
    left, open_weight = budget, float(weight.sum())
    # First those that meet their cap at the lowest level: with them closed the level rises.
    for index in np.argsort(most / weight, kind="stable"):
        tokens[index] = min(left * weight[index] / open_weight, most[index])
        left -= tokens[index]
        open_weight -= weight[index]
    return tokens


def unimax(unique: Array, budget: float, max_epochs: float) -> Array:
    """Tokens per language by UniMax: uniform, capped, what a cap leaves handed on to the others.

    Where all text to its cap is less than the budget, that is all that is read.

    Chung et al. 2023 (arXiv 2304.09151), Algorithm 1.

    >>> unimax(np.array([1.0, 10.0, 100.0]), 60.0, 4.0)
    array([ 4., 28., 28.])
    """
    return filled(np.ones(unique.size), unique * max_epochs, budget)


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
