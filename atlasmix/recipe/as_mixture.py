"""A recipe seen as a mixture that somebody gives: pools, shares, caps, tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from atlasmix.errors import DataError
from atlasmix.evidence.mixture_file import (
    MIXTURE_LIMIT,
    GivenMixture,
    GivenPool,
    holds_mixture,
    mixture_of,
)
from atlasmix.evidence.pools import Pool
from atlasmix.evidence.recorded_shares import NEITHER, holds_recipe
from atlasmix.io.files import read_file
from atlasmix.io.plain_data import as_mapping, as_number
from atlasmix.io.safe_yaml import load_yaml
from atlasmix.languages.resolving import resolve
from atlasmix.problem.constraints import KINDS, Selection
from atlasmix.problem.parsing import DEFAULT, read_cap
from atlasmix.recipe.file import dump_recipe, load_recipe
from atlasmix.recipe.recipe import Recipe, RecipePool


def epoch_caps(recipe: Recipe) -> dict[str, float]:
    """Most epochs of each pool; of several caps that speak of a pool, the last one holds.

    The evidence behind the recipe is not asked: a recipe can be exported where it is not.

    Raises:
        ProblemError: a cap that is no number.
    """
    question = dict(recipe.question)
    usual = read_cap(question)
    return {pool.name: usual for pool in recipe.pools} | _own_caps(recipe, question)


def phase_caps(recipe: Recipe) -> dict[str, dict[str, float]]:
    """Most epochs of each pool within each phase, for those that have a cap there.

    Raises:
        ProblemError: a cap that is no number.
    """
    capped: dict[str, dict[str, float]] = {}
    for phase in recipe.question.get("phases", ()):
        caps = phase.get("max_epochs")
        stated = caps is not None and (not isinstance(caps, dict) or DEFAULT in caps)
        usual = {pool.name: read_cap(phase) for pool in recipe.pools} if stated else {}
        capped[str(phase["name"])] = usual | _own_caps(recipe, phase)
    return capped


def _own_caps(recipe: Recipe, question: Mapping[str, Any]) -> dict[str, float]:
    """Caps by pool, where ``max_epochs`` of a question or of a phase is a mapping."""
    caps: dict[str, float] = {}
    own = question.get("max_epochs")
    if not isinstance(own, dict):
        return caps
    groups = as_mapping(recipe.question.get("groups", {}), "groups", "{romance: [spa, fra]}")
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


def given_of_recipe(recipe: Recipe, name: str) -> GivenMixture:
    """The same pools and proportions, without question and proof.

    Raises:
        ProblemError: an epoch cap in the question that is no number.
    """
    caps = epoch_caps(recipe)
    units = {pool["name"]: pool["unit"] for pool in recipe.origin["pools"]}
    counted = " + ".join(entry["name"] for entry in recipe.origin["inventories"])
    return GivenMixture(
        name=name,
        tokens=float(recipe.tokens),
        pools=tuple(
            GivenPool(
                name=pool.name,
                proportion=pool.proportion,
                unique_tokens=float(pool.unique_tokens),
                unit=units.get(pool.name, ""),
                counted_in=f"inventory {counted}",
                max_epochs=caps[pool.name],
                language=pool.language,
                provenance=pool.provenance,
                corpus=pool.corpus,
            )
            for pool in recipe.pools
        ),
        origin={
            "atlasmix": recipe.origin["atlasmix"],
            "format": "recipe",
            "file": name,
            "sha256": hashlib.sha256(dump_recipe(recipe).encode("utf-8")).hexdigest(),
            "mapping": "",
            "counts": counted,
        },
    )


def read_given(path: Path) -> tuple[GivenMixture | None, Recipe | None]:
    """A mixture file or a recipe, whichever the file is.

    Returns:
        One of them, the other None.

    Raises:
        DataError: neither, or a fault in it.
    """
    what = f"file {path.name or path}"
    content = load_yaml(read_file(path, MIXTURE_LIMIT), what, MIXTURE_LIMIT)
    if holds_mixture(content):
        assert isinstance(content, dict)
        return mixture_of(content, f"mixture {what}"), None
    if holds_recipe(content):
        return None, load_recipe(path)
    raise DataError(
        f"{what} {NEITHER}; a framework's own file needs the name of its format",
        field="form",
    )
