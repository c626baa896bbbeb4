"""Questions that cannot be asked: one sentence each, with what was expected."""

import math
from dataclasses import replace

import pytest
from worlds import pool, shipped, world

from atlasmix.errors import DataError, ProblemError, UnknownLanguage
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import EpochCap, KeepTokens, Selection, ShareLimit
from atlasmix.problem.problem import Target

B = Selection("language", "b")


def question(**options):
    return world([[1, 0.1], [0.4, 1]], [2.0, 20.0], **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"targets": []}, "no target: name at least one language, such as cat"),
        ({"targets": ["a", "a"]}, "target a is named twice: give it one weight"),
        ({"targets": [("a", 0.0)]}, "target a has weight 0: expected a number above 0"),
        ({"targets": [("a", -1.0)]}, "target a has weight -1: expected a number above 0"),
        ({"targets": [("a", math.nan)]}, "target a has weight nan"),
        ({"targets": [("a", math.inf)]}, "target a has weight inf"),
        ({"budget": 0.0}, "the budget is 0: expected between 1 and 1e"),
        ({"budget": -1e9}, "the budget is -1B: expected"),
        ({"budget": math.nan}, "the budget is nan: expected"),
        ({"budget": math.inf}, "the budget is inf"),
        ({"budget": 1e19}, "the budget is"),
        ({"params": 0.0}, "the number of parameters is 0: expected"),
        ({"decay": 0.0}, r"the decay λ is 0: expected between"),
        ({"decay": math.nan}, r"the decay λ is nan"),
        ({"max_epochs": 17.0}, r"the epoch cap is 17: expected between .* and 16"),
        ({"max_epochs": 0.0}, r"the epoch cap is 0"),
        ({"risk_aversion": -0.1}, r"the risk aversion is -0.1: expected 0 \(trust every score\)"),
        ({"risk_aversion": math.nan}, "the risk aversion is nan"),
        ({"objective": "best"}, "no objective 'best': expected one of loss, worst"),
        ({"max_donors": -2}, "at most -2 donors: expected a whole number from 0"),
        ({"worth": {"human": -1.0}}, "a token of provenance human is worth -1: expected 0 to 100"),
        (
            {"targets": [("a", 1.0), ("b", 2.0)], "objective": "worst"},
            "the objective 'worst' treats all targets alike: leave the weights out",
        ),
        (
            {"limits": (ShareLimit("min", B, 1.2),)},
            "limit 'min b .*': a share lies between 0 and 1",
        ),
        (
            {"limits": (ShareLimit("max", B, -0.1),)},
            "limit 'max b -.*': a share lies between 0 and 1",
        ),
        ({"limits": (ShareLimit("max", B, math.nan),)}, "a share lies between 0 and 1"),
        ({"limits": (KeepTokens(B, -1.0),)}, "expected a finite number of tokens from 0"),
        ({"limits": (KeepTokens(B, math.inf),)}, "expected a finite number of tokens from 0"),
        ({"limits": (EpochCap(B, 0.0),)}, "expected more than 0 and at most 16 epochs"),
        ({"limits": (EpochCap(B, 40.0),)}, "expected more than 0 and at most 16 epochs"),
        (
            {"limits": (EpochCap(Selection("corpus", "books"), 2.0),)},
            "'max epochs corpus:books 2' selects none of the 2 pools of this problem",
        ),
        (
            {"limits": (KeepTokens(Selection("language", "z"), 1.0),)},
            "selects none of the 2 pools of this problem",
        ),
    ],
)
def test_a_sentence_each(options, words):
    with pytest.raises(ProblemError, match=words):
        solve(question(**options))


def test_a_domain_that_the_matrix_does_not_know():
    with pytest.raises(DataError, match="the transfer matrix has no domain 'z'"):
        solve(question(targets=["z"]))


def test_a_language_that_the_matrix_does_not_know():
    with pytest.raises(UnknownLanguage, match="has no language 'glg'"):
        solve(replace(shipped(["cat"]), targets=(Target("glg"),)))


def test_limits_that_speak_of_nothing_and_ask_nothing_are_let_be():
    nowhere = Selection("language", "z")
    limits = (ShareLimit("max", nowhere, 0.1), ShareLimit("min", nowhere, 0.0))
    assert solve(question(limits=limits)).certificate.gap <= 1e-6


def test_pools_without_a_worth_are_not_read():
    pools = [pool("a", 1.0), pool("a", 9.0, "generated")]
    mixture = solve(world([[1.0]], pools, worth={"human": 1.0}))
    assert mixture.pools[1].tokens <= 1e-6 * mixture.tokens
