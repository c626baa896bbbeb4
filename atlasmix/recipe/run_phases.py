"""Phases of a training run: so many tokens in each, with a mixture of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from atlasmix.recipe.recipe import Recipe

ONLY_PHASE: Final = "main"
"""Name of the phase of a recipe that has one mixture from the first step to the last."""


@dataclass(frozen=True, slots=True)
class RunPhase:
    """What is read between two points of a training run.

    Attributes:
        name: how people call it; unique in its run.
        tokens: tokens read in it, repeats included.
        pools: (name of a pool, tokens read of it), largest first; they sum to ``tokens``.
    """

    name: str
    tokens: int
    pools: tuple[tuple[str, int], ...]


def phases_of(recipe: Recipe) -> tuple[RunPhase, ...]:
    """The phases of a recipe, in the order of training; their tokens sum to the recipe's."""
    if recipe.phases:
        return tuple(
            RunPhase(
                phase.name, phase.tokens, tuple((pool.name, pool.tokens) for pool in phase.pools)
            )
            for phase in recipe.phases
        )
    pools = tuple((pool.name, pool.tokens) for pool in recipe.pools)
    return (RunPhase(ONLY_PHASE, recipe.tokens, pools),)
