"""Recipes as YAML: the same bytes for the same answer, and nothing but plain data read back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.io.files import read_start
from atlasmix.io.safe_yaml import load_yaml, yaml_text
from atlasmix.io.schema import faults_of, schema_id
from atlasmix.io.shipped import data_folder
from atlasmix.laws.hardware import FLOPS_PER_PARAM_TOKEN
from atlasmix.mixture.mixture import Caveat, Mixture, Reason, SensitivityStep
from atlasmix.problem.former import is_former, superseded, without_former_defaults
from atlasmix.problem.problem import DEFAULT_PARAMS
from atlasmix.quantities import MILLIONTHS, parse_flops, parse_quantity
from atlasmix.recipe.phases import phase_faults, plain_phase, read_phase
from atlasmix.recipe.recipe import (
    SCHEMA,
    Recipe,
    RecipeAllocation,
    RecipeBaseline,
    RecipeCertificate,
    RecipeGuardrailOdds,
    RecipeLossInterval,
    RecipePool,
    RecipeRegret,
    RecipeShareInterval,
    RecipeShareRange,
    RecipeTarget,
    RecipeUncertainty,
)

RECIPE_LIMIT: Final = 1024 * 1024
_HEADER: Final = """\
# What to train on, what it is predicted to give, and where every number came from.
# atlasmix check FILE solves it again and says whether it still holds.
"""
_EDITORS: Final = "# yaml-language-server: $schema="
"""What tells an editor which schema completes and checks the file."""


def recipe_mapping(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain data, in the order in which it is written; a former one as it was."""
    if recipe.former is not None:
        return dict(recipe.former)
    return {
        "schema": SCHEMA,
        "question": dict(recipe.question),
        "answer": {
            **({"allocation": dataclasses.asdict(recipe.allocation)} if recipe.allocation else {}),
            "params": recipe.params,
            "tokens": recipe.tokens,
            "unspent": recipe.unspent,
            **({"stopped": recipe.stopped} if recipe.stopped else {}),
            "flops": recipe.flops,
            "caveats": [dataclasses.asdict(caveat) for caveat in recipe.caveats],
            "pools": [dataclasses.asdict(pool) for pool in recipe.pools],
            **(
                {"phases": [plain_phase(phase) for phase in recipe.phases]} if recipe.phases else {}
            ),
            "targets": [dataclasses.asdict(target) for target in recipe.targets],
            "flatness": [dataclasses.asdict(each) for each in recipe.flatness],
            **(
                {"uncertainty": _plain_uncertainty(recipe.uncertainty)}
                if recipe.uncertainty
                else {}
            ),
            "certificate": dataclasses.asdict(recipe.certificate),
            "baselines": [_plain_baseline(baseline) for baseline in recipe.baselines],
            "warnings": list(recipe.warnings),
        },
        "origin": dict(recipe.origin),
    }


def dump_recipe(recipe: Recipe) -> str:
    """The recipe as YAML: fixed order, no time, no path, the same bytes for the same answer."""
    schema = "" if recipe.former else f"{_EDITORS}{schema_id(SCHEMA)}\n"
    return f"{schema}{_HEADER}{yaml_text(recipe_mapping(recipe))}"


def dump_question(question: dict[str, object]) -> str:
    """A question as the YAML of a ``problem.yaml``."""
    return yaml_text(question)


def load_recipe(source: Path | str | bytes) -> Recipe:
    """A recipe from a file, or from its text: a string that ends in .yaml is the path of a file.

    One of the first version is read for its mixture; its law is superseded, and so the recipe has
    ``former``, no targets and no proof.

    Raises:
        DataError: unreadable, over 1 MiB, not plain YAML (anchors, tags), not a recipe of this
            schema, or with proportions or tokens that do not add up; ``faults`` names all.

    >>> from atlasmix import Problem
    >>> recipe = Problem("cat").solve().recipe
    >>> load_recipe(dump_recipe(recipe)).proportions == recipe.proportions
    True
    """
    if isinstance(source, str) and source.endswith((".yaml", ".yml")) and len(source) < 4096:
        source = Path(source)
    what = f"recipe {source.name or source}" if isinstance(source, Path) else "recipe"
    text = read_start(source, RECIPE_LIMIT, what) if isinstance(source, Path) else source
    content = load_yaml(text, what, RECIPE_LIMIT)
    if not isinstance(content, dict) or not str(content.get("schema", "")).startswith("atlasmix/"):
        raise DataError(
            f"{what} is no recipe: expected a file that begins with 'schema: {SCHEMA}'; write one "
            "with atlasmix solve"
        )
    former = is_former(content)
    if content["schema"] != SCHEMA and not former:
        raise DataError(
            f"{what} has schema {str(content['schema'])[:60]!r}: this version reads {SCHEMA}; "
            "solve its question again"
        )
    faults = (
        _schema_faults(content, former)
        or (_sum_faults(content["answer"]) + _size_faults(content["question"], content["answer"]))
        or phase_faults(content)
        or ([] if former else _flops_faults(content["answer"]))
    )
    if faults:
        count = f"{len(faults)} fault{'s' * (len(faults) > 1)}"
        raise DataError(f"{what} has {count}: mend what follows, or solve again", tuple(faults))
    return _former_recipe(content) if former else _recipe(content)


def recipe_schema() -> dict[str, Any]:
    """The JSON Schema of a recipe, as shipped in ``data/schemas/recipe-2.json``."""
    path = data_folder() / "schemas" / "recipe-2.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def _schema_faults(content: dict[str, Any], former: bool) -> list[str]:
    from atlasmix.recipe.schema import FormerRecipeFile, RecipeFile

    return faults_of(content, FormerRecipeFile if former else RecipeFile, "recipe")


