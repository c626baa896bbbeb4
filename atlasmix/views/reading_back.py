"""What ``import`` shows: how a framework's list was understood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from atlasmix.evidence.mixture_file import GivenMixture, GivenOther
from atlasmix.quantities import format_quantity
from atlasmix.views.fitting import FittingTable
from atlasmix.views.words import listed, named, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST_LANGUAGES = 40


def import_parts(mixture: GivenMixture, output: str) -> list[RenderableType]:
    """The parts of the report on an import."""
    from rich.text import Text

    entries = sum(len(one.parts) for one in (*mixture.pools, *mixture.other))
    languages = mixture.proportions
    run = "" if mixture.tokens is None else f", {format_quantity(mixture.tokens)} tokens"
    parts: list[RenderableType] = [
        Text(f"{mixture.origin['file']}: {entries} entries{run}", style="bold"),
        Text(
            f"{_count(len(mixture.pools), 'pool')} of {_count(len(languages), 'language')} "
            f"({percent(sum(languages.values()))} of the tokens), "
            f"{_count(len(mixture.other), 'other source')}; "
            f"{mixture.origin['mapping'] or 'no mapping'}"
        ),
        "",
        _languages(mixture),
    ]
    left = len(languages) - _MOST_LANGUAGES
    parts += [Text(f"and {left} more languages")] if left > 0 else []
    corpora = list(dict.fromkeys(pool.corpus for pool in mixture.pools))
    parts.append(Text(f"Corpora: {listed(corpora, 12)}."))
    if mixture.other:
        parts += ["", _other(mixture)]
    if mixture.notes:
        parts += ["", Text("Notes", style="bold")]
        parts += [Text(f"  - {note}") for note in mixture.notes]
    said = f"Written to {output}." if output else "Nothing was written: -o FILE writes the mixture."
    return [*parts, "", Text(said)]


def _languages(mixture: GivenMixture) -> FittingTable:
    table = FittingTable("language", ">share", ">entries", ">unique", "provenance")
    for key, share in list(mixture.proportions.items())[:_MOST_LANGUAGES]:
        pools = [pool for pool in mixture.pools if pool.language == key]
        table.add_row(
            named(key),
            percent(share),
            str(sum(len(pool.parts) for pool in pools)),
            _unique(pools),
            ", ".join(sorted({pool.provenance for pool in pools})),
        )
    return table


def _other(mixture: GivenMixture) -> FittingTable:
    table = FittingTable("other source", ">share", ">entries", ">unique")
    for one in mixture.other:
        table.add_row(one.name, percent(one.proportion), str(len(one.parts)), _unique([one]))
    return table


def _unique(sources: Sequence[GivenOther]) -> str:
    known = [one.unique_tokens for one in sources]
    if None in known:
        return "unknown"
    return format_quantity(sum(count for count in known if count is not None))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
