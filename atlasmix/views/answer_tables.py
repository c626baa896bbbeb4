"""The tables of a report: pools, effects, baselines, donors, prices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from atlasmix.languages import name_of
from atlasmix.mixing.mixture import Comparison, Mixture, PhaseShare, PoolShare, Price, Reason
from atlasmix.mixing.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.views.answer_words import loss_text, price_words
from atlasmix.views.fitting import FittingTable
from atlasmix.views.words import SAME, change_text, epochs_text, named, number_text, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST_ROWS = 40
_STATUS = {"predicted": "yellow"}


def mixture_table(mixture: Mixture) -> RenderableType:
    """One line a pool that is read, largest first."""
    from rich.console import Group

    table = FittingTable("language", "pool", ">share", ">tokens", ">epochs", ">unique")
    for share in mixture.read[:_MOST_ROWS]:
        table.add_row(*_pool_row(share))
    rest = mixture.read[_MOST_ROWS:]
    if rest:
        table.add_row(*more_pools(rest), "", "")
    notes = []
    obtained = {share.pool.obtained for share in mixture.read}
    if "estimated" in obtained:
        notes.append("~ unique tokens estimated from bytes, not counted.")
    if "stated" in obtained:
        notes.append("* unique tokens as a paper states them.")
    if rest:
        notes.append("--json lists every pool.")
    return Group(table, " ".join(notes)) if notes else table


def more_pools(rest: Sequence[PoolShare | PhaseShare]) -> tuple[str, str, str, str]:
    """Language, pool, share and tokens of a line for the pools that have none of their own."""
    return (
        f"and {len(rest)} more pools",
        "",
        percent(sum(share.proportion for share in rest)),
        format_quantity(sum(share.tokens for share in rest)),
    )


def effects_table(mixture: Mixture) -> FittingTable:
    """One line a target."""
    several = len(mixture.targets) > 1
    headings = ["target", ">effective", ">own text", ">donors", ">harm", ">loss"]
    table = FittingTable(*headings, *([">if alone"] if several else []))
    for effect in mixture.targets:
        row = [
            named(effect.language) + (f" x{effect.weight:g}" if effect.weight != 1 else ""),
            format_quantity(effect.effective_data),
            format_quantity(effect.own),
            format_quantity(effect.transferred),
            format_quantity(-abs(effect.interference)) if effect.interference else "0",
            loss_text(effect.loss) + ("!" if effect.clipped else ""),
        ]
        table.add_row(*row, *([loss_text(effect.loss_alone)] if several else []))
    return table


def comparison_table(
    problem: MixProblem, mixture: Mixture, comparisons: Sequence[Comparison]
) -> RenderableType:
    """This mixture and the baselines, best first; one target: effective data and loss."""
    from rich.console import Group

    single = len(mixture.targets) == 1
    word = {"loss": "mean loss", "effective-data": "mean effective", "worst": "worst ratio"}
    headings = [">effective", ">loss"] if single else [f">{word[problem.objective]}"]
    table = FittingTable("mixture", *headings, ">worse by", ">most epochs", "")
    best, first = mixture.certificate.value, mixture.targets[0]
    most = max((share.epochs for share in mixture.pools), default=0.0)
    mine = _figures(first.effective_data, first.loss) if single else [_value(problem, best)]
    table.add_row("this one", *mine, "", epochs_text(most), "", style="bold")
    off_scale = False
    for one in sorted(comparisons, key=lambda each: _order(problem, each)):
        off = _is_off_scale(problem, best, one.value)
        off_scale |= off
        if single:
            theirs = _figures(one.effective_data[0], one.losses[0])
        else:
            theirs = ["none" if off else _value(problem, one.value)]
        worse = "off scale" if off else _worse(problem, best, one.value)
        broken = "" if one.within_limits else "breaks a limit"
        table.add_row(one.name, *theirs, worse, epochs_text(one.max_epochs), broken)
    notes = []
    if problem.risk_aversion > 0:
        notes.append("'worse by' counts the charge for the scores' standard errors too.")
    if off_scale:
        notes.append(
            "off scale: predicted harm and that charge outweigh what is read, for a target or more."
        )
    notes += [f"{one.name}: {one.note}." for one in comparisons if one.note]
    return Group(table, *notes)


def donors_table(problem: MixProblem, reasons: Sequence[Reason]) -> FittingTable:
    """Who is read and who is next in line, with the score at which that would change."""
    from rich.text import Text

    several = len(problem.targets) > 1
    inside = [reason for reason in reasons if reason.proportion > 0]
    outside = [reason for reason in reasons if reason.proportion <= 0]
    headings = ["", "donor", *(["for"] if several else []), ">score", "", "at a score"]
    table = FittingTable(*headings)
    for reason in [*inside, *outside[: max(3, 5 - len(inside))]]:
        table.add_row(
            "in" if reason.proportion > 0 else "out",
            named(reason.language),
            *([name_of(reason.target)] if several else []),
            f"{reason.score:g}",
            Text(f"{reason.status} ±{reason.stderr:.2g}", style=_STATUS.get(reason.status, "")),
            _threshold(reason),
            style="" if reason.proportion > 0 else "dim",
        )
    return table


def prices_table(prices: Sequence[Price]) -> FittingTable:
    """What loosening each limit would give."""
    effective = any(price.effective is not None for price in prices)
    loss = any(price.loss is not None for price in prices)
    headings = [*([">effective data"] if effective else []), *([">loss"] if loss else [])]
    table = FittingTable("change", *headings)
    for price in prices[:8]:
        row = []
        if effective:
            row.append("" if price.effective is None else change_text(price.effective))
        if loss:
            row.append("" if price.loss is None else number_text(price.loss, signed=True))
        table.add_row(price_words(price), *row)
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


def _value(problem: MixProblem, value: float) -> str:
    if problem.objective == "effective-data":
        return format_quantity(value) if math.isfinite(value) else "none"
    return loss_text(value)


def _figures(effective: float, loss: float) -> list[str]:
    return [format_quantity(effective) if effective > 0 else "none", loss_text(loss)]


def _is_off_scale(problem: MixProblem, best: float, value: float) -> bool:
    if problem.objective == "effective-data":
        return not value > 1e-3 * best
    return not value < 3 * best


def _worse(problem: MixProblem, best: float, value: float) -> str:
    if abs(value - best) < SAME * abs(best):
        return "the same"
    if problem.objective == "effective-data":
        return f"{number_text(100 * (1 - value / best), 3)}%"
    worse = value - best
    return f"{worse:+.4f}" if abs(worse) >= 5e-5 else number_text(worse, signed=True)


def _order(problem: MixProblem, one: Comparison) -> float:
    return -one.value if problem.objective == "effective-data" else one.value


def _threshold(reason: Reason) -> str:
    inside = reason.proportion > 0
    if reason.threshold is None:
        return "the limits need it" if inside else "enters at none"
    if not math.isfinite(reason.threshold):
        return f"{'leaves' if inside else 'enters'} at none"
    return f"{'leaves below' if inside else 'enters from'} {reason.threshold:.2f}"
