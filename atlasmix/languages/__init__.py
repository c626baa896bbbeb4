"""Languages: any code or name in, one ISO 639-3 language and script out."""

from atlasmix.languages.catalogue import all_languages, language, name_of
from atlasmix.languages.individual import Language
from atlasmix.languages.resolving import resolve
from atlasmix.languages.tags import LanguageTag

__all__ = ["Language", "LanguageTag", "all_languages", "language", "name_of", "resolve"]
