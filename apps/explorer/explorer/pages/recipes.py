"""Recipes: open one, check it against today's evidence, set two side by side."""

import streamlit as st
from explorer import answers, session
from explorer.display import (
    before_use,
    bullets,
    escaped,
    figure,
    narrow_hint,
    refuse,
    report,
    table,
)
from explorer.recipe_choice import Choice, chosen

from atlasmix.errors import AtlasMixError
from atlasmix.quantities import format_quantity
from atlasmix.report.difference import comparison_blocks
from atlasmix.report.figures.difference import shares_figure
from atlasmix.report.figures.mixture import recipe_figure
from atlasmix.report.recipes import check_blocks, recipe_table
from atlasmix.report.words import capital


def opened(choice: Choice) -> None:
    """What a recipe reads, whether it holds, and a way into the page Mix."""
    recipe = answers.once("read recipe", choice.text)
    st.subheader(escaped(f"A: {choice.name}, {format_quantity(recipe.tokens)} tokens"))
    report(check_blocks("Checked", answers.once("check recipe", choice.text, session.overlay())))
    before_use(f"{capital(caveat.sentence)}." for caveat in recipe.caveats)
    st.subheader("What it reads")
    alt = f"Shares of the tokens that {choice.name} reads."
    figure(lambda: recipe_figure(recipe), "recipe", alt)
    table(recipe_table(recipe), f"Pools of {choice.name}")
    if recipe.warnings:
        st.subheader("Know before you use it")
        bullets(f"{capital(warning)}." for warning in recipe.warnings)
    if st.button("Open its question on the page Mix", icon=":material/blender:"):
        session.begin(answers.now("short", recipe.question, session.overlay()))
        st.switch_page("explorer/pages/mix.py")


def compared(first: Choice, second: Choice) -> None:
    """Two side by side."""
    if second.published:
        comparison = answers.once("against published", first.text, second.name, session.overlay())
    else:
        comparison = answers.once("compare recipes", first.text, second.text, session.overlay())
    st.subheader(escaped(f"A: {first.name}, B: {second.name}"))
    rows = [(move.language, move.before, move.after) for move in comparison.diff.languages]
    alt = f"Shares of the tokens read in {first.name} and in {second.name}."
    figure(lambda: shares_figure(rows, (first.name, second.name)), "recipes", alt)
    st.caption("B - A: percentage points. Epochs: passes over the text of the language.")
    report(comparison_blocks((first.name, second.name), comparison))


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
