"""Megatron-LM and Megatron-Core: ``weight prefix`` text, per-split JSON, blends of two lists.

Read as megatron-core's ``get_blend_from_list`` reads it (0.9 to 0.16, and Megatron-Bridge); the
flat JSON list is Automodel's, ``train: 0.3 0:0.9 path, ...`` Megatron-DeepSpeed's
(``--train-weighted-split-paths``: weight, the part of the documents, path), and a YAML with
``blend``, ``blend_per_split`` or ``data_path`` Bridge's.
"""

from __future__ import annotations

import re
from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import (
    Entry,
    Listing,
    Marked,
    as_weight,
    blend,
    finished,
    paired,
    read_marked,
    split_fraction,
    weight_fault,
    with_fraction,
)

NAME: Final = "Megatron"
_GROUP: Final = re.compile(r"[\"']?\s*([A-Za-z_][A-Za-z0-9_]*)\s*:\s")
_BRIDGE: Final = re.compile(r"^\s*(?:dataset|blend|blend_per_split|data_path)\s*:", re.MULTILINE)
_PER_SPLIT: Final = ("per_split_data_args", "blend_per_split")
_BLENDS: Final = ("blend", "data_path", "data_paths", "train_data_path")


def read(text: str, what: str) -> Listing:
    """The training blend of what Megatron is given.

    Args:
        text: of the file.
        what: how messages name it.

    Raises:
        DataError: naming every fault with its line.
    """
    if text.lstrip()[:1] in {"{", "["} or _BRIDGE.search(text[:_HEAD]):
        return _marked(text, what)
    groups = _groups(text)
    if groups:
        return _split_paths(groups, what)
    items: list[tuple[object, str]] = []
    comments: list[int] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words, mark, _ = line.partition("#")
        if mark and (not words.strip() or words[-1].isspace()):
            comments.append(number)
        else:
            words = line
        items += [(word, f"line {number}") for word in words.split()]
    entries, faults, notes = paired(items, NAME)
    if comments:
        notes.append(
            f"{len(comments)} comment{'s' * (len(comments) > 1)} (first in line {comments[0]}), "
            "read here as comments: Megatron itself reads their words as weights and prefixes, so "
            "take them out of the file it is given"
        )
    return Listing(finished(entries, faults, what, NAME), notes=tuple(notes))


_HEAD: Final = 64 * 1024
"""Characters in which a key of Bridge's YAML is looked for."""


def _marked(text: str, what: str) -> Listing:
    content = read_marked(text, what)
    content = content.get("dataset") or content
    notes: list[str] = []
    refusals: list[str] = []
    faults: list[str] = []
    fraction = 1.0
    train = content
    if content.kind == "mapping":
        inner = next(filter(None, (content.get(key) for key in _PER_SPLIT)), content)
        single = next(filter(None, (content.get(key) for key in _BLENDS)), None)
        if inner.kind == "list" and list(inner.members()):
            train = next(inner.members())  # train, validation, test
        elif inner.get("train") is not None:
            train = inner.get("train") or inner
            missing = [split for split in ("valid", "test") if inner.get(split) is None]
            if missing:
                refusals.append(
                    f"no key {' and '.join(missing)}: Megatron stops with a KeyError; write null "
                    "there"
                )
        elif single is not None:
            train = single
            fraction = split_fraction(content.get("split"), faults, NAME)
        if train.kind == "scalar" and isinstance(train.value, str):
            return _from_words(train, fraction, faults, what)
        if train.kind != "list":
            raise DataError(
                f"{what} has no list under 'train': expected "
                '{"train": ["0.6", "/data/a", ...], "valid": ..., "test": null}, or a blend '
                "[[paths], [weights]]"
            )
    elif not any(member.kind == "list" for member in content.members()):
        notes.append("a flat JSON list: Automodel takes it, Megatron's --data-args-path does not")
    entries, wrong, more = blend(train, NAME)
    return Listing(
        with_fraction(finished(entries, [*faults, *wrong], what, NAME), fraction),
        notes=(*notes, *more),
        refusals=tuple(refusals),
    )


def _from_words(train: Marked, fraction: float, faults: list[str], what: str) -> Listing:
    """A blend that is one text: ``data_path: 0.3 /data/a 0.7 /data/b``."""
    words = [(word, train.place) for word in str(train.value).split()]
    entries, wrong, notes = paired(words, NAME)
    listed = with_fraction(finished(entries, [*faults, *wrong], what, NAME), fraction)
    return Listing(listed, notes=tuple(notes))


def _groups(text: str) -> dict[str, tuple[str, int]]:
    """Name of each split to its text and line, where the file is Megatron-DeepSpeed's."""
    groups: dict[str, tuple[str, int]] = {}
    last = ""
    for number, line in enumerate(text.splitlines(), start=1):
        match = _GROUP.match(line.strip()[:200])
        if match is not None:
            last = match[1].lower()
            if last in groups:
                return {}
            groups[last] = line.strip()[match.end() :], number
        elif last and line.strip():
            groups[last] = f"{groups[last][0]} {line.strip()}", groups[last][1]
        elif line.strip():
            return {}
    return groups


def _split_paths(groups: dict[str, tuple[str, int]], what: str) -> Listing:
    named = [name for name in groups if name.startswith("train")] or list(groups)
    if len(named) > 1:
        raise DataError(
            f"{what} has the groups {', '.join(named)}: name the one that is trained on 'train'"
        )
    written, line = groups[named[0]]
    place = f"line {line}"
    entries: list[Entry] = []
    faults: list[str] = []
    for number, part in enumerate(written.strip("\"' ,").split(","), start=1):
        where = f"{place}, source {number}"
        words = part.strip(" \"'").split()
        if len(words) != 3:
            faults.append(f"{where}: {part.strip()[:60]!r}; expected WEIGHT START:END PATH")
            continue
        weight = as_weight(words[0])
        ends = [as_weight(end) for end in words[1].split(":")]
        if weight is None:
            faults.append(f"{where}: {words[0][:40]!r} is no weight")
            continue
        if len(ends) != 2 or None in ends or not 0 <= (ends[0] or 0.0) < (ends[1] or 0.0) <= 1:
            faults.append(
                f"{where}: {words[1][:40]!r}; expected START:END with 0 <= START < END <= 1"
            )
            continue
        fault = weight_fault(weight, where, NAME)
        faults += [fault] if fault else []
        part_read = (ends[1] or 0.0) - (ends[0] or 0.0)
        entries.append(Entry(words[2], weight, where, fraction=min(part_read, 1.0)))
    return Listing(finished(entries, faults, what, NAME), notes=())
