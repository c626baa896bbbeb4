"""LLaMA-Factory: ``dataset_info.json`` with a number of samples each, or arguments with shares.

Read from llamafactory 0.9.5 (``data/loader.py``, ``data/parser.py``, ``hparams/data_args.py``):
``num_samples`` draws so many rows, above the size of a source again and again; data sets without it
are taken whole, and joined, unless ``mix_strategy`` interleaves them by ``interleave_probs``.
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
    read_above_zero,
    read_marked,
    read_text,
    weight_fault,
)

NAME: Final = "LLaMA-Factory"
_SOURCES: Final = (
    "hf_hub_url",
    "ms_hub_url",
    "om_hub_url",
    "script_url",
    "file_name",
    "cloud_file_name",
)


def read(text: str, what: str) -> Listing:
    """The data sets and how many rows, or which share of them, is drawn; ``unit`` is ``documents``.

    Raises:
        DataError: naming every fault with its line.
    """
    content = read_marked(text, what)
    if content.get("dataset") is not None and content.get("dataset", "file_name") is None:
        return _arguments(content, what)
    entries: list[Entry] = []
    faults: list[str] = []
    for name, dataset in content.items():
        source = next(filter(None, (read_text(dataset.get(key)) for key in _SOURCES)), None)
        if source is None:
            faults.append(f"{dataset.place}: {name[:60]} names no source; expected file_name")
            continue
        samples = dataset.get("num_samples")
        weight = read_above_zero(samples, "num_samples", NAME, faults)
        if samples is None:
            faults.append(
                f"{dataset.place}: {name[:60]} has no num_samples: it is taken whole, which no "
                "weight says; write how many rows it has"
            )
        # A subset or folder of a hub's data set is another text under the same address.
        inner = [read_text(dataset.get(key)) for key in ("subset", "folder")]
        path = "/".join(filter(None, (source, *inner)))
        entries.append(Entry(name, weight, dataset.place, paths=(path,)))
    return Listing(finished(entries, faults, what, NAME), unit="documents")


def _arguments(content: Marked, what: str) -> Listing:
    """The arguments of a run: names in ``dataset``, shares in ``interleave_probs``."""
    faults: list[str] = []
    names = _listed(content.get("dataset"))
    strategy = read_text(content.get("mix_strategy")) or "concat"
    shares = content.get("interleave_probs")
    if not strategy.startswith("interleave") or shares is None:
        raise DataError(
            f"{what} joins its data sets (mix_strategy {strategy[:40]}), so their sizes are the "
            "mixture: give its dataset_info.json, where num_samples says how much is drawn"
        )
    numbers = [as_weight(each) for each in _listed(shares)]
    if len(numbers) != len(names):
        raise DataError(
            f"{what} has {len(numbers)} interleave_probs and {len(names)} data sets: expected as "
            "many"
        )
    cut = content.get("max_samples")
    if cut is not None and cut.value is not None:
        faults.append(
            f"{cut.place}: max_samples cuts every data set to so many rows, which no count here "
            "knows; take it out, or count what is left"
        )
    held, fraction = content.get("val_size"), 1.0
    size = as_weight(held.value) if held is not None else 0.0
    if held is not None and size != 0:
        if size is None or not 0 < size < 1:
            faults.append(
                f"{held.place}: val_size {str(held.value)[:40]} holds rows back; expected a share "
                "below 1"
            )
        else:
            fraction = 1 - size
    entries = []
    for name, number in zip(names, numbers, strict=True):
        if number is None:
            faults.append(f"{shares.place}: {name[:60]} has no number as probability")
            continue
        fault = weight_fault(number, shares.place, NAME)
        faults += [fault] if fault else []
        entries.append(Entry(name, number, shares.place, fraction=fraction))
    listed = finished(entries, faults, what, NAME)
    total = math.fsum(entry.weight or 0.0 for entry in listed)
    refusals = (
        (f"interleave_probs sum to {total:.9g}: interleave_datasets refuses any sum but 1",)
        if abs(total - 1) > 1e-8
        else ()
    )
    notes = {
        "interleave_under": "interleave_under ends with the smallest source: no source is read "
        "more than once, and the run may be shorter than planned",
        "interleave_over": "interleave_over repeats sources until the largest is read, without a "
        "cap",
    }
    said = notes.get(strategy)
    return Listing(listed, unit="documents", notes=(said,) if said else (), refusals=refusals)


def _listed(node: Marked | None) -> list[str]:
    """A text with commas, or a list, as texts."""
    if node is None:
        return []
    if node.kind == "list":
        return [str(member.value) for member in node.members()]
    return [part.strip() for part in str(node.value).split(",") if part.strip()]
