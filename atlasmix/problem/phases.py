"""Phases of a training run as a question asks for them: how much each reads, and its own limits."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import ProblemError, about
from atlasmix.evidence.pools import Pool
from atlasmix.problem.constraints import (
    HARD_EPOCHS,
    EpochCap,
    ShareLimit,
    check_limits,
    epoch_caps,
)
from atlasmix.quantities import format_quantity

MOST_PHASES: Final = 20
"""Our choice: more steps than that are a curve, which no table of phases shows."""

DENSE: Final = 2.0
"""How much more often a pool is read in a phase than over the whole run, token for token, from
where on that is said aloud: our choice."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_SAME: Final = 1e-6
"""Counts of tokens that differ by this share are the same: a recipe records six places."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a training run, read from its first to its last step with one mixture.

    Attributes:
        name: unique in its run, also when case is ignored; fit for the name of a file.
        share: part of all tokens read that this phase reads, 0-1.
        tokens: the same as a count. With neither, the phase reads the rest.
        limits: least and most shares of the tokens read *in this phase*, and most passes over a
            pool in it.
        max_epochs: most passes over a pool *in this phase*, where no limit gives it another; None
            where the caps of the whole run suffice, which hold in any case.
    """

    name: str
    share: float | None = None
    tokens: float | None = None
    limits: tuple[ShareLimit | EpochCap, ...] = ()
    max_epochs: float | None = None

    @property
    def shares(self) -> tuple[ShareLimit, ...]:
        """The least and most shares among its limits."""
        return tuple(limit for limit in self.limits if isinstance(limit, ShareLimit))

    @property
    def is_capped(self) -> bool:
        """Whether any pool has a cap in this phase."""
        return self.max_epochs is not None or len(self.shares) < len(self.limits)

    def caps(self, pools: Sequence[Pool]) -> NDArray[np.float64]:
        """Most passes over each pool in this phase, shape (pools,); inf where it has no cap."""
        usual = math.inf if self.max_epochs is None else self.max_epochs
        return epoch_caps(self.limits, pools, usual)

    @property
    def is_rest(self) -> bool:
        """Whether it reads what the other phases leave."""
        return self.share is None and self.tokens is None

    def label(self, title: str) -> str:
        """How messages name one of its limits: ``'min Catalan 90%' of phase anneal``."""
        return f"'{title}' of phase {self.name}"


def check_phases(
    phases: Sequence[Phase], pools: Sequence[Pool], budget: float, by_compute: bool = False
) -> None:
    """Refuse phases that cannot be, for reasons visible before solving.

    Args:
        phases: in the order of training.
        pools: what may be read.
        budget: most tokens read in training.
        by_compute: whether the budget is what a compute budget buys.

    Raises:
        ProblemError: names, amounts that cannot add up to all tokens, or limits of a phase that
            are out of range, speak of nothing or contradict each other.
    """
    with about("phases"):
        _check_phases(phases, pools, budget, by_compute)


def _check_phases(
    phases: Sequence[Phase], pools: Sequence[Pool], budget: float, by_compute: bool
) -> None:
    _check_names(phases)
    for phase in phases:
        _check_amount(phase)
        _check_cap(phase)
        try:
            check_limits(phase.limits, pools)
        except ProblemError as error:
            raise ProblemError(
                f"phase {phase.name}: {error}", field="phases", value=error.value
            ) from None
        _check_order(phase)
    if phases:
        _check_sum(phases, budget, by_compute)


def phase_tokens(phases: Sequence[Phase], total: float) -> tuple[float, ...]:
    """Tokens that each phase reads of ``total``, the tokens read in all; they sum to it.

    Raises:
        ProblemError: the phases ask for more or fewer tokens than are read.
    """
    amounts = [
        phase.share * total if phase.share is not None else phase.tokens or 0.0 for phase in phases
    ]
    left = total - sum(amounts)
    names = [phase.name for phase in phases if not phase.is_rest]
    rest = [place for place, phase in enumerate(phases) if phase.is_rest]
    if (rest and left <= _SAME * total) or (not rest and abs(left) > _SAME * total):
        want, read = format_quantity(sum(amounts), 6), format_quantity(total, 6)
        nothing = f", which leaves nothing for phase {phases[rest[0]].name}" if rest else ""
        mend = "or change a count" if rest else "change a count, or give one phase 'rest'"
        raise ProblemError(
            f"phase{'s' * (len(names) > 1)} {', '.join(names)} {_verb(names)} for {want} tokens, "
            f"but {read} are read in all{nothing}: write shares such as 80%, {mend}",
            field="phases",
        )
    if rest:
        amounts[rest[0]] = left
    whole = sum(amounts)
    return tuple(count * total / whole for count in amounts)


