"""Recipes, mixture files and published mixtures side by side, in any combination."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest

from atlasmix.errors import DataError
from atlasmix.evidence.mixture_file import GivenMixture, dump_mixture
from atlasmix.evidence.published import PublishedMixture, list_published, published
from atlasmix.evidence.store import Store
from atlasmix.interop.importers.reading import Request, import_mixture
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.recipe.as_mixture import given_of_recipe
from atlasmix.recipe.compare import (
    AnyMixture,
    SideBySide,
    compare_mixtures,
    comparison_data,
    find_mixture,
    side_of,
)
from atlasmix.recipe.file import dump_recipe
from atlasmix.recipe.recipe import Recipe, make_recipe
from atlasmix.report.difference import comparison_blocks
from atlasmix.report.terminal import terminal_text

STORE = Store("/nonexistent")


def read(folder: Path, text: str, tokens: float | None = None) -> GivenMixture:
    path = folder / "mix.txt"
    path.write_text(text, encoding="utf-8")
    return import_mixture(Request(path, "megatron", tokens=tokens))


def said(mixtures: SideBySide, by: str = "language") -> str:
    blocks = comparison_blocks(("a", "b"), mixtures, by)  # type: ignore[arg-type]
    return terminal_text(blocks, 200)


def test_two_mixtures_are_as_far_apart_as_tokens_would_move(tmp_path: Path) -> None:
    one = read(tmp_path, "6 h/cat_Latn\n4 h/spa_Latn\n")
    other = read(tmp_path, "3 h/cat_Latn\n5 h/fra_Latn\n2 code\n", tokens=1e9)
    apart = compare_mixtures(one, other, STORE)
    # Half of |.6-.3| + |.4-0| + |0-.5| + |0-.2|.
    assert apart.distance("language") == apart.distance("pool") == pytest.approx(0.7)
    assert apart.judgements == ()
    assert [move.language for move in apart.diff.languages] == ["cat", "fra", "spa"]
    assert apart.diff.languages[0].epochs_before is None
    assert apart.diff.languages[1].epochs_before == 0.0
    assert [(move.name, move.language) for move in apart.moves("pool")] == [
        ("cat.unknown.h", "cat"),
        ("fra.unknown.h", "fra"),
        ("spa.unknown.h", "spa"),
        ("code", ""),
    ]
    assert apart.moves("pool")[3].tokens_after == pytest.approx(0.2e9)


def test_pools_move_where_languages_stay(tmp_path: Path) -> None:
    one = read(tmp_path, "6 a/cat_Latn\n4 b/cat_Latn\n")
    other = read(tmp_path, "1 a/cat_Latn\n9 b/cat_Latn\n")
    apart = compare_mixtures(one, other, STORE)
    assert apart.distance("language") == 0
    assert apart.distance("pool") == 0.5
    assert "The same proportions." in said(apart)
    assert "50.0% of the tokens go elsewhere." in said(apart, "pool")


def test_the_recipes_question_judges_both(recipe: Recipe, tmp_path: Path) -> None:
    other = read(tmp_path, "1 h/cat_Latn\n1 h/spa_Latn\n", tokens=1e11)
    for sides, place in (((recipe, other), 0), ((other, recipe), 1)):
        apart = compare_mixtures(*sides, STORE)
        (judgement,) = apart.judgements
        assert judgement.by == "AB"[place]
        own = (judgement.a, judgement.b)[place]
        rival = (judgement.a, judgement.b)[1 - place]
        assert own is not None
        assert rival is not None
        # The recipe is the best there is within its limits.
        assert own[0].loss < rival[0].loss
        assert "is judged by its language shares" in judgement.note
        (effect,) = apart.diff.effects
        assert (effect.loss_change > 0) == (place == 0)
        assert effect.unit


def test_a_recipe_and_itself_as_a_mixture_are_the_same(recipe: Recipe) -> None:
    apart = compare_mixtures(recipe, given_of_recipe(recipe, "r"), STORE)
    assert apart.diff.distance == apart.diff.pool_distance == 0
    assert apart.diff.moved() == ()
    for move in (*apart.diff.languages, *apart.moves("pool")):
        assert move.epochs_before == pytest.approx(move.epochs_after)
        assert move.tokens_before == pytest.approx(move.tokens_after, rel=1e-6)
    (judgement,) = apart.judgements
    assert judgement.a is not None
    assert judgement.b is not None
    assert judgement.b[0].loss == pytest.approx(judgement.a[0].loss, rel=1e-3)


def test_a_published_mixture_is_judged_by_the_recipe(store: Store) -> None:
    problem = problem_from_mapping({"targets": "cat,spa"}, store)
    recipe, other = make_recipe(problem, solve(problem)), published("salamandra-7b")
    apart = compare_mixtures(recipe, other, store)
    shares = {move.language: (move.before, move.after) for move in apart.diff.languages}
    assert {key: share for key, (share, _) in shares.items() if share} == recipe.proportions
    assert {key: share for key, (_, share) in shares.items() if share} == dict(other.sources)
    left = 1 - sum(share for _, share in other.sources)
    changes = sum(abs(before - after) for before, after in shares.values())
    assert apart.diff.distance == pytest.approx((changes + left) / 2)
    judged = apart.judgements[0]
    assert judged.a is not None
    assert judged.b is not None
    assert judged.a[0].loss < judged.b[0].loss, "the optimum is better by its own question"
    assert f"{other.model}, {other.stage}" in judged.note
    assert "of it has pools here, scaled to 1." in judged.note
    assert "100.0% of it is known by language and code" in apart.evidence[0]
    assert shares["code"] == (0.0, pytest.approx(0.0639, abs=1e-4)), "code was no part of it once"


def test_a_published_mixture_has_no_pools_and_that_is_said(recipe: Recipe) -> None:
    apart = compare_mixtures(recipe, published("salamandra-7b"), STORE)
    assert apart.diff.pools is None
    sentence = "B is published by language alone: what moved by pool is not compared."
    assert sentence in said(apart, "pool")
    assert sentence not in said(apart)
    content = comparison_data(apart, "pool")
    assert content["evidence"][-1] == sentence
    assert "pools" not in content
    assert content["languages"] == comparison_data(apart)["languages"]
    both = compare_mixtures(published("gpt-3"), published("salamandra-7b"), STORE)
    assert "A and B are published by language alone" in said(both, "pool")
    assert both.judgements == ()


def test_the_same_languages_from_every_door(recipe: Recipe, tmp_path: Path) -> None:
    """Backwards is the reverse, whatever stands on either side; and no distance is above 1."""
    mixtures: list[AnyMixture] = [
        recipe,
        read(tmp_path, "5 h/cat_Latn\n4 h/eng_Latn\n1 code\n"),
        published("salamandra-7b"),
        published("apertus-70b-stage1"),
    ]
    for a, b in itertools.permutations(mixtures, 2):
        there, back = compare_mixtures(a, b, STORE).diff, compare_mixtures(b, a, STORE).diff
        assert there.distance == back.distance
        assert 0 < there.distance <= 1
        assert [(move.name, move.before) for move in there.languages] == [
            (move.name, move.after) for move in back.languages
        ]


def test_what_nobody_published_cannot_be_compared(recipe: Recipe) -> None:
    silent = published("llama-3")
    assert silent.shares == ()
    with pytest.raises(DataError, match="of published mixture llama-3 no share of a language"):
        compare_mixtures(recipe, silent, STORE)


def test_every_other_published_mixture_can_be_compared() -> None:
    first, *others = (mixture for mixture in list_published() if mixture.shares)
    for other in others:
        assert 0 <= compare_mixtures(first, other, STORE).diff.distance <= 1


def test_a_mixture_of_other_languages_has_no_effect_and_that_is_said(
    recipe: Recipe, tmp_path: Path
) -> None:
    apart = compare_mixtures(recipe, read(tmp_path, "1 h/ang_Latn\n"), STORE)
    (judgement,) = apart.judgements
    assert judgement.b is None
    assert judgement.note == "B has no language with a pool in the question of A"
    assert apart.diff.effects == ()


def test_a_recipe_whose_pool_is_gone_is_compared_all_the_same(recipe: Recipe) -> None:
    question = {**recipe.question, "pools": {"language": ["cat"]}}
    lacking = dataclasses.replace(recipe, question=question)
    apart = compare_mixtures(lacking, published("salamandra-7b"), STORE)
    (judgement,) = apart.judgements
    assert judgement.a is None
    assert "A reads spa.human.hplt-v4, which the question of A does not have" in judgement.note
    assert judgement.b is not None


def test_phases_stand_in_the_plain_data_by_both_sides(store: Store) -> None:
    question = {
        "targets": "cat",
        "phases": [{"name": "main", "tokens": "80%"}, {"name": "end", "tokens": "rest"}],
    }
    problem = problem_from_mapping(question, store)
    phased = make_recipe(problem, solve(problem))
    content = comparison_data(compare_mixtures(phased, given_of_recipe(phased, "p"), STORE))
    assert [row["phase"] for row in content["phases"]] == ["main", "main", "end", "end"]
    assert {row["share_b"] for row in content["phases"]} == {None}
    assert content["tokens"] == [phased.tokens, phased.tokens]


@pytest.fixture
def folder(tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.yaml").write_text(dump_recipe(recipe), encoding="utf-8")
    mixture = dump_mixture(given_of_recipe(recipe, "m"))
    (tmp_path / "m.yaml").write_text(mixture, encoding="utf-8")
    return tmp_path


def test_a_file_comes_before_a_published_name(folder: Path, recipe: Recipe) -> None:
    assert isinstance(find_mixture("r.yaml"), Recipe)
    assert isinstance(find_mixture(str(folder / "m.yaml")), GivenMixture)
    assert isinstance(find_mixture("gpt-3"), PublishedMixture)
    (folder / "salamandra-7b").mkdir()
    assert isinstance(find_mixture("salamandra-7b"), PublishedMixture)
    (folder / "gpt-3").write_text(dump_recipe(recipe), encoding="utf-8")
    assert find_mixture("gpt-3") == recipe
    assert side_of(recipe, "r").name == "r"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("salamandr", "did you mean salamandra-7b"),
        ("xyz", "'xyz' is neither a file nor a published mixture: expected a recipe"),
        ("r2.yaml", "no file r2.yaml"),
        ("gone/gpt-3", "no file gone/gpt-3"),
        ("", "'' is neither a file nor a published mixture"),
        ("a\0b", "is neither a file nor a published mixture"),
    ],
)
def test_what_is_neither_is_refused(name: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        find_mixture(name)
