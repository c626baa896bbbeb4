"""The two shelves, matrices and inventories: their folders, their shipped part, one entry."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from atlasmix.errors import DataError
from atlasmix.evidence.card import (
    CARD_LIMIT,
    Card,
    card_text,
    inventory_faults,
    matrix_faults,
    read_card,
)
from atlasmix.evidence.places import CARD_FILE, LocalPlace, Place
from atlasmix.evidence.pools import MAKING_COLUMNS, POOL_COLUMNS, pools_csv, read_pools
from atlasmix.evidence.proxies import PROXIES_FILE
from atlasmix.evidence.scores import SCORE_COLUMNS, read_scores, scores_csv
from atlasmix.evidence.trigrams import TRIGRAMS_FILE
from atlasmix.io.files import read_file
from atlasmix.io.shipped import data_folder
from atlasmix.io.tables import (
    TABLE_LIMIT,
    joined,
    read_rows,
    read_tables,
    refuse,
    renamed,
    shelf_rows,
)

DEFAULT_MATRIX = "atlasmix-2026"
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
LAWS = Shelf("learned_laws", "law.yaml", "law", "learned law", "")
"""Laws learned from runs: files of somebody's own, which only an overlay holds."""


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


BESIDE: Final = (TRIGRAMS_FILE, PROXIES_FILE)
"""What a matrix may have of a user's own texts beside its scores."""


def read_beside(place: Place, name: str, card: Card, file: str) -> bytes:
    """What a matrix has of the user's own texts beside its scores; nothing where it has none.

    Args:
        place: where the matrix is.
        name: of the matrix.
        card: which says the file's SHA-256.
        file: one of ``BESIDE``.

    Raises:
        DataError: missing, or changed since.
    """
    digest = dict(card.files).get(file)
    if digest is None:
        return b""
    try:
        content = place.read(f"{MATRICES.folder}/{name}/{file}")
    except FileNotFoundError:
        content = b""
    if hashlib.sha256(content).hexdigest() != digest:
        raise DataError(
            f"matrix '{name}' lacks its {file} in {place.label}, or it was changed after "
            "it was written: remove the matrix and complete it again"
        )
    return content


def shipped_place() -> Place:
    """The evidence that comes with AtlasMix."""
    return LocalPlace(data_folder())


def shipped_names(shelf: Shelf) -> tuple[str, ...]:
    """Names that ship, sorted."""
    return shipped_place().children(shelf.folder)


def is_name(name: str) -> bool:
    """Whether ``name`` can be a name on the shelf: a-z, 0-9, dot and hyphen, at most 64."""
    return re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,63}", name) is not None


def name_of_file(file: str) -> str:
    """A name for what a file holds: whatever a name cannot have becomes a hyphen.

    >>> name_of_file("Inv_min (2).csv"), name_of_file("scores.v2.parquet")
    ('inv-min-2', 'scores.v2')
    """
    stem = PurePosixPath(file).stem.lower()
    return re.sub(r"[^a-z0-9.]+", "-", stem).strip("-.")[:64].rstrip("-.") or "table"


def check_name(name: str, word: str, but: str = "") -> None:
    """Refuse what cannot be the name of an entry.

    Args:
        name: of the entry.
        word: for the entry, as ``matrix``.
        but: a name that would do and is something else here.

    Raises:
        DataError: it cannot.
    """
    if not is_name(name) or name == but:
        article = "an" if word[0] in "aeiou" else "a"
        raise DataError(
            f"{name[:80]!r} cannot be the name of {article} {word}: expected a-z, 0-9, dot and "
            "hyphen, at most 64 characters" + (f", and not '{but}'" if but else ""),
            field="name",
            hint="choose another name",
            value=name,
        )


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


