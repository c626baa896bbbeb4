"""What every data card of a mixture says, in one shape: pools, sources, evidence, shares."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from atlasmix.errors import ProblemError
from atlasmix.evidence.mixture_file import (
    BILLIONTHS,
    GivenMixture,
    GivenOther,
    dump_mixture,
    files_of,
)
from atlasmix.quantities import significant
from atlasmix.recipe.file import dump_recipe
from atlasmix.recipe.recipe import Recipe

SYNTHETIC: Final = ("translated", "rephrased", "generated")
"""Provenances that a model wrote; ``human_edited`` is text of people that a model touched up, and
is counted apart (our choice)."""

NOT_A_POOL: Final = "no single language"
_DATE: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}")


@dataclass(frozen=True, slots=True)
class CardPool:
    """What is read of one pool.

    Attributes:
        name: of the pool, or of a source without a single language.
        language: key; empty for such a source.
        provenance, corpus: of the pool; for such a source ``unknown`` and its name.
        proportion: share of training tokens, 0-1.
        tokens: read, repeats included; None where the run's tokens are unknown.
        unique_tokens: distinct; None where nobody counted.
        read_once: tokens that are read at least once, file by file; None where unknown.
        unit: whose tokens they are.
        obtained: ``counted``, ``estimated`` or ``stated``; empty where unknown.
        source, licence: of the text; empty where unknown.
    """

    name: str
    language: str
    provenance: str
    corpus: str
    proportion: float
    tokens: int | None
    unique_tokens: int | None
    read_once: int | None = None
    unit: str = ""
    obtained: str = ""
    source: str = ""
    licence: str = ""

    @property
    def epochs(self) -> float | None:
        """Tokens / unique tokens, four digits."""
        if self.tokens is None or not self.unique_tokens:
            return None
        return significant(self.tokens / self.unique_tokens, 4)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A table or law behind the mixture: what, name, SHA-256 (or empty), source, licence."""

    what: str
    name: str
    sha256: str = ""
    source: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class CardFacts:
    """A whole mixture, ready for a card.

    Attributes:
        name: of the data set on the card.
        kind: ``recipe`` or ``mixture``.
        file: name of the recipe or mixture file.
        sha256: of the bytes that the file has when written anew.
        tokens: of the run; None where unknown.
        pools: largest first; shares sum to 1.
        evidence: matrix, inventories and law of a recipe; the framework's file of a mixture.
        made_with: version of AtlasMix that made the file.
        solver: engine and version; empty for a mixture.
        date: YYYY-MM-DD as the user gave it; empty: no card carries a date.
        licence: of the card's data set as the user gave it; empty: not stated.
        url: where the user publishes it; empty: not stated.
    """

    name: str
    kind: str
    file: str
    sha256: str
    tokens: int | None
    pools: tuple[CardPool, ...]
    evidence: tuple[Evidence, ...]
    made_with: str
    solver: str = ""
    date: str = ""
    licence: str = ""
    url: str = ""

    @property
    def languages(self) -> tuple[tuple[str, float], ...]:
        """(key, share of training tokens), largest first."""
        return _shares([(pool.language, pool.proportion) for pool in self.pools if pool.language])

    @property
    def provenances(self) -> tuple[tuple[str, float], ...]:
        """(provenance, share), largest first; what has no single language is apart."""
        return _shares(
            [
                (pool.provenance if pool.language else NOT_A_POOL, pool.proportion)
                for pool in self.pools
            ]
        )

    @property
    def corpora(self) -> tuple[tuple[str, float], ...]:
        """(corpus, share), largest first."""
        return _shares([(pool.corpus, pool.proportion) for pool in self.pools])

    @property
    def synthetic(self) -> float:
        """Share of text that a model wrote, of what has a provenance, 0-1."""
        return sum(share for name, share in self.provenances if name in SYNTHETIC)


@dataclass(frozen=True, slots=True)
class CardOptions:
    """What the user says beside the recipe.

    Attributes:
        name: of the data set; empty takes the file's.
        date: YYYY-MM-DD; empty for none.
        licence: SPDX id or URL; empty for none.
        url: where it is published; empty for none.
    """

    name: str = ""
    date: str = ""
    licence: str = ""
    url: str = ""


