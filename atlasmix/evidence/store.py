"""The store: evidence by name, from what ships and from what a user put beside it."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from atlasmix.errors import DataError
from atlasmix.evidence.card import Card
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.places import Place, open_place
from atlasmix.evidence.pools import parse_pools
from atlasmix.evidence.proxies import PROXIES_FILE, parse_proxies
from atlasmix.evidence.scores import MEASURED, PREDICTED, parse_scores
from atlasmix.evidence.shelf import (
    INVENTORIES,
    MATRICES,
    Reading,
    Shelf,
    is_name,
    read_beside,
    read_entry,
    shipped_names,
    shipped_place,
)
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.evidence.trigrams import TRIGRAMS_FILE, parse_trigrams
from atlasmix.text import did_you_mean


@dataclass(frozen=True, slots=True)
class MatrixSummary:
    """A matrix in a list.

    Attributes:
        name, title, axis, metric, licence: from its card.
        size: number of languages or domains.
        measured, predicted: ordered pairs of each status.
        shipped: whether it comes with AtlasMix.
        default: whether a solve takes it unless told otherwise.
        fault: why it cannot be read; empty where it can.
    """

    name: str
    title: str = ""
    axis: str = ""
    metric: str = ""
    licence: str = ""
    size: int = 0
    measured: int = 0
    predicted: int = 0
    shipped: bool = False
    default: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True)
class InventorySummary:
    """An inventory in a list.

    Attributes:
        name, title, axis, licence: from its card.
        size: number of languages or domains.
        pools: number of pools.
        provenances: (provenance, pools) in it, sorted.
        obtained: (``counted``, ``estimated`` or ``stated``; pools), sorted.
        shipped, default, fault: as for a matrix.
    """

    name: str
    title: str = ""
    axis: str = ""
    licence: str = ""
    size: int = 0
    pools: int = 0
    provenances: tuple[tuple[str, int], ...] = ()
    obtained: tuple[tuple[str, int], ...] = ()
    shipped: bool = False
    default: bool = False
    fault: str = ""


@lru_cache(maxsize=4)
def matrix_of(
    name: str, card: Card, content: bytes, trigrams: bytes = b"", proxies: bytes = b""
) -> TransferMatrix:
    """The matrix of a table in normal form; one object for the same table, the last few of them.

    What is estimated of a matrix is kept for that object: a process that answers question after
    question would else estimate anew each time, and keep what nobody asks for again.

    Args:
        name: on the shelf.
        card: of the table.
        content: the table.
        trigrams: of texts of the user's own.
        proxies: of such texts.

    Raises:
        DataError: the table is not as its card says.
    """
    digest = hashlib.sha256(content + trigrams + proxies).hexdigest()
    texts, suggested = parse_trigrams(trigrams), parse_proxies(proxies)
    return TransferMatrix(name, *parse_scores(content, card), card, digest, texts, suggested)


def summarise_matrix(matrix: TransferMatrix, shipped: bool, default: bool) -> MatrixSummary:
    """The line of a matrix."""
    card = matrix.card
    return MatrixSummary(
        name=matrix.name,
        title=card.title,
        axis=card.axis,
        metric=card.metric,
        licence=card.licence,
        size=len(matrix.keys),
        measured=matrix.count(MEASURED),
        predicted=matrix.count(PREDICTED),
        shipped=shipped,
        default=default,
    )


def summarise_inventory(inventory: Inventory, shipped: bool, default: bool) -> InventorySummary:
    """The line of an inventory."""
    card = inventory.card
    return InventorySummary(
        name=inventory.name,
        title=card.title,
        axis=card.axis,
        licence=card.licence,
        size=len(inventory.languages()),
        pools=len(inventory.pools),
        provenances=tuple(sorted(Counter(p.provenance for p in inventory.pools).items())),
        obtained=tuple(sorted(Counter(p.obtained for p in inventory.pools).items())),
        shipped=shipped,
        default=default,
    )


STORE_VARIABLE = "ATLASMIX_STORE"

FILE_ENDINGS = (".yaml", ".yml")
"""Of the files that may stand in the place of a name."""

NO_FILES = "files are not read here"
"""What is said where a name is not on the shelf, and a path would not be opened either."""


@dataclass(frozen=True, slots=True)
class Store:
    """Evidence by name: the user's own, and what ships.

    Attributes:
        location: folder or fsspec URL of the user's store; None takes ``$ATLASMIX_STORE``, else
            the system's folder for a user's data, on Linux ``$XDG_DATA_HOME/atlasmix`` or
            ``~/.local/share/atlasmix``.

    >>> Store().matrix().pair("spa", "cat").score
    0.4
    """

    location: str | None = None

    @property
    def opens_files(self) -> bool:
        """Whether a name may also be the path of a file: what the owner of a machine writes may."""
        return True

    def path_of(self, name: str) -> Path | None:
        """The file that a name is the path of, by its ending; None where it is none.

        Whatever may be a name or a path, a law or a mixture, is asked for here: a store that opens
        no files finds none, and then a name is one of the shelf or nothing.
        """
        return Path(name) if self.opens_files and name.endswith(FILE_ENDINGS) else None

    def matrix(self, name: str = "default") -> TransferMatrix:
        """The transfer matrix of that name; ``default`` is ``atlasmix-2026``.

        Raises:
            DataError: no such name, or a table that is not the one its card was written for.
        """
        name, card, content, _ = self._open(MATRICES, name)
        place, _ = self._find(MATRICES, name)
        beside = (read_beside(place, name, card, file) for file in (TRIGRAMS_FILE, PROXIES_FILE))
        return matrix_of(name, card, content, *beside)

    def inventory(self, name: str = "default") -> Inventory:
        """The token inventory of that name; ``default`` is ``web-2026``.

        Raises:
            DataError: as for ``matrix``.
        """
        name, card, content, digest = self._open(INVENTORIES, name)
        return Inventory(name, parse_pools(content), card, digest)

    def matrix_names(self) -> tuple[str, ...]:
        """The names of all matrices, without reading one."""
        return self._names(MATRICES)

    def inventory_names(self) -> tuple[str, ...]:
        """The names of all inventories, without reading one."""
        return self._names(INVENTORIES)

    def list_matrices(self) -> tuple[MatrixSummary, ...]:
        """One line about each matrix, by name; a broken one is listed with its fault."""
        return tuple(self._matrix_summary(name) for name in self._names(MATRICES))

    def list_inventories(self) -> tuple[InventorySummary, ...]:
        """One line about each inventory, by name; a broken one is listed with its fault."""
        return tuple(self._inventory_summary(name) for name in self._names(INVENTORIES))

    def add_matrix(
        self,
        table: str | Path,
        card: str | Path,
        name: str | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> str:
        """Check a table of scores and its card, and put both into the user's store in one step.

        Args:
            table: CSV or Parquet: source, target, score[, stderr, status], or square.
            card: its card (YAML).
            name: on the shelf; None takes the card's, else the name of the table file.
            columns: source, target, score, stderr or status to what the table calls it; columns
                that are neither named nor known are then left out.

        Returns:
            The name.

        Raises:
            DataError: with all faults in ``faults``; the store is then as it was.
        """
        from atlasmix.evidence.shelf import add

        reading = Reading(columns or {})
        return add(self.user_place(), MATRICES, [Path(table)], Path(card), name, reading)

    def add_inventory(
        self,
        table: str | Path | Sequence[str | Path],
        card: str | Path,
        name: str | None = None,
        reading: Reading | None = None,
    ) -> str:
        """Check a table of pools and its card, and put both into the user's store.

        Args:
            table: CSV, Parquet or Excel, with the columns of ``pools.read_pools``; several are one.
            card, name: as for ``add_matrix``.
            reading: names of columns, sheets of a workbook, and whether parts are added up.

        Returns:
            The name.

        Raises:
            DataError: with all faults in ``faults``; the store is then as it was.
        """
        from atlasmix.evidence.shelf import add

        tables = [table] if isinstance(table, str | Path) else list(table)
        paths = [Path(each) for each in tables]
        return add(self.user_place(), INVENTORIES, paths, Path(card), name, reading)

    def remove_matrix(self, name: str) -> None:
        """Take a matrix out of the user's store; DataError where it ships or is not there."""
        from atlasmix.evidence.shelf import remove

        remove(self.user_place(), MATRICES, name)

    def remove_inventory(self, name: str) -> None:
        """Take an inventory out of the user's store; DataError where it ships or is not there."""
        from atlasmix.evidence.shelf import remove

        remove(self.user_place(), INVENTORIES, name)

    def verify(self, name: str) -> tuple[str, ...]:
        """What is wrong with the entry of that name (matrix or inventory); empty: nothing.

        Card, hash and every row are checked again.

        Raises:
            DataError: no such name.
        """
        from atlasmix.evidence.shelf import entry_faults

        held = [shelf for shelf in (MATRICES, INVENTORIES) if name in self._names(shelf)]
        if not held and name != "default":
            # Words of the refusal from the shelf that most names are on.
            self._find(MATRICES, name)
        faults: list[str] = []
        for shelf in held or (MATRICES, INVENTORIES):
            place, entry = self._find(shelf, name)
            faults += entry_faults(place, shelf, entry)
        return tuple(faults)

    def user_place(self) -> Place:
        """Where the user's own evidence lies; created when something is added."""
        return open_place(self.location or default_location())

    def _names(self, shelf: Shelf) -> tuple[str, ...]:
        own = self.user_place().children(shelf.folder)
        return tuple(sorted({*filter(is_name, own), *shipped_names(shelf)}))

    def _find(self, shelf: Shelf, name: str) -> tuple[Place, str]:
        name = shelf.default if name == "default" else name
        if is_name(name):
            # What ships cannot be shadowed (adding refuses its names), so it is asked first:
            # a store at the end of a network costs nothing where it is not needed.
            if name in shipped_names(shelf):
                return shipped_place(), name
            place = self.user_place()
            if name in place.children(shelf.folder):
                return place, name
        names = self._names(shelf)
        raise DataError(
            f"no {shelf.word} {name[:80]!r}: {did_you_mean(name, names, ' ')}"
            f"there are {', '.join(names)}: choose one of them, or add your own"
        )

    def _open(self, shelf: Shelf, name: str) -> tuple[str, Card, bytes, str]:
        place, name = self._find(shelf, name)
        card, content = read_entry(place, shelf, name)
        digest = hashlib.sha256(content).hexdigest()
        if dict(card.files).get(shelf.table) != digest:
            raise DataError(
                f"{shelf.word} '{name}' was changed after it was added: its {shelf.table} is not "
                "the one its card was written for; remove it and add it again, under a new name "
                "if it differs"
            )
        return name, card, content, digest

    def _matrix_summary(self, name: str) -> MatrixSummary:
        shipped, default = name in shipped_names(MATRICES), name == MATRICES.default
        try:
            return summarise_matrix(self.matrix(name), shipped, default)
        except DataError as error:
            return MatrixSummary(name, shipped=shipped, default=default, fault=error.sentence)

    def _inventory_summary(self, name: str) -> InventorySummary:
        shipped, default = name in shipped_names(INVENTORIES), name == INVENTORIES.default
        try:
            return summarise_inventory(self.inventory(name), shipped, default)
        except DataError as error:
            return InventorySummary(name, shipped=shipped, default=default, fault=error.sentence)


def default_location() -> str:
    """The folder of the user's store when none is named."""
    named = os.environ.get(STORE_VARIABLE, "").strip()
    if named:
        return named
    home = os.environ.get("XDG_DATA_HOME", "").strip()
    # Where every system had it once: whoever has evidence there keeps it. On Linux it is the same.
    former = (Path(home) if home else Path.home() / ".local" / "share") / "atlasmix"
    if former.is_dir():
        return str(former)
    from platformdirs import user_data_dir

    return user_data_dir("atlasmix", appauthor=False)
