"""The page Transfer: φ and τ are those of the model, and what was measured is told apart."""

import base64
import re

import numpy as np
import pytest
from controls import control

from atlasmix.evidence.scores import DEFINED, MISSING
from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.report.evidence import helped, pairs_table, ranked
from atlasmix.report.figures.drawing import MARKS
from atlasmix.transfer.estimation import estimate

STORE = Store("/nonexistent")


def model_of(law=DEFAULT_LAW):
    return estimate(STORE.matrix(), load_law(law, STORE))


def shown_weights(figure):
    """Name, τ and symbol of every mark."""
    return {
        name: (x, trace["marker"]["symbol"])
        for trace in figure["data"]
        for name, x in zip(trace["y"], trace["x"], strict=True)
    }


def test_transfer_ranks_the_donors_of_the_first_target(visit):
    guest = visit()
    guest.page("transfer")
    model = model_of()
    donors, recipients = guest.figures()
    for figure, side in ((donors, 0), (recipients, 1)):
        shown = shown_weights(figure)
        assert len(shown) == 20
        ranking = ranked(model, "cat") if side == 0 else helped(model, "cat")
        assert set(shown) == {name_of(key) for key in ranking[:20]}
        for key in model.keys:
            pair = (key, "cat") if side == 0 else ("cat", key)
            place = tuple(map(model.index, pair))
            if name_of(key) in shown:
                assert shown[name_of(key)] == (
                    pytest.approx(model.weights[place]),
                    MARKS[model.status[place]].symbol,
                )
        assert min(tau for tau, _ in shown.values()) >= 0
    assert max(shown_weights(donors).items(), key=lambda one: one[1][0])[0] == name_of(
        ranked(model, "cat")[0]
    )
    assert "nobody measured one" in guest.words()
    assert len({symbol for _, symbol in shown_weights(donors).values()}) > 1


def test_transfer_tells_the_exponent_and_every_weight_with_its_score(visit):
    guest = visit(q="{targets: {por: 1}}")
    guest.page("transfer")
    model, words = model_of(), guest.words()
    if "Capacity exponent" not in words:  # the first worker was still starting on a busy machine
        guest.at.run()
        words = guest.words()
    place = model.index("por")
    phi, error = model.phi[place], model.phi_stderr[place]
    assert f"Capacity exponent φ {phi:.3f} ± {error:.3f} under law {DEFAULT_LAW}" in words
    nothing = 2 - 2 * model.scale[place]
    assert nothing < 0
    assert f"one that gives Portuguese nothing scores {nothing:.2f}, and τ is what lies" in words
    table = next(one.value for one in guest.at.html if "Donors of Portuguese" in one.value)
    for heading in ("τ", "±", "score", "residual"):
        assert f">{heading}</th>" in table
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in table.split("</tr>")]
    rows = {row[0]: row for row in rows if row}
    best = ranked(model, "por")[:40]
    scored = [key for key in STORE.matrix().part(()).keys if key != "por"]
    assert {*best, *scored} <= {key for key in model.keys if f"{name_of(key)} ({key})" in rows}
    assert len(rows) < 120, "more than anybody reads: the command line has them all"
    for key in {*best, *scored}:
        name, tau, sigma, score, _, status, _ = rows[f"{name_of(key)} ({key})"]
        at = model.index(key), place
        assert (tau, sigma) == (f"{model.weights[at]:.2f}", f"{model.stderr[at]:.2f}")
        if key in scored:
            assert float(score) == STORE.matrix().pair(key, "por").score
        else:
            assert score == ""
        assert status == model.status[at], name
    assert {row[5] for row in rows.values()} == {"measured", "predicted", "completed"}
    assert min(float(row[3] or 0) for row in rows.values()) < 0, "a score may lie below 0"
    assert min(float(row[1]) for row in rows.values()) >= 0, "a weight may not"


def test_weights_are_those_of_the_law_of_the_question(visit):
    guest = visit(q="{targets: {cat: 1}, law: hoffmann-2022}")
    guest.page("transfer")
    model = model_of("hoffmann-2022")
    phi = model.phi[model.index("cat")]
    assert f"φ {phi:.3f}" in guest.words()
    assert "under law hoffmann-2022" in guest.words()
    best = ranked(model, "cat")[0]
    assert shown_weights(guest.figures()[0])[name_of(best)][0] == pytest.approx(
        model.weights[model.index(best), model.index("cat")]
    )
    assert phi != pytest.approx(model_of().phi[model.index("cat")], rel=0.02)


