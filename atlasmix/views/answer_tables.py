"""The tables of a report: pools, flatness, effects, donors, prices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from atlasmix.languages import name_of
from atlasmix.mixing.mixture import (
    FLATNESS,
    Mixture,
    PhaseShare,
    PoolShare,
    Price,
    Reason,
    TargetEffect,
)
from atlasmix.mixing.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.views.answer_words import loss_text, price_words
from atlasmix.views.fitting import FittingTable
from atlasmix.views.words import (
    change_text,
    epochs_text,
    listed,
    named,
    number_text,
    percent,
    range_text,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST_ROWS: Final = 40
_MOST_DONORS: Final = 15
_MOST_PRICES: Final = 8
_LEAST_PRICE: Final = 0.01
"""Part of the dearest limit's price below which a limit is left to --json."""

_STATUS = {"predicted": "yellow"}


def mixture_table(mixture: Mixture) -> RenderableType:
    """One line a pool that is read, largest first; with what each share may be, where it fits."""
    from rich.console import Group

    ranges = {one.language: one for one in mixture.flatness} if flat_in_mixture(mixture) else {}
    headings = [">may be"] if ranges else []
    table = FittingTable("language", "pool", ">share", *headings, ">tokens", ">epochs", ">unique")
    for share in mixture.read[:_MOST_ROWS]:
        language, pool, part, *figures = _pool_row(share)
        one = ranges.get(share.pool.language)
        may_be = [range_text(one.low, one.high) if one else ""] if ranges else []
        table.add_row(language, pool, part, *may_be, *figures)
    rest = mixture.read[_MOST_ROWS:]
    if rest:
        language, pool, part, tokens = more_pools(rest)
        table.add_row(language, pool, part, *([""] if ranges else []), tokens, "", "")
    notes = [flatness_note(), _unread_ranges(mixture)] if ranges else []
    obtained = {share.pool.obtained for share in mixture.read}
    if "estimated" in obtained:
        notes.append("~ unique tokens estimated from bytes, not counted.")
    if "stated" in obtained:
        notes.append("* unique tokens as a paper states them.")
    if rest:
        notes.append("--json lists every pool.")
    return Group(table, " ".join(filter(None, notes))) if notes else table


def flat_in_mixture(mixture: Mixture) -> bool:
    """Whether the ranges of shares stand beside the pools: where each language has but one."""
    languages = [share.pool.language for share in mixture.read]
    return bool(mixture.flatness) and len(set(languages)) == len(languages)


def _unread_ranges(mixture: Mixture) -> str:
    """What the shares of languages may be that are not read; empty where all are."""
    unread = [one for one in mixture.flatness if one.language not in mixture.proportions]
    parts = [f"{name_of(one.language)} {range_text(one.low, one.high)}" for one in unread]
    return f"Not read, and may be: {listed(parts)}." if parts else ""


def flatness_table(mixture: Mixture) -> FittingTable:
    """How far the share of each language may move, largest share first."""
    table = FittingTable("language", ">share", ">may be")
    for one in mixture.flatness[:_MOST_ROWS]:
        table.add_row(named(one.language), percent(one.share), range_text(one.low, one.high))
    more = len(mixture.flatness) - _MOST_ROWS
    if more > 0:
        table.add_row(f"and {more} more: --json", "", "")
    return table


def flatness_note() -> str:
    """What the range of a share means."""
    return (
        f"May be: with a share in this range, and all others chosen anew, the objective is at most "
        f"{100 * FLATNESS:g}% of the reducible loss worse."
    )


def more_pools(rest: Sequence[PoolShare | PhaseShare]) -> tuple[str, str, str, str]:
    """Language, pool, share and tokens of a line for the pools that have none of their own."""
    return (
        f"and {len(rest)} more pools",
        "",
        percent(sum(share.proportion for share in rest)),
        format_quantity(sum(share.tokens for share in rest)),
    )


