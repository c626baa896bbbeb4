"""Where effective tokens come from: the figure, and a line a target."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.flows import Flow, donated_by_status, flows
from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.report.blocks import Block, Column, Figure, Row, Table, blocks_of, first_rows
from atlasmix.report.figures.flows import flows_alt, flows_figure, folded, most_donors
from atlasmix.report.words import named, percent
from atlasmix.text import first_few, listed

_MOST_ROWS: Final = 40
_NAMED: Final = 3
_GROUNDS: Final = {
    "measured": "measured scores",
    "own": "scores that you measured",
    "predicted": "scores that were predicted and nobody measured",
    "completed": "relatedness alone, with no score",
    "defined": "what is defined, the same language in another script",
}


def flow_blocks(problem: MixProblem, mixture: Mixture, target: str = "") -> tuple[Block, ...]:
    """The figure and its numbers; nothing where nothing is read that helps a target.

    Args:
        problem: the question.
        mixture: its answer.
        target: one target alone; empty: all of them.
    """
    every = flows(problem, mixture)
    shown = [flow for flow in every if target in ("", flow.target)]
    if not shown:
        return ()
    return blocks_of(
        Figure(
            "flows",
            "Where the effective tokens come from",
            flows_alt(shown),
            partial(flows_figure, shown),
        ),
        folding_sentence(shown),
        grounds_sentence(shown),
        flows_table(shown),
    )


def folding_sentence(given: Sequence[Flow]) -> str:
    """What one effective token is, and which bars stand for several languages."""
    smaller, targets = folded(given)
    parts = (
        [f"what a target has of donors beside its {most_donors(given)} largest"] if smaller else []
    )
    parts += [f"the {targets} targets that have least"] if targets else []
    together = f" In the figure {' and '.join(parts)} stand together." if parts else ""
    return (
        "An effective token does as much for the target as a fresh token of its own human text; "
        f"donors count whole, without the charge for doubt.{together}"
    )


def grounds_sentence(given: Sequence[Flow]) -> str:
    """How much of what donors give somebody measured; empty where no donor gives anything."""
    by_status = donated_by_status(given)
    total = sum(by_status.values())
    if not total:
        return ""
    parts = [
        f"to {percent(by_status[status] / total)} on {_GROUNDS[status]}"
        for status in _GROUNDS
        if by_status.get(status)
    ]
    return f"What donors give rests {listed(parts)}."


def flows_table(given: Sequence[Flow]) -> Table:
    """One line a target: its own text, first pass and repeats, donors, and all of it."""
    targets = list(dict.fromkeys(flow.target for flow in given))
    rows = tuple(_row(key, [flow for flow in given if flow.target == key]) for key in targets)
    return Table(
        (
            Column("target"),
            Column("own, first pass", "tokens", "what its own text gives, read once"),
            Column("own, repeats", "tokens", "what reading it again adds"),
            Column("donors", "tokens", "what other languages give"),
            Column("most of it from"),
            Column("effective", "tokens", "all together"),
        ),
        rows,
        brief=first_rows(rows, _MOST_ROWS, "targets"),
        title="Effective tokens of each target by where they come from",
    )


def _row(key: str, given: Sequence[Flow]) -> Row:
    donors: dict[str, float] = {}
    for flow in given:
        if not flow.own:
            donors[flow.source] = donors.get(flow.source, 0.0) + flow.tokens
    order = sorted(donors, key=lambda donor: (-donors[donor], donor))
    largest = first_few([f"{name_of(d)} {format_quantity(donors[d])}" for d in order], _NAMED)
    return Row(
        (
            named(key),
            sum(flow.fresh for flow in given if flow.own),
            sum(flow.repeated for flow in given if flow.own),
            sum(donors.values()),
            largest or "none",
            sum(flow.tokens for flow in given),
        )
    )
