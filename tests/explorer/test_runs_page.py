"""The page Own runs: tables in, the library's laws, mixture and next runs out, files that open."""

import io

import numpy as np
import pytest
from controls import control
from explorer.packing import pack, unpack
from explorer.runs_form import EXAMPLE_RUNS, example
from explorer.tasks import TASKS
from made_mixtures import SETS, SOURCES, made_law, made_runs_of

from atlasmix.evidence.mixture_file import load_mixture
from atlasmix.fitting.given_law import given_law
from atlasmix.fitting.law_file import load_learned_law
from atlasmix.fitting.learning import LearnQuestion, judge, learn
from atlasmix.fitting.mixture_tables import read_mixture_runs, read_mixtures
from atlasmix.fitting.run_files import read_run_file
from atlasmix.io.tables import read_rows, to_csv
from atlasmix.mixture.learned_answer import MixtureWish, answer
from atlasmix.text import listed

RUNS = made_runs_of(made_law(1), 36, noise=0.02)
NAMES = RUNS.mixtures.names
WEIGHTS = tuple(
    (name, *map(repr, row)) for name, row in zip(NAMES, RUNS.weights.tolist(), strict=True)
)
LOSSES = tuple((name, *map(repr, row)) for name, row in zip(NAMES, RUNS.loss.tolist(), strict=True))
WHOLE = tuple((*left, *right[1:]) for left, right in zip(WEIGHTS, LOSSES, strict=True))
OF_WEIGHTS = tuple(f"w_{name}" for name in SOURCES)
OF_LOSSES = tuple(f"loss_{name}" for name in SETS)
TABLE = to_csv(("run", *OF_WEIGHTS, *OF_LOSSES), WHOLE)


def learned():
    """What the library makes of the same table."""
    return learn(read_mixture_runs([read_rows(TABLE, "runs.csv")]))


def bring(guest, *files):
    """Open the page with these files as the visitor's own."""
    at = guest.page("runs") if not guest.been else guest.at
    control(at, "button_group", "Runs").set_value("own").run()
    uploader = next(one for one in at.file_uploader if one.key == "runs-files")
    uploader.set_value([(name, content, "text/csv") for name, content in files]).run()
    guest.whole()
    return at


@pytest.fixture
def short_example(monkeypatch):
    """The example learned from few runs, so that opening the page is quick."""
    import explorer.runs_form as form

    monkeypatch.setattr(form, "example", lambda: form.SentRuns(("runs.csv",), (TABLE,), False))


@pytest.mark.usefixtures("short_example")
def test_a_table_is_read_judged_and_drawn_with_the_librarys_numbers(visit):
    guest = visit()
    bring(guest, ("mine.csv", TABLE))
    known = learned()
    words = guest.words()
    assert f"of {len(SETS)} losses from 36 runs of {len(SOURCES)} sources" in words
    assert "Table mine.csv: weights w_SOURCE and losses loss_SET" in words
    for name in ("mixing", "additive", "exponential", "linear"):
        assert f"<td >{name}</td>" in words
    points = [trace for trace in guest.figures()[0]["data"] if trace["mode"] == "markers"]
    drawn = {trace["name"]: (trace["x"], trace["y"]) for trace in points}
    for place, name in enumerate(known.runs.sets):
        assert drawn[name][0] == pytest.approx(known.runs.loss[:, place].tolist())
        assert drawn[name][1] == pytest.approx(known.chosen.held_out[:, place].tolist())


@pytest.mark.usefixtures("short_example")
def test_one_set_and_another_law_are_drawn_alone(visit):
    guest = visit()
    at = bring(guest, ("mine.csv", TABLE))
    control(at, "selectbox", "Evaluation set").set_value(SETS[0]).run()
    known = learned()
    band = next(t for t in guest.figures()[0]["data"] if t.get("fill") == "toself")
    assert f"±{known.half_width[0]:.3f}" in band["name"]
    control(at, "selectbox", "Predicted by").set_value("linear").run()
    linear = next(each for each in known.judged if each.name == "linear")
    points = [t for t in guest.figures()[0]["data"] if t["mode"] == "markers"]
    assert [t["name"] for t in points] == [SETS[0]]
    assert points[0]["y"] == pytest.approx(linear.held_out[:, 0].tolist())
    assert not [t for t in guest.figures()[0]["data"] if t.get("fill")], "it is the chosen law's"


