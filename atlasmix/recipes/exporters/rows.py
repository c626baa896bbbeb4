"""Numbers of rows for frameworks that are told how many to take of each source."""

from __future__ import annotations

from atlasmix.recipes.exporters.plan import Plan, PlannedPhase, Source


def rows_by_place(plan: Plan, phase: PlannedPhase) -> list[tuple[Source, int]]:
    """Documents to take of each path, at least 1, to the nearest; one source a path."""
    counts = plan.documents(phase)
    whole = sum(count for count in counts.values() if count is not None)
    return [
        (source, max(round(whole * source.weight), 1))
        for source in plan.by_documents_and_place(phase)
    ]
