"""Tables that ship and are no shelf of their own: read with their card, hashes checked."""

from __future__ import annotations

import hashlib

from atlasmix.errors import DataError
from atlasmix.evidence.card import Card, read_card
from atlasmix.evidence.places import CARD_FILE
from atlasmix.evidence.rows import shelf_rows
from atlasmix.evidence.shelves import shipped_place


def shipped_tables(
    folder: str, names: tuple[str, ...]
) -> tuple[Card, dict[str, list[dict[str, str]]]]:
    """The card of a folder under ``data/`` and the rows of its tables, by file name.

    Raises:
        DataError: a table that is not the one its card was written for.
    """
    place = shipped_place()
    card = read_card(place.read(f"{folder}/{CARD_FILE}"), f"card of {folder}")
    tables = {}
    for name in names:
        content = place.read(f"{folder}/{name}")
        if hashlib.sha256(content).hexdigest() != dict(card.files).get(name):
            raise DataError(f"{folder}/{name} is not the one of its card: install AtlasMix again")
        header, rows = shelf_rows(content)
        tables[name] = [dict(zip(header, row, strict=True)) for row in rows]
    return card, tables
