"""Phases on the page Mix: begun, limited, refused, taken home; their numbers are the library's."""

from urllib.parse import unquote

import pytest
import yaml
from controls import control

from atlasmix.evidence.store import Store
from atlasmix.interop.exporters.exporter import all_exporters
from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.answer_tables import phases_sentence

STORE = Store("/nonexistent")
PAIR = [{"name": "main", "tokens": "rest"}, {"name": "anneal", "tokens": 0.2}]
LIMITED = [PAIR[0], {**PAIR[1], "min": {"cat": 0.9}}]
LINK = "{targets: {cat: 1}, phases: [{name: main}, {name: anneal, tokens: 20%, min: {cat: 90%}}]}"


def press(at, label):
    control(at, "button", label).click().run()


def add_phase(at, name, tokens):
    control(at, "text_input", "New phase").set_value(name).run()
    control(at, "text_input", "Its tokens").set_value(tokens).run()
    press(at, "Add phase")


def limit_phase(at, place, bound, what, share):
    control(at, "selectbox", "Limit a phase").set_value(place).run()
    control(at, "selectbox", "In this phase").set_value(bound).run()
    control(at, "selectbox", "Share of").set_value(what).run()
    control(at, "text_input", "How large a share").set_value(share).run()
    press(at, "Add limit to the phase")


def phases_of(guest):
    return guest.at.session_state["question"].get("phases")


def shown_shares(figure):
    """Share of each language by phase, as the figure has it."""
    return {
        (phase.split("<br>")[0], trace["name"]): value
        for trace in figure["data"]
        for phase, value in zip(trace["y"], trace["x"], strict=True)
    }


def shares_of(mixture):
    return {
        (phase.name, name_of(key)): 100 * phase.proportions.get(key, 0)
        for phase in mixture.phases
        for key in mixture.proportions
    }


def test_one_click_begins_with_two_phases(visit):
    guest = visit()
    at = guest.page("mix")
    assert "Phases of the run" not in [one.value for one in at.subheader]
    button = control(at, "button", "Begin with main and anneal")
    assert "our choice" in button.help
    button.click().run()
    guest.whole()
    assert phases_of(guest) == PAIR
    problem = problem_from_mapping({"targets": "cat", "phases": PAIR}, STORE)
    mixture = solve(problem)
    assert shown_shares(guest.figures()[1]) == pytest.approx(shares_of(mixture))
    assert phases_sentence(problem, mixture) in guest.words()
    assert yaml.safe_load(at.query_params["q"])["phases"] == PAIR


def test_a_phase_is_limited_and_the_limit_removed(visit):
    guest = visit()
    at = guest.page("mix")
    press(at, "Begin with main and anneal")
    limit_phase(at, 1, "min", "cat", "90%")
    guest.whole()
    assert phases_of(guest) == LIMITED
    assert "Catalan: at least 90% of the tokens" in guest.words()
    mixture = solve(problem_from_mapping({"targets": "cat", "phases": LIMITED}, STORE))
    assert shown_shares(guest.figures()[1]) == pytest.approx(shares_of(mixture))
    press(at, "Remove")
    guest.whole()
    assert phases_of(guest) == PAIR


def test_an_epoch_cap_of_a_phase_is_added_shown_and_removed(visit):
    """A cap from a link was neither shown nor could it be taken back."""
    guest = visit(
        q="{targets: {cat: 1}, phases: [{name: main, tokens: rest}, "
        "{name: anneal, tokens: 20%, max_epochs: 2}]}"
    )
    at = guest.page("mix")
    guest.whole()
    assert "Each pool: at most 2 epochs" in guest.words()
    control(at, "selectbox", "Limit a phase").set_value(1).run()
    control(at, "selectbox", "In this phase").set_value("max_epochs").run()
    control(at, "selectbox", "Passes over").set_value("cat").run()
    control(at, "text_input", "At most so many").set_value("0.5").run()
    press(at, "Add limit to the phase")
    guest.whole()
    assert phases_of(guest)[1]["max_epochs"] == {"default": 2, "cat": 0.5}
    assert "Catalan: at most 0.5 epochs" in guest.words()
    press(at, "Remove")
    guest.whole()
    assert phases_of(guest)[1]["max_epochs"] in ({"default": 2}, 2)
    press(at, "Remove")
    guest.whole()
    assert phases_of(guest) == PAIR


def test_phases_are_added_changed_moved_and_removed(visit):
    guest = visit()
    at = guest.page("mix")
    for name, tokens in (("main", "rest"), ("anneal", "20B"), ("warmup", "5%")):
        add_phase(at, name, tokens)
        guest.whole()
    control(at, "text_input", "Tokens of anneal").set_value("10%").run()
    guest.whole()
    for place in (1, 0):  # the first phase has no such button
        [one for one in at.button if one.label == "Earlier"][place].click().run()
    guest.whole()
    assert [(one["name"], one["tokens"]) for one in phases_of(guest)] == [
        ("warmup", 0.05),
        ("main", "rest"),
        ("anneal", 0.1),
    ]
    for left in (["main", "anneal"], ["anneal"]):
        if left == ["anneal"]:
            control(at, "text_input", "Tokens of main").set_value("90%").run()
            control(at, "text_input", "Tokens of anneal").set_value("rest").run()
        press(at, "Remove phase")
        guest.whole()
        assert [one["name"] for one in phases_of(guest)] == left
    press(at, "Remove phase")
    assert at.session_state["question"] == {"targets": {"cat": 1}}


