"""The page Mix: opens, solves, changes, refuses; its numbers are the library's."""

import re

import pytest
import streamlit as st
import yaml
from controls import control
from explorer.presets import PRESETS
from test_answer_parts import rows_of

from atlasmix.cli.main import run
from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.answer import cost_sentence
from atlasmix.report.answer_words import headline, proof_sentence
from atlasmix.report.overview import key_figures
from atlasmix.report.words import named

STORE = Store("/nonexistent")


def answered(**asked):
    problem = problem_from_mapping(asked, STORE)
    return problem, solve(problem)


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
    assert proof_sentence(mixture) in guest.words()
    assert cost_sentence(mixture) in guest.words()
    assert not at.warning, "nothing keeps this answer from being certified"
    figures = [(one.label.replace("\\", ""), one.value) for one in at.metric]
    assert figures == [(one.label, one.value) for one in key_figures(problem, mixture)]


def test_the_bars_are_the_mixture(visit):
    guest = visit()
    guest.page("mix")
    _, mixture = answered(targets="cat")
    pools = [trace for trace in guest.figures()[0]["data"] if "base" not in trace]
    shown = {trace["y"][0].partition("  ")[0]: trace["x"][0] for trace in pools}
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


def test_every_language_with_text_can_be_a_target(visit):
    """The list had the 38 languages that a study scored; one without text cannot be asked for."""
    guest = visit()
    at = guest.page("mix")
    offered = set(control(at, "multiselect", "Target languages").options)
    expected = set(map(named, STORE.inventory().languages()))
    assert offered == expected
    assert {"Danish (dan)", "Basque (eus)", "Serbian (Latin) (srp_Latn)"} <= offered
    assert "Abkhazian (abk)" not in offered
    control(at, "multiselect", "Target languages").set_value(["eus"]).run()
    guest.whole()
    _, mixture = answered(targets="eus")
    assert heading(guest) == headline(mixture)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("catalna", "did you mean cat"),
        ("Abkhazian", "has no text in Abkhazian"),
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
    control(at, "selectbox", "Objective").set_value("worst").run()
    control(at, "selectbox", "Loss law").set_value("hoffmann-2022").run()
    control(at, "slider", "Risk aversion κ").set_value(0.5).run()
    control(at, "select_slider", "Decay of repeats λ").set_value(0.1).run()
    control(at, "segmented_control", "Tokens read, of the budget").set_value("exactly").run()
    control(at, "number_input", "Most donor languages").set_value(2).run()
    control(at, "multiselect", "Provenance").set_value(["human", "translated"]).run()
    control(at, "number_input", "Worth of a token: translated").set_value(0.3).run()
    guest.whole()
    assert at.session_state["question"] == {
        "targets": {"cat": 1},
        "budget": 300_000_000_000,
        "tokens": "exactly",
        "params": 7_000_000_000,
        "objective": "worst",
        "pools": {"provenance": ["human", "translated"], "kind": ["web"]},
        "lambda": 0.1,
        "risk_aversion": 0.5,
        "law": "hoffmann-2022",
        "worth": {"translated": 0.3},
        "max_donors": 2,
    }


def test_an_answer_stays_near_a_reference_and_leaves_it(visit):
    asked = {"targets": {"cat": 1, "spa": 1, "eus": 1}, "budget": 3e11}
    guest = visit(q=yaml.safe_dump(asked, default_flow_style=True, width=10**6).strip())
    at = guest.page("mix")
    before = dict(at.session_state["question"])
    control(at, "selectbox", "Stay near").set_value("targets-natural").run()
    guest.whole()
    assert at.session_state["question"] == {**before, "near": "0.5%:targets-natural"}
    assert "this one moves least from natural of targets" in guest.words()
    control(at, "text_input", "Staying near may cost").set_value("1%").run()
    guest.whole()
    assert at.session_state["question"]["near"] == "1%:targets-natural"
    assert "at most 1% of the reducible loss worse" in guest.words()
    control(at, "selectbox", "Stay near").set_value("").run()
    assert at.session_state["question"] == before


def test_a_drift_penalty_is_asked_for_and_taken_away(visit):
    asked = {"targets": {"cat": 1}, "pools": {"provenance": ["human", "translated"]}}
    guest = visit(q=yaml.safe_dump(asked, default_flow_style=True, width=10**6).strip())
    at = guest.page("mix")
    before = dict(at.session_state["question"])
    control(at, "number_input", "Drift penalty").set_value(0.1).run()
    guest.whole()
    assert at.session_state["question"] == {**before, "drift_penalty": 0.1}
    guest.tab("section", "Effect")
    assert "The objective holds a drift penalty of 0.1" in guest.words()
    control(at, "number_input", "Drift penalty").set_value(0.0).run()
    assert at.session_state["question"] == before


