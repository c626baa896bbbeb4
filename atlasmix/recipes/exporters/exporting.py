"""From a recipe to the files of an export, everything checked before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atlasmix.evidence import Store
from atlasmix.recipes.exporters.expected import EXPECTED, expected
from atlasmix.recipes.exporters.exporter import Export, Exporter, json_text
from atlasmix.recipes.exporters.page import PAGE, page
from atlasmix.recipes.exporters.planning import Wishes, make_plan
from atlasmix.recipes.phase import Phase, phases_of
from atlasmix.recipes.recipe import Recipe
from atlasmix.recipes.recipe_file import dump_recipe


@dataclass(frozen=True, slots=True)
class Written:
    """A finished export, not yet on disk.

    Attributes:
        exporter: the framework.
        export: its own files, how they are loaded, notes.
        figures: what ``expected.json`` holds.
        files: everything that belongs into the folder.
    """

    exporter: Exporter
    export: Export
    figures: dict[str, Any]
    files: Mapping[str, str]


def export_recipe(
    recipe: Recipe,
    exporter: Exporter,
    wishes: Wishes | None = None,
    store: Store | None = None,
    phases: Sequence[Phase] | None = None,
) -> Written:
    """The files that a framework loads, and beside them ``expected.json`` and ``LOAD.md``.

    Args:
        recipe: what to train on.
        exporter: the framework.
        wishes: run, budget, paths, tokens per document.
        store: where the recipe's inventory is looked up; by default the user's own.
        phases: in the place of the recipe's own.

    Raises:
        ProblemError, DataError: as ``make_plan`` and the exporter itself.
    """
    phases = phases_of(recipe) if phases is None else phases
    plan = make_plan(recipe, phases, exporter, wishes or Wishes(), store or Store())
    export = exporter.write(plan)
    digest = hashlib.sha256(dump_recipe(recipe).encode("utf-8")).hexdigest()
    real = export.plan or plan
    text = page(exporter, export, expected(recipe, real, exporter, digest, {}))
    files = {**export.files, PAGE: text}
    figures = expected(recipe, real, exporter, digest, files)
    return Written(exporter, export, figures, {**files, EXPECTED: json_text(figures)})
