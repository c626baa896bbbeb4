"""Why each share is what it is: a table of all languages, and some sentences on one of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.shares import POINT, Gift, Move, ShareReason
from atlasmix.problem.constraints import title_of
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.report.blocks import (
    Block,
    Cell,
    Column,
    Row,
    Sentence,
    Sentences,
    Table,
    Value,
    first_rows,
)
from atlasmix.report.words import (
    change_text,
    closed,
    named,
    number_text,
    percent,
    range_text,
    times_text,
)
from atlasmix.solver.tokens import CRUMB
from atlasmix.text import listed

MOST_TOLD: Final = 8
"""Languages told of in sentences where nobody chose: our choice, a screen of a terminal."""

_MOST_ROWS: Final = 40
_MOST_GIFTS: Final = 3
_ALL: Final = 1.0 - 1e-9
_FRESH: Final = 0.995
_NO_RANGE: Final = 1e-4
_LITTLE: Final = 5e-6
"""Part of the reducible loss below which nothing is said of the size of a change."""


def shares_table(problem: MixProblem, reasons: Sequence[ShareReason]) -> Table:
    """One line a language: its share, the worth of its next token, a point less, a point more."""
    ranges = any(reason.flat for reason in reasons)
    rows = tuple(_row(problem, reason, ranges) for reason in reasons)
    return Table(
        (
            Column("language"),
            Column("", title="read as"),
            Column("share", "share", "of all tokens read, repeats included"),
            *([Column("may be", "share range")] if ranges else []),
            Column("next token", "multiplier", "what it is worth, in times of the common price"),
            Column("a point less", "relative change", "what that does to the reducible loss"),
            Column("a point more", "relative change", "what that does to the reducible loss"),
            Column("what decides"),
        ),
        rows,
        (_note(reasons),),
        first_rows(rows, _MOST_ROWS),
        "Why each share is what it is",
    )


def shares_blocks(
    problem: MixProblem, reasons: Sequence[ShareReason], chosen: Sequence[str] = ()
) -> tuple[Block, ...]:
    """The table, then some sentences on each language that was chosen.

    Args:
        problem: the question.
        reasons: of every language.
        chosen: languages to tell of; none: of those that are read, where they are few.
    """
    if not reasons:
        return ()
    read = [reason for reason in reasons if reason.share > 0]
    told = [reason for reason in reasons if reason.language in chosen]
    if not chosen and len(read) <= MOST_TOLD:
        told = [reason for reason in reasons if reason.share > 0 or reason.role == "target"]
    said = tuple(share_sentence(problem, reason) for reason in told)
    return (shares_table(problem, reasons), *([Sentences(said)] if said else []))


def share_blocks(problem: MixProblem, reason: ShareReason) -> tuple[Block, ...]:
    """The sentences on one language, each by itself."""
    return tuple(Sentence(said) for said in _sentences(problem, reason))


def share_sentence(problem: MixProblem, reason: ShareReason) -> str:
    """The same as one paragraph."""
    return " ".join(_sentences(problem, reason))


def _row(problem: MixProblem, reason: ShareReason, ranges: bool) -> Row:
    role = reason.role if reason.share > 0 or reason.role == "target" else "out"
    known = math.isfinite(reason.value)
    return Row(
        (
            named(reason.language),
            role,
            reason.share,
            *([reason.flat] if ranges else []),
            Cell(reason.value if known else None),
            _moved(reason.less),
            _moved(reason.more),
            _decides(problem, reason),
        ),
        "" if reason.share > 0 else "aside",
    )


def _moved(move: Move | None) -> Value:
    """What a move does; in brackets where a limit or the end of the text forbids it."""
    if move is None:
        return None
    said = _changed(move.relative)
    return f"({said})" if move.breaks else said


def _changed(relative: float) -> str:
    if abs(relative) < _LITTLE:
        return "<0.001%"
    return "no loss" if not math.isfinite(relative) else change_text(relative)


def _note(reasons: Sequence[ShareReason]) -> str:
    """What the columns mean."""
    barred = any(move and move.breaks for each in reasons for move in (each.less, each.more))
    brackets = " In brackets: what a limit, or the end of the text, forbids." if barred else ""
    small = any(each.share > 0 and each.share < 2 * POINT for each in reasons)
    less = " Of a share below two points, half of it less." if small else ""
    return (
        "Next token: what it is worth beside that of every language that is free to move, the "
        "common price, x1.00. A point less or more: given to or taken from those, the law "
        "evaluated anew at as many tokens; change of the reducible loss, below 0 is better."
        f"{less}{brackets}"
    )


def _decides(problem: MixProblem, reason: ShareReason) -> str:
    """The short reason."""
    helped = f"; most to {name_of(reason.gifts[0].target)}" if reason.gifts else ""
    alone = reason.share >= _ALL
    limits = _limits(problem, reason)
    return {
        "free": "no other language pays" if alone else f"free to move: {_whom(reason.gifts)}",
        "near": f"stays near {problem.near.reference}" if problem.near else "",
        "text": f"its text ends, read {_times(reason.epochs)}",
        "least": f"held up by {limits}",
        "most": f"held down by {limits}",
        "below": f"would not pay{helped}",
        "crumb": f"too little of it to be prepared{helped}",
        "closed": "closed by a limit of 0%",
        "donors": "no more donors are allowed",
        "no text": "has no text here",
        "no scores": "has no scores in the matrix",
    }[reason.held]


def _limits(problem: MixProblem, reason: ShareReason) -> str:
    return listed([f"'{title_of(name, problem.limits)}'" for name in reason.limits])


def _times(epochs: float) -> str:
    return "once" if abs(epochs - 1) < 5e-3 else f"{number_text(epochs, 3)} times"


def _whom(gifts: Sequence[Gift]) -> str:
    """``63% for Catalan, 30% for Galician``: whom the next token serves."""
    told = [gift for gift in gifts if gift.part >= 0.005][:2]
    return ", ".join(f"{gift.part:.0%} for {name_of(gift.target)}" for gift in told)


def _sentences(problem: MixProblem, reason: ShareReason) -> list[str]:
    """Two to four: what its next token is worth and why, whom it helps, a point more or less."""
    return list(
        filter(None, (_worth(problem, reason), _given(problem, reason), _points(problem, reason)))
    )


def _worth(problem: MixProblem, reason: ShareReason) -> str:
    name, of_it, limits = name_of(reason.language), _parts(reason), _limits(problem, reason)
    share = f"{name}, {percent(reason.share)}"
    if reason.flat and reason.flat[1] - reason.flat[0] > _NO_RANGE:
        share += f" (may be {range_text(*reason.flat)})"
    times = times_text(reason.value)
    next_one = f"its next token would be worth {times} times the common price{of_it}"
    repeats = f", a token read again counting {reason.fresh:.2f}" if reason.fresh < _FRESH else ""
    free = f"its next token is worth the common price{of_it}{repeats}"
    if reason.share >= _ALL:
        free = f"no other language's first token is worth its next{of_it}"
    return {
        "free": f"{share}: {free}.",
        "near": (
            f"{share}: it stays near {problem.near.reference if problem.near else 'a reference'}, "
            f"as was asked; {next_one}."
        ),
        "text": f"{share}: its text ends, read {_times(reason.epochs)}; {next_one}.",
        "least": f"{share}: {limits} holds it up; {next_one}.",
        "most": f"{share}: {limits} holds it down; {next_one}.",
        "below": (
            f"{share}: its first token would be worth {times} of the common price{of_it}, so "
            "reading it would cost more than it gives."
        ),
        "crumb": (
            f"{name} is left out: the best mixture reads less than {100 * CRUMB:g}% of it, which "
            f"nobody would prepare; {next_one}."
        ),
        "closed": f"{name} is closed by a limit of 0%.",
        "donors": f"{name} is left out: no more than {problem.max_donors} donors are allowed.",
        "no text": f"{name} has no text here to read.",
        "no scores": (
            f"{name} has no scores in {problem.matrix.name}: what it gives anybody is unknown, "
            "and it is not considered."
        ),
    }[reason.held]


def _parts(reason: ShareReason) -> str:
    """What a next token's worth is made of: own capacity, own data, data of others."""
    own = [gift for gift in reason.gifts if gift.capacity > 0]
    said = [
        f"{gift.capacity:.0%} capacity of {name_of(gift.target)}"
        for gift in own
        if gift.capacity >= 0.005
    ]
    told = sorted(reason.gifts, key=lambda gift: -gift.data)
    data = [f"{gift.data:.0%} {name_of(gift.target)}" for gift in told if gift.data >= 0.005]
    if data:
        more = len(data) - _MOST_GIFTS
        shown = ", ".join(data[:_MOST_GIFTS]) + (f" and {more} more" if more > 0 else "")
        said.append(f"as data {shown}")
    return f" ({'; '.join(said)})" if said and reason.gifts else ""