def test_scores_without_a_calibration_are_shown_as_scores(visit):
    guest = visit()
    at = guest.page("transfer")
    control(at, "selectbox", "Transfer matrix").set_value("langrank-2019-dep").run()
    guest.whole()
    matrix = STORE.matrix("langrank-2019-dep")
    assert f"{matrix.card.metric} is no transfer weight" in guest.words()
    assert matrix.card.metric in guest.figures()[0]["layout"]["xaxis"]["title"]["text"]
    assert "τ" not in guest.figures()[0]["layout"]["xaxis"]["title"]["text"]


def test_a_law_that_is_not_there_is_refused_in_its_own_words(visit):
    guest = visit()
    at = guest.page("transfer")
    at.session_state["question"] = {"targets": {"cat": 1}, "law": "nobody-2020"}
    at.run()
    guest.whole()
    assert "nobody-2020" in guest.words()
    assert "is no transfer weight" not in guest.words()
    assert guest.figures() == []


def test_a_calibration_of_the_question_makes_weights_of_its_matrix(visit):
    asked = "{targets: {cat: 1}, matrix: langrank-2019-dep, calibration: 'affine:0.01,0'}"
    guest = visit(q=asked)
    guest.page("transfer")
    matrix = STORE.matrix("langrank-2019-dep")
    model = estimate(matrix, load_law(DEFAULT_LAW, STORE), "affine:0.01,0")
    shown = shown_weights(guest.figures()[0])
    assert len(shown) == 20
    for name, (tau, _) in shown.items():
        key = next(one for one in model.keys if name_of(one) == name)
        assert tau == pytest.approx(model.weights[model.index(key), model.index("cat")])


def test_the_whole_matrix_has_its_measured_cells_framed(visit):
    guest = visit()
    guest.page("transfer")
    guest.tab("transfer-section", "Whole matrix")
    figure = guest.figures()[0]
    assert len(figure["data"][0]["y"]) == 38
    assert sum(one["type"] == "rect" for one in figure["layout"]["shapes"]) == 72
    assert "72 of 1,406 scores were measured" in guest.words()
    assert "all other pairs of languages have no score" in guest.words()


def test_a_few_languages_stand_with_their_best_donors(visit):
    """All languages at once would be 537,289 cells; some and their best donors can be read."""
    guest = visit()
    at = guest.page("transfer")
    guest.tab("transfer-section", "Whole matrix")
    control(at, "segmented_control", "Languages").set_value("chosen").run()
    guest.whole()
    control(at, "multiselect", "Languages of the heat map").set_value(["cat", "eus"]).run()
    guest.whole()
    figure, model = guest.figures()[0], model_of()
    near = {"cat", "eus", *ranked(model, "cat")[:8], *ranked(model, "eus")[:8]}
    assert set(figure["data"][0]["y"]) == {name_of(key) for key in near}
    names = figure["data"][0]["y"]
    row, column = names.index(name_of(ranked(model, "eus")[0])), names.index("Basque")
    best = model.weights[model.index(ranked(model, "eus")[0]), model.index("eus")]
    packed = figure["data"][0]["z"]
    cells = np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"])
    assert cells.reshape(len(names), -1)[row, column] == pytest.approx(best)
    assert "nan" not in str(figure["data"][0]["customdata"])
    control(at, "multiselect", "Languages of the heat map").set_value([]).run()
    guest.whole()
    assert "Choose a language" in guest.words()


@pytest.mark.parametrize("key", ["eus", "abk", "srp_Latn"])
def test_a_language_that_nobody_scored_has_completed_donors_on_every_tab(visit, key):
    """Its scores are missing: each tab had 'nan', nothing at all, or said 'was measured'."""
    guest = visit()
    at = guest.page("transfer")
    control(at, "selectbox", "Language").set_value(key).run()
    guest.whole()
    model, name = model_of(), name_of(key)
    words = guest.words()
    assert f"No donor for {name} has a score: all are completed from relatedness." in words
    assert f"Every score of a donor for {name} was measured" not in words
    assert f"one that gives {name} nothing scores" not in words
    donors = guest.figures()[0]
    assert "no score, completed" in " ".join(trace["name"] for trace in donors["data"])
    assert set(shown_weights(donors)) == {name_of(one) for one in ranked(model, key)[:20]}
    for tab in (
        "One language",
        "Both directions",
        "Map",
        "Network",
        "Whole matrix",
        "Two matrices",
    ):
        guest.tab("transfer-section", tab)
        for figure in guest.figures():
            assert figure["data"], tab
            said = [str(trace.get("customdata")) for trace in figure["data"]]
            assert not re.search(r"\bnan\b", " ".join(said)), tab
        assert not re.search(r"\bnan\b", guest.words()), tab


