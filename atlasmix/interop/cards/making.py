"""A card by the name of its format, as the files that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from atlasmix.errors import ProblemError
from atlasmix.interop.cards.croissant import croissant, pool_table
from atlasmix.interop.cards.eu_summary import eu_summary
from atlasmix.interop.cards.facts import CardFacts
from atlasmix.interop.cards.huggingface import huggingface
from atlasmix.interop.cards.prov import prov
from atlasmix.interop.cards.spdx import spdx
from atlasmix.text import did_you_mean

FORMATS: Final[Mapping[str, str]] = {
    "croissant": "Croissant 1.1 (JSON-LD) with PROV terms, and its CSV of pools",
    "spdx": "SPDX 3.0.1, dataset profile (JSON-LD); needs a date",
    "huggingface": "a dataset card: README.md with YAML",
    "prov": "W3C PROV (PROV-JSON)",
    "eu-summary": "numbers for the EU's public summary of training content (Markdown)",
}


def make_card(facts: CardFacts, form: str, file: str) -> dict[str, str]:
    """The files of a card, name to text; the card itself is called ``file``.

    Raises:
        ProblemError: no such format, or a fact that the format demands is missing.
    """
    if form == "croissant":
        table = f"{file.rpartition('.')[0] or file}.csv"
        if table == file:
            raise ProblemError(
                f"the card would be called {file}, as the table beside it: choose another ending, "
                "such as .json",
                field="output",
                value=file,
            )
        return {table: pool_table(facts), file: croissant(facts, table)}
    if form == "spdx":
        return {file: spdx(facts)}
    if form == "huggingface":
        return {file: huggingface(facts)}
    if form == "prov":
        return {file: prov(facts)}
    if form == "eu-summary":
        return {file: eu_summary(facts)}
    raise ProblemError(
        f"no card {form[:40]!r}: {did_you_mean(form, FORMATS, ' ')}"
        f"expected one of {', '.join(FORMATS)}"
    )
