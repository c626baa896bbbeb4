"""Scaling laws: what repeated tokens are worth, what loss data reaches, and what a model costs."""

from atlasmix.scaling.law_kinds import (
    DEFAULT_PHI,
    DEFAULT_PHI_RANGE,
    CurseLaw,
    DataConstrainedLaw,
    LanguageLaws,
    LawCard,
    LossLaw,
)
from atlasmix.scaling.laws import load_curse, load_law, read_card, read_law, shipped_laws
from atlasmix.scaling.saturation import DECAY_RANGE, DEFAULT_DECAY, saturate

__all__ = [
    "DECAY_RANGE",
    "DEFAULT_DECAY",
    "DEFAULT_PHI",
    "DEFAULT_PHI_RANGE",
    "CurseLaw",
    "DataConstrainedLaw",
    "LanguageLaws",
    "LawCard",
    "LossLaw",
    "load_curse",
    "load_law",
    "read_card",
    "read_law",
    "saturate",
    "shipped_laws",
]
