"""How many tokens a document has, pool by pool: from the user, or from the recipe's inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.interop.exporters.paths import EVERY, speaks_of
from atlasmix.io.plain_data import as_mapping
from atlasmix.io.safe_yaml import load_yaml
from atlasmix.problem.parsing import read_bytes
from atlasmix.quantities import parse_quantity
from atlasmix.recipe.recipe import Recipe

OPTION: Final = "--tokens-per-document"
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
    found: dict[str, float] = {}
    for text in given:
        name, equals, number = text.rpartition("=")
        if equals:
            found[name.strip()] = parse_quantity(number, f"{OPTION} {name}", LONGEST)
        elif text.endswith((".yaml", ".yml")):
            found |= _from_file(Path(text))
        else:
            found[EVERY] = parse_quantity(text, OPTION, LONGEST)
    return found


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
            f"{OPTION} speaks of {', '.join(strangers[:8])}: no pool of this recipe is left for "
            f"that; it reads {', '.join(pool.name for pool in recipe.pools[:8])}"
        )
    found = {name: given[entry] for name, entry in chosen.items()}
    if len(found) < len(recipe.pools):
        counted = _from_inventories(recipe, store)
        found = {**counted, **found}
    return {pool.name: found[pool.name] for pool in recipe.pools if pool.name in found}


def refuse_unknown_lengths(names: Sequence[str], title: str) -> None:
    """Refuse an export in documents of pools whose documents nobody counted.

    Raises:
        ProblemError: naming the pools and the way out.
    """
    if names:
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        raise ProblemError(
            f"{title} draws documents, not tokens, and nobody says how long a document of "
            f"{', '.join(names[:8])}{more} is: the recipe's inventory is not on this shelf as it "
            f"was, or does not count documents; give {OPTION} {names[0]}=800, or a file"
        )


def _from_file(path: Path) -> dict[str, float]:
    what = f"file {path.name} of {OPTION}"
    content = load_yaml(read_bytes(path, _FILE_LIMIT, what), what, _FILE_LIMIT)
    entries = as_mapping(content, what, "{cat.human.hplt-v4: 770}")
    return {
        name: parse_quantity(count, f"{what}: {name}", LONGEST) for name, count in entries.items()
    }


def _from_inventories(recipe: Recipe, store: Store) -> dict[str, float]:
    found: dict[str, float] = {}
    for origin in recipe.origin["inventories"]:
        try:
            inventory = store.inventory(origin["name"])
        except DataError:
            continue
        if inventory.sha256 != origin["sha256"]:
            continue
        for pool in inventory.pools:
            if pool.documents:
                found[pool.name] = pool.unique_tokens / pool.documents
    return found
