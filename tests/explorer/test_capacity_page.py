"""The page Capacity and the exports on Mix: the library's figures, in sizes and in files."""

import io
import json
import zipfile

import pytest
from controls import control
from explorer.display import worded

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.interop.exporters.exporter import all_exporters, find_exporter
from atlasmix.interop.exporters.writing import export_recipe
from atlasmix.io.files import zip_files
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.capacity import grow, starting
from atlasmix.laws.hardware import machine
from atlasmix.laws.shelf import load_curse
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.recipe.recipe import make_recipe
from atlasmix.report.answer import size_sentence
from atlasmix.report.answer_words import caveat_sentences, headline
from atlasmix.report.laws import hours_sentence
from atlasmix.solver.compute import at_compute

STORE = Store("/nonexistent")


def test_more_languages_at_equal_loss(visit):
    guest = visit()
    at = guest.page("capacity")
    control(at, "number_input", "Languages to serve").set_value(96).run()
    guest.whole()
    law = load_curse("atlas-2025-curse", STORE)
    found = grow(law, starting(law, 24, 2e9, 1e12), 96)
    assert "From 24 to 96 languages at equal loss: parameters x1.40, tokens x2.74" in guest.words()
    curve = next(one for one in guest.figures()[0]["data"] if one.get("mode") == "lines")
    assert curve["x"] == pytest.approx([tokens for _, tokens in found.curve])
    assert curve["y"] == pytest.approx([params for params, _ in found.curve])
    assert "GPU-hours: H100-SXM" in guest.words()


def test_an_unknown_size_and_an_unbalanced_start(visit):
    guest = visit()
    at = guest.page("capacity")
    control(at, "toggle", "Its size is known").set_value(False).run()
    guest.whole()
    assert "GPU-hours" not in guest.words()
    control(at, "toggle", "It is compute-optimal").set_value(False).run()
    guest.whole()
    assert "The start is not compute-optimal" in guest.words()


def test_one_compute_budget(visit):
    guest = visit()
    guest.page("capacity")
    at = guest.tab("capacity-section", "One compute budget")
    control(at, "select_slider", "Compute (FLOPs)").set_value(1e21).run()
    guest.whole()
    problem = at_compute(problem_from_mapping({"targets": "cat", "compute": 1e21}, STORE))
    assert size_sentence(problem.allocation) in guest.words()
    assert headline(solve(problem)) in guest.words()
    chosen = next(one for one in guest.figures()[0]["data"] if one.get("name") == "chosen")
    assert chosen["y"] == pytest.approx([problem.allocation.loss])
    assert hours_sentence(machine("H100-SXM", None), 1e21) in guest.words()
    next(one for one in at.button if one.label == "Ask this on the page Mix").click().run()
    guest.whole()
    assert at.session_state["question"]["compute"] == 1e21
    assert not {"budget", "params"} & set(at.session_state["question"])


def test_compute_in_the_place_of_tokens_and_parameters(visit):
    guest = visit(q="{targets: {cat: 1}, budget: 300000000000}")
    at = guest.page("mix")
    control(at, "segmented_control", "Size of the run").set_value(True).run()
    guest.whole()
    assert at.session_state["question"] == {"targets": {"cat": 1}, "compute": 1e22}
    control(at, "select_slider", "Compute (FLOPs)").set_value(5e21).run()
    for _ in range(2):  # what was stated is there again after a look at the other
        control(at, "segmented_control", "Size of the run").set_value(False).run()
        guest.whole()
        asked = {"targets": {"cat": 1}, "budget": 300_000_000_000}
        assert at.session_state["question"] == asked
        assert control(at, "select_slider", "Token budget").value == 300e9
        control(at, "segmented_control", "Size of the run").set_value(True).run()
        guest.whole()
        assert at.session_state["question"] == {"targets": {"cat": 1}, "compute": 5e21}
        assert control(at, "select_slider", "Compute (FLOPs)").value == 5e21
    control(at, "selectbox", "Start from").set_value("Catalan (little text)").run()
    control(at, "segmented_control", "Size of the run").set_value(True).run()
    assert at.session_state["question"] == {"targets": {"cat": 1}, "compute": 1e22}


def test_a_link_with_compute_and_what_moved_when_it_is_left(visit):
    guest = visit(q="{targets: {cat: 1}, compute: 1e22}")
    at = guest.page("mix")
    before = at_compute(problem_from_mapping({"targets": "cat", "compute": 1e22}, STORE))
    assert at.header[0].value.replace("\\", "") == headline(solve(before))
    assert size_sentence(before.allocation) in guest.words()
    assert control(at, "segmented_control", "Size of the run").value is True
    assert control(at, "select_slider", "Compute (FLOPs)").value == 1e22
    control(at, "segmented_control", "Size of the run").set_value(False).run()
    guest.tab("section", "Before and after")
    after = solve(problem_from_mapping({"targets": "cat"}, STORE))
    second, first = guest.figures()[0]["data"]
    for trace, mixture in ((first, solve(before)), (second, after)):
        shown = dict(zip(trace["y"], trace["x"], strict=True))
        for key in ("cat", "spa"):
            assert shown[name_of(key)] == pytest.approx(100 * mixture.proportions.get(key, 0))
    assert "<td >compute</td><td >1e22</td><td >1.2e21 (6ND)</td>" in guest.words()
    next(one for one in at.button if one.label == "Undo").click().run()
    guest.whole()
    assert at.session_state["question"] == {"targets": {"cat": 1}, "compute": 1e22}
    assert control(at, "segmented_control", "Size of the run").value is True


