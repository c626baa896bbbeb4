"""A language as a person reads about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atlasmix.languages import Language, name_of
from atlasmix.quantities import format_quantity

if TYPE_CHECKING:
    from rich.text import Text


def language_text(key: str, one: Language) -> Text:
    """What the tables know of one language; ``key`` is what evidence is filed under."""
    from rich.text import Text

    text = Text()
    text.append(f"{name_of(key)} ({key})", style="bold")
    text.append(f", {one.endonym}" if one.endonym and one.endonym != one.name else "")
    facts = [
        ("family", one.family + (f", {one.genus}" if one.genus else "")),
        ("scripts", ", ".join(one.scripts) + (" (the first is usual)" * (len(one.scripts) > 1))),
        ("codes", ", ".join(dict.fromkeys(filter(None, (one.code, one.iso639_1, one.bcp47))))),
        ("macrolanguage", one.macrolanguage),
        ("speakers", f"about {format_quantity(one.speakers)}" if one.speakers else ""),
    ]
    for label, words in facts:
        if words:
            text.append(f"\n  {label}: {words}")
    return text
