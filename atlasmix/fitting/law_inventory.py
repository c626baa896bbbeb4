"""The inventory in a learned law's file: distinct tokens of each source, as its runs say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atlasmix.errors import DataError
from atlasmix.evidence.pools import check_provenance
from atlasmix.fitting.law_file import SavedLaw
from atlasmix.fitting.solving_law import keys_of
from atlasmix.io.safe_yaml import yaml_text
from atlasmix.io.tables import to_csv
from atlasmix.text import first_few

_COLUMNS = ("language", "provenance", "corpus", "unique_tokens", "unit", "obtained")
_CORPUS = "own"
_UNIT = "tokens of the runs"


@dataclass(frozen=True, slots=True)
class LawInventory:
    """An inventory that is ready for the shelf.

    Attributes:
        table: CSV of its pools, one a source.
        card: YAML.
        notes: what was left out.
    """

    table: bytes
    card: str
    notes: tuple[str, ...]


def law_inventory(saved: SavedLaw, provenance: str) -> LawInventory:
    """The pools of a law of which its runs said the unique tokens.

    Args:
        saved: as it was read.
        provenance: of every pool.

    Raises:
        DataError: no unique tokens of any source.
        ProblemError: no such provenance.
    """
    check_provenance(provenance)
    content = saved.content
    sources, unique = content["sources"], content["scale"]["unique"]
    axis, keys = keys_of(sources)
    if not unique:
        raise DataError(
            f"the runs behind law {saved.name} say no unique tokens: expected columns "
            "unique_SOURCE in their table; add them and learn the law again",
            field="form",
        )
    rows = tuple(
        (key, provenance, _CORPUS, f"{unique[source]:.0f} tokens", _UNIT, "stated")
        for source, key in zip(sources, keys, strict=True)
        if source in unique
    )
    card: dict[str, Any] = {
        "name": saved.name,
        "kind": "token inventory",
        "title": f"Unique tokens of the sources of law {saved.name}",
        **({"axis": "domain", "names": list(keys)} if axis == "domain" else {}),
        "unit": _UNIT,
        "source": f"columns unique_SOURCE of {first_few(content['learned_from']['tables'], 4)}",
        "licence": "not stated",
        "derivation": "As the table of the runs states them.",
    }
    absent = [source for source in sources if source not in unique]
    left = (f"unique tokens of {first_few(absent, 6)} are not known: left out",) if absent else ()
    return LawInventory(to_csv(_COLUMNS, rows), yaml_text(card), left)
