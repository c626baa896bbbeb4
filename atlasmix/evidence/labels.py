"""The names on an axis: languages by ISO 639-3, or the labels that a card lists."""

from __future__ import annotations

from collections.abc import Callable

from atlasmix.errors import DataError, UnknownLanguage
from atlasmix.evidence.card import Card


def label_reader(card: Card) -> Callable[[str], str]:
    """A function from what a table says to the key, remembering what it has seen.

    It raises DataError (UnknownLanguage on a language axis) with a sentence that suggests.
    """
    read = _language_key if card.axis == "language" else _domain_label(card.names)
    seen: dict[str, str] = {}

    def reader(written: str) -> str:
        if written not in seen:
            seen[written] = read(written)
        return seen[written]

    return reader


def _language_key(written: str) -> str:
    from atlasmix.languages import resolve

    if not written.strip():
        raise UnknownLanguage("the language is empty: write a code such as cat")
    return str(resolve(written))


def _domain_label(names: tuple[str, ...]) -> Callable[[str], str]:
    def read(written: str) -> str:
        label = written.strip()
        if label in names:
            return label
        import difflib

        near = difflib.get_close_matches(label, names, n=2, cutoff=0.5)
        raise DataError(
            f"no label {label[:60]!r} among the names of the card: "
            + (f"did you mean {' or '.join(near)}?" if near else f"they are {', '.join(names)}")
        )

    return read
