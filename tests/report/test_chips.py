"""The mixture in one line: nothing lost, nothing added, the same figures as in the answer."""

import itertools

import pytest

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.figures.drawing import DOMAIN
from atlasmix.report.figures.mixture import mixture_bars
from atlasmix.report.overview import (
    LEAST_PIECE,
    MOST_PIECES,
    key_figures,
    mixture_strip,
    strip_legend,
)
from atlasmix.report.words import percent


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
    blocks = [list(block) for _, block in itertools.groupby(pieces, key=lambda one: one.kin)]
    assert len(blocks) == len({one.kin for one in pieces}), "a branch stands together"
    for block in blocks:
        shares = [one.share for one in block if one.role != "rest"]
        assert shares == sorted(shares, reverse=True)
    assert [one.role for one in pieces].count("rest") == (pieces[-1].role == "rest")


def test_many_pieces_are_coloured_by_branch_and_all_named_below():
    """Thirteen boxes of one colour without a name told nobody anything; nor did grey ones."""
    mixture = solve(problem_from_mapping({"targets": "fil,ind,tha,vie,zsm,eng,deu,fra,spa"}))
    pieces = mixture_strip(mixture)
    assert len(pieces) > 6
    beside = [(one.kin, one.colour) for one in pieces if one.role == "target"]
    for (kin, colour), (other, next_colour) in itertools.pairwise(beside):
        assert kin == other or colour != next_colour, "branches side by side are told apart"
    lines = strip_legend(pieces)
    assert [line.piece.kin for line in lines] == list(dict.fromkeys(one.kin for one in pieces))
    named = [words for line in lines for words in line.words]
    assert {words.removesuffix(" (donor)") for words in named} == {one.words for one in pieces}
    for line in lines:
        mine = [one for one in pieces if one.kin == line.piece.kin]
        assert line.piece.role == "target" or all(one.role != "target" for one in mine)
        if len(mine) > 1:
            whole = percent(sum(one.share for one in mine))
            assert line.title == f"{line.piece.kin} {whole}:", "how much a branch is"
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


def test_traces_have_no_piece_of_three_pixels_each():
    """Eleven donors of 0.02% were a rainbow of stripes under a legend of four lines."""
    question = {"targets": "yor,eng", "budget": "8T", "min": {"yor": "1%"}}
    pieces = mixture_strip(solve(problem_from_mapping(question)))
    assert [one.role for one in pieces] == ["target", "target", "rest"]
    assert all(one.share >= LEAST_PIECE for one in pieces[:-1])


def test_code_is_no_donor():
    """A limit asked for it: it gives nothing, and no colour of a donor says that it does."""
    question = {"targets": "cat,spa", "budget": "300B", "min": {"code": "10%"}}
    problem = problem_from_mapping({**question, "inventory": ["web-2026", "code-math-2023"]})
    mixture = solve(problem)
    by_code = {one.code or one.name: one for one in mixture_strip(mixture)}
    assert by_code["code"].role == "domain"
    assert by_code["cat"].role == "target"
    donors = next(each for each in key_figures(problem, mixture) if each.label == "From donors")
    share = sum(
        part for key, part in mixture.proportions.items() if key not in ("cat", "spa", "code")
    )
    assert donors.value == percent(share)
    assert "Code or another domain, no donor: 10.0%." in donors.meaning
    bars = {trace.name: trace for trace in mixture_bars(mixture).data}
    assert bars["domain, human text"].marker.color == DOMAIN
