"""Who is served first: a light question never stands behind heavy ones, and nobody is forgotten."""

import contextlib
import threading
import time
from pathlib import Path

import pytest
from explorer import answers, lanes
from explorer.lanes import Lanes
from explorer.presets import PRESETS
from explorer.tasks import LIGHT, SOLVING, TASKS, expected
from explorer.workers import Busy, Moment, Workers

from atlasmix.errors import DataError
from atlasmix.evidence.overlay import Overlay
from atlasmix.io.shipped import explorer_script

NOBODY = Overlay("/nonexistent")


@contextlib.contextmanager
def waiting(line, lanes_of):
    """Turns that stand in the lanes, in this order; True is light."""
    with contextlib.ExitStack() as all_of_them:
        yield [all_of_them.enter_context(line.joined(light)) for light in lanes_of]


def served(line, turns, at_once):
    """The order in which turns get a worker, the longest work ending first where all are busy."""
    order, working, left = [], [], list(range(len(turns)))
    while left:
        for number in left:
            if (worker := line.take(turns[number], 0)) is not None:
                order.append(number)
                working.append((turns[number], worker))
                left.remove(number)
                break
        else:
            assert working, "somebody is never served"
            assert len(working) <= at_once
            line.give(*working.pop(0))
    for each in working:
        line.give(*each)
    return order


def test_heavy_questions_leave_one_worker_to_light_ones():
    """Six heavy questions once starved a light one for 26 seconds."""
    line = Lanes(["a", "b"])
    with waiting(line, [False] * 6) as heavy:
        assert line.take(heavy[0], 0) == "b"
        assert line.take(heavy[1], 0) is None, "one worker is kept"
        with waiting(line, [True]) as (light,):
            assert line.place(light) == 1
            assert line.take(light, 0) == "a"


def test_places_count_those_ahead_in_the_same_lane():
    line = Lanes(["a"])
    with waiting(line, [False, True, False, False, True]) as turns:
        assert [line.place(turn) for turn in turns] == [1, 1, 2, 3, 2]
        line.take(turns[1], 0)
        assert [line.place(turn) for turn in turns] == [1, 0, 2, 3, 1]


def test_who_leaves_makes_room():
    line = Lanes(["a"])
    with waiting(line, [False]) as (first,):
        with waiting(line, [False]) as (second,), waiting(line, [False]) as (third,):
            assert line.place(third) == 3
        assert line.place(second) == 0
        assert line.place(first) == 1


def test_one_worker_serves_the_lanes_in_turn():
    """Light questions without an end would else starve a heavy one."""
    line = Lanes(["a"])
    with waiting(line, [True, True, True, False, False]) as turns:
        assert served(line, turns, at_once=1) == [0, 3, 1, 4, 2]


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
def test_everybody_is_served_in_the_order_of_his_lane(workers):
    line = Lanes(range(workers))
    kinds = [False, False, True, False, True, True, False, True, False, False]
    with waiting(line, kinds) as turns:
        order = served(line, turns, workers)
    assert sorted(order) == list(range(len(kinds)))
    for light in (True, False):
        mine = [number for number in order if kinds[number] is light]
        assert mine == sorted(mine)


def test_what_is_no_light_question_gives_way_only_where_it_holds_somebody_up():
    line = Lanes(["a", "b"])
    with waiting(line, [True, False, True, False]) as (long, heavy, light, other):
        line.take(long, 0)
        line.take(heavy, 0)
        assert line.must_yield(long), "a light one waits, and heavy ones have all they may have"
        line.give(heavy, "b")
        assert not line.must_yield(long)
        assert not long.light, "it is one of the heavy from now on"
        assert line.take(light, 0) == "b"
        line.give(light, "b")
        assert line.take(other, 0) is None, "and counts as one"
        line.give(long, "a")
        assert line.take(other, 0) is not None


def test_a_worker_that_is_still_starting_is_taken_last():
    line = Lanes(["a", "b"])
    with waiting(line, [True, True]) as (first, second):
        worker = line.take(first, 0)
        line.give(first, worker, fresh=True)
        assert line.take(second, 0) != worker


class Crowd:
    """Visitors in threads of their own, each with a task that ends when its gate is opened."""

    def __init__(self, workers, folder):
        self.workers, self.folder = workers, folder
        self.threads, self.seen = [], {}

    def come(self, name, light):
        def ask():
            self.workers.ask(
                "gate", str(self.folder), name, light=light, meanwhile=self.seen[name].append
            )

        self.seen[name] = []
        thread = threading.Thread(target=ask)
        self.threads.append(thread)
        thread.start()

    def begun(self):
        notes = self.folder / "begun"
        return notes.read_text().split() if notes.exists() else []

    def until(self, ready):
        for _ in range(6000):
            if ready():
                return
            time.sleep(0.01)
        raise AssertionError("it never came to that")

    def place(self, name):
        return self.seen[name][-1].place if self.seen[name] else None

    def open(self, *names):
        for name in names:
            (self.folder / name).touch()

    def end(self):
        self.open(*self.seen)
        for thread in self.threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self.threads)


