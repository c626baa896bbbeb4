"""Published mixtures: what real multilingual models were trained on, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from atlasmix.errors import DataError
from atlasmix.evidence.card import Card
from atlasmix.evidence.shelf import shipped_tables
from atlasmix.evidence.store import Store
from atlasmix.languages.language import SUBJECTS
from atlasmix.text import did_you_mean

if TYPE_CHECKING:
    from atlasmix.evidence.mixture_file import GivenMixture

_FOLDER, _MODELS, _SHARES = "published_mixtures", "models.csv", "shares.csv"


@dataclass(frozen=True, slots=True)
class PublishedMixture:
    """The training mixture of one model in one stage.

    Attributes:
        name: say ``salamandra-7b``.
        model, stage, year: as its makers call them.
        shares: (language key, share of the training data, 0-1), greatest first.
        other: (what, share) of everything without one language: code, mathematics, parallel text.
        basis: what the shares count, say ``tokens`` or ``documents``.
        status: how the figures were obtained, say ``published``.
        source: where they stand.
        note: what to know before comparing with it.
    """

    name: str
    model: str
    stage: str
    year: int
    shares: tuple[tuple[str, float], ...]
    other: tuple[tuple[str, float], ...]
    basis: str
    status: str
    source: str
    note: str = ""

    def __repr__(self) -> str:
        """One line: the model and the languages it read most of."""
        first = ", ".join(f"{key} {share:.1%}" for key, share in self.shares[:4])
        more = f" and {len(self.shares) - 4} more" if self.shares[4:] else ""
        return f"PublishedMixture({self.name!r}, {self.model} {self.year}: {first}{more})"

    @property
    def sources(self) -> tuple[tuple[str, float], ...]:
        """(Key, share) of every language, and of code and mathematics, greatest first."""
        subjects = tuple(each for each in self.other if each[0] in SUBJECTS)
        return tuple(sorted((*self.shares, *subjects), key=lambda each: -each[1]))

    @property
    def covered(self) -> float:
        """Sum of the language shares, 0-1; the rest is in ``other`` or not published."""
        return sum(share for _, share in self.shares)


def list_published() -> tuple[PublishedMixture, ...]:
    """All published mixtures, by name."""
    return _read()[1]


def published(name: str, store: Store | None = None) -> PublishedMixture:
    """The published mixture of that name, one of the user's own, or the one in a file.

    Args:
        name: of the mixture, or the path to a ``.yaml``: a mixture file or a recipe.
        store: holds the user's own, and says whether a path is opened; None: the usual place.

    Raises:
        DataError: no such name; suggests the nearest; or a file that is neither.

    >>> published("salamandra-7b").shares[0][0]
    'eng'
    """
    from atlasmix.evidence.mixture_shelf import own_mixture, own_mixtures

    store = store or Store()
    path = store.path_of(name)
    if path is not None:
        return _of_file(path)
    names = {mixture.name: mixture for mixture in list_published()}
    if name in names:
        return names[name]
    own = own_mixtures(store)
    if name in own:
        return as_published(own_mixture(name, store))
    known = (*names, *own)
    raise DataError(
        f"no published mixture {name[:80]!r}: {did_you_mean(name, known, ' ')}"
        f"there are {', '.join(known)}"
    )


def _of_file(path: Path) -> PublishedMixture:
    """What a mixture file or a recipe says of languages."""
    from atlasmix.evidence.mixture_file import MIXTURE_LIMIT, holds_mixture, mixture_of
    from atlasmix.evidence.recorded_shares import NEITHER, holds_recipe, recorded_shares
    from atlasmix.io.files import read_file
    from atlasmix.io.safe_yaml import load_yaml

    what = f"file {path.name or path}"
    content = load_yaml(read_file(path, MIXTURE_LIMIT), what, MIXTURE_LIMIT)
    if isinstance(content, dict) and holds_mixture(content):
        return as_published(mixture_of(content, f"mixture {what}"))
    if isinstance(content, dict) and holds_recipe(content):
        return _as_solved(path.name, recorded_shares(content, f"recipe {path.name}"))
    raise DataError(f"{what} {NEITHER}")


def published_card() -> Card:
    """The card of the table of published mixtures."""
    return _read()[0]


def as_published(given: GivenMixture) -> PublishedMixture:
    """A team's own mixture, as ``atlasmix import`` wrote it, in the place of a published one."""
    return PublishedMixture(
        name=given.name,
        model=given.name,
        stage="as imported",
        year=0,
        shares=tuple(given.proportions.items()),
        other=tuple((each.name, each.proportion) for each in given.other),
        basis="tokens",
        status="imported",
        source=str(given.origin.get("file", "")),
    )


def _as_solved(name: str, shares: tuple[tuple[str, float], ...]) -> PublishedMixture:
    """What a recipe of this name reads, in the place of a published mixture."""
    return PublishedMixture(
        name=name,
        model=name,
        stage="a recipe",
        year=0,
        shares=shares,
        other=(),
        basis="tokens",
        status="solved",
        source=name,
    )


@lru_cache(maxsize=1)
def _read() -> tuple[Card, tuple[PublishedMixture, ...]]:
    card, tables = shipped_tables(_FOLDER, (_MODELS, _SHARES))
    shares: dict[str, list[tuple[str, float]]] = {}
    other: dict[str, list[tuple[str, float]]] = {}
    for row in tables[_SHARES]:
        kept = shares if row["kind"] == "language" else other
        kept.setdefault(row["name"], []).append((row["part"], float(row["share"])))
    return card, tuple(
        PublishedMixture(
            name=row["name"],
            model=row["model"],
            stage=row["stage"],
            year=int(row["year"]),
            shares=tuple(shares.get(row["name"], ())),
            other=tuple(other.get(row["name"], ())),
            basis=row["basis"],
            status=row["status"],
            source=row["source"],
            note=row["note"],
        )
        for row in tables[_MODELS]
    )
