"""MosaicML streaming and LLM Foundry: ``streams``, each with a proportion, or repeats and choices.

Read from mosaicml-streaming 0.13.0 (``streaming/base/stream.py``): all streams have ``proportion``,
or none has; beside ``repeat`` (passes) and ``choose`` (samples) a stream without either is read
once.
"""

from __future__ import annotations

import math
import re
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
)

NAME: Final = "streaming"
_PLACES: Final = (
    ("train_loader", "dataset", "streams"),
    ("dataset", "streams"),
    ("streams",),
)
_SHARES: Final = ("proportion", "repeat", "choose")
_KEYS: Final = frozenset(
    (
        *_SHARES,
        "remote",
        "local",
        "split",
        "download_retry",
        "download_timeout",
        "validate_hash",
        "keep_zip",
    )
)
_DURATION: Final = re.compile(r"([0-9][0-9_.e+]{0,20})\s*(ep|ba|sp|tok)", re.ASCII)


def read(text: str, what: str) -> Listing:
    """The streams of a training YAML.

    Raises:
        DataError: naming every fault with its line; proportions beside repeats are one.
    """
    content = read_marked(text, what)
    keys = next((keys for keys in _PLACES if content.get(*keys)), None)
    streams = None if keys is None else content.get(*keys)
    if keys is None or streams is None or streams.kind == "scalar":
        raise DataError(
            f"{what} has no train_loader.dataset.streams: expected a mapping of names to streams"
        )
    listed = list(streams.items()) or [("", each) for each in streams.members()]
    faults: list[str] = []
    refusals: list[str] = []
    used = {key for _, each in listed for key in _SHARES if each.get(key) is not None}
    if "proportion" in used and (
        len(used) > 1 or any(each.get("proportion") is None for _, each in listed)
    ):
        faults.append(
            f"{streams.place}: proportion beside streams without it: streaming stops there; give "
            "all streams a proportion, or none"
        )
    if used == {"repeat", "choose"} or ("choose" in used and _any_without(listed, "choose")):
        faults.append(
            f"{streams.place}: choose beside streams that are read by passes: how much that is, "
            "only the shards say; give all streams one of the two"
        )
    entries = [_entry(name, each, faults, refusals) for name, each in listed]
    unit = next(iter(used), "repeat")
    dataset = content.get(*keys[:-1]) if keys[:-1] else content
    assert dataset is not None
    finished_entries = finished([each for each in entries if each], faults, what, NAME)
    return Listing(
        finished_entries,
        unit="epochs" if unit == "repeat" else "tokens",
        tokens=_tokens(content, dataset, finished_entries, unit),
        refusals=tuple(refusals),
    )


def _any_without(listed: list[tuple[str, Marked]], key: str) -> bool:
    return any(each.get(key) is None for _, each in listed)


def _entry(name: str, stream: Marked, faults: list[str], refusals: list[str]) -> Entry | None:
    if stream.kind != "mapping":
        faults.append(f"{stream.place}: expected a mapping with local or remote")
        return None
    odd = [key for key, _ in stream.items() if key not in _KEYS]
    if odd:
        refusals.append(f"{stream.place}: streaming refuses the key {', '.join(odd)}")
    kinds = [key for key in _SHARES if stream.get(key) is not None]
    if len(kinds) > 1:
        faults.append(f"{stream.place}: {' and '.join(kinds)} on one stream; keep one")
        return None
    where = [read_text(stream.get(key)) for key in ("remote", "local")]
    split = read_text(stream.get("split"))
    paths = tuple(f"{path}/{split}" if split else path for path in where if path)
    if not paths:
        faults.append(f"{stream.place}: neither local nor remote; expected where its shards lie")
        return None
    marked = stream.get(kinds[0]) if kinds else None
    weight = 1.0
    if marked is not None:
        number = as_weight(marked.value) if marked.kind == "scalar" else None
        if number == 0:
            return None  # a stream of which nothing is read
        weight = read_above_zero(marked, kinds[0], NAME, faults) or math.nan
        if math.isnan(weight):
            faults += [] if number is not None else [f"{marked.place}: {kinds[0]} is no number"]
            return None
    return Entry(name or paths[0], weight, stream.place, paths=paths[:1])


def _tokens(
    content: Marked, dataset: Marked, entries: tuple[Entry, ...], unit: str
) -> float | None:
    """Tokens of the run, where duration, batch and length say so."""
    length = _number(dataset.get("max_seq_len") or content.get("max_seq_len"))
    match = _DURATION.fullmatch(str(getattr(content.get("max_duration"), "value", "")))
    number = as_weight(match[1].replace("_", "")) if match else None
    if match is None or number is None or number <= 0:
        return None
    if match[2] == "tok":
        tokens: float | None = number
    else:
        batch = _number(content.get("global_train_batch_size"))
        size = _number(dataset.get("epoch_size"))
        if match[2] == "ep" and unit == "choose":
            size = math.fsum(entry.weight or 0.0 for entry in entries)
        sequences = {"ba": batch, "sp": 1.0, "ep": size}[match[2]]
        tokens = None if None in (sequences, length) else number * (sequences or 0) * (length or 0)
    return tokens if tokens is not None and 1 <= tokens <= 1e18 else None


def _number(node: Marked | None) -> float | None:
    number = as_weight(node.value) if node is not None and node.kind == "scalar" else None
    return number if number is not None and math.isfinite(number) and number > 0 else None
