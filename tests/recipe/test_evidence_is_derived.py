"""No recipe can lie: what follows from the evidence is derived from it, wherever it is replaced."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from atlasmix.errors import ProblemError
from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.mixture.sensitivity import with_phi
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.problem import MixProblem
from atlasmix.recipe.check import check
from atlasmix.recipe.recipe import make_recipe
from atlasmix.solver.compute import at_compute
from atlasmix.transfer.estimation import estimated


def without_spanish(matrix: TransferMatrix) -> TransferMatrix:
    """The matrix had Spanish given Catalan nothing, under another name."""
    scores = np.array(matrix.scores)
    scores[matrix.index("spa"), matrix.index("cat")] = -0.9
    return replace(matrix, name="mine", scores=scores)


def keys_of(problem: MixProblem) -> frozenset[str]:
    """The languages that a problem asks of a matrix that a prior completes."""
    return frozenset([*problem.target_keys, *(pool.language for pool in problem.pools)])


def test_weights_follow_the_matrix_and_so_does_the_record(problem: MixProblem) -> None:
    """`replace(problem, matrix=mine)` once kept the old weights and wrote the new name."""
    mine = without_spanish(Store(None).matrix("atlas-2025"))
    scored = tuple(pool for pool in problem.pools if pool.language in mine.keys)
    other = replace(problem, matrix=mine, pools=scored)
    np.testing.assert_array_equal(other.transfer.weights, estimated(mine, problem.law).weights)
    recipe = make_recipe(other, solve(other))
    assert recipe.origin["matrix"]["name"] == "mine"
    assert recipe.proportions.get("spa", 0.0) == 0.0
    assert make_recipe(problem, solve(problem)).proportions["spa"] > 0.1


def test_weights_follow_the_law(problem: MixProblem) -> None:
    law = replace(problem.law, B=2 * problem.law.B)
    np.testing.assert_array_equal(
        replace(problem, law=law).transfer.phi,
        estimated(problem.matrix, law, None, keys_of(problem)).phi,
    )
    assert not np.array_equal(problem.transfer.phi, replace(problem, law=law).transfer.phi)


def test_nothing_that_follows_is_an_argument() -> None:
    names = {each.name for each in fields(MixProblem)}
    assert not names & {"transfer", "weights", "tau", "phi"}


def test_assumed_weights_are_solved_with_and_never_recorded(problem: MixProblem) -> None:
    assumed = with_phi(problem, 2 * problem.law.phi)
    mixture = solve(assumed)
    assert mixture.targets[0].phi == pytest.approx(2 * solve(problem).targets[0].phi)
    with pytest.raises(ProblemError, match="assumed, not what its matrix says"):
        make_recipe(assumed, mixture)


def test_a_size_is_chosen_anew_for_a_changed_question() -> None:
    """N and D of one law once went into the recipe of another."""
    first = at_compute(problem_from_mapping({"targets": "cat", "compute": 1e21}))
    assert at_compute(first) is first
    changed = replace(first, decay=10 * first.decay)
    again = at_compute(changed)
    assert again.allocation is not None
    assert first.allocation is not None
    fresh = at_compute(replace(changed, allocation=None))
    assert again.params == fresh.params != first.params
    recipe = make_recipe(again, solve(changed))
    assert check(recipe, Store(None)).verdict == "holds"


@pytest.mark.parametrize("engine", ["conic", "interior point", "gurobi"])
def test_an_engine_is_one_of_the_enumeration(problem: MixProblem, engine: str) -> None:
    with pytest.raises(ProblemError, match="expected one of Engine"):
        solve(problem, engine)  # type: ignore[arg-type]
