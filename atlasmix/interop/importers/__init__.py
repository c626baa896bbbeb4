"""Mixtures of others read back: one file per framework, and what its prefixes mean."""
