"""Verdicts on a run: chance is let pass, a wrong mixture is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atlasmix.audit.log_order import sources_in_order
from atlasmix.audit.run_verdict import (
    Files,
    RunReport,
    Watched,
    files_of_expected,
    phases_of_expected,
    verify_run,
)
from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.mixture_file import GivenMixture, GivenOther, GivenPool, Part
from atlasmix.interop.trackers.consumed import Consumed

SHARES = {"cat": 0.6, "spa": 0.39, "oci": 0.01}


def pool(language: str, share: float) -> GivenPool:
    return GivenPool(
        name=f"{language}.human.web",
        language=language,
        provenance="human",
        corpus="web",
        proportion=share,
        unique_tokens=1e9,
        max_epochs=4.0,
        parts=(Part(f"/data/{language}", share),),
    )


PLAN = GivenMixture("plan", 1e10, tuple(pool(key, share) for key, share in SHARES.items() if share))


def verdicts(report: RunReport) -> dict[str, str]:
    return {one.name: one.verdict for one in report.pools}


def consumed(amounts: dict[str, float], unit: str = "samples") -> Consumed:
    return Consumed("table", amounts, unit)


@pytest.mark.parametrize("seed", range(20))
def test_a_run_that_draws_the_planned_shares_is_as_planned(seed: int) -> None:
    draws = np.random.default_rng(seed).multinomial(100_000, list(SHARES.values()))
    log = consumed({f"/data/{key}": int(n) for key, n in zip(SHARES, draws, strict=True)})
    assert verify_run(PLAN, log, None).as_planned


def test_a_share_five_standard_errors_off_is_not() -> None:
    samples = 100_000
    off = 5 * np.sqrt(0.01 * 0.99 / samples)
    log = consumed(
        {
            "cat__human__web": (0.6 - off) * samples,
            "spa.human.web": 0.39 * samples,
            "/data/oci": (0.01 + off) * samples,
        }
    )
    found = verdicts(verify_run(PLAN, log, None))
    assert found["oci.human.web"] == "too much"
    # The same distance is chance for a share of 60 %.
    assert found["cat.human.web"] == "as planned"


def test_tokens_count_as_draws_of_the_sequence_length() -> None:
    log = consumed({"/data/cat": 6.1e6, "/data/spa": 3.8e6, "/data/oci": 1e5}, "tokens")
    assert verify_run(PLAN, log, None, 10).samples == 1e6
    assert not verify_run(PLAN, log, None, 10).as_planned
    assert verify_run(PLAN, log, None, 10_000).as_planned


def test_what_is_not_read_and_what_nobody_planned() -> None:
    log = consumed({"/data/cat": 600, "/data/spa": 390, "/data/fra": 10})
    found = verify_run(PLAN, log, None, 4096)
    assert verdicts(found)["/data/fra"] == "not planned"
    many = consumed({"/data/cat": 60_000, "/data/spa": 40_000})
    assert verdicts(verify_run(PLAN, many, None))["oci.human.web"] == "not read"


def test_epochs_so_far_and_at_the_end() -> None:
    log = consumed({"/data/cat": 6e8, "/data/spa": 3.9e8, "/data/oci": 1e7}, "tokens")
    found = {one.name: one for one in verify_run(PLAN, log, None).pools}
    assert found["cat.human.web"].epochs == pytest.approx(0.6)
    assert found["cat.human.web"].epochs_at_end == pytest.approx(6.0)


def test_a_pool_past_its_cap_is_said_whatever_its_share() -> None:
    log = consumed({"/data/cat": 6e9, "/data/spa": 3.9e9, "/data/oci": 1e8}, "tokens")
    assert verdicts(verify_run(PLAN, log, None))["cat.human.web"] == "past its cap"


def test_keys_of_an_export_are_understood() -> None:
    files = files_of_expected(
        {
            "schema": "atlasmix/expected/1",
            "pools": [{"pool": "cat.human.web", "key": "k", "paths": ["/x/a", "/x/b"]}],
        }
    )
    whole = Watched("cat.human.web")
    assert files.keys == dict.fromkeys(("k", "k__1", "k__2", "/x/a", "/x/b"), whole)
    log = consumed({"k__1": 300, "/x/b_text_document": 300, "/data/spa": 390, "/data/oci": 10})
    assert verify_run(PLAN, log, files).as_planned
    with pytest.raises(DataError, match=r"no expected\.json"):
        files_of_expected({"schema": "x"})


def test_megatrons_numbers_need_the_file_it_was_given(tmp_path: Path) -> None:
    log = Consumed("megatron", {"0": 0.4e5, "1": 0.6e5}, "samples")
    plan = GivenMixture("plan", None, (pool("cat", 0.6), pool("spa", 0.4)))
    with pytest.raises(ProblemError, match="say what was trained on, with the data file"):
        verify_run(plan, log, None)
    path = tmp_path / "data_args.txt"
    path.write_text("0.4 /data/spa_text_document\n0.6 /data/cat_text_document\n")
    order = sources_in_order(path, Files(), plan)
    assert order == (Watched("spa.human.web"), Watched("cat.human.web"))
    assert verify_run(plan, log, None, None, order).as_planned
    with pytest.raises(DataError, match="the log has a source 1, and the data file lists 1"):
        verify_run(plan, log, None, None, order[:1])
    path.write_text("1 /data/fra\n")
    with pytest.raises(DataError, match="line 1: /data/fra is no pool of plan"):
        sources_in_order(path, Files(), plan)


def test_a_run_in_phases_is_held_against_its_phases_so_far() -> None:
    plan = GivenMixture("plan", 1e9, (pool("cat", 0.3), pool("spa", 0.7)))
    # Catalan comes in the second half alone.
    phases = ((5e8, {"spa.human.web": 1.0}), (5e8, {"cat.human.web": 0.6, "spa.human.web": 0.4}))
    early = consumed({"/data/spa": 4e8}, "tokens")
    assert not verify_run(plan, early, None).as_planned
    assert verify_run(plan, early, None, phases=phases).as_planned
    late = consumed({"/data/spa": 7e8, "/data/cat": 3e8}, "tokens")
    assert verify_run(plan, late, None, phases=phases).as_planned
    assert not verify_run(plan, early, None, phases=phases[::-1]).as_planned


def test_documents_and_nothing_are_refused() -> None:
    with pytest.raises(DataError, match="shares of documents are not shares of tokens"):
        verify_run(PLAN, consumed({"a": 1}, "documents"), {})
    with pytest.raises(DataError, match="has consumed nothing yet"):
        verify_run(PLAN, consumed({"/data/cat": 0}), {})


def test_other_sources_are_planned_too() -> None:
    plan = GivenMixture(
        "plan", None, (pool("cat", 0.9),), (GivenOther(name="code", proportion=0.1),)
    )
    assert verify_run(plan, consumed({"/data/cat": 9000, "code": 1000}), {}).as_planned


@pytest.mark.parametrize(
    "change",
    [
        {"pools": "x"},
        {"pools": [{"pool": "a", "key": "k"}]},
        {"pools": [{"pool": "a", "key": 1, "paths": []}]},
        {"phases": [{"tokens": -5, "pools": []}]},
        {"phases": [{"tokens": 10, "pools": [{"pool": "a", "share": 2}]}]},
        {"phases": [{"tokens": 10, "pools": [{"pool": "a", "share": float("nan")}]}]},
        {"phases": 3},
    ],
)
def test_an_edited_expected_file_is_refused(change: dict[str, object]) -> None:
    """What an export wrote is read by its types, not believed."""
    sound = {
        "schema": "atlasmix/expected/1",
        "pools": [{"pool": "a", "key": "k", "paths": ["/x"]}],
        "phases": [{"tokens": 10, "pools": [{"pool": "a", "share": 1.0}]}],
    }
    assert files_of_expected(sound).keys["k"] == Watched("a")
    assert phases_of_expected(sound) == ((10.0, {"a": 1.0}),)
    with pytest.raises(DataError, match="fault"):
        (files_of_expected if "pools" in change else phases_of_expected)({**sound, **change})


def test_a_pool_of_two_files_is_watched_file_by_file() -> None:
    """Both files together are read as planned, and one of them seventeen times."""
    files = files_of_expected(
        {
            "schema": "atlasmix/expected/1",
            "pools": [
                {
                    "pool": "cat.human.web",
                    "key": "k",
                    "paths": ["/x/a", "/x/b"],
                    "parts": [0.2, 0.8],
                }
            ],
        }
    )
    plan = GivenMixture("plan", 4e9, (replace(pool("cat", 1.0), unique_tokens=1e9, parts=()),))
    wrong = verify_run(plan, consumed({"/x/a": 3.4e9}, "tokens"), files)
    by_name = {one.name: one for one in wrong.pools}
    assert by_name["/x/a"].epochs == pytest.approx(17.0)
    assert (by_name["/x/b"].verdict, by_name["/x/b"].epochs) == ("not read", 0.0)
    assert (by_name["/x/a"].pool, wrong.as_planned) == ("cat.human.web", False)
    right = verify_run(plan, consumed({"k__1": 0.8e9, "/x/b": 3.2e9}, "tokens"), files)
    assert right.as_planned
    assert [one.name for one in right.pools] == ["/x/a", "/x/b", "cat.human.web"]
    # A log that speaks of the pool as a whole says nothing of its files.
    assert len(verify_run(plan, consumed({"k": 4e9}, "tokens"), files).pools) == 1


@pytest.mark.parametrize("count", [2, 3, 7])
def test_a_mixture_of_many_files_is_watched_by_its_own_weights(count: int) -> None:
    parts = tuple(Part(f"/x/{number}", 1.0 + number, 1e12) for number in range(count))
    own = replace(pool("cat", 1.0), unique_tokens=count * 1e12, parts=parts)
    plan = GivenMixture("plan", None, (own,))
    whole = sum(part.weight for part in parts)
    log = {part.prefix: 1e8 * part.weight / whole for part in parts}
    assert verify_run(plan, consumed(log), None).as_planned
    log["/x/0"], log["/x/1"] = log["/x/1"], log["/x/0"]
    found = verdicts(verify_run(plan, consumed(log), None))
    assert (found["/x/0"], found["/x/1"]) == ("too much", "too little")
    assert found["cat.human.web"] == "as planned"


def test_paths_that_nobody_knows_are_said_to_need_the_mapping() -> None:
    notes = verify_run(PLAN, consumed({"/elsewhere/cat": 1e6}), None).notes
    assert "give the expected.json of its export as the mapping" in notes[0]
