"""A law learned from runs, brought by a visitor or made here: what rests on it, what refuses it."""

import io
import subprocess
import sys
import zipfile

import pytest
import yaml
from controls import control
from explorer import scenarios as page
from explorer.run_tasks import law_for_solve
from explorer.tasks import TASKS
from explorer.uploads import LAW
from law_runs import law_file, run_table

from atlasmix.evidence.overlay import Overlay
from atlasmix.evidence.shelf import LAWS
from atlasmix.fitting.solving_law import LAID_LIMIT, laid_law, lay_law
from atlasmix.mixture.solve import solve
from atlasmix.problem.link import stranger_problem
from atlasmix.problem.scenarios import Scenario
from atlasmix.recipe.scenario_file import load_scenarios
from atlasmix.report.words import named

NAME = "mine.yaml"
SHELF, _ = lay_law(Overlay("/nonexistent"), law_file(), NAME)
PAGES = ("mix", "transfer", "provenance", "capacity", "evidence", "scenarios", "report", "recipes")


def bring(guest, content, name=NAME):
    """Upload the file of a law on the page Evidence."""
    guest.page("evidence")
    at = guest.tab("evidence-section", "Your own tables")
    control(at, "button_group", "What it is").set_value("law").run()
    control(at, "file_uploader", LAW).set_value((name, content, "text/yaml"))
    control(at, "button", "Check and add").click().run()
    return at


def with_law(visit, question, content=None):
    """A visitor who has this law and asks this."""
    guest = visit()
    at = guest.page("mix")
    shelf = SHELF if content is None else lay_law(Overlay("/nonexistent"), content, NAME)[0]
    overlay = at.session_state["overlay"]
    at.session_state["overlay"] = Overlay(overlay.location, shelf.entries)
    at.session_state["question"] = at.session_state["before"] = question
    at.session_state["round"] += 1
    at.session_state["first"] = {}
    at.run()
    guest.whole()
    return guest, at


def test_an_uploaded_law_is_chosen_and_answers_as_the_library_does(visit):
    """The mixture of another law, or weights of the usual matrix, would differ."""
    guest = visit(q="{targets: {eng: 1, spa: 1}}")
    guest.page("mix")
    at = bring(guest, law_file())
    assert f"{NAME} is in order" in guest.words()
    control(at, "button", "Ask with it").click().run()
    at = guest.page("mix")
    guest.whole()
    question = at.session_state["question"]
    assert question["law"] == question["matrix"] == NAME
    assert control(at, "selectbox", "Loss law").value == NAME
    expected = solve(stranger_problem({"law": NAME, "targets": {"eng": 1, "spa": 1}}, SHELF))
    usual = solve(stranger_problem({"targets": {"eng": 1, "spa": 1}}, SHELF))
    assert expected.proportions["eng"] != pytest.approx(usual.proportions["eng"], abs=0.01)
    assert f"{expected.proportions['eng']:.1%} English" in guest.words()
    assert "q" not in at.query_params, "nobody else has this law"
    control(at, "selectbox", "Loss law").set_value("hoffmann-2022").run()
    guest.whole()
    assert "matrix" not in at.session_state["question"], "its weights go with it"


def test_it_lies_among_the_loss_laws_of_the_page_evidence(visit):
    """A visitor who brought a law and looks for it among the laws would not find it."""
    guest = visit()
    guest.page("mix")
    at = bring(guest, law_file())
    guest.tab("evidence-section", "Loss laws")
    law = laid_law(law_file(), NAME)
    assert f"<td >{NAME}</td><td >learned</td><td >solve (yours)</td>" in guest.words()
    choice = control(at, "selectbox", "Card of the law")
    assert NAME in choice.options
    choice.set_value(NAME).run()
    guest.whole()
    assert law.source in guest.words()
    assert law.measured_on in guest.words()
    first = law.targets[0]
    assert f"<td >{named(first.language)}</td>" in guest.words()
    assert f'<td class="number">{first.alpha:.6g}</td>' in guest.words()
    guest.tab("evidence-section", "Your own tables")
    control(at, "button", "Remove").click().run()
    guest.tab("evidence-section", "Loss laws")
    choice = control(at, "selectbox", "Card of the law")
    assert NAME not in choice.options
    assert choice.value in choice.options
    assert "learned" not in guest.words().replace("learned from", "")


