"""The part One language of Evidence: any language by link, with the library's numbers."""

import pytest
from controls import control

from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import all_languages, name_of
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.answer_words import headline
from atlasmix.report.evidence import helped, ranked
from atlasmix.report.language import known_blocks, relatives_table, text_blocks
from atlasmix.transfer.estimation import estimate
from atlasmix.transfer.relatedness import relatedness, relatives

STORE = Store("/nonexistent")


def test_a_link_opens_a_language_and_the_page_writes_it(visit):
    guest = visit(language="Galician")
    at = guest.page("evidence")
    assert control(at, "selectbox", "Language of the page").value == "glg"
    problem = problem_from_mapping({"targets": "glg"}, STORE)
    assert headline(solve(problem)) in guest.words()
    assert "nan" not in guest.words().split()
    drawn = [
        {name for trace in figure["data"] for name in trace.get("y", ())}
        for figure in guest.figures()[-2:]
    ]
    model = estimate(STORE.matrix(), load_law(DEFAULT_LAW, STORE))
    assert drawn[0] == {name_of(key) for key in ranked(model, "glg")[:10]}
    assert drawn[1] == {name_of(key) for key in helped(model, "glg")[:10]}
    control(at, "selectbox", "Language of the page").set_value("oci").run()
    guest.whole()
    assert at.query_params["language"] == "oci"
    guest.tab("evidence-section", "Loss laws")
    assert "language" not in at.query_params, "the address opens what is shown"


def test_its_question_goes_to_mix(visit):
    guest = visit(language="cat")
    at = guest.page("evidence")
    control(at, "button", "Ask it on the page Mix").click().run()
    assert at.session_state["question"] == {"targets": {"cat": 1}}


def test_the_page_transfer_opens_at_the_language(visit):
    guest = visit(language="oci")
    at = guest.page("evidence")
    control(at, "button", "All of it on the page Transfer").click().run()
    guest.at.switch_page("explorer/pages/transfer.py").run()
    assert control(at, "selectbox", "Language").value == "oci"


def test_a_language_without_text_says_so(visit):
    have = {key.partition("_")[0] for key in STORE.inventory().languages()}
    bare = next(each.code for each in all_languages() if each.code not in have)
    guest = visit(language=bare)
    guest.page("evidence")
    assert "Inventory web-2026 has no text in" in guest.words()
    assert "nearest to it by relatedness are" in guest.words(), "the refusal names relatives"


def test_a_trace_of_a_language_is_no_answer_without_a_warning(visit):
    """Best for the loss of Mapuche, of which there are 1.4M tokens, is a model of French."""
    guest = visit(language="arn")
    guest.page("evidence")
    problem = problem_from_mapping({"targets": "arn"}, STORE)
    assert solve(problem).proportions["arn"] < 0.01
    words = guest.words()
    assert words.count("Before you use this") == words.count("what comes out is a model of") == 1


def test_a_link_with_no_language_is_one_sentence(visit):
    guest = visit(language="Atlantean")
    at = guest.page("evidence")
    assert len(at.error) == 1
    assert "Atlantean" in guest.words()


def test_every_language_has_its_blocks():
    """One whose point, family or script is missing must not take its page down."""
    inventory, silent = STORE.inventory(), 0
    for known in all_languages():
        assert known_blocks(known.code), known
        (first, *table) = text_blocks(known.code, inventory)
        tokens = sum(pool.unique_tokens for pool in inventory.select(languages=[known.code]))
        assert bool(table) == (tokens > 0), known
        assert ("has no text" in first.text) == (tokens == 0), known
        silent += tokens == 0
    assert silent > 100


def test_relatives_are_ordered_by_kin_and_leave_out_the_language_itself():
    every = [each.code for each in all_languages()]
    found = relatives("srp_Latn", ["srp", "srp_Cyrl", *every], 20)
    assert "srp" not in {each.key for each in found}
    kin = [each.kin for each in found]
    assert kin == sorted(kin, reverse=True)
    whole = relatedness(["srp_Latn", *(each.key for each in found)])
    assert kin == pytest.approx(whole.kin[0, 1:].tolist())
    table = relatives_table("srp_Latn", found, STORE.inventory())
    assert len(table.rows) == 20
