"""Mixtures of others read back: one file per framework, and what its prefixes mean."""

from atlasmix.recipes.importers.reading import FORMATS, Request, import_mixture

__all__ = ["FORMATS", "Request", "import_mixture"]
