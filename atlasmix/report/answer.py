"""How a compute budget was divided between parameters and tokens, in words and a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atlasmix.laws.hardware import Machine, training_flops
from atlasmix.mixture.mixture import Comparison, Mixture, Reason, SensitivityStep
from atlasmix.problem.problem import Allocation, MixProblem
from atlasmix.quantities import format_flops, format_quantity
from atlasmix.report.answer_tables import (
    breaking_table,
    comparison_table,
    donors_table,
    effects_table,
    flat_in_mixture,
    flatness_note,
    flatness_table,
    mixture_table,
    phases_section,
    prices_table,
)
from atlasmix.report.answer_words import (
    better_than_alone_sentence,
    caveat_sentences,
    effect_sentence,
    gap_text,
    headline,
    penalty_sentence,
    proof_sentence,
)
from atlasmix.report.certainty import sure_sentences
from atlasmix.report.layout import FittingTable, bullets, section
from atlasmix.report.words import limits_named, number_text

if TYPE_CHECKING:
    from rich.console import RenderableType


def size_sentence(found: Allocation) -> str:
    """The size in one sentence."""
    ratio = _ratio(found.tokens, found.params)
    return (
        f"Spend {format_flops(found.compute)} FLOPs on {format_quantity(found.params)} parameters "
        f"and {format_quantity(found.tokens)} tokens ({ratio} tokens a parameter)."
    )


def size_proof(found: Allocation) -> str:
    """How good that division is proved to be."""
    words = gap_text(found.gap)
    if found.proved:
        return (
            f"No other number of parameters, with its own best mixture, takes more than {words} "
            "off the reducible loss."
        )
    limits = "; ".join(f"'{name}'" for name in found.without)
    return (
        f"Even without {limits}, left out of this bound because the search over sizes is not "
        f"convex with it, no size and mixture takes more than {words} off the reducible loss."
    )


def sizes_table(found: Allocation) -> FittingTable:
    """Other sizes at the same compute, each with its own best mixture."""
    table = FittingTable(">parameters", ">tokens", ">tokens a parameter", ">loss", ">worse by")
    smaller = [one for one in found.others if one.params < found.params]
    larger = [one for one in found.others if one.params >= found.params]
    for one in smaller:
        table.add_row(*_row(one.params, one.tokens, one.loss, found.loss))
    table.add_row(*_row(found.params, found.tokens, found.loss, None), style="bold")
    for one in larger:
        table.add_row(*_row(one.params, one.tokens, one.loss, found.loss))
    return table


def charged_sentence(problem: MixProblem) -> str:
    """That the losses of the table are those of the choice; empty where nothing was charged."""
    if problem.risk_aversion <= 0:
        return ""
    return (
        "These losses count donors less the doubt about their scores, as the choice did; the loss "
        "above counts them whole."
    )


def closed_form_sentence(problem: MixProblem, found: Allocation) -> str:
    """What the law alone would say, without repetition and transfer."""
    tokens = found.compute / (6 * found.fresh_params)
    return (
        f"With unlimited fresh text of one kind, law {problem.law.name} would say "
        f"{format_quantity(found.fresh_params)} parameters and {format_quantity(tokens)} tokens."
    )


def _ratio(tokens: float, params: float) -> str:
    """Tokens a parameter, in three digits and never with an exponent."""
    return number_text(tokens / params, 3)


def _row(params: float, tokens: float, loss: float, best: float | None) -> list[str]:
    return [
        format_quantity(params),
        format_quantity(tokens),
        _ratio(tokens, params),
        f"{loss:.4f}",
        "" if best is None else f"{loss - best:+.4f}",
    ]


def cost_sentence(mixture: Mixture, machine: Machine | None = None) -> str:
    """What training on what is read costs, in FLOPs and, on a GPU that is named, in hours."""
    flops = training_flops(mixture.params, mixture.tokens)
    said = (
        f"Training costs {format_flops(flops)} FLOPs (6ND: {format_quantity(mixture.params)} "
        f"parameters, {format_quantity(mixture.tokens)} tokens)"
    )
    if machine is None:
        return f"{said}."
    return (
        f"{said}, {format_quantity(machine.hours(flops))} GPU-hours ({machine.gpu.name}, "
        f"{machine.gpu.peak / 1e12:.4g} TFLOP/s in dense BF16, of which training gets "
        f"{machine.utilisation:.0%})."
    )


def cost_data(mixture: Mixture, machine: Machine | None = None) -> dict[str, Any]:
    """The same as plain data."""
    flops = training_flops(mixture.params, mixture.tokens)
    found: dict[str, Any] = {"params": mixture.params, "tokens": mixture.tokens, "flops": flops}
    if machine is None:
        return found
    return {
        **found,
        "gpu": machine.gpu.name,
        "peak_flops": machine.gpu.peak,
        "utilisation": machine.utilisation,
        "gpu_hours": machine.hours(flops),
    }


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
