"""The tables of a report: pools, flatness, effects, donors, prices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from atlasmix.evidence.scores import COMPLETED, SEEN
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
from atlasmix.problem.constraints import ShareLimit, title_of
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.report.answer_words import loss_intervals, price_words, rule_beside
from atlasmix.report.blocks import Cell, Column, Row, Table, Value, first_rows
from atlasmix.report.roles import role_of
from atlasmix.report.words import SAME, epochs_text, named, percent, range_text
from atlasmix.text import listed

_MOST_ROWS: Final = 40
_MOST_DONORS: Final = 15
_MOST_PRICES: Final = 8
_LEAST_PRICE: Final = 0.01
"""Part of the dearest limit's price below which a limit is left to a whole page."""


def mixture_table(mixture: Mixture) -> Table:
    """One line a pool that is read, largest first; with what each share may be, where it fits."""
    ranges = {each.language: each for each in mixture.flatness} if flat_in_mixture(mixture) else {}
    rows = []
    for share in mixture.read:
        flat = ranges.get(share.pool.language)
        may_be = [(flat.low, flat.high) if flat else None] if ranges else []
        rows.append(Row((*_pool_words(share), share.proportion, *may_be, *_pool_figures(share))))
    rest = mixture.read[_MOST_ROWS:]
    words, pool, part, tokens = more_pools(rest)
    more = Row((words, pool, part, *([None] if ranges else []), tokens, None, None))
    notes = [flatness_note(), _unread_ranges(mixture)] if ranges else []
    obtained = {share.pool.obtained for share in mixture.read}
    if "estimated" in obtained:
        notes.append("~ unique tokens estimated from bytes, not counted.")
    if "stated" in obtained:
        notes.append("* unique tokens as a paper states them.")
    said = " ".join(filter(None, notes))
    return Table(
        (
            Column("language"),
            Column("pool"),
            Column("share", "share", "of all tokens read, repeats included"),
            *([Column("may be", "share range")] if ranges else []),
            Column("tokens", "tokens", "read, repeats included"),
            Column("epochs", "epochs", "passes over the pool"),
            Column("unique", "tokens", "distinct tokens in the pool"),
        ),
        tuple(rows),
        (said,) if said else (),
        (*rows[:_MOST_ROWS], more) if rest else None,
        "What is read of each pool",
    )


def languages_table(mixture: Mixture) -> Table:
    """One line a language that is read, its pools together, largest first."""
    ranges = {each.language: each for each in mixture.flatness}
    targets = {effect.language for effect in mixture.targets}
    rows = []
    for key, part in mixture.proportions.items():
        mine = [share for share in mixture.read if share.pool.language == key]
        tokens = sum(share.tokens for share in mine)
        unique = sum(share.pool.unique_tokens for share in mine)
        result = ranges.get(key)
        may_be = [(result.low, result.high) if result else None] if ranges else []
        role = role_of(key, targets)
        epochs = tokens / unique if unique else 0.0
        rows.append(Row((named(key), role, part, *may_be, tokens, epochs, unique)))
    return Table(
        (
            Column("language"),
            Column("", title="read as"),
            Column("share", "share", "of all tokens read, repeats included"),
            *([Column("may be", "share range")] if ranges else []),
            Column("tokens", "tokens", "read, repeats included"),
            Column("epochs", "epochs", "passes over its pools, on average"),
            Column("unique", "tokens", "distinct tokens in its pools"),
        ),
        tuple(rows),
        (flatness_note(),) if ranges else (),
        title="What is read of each language",
    )


def flat_in_mixture(mixture: Mixture) -> bool:
    """Whether the ranges of shares stand beside the pools: where each language has but one."""
    languages = [share.pool.language for share in mixture.read]
    return bool(mixture.flatness) and len(set(languages)) == len(languages)


def _unread_ranges(mixture: Mixture) -> str:
    """What the shares of languages may be that are not read; empty where all are."""
    unread = [each for each in mixture.flatness if each.language not in mixture.proportions]
    parts = [f"{name_of(each.language)} {range_text(each.low, each.high)}" for each in unread]
    return f"Not read, and may be: {listed(parts)}." if parts else ""