@pytest.mark.usefixtures("short_example")
def test_a_model_of_a_library_is_judged_beside_the_laws(visit):
    """On other folds, or fitted to what it predicts, its numbers would not be the library's."""
    pytest.importorskip("sklearn", reason="of the extra learn")
    guest = visit()
    at = bring(guest, ("mine.csv", TABLE))
    assert control(at, "selectbox", "Predicted by").options == [e.name for e in learned().judged]
    control(at, "button_group", "Judge models of libraries, too").set_value(
        ["gaussian-process"]
    ).run()
    guest.whole()
    assert not at.error
    assert "<td >gaussian-process</td>" in guest.words()
    control(at, "selectbox", "Predicted by").set_value("gaussian-process").run()
    expected = judge("gaussian-process", learned().runs)
    points = [t for t in guest.figures()[0]["data"] if t["mode"] == "markers"]
    for place, name in enumerate(SETS):
        drawn = next(each for each in points if each["name"] == name)
        assert drawn["y"] == pytest.approx(expected.held_out[:, place].tolist(), rel=1e-4)
    back = unpack(pack(TASKS["judge model"](learned().runs, "gaussian-process", 0)))
    few = learned().runs.mixtures.select(np.arange(3))
    assert back.law.predict(few) == pytest.approx(expected.law.predict(few), rel=1e-4)


SWARM = b"""run,params,tokens,w_eng,w_spa,loss_eng,loss_spa
s1,400M,8B,0.95,0.05,2.724,3.365
s2,400M,8B,0.9,0.1,2.739,3.278
s3,400M,8B,0.8,0.2,2.772,3.167
s4,400M,8B,0.7,0.3,2.809,3.088
s5,400M,8B,0.6,0.4,2.853,3.027
s6,400M,8B,0.5,0.5,2.904,2.976
s7,400M,8B,0.3,0.7,3.046,2.897
s8,400M,8B,0.2,0.8,3.150,2.864
s9,400M,8B,0.1,0.9,3.304,2.836
"""
"""Of the guide: runs of one size, made from a law that is known."""


@pytest.mark.usefixtures("short_example")
def test_what_runs_of_one_size_cannot_tell_is_taken_from_a_law_that_is_chosen(visit):
    """Without it a page has no other size to ask about, and a law for Mix knows none either."""
    guest = visit()
    at = bring(guest, ("swarm.csv", SWARM))
    leans = control(at, "selectbox", "What one size cannot tell")
    assert leans.value == "is not assumed"
    leans.set_value("hoffmann-2022").run()
    guest.whole()
    given = given_law("hoffmann-2022")
    runs = read_mixture_runs([read_rows(SWARM, "swarm.csv")])
    known = learn(runs, LearnQuestion(constants_from=given))
    assert known.assumed is not None
    assert f"Assumed, not learned: {listed(known.assumed.names)}." in guest.words()
    guest.tab("runs-section", "Best mixture")
    control(at, "text_input", "Parameters of the model").set_value("7B").run()
    guest.whole()
    best = answer(known, MixtureWish(params=7e9))
    drawn = next(t for t in guest.figures()[0]["data"] if t.get("name") == "the mixture")
    shares = dict(zip(drawn["y"], drawn["x"], strict=True))
    for name, share in zip(known.runs.sources, best.mixture.shares.tolist(), strict=True):
        assert shares[name] == pytest.approx(100 * share, abs=1e-6)
    control(at, "button", "Use this law in Mix").click().run()
    guest.whole()
    read = TASKS["read runs"](("swarm.csv",), False, SWARM)
    made = TASKS["law for solve"](read.runs, read.tables, "swarm", given)
    assert at.session_state["overlay"].law_file("swarm.yaml") == made
    assert b"hoffmann-2022" in made


