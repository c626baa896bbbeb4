"""How often each pool of a recipe may be read: the epoch caps of its question."""

from __future__ import annotations

from collections.abc import Collection

from atlasmix.errors import DataError
from atlasmix.evidence.pools import Pool
from atlasmix.io.plain_data import as_mapping, as_number
from atlasmix.languages.resolving import resolve
from atlasmix.problem.constraint_parsing import DEFAULT, read_cap
from atlasmix.problem.constraints import KINDS, Selection
from atlasmix.recipe.recipe import Recipe, RecipePool


def epoch_caps(recipe: Recipe) -> dict[str, float]:
    """Most epochs of each pool; of several caps that speak of a pool, the last one holds.

    The evidence behind the recipe is not asked: a recipe can be exported where it is not.

    Raises:
        ProblemError: a cap that is no number.
    """
    question = dict(recipe.question)
    caps = {pool.name: read_cap(question) for pool in recipe.pools}
    own = question.get("max_epochs")
    if not isinstance(own, dict):
        return caps
    groups = as_mapping(question.get("groups", {}), "groups", "{romance: [spa, fra]}")
    keys = frozenset(pool.language for pool in recipe.pools)
    for label, epochs in own.items():
        if label == DEFAULT:
            continue
        selection = _selection(label, groups, keys)
        for pool in recipe.pools:
            if selection.matches(_as_pool(pool)):
                caps[pool.name] = as_number(epochs, f"max_epochs {label}", "4")
    return caps


def _selection(label: str, groups: dict[str, object], keys: Collection[str]) -> Selection:
    members = groups.get(label)
    if isinstance(members, list):
        return Selection("group", label, tuple(_key(str(member), keys) for member in members))
    kind, colon, value = label.partition(":")
    known = next((each for each in KINDS if each == kind.strip()), None)
    if colon and known is not None:
        value = value.strip()
        return Selection(known, _key(value, keys) if known == "language" else value)
    return Selection("language", _key(label, keys))


def _key(written: str, keys: Collection[str]) -> str:
    """The key of a language however it was written; the label of a domain stays as it is."""
    if written in keys:
        return written
    try:
        return str(resolve(written))
    except DataError:
        return written


def _as_pool(pool: RecipePool) -> Pool:
    return Pool(
        name=pool.name,
        language=pool.language,
        provenance=pool.provenance,
        corpus=pool.corpus,
        unique_tokens=pool.unique_tokens,
        obtained="",
        unit="",
    )
