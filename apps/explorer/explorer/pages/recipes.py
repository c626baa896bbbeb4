"""Recipes: open one, check it against today's evidence, set two side by side."""

import streamlit as st
from explorer import asking, session
from explorer.recipe_choice import Choice, chosen
from explorer.showing import (
    before_use,
    bullets,
    capital,
    escaped,
    figure,
    narrow_hint,
    refuse,
    report,
    table,
)

from atlasmix.errors import AtlasMixError
from atlasmix.quantities import format_quantity
from atlasmix.report.figures.difference import shares_figure
from atlasmix.report.figures.mixture import recipe_figure
from atlasmix.report.recipes import check_parts, difference_parts, recipe_table


def opened(one: Choice) -> None:
    """What a recipe reads, whether it holds, and a way into the page Mix."""
    recipe = asking.once("read recipe", one.text)
    st.subheader(escaped(f"A: {one.name}, {format_quantity(recipe.tokens)} tokens"))
    report(check_parts("Checked", asking.once("check recipe", one.text, session.tray())))
    before_use(f"{capital(one.sentence)}." for one in recipe.caveats)
    st.subheader("What it reads")
    alt = f"Shares of the tokens that {one.name} reads."
    figure(lambda: recipe_figure(recipe), "recipe", alt)
    table(recipe_table(recipe), f"Pools of {one.name}")
    if recipe.warnings:
        st.subheader("Know before you use it")
        bullets(f"{capital(warning)}." for warning in recipe.warnings)
    if st.button("Open its question on the page Mix", icon=":material/blender:"):
        session.begin(asking.now("short", recipe.question, session.tray()))
        st.switch_page("explorer/pages/mix.py")


def compared(one: Choice, other: Choice) -> None:
    """Two side by side."""
    if other.published:
        found = asking.once("against published", one.text, other.name, session.tray())
    else:
        found = asking.once("compare recipes", one.text, other.text, session.tray())
    st.subheader(escaped(f"A: {one.name}, B: {other.name}"))
    rows = [(row.language, row.share_a, row.share_b) for row in found.languages]
    alt = f"Shares of the tokens read in {one.name} and in {other.name}."
    figure(lambda: shares_figure(rows, (one.name, other.name)), "recipes", alt)
    st.caption("B - A: percentage points. Epochs: passes over the text of the language.")
    report(difference_parts((one.name, other.name), found))


narrow_hint()
st.header("Recipes, opened and compared")
left, right = st.columns(2, border=True)
try:
    with left:
        first = chosen("A", others=False)
    with right:
        second = chosen("B", others=True)
    if first is None:
        st.caption("Choose a recipe as A. With a B beside it, the two are compared.")
    elif second is None:
        opened(first)
    else:
        compared(first, second)
except AtlasMixError as error:
    refuse(error)
