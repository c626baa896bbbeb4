"""How sure a fit is: bootstrap intervals, held-out splits, warnings."""

import math
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import joblib
import numpy as np
import pytest
from joblib.externals.loky import get_reusable_executor
from made_runs import (
    TRUTH,
    crossed,
    curse_runs,
    fresh_runs,
    noisy,
    power_law,
    repeated_runs,
    transfer_runs,
)

from atlasmix import processes as cores
from atlasmix.errors import DataError
from atlasmix.fitting.certainty import bootstrap, diagnose, held_out, largest
from atlasmix.fitting.fit import fit
from atlasmix.fitting.fit_question import FitQuestion
from atlasmix.fitting.runs import frozen, make_runs

# The package's function of that name hides it.
module = import_module("atlasmix.fitting.certainty")


def warnings_of(runs, question=None, resamples=0):
    found = fit(runs, question or FitQuestion())
    sure = bootstrap(found, resamples, cores=1) if resamples else None
    return " ".join(diagnose(found, sure).warnings)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    inside, tries = 0, 5
    for seed in range(tries):
        found = fit(noisy(repeated_runs(), 0.01, seed=seed), FitQuestion("atlas"))
        sure = bootstrap(found, 40, seed=seed, cores=1)
        truth = TRUTH | {"lambda": 0.05}
        for name in ("alpha", "beta", "E", "lambda"):
            low, high = sure.interval(name)
            assert low < high
            inside += low <= truth[name] <= high
    assert inside >= 0.8 * 4 * tries


def test_intervals_shrink_with_the_noise():
    widths = []
    for noise in (0.02, 0.002):
        found = fit(noisy(fresh_runs(), noise), FitQuestion())
        low, high = bootstrap(found, 40, cores=1).interval("alpha")
        widths.append(high - low)
    assert widths[1] < 0.4 * widths[0]


def test_the_number_of_cores_changes_nothing(monkeypatch):
    found = fit(noisy(fresh_runs(), 0.01), FitQuestion())
    seen = []
    one = bootstrap(found, 50, seed=3, advance=seen.append, cores=1)
    assert sum(seen) == 50
    # Below a second and a half no processes are started, so they are asked for here.
    monkeypatch.setattr(module, "_WORTH_PROCESSES", 0.0)
    two = bootstrap(found, 50, seed=3, cores=2)
    for name, values in one.samples.items():
        np.testing.assert_array_equal(values, two.samples[name])


@pytest.fixture
def no_processes():
    """None is left of an earlier test, and none for a later one."""
    get_reusable_executor().shutdown(wait=True, kill_workers=True)
    yield
    get_reusable_executor().shutdown(wait=True, kill_workers=True)


SCRIPT = """\
from importlib import import_module
import sys
sys.path.insert(0, {here!r})
from made_runs import fresh_runs, noisy
from atlasmix.fitting.certainty import bootstrap
from atlasmix.fitting.fit import fit
from atlasmix.fitting.fit_question import FitQuestion
import_module("atlasmix.fitting.certainty")._WORTH_PROCESSES = 0.0
print("once")
print(bootstrap(fit(noisy(fresh_runs(), 0.01), FitQuestion()), 50, cores=2).resamples)
"""


def test_a_script_of_ones_own_runs_once_whatever_the_cores(tmp_path):
    """Without ``if __name__ == "__main__"``: its processes must not run it again."""
    script = tmp_path / "mine.py"
    script.write_text(SCRIPT.format(here=str(Path(__file__).parent)))
    command = [sys.executable, str(script)]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.stdout, done.stderr) == ("once\n50\n", "")


@pytest.mark.parametrize("command", ["/bin/false", "/no/such/python"])
@pytest.mark.usefixtures("no_processes")
@pytest.mark.filterwarnings("ignore:resource_tracker")
def test_where_no_process_starts_one_does_all(monkeypatch, command):
    found = fit(noisy(fresh_runs(), 0.01), FitQuestion())
    alone = bootstrap(found, 50, cores=1)
    monkeypatch.setattr(module, "_WORTH_PROCESSES", 0.0)
    python = multiprocessing.spawn.get_executable()
    multiprocessing.set_executable(command)
    try:
        still = bootstrap(found, 50, cores=2)
    finally:
        multiprocessing.set_executable(python)
    np.testing.assert_array_equal(still.samples["alpha"], alone.samples["alpha"])