@pytest.fixture
def crowd(monkeypatch, tmp_path):
    """Visitors of a server with two workers; none is left behind."""
    monkeypatch.setenv("PYTHONPATH", str(explorer_script().parent))
    workers = Workers(2, 60.0, Path(__file__).parent / "slow_worker.py")
    workers.start()
    made = Crowd(workers, tmp_path)
    yield made
    made.end()
    workers.stop()


def test_a_light_question_passes_six_heavy_ones(crowd):
    for number in range(6):
        crowd.come(f"heavy-{number}", light=False)
        crowd.until(lambda number=number: crowd.place(f"heavy-{number}") in (0, number))
    crowd.come("light", light=True)
    crowd.until(lambda: len(crowd.begun()) == 2)
    assert set(crowd.begun()) == {"heavy-0", "light"}, "one heavy at work, five in line"
    assert [crowd.place(f"heavy-{number}") for number in range(1, 6)] == [1, 2, 3, 4, 5]
    crowd.open("heavy-0")
    crowd.until(lambda: crowd.place("heavy-5") == 4)
    crowd.end()
    assert crowd.begun()[2:] == [f"heavy-{number}" for number in range(1, 6)]


def test_a_question_taken_for_light_ends_up_among_the_heavy(crowd, monkeypatch):
    """Sizes are estimates: a wrong one must not close the lane of all others."""
    monkeypatch.setattr("explorer.workers.OVERSTAY", 0.2)
    crowd.come("heavy", light=False)
    crowd.until(lambda: "heavy" in crowd.begun())
    crowd.come("long", light=True)
    crowd.until(lambda: "long" in crowd.begun())
    crowd.come("light", light=True)
    crowd.until(lambda: "light" in crowd.begun())
    crowd.until(lambda: crowd.seen["long"][-1].place == 1 and not crowd.seen["long"][-1].light)
    crowd.end()
    assert crowd.begun() == ["heavy", "long", "light", "long"], "begun anew, when it was its turn"


def test_who_waited_long_enough_is_told_his_place(crowd, monkeypatch):
    monkeypatch.setattr(Workers, "patience", 0.3)
    crowd.come("first", light=False)
    crowd.until(lambda: "first" in crowd.begun())
    with pytest.raises(Busy, match=r"within 0\.3 seconds, and this question was number 1 in line"):
        crowd.workers.ask("gate", str(crowd.folder), "second", light=False)


def test_every_task_is_light_heavy_or_as_long_as_its_question():
    assert set(TASKS) >= LIGHT | SOLVING
    assert not LIGHT & SOLVING


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "Thirty languages"])
def test_the_questions_to_begin_with_are_light(name):
    assert expected("answer", (PRESETS[name], NOBODY)) <= answers.MOST_LIGHT


def test_many_targets_draws_and_plans_are_heavy():
    assert expected("answer", (PRESETS["Thirty languages"], NOBODY)) > answers.MOST_LIGHT
    cautious = {"targets": {"cat": 1, "spa": 1}, "objective": "cautious"}
    assert expected("answer", (cautious, NOBODY)) > answers.MOST_LIGHT
    assert expected("plan", ({"targets": {"cat": 1}}, NOBODY)) is None


def test_what_cannot_be_asked_is_refused_before_anybody_waits():
    with pytest.raises(DataError, match="did you mean"):
        expected("answer", ({"targets": {"catalna": 1}}, NOBODY))


def test_a_visitor_sees_the_place_in_line(visit, monkeypatch):
    """The words of the library, in the corner of the page."""
    said = []
    asked = Workers.ask

    def ask(self, task, *arguments, light=True, meanwhile):
        for moment in (Moment(1.2, 2, light), Moment(3.4)):
            meanwhile(moment)
        return asked(self, task, *arguments, light=light)

    monkeypatch.setattr(Workers, "ask", ask)
    monkeypatch.setattr("explorer.answers.line_words", lambda *told: said.append(told) or "line")
    guest = visit(q="{targets: {oci: 1}, budget: 79B}")
    guest.page("mix")
    assert (2, True, 1.2) in said


def test_the_overstay_is_longer_than_a_light_question():
    assert lanes.OVERSTAY > 2 * answers.MOST_LIGHT
