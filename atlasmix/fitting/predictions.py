"""Tables of mixtures that are written: what a law predicts of them, and those to run next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from atlasmix.fitting.learning import Law
from atlasmix.fitting.mixture_runs import Mixtures
from atlasmix.fitting.mixture_tables import layout_of
from atlasmix.io.tables import Rows, to_csv
from atlasmix.quantities import MILLIONTHS, exact_parts

Array = NDArray[np.float64]


def mixtures_csv(
    sources: Sequence[str],
    mixtures: Array,
    sizes: Mapping[str, Sequence[float]] | None = None,
    prefix: str = "next",
) -> str:
    """Mixtures as a table that ``learn`` reads, with six decimals that sum to 1.

    Args:
        sources: names of what is mixed.
        mixtures: (n, S).
        sizes: columns ``params`` and ``tokens``, a number a mixture; None: of none.
        prefix: of the runs' names.

    >>> print(mixtures_csv(("web", "code"), np.array([[0.7, 0.3]])))
    run,w_web,w_code
    next-1,0.7,0.3
    <BLANKLINE>
    >>> sizes = {"params": [6e7], "tokens": [1e9]}
    >>> print(mixtures_csv(("web", "code"), np.array([[0.7, 0.3]]), sizes))
    run,params,tokens,w_web,w_code
    next-1,60000000,1000000000,0.7,0.3
    <BLANKLINE>
    """
    columns = sizes or {}
    rows = []
    for place, shares in enumerate(mixtures.tolist()):
        parts = exact_parts(dict(zip(sources, shares, strict=True)))
        size = [round(column[place]) for column in columns.values()]
        weights = [part / MILLIONTHS for part in parts.values()]
        rows.append((f"{prefix}-{place + 1}", *size, *weights))
    return to_csv(("run", *columns, *(f"w_{name}" for name in sources)), tuple(rows)).decode()


def predictions_csv(
    law: Law, mixtures: Mixtures, table: Rows, half_width: Array | None = None
) -> str:
    """The losses of every mixture as CSV: the table's own id of the run, then ``loss_SET``.

    Args:
        law: predicts them.
        mixtures: as ``read_mixtures`` read them from ``table``.
        table: whose column of ids is kept, in its order.
        half_width: (K,) adds ``low_SET`` and ``high_SET``; None: no intervals.
    """
    losses = law.predict(mixtures)
    ident = layout_of(table).id
    name = next((each for each in table.header if each.lower() == ident), "run")
    header = [name, *(f"loss_{each}" for each in law.sets)]
    columns = [losses]
    if half_width is not None:
        header += [f"{end}_{each}" for end in ("low", "high") for each in law.sets]
        columns += [losses - half_width, losses + half_width]
    whole = np.column_stack(columns)
    rows = tuple(
        (run, *(repr(number) if np.isfinite(number) else "" for number in row))
        for run, row in zip(mixtures.names, whole.tolist(), strict=True)
    )
    return to_csv(tuple(header), rows).decode()
