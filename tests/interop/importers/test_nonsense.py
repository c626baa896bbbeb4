"""Numbers that no framework can mean, at each place of each file that is read: refused by line,
and whatever is let through can be read again."""

from __future__ import annotations

import json
from pathlib import Path
from string import Formatter

import pytest
from test_framework_files import read

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.mixture_file import dump_mixture, load_mixture
from atlasmix.interop.importers.reading import FORMATS, Request, import_mixture

# Each name in braces is a number; those in SOUND are what a framework would take.
FILES = {
    "megatron": "{w} /a/cat_Latn\n{v} /a/spa_Latn\n",
    "nemo": (
        "data_prefix: [{w}, /a/cat_Latn, {v}, /a/spa_Latn]\n"
        "trainer: {{max_steps: {steps}}}\n"
        "model: {{global_batch_size: {batch}, encoder_seq_length: {length}}}\n"
    ),
    "salamandra": "data_prefix: [{w}, /x/ca/ca-train-optimized-0, {v}, /x/es/es-train-0]\n",
    "olmo-core": (
        "sources:\n"
        "- {{source_name: cat__human__x, target_ratio: {w}, max_repetition_ratio: {cap}}}\n"
        "- {{source_name: spa__human__x, target_ratio: {v}}}\n"
    ),
    "olmix": (
        "mix:\n"
        "  web: {{weight: {w}, good: {{weight: {v}, cat_Latn: {{weight: {u}}}}}}}\n"
        "  spa__human__x: {{weight: 1.5, repetition_factor: {cap}}}\n"
        "priors: {{token_counts: {{spa__human__x: {count}}}}}\n"
    ),
    "hf": "probabilities: {{cat__human__x: {w}, spa__human__x: {v}}}\n",
    "mosaicml": (
        "streams:\n"
        "  cat__human__x: {{local: /a, proportion: {w}}}\n"
        "  spa__human__x: {{local: /b, proportion: {v}}}\n"
    ),
    "gpt-neox": (
        "train_data_paths: [/a/cat_Latn, /a/spa_Latn]\ntrain_data_weights: [{w}, {v}]\n"
        "train_iters: {steps}\ntrain_batch_size: {batch}\nseq_length: {length}\n"
    ),
    "regmix": "train: {{cat__human__x: {w}, spa__human__x: {v}}}\n",
    "maxtext": (
        '{{"cat__human__x": {{"path": "/a", "weight": {w}}},\n'
        '"spa__human__x": {{"path": "/b", "weight": {v}}}}}\n'
    ),
    "nanotron": (
        "data_stages:\n- name: a\n  start_training_step: 1\n  data:\n    dataset:\n"
        "      dataset_folder: [/a/cat_Latn, /a/spa_Latn]\n"
        "      dataset_weights: [{w}, {v}]\n      dataset_max_tokens: [{count}, null]\n"
    ),
    "levanter": "data: {{train_weights: {{cat__human__x: {w}, spa__human__x: {v}}}}}\n",
    "llama-factory": (
        '{{"cat__human__x": {{"file_name": "a", "num_samples": {w}}},\n'
        '"spa__human__x": {{"file_name": "b", "num_samples": {v}}}}}\n'
    ),
    "ms-swift": "/a/cat_Latn#{w}\n/a/spa_Latn#{v}\n",
    "token-budget": (
        "phases:\n- phase: all\n  tokens: {count}\n  pools:\n"
        "  - {{pool: cat.human.x, tokens: {w}}}\n  - {{pool: spa.human.x, tokens: {v}}}\n"
    ),
    "weights": "cat: {w}\nspa: {v}\n",
}
SOUND = {
    **{"w": "0.6", "v": "0.4", "u": "0.5", "cap": "4", "count": "9e9"},
    **{"steps": "1000", "batch": "8", "length": "4096"},
}
NONSENSE = ("-1", "-0.5", "nan", "inf", "-inf", ".nan", ".inf", "-.inf", "1e400", "1e-400", "0")
PLACES = [
    (form, name)
    for form, text in FILES.items()
    for _, name, _, _ in Formatter().parse(text)
    if name
]


def test_every_reader_is_tried():
    assert set(FILES) == set(FORMATS)
    assert {name for _, name in PLACES} == set(SOUND)


