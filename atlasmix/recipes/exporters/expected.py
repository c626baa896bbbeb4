"""``expected.json``: what a framework should have read, pool by pool, when the run is over."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from atlasmix.recipes.exporters.exporter import Exporter
from atlasmix.recipes.exporters.plan import Plan, PlannedPhase
from atlasmix.recipes.recipe import Recipe
from atlasmix.recipes.rounding import significant
from atlasmix.recipes.yaml_text import plain_decimal
from atlasmix.version import __version__

EXPECTED: Final = "expected.json"
SCHEMA: Final = "atlasmix/expected/1"
"""The format of ``expected.json``; a change of its keys gets another number."""


def expected(
    recipe: Recipe, plan: Plan, exporter: Exporter, recipe_sha256: str, files: Mapping[str, str]
) -> dict[str, Any]:
    """What should be read, as plain data.

    Args:
        recipe: what was exported.
        plan: what the framework will read, after its own rounding.
        exporter: the framework.
        recipe_sha256: of the recipe's bytes.
        files: those of the export, path to content.

    Returns:
        Phases with, for each pool, share of tokens, tokens, samples (sequences), documents (None
        where their length is unknown) and epochs; epochs over the whole run; caps; and the SHA-256
        of every file, by which a later export knows its own.
    """
    steps = sum(phase.steps for phase in plan.phases)
    return {
        "schema": SCHEMA,
        "framework": exporter.name,
        "weights_count": exporter.unit,
        "atlasmix": __version__,
        "recipe_sha256": recipe_sha256,
        "tokens_are": sorted({pool["unit"] for pool in recipe.origin["pools"]}),
        "run": {
            "tokens": steps * plan.run.step_tokens,
            "steps": steps,
            "batch_size": plan.run.batch_size,
            "sequence_length": plan.run.sequence_length,
            "seed": plan.run.seed,
        },
        "phases": [_phase(plan, phase, exporter) for phase in plan.phases],
        "pools": _pools(plan),
        "files": {
            name: hashlib.sha256(text.encode("utf-8")).hexdigest()
            for name, text in sorted(files.items())
        },
    }


def _phase(plan: Plan, phase: PlannedPhase, exporter: Exporter) -> dict[str, Any]:
    samples, epochs, documents = (
        plan.samples(phase),
        plan.epochs(phase),
        plan.documents(phase),
    )
    weights = _weights(plan, phase, exporter)
    return {
        "phase": phase.name,
        "first_step": phase.first_step,
        "steps": phase.steps,
        "tokens": phase.steps * plan.run.step_tokens,
        "samples": phase.steps * plan.run.batch_size,
        "pools": [
            {
                "pool": name,
                "key": plan.pools[name].key,
                "share": significant(float(share), 9),
                "weight": weights[name],
                "tokens": round(share * phase.steps * plan.run.step_tokens),
                "samples": samples[name],
                "documents": documents[name],
                "epochs": significant(float(epochs[name]), 6),
            }
            for name, share in phase.shares.items()
        ],
    }


def _weights(plan: Plan, phase: PlannedPhase, exporter: Exporter) -> dict[str, float]:
    """What stands in the framework's file for a pool, all its paths together."""
    if exporter.unit == "epochs":
        return {name: significant(float(part), 9) for name, part in plan.epochs(phase).items()}
    sources = plan.by_documents(phase) if exporter.unit == "documents" else plan.by_tokens(phase)
    return {source.pool.name: float(plain_decimal(source.weight)) for source in sources}


def _pools(plan: Plan) -> list[dict[str, Any]]:
    in_all = plan.epochs_in_all()
    return [
        {
            "pool": name,
            "key": pool.key,
            "language": pool.language,
            "provenance": pool.provenance,
            "corpus": pool.corpus,
            "unique_tokens": pool.unique_tokens,
            "tokens_per_document": (
                None
                if pool.tokens_per_document is None
                else significant(pool.tokens_per_document, 6)
            ),
            "epochs": significant(float(in_all[name]), 6),
            "max_epochs": pool.max_epochs,
            "paths": [place.path for place in pool.places],
        }
        for name, pool in plan.pools.items()
    ]