def flatness_table(mixture: Mixture) -> Table:
    """How far the share of each language may move, largest share first."""
    rows = tuple(
        Row((named(each.language), each.share, (each.low, each.high))) for each in mixture.flatness
    )
    return Table(
        (Column("language"), Column("share", "share"), Column("may be", "share range")),
        rows,
        brief=first_rows(rows, _MOST_ROWS),
        title="What the share of each language may be",
    )


def flatness_note() -> str:
    """What the range of a share means."""
    return (
        f"May be: with a share in this range, and all others chosen anew, the objective is at most "
        f"{100 * FLATNESS:g}% of the reducible loss worse."
    )


def more_pools(rest: Sequence[PoolShare | PhaseShare]) -> tuple[str, str, float, float]:
    """Language, pool, share and tokens of a line for the pools that have none of their own."""
    return (
        f"and {len(rest)} more pools",
        "",
        sum(share.proportion for share in rest),
        sum(share.tokens for share in rest),
    )


def effects_table(mixture: Mixture) -> Table:
    """One line a target: its share, its loss and what that is made of, its data, its φ."""
    alone, intervals = len(mixture.targets) > 1, loss_intervals(mixture)
    columns = (
        Column("target"),
        Column("own share", "share", "part of the tokens read that is in the language itself"),
        Column("loss", "loss"),
        *([Column("interval", "loss range", "90 of 100 draws lie in it")] if intervals else []),
        *([Column("alone", "loss", "its loss were it the only target")] if alone else []),
        Column(
            "capacity loss",
            "loss part",
            "what the size of the model leaves, the more the smaller the own share, by φ",
        ),
        Column("data loss", "loss part", "what the effective tokens leave"),
        Column("effective", "tokens", "fresh tokens of the target that would do as much"),
        Column("own text", "tokens", "its own part of them"),
        Column("donors", "tokens", "what other languages give"),
        Column("φ", "coefficient", "capacity exponent of the target"),
    )
    rows = tuple(
        _effect_row(effect, alone, *([intervals.get(effect.language)] if intervals else []))
        for effect in mixture.targets
    )
    title = "Predicted effect on each target"
    return Table(columns, rows, brief=first_rows(rows, _MOST_ROWS), title=title)


def _effect_row(effect: TargetEffect, alone: bool, *interval: tuple[float, float] | None) -> Row:
    name = name_of(effect.language) + (f" x{effect.weight:g}" if effect.weight != 1 else "")
    return Row(
        (
            name,
            effect.own_share,
            effect.loss,
            *interval,
            *([effect.loss_alone] if alone else []),
            effect.capacity_loss,
            effect.data_loss,
            effect.effective_data,
            effect.own,
            effect.transferred,
            effect.phi,
        )
    )


def donors_table(problem: MixProblem, reasons: Sequence[Reason]) -> Table:
    """Who is read and who is next in line, with the score at which that would change."""
    several = len(problem.targets) > 1
    inside = [reason for reason in reasons if reason.proportion > 0]
    outside = [reason for reason in reasons if reason.proportion <= 0]
    columns = (
        Column("", title="read"),
        Column("donor"),
        *([Column("for", meaning="the target it matters most for")] if several else []),
        Column("τ", "coefficient", "target tokens that a token of the donor is worth"),
        Column("±", "coefficient", "one standard error of τ"),
        Column("evidence", meaning="score of the transfer matrix, where it has one"),
        Column("at a score", meaning="at which the donor would leave or enter"),
    )
    next_in_line = outside[: max(3, 5 - len(inside))]
    read = [_donor_row(reason, several) for reason in inside]
    line = [_donor_row(reason, several) for reason in next_in_line]
    brief = [*read[:_MOST_DONORS], *line]
    more = len(read) - _MOST_DONORS
    if more > 0:
        brief.append(Row(("in", f"and {more} more", *[None] * (len(columns) - 2))))
    return Table(columns, (*read, *line), brief=tuple(brief), title="Donors, in and out")


def _donor_row(reason: Reason, several: bool) -> Row:
    inside = reason.proportion > 0
    return Row(
        (
            "in" if inside else "out",
            named(reason.language),
            *([name_of(reason.target)] if several else []),
            reason.weight,
            reason.weight_stderr,
            Cell(_evidence(reason), doubted=reason.status not in SEEN),
            _threshold(reason),
        ),
        "" if inside else "aside",
    )


