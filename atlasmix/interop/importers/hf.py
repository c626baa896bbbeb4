"""Hugging Face ``interleave_datasets``: probabilities of *documents*, as JSON or YAML.

``interleave_datasets`` is a call, not a file. Read are AtlasMix's own ``mixture.json`` (``sources``
with name, probability and, if you like, path or load_dataset), and the arguments of the call
written down: ``probabilities`` as {name: number}, or as a list beside one of ``datasets``,
``names`` and ``paths``.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
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
    read_text,
    texts,
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
    if sources is not None and sources.kind == "list":
        entries = _limited(entries, list(sources.members()), faults)
    listed = finished(entries, faults, what, NAME)
    total = math.fsum(entry.weight or 0.0 for entry in listed)
    refusals: tuple[str, ...] = ()
    if abs(total - 1) > 1e-8:
        said = f"probabilities sum to {total:.9g}: {NAME} refuses a sum that is not 1 to 1e-8"
        refusals = (said,)
    return Listing(listed, unit="documents", refusals=refusals)


def _limited(entries: list[Entry], sources: list[Marked], faults: list[str]) -> list[Entry]:
    """Entries with what their sources say beside the probability: repeats, and parts of a split."""
    by_place = {source.place: source for source in sources}
    limited = []
    for entry in entries:
        source = by_place[entry.place]
        load = source.get("load_dataset") or source
        cut = next((key for key in _CUTS if load.get(key) or source.get(key)), None)
        if cut is not None:
            faults.append(
                f"{entry.place}: {cut} reads a part of {entry.prefix[:60]}, and nobody says how "
                "much that is; leave it out"
            )
        fraction = _slice(read_text(load.get("split")) or "")
        if fraction is None:
            faults.append(
                f"{entry.place}: split {read_text(load.get('split'))!r} reads a part that only the "
                "data set knows; expected a name, or a share such as train[:10%]"
            )
        cap = read_above_zero(source.get("repeat"), "repeat", NAME, faults)
        limited.append(replace(entry, max_epochs=cap, fraction=fraction or 1.0))
    return limited


_SLICE: Final = re.compile(r"[\w.-]+\[(\d{1,3})?%?:(?:(\d{1,3})%)?\]", re.ASCII)


def _slice(split: str) -> float | None:
    """What ``train[:10%]`` leaves of a split, 0-1; None where only the data set knows."""
    if "[" not in split:
        return 1.0
    match = _SLICE.fullmatch(split)
    if match is None or "%" not in split:
        return None
    low, high = float(match[1] or 0), float(match[2] or 100)
    return (high - low) / 100 if 0 <= low < high <= 100 else None


_Named = tuple[str | None, float | None, str, tuple[str, ...]]

_CUTS: Final = ("num_samples", "max_samples", "take", "limit", "skip", "select")
"""Keys that a team writes beside a data set to read a part of it."""


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
    lists = [key for key in _LISTS if content.get(key) is not None]
    names = content.get(lists[0]) if lists else None
    if len(lists) > 1:
        raise DataError(
            f"{what} has {' and '.join(lists)}: say in one list which data sets are mixed"
        )
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
        (_called(name, what), as_weight(number.value), number.place, ())
        for name, number in zip(called, numbers, strict=True)
    ]


def _called(dataset: Marked, what: str) -> str | None:
    """A data set by the words with which it is loaded: ``path``, ``path/name``, ...

    Raises:
        DataError: a key that reads a part of it, of which nobody knows how much that is.
    """
    if dataset.kind == "scalar":
        return None if dataset.value is None else str(dataset.value)
    cut = next((key for key in _CUTS if dataset.get(key) is not None), None)
    split = read_text(dataset.get("split")) or "train"
    if cut is not None or "[" in split:
        raise DataError(
            f"{what}, {dataset.place}: {cut or 'split'} reads a part of a data set, and nobody "
            "says how much that is; leave it out, or count the part as a data set of its own"
        )
    files = texts(dataset.get("data_files")) or ()
    path = read_text(dataset.get("path"))
    words = [
        files[0] if len(files) == 1 else path,
        read_text(dataset.get("name")),
        read_text(dataset.get("data_dir")),
        None if split == "train" else split,
    ]
    if len(files) > 1:
        raise DataError(
            f"{what}, {dataset.place}: a data set of {len(files)} files has no one name; write "
            "'sources: [{name, path, probability}]'"
        )
    return "/".join(filter(None, words)) or None
