"""Solving again: never worse than the mixture itself, and the same as asking the question."""

from __future__ import annotations

import math

import pytest

from atlasmix.audit.lint import Standard, lint
from atlasmix.audit.lint_rows import Row
from atlasmix.audit.solving_again import ResolveOptions, read_targets, recipe_again, solve_again
from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.laws.saturation import saturate
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import best, solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.problem import MixProblem
from atlasmix.recipe.as_mixture import given_of_recipe
from atlasmix.recipe.recipe import Recipe, make_recipe
from atlasmix.transfer.estimation import estimate

STORE = Store("/nonexistent")


def row(name: str, share: float, unique: float | None, cap: float = 4.0) -> Row:
    language, provenance, _ = (*name.split("."), "", "")[:3]
    basis = "unknown" if unique is None else "counted"
    language = language if provenance else ""
    return Row(name, name, language, provenance, share, None, unique, basis, None, cap)


ROWS = (
    row("eng.human.web", 0.6, 1e12),
    row("cat.human.web", 0.1, 2e10),
    row("spa.human.web", 0.2, 1e12),
    row("code", 0.1, 1e12),
)


def test_the_named_target_gets_its_best_mixture_of_the_same_pools() -> None:
    found = solve_again(ROWS, 1e11, ResolveOptions({"cat": 1.0}), STORE)
    assert (found.basis, found.refused, found.left_out) == ("targets", "", ("code",))
    assert found.tokens == pytest.approx(0.9e11)
    assert found.covered == pytest.approx(0.9)
    then = {one.language: one.then for one in found.changes}
    # Four epochs of 20B Catalan tokens are 80 of the 90B that are solved for.
    assert then["cat"] == pytest.approx(80 / 90, abs=1e-3)
    assert sum(one.now for one in found.changes) == pytest.approx(1)
    assert sum(then.values()) == pytest.approx(1)
    assert found.value_then < found.value_now
    catalan = next(one for one in found.changes if one.language == "cat")
    assert catalan.loss_then < catalan.loss_now


def test_its_own_languages_weigh_as_much_as_they_are_read() -> None:
    found = solve_again(ROWS, 1e11, ResolveOptions({}), STORE)
    assert found.basis == "shares"
    assert {one.language for one in found.changes if one.loss_now is not None} == {
        "eng",
        "cat",
        "spa",
    }
    assert found.value_then <= found.value_now + 1e-12
    assert found.moved == pytest.approx(sum(abs(one.then - one.now) for one in found.changes) / 2)


def test_caps_of_single_sources_hold() -> None:
    rows = (row("cat.human.web", 0.5, 1e10, cap=1.0), row("spa.human.web", 0.5, 1e12))
    found = solve_again(rows, 1e11, ResolveOptions({"cat": 1.0}), STORE)
    then = {one.language: one.then for one in found.changes}
    assert then["cat"] <= 0.1 + 1e-6


