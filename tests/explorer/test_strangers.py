"""Hostile links, crossed sessions and slow questions: each stays with the visitor it came from."""

import asyncio
import json
import struct
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import app
import pytest
from explorer import answers
from explorer.answers import MOST_OWN, MOST_SHARED, Kept, _shared
from explorer.display import escaped
from explorer.workers import SECONDS_VARIABLE, WORKERS_VARIABLE, Workers, workers_of_host

from atlasmix.errors import DataError, ProblemError, SolverFailed
from atlasmix.evidence.overlay import Overlay
from atlasmix.io.shipped import explorer_script

CATALAN = {"targets": {"cat": 1}}
NOBODY = Overlay("/nonexistent")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{targets: {cat: 1}}" + " " * 5000, "expected at most 4,096"),
        ("{targets: {cat: 1}, colour: red}", "has no key 'colour'"),
        ("!!python/object/apply:os.system [id]", "is not plain YAML"),
        ("{targets: {<script>alert(1)</script>: 1}}", "No language '<script>alert(1)</script>'"),
        ("{targets: {cat: 1}, law: /etc/passwd.yaml}", "files are not read here"),
        ("{targets: {cat: 1}, matrix: 's3://bucket/x'}", "No matrix 's3://bucket/x'"),
    ],
)
def test_a_hostile_link_is_refused_and_left_behind(visit, text, words):
    guest = visit(q=text)
    at = guest.page("mix")
    assert at.header[0].value == "This link was not opened"
    assert words in guest.words()
    assert not at.metric
    at.button[0].click().run()
    guest.whole()
    assert at.header[0].value.startswith("Read 100B tokens")
    assert at.query_params["q"] == "{targets: {cat: 1}}"


def test_a_link_asks_its_question(visit):
    guest = visit(q="{targets: [català, Spanish], budget: 2T, max: {spa: 40%}}")
    at = guest.page("mix")
    assert at.session_state["question"] == {
        "targets": {"cat": 1, "spa": 1},
        "budget": 2_000_000_000_000,
        "max": {"spa": 0.4},
    }
    assert at.header[0].value.startswith("Read ")


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "[click](https://example.org)",
        "![x](https://example.org/x.png)",
        "`code` **bold** _it_ ~~no~~ $x^2$ :red[x] :material/block: # no",
        "https://example.org www.example.org me@example.org",
        "- one\n- two\n\n1. three",
    ],
)
def test_escaped_text_is_no_markup(text):
    shown = escaped(text)
    assert shown.replace("\\", "").replace("\u2060", "") == text
    bare = [mark for mark in "`*_[]()<>~$:#" if mark in text]
    for mark in bare:
        for place, letter in enumerate(shown):
            assert letter != mark or shown[place - 1] == "\\", (mark, shown)
    assert "://" not in shown.replace("\\", "")
    assert "www." not in shown.replace("\\", "")


def test_what_one_visitor_brings_no_other_sees(visit):
    first, second = visit(), visit()
    for guest, score in ((first, "0.45"), (second, "-2")):
        guest.page("evidence")
        at = guest.tab("evidence-section", "Your own tables")
        table = f"source,target,score\nspa,cat,{score}\ncat,spa,0.3\n".encode()
        card = (
            b"title: Ours\nmetric: BTS\norientation: source to target\nstatus: measured\n"
            b"direction: higher is better\nstderr: {measured: 0.01}\nsource: x\nlicence: y\n"
        )
        at.file_uploader[0].set_value(("t.csv", table, "text/csv"))
        at.file_uploader[1].set_value(("c.yaml", card, "text/yaml"))
        next(one for one in at.text_input if one.label == "Name").set_value("same-name")
        next(one for one in at.button if one.label == "Check and add").click().run()
        next(one for one in at.button if one.label == "Ask with it").click().run()
        guest.page("mix")
    answers = [guest.at.header[0].value for guest in (first, second)]
    assert "Spanish" in answers[0]
    assert "Spanish" not in answers[1], "same question, same names, each by its own table"
    third = visit()
    third.page("evidence")
    third.tab("evidence-section", "Transfer matrices")
    assert "same-name" not in third.words()


def test_answers_that_rest_on_ones_own_table_are_kept_in_the_session_alone(visit):
    shared = _shared()
    guest = visit()
    guest.page("mix")
    guest.at.session_state["question"] = {**CATALAN, "matrix": "nobody-has-it"}
    guest.at.run()
    assert "No matrix 'nobody-has-it'" in guest.words()
    assert not any("nobody-has-it" in key for key in shared._answers)
    assert len(shared._answers) <= MOST_SHARED


def test_what_is_kept_is_bounded():
    kept = Kept(MOST_OWN)
    for number in range(3 * MOST_OWN):
        kept.put(str(number), number)
        kept.get("0")
    assert len(kept._answers) == MOST_OWN
    assert kept.get(str(3 * MOST_OWN - 1)) == 3 * MOST_OWN - 1
    assert kept.get("1") is None


@pytest.fixture
def workers(monkeypatch):
    """One worker, with a task that takes as long as it is told."""
    monkeypatch.setenv("PYTHONPATH", str(explorer_script().parent))
    made = Workers(1, 60.0, Path(__file__).with_name("slow_worker.py"))
    assert made.ask("answer", CATALAN, NOBODY).mixture.proportions["cat"] > 0.8
    yield made
    made.stop()


def test_the_workers_start_and_end_with_the_server():
    async def serve():
        async with app.working(app.app):
            return [worker.alive for worker in answers.workers().workers]

    with ThreadPoolExecutor(1) as thread:  # a browser's tests leave a loop in this one
        assert thread.submit(asyncio.run, serve()).result() == [True, True]
    assert [worker.alive for worker in answers.workers().workers] == [False, False]


