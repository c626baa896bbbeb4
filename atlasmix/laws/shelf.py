"""The shelf of scaling laws: by name from what ships and from the user's store, or by path."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.file_shelf import FileShelf
from atlasmix.evidence.overlay import Overlay
from atlasmix.evidence.places import Place
from atlasmix.evidence.shelf import LAWS, shipped_place
from atlasmix.evidence.store import FILE_ENDINGS, NO_FILES, Store
from atlasmix.io.files import read_start
from atlasmix.languages.resolving import resolve
from atlasmix.laws.cards import CARD_LIMIT, parse_card
from atlasmix.laws.kinds import CurseLaw, LanguageLaws, LawCard, LossLaw
from atlasmix.text import did_you_mean

DEFAULT_LAW: Final = "datablations-2023-one-stage"
"""One fit of the very form that a solve uses; the constants that its study printed come from two
stages and hold only with a term for excess parameters."""

DEFAULT_CURSE: Final = "atlas-2025-curse"


@cache
def shipped_names() -> tuple[str, ...]:
    """Names of the laws that ship, sorted."""
    return _SHELF.names(shipped_place())


_SHELF: Final = FileShelf("scaling_laws", "law", shipped_names)


@cache
def shipped_card(name: str) -> LawCard:
    """The card of a law that ships."""
    return replace(_on_shelf(shipped_place(), name), shipped=True)


def shipped_laws() -> dict[str, LossLaw]:
    """Every shipped law that can drive a solve by its plain name."""
    laws = {name: shipped_card(name).law for name in shipped_names()}
    return {name: law for name, law in laws.items() if isinstance(law, LossLaw)}


def law_cards(store: Store) -> tuple[tuple[str, LawCard | str], ...]:
    """Every law on the shelf by name; a text where a card is broken: what is wrong with it."""
    place = store.user_place()
    cards: dict[str, LawCard | str] = {name: shipped_card(name) for name in shipped_names()}
    for name in _SHELF.names(place):
        if name in cards:
            continue
        try:
            cards[name] = _on_shelf(place, name)
        except DataError as error:
            cards[name] = " ".join((error.sentence, *error.faults))
    return tuple(sorted(cards.items()))


def law_card(name: str, store: Store | None = None) -> LawCard:
    """The card of a law: by name from the shelf, or from a file by its path.

    Args:
        name: ``hoffmann-2022``, ``mine`` from the user's store, or ``laws/mine.yaml``.
        store: where the user's own laws lie; None: the usual place.

    Raises:
        DataError: no such law, or a file that is not one.
    """
    if name in shipped_names():
        return shipped_card(name)
    store = store or Store()
    path = store.path_of(name)
    if path is not None and _is_there(path):
        return read_card(path)
    place = store.user_place()
    own = _SHELF.names(place)
    if name in own:
        return _on_shelf(place, name)
    laid = store.names(LAWS) if isinstance(store, Overlay) else ()
    known = (*laid, *shipped_names(), *own)
    raise DataError(
        f"no law {name[:80]!r}: {did_you_mean(name, known, ' ')}"
        f"expected one of {', '.join(known)}"
        + (", or the path of a card (.yaml)" if store.opens_files else f"; {_no_file(name)}")
    )


def card_bytes(name: str, store: Store | None = None) -> bytes:
    """The card of a law as it lies on the shelf or in its file, for a hash; see :func:`load_law`.

    Raises:
        DataError: no such law.
    """
    table = name.partition("/")[0]
    for shipped in (name, table):
        if shipped in shipped_names():
            return _SHELF.read(shipped_place(), shipped)
    card = law_card(name, store)
    store = store or Store()
    path = store.path_of(name)
    if path is not None and _is_there(path):
        return path.read_bytes()
    return _SHELF.read(store.user_place(), card.name)


def _no_file(name: str) -> str:
    """What is said of a name where no path is opened; it may be that of a law of somebody's own."""
    if not name.endswith(FILE_ENDINGS):
        return NO_FILES
    return f"{NO_FILES}: whoever learned this law has its file, which has to be brought first"