@dataclass(frozen=True, slots=True)
class Reading:
    """How tables of strangers are read.

    Attributes:
        columns: the name of a column that is read to what the tables call it; then columns that
            are neither named nor known are left out.
        sheets: those of an Excel workbook, by name; ``*`` is all.
        add_up: rows of one pool are parts of it, and their counts are added.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    sheets: tuple[str, ...] = ()
    add_up: bool = False


def add(
    place: Place,
    shelf: Shelf,
    tables: Sequence[Path],
    card_path: Path,
    name: str | None,
    reading: Reading | None = None,
) -> str:
    """Check a table and its card, and put both on a shelf in one step.

    Args:
        place: the user's store.
        shelf: matrices or inventories.
        tables: CSV, Parquet or Excel, at most 64 MiB each; several are one table.
        card_path: YAML, at most 256 KiB.
        name: on the shelf; None takes the card's, else the name of the first table file.
        reading: how they are read.

    Returns:
        The name.

    Raises:
        DataError: a fault of the card or the table (all of them in ``faults``), a name that is
            taken, ships or is malformed, or a store that cannot be written; the store is then as
            it was.
    """
    card = whole_card(read_file(card_path, CARD_LIMIT), shelf, f"card {card_path.name}")
    name = free_name(place, shelf, name or card.name or name_of_file(tables[0].name))
    contents = [(read_file(table, TABLE_LIMIT), f"table {table.name}") for table in tables]
    card = dataclasses.replace(card, name=name)
    entry = _entry(shelf, card, _normal_table(contents, card, shelf, reading or Reading()))
    put(place, shelf, name, entry)
    return name


def whole_card(content: bytes, shelf: Shelf, what: str) -> Card:
    """A card that has all its shelf asks for.

    Raises:
        DataError: with every fault in ``faults``.
    """
    card = read_card(content, what)
    refuse(what, matrix_faults(card) if shelf is MATRICES else inventory_faults(card))
    return card


def new_entry(
    shelf: Shelf,
    card: Card,
    table: bytes,
    what: str,
    beside: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """The files of an entry, card and table in their normal forms.

    Args:
        shelf: matrices or inventories.
        card: from :func:`whole_card`, with the name on the shelf.
        table: CSV or Parquet.
        what: how a message names the table.
        beside: what there is of the user's own texts by name of the file, in normal form.

    Raises:
        DataError: with every fault of the table in ``faults``.
    """
    return _entry(shelf, card, _normal_table([(table, what)], card, shelf, Reading()), beside)


def _entry(
    shelf: Shelf, card: Card, content: bytes, beside: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    further = {name: text for name, text in (beside or {}).items() if text}
    files = {shelf.table: content, **further}
    written = dataclasses.replace(
        card,
        kind=shelf.kind,
        rows="",  # on the shelf a table is long, whatever it was
        files=tuple((file, hashlib.sha256(text).hexdigest()) for file, text in files.items()),
    )
    return {**files, CARD_FILE: card_text(written).encode()}


def put(place: Place, shelf: Shelf, name: str, entry: dict[str, bytes]) -> None:
    """Place an entry on a shelf in one step; DataError where the name is taken by now."""
    try:
        place.publish(f"{shelf.folder}/{name}", entry)
    except FileExistsError:
        raise _taken(shelf, name, place) from None


def remove(place: Place, shelf: Shelf, name: str) -> None:
    """Take an entry off the user's shelf.

    Raises:
        DataError: it ships with AtlasMix, or is not there.
    """
    if name in shipped_names(shelf):
        raise DataError(f"{shelf.word} '{name}' ships with AtlasMix: it cannot be removed")
    missing = DataError(
        f"no {shelf.word} {name[:80]!r} in the store {place.label}: nothing was removed; there "
        f"are {', '.join(place.children(shelf.folder)) or 'none of your own'}"
    )
    if not is_name(name) or name not in place.children(shelf.folder):
        raise missing
    try:
        place.remove(f"{shelf.folder}/{name}")
    except FileNotFoundError:
        raise missing from None


def entry_faults(place: Place, shelf: Shelf, name: str) -> tuple[str, ...]:
    """What is wrong with an entry: card, hash, and every row read strictly again."""
    try:
        card, content = read_entry(place, shelf, name)
    except DataError as error:
        return (_sentence(error), *error.faults)
    faults = list(matrix_faults(card) if shelf is MATRICES else inventory_faults(card))
    if card.name != name:
        faults.append(f"the card says name: {card.name!r}, expected {name!r}")
    stated, digest = dict(card.files).get(shelf.table), hashlib.sha256(content).hexdigest()
    if stated != digest:
        faults.append(
            f"{shelf.table}: SHA-256 is {digest}, expected {stated}; it was changed after it was "
            "added: remove it and add it again"
        )
    for file in BESIDE:
        try:
            read_beside(place, name, card, file)
        except DataError as error:
            faults.append(_sentence(error))
    try:
        _normal_table([(content, shelf.table)], card, shelf, Reading(), stored=True)
    except DataError as error:
        faults += error.faults or (_sentence(error),)
    return tuple(faults)


def _normal_table(
    contents: Sequence[tuple[bytes, str]],
    card: Card,
    shelf: Shelf,
    reading: Reading,
    stored: bool = False,
) -> bytes:
    """The table of an entry in its normal form.

    Args:
        contents: of each file, and how a message names it.
        card: of the entry.
        shelf: matrices or inventories.
        reading: as the user says.
        stored: whether it is the normal form of an entry on the shelf.
    """
    if shelf is MATRICES:
        ((content, what),) = contents
        return scores_csv(
            read_scores(renamed(read_rows(content, what), reading.columns, SCORE_COLUMNS), card)
        )
    columns = _count_columns(reading.columns)
    known = (*POOL_COLUMNS, *MAKING_COLUMNS, "script")
    tables = [
        renamed(rows, columns, known, ("unique_tokens", "documents", "utf8_bytes"))
        for content, what in contents
        for rows in read_tables(content, what, reading.sheets)
    ]
    first = contents[0][1]
    what = first if len(contents) == 1 else f"{first} and {len(contents) - 1} more"
    return pools_csv(read_pools(joined(tables, what), card, stored, reading.add_up))


def _count_columns(columns: Mapping[str, str]) -> dict[str, str]:
    """Columns by name; a count of tokens may be called ``tokens``, as everywhere else.

    Raises:
        DataError: both names.
    """
    if "tokens" not in columns:
        return dict(columns)
    if "unique_tokens" in columns:
        raise DataError("column tokens is unique_tokens here: name it once", field="column")
    return {"unique_tokens" if key == "tokens" else key: title for key, title in columns.items()}


def free_name(place: Place, shelf: Shelf, name: str) -> str:
    """``name`` where nothing on the shelf has it.

    Raises:
        DataError: no name, one that ships, or one that is taken.
    """
    check_name(name, shelf.word, but="default")
    if name in shipped_names(shelf):
        raise DataError(
            f"{shelf.word} '{name}' ships with AtlasMix and is never changed: choose another name",
            field="name",
            value=name,
        )
    if name in place.children(shelf.folder):
        raise _taken(shelf, name, place)
    return name


def _taken(shelf: Shelf, name: str, place: Place) -> DataError:
    return DataError(
        f"{shelf.word} '{name}' is in the store {place.label} already and is never changed in "
        "place: remove it first or choose another name",
        field="name",
        value=name,
    )


def _sentence(error: DataError) -> str:
    return error.sentence
