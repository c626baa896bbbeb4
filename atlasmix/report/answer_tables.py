"""The tables of a report: pools, flatness, effects, donors, prices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.mixture import (
    FLATNESS,
    Comparison,
    Mixture,
    PhaseMixture,
    PhaseShare,
    PoolShare,
    Price,
    Reason,
    TargetEffect,
)
from atlasmix.problem.baselines import TEMPERATURES
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.report.answer_words import loss_text, price_words
from atlasmix.report.layout import FittingTable
from atlasmix.report.words import (
    SAME,
    change_text,
    epochs_text,
    limits_named,
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


_MOST_PHASE_ROWS: Final = 15
_EVEN: Final = 1e-6


def phases_section(problem: MixProblem, mixture: Mixture) -> Iterator[RenderableType]:
    """A table of the phases and what they can and cannot do."""
    from rich.text import Text

    yield phases_table(mixture)
    yield Text(phases_sentence(problem, mixture))


def phases_table(mixture: Mixture) -> FittingTable:
    """One line a phase and pool, in the order of training."""
    table = FittingTable("phase", "language", "pool", ">share", ">tokens", ">epochs", ">so far")
    for phase in mixture.phases:
        _add(table, phase)
    return table


def phases_sentence(problem: MixProblem, mixture: Mixture) -> str:
    """Why the phases are as they are."""
    said = "Phases change no prediction: the law counts what is read, not when."
    if _largest_move(mixture) <= _EVEN:
        why = "no limit of a phase asks for more" if _limited(problem) else "no phase has a limit"
        return f"{said} Each phase is the whole mixture: {why}."
    return f"{said} Of all splits that keep the phases' limits, this one is nearest to the whole."


def _add(table: FittingTable, phase: PhaseMixture) -> None:
    first = f"{phase.name} {format_quantity(phase.tokens)}"
    for share in phase.shares[:_MOST_PHASE_ROWS]:
        table.add_row(
            first,
            named(share.pool.language),
            f"{share.pool.provenance}, {share.pool.corpus}",
            percent(share.proportion),
            format_quantity(share.tokens),
            epochs_text(share.epochs),
            epochs_text(share.epochs_after),
        )
        first = ""
    rest = phase.shares[_MOST_PHASE_ROWS:]
    if rest:
        table.add_row("", *more_pools(rest), "", "")


def _limited(problem: MixProblem) -> bool:
    return any(phase.limits for phase in problem.phases)


def _largest_move(mixture: Mixture) -> float:
    """Largest difference of a pool's share in a phase from its share of the whole, 0-1."""
    whole = {share.pool.name: share.proportion for share in mixture.read}
    moves = [0.0]
    for phase in mixture.phases:
        here = {share.pool.name: share.proportion for share in phase.shares}
        moves += [abs(here.get(name, 0.0) - share) for name, share in whole.items()]
    return max(moves)


_WHOSE: Final = {
    1.43: "mBERT's exponent 0.7",
    3.33: "XLM-R's and mT5's exponent 0.3",
}
_WORDS: Final = {
    "target only": "the targets alone, by their weights",
    "natural": "every language of the matrix in proportion to its unique tokens",
    "uniform": "every language of the matrix alike",
    "unimax": (
        "every language alike until it meets the epoch cap, the rest shared by the others "
        "(Chung et al. 2023, arXiv 2304.09151)"
    ),
    **{
        f"temperature {t:g}": (
            f"in proportion to unique tokens to the power 1/{t:g}, which lifts small languages "
            f"({_WHOSE[t]})"
        )
        for t in TEMPERATURES
    },
}


def baseline_sentences(names: Iterable[str]) -> tuple[str, ...]:
    """What each named baseline is; a published mixture is left out, for its own card says it.

    >>> baseline_sentences(["uniform", "llama-3"])
    ('uniform: every language of the matrix alike.',)
    """
    return tuple(f"{name}: {_WORDS[name]}." for name in names if name in _WORDS)


