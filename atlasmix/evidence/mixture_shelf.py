"""Mixtures of the user's own on the shelf, beside the published ones: by name, checked, whole."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError
from atlasmix.evidence.file_shelf import FileShelf
from atlasmix.evidence.mixture_file import GivenMixture, dump_mixture, load_mixture
from atlasmix.evidence.shelf import shipped_tables
from atlasmix.evidence.store import Store


def _published_names() -> frozenset[str]:
    """Names of the mixtures that ship."""
    _, tables = shipped_tables("published_mixtures", ("models.csv",))
    return frozenset(row["name"] for row in tables["models.csv"])


_SHELF: Final = FileShelf(
    "mixtures", "mixture", _published_names, ships="is published and ships with AtlasMix"
)


def own_mixtures(store: Store) -> tuple[str, ...]:
    """Names of the user's own mixtures, sorted."""
    return _SHELF.names(store.user_place())


def own_mixture(name: str, store: Store) -> GivenMixture:
    """A mixture of the user's own.

    Raises:
        DataError: no such name, or a file that is no mixture any more.
    """
    if name not in own_mixtures(store):
        raise DataError(
            f"no mixture {name[:80]!r} in the store {store.user_place().label}: there are "
            f"{', '.join(own_mixtures(store)) or 'none of your own'}"
        )
    return load_mixture(_SHELF.read(store.user_place(), name))


def add_mixture(path: Path, store: Store, name: str | None = None) -> str:
    """Check a mixture file and put it into the user's store in one step.

    Args:
        path: what ``atlasmix import`` wrote.
        store: the user's.
        name: on the shelf; None takes the mixture's.

    Returns:
        The name.

    Raises:
        DataError: no mixture file, or a name that is published, taken or malformed; the store is
            then as it was.
    """
    mixture = load_mixture(path)
    chosen = name or mixture.name.lower()
    content = dump_mixture(dataclasses.replace(mixture, name=chosen)).encode()
    _SHELF.add(store.user_place(), chosen, content)
    return chosen


def remove_mixture(name: str, store: Store) -> None:
    """Take a mixture out of the user's store.

    Raises:
        DataError: it is published, or not there.
    """
    _SHELF.remove(store.user_place(), name)
