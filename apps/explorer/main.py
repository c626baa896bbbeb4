"""What a visitor sees: the frame of every page, and the pages by name."""

import logging
from pathlib import Path

import streamlit as st
from explorer import answers, links, session
from explorer.display import refuse, say_once

from atlasmix.errors import AtlasMixError

HERE = Path(__file__).parent
ICON = str(HERE.joinpath("icon.svg"))

# Before the pages: without our icon, the browser would ask a server elsewhere for that of the page.
st.set_page_config(
    page_icon=ICON,
    layout="wide",
    initial_sidebar_state=340,
)
st.logo(str(HERE.joinpath("wordmark.svg")), icon_image=ICON, size="large")
st.html(HERE.joinpath("explorer.css"))
with st.container(key="script"):  # the same for all: nothing that a visitor wrote is in it
    st.html(HERE.joinpath("sidebar.html"), unsafe_allow_javascript=True)
session.start()
answers.lay_place()
page = st.navigation(
    [  # no icons: with them the last three would hide behind "3 more" at 1280 pixels
        st.Page("explorer/pages/mix.py", title="Mix", default=True),
        st.Page("explorer/pages/transfer.py", title="Transfer"),
        st.Page("explorer/pages/provenance.py", title="Provenance"),
        st.Page("explorer/pages/capacity.py", title="Capacity"),
        st.Page("explorer/pages/runs.py", title="Own runs"),
        st.Page("explorer/pages/evidence.py", title="Evidence"),
        st.Page("explorer/pages/scenarios.py", title="Scenarios"),
        st.Page("explorer/pages/report.py", title="Report"),
        st.Page("explorer/pages/recipes.py", title="Recipes"),
    ],
    position="top",
)
st.set_page_config(page_title=f"{page.title} · AtlasMix explorer")
try:
    links.open_link()
    if st.session_state.refused_link:
        links.refuse_link()
    with st.container():  # there or not, it moves nothing that stands after it
        say_once()
    if page.title != "Mix":  # which says it when the question is understood
        links.say_link()
    page.run()
except AtlasMixError as error:
    refuse(error)
except Exception as error:  # the visitor gets a sentence, the host's log the rest
    logging.getLogger("atlasmix.explorer").exception("a page failed")
    refuse(f"a fault of AtlasMix ({type(error).__name__}): please report what you did before it")
