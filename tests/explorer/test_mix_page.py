"""The page Mix: opens, solves, changes, refuses; its numbers are the library's."""

import pytest
import streamlit as st
import yaml
from explorer.presets import PRESETS

from atlasmix.evidence import Store
from atlasmix.languages import name_of
from atlasmix.mixing import compare, solve
from atlasmix.recipes.question import problem_from_mapping
from atlasmix.views.answer_words import headline, proof_sentence
from atlasmix.views.key_figures import key_figures

STORE = Store("/nonexistent")


def answered(**asked):
    problem = problem_from_mapping(asked, STORE)
    return problem, solve(problem)


def control(at, kind, label):
    return next(one for one in getattr(at, kind) if one.label == label)


def heading(visit):
    return visit.at.header[0].value.replace("\\", "")


def test_a_browser_is_shown_the_words_before_it_draws(visit, monkeypatch):
    monkeypatch.setattr(type(st.context), "headers", {"User-Agent": "a browser"})
    guest = visit()
    guest.page("mix")
    assert "85.0% Catalan" in guest.words()
    assert "atlas-strip" in guest.words()
    assert guest.figures() == []
    guest.at.run()  # its clock has ticked
    assert len(guest.figures()) == 1


def test_it_opens_with_an_answer(visit):
    guest = visit()
    at = guest.page("mix")
    problem, mixture = answered(targets="cat")
    assert heading(guest) == headline(mixture)
    assert proof_sentence(mixture.certificate) in guest.words()
    figures = [(one.label, one.value) for one in at.metric]
    assert figures == [(one.label, one.value) for one in key_figures(problem, mixture)]


def test_the_bars_are_the_mixture(visit):
    guest = visit()
    guest.page("mix")
    _, mixture = answered(targets="cat")
    shown = {trace["y"][0]: trace["x"][0] for trace in guest.figures()[0]["data"]}
    expected = {name_of(key): 100 * share for key, share in mixture.proportions.items()}
    assert shown == pytest.approx(expected)


def test_areas_by_family_are_one_click_away(visit):
    guest = visit()
    at = guest.page("mix")
    next(one for one in at.segmented_control).set_value("Areas by family").run()
    assert guest.figures()[0]["data"][0]["type"] == "treemap"


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_answered(visit, name):
    guest = visit()
    at = guest.page("mix")
    control(at, "selectbox", "Start from").set_value(name).run()
    guest.whole()
    _, mixture = answered(**PRESETS[name])
    assert heading(guest) == headline(mixture)


def test_a_slider_changes_the_answer(visit):
    guest = visit()
    at = guest.page("mix")
    control(at, "select_slider", "Epoch cap").set_value(2).run()
    _, mixture = answered(targets="cat", max_epochs=2)
    assert heading(guest) == headline(mixture)
    assert "max_epochs: 2" in at.query_params["q"]
    assert yaml.safe_load(at.query_params["q"]) == {"targets": {"cat": 1}, "max_epochs": 2}


@pytest.mark.parametrize("written", ["català", "ca", "CATALAN", "cat"])
def test_a_target_is_found_by_any_name(visit, written):
    guest = visit()
    at = guest.page("mix")
    control(at, "multiselect", "Target languages").set_value(["spa", written]).run()
    guest.whole()
    _, mixture = answered(targets="spa,cat")
    assert heading(guest) == headline(mixture)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("catalna", "did you mean cat"),
        ("Danish", "is not in matrix atlas-2025"),
        ("%", "expected"),
    ],
)
def test_a_target_that_cannot_be_is_refused_in_a_sentence(visit, written, words):
    guest = visit()
    at = guest.page("mix")
    control(at, "multiselect", "Target languages").set_value(["cat", written]).run()
    guest.whole()
    assert heading(guest) == "This question has no answer as it stands"
    assert words in guest.words()
    next(one for one in at.button if one.label == "Undo the change").click().run()
    assert heading(guest).startswith("Read 100B tokens")


def test_no_target_at_all_is_refused(visit):
    guest = visit()
    at = guest.page("mix")
    control(at, "multiselect", "Target languages").set_value([]).run()
    assert "No target: name at least one language" in guest.words()


def test_every_control_of_the_form_reaches_the_question(visit):
    guest = visit()
    at = guest.page("mix")
    control(at, "select_slider", "Token budget").set_value(300e9).run()
    control(at, "select_slider", "Parameters").set_value(7e9).run()
    control(at, "selectbox", "Objective").set_value("effective-data").run()
    control(at, "slider", "Risk aversion κ").set_value(0.5).run()
    control(at, "slider", "Belief in negative scores").set_value(0.5).run()
    control(at, "select_slider", "Decay of repeats λ").set_value(0.1).run()
    control(at, "toggle", "Spend the whole budget").set_value(True).run()
    control(at, "number_input", "Most donor languages").set_value(2).run()
    control(at, "multiselect", "Provenance").set_value(["human", "translated"]).run()
    control(at, "number_input", "Worth of a token: translated").set_value(0.3).run()
    guest.whole()
    assert at.session_state["question"] == {
        "targets": {"cat": 1},
        "budget": 300_000_000_000,
        "params": 7_000_000_000,
        "objective": "effective-data",
        "pools": {"provenance": ["human", "translated"], "kind": ["web"]},
        "lambda": 0.1,
        "risk_aversion": 0.5,
        "interference": 0.5,
        "worth": {"translated": 0.3},
        "max_donors": 2,
        "spend_all": True,
    }


