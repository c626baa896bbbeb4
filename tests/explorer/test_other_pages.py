"""Transfer, Evidence and Recipes: they open, show the library's numbers, and refuse."""

import pytest

from atlasmix.evidence import Store, list_published, published
from atlasmix.evidence.shelves import MATRICES
from atlasmix.evidence.tray import Tray, lay, save
from atlasmix.languages import name_of
from atlasmix.mixing import solve
from atlasmix.recipes import dump_recipe, make_recipe
from atlasmix.recipes.question import problem_from_mapping
from atlasmix.scaling.laws import law_card

STORE = Store("/nonexistent")
SCORES = b"source,target,score\nspa,cat,0.45\ncat,spa,0.3\n"
CARD = b"""\
title: Ours
metric: BTS
orientation: source to target
direction: higher is better
status: measured
stderr: {measured: 0.05}
source: our own runs
licence: private
"""


def control(at, kind, label):
    return next(one for one in getattr(at, kind) if one.label == label)


def recipe_of(**asked):
    problem = problem_from_mapping(asked, STORE)
    return dump_recipe(make_recipe(problem, solve(problem))).encode()


def test_transfer_ranks_the_donors_of_the_first_target(visit):
    guest = visit()
    guest.page("transfer")
    matrix = STORE.matrix()
    trace = next(one for one in guest.figures()[0]["data"] if one["x"])
    best = matrix.donors("cat")[:20]
    assert sorted(zip(trace["y"], trace["x"], strict=True)) == sorted(
        (name_of(key), score.score) for key, score in best
    )
    assert "nobody measured one" in guest.words()


def test_the_whole_matrix_has_its_measured_cells_framed(visit):
    guest = visit()
    guest.page("transfer")
    guest.tab("transfer-section", "Whole matrix")
    figure = guest.figures()[0]
    assert len(figure["data"][0]["y"]) == 38
    assert sum(one["type"] == "rect" for one in figure["layout"]["shapes"]) == 72
    assert "72 of 1,406 scores were measured" in guest.words()


def test_the_map_shows_the_donors(visit):
    guest = visit()
    guest.page("transfer")
    guest.tab("transfer-section", "Map")
    drawn = {one.get("name"): one for one in guest.figures()[0]["data"]}
    donors = drawn["donors, predicted"]
    assert "donors, measured" not in drawn
    assert donors["text"] == ["Spanish", "French", "Portuguese", "Italian"]


def test_two_matrices_are_compared_on_shared_pairs(visit):
    guest = visit()
    guest.page("transfer")
    guest.tab("transfer-section", "Two matrices")
    assert "share 18 languages and 306 pairs" in guest.words()
    assert sum(len(one["x"]) for one in guest.figures()[0]["data"]) == 306


def test_both_directions_mark_the_language(visit):
    guest = visit()
    guest.page("transfer")
    guest.tab("transfer-section", "Both directions")
    assert guest.figures()[0]["data"][3]["name"] == "Catalan for the other, and back"


def test_another_language_is_chosen(visit):
    guest = visit()
    at = guest.page("transfer")
    control(at, "selectbox", "Language").set_value("por").run()
    guest.whole()
    assert "Who helps Portuguese" in guest.words()
    assert {trace["name"].split(",")[0] for trace in guest.figures()[0]["data"]} == {
        "measured",
        "predicted",
    }


def test_gaps_are_those_of_the_question(visit):
    guest = visit(q="{targets: {swh: 1}}")
    guest.page("mix")
    guest.page("evidence")
    assert "No donor helps Swahili in this evidence." in guest.words()


def test_inventories_show_pools_and_their_card(visit):
    guest = visit()
    guest.page("evidence")
    at = guest.tab("evidence-section", "Token inventories")
    control(at, "multiselect", "Languages").set_value(["cat"]).run()
    guest.whole()
    shown = {x for trace in guest.figures()[0]["data"] for x in trace["x"]}
    assert shown == {p.unique_tokens for p in STORE.inventory().select(languages=["cat"])}
    assert "Licence." in guest.words()
    assert "byte premium" in guest.words()


def test_matrices_show_licence_and_citation(visit):
    guest = visit()
    guest.page("evidence")
    guest.tab("evidence-section", "Transfer matrices")
    assert "CC BY 4.0" in guest.words()
    assert "Longpre et al. 2025" in guest.words()


