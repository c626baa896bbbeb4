"""AtlasMix: what a multilingual language model should train on, and how sure that is."""

from importlib import import_module
from typing import TYPE_CHECKING

from atlasmix.version import __version__ as __version__

# Each name is imported when it is first used: `import atlasmix` stays fast.
_HOMES = {
    "AtlasMixError": "atlasmix.errors",
    "LossLaw": "atlasmix.scaling",
    "MixProblem": "atlasmix.mixing",
    "Mixture": "atlasmix.mixing",
    "Recipe": "atlasmix.recipes",
    "Store": "atlasmix.evidence",
    "Target": "atlasmix.mixing",
    "answer": "atlasmix.mixing",
    "check": "atlasmix.recipes",
    "compare": "atlasmix.mixing",
    "explain": "atlasmix.mixing",
    "load_recipe": "atlasmix.recipes",
    "make_recipe": "atlasmix.recipes",
    "problem": "atlasmix.recipes",
    "resolve": "atlasmix.languages",
    "sensitivity": "atlasmix.mixing",
    "solve": "atlasmix.mixing",
}

if TYPE_CHECKING:
    from atlasmix.errors import AtlasMixError as AtlasMixError
    from atlasmix.evidence import Store as Store
    from atlasmix.languages import resolve as resolve
    from atlasmix.mixing import MixProblem as MixProblem
    from atlasmix.mixing import Mixture as Mixture
    from atlasmix.mixing import Target as Target
    from atlasmix.mixing import answer as answer
    from atlasmix.mixing import compare as compare
    from atlasmix.mixing import explain as explain
    from atlasmix.mixing import sensitivity as sensitivity
    from atlasmix.mixing import solve as solve
    from atlasmix.scaling import LossLaw as LossLaw

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'atlasmix' has no attribute {name!r}")