def facts_of_recipe(recipe: Recipe, file: str, options: CardOptions) -> CardFacts:
    """The facts of a recipe, with the origin of every number in it.

    Raises:
        ProblemError: a name, date or address that no card can carry.
    """
    origin = recipe.origin
    pools = {pool["name"]: pool for pool in origin["pools"]}
    matrix, law = origin["matrix"], origin["law"]
    evidence = [
        Evidence(
            "transfer matrix", matrix["name"], matrix["sha256"], matrix["source"], matrix["licence"]
        ),
        *(
            Evidence("token inventory", each["name"], each["sha256"])
            for each in origin["inventories"]
        ),
        Evidence("loss law", law["name"], "", str(law.get("source", "")), ""),
    ]
    return CardFacts(
        name=_name(options.name, file),
        kind="recipe",
        file=file,
        sha256=_digest(dump_recipe(recipe)),
        tokens=recipe.tokens,
        pools=tuple(
            CardPool(
                name=pool.name,
                language=pool.language,
                provenance=pool.provenance,
                corpus=pool.corpus,
                proportion=pool.proportion,
                tokens=pool.tokens,
                unique_tokens=pool.unique_tokens,
                read_once=min(pool.tokens, pool.unique_tokens),
                **{
                    key: str(pools.get(pool.name, {}).get(key, ""))
                    for key in ("unit", "obtained", "source", "licence")
                },
            )
            for pool in recipe.pools
        ),
        evidence=tuple(evidence),
        made_with=origin["atlasmix"],
        solver=f"{origin['solver']['engine']}, {origin['solver']['version']}",
        date=_date(options.date),
        licence=options.licence.strip(),
        url=_url(options.url),
    )


def facts_of_mixture(mixture: GivenMixture, options: CardOptions) -> CardFacts:
    """The facts of an imported mixture.

    Raises:
        ProblemError: a name, date or address that no card can carry.
    """
    pools = [
        *((pool, pool.language, pool.provenance, pool.corpus) for pool in mixture.pools),
        *((entry, "", "unknown", entry.name) for entry in mixture.other),
    ]
    pools.sort(key=lambda item: (-item[0].proportion, item[0].name))
    origin = mixture.origin
    return CardFacts(
        name=_name(options.name, mixture.name),
        kind="mixture",
        file=f"{mixture.name}.yaml",
        sha256=_digest(dump_mixture(mixture)),
        tokens=None if mixture.tokens is None else round(mixture.tokens),
        pools=tuple(
            CardPool(
                name=entry.name,
                language=language,
                provenance=provenance,
                corpus=corpus,
                proportion=entry.proportion,
                tokens=None if mixture.tokens is None else round(entry.proportion * mixture.tokens),
                unique_tokens=None if entry.unique_tokens is None else round(entry.unique_tokens),
                read_once=_read_once(entry, mixture.tokens),
                unit=entry.unit,
            )
            for entry, language, provenance, corpus in pools
        ),
        evidence=(Evidence(f"{origin['format']} file", origin["file"], origin["sha256"]),),
        made_with=origin["atlasmix"],
        date=_date(options.date),
        licence=options.licence.strip(),
        url=_url(options.url),
    )


def _read_once(entry: GivenOther, run: float | None) -> int | None:
    """Of every file at most what lies in it: one that is read twice has no more text for it."""
    if run is None:
        return None
    tokens = entry.proportion * run
    files = files_of(entry)
    if files and all(unique is not None for _, unique in files.values()):
        return round(sum(min(tokens * part, unique or 0.0) for part, unique in files.values()))
    return None if entry.unique_tokens is None else round(min(tokens, entry.unique_tokens))


def description(facts: CardFacts) -> str:
    """What the data set is, in two sentences."""
    run = "" if facts.tokens is None else f" of {facts.tokens:,} training tokens, repeats included"
    return (
        f"The training mixture{run}: {len(facts.pools)} pools, each of one language, one "
        f"provenance and one corpus, in {len(facts.languages)} languages. It holds proportions and "
        "counts, not the text."
    )


def _shares(pairs: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    parts: dict[str, int] = {}
    for name, share in pairs:
        parts[name] = parts.get(name, 0) + round(share * BILLIONTHS)
    ordered = sorted(parts.items(), key=lambda item: (-item[1], item[0]))
    return tuple((name, part / BILLIONTHS) for name, part in ordered)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _name(given: str, file: str) -> str:
    name = given.strip() or file.partition(".")[0]
    if not _NAME.fullmatch(name):
        raise ProblemError(
            f"name is {name[:60]!r}: expected up to 80 letters, digits, blanks, dots, hyphens "
            "and underscores, beginning with a letter or digit",
            field="name",
            value=name,
        )
    return name


def _date(given: str) -> str:
    date = given.strip()
    if date and not _DATE.fullmatch(date):
        raise ProblemError(
            f"date is {date[:40]!r}: expected YYYY-MM-DD, such as 2026-01-31",
            field="date",
            value=date,
        )
    return date


def _url(given: str) -> str:
    url = given.strip()
    if url and not re.fullmatch(r"https?://[^\s\"<>]+", url):
        raise ProblemError(
            f"url is {url[:60]!r}: expected an address with http:// or https://",
            field="url",
            value=url,
        )
    return url
