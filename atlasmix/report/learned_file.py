"""What a learned law's file holds: how it foretold, its constants, what no run told of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from atlasmix.fitting.law_file import SavedLaw
from atlasmix.fitting.learning import MIXING
from atlasmix.report.blocks import Block, Column, Heading, Row, Sentence, Sentences, Table, section
from atlasmix.report.learning import law_headline, law_words, size_words, untold_words
from atlasmix.text import first_few

_SHOWN = {"E": "E", "A": "A", "phi": "φ", "mu": "μ", "alpha": "α", "B": "B", "beta": "β"}
"""Constants that a line has room for, and the sign of each."""


def saved_blocks(saved: SavedLaw) -> tuple[Block, ...]:
    """A law that was read from its file, in reading order."""
    return (
        Sentence(_headline(saved.content), strong=True),
        *section(Heading("The law of each set"), _sets(saved.content), _words(saved.content)),
        *section(Heading("Where it comes from"), Sentences(tuple(_origin(saved.content)))),
    )


def _headline(content: Mapping[str, Any]) -> str:
    counts = len(content["sets"]), content["learned_from"]["runs"], len(content["sources"])
    own = content["compared"].get(content["law"])
    judged = None if own is None else (own["held_out_error"], own["held_out_rank"])
    return law_headline(content["law"], content["words"], counts, judged)


def _sets(content: Mapping[str, Any]) -> Table:
    mixing = content["law"] == MIXING
    shown = {
        key: sign
        for key, sign in (_SHOWN if mixing else {}).items()
        if key != "alpha" or any(each["constants"][key] > 0 for each in content["sets"])
    }
    recorded = any("hardly_told" in each for each in content["sets"])
    rows = []
    for each in content["sets"]:
        width = each["half_width"]
        cells: list[str | float] = [
            each["name"],
            each["held_out_error"],
            each["held_out_rank"],
            "too few runs" if width is None else f"±{width:.3f}",
            *(each["constants"][key] for key in shown),
        ]
        if recorded:
            cells.append(untold_words(tuple(each.get("hardly_told", ()))))
        rows.append(Row(tuple(cells)))
    return Table(
        (
            Column("set"),
            Column("error", "coefficient"),
            Column("rank", "correlation"),
            Column(f"{content['coverage']:.0%} within"),
            *(Column(sign, "coefficient") for sign in shown.values()),
            *((Column("hardly told"),) if recorded else ()),
        ),
        tuple(rows),
        title="The law of each set",
    )


def _words(content: Mapping[str, Any]) -> str:
    assumed = content.get("assumed", {}).get("constants", {})
    return law_words(content["unit"], content["coverage"], tuple(assumed), content["law"])


def _origin(content: Mapping[str, Any]) -> Iterator[str]:
    learned, scale = content["learned_from"], content["scale"]
    for table, digest in zip(learned["tables"], learned["sha256"], strict=False):
        yield f"Learned from {table}, SHA-256 {digest[:12]}…"
    sizes = size_words(scale["params"], scale["tokens"])
    if sizes:
        vary = scale["params_vary"] or scale["tokens_vary"]
        yield f"Its constants count from {sizes}" + (
            ", the middle of the runs." if vary else ", the one size of the runs."
        )
    else:
        yield "No parameters or tokens are named: the law is for the size of the runs."
    if "assumed" in content:
        yield f"{content['assumed']['words']}."
    batches = content.get("history", ())
    if batches:
        runs = {outcome["run"] for batch in batches for outcome in batch["outcomes"]}
        yield f"{len(runs)} of its runs were foretold by it before they were added."
    drawn = len(content.get("draws", ()))
    if drawn:
        yield f"{drawn} draws say how sure it is in a solve."
    others = [name for name in content["compared"] if name != content["law"]]
    if others:
        yield f"It was judged beside {first_few(others, 6)}."
