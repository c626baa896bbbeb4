"""A transfer matrix that was just made, before it has a place: its card and its scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from atlasmix.evidence.card import Card, card_text
from atlasmix.evidence.places import Place
from atlasmix.evidence.scores import ScoreTable, scores_csv
from atlasmix.evidence.shelf import MATRICES, free_name, name_of_file, new_entry, put
from atlasmix.io.files import write_atomic

UNSTATED: Final = "not stated"


class Origin(NamedTuple):
    """Where scores come from.

    Attributes:
        tables: name and SHA-256 of each file.
        source: in words; empty: own runs or texts.
        licence: of the scores; empty: not stated.
    """

    tables: tuple[tuple[str, str], ...] = ()
    source: str = ""
    licence: str = ""

    @property
    def files(self) -> str:
        """Every file with its hash."""
        return ", ".join(f"{name} (SHA-256 {digest})" for name, digest in self.tables)


class NewMatrix(NamedTuple):
    """A card and its scores."""

    card: Card
    table: ScoreTable


def save_matrix(place: Place, matrix: NewMatrix, name: str) -> None:
    """Put a matrix on a user's shelf.

    Raises:
        DataError: a name that is taken, ships or is malformed.
    """
    chosen = free_name(place, MATRICES, name)
    card = replace(matrix.card, name=chosen)
    entry = new_entry(MATRICES, card, scores_csv(matrix.table), f"scores of '{chosen}'")
    put(place, MATRICES, chosen, entry)


def write_matrix(path: Path, matrix: NewMatrix) -> Path:
    """Write the table, and its card beside it, as ``matrices add`` takes them.

    Returns:
        The card's path.
    """
    beside = path.with_name(f"{path.stem}.card.yaml")
    card = replace(matrix.card, name=matrix.card.name or name_of_file(path.name))
    write_atomic(beside, card_text(card))
    write_atomic(path, scores_csv(matrix.table))
    return beside
