"""Mixtures of the user's own on the shelf, beside the published ones: by name, checked, whole."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError
from atlasmix.evidence.mixture_file import GivenMixture, dump_mixture, load_mixture
from atlasmix.evidence.shelf import is_name, shipped_tables
from atlasmix.evidence.store import Store

_FOLDER: Final = "mixtures"
_SUFFIX: Final = ".yaml"


def _published_names() -> frozenset[str]:
    """Names of the mixtures that ship."""
    _, tables = shipped_tables("published_mixtures", ("models.csv",))
    return frozenset(row["name"] for row in tables["models.csv"])


def own_mixtures(store: Store) -> tuple[str, ...]:
    """Names of the user's own mixtures, sorted."""
    return tuple(filter(is_name, store.user_place().files(_FOLDER, _SUFFIX)))


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
    return load_mixture(store.user_place().read(f"{_FOLDER}/{name}{_SUFFIX}"))


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
    if not is_name(chosen):
        raise DataError(
            f"{chosen[:80]!r} cannot be the name of a mixture: expected a-z, 0-9, dot and hyphen, "
            "at most 64 characters",
            field="name",
            hint="choose another name",
            value=chosen,
        )
    if chosen in _published_names():
        raise DataError(
            f"mixture '{chosen}' is published and ships with AtlasMix: choose another name",
            field="name",
            value=chosen,
        )
    place = store.user_place()
    content = dump_mixture(dataclasses.replace(mixture, name=chosen)).encode()
    try:
        place.publish_file(f"{_FOLDER}/{chosen}{_SUFFIX}", content)
    except FileExistsError:
        raise DataError(
            f"mixture '{chosen}' is in the store {place.label} already and is never changed in "
            "place: remove it first or choose another name",
            field="name",
            value=chosen,
        ) from None
    return chosen


def remove_mixture(name: str, store: Store) -> None:
    """Take a mixture out of the user's store.

    Raises:
        DataError: it is published, or not there.
    """
    if name in _published_names():
        raise DataError(f"mixture '{name}' ships with AtlasMix: it cannot be removed")
    place = store.user_place()
    own = own_mixtures(store)
    try:
        if name not in own:
            raise FileNotFoundError
        place.remove_file(f"{_FOLDER}/{name}{_SUFFIX}")
    except FileNotFoundError:
        raise DataError(
            f"no mixture {name[:80]!r} in the store {place.label}: nothing was removed; there are "
            f"{', '.join(own) or 'none of your own'}"
        ) from None
