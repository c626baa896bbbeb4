"""AtlasMix: what a multilingual language model should train on, and how sure that is."""

from importlib import import_module
from typing import TYPE_CHECKING

from atlasmix.version import __version__ as __version__

if TYPE_CHECKING:
    from atlasmix.errors import AtlasMixError
    from atlasmix.evidence.store import Store
    from atlasmix.languages.resolving import resolve
    from atlasmix.laws.kinds import LossLaw
    from atlasmix.mixture.comparison import compare
    from atlasmix.mixture.explain import explain
    from atlasmix.mixture.mixture import Mixture
    from atlasmix.mixture.sensitivity import sensitivity
    from atlasmix.mixture.solve import answer, solve
    from atlasmix.problem.parsing import problem_from_mapping
    from atlasmix.problem.problem import MixProblem, Target
    from atlasmix.recipe.check import check
    from atlasmix.recipe.file import dump_recipe, load_recipe
    from atlasmix.recipe.recipe import Recipe, make_recipe
    from atlasmix.solver.compute import at_compute

# Each name is imported when it is first used: `import atlasmix` and `atlasmix --help` stay fast.
_HOMES = {
    "AtlasMixError": "errors",
    "LossLaw": "laws.kinds",
    "MixProblem": "problem.problem",
    "Mixture": "mixture.mixture",
    "Recipe": "recipe.recipe",
    "Store": "evidence.store",
    "Target": "problem.problem",
    "answer": "mixture.solve",
    "at_compute": "solver.compute",
    "check": "recipe.check",
    "compare": "mixture.comparison",
    "dump_recipe": "recipe.file",
    "explain": "mixture.explain",
    "load_recipe": "recipe.file",
    "make_recipe": "recipe.recipe",
    "problem_from_mapping": "problem.parsing",
    "resolve": "languages.resolving",
    "sensitivity": "mixture.sensitivity",
    "solve": "mixture.solve",
}

__all__ = [
    "AtlasMixError",
    "LossLaw",
    "MixProblem",
    "Mixture",
    "Recipe",
    "Store",
    "Target",
    "answer",
    "at_compute",
    "check",
    "compare",
    "dump_recipe",
    "explain",
    "load_recipe",
    "make_recipe",
    "problem_from_mapping",
    "resolve",
    "sensitivity",
    "solve",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"atlasmix.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'atlasmix' has no attribute {name!r}")
