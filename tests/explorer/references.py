"""Every place of a question or a file where a text may stand, each with another text in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

WHOLE: dict[str, Any] = {
    "targets": {"cat": 1, "spa": 2},
    "budget": "300B",
    "tokens": "at most",
    "params": "2B",
    "compute": "1e22",
    "objective": "loss",
    "matrix": "atlas-2025",
    "rivals": ["atlasmix-2026"],
    "calibration": "bts",
    "inventory": ["web-2026", "finepdfs-2026"],
    "pools": {
        "provenance": ["human"],
        "kind": ["web"],
        "corpus": ["hplt-v4"],
        "language": ["cat", "spa"],
        "exclude_language": ["fra"],
        "name": ["cat.human.hplt-v4"],
    },
    "max_epochs": {"default": 4, "cat": "8"},
    "lambda": "0.04",
    "risk_aversion": "1",
    "box": "90%",
    "wrong_scores": "1",
    "unknown_human": "20%",
    "drift_penalty": "0.02",
    "near": "1%:unimax",
    "law": {
        "name": "hoffmann-2022",
        "E": "1.9",
        "A": "480",
        "alpha": "0.35",
        "B": "2085",
        "beta": "0.37",
        "unit": "nats per token",
        "measured_on": "ours",
        "source": "ours",
        "note": "none",
        "decay": "0.04",
        "language": "eng",
        "phi": "0.11",
        "phi_range": ["0.08", "0.17"],
        "fitted_params": ["7e6", "9e9"],
        "fitted_tokens": ["1e8", "9e11"],
    },
    "worth": {"translated": "0.5"},
    "groups": {"iberian": ["spa", "por"]},
    "min": {"cat": "30%"},
    "max": {"corpus:hplt-v4": "90%", "pool:cat.human.hplt-v4": "80%"},
    "keep": {"provenance:human": "1B"},
    "human_floor": "30%",
    "guardrails": {"spa": {"slack": "5%", "reference": "natural"}, "cat": "5%:natural"},
    "max_donors": "3",
    "phases": [
        {"name": "main", "tokens": "rest", "min": {"cat": "20%"}, "max": {"spa": "90%"}},
        {"name": "anneal", "tokens": "20%"},
    ],
    "draws": "100",
    "seed": "1",
    "tail": "20%",
}
"""A question with every key that one may have; together they have no answer."""


def named_in(value: Any, text: str, at: str = "") -> Iterator[tuple[str, Any]]:
    """(Where, the value with ``text`` there): in the place of each value, of each key, and after
    the colon of each text that has one."""
    yield at, text
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{at}.{key} (key)", {text if k == key else k: v for k, v in value.items()}
            if ":" in key:
                tail = f"{key.partition(':')[0]}:{text}"
                yield f"{at}.{key} (tail)", {tail if k == key else k: v for k, v in value.items()}
            for where, new in named_in(inner, text, f"{at}.{key}"):
                yield where, {**value, key: new}
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            for where, new in named_in(inner, text, f"{at}.{place}"):
                yield where, [*value[:place], new, *value[place + 1 :]]
    elif isinstance(value, str) and ":" in value:
        yield f"{at} (tail)", f"{value.partition(':')[0]}:{text}"


def questions(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(Where, question): each key alone with its target beside it, so that no other refuses it."""
    for key, value in WHOLE.items():
        for where, changed in named_in(value, text, key):
            new = _alone(where, changed) if key == "pools" else changed
            beside = {"targets": {"cat": 1}} if key != "targets" else {}
            if "iberian" in str(new):
                beside["groups"] = WHOLE["groups"]
            yield where, {**beside, key: new}


def _alone(where: str, pools: Any) -> Any:
    """A choice of pools without their names, or the names without the rest: they stand alone."""
    if not isinstance(pools, dict):
        return pools
    named = where.startswith("pools.name")
    return {
        key: each
        for key, each in pools.items()
        if (key not in WHOLE["pools"] or key == "name") == named
    }


def spellings(folder: Path) -> list[tuple[str, str]]:
    """(A file that is there, one of as long a name that is not), as a path and as an address."""
    for ending in (".yaml", ".yml"):
        words = "stolen: words\nschema: atlasmix/mixture/1\n"
        folder.joinpath(f"secret{ending}").write_text(words)
    ways = (f"{folder}/{{}}.yaml", f"{folder}/{{}}.yml", f"file://{folder}/{{}}.yaml")
    # They differ in the last letter alone: a message may cut a long path anywhere before it.
    return [(way.format("secret"), way.format("secrex")) for way in ways]