def _evidence(reason: Reason) -> str:
    if reason.status == COMPLETED:
        return COMPLETED
    if math.isnan(reason.score):
        return "no score"
    return f"{reason.score:.2g} {reason.status}"


def prices_table(problem: MixProblem, prices: Sequence[Price]) -> Table:
    """What loosening each limit would give: change of the objective, and relative to its room."""
    least = _LEAST_PRICE * max((abs(price.value) for price in prices), default=0.0)
    ranked = sorted(prices, key=lambda price: abs(price.value) < least)  # the small ones last
    rows = tuple(Row((price_words(problem, each), each.value, each.relative)) for each in ranked)
    told = sum(abs(price.value) >= least for price in prices)
    return Table(
        (
            Column("change"),
            Column("objective", "change", "how it would change; below 0 is better"),
            Column("of the reducible loss", "relative change"),
        ),
        rows,
        brief=rows[: min(told, _MOST_PRICES)],
        title="The price of each limit",
    )


def _pool_words(share: PoolShare | PhaseShare) -> tuple[str, str]:
    pool = share.pool
    return named(pool.language), f"{pool.provenance}, {pool.corpus}"


def _pool_figures(share: PoolShare) -> tuple[float, float, Cell]:
    mark = {"estimated": "~", "stated": "*"}.get(share.pool.obtained, "")
    return share.tokens, share.epochs, Cell(share.pool.unique_tokens, mark)


def _threshold(reason: Reason) -> str:
    inside = reason.proportion > 0
    if reason.threshold is None:
        return "the limits need it" if inside else "enters at none"
    if not math.isfinite(reason.threshold):
        return f"{'leaves' if inside else 'enters'} at none"
    return f"{'leaves below' if inside else 'enters from'} {reason.threshold:.2f}"


_MOST_PHASE_ROWS: Final = 15
_EVEN: Final = 1e-6


def phases_table(mixture: Mixture) -> Table:
    """One line a phase and pool, in the order of training."""
    return Table(
        (
            Column("phase"),
            Column("language"),
            Column("pool"),
            Column("share", "share", "of the tokens of the phase"),
            Column("tokens", "tokens"),
            Column("epochs", "epochs", "passes over the pool in this phase"),
            Column("so far", "epochs", "passes from the first phase to the end of this one"),
        ),
        tuple(row for phase in mixture.phases for row in _phase_rows(phase)),
        title="What each phase reads of each pool",
    )


def phases_sentence(problem: MixProblem, mixture: Mixture) -> str:
    """Why the phases are as they are."""
    said = "Phases change no prediction: the law counts what is read, not when."
    if _largest_move(mixture) <= _EVEN:
        why = "no limit of a phase asks for more" if _limited(problem) else "no phase has a limit"
        return f"{said} Each phase is the whole mixture: {why}."
    return f"{said} Of all splits that keep the phases' limits, this one is nearest to the whole."


def _phase_rows(phase: PhaseMixture) -> Iterator[Row]:
    first = f"{phase.name} {format_quantity(phase.tokens)}"
    for share in phase.shares[:_MOST_PHASE_ROWS]:
        figures = share.proportion, share.tokens, share.epochs, share.epochs_after
        yield Row((first, *_pool_words(share), *figures))
        first = ""
    rest = phase.shares[_MOST_PHASE_ROWS:]
    if rest:
        yield Row(("", *more_pools(rest), None, None))


def _limited(problem: MixProblem) -> bool:
    return any(phase.limits or phase.is_capped for phase in problem.phases)


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
    **{
        f"{rule} of targets": f"{said}, over the targets alone and within the epoch cap"
        for rule, said in (
            ("natural", "in proportion to unique tokens"),
            *((f"temperature {t:g}", f"unique tokens to the power 1/{t:g}") for t in TEMPERATURES),
            ("unimax", "every target alike"),
        )
    },
}


def baseline_sentences(names: Iterable[str]) -> tuple[str, ...]:
    """What each named baseline is; a published mixture is left out, for its own card says it.

    >>> baseline_sentences(["uniform", "llama-3"])
    ('uniform: every language of the matrix alike.',)
    """
    return tuple(f"{name}: {_WORDS[name]}." for name in names if name in _WORDS)