def load_law(name: str, store: Store | None = None) -> LossLaw:
    """A law that can drive a solve.

    Args:
        name: as for :func:`law_card`; one law of a table is ``TABLE/LANGUAGE/REGIME``.
        store: as for :func:`law_card`.

    Raises:
        DataError: no such law, or a file that is not one.
        ProblemError: a law of another kind; says what that is for.

    >>> load_law("besiroglu-2024").alpha
    0.3478
    """
    table, _, rest = name.partition("/")
    if rest and table in shipped_names():
        law = shipped_card(table).law
        if isinstance(law, LanguageLaws):
            return _row(law, rest)
    card = law_card(name, store)
    if isinstance(card.law, LossLaw):
        return card.law
    raise ProblemError(
        f"law {card.name} cannot drive a solve: it {card.law.purpose}; choose a law of kind "
        "chinchilla ('atlasmix laws list')"
    )


def load_curse(name: str, store: Store | None = None) -> CurseLaw:
    """A curse of multilinguality by name or path.

    Raises:
        DataError: no such law, or a file that is not one.
        ProblemError: a law of another kind.
    """
    card = law_card(name, store)
    if isinstance(card.law, CurseLaw):
        return card.law
    raise ProblemError(
        f"law {card.name} is of kind {card.kind} and does not know the number of languages: "
        f"expected one of kind curse, such as {DEFAULT_CURSE}"
    )


def read_card(path: Path) -> LawCard:
    """The card of a law from a file.

    Raises:
        DataError: unreadable, not YAML, or not the card of a law; ``faults`` names all faults.
    """
    what = path.name or str(path)
    return parse_card(read_start(path, CARD_LIMIT), what)


def read_law(path: Path) -> LossLaw:
    """A law that can drive a solve, from its card; raises as :func:`load_law` does."""
    law = read_card(path).law
    if isinstance(law, LossLaw):
        return law
    raise ProblemError(f"{path.name} cannot drive a solve: it {law.purpose}")


def add_law(path: Path, store: Store, name: str | None = None) -> str:
    """Check a card and put it into the user's store in one step.

    Args:
        path: the card.
        store: the user's.
        name: on the shelf; None takes the card's.

    Returns:
        The name.

    Raises:
        DataError: a broken card, or a name that ships, is taken or malformed; the store is then
            as it was.
    """
    card = read_card(path)
    chosen = name or card.name
    _SHELF.add(store.user_place(), chosen, _named(path, chosen))
    return chosen


def remove_law(name: str, store: Store) -> None:
    """Take a law out of the user's store.

    Raises:
        DataError: it ships with AtlasMix, or is not there.
    """
    _SHELF.remove(store.user_place(), name)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file system takes
        return False


def _on_shelf(place: Place, name: str) -> LawCard:
    card = parse_card(_SHELF.read(place, name), f"card of law '{name}'")
    if card.name != name:
        raise DataError(f"card of law '{name}' says name: {card.name!r}: expected {name!r}")
    return card


def _named(path: Path, name: str) -> bytes:
    """The card's bytes under another name."""
    from atlasmix.io.safe_yaml import dump_yaml, load_yaml

    content = path.read_bytes()
    card = load_yaml(content, path.name, CARD_LIMIT)
    if not isinstance(card, dict) or card.get("name") == name:
        return content
    return dump_yaml({**card, "name": name}).encode()


def _row(table: LanguageLaws, rest: str) -> LossLaw:
    written, _, regime = rest.partition("/")
    key = str(resolve(written))
    languages = list(dict.fromkeys(row.language for row in table.rows))
    if key not in languages:
        raise DataError(
            f"{table.name} has no law for {written!r} ({key}): expected one of "
            f"{', '.join(languages)}"
        )
    for row in table.rows:
        if (row.language, row.regime) == (key, regime):
            return row.law
    regimes = " or ".join(f"{table.name}/{key}/{name}" for name, _ in table.regimes)
    raise ProblemError(f"{table.name} has a law for {key} in each regime: write {regimes}")
