"""Where each pool lies: the paths file, and the paths that a framework would misread."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final

from atlasmix.errors import AtlasMixError, DataError, ProblemError, about
from atlasmix.evidence.store import Store
from atlasmix.interop.exporters.exporter import Exporter, PathRule
from atlasmix.interop.exporters.plan import Place
from atlasmix.io.files import read_start
from atlasmix.io.plain_data import as_mapping, shown
from atlasmix.io.safe_yaml import load_yaml, reads_as_number
from atlasmix.languages.catalogue import language
from atlasmix.quantities import parse_quantity
from atlasmix.recipe.recipe import Recipe, RecipePool
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
    content = load_yaml(read_start(path, _FILE_LIMIT, what), what, _FILE_LIMIT)
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


PLACEHOLDERS: Final = ("language", "script", "provenance", "corpus", "key")
EVERY: Final = "*"
"""The pattern of every pool."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def speaks_of(entries: Collection[str], pools: Sequence[RecipePool]) -> dict[str, str]:
    """Which entry of a user's file speaks of each pool: its own name, else the first that fits.

    Args:
        entries: names and patterns, in the order of the file.
        pools: those of the recipe.

    Returns:
        Name of the pool to entry; pools that no entry speaks of are absent.
    """
    chosen: dict[str, str] = {}
    for pool in pools:
        fitting = (entry for entry in entries if fits(entry, pool))
        entry = pool.name if pool.name in entries else next(fitting, None)
        if entry is not None:
            chosen[pool.name] = entry
    return chosen


def fits(pattern: str, pool: RecipePool) -> bool:
    """Whether a pattern speaks of a pool.

    In a pattern ``{language}`` is the pool's whole key, script included, as in its name; elsewhere
    (see :func:`fill`) it is the ISO 639-3 code alone.
    """
    if pattern == EVERY:
        return True
    named = {"language": pool.language, "provenance": pool.provenance, "corpus": pool.corpus}
    return _PLACEHOLDER.sub(lambda match: named.get(match[1], match[0]), pattern) == pool.name


def fill(text: str, pool: RecipePool, key: str) -> str:
    """A text with the pool's own words in the place of ``{language}`` and so on.

    ``{language}`` is the ISO 639-3 code (or a domain's label), ``{script}`` the ISO 15924 code,
    ``{key}`` the pool's name as the framework's files have it. ``${...}`` is left to OmegaConf.

    Raises:
        DataError: an unknown placeholder, or ``{script}`` of something that has none.
    """
    code, _, script = pool.language.partition("_")
    words = {
        "language": code if _script(pool.language) else pool.language,
        "script": script or _script(pool.language),
        "provenance": pool.provenance,
        "corpus": pool.corpus,
        "key": key,
    }

    def word(match: re.Match[str]) -> str:
        if text[: match.start()].endswith("$"):
            return match[0]
        if match[1] not in words:
            raise DataError(
                f"{text[:80]!r} has the placeholder {{{match[1][:40]}}}: expected one of "
                f"{_braced(PLACEHOLDERS)}"
            )
        if not words[match[1]]:
            raise DataError(f"{text[:80]!r}: {pool.name} has no script; leave {{script}} out")
        return words[match[1]]

    return _PLACEHOLDER.sub(word, text)


def _script(key: str) -> str:
    """The usual script of a language key; nothing for the label of a domain."""
    code, _, script = key.partition("_")
    if script:
        return script
    try:
        known = language(code)
    except DataError:
        return ""
    return known.script if known.code == code else ""


def _braced(words: Sequence[str]) -> str:
    return ", ".join(f"{{{word}}}" for word in words)


PATHS_LIMIT: Final = 4 * 1024 * 1024
HELD_OUT: Final = ("valid", "test")
"""Keys of the paths file that name held-out text instead of a pool."""

EXAMPLE: Final = '"{language}.human.hplt-v4": /data/{language}_{script}/human_text_document'


@dataclass(frozen=True, slots=True)
class PathsFile:
    """What a paths file says.

    Attributes:
        what: how messages name it.
        pools: name of a pool or pattern to {path: tokens, or None}.
        valid, test: paths of held-out text.
    """

    what: str
    pools: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    valid: tuple[str, ...] = ()
    test: tuple[str, ...] = ()


def read_paths(path: Path) -> PathsFile:
    """The paths file of a user: YAML, pool or pattern to path, paths, or {path: tokens}.

    Raises:
        DataError: unreadable, not plain YAML, or an entry that is no path; ``faults`` names all.
    """
    what = f"paths file {path.name or path}"
    return parse_paths(read_start(path, PATHS_LIMIT, what), what)


def parse_paths(text: str | bytes, what: str) -> PathsFile:
    """The paths that a YAML text names; see :func:`read_paths`.

    Args:
        text: at most 4 MiB.
        what: how messages name it.

    Raises:
        DataError: as ``read_paths``.
    """
    content = load_yaml(text, what, PATHS_LIMIT)
    if not isinstance(content, dict) or not content:
        raise DataError(f"{what} names no paths: expected lines such as {EXAMPLE}")
    entries: dict[str, dict[str, float | None]] = {}
    faults: list[str] = []
    for key, value in content.items():
        try:
            entries[key] = _places(value)
        except AtlasMixError as error:
            faults.append(f"{key}: {error}")
    if faults:
        raise DataError(f"{what} has {_faults(faults)}: mend what follows", tuple(faults))
    valid, test = (tuple(entries.pop(key, {})) for key in HELD_OUT)
    return PathsFile(what, entries, valid, test)


