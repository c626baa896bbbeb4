"""OLMo-core's ``SourceMixtureList``: sources with a target ratio and a repetition cap."""

from __future__ import annotations

import math
from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import (
    Entry,
    Listing,
    Marked,
    as_weight,
    finished,
    read_above_zero,
    read_marked,
    texts,
    weight_fault,
)

NAME: Final = "OLMo-core"
_KEYS: Final = (
    "source_name",
    "target_ratio",
    "max_repetition_ratio",
    "max_source_fraction",
    "paths",
)


def read(text: str, what: str) -> Listing:
    """The sources of a YAML that ``SourceMixtureList.from_yaml`` takes.

    Raises:
        DataError: naming every fault with its line.
    """
    content = read_marked(text, what)
    sources = content.get("sources") or content.get("source_list", "sources")
    if sources is None or sources.kind != "list":
        raise DataError(
            f"{what} has no list of sources: expected 'sources: [{{source_name: ...}}]'"
        )
    entries: list[Entry] = []
    faults: list[str] = []
    notes: list[str] = []
    refusals = [
        f"{node.place}: OLMo-core refuses the key {key}"
        for key, node in content.items()
        if key not in ("sources", "source_list") and content.get("sources") is not None
    ]
    for source in sources.members():
        name, ratio = _text(source, "source_name"), _number(source, "target_ratio")
        if name is None or ratio is None:
            faults.append(f"{source.place}: expected a source_name and a number as target_ratio")
            continue
        if ratio == 0:
            notes.append(
                f"{source.place}: {name} has target_ratio 0 and is left out here; OLMo-core still "
                "draws leftover instances from it, so take it out of the file"
            )
            continue
        fault = weight_fault(ratio, source.place, NAME)
        faults += [fault] if fault else []
        odd = [key for key, _ in source.items() if key not in _KEYS]
        if odd:
            refusals.append(f"{source.place}: OLMo-core refuses the key {', '.join(odd)}")
        paths = texts(source.get("paths"))
        if paths is None:
            refusals.append(
                f"{source.place}: {name[:60]} has no list of paths: OLMo-core stops there"
            )
        entries.append(
            Entry(name, ratio, source.place, _cap(source, faults, refusals), paths=paths or ())
        )
    listed = finished(entries, faults, what, NAME)
    total = math.fsum(entry.weight or 0.0 for entry in listed)
    # numpy.allclose(total, 1) as OLMo-core asks it: 1e-8 + 1e-5.
    if abs(total - 1) > 1.001e-5:
        refusals.append(f"target ratios sum to {total:.6g}: OLMo-core refuses any sum but 1")
    return Listing(listed, notes=tuple(notes), refusals=tuple(refusals))


def _cap(source: Marked, faults: list[str], refusals: list[str]) -> float:
    """Most passes over a source: ``max_repetition_ratio`` times a ``max_source_fraction`` of it."""
    parts = {
        key: read_above_zero(source.get(key), key, NAME, faults) or 1.0
        for key in ("max_repetition_ratio", "max_source_fraction")
    }
    if parts["max_repetition_ratio"] < 1:
        refusals.append(f"{source.place}: OLMo-core refuses a max_repetition_ratio below 1")
    if parts["max_source_fraction"] > 1:
        refusals.append(f"{source.place}: OLMo-core refuses a max_source_fraction above 1")
    return parts["max_repetition_ratio"] * min(parts["max_source_fraction"], 1.0)


def _text(source: Marked, key: str) -> str | None:
    marked = source.get(key)
    return marked.value if marked is not None and isinstance(marked.value, str) else None


def _number(source: Marked, key: str) -> float | None:
    marked = source.get(key)
    return None if marked is None else as_weight(marked.value)