def test_code_is_no_language_to_look_up(visit):
    """A prior from relatedness says nothing of code: the page had empty figures for it."""
    guest = visit()
    at = guest.page("transfer")
    offered = control(at, "selectbox", "Language").options
    assert not {"code", "math"} & set(offered)
    assert len(offered) == len(STORE.matrix().keys) - 2


def test_the_map_shows_the_donors(visit):
    guest = visit()
    guest.page("transfer")
    guest.tab("transfer-section", "Map")
    drawn = {one.get("name"): one for one in guest.figures()[0]["data"]}
    assert "donors, measured" not in drawn
    model = model_of()
    best = ranked(model, "cat")[:6]
    for status in {model.status[model.index(key), model.index("cat")] for key in best}:
        here = [k for k in best if model.status[model.index(k), model.index("cat")] == status]
        donors = drawn[f"donors, {MARKS[status].words}"]
        assert donors["text"] == [name_of(key) for key in here]
        assert donors["marker"]["symbol"] == MARKS[status].symbol


def test_two_matrices_are_compared_on_shared_pairs(visit):
    guest = visit()
    guest.page("transfer")
    guest.tab("transfer-section", "Two matrices")
    control(guest.at, "selectbox", "Compare with").set_value("langrank-2019-dep").run()
    guest.whole()
    assert "share 18 languages and 306 pairs" in guest.words()
    assert sum(len(one["x"]) for one in guest.figures()[0]["data"]) == 306


def test_a_completed_matrix_is_compared_with_the_scores_that_it_completes(visit):
    guest = visit()
    guest.page("transfer")
    guest.tab("transfer-section", "Two matrices")
    control(guest.at, "selectbox", "Compare with").set_value("atlas-2025").run()
    guest.whole()
    assert "share 38 languages and 1,406 pairs, of which 72 were measured" in guest.words()
    assert "The scores of both are the same." in guest.words()
    assert sum(len(one["x"]) for one in guest.figures()[0]["data"]) == 1406


def test_both_directions_show_the_strongest_pairs_with_their_doubt(visit):
    guest = visit()
    guest.page("transfer")
    guest.tab("transfer-section", "Both directions")
    marks = [trace for trace in guest.figures()[0]["data"] if "error_x" in trace]
    assert sum(len(trace["x"]) for trace in marks) == 20
    for trace in marks:
        assert min(trace["error_x"]["array"]) > 0
        assert min(trace["error_y"]["array"]) > 0


def test_both_directions_of_a_matrix_of_scores_alone_mark_the_language(visit):
    guest = visit()
    at = guest.page("transfer")
    control(at, "selectbox", "Transfer matrix").set_value("atlas-2025").run()
    guest.tab("transfer-section", "Both directions")
    assert guest.figures()[0]["data"][3]["name"] == "Catalan for the other, and back"


def test_another_language_is_chosen(visit):
    guest = visit()
    at = guest.page("transfer")
    control(at, "selectbox", "Language").set_value("por").run()
    guest.whole()
    assert "Who helps Portuguese" in guest.words()
    assert {trace["name"].split(",")[0] for trace in guest.figures()[0]["data"]} >= {
        "score measured"
    }


def test_the_metric_is_explained_before_it_is_shown(visit):
    guest = visit()
    guest.page("transfer")
    assert STORE.matrix().card.description in guest.words()
    nothing, _ = model_of().score_of(0.0, "cat")
    assert f"one that gives Catalan nothing scores {nothing:.2f}" in guest.words()
    assert "Our choices" not in guest.words(), "a page shows every text that stands alone in it"


def test_the_list_of_a_phone_has_the_strongest_pairs_of_the_matrix():
    matrix = STORE.matrix("atlas-2025")
    table = pairs_table(matrix, 12)
    off = (matrix.status != DEFINED) & (matrix.status != MISSING)
    best = np.sort(matrix.scores[off])[::-1][:12]
    assert [row.cells[2] for row in table.rows] == pytest.approx(best)
    keys = {name_of(key): key for key in matrix.keys}
    for source, target, score, how in (row.cells for row in table.rows):
        pair = matrix.pair(keys[source], keys[target])
        assert pair.score == score
        assert how.startswith(pair.status)


def test_the_list_of_weights_is_among_the_languages_of_its_map():
    model, few = model_of(), ("cat", "glg", "spa", "por")
    table = pairs_table(STORE.matrix(), 40, model, iter(few))
    assert len(table.rows) == 12, "each of four for each other"
    weights = [row.cells[2] for row in table.rows]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] == max(
        model.weights[model.index(one), model.index(other)]
        for one in few
        for other in few
        if one != other
    )
