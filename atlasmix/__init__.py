"""AtlasMix: what a multilingual language model should train on, and how sure that is."""

from importlib import import_module
from typing import TYPE_CHECKING

from atlasmix.version import __version__ as __version__

if TYPE_CHECKING:
    from atlasmix.api.constraints import AtLeast, AtMost, Keep, MaxDonors, MaxEpochs, NoWorse
    from atlasmix.api.design import design
    from atlasmix.api.fit import FittedLaw, fit
    from atlasmix.api.learn import LearnedLaw, learn, read_runs
    from atlasmix.api.measure import measure_curves, measure_text
    from atlasmix.api.problem import Problem
    from atlasmix.api.solution import Solution
    from atlasmix.api.sweep import Sweep, sweep
    from atlasmix.errors import AtlasMixError, DataError, Infeasible, ProblemError
    from atlasmix.evidence.inventory import Inventory
    from atlasmix.evidence.published import published
    from atlasmix.evidence.store import Store
    from atlasmix.evidence.transfer_matrix import TransferMatrix
    from atlasmix.languages.resolving import resolve
    from atlasmix.laws.kinds import LossLaw
    from atlasmix.laws.shelf import load_law
    from atlasmix.recipe.check import check
    from atlasmix.recipe.file import load_recipe
    from atlasmix.recipe.recipe import Recipe
    from atlasmix.report.report import Report

# Each name is imported when it is first used: `import atlasmix` and `atlasmix --help` stay fast.
_HOMES = {
    "AtLeast": "api.constraints",
    "AtMost": "api.constraints",
    "AtlasMixError": "errors",
    "DataError": "errors",
    "FittedLaw": "api.fit",
    "Infeasible": "errors",
    "Inventory": "evidence.inventory",
    "Keep": "api.constraints",
    "LearnedLaw": "api.learn",
    "LossLaw": "laws.kinds",
    "MaxDonors": "api.constraints",
    "MaxEpochs": "api.constraints",
    "NoWorse": "api.constraints",
    "Problem": "api.problem",
    "ProblemError": "errors",
    "Recipe": "recipe.recipe",
    "Report": "report.report",
    "Solution": "api.solution",
    "Store": "evidence.store",
    "Sweep": "api.sweep",
    "TransferMatrix": "evidence.transfer_matrix",
    "check": "recipe.check",
    "design": "api.design",
    "fit": "api.fit",
    "learn": "api.learn",
    "read_runs": "api.learn",
    "load_law": "laws.shelf",
    "load_recipe": "recipe.file",
    "measure_curves": "api.measure",
    "measure_text": "api.measure",
    "published": "evidence.published",
    "resolve": "languages.resolving",
    "sweep": "api.sweep",
}

__all__ = [
    "AtLeast",
    "AtMost",
    "AtlasMixError",
    "DataError",
    "FittedLaw",
    "Infeasible",
    "Inventory",
    "Keep",
    "LearnedLaw",
    "LossLaw",
    "MaxDonors",
    "MaxEpochs",
    "NoWorse",
    "Problem",
    "ProblemError",
    "Recipe",
    "Report",
    "Solution",
    "Store",
    "Sweep",
    "TransferMatrix",
    "check",
    "design",
    "fit",
    "learn",
    "load_law",
    "load_recipe",
    "measure_curves",
    "measure_text",
    "published",
    "read_runs",
    "resolve",
    "sweep",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"atlasmix.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'atlasmix' has no attribute {name!r}")


def __dir__() -> list[str]:
    """What completion shows: the names that a user needs."""
    return [*__all__, "__version__"]