@pytest.mark.parametrize(("form", "name"), PLACES)
@pytest.mark.parametrize("written", NONSENSE)
def test_a_number_that_cannot_be_meant_is_refused(
    tmp_path: Path, form: str, name: str, written: str
) -> None:
    """olmix's -1 and 1.5, .nan and .inf came out as a mixture that lint refused."""
    text = FILES[form].format(**{**SOUND, name: written})
    path = tmp_path / "file"
    path.write_text(text)
    meant = "tokens" if form == "weights" else ""
    request = Request(path, form, tokens_per_document=500.0, weights_are=meant)
    try:
        mixture = import_mixture(request)
    except AtlasMixError as error:
        said = str(error)
        assert "line" in said or "tokens" in said or "names a language" in said, said
        return
    # A weight of 0 reads nothing; a word in the place of a number leaves a setting out.
    assert written not in ("-0.5", ".nan", ".inf", "-.inf"), text
    assert load_mixture(dump_mixture(mixture)).proportions == mixture.proportions
    assert mixture.tokens is None or mixture.tokens > 0
    assert all(pool.max_epochs is None or pool.max_epochs > 0 for pool in mixture.pools)


@pytest.mark.parametrize(
    ("form", "text", "words"),
    [
        ("olmix", "mix: {a: {weight: -1, cat_Latn: {weight: 1}}, b: 1.5}", "line 1: weight -1"),
        (
            "olmix",
            "mix: {a: {weight: -1, b: {weight: -1, cat_Latn: 1}}, c: 1}",
            "line 1: weight -1",
        ),
        ("olmix", "mix: {cat_Latn: {weight: 1, repetition_factor: lots}}", "repetition_factor is"),
        ("olmix", "mix: {cat_Latn: {weight: 1, repetition_factor: [2]}}", "is a list"),
        (
            "olmo-core",
            "sources: [{source_name: cat_Latn, target_ratio: 1, max_repetition_ratio: x}]",
            "max_repetition_ratio is x",
        ),
        ("megatron", "1e308 /a/cat_Latn 1e308 /a/spa_Latn", "more than a number can hold"),
        ("megatron", '["1", "/a/cat_Latn", "1", ""]', "'' is no name and no path"),
        ("nemo", 'data_prefix: [1, /a/cat_Latn, 1, "/"]', "'/' is no name and no path"),
        ("hf", '{"sources": [{"name": {"a": 1}, "probability": 1}]}', "expected a name"),
        ("hf", '{"sources": [{"name": "", "probability": 1}]}', "'' is no name and no path"),
    ],
)
def test_what_else_cannot_be_meant(tmp_path: Path, form: str, text: str, words: str) -> None:
    with pytest.raises(AtlasMixError) as caught:
        read(tmp_path, form, text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"unique_tokens": -5},
        {"unique_tokens": "many"},
        {"provenance": "humane"},
        {"language": ""},
        {"language": "{language}"},
        {"paths": "x"},
        {"key": None},
        {"tokens_per_document": 0},
    ],
)
def test_an_edited_expected_file_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    """An export's file serves as a mapping; what stands in it was believed."""
    pool = {
        **{"pool": "cat.human.x", "key": "k", "language": "cat", "provenance": "human"},
        **{"corpus": "x", "paths": ["/a/cat"], "unique_tokens": 5e9, "tokens_per_document": 500},
    }
    path, mapping = tmp_path / "f.txt", tmp_path / "expected.json"
    path.write_text("1 /a/cat\n")
    content = {"schema": "atlasmix/expected/1", "pools": [pool], "run": {"tokens": 1000}}
    mapping.write_text(json.dumps(content))
    request = Request(path, "megatron", mapping=mapping)
    assert import_mixture(request).tokens == 1000
    mapping.write_text(json.dumps({**content, "pools": [{**pool, **change}]}))
    with pytest.raises(AtlasMixError, match=r"fault|no language"):
        import_mixture(request)
    for run in ({"tokens": -1}, {"tokens": "x"}, {}, 7):
        mapping.write_text(json.dumps({**content, "run": run}))
        with pytest.raises(AtlasMixError, match="fault"):
            import_mixture(request)


def test_a_rule_cannot_fill_in_what_is_no_provenance(tmp_path: Path) -> None:
    """What a pattern finds is checked where the mixture is made."""
    path, mapping = tmp_path / "f.txt", tmp_path / "map.yaml"
    path.write_text("1 /humane/cat_Latn\n")
    rule = "{match: '{name}/{language}_{script}', provenance: '{name}', corpus: x}"
    mapping.write_text(f"rules: [{rule}]\n")
    with pytest.raises(AtlasMixError, match="found 'humane', expected one of"):
        import_mixture(Request(path, "megatron", mapping=mapping))