def test_scratch_or_finetune(visit):
    guest = visit()
    guest.page("capacity")
    at = guest.tab("capacity-section", "Scratch or finetune")
    control(at, "selectbox", "Language").set_value("spa").run()
    guest.whole()
    assert "Spanish at 2B parameters on 300B tokens: train from scratch." in guest.words()
    assert "From scratch overtakes at 239B tokens: measured." in guest.words()
    mine = next(one for one in guest.figures()[0]["data"] if one["name"] == "Spanish, measured")
    assert mine["y"] == [239e9]
    control(at, "selectbox", "Language").set_value("cat").run()
    guest.whole()
    assert "not measured for this language and size" in guest.words()


def test_a_refusal_names_the_control_of_the_page(visit):
    guest = visit(q="{targets: {cat: 1}, pools: {provenance: [generated]}}")
    guest.page("mix")
    # A link that is not opened comes before any control.
    assert "and languages; choose another inventory or other pools" in guest.words()
    assert "--" not in guest.words().replace("-->", "")
    assert worded(DataError("it lacks much:", ("a",), field="paths")) == (
        "it lacks much (see 'Where the text lies'):\n  - a"
    )
    assert worded(ProblemError("'Token budget' is empty", field="budget")).endswith("is empty")
    assert worded(ProblemError("no such thing", field="engine")) == "no such thing"


def test_a_size_nobody_has_seen_is_said_on_the_page_of_sizes_too(visit):
    guest = visit()
    guest.page("capacity")
    at = guest.tab("capacity-section", "One compute budget")
    control(at, "select_slider", "Compute (FLOPs)").set_value(1e20).run()
    guest.whole()
    assert not at.warning
    control(at, "select_slider", "Compute (FLOPs)").set_value(1e26).run()
    guest.whole()
    problem = at_compute(problem_from_mapping({"targets": "cat", "compute": 1e26}, STORE))
    said = caveat_sentences(solve(problem))
    assert said
    assert all(sentence in guest.words() for sentence in said)
    assert len(at.warning) == 1


def test_a_number_of_tokens_read_exactly_is_none_of_a_compute_budget(visit):
    asked = {"targets": {"cat": 1}, "budget": 300_000_000_000, "tokens": "exactly"}
    guest = visit(q="{targets: {cat: 1}, budget: 300B, tokens: exactly}")
    at = guest.page("mix")
    assert at.session_state["question"] == asked
    control(at, "segmented_control", "Size of the run").set_value(True).run()
    guest.whole()
    assert at.session_state["question"] == {"targets": {"cat": 1}, "compute": 1e22}
    control(at, "segmented_control", "Size of the run").set_value(False).run()
    guest.whole()
    assert at.session_state["question"] == asked
    guest.page("capacity")
    at = guest.tab("capacity-section", "One compute budget")
    next(one for one in at.button if one.label == "Ask this on the page Mix").click().run()
    guest.whole()
    assert at.session_state["question"] == {"targets": {"cat": 1}, "compute": 1e22}


def test_every_framework_gets_its_files_from_the_page(visit):
    guest = visit()
    guest.page("mix")
    at = guest.tab("section", "Export")
    for exporter in all_exporters():
        control(at, "selectbox", "Framework").set_value(exporter.name).run()
        guest.whole()
        assert f"Files for {exporter.title} (ZIP)" in [one.label for one in at.download_button]
        assert f"A mixture for {exporter.title}" in guest.words()


def test_sizes_of_a_run_are_called_what_trainers_call_them(visit):
    guest = visit()
    guest.page("mix")
    at = guest.tab("section", "Export")
    labels = {box.label for box in (*at.selectbox, *at.select_slider, *at.number_input)}
    assert {"Sequence length", "Batch size, sequences"} <= labels


def test_paths_that_would_be_misread_are_refused(visit):
    guest = visit()
    guest.page("mix")
    at = guest.tab("section", "Export")
    area = next(one for one in at.text_area)
    area.set_value('"{language}.{provenance}.{corpus}": /da ta/{language}\n').run()
    guest.whole()
    assert "has a space, at which Megatron-LM cuts it in two" in guest.words()


def test_a_file_of_the_host_is_never_read_for_an_export(visit, tmp_path):
    secret = tmp_path / "paths.yaml"
    secret.write_text("secret: words")
    guest = visit()
    guest.page("mix")
    at = guest.tab("section", "Export")
    next(one for one in at.text_area).set_value(str(secret)).run()
    guest.whole()
    assert "names no paths" in guest.words()
    assert "secret" not in guest.words().replace(str(secret), "")


def test_the_archive_is_the_export_and_the_same_each_time():
    problem = problem_from_mapping({"targets": "cat"}, STORE)
    recipe = make_recipe(problem, solve(problem))
    files = export_recipe(recipe, find_exporter("token-budget"), None, STORE).files
    packed = zip_files(files)
    assert packed == zip_files(dict(reversed(list(files.items()))))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == sorted(files)
        assert json.loads(archive.read("expected.json"))["run"]["tokens"] > 0
        for name in files:
            assert archive.read(name).decode() == files[name]
