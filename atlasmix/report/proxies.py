"""Proxies of texts in sentences and tables, never as if transfer had been measured."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from atlasmix.evidence.new_matrix import Origin
from atlasmix.languages.catalogue import name_of
from atlasmix.report.blocks import (
    Block,
    Caution,
    Column,
    Heading,
    Row,
    Sentence,
    Sentences,
    Table,
    section,
)
from atlasmix.report.words import closed
from atlasmix.text import first_few
from atlasmix.transfer.proxy_matrix import ProxyCalibration, calibration_words
from atlasmix.transfer.text_proxy import TextProxies

_MOST_ROWS = 60


def proxy_blocks(
    proxies: TextProxies, calibration: ProxyCalibration | None = None
) -> tuple[Block, ...]:
    """All that a report of ``measure text`` says."""
    said = closed(calibration_words(calibration)) if calibration else ""
    if calibration and calibration.trigram_r2 >= calibration.r2:
        said += (
            " The cosine does as well or better, and the prior of relatedness has it already: "
            "these proxies add little to what is known of the pairs."
        )
    return (
        Sentence(headline(proxies), strong=True),
        *(Caution(closed(text)) for text in proxies.warnings),
        *section(Heading("Proxies"), proxies_table(proxies), Sentences(tuple(_notes(proxies)))),
        *section(Heading("Controls"), controls_table(proxies)),
        *section(Heading("What they are worth"), said),
    )


def headline(proxies: TextProxies) -> str:
    """What was worked out, and that it is no transfer score."""
    count = sum(each.outcome == "measured" for each in proxies.scores)
    return (
        f"{count} pairs have a proxy of transfer from {proxies.characters:,} characters of each "
        "language. It orders donors by shared spelling and vocabulary; it is no transfer score, "
        "and no loss of a language model was measured."
    )


def proxies_table(proxies: TextProxies) -> Table:
    """A line a pair, by target, the best source first."""
    measured = [each for each in proxies.scores if each.outcome == "measured"]
    measured.sort(key=lambda each: (name_of(each.target), -each.score))
    rows = tuple(
        Row(
            (
                f"{name_of(each.source)} to {name_of(each.target)}",
                f"{each.score:.3f}",
                f"{each.score_stderr:.2g}",
                f"{each.raw:.3f}",
                f"{each.trigram_cosine:.2f}",
            )
        )
        for each in measured
    )
    return Table(
        (
            Column("pair"),
            Column("proxy", "score", "0 as exchanged letters, 1 as a second sample of the target"),
            Column("±", "score", "its standard error"),
            Column("raw", "score", "before it is set between the controls"),
            Column("trigrams", "score", "cosine of character trigrams, the baseline"),
        ),
        rows,
        brief=rows[:_MOST_ROWS] if len(rows) > _MOST_ROWS else None,
        title="Proxies of transfer",
    )


def controls_table(proxies: TextProxies) -> Table:
    """A line a language."""
    return Table(
        (
            Column("language"),
            Column("second sample", "score", "raw proxy of more text of the language: about 1"),
            Column("exchanged letters", "score", "raw proxy of a text without its words: about 0"),
            Column("characters", "large count", "that the second sample was of"),
        ),
        tuple(
            Row((name_of(key), f"{each.same:.2f}", f"{each.unrelated:.3f}", each.same_at))
            for key, each in proxies.controls.items()
        ),
        title="Controls",
    )


def _notes(proxies: TextProxies) -> list[str]:
    said = []
    apart = [each for each in proxies.scores if each.outcome != "measured"]
    if apart:
        names = [f"{name_of(each.source)} to {name_of(each.target)}" for each in apart]
        said.append(
            f"Not measurable, for they write in other letters: {first_few(names, 4, 'pairs')}. "
            "That says nothing of their transfer."
        )
    measured = len(proxies.scores) - len(apart)
    if measured > _MOST_ROWS:
        said.append(f"{measured - _MOST_ROWS} more pairs stand in the matrix.")
    if math.isfinite(proxies.agreement):
        said.append(f"Two samples of the texts agree by r = {proxies.agreement:.2f}.")
    return said


def proxy_data(
    proxies: TextProxies, origin: Origin, calibration: ProxyCalibration | None = None
) -> dict[str, Any]:
    """The same for another program."""
    return {
        "metric": "proxy",
        "characters": proxies.characters,
        "held_out": proxies.held_out,
        "seeds": proxies.seeds,
        "agreement": proxies.agreement,
        "scores": [asdict(each) for each in proxies.scores],
        "controls": {key: asdict(each) for key, each in proxies.controls.items()},
        "calibration": None if calibration is None else asdict(calibration),
        "warnings": list(proxies.warnings),
        "texts": dict(origin.tables),
    }
