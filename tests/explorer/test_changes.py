"""Changes of a question: undone one by one, carried from page to page, never half taken up."""

import yaml
from controls import control
from explorer.presets import PRESETS
from test_evidence_page import bring

INVENTORY = (
    b"language,provenance,corpus,unique_tokens,unit,obtained\n"
    b"cat,human,ours,21000000000,our tokens,counted\n"
)
INVENTORY_CARD = b"kind: token inventory\ntitle: Ours\nsource: our own count\nlicence: private\n"


def press(at, label):
    next(one for one in at.button if one.label == label).click().run()


def limit(at, kind, what, value):
    control(at, "selectbox", "Add a limit").set_value(kind).run()
    control(at, "selectbox", "On").set_value(what).run()
    control(at, "text_input", "How much").set_value(value).run()
    press(at, "Add limit")


def asked(guest):
    return guest.at.session_state["question"]


def labels(at):
    return [one.label for one in at.button]


def test_a_refused_limit_is_undone_alone(visit):
    guest = visit()
    at = guest.page("mix")
    limit(at, "min", "spa", "30%")
    limit(at, "min", "fra", "20%")
    kept = asked(guest)
    limit(at, "min", "jpn", "60%")
    guest.whole()
    assert at.header[0].value == "This question has no answer as it stands"
    press(at, "Undo the change")
    guest.whole()
    assert asked(guest) == kept == {"targets": {"cat": 1}, "min": {"spa": 0.3, "fra": 0.2}}


def test_changes_are_undone_one_by_one_or_all(visit):
    guest = visit()
    at = guest.page("mix")
    control(at, "select_slider", "Epoch cap").set_value(8).run()
    control(at, "select_slider", "Token budget").set_value(200e9).run()
    guest.tab("section", "Before and after")
    press(at, "Undo")
    assert asked(guest) == {"targets": {"cat": 1}, "max_epochs": 8}
    assert control(at, "select_slider", "Token budget").value == 100e9
    assert "Undo all" not in labels(at)
    control(at, "select_slider", "Token budget").set_value(300e9).run()
    press(at, "Undo all")
    guest.whole()
    assert asked(guest) == {"targets": {"cat": 1}}
    assert control(at, "select_slider", "Epoch cap").value == 4


def test_a_change_that_changes_nothing_is_not_counted(visit):
    guest = visit()
    at = guest.page("mix")
    control(at, "select_slider", "Epoch cap").set_value(8).run()
    control(at, "text_input", "Calibration").set_value("bts").run()  # as the matrix implies
    guest.whole()
    guest.tab("section", "Before and after")
    press(at, "Undo")
    assert asked(guest) == {"targets": {"cat": 1}}


def test_a_preset_is_known_by_its_question_and_can_be_taken_again(visit):
    guest = visit()
    at = guest.page("mix")
    start = control(at, "selectbox", "Start from")
    assert start.value == "Catalan (little text)"
    control(at, "select_slider", "Epoch cap").set_value(8).run()
    start = control(at, "selectbox", "Start from")
    assert start.value is None
    start.set_value("Catalan (little text)").run()
    guest.whole()
    assert asked(guest) == PRESETS["Catalan (little text)"]
    assert control(at, "select_slider", "Epoch cap").value == 4


def test_the_link_of_a_preset_is_that_preset(visit):
    name = "Thirty languages"
    guest = visit(q=yaml.safe_dump(PRESETS[name], default_flow_style=True, width=10**6).strip())
    at = guest.page("mix")
    assert control(at, "selectbox", "Start from").value == name


def test_another_matrix_takes_its_own_calibration(visit):
    guest = visit(q="{targets: {cat: 1}, matrix: langrank-2019-dep, calibration: 'affine:0.01,0'}")
    at = guest.page("mix")
    control(at, "selectbox", "Transfer matrix").set_value("atlasmix-2026").run()
    guest.whole()
    assert asked(guest) == {"targets": {"cat": 1}}
    assert control(at, "text_input", "Calibration").value == ""


