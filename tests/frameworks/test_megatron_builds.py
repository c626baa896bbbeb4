"""megatron-core parses what is exported as its training script does, builds it and draws."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml
from megatron.core.datasets.blended_megatron_dataset_builder import BlendedMegatronDatasetBuilder
from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig
from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder
from megatron.core.datasets.utils import get_blend_from_list
from worlds import SEQUENCE, SHARES, World, expected, shares_of_tokens

PATHS = '"*": "megatron/{language}_text_document"\nvalid: megatron/valid_text_document\n'
TOKENIZER = SimpleNamespace(
    vocab_size=4000, eod=0, pad=1, unique_identifiers={"class": "test"}, bos=None
)


@pytest.fixture(scope="module", autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A process group of one: the builder asks for its rank."""
    meeting = tmp_path_factory.mktemp("group") / "meeting"
    torch.distributed.init_process_group("gloo", f"file://{meeting}", world_size=1, rank=0)
    yield
    torch.distributed.destroy_process_group()


@pytest.fixture(scope="module")
def indexed(world: World) -> Path:
    """The corpus as Megatron's binary files, in the folder ``megatron``."""
    folder = world.folder / "megatron"
    folder.mkdir()
    for name, documents in {**world.documents, "valid": world.documents["por"][:50]}.items():
        builder = IndexedDatasetBuilder(str(folder / f"{name}_text_document.bin"), dtype=np.int32)
        for document in documents:
            builder.add_document(document, [len(document)])
        builder.finalize(str(folder / f"{name}_text_document.idx"))
    return folder


def build(world: World, samples: int, **blend: object) -> object:
    """The training set that Megatron builds."""
    config = GPTDatasetConfig(
        random_seed=1234,
        sequence_length=SEQUENCE,
        tokenizer=TOKENIZER,
        reset_position_ids=False,
        reset_attention_mask=False,
        eod_mask_loss=False,
        create_attention_mask=False,
        path_to_cache=str(world.folder / "cache"),
        **blend,
    )
    sizes = [samples, 64 if "blend_per_split" in blend else 0, 0]
    return BlendedMegatronDatasetBuilder(GPTDataset, sizes, lambda: True, config).build()[0]


def absolute(world: World, words: Sequence[str]) -> list[str]:
    """Paths of the export begin in the folder in which the training starts."""
    return [str(world.folder / word) if word.startswith("megatron/") else word for word in words]


def test_the_built_index_has_the_shares_of_tokens(world: World, indexed: Path) -> None:
    out = world.export("megatron", PATHS)
    words = (out / "data_args.txt").read_text(encoding="utf-8").split()
    blend = get_blend_from_list(absolute(world, words))
    assert blend is not None
    assert blend[1] is not None
    figures = expected(out)
    samples = sum(int(one["samples"]) for one in figures.values())
    assert samples > 10_000
    train = build(world, samples, blend=blend, split="100,0,0")
    drawn = np.concatenate([train[place]["tokens"].numpy() for place in range(samples)])
    found = shares_of_tokens(drawn)
    for name, share in SHARES.items():
        assert found[name] == pytest.approx(share, abs=1e-3)
    counts = np.bincount(np.asarray(train.dataset_index)[:samples], minlength=3)
    assert counts.tolist() == pytest.approx([one["samples"] for one in figures.values()], abs=1)


def test_megatron_repeats_in_silence_as_often_as_expected_json_says(
    world: World, indexed: Path
) -> None:
    out = world.export("megatron", PATHS)
    words = (out / "data_args.txt").read_text(encoding="utf-8").split()
    figures = expected(out)
    samples = sum(int(one["samples"]) for one in figures.values())
    blend = get_blend_from_list(absolute(world, words))
    train = build(world, samples, blend=blend, split="100,0,0")
    seen = np.zeros(samples, dtype=bool)
    drawn = np.asarray(train.dataset_index)[:samples]
    por = list(figures).index("por")
    seen[drawn == por] = True
    tokens = int(seen.sum()) * SEQUENCE
    assert tokens / 15_000 == pytest.approx(figures["por"]["epochs"], rel=1e-2)
    assert figures["por"]["epochs"] == pytest.approx(4.0, rel=1e-3)


def test_the_per_split_json_is_read_with_its_null(world: World, indexed: Path) -> None:
    out = world.export("megatron", PATHS)
    splits = json.loads((out / "per_split.json").read_text(encoding="utf-8"))
    blends = [
        get_blend_from_list(words and absolute(world, words))
        for words in (splits["train"], splits["valid"], splits["test"])
    ]
    assert blends[2] is None
    train = build(world, 12_000, blend_per_split=blends)
    drawn = np.concatenate([train[place]["tokens"].numpy() for place in range(12_000)])
    found = shares_of_tokens(drawn)
    assert found["cat"] == pytest.approx(0.6, abs=1e-3)


def test_the_traps_that_are_refused_are_real() -> None:
    """Were they written, Megatron would take them for something else, or stop."""
    blend = get_blend_from_list(["2023", "corpusA", "2024", "corpusB"])
    assert blend == (["corpusA", "corpusB"], [2023.0, 2024.0])
    one_space_too_many = get_blend_from_list(["0.6", "/my", "corpus", "0.4", "/b"])
    assert one_space_too_many == (["0.6", "/my", "corpus", "0.4", "/b"], None)
    with pytest.raises(AssertionError):
        get_blend_from_list(["#", "mixture", "0.6", "/a", "0.4", "/b"])


def test_nemo_lists_are_parsed_as_megatron_parses_them(world: World) -> None:
    """NeMo hands its lists to this parser, numbers and all."""
    held_out = PATHS + "test: megatron/test_text_document\n"
    out = world.export("nemo", held_out)
    data = yaml.safe_load((out / "data.yaml").read_text(encoding="utf-8"))["model"]["data"]
    for split in ("train", "validation", "test"):
        blend = get_blend_from_list([str(word) for word in data["data_prefix"][split]])
        assert blend is not None
        assert len(blend[0]) == len(blend[1])
    assert get_blend_from_list([str(word) for word in data["data_prefix"]["train"]])[1] == [
        pytest.approx(share, abs=1e-6) for share in SHARES.values()
    ]


def test_the_hydra_snippet_is_composed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from hydra import compose, initialize_config_dir

    out = world.export("megatron", PATHS)
    monkeypatch.setenv("ATLASMIX_EXPORT", str(out))
    config = out / "conf"
    (config / "data").mkdir(parents=True)
    (config / "data" / "atlasmix.yaml").write_text((out / "megatron.yaml").read_text())
    (config / "run.yaml").write_text("defaults: [data: atlasmix, _self_]\n")
    with initialize_config_dir(str(config), version_base=None):
        found = compose("run")
    assert Path(found.backend.megatron.data_args_path) == out / "data_args.txt"
    assert found.backend.megatron.split == "100,0,0"
