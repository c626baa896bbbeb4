"""The report of an answer, top down: what to do, what it gives, why, what it costs, how sure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atlasmix.mixing.mixture import Comparison, DecayStep, Mixture, Reason
from atlasmix.mixing.problem import MixProblem
from atlasmix.views.allocation import (
    closed_form_sentence,
    size_proof,
    size_sentence,
    sizes_table,
)
from atlasmix.views.answer_tables import (
    comparison_table,
    donors_table,
    effects_table,
    mixture_table,
    prices_table,
)
from atlasmix.views.answer_words import (
    calibration_sentence,
    decay_sentence,
    effect_sentence,
    evidence_sentence,
    headline,
    penalty_sentence,
    proof_sentence,
    tokens_sentence,
)
from atlasmix.views.phase_tables import phases_section
from atlasmix.views.sections import bullets, section

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Everything that the report of ``solve`` tells.

    Attributes:
        problem: what was asked.
        mixture: what was answered.
        comparisons: baselines on the same objective.
        reasons: why each donor is read or not.
        steps: the set of donors over the range of λ; empty: not tried.
        saved: file the recipe was written to; empty: none.
    """

    problem: MixProblem
    mixture: Mixture
    comparisons: tuple[Comparison, ...]
    reasons: tuple[Reason, ...]
    steps: tuple[DecayStep, ...]
    saved: str = ""


def report(found: Report) -> list[RenderableType]:
    """The parts of the report, in reading order, for a console."""
    from rich.text import Text

    problem, mixture = found.problem, found.mixture
    size = problem.allocation
    parts: list[RenderableType] = [
        *([Text(size_sentence(size), style="bold")] if size else []),
        Text(headline(mixture), style="bold"),
        Text(effect_sentence(problem, mixture)),
        Text(proof_sentence(mixture.certificate)),
    ]
    parts += section("Mixture", mixture_table(mixture))
    if mixture.phases:
        parts += section("Phases", *phases_section(problem, mixture))
    if size:
        said = (size_proof(size), closed_form_sentence(problem, size))
        parts += section("Other sizes at the same compute", sizes_table(size), *said)
    penalty = penalty_sentence(problem, mixture)
    parts += section(
        "Predicted effect (by the law and the scores, not measured)",
        effects_table(mixture),
        penalty,
    )
    if found.comparisons:
        table = comparison_table(problem, mixture, found.comparisons)
        parts += section("Compared with, on the same objective", table)
    if found.reasons:
        parts += section("Donors", donors_table(found.problem, found.reasons))
    if mixture.prices:
        parts += section("What would help most (to first order)", prices_table(mixture.prices))
    parts += section("How sure", *sure_sentences(found))
    if mixture.warnings:
        parts += section("Warnings", bullets(mixture.warnings))
    return [*parts, *_ending(found)]


def sure_sentences(found: Report) -> Iterator[str]:
    """What the answer rests on: scores, tokens, law, and what λ does to it."""
    yield evidence_sentence(found.problem, found.mixture)
    yield calibration_sentence(found.problem)
    yield tokens_sentence(found.problem, found.mixture)
    if found.steps:
        yield decay_sentence(found.problem, found.steps)
    if found.problem.interference < 1:
        yield (
            f"Negative scores are believed to {found.problem.interference:.0%} (--interference): "
            "harm between languages is understated by choice."
        )
    law = found.problem.law
    if law.decay is not None:
        own = found.problem.decay == law.decay
        yield (
            f"λ = {law.decay:.3g} was fitted together with law {law.name}"
            + (" and is used here." if own else f"; this answer uses {found.problem.decay:g}.")
        )
    yield (
        f"Law {law.name}: {law.measured_on}. Losses are in {law.unit}; they compare mixtures of "
        "one target, not targets with each other."
    )


def _ending(found: Report) -> list[RenderableType]:
    from rich.text import Text

    if found.saved:
        return [Text(f"\nRecipe written to {found.saved}.")]
    return [Text("\nAdd --output recipe.yaml to keep this answer as a recipe.", style="dim")]


def explanation(mixture: Mixture, reasons: tuple[Reason, ...]) -> list[RenderableType]:
    """What ``explain`` prints: the answer, then a sentence for every donor, in and out."""
    from rich.text import Text

    inside = tuple(reason.sentence for reason in reasons if reason.proportion > 0)
    outside = tuple(reason.sentence for reason in reasons if reason.proportion <= 0)
    parts: list[RenderableType] = [Text(headline(mixture), style="bold")]
    if inside:
        parts += section("Read, and why", bullets(inside))
    if outside:
        parts += section("Left out, and why", bullets(outside))
    return parts
