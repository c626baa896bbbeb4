"""Donor or synthetic: each route is worth what the law says its next token does."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atlasmix.errors import ProblemError
from atlasmix.laws.collapse import diversity_by_accumulation, diversity_retention
from atlasmix.mixture.routes import routes
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.collapse import ANCHOR, collapse_blocks, machine_text

QUESTION = problem_from_mapping({"targets": "cat", "draws": 24})


@pytest.fixture(scope="module")
def small():
    """Steps so small that they are slopes."""
    return routes(QUESTION, step=1e5)


def test_a_repeat_is_worth_what_saturation_leaves_of_it(small):
    mixture = solve(QUESTION)
    (own,) = (share for share in mixture.pools if share.pool.language == "cat" and share.tokens)
    repeat = next(route for route in small.routes if route.kind == "repeat")
    # Its data fade by e^(-λ(epochs - 1)); the own share grows as with fresh text.
    effect = mixture.targets[0]
    law = QUESTION.law
    data = law.beta * effect.data_loss / effect.effective_data
    capacity = effect.phi * effect.capacity_loss / effect.own_share
    room = capacity * (1 - effect.own_share) / mixture.tokens
    fade = np.exp(-QUESTION.decay * (own.epochs - 1))
    assert repeat.worth == pytest.approx((data * fade + room) / (data + room), rel=1e-3)


def test_a_translation_lies_between_nothing_and_fresh_text_by_its_worth(small):
    worths = [0.2, 0.5, 1.0]
    values = []
    for worth in worths:
        found = routes(replace(QUESTION, worth={**QUESTION.worth, "translated": worth}), step=1e5)
        values.append(next(route.worth for route in found.routes if route.kind == "translated"))
    assert values == sorted(values)
    assert values[-1] == pytest.approx(1.0, rel=1e-6)


def test_from_the_worth_that_is_told_translations_lead(small):
    assert small.overtakes is not None
    for factor, leads in ((1.001, True), (0.999, False)):
        worth = {**QUESTION.worth, "translated": small.overtakes * factor}
        first = routes(replace(QUESTION, worth=worth), step=1e5).routes[0]
        assert (first.kind == "translated") == leads


def test_shares_of_draws_in_which_a_route_is_best_are_all_of_them(small):
    parts = [route.best for route in small.routes if not np.isnan(route.best)]
    assert sum(parts) == pytest.approx(1.0)
    for route in small.routes:
        assert route.interval.low <= route.interval.middle <= route.interval.high


def test_a_donor_without_the_text_for_the_step_is_no_route():
    for route in routes(QUESTION, step=50e9).routes:
        assert route.kind != "donor" or route.epochs <= QUESTION.max_epochs


def test_a_step_or_a_generator_out_of_range_is_refused():
    with pytest.raises(ProblemError, match="step is 0"):
        routes(QUESTION, step=0.0)
    with pytest.raises(ProblemError, match="generator params is 0"):
        routes(QUESTION, generator_params=0.0)


def test_the_command_from_another_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "atlasmix", "route", "--target", "cat", "--draws", "20"]
    done = subprocess.run(
        [*command, "--json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    kinds = [route["kind"] for route in json.loads(done.stdout)["routes"]]
    assert {"repeat", "donor", "translated", "rephrased", "generated"} <= set(kinds)
    assert kinds[-1] == "translated by benchmarks"


def test_a_growing_pile_keeps_what_simulation_keeps():
    """A pile of words to which samples of itself are added, against the product."""
    rng = np.random.default_rng(5)
    n, left = 30, []
    for _ in range(4000):
        pile = rng.integers(0, 8, n)
        start = 1 - np.sum((np.bincount(pile, minlength=8) / n) ** 2)
        for _ in range(6):
            pile = np.append(pile, rng.choice(pile, n))
        end = 1 - np.sum((np.bincount(pile, minlength=8) / pile.size) ** 2)
        left.append(end / start)
    assert np.mean(left) == pytest.approx(diversity_by_accumulation(6, n), abs=0.002)


def test_what_is_told_of_machine_text_is_the_formula_and_nothing_where_none_is_read():
    asked = problem_from_mapping(
        {"targets": "cat,glg", "pools": {"provenance": ["human", "translated"]}, "draws": 0}
    )
    mixture = solve(asked)
    rows = {row.language: row for row in machine_text(asked, mixture)}
    mine = [share for share in mixture.pools if share.pool.language == "glg"]
    human = sum(share.tokens for share in mine if share.pool.provenance == "human")
    assert rows["glg"].human == pytest.approx(human / sum(share.tokens for share in mine))
    assert rows["glg"].human + rows["glg"].synthetic == pytest.approx(1.0)
    table = next(block for block in collapse_blocks(asked, mixture) if hasattr(block, "rows"))
    cells = table.rows[-1].cells
    assert cells[-1] == pytest.approx(float(diversity_retention(rows["glg"].human, 25, ANCHOR)))
    plain = solve(QUESTION)
    assert collapse_blocks(QUESTION, plain) == ()
