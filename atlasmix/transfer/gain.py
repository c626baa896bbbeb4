"""What the languages of an even mixture give each other as data, by the estimated weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atlasmix.evidence.shipped_tables import shipped_tables
from atlasmix.transfer.model import TransferModel


def data_gain(model: TransferModel, languages: Sequence[str]) -> float:
    """Mean of D_eff/D_own over languages that are read evenly, each within one epoch.

    D_eff/D_own of target t is 1 + Σ τ[s → t] over the others. Languages without scores are left
    out, as targets and as donors.

    Args:
        model: transfer weights.
        languages: keys.

    Returns:
        1 where fewer than two of the languages have scores.
    """
    known = [model.index(key) for key in languages if key in model.keys]
    if not known:
        return 1.0
    return float(model.weights[np.ix_(known, known)].sum(axis=0).mean())


def capacity_mixtures() -> dict[str, tuple[str, ...]]:
    """The even mixtures behind the K-law of ATLAS, name -> language keys (its Table B.5)."""
    _, tables = shipped_tables("capacity_mixtures/atlas-2025", ("mixtures.csv",))
    mixtures: dict[str, tuple[str, ...]] = {}
    for row in tables["mixtures.csv"]:
        mixtures[row["mixture"]] = (*mixtures.get(row["mixture"], ()), row["language"])
    return mixtures
