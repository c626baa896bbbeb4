"""The parts of an answer on the page Mix: caveats first, and every number is the library's."""

import re
from dataclasses import replace

import pytest
import yaml
from controls import control
from explorer.presets import PRESETS
from explorer.tasks import PLANNED_DRAWS
from explorer.workers import Busy, TooHeavy, Workers

from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.explain import explain
from atlasmix.mixture.measuring import measuring_plan
from atlasmix.mixture.sensitivity import sensitivity
from atlasmix.mixture.shares import explain_shares
from atlasmix.mixture.solve import solve
from atlasmix.mixture.uncertainty import with_uncertainty
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.answer_words import caveat_sentences
from atlasmix.report.certainty import sensitivity_sentences
from atlasmix.report.measuring import headline as plan_headline
from atlasmix.report.uncertainty import regret_sentence, shares_table

STORE = Store("/nonexistent")
SECTIONS = (
    "Mixture",
    "Effect",
    "Over the budget",
    "What limits cost",
    "Before and after",
    "Why, and how sure",
    "Export",
)
SHRUNK = "{targets: {yor: 1, eng: 1}, budget: 8T, min: {yor: 1%}}"


def answered(**asked):
    problem = problem_from_mapping(asked, STORE)
    return problem, solve(problem)


def heading(visit):
    return visit.at.header[0].value.replace("\\", "")


@pytest.mark.parametrize(
    "asked",
    [SHRUNK, "{targets: {cat: 1}, min: {spa: 0.8, eng: 0.5}}"],
    ids=["caveat", "refusal"],
)
def test_what_is_advised_is_a_button_whose_question_is_answered(visit, asked):
    guest = visit(q=asked)
    at = guest.page("mix")
    buttons = [one for one in at.button if str(one.key).startswith("advice-")]
    assert buttons
    buttons[0].click().run()
    guest.whole()
    assert "no answer" not in heading(guest)
    assert guest.at.session_state["section"] == "Before and after" or "Read" in heading(guest)


def test_intervals_stand_beside_the_loss_where_they_are_asked_for(visit):
    guest = visit()
    guest.page("mix")
    assert "(2.5" not in guest.words()
    control(guest.at, "toggle", "Intervals of shares and losses").set_value(True).run()
    guest.whole()
    problem, mixture = answered(targets="cat")
    sure = with_uncertainty(problem, mixture, cores=1).uncertainty
    low, high = sure.losses[0].loss.low, sure.losses[0].loss.high
    assert f"loss 2.57 ({low:.2f} to {high:.2f} in 90 of 100 draws)" in guest.words()


def test_what_keeps_an_answer_from_being_certified_stands_over_it(visit):
    guest = visit(q=SHRUNK)
    at = guest.page("mix")
    _, mixture = answered(targets="yor,eng", budget="8T", min={"yor": 0.01})
    (sentence,) = caveat_sentences(mixture)
    (warning,) = at.warning
    assert warning.value.replace("\\", "") == f"**Before you use this:** {sentence}"
    assert "'min Yoruba 1%' was met by shrinking the run from 8T to 23.9B" in sentence
    order = [one.type for one in at.main if one.type in ("warning", "header", "markdown")]
    assert order[:2] == ["warning", "header"]
    assert "Certified" not in guest.words()
    assert "Proved optimal under the law, but see above" in guest.words()
    assert "Leave 7.98T of the budget unspent: 'min Yoruba 1%' under" in heading(guest)
    assert [one.label for one in at.metric][3] == "Best under the law to"


def test_several_caveats_are_a_list(visit):
    guest = visit(q="{targets: {yor: 1}, max: {yor: 0}, params: 1T}")
    at = guest.page("mix")
    _, mixture = answered(targets="yor", max={"yor": 0}, params="1T")
    said = caveat_sentences(mixture)
    assert len(said) > 1
    (warning,) = at.warning
    lines = warning.value.replace("\\", "").splitlines()
    assert lines == ["**Before you use this:**", "", *(f"- {one}" for one in said)]
    assert "Yoruba has no text of its own to read here" in said[0]


