"""OLMo-core reads what is exported, builds the mixture, keeps the shares and stops at the cap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from olmo_core.data import NumpyDatasetDType, NumpyFSLDatasetConfig, TokenizerConfig
from olmo_core.data.source_mixture import (
    SourceMixtureDataset,
    SourceMixtureDatasetConfig,
    SourceMixtureList,
)
from olmo_core.exceptions import OLMoConfigurationError
from worlds import BATCH, SEQUENCE, SHARES, World, expected, shares_of_tokens

PATHS = '"*": "npy/{language}-*.npy"\n'
END = 0


@pytest.fixture(scope="module")
def tokenised(world: World, monkeypatch_module: pytest.MonkeyPatch) -> Path:
    """The corpus as flat arrays of tokens, two files a language, each document with its end."""
    folder = world.folder / "npy"
    folder.mkdir()
    for name, documents in world.documents.items():
        # The last token of a document gives way to its end, so that files hold what is counted.
        ended = [np.append(document[:-1], END) for document in documents]
        half = len(ended) // 2
        for number, part in enumerate((ended[:half], ended[half:])):
            tokens = np.concatenate(part).astype(np.uint16)
            tokens.tofile(folder / f"{name}-{number}.npy")
    monkeypatch_module.chdir(world.folder)
    return folder


def config(out: Path) -> SourceMixtureDatasetConfig:
    figures = yaml.safe_load((out / "expected.json").read_text(encoding="utf-8"))
    return SourceMixtureDatasetConfig(
        source_list=SourceMixtureList.from_yaml(out / "source_mixture.yaml"),
        requested_tokens=figures["run"]["tokens"],
        global_batch_size=BATCH * SEQUENCE,
        seed=1234,
        render_tables=False,
        quiet=True,
    )


def selected(mixture: SourceMixtureDataset) -> dict[str, int]:
    """Language to the tokens that OLMo-core will draw."""
    return {
        source.name.partition("__")[0]: sum(path.tokens for path in source.path_tokens)
        for source in mixture.sources
    }


def test_the_list_loads_and_the_selection_has_the_shares(world: World, tokenised: Path) -> None:
    out = world.export("olmo-core", PATHS)
    mixture = config(out).build(npdtype=np.uint16, sequence_length=SEQUENCE)
    found, figures = selected(mixture), expected(out)
    whole = sum(found.values())
    assert whole > 10_000 * SEQUENCE
    for name, share in SHARES.items():
        assert found[name] / whole == pytest.approx(share, abs=2e-3)
        # Whole sequences of each file: at most one a file and pass is lost or added.
        assert found[name] == pytest.approx(figures[name]["tokens"], abs=16 * SEQUENCE)


def test_the_built_instances_have_the_shares_of_tokens(world: World, tokenised: Path) -> None:
    out = world.export("olmo-core", PATHS)
    made = NumpyFSLDatasetConfig(
        source_mixture_config=config(out),
        sequence_length=SEQUENCE,
        tokenizer=TokenizerConfig(vocab_size=4000, eos_token_id=END, pad_token_id=1),
        dtype=NumpyDatasetDType.uint16,
        work_dir=str(world.folder / "work"),
    ).build()
    made.prepare()
    assert len(made) > 10_000
    drawn = np.concatenate([np.asarray(made[place]["input_ids"]) for place in range(len(made))])
    found = shares_of_tokens(drawn)
    # Ends of documents are not counted, and Portuguese has one in 25 tokens.
    kept = {
        name: share * (1 - 1 / mean)
        for (name, share), mean in zip(SHARES.items(), (50, 100, 25), strict=True)
    }
    for name, share in kept.items():
        assert found[name] == pytest.approx(share / sum(kept.values()), abs=3e-3)


def test_the_cap_is_an_error_where_the_files_hold_less(world: World, tokenised: Path) -> None:
    out = world.export("olmo-core", PATHS)
    content = yaml.safe_load((out / "source_mixture.yaml").read_text(encoding="utf-8"))
    caps = {one["source_name"]: one["max_repetition_ratio"] for one in content["sources"]}
    assert caps["por__human__ours"] == pytest.approx(4.0, abs=1e-3)
    (tokenised / "por-1.npy").rename(tokenised / "por-1.moved")
    try:
        with pytest.raises(OLMoConfigurationError, match=r"Insufficient tokens .* por__human"):
            config(out).build(npdtype=np.uint16, sequence_length=SEQUENCE)
    finally:
        (tokenised / "por-1.moved").rename(tokenised / "por-1.npy")


@pytest.mark.parametrize("level", ["top", "source"])
def test_a_foreign_key_would_be_refused(world: World, tokenised: Path, level: str) -> None:
    out = world.export("olmo-core", PATHS)
    content = yaml.safe_load((out / "source_mixture.yaml").read_text(encoding="utf-8"))
    (content if level == "top" else content["sources"][0])["atlasmix"] = "a recipe"
    odd = world.folder / f"odd-{level}.yaml"
    odd.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(Exception, match="atlasmix"):
        SourceMixtureList.from_yaml(odd)


def test_a_share_of_nothing_would_still_be_read(world: World, tokenised: Path) -> None:
    """Why pools of no tokens are dropped: OLMo-core gives them what rounding leaves."""
    out = world.export("olmo-core", PATHS)
    content = yaml.safe_load((out / "source_mixture.yaml").read_text(encoding="utf-8"))
    content["sources"][0]["target_ratio"] += content["sources"][1]["target_ratio"]
    content["sources"][1]["target_ratio"] = 0.0
    odd = world.folder / "zero.yaml"
    odd.write_text(yaml.safe_dump(content), encoding="utf-8")
    mixture = SourceMixtureDatasetConfig(
        source_list=SourceMixtureList.from_yaml(odd),
        requested_tokens=100_001,
        global_batch_size=BATCH * SEQUENCE,
        render_tables=False,
        quiet=True,
    ).build(npdtype=np.uint16, sequence_length=SEQUENCE)
    assert selected(mixture)["spa"] > 0
