"""Scenarios: kept on Mix, compared, put in order, written into one file and opened from it."""

import pytest
from explorer import scenarios as page
from explorer.downloads import report_page
from explorer.tasks import TASKS

from atlasmix.evidence.overlay import Overlay, lay
from atlasmix.evidence.shelf import MATRICES
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.scenarios import Scenario
from atlasmix.recipe.scenario_file import load_scenarios

BASE, TRIPLE = {"targets": {"cat": 1}}, {"targets": {"cat": 1}, "budget": 300_000_000_000}
CARD = b"""\
title: Ours
metric: BTS
orientation: source to target
status: measured
stderr: {measured: 0.05}
source: our own runs
licence: private
"""
SCORES = b"source,target,score\nspa,cat,0.4\ncat,spa,0.3\n"


def press(at, label):
    next(each for each in at.button if each.label == label).click().run()


def ask(at, **change):
    at.session_state["question"] = {**at.session_state["question"], **change}
    at.run()


def keep_as(at, name):
    box = next(each for each in at.text_input if each.label == "Name of this scenario")
    box.set_value(name)
    press(at, "Keep it")


def names(at):
    return [each.name for each in at.session_state["scenarios"]]


def opened(at, content):
    box = next(each for each in at.file_uploader if each.label.startswith("Open a file"))
    box.set_value(("scenarios.zip", content, "application/zip")).run()


def written(at):
    from explorer.answers import workers

    return page.scenarios_file(
        workers(), at.session_state["scenarios"], at.session_state["overlay"]
    )


class Noting:
    """Workers that do each task at once, and note the lane that it was asked in."""

    def __init__(self):
        self.lanes = {}

    def ask(self, task, *arguments, light=True):
        self.lanes[task] = light
        return TASKS[task](*arguments)


def test_files_made_outside_of_a_page_stand_in_the_heavy_lane():
    """In the other one they would hold up every light question while they are made."""
    noting, shelf = Noting(), Overlay("/nonexistent")
    page.scenarios_file(noting, (Scenario("a", BASE),), shelf)
    answer = TASKS["answer"](BASE, shelf)
    assert report_page(noting, answer, BASE, shelf).startswith("<!")
    assert {"answer", "draws", "reasons", "shares"} <= set(noting.lanes)
    assert not any(noting.lanes.values())


def test_questions_are_kept_on_mix_and_compared(visit):
    guest = visit()
    at = guest.page("mix")
    keep_as(at, "Base")
    assert "Kept as the scenario **Base**" in guest.words()
    ask(at, budget=300_000_000_000)
    keep_as(at, "Base")
    assert "Another scenario is called 'Base': choose another name" in guest.words()
    keep_as(at, "Triple")
    at = guest.page("scenarios")
    assert names(at) == ["Base", "Triple"]
    assert "**Triple** (the question on Mix)" in guest.words()
    mixture = solve(problem_from_mapping(TRIPLE, Overlay("/nonexistent")))
    catalan = next(each for each in guest.figures()[0]["data"] if each["name"] == "Catalan")
    assert catalan["x"][1] == pytest.approx(100 * mixture.proportions["cat"])
    assert "of the tokens of 'Triple' go elsewhere than those of 'Base'" in guest.words()


def held(visit, *scenarios):
    guest = visit()
    at = guest.page("scenarios")
    at.session_state["scenarios"] = tuple(Scenario(*each) for each in scenarios)
    at.run()
    guest.whole()
    return guest, at


def test_they_are_renamed_put_in_order_asked_and_removed(visit):
    guest, at = held(visit, ("a", BASE), ("b", TRIPLE))
    at.button(key="Later-0").click().run()
    assert names(at) == ["b", "a"]
    next(each for each in at.text_input if each.label == "Another name for a").set_value("B")
    [each for each in at.button if each.label == "Rename it"][1].click().run()
    assert names(at) == ["b", "a"]
    assert "Another scenario is called 'B'" in guest.words()
    press(at, "Ask it")
    assert at.session_state["question"] == TRIPLE
    assert "**b** (the question on Mix)" in guest.words()
    at.button(key="Remove-0").click().run()
    assert names(at) == ["a"]
    guest.whole()


def test_six_are_kept_and_four_compared(visit):
    many = [(str(n), {**BASE, "budget": n * 10**11}) for n in range(2, 8)]
    guest, at = held(visit, *many)
    assert at.multiselect[0].value == ["2", "3", "4", "5"]
    assert "6 scenarios are kept, as many as there may be" in guest.words()
    assert not [each for each in at.button if each.label == "Keep it"]


def test_one_without_an_answer_says_so_and_the_others_stand(visit):
    wrong = {**BASE, "min": {"spa": 0.7, "eng": 0.7}}
    guest, at = held(visit, ("good", BASE), ("bad", wrong))
    assert any(each.value.replace("\\", "").startswith("Bad: ") for each in at.error)
    assert guest.figures()
    files = load_scenarios(written(at), at.session_state["overlay"])
    assert [each.name for each in files.scenarios] == ["good", "bad"]
    assert list(files.recipes) == ["good"]


def test_a_file_opens_in_another_session_with_its_tables(visit):
    _, at = held(visit, ("a", BASE))
    tables = {"table": "ours.csv", "card": "card.yaml"}
    overlay, _ = lay(at.session_state["overlay"], MATRICES, SCORES, CARD, tables)
    at.session_state["overlay"] = overlay
    at.session_state["scenarios"] = (
        Scenario("a", BASE),
        Scenario("ours", {**BASE, "matrix": "ours"}),
    )
    content = written(at)
    other, elsewhere = held(visit, ("a", TRIPLE))
    opened(elsewhere, content)
    other.whole()
    assert names(elsewhere) == ["a", "a (2)", "ours"]
    assert elsewhere.session_state["overlay"].names(MATRICES) == ("ours",)
    assert "Opened: a (2), ours." in other.words()
    assert "it rests on matrix ours instead of" in other.words()
    opened(elsewhere, content)
    assert names(elsewhere) == ["a", "a (2)", "ours"]
    assert "All that is in this file is kept already." in other.words()


@pytest.mark.parametrize("content", [b"x", b"PK\x03\x04x"])
def test_a_bad_file_is_one_sentence_and_loses_nothing(visit, content):
    guest, at = held(visit, ("a", BASE))
    opened(at, content)
    guest.whole()
    (error,) = at.error
    assert "expected the" in error.value
    assert names(at) == ["a"]


def test_the_page_stands_alone_by_link(visit):
    guest = visit(q="{targets: {cat: 1}, budget: 300B}")
    guest.page("scenarios")
    assert "No scenario is kept yet" in guest.words()
    assert guest.figures()
    assert "The question on Mix" in guest.figures()[0]["layout"]["annotations"][0]["text"]
