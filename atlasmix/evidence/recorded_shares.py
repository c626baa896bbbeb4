"""What a recipe says of languages: its shares alone, without its question and its proof."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from atlasmix.io.schema import Share, Text, faults_of
from atlasmix.io.tables import refuse

NEITHER: Final = (
    "is neither a mixture file nor a recipe: expected one that atlasmix import or solve wrote"
)
_RECIPES: Final = "atlasmix/recipe/"
_ROUNDED: Final = 1e-6
"""A share of a recipe has six places."""


class _Pool(Struct):
    language: Text
    proportion: Share


class _Answer(Struct):
    pools: Annotated[list[_Pool], Meta(min_length=1)]


class _Recorded(Struct):
    schema: Text
    answer: _Answer


def holds_recipe(content: object) -> bool:
    """Whether plain data call themselves a recipe, of whichever version."""
    return isinstance(content, dict) and str(content.get("schema", "")).startswith(_RECIPES)


def recorded_shares(content: dict[str, Any], what: str) -> tuple[tuple[str, float], ...]:
    """(Language key, share) of a recipe, greatest first.

    Args:
        content: of the file, as plain data.
        what: names the file.

    Raises:
        DataError: no pools, or shares that do not sum to 1; ``faults`` names all.
    """
    refuse(what, faults_of(content, _Recorded, "recipe"))
    shares: dict[str, float] = defaultdict(float)
    pools = content["answer"]["pools"]
    for pool in pools:
        shares[pool["language"]] += pool["proportion"]
    total = sum(shares.values())
    if abs(total - 1) > _ROUNDED * len(pools):
        refuse(what, [f"proportions sum to {total:.6f}, expected 1"])
    return tuple(sorted(shares.items(), key=lambda each: (-each[1], each[0])))
