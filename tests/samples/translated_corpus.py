"""A small corpus of Catalan of which half is translated by a machine, as a card of rows says it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

_MADE: Final = {
    "origin": "synthetic",
    "kind": "translate",
    "generator": "nllb-200@3.3B",
    "generation": 1,
    "source_lang": "en",
}
_DAYS: Final = 40


def write_corpus(path: Path) -> None:
    """Write it as JSON lines: 40 documents of people, each followed by one of a machine."""
    rows = [
        {"text": f"Bon dia {day}: el vent bufa de llevant.", "language": "ca", "provenance": origin}
        for day in range(_DAYS)
        for origin in ({"origin": "human"}, _MADE)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
