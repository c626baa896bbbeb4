"""A store, and one answered question for the tests of its record."""

from __future__ import annotations

from pathlib import Path

import pytest
from recipe_samples import DOMAIN_CARD, DOMAIN_POOLS, DOMAIN_POOLS_CARD, DOMAIN_SCORES

from atlasmix.evidence.store import Store
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.problem import MixProblem
from atlasmix.recipe.recipe import Recipe, make_recipe


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Shipped evidence, and a domain matrix with its inventory."""
    folder = tmp_path_factory.mktemp("evidence")
    found = Store(str(folder / "store"))
    files = {
        "scores.csv": DOMAIN_SCORES,
        "scores.yaml": DOMAIN_CARD,
        "pools.csv": DOMAIN_POOLS,
        "pools.yaml": DOMAIN_POOLS_CARD,
    }
    paths: dict[str, Path] = {}
    for name, text in files.items():
        paths[name] = folder / name
        paths[name].write_text(text, encoding="utf-8")
    found.add_matrix(paths["scores.csv"], paths["scores.yaml"], "sciences")
    found.add_inventory(paths["pools.csv"], paths["pools.yaml"], "sciences")
    return found


@pytest.fixture(scope="session")
def problem(store: Store) -> MixProblem:
    return problem_from_mapping({"targets": "cat"}, store)


@pytest.fixture(scope="session")
def mixture(problem: MixProblem) -> Mixture:
    return solve(problem)


@pytest.fixture(scope="session")
def recipe(problem: MixProblem, mixture: Mixture) -> Recipe:
    return make_recipe(problem, mixture)