@pytest.mark.usefixtures("short_example")
def test_a_law_whose_constants_cannot_count_is_one_sentence(visit):
    guest = visit()
    at = bring(guest, ("mine.csv", TABLE))
    control(at, "selectbox", "What one size cannot tell").set_value("hoffmann-2022").run()
    guest.whole()
    (refused,) = at.error
    assert "do not name their params or tokens" in refused.value.replace("\\", "")


@pytest.mark.usefixtures("short_example")
def test_what_is_not_installed_is_said_with_its_extra(visit, monkeypatch):
    import explorer.model_laws as models

    monkeypatch.setattr(models, "absent", lambda name: "sklearn" if "gauss" in name else "")
    guest = visit()
    at = bring(guest, ("mine.csv", TABLE))
    assert "Not judged here: gaussian-process, for sklearn is not installed" in guest.words()
    assert "atlasmix[learn]" in guest.words()
    assert len(control(at, "button_group", "Judge models of libraries, too").options) == 2
    monkeypatch.setattr(models, "absent", lambda name: "both")
    at.run()
    guest.whole()
    labels = [each.label for each in at.button_group]
    assert "Judge models of libraries, too" not in labels


@pytest.mark.usefixtures("short_example")
def test_two_tables_and_the_sheets_of_a_workbook_are_joined_by_the_run(visit):
    """Joined by place, the shuffled losses would be foretold no better than by their mean."""
    import openpyxl

    shuffled = tuple(LOSSES[place] for place in np.random.default_rng(0).permutation(36))
    weights, losses = (("run", *OF_WEIGHTS), WEIGHTS), (("run", *OF_LOSSES), shuffled)
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, (header, rows) in {"mixtures": weights, "losses": losses}.items():
        sheet = book.create_sheet(title)
        for row in (header, *((name, *map(float, cells)) for name, *cells in rows)):
            sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    guest = visit()
    for files in (
        (("weights.csv", to_csv(*weights)), ("losses.csv", to_csv(*losses))),
        (("both.xlsx", packed.getvalue()),),
    ):
        bring(guest, *files)
        assert f"rank correlation {learned().chosen.rank:.3f}" in guest.words()


@pytest.mark.usefixtures("short_example")
def test_the_mixture_obeys_its_form_and_is_the_librarys(visit):
    guest = visit()
    at = bring(guest, ("mine.csv", TABLE))
    guest.tab("runs-section", "Best mixture")
    first, second = SOURCES[:2]
    control(at, "multiselect", "At least this share of").set_value([first]).run()
    control(at, "number_input", f"Least of {first}, %").set_value(40.0).run()
    control(at, "multiselect", "Losses that count").set_value([SETS[1]]).run()
    control(at, "selectbox", "Where it may lie").set_value("even").run()
    control(at, "number_input", "Most divergence from it, nats").set_value(0.5).run()
    guest.whole()
    wanted = MixtureWish(targets={SETS[1]: 1.0}, low={first: 0.4}, near=("even", 0.5))
    expected = answer(learned(), wanted)
    drawn = next(t for t in guest.figures()[0]["data"] if t.get("name") == "the mixture")
    shares = dict(zip(drawn["y"], drawn["x"], strict=True))
    for name, share in zip(SOURCES, expected.mixture.shares.tolist(), strict=True):
        assert shares[name] == pytest.approx(100 * share, abs=1e-6)
    assert shares[first] >= 40 - 1e-6
    assert "so expect that much less" in guest.words()
    # The wish stands when its visitor comes back from another tab.
    guest.tab("runs-section", "Laws compared")
    guest.tab("runs-section", "Best mixture")
    assert control(at, "number_input", f"Least of {first}, %").value == 40.0
    other = TABLE.replace(b"w_web", b"w_pages").replace(b"loss_web", b"loss_pages")
    bring(guest, ("other.csv", other))
    assert control(at, "multiselect", "At least this share of").value == [], "no such source here"
    bring(guest, ("mine.csv", TABLE))
    control(at, "multiselect", "At least this share of").set_value([first]).run()
    control(at, "number_input", f"Least of {first}, %").set_value(100.0).run()
    control(at, "multiselect", "At least this share of").set_value([first, second]).run()
    guest.whole()
    assert len(at.error) == 1, "limits that no mixture meets are one sentence"


