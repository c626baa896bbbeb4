"""A share set by hand: held exactly, free in its range, dearer the further it goes."""

import itertools

import pytest

import atlasmix as am
from atlasmix.errors import Infeasible, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.mixture.crumbs import WORTH
from atlasmix.mixture.forced_share import force_share, share_steps
from atlasmix.mixture.mixture import FLATNESS, ShareRange
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.forced_share import forced_blocks, forced_sentence

STORE = Store("/nonexistent")
ASKED = {
    "one": {"targets": "cat"},
    "four": {"targets": "cat,glg,por,spa", "budget": 300e9},
    "unspent": {"targets": "yor", "budget": 300e9, "max_epochs": 1},
    "guarded": {
        "targets": "cat,eng",
        "budget": 300e9,
        "guardrails": {"eng": {"slack": 0.02, "reference": "natural"}},
    },
}


@pytest.fixture(scope="module", params=ASKED)
def answered(request):
    problem = problem_from_mapping(ASKED[request.param], STORE)
    return problem, solve(problem)


def test_the_ends_of_a_range_cost_what_the_range_says(answered):
    """The range is an extreme under a ceiling, this a minimum under a share: two programs."""
    problem, mixture = answered
    for flat in mixture.flatness[:2]:
        for share in (flat.low, flat.high):
            forced = force_share(problem, mixture.tokens, flat.language, share)
            assert forced.relative <= FLATNESS * (1 + 1e-3) + WORTH, "a range has crumbs, too"
            held = forced.mixture.proportions.get(flat.language, 0.0)
            assert held == pytest.approx(share, abs=2e-6)
            assert forced.mixture.tokens <= problem.budget * (1 + 1e-9)
            if forced.relative < 0.98 * FLATNESS:  # not the objective ends the range, but a limit
                beyond = share + (0.005 if share == flat.high else -0.005)
                with pytest.raises((Infeasible, ProblemError)):
                    force_share(problem, mixture.tokens, flat.language, beyond)


def test_regret_is_told_in_parts_of_the_reducible_loss():
    """It was once told in parts of the regret itself, of which there is hardly any: 614,801."""
    asked = {"targets": "cat", "budget": 1e12, "objective": "regret", "rivals": ["atlas-2025"]}
    problem = problem_from_mapping(asked, STORE)
    forced = force_share(problem, solve(problem).tokens, "spa", 0.3)
    assert 0 < forced.relative < FLATNESS


def test_it_costs_nothing_at_the_best_share_and_more_the_further_it_goes():
    problem = problem_from_mapping(ASKED["four"], STORE)
    mixture = solve(problem)
    own = mixture.proportions["spa"]
    costs = [
        force_share(problem, mixture.tokens, "spa", share).relative
        for share in (own, own - 0.1, own - 0.2, own - 0.3)
    ]
    assert costs[0] <= 1e-8
    steps = [after - before for before, after in itertools.pairwise(costs)]
    assert 0 < steps[0] < steps[1] < steps[2], "convex in the share"


def test_all_other_limits_still_hold_and_what_cannot_be_is_refused():
    problem = problem_from_mapping({"targets": "cat,eng", "min": {"eng": 0.3}}, STORE)
    mixture = solve(problem)
    forced = force_share(problem, mixture.tokens, "cat", 0.2)
    assert forced.mixture.proportions["eng"] >= 0.3 - 1e-6
    assert forced.mixture.tokens == pytest.approx(mixture.tokens)
    with pytest.raises(Infeasible, match="reads 80% Catalan in 100B tokens: against it stands min"):
        force_share(problem, mixture.tokens, "cat", 0.8)
    with pytest.raises(ProblemError, match="expected 0 to 1"):
        force_share(problem, mixture.tokens, "cat", 1.2)
    with pytest.raises(ProblemError, match="has no text in this question"):
        force_share(problem, mixture.tokens, "xxx", 0.2)


def test_the_steps_hold_the_range_its_share_and_a_little_beyond():
    for flat in (
        ShareRange("spa", 0.15, 0.06, 0.19),
        ShareRange("cat", 0.85, 0.81, 0.85),
        ShareRange("eng", 0.0, 0.0, 0.0),
        ShareRange("cat", 1.0, 0.2, 1.0),
    ):
        steps = share_steps(flat)
        assert list(steps) == sorted(set(steps))
        assert {flat.low, flat.share, flat.high} <= set(steps)
        assert 0.0 <= steps[0] <= max(flat.low - 0.01, 0.0)
        assert min(flat.high + 0.01, 1.0) <= steps[-1] <= 1.0
        assert 3 <= len(steps) <= 24


def test_it_is_told_with_all_losses_and_shares():
    problem = problem_from_mapping(ASKED["four"], STORE)
    mixture = solve(problem)
    own = mixture.proportions["spa"]
    forced = force_share(problem, mixture.tokens, "spa", own - 0.3)
    said = forced_sentence(mixture, forced)
    assert "times what counts as free (0.5%)" in said
    near = force_share(problem, mixture.tokens, "spa", own - 0.02)
    assert "no more than the 0.5%" in forced_sentence(mixture, near)
    same = force_share(problem, mixture.tokens, "spa", own)
    assert "nothing is lost" in forced_sentence(mixture, same)
    tables = [block for block in forced_blocks(problem, mixture, forced) if hasattr(block, "rows")]
    assert len(tables[0].rows) == 4
    assert {row.cells[0] for row in tables[0].rows} >= {"Catalan (cat)", "Galician (glg)"}


def test_from_python():
    solution = am.Problem("cat", draws=0).solve()
    forced = solution.with_share("English", "3%")
    assert forced.proportions["eng"] == pytest.approx(0.03, abs=1e-6)
    assert forced.certificate.value > solution.certificate.value
    asked = am.Problem("cat", draws=0, tokens="exactly", constraints=[am.AtLeast("eng", 0.03)])
    assert forced.certificate.value == pytest.approx(asked.solve().certificate.value, abs=1e-8)