def test_every_page_rests_on_it(visit):
    guest, at = with_law(visit, {"law": NAME, "targets": {"cat": 1, "spa": 1}})
    for name in PAGES:
        guest.page(name)
        assert not at.error, (name, [each.value for each in at.error])
    guest.page("mix")
    for name in ("Effect", "Over the budget", "What limits cost", "Why, and how sure", "Export"):
        guest.tab("section", name)
        assert not at.error, (name, [each.value for each in at.error])
    assert "has to lie in the folder" in guest.words()
    assert {"Law (YAML)"} <= {each.proto.label for each in at.get("download_button")}
    guest.page("capacity")
    for name in ("More in this mixture", "One compute budget"):
        guest.tab("capacity-section", name)
        assert not at.error, (name, [each.value for each in at.error])
    guest.tab("capacity-section", "More languages")
    control(at, "selectbox", "Law").set_value(NAME).run()
    guest.whole()
    guest.page("transfer")
    assert control(at, "selectbox", "Transfer matrix").value == NAME
    for name in ("Whole matrix", "Both directions", "Map", "Network"):
        guest.tab("transfer-section", name)
        assert not at.error, (name, [each.value for each in at.error])


def test_a_law_of_one_size_is_asked_at_its_size(visit):
    """The slider of the budget would show another number than the answer reads."""
    guest, at = with_law(visit, {"targets": {"cat": 1}}, law_file(joint=False))
    control(at, "selectbox", "Loss law").set_value(NAME).run()
    guest.whole()
    assert not at.error
    assert control(at, "select_slider", "Token budget").value == pytest.approx(2e10)
    control(at, "select_slider", "Token budget").set_value(10**11).run()
    guest.whole()
    assert "all read 20B tokens" in guest.words() or "all of 20B tokens" in guest.words()
    control(at, "button", "Size: as the runs").click().run()
    guest.whole()
    assert not at.error


@pytest.mark.parametrize(
    ("targets", "words", "button"),
    [
        ({"glg": 1}, "is no source of the runs behind law mine.yaml", "Targets: only Catalan"),
        ({"cat": 1, "glg": 1}, "choose one of them, or another law", "Targets: only Catalan"),
    ],
)
def test_targets_that_the_law_lacks_are_a_sentence_and_a_way_out(visit, targets, words, button):
    guest, at = with_law(visit, {"targets": targets})
    control(at, "selectbox", "Loss law").set_value(NAME).run()
    guest.whole()
    assert words in guest.words()
    next(each for each in at.button if each.label.startswith(button)).click().run()
    guest.whole()
    assert not at.error
    assert at.session_state["question"]["law"] == NAME
    assert "cat" in at.session_state["question"]["targets"]


def test_an_inventory_without_its_sources_is_a_sentence(visit):
    asked = {"law": NAME, "targets": {"cat": 1}, "inventory": "code-math-2023"}
    _, at = with_law(visit, asked)
    (error,) = at.error
    assert "choose another inventory or other pools" in error.value.replace("\\", "")


def test_a_link_that_names_a_law_of_another_session_says_so(visit):
    guest = visit(q="{targets: {cat: 1}, law: mine.yaml}")
    guest.page("mix")
    assert "This link was not opened" in guest.words()
    assert "whoever learned this law has its file" in guest.words()


def test_taken_away_the_question_asks_the_usual_law_again(visit):
    guest, at = with_law(visit, {"law": NAME, "matrix": NAME, "targets": {"cat": 1}})
    guest.page("evidence")
    guest.tab("evidence-section", "Your own tables")
    control(at, "button", "Remove").click().run()
    guest.whole()
    assert at.session_state["question"]["targets"] == {"cat": 1}
    assert {"law", "matrix"}.isdisjoint(at.session_state["question"])
    assert "is gone; the question on the page Mix is asked with datablations" in guest.words()


