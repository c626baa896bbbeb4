"""Which pools of an inventory a question may read: said as a choice, and recognised from pools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.card import Card
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.pools import POOL_KINDS, PROVENANCES, Pool
from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.fitting.law_file import is_law_file
from atlasmix.io.plain_data import as_list, as_mapping, as_word, refuse_unknown
from atlasmix.problem.vocabulary import Vocabulary
from atlasmix.text import did_you_mean, first_few

ALL: Final = "all"
DEFAULT_CHOICE: Final = {"provenance": ["human"], "kind": ["web", "code", "math"]}
"""Our choice: human text from the web, and code and mathematics where the inventory has them (they
are read where a limit asks for them); translations and generated text are asked for by name."""
_KEYS: Final = ("provenance", "kind", "corpus", "language", "exclude_language", "name")
JOINT: Final = " + "


def joined_inventory(names: Sequence[str], store: Store) -> Inventory:
    """One inventory from several; ``card.files`` holds (name, SHA-256) of each part.

    Raises:
        ProblemError: a pool in two of them.
        DataError: no such inventory.
    """
    parts = [store.inventory(name) for name in names]
    if len(parts) == 1:
        return parts[0]
    seen: dict[str, str] = {}
    for part in parts:
        for pool in part.pools:
            if pool.name in seen:
                raise ProblemError(
                    f"pool {pool.name} is in inventory {seen[pool.name]} and in {part.name}: its "
                    "tokens would count twice; name one of the two"
                )
            seen[pool.name] = part.name
    pools = sorted(
        (pool for part in parts for pool in part.pools),
        key=lambda pool: (pool.language, pool.provenance, pool.corpus),
    )
    card = Card(
        title="several inventories together",
        kind="token inventory",
        axis=parts[0].card.axis,
        files=tuple((part.name, part.sha256) for part in parts),
    )
    return Inventory(JOINT.join(part.name for part in parts), tuple(pools), card, "")


def inventory_hashes(inventory: Inventory) -> tuple[tuple[str, str], ...]:
    """(name, SHA-256) of an inventory, or of each that was joined into it."""
    if JOINT in inventory.name:
        return inventory.card.files
    return ((inventory.name, inventory.sha256),)


def choose_pools(
    choice: object, inventory: Inventory, matrix: TransferMatrix, words: Vocabulary
) -> tuple[Pool, ...]:
    """The pools that a question may read; those of languages the matrix does not have are no use.

    Args:
        choice: ``{provenance: [...], kind: [...], corpus: [...], language: [...],
            exclude_language: [...], name: [...]}``, or the provenances alone; ``all`` opens a list.
        inventory: where from.
        matrix: its keys are the languages that can be read.
        words: how languages are read.

    Raises:
        ProblemError: an unknown key or word.
        DataError: an unknown language.
    """
    selection = _selected(choice)
    names = selection.get("name")
    readable = [pool for pool in inventory.pools if pool.language in set(matrix.keys)]
    if names is not None:
        every = [pool.name for pool in inventory.pools]
        listed = _known(names, every, "pools.name", inventory)
        return tuple(pool for pool in readable if listed is None or pool.name in listed)
    corpora = {pool.corpus for pool in inventory.pools}
    chosen: dict[str, set[str] | None] = {
        "provenance": _of_few(selection["provenance"], PROVENANCES, "pools.provenance"),
        "kind": _of_few(selection["kind"], POOL_KINDS, "pools.kind"),
        "corpus": _known(selection.get("corpus", ALL), sorted(corpora), "pools.corpus", inventory),
        "language": _languages(selection.get("language", ALL), words, "pools.language"),
    }
    left_out = _languages(selection.get("exclude_language", []), words, "pools.exclude_language")
    return tuple(
        pool
        for pool in readable
        if pool.language not in (left_out or ())
        and all(allowed is None or getattr(pool, key) in allowed for key, allowed in chosen.items())
    )


def choice_of(
    pools: Sequence[Pool], inventory: Inventory, matrix: TransferMatrix
) -> dict[str, list[str]]:
    """The shortest choice that gives exactly these pools; the inverse of ``choose_pools``.

    Raises:
        ProblemError: a pool that the inventory does not have.
    """
    wanted = {pool.name for pool in pools}
    readable = [pool for pool in inventory.pools if pool.language in set(matrix.keys)]
    strangers = sorted(wanted - {pool.name for pool in readable})
    if strangers:
        raise ProblemError(
            f"pool {strangers[0]} is not in inventory {inventory.name} or its language is not in "
            f"matrix {matrix.name}: a question names its pools by inventory"
        )
    if {pool.name for pool in readable if _inside(pool, DEFAULT_CHOICE)} == wanted:
        return {key: list(words) for key, words in DEFAULT_CHOICE.items()}
    base = {
        "provenance": _present(PROVENANCES, (pool.provenance for pool in pools)),
        "kind": _present(POOL_KINDS, (pool.kind for pool in pools)),
    }
    corpus = {"corpus": sorted({pool.corpus for pool in pools})}
    for extra in ({}, corpus):
        candidate = {**base, **extra}
        matching = [pool for pool in readable if _inside(pool, candidate)]
        if {pool.name for pool in matching} == wanted:
            return candidate
        inside = sorted({pool.language for pool in pools})
        outside = sorted({pool.language for pool in matching} - set(inside))
        if {pool.name for pool in matching if pool.language in set(inside)} == wanted:
            if len(outside) < len(inside):
                return {**candidate, "exclude_language": outside}
            return {**candidate, "language": inside}
    return {"name": sorted(wanted)}


def _selected(choice: object) -> dict[str, object]:
    if isinstance(choice, str | list | tuple):
        choice = {"provenance": choice}
    selection = as_mapping(choice, "pools", "{provenance: [human], kind: [web]}")
    refuse_unknown(selection, _KEYS, "pools")
    if "name" in selection and len(selection) > 1:
        raise ProblemError("pools has name and other keys: a list of pools by name stands alone")
    return {**DEFAULT_CHOICE, **selection}


def _is_all(value: object) -> bool:
    return value in (ALL, [ALL])


def _of_few(value: object, known: Sequence[str], what: str) -> set[str] | None:
    if _is_all(value):
        return None
    return {as_word(each, what, known) for each in as_list(value, what)}


def _known(value: object, known: Sequence[str], what: str, inventory: Inventory) -> set[str] | None:
    if _is_all(value):
        return None
    names = [str(each) for each in as_list(value, what)]
    for name in names:
        if name not in known:
            raise ProblemError(
                f"{what} names {name[:60]!r}, which inventory {inventory.name} does not have: "
                f"{did_you_mean(name, known, ' ')}it has {first_few(known, 8)}"
            )
    return set(names)


def _languages(value: object, words: Vocabulary, what: str) -> set[str] | None:
    if _is_all(value):
        return None
    if value == []:
        return set()
    keys: set[str] = set()
    for each in as_list(value, what):
        if isinstance(each, str) and each in words.groups:
            keys.update(words.groups[each])
        else:
            keys.add(words.key(each, what))
    return keys


def _present(known: Sequence[str], values: Iterable[str]) -> list[str]:
    seen = set(values)
    return [word for word in known if word in seen]


def _inside(pool: Pool, choice: dict[str, list[str]]) -> bool:
    return all(getattr(pool, key) in allowed for key, allowed in choice.items())


_OF_LAW: Final = (
    "choose an inventory of what its runs mixed; the law's own file is one where they say unique "
    "tokens (inventory add, form learned-law)"
)


def check_axes(matrix: TransferMatrix, inventory: Inventory) -> None:
    """Refuse a matrix and an inventory that speak of different things.

    Raises:
        DataError: one of languages, one of domains.
    """
    if matrix.card.axis != inventory.card.axis:
        raise DataError(
            f"matrix {matrix.name} is about {matrix.card.axis}s and inventory {inventory.name} "
            f"about {inventory.card.axis}s: expected the same",
            field="inventory",
            hint=_OF_LAW if is_law_file(matrix.name) else "choose another matrix or inventory",
            value=inventory.name,
        )
