"""Donors that nobody would have thought of: read for a target on no more than a predicted score."""

from __future__ import annotations

import math
from dataclasses import dataclass

from atlasmix.errors import DataError
from atlasmix.languages import language, name_of
from atlasmix.mixing.limits import KeepTokens, ShareLimit
from atlasmix.mixing.mixture import Mixture, TargetEffect
from atlasmix.mixing.problem import MixProblem


@dataclass(frozen=True, slots=True)
class Stranger:
    """A donor without family or script in common with the target it is read for."""

    donor: str
    target: str
    share: float

    @property
    def words(self) -> str:
        """``Mandarin Chinese for Welsh``."""
        return f"{name_of(self.donor)} for {name_of(self.target)}"


def strangers(problem: MixProblem, mixture: Mixture) -> tuple[Stranger, ...]:
    """All of them, largest share first; not those that a limit of the user's own asks for."""
    asked = [
        limit.selection
        for limit in problem.limits
        if isinstance(limit, KeepTokens) or (isinstance(limit, ShareLimit) and limit.bound == "min")
    ]
    wanted = {
        pool.language
        for pool in problem.pools
        if any(selection.matches(pool) for selection in asked)
    }
    transfer, found = problem.transfer, []
    for donor in mixture.donors:
        if donor in wanted or donor not in transfer.keys:
            continue
        at = transfer.index(donor)

        def worth(effect: TargetEffect, at: int = at) -> float:
            """What the donor's next token takes off this target's loss, but for a constant."""
            tau = float(transfer.weights[at, transfer.index(effect.language)])
            data = effect.data_loss / effect.effective_data if effect.effective_data > 0 else 0.0
            return effect.weight * tau * (data if math.isfinite(data) else 0.0)

        target = max(mixture.targets, key=worth).language
        status = problem.matrix.pair(donor, target).status
        if status == "predicted" and not related(donor, target):
            found.append(Stranger(donor, target, mixture.proportions[donor]))
    return tuple(found)


def related(one: str, other: str) -> bool:
    """Whether two languages share a family or a script; labels of a domain are not judged.

    >>> related("cat", "spa"), related("cmn", "cym")
    (True, False)
    """
    try:
        first, second = language(one), language(other)
    except DataError:
        return True
    same_script = (one.partition("_")[2] or first.script) == (
        other.partition("_")[2] or second.script
    )
    return first.family == second.family or same_script
