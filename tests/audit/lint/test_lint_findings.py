"""What lint finds, against arithmetic done by hand and the figures of OpenEuroLLM's mix."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlasmix.audit.lint import LintReport, Standard, lint
from atlasmix.errors import ProblemError
from atlasmix.evidence.mixture_file import GivenMixture, GivenOther, GivenPool, Part
from atlasmix.evidence.store import Store
from atlasmix.interop.importers.counts import read_counts
from atlasmix.interop.importers.reading import Request, import_mixture

BABY = Path(__file__).parents[2] / "interop" / "importers" / "oellm_baby.csv"


def pool(language: str, share: float, unique: float | None = None, **more: object) -> GivenPool:
    return GivenPool(
        name=f"{language}.human.web",
        language=language,
        provenance="human",
        corpus="web",
        proportion=share,
        unique_tokens=unique,
        **more,  # type: ignore[arg-type]
    )


def mixture(*pools: GivenPool, other: tuple[GivenOther, ...] = ()) -> GivenMixture:
    return GivenMixture("mine", None, pools, other)


def sentences(report: LintReport, level: str = "fault") -> list[str]:
    return [one.sentence for one in report.findings if one.level == level]


def test_epochs_are_share_times_budget_over_unique_tokens() -> None:
    found = lint(
        mixture(
            pool("cat", 0.5, 1e9),
            pool("spa", 0.3, 1e9, max_epochs=1.0),
            other=(GivenOther(name="code", proportion=0.2, unique_tokens=1e9),),
        ),
        Standard(tokens=4e9),
    )
    assert {row.name: row.epochs for row in found.rows} == pytest.approx(
        {"cat.human.web": 2.0, "spa.human.web": 1.2, "code": 0.8}
    )
    assert [row.name for row in found.rows if row.over] == ["spa.human.web"]
    assert sentences(found) == [
        "spa.human.web would be read 1.2 times, the cap is 1: it has 1B unique tokens and is asked "
        "for 1.2B"
    ]


def test_a_part_can_pass_its_cap_where_the_pool_does_not() -> None:
    parts = (Part("a/big", 1.0, 9e9), Part("a/small", 1.0, 1e8))
    found = lint(mixture(pool("cat", 1.0, 9.1e9, parts=parts)), Standard(tokens=2e9))
    assert {row.name: row.over for row in found.rows} == {"a/big": False, "a/small": True}


@pytest.fixture(scope="module")
def baby(tmp_path_factory: pytest.TempPathFactory) -> LintReport:
    folder = tmp_path_factory.mktemp("baby")
    with BABY.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    mix, counts = folder / "datamix.txt", folder / "counts.csv"
    mix.write_text("".join(f"{row['weight']} {row['prefix']}\n" for row in rows))
    counts.write_text(
        "prefix,tokens\n" + "".join(f"{row['prefix']},{row['tokens']}\n" for row in rows)
    )
    given_mixture = import_mixture(Request(mix, "megatron"))
    return lint(given_mixture, Standard(tokens=1e13, floor=0.0005, counts=read_counts(counts)))


def test_openeurollms_mix_reads_irish_22_times(baby: LintReport) -> None:
    # weight x 10T / release tokens, worked out here from the same figures.
    with BABY.open(encoding="utf-8", newline="") as file:
        by_hand = {
            row["prefix"]: float(row["weight"]) * 1e13 / float(row["tokens"])
            for row in csv.DictReader(file)
        }
    assert len(baby.rows) == 156
    assert sorted(row.epochs or 0 for row in baby.rows) == pytest.approx(sorted(by_hand.values()))
    assert baby.over(2) == sum(epochs > 2 for epochs in by_hand.values()) == 23
    assert baby.over(4) == 12
    epochs = {row.name: round(row.epochs or 0, 1) for row in baby.rows}
    assert epochs["gle.unknown.hplt-3-0"] == 22.4
    assert epochs["mlt.unknown.hplt-3-0"] == 13.1
    assert epochs["gle.unknown.finepdfs-1-0-0"] == 12.0
    assert epochs["olmo-mix-1124/megatron-lm/wiki"] == 47.1


def test_openeurollms_small_languages_vanish_in_coarse_consumers(baby: LintReport) -> None:
    shares = [row.share for row in baby.rows]
    levanter, maxtext = baby.vanishing[1], baby.vanishing[2]
    assert len(levanter.names) == sum(int(share * 2048) == 0 for share in shares) == 49
    assert len(maxtext.names) == sum(round(share, 4) == 0 for share in shares) == 25
    assert levanter.names[-1].startswith("nno.unknown.finepdfs-edu")
    assert baby.vanishing[0].names == ()
    assert all(one.share >= 0.0005 for one in baby.languages)
    assert {one.kind for one in baby.findings if one.level == "fault"} == {"epochs"}


def test_what_is_drawn_less_than_once_is_a_fault() -> None:
    found = lint(
        mixture(pool("cat", 0.999999, 1e9), pool("spa", 0.000001, 1e9)),
        Standard(tokens=4096e3, sequence_length=4096),
    )
    assert found.vanishing[0].names == ("spa.human.web",)
    assert any("1,000 samples of 4,096 tokens: 1 of 2 sources" in one for one in sentences(found))


@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=30), st.integers(1, 65536))
def test_what_vanishes_is_what_a_block_has_no_sequence_for(
    weights: list[float], block: int
) -> None:
    whole = sum(weights)
    keys = [f"l{place}" for place in range(len(weights))]
    others = tuple(
        GivenOther(name=key, proportion=weight / whole)
        for key, weight in zip(keys, weights, strict=True)
    )
    found = lint(GivenMixture("x", None, (), others), Standard(block=block)).vanishing[0]
    expected = {key for key, w in zip(keys, weights, strict=True) if w / whole * block < 1}
    assert set(found.names) == expected
    if "mixture_block_size" in found.remedy:
        size = int(found.remedy.split()[1].replace(",", ""))
        assert all(w / whole * size >= 1 for w in weights)


def test_languages_below_the_floor_and_shares_by_provenance() -> None:
    other = GivenOther(name="code", proportion=0.1)
    found = lint(
        mixture(
            pool("cat", 0.8997),
            dataclasses.replace(pool("spa", 0.0003), provenance="translated"),
            other=(other,),
        ),
        Standard(floor=0.0005),
    )
    assert found.provenances == (("human", 0.8997), ("other", 0.1), ("translated", 0.0003))
    assert sentences(found) == ["Spanish (spa) has 0.03% of the tokens, below the floor of 0.05%"]


def test_the_same_prefix_twice_is_a_fault_however_it_is_written() -> None:
    parts = (Part("/d/a", 1.0), Part("/d//a_text_document", 1.0))
    found = lint(mixture(pool("cat", 1.0, 1e9, parts=parts)), Standard())
    assert any(
        "/d/a stands there 2 times, as /d//a_text_document and /d/a" in one
        for one in sentences(found)
    )


def test_without_budget_or_counts_lint_says_what_it_cannot_say() -> None:
    notes = sentences(lint(mixture(pool("cat", 1.0)), Standard()), "note")
    assert any("no budget: epochs need one; give a budget" in note for note in notes)
    assert any("1 of 1 sources (100% of the tokens) have no count" in note for note in notes)


def test_an_inventory_is_asked_by_pool_and_then_by_language() -> None:
    inventory = Store("/nonexistent").inventory()
    known = next(one for one in inventory.pools if one.name == "cat.human.hplt-v4")
    human = sum(
        one.unique_tokens
        for one in inventory.pools
        if (one.language, one.provenance) == ("spa", "human")
    )
    exact = dataclasses.replace(pool("cat", 0.5), name=known.name, corpus="hplt-v4")
    loose = [
        dataclasses.replace(
            pool("spa", share), name=f"spa.unknown.{c}", corpus=c, provenance="unknown"
        )
        for c, share in (("a", 0.3), ("b", 0.2))
    ]
    found = lint(mixture(exact, *loose), Standard(tokens=1e12, inventory=inventory))
    rows = {row.name: row for row in found.rows}
    assert rows[known.name].unique_tokens == known.unique_tokens
    assert rows[known.name].basis == "counted"
    # Both Spanish sources share the text of the language, so both are read as often.
    assert rows["spa.unknown.a"].basis == "whole language"
    assert rows["spa.unknown.a"].epochs == pytest.approx(0.5 * 1e12 / human)
    assert rows["spa.unknown.b"].epochs == rows["spa.unknown.a"].epochs
    capped = lint(mixture(exact, *loose), Standard(tokens=1e14, inventory=inventory))
    said = [one for one in sentences(capped) if "Spanish" in one]
    assert len(said) == 1
    assert "all sources of it together" in said[0]


@pytest.mark.parametrize(
    ("standard", "said"),
    [
        (Standard(tokens=1e9, sequence_length=0), "the sequence length is 0"),
        (Standard(block=0), "the mixture block is 0"),
    ],
)
def test_settings_that_are_none(standard: Standard, said: str) -> None:
    with pytest.raises(ProblemError, match=said):
        lint(mixture(pool("cat", 1.0)), standard)
