"""Orders in which a matrix is read at a glance: kin together, or what helps each other together."""

from __future__ import annotations

import numpy as np

from atlasmix.errors import DataError
from atlasmix.evidence.transfer import MISSING, TransferMatrix
from atlasmix.languages import language, name_of


def family_order(matrix: TransferMatrix) -> tuple[tuple[str, str], ...]:
    """(key, family and branch) of every language, kin beside kin; labels of a domain axis last."""
    kin = {key: _kin(key) for key in matrix.keys}
    ordered = sorted(matrix.keys, key=lambda key: (kin[key] == "", kin[key], name_of(key)))
    return tuple((key, kin[key]) for key in ordered)


def cluster_order(matrix: TransferMatrix) -> tuple[tuple[str, str], ...]:
    """(key, nothing) of every language, those that help each other together.

    Average linkage on the mean of both directions, leaves in the order that keeps neighbours most
    alike (Bar-Joseph et al. 2001). A pair that the study does not have counts as its median pair.
    """
    count = len(matrix.keys)
    if count < 3:
        return tuple((key, "") for key in matrix.keys)
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    known = (matrix.status != MISSING) & ~np.eye(count, dtype=bool)
    if not known.any():
        return tuple((key, "") for key in matrix.keys)
    sign = 1.0 if matrix.card.higher_is_better else -1.0
    scores = np.where(known, sign * matrix.scores, sign * np.median(matrix.scores[known]))
    near = (scores + scores.T) / 2
    distance = near[~np.eye(count, dtype=bool)].max() - near
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), method="average", optimal_ordering=True)
    return tuple((matrix.keys[place], "") for place in leaves_list(tree))


def _kin(key: str) -> str:
    try:
        known = language(key)
    except DataError:
        return ""
    return ", ".join(part for part in (known.family, known.genus) if part)
