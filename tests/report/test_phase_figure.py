"""The figure of the phases: every share is the answer's, named in sentences, few colours."""

import re

import pytest

from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.figures.drawing import DONOR, GREY, RUST, contrast
from atlasmix.report.figures.phases import phase_pieces, phases_alt, phases_figure

STORE = Store("/nonexistent")
FEW = {
    "targets": "cat",
    "phases": [{"name": "main"}, {"name": "anneal", "tokens": "20%", "min": {"cat": 0.9}}],
}
MANY = {
    "targets": "arb,ben,cat,cmn,deu,ell,fra,heb,hrv,ind,ita,jpn,kor,nob,pes,por,ron,rus,spa,swe",
    "budget": "1T",
    "phases": [
        {"name": "warmup", "tokens": "50B", "min": {"deu": 0.2}},
        {"name": "main"},
        {"name": "anneal", "tokens": "20%", "min": {"cat": 0.08}, "max": {"script:Cyrl": 0.02}},
    ],
}


@pytest.fixture(scope="module", params=[FEW, MANY], ids=["few", "many"])
def mixture(request):
    return solve(problem_from_mapping(request.param, STORE))


def test_every_share_is_the_answers(mixture):
    figure = phases_figure(mixture)
    pieces = phase_pieces(mixture)
    assert len(figure.data) == len(pieces) <= 7
    for place, phase in enumerate(mixture.phases):
        for trace, (keys, _) in zip(figure.data, pieces, strict=True):
            tokens = sum(s.tokens for s in phase.shares if s.pool.language in keys)
            assert trace.x[place] == pytest.approx(100 * tokens / phase.tokens)
        assert sum(trace.x[place] for trace in figure.data) == pytest.approx(100)
    assert sorted(key for keys, _ in pieces for key in keys) == sorted(mixture.proportions)


def test_shares_are_read_on_every_colour(mixture):
    for trace in phases_figure(mixture).data:
        assert contrast(trace.insidetextfont.color, trace.marker.color) >= 4.5, trace.name


def test_those_named_are_the_largest_of_any_phase(mixture):
    most = {
        key: max(phase.proportions.get(key, 0) for phase in mixture.phases)
        for key in mixture.proportions
    }
    pieces = phase_pieces(mixture)
    named = [keys[0] for keys, colour in pieces if colour != GREY]
    rest = [key for keys, colour in pieces for key in keys if colour == GREY]
    targets = {target.language for target in mixture.targets}
    for mine in (targets, set(most) - targets):
        largest = min((most[key] for key in mine.intersection(named)), default=1)
        assert largest >= max((most[key] for key in mine.intersection(rest)), default=0)
    assert len({colour for _, colour in pieces}) == len(pieces)


def test_orange_is_a_donor_in_every_phase(mixture):
    """Colours went by size, so that the second target was orange here and blue in the bars."""
    targets = {target.language for target in mixture.targets}
    named = {keys[0]: colour for keys, colour in phase_pieces(mixture) if colour != GREY}
    assert len(named) >= 2
    for key, colour in named.items():
        assert (key not in targets) == (colour in (DONOR, RUST)), key


def test_it_reads_in_the_order_of_training_with_units_and_sentences(mixture):
    figure = phases_figure(mixture)
    order = [name.split("<br>")[0] for name in figure.layout.yaxis.categoryarray][::-1]
    assert order == [phase.name for phase in mixture.phases]
    assert all(name.endswith(" tokens") for name in figure.layout.yaxis.categoryarray)
    assert figure.layout.xaxis.title.text == "share of the phase's tokens (%)"
    said = figure.data[0].customdata[0].replace("<br>", " ")
    first, phase = next(iter(phase_pieces(mixture)))[0][0], mixture.phases[0]
    assert re.match(rf"{name_of(first)}: [\d.]+% of phase {phase.name}, .* tokens\.", said)
    assert figure.data[0].name == name_of(first)


def test_the_rest_says_what_it_holds():
    figure = phases_figure(solve(problem_from_mapping(MANY, STORE)))
    rest = figure.data[-1]
    assert re.fullmatch(r"\d+ other languages", rest.name)
    assert re.search(r"% and \d+ more\.$", rest.customdata[0].replace("<br>", " "))


def test_it_is_said_to_who_does_not_see_it(mixture):
    said = phases_alt(mixture)
    for phase in mixture.phases:
        assert f"{phase.name}, " in said
    assert said.endswith(".")