def effects_table(mixture: Mixture) -> FittingTable:
    """One line a target: its share, its loss and what that is made of, its data, its φ."""
    several = len(mixture.targets) > 1
    table = FittingTable(
        "target",
        ">own share",
        ">loss",
        *([">alone"] if several else []),
        ">capacity loss",
        ">data loss",
        ">effective",
        ">own text",
        ">donors",
        ">φ",
    )
    for effect in mixture.targets[:_MOST_ROWS]:
        name = name_of(effect.language) + (f" x{effect.weight:g}" if effect.weight != 1 else "")
        alone = [loss_text(effect.loss_alone)] if several else []
        table.add_row(name, *_effect_row(effect, alone))
    more = len(mixture.targets) - _MOST_ROWS
    if more > 0:
        table.add_row(f"and {more} more: --json", *[""] * (9 if several else 8))
    return table


def _effect_row(effect: TargetEffect, alone: Sequence[str]) -> list[str]:
    return [
        percent(effect.own_share),
        loss_text(effect.loss),
        *alone,
        f"{effect.capacity_loss:.3f}" if math.isfinite(effect.capacity_loss) else "-",
        f"{effect.data_loss:.3f}" if math.isfinite(effect.data_loss) else "-",
        format_quantity(effect.effective_data),
        format_quantity(effect.own),
        format_quantity(effect.transferred),
        f"{effect.phi:.2f}",
    ]


def donors_table(problem: MixProblem, reasons: Sequence[Reason]) -> FittingTable:
    """Who is read and who is next in line, with the score at which that would change."""
    from rich.text import Text

    several = len(problem.targets) > 1
    inside = [reason for reason in reasons if reason.proportion > 0]
    outside = [reason for reason in reasons if reason.proportion <= 0]
    headings = ["", "donor", *(["for"] if several else []), ">score", "", ">τ", "at a score"]
    table = FittingTable(*headings)
    shown = [*inside[:_MOST_DONORS], *outside[: max(3, 5 - len(inside))]]
    for reason in shown:
        table.add_row(
            "in" if reason.proportion > 0 else "out",
            named(reason.language),
            *([name_of(reason.target)] if several else []),
            f"{reason.score:g}",
            Text(f"{reason.status} ±{reason.stderr:.2g}", style=_STATUS.get(reason.status, "")),
            f"{reason.weight:.2f}",
            _threshold(reason),
            style="" if reason.proportion > 0 else "dim",
        )
    more = len(inside) - _MOST_DONORS
    if more > 0:
        table.add_row("in", f"and {more} more", *[""] * (len(headings) - 2))
    return table


def prices_table(prices: Sequence[Price]) -> FittingTable:
    """What loosening each limit would give: change of the objective, and relative to its room."""
    table = FittingTable("change", ">objective", ">of the reducible loss")
    most = max((abs(price.value) for price in prices), default=0.0)
    worth = [price for price in prices if abs(price.value) >= _LEAST_PRICE * most]
    for price in worth[:_MOST_PRICES]:
        table.add_row(
            price_words(price), number_text(price.value, signed=True), change_text(price.relative)
        )
    return table


def _pool_row(share: PoolShare) -> list[str]:
    pool = share.pool
    mark = {"estimated": "~", "stated": "*"}.get(pool.obtained, "")
    return [
        named(pool.language),
        f"{pool.provenance}, {pool.corpus}",
        percent(share.proportion),
        format_quantity(share.tokens),
        epochs_text(share.epochs),
        mark + format_quantity(pool.unique_tokens),
    ]


def _threshold(reason: Reason) -> str:
    inside = reason.proportion > 0
    if reason.threshold is None:
        return "the limits need it" if inside else "enters at none"
    if not math.isfinite(reason.threshold):
        return f"{'leaves' if inside else 'enters'} at none"
    return f"{'leaves below' if inside else 'enters from'} {reason.threshold:.2f}"
