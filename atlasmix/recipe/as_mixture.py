"""A recipe seen as a mixture that somebody gives: pools, shares, caps, tokens."""

from __future__ import annotations

import hashlib
from pathlib import Path

from atlasmix.errors import DataError
from atlasmix.evidence.mixture_file import (
    MIXTURE_LIMIT,
    GivenMixture,
    GivenPool,
    holds_mixture,
    mixture_of,
)
from atlasmix.io.safe_yaml import load_yaml
from atlasmix.io.tables import read_file
from atlasmix.recipe.epoch_caps import epoch_caps
from atlasmix.recipe.file import dump_recipe, load_recipe
from atlasmix.recipe.recipe import Recipe


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
    if isinstance(content, dict) and str(content.get("schema", "")).startswith("atlasmix/recipe/"):
        return None, load_recipe(path)
    raise DataError(
        f"{what} is neither a mixture file nor a recipe: expected one that atlasmix import or "
        "solve wrote; a framework's own file needs the name of its format",
        field="form",
    )
