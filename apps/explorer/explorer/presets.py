"""Questions to begin with, as plain data; each is a ``problem.yaml`` too."""

from __future__ import annotations

from typing import Any, Final

_EUROPEAN: Final = "cat cym deu ell eng fra hrv ita por ron spa swe ukr"
_THIRTY: Final = (
    "arb ben cat cmn deu ell eng fra guj heb hrv ind ita jpn kor mar nob pes por ron rus spa swe "
    "tel tha tur ukr urd vie zsm"
)

PRESETS: Final[dict[str, dict[str, Any]]] = {
    "Catalan (little text)": {"targets": {"cat": 1}},
    "Thirteen European languages": {
        "targets": dict.fromkeys(_EUROPEAN.split(), 1),
        "budget": 2_000_000_000_000,
    },
    "Nordic family": {
        "targets": {"dan": 1, "isl": 1, "nno": 1, "nob": 1, "swe": 1},
        "budget": 300_000_000_000,
    },
    "Iberian family": {
        "targets": {"cat": 1, "glg": 1, "por": 1, "spa": 1},
        "budget": 300_000_000_000,
    },
    "South-East Asian family": {
        "targets": {"fil": 1, "ind": 1, "tha": 1, "vie": 1, "zsm": 1},
        "budget": 300_000_000_000,
    },
    "Thirty languages": {
        "targets": dict.fromkeys(_THIRTY.split(), 1),
        "budget": 1_000_000_000_000,
    },
}
"""The thirteen are the main job, a model of many languages of which one has next to no text; Nordic
and Iberian hold languages that no study scored (Danish, Icelandic, Nynorsk; Galician)."""

EXAMPLES: Final = ("Thirteen European languages", "Iberian family", "South-East Asian family")
"""Offered to a visitor who has just come, beside the answer for Catalan."""
