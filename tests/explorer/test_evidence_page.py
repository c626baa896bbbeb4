"""The page Evidence: it opens, shows the library's numbers, and refuses what is no table."""

import io

import pandas as pd
import pytest
from controls import control
from explorer.uploads import SQUARE, TABLE, templates, workbook

from atlasmix.evidence.overlay import Overlay, lay, save
from atlasmix.evidence.published import list_published, published
from atlasmix.evidence.shelf import INVENTORIES, MATRICES
from atlasmix.evidence.store import Store
from atlasmix.laws.shelf import law_card

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


def test_gaps_are_those_of_the_question(visit):
    guest = visit(q="{targets: {swh: 1}, risk_aversion: 100}")
    guest.page("mix")
    guest.page("evidence")
    assert "No donor of Swahili counts for more than the doubt about its score." in guest.words()
    assert "Unique tokens of Swahili are estimated, not counted." in guest.words()


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


def bring(guest, table=SCORES, card=CARD, kind="matrix", name="ours", file="t.csv"):
    at = guest.tab("evidence-section", "Your own tables")
    control(at, "segmented_control", "What it is").set_value(kind).run()
    control(at, "file_uploader", TABLE).set_value((file, table, "text/csv"))
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


def filled(guest, table, name, **fields):
    """A table with its card filled in on the page."""
    at = guest.tab("evidence-section", "Your own tables")
    control(at, "button_group", "Its card").set_value(True).run()
    control(at, "file_uploader", TABLE).set_value((name, table, "application/octet-stream"))
    control(at, "text_input", "Title").set_value("Ours")
    control(at, "text_input", "Where it comes from").set_value("our own runs")
    control(at, "text_input", "Licence").set_value("private")
    for label, value in fields.items():
        kind = "selectbox" if label in ("The table is", "The scores are") else "text_input"
        control(at, kind, label).set_value(value)
    next(one for one in at.button if one.label == "Check and add").click().run()
    guest.whole()
    return at


@pytest.mark.parametrize("shape", ["source", "target"])
def test_a_square_workbook_with_its_card_filled_in_is_read_the_right_way_round(visit, shape):
    """The same square read by rows and by columns gives the two directions of each pair."""
    packed = workbook(SQUARE.replace("source", "", 1))
    guest = visit()
    guest.page("evidence")
    fields = {"The table is": shape, "Parameters of the models": "500M", "Name": "squared"}
    at = filled(guest, packed, "square.xlsx", **fields)
    assert "square.xlsx is in order" in guest.words()
    matrix = at.session_state["overlay"].matrix("squared")
    pair = ("spa", "cat") if shape == "source" else ("cat", "spa")
    assert matrix.pair(*pair).score == 0.45
    assert matrix.card.parameters == 5e8
    assert matrix.pair("por", "spa").stderr == 0.05


def parquet(table):
    """The Parquet file of a table in CSV."""
    packed = io.BytesIO()
    pd.read_csv(io.StringIO(table), keep_default_na=False, dtype=str).to_parquet(packed)
    return packed.getvalue()


MAKERS = {"csv": str.encode, "xlsx": workbook, "parquet": parquet}


@pytest.mark.parametrize("ending", MAKERS)
@pytest.mark.parametrize("kind", ["matrix", "square-matrix", "inventory"])
def test_every_format_is_read_in_every_form(visit, kind, ending):
    """A template, filled in or saved by another program, is in order with its card."""
    shelf = kind.removeprefix("square-")
    files = {name: made() for name, made in templates(shelf).items()}
    card = files[f"{kind}-card.yaml"]
    content = MAKERS[ending](files[f"{kind}.csv"])
    guest = visit()
    guest.page("evidence")
    bring(guest, content, card.encode(), shelf, "own", f"t.{ending}")
    assert f"t.{ending} is in order" in guest.words()
    overlay = guest.at.session_state["overlay"]
    if kind == "inventory":
        assert {pool.unique_tokens for pool in overlay.inventory("own").pools} == {21e9, 90e9}
    else:
        assert overlay.matrix("own").pair("spa", "cat").score == 0.45


@pytest.mark.parametrize("kind", ["matrix", "inventory"])
def test_templates_are_offered_as_text_and_as_workbooks_that_hold_the_same(visit, kind):
    guest = visit()
    guest.page("evidence")
    at = guest.tab("evidence-section", "Your own tables")
    control(at, "segmented_control", "What it is").set_value(kind).run()
    offered = {button.proto.label for button in at.get("download_button")}
    files = {name: made() for name, made in templates(kind).items()}
    assert files.keys() <= offered
    books = [name for name in files if name.endswith(".xlsx")]
    assert len(books) == (2 if kind == "matrix" else 1)
    for name in books:
        frame = pd.read_excel(io.BytesIO(files[name]))
        text = pd.read_csv(io.StringIO(files[name.replace(".xlsx", ".csv")]))
        pd.testing.assert_frame_equal(frame, text, check_dtype=False)


def test_a_card_that_is_filled_in_badly_is_one_sentence(visit):
    guest = visit()
    guest.page("evidence")
    at = filled(guest, SCORES, "t.csv", **{"Parameters of the models": "many"})
    assert len(at.error) == 1
    assert "many" in guest.words()
    assert at.session_state["overlay"].entries == ()


def test_a_broken_matrix_is_refused_with_every_row(visit):
    guest = visit()
    guest.page("evidence")
    bring(guest, b"source,target,score\nspa,cat,9\nxx,cat,0.2\nspa,cat,0.1\n")
    words = guest.words()
    assert "row 2: score 9 lies outside the range of BTS" in words
    assert "row 3: source: no language 'xx'" in words
    assert "row 4: spa -> cat stands already in row 2" in words
    assert guest.at.session_state["overlay"].entries == ()


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
    overlay, _ = lay(Overlay(str(store_folder)), MATRICES, SCORES, CARD, files, "taken")
    save(overlay, MATRICES, "taken")
    guest = visit()
    guest.page("evidence")
    bring(guest, name="taken")
    assert "is in the store here already" in guest.words()
    assert str(store_folder) not in guest.words()
    Store(str(store_folder)).remove_matrix("taken")


@pytest.mark.parametrize(("kind", "shelf"), [("matrix", MATRICES), ("inventory", INVENTORIES)])
def test_the_two_files_that_the_page_shows_are_in_order(visit, kind, shelf):
    guest = visit()
    guest.page("evidence")
    at = guest.tab("evidence-section", "Your own tables")
    control(at, "segmented_control", "What it is").set_value(kind).run()
    table, card = (one.value.encode() for one in at.code)
    files = {"table": "t.csv", "card": "c.yaml"}
    overlay, name = lay(Overlay(), shelf, table, card, files, "shown")
    assert name == "shown"
    if kind == "matrix":
        assert overlay.matrix("shown").card.parameters == 5e8
        assert "500M" in overlay.matrix("shown").card.title
