"""How far a share may move before it matters: against brute force, and as it must behave."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from judge import caps, reaches, reducible, score, tokens_of
from worlds import random_world, shipped, world

from atlasmix.mixture.mixture import FLATNESS
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import Selection, ShareLimit


def by_brute_force(problem, mixture, points=241):
    """Range of every language's share on a grid of shares of the tokens that are read."""
    total = mixture.tokens
    one = np.linspace(0, 1, points)
    a, b = np.meshgrid(one, one, indexing="ij")
    keep = a + b <= 1 + 1e-12
    shares = np.stack([a[keep], b[keep], np.maximum(1 - a[keep] - b[keep], 0.0)], axis=1)
    tokens = shares * total
    tokens = tokens[np.all(tokens <= caps(problem) * (1 + 1e-9), axis=1)]
    reach = reaches(problem) if problem.objective == "worst" else None
    here = float(score(problem, tokens_of(mixture), reach))
    ceiling = here + FLATNESS * reducible(problem, here, reach)
    flat = tokens[score(problem, tokens, reach) <= ceiling] / total
    return flat.min(axis=0), flat.max(axis=0)


@pytest.mark.parametrize("objective", ["loss", "worst"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_against_a_grid(objective, seed):
    problem = random_world(seed, languages=3, targets=2, objective=objective, budget=6e9)
    mixture = solve(problem)
    low, high = by_brute_force(problem, mixture)
    ranges = {each.language: each for each in mixture.flatness}
    for place, key in enumerate("abc"):
        if key not in ranges:
            assert key == "c"  # neither read nor a target
            continue
        # The grid lies inside the range, and nearly fills it.
        assert ranges[key].low <= low[place] + 1e-4
        assert ranges[key].high >= high[place] - 1e-4
        assert ranges[key].low >= low[place] - 0.02
        assert ranges[key].high <= high[place] + 0.02


@pytest.mark.parametrize("seed", range(4))
def test_the_share_lies_inside_and_the_ends_are_real(seed):
    """A limit at an end costs what the ceiling allows, one beyond it costs more."""
    problem = random_world(seed, languages=4, targets=2, budget=8e9, exact_tokens=True)
    mixture = solve(problem)
    here = mixture.certificate.value
    allowed = FLATNESS * reducible(problem, here)
    for each in mixture.flatness:
        assert 0 <= each.low <= each.share <= each.high <= 1
        assert each.share == pytest.approx(mixture.proportions.get(each.language, 0.0), abs=1e-9)
        where = Selection("language", each.language)
        if each.low > 0.01:
            forced = replace(problem, limits=(ShareLimit("max", where, each.low),))
            assert solve(forced).certificate.value - here == pytest.approx(allowed, rel=0.01)
        if each.high < 0.99 and each.high - each.share > 0.01:
            forced = replace(problem, limits=(ShareLimit("min", where, each.high),))
            worse = solve(forced).certificate.value - here
            # An end may also be a cap.
            assert worse <= allowed * 1.01


def test_a_wider_tolerance_gives_wider_ranges(monkeypatch):
    """Monotone in the tolerance; at nothing the range is the share."""
    import importlib

    module = importlib.import_module("atlasmix.mixture.flatness")
    problem = random_world(7, languages=4, targets=2, budget=8e9)
    widths = []
    for tolerance in (1e-5, 1e-3, 5e-3, 5e-2):
        monkeypatch.setattr(module, "FLATNESS", tolerance)
        widths.append([each.high - each.low for each in solve(problem).flatness])
    for narrow, wide in itertools.pairwise(widths):
        assert all(n <= w + 1e-6 for n, w in zip(narrow, wide, strict=True))
    assert max(widths[0]) < min(0.05, max(widths[-1]))


def test_limits_hold_at_the_ends():
    limit = ShareLimit("max", Selection("language", "b"), 0.3)
    least = ShareLimit("min", Selection("language", "c"), 0.2)
    problem = world(
        [[1, 0.2, 0.1], [0.5, 1, 0.1], [0.3, 0.3, 1]],
        [3.0, 9.0, 9.0],
        ["a", "b"],
        limits=(limit, least),
    )
    ranges = {each.language: each for each in solve(problem).flatness}
    assert ranges["b"].high <= 0.3 + 1e-6
    assert ranges["c"].low >= 0.2 - 1e-6


def test_english_has_its_range_even_unread():
    mixture = solve(shipped(["cat"], budget=60e9))
    ranges = {each.language: each for each in mixture.flatness}
    assert mixture.proportions.get("eng", 0.0) < 0.05
    assert ranges["eng"].high > 0.01
    assert list(ranges) == sorted(ranges, key=lambda key: -ranges[key].share)
