"""Effective tokens from the languages that are read to the targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.flows import Flow
from atlasmix.quantities import format_quantity
from atlasmix.report.figures.drawing import (
    DONOR,
    GREY,
    HOVER,
    PROVENANCE,
    TARGET,
    canvas,
    make_room_for_legend,
    sentence,
    unmarked,
)
from atlasmix.report.words import percent
from atlasmix.text import listed

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST: Final = 12
"""Targets, and donors of a single target, with a band of their own: our choice."""

FEW: Final = 3
"""Donors of each of several targets with a band of their own: more cannot be followed by eye."""

_SMALLER: Final = "smaller donors together"

_ROW: Final = 38
_OPACITY: Final = {False: 0.75, True: 0.35}
"""Of a first pass, and of what repeats add."""

_PASS: Final = {False: "first pass", True: "repeats"}


def flows_figure(given: Sequence[Flow]) -> Figure:
    """A Sankey diagram: languages read on the left, targets on the right, effective tokens between.

    The colour of a band is the provenance of its text, as in every figure; what repeats add is
    paler. Smaller donors, and the targets that have least of many, are one bar, so that nothing is
    lost: the bands into every target sum to its effective tokens.

    Args:
        given: of one target or of several.
    """
    from plotly.graph_objects import Sankey

    sources, targets = _sources(given), _targets(given)
    left, right = _order(given, sources), _order(given, targets)
    links: dict[tuple[str, str, str, bool], list[Flow]] = {}
    for flow in given:
        for repeated in (False, True):
            if _part(flow, repeated) > 0:
                ends = sources[_pair(flow)], targets[_pair(flow)]
                links.setdefault((*ends, flow.provenance, repeated), []).append(flow)
    served = {name_of(flow.target) for flow in given}
    figure = canvas(max(len(left), len(right), 3) * _ROW + 120, showlegend=True)
    figure.add_trace(
        Sankey(
            arrangement="snap",
            valueformat=".3s",
            node={
                "label": [
                    *(unmarked(name) for name in left),
                    *(unmarked(f"{name} {_sum(name, targets, given)}") for name in right),
                ],
                "color": [
                    *(TARGET if name in served else _colour_of(name, given) for name in left),
                    *(TARGET for _ in right),
                ],
                "customdata": [
                    *(_source_sentence(name, sources, given) for name in left),
                    *(_target_sentence(name, targets, given) for name in right),
                ],
                "hovertemplate": HOVER,
                "pad": 14,
                "thickness": 14,
                "line": {"width": 0},
            },
            link={
                "source": [left.index(source) for source, *_ in links],
                "target": [len(left) + right.index(target) for _, target, *_ in links],
                "value": [
                    sum(_part(flow, repeated) for flow in flows)
                    for (*_, repeated), flows in links.items()
                ],
                "color": [_shade(kind, repeated) for *_, kind, repeated in links],
                "customdata": [_link_sentence(key, flows) for key, flows in links.items()],
                "hovertemplate": HOVER,
            },
        )
    )
    _add_key(figure, [(kind, repeated) for *_, kind, repeated in links])
    make_room_for_legend(figure)
    return figure


def flows_alt(given: Sequence[Flow]) -> str:
    """The figure in a sentence, for readers who do not see it."""
    own = sum(flow.tokens for flow in given if flow.own)
    total = sum(flow.tokens for flow in given)
    return (
        f"Effective tokens from each language that is read to each target: of "
        f"{format_quantity(total)}, {percent(own / total)} come from the targets' own text; a "
        "table under it has the numbers."
    )


def _part(flow: Flow, repeated: bool) -> float:
    return flow.repeated if repeated else flow.fresh


_Bars = Mapping[tuple[str, str], str]
"""The bar of each source and target: its own, or that of the smallest together."""


def most_donors(given: Sequence[Flow]) -> int:
    """Donors of a target that have a band of their own."""
    return MOST if len({flow.target for flow in given}) == 1 else FEW


def folded(given: Sequence[Flow]) -> tuple[bool, int]:
    """Whether donors stand together in the figure, and how many targets do."""
    rest = len({flow.target for flow in given}) - MOST
    return _SMALLER in _sources(given).values(), rest + 1 if rest > 0 else 0


def _pair(flow: Flow) -> tuple[str, str]:
    return flow.source, flow.target


def _sources(given: Sequence[Flow]) -> _Bars:
    """Bars on the left: of every target itself and its largest donors; the others are one."""
    bars: dict[tuple[str, str], str] = {}
    for target in dict.fromkeys(flow.target for flow in given):
        sums: dict[tuple[str, str], float] = {}
        for flow in given:
            if flow.target == target and flow.own:
                bars[_pair(flow)] = name_of(flow.source)
            elif flow.target == target:
                sums[_pair(flow)] = sums.get(_pair(flow), 0.0) + flow.tokens
        order = sorted(sums, key=lambda pair: (-sums[pair], pair))
        most = most_donors(given)
        shown = order if len(order) <= most + 1 else order[:most]
        bars |= {pair: name_of(pair[0]) if pair in shown else _SMALLER for pair in order}
    return bars


def _targets(given: Sequence[Flow]) -> _Bars:
    """Bars on the right: the targets that have most, and one of the others."""
    sums: dict[str, float] = {}
    for flow in given:
        sums[flow.target] = sums.get(flow.target, 0.0) + flow.tokens
    order = sorted(sums, key=lambda key: (-sums[key], key))
    shown = order if len(order) <= MOST else order[: MOST - 1]
    rest = f"{len(order) - len(shown)} other targets"
    return {_pair(flow): name_of(flow.target) if flow.target in shown else rest for flow in given}


def _order(given: Sequence[Flow], bars: _Bars) -> list[str]:
    """The bars, largest first."""
    sums: dict[str, float] = {}
    for flow in given:
        name = bars[_pair(flow)]
        sums[name] = sums.get(name, 0.0) + flow.tokens
    return sorted(sums, key=lambda name: (-sums[name], name))


def _sum(name: str, bars: _Bars, given: Sequence[Flow]) -> str:
    return format_quantity(sum(flow.tokens for flow in given if bars[_pair(flow)] == name))


def _colour_of(name: str, given: Sequence[Flow]) -> str:
    return DONOR if name in {name_of(flow.source) for flow in given} else GREY


def _shade(kind: str, repeated: bool) -> str:
    colour = PROVENANCE[kind][0]
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{_OPACITY[repeated]})"


def _link_sentence(key: tuple[str, str, str, bool], flows: Sequence[Flow]) -> str:
    source, target, kind, repeated = key
    tokens = sum(_part(flow, repeated) for flow in flows)
    whose = "its own" if source == target else f"{source}:"
    said = f"{target} has {format_quantity(tokens)} effective tokens of {whose}"
    how = dict.fromkeys(flow.status for flow in flows if flow.status)
    grounds = f" Score: {listed(list(how))}." if how else ""
    return sentence(f"{said} {kind.replace('_', '-')} text, {_PASS[repeated]}.{grounds}")


def _source_sentence(name: str, bars: _Bars, given: Sequence[Flow]) -> str:
    mine = [flow for flow in given if bars[_pair(flow)] == name]
    donated = sum(flow.tokens for flow in mine if not flow.own)
    kept = sum(flow.tokens for flow in mine if flow.own)
    parts = [f"{format_quantity(kept)} to itself"] if kept else []
    parts += [f"{format_quantity(donated)} to other targets"] if donated else []
    return sentence(f"{name} gives {' and '.join(parts)}, in effective tokens.")


def _target_sentence(name: str, bars: _Bars, given: Sequence[Flow]) -> str:
    mine = [flow for flow in given if bars[_pair(flow)] == name]
    tokens, own = sum(f.tokens for f in mine), sum(f.tokens for f in mine if f.own)
    return sentence(
        f"{name}: {format_quantity(tokens)} effective tokens, {percent(own / tokens)} of its own "
        "text."
    )


def _add_key(figure: Figure, kinds: Sequence[tuple[str, bool]]) -> None:
    """A legend, which a Sankey diagram has not: one square a colour."""
    for kind in PROVENANCE:
        for repeated in (False, True):
            if (kind, repeated) in kinds:
                figure.add_scatter(
                    x=[None],
                    y=[None],
                    mode="markers",
                    name=f"{kind.replace('_', '-')} text, {_PASS[repeated]}",
                    marker={"color": _shade(kind, repeated), "symbol": "square", "size": 12},
                    hoverinfo="skip",
                )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
