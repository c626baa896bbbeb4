"""What a language is read as (target, donor, or a domain that is no language), and its kin."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from atlasmix.languages.catalogue import branch_of, name_of
from atlasmix.mixture.mixture import Mixture

Role = Literal["target", "donor", "domain"]


def role_of(key: str, targets: Collection[str]) -> Role:
    """What is read under a key beside these targets.

    Code and mathematics are read because a limit asks for them, and give languages nothing: they
    are no donors. Beside targets that are domains themselves, any other domain is one.

    >>> [role_of(key, ("cat",)) for key in ("cat", "spa", "code")], role_of("arxiv", ("books",))
    (['target', 'donor', 'domain'], 'donor')
    """
    if key in targets:
        return "target"
    domains = all(name_of(each) == each for each in targets)
    return "donor" if name_of(key) != key or domains else "domain"


def roles(mixture: Mixture) -> dict[str, Role]:
    """The role of every language that is read, and of every target, largest share first."""
    targets = [target.language for target in mixture.targets]
    return {key: role_of(key, targets) for key in dict.fromkeys((*mixture.proportions, *targets))}


def shares_by_role(mixture: Mixture) -> dict[Role, float]:
    """Shares of the tokens that are read of targets, of donors, and of other domains, 0-1."""
    known = roles(mixture)
    sums: dict[Role, float] = {"target": 0.0, "donor": 0.0, "domain": 0.0}
    for key, share in mixture.proportions.items():
        sums[known[key]] += share
    return sums


def branches(shares: Mapping[str, float]) -> tuple[str, ...]:
    """The branches of language families among these languages, the largest together first.

    >>> branches({"deu": 0.3, "cat": 0.2, "spa": 0.2, "fin": 0.3})
    ('Romance', 'Germanic', 'Finnic')
    """
    sums: dict[str, float] = {}
    for key, share in shares.items():
        sums[branch_of(key)] = sums.get(branch_of(key), 0.0) + share
    return tuple(sorted(sums, key=lambda branch: -sums[branch]))
