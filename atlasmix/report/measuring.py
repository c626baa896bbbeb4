"""What to measure next, in sentences, a table and a ranked chart."""

from __future__ import annotations

from functools import partial

from atlasmix.languages.catalogue import name_of
from atlasmix.laws.hardware import Machine
from atlasmix.mixture.measuring import Measurement, MeasuringPlan
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.report.blocks import Column, Figure, Heading, Row, Sentence, Sentences, Table, section
from atlasmix.report.figures.measuring import measuring_chart
from atlasmix.report.report import Report
from atlasmix.report.words import number_text, percent
from atlasmix.text import listed


def measuring_report(
    problem: MixProblem, plan: MeasuringPlan, machine: Machine | None = None
) -> Report:
    """The plan for a question.

    Args:
        problem: the question.
        plan: what was found.
        machine: for GPU-hours, or None.
    """
    whose = listed([name_of(key) for key in problem.target_keys], 4)
    chart = Figure(
        "measuring",
        "What knowing each pair would take off the regret",
        "The regret that each measurement is expected to take off, one after another; the table "
        "has the numbers.",
        partial(measuring_chart, plan),
    )
    some = bool(plan.measurements)
    blocks = (
        Sentence(headline(plan), strong=True),
        *section(
            Heading("Measure in this order"),
            chart if some else None,
            measuring_table(plan, machine) if some else None,
            Sentences(tuple(_notes(problem, plan))) if some else None,
        ),
    )
    return Report(f"What to measure next for {whose}", blocks)


def headline(plan: MeasuringPlan) -> str:
    """What not knowing costs now, and what the plan takes off it."""
    now = (
        f"Chosen by what is known now, the mixture is expected to lose {number_text(plan.regret)} "
        f"({percent(plan.regret / plan.reducible)} of the reducible loss) against whoever knew "
        f"every score, over {plan.draws} worlds drawn from the evidence"
    )
    if not plan.measurements:
        return (
            f"{now}: none of the {plan.pairs} pairs that could be measured would take off more "
            "than a fiftieth of it, so measuring is not worth a run here."
        )
    taken = sum(each.value for each in plan.measurements)
    return (
        f"{now}. Measuring {_count(len(plan.measurements))} below would take off "
        f"{number_text(taken)}, {percent(taken / plan.regret)} of it."
    )


def _count(measurements: int) -> str:
    return "the pair" if measurements == 1 else f"the {measurements} pairs"


def measuring_table(plan: MeasuringPlan, machine: Machine | None) -> Table:
    """One line a measurement, in their order."""
    rows = []
    for place, each in enumerate(plan.measurements, 1):
        hours = None if machine is None else machine.hours(each.flops + each.alone_flops)
        rows.append(
            Row(
                (
                    str(place),
                    pair_name(each),
                    _both(each.score, each.score_stderr),
                    f"{percent(each.value / plan.regret)} "
                    f"±{percent(each.value_stderr / plan.regret)}",
                    number_text(each.left, 2),
                    each.tokens + len(each.alone) * each.target_tokens,
                    each.flops + each.alone_flops,
                    *([] if hours is None else [number_text(hours, 2)]),
                )
            )
        )
    return Table(
        (
            Column("", title="place"),
            Column("pair"),
            Column("score now", meaning="as the worlds have it, with its standard deviation"),
            Column(
                "takes off",
                meaning="of the expected regret, with those above known, and one standard error",
            ),
            Column("leaves", meaning="expected regret once it is known"),
            Column("tokens", "tokens", "of its runs that none above has made"),
            Column("FLOPs", "FLOPs", "of the same runs"),
            *([] if machine is None else [Column("GPU-hours")]),
        ),
        tuple(rows),
        title="Pairs to measure, in their order",
    )


def pair_name(measurement: Measurement) -> str:
    """``Portuguese to Galician``, or both directions where both are asked for."""
    first, second = map(name_of, measurement.languages)
    return f"{first} {'and' if len(measurement.scores) > 1 else 'to'} {second}"


def _both(value: float, error: float) -> str:
    return f"{number_text(value, 2)} ±{number_text(error, 1)}"


def _notes(problem: MixProblem, plan: MeasuringPlan) -> list[str]:
    size = f"{format_quantity(plan.params)} parameters"
    said = [
        f"Each pair is one bilingual run, half and half, at {size}, until it reaches the loss of a "
        f"run of its target alone; a score is then known to ±{plan.stderr:g}. One such run gives "
        "both directions, where the other language has its run alone too.",
    ]
    short = [each for each in plan.measurements if each.target_tokens < plan.tokens * 0.999]
    if short:
        least = min(each.target_tokens for each in short)
        said.append(
            f"Runs of a target alone read {format_quantity(plan.tokens)} tokens, but at most four "
            f"epochs of its text, here down to {format_quantity(least)}: at another size a score "
            "is another number, so its card must say parameters and tokens, from which the law "
            "reads it."
        )
    said.append(
        f"Of the {plan.pairs} pairs that could be measured, the likeliest dozen together would "
        f"take off about {percent(plan.possible / plan.regret)} of the regret; the rest is about "
        "the law's constants, λ and what no pair tells."
    )
    return said
