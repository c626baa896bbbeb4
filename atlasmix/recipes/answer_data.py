"""A whole answer as plain data for other programs: the recipe, reasons, prices, sensitivity."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from atlasmix.mixing.mixture import Mixture, Reason, SensitivityStep
from atlasmix.recipes.recipe import Recipe
from atlasmix.recipes.recipe_file import recipe_mapping


def answer_data(
    recipe: Recipe,
    mixture: Mixture,
    reasons: Sequence[Reason],
    steps: Sequence[SensitivityStep],
) -> dict[str, Any]:
    """The recipe with what is not recorded in it.

    Returns:
        A mapping with ``recipe`` (as its YAML holds it), ``proportions`` per language, ``caveats``,
        ``flatness``, ``prices``, ``reasons`` and ``sensitivity`` (to λ, to φ, and to the worth of
        translated and other machine-made text).
    """
    return {
        "recipe": recipe_mapping(recipe),
        "proportions": recipe.proportions,
        "caveats": [dataclasses.asdict(caveat) for caveat in mixture.caveats],
        "flatness": [dataclasses.asdict(one) for one in mixture.flatness],
        "prices": [dataclasses.asdict(price) for price in mixture.prices],
        "reasons": [dataclasses.asdict(reason) for reason in reasons],
        "sensitivity": [dataclasses.asdict(step) for step in steps],
    }
