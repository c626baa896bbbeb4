"""The explorer: look, try, and take a recipe home. Start it with ``atlasmix explore``.

This is its server. The workers start with it, so that the first visitor finds them ready; sockets
are opened for its own pages alone.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from explorer.answers import workers
from explorer.origins import OwnOrigins
from starlette.middleware import Middleware


@asynccontextmanager
async def working(_: st.App) -> AsyncIterator[None]:
    """The workers live as long as the server."""
    workers()
    yield
    workers().stop()


app = st.App("main.py", lifespan=working, middleware=[Middleware(OwnOrigins)])
