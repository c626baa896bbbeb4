"""Keys of a framework that change what is read: honoured, or refused with their line."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_framework_files import read

from atlasmix.audit.lint import Standard, lint
from atlasmix.errors import AtlasMixError
from atlasmix.interop.importers.levanter import in_block

CAT = "/d/h/cat_Latn"
SPA = "/d/h/spa_Latn"
OLMO = "sources: [{source_name: cat_Latn, target_ratio: 1, paths: [x]}]"


def stage(dataset: str, first: int = 1) -> str:
    inner = "{dataset: {" + dataset + "}}"
    return f"data_stages: [{{name: a, start_training_step: {first}, data: {inner}}}]"


def counts(tmp_path: Path) -> Path:
    path = tmp_path / "c.csv"
    path.write_text("prefix,tokens,documents\nh/cat_Latn,1B,1M\nh/spa_Latn,1B,1M\n")
    return path


def unique(tmp_path: Path, form: str, text: str) -> dict[str, float | None]:
    found = read(tmp_path, form, text, counts=counts(tmp_path))
    return {pool.language: pool.unique_tokens for pool in found.pools}


@pytest.mark.parametrize(
    ("form", "text", "left"),
    [
        # A split leaves that much of every prefix.
        ("nemo", f"data_prefix: [1, {CAT}]\nsplits_string: 900,50,50\n", 0.9e9),
        ("nemo", f"data: {{paths: [1, {CAT}], split: '98,1,1'}}\n", 0.98e9),
        ("gpt-neox", f"data_path: {CAT}\nsplit: 969,30,1\n", 0.969e9),
        ("gpt-neox", f"data_path: {CAT}\n", 0.969e9),
        ("megatron", f"train: 1 0:0.9 {CAT}\n", 0.9e9),
        ("megatron", f"train: 1 0.25:0.75 {CAT}, 1 0:1 {SPA}\n", 0.5e9),
        ("megatron", f"dataset: {{blend: [[{CAT}], [1]], split: '90,10,0'}}\n", 0.9e9),
        ("hf", f"sources: [{{name: {CAT}, probability: 1, split: 'train[:10%]'}}]\n", 0.1e9),
        (
            "llama-factory",
            f"dataset: {CAT}\nmix_strategy: interleave_under\ninterleave_probs: 1\nval_size: 0.2\n",
            0.8e9,
        ),
        ("ms-swift", f"dataset: ['{CAT}#100']\nsplit_dataset_ratio: 0.5\n", 0.5e9),
        # A limit cuts it.
        (
            "nanotron",
            "data_stages:\n- {name: a, start_training_step: 1, data: {dataset: {dataset_folder: "
            f"[{CAT}], dataset_weights: [1], dataset_max_tokens: [300000000]}}}}}}\n",
            0.3e9,
        ),
        (
            "levanter",
            f"model: {{max_seq_len: 1000}}\ntrainer: {{train_batch_size: 100}}\n"
            f"data: {{train_weights: {{{CAT}: 1}}, max_train_batches: {{{CAT}: 2000}}}}\n",
            0.2e9,
        ),
        # What is held back is taken off, and a simulated run sees so much of everything.
        (
            "levanter",
            f"model: {{max_seq_len: 1000}}\n"
            f"data: {{train_weights: {{{CAT}: 1}}, num_validation_sequences: {{{CAT}: 100000}}}}\n",
            0.9e9,
        ),
        (
            "levanter",
            f"data: {{train_weights: {{{CAT}: 1}}, experiment_budget: 10, target_budget: 100}}\n",
            0.1e9,
        ),
    ],
)
def test_what_is_split_off_held_back_or_cut_is_not_read(
    tmp_path: Path, form: str, text: str, left: float
) -> None:
    """Epochs were those of the whole text."""
    assert unique(tmp_path, form, text)["cat"] == pytest.approx(left)


def test_a_fraction_and_a_repetition_are_one_cap(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "olmo-core",
        "sources: [{source_name: cat_Latn, target_ratio: 1, max_repetition_ratio: 4, "
        "max_source_fraction: 0.5, paths: [x]}]",
    )
    assert found.pools[0].max_epochs == 2.0


def test_repeats_of_a_source_are_its_cap(tmp_path: Path) -> None:
    text = "sources: [{name: cat_Latn, probability: 1, repeat: 3}]"
    assert read(tmp_path, "hf", text, tokens_per_document=1.0).pools[0].max_epochs == 3.0


def test_passes_are_weighed_by_what_lies_there(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("prefix,tokens\nh/cat_Latn,1B\nh/spa_Latn,3B\n")
    text = "streams: {a: {local: /d/h/cat_Latn, repeat: 3}, b: {local: /d/h/spa_Latn}}"
    found = read(tmp_path, "mosaicml", text, counts=path, pattern="{corpus}/{language}_{script}")
    assert found.proportions == {"cat": 0.5, "spa": 0.5}
    with pytest.raises(AtlasMixError, match="says how often a source is read, not how much"):
        read(tmp_path, "mosaicml", text)


@pytest.mark.parametrize(
    ("form", "text", "said"),
    [
        (
            "gpt-neox",
            f"train_data_paths: [{CAT}]\ntrain_data_weights: [1]\nweight_by_num_documents: true",
            "line 3: weight_by_num_documents is true",
        ),
        (
            "gpt-neox",
            f"train_data_paths: [{CAT}]\ntrain_data_weights: [1]\npack_impl: unpacked",
            "line 3: pack_impl",
        ),
        (
            "gpt-neox",
            f"train_data_paths: [{CAT}, {SPA}]\ntrain_data_weights: [1]",
            "2 paths and 1 weights",
        ),
        ("nemo", f"data_prefix: [1, {CAT}]\nsplits_string: 0,50,50\n", "line 2: split"),
        ("nemo", f"data: {{data_prefix: [1, {CAT}], data_impl: mock}}", "data_impl is mock"),
        (
            "mosaicml",
            "streams: {a: {local: /a, proportion: 1}, b: {local: /b}}",
            "proportion beside",
        ),
        (
            "mosaicml",
            "streams: {a: {local: /a, proportion: 1, repeat: 2}}",
            "proportion and repeat on one",
        ),
        (
            "mosaicml",
            "streams: {a: {local: /a, choose: 9}, b: {local: /b, repeat: 2}}",
            "choose beside",
        ),
        ("mosaicml", "streams: {a: {proportion: 1}}", "neither local nor remote"),
        (
            "nanotron",
            stage("hf_dataset_or_datasets: x"),
            "hf_dataset_or_datasets",
        ),
        (
            "nanotron",
            stage(f"dataset_folder: [{CAT}], dataset_weights: [1, 2]"),
            "1 paths and 2 weights",
        ),
        (
            "levanter",
            f"data: {{train_weights: {{{CAT}: 1}}, max_train_batches: {{{CAT}: 2}}}}",
            "max_train_batches limits what is read",
        ),
        (
            "levanter",
            f"data: {{train_weights: {{{CAT}: 1}}, mixture_block_size: 65536}}",
            "mixture_block_size is 65536",
        ),
        (
            "maxtext",
            '{"cat_Latn": {"path": "/a", "weight": 1, "num_epoch": 3}}',
            "num_epoch, which MaxText passes over",
        ),
        (
            "llama-factory",
            f"dataset: {CAT}\ninterleave_probs: 1\nmix_strategy: interleave_under\nmax_samples: 5",
            "line 4: max_samples",
        ),
        ("llama-factory", f"dataset: {CAT}\n", "joins its data sets"),
        ("llama-factory", '{"cat_Latn": {"file_name": "a"}}', "has no num_samples"),
        ("ms-swift", f"{CAT}\n", "has no count"),
        ("ms-swift", f"dataset: ['{CAT}#5']\nstreaming: true\n", "line 2: streaming"),
        (
            "ms-swift",
            f"dataset: ['{CAT}#5']\ninterleave_prob: [1]\n",
            "cut to so many rows and drawn by a share",
        ),
        (
            "hf",
            "datasets: [{path: x, num_samples: 5}]\nprobabilities: [1]",
            "num_samples reads a part",
        ),
        (
            "hf",
            "datasets: [{path: x, split: 'train[:5]'}]\nprobabilities: [1]",
            "split reads a part",
        ),
        (
            "hf",
            "sources: [{name: a, probability: 1, split: 'train[:5]'}]",
            "reads a part that only",
        ),
        ("hf", "datasets: [a]\nnames: [b]\nprobabilities: [1]", "datasets and names"),
        ("hf", "datasets: [{}]\nprobabilities: [1]", "expected a name"),
        ("megatron", f"train: 1 0.9:0.1 {CAT}\n", "expected START:END"),
        ("megatron", f"train: 1 0:1 {CAT}\ntrain_b: 1 0:1 {SPA}\n", "groups train, train_b"),
        ("megatron", "0,5 /d/h/cat_Latn 0,5 /d/h/spa_Latn", "line 1: '0,5' looks like a number"),
        ("megatron", "1 /d/h/cat_Latn\n50% /d/h/spa_Latn", "line 2: '50%' looks like a number"),
        ("megatron", "1_0 /d/h/cat_Latn 1 /d/h/spa_Latn", "line 1: '1_0' looks like a number"),
        ("megatron", '[["/d/h/cat_Latn", null], [1, 2]]', "expected a path, found nothing"),
        ("megatron", '[["/d/h/cat_Latn", "/d/h/spa_Latn"], [1]]', "2 paths and 1 weights"),
        ("megatron", '[["/d/h/cat_Latn", "/d/h/spa_Latn"], ["x", 1]]', "weight 'x'"),
        ("megatron", '["1", "/d/h/cat_Latn", ["x"], "y"]', "found a list, a mapping or nothing"),
        ("megatron", "1 /" + "a" * 5000, "a prefix of 5,001 characters"),
    ],
)
def test_what_no_number_can_follow_is_refused(
    tmp_path: Path, form: str, text: str, said: str
) -> None:
    with pytest.raises(AtlasMixError) as refused:
        read(tmp_path, form, text, tokens_per_document=1.0)
    assert said in str(refused.value)
    assert "None" not in str(refused.value)


@pytest.mark.parametrize(
    ("form", "text", "said"),
    [
        ("megatron", f'{{"train": ["1", "{CAT}"]}}', "stops with a KeyError"),
        (
            "olmo-core",
            "sources: [{source_name: cat_Latn, target_ratio: 0.5, paths: [x]}]",
            "refuses any sum",
        ),
        (
            "olmo-core",
            "sources: [{source_name: cat_Latn, target_ratio: 1, paths: [x], colour: red}]",
            "refuses the key colour",
        ),
        (
            "olmo-core",
            "sources: [{source_name: cat_Latn, target_ratio: 1, paths: [x]}]\nseed: 1",
            "refuses the key seed",
        ),
        (
            "olmo-core",
            OLMO.replace("x]", "x], max_source_fraction: 2"),
            "above 1",
        ),
        (
            "olmo-core",
            OLMO.replace("x]", "x], max_repetition_ratio: 0.5"),
            "below 1",
        ),
        (
            "gpt-neox",
            f"train_data_paths: [{CAT}]\ntrain_data_weights: [1]",
            "takes train, valid and test",
        ),
        (
            "mosaicml",
            "streams: {cat_Latn: {local: /a, proportion: 1, weight: 2}}",
            "refuses the key weight",
        ),
        ("levanter", "data: {components: {}, train_weights: {cat_Latn: 1}}", "and no component"),
        ("maxtext", "/a/cat_Latn,0.99999;/a/spa_Latn,0.00001", "to 0, and Grain stops there"),
        (
            "nanotron",
            stage(f"dataset_folder: [{CAT}], dataset_weights: [1]", 5),
            "wants step 1",
        ),
        ("regmix", "train: {cat_Latn: 1, cat_Latn_b: 1}", "takes its files for both"),
        ("hf", "probabilities: {cat_Latn: 0.9}", "refuses a sum that is not 1"),
    ],
)
def test_a_run_that_would_stop_is_not_called_sound(
    tmp_path: Path, form: str, text: str, said: str
) -> None:
    found = read(tmp_path, form, text, tokens_per_document=1.0)
    assert any(said in sentence for sentence in found.refusals), found.notes
    report = lint(found, Standard(tokens=1e9))
    assert any(said in each.sentence for each in report.findings if each.level == "fault")


@pytest.mark.parametrize(
    "content",
    [
        f'[["{CAT}", "{SPA}"], [0.6, 0.4]]',
        f'{{"train": [["{CAT}", "{SPA}"], [0.6, 0.4]], "valid": null, "test": null}}',
        f'{{"per_split_data_args": {{"train": ["0.6", "{CAT}", "0.4", "{SPA}"], "valid": null,'
        ' "test": null}}',
        f"blend_per_split: [[[{CAT}, {SPA}], [3, 2]], null, null]\n",
        f"dataset:\n  blend: [[{CAT}, {SPA}], [0.6, 0.4]]\n",
        f"data_path: 0.6 {CAT} 0.4 {SPA}\n",
        f"train: 0.6 0:0.9 {CAT}, 0.4 0:0.9 {SPA}\nvalid: 1 0.9:1 {CAT}\n",
        f'"TRAIN: 3 0:1 {CAT}, 2 0:1 {SPA}"\n',
    ],
)
def test_blends_of_every_shape(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, "megatron", content).proportions == {"cat": 0.6, "spa": 0.4}


def test_names_of_data_sets_are_kept(tmp_path: Path) -> None:
    """A source None had 80 %."""
    names = "{path: fw2, name: cat_Latn}, {path: fw2, name: spa_Latn}"
    text = f"datasets: [{names}]\nprobabilities: [0.8, 0.2]"
    found = read(tmp_path, "hf", text, tokens_per_document=1.0)
    assert {pool.name: pool.proportion for pool in found.pools} == {
        "cat.unknown.fw2": 0.8,
        "spa.unknown.fw2": 0.2,
    }


def test_a_block_is_counted_in_whole_sequences() -> None:
    assert in_block({"a": 0.9991, "b": 0.0009}, 2048) == {"a": 2047, "b": 1}
    assert in_block({"a": 0.9996, "b": 0.0004}, 2048) == {"a": 2048, "b": 0}


@pytest.mark.parametrize(
    ("meant", "text", "tokens"),
    [
        ("shares", "cat: 0.6\nspa: 0.4\n", None),
        ("percent", "cat: 60\nspa: 40%\n", None),
        ("tokens", "cat: 6B\nspa: 4e9\n", 1e10),
        ("documents", "cat: 3\nspa: 2\n", None),
    ],
)
def test_a_plain_list_says_what_it_is(
    tmp_path: Path, meant: str, text: str, tokens: float | None
) -> None:
    found = read(tmp_path, "weights", text, weights_are=meant, tokens_per_document=1.0)
    assert (found.proportions, found.tokens) == ({"cat": 0.6, "spa": 0.4}, tokens)


@pytest.mark.parametrize(
    ("meant", "text", "said"),
    [
        ("", "cat: 60", "nobody says what its numbers are; expected one of shares, percent"),
        ("share", "cat: 60", "weights are 'share'"),
        ("shares", "cat: 60", "its shares sum to 60, expected 1"),
        ("percent", "cat: 0.6", "its percent sum to 0.6, expected 100"),
        ("tokens", "cat: '1,5e9'", "decimals take a point"),
        ("tokens", "cat: [1]", "as weight; expected a number"),
    ],
)
def test_a_plain_list_is_asked(tmp_path: Path, meant: str, text: str, said: str) -> None:
    with pytest.raises(AtlasMixError) as refused:
        read(tmp_path, "weights", text, weights_are=meant)
    assert said in str(refused.value)
