"""One line about each entry of the shelf, for lists."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.transfer import MEASURED, PREDICTED, TransferMatrix


@dataclass(frozen=True, slots=True)
class MatrixSummary:
    """A matrix in a list.

    Attributes:
        name, title, axis, metric, licence: from its card.
        size: number of languages or domains.
        measured, predicted: ordered pairs of each status.
        shipped: whether it comes with AtlasMix.
        default: whether a solve takes it unless told otherwise.
        fault: why it cannot be read; empty where it can.
    """

    name: str
    title: str = ""
    axis: str = ""
    metric: str = ""
    licence: str = ""
    size: int = 0
    measured: int = 0
    predicted: int = 0
    shipped: bool = False
    default: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True)
class InventorySummary:
    """An inventory in a list.

    Attributes:
        name, title, axis, licence: from its card.
        size: number of languages or domains.
        pools: number of pools.
        provenances: (provenance, pools) in it, sorted.
        obtained: (``counted``, ``estimated`` or ``stated``; pools), sorted.
        shipped, default, fault: as for a matrix.
    """

    name: str
    title: str = ""
    axis: str = ""
    licence: str = ""
    size: int = 0
    pools: int = 0
    provenances: tuple[tuple[str, int], ...] = ()
    obtained: tuple[tuple[str, int], ...] = ()
    shipped: bool = False
    default: bool = False
    fault: str = ""


def summarise_matrix(matrix: TransferMatrix, shipped: bool, default: bool) -> MatrixSummary:
    """The line of a matrix."""
    card = matrix.card
    return MatrixSummary(
        name=matrix.name,
        title=card.title,
        axis=card.axis,
        metric=card.metric,
        licence=card.licence,
        size=len(matrix.keys),
        measured=matrix.count(MEASURED),
        predicted=matrix.count(PREDICTED),
        shipped=shipped,
        default=default,
    )


def summarise_inventory(inventory: Inventory, shipped: bool, default: bool) -> InventorySummary:
    """The line of an inventory."""
    card = inventory.card
    return InventorySummary(
        name=inventory.name,
        title=card.title,
        axis=card.axis,
        licence=card.licence,
        size=len(inventory.languages()),
        pools=len(inventory.pools),
        provenances=tuple(sorted(Counter(p.provenance for p in inventory.pools).items())),
        obtained=tuple(sorted(Counter(p.obtained for p in inventory.pools).items())),
        shipped=shipped,
        default=default,
    )