def test_a_process_that_finds_its_pipes_closed_is_one_that_does_not_start(monkeypatch):
    # What Python reports where the first process has ended before the second is started.
    def start(*_):
        raise ValueError("bad value(s) in fds_to_keep")

    monkeypatch.setattr(joblib.Parallel, "__call__", start)
    assert list(cores.side_by_side(abs, [-1, -2, -3], 2)) == [1, 2, 3]


def _ended_from_outside(item):
    """The number, and whether this process found it; the fourth is never found by another."""
    parent, number = item
    if os.getpid() != parent and number == 3:
        time.sleep(1.0)  # the first are answered by then
        os.kill(os.getpid(), signal.SIGKILL)
    return number, os.getpid() == parent


def test_what_a_killed_process_leaves_is_done_by_this_one():
    items = [(os.getpid(), number) for number in range(9)]
    done = list(cores.side_by_side(_ended_from_outside, items, 2))
    assert [number for number, _ in done] == list(range(9))
    assert not done[0][1]
    assert all(here for _, here in done[3:])


def test_results_come_in_the_order_of_the_items_whatever_they_take():
    assert list(cores.side_by_side(_slow_first, [0.5, 0.1, 0.0], 2)) == [0.5, 0.1, 0.0]


def _slow_first(seconds):
    time.sleep(seconds)
    return seconds


