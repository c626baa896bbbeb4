"""Scenarios as one file: questions under names, a recipe of each, the tables of one's own.

A ZIP archive that opens everywhere, and that anybody can unpack by hand::

    scenarios.yaml                         names and questions
    recipes/1-base.yaml                    question, answer and origin of each that has an answer
    store/transfer_matrices/ours/…         tables of one's own, laid out as a store
    mine.yaml                              laws learned from runs, by the names that recipes give

so that a recipe of it can be checked on another machine, over the store beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from atlasmix.errors import AtlasMixError, DataError
from atlasmix.evidence.overlay import Overlay, lay_entry
from atlasmix.evidence.places import CARD_FILE
from atlasmix.evidence.shelf import INVENTORIES, LAWS, MATRICES, name_of_file
from atlasmix.fitting.solving_law import lay_law
from atlasmix.io.files import ZIP_MAGIC, begins, read_start, read_zip, zip_files
from atlasmix.io.safe_yaml import load_yaml, yaml_text
from atlasmix.io.schema import faults_of
from atlasmix.problem.link import short_question, stranger_problem
from atlasmix.problem.scenarios import (
    LONGEST_NAME,
    MOST_SCENARIOS,
    Scenario,
    Scenarios,
    keep,
    named_tables,
)
from atlasmix.recipe.file import dump_recipe, load_recipe
from atlasmix.recipe.recipe import Recipe
from atlasmix.text import listed

SCENARIOS_SCHEMA: Final = "atlasmix/scenarios/1"
SCENARIOS_LIMIT: Final = 16 * 1024 * 1024
"""Most bytes of a file of scenarios: our choice."""
_MOST_UNPACKED: Final = 64 * 1024 * 1024
"""Most bytes that it unpacks to: our choice, three of the largest tables that a session takes."""
_LIST: Final = "scenarios.yaml"
_LIST_LIMIT: Final = 1024 * 1024
_RECIPE: Final = re.compile(r"recipes/([1-6])-[a-z0-9.-]{1,64}\.yaml")
_TABLE: Final = re.compile(
    rf"store/({MATRICES.folder}|{INVENTORIES.folder})/([a-z0-9][a-z0-9.-]{{0,63}})/([a-z.]+)"
)
_LAW: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,58}\.yaml")
_FILES: Final = {
    shelf.folder: frozenset((shelf.table, CARD_FILE)) for shelf in (MATRICES, INVENTORIES)
}
_TABLES: Final = {shelf.folder: shelf.table for shelf in (MATRICES, INVENTORIES)}
_HEADER: Final = """\
# Questions under names, to be set side by side. atlasmix compare FILE.zip tells them apart.
# atlasmix check FILE.zip says whether its recipes still hold. Unpacked, each recipe is a file that
# is checked over the store beside it.
"""


class ScenarioEntry(Struct, forbid_unknown_fields=True):
    """A question under its name."""

    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    question: dict[str, Any]


class ScenarioList(Struct, forbid_unknown_fields=True):
    """What ``scenarios.yaml`` holds."""

    schema: Literal["atlasmix/scenarios/1"]
    scenarios: Annotated[list[ScenarioEntry], Meta(min_length=1, max_length=MOST_SCENARIOS)]


@dataclass(frozen=True, slots=True, eq=False)
class ScenarioFile:
    """What a file of scenarios holds, all of it checked.

    Attributes:
        scenarios: in their order, each question in its shortest form.
        recipes: by name of the scenario; one that had no answer has none.
        store: the evidence that it was read over, with the tables of the file on it.
    """

    scenarios: Scenarios
    recipes: Mapping[str, Recipe]
    store: Overlay


def dump_scenarios(
    scenarios: Scenarios, recipe_of: Callable[[Scenario], Recipe], store: Overlay
) -> bytes:
    """The file of scenarios: the same bytes for the same content.

    Args:
        scenarios: one to six.
        recipe_of: the recipe of each; what it refuses as unanswerable is kept as a question alone.
        store: whose tables of one's own that a question names come along.

    Raises:
        DataError: a table that is gone, or more of them than a file holds.
    """
    known = {*store.matrix_names(), *store.inventory_names(), *store.names(LAWS)}
    for each in scenarios:
        gone = named_tables(each.question) - known
        if gone:
            raise DataError(
                f"scenario {each.name!r} rests on {listed(sorted(gone))}, which is gone: remove "
                "the scenario, or bring the table again"
            )
    entries = [{"name": each.name, "question": dict(each.question)} for each in scenarios]
    files = {_LIST: _HEADER + yaml_text({"schema": SCENARIOS_SCHEMA, "scenarios": entries})}
    for number, each in enumerate(scenarios, start=1):
        try:
            text = dump_recipe(recipe_of(each))
        except AtlasMixError:
            continue
        files[f"recipes/{number}-{name_of_file(each.name)}.yaml"] = text
    named = set().union(*(named_tables(each.question) for each in scenarios))
    for folder, name, table, card in store.entries:
        if name in named and folder == LAWS.folder:
            files[name] = table.decode()
        elif name in named:
            files[f"store/{folder}/{name}/{_TABLES[folder]}"] = table.decode()
            files[f"store/{folder}/{name}/{CARD_FILE}"] = card.decode()
    packed = zip_files(files)
    unpacked = sum(len(text.encode()) for text in files.values())
    if unpacked > _MOST_UNPACKED or len(packed) > SCENARIOS_LIMIT:
        raise DataError(
            f"these scenarios with their tables have {unpacked:,} bytes, {len(packed):,} packed: a "
            f"file holds at most {_MOST_UNPACKED:,}, {SCENARIOS_LIMIT:,} packed; remove those that "
            "rest on the largest tables"
        )
    return packed


def load_scenarios(
    source: Path | bytes, store: Overlay, what: str = "the file of scenarios"
) -> ScenarioFile:
    """What a file of scenarios holds; it comes from anywhere, and is taken whole or not at all.

    Args:
        source: the file, or its bytes: at most 16 MiB, 64 MiB unpacked.
        store: the evidence by which its questions are asked; its tables are laid over it.
        what: how a message names it.

    Raises:
        DataError: no such archive, a file that does not belong in one, a fault in a recipe or a
            table, or a table whose name is another's here.
        ProblemError: a question that cannot be asked, or a name that stands there twice.
    """
    if isinstance(source, Path):
        what = f"file of scenarios {source.name}"
    content = read_start(source, SCENARIOS_LIMIT, what) if isinstance(source, Path) else source
    if not content.startswith(ZIP_MAGIC):
        raise DataError(f"{what} is no file of scenarios: expected the ZIP that the explorer wrote")
    if len(content) > SCENARIOS_LIMIT:
        raise DataError(f"{what} has {len(content):,} bytes: expected at most {SCENARIOS_LIMIT:,}")
    files = read_zip(content, what, _MOST_UNPACKED)
    strange = sorted(name for name in files if not _belongs(name))
    if strange or _LIST not in files:
        fault = f"holds {strange[0][:80]!r}" if strange else f"lacks {_LIST}"
        raise DataError(f"{what} {fault}: expected the ZIP that the explorer wrote, unchanged")
    overlay = _with_tables(files, store, what)
    scenarios = _listed(files[_LIST], overlay, what)
    return ScenarioFile(scenarios, _recipes(files, scenarios, what), overlay)


def is_scenarios_file(path: Path) -> bool:
    """Whether a file begins as such a file does; False where there is none."""
    return begins(path, len(ZIP_MAGIC)) == ZIP_MAGIC


def _belongs(name: str) -> bool:
    table = _TABLE.fullmatch(name)
    if table is not None:
        return table[3] in _FILES[table[1]]
    return name == _LIST or any(pattern.fullmatch(name) for pattern in (_RECIPE, _LAW))


def _with_tables(files: Mapping[str, bytes], store: Overlay, what: str) -> Overlay:
    overlay = store
    matches = filter(None, map(_TABLE.fullmatch, files))
    for folder, name in dict.fromkeys((match[1], match[2]) for match in matches):
        place = f"store/{folder}/{name}"
        table, card = (files.get(f"{place}/{each}") for each in (_TABLES[folder], CARD_FILE))
        if table is None or card is None:
            raise DataError(f"{what} lacks the table or the card of {name!r}: write it again")
        overlay = lay_entry(overlay, folder, name, table, card)
    for name in filter(_LAW.fullmatch, files):
        if name != _LIST and overlay.law_file(name) != files[name]:
            overlay, _ = lay_law(overlay, files[name], name, name)
    return overlay


def _listed(content: bytes, store: Overlay, what: str) -> Scenarios:
    named = f"{_LIST} of {what}"
    written = load_yaml(content, named, _LIST_LIMIT)
    faults = faults_of(written, ScenarioList, "it")
    if faults or not isinstance(written, dict):
        count = f"{len(faults)} fault{'s' * (len(faults) > 1)}"
        raise DataError(f"{named} has {count}: write the file again", tuple(faults))
    scenarios: Scenarios = ()
    for entry in written["scenarios"]:
        try:
            question = short_question(stranger_problem(entry["question"], store))
            scenarios = keep(scenarios, entry["name"], question)
        except AtlasMixError as error:
            raise DataError(f"scenario {entry['name']!r} of {what}: {error}") from error
    return scenarios


def _recipes(files: Mapping[str, bytes], scenarios: Scenarios, what: str) -> dict[str, Recipe]:
    recipes = {}
    for match in filter(None, map(_RECIPE.fullmatch, files)):
        number = int(match[1])
        if number > len(scenarios) or scenarios[number - 1].name in recipes:
            raise DataError(f"{what} holds {match[0]!r}, which is of no scenario: write it again")
        try:
            recipes[scenarios[number - 1].name] = load_recipe(files[match[0]])
        except DataError as error:
            raise DataError(f"{match[0]} of {what}: {error.sentence}", error.faults) from error
    return recipes
