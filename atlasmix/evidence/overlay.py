"""A visitor's own tables laid over a store, in memory alone: checked as if added, never written."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from atlasmix.errors import DataError
from atlasmix.evidence.card import CARD_LIMIT, read_card
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.places import CARD_FILE
from atlasmix.evidence.pools import parse_pools
from atlasmix.evidence.shelf import (
    INVENTORIES,
    LAWS,
    MATRICES,
    Shelf,
    free_name,
    name_of_file,
    new_entry,
    put,
    read_entry,
    whole_card,
)
from atlasmix.evidence.store import (
    InventorySummary,
    MatrixSummary,
    Store,
    matrix_of,
    summarise_inventory,
    summarise_matrix,
)
from atlasmix.evidence.transfer_matrix import TransferMatrix

OVERLAY_BYTES: Final = 5 * 1024 * 1024
"""Most bytes of one table on an overlay: our choice, a matrix of 400 languages or 20,000 pools."""

OVERLAY_UNPACKED: Final = 4 * OVERLAY_BYTES
"""Most bytes of it in normal form, which writes every status and standard error out: our choice."""

OVERLAY_ENTRIES: Final = 8
"""Most tables on an overlay: our choice."""

_SHELVES: Final = {MATRICES.folder: MATRICES, INVENTORIES.folder: INVENTORIES}


@dataclass(frozen=True, slots=True)
class Overlay(Store):
    """A store with a few tables of one's own on top, which nobody else sees and no file holds.

    Attributes:
        entries: (folder of the shelf, name, table, card) of each, the bytes in normal form; a law
            learned from runs is its file as it came, and has no card.
    """

    entries: tuple[tuple[str, str, bytes, bytes], ...] = ()

    @property
    def opens_files(self) -> bool:
        """Never: whoever lays tables over a store is not the owner of the machine."""
        return False

    def matrix(self, name: str = "default") -> TransferMatrix:
        """As in a store; one's own matrices by their names too."""
        entry = self._own(MATRICES, name)
        if entry is None:
            return Store.matrix(self, name)
        return matrix_of(name, read_card(entry[1], f"card of '{name}'"), entry[0])

    def inventory(self, name: str = "default") -> Inventory:
        """As in a store; one's own inventories by their names too."""
        entry = self._own(INVENTORIES, name)
        if entry is None:
            return Store.inventory(self, name)
        card = read_card(entry[1], f"card of '{name}'")
        return Inventory(name, parse_pools(entry[0]), card, _sha256(entry[0]))

    def matrix_names(self) -> tuple[str, ...]:
        """The names of all matrices, one's own first."""
        return (*self.names(MATRICES), *Store.matrix_names(self))

    def inventory_names(self) -> tuple[str, ...]:
        """The names of all inventories, one's own first."""
        return (*self.names(INVENTORIES), *Store.inventory_names(self))

    def list_matrices(self) -> tuple[MatrixSummary, ...]:
        """One line about each matrix, one's own first."""
        own = (summarise_matrix(self.matrix(name), False, False) for name in self.names(MATRICES))
        return (*own, *Store.list_matrices(self))

    def list_inventories(self) -> tuple[InventorySummary, ...]:
        """One line about each inventory, one's own first."""
        names = self.names(INVENTORIES)
        own = (summarise_inventory(self.inventory(name), False, False) for name in names)
        return (*own, *Store.list_inventories(self))

    def names(self, shelf: Shelf) -> tuple[str, ...]:
        """The names of one's own tables of a shelf, in the order in which they came."""
        return tuple(name for folder, name, _, _ in self.entries if folder == shelf.folder)

    def law_file(self, name: str) -> bytes | None:
        """The file of a law that lies here; None where none of that name does."""
        entry = self._own(LAWS, name)
        return None if entry is None else entry[0]

    def digest(self) -> str:
        """A hash of all that lies here; empty for an empty overlay."""
        if not self.entries:
            return ""
        parts = [
            f"{folder}/{name}: {_sha256(table)} {_sha256(card)}"
            for folder, name, table, card in self.entries
        ]
        return _sha256("\n".join(sorted(parts)).encode())

    def _own(self, shelf: Shelf, name: str) -> tuple[bytes, bytes] | None:
        for folder, given, table, card in self.entries:
            if folder == shelf.folder and given == name:
                return table, card
        return None


