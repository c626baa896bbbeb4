"""The page Provenance: its limits are those of the question, its numbers the library's."""

import json
from pathlib import Path

import pytest
from controls import control
from explorer.packing import pack, unpack
from explorer.tasks import TASKS
from translated_corpus import write_corpus

from atlasmix.audit.corpus.audit_file import Audit, parse_audit, write_audit
from atlasmix.audit.corpus.corpus import CountingPlan, count_corpus
from atlasmix.audit.corpus.listing import list_corpus
from atlasmix.audit.corpus.summary import summarise
from atlasmix.evidence.overlay import Overlay, lay
from atlasmix.evidence.shelf import INVENTORIES, MATRICES
from atlasmix.evidence.store import Store
from atlasmix.mixture.routes import CURVE_STEPS, route_name, routes
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import HUMAN_FLOORS
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.corpus import audit_report
from atlasmix.report.provenance import writers_blocks

STORE = Store("/nonexistent")
TRANSLATED = {"targets": {"cat": 1}, "budget": "300B", "pools": ["human", "translated"]}


@pytest.fixture(scope="module")
def audit_file(tmp_path_factory) -> Path:
    """An audit of a small corpus of Catalan, some of it translated."""
    folder = tmp_path_factory.mktemp("audited")
    write_corpus(folder / "corpus.jsonl")
    counts = count_corpus(list_corpus(folder / "corpus.jsonl"), CountingPlan())
    write_audit(folder / "a.audit.json", Audit("my corpus", counts))
    return folder / "a.audit.json"


def test_limits_of_the_page_are_limits_of_the_question(visit):
    """Solved anew with each: the human share is at the floor, no generator above its cap."""
    guest = visit(q=json.dumps(TRANSLATED))
    guest.page("mix")
    at = guest.page("provenance")
    free = solve(problem_from_mapping(TRANSLATED, STORE))
    machine = sum(each.tokens for each in free.pools if each.pool.provenance == "translated")
    assert machine > 0.5 * free.tokens, "else the limits below bind nothing"
    assert "Machine text, and what it risks" in guest.words()
    assert "multisynt" in str(free.pools)
    control(at, "selectbox", "Human floor of every target").set_value("conservative").run()
    guest.whole()
    floored = solve(problem_from_mapping({**TRANSLATED, "human_floor": "conservative"}, STORE))
    assert at.session_state["question"]["human_floor"] == "conservative"
    assert guest.figures(), "who wrote it is drawn"
    own = {}
    for each in floored.pools:
        if each.pool.language == "cat":
            own[each.pool.provenance] = own.get(each.pool.provenance, 0) + each.tokens
    assert own["human"] / sum(own.values()) >= HUMAN_FLOORS["conservative"] - 1e-6
    name = "Most of one generator of all that is read of a language"
    control(at, "selectbox", name).set_value(0.1).run()
    guest.whole()
    assert at.session_state["question"]["max"] == {"*/generator:*": 0.1}
    guest.page("mix")  # which understands them: one limit a target, one a generator
    assert "human_floor" not in at.session_state["question"]
    assert set(at.session_state["question"]["max"].values()) == {0.1}
    at = guest.page("provenance")
    assert control(at, "selectbox", name).value == 0.1
    floor = control(at, "selectbox", "Human floor of every target")
    assert floor.value == "conservative"
    control(at, "selectbox", name).set_value(1.0).run()
    control(at, "selectbox", "Human floor of every target").set_value("no floor").run()
    guest.whole()
    assert {"max", "min", "human_floor"}.isdisjoint(at.session_state["question"])


def test_writers_sum_to_what_is_read():
    """A pool told under the wrong language or twice would break the sums of a language."""
    problem = problem_from_mapping(TRANSLATED, STORE)
    mixture = solve(problem)
    _, table = writers_blocks(problem, mixture)
    assert sum(row.values()[3] for row in table.rows) == pytest.approx(mixture.tokens)
    shares = {}
    for row in table.rows:
        shares[row.values()[0]] = shares.get(row.values()[0], 0) + row.values()[4]
    assert list(shares.values()) == pytest.approx([1.0] * len(shares))


def near(x, step):
    """Whether a mark belongs to a step: those of several routes stand side by side."""
    return 0.5 < x / step < 2


def test_the_curves_are_the_routes_of_each_step(visit):
    guest = visit()
    guest.page("provenance")
    guest.tab("provenance-section", "Donor or synthetic")
    problem = problem_from_mapping({"targets": "cat"}, STORE)
    lines = {trace["name"]: trace for trace in guest.figures()[0]["data"]}
    assert "translated by benchmarks" not in lines, "another scale"
    for step in CURVE_STEPS[1:3]:
        for route in routes(problem, step).routes:
            if route_name(route) in lines:  # a donor with less text than a step is not in it
                line = lines[route_name(route)]
                (drawn,) = (y for x, y in zip(line["x"], line["y"], strict=True) if near(x, step))
                assert drawn == pytest.approx(route.worth)
    assert "Of the next 1B tokens for Catalan" in guest.words()