_HEADINGS: Final = {"loss": ">mean loss", "worst": ">worst ratio"}


def comparison_table(
    problem: MixProblem, mixture: Mixture, comparisons: Sequence[Comparison]
) -> RenderableType:
    """This mixture and the baselines within the limits, best first."""
    from rich.console import Group

    single = len(mixture.targets) == 1
    table = FittingTable("mixture", *_headings(problem, single), ">worse by", ">most epochs")
    best, first = mixture.certificate.value, mixture.targets[0]
    most = max((share.epochs for share in mixture.pools), default=0.0)
    mine = _figures(first.effective_data, first.loss) if single else [loss_text(best)]
    table.add_row("this one", *mine, "", epochs_text(most), style="bold")
    kept = sorted((one for one in comparisons if one.within_limits), key=lambda one: one.value)
    for one in kept:
        worse = _worse(mixture, one.value)
        table.add_row(one.name, *_judged(single, one), worse, epochs_text(one.max_epochs))
    notes = [f"{one.name}: {one.note}." for one in kept if one.note]
    if problem.risk_aversion > 0 and kept:
        notes.insert(
            0,
            "'worse by' counts donors less the doubt about their scores, as the choice did; "
            "effective data and loss of one target count them whole."
            if single
            else "Losses and 'worse by' count donors less the doubt about their scores.",
        )
    if not kept:
        notes.append("No baseline keeps the limits of this question.")
    return Group(table, *notes)


def breaking_table(
    problem: MixProblem, mixture: Mixture, comparisons: Sequence[Comparison]
) -> RenderableType | None:
    """The baselines that break a cap or another limit, and what they break; None: there is none.

    They are no alternatives, so nothing says how much better or worse they are.
    """
    from rich.console import Group

    broken = [one for one in comparisons if not one.within_limits]
    if not broken:
        return None
    single = len(mixture.targets) == 1
    table = FittingTable("mixture", *_headings(problem, single), "breaks")
    for one in broken:
        table.add_row(one.name, *_judged(single, one), _broken(problem, one))
    return Group(table, *(f"{one.name}: {one.note}." for one in broken if one.note))


def _broken(problem: MixProblem, one: Comparison) -> str:
    """The limits that a baseline breaks, in words."""
    said = []
    # A pool that a limit closes has a cap of 0: then the limit says it, and not its epochs.
    closed = any(name.startswith("max ") and name.endswith(" 0%") for name in one.breaks)
    for name in one.breaks or ("a limit",):
        if name == "epoch cap":
            if closed and one.max_epochs <= problem.max_epochs:
                continue
            said.append(f"the epoch cap (a pool is read {epochs_text(one.max_epochs)} times)")
        elif name in ("guardrail", "a limit"):
            said.append(f"a {name.removeprefix('a ')}")
        else:
            said.append(f"'{limits_named(name + ' ').strip()}'")
    return "; ".join(said)


def _headings(problem: MixProblem, single: bool) -> list[str]:
    return [">effective", ">loss"] if single else [_HEADINGS[problem.objective]]


def _judged(single: bool, one: Comparison) -> list[str]:
    if single:
        return _figures(one.effective_data[0], one.losses[0])
    return [loss_text(one.value)]


def _figures(effective: float, loss: float) -> list[str]:
    return [format_quantity(effective) if effective > 0 else "none", loss_text(loss)]


def _worse(mixture: Mixture, value: float) -> str:
    """How much worse a value is; "the same" is also what lies within the gap of the proof."""
    proof = mixture.certificate
    if not math.isfinite(value):
        return "a target without text"
    worse = value - proof.value
    if abs(worse) <= max(SAME * abs(proof.value), proof.value - proof.bound):
        return "the same"
    return f"{worse:+.4f}" if abs(worse) >= 5e-5 else number_text(worse, signed=True)