def is_baseline(name: str) -> bool:
    """Whether a comparison of this name is a baseline, and no published mixture."""
    return name in _WORDS


_HEADINGS: Final = {
    "loss": "mean loss",
    "worst": "worst ratio",
    "expected": "mean loss over draws",
    "cautious": "mean loss of the worst draws",
    "regret": "largest regret",
}


def comparison_table(
    problem: MixProblem, mixture: Mixture, comparisons: Sequence[Comparison]
) -> Table:
    """This mixture and the baselines within the limits, best first."""
    single = len(mixture.targets) == 1
    best, first = mixture.certificate.value, mixture.targets[0]
    most = max((share.epochs for share in mixture.pools), default=0.0)
    mine = _figures(first.effective_data, first.loss) if single else (best,)
    rows = [Row(("this one", *mine, None, most), "chosen")]
    kept = sorted(
        (comparison for comparison in comparisons if comparison.within_limits),
        key=lambda each: each.value,
    )
    rows += [
        Row((each.name, *_judged(single, each), _worse(mixture, each.value), each.max_epochs))
        for each in kept
    ]
    notes = [f"{each.name}: {each.note}." for each in kept if each.note]
    if problem.charges_doubt and kept:
        notes.insert(
            0,
            "'worse by' counts donors less the doubt about their scores, as the choice did; "
            "effective data and loss of one target count them whole."
            if single
            else "Losses and 'worse by' count donors less the doubt about their scores.",
        )
    if problem.drift_penalty and kept:
        said = "'worse by' counts" if single else "Losses and 'worse by' count"
        notes.append(f"{said} the drift penalty too.")
    if not kept:
        notes.append("No baseline keeps the limits of this question.")
    notes += _rule_of_thumb(problem, mixture, kept)
    return Table(
        (
            Column("mixture"),
            *_headings(problem, single),
            Column("worse by", "loss difference"),
            Column("most epochs", "epochs", "passes over the pool read most often"),
        ),
        tuple(rows),
        tuple(notes),
        title="Baselines within the limits",
    )


def _rule_of_thumb(
    problem: MixProblem, mixture: Mixture, kept: Sequence[Comparison]
) -> tuple[str, ...]:
    """What the evidence is worth against the best rule over the targets, which needs none."""
    beside = rule_beside(problem, mixture, kept)
    if beside is None:
        return ()
    rule, part = beside
    return (
        f"{rule.name} needs no evidence on transfer and is {percent(part)} of the "
        "reducible loss worse: so much is what the evidence is worth here, if it holds.",
    )


def breaking_table(
    problem: MixProblem, mixture: Mixture, comparisons: Sequence[Comparison]
) -> Table | None:
    """The baselines that break a cap or another limit, and what they break; None: there is none.

    They are no alternatives, so nothing says how much better or worse they are.
    """
    broken = [comparison for comparison in comparisons if not comparison.within_limits]
    if not broken:
        return None
    single = len(mixture.targets) == 1
    return Table(
        (Column("mixture"), *_headings(problem, single), Column("breaks")),
        tuple(Row((each.name, *_judged(single, each), _broken(problem, each))) for each in broken),
        tuple(f"{each.name}: {each.note}." for each in broken if each.note),
        title="Baselines that break a limit",
    )


def judged_table(problem: MixProblem, mixture: Mixture, comparisons: Sequence[Comparison]) -> Table:
    """Each of these mixtures on the same objective, and the limits that it breaks.

    How much worse one is stands only by those within the limits: the others are no alternatives.
    """
    single = len(mixture.targets) == 1
    rows = []
    for comparison in sorted(comparisons, key=lambda each: (not each.within_limits, each.value)):
        worse, broken = (
            (_worse(mixture, comparison.value), "")
            if comparison.within_limits
            else (None, _broken(problem, comparison))
        )
        rows.append(
            Row(
                (
                    comparison.name,
                    *_judged(single, comparison),
                    worse,
                    comparison.max_epochs,
                    broken,
                )
            )
        )
    return Table(
        (
            Column("mixture"),
            *_headings(problem, single),
            Column("worse by", "loss difference", "than this one, within the limits alone"),
            Column("most epochs", "epochs", "passes over the pool read most often"),
            Column("breaks"),
        ),
        tuple(rows),
        tuple(
            f"{comparison.name}: {comparison.note}."
            for comparison in comparisons
            if comparison.note
        ),
        title="Published mixtures on the same objective",
    )


