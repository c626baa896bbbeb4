"""Who wrote what a mixture reads: by language, provenance and generator."""

from __future__ import annotations

from atlasmix.evidence.pools import SYNTHETIC
from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.report.blocks import Block, Column, Row, Sentence, Table
from atlasmix.report.words import named, percent

_NAMELESS = "not named"


def writers_blocks(problem: MixProblem, mixture: Mixture) -> tuple[Block, ...]:
    """What is read of every language by provenance and, of machine text, by generator.

    A share is of what is read in that language, as limits on a generator count it.
    """
    read: dict[str, float] = {}
    parts: dict[tuple[str, str, str], float] = {}
    for share in mixture.pools:
        if share.tokens <= 0:
            continue
        pool = share.pool
        made = pool.provenance in SYNTHETIC
        writer = (pool.generator or _NAMELESS) if made else ""
        part = (pool.language, pool.provenance, writer)
        parts[part] = parts.get(part, 0.0) + share.tokens
        read[pool.language] = read.get(pool.language, 0.0) + share.tokens
    targets = list(problem.target_keys)
    order = sorted(
        parts.items(),
        key=lambda item: (item[0][0] not in targets, -read[item[0][0]], -item[1], item[0]),
    )
    machine = sum(tokens for (_, origin, _), tokens in parts.items() if origin in SYNTHETIC)
    said = (
        f"{percent(machine / mixture.tokens)} of all tokens read, {format_quantity(machine)}, were "
        "written by machines."
        if machine
        else "Nothing that is read is told to be written by a machine."
    )
    told = any(writer for _, _, writer in parts)
    table = Table(
        (
            Column("language"),
            Column("provenance"),
            *([Column("generator")] if told else []),
            Column("tokens", "tokens"),
            Column("of the language", "share", "of what is read in its language"),
        ),
        tuple(
            Row(
                (
                    named(language),
                    origin.replace("_", "-"),
                    *([writer] if told else []),
                    tokens,
                    tokens / read[language],
                )
            )
            for (language, origin, writer), tokens in order
        ),
        title="Who wrote what is read",
    )
    return (Sentence(said), table)
