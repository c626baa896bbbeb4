"""Donors in crumbs: left out where nobody would miss them, and what that gives away is said."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from judge import score
from worlds import world

from atlasmix.evidence.store import Store
from atlasmix.mixture.crumbs import WORTH
from atlasmix.mixture.explain import explain
from atlasmix.mixture.shares import explain_shares
from atlasmix.mixture.solve import best, solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.problem import Near, canonical
from atlasmix.problem.worlds import floor_of
from atlasmix.report.answer_words import proof_sentence
from atlasmix.solver.optimise import optimise_problem
from atlasmix.solver.tokens import CRUMB

EMPTY = Store("/nonexistent")


def asked(**question):
    return problem_from_mapping({"params": "7B", **question}, EMPTY)


def donors(problem, mixture):
    shares = mixture.proportions
    return {key: shares[key] for key in shares if key not in problem.target_keys and shares[key]}


def worse(problem, mixture):
    """Part of the reducible loss by which an answer is worse than the very best mixture."""
    value = optimise_problem(canonical(problem)).optimum.value + floor_of(problem)
    got = score(problem, np.array([share.tokens for share in mixture.pools]))
    return (got - value) / (value - floor_of(problem))


@pytest.mark.parametrize("target", ["swh", "mar", "heb", "msa", "hye"])
def test_no_team_is_told_to_prepare_a_crumb(target):
    """Catches an optimum that is proved, and that nobody would act on."""
    problem = asked(targets=target, budget="2T")
    free = optimise_problem(canonical(problem))
    languages = np.array(free.compiled.languages)
    read = {key: float(free.optimum.x[languages == key].sum()) for key in languages.tolist()}
    small = {key for key in read if key not in problem.target_keys and 0 < read[key] < CRUMB}
    assert len(small) >= 5, "the program itself reads them"

    mixture = solve(problem)
    assert mixture.crumbs is not None
    assert set(mixture.crumbs.languages) <= small
    assert not set(mixture.crumbs.languages) & set(mixture.proportions)
    assert mixture.crumbs.share == pytest.approx(sum(read[k] for k in mixture.crumbs.languages))
    # What is given away is what is said, no more than is allowed, and the proof covers it.
    given = worse(problem, mixture)
    assert given == pytest.approx(mixture.crumbs.worth, abs=1e-6)
    assert given <= WORTH + 1e-6
    assert mixture.certificate.fixed_gap >= given - 1e-9
    assert mixture.certificate.exact


def test_against_every_set_that_could_be_left_out():
    """Brute force over all sets of crumbs: none that is larger stays within what is allowed."""
    tau = np.eye(7)
    tau[1, 0], tau[2:, 0] = 0.3, [0.9, 0.8, 0.85, 0.7, 0.95]
    unique = [5.0, 500.0, 0.004, 0.012, 0.02, 0.03, 0.05]
    problem = world(tau, unique, ["a"], budget=200e9, params=7e9, exact_tokens=True, phi=0.05)
    mixture = best(problem)
    solved = solve(problem)
    assert solved.crumbs is not None
    free = optimise_problem(canonical(problem))
    small = ["c", "d", "e", "f", "g"]
    allowed = []
    for count in range(len(small) + 1):
        for out in combinations(small, count):
            pools = tuple(pool for pool in problem.pools if pool.language not in out)
            value = optimise_problem(canonical(replace(problem, pools=pools))).optimum.value
            if value - free.optimum.value <= WORTH * free.optimum.value:
                allowed.append(count)
    assert 0 < len(solved.crumbs.languages) < len(small), "a world that asks the question"
    assert len(solved.crumbs.languages) == max(allowed)
    assert mixture.proportions == solved.proportions


def test_a_crumb_that_a_limit_asks_for_is_read():
    free = solve(asked(targets="swh", budget="300B"))
    name = free.crumbs.languages[0]
    held = solve(asked(targets="swh", budget="300B", min={name: "0.02%"}))
    assert held.proportions[name] >= 0.0002 - 1e-9
    assert name not in (held.crumbs.languages if held.crumbs else ())


def test_text_that_only_fills_the_search_for_tokens_up_is_not_read():
    """The search over T ends within a tolerance: past the own text a donor took up the rest."""
    for target in ("kat", "ell", "swe", "hun"):
        problem = asked(targets=target, budget="400B" if target != "ell" else "600B")
        mixture = solve(problem)
        assert all(share >= CRUMB for share in donors(problem, mixture).values()), target
        assert mixture.certificate.gap <= WORTH + 2e-5


def test_a_mixture_without_crumbs_is_the_very_best():
    """Catches leaving out what is no crumb: the optimum is untouched where there are none."""
    problem = asked(targets="cat", budget="100B", params="2B")
    mixture = solve(problem)
    assert mixture.crumbs is None
    assert worse(problem, mixture) == pytest.approx(0.0, abs=1e-9)
    assert mixture.certificate.fixed_gap <= 1e-9


def test_staying_near_a_reference_comes_first():
    """Of a mixture that stays near a reference nothing is left out besides."""
    problem = asked(targets="swh", budget="300B")
    mixture = solve(replace(problem, near=Near("targets-natural", 0.01)))
    assert mixture.crumbs is None
    assert mixture.left_alone is not None


def test_a_crumb_is_explained_as_one():
    """Catches a donor that is out, and said to come in at a score below the one that it has."""
    problem = asked(targets="swh", budget="100B", params="2B")
    mixture = solve(problem)
    crumbs = mixture.crumbs.languages
    assert not {reason.language for reason in explain(problem, mixture)} & set(crumbs)
    told = {each.language: each for each in explain_shares(problem, mixture)}
    assert not set(told) & set(crumbs), "what would come in next is no crumb"
    asked_for = explain_shares(problem, mixture, crumbs[:1])
    reason = next(each for each in asked_for if each.language == crumbs[0])
    assert (reason.held, reason.role, reason.share) == ("crumb", "out", 0.0)
    assert reason.value > 1.0, "its first token is worth more than the common price"
    free = next(each for each in asked_for if each.language == "fra")
    assert free.held == "free"
    assert free.value == pytest.approx(1.0, abs=5e-3)


def test_the_proof_says_what_was_left_out():
    problem = asked(targets="swh", budget="100B", params="2B")
    mixture = solve(problem)
    said = proof_sentence(mixture)
    assert said.startswith("Certified: no mixture within these limits is better by more than 0.0")
    many = len(mixture.crumbs.languages)
    assert f"{many} donors of which the best mixture reads less than 0.1% each" in said
    one = replace(mixture.crumbs, languages=mixture.crumbs.languages[:1])
    assert "is left out; it would give" in proof_sentence(replace(mixture, crumbs=one))
