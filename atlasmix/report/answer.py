"""The report of an answer, built once: what was asked, what to read, what it gives, how sure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

from atlasmix.errors import ProblemError
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.hardware import Machine, training_flops
from atlasmix.mixture.caveats import unspent_warning
from atlasmix.mixture.mixture import Comparison, Mixture, Reason, SensitivityStep
from atlasmix.mixture.shares import ShareReason
from atlasmix.problem.command import needs_file, solve_command
from atlasmix.problem.constraints import title_of
from atlasmix.problem.link import short_question
from atlasmix.problem.problem import Allocation, MixProblem
from atlasmix.problem.steps import Step
from atlasmix.quantities import format_flops, format_quantity
from atlasmix.recipe.file import dump_question
from atlasmix.report.answer_tables import (
    baseline_sentences,
    breaking_table,
    comparison_table,
    donors_table,
    effects_table,
    flat_in_mixture,
    flatness_note,
    flatness_table,
    judged_table,
    languages_beside,
    languages_table,
    mixture_table,
    phases_sentence,
    phases_table,
    prices_table,
)
from atlasmix.report.answer_words import (
    better_than_alone_sentence,
    caveat_sentences,
    drift_sentence,
    effect_sentence,
    flat_sentence,
    gap_text,
    headline,
    objective_sentence,
    penalty_sentence,
    proof_sentence,
)
from atlasmix.report.blocks import (
    Block,
    Caution,
    Column,
    Fact,
    Facts,
    Figure,
    Heading,
    Row,
    Sentence,
    Sentences,
    Table,
    Verbatim,
    blocks_of,
    section,
)
from atlasmix.report.certainty import (
    DECAY,
    EXPONENT,
    donors_change,
    steps_by_constant,
    sure_sentences,
)
from atlasmix.report.citations import cited
from atlasmix.report.collapse import collapse_blocks
from atlasmix.report.evidence import coverage, coverage_table
from atlasmix.report.figures.effect import (
    effect_figure,
    flatness_figure,
    prices_figure,
    sensitivity_figure,
)
from atlasmix.report.figures.mixture import mixture_alt, mixture_bars
from atlasmix.report.figures.phases import phases_alt, phases_figure
from atlasmix.report.figures.scaling import sizes_figure
from atlasmix.report.findings import Findings
from atlasmix.report.flows import flow_blocks
from atlasmix.report.overview import key_figures, question_facts
from atlasmix.report.report import Report
from atlasmix.report.shares import shares_blocks
from atlasmix.report.uncertainty import matrices_table, uncertainty_blocks
from atlasmix.report.words import number_text
from atlasmix.text import listed
from atlasmix.version import __version__


def size_sentence(allocation: Allocation) -> str:
    """The size in one sentence."""
    ratio = _ratio(allocation.tokens, allocation.params)
    return (
        f"Spend {format_flops(allocation.compute)} FLOPs on {format_quantity(allocation.params)} "
        f"parameters and {format_quantity(allocation.tokens)} tokens ({ratio} tokens a parameter)."
    )


def size_proof(problem: MixProblem, allocation: Allocation) -> str:
    """How good that division is proved to be."""
    words = gap_text(allocation.gap)
    if allocation.proved:
        return (
            f"No other number of parameters, with its own best mixture, takes more than {words} "
            "off the reducible loss."
        )
    limits = "; ".join(f"'{title_of(name, problem.limits)}'" for name in allocation.without)
    return (
        f"Even without {limits}, left out of this proof because the search over sizes is not "
        f"convex with it, no size and mixture takes more than {words} off the reducible loss."
    )


def sizes_table(allocation: Allocation) -> Table:
    """Other sizes at the same compute, each with its own best mixture."""
    smaller = [each for each in allocation.others if each.params < allocation.params]
    larger = [each for each in allocation.others if each.params >= allocation.params]
    rows = [
        Row(
            (
                each.params,
                each.tokens,
                each.tokens / each.params,
                each.loss,
                each.loss - allocation.loss,
            )
        )
        for each in (*smaller, *larger)
    ]
    ratio = allocation.tokens / allocation.params
    chosen = Row((allocation.params, allocation.tokens, ratio, allocation.loss, None), "chosen")
    rows.insert(len(smaller), chosen)
    return Table(
        (
            Column("parameters", "parameters"),
            Column("tokens", "tokens"),
            Column("tokens a parameter", "ratio"),
            Column("loss", "loss"),
            Column("worse by", "loss difference"),
        ),
        tuple(rows),
        title="Other sizes at the same compute",
    )


def charged_sentence(problem: MixProblem) -> str:
    """That the losses of the table are those of the choice; empty where nothing was charged."""
    if not problem.charges_doubt:
        return ""
    return (
        "These losses count donors less the doubt about their scores, as the choice did; the loss "
        "above counts them whole."
    )


def closed_form_sentence(problem: MixProblem, allocation: Allocation) -> str:
    """What the law alone would say, without repetition and transfer."""
    tokens = allocation.compute / (6 * allocation.fresh_params)
    return (
        f"With unlimited fresh text of one kind, law {problem.law.name} would say "
        f"{format_quantity(allocation.fresh_params)} parameters and {format_quantity(tokens)} "
        "tokens."
    )


def _ratio(tokens: float, params: float) -> str:
    """Tokens a parameter, in three digits and never with an exponent."""
    return number_text(tokens / params, 3)


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
    costs: dict[str, Any] = {"params": mixture.params, "tokens": mixture.tokens, "flops": flops}
    if machine is None:
        return costs
    return {
        **costs,
        "gpu": machine.gpu.name,
        "peak_flops": machine.gpu.peak,
        "utilisation": machine.utilisation,
        "gpu_hours": machine.hours(flops),
    }


def answer_report(
    problem: MixProblem, mixture: Mixture, findings: Findings | None = None
) -> Report:
    """The report of an answer: every sentence, table and figure of it, in reading order.

    Args:
        problem: what was asked.
        mixture: what was answered.
        findings: what else is known of the answer; None: nothing.
    """
    told = findings or Findings()
    blocks = (
        *_head(problem, mixture, told),
        *section(Heading("What to try instead"), _sentences(map(_tried, told.advice))),
        *section(Heading("In a few figures", detail=True), _figures(problem, mixture, told)),
        *section(Heading("The question", detail=True), Facts(question_facts(problem))),
        *_mixture(problem, mixture),
        *section(Heading("Other sizes at the same compute"), *sizes_blocks(problem)),
        *section(
            Heading("Predicted effect (by the law and the scores, not measured)"),
            *effects_blocks(problem, mixture),
        ),
        *section(
            Heading("Where the effective tokens come from", detail=True),
            *flow_blocks(problem, mixture),
        ),
        *_comparisons(problem, mixture, told),
        *section(Heading("Why each share", detail=True), *shares_blocks(problem, told.shares)),
        *_donors(problem, told.reasons),
        *section(
            Heading("What would help most (to first order)"), *prices_blocks(problem, mixture)
        ),
        *collapse_blocks(problem, mixture),
        *uncertainty_blocks(problem, mixture),
        *_certainty(problem, mixture, told.steps),
        *section(Heading("Warnings"), _sentences(told_warnings(mixture))),
        *section(Heading("Evidence", detail=True), *cited(problem, mixture, told.models)),
        *_again(problem, told.command),
    )
    return Report(f"A training mixture for {_whose(problem)}", blocks)


def explanation_report(
    problem: MixProblem,
    mixture: Mixture,
    reasons: tuple[Reason, ...],
    shares: tuple[ShareReason, ...],
    chosen: tuple[str, ...] = (),
) -> Report:
    """What ``explain`` prints: the answer, every share, the donors, a sentence for each of them.

    Args:
        problem: the question.
        mixture: its answer.
        reasons: of the donors.
        shares: of every language.
        chosen: languages to tell of in sentences, and of no donor then; none: where they are few.
    """
    inside = tuple(reason.sentence for reason in reasons if reason.proportion > 0)
    outside = tuple(reason.sentence for reason in reasons if reason.proportion <= 0)
    donors = (
        *section(Heading("Donors"), donors_table(problem, reasons) if reasons else None),
        *section(Heading("Read, and why"), _sentences(inside)),
        *section(Heading("Left out, and why"), _sentences(outside)),
    )
    blocks = (
        *map(Caution, caveat_sentences(mixture)),
        Sentence(headline(mixture), strong=True),
        *section(Heading("Why each share"), *shares_blocks(problem, shares, chosen)),
        *(() if chosen else donors),
    )
    return Report(f"Why this mixture for {_whose(problem)}", blocks)


def _tried(step: Step) -> str:
    """A change as one types it."""
    command = solve_command(step.question) if not needs_file(step.question) else "in a file"
    return f"{step.limit}: {step.change}: {command}"


def told_warnings(mixture: Mixture) -> tuple[str, ...]:
    """The warnings without what the headline says already."""
    said = unspent_warning(mixture)
    return tuple(warning for warning in mixture.warnings if warning != said)


def _whose(problem: MixProblem) -> str:
    names = [name_of(key) for key in problem.target_keys]
    return listed(names, 3) if len(names) <= 3 else f"{len(names)} languages"


def _sentences(texts: Iterable[str]) -> Sentences | None:
    """A list of those that say something; None where none does."""
    said = tuple(filter(None, texts))
    return Sentences(said) if said else None


def _head(problem: MixProblem, mixture: Mixture, told: Findings) -> tuple[Block, ...]:
    """What stands over the tables: caveats before all else, then the answer and its proof."""
    size = problem.allocation
    return (
        *map(Caution, caveat_sentences(mixture)),
        *([Sentence(size_sentence(size), strong=True)] if size else []),
        Sentence(headline(mixture), strong=True),
        Sentence(effect_sentence(problem, mixture)),
        Sentence(proof_sentence(mixture)),
        *map(Sentence, filter(None, [flat_sentence(problem, mixture, told.comparisons)])),
        Sentence(cost_sentence(mixture, told.machine)),
    )


def _figures(problem: MixProblem, mixture: Mixture, told: Findings) -> Facts:
    figures = key_figures(problem, mixture, told.machine)
    return Facts(
        tuple(Fact(figure.label, figure.value, figure.meaning) for figure in figures), large=True
    )


def _mixture(problem: MixProblem, mixture: Mixture) -> tuple[Block, ...]:
    """Shares by language and by pool, how far they may move, and the phases."""
    bars = Figure(
        "mixture", "Shares of the tokens read", mixture_alt(mixture), partial(mixture_bars, mixture)
    )
    ranges = Figure(
        "ranges",
        "How far each share may move before it matters",
        f"What the share of each language may be; a table of this page has it. {flatness_note()}",
        partial(flatness_figure, mixture),
    )
    flat, beside = bool(mixture.flatness), flat_in_mixture(mixture)
    several = len(mixture.read) > len(mixture.proportions)
    return (
        *section(
            Heading("Mixture by language", detail=True),
            languages_table(mixture) if several else None,
        ),
        *section(
            # The bars have the ranges where the table has them.
            Heading("Mixture"),
            bars,
            mixture_table(mixture),
        ),
        *section(
            Heading("How much each share matters"),
            *((ranges, flatness_table(mixture), flatness_note()) if flat and not beside else ()),
        ),
        *section(Heading("Phases"), *phases_blocks(problem, mixture)),
    )


def phases_blocks(problem: MixProblem, mixture: Mixture) -> tuple[Block, ...]:
    """What each phase of the run reads, and why so; nothing where the run has none."""
    if not mixture.phases:
        return ()
    draw = partial(phases_figure, mixture)
    return blocks_of(
        Figure("phases", "What each phase reads", phases_alt(mixture), draw),
        phases_table(mixture),
        phases_sentence(problem, mixture),
    )


def effects_blocks(problem: MixProblem, mixture: Mixture) -> tuple[Block, ...]:
    """The predicted effect on each target, and what of it the choice did not count on."""
    return blocks_of(
        effects_table(mixture),
        objective_sentence(problem),
        matrices_table(problem, mixture),
        penalty_sentence(problem, mixture),
        drift_sentence(problem, mixture),
        better_than_alone_sentence(mixture),
    )


def sizes_blocks(problem: MixProblem) -> tuple[Block, ...]:
    """Other divisions of the compute, and what their losses and the proof mean."""
    result = problem.allocation
    if result is None:
        return ()
    alt = "Predicted loss at each size that was tried; the table under it has the numbers."
    return blocks_of(
        Figure("sizes", "Predicted loss by size", alt, partial(sizes_figure, problem, result)),
        sizes_table(result),
        charged_sentence(problem),
        size_proof(problem, result),
        closed_form_sentence(problem, result),
    )


def _comparisons(problem: MixProblem, mixture: Mixture, told: Findings) -> tuple[Block, ...]:
    """Those within the limits, apart from them those that break one; then all by language."""
    if not told.comparisons and not told.models:
        return ()
    result = problem, mixture, told.comparisons
    beside = "The share of each language, here and in each baseline"
    real = "The share of each language, here and in each model"
    models = (
        (
            "What real models were trained on, as far as it is known, over the pools of this "
            "question: they are judged without what has no pool here, the rest scaled to 1; by "
            "language they stand as they were published.",
            judged_table(problem, mixture, told.models),
            languages_beside(mixture, told.models, real),
        )
        if told.models
        else ()
    )
    return (
        *section(
            Heading("Compared with, on the same objective"),
            *(comparison_blocks(*result) if told.comparisons else ()),
        ),
        *section(Heading("Break a limit, so no alternatives"), breaking_table(*result)),
        *section(
            Heading("Baselines by language", detail=True),
            languages_beside(mixture, _nearest_in_loss(told.baselines), beside)
            if told.baselines
            else None,
            _sentences(baseline_sentences(baseline.name for baseline in told.baselines)),
        ),
        *section(Heading("Published mixtures by language", detail=True), *models),
    )


_MOST_BESIDE: Final = 6
"""Baselines whose shares stand beside those of the answer: as many columns as a sheet holds."""


def _nearest_in_loss(baselines: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """The baselines that are alternatives, best first, then the others, as many as have room."""
    ranked = sorted(baselines, key=lambda each: (not each.within_limits, each.value))
    return tuple(ranked[:_MOST_BESIDE])


def comparison_blocks(
    problem: MixProblem, mixture: Mixture, comparisons: tuple[Comparison, ...]
) -> tuple[Block, ...]:
    """The effect beside that of every baseline, and those of them within the limits.

    Where no baseline keeps them there is nothing to draw the effect beside.
    """
    effect = Figure(
        "effect",
        "Predicted effect, against what it would replace",
        "Predicted loss of this mixture and of each baseline; the tables have the numbers.",
        partial(effect_figure, problem, mixture, comparisons),
    )
    table = comparison_table(problem, mixture, comparisons)
    return (effect, table) if any(each.within_limits for each in comparisons) else (table,)


def _donors(problem: MixProblem, reasons: tuple[Reason, ...]) -> tuple[Block, ...]:
    why = _sentences(reason.sentence for reason in reasons)
    return (
        *section(Heading("Donors"), donors_table(problem, reasons) if reasons else None),
        *section(Heading("Why each donor is read or not", detail=True), why),
    )


def prices_blocks(problem: MixProblem, mixture: Mixture) -> tuple[Block, ...]:
    """What each limit costs, in a figure and a table; nothing where none does."""
    if not mixture.prices:
        return ()
    return blocks_of(
        Figure(
            "prices",
            "What a little more of each limit would give",
            "What loosening each limit by a little would give; the table has the numbers.",
            partial(prices_figure, problem, mixture.prices),
        ),
        prices_table(problem, mixture.prices),
    )


def _certainty(
    problem: MixProblem, mixture: Mixture, steps: tuple[SensitivityStep, ...]
) -> tuple[Block, ...]:
    """What the answer rests on, what other constants would change, what nobody measured."""
    figures = [
        Figure(
            f"sensitivity-{name}",
            f"Donors over the range of {constant}",
            f"Which donors are read over the range of {constant} that was published; the dotted "
            "line is the value of this answer.",
            partial(sensitivity_figure, problem, steps, constant),
        )
        for constant, name in ((DECAY, "decay"), (EXPONENT, "exponent"))
        if donors_change(steps_by_constant(steps).get(constant, ()))
    ]
    rows = coverage(problem)
    return (
        *section(
            Heading("How sure"), _sentences(sure_sentences(problem, mixture, steps)), *figures
        ),
        *section(
            Heading("What was measured, and what predicted", detail=True),
            coverage_table(rows),
            _sentences(gap for row in rows for gap in row.gaps),
        ),
    )


def _again(problem: MixProblem, command: str) -> tuple[Block, ...]:
    """How the same question is asked again: the command, the file, the version."""
    try:
        file = Verbatim(dump_question(short_question(problem)))
    except ProblemError as error:
        said, file = f"The question cannot be written as a file: {error}.", None
    else:
        said = "The question as a file (problem.yaml):"
    return section(
        Heading("How to reproduce it", detail=True),
        f"AtlasMix {__version__} made this answer; the same version with the evidence above gives "
        "it again.",
        Verbatim(command) if command else None,
        said,
        file,
    )