def test_the_metric_is_explained_before_it_is_shown(visit):
    guest = visit()
    guest.page("transfer")
    assert "1: a source token is worth a target token" in guest.words()


def test_laws_show_what_they_were_measured_on(visit):
    guest = visit()
    guest.page("evidence")
    at = guest.tab("evidence-section", "Loss laws")
    control(at, "selectbox", "Card of the law").set_value("hoffmann-2022").run()
    guest.whole()
    card = law_card("hoffmann-2022", STORE)
    assert card.source in guest.words()
    assert card.licence in guest.words()
    assert card.unit in guest.words()


def test_a_published_mixture_is_drawn(visit):
    guest = visit()
    guest.page("evidence")
    at = guest.tab("evidence-section", "Published mixtures")
    control(at, "selectbox", "Published mixture").set_value("salamandra-7b").run()
    guest.whole()
    shown = {
        name: x
        for trace in guest.figures()[0]["data"]
        for name, x in zip(trace["y"], trace["x"], strict=True)
    }
    assert shown["Catalan"] == pytest.approx(100 * dict(published("salamandra-7b").shares)["cat"])


def test_published_mixtures_are_listed(visit):
    guest = visit()
    guest.page("evidence")
    at = guest.tab("evidence-section", "Published mixtures")
    select = control(at, "selectbox", "Published mixture")
    assert select.options == [one.name for one in list_published()]


def bring(guest, table=SCORES, card=CARD, kind="matrix", name="ours"):
    at = guest.tab("evidence-section", "Your own tables")
    control(at, "segmented_control", "What it is").set_value(kind).run()
    control(at, "file_uploader", "Table (CSV or Parquet)").set_value(("t.csv", table, "text/csv"))
    control(at, "file_uploader", "Card (YAML)").set_value(("c.yaml", card, "text/yaml"))
    control(at, "text_input", "Name").set_value(name)
    next(one for one in at.button if one.label == "Check and add").click().run()
    guest.whole()
    return at


def test_ones_own_matrix_is_checked_and_asked_with(visit):
    guest = visit()
    guest.page("evidence")
    at = bring(guest)
    assert "t.csv is in order and stands above, ready to ask with." in guest.words()
    next(one for one in at.button if one.label == "Ask with it").click().run()
    guest.page("mix")
    assert at.session_state["question"]["matrix"] == "ours"
    assert "Spanish" in at.header[0].value
    assert "q" not in at.query_params, "a link could not be opened elsewhere"
    at = guest.page("evidence")
    next(one for one in at.button if one.label == "Remove").click().run()
    guest.whole()
    assert "matrix" not in at.session_state["question"]


def test_a_broken_matrix_is_refused_with_every_row(visit):
    guest = visit()
    guest.page("evidence")
    bring(guest, b"source,target,score\nspa,cat,9\nxx,cat,0.2\nspa,cat,0.1\n")
    words = guest.words()
    assert "row 2: score 9 lies outside the range of BTS" in words
    assert "row 3: source: no language 'xx'" in words
    assert "row 4: spa -> cat stands already in row 2" in words
    assert guest.at.session_state["tray"].entries == ()


@pytest.mark.parametrize(
    ("table", "card", "words"),
    [
        (b"\x00\x01", CARD, "is binary"),
        (SCORES, b"!!python/object/apply:os.system [id]", "is not plain YAML"),
        (SCORES, b"[1, 2]", "holds no keys"),
        (b"", CARD, "is empty"),
        (b"PAR1 not really", CARD, "is no whole Parquet table"),
    ],
)
def test_what_is_no_table_is_refused(visit, table, card, words):
    guest = visit()
    guest.page("evidence")
    bring(guest, table, card)
    assert words in guest.words()


def test_saving_needs_the_leave_of_the_host(visit, monkeypatch, store_folder):
    guest = visit()
    guest.page("evidence")
    at = bring(guest)
    assert not [one for one in at.button if one.label == "Save to the store"]
    monkeypatch.setenv("ATLASMIX_EXPLORER_SAVING", "1")
    at = guest.page("evidence")
    next(one for one in at.button if one.label == "Save to the store").click().run()
    guest.whole()
    assert Store(str(store_folder)).matrix("ours").pair("spa", "cat").score == 0.45
    Store(str(store_folder)).remove_matrix("ours")


