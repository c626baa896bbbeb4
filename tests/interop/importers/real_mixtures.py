"""Two real mixtures in the shape that their teams publish them, rebuilt from their figures.

``oellm_baby.csv``: prefix and weight of each line of ``OpenEuroLLM/training-data-collection:
baby/datamix.txt`` (commit 12d40572), and the release tokens of the part that it reads, with the
name under which ``baby/README.md`` (commit 0b9368c7) counts it.
``salamandra_7b.csv``: language folder, shard and weight of each prefix of
``langtech-bsc/salamandra: configs/bsc_7b.yaml`` (commit d74d3c69).
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

HERE = Path(__file__).parent

MAPPING = """\
rules:
  - {match: "hplt-3.0/{language}_{script}", provenance: human, corpus: hplt-v3}
  - {match: "finepdfs-1.0.0/{language}_{script}", provenance: human, corpus: finepdfs}
  - match: "finepdfs-edu-1.0/{language}_{script}"
    provenance: human
    corpus: finepdfs-edu
    counts: "finepdfs-edu-1.0.0/{language}_{script}"
  - {match: "nemotron-cc-opus-1.1/{language}_{script}", provenance: translated, corpus: opus}
  - match: "nemotron-cc-tower+-0.1/{name}/{language}_{script}"
    provenance: translated
    corpus: "{name}"
    counts: "nemotron-cc-tower+-0.1/parallel/{name}/{language}_{script}"
  - {match: "dclm-1.0/**", language: eng, provenance: human, corpus: dclm}
  - {match: "nemotron-cc-1.0/**", language: eng, provenance: human, corpus: nemotron-cc}
  - {match: "olmo-mix-1124/**", language: eng, provenance: human, corpus: olmo-mix}
  - {match: "**/finemath4plus*", other: math, counts: finemath-0.0.0/finemath-4plus}
  - {match: "**/{name}-10p-sample", other: math, counts: "megamath-0.0.0/{name}"}
  - {match: "starcoder*/*", other: code, counts: starcoder-0.0.0}
"""
CODE_FIRST = MAPPING.replace("rules:\n", "rules:\n" + MAPPING.splitlines()[-1] + "\n")


def baby_rows() -> list[dict[str, str]]:
    with (HERE / "oellm_baby.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def baby_text() -> str:
    """``datamix.txt``: one ``weight prefix`` a line."""
    return "".join(f"{row['weight']} {row['prefix']}\n" for row in baby_rows())


def write_baby(folder: Path) -> dict[str, Path]:
    """The data mix, a mapping, and the tree of counts as the team keeps it."""
    paths = {
        "mix": folder / "datamix.txt",
        "mapping": folder / "map.yaml",
        "counts": folder / "counts",
    }
    paths["mix"].write_text(baby_text(), encoding="utf-8")
    paths["mapping"].write_text(CODE_FIRST, encoding="utf-8")
    for row in baby_rows():
        dataset, _, part = row["counted_as"].partition("/")
        place = paths["counts"] / dataset / "counts" / part
        place.mkdir(parents=True, exist_ok=True)
        count = {"tokens": int(row["tokens"]), "tokenizer": "openeurollm/tokenizer-256k"}
        (place / "release.json").write_text(json.dumps(count), encoding="utf-8")
        # What the part was made from stands beside it and must not be taken for it.
        (place / "source.json").write_text(json.dumps({**count, "tokens": 7}), encoding="utf-8")
    return paths


def salamandra_text() -> str:
    """The part of ``bsc_7b.yaml`` that says what is read, in its words."""
    lines = [
        "trainer:",
        "  max_steps: 1736777 # steps",
        "model:",
        "  global_batch_size: 512",
        "  encoder_seq_length: 8192",
        "  data:",
        '    splits_string: "98,1,1"',
        "    seq_length: ${model.encoder_seq_length}",
        "    data_prefix:",
        "      train:",
    ]
    with (HERE / "salamandra_7b.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = f"{row['language']}-train-optimized-{row['shard']}_text_document"
            lines += [
                f"        - {row['weight']}",
                f"        - /data/train/{row['language']}/{name}",
            ]
    lines += ["      validation:", "        - 1.0", "        - /data/valid/valid_text_document"]
    return "\n".join(lines) + "\n"
