r"""The curse of multilinguality by a law learned from runs, between two counts of languages.

K languages read evenly have own shares of 1/K, and their D_eff is 1 + (K - 1)·τ times their own
tokens, τ the mean over pairs. Neither is a power of K. Between two counts each is one all the same:
φ and ψ of the :class:`~atlasmix.laws.kinds.CurseLaw` are the powers that give both ends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from atlasmix.errors import ProblemError
from atlasmix.laws.kinds import CurseLaw, LossLaw, TargetLaws

_BESIDE = 1.01
"""Where both counts are one: the power of the slope there, by a count so much larger."""


def typical(laws: Sequence[LossLaw], params: float, tokens: float) -> dict[str, float]:
    """E, A, α, B and β of a typical target: the medians of its terms at one N and D, and of α, β.

    A and α of one fit go together: medians of each by itself would be the law of no language.

    >>> law = LossLaw("a", 1.0, 100.0, 0.3, 50.0, 0.2, "nats", "", "")
    >>> round(typical([law], 1e9, 1e10)["A"], 6)
    100.0
    """
    alpha = float(np.median([law.alpha for law in laws]))
    beta = float(np.median([law.beta for law in laws]))
    capacity = float(np.median([law.A * math.pow(params, -law.alpha) for law in laws]))
    data = float(np.median([law.data_loss(tokens) for law in laws]))
    return {
        "E": float(np.median([law.E for law in laws])),
        "A": capacity * math.pow(params, alpha),
        "alpha": alpha,
        "B": data * math.pow(tokens, beta),
        "beta": beta,
    }


def curse_between(law: TargetLaws, before: int, after: int) -> CurseLaw:
    """The law between two counts of languages, all read evenly.

    Args:
        law: learned from runs that differ in N and in D.
        before, after: languages served now, and to be served.

    Raises:
        ProblemError: its runs do not say what parameters and tokens do, or no capacity is lost.
    """
    if not (law.params_vary and law.tokens_vary):
        same = "tokens" if law.params_vary else "parameters"
        raise ProblemError(
            f"the runs behind law {law.name} all have the same {same}, so it does not say how much "
            "more of either serves more languages",
            field="law",
            hint=f"add runs of other {same} and learn it again, or take a law of kind curse",
            value=law.name,
        )
    middle = _powers(law, law.targets, _mean_weight(law, None), before, after)
    if middle["A"] <= 0:
        raise ProblemError(
            f"law {law.name} has no capacity term: in its runs no language took any from another",
            field="law",
            value=law.name,
        )
    corners = []
    for draw, targets in enumerate(law.draws):
        drawn = _powers(law, targets, _mean_weight(law, draw), before, after)
        corners.append((drawn["phi"], drawn["psi"], drawn["alpha"], drawn["beta"]))
    return CurseLaw(
        name=law.name,
        **middle,
        corners=tuple(corners),
        fitted_params=law.fitted_params,
        fitted_languages=(1.0, float(len(law.targets))),
        resamples=len(corners),
    )


def _mean_weight(law: TargetLaws, draw: int | None) -> float:
    """Mean τ from one target to another."""
    assert law.transfer is not None
    places = [law.transfer.keys.index(target.language) for target in law.targets]
    count = len(places)
    if count < 2:
        return 0.0
    square = law.transfer.scores[np.ix_(places, places)]
    if draw is not None and law.weights is not None:
        square = law.weights[draw][places]
    return float((square.sum() - np.trace(square)) / (count * (count - 1)))


def _powers(
    law: TargetLaws, targets: Sequence[LossLaw], weight: float, before: int, after: int
) -> dict[str, float]:
    """The constants of the law in K that agrees with the targets' at both counts."""
    usual = typical(targets, law.params, law.tokens)
    phi = float(np.median([target.phi for target in targets]))
    least = float(np.median([target.least for target in targets]))
    other = float(after) if after != before else before * _BESIDE
    ratio = math.log(other / before)

    def reach(count: float) -> float:
        return least + (1.0 - least) / count

    def gain(count: float) -> float:
        return 1.0 + (count - 1.0) * weight

    power = phi * math.log(reach(before) / reach(other)) / ratio
    psi = -usual["beta"] * math.log(gain(other) / gain(before)) / ratio
    return {
        **usual,
        "A": usual["A"] * reach(before) ** -phi / before**power,
        "B": usual["B"] * gain(before) ** -usual["beta"] / before**psi,
        "phi": power,
        "psi": psi,
    }