def is_crammed(epochs: float, share: float, whole: float) -> bool:
    """Whether a phase repeats a pool, and does so far more densely than the run as a whole.

    Args:
        epochs: passes over the pool in the phase.
        share: part of all tokens that the phase reads, above 0.
        whole: passes over the pool in the whole run.

    >>> is_crammed(3.8, 0.05, 4.0), is_crammed(3.8, 0.95, 4.0), is_crammed(0.9, 0.05, 0.9)
    (True, False, False)
    """
    return epochs > 1 and epochs >= DENSE * share * whole


def _check_names(phases: Sequence[Phase]) -> None:
    if len(phases) > MOST_PHASES:
        raise ProblemError(f"{len(phases)} phases: expected at most {MOST_PHASES}")
    seen: set[str] = set()
    for phase in phases:
        if not _NAME.fullmatch(phase.name):
            raise ProblemError(
                f"phase {phase.name[:60]!r}: expected a name of at most 40 Latin letters, digits, "
                "dots, hyphens and underscores that begins with a letter or digit; files are named "
                "after it"
            )
        if phase.name.casefold() in seen:
            raise ProblemError(f"phase {phase.name} is named twice: give each its own name")
        seen.add(phase.name.casefold())


def _check_amount(phase: Phase) -> None:
    if phase.share is not None and phase.tokens is not None:
        raise ProblemError(f"phase {phase.name} has a share and a count of tokens: keep one")
    if phase.share is not None and not 0 < phase.share <= 1:
        raise ProblemError(
            f"phase {phase.name} reads {100 * phase.share:g}% of the tokens: expected more than 0% "
            "and at most 100%"
        )
    if phase.tokens is not None and not 0 < phase.tokens < float("inf"):
        raise ProblemError(
            f"phase {phase.name} reads {phase.tokens:g} tokens: expected a finite number above 0"
        )


def _check_cap(phase: Phase) -> None:
    if phase.max_epochs is not None and not 0 < phase.max_epochs <= HARD_EPOCHS:
        raise ProblemError(
            f"phase {phase.name}: max epochs {phase.max_epochs:g}: expected more than 0 and at "
            f"most {HARD_EPOCHS:g} epochs"
        )


def _check_order(phase: Phase) -> None:
    least = {limit.selection: limit for limit in phase.shares if limit.bound == "min"}
    for high in phase.shares:
        low = least.get(high.selection)
        if high.bound == "max" and low is not None and low.share > high.share:
            raise ProblemError(
                f"phase {phase.name}: '{low.title}' lies above '{high.title}': lower the one or "
                "raise the other"
            )


def _check_sum(phases: Sequence[Phase], budget: float, by_compute: bool) -> None:
    shares = [phase.share for phase in phases if phase.share is not None]
    counts = [phase.tokens for phase in phases if phase.tokens is not None]
    rest = [phase.name for phase in phases if phase.is_rest]
    if len(rest) > 1:
        raise ProblemError(
            f"phases {', '.join(rest)} all read the rest: give all but one a share such as 80%, or "
            "a count of tokens such as 80B"
        )
    total = f"{100 * sum(shares):g}%"
    if len(shares) == len(phases) and abs(sum(shares) - 1) > 1e-9:
        raise ProblemError(
            f"the shares of the phases sum to {total}: expected 100%; give one of them 'rest'"
        )
    if len(shares) < len(phases) and sum(shares) >= 1 - _SAME:
        others = ", ".join(phase.name for phase in phases if phase.share is None)
        raise ProblemError(
            f"the shares of the phases sum to {total}, which leaves nothing for {others}: lower one"
        )
    if sum(counts) > budget * (1 + _SAME):
        names = [phase.name for phase in phases if phase.tokens is not None]
        most = format_quantity(budget, 6)
        above, raised = f"the budget of {most}", "budget"
        if by_compute:
            above, raised = f"the {most} that are best at this compute", "compute"
        raise ProblemError(
            f"phase{'s' * (len(names) > 1)} {', '.join(names)} {_verb(names)} for "
            f"{format_quantity(sum(counts), 6)} tokens, above {above}: lower a count, write shares "
            f"such as 80%, or raise the {raised}",
            field=raised,
            value=budget,
        )


def _verb(names: Sequence[str]) -> str:
    return "ask" if len(names) > 1 else "asks"