def _given(problem: MixProblem, reason: ShareReason) -> str:
    """Effective tokens that it gives to others in this mixture."""
    others = [gift for gift in reason.gifts if gift.status and gift.tokens > 0]
    if not others:
        return ""
    others.sort(key=lambda gift: -gift.tokens)
    told = [
        f"{name_of(gift.target)} {format_quantity(gift.tokens)} "
        f"(τ {gift.weight:.2f} ±{gift.stderr:.2f}, {gift.status})"
        for gift in others
    ]
    return f"It gives {listed(told, _MOST_GIFTS)} effective tokens."


def _points(problem: MixProblem, reason: ShareReason) -> str:
    """A point more and a point less, and whose loss moves most."""
    said = [
        _point(problem, move, way)
        for move, way in ((reason.more, "more"), (reason.less, "less"))
        if move is not None
    ]
    return closed("; ".join(said)) if said else ""


def _point(problem: MixProblem, move: Move, way: str) -> str:
    size = "a point" if abs(move.step - POINT) < 1e-9 else f"{number_text(100 * move.step)} points"
    partners = listed([name_of(key) for key in move.others], _MOST_GIFTS)
    verb = "from" if way == "more" else "to"
    if abs(move.relative) < _LITTLE:
        effect = "changes less than 0.001% of the reducible loss"
    elif not math.isfinite(move.relative):
        effect = "leaves a target without text"
    else:
        is_so = "would be" if move.breaks else "is"
        worse = "worse" if move.relative > 0 else "better"
        part = number_text(100 * abs(move.relative))
        effect = f"{is_so} {part}% of the reducible loss {worse}"
    told = f"{size} {way}, {verb} {partners}, {effect}{_whose(move)}"
    if move.breaks:
        names = [
            f"the epoch cap of {problem.max_epochs:g}"
            if name == "epoch cap"
            else f"'{title_of(name, problem.limits)}'"
            for name in move.breaks
        ]
        told += f", but breaks {listed(names)}"
    return told


def _whose(move: Move) -> str:
    """The targets whose losses move most, down and up."""
    moved = [(key, change) for key, change in move.losses if math.isfinite(change)]
    if len(moved) < 2:
        return ""
    ends = min(moved, key=lambda each: each[1]), max(moved, key=lambda each: each[1])
    told = [
        f"{name_of(key)} {number_text(change, signed=True)}"
        for key, change in dict.fromkeys(ends)
        if abs(change) >= 5e-7
    ]
    return f" (loss of {', '.join(told)})" if told else ""