def test_the_range_of_every_share_is_a_column_and_a_band_on_its_bar(visit):
    """One figure, not two that say the same."""
    guest = visit(q="{targets: {cat: 1, spa: 1}, budget: 300B}")
    at = guest.page("mix")
    _, mixture = answered(targets="cat,spa", budget="300B")
    words = guest.words()
    assert '<th scope="col" class="number">may be</th>' in words
    assert "the objective is at most 0.5% of the reducible loss worse" in words
    assert next(one for one in at.segmented_control if one.key == "shape").options == [
        "Bars",
        "Areas by family",
    ]
    traces = guest.figures()[0]["data"]
    (band,) = [one for one in traces if one.get("name") == "what the share may be"]
    assert len(band["y"]) == len(mixture.flatness) >= 3


def test_ranges_have_a_table_of_their_own_where_a_language_has_several_pools(visit):
    asked = {"targets": {"cat": 1}, "pools": {"provenance": ["human", "translated"]}}
    guest = visit(q=yaml.safe_dump(asked, default_flow_style=True).strip())
    at = guest.page("mix")
    _, mixture = answered(**asked)
    assert len(mixture.read) > len(mixture.proportions)
    assert "How much each share matters" in [one.value for one in at.subheader]
    assert "What the share of each language may be" in guest.words()


def test_effects_are_compared_with_every_baseline_that_keeps_the_limits(visit):
    guest = visit()
    guest.page("mix")
    guest.tab("section", "Effect")
    problem, mixture = answered(targets="cat")
    marks = guest.figures()[0]["data"][0]
    shown = dict(zip(marks["y"], marks["x"], strict=True))
    assert shown["this mixture"] == pytest.approx(mixture.targets[0].loss)
    kept = [one for one in compare(problem) if one.within_limits]
    assert set(shown) == {"this mixture", *(one.name for one in kept)}
    for one in kept:
        assert shown[one.name] == pytest.approx(one.losses[0])


def rows_of(guest, label):
    """First and last cells of a table by its name, headings left out."""
    table = next(one.value for one in guest.at.html if f'aria-label="{label}"' in one.value)
    body = table.partition("<tbody>")[2]
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in body.split("</tr>")]
    return [(row[0], row[-1]) for row in rows if row]


def test_baselines_that_break_a_limit_stand_apart_and_are_never_better(visit):
    guest = visit(q=SHRUNK)
    guest.page("mix")
    guest.tab("section", "Effect")
    problem, mixture = answered(targets="yor,eng", budget="8T", min={"yor": 0.01})
    found = {one.name: one for one in compare(problem)}
    broken = {name for name, one in found.items() if not one.within_limits}
    assert any(found[name].value < mixture.certificate.value for name in broken)
    apart = dict(rows_of(guest, "Baselines that break a limit"))
    assert set(apart) == broken
    assert "&#x27;min Yoruba 1%&#x27;" in apart["target only"]
    beside = dict(rows_of(guest, "Baselines within the limits"))
    assert set(beside) == {"this one", *(set(found) - broken)}
    assert "better" not in guest.words().replace("is better by", "")


def test_the_effect_on_a_target_is_told_in_its_parts(visit):
    guest = visit()
    guest.page("mix")
    guest.tab("section", "Effect")
    _, mixture = answered(targets="cat")
    effect = mixture.targets[0]
    table = next(one.value for one in guest.at.html if "effect on each target" in one.value)
    for heading_text in ("own share", "capacity loss", "data loss", "φ"):
        assert f">{heading_text}</th>" in table
    for cell in (f"{100 * effect.own_share:.1f}%", f"{effect.capacity_loss:.3f}"):
        assert f">{cell}</td>" in table
    for cell in (f"{effect.data_loss:.3f}", f"{effect.phi:.2f}", f"{effect.loss:.2f}"):
        assert f">{cell}</td>" in table


