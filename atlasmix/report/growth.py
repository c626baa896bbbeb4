"""What more targets cost in this mixture, by its own law and by ATLAS's, in one table."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from atlasmix.languages.catalogue import name_of
from atlasmix.laws.capacity import Way, grow, starting
from atlasmix.laws.kinds import CurseLaw
from atlasmix.mixture.growth import NO_TIME, MixtureGrowth
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.report.blocks import Block, Column, Row, Sentence, Table, blocks_of
from atlasmix.report.words import percent, times_text
from atlasmix.text import listed

GROWTH_INTRODUCTION: Final = (
    "Which parameters and tokens keep the loss of every target of the page Mix when more languages "
    "become targets, too? The mixture is chosen anew for all of them, under the same limits, and "
    "the new ones weigh as much as the present ones do on average."
)
_OWN: Final = "this mixture's"
_COUNTERPART: Final = {"same tokens": "same total tokens"}
"""What the law of K languages calls a way of the mixture's own."""

_NONE: Final = 1e-6
"""Relative loss up to which nothing is lost."""


def may_be_added(problem: MixProblem) -> tuple[str, ...]:
    """Languages with text in a question that are no targets of it and have scores, by name."""
    keys = {pool.language for pool in problem.pools if pool.unique_tokens > 0}
    known = keys & set(problem.transfer.keys)
    return tuple(sorted(known - set(problem.target_keys), key=name_of))


def growth_blocks(grown: MixtureGrowth, law: CurseLaw) -> tuple[Block, ...]:
    """The answer, what happens at the size of now, both laws side by side, and why they differ.

    Args:
        grown: by the mixture's own law.
        law: of kind curse, for as many languages.
    """
    return blocks_of(
        Sentence(growth_sentence(grown), strong=True),
        _at_once(grown),
        growth_table(grown, law),
        *(_refusal(name, why) for name, why in grown.refused),
        difference_sentence(grown, law),
    )


def _refusal(name: str, why: str) -> str:
    if why == NO_TIME:
        return f"{name.capitalize()} is not told by this mixture's law: {why} here."
    return f"{name.capitalize()} is no way by this mixture's law: {why}."


def growth_sentence(grown: MixtureGrowth) -> str:
    """The least that was found to keep every present target's loss."""
    names = listed([name_of(key) for key in grown.added], 4)
    count = len(grown.now.targets)
    beside = f"{count} target{'s' * (count > 1)}"
    if not grown.ways:
        return f"No size was found at which {names} beside {beside} costs none of them anything."
    way = min(grown.ways, key=lambda each: each.params * each.tokens)
    params, tokens = way.params / grown.now.params, way.tokens / grown.now.budget
    return (
        f"{names} beside {beside}, none of them worse than now: compute "
        f"x{times_text(params * tokens)}, parameters x{times_text(params)} "
        f"({format_quantity(way.params)}), tokens x{times_text(tokens)} "
        f"({format_quantity(way.tokens)})."
    )


def _at_once(grown: MixtureGrowth) -> str:
    key, behind = grown.worst
    if behind <= _NONE:
        return "At the size of now no present target would be worse."
    return (
        f"At the size of now {name_of(key)} would lose most: its part above E would be "
        f"{percent(behind)} greater."
    )


def growth_table(grown: MixtureGrowth, law: CurseLaw) -> Table:
    """One line a way, the mixture's own law first, all against now."""
    return Table(
        (
            Column("by the law"),
            Column("way"),
            Column("parameters", "multiplier"),
            Column("tokens", "multiplier"),
            Column("compute", "multiplier"),
            Column("recovers last"),
        ),
        (*_own_rows(grown), *_curse_rows(grown, law)),
        (f"{law.name} speaks of {_counts(grown)} languages, all read evenly.",),
        title="What keeps every present target's loss, in times of now",
    )


def _counts(grown: MixtureGrowth) -> str:
    count = len(grown.now.targets)
    return f"{count} to {count + len(grown.added)}"


def _own_rows(grown: MixtureGrowth) -> Iterator[Row]:
    for way in grown.ways:
        params, tokens = way.params / grown.now.params, way.tokens / grown.now.budget
        yield Row((_OWN, way.name, params, tokens, params * tokens, name_of(way.last)), "chosen")


def _curse_ways(grown: MixtureGrowth, law: CurseLaw) -> tuple[Way, ...]:
    count = len(grown.now.targets)
    start = starting(law, count, grown.now.params, grown.now.budget)
    growth = grow(law, start, count + len(grown.added))
    names = ("same parameters", "same total tokens")
    return (*(way for way in growth.others if way.name in names), growth.cheapest)


def _curse_rows(grown: MixtureGrowth, law: CurseLaw) -> Iterator[Row]:
    for way in _curse_ways(grown, law):
        sizes = (way.params.value, way.tokens.value, way.compute.value)
        cells = [each if math.isfinite(each) else "never" for each in sizes]
        yield Row((law.name, way.name, *cells, None))


def difference_sentence(grown: MixtureGrowth, law: CurseLaw) -> str:
    """Why the two laws differ here."""
    if not grown.ways:
        return ""
    way = min(grown.ways, key=lambda each: each.params * each.tokens)
    own = way.params * way.tokens / (grown.now.params * grown.now.budget)
    beside = _COUNTERPART.get(way.name, way.name)
    curse = next(each.compute.value for each in _curse_ways(grown, law) if each.name == beside)
    side = "less" if own < curse else "more"
    against = f"x{times_text(curse)}" if math.isfinite(curse) else "none that is finite"
    return (
        f"The mixture's own law asks for {side} ({way.name}: compute x{times_text(own)} against "
        f"{against}). {law.name} counts languages, read evenly and each as good as any other; the "
        "mixture's own law knows how much text each has, which of them help each other, how they "
        "are weighed, and that a new target takes only the share that the objective gives it. "
        "Where languages are alike and text is plentiful they come near each other; a near "
        "relative with little text costs less, a distant language with much text more. Both are "
        "predicted, neither is measured."
    )
