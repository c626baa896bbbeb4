"""MaxText and Grain: a JSON of named datasets, or ``path,weight;path,weight``.

Read from AI-Hypercomputer/maxtext ``src/maxtext/input_pipeline/grain_data_processing.py``
(7a1dd6d5): weights are shares of records; the form with semicolons rounds each to four decimals
and stops where one becomes 0.
"""

from __future__ import annotations

import math
from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import (
    Entry,
    Listing,
    as_weight,
    finished,
    read_marked,
    read_text,
    weight_fault,
)

NAME: Final = "MaxText"
_PLACES: Final = 4


def read(text: str, what: str) -> Listing:
    """The datasets and their weights; ``unit`` is ``documents``.

    Raises:
        DataError: naming every fault with its line.
    """
    bare = text.strip()
    if bare[:1] != "{":
        return _semicolons(bare, what)
    content = read_marked(text, what)
    entries: list[Entry] = []
    faults: list[str] = []
    refusals: list[str] = []
    for name, dataset in content.items():
        path, weight = read_text(dataset.get("path")), dataset.get("weight")
        number = as_weight(weight.value) if weight is not None else None
        if path is None or number is None:
            faults.append(f"{dataset.place}: {name[:60]}: expected a path and a number as weight")
            continue
        fault = weight_fault(number, dataset.place, NAME)
        faults += [fault] if fault else []
        odd = [key for key, _ in dataset.items() if key not in ("path", "weight")]
        if odd:
            faults.append(
                f"{dataset.place}: {name[:60]} has {', '.join(odd)}, which MaxText passes over; "
                "take it out, or it says what is not so"
            )
        entries.append(Entry(name, number, dataset.place, paths=(path,)))
    return Listing(
        finished(entries, faults, what, NAME), unit="documents", refusals=tuple(refusals)
    )


def _semicolons(text: str, what: str) -> Listing:
    """``grain_train_files``, with or without its name."""
    written = text.rpartition("grain_train_files")[2].strip("=: \n\"'")
    entries: list[Entry] = []
    faults: list[str] = []
    for number, part in enumerate(filter(None, written.split(";")), start=1):
        path, comma, weight = part.strip().rpartition(",")
        value = as_weight(weight) if comma else None
        place = f"source {number}"
        if value is None:
            faults.append(f"{place}: {part.strip()[:60]!r}; expected PATH,WEIGHT")
            continue
        fault = weight_fault(value, place, NAME)
        faults += [fault] if fault else []
        entries.append(Entry(path, value, place))
    if not entries and not faults:
        raise DataError(
            f'{what} lists nothing: expected {{"name": {{"path": ..., "weight": 0.6}}}}, or '
            "path,weight;path,weight"
        )
    listed = finished(entries, faults, what, NAME)
    whole = math.fsum(entry.weight or 0.0 for entry in listed)
    rounded = [round((entry.weight or 0.0) / whole, _PLACES) for entry in listed]
    lost = [entry.prefix for entry, weight in zip(listed, rounded, strict=True) if not weight]
    refusals = (
        [
            f"MaxText rounds these weights to four decimals, {', '.join(lost[:5])} to 0, and Grain "
            "stops there: use the JSON of grain_train_mixture_config_path"
        ]
        if lost
        else []
    )
    return Listing(listed, unit="documents", refusals=tuple(refusals))