def place_pools(
    pools: Sequence[RecipePool], keys: Mapping[str, str], paths: PathsFile, exporter: Exporter
) -> dict[str, tuple[Place, ...]]:
    """Where each pool lies, as the framework will read it.

    Args:
        pools: those of the recipe.
        keys: name of a pool to its key in the framework's files.
        paths: of the user.
        exporter: the framework.

    Raises:
        DataError: a pool without a path, an entry without a pool, one path for two pools, a path
            that the framework would misread, or several where it needs to know how much lies in
            each; ``faults`` names all.
    """
    chosen = speaks_of(paths.pools.keys(), pools)
    faults = [f"{pool.name} has no path" for pool in pools if pool.name not in chosen]
    faults += [
        f"{entry} is no pool of this recipe and fits none of its names"
        for entry in paths.pools
        if entry not in chosen.values() and not any(fits(entry, pool) for pool in pools)
    ]
    faults += [
        f"{entry} is never used: every pool that it fits has an entry before it"
        for entry in paths.pools
        if entry not in chosen.values() and any(fits(entry, pool) for pool in pools)
    ]
    placed: dict[str, tuple[Place, ...]] = {}
    owner: dict[str, str] = {}
    for pool in pools:
        if pool.name not in chosen:
            continue
        filled: dict[str, float | None] = {}
        for text, tokens in paths.pools[chosen[pool.name]].items():
            try:
                filled[fill(text, pool, keys[pool.name])] = tokens
            except DataError as error:
                faults.append(str(error))
        faults += [f"{pool.name}: {fault}" for each in filled for fault in misread(each, exporter)]
        faults += [
            f"{each} is the path of {owner[each]} and of {pool.name}: its text would count twice"
            for each in filled
            if owner.setdefault(each, pool.name) != pool.name
        ]
        faults += _undivided(pool.name, filled, exporter.paths)
        placed[pool.name] = _parts(filled)
    for path in (*paths.valid, *paths.test):
        faults += [f"held-out text: {fault}" for fault in misread(path, exporter)]
        if path in owner:
            faults.append(f"{path} is held-out text and the path of {owner[path]}")
    if faults:
        few = dict.fromkeys(faults)
        raise DataError(
            f"{paths.what} has {_faults(tuple(few))} for {exporter.title}: mend what follows",
            tuple(few),
        )
    return placed


def misread(path: str, exporter: Exporter) -> list[str]:
    """What the framework would take this path for, one sentence a fault."""
    rule, title = exporter.paths, exporter.title
    shown_path = shown(path)
    if not path.isprintable():
        return [f"{shown_path} has a line break, a tab or another character without a shape"]
    faults = []
    if path != path.strip() or (not rule.spaces and " " in path):
        faults.append(f"{shown_path} has a space, at which {title} cuts it in two")
    if not rule.numbers and reads_as_number(path):
        faults.append(f"{shown_path} looks like a number, and {title} would take it for a weight")
    if not rule.patterns and any(letter in path for letter in "*?["):
        faults.append(f"{shown_path} is a pattern, which {title} does not expand: {rule.what}")
    faults += [
        f"{shown_path} has {text!r}, which means something else to {title}"
        for text in rule.forbidden
        if text in path
    ]
    faults += [
        f"{shown_path} ends in {ending}, which {title} adds itself: {rule.what}"
        for ending in rule.endings
        if path.endswith(ending)
    ]
    return faults


def _places(value: object) -> dict[str, float | None]:
    """A path, a list of paths, or {path: tokens}."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list) and value and len(set(map(str, value))) == len(value):
        return {_path(each): None for each in value}
    if isinstance(value, dict) and value:
        return {_path(each): parse_quantity(count, str(each)) for each, count in value.items()}
    raise DataError(
        f"{shown(value)} is no path: expected a text, a list of different texts, or "
        "{path: tokens}"
    )


def _path(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{shown(value)} is no path: expected a text; quote it if it is one")
    return value


def _undivided(name: str, filled: Mapping[str, float | None], rule: PathRule) -> list[str]:
    if rule.several == "list" or len(filled) < 2 or None not in filled.values():
        return []
    return [
        f"{name} has {len(filled)} paths, and nobody says how many tokens lie in each: write "
        "{path: tokens}, or a small one is read too often"
    ]


def _parts(filled: Mapping[str, float | None]) -> tuple[Place, ...]:
    counts = [count for count in filled.values() if count is not None]
    if len(counts) < len(filled):
        return tuple(Place(path) for path in filled)
    whole = sum(Fraction(count) for count in counts)
    return tuple(
        Place(path, Fraction(count) / whole) for path, count in zip(filled, counts, strict=True)
    )


def _faults(faults: Sequence[str]) -> str:
    return f"{len(faults)} fault{'s' * (len(faults) > 1)}"