def test_a_limit_is_added_shown_and_removed(visit):
    guest = visit()
    at = guest.page("mix")
    control(at, "selectbox", "Add a limit").set_value("min").run()
    control(at, "selectbox", "On").set_value("eng").run()
    control(at, "text_input", "How much").set_value("20%").run()
    next(one for one in at.button if one.label == "Add limit").click().run()
    guest.whole()
    _, mixture = answered(targets="cat", min={"eng": 0.2})
    assert heading(guest) == headline(mixture)
    assert "English: at least 20.0% of the tokens" in guest.words()
    next(one for one in at.button if one.label == "Remove").click().run()
    assert at.session_state["question"] == {"targets": {"cat": 1}}


def test_a_limit_that_cannot_be_is_refused_and_changes_nothing(visit):
    guest = visit()
    at = guest.page("mix")
    control(at, "selectbox", "Add a limit").set_value("min").run()
    control(at, "selectbox", "On").set_value("eng").run()
    control(at, "text_input", "How much").set_value("lots").run()
    next(one for one in at.button if one.label == "Add limit").click().run()
    guest.whole()
    assert "expected a share of training tokens between 0 and 1" in guest.words()
    assert at.session_state["question"] == {"targets": {"cat": 1}}


def test_a_group_is_named_and_limited(visit):
    guest = visit()
    at = guest.page("mix")
    control(at, "text_input", "Name").set_value("iberian").run()
    control(at, "text_input", "Languages").set_value("Spanish, portugués").run()
    next(one for one in at.button if one.label == "Add group").click().run()
    guest.whole()
    control(at, "selectbox", "Add a limit").set_value("max").run()
    control(at, "selectbox", "On").set_value("iberian").run()
    control(at, "text_input", "How much").set_value("10%").run()
    next(one for one in at.button if one.label == "Add limit").click().run()
    guest.whole()
    question = at.session_state["question"]
    assert question["groups"] == {"iberian": ["spa", "por"]}
    assert question["max"] == {"iberian": 0.1}


def test_colliding_limits_are_named(visit):
    guest = visit(q="{targets: {cat: 1}, min: {cat: 0.6, spa: 0.6}}")
    guest.page("mix")
    assert heading(guest) == "This question has no answer as it stands"
    assert "min Catalan 60%; min Spanish 60%" in guest.words()


def test_one_click_changes_a_limit_and_shows_what_moved(visit):
    guest = visit()
    guest.page("mix")
    at = guest.tab("section", "What limits cost")
    next(one for one in at.button if "4 to 8" in one.label).click().run()
    guest.whole()
    assert at.session_state["section"] == "Before and after"
    _, before = answered(targets="cat")
    _, after = answered(targets="cat", max_epochs=8)
    second, first = guest.figures()[0]["data"]
    for trace, mixture in ((first, before), (second, after)):
        shown = dict(zip(trace["y"], trace["x"], strict=True))
        for key in ("cat", "spa"):
            assert shown[name_of(key)] == pytest.approx(100 * mixture.proportions.get(key, 0))
    next(one for one in at.button if one.label == "Undo").click().run()
    assert heading(guest) == headline(before)


def test_effects_are_compared_with_every_baseline(visit):
    guest = visit()
    guest.page("mix")
    guest.tab("section", "Effect")
    problem, mixture = answered(targets="cat")
    bars = guest.figures()[0]["data"][0]
    shown = dict(zip(bars["y"], bars["x"], strict=True))
    assert shown["this mixture"] == pytest.approx(mixture.targets[0].effective_data / 1e9)
    for one in compare(problem):
        assert shown[one.name] == pytest.approx(max(one.effective_data[0], 0) / 1e9)


def test_reasons_and_lambda_are_told(visit):
    guest = visit()
    guest.page("mix")
    guest.tab("section", "Why, and how sure")
    words = guest.words()
    assert "leaves below 0.08" in words
    assert "the donors stay Spanish for every λ from 0.037 to 0.34" in words
    assert "0 measured, 1 predicted by its study" in words


def test_take_home_repeats_the_question(visit):
    guest = visit(q="{targets: {cat: 1}, max_epochs: 2}")
    guest.page("mix")
    at = guest.tab("section", "Take home")
    assert at.code[0].value == "atlasmix solve --target cat --max-epochs 2 --output recipe.yaml"
    assert at.code[1].value.endswith("?q={targets:%20{cat:%201},%20max_epochs:%202}")
    assert [one.label for one in at.download_button][:3] == [
        "Recipe (YAML)",
        "Mixture (CSV)",
        "Question (YAML)",
    ]


def test_the_question_survives_a_walk_to_other_pages(visit):
    guest = visit()
    at = guest.page("mix")
    control(at, "select_slider", "Epoch cap").set_value(2).run()
    for page in ("transfer", "evidence", "recipes", "mix"):
        at.switch_page(f"explorer/pages/{page}.py").run()
        guest.whole()
    assert at.session_state["question"]["max_epochs"] == 2
    assert control(at, "select_slider", "Epoch cap").value == 2
