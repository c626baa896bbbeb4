"""The mixture in one line: nothing lost, nothing added, the same figures as in the answer."""

import pytest

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.overview import MOST_PIECES, mixture_strip, strip_legend


@pytest.mark.parametrize("targets", ["cat", "no,swe,deu", "fil,ind,tha,vie,zsm,eng,deu,fra,spa"])
def test_the_pieces_are_the_mixture(targets):
    mixture = solve(problem_from_mapping({"targets": targets, "budget": "300B"}))
    pieces = mixture_strip(mixture)
    assert len(pieces) <= MOST_PIECES
    assert sum(one.share for one in pieces) == pytest.approx(1, abs=1e-12)
    named = {one.name: one for one in pieces if one.role != "rest"}
    for key, share in mixture.proportions.items():
        one = named.pop(name_of(key), None)
        if one is not None:
            assert one.share == share
            assert one.role == ("donor" if key in mixture.donors else "target")
    assert not named
    shares = [one.share for one in pieces if one.role != "rest"]
    assert shares == sorted(shares, reverse=True)


def test_many_pieces_are_coloured_by_branch_and_all_named_below():
    """Thirteen boxes of one colour without a name told nobody anything."""
    mixture = solve(problem_from_mapping({"targets": "fil,ind,tha,vie,zsm,eng,deu,fra,spa"}))
    pieces = mixture_strip(mixture)
    assert len(pieces) > 6
    colours = {one.kin: one.colour for one in pieces}
    assert colours["Germanic"] != colours["Romance"]
    named = [words for _, line in strip_legend(pieces) for words in line]
    assert {words.removesuffix(" (donor)") for words in named} == {one.words for one in pieces}
    few = mixture_strip(solve(problem_from_mapping({"targets": "cat"})))
    assert strip_legend(few) == ()
    assert {one.kin for one in few} == {""}
    assert [one.code for one in few] == ["cat", "spa"]


def test_the_small_ones_are_counted_together(monkeypatch):
    monkeypatch.setattr("atlasmix.report.overview.MOST_PIECES", 4)
    mixture = solve(problem_from_mapping({"targets": "fil,ind,tha,vie,zsm", "budget": "300B"}))
    *named, rest = mixture_strip(mixture)
    shares = sorted(mixture.proportions.values(), reverse=True)
    assert [one.share for one in named] == shares[:3]
    assert rest.role == "rest"
    assert rest.name == f"{len(shares) - 3} more languages"
    assert rest.share == pytest.approx(sum(shares[3:]))
