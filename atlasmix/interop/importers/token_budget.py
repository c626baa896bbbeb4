"""AtlasMix's own token budget: how much of each pool a sampler takes, phase by phase."""

from __future__ import annotations

from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import (
    Entry,
    Listing,
    Stage,
    as_weight,
    finished,
    read_marked,
    read_number_at,
    read_text,
    texts,
)

NAME: Final = "token-budget"


def read(text: str, what: str) -> Listing:
    """The pools of every phase, with the tokens of each.

    Raises:
        DataError: naming every fault with its line.
    """
    phases = read_marked(text, what).get("phases")
    if phases is None or phases.kind != "list":
        raise DataError(
            f"{what} has no list of phases: expected the token_budget.json of an export"
        )
    faults: list[str] = []
    stages: list[Stage] = []
    counts: dict[str, float] = {}
    begin = 0.0
    for phase in phases.members():
        pools = phase.get("pools")
        entries = []
        for pool in pools.members() if pools is not None else ():
            name = read_text(pool.get("pool"))
            tokens = as_weight(getattr(pool.get("tokens"), "value", None))
            if name is None or tokens is None:
                faults.append(f"{pool.place}: expected the name of a pool and its tokens")
                continue
            unique = as_weight(getattr(pool.get("unique_tokens"), "value", None))
            if unique is not None and unique > 0:
                counts[name] = unique
            entries.append(Entry(name, tokens, pool.place, paths=texts(pool.get("paths")) or ()))
        length = read_number_at(phase.get("tokens"), faults, "tokens", phase.place) or 0.0
        stages.append(Stage(read_text(phase.get("phase")) or "", begin, tuple(entries)))
        begin += length
    for stage in stages[1:]:
        finished(stage.entries, faults, what, NAME)
    return Listing(
        finished(stages[0].entries if stages else (), faults, what, NAME),
        tokens=begin or None,
        counts=tuple(counts.items()),
        stages=tuple(stages) if len(stages) > 1 else (),
        steps=begin,
    )
