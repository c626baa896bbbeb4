"""Recipes: question, answer and the origin of every number, as one YAML file."""

from atlasmix.recipes.checking import check
from atlasmix.recipes.question import problem_from_mapping
from atlasmix.recipes.recipe import Recipe, make_recipe
from atlasmix.recipes.recipe_file import dump_recipe, load_recipe

__all__ = ["Recipe", "check", "dump_recipe", "load_recipe", "make_recipe", "problem_from_mapping"]
