"""Donor or synthetic, as a table with its doubt."""

from __future__ import annotations

import math

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.routes import Route, Routes, route_name, worth_words
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_flops, format_quantity
from atlasmix.report.blocks import Block, Column, Row, Sentence, Sentences, Table
from atlasmix.report.words import epochs_text, percent


def routes_blocks(problem: MixProblem, outlook: Routes) -> tuple[Block, ...]:
    """What the next tokens of every kind are worth, and what it hangs on."""
    first = outlook.routes[0]
    name = name_of(problem.target_keys[0])
    head = (
        f"Of the next {format_quantity(outlook.step)} tokens for {name}, {_called(first)} would be "
        f"worth most: {first.worth:.2f} fresh human tokens of {name} a token; it is "
        f"the best route in {percent(first.best)} of {outlook.draws} draws."
    )
    return (Sentence(head, strong=True), routes_table(problem, outlook), Sentences(_notes(outlook)))


def _called(route: Route) -> str:
    if route.kind == "repeat":
        return "repeating its own text"
    return f"{route_name(route)} text" if route.kind == "donor" else f"{route.kind} text"


def routes_table(problem: MixProblem, outlook: Routes) -> Table:
    """One line a route."""
    rows = [
        Row(
            (
                route_name(route),
                worth_words(route.kind, problem) if route.flops else "",
                f"{route.worth:.2f}",
                f"{route.interval.low:.2f} to {route.interval.high:.2f}",
                "" if math.isnan(route.best) else percent(route.best),
                "" if math.isnan(route.epochs) else epochs_text(route.epochs),
                format_flops(route.flops) if route.flops else "",
            )
        )
        for route in outlook.routes
    ]
    return Table(
        (
            Column("route"),
            Column("assumed worth q", meaning="data of a token against a human one, and its range"),
            Column("worth", meaning="fresh human tokens of the target it equals"),
            Column("90 of 100 draws"),
            Column("best in", meaning="part of the draws in which no other route is worth more"),
            Column("epochs", meaning="passes over its pool after the step"),
            Column("FLOPs", meaning="of making it, 2 a parameter of the generator and token"),
        ),
        tuple(rows),
        title="What the next tokens of every kind are worth",
    )


def _notes(outlook: Routes) -> tuple[str, ...]:
    said = [
        "From the best mixture of human text, each route alone, nothing else chosen anew. Reading "
        f"the step costs {format_flops(outlook.training_flops)} FLOPs whatever it is; making text "
        "comes on top.",
        "Donors and repeats were measured or foretold on loss of native text, and so are the "
        "worths of machine text; by benchmarks translations are another thing, so that line stands "
        "apart.",
    ]
    said += [f"{route_name(each)}: {each.note}." for each in outlook.routes if each.note]
    said.append(
        "Text in the target's own language raises its own share, whoever wrote it: where donors "
        "are read, that is much of what text of a low worth gives here, and nobody has measured it."
    )
    if outlook.overtakes is not None:
        said.append(
            f"Translations would be the best route from a worth of {outlook.overtakes:.2f} of a "
            "human token on; nobody has measured that worth on loss."
        )
    else:
        said.append("No worth of translations between 0 and 4 changes which route is best.")
    said.append(
        "Machine text adds no tail: it never counts as human text, and its share is what the "
        "section on machine text of an answer weighs."
    )
    return tuple(said)
