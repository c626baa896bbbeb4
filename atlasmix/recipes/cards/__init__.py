"""Data cards of a mixture: Croissant, SPDX, Hugging Face, W3C PROV, the EU's public summary."""

from atlasmix.recipes.cards.facts import CardFacts, Wishes, facts_of_mixture, facts_of_recipe
from atlasmix.recipes.cards.making import FORMATS, make_card

__all__ = ["FORMATS", "CardFacts", "Wishes", "facts_of_mixture", "facts_of_recipe", "make_card"]
