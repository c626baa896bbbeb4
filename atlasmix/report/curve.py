"""What a curve says: a sentence on how it was made, the figure, its numbers, which pools end."""

from __future__ import annotations

from functools import partial
from typing import Final

from atlasmix.mixture.curve import Curve, runs_out
from atlasmix.quantities import format_quantity
from atlasmix.report.blocks import Block, Column, Figure, Heading, Row, Table, blocks_of, first_rows
from atlasmix.report.figures.curve import curve_alt, curve_figure, value_words
from atlasmix.report.sweep import sweep_table
from atlasmix.report.words import named, tokens_text
from atlasmix.text import listed

_MOST_ROWS: Final = 40
_UNSPENT: Final = 1e-3
"""Part of a budget that counts as left unread."""

_OTHER: Final = {"budget": "params", "params": "budget"}
_NOUNS: Final = {"budget": "budget", "params": "size"}


def curve_blocks(curve: Curve) -> tuple[Block, ...]:
    """All of it, in reading order."""
    axis = curve.axis.replace("_", " ")
    draw = partial(curve_figure, curve)
    rows = [((each.value,), each.mixture, each.refusal) for each in curve.points]
    ends = runs_out_table(curve)
    return blocks_of(
        curve_sentence(curve),
        unspent_sentence(curve),
        Figure(f"curve-{curve.axis}", f"Over the {axis}", curve_alt(curve), draw),
        _refusals(curve),
        Heading("Where each pool runs out", 3) if ends else None,
        ends,
        Heading("Every point", 3),
        sweep_table((axis,), "objective", rows),
    )


def curve_sentence(curve: Curve) -> str:
    """What every point is, and whether there are fewer than there could be."""
    _, mixture = curve.reference
    held = {"params": mixture.params, "budget": mixture.budget}
    fixed = _OTHER.get(curve.axis)
    beside = f", with {value_words(fixed, held[fixed])}" if fixed else ""
    left_out = (
        f" {curve.left_out} more points were left out: there was no time for them here."
        if curve.left_out
        else ""
    )
    return (
        f"Each of the {len(curve.points)} points is the same question{beside}, solved and proved "
        f"anew as the answer is.{left_out}"
    )


def unspent_sentence(curve: Curve) -> str:
    """From which budget on more tokens are not read; empty where all are."""
    if curve.axis != "budget":
        return ""
    idle = [
        (value, mixture)
        for value, mixture in curve.solved
        if mixture.tokens < (1 - _UNSPENT) * mixture.budget
    ]
    if not idle:
        return ""
    (first, _), (last, mixture) = idle[0], idle[-1]
    read = f"of {tokens_text(last)}, {tokens_text(mixture.tokens)} are read"
    if first == last:
        return f"At the last point a part of the budget is better left unread: {read}."
    return f"From {tokens_text(first)} on a part of the budget is better left unread: {read}."


def _refusals(curve: Curve) -> str:
    """The values that have no answer."""
    gone = [each for each in curve.points if each.mixture is None]
    if not gone:
        return ""
    values = listed([format_quantity(each.value) for each in gone])
    return f"No mixture meets all limits at {values}: {gone[0].refusal}"


def runs_out_table(curve: Curve) -> Table | None:
    """Between which two points each pool ends; None where none does."""
    ends = runs_out(curve)
    if not ends:
        return None
    rows = tuple(
        Row(
            (
                named(each.pool.language),
                f"{each.pool.provenance}, {each.pool.corpus}",
                each.pool.unique_tokens,
                _between(each.once),
                curve.caps[each.pool.name],
                _between(each.cap),
            )
        )
        for each in ends
    )
    noun = _NOUNS.get(curve.axis, curve.axis.replace("_", " "))
    return Table(
        (
            Column("language"),
            Column("pool"),
            Column("unique", "tokens", "distinct tokens in the pool"),
            Column(f"all read once at a {noun} of"),
            Column("cap", "epochs"),
            Column("read as often as its cap allows at"),
        ),
        rows,
        ("It happens between the two points that are named.",),
        brief=first_rows(rows, _MOST_ROWS, "pools"),
        title="Where each pool runs out",
    )


def _between(ends: tuple[float | None, float] | None) -> str:
    """``100B to 200B``; ``10B or less`` where it holds from the first point on."""
    if ends is None:
        return "never here"
    before, after = ends
    if before is None:
        return f"{format_quantity(after)} or less"
    return f"{format_quantity(before)} to {format_quantity(after)}"