@pytest.mark.usefixtures("short_example")
def test_the_next_runs_and_the_files_are_read_back(visit, tmp_path):
    guest = visit()
    at = bring(guest, ("mine.csv", TABLE))
    guest.tab("runs-section", "Runs to train next")
    control(at, "button_group", "Runs to plan").set_value(2).run()
    guest.whole()
    assert "Expected regret of the best mixture now" in guest.words()
    content = {}
    for tab in ("Runs to train next", "Files"):
        guest.tab("runs-section", tab)
        for button in at.get("download_button"):
            content[button.proto.label] = button.proto.url
    assert set(content) >= {"These mixtures (CSV)", "Mixture (YAML)", "Law (YAML)", "Report (HTML)"}


def test_the_files_of_a_learned_answer_open_elsewhere(tmp_path):
    """What the buttons hand out, made as they make it."""
    from atlasmix.evidence.mixture_file import dump_mixture
    from atlasmix.fitting.law_file import law_mapping, law_text
    from atlasmix.fitting.predictions import mixtures_csv
    from atlasmix.mixture.learned_answer import mixture_file
    from atlasmix.report.learning import LearnedReport, learning_page

    read = TASKS["read runs"](("mine.csv",), False, TABLE)
    known = TASKS["learn runs"](read.runs, learned().question)
    best = TASKS["learned mixture"](known, MixtureWish(draws=4))
    planned = TASKS["next runs"](known, best, 2)
    (tmp_path / "law.yaml").write_text(law_text(law_mapping(known, "learned", read.tables)))
    saved = load_learned_law(tmp_path / "law.yaml")
    again = read_mixtures(
        read_rows(mixtures_csv(planned.sources, planned.mixtures).encode(), "next"), SOURCES
    )
    assert again.weights == pytest.approx(planned.mixtures, abs=1e-6)
    assert saved.law.predict(again) == pytest.approx(known.law.predict(again))
    (tmp_path / "mix.yaml").write_text(dump_mixture(mixture_file(known, best, "m", read.tables)))
    given = load_mixture(tmp_path / "mix.yaml")
    assert sum(each.proportion for each in given.other) == pytest.approx(1)
    page = learning_page(LearnedReport(known, best, read.tables)).html()
    assert "As good: the share alone moved" in page


@pytest.mark.usefixtures("short_example")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02", "is binary"),
        (b"run,loss_web\n1,2.5\n", "weights"),
        (b"run,w_web,w_code\n1,0.5,0.5\n", "losses"),
        (b"run,w_a,w_b,loss_a\n1,0.5,0.5,2\n2,0.4,0.6,x\n", "'x'"),
        (to_csv(("run", *OF_WEIGHTS, *OF_LOSSES), WHOLE[:5]), "expected at least 8"),
    ],
)
def test_a_table_that_is_none_is_one_sentence(visit, content, words):
    guest = visit()
    at = bring(guest, ("mine.csv", content))
    assert len(at.error) == 1
    assert words in guest.words()
    assert not guest.figures()


def test_the_example_is_the_first_runs_that_ship():
    rows, every = read_rows(example().contents[0], "example"), read_run_file("regmix-1m").rows
    assert rows.header == every.header
    assert rows.rows == every.rows[:EXAMPLE_RUNS]