def test_thousands_of_caps_are_as_many_limits_as_there_are_caps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A limit a source, each held against all sources, took minutes for twenty thousand."""
    limits: list[int] = []

    def watched(problem: MixProblem) -> Mixture:
        limits.append(len(problem.limits))
        return best(problem)

    monkeypatch.setattr("atlasmix.audit.solving_again.best", watched)
    caps = (1.0, 2.5, 4.0)
    rows = tuple(
        row(f"{key}.human.w{number}", 1 / 80, 1e9 + number, cap=caps[number % 3])
        for number in range(40)
        for key in ("cat", "spa")
    )
    found = solve_again(rows, 1e12, ResolveOptions({"cat": 1.0, "spa": 1.0}), STORE)
    assert limits == [2]
    assert found.notes == (
        "80 of these sources are read past the cap now, and none is when solved again: that alone "
        "may cost predicted loss",
    )
    most = {
        key: sum(each.cap * each.unique_tokens for each in rows if each.language == key)
        for key in ("cat", "spa")
    }
    for change in found.changes:
        assert change.then * (found.tokens - found.unspent) <= most[change.language] * (1 + 1e-6)


def test_a_language_in_many_files_is_solved_as_one_and_judged_by_file() -> None:
    """The best reads files evenly, so they are one pool to it; what is read now need not be even.

    Judged as one pool, a mixture that reads one file twenty times would look as good as an even
    one.
    """
    sizes, parts = (1e9, 3e9, 16e9), (0.05, 0.04, 0.01)
    cut = tuple(
        row(f"cat.human.part-{place}", part, size)
        for place, (size, part) in enumerate(zip(sizes, parts, strict=True))
    )
    whole = solve_again(ROWS, 1e11, ResolveOptions({"cat": 1.0}), STORE)
    split = solve_again((*cut, *ROWS[:1], *ROWS[2:]), 1e11, ResolveOptions({"cat": 1.0}), STORE)
    assert split.value_then == pytest.approx(whole.value_then, rel=1e-9)
    assert {each.language: each.then for each in split.changes} == pytest.approx(
        {each.language: each.then for each in whole.changes}, abs=1e-6
    )
    assert split.value_now > whole.value_now + 1e-3, "one file is read five times, one hardly"


def test_a_small_language_of_a_large_mixture_is_served() -> None:
    """Under the law before, English took away all that Ukrainian had, and the question failed."""
    rows = (row("eng.human.web", 0.98, 1e13), row("ukr.human.web", 0.02, 1e10))
    found = solve_again(rows, 1e12, ResolveOptions({}), STORE)
    assert (found.refused, found.notes) == ("", ())
    ukrainian = next(one for one in found.changes if one.language == "ukr")
    assert ukrainian.then > 0
    assert math.isfinite(ukrainian.loss_now)
    assert math.isfinite(ukrainian.loss_then)
    assert found.value_then <= found.value_now


def test_the_laws_own_decay_is_used() -> None:
    """As for a question that names no lambda: lint and solve must not disagree."""
    rows = (row("cat.human.web", 0.9, 2e10, cap=16.0), row("spa.human.web", 0.1, 1e12))
    found = solve_again(rows, 3e11, ResolveOptions({"cat": 1.0}), STORE)
    catalan = next(one for one in found.changes if one.language == "cat")
    law = load_law(DEFAULT_LAW)
    own = saturate(0.9 * 3e11, 2e10, law.decay or 0.0)
    transfer = estimate(STORE.matrix(), law)
    tau = transfer.weights[transfer.index("spa"), transfer.index("cat")]
    assert catalan.effective_now == pytest.approx(own + tau * 0.1 * 3e11, rel=1e-9)


def test_nothing_to_solve_is_a_sentence() -> None:
    found = solve_again((row("code", 1.0, 1e9),), 1e9, ResolveOptions({}), STORE)
    assert "no source is counted and of a language that matrix atlasmix-2026 has" in found.refused


def test_a_recipe_is_its_own_best_mixture(recipe: Recipe) -> None:
    found = recipe_again(recipe, STORE)
    assert (found.basis, found.refused) == ("recipe", "")
    assert found.moved < 1e-6
    assert found.value_then == pytest.approx(found.value_now, rel=1e-6)


def test_a_recipe_of_another_question_is_found_wanting(recipe: Recipe) -> None:
    problem = problem_from_mapping({"targets": "cat", "max_epochs": 1}, STORE)
    other = make_recipe(problem, solve(problem))
    import dataclasses

    mixed = dataclasses.replace(other, question=recipe.question)
    found = recipe_again(mixed, STORE)
    assert found.moved > 0.1
    assert found.value_then < found.value_now


def test_a_sound_recipe_has_no_faults(recipe: Recipe) -> None:
    report = lint(given_of_recipe(recipe, "r.yaml"), Standard())
    assert report.faults == 0
    assert report.tokens == recipe.tokens
    assert {row.name: row.epochs for row in report.rows} == pytest.approx(
        {pool.name: pool.epochs for pool in recipe.pools}, rel=1e-3
    )


def test_targets_are_read_through_every_door() -> None:
    matrix = STORE.matrix("atlas-2025")
    assert read_targets(["català:2", "eng,spa:0.5"], matrix) == {"cat": 2, "eng": 1, "spa": 0.5}
    assert read_targets([], matrix) == {}
    with pytest.raises(DataError, match="target Basque \\(eus\\) is not in matrix atlas-2025"):
        read_targets(["eus"], matrix)
    with pytest.raises(ProblemError, match="weight of cat is '-'"):
        read_targets(["cat:-"], matrix)
