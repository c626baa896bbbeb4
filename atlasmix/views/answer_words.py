"""The sentences of a report: the answer, its proof, its evidence, its sensitivity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from atlasmix.languages import name_of
from atlasmix.mixing.mixture import Certificate, DecayStep, Mixture, Price, TargetEffect
from atlasmix.mixing.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.recipes.rounding import at_most
from atlasmix.scaling.saturation import DECAY_RANGE
from atlasmix.views.words import limits_named, listed, number_text, percent

_SHARE_LIMITS: Final = frozenset({"min", "max", "keep"})


def headline(mixture: Mixture) -> str:
    """The answer in one sentence."""
    parts = [f"{percent(share)} {name_of(key)}" for key, share in mixture.proportions.items()]
    said = f"Read {format_quantity(mixture.tokens)} tokens: {listed(parts)}."
    if mixture.unspent > 1e-6 * mixture.budget:
        said += f" Leave {format_quantity(mixture.unspent)} of the budget unspent."
    return said


def effect_sentence(problem: MixProblem, mixture: Mixture) -> str:
    """What the answer is predicted to give: for one target in full, else the range."""
    if len(mixture.targets) > 1:
        worst = max(mixture.targets, key=_sacrifice)
        return (
            f"Predicted for {len(mixture.targets)} targets; furthest from what it could have as "
            f"the only target: {name_of(worst.language)}, loss {loss_text(worst.loss)} "
            f"against {loss_text(worst.loss_alone)}."
        )
    effect = mixture.targets[0]
    name = name_of(effect.language)
    said = (
        f"Predicted: {format_quantity(effect.effective_data)} effective {name} tokens, "
        f"{percent(effect.transfer_share)} of them from donors; loss {loss_text(effect.loss)}."
    )
    if mixture.donors:
        return said
    return f"{said} {_no_donor(problem, mixture, name)}"


def _no_donor(problem: MixProblem, mixture: Mixture, name: str) -> str:
    """Why nothing is read but the target's own text."""
    if problem.max_donors == 0:
        return "Donors were ruled out (at most 0)."
    if not problem.donor_keys:
        return "The question has no pool of another language."
    binding = [price.limit for price in mixture.prices if price.kind in _SHARE_LIMITS]
    if binding:
        return f"Its limits leave no room for a donor ('{binding[0]}')."
    most = max((share.epochs for share in mixture.read), default=0.0)
    if most <= 1:
        return "Its own text suffices: no donor's token is worth as much."
    if mixture.unspent <= 1e-6 * mixture.budget:
        return (
            f"Its own text, read {most:.3g} times, fills the budget: no donor's token is worth as "
            "much as a repeat."
        )
    return f"No donor helps {name} enough in this evidence."


def gap_text(gap: float, one: str = "one part") -> str:
    """How far from the best possible an answer is, at most.

    >>> gap_text(5e-10), gap_text(9e-7, one="1"), gap_text(0.00123)
    ('one part in a billion', '1 in a million', '0.123%')
    """
    shown = at_most(gap)
    if shown <= 1e-6:
        return f"{one} in a {'billion' if shown <= 1e-9 else 'million'}"
    return f"{number_text(100 * shown, 3)}%"


def proof_sentence(proof: Certificate) -> str:
    """How good the answer is proved to be."""
    if proof.engine == "given":
        return "This mixture was given, not optimised."
    words = gap_text(proof.gap)
    return f"Certified: no mixture within these limits is better by more than {words}."


def penalty_sentence(problem: MixProblem, mixture: Mixture) -> str:
    """What risk aversion took off; empty where nothing."""
    taken = sum(effect.risk_penalty for effect in mixture.targets)
    if taken <= 0:
        return ""
    return (
        f"In choosing, {format_quantity(taken)} effective tokens were taken off for the scores' "
        f"standard errors (risk aversion κ = {problem.risk_aversion:g}); the figures above are "
        "without that charge."
    )


def evidence_sentence(problem: MixProblem, mixture: Mixture) -> str:
    """How many of the scores behind the donors somebody measured."""
    statuses = [
        problem.matrix.pair(source, effect.language).status
        for effect in mixture.targets
        for source in mixture.proportions
        if source != effect.language
    ]
    if not statuses:
        return f"No score of {problem.matrix.name} enters this mixture."
    measured, predicted = statuses.count("measured"), statuses.count("predicted")
    missing = len(statuses) - measured - predicted
    said = (
        f"Scores behind this mixture ({problem.matrix.name}, {problem.matrix.card.metric}): "
        f"{measured} measured, {predicted} predicted by its study"
    )
    return said + (f", {missing} missing and taken as 0." if missing else ".")


def calibration_sentence(problem: MixProblem) -> str:
    """Whose the map from score to transfer weight is; empty where the metric implies it."""
    name = problem.transfer.calibration
    if not name.startswith("affine:"):
        return ""
    return (
        f"Scores became transfer weights by your own map {name}, not by a measurement on this "
        "scale."
    )


def tokens_sentence(problem: MixProblem, mixture: Mixture) -> str:
    """How the unique tokens of the pools that are read were obtained."""
    obtained = [share.pool.obtained for share in mixture.read]
    how = [
        f"{obtained.count(word)} {word}{' from bytes' * (word == 'estimated')}"
        for word in ("counted", "estimated", "stated")
        if word in obtained
    ]
    many = "pool" if len(obtained) == 1 else "pools"
    return f"Unique tokens of {len(obtained)} {many} ({problem.inventory.name}): {listed(how)}."


def decay_sentence(problem: MixProblem, steps: Sequence[DecayStep]) -> str:
    """Whether the set of donors changes with λ, and where."""
    low, high = DECAY_RANGE
    said = f"λ = {problem.decay:g} decides between repeating a language and adding a donor: "
    if len(steps) == 1 and not steps[0].donors:
        return f"{said}no donor is read at any λ from {low:g} to {high:g}."
    if len(steps) == 1:
        return f"{said}the donors stay {_donors(steps[0])} for every λ from {low:g} to {high:g}."
    changes = [f"{_donors(step)} from λ = {step.low:.2g} to {step.high:.2g}" for step in steps]
    more = f"; and {len(changes) - 6} more changes" if len(changes) > 6 else ""
    return f"{said}the donors are {'; '.join(changes[:6])}{more}."


def price_words(price: Price) -> str:
    """A loosening as a person would name it."""
    if price.kind == "budget":
        return f"{price.change} of budget"
    if price.kind == "unique":
        return f"{price.change} of {name_of(price.subject)}"
    return f"{price.change} on '{limits_named(price.limit)}'"


def loss_text(loss: float) -> str:
    """A loss with four decimals; a dash where there is no data at all."""
    return f"{loss:.4f}" if math.isfinite(loss) else "none"


def _sacrifice(effect: TargetEffect) -> float:
    return effect.loss / effect.loss_alone if math.isfinite(effect.loss) else math.inf


def _donors(step: DecayStep) -> str:
    return listed([name_of(key) for key in step.donors]) or "none"
