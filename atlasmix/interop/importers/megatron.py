"""Megatron-LM and Megatron-Core: ``weight prefix`` text, per-split JSON, a flat JSON list.

Read as megatron-core's ``get_blend_from_list`` reads it (0.9 to 0.16, and Megatron-Bridge); the
flat JSON list is Automodel's.
"""

from __future__ import annotations

from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import Listing, finished, paired, read_marked

NAME: Final = "Megatron"


def read(text: str, what: str) -> Listing:
    """The training blend of a ``--data-args-path`` or ``--per-split-data-args-path`` file.

    Args:
        text: of the file.
        what: how messages name it.

    Raises:
        DataError: naming every fault with its line.
    """
    if text.lstrip()[:1] in {"{", "["}:
        return _json(text, what)
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


def _json(text: str, what: str) -> Listing:
    content = read_marked(text, what)
    notes: list[str] = []
    blend = content
    if content.kind == "mapping":
        train = content.get("train")
        if train is None or train.kind != "list":
            raise DataError(
                f"{what} has no list under 'train': expected "
                '{"train": ["0.6", "/data/a", ...], "valid": ..., "test": null}'
            )
        blend = train
        missing = [split for split in ("valid", "test") if content.get(split) is None]
        if missing:
            notes.append(
                f"no key {' and '.join(missing)}: Megatron stops with a KeyError; write null there"
            )
    else:
        notes.append("a flat JSON list: Automodel takes it, Megatron's --data-args-path does not")
    items = [(member.value, member.place) for member in blend.members()]
    entries, faults, more = paired(items, NAME)
    return Listing(finished(entries, faults, what, NAME), notes=(*notes, *more))
