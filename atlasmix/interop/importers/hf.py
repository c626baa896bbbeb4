"""Hugging Face ``interleave_datasets``: probabilities of *documents*, as JSON or YAML.

``interleave_datasets`` is a call, not a file. Read are AtlasMix's own ``mixture.json`` (``sources``
with name, probability and, if you like, path or load_dataset), and the arguments of the call
written down: ``probabilities`` as {name: number}, or as a list beside one of ``datasets``,
``names`` and ``paths``.
"""

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
    read_marked,
    weight_fault,
)

NAME: Final = "interleave_datasets"
_LISTS: Final = ("datasets", "names", "paths")


def read(text: str, what: str) -> Listing:
    """The sources and their probabilities; ``unit`` is ``documents``.

    Raises:
        DataError: naming every fault with its line.
    """
    content = read_marked(text, what)
    sources = content.get("sources")
    if sources is not None and sources.kind == "list":
        rows = [_source(member) for member in sources.members()]
    else:
        rows = _call(content, what)
    entries: list[Entry] = []
    faults: list[str] = []
    for name, weight, place, paths in rows:
        if name is None or weight is None:
            faults.append(f"{place}: expected a name and a number as probability")
            continue
        if weight == 0:
            continue
        fault = weight_fault(weight, place, NAME)
        faults += [fault] if fault else []
        entries.append(Entry(name, weight, place, paths=paths))
    listed = finished(entries, faults, what, NAME)
    total = math.fsum(entry.weight or 0.0 for entry in listed)
    notes: tuple[str, ...] = ()
    if abs(total - 1) > 1e-8:
        notes = (f"probabilities sum to {total:.9g}: {NAME} refuses a sum that is not 1 to 1e-8",)
    return Listing(listed, unit="documents", notes=notes)


_Named = tuple[str | None, float | None, str, tuple[str, ...]]


def _source(marked: Marked) -> _Named:
    name, weight = marked.get("name"), marked.get("probability")
    places = (("path",), ("load_dataset", "data_files"), ("load_dataset", "path"))
    path = next(filter(None, (marked.get(*keys) for keys in places)), None)
    paths: tuple[str, ...] = ()
    if path is not None:
        paths = tuple(str(member.value) for member in path.members()) or (str(path.value),)
    called = None if name is None or name.value is None else str(name.value)
    return called, None if weight is None else as_weight(weight.value), marked.place, paths


def _call(content: Marked, what: str) -> list[_Named]:
    weights = content.get("probabilities")
    if weights is not None and weights.kind == "mapping":
        return [
            (name, as_weight(weight.value), weight.place, ()) for name, weight in weights.items()
        ]
    names = next(filter(None, (content.get(key) for key in _LISTS)), None)
    if weights is None or names is None or weights.kind != "list" or names.kind != "list":
        raise DataError(
            f"{what} lists no sources: expected 'sources: [{{name, path, probability}}]', or "
            "'probabilities: [0.6, ...]' beside a list 'datasets' as long"
        )
    numbers, called = list(weights.members()), list(names.members())
    if len(numbers) != len(called):
        raise DataError(
            f"{what} has {len(numbers)} probabilities and {len(called)} datasets: expected as many"
        )
    return [
        (None if name.value is None else str(name.value), as_weight(number.value), number.place, ())
        for name, number in zip(called, numbers, strict=True)
    ]
