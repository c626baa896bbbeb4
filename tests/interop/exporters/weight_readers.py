"""Each framework's own file read by the shortest way there is: path or key to weight.

Written from the descriptions of the formats, apart from the exporters. Of several phases the first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import yaml

Texts = Mapping[str, str]


def _pairs(words: list[Any]) -> dict[str, float]:
    return {str(path): float(weight) for weight, path in zip(words[::2], words[1::2], strict=True)}


def _nemo(texts: Texts) -> dict[str, float]:
    words = yaml.safe_load(texts["data.yaml"])["model"]["data"]["data_prefix"]
    return _pairs(words["train"] if isinstance(words, dict) else words)


def _named(rows: list[dict[str, Any]], name: str, weight: str) -> dict[str, float]:
    return {row[name]: row[weight] for row in rows}


def _keyed(rows: dict[str, dict[str, Any]], weight: str) -> dict[str, float]:
    return {key: row[weight] for key, row in rows.items()}


def _neox(texts: Texts) -> dict[str, float]:
    data = yaml.safe_load(texts["atlasmix_data.yml"])
    return dict(zip(data["train_data_paths"], data["train_data_weights"], strict=True))


def _nanotron(texts: Texts) -> dict[str, float]:
    stage = yaml.safe_load(texts["data_stages.yaml"])["data_stages"][0]["data"]["dataset"]
    return dict(zip(stage["dataset_folder"], stage["dataset_weights"], strict=True))


def _levanter(texts: Texts) -> dict[str, float]:
    weights = yaml.safe_load(texts["data.yaml"])["data"]["train_weights"]
    found: dict[str, float] = weights if isinstance(weights, dict) else weights[0][1]
    return found


def _streams(texts: Texts) -> dict[str, float]:
    dataset = yaml.safe_load(texts["train_loader.yaml"])["train_loader"]["dataset"]
    return _keyed(dataset["streams"], "repeat")


def _counts(texts: Texts) -> dict[str, float]:
    lines = [line.rpartition("#") for line in texts["dataset.txt"].split()]
    return {path: int(count) for path, _, count in lines}


def _budget(texts: Texts) -> dict[str, float]:
    return _named(json.loads(texts["token_budget.json"])["phases"][0]["pools"], "pool", "tokens")


_READERS: dict[str, Callable[[Texts], dict[str, float]]] = {
    "megatron": lambda texts: _pairs(texts["data_args.txt"].split()),
    "nemo": _nemo,
    "olmo-core": lambda texts: _named(
        yaml.safe_load(texts["source_mixture.yaml"])["sources"], "source_name", "target_ratio"
    ),
    "olmix": lambda texts: _keyed(yaml.safe_load(texts["mix.yaml"])["mix"], "weight"),
    "hf": lambda texts: _named(json.loads(texts["mixture.json"])["sources"], "name", "probability"),
    "mosaicml": _streams,
    "gpt-neox": _neox,
    "regmix": lambda texts: yaml.safe_load(texts["data.yaml"])["train"],
    "maxtext": lambda texts: _keyed(json.loads(texts["grain_mixture.json"]), "weight"),
    "nanotron": _nanotron,
    "levanter": _levanter,
    "llama-factory": lambda texts: _keyed(json.loads(texts["dataset_info.json"]), "num_samples"),
    "ms-swift": _counts,
    "token-budget": _budget,
}


def weights_in(name: str, files: Texts) -> dict[str, float]:
    """Path or key to what stands there: a weight, a count or a number of passes."""
    by_name = {path.rpartition("/")[2]: text for path, text in reversed(files.items())}
    return _READERS[name](by_name)
