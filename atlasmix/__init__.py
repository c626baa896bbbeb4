"""AtlasMix: what a multilingual language model should train on, and how sure that is."""

from importlib import import_module
from typing import TYPE_CHECKING

from atlasmix.version import __version__ as __version__

if TYPE_CHECKING:
    from atlasmix.errors import AtlasMixError
    from atlasmix.evidence import Store
    from atlasmix.languages import resolve
    from atlasmix.mixing import (
        MixProblem,
        Mixture,
        Target,
        answer,
        at_compute,
        compare,
        explain,
        sensitivity,
        solve,
    )
    from atlasmix.recipes import (
        Recipe,
        check,
        dump_recipe,
        load_recipe,
        make_recipe,
        problem_from_mapping,
    )
    from atlasmix.scaling import LossLaw

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

# Each name is imported when it is first used: `import atlasmix` and `atlasmix --help` stay fast.
_HOMES = {"AtlasMixError": "errors", "LossLaw": "scaling", "Store": "evidence"}
_HOMES |= {"resolve": "languages"}
_RECIPES = ("Recipe", "check", "dump_recipe", "load_recipe", "make_recipe", "problem_from_mapping")
_HOMES |= dict.fromkeys(_RECIPES, "recipes")


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module(f"atlasmix.{_HOMES.get(name, 'mixing')}"), name)
    raise AttributeError(f"module 'atlasmix' has no attribute {name!r}")