_MOST_LANGUAGES: Final = 40
_MOST_OTHERS: Final = 12


LEAST_ABSENT: Final = 5e-4
"""Part of a published mixture without pools from which it is a line: what a table would show."""


def languages_beside(mixture: Mixture, comparisons: Sequence[Comparison], title: str) -> Table:
    """The share of each language in this mixture and in others, largest here first.

    Of languages that this one does not read the 12 with the largest shares have a line, at most 40
    in all; the others are one line together. Of a published mixture
    the shares are those of the whole of it, as its makers published them.
    """
    here = mixture.proportions  # worked out anew each time that it is asked for
    columns = [
        here,
        *(
            {key: share * each.covered for key, share in each.proportions.items()}
            for each in comparisons
        ),
    ]
    most = {
        key: max(shares.get(key, 0.0) for shares in columns)
        for key in dict.fromkeys(key for shares in columns for key in shares)
    }
    targets = {effect.language for effect in mixture.targets}
    first = [key for key in most if key in here or key in targets]
    first.sort(key=lambda key: (-here.get(key, 0.0), key))
    others = sorted(set(most) - set(first), key=lambda key: (-most[key], key))
    shown = [*first, *others[:_MOST_OTHERS]][:_MOST_LANGUAGES]
    rows = [Row((named(key), *(shares.get(key) for shares in columns))) for key in shown]
    left = len(most) - len(shown)
    if left > 0:
        rest = [sum(part for key, part in each.items() if key not in shown) for each in columns]
        rows.append(Row((f"{left} more languages", *rest), "aside"))
    absent = [0.0, *(1 - comparison.covered for comparison in comparisons)]
    if max(absent) >= LEAST_ABSENT:
        rows.append(Row(("without a pool here", *(each or None for each in absent)), "aside"))
    names = ["this one", *(comparison.name for comparison in comparisons)]
    return Table(
        (Column("language"), *(Column(name, "share") for name in names)),
        tuple(rows),
        title=title,
    )


def _broken(problem: MixProblem, comparison: Comparison) -> str:
    """The limits that a baseline breaks, in words."""
    said = []
    # A pool that a limit closes has a cap of 0: then the limit says it, and not its epochs.
    closed = any(
        isinstance(limit, ShareLimit) and limit.bound == "max" and limit.share == 0
        for limit in problem.limits
        if limit.name in comparison.breaks
    )
    for name in comparison.breaks or ("a limit",):
        if name == "epoch cap":
            if closed and comparison.max_epochs <= problem.max_epochs:
                continue
            said.append(
                f"the epoch cap (a pool is read {epochs_text(comparison.max_epochs)} times)"
            )
        elif name in ("guardrail", "a limit"):
            said.append(f"a {name.removeprefix('a ')}")
        else:
            said.append(f"'{title_of(name, problem.limits)}'")
    return "; ".join(said)


def _headings(problem: MixProblem, single: bool) -> tuple[Column, ...]:
    if not single:
        return (Column(_HEADINGS[problem.objective], "loss"),)
    meaning = "fresh tokens of the target that would do as much"
    return Column("effective", "tokens", meaning), Column("loss", "loss")


def _judged(single: bool, comparison: Comparison) -> tuple[Value, ...]:
    return (
        _figures(comparison.effective_data[0], comparison.losses[0])
        if single
        else (comparison.value,)
    )


def _figures(effective: float, loss: float) -> tuple[Value, Value]:
    return effective if effective > 0 else "none", loss


def _worse(mixture: Mixture, value: float) -> float | str:
    """How much worse a value is; "the same" is also what lies within the gap of the proof.

    An answer that stays near a reference, or reads no crumbs, gave its gap for that: others may be
    better by so much.
    """
    proof = mixture.certificate
    if not math.isfinite(value):
        return "a target without text"
    worse = value - proof.value
    given = mixture.left_alone or mixture.crumbs
    unproved = 0.0 if given else proof.value - proof.bound
    if abs(worse) <= max(SAME * abs(proof.value), unproved):
        return "the same"
    return worse
