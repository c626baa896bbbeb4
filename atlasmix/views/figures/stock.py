"""Unique tokens on the shelf: how much text of a language there is, and who wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from atlasmix.evidence import PROVENANCES, Pool
from atlasmix.languages import name_of
from atlasmix.quantities import format_quantity
from atlasmix.views.figures.drawing import (
    HOVER,
    canvas,
    make_room_for_legend,
    plain,
    rows_height,
    sentences,
)
from atlasmix.views.figures.palette import PROVENANCE, SYMBOLS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MOST: Final = 40
_HOW: Final = {"counted": "counted", "estimated": "estimated from bytes", "stated": "as stated"}
_TICKS: Final = tuple(10**power for power in range(3, 16))


def stock_figure(pools: Sequence[Pool], order: Sequence[str] = ()) -> Figure:
    """Unique tokens of each language by provenance, on a logarithmic axis.

    A full mark was counted, a hollow one is an estimate or a paper's own statement.

    Args:
        pools: what lies there.
        order: languages, the first on top; empty takes the 40 with most tokens.
    """
    from plotly.graph_objects import Scatter

    totals: dict[str, float] = {}
    for pool in pools:
        totals[pool.language] = totals.get(pool.language, 0.0) + pool.unique_tokens
    keys = list(order) or sorted(totals, key=lambda key: (-totals[key], key))[:_MOST]
    figure = canvas(rows_height(len(keys), legend=True), x="unique tokens (logarithmic)")
    for place, kind in enumerate(PROVENANCES):
        for counted in (True, False):
            mine = _by_language(pools, keys, kind, counted)
            if not mine:
                continue
            colour = PROVENANCE[kind][0]
            words = kind.replace("_", "-")
            symbol = SYMBOLS[place] if counted else f"{SYMBOLS[place]}-open"
            figure.add_trace(
                Scatter(
                    x=[sum(p.unique_tokens for p in found) for found in mine.values()],
                    y=[plain(name_of(key)) for key in mine],
                    mode="markers",
                    name=f"{words} text, {'counted' if counted else 'estimated or stated'}",
                    marker={
                        "color": colour,
                        "symbol": symbol,
                        "size": 10,
                        "line": {"width": 2, "color": colour},
                    },
                    customdata=sentences(
                        [_words(key, words, found) for key, found in mine.items()]
                    ),
                    hovertemplate=HOVER,
                )
            )
    make_room_for_legend(figure)
    names = [plain(name_of(key)) for key in keys]
    figure.update_layout(showlegend=True)
    figure.update_yaxes(
        categoryorder="array", categoryarray=names[::-1], range=[-0.7, len(names) - 0.3]
    )
    figure.update_xaxes(
        type="log", tickvals=_TICKS, ticktext=[format_quantity(tick) for tick in _TICKS]
    )
    return figure


def _by_language(
    pools: Sequence[Pool], keys: Sequence[str], kind: str, counted: bool
) -> dict[str, list[Pool]]:
    found: dict[str, list[Pool]] = {key: [] for key in keys}
    for pool in pools:
        wanted = pool.provenance == kind and (pool.obtained == "counted") == counted
        if wanted and pool.language in found and pool.unique_tokens > 0:
            found[pool.language].append(pool)
    return {key: some for key, some in found.items() if some}


def _words(key: str, kind: str, pools: Sequence[Pool]) -> str:
    tokens = sum(pool.unique_tokens for pool in pools)
    parts = [f"{pool.corpus}, {_HOW[pool.obtained]}" for pool in pools[:4]]
    more = f" and {len(pools) - 4} more" if len(pools) > 4 else ""
    return (
        f"{name_of(key)}: {format_quantity(tokens)} unique tokens of {kind} text "
        f"({'; '.join(parts)}{more})."
    )
