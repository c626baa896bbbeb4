"""Each framework's file in the shapes that it has, and every fault named with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atlasmix.errors import AtlasMixError, DataError, ProblemError
from atlasmix.evidence.mixture_file import GivenMixture
from atlasmix.evidence.store import Store
from atlasmix.interop.importers.reading import FORMATS, Request, import_mixture


def read(tmp_path: Path, form: str, content: str, **asked: Any) -> GivenMixture:
    path = tmp_path / "mix.yaml"
    path.write_text(content, encoding="utf-8")
    return import_mixture(Request(path, form, **asked))


@pytest.mark.parametrize(
    "content",
    [
        "0.6 /d/h/cat_Latn_text_document\n0.2 /d/h/spa_Latn\n0.2 /d/x\n",
        "3 /d/h/cat_Latn 1 /d/h/spa_Latn 1 /d/x",
        '{"train": ["0.6", "/d/h/cat_Latn", "0.2", "/d/h/spa_Latn", "0.2", "/d/x"],\n'
        '\t"valid": null, "test": null}',
        '["0.6", "/d/h/cat_Latn", "0.2", "/d/h/spa_Latn", "0.2", "/d/x"]',
    ],
    ids=["lines", "one line", "per split", "flat"],
)
def test_megatron_in_every_form(tmp_path: Path, content: str) -> None:
    found = read(tmp_path, "megatron", content)
    assert found.proportions == {"cat": 0.6, "spa": 0.2}
    assert [(one.name, one.proportion) for one in found.other] == [("/d/x", 0.2)]


@pytest.mark.parametrize(
    "content",
    [
        "model:\n  data:\n    data_prefix: [0.6, /d/h/cat_Latn, 0.4, /d/h/spa_Latn]\n",
        "model: {data: {data_prefix: {train: [0.6, /d/h/cat_Latn, 0.4, /d/h/spa_Latn]}}}\n",
        "data: {paths: {train: ['0.6', /d/h/cat_Latn, '0.4', /d/h/spa_Latn]}}\n",
    ],
    ids=["flat", "splits", "NeMo 2"],
)
def test_nemo_in_every_form(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, "nemo", content).proportions == {"cat": 0.6, "spa": 0.4}


def test_olmo_core_keeps_the_caps(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "olmo-core",
        "sources:\n- {source_name: cat__human__hplt_v4, target_ratio: 0.75, "
        "max_repetition_ratio: 4.0, paths: [/d/*.npy]}\n"
        "- {source_name: spa__human__hplt_v4, target_ratio: 0.25}\n"
        "- {source_name: fra__human__hplt_v4, target_ratio: 0.0, colour: red}\n",
    )
    assert {pool.name: pool.max_epochs for pool in found.pools} == {
        "cat.human.hplt_v4": 4.0,
        "spa.human.hplt_v4": 1.0,  # OLMo-core's own default
    }
    assert any("target_ratio 0" in note for note in found.notes)


def test_olmix_multiplies_along_the_path_and_brings_its_counts(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "olmix",
        "mix:\n  web:\n    weight: 0.8\n    cat_Latn: {weight: 0.5, repetition_factor: 2.0}\n"
        "    spa_Latn: {weight: 0.5, repetition_factor: 1.0}\n"
        "  arxiv: {weight: 0.2, repetition_factor: 1.0}\n"
        "priors: {token_counts: {'web:cat_Latn': 1000}}\n",
        pattern="{corpus}:{language}_{script}",
    )
    assert found.proportions == {"cat": 0.4, "spa": 0.4}
    catalan = next(pool for pool in found.pools if pool.language == "cat")
    assert (catalan.corpus, catalan.max_epochs, catalan.unique_tokens) == ("web", 2.0, 1000)
    assert [one.name for one in found.other] == ["arxiv"]


def test_hf_probabilities_are_documents_and_become_tokens(tmp_path: Path) -> None:
    # 100 documents of 50 tokens and 50 of 100 are the same number of tokens.
    counts = tmp_path / "counts.json"
    counts.write_text(
        json.dumps(
            {
                "cat_Latn": {"tokens": 5000, "documents": 100},
                "spa_Latn": {"tokens": 5000, "documents": 50},
            }
        )
    )
    content = (
        '{"sources": [{"name": "cat_Latn", "probability": 0.5},'
        '{"name": "spa_Latn", "probability": 0.5}]}'
    )
    found = read(tmp_path, "hf", content, counts=counts)
    assert found.proportions == pytest.approx({"spa": 2 / 3, "cat": 1 / 3}, abs=1e-9)
    same = read(tmp_path, "hf", content, tokens_per_document=700.0)
    assert same.proportions == {"cat": 0.5, "spa": 0.5}
    with pytest.raises(ProblemError, match="nobody says how long a document of cat_Latn, spa_Latn"):
        read(tmp_path, "hf", content)


@pytest.mark.parametrize(
    "content",
    [
        "probabilities: {cat_Latn: 0.7, spa_Latn: 0.3}",
        "datasets: [cat_Latn, spa_Latn]\nprobabilities: [0.7, 0.3]",
        '{"names": ["cat_Latn", "spa_Latn"], "probabilities": [0.7, 0.3]}',
    ],
)
def test_hf_calls_written_down(tmp_path: Path, content: str) -> None:
    found = read(tmp_path, "hf", content, tokens_per_document=1.0)
    assert found.proportions == {"cat": 0.7, "spa": 0.3}


def test_an_inventory_gives_unique_tokens_and_the_corpus_its_own_spelling(tmp_path: Path) -> None:
    inventory = Store("/nonexistent").inventory()
    found = read(tmp_path, "megatron", "1 /d/cat__human__hplt_v4", inventory=inventory)
    pool = next(one for one in inventory.pools if one.name == "cat.human.hplt-v4")
    assert found.pools[0].name == pool.name
    assert found.pools[0].unique_tokens == pool.unique_tokens
    assert found.pools[0].counted_in == "inventory web-2026"


def test_several_prefixes_of_one_pool_add_up_and_the_same_text_is_counted_once(
    tmp_path: Path,
) -> None:
    counts = tmp_path / "counts.csv"
    counts.write_text('prefix,tokens\nh/cat_Latn/a,"1,000"\nh/cat_Latn/b,500\n')
    found = read(
        tmp_path,
        "megatron",
        "1 h/cat_Latn/a\n1 h/cat_Latn/b\n2 h//cat_Latn/a\n",
        pattern="{corpus}/{language}_{script}/*",
        counts=counts,
    )
    assert len(found.pools) == 1
    assert found.pools[0].proportion == 1
    assert found.pools[0].unique_tokens == 1500
    assert [part.weight for part in found.pools[0].parts] == [1, 1, 2]
    assert any("h/cat_Latn/a stands there 2 times (line 1, line 3)" in n for n in found.notes)


def test_no_weights_at_all_follow_the_sizes(tmp_path: Path) -> None:
    counts = tmp_path / "counts.json"
    counts.write_text('{"h/cat_Latn": 300, "h/spa_Latn": 100}')
    found = read(tmp_path, "megatron", "/d/h/cat_Latn /d/h/spa_Latn", counts=counts)
    assert found.proportions == {"cat": 0.75, "spa": 0.25}
    with pytest.raises(ProblemError, match="the file has no weights, so shares follow the sizes"):
        read(tmp_path, "megatron", "/d/h/cat_Latn /d/h/spa_Latn")


@pytest.mark.parametrize(
    ("form", "content", "said"),
    [
        ("megatron", "0.5 /a/cat_Latn\n0.5 /a b/spa_Latn\n", "line 2: 'b/spa_Latn' stands where a"),
        ("megatron", "0.5 /a/cat_Latn\n0.5\n", "line 2: weight 0.5 has no prefix after it"),
        ("megatron", "0.5 /a/cat_Latn\n0 /a/spa_Latn\n", "line 2: weight 0; Megatron takes finite"),
        ("megatron", "-1 /a/cat_Latn", "line 1: weight -1"),
        ("megatron", "nan /a/cat_Latn", "line 1: weight nan"),
        ("megatron", "0.5 /a/cat_Latn\n0.5 2023\n", "line 2: '2023' stands where a prefix should"),
        ("megatron", "", "it lists nothing"),
        ("megatron", "# only words\n", "it lists nothing"),
        ("megatron", '{"valid": []}', "no list under 'train'"),
        ("nemo", "model: {}", "no model.data.data_prefix"),
        ("nemo", "model:\n  data:\n    data_prefix:\n    - 0.5\n    - true\n", "line 5: 'True'"),
        ("olmo-core", "sources:\n- {source_name: a}\n", "line 2: expected a source_name and a"),
        ("olmo-core", "sources: 3", "no list of sources"),
        ("olmix", "mix:\n  a: {weight: x}\n", "line 2: a has no number as weight"),
        ("olmix", "data: {}", "no mapping 'mix'"),
        ("hf", "sources: [{name: cat_Latn}]", "line 1: expected a name and a number"),
        ("hf", "datasets: [a]\nprobabilities: [1, 2]", "2 probabilities and 1 datasets"),
        ("hf", "{}", "lists no sources"),
        ("megatron", "1 /d/code", "no prefix names a language"),
        ("nemo", "a: &x 1\nb: *x", "uses a YAML anchor"),
        ("olmo-core", "sources: [", "is not plain YAML"),
    ],
)
def test_faults_are_named_with_their_line(
    tmp_path: Path, form: str, content: str, said: str
) -> None:
    with pytest.raises(DataError) as refused:
        read(tmp_path, form, content)
    assert said in str(refused.value)


def test_all_faults_of_a_file_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has 3 faults") as refused:
        read(tmp_path, "megatron", "0 /a/cat_Latn\n-1 /a/spa_Latn\n1 /a/fra_Latn\n2 7\n")
    assert [fault.partition(":")[0] for fault in refused.value.faults] == [
        "line 1",
        "line 2",
        "line 4",
    ]


def test_a_file_of_another_format_does_not_flood_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has 2,001 faults") as refused:
        read(tmp_path, "megatron", "words and more words\n" * 500 + "0 x\n")
    assert len(refused.value.faults) == 51
    assert refused.value.faults[-1].endswith("more; is it really Megatron's file?")


def test_sums_that_the_framework_refuses_are_said(tmp_path: Path) -> None:
    olmo = read(tmp_path, "olmo-core", "sources: [{source_name: cat_Latn, target_ratio: 0.99}]")
    assert "target ratios sum to 0.99: OLMo-core refuses any sum but 1" in olmo.notes
    hf = read(tmp_path, "hf", "probabilities: {cat_Latn: 0.999}", tokens_per_document=1.0)
    assert any("refuses a sum that is not 1 to 1e-8" in note for note in hf.notes)


def test_binary_missing_and_unknown_are_sentences(tmp_path: Path) -> None:
    path = tmp_path / "mix"
    path.write_bytes(b"\x00\x01\xff")
    for request in (
        Request(path, "megatron"),
        Request(tmp_path / "nosuch", "megatron"),
        Request(path, "megatorn"),
        Request(path, "megatron", provenance="humane"),
        Request(path, "megatron", mapping=tmp_path / "no", pattern="x"),
    ):
        with pytest.raises(AtlasMixError) as refused:
            import_mixture(request)
        assert len(str(refused.value)) < 300


def test_every_format_is_documented() -> None:
    guides = Path(__file__).parents[3] / "docs" / "guides"
    page = (guides / "import.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in FORMATS)