def test_a_worker_refuses_as_the_library(workers):
    with pytest.raises(DataError, match="did you mean") as caught:
        workers.ask("answer", {"targets": {"catalna": 1}}, NOBODY)
    assert caught.value.suggestions == ("cat",)
    table = b"source,target,score\nxx,cat,9\n"
    with pytest.raises(DataError) as caught:
        workers.ask("lay", "matrix", NOBODY, {"table": "t", "card": "c"}, table, b"a: 1\n", "n")
    assert caught.value.faults


def test_a_question_past_its_time_is_ended_and_the_next_is_answered(workers):
    workers.seconds = 0.3
    with pytest.raises(ProblemError, match=r"no answer within 0\.3 seconds, the limit"):
        workers.ask("sleep", 60)
    workers.seconds = 60.0
    assert workers.ask("answer", CATALAN, NOBODY).mixture.tokens > 0


def test_learning_may_take_longer_and_says_what_to_bring_less_of(workers):
    workers.seconds = 0.1
    with pytest.raises(ProblemError, match=r"within 0\.6 seconds, .*: bring fewer runs, sets or"):
        workers.ask("learn runs", 60)


@pytest.mark.skipif(sys.platform != "linux", reason="address space is bounded on Linux")
def test_a_task_that_needs_too_much_memory_is_refused_and_the_next_is_answered(workers):
    """A visitor is told what was too large, not that AtlasMix is at fault."""
    first = workers.workers[0]._process.pid
    with pytest.raises(ProblemError, match="more than 2 GiB of memory, the limit of this explorer"):
        workers.ask("take", 3 * 1024**3)
    assert workers.workers[0]._process.pid != first, "what it held went with it"
    assert workers.ask("answer", CATALAN, NOBODY).mixture.tokens > 0


def test_a_task_whose_process_was_killed_is_done_by_a_fresh_one(workers, tmp_path):
    """The visitor did nothing wrong, and asking again is what he would do himself."""
    assert workers.ask("end_once", str(tmp_path / "trace")) == "done"
    assert workers.ask("answer", CATALAN, NOBODY).mixture.tokens > 0


def test_a_task_that_ends_every_process_says_how_and_the_next_is_answered(workers):
    with pytest.raises(SolverFailed, match=r"the process that solved it ended, exit status 3"):
        workers.ask("end")
    assert workers.ask("answer", CATALAN, NOBODY).mixture.tokens > 0


@pytest.mark.skipif(sys.platform != "linux", reason="memory of a process is read from /proc")
def test_a_worker_keeps_no_more_after_many_questions(workers):
    """What is estimated was once kept for each question anew, 40 MB a time, up to the bound."""
    status = Path(f"/proc/{workers.workers[0]._process.pid}/status")
    held = []
    for number in range(12):
        workers.ask("answer", {"targets": {"cat": 1}, "budget": (100 + number) * 10**9}, NOBODY)
        resident = next(line for line in status.read_text().splitlines() if "VmRSS" in line)
        held.append(int(resident.split()[1]) // 1024)
    assert held[-1] - held[3] < 100, f"MiB after each question: {held}"


def test_a_result_that_is_no_data_is_a_fault_and_the_worker_goes_on(workers):
    with pytest.raises(SolverFailed, match="a builtin_function_or_method is no plain data"):
        workers.ask("function")
    assert workers.ask("answer", CATALAN, NOBODY).mixture.tokens > 0


def test_a_worker_that_says_something_odd_is_ended_and_nothing_it_said_is_run(workers, tmp_path):
    trace = tmp_path / "run"
    said = json.dumps({"data": ["os", "system", [f"touch {trace}"]]}).encode()
    for body in (struct.pack("<Q", len(said)) + said, b"\x80\x05no frame at all", b""):
        with pytest.raises(SolverFailed, match="a fault of AtlasMix"):
            workers.ask("babble", body)
        assert workers.ask("answer", CATALAN, NOBODY).mixture.tokens > 0
    assert not trace.exists()


def test_nobody_waits_for_a_strangers_question_longer_than_the_limit(workers):
    workers.seconds = 1.0
    holding = threading.Event()
    stranger = threading.Thread(target=_hold_a_worker, args=(workers, holding))
    stranger.start()
    assert holding.wait(60)
    workers.seconds = 60.0  # of this visitor; the stranger's second runs
    answered = workers.ask("answer", CATALAN, NOBODY)
    assert answered.mixture.tokens > 0, "a fresh worker took the place of the one held"
    stranger.join()


def _hold_a_worker(workers, holding):
    with pytest.raises(ProblemError, match="no answer within"):
        workers.ask("sleep", 60, meanwhile=lambda _: holding.set())


def test_a_visitor_who_moves_on_frees_the_worker(workers):
    def leave(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workers.ask("sleep", 60, meanwhile=leave)
    assert workers.ask("answer", CATALAN, NOBODY).mixture.tokens > 0


def test_a_worker_that_dies_is_replaced(workers):
    workers.workers[0]._process.kill()
    workers.workers[0]._process.wait()
    assert workers.ask("answer", CATALAN, NOBODY).mixture.tokens > 0
    with pytest.raises(SolverFailed, match="KeyError"):
        workers.ask("no such task")
    assert workers.ask("answer", CATALAN, NOBODY).mixture.tokens > 0


def test_the_host_sets_the_limits(monkeypatch):
    for written, seconds, workers in (("3", 3.0, 1), ("x", 10.0, 2), ("1e9", 3600.0, 64)):
        monkeypatch.setenv(SECONDS_VARIABLE, written)
        monkeypatch.setenv(WORKERS_VARIABLE, "1" if written == "3" else written)
        made = workers_of_host()
        assert (made.seconds, len(made.workers)) == (seconds, workers)
