"""The answer in pictures: shares by language, by family, by provenance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from atlasmix.errors import DataError
from atlasmix.evidence.pools import PROVENANCES, Pool
from atlasmix.evidence.published import PublishedMixture
from atlasmix.languages.catalogue import branch_of, language, name_of
from atlasmix.mixture.mixture import FLATNESS, Mixture, PoolShare, ShareRange, Uncertainty
from atlasmix.quantities import format_quantity
from atlasmix.recipe.recipe import Recipe
from atlasmix.report.figures.drawing import (
    GREY,
    HOVER,
    KIN,
    PROVENANCE,
    ROLES,
    SYMBOLS,
    TARGET,
    canvas,
    label,
    letters_on,
    make_room_for_legend,
    rows_height,
    sentence,
    sentences,
    share_axis,
    unmarked,
)
from atlasmix.report.roles import branches, role_of, roles
from atlasmix.report.words import epochs_text, percent, range_text
from atlasmix.text import and_more, first_few

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_LEAF: Final = "\t"  # begins the key of a language among the names of families and branches


def mixture_bars(mixture: Mixture) -> Figure:
    """One bar a language, largest on top, one piece a pool, coloured by what it is read as.

    Hatching tells the provenance, as in :data:`~atlasmix.report.figures.drawing.PROVENANCE`, and
    the key says it in words. Where it is known how far a share may move before it matters, a grey
    band lies on the bar, of a language that is not read on no bar. A mixture that was tried in
    draws has a whisker a language. With either of them the share stands beside the name.
    """
    from plotly.graph_objects import Bar

    sure, flat = mixture.uncertainty, mixture.flatness
    shares = {each.language: each.share for each in flat} | mixture.proportions
    keys = [*mixture.proportions, *(key for key in shares if key not in mixture.proportions)]
    rows = {
        key: unmarked(name_of(key)) + (f"  <b>{percent(shares[key])}</b>" if sure or flat else "")
        for key in keys
    }
    targets = {effect.language for effect in mixture.targets}
    figure = canvas(rows_height(len(keys), legend=True), x="share of the tokens read (%)")
    shown: set[str] = set()
    bars = []
    for share in mixture.read:
        role = role_of(share.pool.language, targets)
        kind = share.pool.provenance.replace("_", "-")
        name = f"{role}, {kind} text"
        bars.append(
            Bar(
                x=[100 * share.proportion],
                y=[rows[share.pool.language]],
                orientation="h",
                name=name,
                legendgroup=name,
                showlegend=name not in shown,
                marker={
                    "color": ROLES[role],
                    "pattern": {"shape": PROVENANCE[share.pool.provenance][1]},
                },
                text=None if sure or flat else [percent(share.proportion)],
                textposition="outside",
                cliponaxis=False,
                customdata=[sentence(pool_sentence(share))],
                hovertemplate=HOVER,
            )
        )
        shown.add(name)
    figure.add_traces(bars)
    if flat:
        _add_bands(figure, flat, rows)
    if sure is not None:
        _add_intervals(figure, sure, rows)
    make_room_for_legend(figure)
    figure.update_layout(barmode="stack", uniformtext={"minsize": 10, "mode": "show"})
    order = [rows[key] for key in keys][::-1]
    figure.update_yaxes(categoryorder="array", categoryarray=order, showgrid=False)
    highs = [each.best.high for each in sure.shares if each.language in rows] if sure else []
    highs += [each.high for each in flat]
    share_axis(figure, max([*mixture.proportions.values(), *highs], default=1.0))
    return figure


def _add_bands(figure: Figure, flat: Sequence[ShareRange], names: dict[str, str]) -> None:
    """A band a language: its share may be anything in it before the objective tells."""
    from plotly.graph_objects import Bar

    figure.add_trace(
        Bar(
            x=[100 * (each.high - each.low) for each in flat],
            base=[100 * each.low for each in flat],
            y=[names[each.language] for each in flat],
            orientation="h",
            name="what the share may be",
            width=0.28,
            marker={"color": GREY, "opacity": 0.85, "line": {"color": "white", "width": 1}},
            customdata=sentences([range_sentence(each) for each in flat]),
            hovertemplate=HOVER,
        )
    )


def range_sentence(flat: ShareRange) -> str:
    """How far one share may move before it matters."""
    return (
        f"{name_of(flat.language)} is {percent(flat.share)} of the tokens read; from "
        f"{range_text(flat.low, flat.high)}, all others chosen anew, the objective is at most "
        f"{100 * FLATNESS:g}% of the reducible loss worse."
    )


def _add_intervals(figure: Figure, sure: Uncertainty, names: dict[str, str]) -> None:
    """A whisker a language: its share in the best mixtures of 90 of 100 draws."""
    from plotly.graph_objects import Scatter

    rows = [each for each in sure.shares if each.language in names]
    figure.add_trace(
        Scatter(
            x=[100 * each.share for each in rows],
            y=[names[each.language] for each in rows],
            mode="markers",
            name="best in 90 of 100 draws",
            marker={"color": GREY, "size": 1},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [100 * max(each.best.high - each.share, 0.0) for each in rows],
                "arrayminus": [100 * max(each.share - each.best.low, 0.0) for each in rows],
                "color": GREY,
                "thickness": 1.5,
            },
            hoverinfo="skip",
        )
    )


def mixture_treemap(mixture: Mixture) -> Figure:
    """Family, branch and language as nested areas, in proportion to the tokens read.

    Colours are those of the line over the figures: of branches, and orange for donors.
    """
    from plotly.graph_objects import Treemap

    parts: dict[tuple[str, ...], float] = {}
    for key, share in mixture.proportions.items():
        path = _path(key, mixture)
        for depth in range(1, len(path) + 1):
            parts[path[:depth]] = parts.get(path[:depth], 0.0) + share
    families = {path[0] for path in parts}
    colours = _area_colours(mixture)
    # Room for the smallest: a family has a line of its own besides those of its languages.
    figure = canvas(max(380, 180 + 10 * (len(mixture.proportions) + len(families))))
    figure.add_trace(
        Treemap(
            ids=["/".join(path) for path in parts],
            labels=[_label(path) for path in parts],
            parents=["/".join(path[:-1]) for path in parts],
            values=[100 * share for share in parts.values()],
            branchvalues="total",
            marker={
                "colors": [colours.get(path, GREY) for path in parts],
                "pad": {"t": 22, "l": 3, "r": 3, "b": 3},
            },
            textfont={"color": [letters_on(colours.get(path, GREY)) for path in parts]},
            text=[percent(share) for share in parts.values()],
            texttemplate="%{label}<br>%{text}",
            customdata=[
                sentence(f"{' › '.join(_path_names(path))}: {percent(share)} of the tokens read.")
                for path, share in parts.items()
            ],
            hovertemplate=HOVER,
            tiling={"pad": 2},
            root={"color": "rgba(0,0,0,0)"},
            pathbar={"visible": False},
        )
    )
    # What is too small for letters that can be read has its name in its hover and in the table.
    figure.update_layout(uniformtext={"minsize": 10, "mode": "hide"})
    return figure


def provenance_bar(mixture: Mixture) -> Figure:
    """Who wrote what is read: one bar from 0 to 100 %, hatched by provenance."""
    from plotly.graph_objects import Bar

    shares = provenance_shares(mixture)
    figure = canvas(150, x="share of the tokens read (%)")
    for name, share in shares.items():
        colour, pattern = PROVENANCE[name]
        words = name.replace("_", "-")
        figure.add_trace(
            Bar(
                x=[100 * share],
                y=[""],
                orientation="h",
                name=f"{words} {percent(share)}",
                marker={"color": colour, "pattern": {"shape": pattern}},
                customdata=[sentence(f"{percent(share)} of the tokens read are {words} text.")],
                hovertemplate=HOVER,
            )
        )
    make_room_for_legend(figure)
    figure.update_layout(barmode="stack", showlegend=True, legend_traceorder="normal")
    figure.update_xaxes(range=[0, 100])
    figure.update_yaxes(showticklabels=False)
    return figure


def provenance_shares(mixture: Mixture) -> dict[str, float]:
    """Share of the tokens read (0-1) by provenance, largest first."""
    shares: dict[str, float] = {}
    for share in mixture.read:
        kind = share.pool.provenance
        shares[kind] = shares.get(kind, 0.0) + share.proportion
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def mixture_alt(mixture: Mixture) -> str:
    """The figure in one sentence, for readers who do not see it."""
    parts = [f"{name_of(key)} {percent(share)}" for key, share in mixture.proportions.items()]
    return f"Shares of the tokens read: {first_few(parts, 8, 'languages')}."


def pool_sentence(share: PoolShare) -> str:
    """What is read of one pool, in a sentence."""
    pool = share.pool
    how = {"counted": "counted", "estimated": "estimated from bytes", "stated": "as a paper states"}
    return (
        f"{name_of(pool.language)}: {percent(share.proportion)} of the tokens read, "
        f"{format_quantity(share.tokens)} tokens in {epochs_text(share.epochs)} epochs of "
        f"{format_quantity(pool.unique_tokens)} unique tokens ({how[pool.obtained]}; "
        f"{pool.provenance.replace('_', '-')} text of {pool.corpus}{_written_by(pool)})."
    )


def _written_by(pool: Pool) -> str:
    """What wrote or translated the text, and from which language; empty where nobody says."""
    origin = f" from {name_of(pool.source_language)}" if pool.source_language else ""
    maker = f" by {pool.generator}" if pool.generator else ""
    return f", made{maker}{origin}" if maker or origin else ""


def _kin(key: str) -> tuple[str, str]:
    try:
        known = language(key)
    except DataError:
        return "no family", "no branch"
    return known.family or "no family", known.genus or "no branch"


def _path(key: str, mixture: Mixture) -> tuple[str, ...]:
    """Family, branch and language; a level that parts nothing is left out."""
    family, branch = _kin(key)
    kin = {other: _kin(other) for other in mixture.proportions}
    branches = {own for home, own in kin.values() if home == family}
    in_branch = [other for other, own in kin.items() if own == (family, branch)]
    if len(branches) == 1 or len(in_branch) == 1:
        return (family, _LEAF + key)
    return (family, branch, _LEAF + key)


def _area_colours(mixture: Mixture) -> dict[tuple[str, ...], str]:
    """The colour of each area that holds one branch, or donors alone."""
    order, known = branches(mixture.proportions), roles(mixture)
    inside: dict[tuple[str, ...], set[str]] = {}
    for key in mixture.proportions:
        kin = KIN[order.index(branch_of(key)) % len(KIN)]
        colour = kin if known[key] == "target" else ROLES[known[key]]
        path = _path(key, mixture)
        for depth in range(1, len(path) + 1):
            inside.setdefault(path[:depth], set()).add(colour)
    return {path: colours.pop() for path, colours in inside.items() if len(colours) == 1}


def _label(path: tuple[str, ...]) -> str:
    """The last name of a path; that of a language one word a line, for areas are often narrow."""
    name = unmarked(_path_names(path)[-1])
    return name.replace(" ", "<br>") if _LEAF in path[-1] else name


def _path_names(path: tuple[str, ...]) -> list[str]:
    return [name_of(part.removeprefix(_LEAF)) if _LEAF in part else part for part in path]


_MOST: Final = 40

_Row = tuple[str, float, str]
"""What it is called, its share (0-1), its sentence."""


def recipe_figure(recipe: Recipe) -> Figure:
    """One bar a language that a recipe reads: targets blue, donors orange, code mauve."""
    shares = list(recipe.proportions.items())
    targets = set(recipe.question.get("targets", {}))  # of a former law, too
    rows: dict[str, list[_Row]] = {role: [] for role in ROLES}
    for key, share in shares[:_MOST]:
        tokens = sum(pool.tokens for pool in recipe.pools if pool.language == key)
        rows[role_of(key, targets)].append(
            (
                unmarked(name_of(key)),
                share,
                f"{name_of(key)} is {percent(share)} of the tokens read: "
                f"{format_quantity(tokens)} tokens.",
            )
        )
    return _bars(
        [(role, colour, rows[role]) for role, colour in ROLES.items()],
        [unmarked(name_of(key)) for key, _ in shares[:_MOST]],
        "share of the tokens read (%)",
    )


def published_figure(mixture: PublishedMixture) -> Figure:
    """One bar a part of a published mixture, largest on top: languages blue, the rest grey.

    Its 40 largest parts are drawn. Its shares count what its source counts, so the axis says so.
    """
    parts = [(name_of(key), share, True) for key, share in mixture.shares]
    parts += [(what, share, False) for what, share in mixture.other]
    parts = sorted(parts, key=lambda part: (-part[1], part[0]))[:_MOST]
    rows: dict[bool, list[_Row]] = {True: [], False: []}
    for name, share, is_language in parts:
        words = f"{name[0].upper()}{name[1:]} is {percent(share)} of the data of {mixture.model}, "
        words += f"{mixture.stage}."
        rows[is_language].append((label(name), share, words))
    return _bars(
        [("one language", TARGET, rows[True]), ("no single language", GREY, rows[False])],
        [label(name) for name, _, _ in parts],
        "share of the training data (%)",
    )


def _bars(
    groups: Sequence[tuple[str, str, list[_Row]]], order: Sequence[str], title: str
) -> Figure:
    from plotly.graph_objects import Bar

    figure = canvas(rows_height(len(order), legend=True), x=title, showlegend=True)
    for name, colour, rows in groups:
        if rows:
            figure.add_trace(
                Bar(
                    x=[100 * share for _, share, _ in rows],
                    y=[what for what, _, _ in rows],
                    orientation="h",
                    name=name,
                    marker={"color": colour},
                    text=[percent(share) for _, share, _ in rows],
                    textposition="outside",
                    cliponaxis=False,
                    customdata=sentences([words for _, _, words in rows]),
                    hovertemplate=HOVER,
                )
            )
    figure.update_layout(barmode="stack", legend_traceorder="normal")
    figure.update_yaxes(categoryorder="array", categoryarray=list(order)[::-1], showgrid=False)
    share_axis(figure, max((share for _, _, rows in groups for _, share, _ in rows), default=1.0))
    return figure


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
                    x=[sum(p.unique_tokens for p in each) for each in mine.values()],
                    y=[unmarked(name_of(key)) for key in mine],
                    mode="markers",
                    name=f"{words} text, {'counted' if counted else 'estimated or stated'}",
                    marker={
                        "color": colour,
                        "symbol": symbol,
                        "size": 10,
                        "line": {"width": 2, "color": colour},
                    },
                    customdata=sentences([_words(key, words, each) for key, each in mine.items()]),
                    hovertemplate=HOVER,
                )
            )
    make_room_for_legend(figure)
    names = [unmarked(name_of(key)) for key in keys]
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
    by_language: dict[str, list[Pool]] = {key: [] for key in keys}
    for pool in pools:
        wanted = pool.provenance == kind and (pool.obtained == "counted") == counted
        if wanted and pool.language in by_language and pool.unique_tokens > 0:
            by_language[pool.language].append(pool)
    return {key: some for key, some in by_language.items() if some}


def _words(key: str, kind: str, pools: Sequence[Pool]) -> str:
    tokens = sum(pool.unique_tokens for pool in pools)
    parts = [f"{pool.corpus}, {_HOW[pool.obtained]}" for pool in pools[:4]]
    return (
        f"{name_of(key)}: {format_quantity(tokens)} unique tokens of {kind} text "
        f"({'; '.join(parts)}{and_more(len(pools) - 4)})."
    )
