"""Who may open the server's socket: its own page, from wherever that is served."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import urlsplit

from streamlit import config

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "0.0.0.0"})
_REFUSED: Final = 1008
"""WebSocket's code for a policy that was not kept."""


class OwnOrigins:
    """Refuses the page of another origin at once, and leaves Streamlit nothing to look up.

    Streamlit compares an origin that it does not know with the public address of the machine, and
    asks a host on the internet for it, for up to two seconds in which nobody is served. No setting
    of its own leaves the question out and the refusal in. Who may come is as Streamlit has it: the
    server's own page, this machine, ``browser.serverAddress``, ``server.corsAllowedOrigins``.
    """

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        """Stand before ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on without the origin, which is judged by then."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        told = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if not is_own(told.get(b"origin"), told.get(b"host")):
            await receive()  # the wish to connect, which a refusal answers
            await send({"type": "websocket.close", "code": _REFUSED})
            return
        left = [header for header in scope["headers"] if header[0].lower() != b"origin"]
        await self._app({**scope, "headers": left}, receive, send)


def is_own(origin: str | None, host: str | None) -> bool:
    """Whether a socket is opened by no page at all, by the server's own, or by one it allows.

    Args:
        origin: of the page, as its browser says it; None where none does.
        host: that the browser has asked.

    >>> is_own("https://mine.example", "mine.example"), is_own("https://other.example", "mine")
    (True, False)
    """
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
        return parts.netloc == host or parts.hostname in {*_THIS_MACHINE, *_allowed()}
    except ValueError:  # no address at all
        return False


def _allowed() -> list[str]:
    """Host names that the configuration allows beside."""
    named = [each.strip() for each in config.get_option("server.corsAllowedOrigins")]
    if config.is_manually_set("browser.serverAddress"):
        named.append(f"//{config.get_option('browser.serverAddress')}")
    return [host for host in (urlsplit(each).hostname for each in named) if host]
