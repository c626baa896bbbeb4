"""What the evidence has for the targets of a question, and where it has gaps."""

from __future__ import annotations

from dataclasses import dataclass

from atlasmix.evidence.transfer import MEASURED, PREDICTED
from atlasmix.languages import name_of
from atlasmix.mixing.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.views.fitting import FittingTable
from atlasmix.views.words import epochs_text, listed, named


@dataclass(frozen=True, slots=True)
class TargetCoverage:
    """The evidence on one target.

    Attributes:
        language: the target.
        chosen: unique tokens of its pools that the question may read.
        unread: unique tokens of its other pools in the inventory, by provenance, largest first.
        epochs: passes over ``chosen`` that would fill the budget alone; inf where there is none.
        measured, predicted: scores of donors for it.
        donors: those with a pool to read whose weight is above 0 after the risk charge.
        estimated: whether unique tokens that the question may read are estimates.
    """

    language: str
    chosen: float
    unread: tuple[tuple[str, float], ...]
    epochs: float
    measured: int
    predicted: int
    donors: int
    estimated: bool

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is missing, in plain sentences."""
        name, said = name_of(self.language), []
        if self.chosen <= 0:
            said.append(f"No pool of {name} may be read by this question.")
        if not self.measured:
            said.append(f"Nobody measured a score for {name}: all are predicted or missing.")
        if not self.donors:
            said.append(f"No donor of {name} counts for more than the doubt about its score.")
        if self.estimated:
            said.append(f"Unique tokens of {name} are estimated, not counted.")
        return tuple(said)


def coverage(problem: MixProblem) -> tuple[TargetCoverage, ...]:
    """The evidence on each target of a question."""
    chosen = {pool.name for pool in problem.pools}
    weights, readable = problem.transfer, {pool.language for pool in problem.pools}
    rows = []
    for target in problem.target_keys:
        own = [pool for pool in problem.inventory.pools if pool.language == target]
        mine = [pool for pool in own if pool.name in chosen]
        unread: dict[str, float] = {}
        for pool in own:
            if pool.name not in chosen:
                kind = pool.provenance
                unread[kind] = unread.get(kind, 0.0) + pool.unique_tokens
        tokens = sum(pool.unique_tokens for pool in mine)
        column = weights.index(target)
        statuses = [score.status for _, score in problem.matrix.donors(target)]
        counted = weights.weights[:, column] - problem.risk_aversion * weights.stderr[:, column]
        donors = sum(
            key != target and key in readable and weight > 0
            for key, weight in zip(weights.keys, counted.tolist(), strict=True)
        )
        rows.append(
            TargetCoverage(
                target,
                tokens,
                tuple(sorted(unread.items(), key=lambda item: (-item[1], item[0]))),
                problem.budget / tokens if tokens else float("inf"),
                statuses.count(MEASURED),
                statuses.count(PREDICTED),
                donors,
                any(pool.obtained == "estimated" for pool in mine),
            )
        )
    return tuple(rows)


def coverage_table(rows: tuple[TargetCoverage, ...]) -> FittingTable:
    """One line a target."""
    table = FittingTable(
        "target",
        ">may be read",
        "not chosen",
        ">epochs alone",
        ">measured",
        ">predicted",
        ">donors",
    )
    for row in rows:
        table.add_row(
            named(row.language),
            format_quantity(row.chosen),
            listed([f"{format_quantity(tokens)} {kind}" for kind, tokens in row.unread]) or "none",
            epochs_text(row.epochs) if row.chosen else "none",
            str(row.measured),
            str(row.predicted),
            str(row.donors),
        )
    return table
