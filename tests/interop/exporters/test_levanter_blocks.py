"""Levanter's blocks: the smallest that keeps every share, judged by Levanter's own arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from export_samples import THREE, Shares, export, recipe_of, two_phases
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from atlasmix.errors import ProblemError
from atlasmix.interop.exporters.levanter import BLOCKS, step_grain
from atlasmix.interop.exporters.plan import Run

FINE = Run(sequence_length=1, batch_size=1)


def levanter_counts(weights: dict[str, float], block: int) -> dict[str, int]:
    """Sequences a block, as mixture.py has it (071105ad): normalise, cut, rest to the largest."""
    total = sum(weights.values())
    names = list(weights)
    counts = np.zeros(len(names), dtype=np.int32)
    for place, name in enumerate(names):
        counts[place] = weights[name] / total * block
    counts[np.argmax(counts)] += block - counts.sum()
    return dict(zip(names, counts.tolist(), strict=True))


def blocks_of(written: object) -> tuple[int, dict[str, float]]:
    data = yaml.safe_load(written.files["data.yaml"])["data"]  # type: ignore[attr-defined]
    return data["mixture_block_size"], data["train_weights"]


def pools_with(smallest: float, others: int = 1) -> Shares:
    """Equal pools and one of this share of 10 million tokens."""
    small = round(smallest * 10**7)
    rest = 10**7 - small
    pools = {f"c{chr(97 + place)}a.human.web": (rest // others, 10**8) for place in range(others)}
    return {**pools, "glg.human.web": (small, 10**8)}


@pytest.mark.parametrize(
    ("smallest", "block"),
    [(0.1, 2048), (0.02, 2048), (0.0049, 2048), (0.0011, 8192), (0.0004, 32768)],
)
def test_the_smallest_block_that_keeps_five_percent_is_chosen(smallest: float, block: int) -> None:
    pools = pools_with(smallest)
    size, weights = blocks_of(export("levanter", recipe_of(pools), run=FINE))
    assert size == block
    counts = levanter_counts(weights, size)
    assert counts["glg__human__web"] / size == pytest.approx(smallest, rel=0.05)
    # The next smaller block would not do.
    place = BLOCKS.index(size)
    if place:
        smaller = BLOCKS[place - 1]
        off = abs(round(smallest * smaller) / smaller / smallest - 1)
        assert off > 0.05


def test_the_default_block_would_lose_it() -> None:
    """The trap: 0.0004 of a block of 2,048 is cut to nothing, with a warning nobody reads."""
    assert levanter_counts({"cat": 0.9996, "glg": 0.0004}, 2048)["glg"] == 0
    assert levanter_counts({"cat": 0.9996, "glg": 0.0004}, 32768)["glg"] == 13


def test_what_no_block_can_hold_is_refused() -> None:
    with pytest.raises(ProblemError, match=r"largest block of 32,768 .* none of glg\.human\.web"):
        export("levanter", recipe_of(pools_with(1e-5)), run=FINE)


def test_what_the_largest_block_holds_badly_is_said() -> None:
    written = export("levanter", recipe_of(pools_with(7e-5)), run=FINE)
    size, weights = blocks_of(written)
    assert size == 32768
    assert levanter_counts(weights, size)["glg__human__web"] == 2
    assert any("glg.human.web is read 13% off its share" in note for note in written.export.notes)
    real = written.figures["phases"][0]["pools"][-1]
    assert real["share"] == pytest.approx(2 / 32768, rel=1e-6)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(20, 10**6), min_size=1, max_size=60))
def test_expected_json_is_what_levanter_will_draw(counts: list[int]) -> None:
    pools: Shares = {
        f"{chr(97 + place // 26)}{chr(97 + place % 26)}a.human.web": (count, 10**9)
        for place, count in enumerate(counts)
    }
    assume(min(counts) / sum(counts) >= 1 / 32768)
    written = export("levanter", recipe_of(pools), run=FINE)
    size, weights = blocks_of(written)
    drawn = levanter_counts(weights, size)
    for pool in written.figures["phases"][0]["pools"]:
        assert drawn[pool["key"]] / size == pytest.approx(pool["share"], rel=1e-6)
        assert pool["weight"] == pytest.approx(weights[pool["key"]], rel=1e-6)


def test_a_pool_at_its_cap_is_never_rounded_up() -> None:
    pools: Shares = {"cat.human.web": (851_000, 212_750), "spa.human.web": (149_000, 10**7)}
    written = export("levanter", recipe_of(pools), run=FINE)
    epochs = {pool["pool"]: pool["epochs"] for pool in written.figures["pools"]}
    assert 3.99 < epochs["cat.human.web"] <= 4.0


@pytest.mark.parametrize("batch", [1, 3, 512, 1024, 2048, 4096])
def test_stages_begin_where_a_block_begins(batch: int) -> None:
    pools: Shares = {
        name: (tokens * 1000, unique * 1000) for name, (tokens, unique) in THREE.items()
    }
    run = Run(sequence_length=10, batch_size=batch)
    written = export("levanter", recipe_of(pools), two_phases(pools), run=run)
    data = yaml.safe_load(written.files["data.yaml"])["data"]
    (first, early), (second, late) = data["train_weights"]
    assert first == 0
    assert second % step_grain(data["mixture_block_size"], batch) == 0
    assert second * batch % data["mixture_block_size"] == 0
    assert set(early) < set(late) == set(data["components"])
    phases = written.figures["phases"]
    assert [phase["first_step"] for phase in phases] == [0, second]
    # Moved by less than a block from where the recipe has it.
    asked = sum(tokens for _, tokens in two_phases(pools)[0].pools) / (10 * batch)
    assert abs(second - asked) <= step_grain(data["mixture_block_size"], batch)


def test_a_phase_shorter_than_a_block_is_refused() -> None:
    run = Run(sequence_length=100, batch_size=7)
    with pytest.raises(ProblemError, match=r"begins only every 2,048 steps"):
        export("levanter", recipe_of(THREE), two_phases(THREE), run=run)


def test_both_forms_of_the_configuration_say_the_same() -> None:
    files = export("levanter", recipe_of(THREE), run=FINE).files
    new = yaml.safe_load(files["data.yaml"])["data"]
    old = yaml.safe_load(files["data_configs.yaml"])["data"]
    components, configs = new.pop("components"), old.pop("configs")
    assert new == old
    assert {key: one["source"]["train_urls"] for key, one in components.items()} == {
        key: one["train_urls"] for key, one in configs.items()
    }
