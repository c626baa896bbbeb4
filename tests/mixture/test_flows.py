"""Effective tokens by where they come from: nothing is lost, and each part is the law's own."""

import math
from dataclasses import replace

import numpy as np
import pytest

import atlasmix as am
from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.flows import flows
from atlasmix.mixture.solve import answer, solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.figures.flows import FEW, MOST, flows_figure
from atlasmix.report.flows import flow_blocks, flows_table, grounds_sentence

STORE = Store("/nonexistent")
ASKED = {
    "one": {"targets": "cat"},
    "nordic": {"targets": "dan,isl,nno,nob,swe", "budget": 300e9},
    "scripts": {"targets": "srp,cat", "budget": 50e9},
    "machine": {"targets": "cat,glg", "pools": "all", "budget": 300e9},
    "many": {
        "targets": "arb,ben,cat,cmn,deu,ell,eng,fra,guj,heb,hrv,ind,ita,jpn",
        "budget": 1e12,
    },
}


@pytest.fixture(scope="module", params=ASKED)
def answered(request):
    problem = problem_from_mapping(ASKED[request.param], STORE)
    mixture = solve(problem)
    return problem, mixture, flows(problem, mixture)


def test_the_flows_of_a_target_are_its_effective_tokens(answered):
    _, mixture, found = answered
    for effect in mixture.targets:
        mine = [flow for flow in found if flow.target == effect.language]
        assert sum(flow.tokens for flow in mine) == pytest.approx(effect.effective_data, rel=1e-12)
        own = sum(flow.tokens for flow in mine if flow.own)
        assert own == pytest.approx(effect.own, rel=1e-12)
        donors = sum(flow.tokens for flow in mine if not flow.own)
        assert donors == pytest.approx(effect.transferred, rel=1e-12, abs=1.0)
    assert all(flow.fresh >= 0 and flow.repeated >= 0 for flow in found)
    assert all(bool(flow.status) != flow.own for flow in found)


def test_by_hand_for_one_pool_read_three_times_and_one_donor():
    problem = problem_from_mapping({"targets": "cat", "budget": 100e9, "lambda": 0.05}, STORE)
    pools = {pool.language: pool for pool in problem.pools}
    own, donor = pools["cat"].unique_tokens, 1e9
    tokens = np.zeros(len(problem.pools))
    for place, pool in enumerate(problem.pools):
        if pool is pools["cat"]:
            tokens[place] = 3 * own
        if pool is pools["spa"]:
            tokens[place] = donor
    first, second = flows(problem, answer(problem, tokens))
    assert (first.source, first.fresh) == ("cat", own)
    assert first.repeated == pytest.approx(own * (1 - math.exp(-0.05 * 2)) / 0.05)
    transfer = problem.transfer
    tau = transfer.weights[transfer.index("spa"), transfer.index("cat")]
    assert (second.source, second.repeated) == ("spa", 0.0)
    assert second.fresh == pytest.approx(tau * donor)
    # Whoever is charged for doubt has the same flows: they are what is expected.
    bold = replace(problem, risk_aversion=0.0)
    assert flows(bold, answer(bold, tokens)) == (first, second)


def test_the_figure_loses_nothing_however_many_are_folded(answered):
    _, mixture, found = answered
    sankey = flows_figure(found).data[0]
    labels = list(sankey.node.label)
    right = [at for at in sankey.link.target]
    into = {at: 0.0 for at in right}
    for at, value in zip(right, sankey.link.value, strict=True):
        into[at] += value
    assert sum(into.values()) == pytest.approx(
        sum(effect.effective_data for effect in mixture.targets), rel=1e-9
    )
    effects = {name_of(e.language): e for e in mixture.targets}
    for at, tokens in into.items():
        name = labels[at].rsplit(" ", 1)[0]
        if name in effects:
            assert tokens == pytest.approx(effects[name].effective_data, rel=1e-9)
    assert len(into) <= MOST
    pairs = {(s, t) for s, t in zip(sankey.link.source, right, strict=True)}
    several = len(mixture.targets) > 1
    most = max(sum(t == at for _, t in pairs) for at in into if "other" not in labels[at])
    assert most <= (FEW + 3 if several else MOST + 2)


def test_the_table_has_a_line_a_target_and_says_what_was_measured(answered):
    problem, mixture, found = answered
    for row, effect in zip(flows_table(found).rows, mixture.targets, strict=True):
        _, fresh, repeated, donors, _, whole = row.cells
        assert fresh + repeated == pytest.approx(effect.own)
        assert donors == pytest.approx(effect.transferred, abs=1.0)
        assert whole == pytest.approx(effect.effective_data)
    seen = sum(f.tokens for f in found if f.status in ("measured", "own"))
    donors = sum(f.tokens for f in found if not f.own)
    said = grounds_sentence(found)
    assert ("measured scores" in said.split("predicted")[0]) == (seen > 0)
    assert donors > 0
    one = flow_blocks(problem, mixture, mixture.targets[0].language)
    assert len(next(block for block in one if hasattr(block, "rows")).rows) == 1


def test_from_python():
    solution = am.Problem(["cat", "glg"], draws=0).solve()
    frame = solution.flows()
    sums = frame[["fresh", "repeated"]].sum(axis=1).groupby("target").sum()
    effective = solution.effects()["effective_data"]
    assert sums.to_dict() == pytest.approx(effective.to_dict(), rel=1e-12)
    assert solution.plot("flows").data[0].type == "sankey"
    with pytest.raises(am.ProblemError, match="'flatness' or 'flows'"):
        solution.plot("sankey")
