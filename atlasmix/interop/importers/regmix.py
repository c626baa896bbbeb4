"""RegMix and Sailor: the data YAML of their TinyLlama script, beginnings of file names to weights.

Read from sail-sg/regmix ``model_training/pretrain/tinyllama.py`` (0529f0d3).
"""

from __future__ import annotations

from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import (
    Entry,
    Listing,
    as_weight,
    finished,
    read_marked,
    weight_fault,
)

NAME: Final = "RegMix"


def read(text: str, what: str) -> Listing:
    """The names under ``train`` and their weights.

    Raises:
        DataError: naming every fault with its line.
    """
    train = read_marked(text, what).get("train")
    if train is None or train.kind != "mapping":
        raise DataError(
            f"{what} has no mapping 'train': expected beginnings of file names and their weights"
        )
    entries: list[Entry] = []
    faults: list[str] = []
    names = [name for name, _ in train.items()]
    for name, weight in train.items():
        number = as_weight(weight.value) if weight.kind == "scalar" else None
        if number is None:
            faults.append(f"{weight.place}: {name[:60]} has no number as weight")
            continue
        if number == 0:
            continue  # RegMix draws nothing of it
        fault = weight_fault(number, weight.place, NAME)
        faults += [fault] if fault else []
        entries.append(Entry(name, number, weight.place))
    both = [
        f"{name} begins {other}: the script takes its files for both"
        for name, other in zip(sorted(names), sorted(names)[1:], strict=False)
        if other.startswith(name)
    ]
    return Listing(finished(entries, faults, what, NAME), refusals=tuple(both))