def test_a_choice_that_is_cleared_is_the_usual_one_again(visit):
    guest = visit(q="{targets: {cat: 1}, pools: {provenance: [human, translated], kind: [web]}}")
    at = guest.page("mix")
    control(at, "multiselect", "Provenance").set_value([]).run()
    guest.whole()
    assert control(at, "multiselect", "Provenance").value == ["human"]
    control(at, "multiselect", "Token inventories").set_value([]).run()
    assert control(at, "multiselect", "Token inventories").value == ["web-2026"]
    assert asked(guest) == {"targets": {"cat": 1}}


def test_every_page_carries_the_link(visit):
    guest = visit()
    at = guest.page("mix")
    control(at, "select_slider", "Epoch cap").set_value(2).run()
    for page in ("transfer", "capacity", "evidence", "recipes"):
        guest.page(page)
        assert at.query_params["q"] == "{targets: {cat: 1}, max_epochs: 2}", page


def test_a_link_opens_on_every_page(visit):
    for page in ("transfer", "capacity", "evidence", "recipes"):
        guest = visit(q="{targets: {por: 1}}")
        guest.page(page)
        assert asked(guest) == {"targets": {"por": 1}}, page


def test_the_link_is_that_of_the_refused_question(visit):
    guest = visit()
    at = guest.page("mix")
    limit(at, "min", "jpn", "60%")
    limit(at, "min", "fra", "60%")
    assert at.header[0].value == "This question has no answer as it stands"
    assert yaml.safe_load(at.query_params["q"])["min"] == {"jpn": 0.6, "fra": 0.6}


def test_a_table_that_goes_leaves_the_others_of_its_list(visit):
    guest = visit()
    guest.page("evidence")
    bring(guest, INVENTORY, INVENTORY_CARD, "inventory")
    at = guest.page("mix")
    control(at, "multiselect", "Token inventories").set_value(["web-2026", "ours"]).run()
    assert asked(guest)["inventory"] == ["web-2026", "ours"]
    at = guest.page("evidence")
    press(at, "Remove")
    guest.whole()
    assert "ours is gone; the question on the page Mix is asked with web-2026 now." in guest.words()
    guest.page("mix")
    assert at.header[0].value.startswith("Read 100B tokens")


def test_asking_with_a_table_says_so(visit):
    guest = visit()
    guest.page("evidence")
    at = bring(guest)
    press(at, "Ask with it")
    assert "The question on the page Mix is asked with ours from now on." in guest.words()
    at.run()
    assert "from now on" not in guest.words()


def test_an_old_address_takes_nothing_back(visit):
    """What a browser sends with a click may still be the address before the last change."""
    guest = visit()
    at = guest.page("mix")
    control(at, "select_slider", "Epoch cap").set_value(2).run()
    assert at.query_params["q"] == "{targets: {cat: 1}, max_epochs: 2}"
    at.query_params["q"] = "{targets: {cat: 1}}"
    control(at, "select_slider", "Token budget").set_value(200e9).run()
    at.query_params["q"] = "{targets: {cat: 1}}"
    at.run()  # two changes behind
    now = {"targets": {"cat": 1}, "max_epochs": 2, "budget": 200_000_000_000}
    assert asked(guest) == now
    at.query_params["q"] = "{targets: {cat: 1}, max_epochs: 2}"
    guest.tab("section", "Effect")  # no control of the question
    assert asked(guest) == now


def test_the_way_back_takes_up_an_earlier_question(visit, monkeypatch):
    guest = visit()
    at = guest.page("mix")
    control(at, "select_slider", "Epoch cap").set_value(2).run()
    monkeypatch.setattr("explorer.links._ON_ITS_WAY", 0.0)
    at.query_params["q"] = "{targets: {cat: 1}}"
    at.run()
    guest.whole()
    assert asked(guest) == {"targets": {"cat": 1}}
