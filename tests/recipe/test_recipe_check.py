"""Does a recipe still hold: with the same evidence, with other evidence, after somebody's edit."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from atlasmix.evidence.store import Store
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.problem import MixProblem
from atlasmix.recipe.check import check
from atlasmix.recipe.compare import compare_mixtures
from atlasmix.recipe.recipe import Recipe, make_recipe
from atlasmix.version import __version__


def _recipe(store: Store, **asked: object) -> Recipe:
    problem = problem_from_mapping({"targets": "cat", **asked}, store)
    return make_recipe(problem, solve(problem))


def _asked(recipe: Recipe, **other: object) -> Recipe:
    return dataclasses.replace(recipe, question={**recipe.question, **other})


def test_a_recipe_holds_with_its_own_evidence(recipe: Recipe, store: Store) -> None:
    found = check(recipe, store)
    assert found.verdict == "holds"
    assert found.evidence == ()
    assert found.largest_shift == 0


def test_a_changed_question_drifts_and_says_by_how_much(recipe: Recipe, store: Store) -> None:
    found = check(_asked(recipe, budget="200B"), store)
    assert found.verdict == "drifted"
    assert found.largest_shift > 0.1
    assert found.shifts[0].language in {"cat", "spa"}
    assert found.effects[0].today < found.effects[0].kept


def test_the_same_mixture_with_another_prediction_drifts(recipe: Recipe, store: Store) -> None:
    found = check(_asked(recipe, **{"lambda": 0.06}), store)
    assert found.verdict == "drifted"
    assert found.shifts == ()


def test_a_question_that_cannot_be_asked_is_broken(recipe: Recipe, store: Store) -> None:
    found = check(_asked(recipe, matrix="gone"), store)
    assert found.verdict == "broken"
    assert "no matrix 'gone'" in found.reason


def test_a_pool_that_is_gone_breaks_the_recipe(recipe: Recipe, store: Store) -> None:
    choice: dict[str, Any] = {"provenance": ["human"], "exclude_language": ["spa"]}
    found = check(_asked(recipe, pools=choice), store)
    assert found.verdict == "broken"
    assert "spa.human.hplt-v4" in found.reason


def test_other_scores_are_named(tmp_path: Path, recipe: Recipe, store: Store) -> None:
    pair = {**recipe.origin["pairs"][0], "score": 0.9, "status": "measured"}
    matrix = {**recipe.origin["matrix"], "sha256": "0" * 64}
    origin = {**recipe.origin, "matrix": matrix, "pairs": [pair], "atlasmix": "0.0.1"}
    said = " ".join(check(dataclasses.replace(recipe, origin=origin), store).evidence)
    assert "matrix atlasmix-2026 has other scores" in said
    assert "score of spa for cat: 0.9 (measured) then, 0.4 (predicted) today" in said
    assert "made by AtlasMix 0.0.1" in said


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"score": 0.9}, "gives the score of spa for cat as 0.9 ±0.16"),
        ({"stderr": 0.01}, "±0.01"),
        ({"status": "measured"}, r"as 0.4 ±0.16 (measured), the matrix it names as"),
        ({"source": "por"}, "quotes a score of por for cat"),
        ({"source": "por"}, "does not quote the score of spa for cat"),
    ],
)
def test_scores_other_than_those_of_the_same_matrix_are_an_edit(
    recipe: Recipe, store: Store, edit: dict[str, object], words: str
) -> None:
    origin = {**recipe.origin, "pairs": [{**recipe.origin["pairs"][0], **edit}]}
    found = check(dataclasses.replace(recipe, origin=origin), store)
    assert found.verdict == "edited"
    assert all(one.startswith("this recipe was edited: ") for one in found.evidence)
    assert words in " ".join(found.evidence)


@pytest.mark.parametrize(
    ("part", "edit", "words"),
    [
        ("pairs", {"transfer_weight": 0.6}, "the transfer weight of spa for cat as 0.6 ±"),
        ("pairs", {"transfer_stderr": 0.01}, " ±0.01, its scores and law give 0."),
        ("targets", {"phi": 0.05}, "gives phi of cat as 0.05 ±"),
        ("targets", {"phi_stderr": 0.9}, " ±0.9, its scores and law give 0."),
    ],
)
def test_estimates_other_than_those_of_the_same_scores_are_an_edit(
    recipe: Recipe, store: Store, part: str, edit: dict[str, object], words: str
) -> None:
    entry = {**recipe.origin[part][0], **edit}
    found = check(dataclasses.replace(recipe, origin={**recipe.origin, part: [entry]}), store)
    assert found.verdict == "edited"
    assert words in found.evidence[0]


@pytest.mark.parametrize("key", ["E", "A", "alpha", "B", "beta", "phi", "decay"])
def test_another_law_is_said_and_its_estimates_are_no_edit(
    recipe: Recipe, store: Store, key: str
) -> None:
    """The law of the shelf is another than the recorded one: nobody edited tau and phi."""
    law = {**recipe.origin["law"], key: 1.1 * recipe.origin["law"][key]}
    pairs = [{**recipe.origin["pairs"][0], "transfer_weight": 0.6}]
    origin = {**recipe.origin, "law": law, "pairs": pairs, "atlasmix": "0.0.9"}
    found = check(dataclasses.replace(recipe, origin=origin), store)
    assert "law datablations-2023-one-stage has other constants than when" in found.evidence[0]
    assert found.verdict == "holds"
    # This version ships it as it is: whoever says otherwise has edited the recipe.
    found = check(dataclasses.replace(recipe, origin={**origin, "atlasmix": __version__}), store)
    assert f"it gives law {key} as" in found.evidence[0]
    assert found.verdict == "edited"


@pytest.mark.parametrize(
    "key",
    [
        *("own_share", "phi", "capacity_loss", "data_loss", "loss", "loss_alone"),
        *("effective_data", "own", "transferred", "risk_penalty", "alone", "predicted_share"),
        "weight",
    ],
)
def test_every_prediction_is_derived_again(recipe: Recipe, store: Store, key: str) -> None:
    first = recipe.targets[0]
    off = dataclasses.replace(first, **{key: getattr(first, key) * 1.0001})
    found = check(dataclasses.replace(recipe, targets=(off,)), store)
    assert found.verdict == "drifted"
    assert len(found.evidence) == 1
    assert f"of Catalan the recipe records {key.replace('_', ' ')} " in found.evidence[0]
    assert found.evidence[0].count(" where its mixture gives ") == 1


def test_the_objective_is_derived_again(recipe: Recipe, store: Store) -> None:
    assert recipe.certificate.value is not None
    better = dataclasses.replace(recipe.certificate, value=recipe.certificate.value - 0.001)
    found = check(dataclasses.replace(recipe, certificate=better), store)
    assert found.verdict == "drifted"
    assert found.evidence[0].startswith("the recipe records the objective 2.56")
    assert ", the best today is 2.56" in found.evidence[0]


def test_small_shares_hold(store: Store) -> None:
    """What is recorded in millionths predicts what it records: a share of 0.1 % is off by 0.1 %."""
    small = _recipe(store, targets="spa,fra,cym", budget="2T")
    assert min(target.own_share for target in small.targets) < 0.003
    found = check(small, store)
    assert (found.verdict, found.evidence) == ("holds", ())


def test_a_standard_error_by_another_versions_rule_is_no_edit(recipe: Recipe, store: Store) -> None:
    pair = {**recipe.origin["pairs"][0], "stderr": 0.2}
    origin = {**recipe.origin, "pairs": [pair], "atlasmix": "0.0.1"}
    assert check(dataclasses.replace(recipe, origin=origin), store).verdict == "holds"


def test_pool_facts_other_than_those_of_the_same_inventory_are_an_edit(
    recipe: Recipe, store: Store
) -> None:
    pools = [{**pool, "licence": "CC0-1.0"} for pool in recipe.origin["pools"]]
    found = check(dataclasses.replace(recipe, origin={**recipe.origin, "pools": pools}), store)
    assert found.verdict == "edited"
    assert "licence of pool cat.human.hplt-v4 as 'CC0-1.0'" in found.evidence[0]
    first = dataclasses.replace(recipe.pools[0], unique_tokens=5)
    found = check(dataclasses.replace(recipe, pools=(first, *recipe.pools[1:])), store)
    assert found.verdict == "edited"
    assert "unique tokens of pool cat.human.hplt-v4 as 5" in found.evidence[0]


def test_a_solver_that_answers_otherwise_shows_as_a_shift(
    recipe: Recipe, store: Store, mixture: Mixture
) -> None:
    def swap(problem: MixProblem) -> Mixture:
        half = mixture.tokens / 2
        pools = tuple(
            dataclasses.replace(share, tokens=half, proportion=0.5) if share.tokens > 0 else share
            for share in mixture.pools
        )
        return dataclasses.replace(mixture, pools=pools)

    found = check(recipe, store, swap)
    assert found.verdict == "drifted"
    assert found.largest_shift == pytest.approx(0.350344, abs=1e-6)


def test_a_recipe_differs_in_nothing_from_itself(recipe: Recipe, store: Store) -> None:
    found = compare_mixtures(recipe, recipe, store)
    assert found.diff.distance == 0
    assert found.diff.moved() == ()
    assert found.question == ()
    assert len(found.judgements) == 1


def test_two_budgets_side_by_side(recipe: Recipe, store: Store) -> None:
    larger = _recipe(store, budget="300B")
    found = compare_mixtures(recipe, larger, store)
    assert found.question == (("budget", 100_000_000_000, 300_000_000_000),)
    assert 0.5 < found.diff.distance < 0.6
    assert [move.language for move in found.diff.languages] == ["cat", "spa"]
    assert [judgement.by for judgement in found.judgements] == ["A", "B"]
    by_b = found.judgements[1]
    assert by_b.a is not None
    assert by_b.b is not None
    assert by_b.b[0].loss < by_b.a[0].loss


def test_a_pool_that_one_question_lacks_is_said(recipe: Recipe, store: Store) -> None:
    other = _recipe(store, pools={"language": ["cat", "por"]})
    found = compare_mixtures(recipe, other, store)
    assert found.judgements[1].a is None
    assert "A reads spa.human.hplt-v4" in found.judgements[1].note
