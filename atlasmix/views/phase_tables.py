"""The phases of an answer: what each reads, and how often a pool has been read by its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from atlasmix.mixing.mixture import Mixture, PhaseMixture
from atlasmix.mixing.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.views.answer_tables import more_pools
from atlasmix.views.fitting import FittingTable
from atlasmix.views.words import epochs_text, named, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST_ROWS: Final = 15
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
    for share in phase.shares[:_MOST_ROWS]:
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
    rest = phase.shares[_MOST_ROWS:]
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
