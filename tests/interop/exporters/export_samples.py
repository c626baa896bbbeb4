"""Recipes, paths and plans for the tests of the exporters."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from atlasmix.evidence.store import Store
from atlasmix.interop.exporters.exporter import Exporter, all_exporters, find_exporter
from atlasmix.interop.exporters.paths import PathsFile, read_paths
from atlasmix.interop.exporters.plan import Run
from atlasmix.interop.exporters.planning import ExportOptions
from atlasmix.interop.exporters.writing import Written, export_recipe
from atlasmix.recipe.file import load_recipe
from atlasmix.recipe.recipe import Recipe, RecipePool
from atlasmix.recipe.run_phases import RunPhase

GOLDEN = Path(__file__).with_name("golden")
EXPORTERS = all_exporters()
BY_NAME = {one.name: one for one in EXPORTERS}
NAMES = tuple(BY_NAME)

LENGTH = 128
"""Tokens per document where a test does not care."""

Shares = Mapping[str, tuple[int, int]]
"""Name of a pool to (tokens read, unique tokens)."""

THREE: Shares = {
    "cat.human.hplt-v4": (600_000, 1_000_000),
    "spa.human.hplt-v4": (300_000, 800_000),
    "gsw_Latn.human.wiki": (100_000, 25_000),
}
"""The last pool is read four times, its cap."""


def golden_recipe() -> Recipe:
    """Five pools in three languages, two provenances; Welsh at a cap of its own."""
    return load_recipe(GOLDEN / "recipe.yaml")


def recipe_of(pools: Shares, max_epochs: Any = 4, groups: Any = None) -> Recipe:
    """A recipe that reads so many tokens of these pools; the rest is the golden recipe's."""
    base = golden_recipe()
    whole = sum(tokens for tokens, _ in pools.values())
    made = []
    for name, (tokens, unique) in pools.items():
        language, provenance, corpus = name.split(".", 2)
        proportion = round(tokens / whole, 6)
        epochs = tokens / unique
        made.append(
            RecipePool(name, language, provenance, corpus, proportion, tokens, epochs, unique)
        )
    made.sort(key=lambda pool: (-pool.tokens, pool.name))
    question = {**base.question, "max_epochs": max_epochs, "groups": groups or {}}
    origin = {
        **base.origin,
        "inventories": [],
        "pools": [{**base.origin["pools"][0], "name": name, "unit": "tokens"} for name in pools],
    }
    return dataclasses.replace(
        base, question=question, tokens=whole, pools=tuple(made), origin=origin
    )


def paths_of(recipe: Recipe, exporter: Exporter) -> PathsFile:
    """One path a pool, of the kind that the framework reads, and held-out text."""
    ending = {"hf": ".jsonl", "llama-factory": ".jsonl", "ms-swift": ".jsonl"}
    pools = {
        pool.name: {
            f"/data/train-{pool.name.replace('.', '-')}{ending.get(exporter.name, '')}": None
        }
        for pool in recipe.pools
    }
    return PathsFile("paths file", pools, ("/data/valid-text",), ("/data/test-text",))


def options_for(recipe: Recipe, exporter: Exporter, **other: Any) -> ExportOptions:
    """A short run: sequences of 100 tokens, 4 a step."""
    options = ExportOptions(
        run=Run(sequence_length=100, batch_size=4, seed=7),
        paths=paths_of(recipe, exporter),
        lengths={"*": float(LENGTH)},
    )
    return dataclasses.replace(options, **other)


def export(
    name: str, recipe: Recipe, phases: Sequence[RunPhase] | None = None, **other: Any
) -> Written:
    """An export with the paths and the run of :func:`options_for`."""
    exporter = find_exporter(name)
    options = options_for(recipe, exporter, **other)
    return export_recipe(recipe, exporter, options, Store("/nonexistent"), phases)


def golden_export(name: str) -> Written:
    """The golden recipe and the golden paths, with the shipped inventory's documents."""
    own = GOLDEN / f"paths-{name}.yaml"
    paths = read_paths(own if own.exists() else GOLDEN / "paths.yaml")
    options = ExportOptions(paths=dataclasses.replace(paths, what="paths file"))
    return export_recipe(golden_recipe(), find_exporter(name), options, Store("/nonexistent"))


def two_phases(pools: Shares, first: Fraction = Fraction(4, 5)) -> tuple[RunPhase, ...]:
    """A first phase without the last pool, and a second with all of it."""
    names = list(pools)
    late = names[-1]
    early = {name: int(pools[name][0] * first) for name in names[:-1]}
    rest = {name: pools[name][0] - early.get(name, 0) for name in names}
    assert rest[late] == pools[late][0]
    return (
        RunPhase("stable", sum(early.values()), tuple(early.items())),
        RunPhase("cool-down", sum(rest.values()), tuple(rest.items())),
    )
