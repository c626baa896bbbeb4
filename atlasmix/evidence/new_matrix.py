"""A transfer matrix that was just made, before it has a place: its card and its scores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from atlasmix.evidence.card import Card, card_text
from atlasmix.evidence.places import Place
from atlasmix.evidence.scores import ScoreTable, empty_scores, scores_csv
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


class NewScore(NamedTuple):
    """What was found of one pair."""

    source: str
    target: str
    score: float
    stderr: float


def filled(card: Card, keys: tuple[str, ...], given: Iterable[NewScore], status: str) -> NewMatrix:
    """The scores that were found, all of one status, between the keys of a matrix.

    Args:
        card: of the matrix.
        keys: its rows and columns.
        given: scores as they are written; a standard error keeps four digits.
        status: of all of them.
    """
    table = empty_scores(keys, card)
    places = {key: place for place, key in enumerate(keys)}
    for each in given:
        place = places[each.source], places[each.target]
        table.scores[place] = each.score
        table.stderr[place] = float(f"{each.stderr:.4g}")
        table.status[place] = status
    return NewMatrix(card, table)


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
