"""What training on machine text risks, for the mixture of an answer: told, never optimised."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from atlasmix.evidence.pools import SYNTHETIC
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.collapse import amplification, diversity_retention
from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.constraints import HUMAN_FLOORS
from atlasmix.problem.problem import MixProblem
from atlasmix.report.blocks import Block, Column, Figure, Heading, Row, Sentences, Table, section
from atlasmix.report.figures.collapse import diversity_figure
from atlasmix.report.words import named, percent

ANCHOR: Final = 21.3
"""n of the multinomial theory under which text that is replaced keeps 30 % of its diversity at
generation 25, as popular articles have it: an illustration, since no paper prints that number."""

GENERATIONS: Final = (1, 5, 25)

_LEAST: Final = 0.001


@dataclass(frozen=True, slots=True)
class MachineText:
    """How much of what is read of a language machines wrote.

    Attributes:
        language: key of a target.
        human: share that people wrote, unknown text as far as the question says so.
        synthetic: share that was translated, rephrased or generated.
        unknown: share of which nobody knows.
    """

    language: str
    human: float
    synthetic: float
    unknown: float


def machine_text(problem: MixProblem, mixture: Mixture) -> tuple[MachineText, ...]:
    """Every target that reads machine or unknown text, in the order of the targets."""
    told = []
    for key in problem.target_keys:
        read: dict[str, float] = {}
        for share in mixture.pools:
            if share.pool.language == key and share.tokens > 0:
                origin = share.pool.provenance
                read[origin] = read.get(origin, 0.0) + share.tokens
        total = sum(read.values())
        if not total > 0:
            continue
        parts = {origin: tokens / total for origin, tokens in read.items()}
        unknown = parts.get("unknown", 0.0)
        human = parts.get("human", 0.0) + parts.get("human_edited", 0.0)
        each = MachineText(
            key,
            human + problem.unknown_human * unknown,
            sum(parts.get(origin, 0.0) for origin in SYNTHETIC),
            unknown,
        )
        if each.synthetic + each.unknown > _LEAST:
            told.append(each)
    return tuple(told)


def collapse_blocks(problem: MixProblem, mixture: Mixture) -> tuple[Block, ...]:
    """The section of an answer that reads machine text; nothing where none does."""
    rows = machine_text(problem, mixture)
    if not rows:
        return ()
    least = min(rows, key=lambda row: row.human)
    figure = Figure(
        "collapse",
        "Diversity over generations of models trained on each other's text",
        f"Diversity left over 25 generations: text replaced each time, a human share of "
        f"{percent(least.human)} as in {name_of(least.language)} here, and a pile that only grows.",
        partial(diversity_figure, least.human, name_of(least.language), ANCHOR),
    )
    return section(
        Heading("Machine text, and what it risks"),
        risk_table(rows),
        figure,
        Sentences(tuple(_notes(rows))),
    )


def risk_table(rows: tuple[MachineText, ...]) -> Table:
    """One line a target: human share, error, diversity left."""
    return Table(
        (
            Column("target"),
            Column("own text: human", "share", "of what is read in its language"),
            Column("synthetic", "share", "translated, rephrased or generated"),
            Column("unknown", "share", "never counted as human unless the question says so"),
            Column("error, times", "ratio", "a(h) = 1/(h(2 - h)), times that of human text alone"),
            *(
                Column(
                    f"{'diversity left at ' * (g == GENERATIONS[0])}generation {g}",
                    "share",
                    f"Gini-Simpson diversity left at generation {g}",
                )
                for g in GENERATIONS
            ),
        ),
        tuple(
            Row(
                (
                    named(row.language),
                    row.human,
                    row.synthetic,
                    row.unknown,
                    float(amplification(max(row.human, 1e-6))),
                    *(float(diversity_retention(row.human, g, ANCHOR)) for g in GENERATIONS),
                )
            )
            for row in rows
        ),
        title="Human and machine text of each target, and what theory says of it",
    )


def _notes(rows: tuple[MachineText, ...]) -> list[str]:
    floors = ", ".join(f"{name} {percent(share)}" for name, share in HUMAN_FLOORS.items())
    replaced = float(diversity_retention(0.0, 25, ANCHOR))
    said = [
        "What these numbers are: theory of models that are trained again and again on text of the "
        "model before, each time with this share of fresh human text (a(h): linear models; "
        "diversity: multinomial). One run on text that machines wrote once is generation 1.",
        f"Without human text {percent(replaced)} is left at generation 25: n = {ANCHOR:g} was "
        "chosen so, since articles say 30 %; no paper prints that number. Types go first: which "
        "words survive depends on the language, and a count of its words (atlasmix audit) says how "
        "large a human share keeps them.",
        "What is not known: what a share does to a given transformer; how text that was sampled "
        "sharper than it was written loses its tail (at temperature 0.8 a human share of 30 % kept "
        "a quarter of the types in n-gram models); whether translations, whose source is human, "
        "behave as the output of one's own model does.",
        f"Floors by name: {floors}.",
    ]
    below = [row for row in rows if row.human < HUMAN_FLOORS["balanced"]]
    if below:
        names = ", ".join(name_of(row.language) for row in below)
        said.insert(
            0,
            f"{names}: less human text than {percent(HUMAN_FLOORS['balanced'])}, the share whose "
            "error is that of a pile that keeps all human text and only grows.",
        )
    return said