def test_scenarios_carry_it_to_another_machine(visit, tmp_path):
    """The ZIP alone: compared, checked, and its recipe checked beside what it unpacks to."""
    question = {"law": NAME, "matrix": NAME, "targets": {"cat": 1}}
    _, at = with_law(visit, question)
    at.session_state["scenarios"] = (Scenario("ours", question),)
    from explorer.answers import workers

    content = page.scenarios_file(
        workers(), at.session_state["scenarios"], at.session_state["overlay"]
    )
    opened = load_scenarios(content, Overlay("/nonexistent"))
    assert opened.store.names(LAWS) == (NAME,)
    assert opened.store.law_file(NAME) == law_file()
    (tmp_path / "scenarios.zip").write_bytes(content)
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    for words in (("scenarios.zip",), ("recipes/1-ours.yaml", "--store", "store")):
        done = subprocess.run(
            [sys.executable, "-m", "atlasmix", "check", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


SCALE = yaml.safe_load(law_file())["scale"]


def changed(**parts):
    return yaml.safe_dump({**yaml.safe_load(law_file()), **parts}).encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no learned law"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"!!python/object/apply:os.system [id]\n", "not plain YAML"),
        (b"a: &x [1]\nb: *x\n", "anchor"),
        (b"name: x\nE: 1.9\n", "is no learned law"),
        (b"#" * (LAID_LIMIT + 1), "expected at most 2,097,152"),
        (law_file(for_solve=False).replace(b"gamma: 1.0", b"gamma: 0.5"), "γ below 1"),
        (law_file().replace(b"alpha: ", b"alpha: 1e9 #"), "alpha"),
        (changed(sources=["cat", "eng"]), "tau names other sources"),
        (changed(scale={**SCALE, "params": 0.0}), "params of the scale is 0"),
        (law_file().replace(b"alpha: ", b"alpha: 40.0 #"), "learn it again"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_is_no_such_law_is_one_sentence(visit, content, words):
    guest = visit()
    at = bring(guest, content)
    guest.whole()
    assert len(at.error) == 1
    assert words in guest.words()
    assert at.session_state["overlay"].entries == ()


def example_is(monkeypatch, content):
    """The example of the page, learned from few runs: the page opens with it."""
    import explorer.runs_form as form

    sent = form.SentRuns(("Team runs.csv",), (content,), False)
    monkeypatch.setattr(form, "example", lambda: sent)


def test_own_runs_lay_their_law_and_open_mix(visit, monkeypatch):
    """The form that a solve takes, of these runs: fitted freely it may be one that none takes."""
    example_is(monkeypatch, run_table())
    guest = visit()
    guest.page("runs")
    at = guest.tab("runs-section", "Best mixture")
    control(at, "button", "Use this law in Mix").click().run()
    guest.whole()
    assert "Catalan" in guest.words()
    question = at.session_state["question"]
    assert question["law"] == "team-runs.yaml"
    assert set(question["targets"]) == {"cat"}, "the question of before, which it can answer"
    read = TASKS["read runs"](("Team runs.csv",), False, run_table())
    made = law_for_solve(read.runs, read.tables, "team-runs")
    assert at.session_state["overlay"].law_file("team-runs.yaml") == made


def test_runs_that_teach_no_such_law_say_what_they_lack(visit, monkeypatch):
    lines = [line.split(",") for line in run_table(24, joint=False).decode().splitlines()]
    unsized = "\n".join(",".join([first, *others]) for first, _, _, *others in lines)
    example_is(monkeypatch, unsized.encode())
    guest = visit()
    guest.page("runs")
    at = guest.tab("runs-section", "Best mixture")
    assert "add a column tokens to the table of runs" in guest.words()
    assert "Use this law in Mix" not in [each.label for each in at.button]
