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
            notes.append(f"{source.place}: OLMo-core refuses the key {', '.join(odd)}")
        paths = source.get("paths")
        entries.append(
            Entry(
                name,
                ratio,
                source.place,
                max_epochs=read_above_zero(
                    source.get("max_repetition_ratio"), "max_repetition_ratio", NAME, faults
                )
                or 1.0,
                paths=tuple(str(member.value) for member in paths.members()) if paths else (),
            )
        )
    listed = finished(entries, faults, what, NAME)
    total = math.fsum(entry.weight or 0.0 for entry in listed)
    # numpy.allclose(total, 1) as OLMo-core asks it: 1e-8 + 1e-5.
    if abs(total - 1) > 1.001e-5:
        notes.append(f"target ratios sum to {total:.6g}: OLMo-core refuses any sum but 1")
    return Listing(listed, notes=tuple(notes))


def _text(source: Marked, key: str) -> str | None:
    marked = source.get(key)
    return marked.value if marked is not None and isinstance(marked.value, str) else None


def _number(source: Marked, key: str) -> float | None:
    marked = source.get(key)
    return None if marked is None else as_weight(marked.value)
