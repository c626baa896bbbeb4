"""How many tokens a document has, pool by pool: from the user, or from the recipe's inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError, ProblemError, about
from atlasmix.evidence.store import Store
from atlasmix.interop.exporters.paths import EVERY, speaks_of
from atlasmix.io.plain_data import as_mapping
from atlasmix.io.safe_yaml import load_yaml
from atlasmix.problem.parsing import read_bytes
from atlasmix.quantities import parse_quantity
from atlasmix.recipe.recipe import Recipe
from atlasmix.text import first_few

_WHAT: Final = "tokens per document"
LONGEST: Final = 1e9
"""More tokens than this in one document are taken for a slip."""

_FILE_LIMIT: Final = 4 * 1024 * 1024


def read_lengths(given: Sequence[str]) -> dict[str, float]:
    """What the user says, in the order given: a number, ``POOL=NUMBER``, or a YAML file of those.

    Returns:
        Name of a pool or pattern to mean tokens per document; a number alone stands for every pool.

    Raises:
        ProblemError: no number, or not above 0.
        DataError: a file that cannot be read.
    """
    lengths: dict[str, float] = {}
    for text in given:
        with about("tokens_per_document", text):
            lengths |= _read_length(text)
    return lengths


def _read_length(text: str) -> dict[str, float]:
    name, equals, number = text.rpartition("=")
    if equals:
        return {name.strip(): parse_quantity(number, f"{_WHAT} of {name}", LONGEST)}
    if text.endswith((".yaml", ".yml")):
        return _from_file(Path(text))
    return {EVERY: parse_quantity(text, _WHAT, LONGEST)}


def tokens_per_document(
    recipe: Recipe, given: Mapping[str, float], store: Store
) -> dict[str, float]:
    """Mean tokens per document of the recipe's pools, in the tokens that the recipe counts.

    What the user gave comes first; then the inventory that the recipe names, where it is on the
    shelf unchanged and counts documents.

    Returns:
        Name of a pool to its mean; pools of unknown length are absent.

    Raises:
        ProblemError: an entry of the user's that speaks of no pool of the recipe.
    """
    chosen = speaks_of(given.keys(), recipe.pools)
    strangers = [entry for entry in given if entry not in chosen.values()]
    if strangers and not (strangers == [EVERY] and chosen):
        raise ProblemError(
            f"{_WHAT} are given of {', '.join(strangers[:8])}: no pool of this recipe is left for "
            f"that; it reads {', '.join(pool.name for pool in recipe.pools[:8])}",
            field="tokens_per_document",
            value=strangers[0],
        )
    lengths = {name: given[entry] for name, entry in chosen.items()}
    if len(lengths) < len(recipe.pools):
        counted = _from_inventories(recipe, store)
        lengths = {**counted, **lengths}
    return {pool.name: lengths[pool.name] for pool in recipe.pools if pool.name in lengths}


def refuse_unknown_lengths(names: Sequence[str], title: str) -> None:
    """Refuse an export in documents of pools whose documents nobody counted.

    Raises:
        ProblemError: naming the pools and the way out.
    """
    if names:
        raise ProblemError(
            f"{title} draws documents, not tokens, and nobody says how long a document of "
            f"{first_few(names, 8)} is: the recipe's inventory is not on this shelf as it "
            f"was, or does not count documents; give {_WHAT}, as {names[0]}=800, or a file",
            field="tokens_per_document",
        )


def _from_file(path: Path) -> dict[str, float]:
    what = f"file {path.name} of {_WHAT}"
    content = load_yaml(read_bytes(path, _FILE_LIMIT, what), what, _FILE_LIMIT)
    entries = as_mapping(content, what, "{cat.human.hplt-v4: 770}")
    return {
        name: parse_quantity(count, f"{what}: {name}", LONGEST) for name, count in entries.items()
    }


def _from_inventories(recipe: Recipe, store: Store) -> dict[str, float]:
    lengths: dict[str, float] = {}
    for origin in recipe.origin["inventories"]:
        try:
            inventory = store.inventory(origin["name"])
        except DataError:
            continue
        if inventory.sha256 != origin["sha256"]:
            continue
        for pool in inventory.pools:
            if pool.documents:
                lengths[pool.name] = pool.unique_tokens / pool.documents
    return lengths