def _sum_faults(answer: dict[str, Any]) -> list[str]:
    pools = answer["pools"]
    faults = []
    millionths = [round(pool["proportion"] * MILLIONTHS) for pool in pools]
    if sum(millionths) != MILLIONTHS:
        faults.append(
            f"answer.pools: proportions sum to {sum(millionths) / MILLIONTHS:g}, expected 1"
        )
    tokens = sum(pool["tokens"] for pool in pools)
    if tokens != answer["tokens"]:
        faults.append(f"answer.tokens: {answer['tokens']}, but the pools read {tokens}")
    names = [pool["name"] for pool in pools]
    faults += [
        f"answer.pools: {name} stands there twice"
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    for pool, part in zip(pools, millionths, strict=True):
        if answer["tokens"] and abs(pool["tokens"] / answer["tokens"] * MILLIONTHS - part) > 2:
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


def _flops_faults(answer: dict[str, Any]) -> list[str]:
    """Whether the operations are those of the parameters and tokens beside them."""
    params, chosen = answer["params"], answer.get("allocation")
    if chosen is not None and params != chosen["params"]:
        return ["answer.params: another number than in answer.allocation"]
    expected = FLOPS_PER_PARAM_TOKEN * params * answer["tokens"]
    if abs(answer["flops"] - expected) > 1e-5 * expected:
        return [f"answer.flops: {answer['flops']:g}, but 6 x params x tokens is {expected:g}"]
    return []


def _recipe(content: dict[str, Any]) -> Recipe:
    answer = content["answer"]
    return Recipe(
        question=content["question"],
        params=answer["params"],
        **_mixture(answer),
        targets=tuple(RecipeTarget(**target) for target in answer["targets"]),
        certificate=RecipeCertificate(**answer["certificate"]),
        baselines=tuple(
            RecipeBaseline(
                **{
                    **each,
                    "effective_data": tuple(each["effective_data"]),
                    "losses": tuple(each["losses"]),
                }
            )
            for each in answer["baselines"]
        ),
        warnings=tuple(answer["warnings"]),
        origin=content["origin"],
        stopped=answer.get("stopped", ""),
        caveats=tuple(Caveat(**caveat) for caveat in answer["caveats"]),
        flatness=tuple(RecipeShareRange(**each) for each in answer["flatness"]),
        uncertainty=_read_uncertainty(answer.get("uncertainty")),
    )


def _mixture(answer: dict[str, Any]) -> dict[str, Any]:
    """The fields of a recipe that say what is read, in any version."""
    chosen = answer.get("allocation")
    return {
        "tokens": answer["tokens"],
        "unspent": answer["unspent"],
        "pools": tuple(RecipePool(**pool) for pool in answer["pools"]),
        "allocation": None if chosen is None else RecipeAllocation(**chosen),
        "phases": tuple(read_phase(each) for each in answer.get("phases", ())),
    }


def _former_recipe(content: dict[str, Any]) -> Recipe:
    """The mixture of a recipe of the first version, without what its law predicted."""
    answer, question = content["answer"], without_former_defaults(content["question"])
    chosen = answer.get("allocation")
    size = chosen["params"] if chosen else question.get("params", DEFAULT_PARAMS)
    return Recipe(
        question=question,
        params=round(parse_quantity(size, "question.params")),
        **_mixture(answer),
        targets=(),
        certificate=RecipeCertificate(None, None, None, None, "none", False, 0),
        baselines=(),
        warnings=(superseded(question),),
        origin={**content["origin"], "pairs": []},
        former=content,
    )


def _plain_uncertainty(sure: RecipeUncertainty) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in dataclasses.asdict(sure).items()
    }


def _read_uncertainty(written: dict[str, Any] | None) -> RecipeUncertainty | None:
    if written is None:
        return None
    parts: dict[str, Any] = {
        "regret": RecipeRegret(**written["regret"]),
        "losses": tuple(RecipeLossInterval(**each) for each in written["losses"]),
        "shares": tuple(RecipeShareInterval(**each) for each in written["shares"]),
        "guardrails": tuple(RecipeGuardrailOdds(**each) for each in written["guardrails"]),
        "drawn": tuple(written["drawn"]),
        "held": tuple(written["held"]),
    }
    return RecipeUncertainty(**{**written, **parts})


def _plain_baseline(baseline: RecipeBaseline) -> dict[str, Any]:
    written = dataclasses.asdict(baseline)
    return {
        key: list(value) if isinstance(value, tuple) else value for key, value in written.items()
    }


def answer_data(
    recipe: Recipe,
    mixture: Mixture,
    reasons: Sequence[Reason],
    steps: Sequence[SensitivityStep],
) -> dict[str, Any]:
    """The recipe with what is not recorded in it.

    Returns:
        A mapping with ``recipe`` (as its YAML holds it), ``proportions`` per language, ``caveats``,
        ``flatness``, ``prices``, ``reasons`` and ``sensitivity`` (to λ, to φ, and to the worth of
        translated and other machine-made text).
    """
    return {
        "recipe": recipe_mapping(recipe),
        "proportions": recipe.proportions,
        "caveats": [dataclasses.asdict(caveat) for caveat in mixture.caveats],
        "flatness": [dataclasses.asdict(each) for each in mixture.flatness],
        "prices": [dataclasses.asdict(price) for price in mixture.prices],
        "reasons": [dataclasses.asdict(reason) for reason in reasons],
        "sensitivity": [dataclasses.asdict(step) for step in steps],
    }