def audit_of(folder: Path, count: int) -> bytes:
    """The file of an audit of so many lines of Catalan, always of the same name."""
    rows = [
        {"text": f"Bon dia {i}: el vent.", "language": "ca", "provenance": {"origin": "human"}}
        for i in range(count)
    ]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    counts = count_corpus(list_corpus(folder / "corpus.jsonl"), CountingPlan())
    write_audit(folder / "a.audit.json", Audit("my corpus", counts))
    return (folder / "a.audit.json").read_bytes()


def test_a_newer_audit_of_a_corpus_takes_the_place_of_the_older(visit, tmp_path):
    """By its name alone it would pass for the one that lies there, as a matrix of that name did."""
    guest = visit()
    at = guest.page("mix")
    at.session_state["overlay"], _ = lay(
        at.session_state["overlay"],
        MATRICES,
        b"source,target,score\nspa,cat,0.4\n",
        b"title: x\nmetric: BTS\norientation: source to target\nstatus: measured\n"
        b"stderr: {measured: 0.05}\nsource: x\nlicence: private\n",
        {"table": "my-corpus.csv", "card": "c"},
    )
    at.session_state["question"] = {**at.session_state["question"], "matrix": "my-corpus"}
    guest.page("provenance")
    guest.tab("provenance-section", "An audit")
    told = {}
    for count in (40, 80):
        uploader = next(one for one in at.file_uploader if one.key == "audit-file")
        content = audit_of(tmp_path, count)
        uploader.set_value(("a.audit.json", content, "application/json")).run()
        assert "asked with its" not in guest.words()
        control(at, "button", "Ask with its pools").click().run()
        guest.whole()
        assert "asked with its pool, as my-corpus" in guest.words()
        overlay = at.session_state["overlay"]
        assert overlay.names(INVENTORIES) == overlay.names(MATRICES) == ("my-corpus",)
        (pool,) = overlay.inventory("my-corpus").pools
        told[count] = pool.unique_tokens
    assert told[80] > told[40]


def test_an_audit_is_told_and_its_pools_are_asked_with(visit, audit_file):
    guest = visit()
    guest.page("provenance")
    at = guest.tab("provenance-section", "An audit")
    uploader = next(one for one in at.file_uploader if one.key == "audit-file")
    uploader.set_value(("a.audit.json", audit_file.read_bytes(), "application/json")).run()
    guest.whole()
    assert "80 documents" in guest.words()
    control(at, "button", "Ask with its pools").click().run()
    guest.whole()
    assert at.session_state["question"]["inventory"] == "my-corpus"
    assert "asked with its 2 pools, as my-corpus" in guest.words()
    at = guest.page("mix")
    assert not at.error
    (read,) = {p.corpus for p in at.session_state["overlay"].inventory("my-corpus").pools}
    assert read.startswith("my-corpus")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{}", "is no audit: expected a file that 'atlasmix audit' wrote"),
        (b"\x00", "is no audit"),
        (b'{"schema": "atlasmix/audit/1"}', "is a damaged audit"),
        (b'{"corpus": "x", "groups": [], "languages": []}', "expected the file that it writes"),
    ],
)
def test_what_is_no_audit_is_one_sentence(visit, content, words):
    guest = visit()
    guest.page("provenance")
    at = guest.tab("provenance-section", "An audit")
    uploader = next(one for one in at.file_uploader if one.key == "audit-file")
    uploader.set_value(("a.json", content, "application/json")).run()
    guest.whole()
    assert len(at.error) == 1
    assert words in guest.words()


def test_what_an_audit_says_comes_back_whole(audit_file):
    """Its labels are named tuples: as plain ones they would have lost their names."""
    opened = TASKS["open audit"]("a.audit.json", audit_file.read_bytes())
    back = unpack(pack(opened))
    assert type(back.summary.groups[0].label) is type(opened.summary.groups[0].label)
    whole = summarise(parse_audit(audit_file.read_bytes(), "a"))
    assert audit_report(back.summary).text(every=True) == audit_report(whole).text(every=True)
    files = {"table": "t.csv", "card": "c.yaml"}
    made = back.inventory
    sent = (made.table, made.card.encode(), made.name)
    overlay, name = TASKS["lay"]("inventory", Overlay(), files, *sent)
    assert len(overlay.inventory(name).pools) == made.pools == 2
