"""The report of an answer, top down: what to do, what it gives, why, what it costs, how sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atlasmix.mixing.allocation import Allocation
from atlasmix.mixing.mixture import Comparison, Mixture, Reason, SensitivityStep
from atlasmix.mixing.problem import MixProblem
from atlasmix.scaling.hardware import Machine
from atlasmix.views.allocation import (
    charged_sentence,
    closed_form_sentence,
    size_proof,
    size_sentence,
    sizes_table,
)
from atlasmix.views.answer_tables import (
    donors_table,
    effects_table,
    flat_in_mixture,
    flatness_note,
    flatness_table,
    mixture_table,
    prices_table,
)
from atlasmix.views.answer_words import (
    better_than_alone_sentence,
    caveat_sentences,
    effect_sentence,
    headline,
    penalty_sentence,
    proof_sentence,
)
from atlasmix.views.baseline_tables import breaking_table, comparison_table
from atlasmix.views.cost import cost_sentence
from atlasmix.views.phase_tables import phases_section
from atlasmix.views.sections import bullets, section
from atlasmix.views.sure_words import sure_sentences
from atlasmix.views.words import limits_named

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
        steps: the answer over the ranges of λ, φ and the worth of synthetic text; empty: not tried.
        saved: file the recipe was written to; empty: none.
        machine: the GPU whose hours are told; None: FLOPs alone.
    """

    problem: MixProblem
    mixture: Mixture
    comparisons: tuple[Comparison, ...]
    reasons: tuple[Reason, ...]
    steps: tuple[SensitivityStep, ...]
    saved: str = ""
    machine: Machine | None = None


def report(found: Report) -> list[RenderableType]:
    """The parts of the report, in reading order, for a console."""
    problem, mixture = found.problem, found.mixture
    parts = _head(found)
    parts += section("Mixture", mixture_table(mixture))
    if mixture.flatness and not flat_in_mixture(mixture):
        parts += section("How much each share matters", flatness_table(mixture), flatness_note())
    if mixture.phases:
        parts += section("Phases", *phases_section(problem, mixture))
    if problem.allocation:
        parts += _sizes(problem, problem.allocation)
    parts += section(
        "Predicted effect (by the law and the scores, not measured)",
        effects_table(mixture),
        penalty_sentence(problem, mixture),
        better_than_alone_sentence(mixture),
    )
    if found.comparisons:
        parts += _baselines(found)
    if found.reasons:
        parts += section("Donors", donors_table(problem, found.reasons))
    if mixture.prices:
        parts += section("What would help most (to first order)", prices_table(mixture.prices))
    sure = [one for one in sure_sentences(problem, mixture, found.steps) if one]
    parts += section("How sure", bullets(sure))
    warnings = told_warnings(mixture)
    if warnings:
        parts += section("Warnings", bullets(warnings))
    return [*parts, *_ending(found)]


def told_warnings(mixture: Mixture) -> tuple[str, ...]:
    """The warnings without what the headline says already, their limits by name."""
    stopped = mixture.stopped
    return tuple(
        limits_named(one) for one in mixture.warnings if not (stopped and one.endswith(stopped))
    )


def _head(found: Report) -> list[RenderableType]:
    """What stands over the tables: caveats before all else, then the answer and its proof."""
    from rich.text import Text

    problem, mixture = found.problem, found.mixture
    size = problem.allocation
    return [
        *(Text(f"Before you use this: {one}", style="bold") for one in caveat_sentences(mixture)),
        *([Text(size_sentence(size), style="bold")] if size else []),
        Text(headline(mixture), style="bold"),
        Text(effect_sentence(problem, mixture)),
        Text(proof_sentence(mixture)),
        Text(cost_sentence(mixture, found.machine)),
    ]


def _sizes(problem: MixProblem, found: Allocation) -> list[RenderableType]:
    """Other divisions of the compute, and what their losses and the proof mean."""
    return section(
        "Other sizes at the same compute",
        sizes_table(found),
        charged_sentence(problem),
        size_proof(found),
        closed_form_sentence(problem, found),
    )


def _baselines(found: Report) -> list[RenderableType]:
    """Those within the limits, and apart from them those that break one."""
    asked = found.problem, found.mixture, found.comparisons
    parts = section("Compared with, on the same objective", comparison_table(*asked))
    broken = breaking_table(*asked)
    if broken is not None:
        parts += section("Break a limit, so no alternatives", broken)
    return parts


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
    parts: list[RenderableType] = [
        *(Text(f"Before you use this: {one}", style="bold") for one in caveat_sentences(mixture)),
        Text(headline(mixture), style="bold"),
    ]
    if inside:
        parts += section("Read, and why", bullets(inside))
    if outside:
        parts += section("Left out, and why", bullets(outside))
    return parts
