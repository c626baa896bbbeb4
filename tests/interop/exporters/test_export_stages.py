"""Phases: native in one file, or a file each with the steps at which the next one begins."""

from __future__ import annotations

import dataclasses
import json

import pytest
import yaml
from export_samples import NAMES, THREE, export, recipe_of, two_phases
from weight_readers import weights_in

from atlasmix.errors import ProblemError
from atlasmix.interop.exporters.plan import Run
from atlasmix.recipe.run_phases import ONLY_PHASE, RunPhase, phases_of

RECIPE = recipe_of(THREE)
RUN = Run(sequence_length=10, batch_size=64)


def test_a_recipe_of_today_has_one_phase() -> None:
    (phase,) = phases_of(RECIPE)
    assert phase.name == ONLY_PHASE
    assert phase.tokens == RECIPE.tokens == sum(tokens for _, tokens in phase.pools)
    assert dict(phase.pools) == {pool.name: pool.tokens for pool in RECIPE.pools}


@pytest.mark.parametrize("name", NAMES)
def test_epochs_are_counted_over_all_phases(name: str) -> None:
    figures = export(name, RECIPE, two_phases(THREE), run=RUN).figures
    in_all = {pool["pool"]: pool["epochs"] for pool in figures["pools"]}
    for pool, epochs in in_all.items():
        parts = [
            one["epochs"]
            for phase in figures["phases"]
            for one in phase["pools"]
            if one["pool"] == pool
        ]
        assert sum(parts) == pytest.approx(epochs, rel=1e-4)
    slack = 0.06 if name == "levanter" else 1e-2
    assert in_all["gsw_Latn.human.wiki"] == pytest.approx(4.0, rel=slack)


def test_a_cap_holds_over_all_phases_together() -> None:
    phases = (
        RunPhase("one", 60_000, (("gsw_Latn.human.wiki", 60_000),)),
        RunPhase("two", 60_000, (("gsw_Latn.human.wiki", 60_000),)),
    )
    with pytest.raises(ProblemError, match=r"4\.80 times \(cap 4\)"):
        export("megatron", recipe_of({"gsw_Latn.human.wiki": (120_000, 25_000)}), phases)


@pytest.mark.parametrize("name", NAMES)
def test_a_cap_of_one_phase_holds_in_it(name: str) -> None:
    """A cap of the run alone would let the last phase read its pool four times."""
    question = {
        **RECIPE.question,
        "phases": [{"name": "stable"}, {"name": "cool-down", "max_epochs": 3}],
    }
    capped = dataclasses.replace(RECIPE, question=question)
    with pytest.raises(ProblemError, match=r"wiki 4\.0\d times in phase cool-down \(cap 3\)|3\.\d"):
        export(name, capped, two_phases(THREE), run=RUN)


def test_nanotron_counts_steps_from_one() -> None:
    written = export("nanotron", RECIPE, two_phases(THREE), run=RUN)
    stages = yaml.safe_load(written.files["data_stages.yaml"])["data_stages"]
    assert [stage["name"] for stage in stages] == ["stable", "cool-down"]
    assert stages[0]["start_training_step"] == 1
    assert stages[1]["start_training_step"] == written.figures["phases"][1]["first_step"] + 1
    assert all(set(stage) == {"name", "start_training_step", "data"} for stage in stages)
    lengths = [len(stage["data"]["dataset"]["dataset_folder"]) for stage in stages]
    assert lengths == [2, 3]


def test_one_folder_a_phase_has_that_phase_alone() -> None:
    written = export("megatron", RECIPE, two_phases(THREE), run=RUN)
    first = written.files["phase-1-stable/data_args.txt"]
    second = written.files["phase-2-cool_down/data_args.txt"]
    assert "gsw" not in first
    assert "gsw" in second
    early = weights_in("megatron", {"data_args.txt": first})
    assert list(early.values()) == pytest.approx([2 / 3, 1 / 3])
    stages = json.loads(written.files["stages.json"])
    assert stages["schema"] == "atlasmix/stages/1"
    assert [stage["folder"] for stage in stages["stages"]] == [
        "phase-1-stable",
        "phase-2-cool_down",
    ]
    whole = sum(stage["steps"] for stage in stages["stages"])
    assert whole == written.figures["run"]["steps"]
    assert any("begins its pools anew" in note for note in written.export.notes)


def test_steps_are_those_of_the_whole_run_cut_once() -> None:
    """Three phases of a third of a step more each: no step is lost at a boundary."""
    phases = tuple(
        RunPhase(f"p{number}", 4_000_000 // 3, (("cat.human.hplt-v4", 4_000_000 // 3),))
        for number in range(3)
    )
    recipe = recipe_of({"cat.human.hplt-v4": (4_000_000, 10**7)})
    figures = export("megatron", recipe, phases, run=Run(sequence_length=10, batch_size=10)).figures
    assert figures["run"]["steps"] == 39_999
    assert [phase["first_step"] for phase in figures["phases"]] == [0, 13_333, 26_666]


def test_a_phase_that_crams_a_pool_is_said() -> None:
    """The last pool is read four times within a fifth of the run, and its cap is of the whole."""
    notes = export("megatron", RECIPE, two_phases(THREE), run=RUN).export.notes
    (said,) = [note for note in notes if "times within its" in note]
    assert said.startswith("Phase cool-down reads gsw_Latn.human.wiki 4.0")
    assert "the cap of 4 is one of the whole run" in said
    capped = dataclasses.replace(
        RECIPE,
        question={
            **RECIPE.question,
            "phases": [{"name": "stable"}, {"name": "cool-down", "max_epochs": {"gsw_Latn": 4.1}}],
        },
    )
    notes = export("megatron", capped, two_phases(THREE), run=RUN).export.notes
    assert not any("times within" in note for note in notes)
    assert not any("times within" in note for note in export("megatron", RECIPE).export.notes)
