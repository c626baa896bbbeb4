"""Limits that speak of no pool: what was typed, how it was read, and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final

from atlasmix.errors import ProblemError
from atlasmix.evidence import Inventory, Pool
from atlasmix.languages import name_of
from atlasmix.mixing.limits import Guardrail, Limit, Selection, ShareLimit
from atlasmix.recipes.words import EVERY_TARGET

_NAMED: Final = {"pool": "name", "corpus": "corpus"}
"""Kinds whose values are names in an inventory, and the field of a pool that holds them."""


def refuse_empty(
    typed: Sequence[tuple[str, Limit]], pools: Sequence[Pool], inventory: Inventory
) -> None:
    """Refuse a limit that selects none of the pools, in the words it was typed in.

    Args:
        typed: what a message calls the limit (``min rom``), and the limit.
        pools: those that the question may read.
        inventory: where they come from.

    Raises:
        ProblemError: a pool or corpus that the inventory does not have; a least share, kept tokens
            or an epoch cap of nothing. A greatest share of nothing is kept by every mixture.
    """
    for what, limit in typed:
        if isinstance(limit, Guardrail) or limit.selection.mask(pools).any():
            continue
        selection = limit.selection
        field = _NAMED.get(selection.kind)
        if field and selection.value not in {getattr(pool, field) for pool in inventory.pools}:
            raise ProblemError(_no_name(what, selection, inventory))
        if isinstance(limit, ShareLimit) and (limit.bound == "max" or limit.share == 0):
            continue
        count = f"{len(pools)} pool{'s' * (len(pools) != 1)}"
        raise ProblemError(
            f"{what} selects none of the {count} of this question: {_advice(what, selection)}"
        )


def _advice(what: str, selection: Selection) -> str:
    written = what.partition(" ")[2]
    if selection.kind == "language":
        name = name_of(selection.value)
        read = name if name == selection.value else f"{name} ({selection.value})"
        if written == EVERY_TARGET:
            return (
                f"{written!r} is every target, and {read} has no pool here; name the targets that "
                "have, or open more pools with inventory and pools"
            )
        return (
            f"{written!r} was read as the language {read}, which has no pool here; a group of that "
            f"name needs --group {written}=spa,fra, a language a pool by --inventory and --pools"
        )
    if selection.kind == "group":
        return (
            f"none of its members ({', '.join(selection.languages)}) has a pool here; choose "
            "others, or open more pools with --inventory and --pools"
        )
    return "name another, or open more pools with --inventory and --pools"


def _no_name(what: str, selection: Selection, inventory: Inventory) -> str:
    known = sorted({getattr(pool, _NAMED[selection.kind]) for pool in inventory.pools})
    start = selection.value.partition(".")[0]
    near = difflib.get_close_matches(selection.value, known, n=3, cutoff=0.6)
    near += [name for name in known if name.partition(".")[0] == start and name not in near]
    few = near[:4] or known[:4]
    return f"{what} names a {selection.kind} that inventory {inventory.name} does not have: " + (
        f"did you mean {' or '.join(few)}?" if near else f"it has {', '.join(few)} ..."
    )
