"""The two shelves, matrices and inventories: their folders, their shipped part, one entry."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from atlasmix.errors import DataError
from atlasmix.evidence.card import Card, read_card
from atlasmix.evidence.places import CARD_FILE, LocalPlace, Place
from atlasmix.io.shipped import data_folder
from atlasmix.io.tables import shelf_rows

DEFAULT_MATRIX = "atlas-2025"
DEFAULT_INVENTORY = "web-2026"


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of evidence: its folder, its table, the words for it, and the default entry."""

    folder: str
    table: str
    word: str
    kind: str
    default: str


MATRICES = Shelf("transfer_matrices", "scores.csv", "matrix", "transfer matrix", DEFAULT_MATRIX)
INVENTORIES = Shelf("inventories", "pools.csv", "inventory", "token inventory", DEFAULT_INVENTORY)


def read_entry(place: Place, shelf: Shelf, name: str) -> tuple[Card, bytes]:
    """Card and table of an entry.

    Raises:
        DataError: a file is missing or the card is broken.
    """
    what = f"{shelf.word} '{name}'"
    try:
        card = read_card(place.read(f"{shelf.folder}/{name}/{CARD_FILE}"), f"card of {what}")
        return card, place.read(f"{shelf.folder}/{name}/{shelf.table}")
    except FileNotFoundError as error:
        raise DataError(
            f"{what} lacks its card or its {shelf.table} in {place.label}: remove it and add it "
            "again"
        ) from error


def shipped_place() -> Place:
    """The evidence that comes with AtlasMix."""
    return LocalPlace(data_folder())


def shipped_names(shelf: Shelf) -> tuple[str, ...]:
    """Names that ship, sorted."""
    return shipped_place().children(shelf.folder)


def is_name(name: str) -> bool:
    """Whether ``name`` can be a name on the shelf: a-z, 0-9, dot and hyphen, at most 64."""
    return re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,63}", name) is not None


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