def test_the_hosts_folder_is_never_named(visit, store_folder):
    files = {"table": "t.csv", "card": "c.yaml"}
    tray, _ = lay(Tray(str(store_folder)), MATRICES, SCORES, CARD, files, "taken")
    save(tray, MATRICES, "taken")
    guest = visit()
    guest.page("evidence")
    bring(guest, name="taken")
    assert "is in the store here already" in guest.words()
    assert str(store_folder) not in guest.words()
    Store(str(store_folder)).remove_matrix("taken")


def test_the_answer_of_mix_is_a_recipe_that_holds(visit):
    guest = visit()
    guest.page("recipes")
    assert "The recipe holds: solved again, the mixture is the same" in guest.words()
    mixture = solve(problem_from_mapping({"targets": "cat"}, STORE))
    shown = {
        name: x
        for trace in guest.figures()[0]["data"]
        for name, x in zip(trace["y"], trace["x"], strict=True)
    }
    assert shown == {
        name_of(key): pytest.approx(100 * share, abs=1e-3)
        for key, share in mixture.proportions.items()
    }
    assert "human, hplt-v4" in guest.words()


def open_recipe(at, place, content, name="mine.yaml"):
    control(at, "selectbox", f"Recipe {place}").set_value("A recipe file").run()
    uploader = next(one for one in at.file_uploader if one.key == f"file-{place}")
    uploader.set_value((name, content, "text/yaml")).run()


def test_a_file_is_opened_checked_and_taken_to_mix(visit):
    guest = visit()
    at = guest.page("recipes")
    open_recipe(at, "A", recipe_of(targets="cat", max_epochs=2))
    guest.whole()
    assert "A: mine.yaml, 100B tokens" in guest.words()
    assert "The recipe holds" in guest.words()
    next(one for one in at.button if one.label.startswith("Open its question")).click().run()
    guest.whole()
    assert at.session_state["question"] == {"targets": {"cat": 1}, "max_epochs": 2}


def test_an_edited_recipe_is_found_out(visit):
    guest = visit()
    at = guest.page("recipes")
    edited = recipe_of(targets="cat").replace(b"score: 0.4", b"score: 0.9")
    open_recipe(at, "A", edited)
    assert "The recipe was edited" in guest.words()


def test_two_recipes_are_compared(visit):
    guest = visit()
    at = guest.page("recipes")
    open_recipe(at, "B", recipe_of(targets="cat", max_epochs=2))
    guest.whole()
    second, first = guest.figures()[0]["data"]
    shown = dict(zip(second["y"], second["x"], strict=True))
    mixture = solve(problem_from_mapping({"targets": "cat", "max_epochs": 2}, STORE))
    assert shown["Catalan"] == pytest.approx(100 * mixture.proportions["cat"], abs=1e-3)
    assert first["name"] == "the answer on Mix"
    assert "Predicted effect by the question of A" in guest.words()


def test_a_published_mixture_is_set_beside(visit):
    guest = visit()
    at = guest.page("recipes")
    control(at, "selectbox", "Recipe B").set_value("A published mixture").run()
    control(at, "selectbox", "Mixture").set_value("salamandra-7b").run()
    guest.whole()
    assert "has pools here, scaled to 1" in guest.words()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"targets: [cat]", "is no recipe"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"schema: atlasmix/recipe/1\nquestion: {}\n", "faults: mend what follows"),
        (b"schema: !!python/name:os.system x", "is not plain YAML"),
    ],
)
def test_what_is_no_recipe_is_refused(visit, content, words):
    guest = visit()
    at = guest.page("recipes")
    open_recipe(at, "A", content)
    guest.whole()
    assert words in guest.words()


def test_a_recipe_never_names_a_file_of_the_host(visit, tmp_path):
    law = tmp_path / "law.yaml"
    law.write_text("secret: words")
    guest = visit()
    at = guest.page("recipes")
    text = recipe_of(targets="cat").replace(b"law: muennighoff-2023", f"law: {law}".encode())
    open_recipe(at, "A", text)
    assert "files are not read here" in guest.words()
    assert "secret" not in guest.words()
