"""A recipe beside a mixture file, and two mixture files side by side."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from atlasmix.evidence.mixture_file import GivenMixture
from atlasmix.evidence.store import Store
from atlasmix.interop.importers.reading import Request, import_mixture
from atlasmix.recipe.as_mixture import given_of_recipe
from atlasmix.recipe.difference_given import difference_given
from atlasmix.recipe.recipe import Recipe

STORE = Store("/nonexistent")


def read(folder: Path, text: str, tokens: float | None = None) -> GivenMixture:
    path = folder / "mix.txt"
    path.write_text(text, encoding="utf-8")
    return import_mixture(Request(path, "megatron", tokens=tokens))


def test_two_mixtures_are_as_far_apart_as_tokens_would_move(tmp_path: Path) -> None:
    one = read(tmp_path, "6 h/cat_Latn\n4 h/spa_Latn\n")
    other = read(tmp_path, "3 h/cat_Latn\n5 h/fra_Latn\n2 code\n", tokens=1e9)
    found = difference_given(one, other, STORE)
    # Half of |.6-.3| + |.4-0| + |0-.5| + |0-.2|.
    assert found.distance == pytest.approx(0.7)
    assert found.judgements == ()
    assert [row.language for row in found.languages] == ["cat", "fra", "spa"]
    assert math.isnan(found.languages[0].epochs_a)
    assert found.languages[1].epochs_a == 0.0


def test_the_recipes_question_judges_both(recipe: Recipe, tmp_path: Path) -> None:
    other = read(tmp_path, "1 h/cat_Latn\n1 h/spa_Latn\n", tokens=1e11)
    for sides, place in (((recipe, other), 0), ((other, recipe), 1)):
        found = difference_given(*sides, STORE)
        assert len(found.judgements) == 1
        judgement = found.judgements[0]
        assert judgement.by == "AB"[place]
        own = (judgement.a, judgement.b)[place]
        rival = (judgement.a, judgement.b)[1 - place]
        assert own is not None
        assert rival is not None
        # The recipe is the best there is within its limits.
        assert own[0][1] < rival[0][1]
        assert "is judged by its language shares" in judgement.note


def test_a_recipe_and_itself_as_a_mixture_are_the_same(recipe: Recipe) -> None:
    found = difference_given(recipe, given_of_recipe(recipe, "r"), STORE)
    assert found.distance == 0
    assert all(row.epochs_a == pytest.approx(row.epochs_b) for row in found.languages)
    judgement = found.judgements[0]
    assert judgement.b[0][1] == pytest.approx(judgement.a[0][1], rel=1e-3)