def test_one_core_needs_no_pool():
    code = (
        "import sys; from atlasmix.processes import side_by_side; "
        "print(list(side_by_side(abs, [-1, -2], 1)), 'joblib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[1, 2] False\n"


def test_an_error_of_the_function_itself_is_not_taken_for_one_of_the_process():
    with pytest.raises(ValueError, match="math domain"):
        list(cores.side_by_side(math.sqrt, [1.0, -1.0], 2))


def test_one_that_is_left_ends_its_processes():
    left = cores.side_by_side(time.sleep, [0.0, 60.0, 60.0], 2)
    assert next(left) is None
    begin = time.monotonic()
    left.close()
    assert time.monotonic() - begin < 30
    assert not multiprocessing.active_children()


@pytest.mark.usefixtures("no_processes")
def test_processes_without_work_end(monkeypatch):
    monkeypatch.setattr(cores, "_IDLE", 1)
    assert list(cores.side_by_side(abs, [-1, -2], 2)) == [1, 2]
    for _ in range(100):
        if not multiprocessing.active_children():
            break
        time.sleep(0.1)
    assert not multiprocessing.active_children()


def test_checkpoints_are_drawn_with_their_run():
    runs = noisy(fresh_runs(), 0.01)
    found = fit(replace(runs, runs=frozen(np.arange(runs.count) // 2)), FitQuestion())
    draws = module._draws(found, 20, 0)
    np.testing.assert_array_equal(draws[:, ::2], draws[:, 1::2])


def test_held_constants_have_no_interval():
    found = fit(noisy(fresh_runs(), 0.01), FitQuestion(fixed=(("E", 1.8),)))
    assert "E" not in bootstrap(found, 20, cores=1).samples
    tied = fit(noisy(fresh_runs(), 0.01), FitQuestion(tied=True))
    samples = bootstrap(tied, 20, cores=1).samples
    np.testing.assert_array_equal(samples["alpha"], samples["beta"])


def test_two_stages_are_both_resampled():
    found = fit(noisy(repeated_runs(), 0.01), FitQuestion("atlas", stages=2))
    sure = bootstrap(found, 20, cores=1)
    low, high = sure.interval("alpha")
    assert low < found.constants["alpha"] < high
    assert np.ptp(sure.samples["lambda"]) > 0


def test_too_few_runs_for_intervals(monkeypatch):
    # Of seven runs one alone is larger: a resample without it says nothing of alpha.
    size, read = np.array([1e8] * 6 + [1e9]), np.geomspace(1e9, 1e11, 7)
    runs = noisy(make_runs(size, read, power_law(size, read)), 0.01)
    found = fit(runs, FitQuestion(fixed=(("E", 1.8), ("alpha", 0.35))))
    sure = bootstrap(found, 20, cores=1)
    assert 15 <= sure.resamples <= 20
    monkeypatch.setattr(module, "_MOST_DRAWS", 0)
    with pytest.raises(DataError, match="no resample of 7 runs can fit the law"):
        bootstrap(found, 20, cores=1)


def test_splits_hold_out_what_they_say():
    runs = noisy(fresh_runs(), 0.003)
    splits = {split.split: split for split in held_out(fit(runs, FitQuestion()))}
    assert list(splits) == ["random", "N", "D", "compute", "larger half"]
    assert splits["random"].count == runs.count
    assert splits["N"].count == np.sum(runs.params == runs.params.max())
    assert splits["larger half"].count >= runs.count / 2
    assert splits["random"].r_squared > 0.98
    assert all(split.error < 0.03 for split in splits.values())


def test_unseen_mixtures_are_held_out():
    splits = {
        split.split: split
        for split in held_out(fit(noisy(transfer_runs(), 0.002), FitQuestion("atlas")))
    }
    assert splits["mixtures"].r_squared > 0.98
    kinds = {
        split.split for split in held_out(fit(noisy(curse_runs(), 0.002), FitQuestion("curse")))
    }
    assert "mixtures" in kinds


def test_a_split_that_cannot_be_made_says_why():
    size, read = np.array([1e8, 1e9]).repeat(8), np.tile(np.geomspace(1e9, 1e11, 8), 2)
    runs = noisy(make_runs(size, read, power_law(size, read)), 0.002)
    splits = {split.split: split for split in held_out(fit(runs, FitQuestion()))}
    assert "has 100M parameters" in splits["N"].fault
    assert splits["N"].count == 0


def test_equal_values_are_held_out_together():
    column = np.array([1.0, 2.0, 2.0, 2.0, 1.0])
    assert largest(column, 0.2).tolist() == [False, True, True, True, False]


def test_a_good_table_has_no_warnings():
    size, read = (
        axis.ravel() for axis in np.meshgrid(np.geomspace(2e7, 6e9, 6), np.geomspace(1e9, 3e11, 6))
    )
    assert warnings_of(noisy(make_runs(size, read, power_law(size, read)), 0.003)) == ""


def test_n_and_d_that_move_together():
    size = np.geomspace(2e7, 6e9, 30)
    said = warnings_of(noisy(make_runs(size, 20 * size, power_law(size, 20 * size)), 0.003))
    assert "N and D move together (correlation of their logarithms 1.000" in said
    assert "hardly tell" in said


def test_a_narrow_range_of_sizes():
    size, read = (axis.ravel() for axis in np.meshgrid((3e8, 4e8, 5e8), np.geomspace(1e9, 1e11, 8)))
    assert "hardly tell" in warnings_of(noisy(make_runs(size, read, power_law(size, read)), 0.003))


def test_two_sizes_only():
    size, read = (axis.ravel() for axis in np.meshgrid((1e8, 1e9), np.geomspace(1e9, 1e11, 10)))
    said = warnings_of(noisy(make_runs(size, read, power_law(size, read)), 0.002))
    assert "only two N: any alpha fits them" in said


def test_a_floor_that_is_not_seen():
    size, read = crossed()
    runs = make_runs(size, read, power_law(size, read, E=0.0))
    assert "E is at 0" in warnings_of(noisy(runs, 0.003))


def test_a_term_that_is_no_power_law():
    size, read = crossed()
    loss = 2.0 + 1.0 * (size < 5e7) + 300 / read**0.3
    assert "alpha is at its bound" in warnings_of(noisy(make_runs(size, read, loss), 0.002))


def test_repetition_that_costs_nothing():
    runs = repeated_runs()
    better = power_law(runs.params, runs.tokens * runs.epochs**0.05)
    free = make_runs(runs.params, runs.tokens, better, runs.unique)
    said = warnings_of(noisy(free, 0.0005), FitQuestion("atlas"))
    assert "lambda is at its bound 0.0001: by these runs repeated tokens are worth as much" in said


def test_repetition_that_a_law_does_not_know():
    said = warnings_of(noisy(repeated_runs(), 0.003))
    assert "60 of 80 runs read text more than once (up to 40 times)" in said


def test_few_runs_that_repeat():
    runs = repeated_runs()
    few = runs.select(np.flatnonzero((runs.epochs == 1) | (np.arange(runs.count) < 3)))
    assert "what repeated tokens are worth rests on them" in warnings_of(few, FitQuestion("atlas"))
    one = runs.select(runs.epochs <= 5)
    assert "reads its text 4 times: the decay is measured" in warnings_of(one, FitQuestion("atlas"))


def test_runs_far_from_the_law_are_named():
    found = fit(noisy(fresh_runs(), 0.003, outliers=2, seed=4), FitQuestion())
    diagnosis = diagnose(found)
    assert len(diagnosis.outliers) == 2
    said = " ".join(diagnosis.warnings)
    assert "2 runs lie far from the law (rows" in said
    assert "R² in full: without them it is 0.99" in said
