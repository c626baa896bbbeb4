"""Scenarios in one figure: a bar each, what is read in pieces, what it costs and gives above it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Final, NamedTuple

from atlasmix.errors import DataError
from atlasmix.languages.catalogue import language, name_of
from atlasmix.mixture.scenarios import AnsweredScenario
from atlasmix.report.figures.drawing import (
    GREY,
    HOVER,
    KIN,
    canvas,
    language_colours,
    letters_on,
    make_room_for_legend,
    sentence,
    unmarked,
)
from atlasmix.report.roles import role_of
from atlasmix.report.words import percent
from atlasmix.text import first_few

if TYPE_CHECKING:
    from plotly.graph_objects import Bar, Figure

_ROW: Final = 92
"""Pixels of a scenario: two lines of words, its bar, and what parts it from the next."""
_BAR: Final = 0.42
_LEAST_TOLD: Final = 0.75
"""Part of every mixture that languages with a colour must be for the pieces to be languages: our
choice. Below it the pieces are branches of families, or most of the bar would be of one colour."""
_MOST_BRANCHES: Final = 6
_REST: Final = "others"


def scenarios_figure(scenarios: Sequence[AnsweredScenario], facts: Sequence[str]) -> Figure:
    """One bar a scenario from 0 to 100 % of the tokens it reads, in pieces; donors are hatched.

    A piece is a language where a few are most of every mixture, else a branch of a family.

    Args:
        scenarios: the first on top.
        facts: a short line on each, under its name.
    """
    by_name = _few_tell_all(scenarios)
    whole = by_language(scenarios) if by_name else by_branch(scenarios)
    figure = canvas(_ROW * len(scenarios) + 104, x="share of the tokens read (%)")
    colours = (
        _language_colours(scenarios) if by_name else dict(zip(whole, cycle(KIN), strict=False))
    )
    places = list(range(len(scenarios)))[::-1]  # the axis grows upwards
    for name, rows in whole.items():
        figure.add_trace(_bar(name, GREY if name == _REST else colours[name], places, rows))
    for place, each, fact in zip(places, scenarios, facts, strict=True):
        figure.add_annotation(
            x=0,
            xref="paper",
            y=place + _BAR / 2,
            yanchor="bottom",
            xanchor="left",
            align="left",
            showarrow=False,
            text=f"<b>{unmarked(each.name)}</b><br>{unmarked(fact)}",
        )
    make_room_for_legend(figure)
    figure.update_layout(
        barmode="stack",
        showlegend=True,
        legend_traceorder="normal",
        uniformtext={"minsize": 10, "mode": "hide"},
    )
    figure.update_xaxes(range=[0, 100])
    figure.update_yaxes(
        showticklabels=False, showgrid=False, zeroline=False, range=[-0.4, len(scenarios) - 0.25]
    )
    return figure


def _bar(name: str, colour: str, places: Sequence[int], rows: Sequence[Piece]) -> Bar:
    """The pieces of one name, one a scenario; hatched where all of it is donors."""
    from plotly.graph_objects import Bar

    return Bar(
        x=[100 * piece.share for piece in rows],
        y=places,
        width=_BAR,
        orientation="h",
        name=unmarked(name),
        marker={
            "color": colour,
            "pattern": {
                "shape": ["/" if piece.donors else "" for piece in rows],
                "bgcolor": colour,
                # Lines of the other lightness leave the letters legible.
                "fgcolor": letters_on(letters_on(colour)),
                "fgopacity": 0.35,
                "solidity": 0.2,
                "size": 6,
            },
            "line": {"width": 1, "color": "rgba(255,255,255,0.6)"},
        },
        text=[
            f"{unmarked(name)}<br>{percent(piece.share)}" if piece.share else "" for piece in rows
        ],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"color": letters_on(colour)},
        customdata=[sentence(piece.words) for piece in rows],
        hovertemplate=HOVER,
    )


def scenarios_alt(scenarios: Sequence[AnsweredScenario]) -> str:
    """The figure in a sentence a scenario, for readers who do not see it."""
    said = []
    for each in scenarios:
        parts = [
            f"{name_of(key)} {percent(share)}" for key, share in each.mixture.proportions.items()
        ]
        said.append(f"{each.name}: {first_few(parts, 6, 'languages')}.")
    return " ".join(said)


class Piece(NamedTuple):
    """What a scenario reads of one language or branch.

    Attributes:
        share: of the tokens read, 0-1.
        donors: whether all of it is donors.
        words: its languages, for a hover.
    """

    share: float
    donors: bool
    words: str


Pieces = dict[str, list[Piece]]
"""By name, largest first: one a scenario."""


def by_language(scenarios: Sequence[AnsweredScenario]) -> Pieces:
    """The shares of the largest languages of each role, the others together."""
    return _pieces(scenarios, name_of, _language_colours(scenarios))


def by_branch(scenarios: Sequence[AnsweredScenario]) -> Pieces:
    """The shares of the six largest branches of language families, the others together."""
    return _pieces(scenarios, _branch, _largest_first(scenarios, _branch)[:_MOST_BRANCHES])


def _language_colours(scenarios: Sequence[AnsweredScenario]) -> dict[str, str]:
    """A colour for the largest languages of each role, by name; a target of any is a target."""
    targets = {target.language for each in scenarios for target in each.mixture.targets}
    colours = language_colours(
        {key: role_of(key, targets) for key in _largest_first(scenarios, lambda key: key)}
    )
    return {name_of(key): colour for key, colour in colours.items()}


def _largest_first(
    scenarios: Sequence[AnsweredScenario], called: Callable[[str], str]
) -> list[str]:
    """Every name by its largest share of any mixture."""
    largest: dict[str, float] = {}
    for each in scenarios:
        sums: dict[str, float] = {}
        for key, share in each.mixture.proportions.items():
            name = called(key)
            sums[name] = sums.get(name, 0.0) + share
        for name, share in sums.items():
            largest[name] = max(largest.get(name, 0.0), share)
    return sorted(largest, key=lambda name: (-largest[name], name))


def _pieces(
    scenarios: Sequence[AnsweredScenario], called: Callable[[str], str], told: Collection[str]
) -> Pieces:
    """The shares of those that are told, one a scenario, and of the others together."""
    order = _largest_first(scenarios, called)
    order = [*(name for name in order if name in told), *(n for n in order if n not in told)]
    names = {name: name if name in told else _REST for name in order}
    return {
        name: [_piece(each, name, lambda key: names[called(key)]) for each in scenarios]
        for name in dict.fromkeys(names.values())
    }


def _piece(each: AnsweredScenario, name: str, called: Callable[[str], str]) -> Piece:
    shares = {key: part for key, part in each.mixture.proportions.items() if called(key) == name}
    donors = set(each.mixture.donors)
    parts = [
        f"{name_of(key)} {percent(share)}{' (donor)' * (key in donors)}"
        for key, share in shares.items()
    ]
    words = f"{each.name}: {first_few(parts, 8)}."
    return Piece(sum(shares.values()), bool(shares) and set(shares) <= donors, words)


def _few_tell_all(scenarios: Sequence[AnsweredScenario]) -> bool:
    pieces = by_language(scenarios)
    return all(
        sum(rows[place].share for name, rows in pieces.items() if name != _REST) >= _LEAST_TOLD
        for place in range(len(scenarios))
    )


def _branch(key: str) -> str:
    try:
        known = language(key)
    except DataError:
        return name_of(key)
    return known.genus or known.family or name_of(key)
