"""Scaling laws: what repeated tokens are worth, and what loss effective data reaches."""

from atlasmix.scaling.laws import LossLaw, load_law, shipped_laws
from atlasmix.scaling.saturation import DECAY_RANGE, DEFAULT_DECAY, saturate

__all__ = ["DECAY_RANGE", "DEFAULT_DECAY", "LossLaw", "load_law", "saturate", "shipped_laws"]
