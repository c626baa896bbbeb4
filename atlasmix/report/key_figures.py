"""The few figures that stand over an answer, each with its unit and a word on what it is."""

from __future__ import annotations

from typing import NamedTuple

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.report.answer_words import gap_text
from atlasmix.report.words import loss_text, percent


class KeyFigure(NamedTuple):
    """A label, a value with its unit, and what it means."""

    label: str
    value: str
    meaning: str


def key_figures(problem: MixProblem, mixture: Mixture) -> tuple[KeyFigure, ...]:
    """Four figures: what is read, what it gives, what donors give, how well that is proved."""
    spent = f"{format_quantity(mixture.tokens)} tokens"
    read = KeyFigure(
        "Read in training",
        spent,
        f"Of a budget of {format_quantity(mixture.budget)} tokens, repeats included.",
    )
    donors = sum(share for key, share in mixture.proportions.items() if key in mixture.donors)
    return (
        read,
        _effect(problem, mixture),
        KeyFigure(
            "Read of donors",
            percent(donors),
            "Share of the tokens read that is in another language than the targets; what it gives "
            "them stands in the sentence above.",
        ),
        _proof(mixture),
    )


def _proof(mixture: Mixture) -> KeyFigure:
    said = (
        "No mixture within these limits, of as many tokens or fewer, is better by more than this "
        "part of the reducible loss."
    )
    if mixture.caveats:
        label = "Best under the law to"
        said += " It is not one to act on as it stands: what stands over the answer says why."
    else:
        label = "Proved best to"
    return KeyFigure(label, gap_text(mixture.certificate.gap, "1"), said)


def _effect(problem: MixProblem, mixture: Mixture) -> KeyFigure:
    if len(mixture.targets) == 1:
        effect = mixture.targets[0]
        return KeyFigure(
            "Predicted effective data",
            f"{format_quantity(effect.effective_data)} tokens",
            f"Worth as many fresh {name_of(effect.language)} tokens; predicted loss "
            f"{loss_text(effect.loss)} ({problem.law.unit}).",
        )
    value, words = mixture.certificate.value, "donors counted less κ standard errors."
    if problem.objective == "worst":
        return KeyFigure(
            "Worst target", f"{value:.3f} ×", f"Largest loss relative to the best alone, {words}"
        )
    meaning = f"Weighted mean of {len(mixture.targets)} targets, {problem.law.unit}, {words}"
    return KeyFigure("Predicted mean loss", loss_text(value), meaning)
