"""ms-swift: ``path#count`` words of ``--dataset``, or the YAML of its arguments.

Read from ms-swift 4.6.0 (``swift/dataset/dataset_syntax.py``, ``loader.py``):
``[HF::|MS::]id_or_path[:subset[/subset]][#count]``. Counts are rows; ``interleave_prob`` mixes by
shares of rows instead.
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

NAME: Final = "ms-swift"
_HUBS: Final = ("HF::", "MS::", "hf::", "ms::")


def read(text: str, what: str) -> Listing:
    """The data sets and how many rows of each are drawn; ``unit`` is ``documents``.

    Raises:
        DataError: naming every fault with its line.
    """
    faults: list[str] = []
    fraction, shares = 1.0, None
    if _is_yaml(text):
        content = read_marked(text, what)
        words = _words(content.get("dataset"))
        shares = content.get("interleave_prob")
        fraction = _trained(content, faults)
    else:
        words = [
            (word.strip("\"'"), f"line {number}")
            for number, line in enumerate(text.splitlines(), start=1)
            for word in line.split()
            if word not in ("--dataset", "\\")
        ]
    if shares is not None and shares.kind == "list":
        return _interleaved(words, shares, fraction, faults, what)
    entries: list[Entry] = []
    for word, place in words:
        path, mark, count = word.rpartition("#")
        number = as_weight(count) if mark else None
        if number is None:
            faults.append(
                f"{place}: {word[:80]!r} has no count and is taken whole, which no weight says; "
                "write PATH#ROWS"
            )
            continue
        fault = weight_fault(number, place, NAME)
        faults += [fault] if fault else []
        entries.append(Entry(_bare(path), number, place, fraction=fraction))
    return Listing(finished(entries, faults, what, NAME), unit="documents")


def _is_yaml(text: str) -> bool:
    return any(line.startswith(("dataset:", "interleave_prob:", "{")) for line in text.splitlines())


def _words(node: Marked | None) -> list[tuple[str, str]]:
    if node is None:
        return []
    if node.kind == "list":
        return [(str(member.value), member.place) for member in node.members()]
    return [(word, node.place) for word in str(node.value).split()]


def _trained(content: Marked, faults: list[str]) -> float:
    """What ``split_dataset_ratio`` leaves for training."""
    held = content.get("split_dataset_ratio")
    ratio = 0.0 if held is None else as_weight(held.value)
    if held is not None and (ratio is None or not 0 <= ratio < 1):
        faults.append(
            f"{held.place}: split_dataset_ratio is {str(held.value)[:40]}: expected 0 to 1"
        )
        return 1.0
    streaming = content.get("streaming")
    if streaming is not None and streaming.value is True and content.get("interleave_prob") is None:
        faults.append(
            f"{streaming.place}: streaming is true: there ms-swift does not keep to a count; "
            "take it out"
        )
    return 1.0 - (ratio or 0.0)


def _interleaved(
    words: list[tuple[str, str]], shares: Marked, fraction: float, faults: list[str], what: str
) -> Listing:
    numbers = [as_weight(member.value) for member in shares.members()]
    if len(numbers) != len(words):
        raise DataError(
            f"{what} has {len(numbers)} interleave_prob and {len(words)} data sets: expected as "
            "many"
        )
    entries = []
    for (word, place), number in zip(words, numbers, strict=True):
        if number is None:
            faults.append(f"{place}: {word[:60]} has no number as probability")
            continue
        fault = weight_fault(number, place, NAME)
        faults += [fault] if fault else []
        if "#" in word:
            faults.append(
                f"{place}: {word[:60]!r} is cut to so many rows and drawn by a share: expected one"
            )
        entries.append(Entry(_bare(word), number, place, fraction=fraction))
    listed = finished(entries, faults, what, NAME)
    total = math.fsum(entry.weight or 0.0 for entry in listed)
    refused = (f"interleave_prob sums to {total:.9g}: interleave_datasets refuses any sum but 1",)
    return Listing(listed, unit="documents", refusals=refused if abs(total - 1) > 1e-8 else ())


def _bare(path: str) -> str:
    return path[4:] if path.startswith(_HUBS) else path