def test_reasons_and_what_is_least_certain_are_told(visit):
    guest = visit()
    guest.page("mix")
    guest.tab("section", "Why, and how sure")
    words = guest.words()
    problem, mixture = answered(targets="cat")
    (reason,) = (one for one in explain(problem, mixture) if one.language == "spa")
    assert f"leaves below {reason.threshold:.2f}" in words
    steps = sensitivity(problem)
    assert {step.constant for step in steps} == {"λ", "φ"}
    for sentence in sensitivity_sentences(problem, steps):
        assert sentence in words
    assert "(atlasmix-2026, BTS): 1 predicted by the study" in words
    titles = [one["layout"]["xaxis"]["title"]["text"] for one in guest.figures()]
    assert not [title for title in titles if title[0] in "λφ"], "the donors stay: a sentence does"


def test_every_share_says_why_and_any_language_can_be_asked_about(visit):
    guest = visit()
    guest.page("mix")
    guest.tab("section", "Why, and how sure")
    problem, mixture = answered(targets="cat")
    table = next(one.value for one in guest.at.html if "Why each share is what it is" in one.value)
    for reason in explain_shares(problem, mixture):
        assert f"{name_of(reason.language)} ({reason.language})" in table
        assert f">x{reason.value:.2f}</td>" in table
    assert "Catalan, 85.0%" in guest.words()
    choice = control(guest.at, "selectbox", "Tell me of one language")
    choice.set_value("lat").run()
    guest.whole()
    (latin,) = (one for one in explain_shares(problem, mixture, ("lat",)) if one.language == "lat")
    assert f"{latin.value:.2f} of the common price" in guest.words()


@pytest.mark.parametrize("key", ["eus", "glg", "srp_Latn"])
def test_a_target_that_nobody_scored_is_told_in_words_on_every_tab(visit, key):
    """A pair without a score showed as 'nan' in tables and in what a mark says."""
    guest = visit(q=f"{{targets: {{{key}: 1}}}}")
    guest.page("mix")
    for tab in SECTIONS:
        guest.tab("section", tab)
        said = [str(trace.get("customdata")) for one in guest.figures() for trace in one["data"]]
        assert not re.search(r"\bnan\b", f"{guest.words()} {' '.join(said)}"), tab
    guest.tab("section", "Why, and how sure")
    assert "completed from relatedness" in guest.words()


def test_what_is_not_known_is_drawn_and_told(visit):
    """The intervals are those of the library, and an answer too large for them says so."""
    guest = visit()
    guest.page("mix")
    guest.tab("section", "Why, and how sure")
    problem, mixture = answered(targets="cat")
    sure = with_uncertainty(problem, mixture, cores=1).uncertainty
    assert regret_sentence(problem, sure) in guest.words()
    shown = dict(rows_of(guest, shares_table(problem, sure).title))
    assert {name_of(each.language) for each in sure.shares} <= {
        name.partition(" (")[0] for name in shown
    }
    control(guest.at, "number_input", "Most donor languages").set_value(1).run()
    guest.whole()
    assert "Regret and intervals" in guest.words()
    assert "Not drawn here" in guest.words()


def test_the_worth_of_translated_text_is_told_where_it_may_be_read(visit):
    asked = {"targets": {"cat": 1}, "pools": {"provenance": ["human", "translated"]}}
    guest = visit(q=yaml.safe_dump(asked, default_flow_style=True).strip())
    guest.page("mix")
    guest.tab("section", "Why, and how sure")
    words = guest.words()
    assert "A token of translated text is taken to be worth 0.5 of a human one" in words
    problem, _ = answered(**asked)
    steps = [step for step in sensitivity(problem) if step.constant == "worth of translated"]
    last = steps[-1]
    assert f"at 1 {100 * last.synthetic:.1f}%" in words


