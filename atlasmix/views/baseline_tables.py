"""The answer beside what it would replace: baselines that keep the limits, and apart the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from atlasmix.mixing.mixture import Comparison, Mixture
from atlasmix.mixing.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.views.answer_words import loss_text
from atlasmix.views.fitting import FittingTable
from atlasmix.views.words import SAME, epochs_text, limits_named, number_text

if TYPE_CHECKING:
    from rich.console import RenderableType

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
