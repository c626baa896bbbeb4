"""Scenarios side by side: the numbers are those of each answer, and nothing is set beside its like
that cannot be compared."""

import pytest

from atlasmix.evidence.overlay import Overlay
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.hardware import machine
from atlasmix.mixture.scenarios import answer_scenario, differences
from atlasmix.problem.scenarios import LONGEST_NAME, Scenario
from atlasmix.report.blocks import Figure, Table
from atlasmix.report.figures.scenarios import by_branch, by_language, scenarios_figure
from atlasmix.report.scenarios import (
    alternatives_table,
    difference_sentences,
    fact_line,
    losses_table,
    scenario_name,
    scenarios_blocks,
    scenarios_data,
    shares_table,
    summary_table,
)

STORE = Overlay("/nonexistent")
EUROPEAN = [
    "cat",
    "cym",
    "deu",
    "ell",
    "eng",
    "fra",
    "hrv",
    "ita",
    "por",
    "ron",
    "spa",
    "swe",
    "ukr",
]


@pytest.fixture(scope="module")
def answered():
    questions = {
        "Base": {"targets": {"cat": 1}},
        "Triple": {"targets": {"cat": 1}, "budget": 300e9},
        "Older study": {"targets": {"cat": 1, "spa": 1}, "matrix": "atlas-2025"},
    }
    return [answer_scenario(Scenario(*item), STORE) for item in questions.items()]


def column(table, name):
    place = [each.name for each in table.columns].index(name)
    return {row.values()[0]: row.values()[place] for row in table.rows}


def test_shares_and_points_are_those_of_the_answers(answered):
    table = shares_table(answered, differences(answered, 0), "Base")
    for each in answered:
        shown = {key: share for key, share in column(table, each.name).items() if share is not None}
        assert shown == {
            f"{name_of(key)} ({key})": share for key, share in each.mixture.proportions.items()
        }
    points = column(table, "Triple, points")
    base, triple = (each.mixture.proportions for each in answered[:2])
    assert points["Catalan (cat)"] == pytest.approx(triple["cat"] - base["cat"])
    assert sum(share or 0 for share in points.values()) == pytest.approx(0, abs=1e-12)
    assert "Base, points" not in [each.name for each in table.columns]


def test_a_loss_is_compared_with_the_same_target_alone(answered):
    table = losses_table(answered, differences(answered, 1), "Triple")
    losses = [each.mixture.targets[0].loss for each in answered[:2]]
    assert column(table, "Base, change")["Catalan (cat)"] == pytest.approx(losses[0] - losses[1])
    assert column(table, "Base")["Spanish (spa)"] is None
    assert column(table, "Older study, change")["Spanish (spa)"] is None, (
        "Triple has no such target"
    )


def test_each_target_stands_against_what_it_could_have_alone(answered):
    table = alternatives_table(answered)
    assert column(table, "Base")["Catalan (cat)"] == "no worse", "it is the only target"
    effect = answered[2].mixture.targets[0]
    assert column(table, "Older study")["Catalan (cat)"] == pytest.approx(
        effect.loss / effect.loss_alone - 1
    )


def test_other_evidence_is_said(answered):
    said = " ".join(difference_sentences(answered, differences(answered, 0), 0))
    assert (
        "the losses of 'Older study' apart is the evidence and not the mixture: it rests on "
        in said
    )
    assert "it rests on matrix atlas-2025 instead of atlasmix-2026" in said
    assert "the losses of 'Triple'" not in said
    assert "56.7% of the tokens of 'Triple' go elsewhere than those of 'Base'" in said


def test_the_summary_says_what_a_committee_asks(answered):
    h100 = machine("H100", None)
    table = summary_table(answered, h100)
    told = column(table, "Base")
    hours = next(words for label, words in told.items() if str(label).startswith("GPU-hours"))
    assert float(hours) == pytest.approx(h100.hours(6 * 2e9 * 100e9), rel=1e-2)
    assert told["most epochs"] == "4.00 (Catalan)"
    assert told["proof"].startswith("certified to 1 in a")
    assert told["what binds, dearest first"].startswith("max epochs 4")
    best = answered[0].best_alternative
    assert best is not None
    assert best.within_limits
    assert told["best alternative, on its objective"].startswith(best.name)
    assert len({len(row.cells) for row in table.rows}) == 1


def test_the_figure_holds_all_of_every_mixture(answered):
    figure = scenarios_figure(answered, [fact_line(each) for each in answered])
    for place in range(len(answered)):
        assert sum(trace.x[place] for trace in figure.data) == pytest.approx(100)
    pieces = by_language(answered)
    assert [row[0] for row in pieces["Catalan"]] == [
        each.mixture.proportions["cat"] for each in answered
    ]
    assert [donor for _, donor, _ in pieces["Spanish"]] == [True, True, False]


def test_many_languages_are_told_by_branch():
    question = {"targets": dict.fromkeys(EUROPEAN, 1), "budget": 2e12}
    each = answer_scenario(Scenario("Thirteen", question), STORE)
    figure = scenarios_figure([each], [fact_line(each)])
    assert [trace.name for trace in figure.data][:3] == ["Romance", "Germanic", "Slavic"]
    romance = sum(
        each.mixture.proportions[key] for key in ["cat", "fra", "ita", "por", "ron", "spa"]
    )
    assert by_branch([each])["Romance"][0][0] == pytest.approx(romance)
    assert by_language([each])["others"][0][0] > 0.3
    assert scenario_name(each.problem) == "13 languages, 2T tokens, 2B"


def test_names_are_no_markup_and_stay_short(answered):
    evil = answer_scenario(Scenario("<b>x</b>", {"targets": {"cat": 1}}), STORE)
    figure = scenarios_figure([evil], [fact_line(evil)])
    assert "&lt;b&gt;x" in figure.layout.annotations[0].text
    assert all(len(scenario_name(each.problem)) <= LONGEST_NAME for each in answered)


def test_one_alone_has_nothing_to_be_compared_with(answered):
    blocks = scenarios_blocks(answered[:1], 0)
    assert isinstance(blocks[0], Figure)
    tables = [block for block in blocks if isinstance(block, Table)]
    assert not any("change" in each.name for table in tables for each in table.columns)
    (data,) = scenarios_data(answered[:1], 0)["scenarios"]
    assert data["proportions"] == answered[0].mixture.proportions
    assert data["distance"] == 0