def test_tokens_are_read_exactly_or_at_most(visit):
    starved = {"targets": {"yor": 1}, "budget": 2_000_000_000_000, "max": {"yor": 0.01}}
    guest = visit(q=yaml.safe_dump(starved, default_flow_style=True, width=10**6).strip())
    at = guest.page("mix")
    _, fewer = answered(**starved)
    assert fewer.unspent > 0
    assert heading(guest) == headline(fewer)
    assert "of the budget unspent: more tokens of other languages would take" in heading(guest)
    control(at, "segmented_control", "Tokens read, of the budget").set_value("exactly").run()
    guest.whole()
    assert at.session_state["question"] == {**starved, "tokens": "exactly"}
    assert heading(guest).startswith("Read 2T tokens")
    control(at, "segmented_control", "Tokens read, of the budget").set_value("at most").run()
    assert at.session_state["question"] == starved
    assert heading(guest) == headline(fewer)


def test_a_limit_for_every_target_is_added_and_removed(visit):
    guest = visit(q="{targets: {cat: 1, cym: 1, spa: 1}}")
    at = guest.page("mix")
    control(at, "selectbox", "Add a limit").set_value("keep").run()
    assert "every target" not in control(at, "selectbox", "On").options
    control(at, "selectbox", "Add a limit").set_value("min").run()
    assert control(at, "selectbox", "On").options[0] == "every target"
    control(at, "selectbox", "On").set_value("*").run()
    control(at, "text_input", "How much").set_value("0.5%").run()
    next(one for one in at.button if one.label == "Add limit").click().run()
    guest.whole()
    assert at.session_state["question"]["min"] == {"*": 0.005}
    assert "every target: at least 0.5% of the tokens" in guest.words()
    _, mixture = answered(targets="cat,cym,spa", min={"*": 0.005})
    assert heading(guest) == headline(mixture)
    guest.tab("section", "Before and after")
    assert ("at least", "every target 0.5%") in rows_of(guest, "What was asked, before and after")
    next(one for one in at.button if one.label == "Remove").click().run()
    assert "min" not in at.session_state["question"]


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
    assert "English: at least 20% of the tokens" in guest.words()
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


def test_export_repeats_the_question(visit):
    guest = visit(q="{targets: {cat: 1}, max_epochs: 2}")
    guest.page("mix")
    at = guest.tab("section", "Export")
    assert at.code[0].value == "atlasmix solve --target cat --max-epochs 2 --output recipe.yaml"
    assert at.code[1].value.endswith("?q={targets:%20{cat:%201},%20max_epochs:%202}")
    assert [one.label for one in at.download_button][:4] == [
        "Recipe (YAML)",
        "Report (HTML)",
        "Mixture (CSV)",
        "Question (YAML)",
    ]


def test_the_report_is_that_of_the_command_line_and_asks_nothing_of_other_pages(
    visit, monkeypatch, tmp_path
):
    """A page without a part, of another question, or that loads a script from elsewhere."""
    made, button = {}, st.download_button

    def kept(label, data, **settings):
        made[settings["file_name"]] = data, settings["mime"]
        return button(label, data, **settings)

    monkeypatch.setattr(st, "download_button", kept)
    guest = visit(q="{targets: {cat: 1}, min: {eng: 0.1}}")
    guest.page("mix")
    guest.tab("section", "Export")
    content, kind = made["report.html"]
    page = content()
    assert kind == "text/html"
    written = tmp_path / "report.html"
    assert run(["solve", "--target", "cat", "--min", "eng=10%", "--report", str(written)]) == 0
    assert page == written.read_text(encoding="utf-8")
    loaded = re.findall(r"""<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=""", page)
    assert loaded == []
    assert "default-src 'none'" in page
    assert "-1 point on &#x27;min English 10%&#x27;" in page


def test_the_question_survives_a_walk_to_other_pages(visit):
    guest = visit()
    at = guest.page("mix")
    control(at, "select_slider", "Epoch cap").set_value(2).run()
    for page in ("transfer", "evidence", "recipes", "mix"):
        at.switch_page(f"explorer/pages/{page}.py").run()
        guest.whole()
    assert at.session_state["question"]["max_epochs"] == 2
    assert control(at, "select_slider", "Epoch cap").value == 2