def lay(
    overlay: Overlay,
    shelf: Shelf,
    table: bytes,
    card: bytes,
    files: Mapping[str, str],
    name: str = "",
) -> tuple[Overlay, str]:
    """An overlay with one more table, checked as :meth:`Store.add_matrix` checks it.

    Args:
        overlay: what lies there.
        shelf: matrices or inventories.
        table: CSV or Parquet, at most 5 MiB.
        card: YAML.
        files: what the two were called: ``{"table": ..., "card": ...}``.
        name: how the question will call it; empty takes the card's, else that of the table.

    Returns:
        The new overlay and the name.

    Raises:
        DataError: every fault of card or table, a name that is taken, or a full overlay.
    """
    for what, content, most in (("table", table, OVERLAY_BYTES), ("card", card, CARD_LIMIT)):
        if len(content) > most:
            raise DataError(
                f"{what} {files[what]} has {len(content):,} bytes: expected at most {most:,}; add "
                "larger ones with the command line"
            )
    return _laid(overlay, shelf, (table, card), files, name)


def _laid(
    overlay: Overlay,
    shelf: Shelf,
    contents: tuple[bytes, bytes],
    files: Mapping[str, str],
    name: str,
) -> tuple[Overlay, str]:
    check_room(overlay)
    table, card = contents
    read = whole_card(card, shelf, f"card {files['card']}")
    chosen = name or read.name or name_of_file(files["table"])
    chosen = free_name(overlay.user_place(), shelf, chosen)
    read = dataclasses.replace(read, name=chosen)
    entry = new_entry(shelf, read, table, f"table {files['table']}")
    size = len(entry[shelf.table])
    if size > OVERLAY_UNPACKED:
        raise DataError(
            f"table {files['table']} unpacks to {size:,} bytes: expected at most "
            f"{OVERLAY_UNPACKED:,}; add larger ones with the command line"
        )
    return put_on(overlay, shelf, chosen, entry[shelf.table], entry[CARD_FILE]), chosen


def check_room(overlay: Overlay) -> None:
    """Refuse one more where as many lie there as may; DataError."""
    if len(overlay.entries) >= OVERLAY_ENTRIES:
        raise DataError(
            f"{len(overlay.entries)} tables and laws lie here already: at most {OVERLAY_ENTRIES}; "
            "take one away"
        )


def put_on(overlay: Overlay, shelf: Shelf, name: str, content: bytes, card: bytes) -> Overlay:
    """An overlay with one more entry, which somebody has checked.

    Raises:
        DataError: another one of that name, or a full overlay.
    """
    check_room(overlay)
    if name in overlay.names(shelf):
        raise DataError(
            f"{shelf.word} '{name}' lies here already: choose another name", field="name"
        )
    entry = (shelf.folder, name, content, card)
    return dataclasses.replace(overlay, entries=(*overlay.entries, entry))


def lay_entry(overlay: Overlay, folder: str, name: str, table: bytes, card: bytes) -> Overlay:
    """An overlay with an entry of another one, checked again as if it had just been brought.

    What lies here or in the store below it in the very same bytes is not laid a second time.

    Args:
        overlay: what lies there.
        folder: of the shelf.
        name: of the entry.
        table, card: in normal form, as ``entries`` has them.

    Raises:
        DataError: every fault of card or table, another table of that name, or a full overlay.
    """
    shelf = _SHELVES[folder]
    if (folder, name, table, card) in overlay.entries or _lies_below(overlay, shelf, name, table):
        return overlay
    files = {"table": f"{name}/{shelf.table}", "card": f"{name}/{CARD_FILE}"}
    return _laid(overlay, shelf, (table, card), files, name)[0]


def _lies_below(overlay: Overlay, shelf: Shelf, name: str, table: bytes) -> bool:
    """Whether the user's own store has this very table under this name."""
    place = overlay.user_place()
    return name in place.children(shelf.folder) and read_entry(place, shelf, name)[1] == table


def take_away(overlay: Overlay, shelf: Shelf, name: str) -> Overlay:
    """The overlay without that table."""
    kept = tuple(entry for entry in overlay.entries if entry[:2] != (shelf.folder, name))
    return dataclasses.replace(overlay, entries=kept)


def save(overlay: Overlay, shelf: Shelf, name: str) -> Overlay:
    """Write a table of the overlay into the store below it, and take it off the overlay.

    Raises:
        DataError: the name is taken by now, or the store cannot be written.
    """
    if shelf.folder not in _SHELVES:
        raise DataError(f"a {shelf.kind} is a file, and no store holds one: take the file along")
    for folder, given, table, card in overlay.entries:
        if (folder, given) == (shelf.folder, name):
            put(overlay.user_place(), _SHELVES[folder], name, {shelf.table: table, CARD_FILE: card})
            return take_away(overlay, shelf, name)
    raise DataError(f"no {shelf.word} {name[:60]!r} lies here: nothing was saved")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
