"""Data cards of a mixture: Croissant, SPDX, Hugging Face, W3C PROV, the EU's public summary."""