@pytest.mark.parametrize("more", ["", ", compute: 1e22"], ids=["budget", "compute"])
@pytest.mark.parametrize(
    ("name", "tokens", "words"),
    [
        ("late", "rest", "Phases main, late all read the rest"),
        ("late", "lots", "expected a share such as 80%, a count such as 80B, or 'rest'"),
        ("late", "90%", "sum to 110%, which leaves nothing for main: lower one"),
        ("Anneal", "5%", "Phase Anneal is named twice"),
        ("../../etc", "5%", "expected a name of at most 40 Latin letters"),
        ("<b>x</b>", "5%", "expected a name of at most 40 Latin letters"),
        ("", "5%", "A phase needs a name and its tokens: fill in both"),
    ],
)
def test_a_phase_that_cannot_be_is_refused_and_changes_nothing(visit, name, tokens, words, more):
    phases = "[{name: main, tokens: rest}, {name: anneal, tokens: 20%}]"
    guest = visit(q=f"{{targets: {{cat: 1}}, phases: {phases}{more}}}")
    at = guest.page("mix")
    add_phase(at, name, tokens)
    guest.whole()
    assert words in guest.words()
    assert phases_of(guest) == PAIR


def test_what_cannot_be_left_or_limited_is_refused(visit):
    guest = visit(q=LINK)
    at = guest.page("mix")
    press(at, "Remove phase")
    assert "The shares of the phases sum to 20%: expected 100%" in guest.words()
    control(at, "text_input", "Tokens of anneal").set_value("200B").run()
    assert "above the budget of 100B" in guest.words()
    assert "or raise the budget (see 'Token budget')" in guest.words()
    limit_phase(at, 1, "max", "cat", "10%")
    assert "Phase anneal: 'min Catalan 90%' lies above 'max Catalan 10%'" in guest.words()
    guest.whole()
    assert phases_of(guest) == LIMITED


def test_limits_that_the_totals_cannot_meet_name_the_control(visit):
    guest = visit(q=LINK)
    at = guest.page("mix")
    limit_phase(at, 0, "min", "por", "90%")
    guest.whole()
    assert at.header[0].value == "This question has no answer as it stands"
    words = guest.words()
    assert "'min Portuguese 90%' of phase main" in words
    assert "ask the whole mixture for more or less (see 'Phases of the run')" in words
    assert "--" not in words
    press(at, "Undo the change")
    assert phases_of(guest) == LIMITED


def test_a_group_can_be_limited_in_a_phase(visit):
    guest = visit(q=LINK)
    at = guest.page("mix")
    control(at, "text_input", "Name").set_value("iberian").run()
    control(at, "text_input", "Languages").set_value("Spanish, portugués").run()
    press(at, "Add group")
    limit_phase(at, 0, "max", "iberian", "20%")
    guest.whole()
    assert at.session_state["question"]["groups"] == {"iberian": ["spa", "por"]}
    assert phases_of(guest)[0]["max"] == {"iberian": 0.2}
    assert at.header[0].value.startswith("Read 100B tokens")


def test_before_and_after_shows_the_phases(visit):
    guest = visit(q=LINK)
    at = guest.page("mix")
    control(at, "text_input", "Tokens of anneal").set_value("40%").run()
    guest.tab("section", "Before and after")
    words = guest.words()
    assert "The same proportions in all, divided over the phases otherwise" in words
    assert "main rest; anneal 20%, min Catalan 90%" in words
    assert "main rest; anneal 40%, min Catalan 90%" in words
    assert "Shares of each phase, before and after" in words
    asked = {"targets": "cat", "phases": [PAIR[0], {**LIMITED[1], "tokens": 0.4}]}
    share = solve(problem_from_mapping(asked, STORE)).phases[0].proportions["cat"]
    assert f">{100 * share:.1f}%<" in words
    press(at, "Undo")
    assert phases_of(guest) == LIMITED


def test_phases_are_taken_home(visit):
    guest = visit(q=LINK)
    guest.page("mix")
    at = guest.tab("section", "Export")
    assert at.code[0].value == (
        "atlasmix solve --target cat --phase main=rest --phase anneal=20% "
        "--phase-min anneal:cat=90% --output recipe.yaml"
    )
    link = at.code[1].value.split("?q=")[1]
    assert yaml.safe_load(unquote(link)) == {"targets": {"cat": 1}, "phases": LIMITED}
    assert "Phases (CSV)" in [one.label for one in at.download_button]
    for exporter in all_exporters():
        control(at, "selectbox", "Framework").set_value(exporter.name).run()
        guest.whole()
        assert not at.error, exporter.name
        assert "Phase anneal, from step" in guest.words(), exporter.name


def test_the_recipe_of_phases_holds(visit):
    guest = visit(q=LINK)
    guest.page("mix")
    guest.page("recipes")
    assert "The recipe holds" in guest.words()
