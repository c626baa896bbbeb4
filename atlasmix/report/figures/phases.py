"""The phases of a run in one picture: what share of its tokens each gives to each language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.mixture import Mixture, PhaseMixture
from atlasmix.quantities import format_quantity
from atlasmix.report.figures.drawing import (
    GREY,
    HOVER,
    canvas,
    label,
    language_colours,
    letters_on,
    make_room_for_legend,
    sentences,
    unmarked,
)
from atlasmix.report.roles import roles
from atlasmix.report.words import percent
from atlasmix.text import listed

_BAR: Final = 48
"""Pixels of a bar."""

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def phases_figure(mixture: Mixture) -> Figure:
    """One bar a phase, the first on top, one piece a language; the small rest is one grey piece.

    Args:
        mixture: an answer with phases.
    """
    from plotly.graph_objects import Bar

    phases = mixture.phases
    names = [_phase_name(phase) for phase in phases]
    pieces = phase_pieces(mixture)
    figure = canvas(
        _BAR * len(phases) + 120, x="share of the phase's tokens (%)", y="phases, in order"
    )
    for keys, colour in pieces:
        shares = [sum(phase.proportions.get(key, 0.0) for key in keys) for phase in phases]
        figure.add_trace(
            Bar(
                x=[100 * share for share in shares],
                y=names,
                orientation="h",
                name=unmarked(_piece_name(keys)),
                marker={"color": colour},
                text=[percent(share) if share >= 0.08 else "" for share in shares],
                textposition="inside",
                insidetextanchor="middle",
                insidetextfont={"color": letters_on(colour)},
                textangle=0,
                customdata=sentences([_piece_sentence(phase, keys) for phase in phases]),
                hovertemplate=HOVER,
            )
        )
    make_room_for_legend(figure)
    figure.update_layout(
        barmode="stack",
        bargap=0.4,
        showlegend=True,
        legend={"traceorder": "normal"},
        uniformtext={"minsize": 10, "mode": "hide"},
    )
    figure.update_xaxes(range=[0, 100])
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], showgrid=False)
    return figure


def phase_pieces(mixture: Mixture) -> tuple[tuple[tuple[str, ...], str], ...]:
    """(languages, colour) of each piece of a bar, largest of the whole run first, the rest last.

    The languages named are those with the largest share in any phase, as many of each role as there
    are colours that everybody tells apart; hatching is kept for provenance.
    """
    most = {
        key: max(phase.proportions.get(key, 0.0) for phase in mixture.phases)
        for key in mixture.proportions
    }
    known = roles(mixture)
    colours = language_colours(
        {key: known[key] for key in sorted(most, key=lambda key: (-most[key], key))}
    )
    named = [((key,), colours[key]) for key in most if key in colours]
    rest = tuple(key for key in most if key not in colours)
    return (*named, *([(rest, GREY)] if rest else []))


def phases_alt(mixture: Mixture) -> str:
    """The figure in one sentence, for readers who do not see it."""
    said = []
    for phase in mixture.phases[:4]:
        parts = [f"{name_of(key)} {percent(share)}" for key, share in phase.proportions.items()]
        said.append(f"{phase.name}, {format_quantity(phase.tokens)} tokens: {listed(parts, 4)}")
    more = len(mixture.phases) - len(said)
    return f"What each phase reads. {'; '.join(said)}" + (f"; and {more} more." if more else ".")


def _phase_name(phase: PhaseMixture) -> str:
    return f"{label(phase.name, 16)}<br>{format_quantity(phase.tokens)} tokens"


def _piece_name(keys: tuple[str, ...]) -> str:
    return name_of(keys[0]) if len(keys) == 1 else f"{len(keys)} other languages"


def _piece_sentence(phase: PhaseMixture, keys: tuple[str, ...]) -> str:
    shares = {key: phase.proportions.get(key, 0.0) for key in keys}
    whole = sum(shares.values())
    said = (
        f"{_piece_name(keys)}: {percent(whole)} of phase {phase.name}, "
        f"{format_quantity(whole * phase.tokens)} of its {format_quantity(phase.tokens)} tokens"
    )
    if len(keys) == 1:
        return f"{said}."
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    return f"{said}: {listed([f'{name_of(key)} {percent(share)}' for key, share in ranked], 5)}."
