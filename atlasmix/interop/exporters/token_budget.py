"""A token budget: how much to take of each pool, for teams that write their mixture to disk."""

from __future__ import annotations

from typing import Any, Final

from atlasmix.interop.exporters.exporter import Checked, Export, Exporter, PathRule, json_text
from atlasmix.interop.exporters.plan import Plan, PlannedPhase

SCHEMA: Final = "atlasmix/token-budget/1"


def write(plan: Plan) -> Export:
    """``token_budget.json``: tokens and documents a pool and phase, in whole passes and a rest."""
    content = {
        "schema": SCHEMA,
        "phases": [
            {
                "phase": phase.name,
                "tokens": phase.steps * plan.run.step_tokens,
                "pools": _rows(plan, phase),
            }
            for phase in plan.phases
        ],
    }
    unknown = [name for name, pool in plan.pools.items() if pool.tokens_per_document is None]
    notes = [
        "Take whole_passes times every document, then documents at random until rest_tokens are "
        "reached; a framework that then reads everything once keeps shares and caps."
    ]
    if unknown:
        few = ", ".join(unknown[:8]) + (" and more" if len(unknown) > 8 else "")
        notes.append(f"Nobody counted the documents of {few}: there documents is null.")
    return Export(
        files={"token_budget.json": json_text(content)},
        load="# your own sampler reads token_budget.json and writes the mixture",
        notes=tuple(notes),
    )


def _rows(plan: Plan, phase: PlannedPhase) -> list[dict[str, Any]]:
    documents, samples = plan.documents(phase), plan.samples(phase)
    rows = []
    for name in phase.shares:
        pool = plan.pools[name]
        tokens = samples[name] * plan.run.sequence_length
        passes, rest = divmod(tokens, pool.unique_tokens)
        rows.append(
            {
                "pool": name,
                "language": pool.language,
                "provenance": pool.provenance,
                "corpus": pool.corpus,
                "tokens": tokens,
                "documents": documents[name],
                "whole_passes": passes,
                "rest_tokens": rest,
                "unique_tokens": pool.unique_tokens,
                "paths": [place.path for place in pool.places],
            }
        )
    return rows


EXPORTER = Exporter(
    name="token-budget",
    title="your own sampler",
    unit="tokens",
    documents="welcome",
    repetition="yours: whole passes and a rest",
    stages="native",
    checked=Checked("own", SCHEMA, "2026-11-21"),
    write=write,
    paths=PathRule(needed=False, what="whatever your tools read"),
)