def test_a_price_is_that_of_the_objective(visit):
    guest = visit(q="{targets: {cat: 1, cym: 1}, objective: worst, min: {jpn: 10%}}")
    guest.page("mix")
    guest.tab("section", "What limits cost")
    _, mixture = answered(targets="cat,cym", objective="worst", min={"jpn": 0.1})
    kinds = {price.kind for price in mixture.prices}
    assert "min" in kinds
    assert "budget" not in kinds
    assert "Objective: change of the largest ratio; below 0 is better." in guest.words()
    title = guest.figures()[0]["layout"]["xaxis"]["title"]["text"]
    assert "nats" not in title


def test_what_to_measure_next_is_the_plan_of_the_library(visit):
    """It is worked out for whoever asks, and for nobody else."""
    guest = visit(q="{targets: {glg: 1}}")
    at = guest.page("mix")
    guest.tab("section", "Why, and how sure")
    assert "against whoever knew every score" not in guest.words()
    toggle = next(each for each in at.toggle if each.label.startswith("Work out which pairs"))
    toggle.set_value(True).run()
    problem, _ = answered(targets="glg")
    plan = measuring_plan(replace(problem, draws=PLANNED_DRAWS), cores=1)
    assert plan_headline(plan) in guest.words()


def test_machine_text_has_its_limits_and_its_risk_on_the_page(visit):
    """A floor within a language is shown in words, and what machine text risks is told."""
    question = (
        "{targets: {glg: 1}, budget: 300B, pools: {provenance: [human, translated], kind: [web]}, "
        "min: {glg/human: 40%}}"
    )
    guest = visit(q=question)
    at = guest.page("mix")
    assert "Machine text, and what it risks" in guest.words()
    assert "human within Galician: at least 40%" in " ".join(
        [*(each.label for each in at.button), guest.words()]
    )


def test_who_has_just_come_reads_what_this_is_and_may_try_three_questions(visit):
    guest = visit()
    at = guest.page("mix")
    assert "AtlasMix says what to train a multilingual language model on" in guest.words()
    names = [button.label for button in at.button if str(button.key).startswith("example-")]
    assert len(names) == 3
    next(button for button in at.button if button.label == names[0]).click().run()
    guest.whole()
    assert at.session_state["question"]["targets"] == PRESETS[names[0]]["targets"]
    assert "AtlasMix says what to train" not in guest.words(), "it stands in the way from now on"


def test_human_text_is_called_so_by_its_inventory_and_not_by_us(visit):
    """'All of it is human text' said more than the card of the inventory does."""
    guest = visit(q="{targets: {cat: 1}}")
    guest.page("mix")
    words = guest.words()
    assert "All of it is called human by its inventory." in words
    assert "an unknown share is machine translation" in words


def test_any_one_generator_is_limited_by_a_choice_of_the_form(visit):
    """The choice is for whatever generators there are; the question then names them."""
    question = "{targets: {cat: 1}, budget: 300B, pools: {provenance: [human, translated]}}"
    guest = visit(q=question)
    at = guest.page("mix")
    control(at, "selectbox", "Add a limit").set_value("max").run()
    control(at, "selectbox", "On").set_value("*/generator:*").run()
    control(at, "text_input", "How much").set_value("20%").run()
    next(one for one in at.button if one.label == "Add limit").click().run()
    guest.whole()
    assert at.session_state["question"]["max"] == {"cat/generator:nemotron-cc-opus-1.1": 0.2}
    assert "text of nemotron-cc-opus-1.1 within Catalan: at most 20%" in guest.words()


@pytest.fixture
def busy(monkeypatch):
    """A switch by which every worker is busy."""
    state = {"busy": True}
    ask = Workers.ask

    def asked(self, task, *arguments, **options):
        if state["busy"]:
            raise Busy("no worker was free within 60 seconds: try again in a moment")
        return ask(self, task, *arguments, **options)

    monkeypatch.setattr(Workers, "ask", asked)
    return state


