"""Shelves whose entries are one file each, laws and mixtures: names, adding, removing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from atlasmix.errors import DataError
from atlasmix.evidence.places import Place
from atlasmix.evidence.shelf import check_name, is_name

_SUFFIX: Final = ".yaml"


@dataclass(frozen=True, slots=True)
class FileShelf:
    """One kind of evidence: its folder, the word for it, and what ships of it.

    Attributes:
        folder: of a store.
        word: as in "no law 'mine'".
        shipped: names that ship; nobody may take them.
        ships: how a sentence says that an entry ships.
    """

    folder: str
    word: str
    shipped: Callable[[], Collection[str]]
    ships: str = "ships with AtlasMix"

    def names(self, place: Place) -> tuple[str, ...]:
        """Names of the entries, sorted; files with other names are none."""
        return tuple(filter(is_name, place.files(self.folder, _SUFFIX)))

    def read(self, place: Place, name: str) -> bytes:
        """An entry; FileNotFoundError where there is none."""
        return place.read(self._path(name))

    def add(self, place: Place, name: str, content: bytes) -> None:
        """Put a checked entry on the shelf in one step.

        Raises:
            DataError: a name that cannot be one, ships or is taken; the store is then as it was.
        """
        check_name(name, self.word)
        if name in self.shipped():
            raise DataError(
                f"{self.word} '{name}' {self.ships}: choose another name", field="name", value=name
            )
        try:
            place.publish_file(self._path(name), content)
        except FileExistsError:
            raise DataError(
                f"{self.word} '{name}' is in the store {place.label} already and is never changed "
                "in place: remove it first or choose another name",
                field="name",
                value=name,
            ) from None

    def remove(self, place: Place, name: str) -> None:
        """Take an entry away.

        Raises:
            DataError: it ships with AtlasMix, or is not there.
        """
        if name in self.shipped():
            raise DataError(f"{self.word} '{name}' ships with AtlasMix: it cannot be removed")
        own = self.names(place)
        try:
            if name not in own:
                raise FileNotFoundError
            place.remove_file(self._path(name))
        except FileNotFoundError:
            raise DataError(
                f"no {self.word} {name[:80]!r} in the store {place.label}: nothing was removed; "
                f"there are {', '.join(own) or 'none of your own'}"
            ) from None

    def _path(self, name: str) -> str:
        return f"{self.folder}/{name}{_SUFFIX}"
