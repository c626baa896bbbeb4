"""Recipes as YAML: the same bytes for the same answer, and nothing but plain data read back."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.safe_yaml import load_yaml
from atlasmix.quantities import parse_flops
from atlasmix.recipes.phase_records import phase_faults, plain_phase, read_phase
from atlasmix.recipes.question import read_bytes
from atlasmix.recipes.recipe import (
    SCHEMA,
    Recipe,
    RecipeAllocation,
    RecipeBaseline,
    RecipeCertificate,
    RecipePool,
    RecipeTarget,
)
from atlasmix.recipes.rounding import ONE
from atlasmix.recipes.yaml_text import yaml_text
from atlasmix.scaling.hardware import FLOPS_PER_PARAM_TOKEN
from atlasmix.shipped import data_folder

RECIPE_LIMIT: Final = 1024 * 1024
_HEADER: Final = """\
# What to train on, what it is predicted to give, and where every number came from.
# atlasmix check FILE solves it again and says whether it still holds.
"""


def recipe_mapping(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain data, in the order in which it is written."""
    return {
        "schema": SCHEMA,
        "question": dict(recipe.question),
        "answer": {
            **({"allocation": dataclasses.asdict(recipe.allocation)} if recipe.allocation else {}),
            "tokens": recipe.tokens,
            "unspent": recipe.unspent,
            "pools": [dataclasses.asdict(pool) for pool in recipe.pools],
            **({"phases": [plain_phase(one) for one in recipe.phases]} if recipe.phases else {}),
            "targets": [dataclasses.asdict(target) for target in recipe.targets],
            "certificate": dataclasses.asdict(recipe.certificate),
            "baselines": [_plain_baseline(one) for one in recipe.baselines],
            "warnings": list(recipe.warnings),
        },
        "origin": dict(recipe.origin),
    }


def dump_recipe(recipe: Recipe) -> str:
    """The recipe as YAML: fixed order, no time, no path, the same bytes for the same answer."""
    return _HEADER + yaml_text(recipe_mapping(recipe))


def dump_question(question: dict[str, object]) -> str:
    """A question as the YAML of a ``problem.yaml``."""
    return yaml_text(question)


def load_recipe(source: Path | str | bytes) -> Recipe:
    """A recipe from a file (``Path``) or from its text.

    Raises:
        DataError: unreadable, over 1 MiB, not plain YAML (anchors, tags), not a recipe of this
            schema, or with proportions or tokens that do not add up; ``faults`` names all.
    """
    what = f"recipe {source.name or source}" if isinstance(source, Path) else "recipe"
    text = read_bytes(source, RECIPE_LIMIT, what) if isinstance(source, Path) else source
    content = load_yaml(text, what, RECIPE_LIMIT)
    if not isinstance(content, dict) or not str(content.get("schema", "")).startswith("atlasmix/"):
        raise DataError(
            f"{what} is no recipe: expected a file that begins with 'schema: {SCHEMA}'; write one "
            "with atlasmix solve --output"
        )
    if content["schema"] != SCHEMA:
        raise DataError(
            f"{what} has schema {str(content['schema'])[:60]!r}: this version reads {SCHEMA}; "
            "solve its question again"
        )
    faults = (
        _schema_faults(content)
        or (_sum_faults(content["answer"]) + _size_faults(content["question"], content["answer"]))
        or phase_faults(content)
    )
    if faults:
        count = f"{len(faults)} fault{'s' * (len(faults) > 1)}"
        raise DataError(f"{what} has {count}: mend what follows, or solve again", tuple(faults))
    return _recipe(content)


def recipe_schema() -> dict[str, Any]:
    """The JSON Schema of a recipe, as shipped in ``data/schemas/recipe-1.json``."""
    path = data_folder() / "schemas" / "recipe-1.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def _schema_faults(content: dict[str, Any]) -> list[str]:
    import jsonschema

    validator = jsonschema.Draft202012Validator(recipe_schema())
    errors = sorted(validator.iter_errors(content), key=lambda error: list(map(str, error.path)))
    return [
        f"{'.'.join(map(str, error.absolute_path)) or 'recipe'}: {error.message[:200]}"
        for error in errors[:20]
    ]


def _sum_faults(answer: dict[str, Any]) -> list[str]:
    pools = answer["pools"]
    faults = []
    millionths = [round(pool["proportion"] * ONE) for pool in pools]
    if sum(millionths) != ONE:
        faults.append(f"answer.pools: proportions sum to {sum(millionths) / ONE:g}, expected 1")
    tokens = sum(pool["tokens"] for pool in pools)
    if tokens != answer["tokens"]:
        faults.append(f"answer.tokens: {answer['tokens']}, but the pools read {tokens}")
    names = [pool["name"] for pool in pools]
    faults += [
        f"answer.pools: {name} stands there twice"
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    for pool, part in zip(pools, millionths, strict=True):
        if answer["tokens"] and abs(pool["tokens"] / answer["tokens"] * ONE - part) > 2:
            faults.append(f"answer.pools: tokens of {pool['name']} do not match its proportion")
        if abs(pool["tokens"] / pool["unique_tokens"] - pool["epochs"]) > 1e-3 * pool["epochs"]:
            faults.append(f"answer.pools: epochs of {pool['name']} do not match its tokens")
    return faults


def _size_faults(question: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    """What does not fit between a compute budget and the size it was spent on."""
    chosen = answer.get("allocation")
    if (question.get("compute") is None) != (chosen is None):
        return ["answer.allocation: expected if the question has compute, and only then"]
    if chosen is None:
        return []
    if answer["tokens"] + answer["unspent"] != chosen["budget"]:
        return ["answer.allocation: budget is not the tokens read and unspent"]
    spent = FLOPS_PER_PARAM_TOKEN * chosen["params"] * chosen["budget"]
    try:
        whole = parse_flops(question["compute"], "question.compute")
    except ProblemError as error:
        return [str(error)]
    if not 0.99 * whole <= spent <= 1.001 * whole:
        return ["answer.allocation: 6 x params x budget is not the compute of the question"]
    return []


def _recipe(content: dict[str, Any]) -> Recipe:
    answer = content["answer"]
    return Recipe(
        question=content["question"],
        tokens=answer["tokens"],
        unspent=answer["unspent"],
        pools=tuple(RecipePool(**pool) for pool in answer["pools"]),
        targets=tuple(RecipeTarget(**target) for target in answer["targets"]),
        certificate=RecipeCertificate(**answer["certificate"]),
        baselines=tuple(
            RecipeBaseline(
                **{
                    **one,
                    "effective_data": tuple(one["effective_data"]),
                    "losses": tuple(one["losses"]),
                }
            )
            for one in answer["baselines"]
        ),
        warnings=tuple(answer["warnings"]),
        origin=content["origin"],
        allocation=RecipeAllocation(**answer["allocation"]) if "allocation" in answer else None,
        phases=tuple(read_phase(one) for one in answer.get("phases", ())),
    )


def _plain_baseline(one: RecipeBaseline) -> dict[str, Any]:
    written = dataclasses.asdict(one)
    return {
        key: list(value) if isinstance(value, tuple) else value for key, value in written.items()
    }