@pytest.mark.parametrize("link", ["{targets: {oci: 1}, budget: 77B}", ""])
def test_who_finds_no_free_worker_tries_again_and_has_lost_nothing(visit, busy, link):
    """Overload once read as a bad link, with no way to try again but to paste it anew.

    The form of a link is there at once, whatever the workers do.
    """
    guest = visit(**({"q": link} if link else {}))
    at = guest.page("mix")
    if not link:  # an answer that is kept needs no worker
        at.session_state["question"] = {"targets": {"oci": 1}, "budget": 78_000_000_000}
        at.run()
    words = guest.words()
    assert "No worker was free within 60 seconds" in words
    if link:
        assert control(at, "multiselect", "Target languages").value == ["oci"]
    assert "not opened" not in words
    assert "has no answer" not in words
    busy["busy"] = False
    next(button for button in at.button if button.label == "Try again").click().run()
    guest.whole()
    assert list(at.session_state["question"]["targets"]) == ["oci"]
    assert "Occitan" in at.header[0].value


@pytest.mark.parametrize("page", ["mix", "report", "scenarios"])
def test_a_question_that_is_too_heavy_here_is_handed_to_the_command_line(visit, monkeypatch, page):
    """It was called a question without an answer, and its changes were tried for as long again."""
    asked = []
    ask = Workers.ask

    def limited(self, task, *arguments, **options):
        asked.append(task)
        if task == "answer":
            raise TooHeavy("no answer within 10 seconds, the limit of this explorer")
        return ask(self, task, *arguments, **options)

    monkeypatch.setattr(Workers, "ask", limited)
    guest = visit(q="{targets: {swh: 1, yor: 2}, objective: cautious, budget: 91B}")
    guest.page(page)
    words = guest.words()
    assert "needs more than this explorer gives" in words
    assert "has no answer as it stands" not in words
    if page == "mix":
        assert "atlasmix solve --target swh,yor:2 --budget 91B --objective cautious" in words
        assert "Question (YAML)" in [each.proto.label for each in guest.at.get("download_button")]
    assert "advice after" not in asked
    assert asked.count("answer") == 1
    guest.at.run()
    assert asked.count("answer") == 1, "every click would take a worker for as long again"
    next(each for each in guest.at.button if each.label == "Try again").click().run()
    assert asked.count("answer") == 2


@pytest.mark.parametrize(
    ("page", "section", "tab"), [("evidence", "evidence-section", "One language"), ("runs", "", "")]
)
def test_where_nobody_is_free_for_any_part_of_a_page_one_button_tries_again(
    visit, busy, page, section, tab
):
    """Two parts of a page that both found nobody free laid two buttons of one key: a fault."""
    guest = visit(q="{targets: {gla: 1}, budget: 71B}")
    at = guest.page(page)
    if tab:
        guest.tab(section, tab)
    guest.whole()
    assert [each.label for each in at.button].count("Try again") == 1
    busy["busy"] = False
    next(each for each in at.button if each.label == "Try again").click().run()
    guest.whole()
    assert "No worker was free" not in guest.words()


def test_what_is_printed_follows_the_answer_and_what_was_worked_out(visit):
    """It is kept while nothing changes; kept too long, an old report would be printed."""

    def sheet():
        return next(str(part.value) for part in guest.at.html if "atlas-paper" in str(part.value))

    # A question that no other test asks: its reasons would be known from the start.
    guest = visit(q="{targets: {cat: 1}, budget: 83B}")
    guest.page("mix")
    first = sheet()
    guest.tab("section", "What limits cost")
    assert sheet() == first
    guest.tab("section", "Why, and how sure")
    told = guest.tab("section", "Mixture") and sheet()
    assert len(told) > len(first), "the reasons are in it"
    control(guest.at, "select_slider", "Epoch cap").set_value(8).run()
    guest.whole()
    assert sheet() not in (first, told)
