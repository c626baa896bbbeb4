"""A visitor without a browser: opens the server's socket, asks for pages, sets controls, uploads.

It says whatever it is told to, also what no control of the page offers.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import requests
from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

SECONDS = 60
EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN


class Guest:
    """One session of a visitor.

    Attributes:
        controls: label to (id, kind) of each control of the page that was sent last.
        said: every text of that page.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._http = requests.Session()
        self._http.get(f"{server}/_stcore/health", timeout=SECONDS)
        self._open = contextlib.ExitStack()
        self._socket = self._open.enter_context(
            connect(
                f"{server.replace('http', 'ws', 1)}/_stcore/stream",
                subprotocols=["streamlit"],
                origin=server,
                max_size=None,
            )
        )
        self._states: dict[str, WidgetState] = {}
        self._session = ""
        self._page, self._query = "", ""
        self.controls: dict[str, tuple[str, str]] = {}
        self.said: list[str] = []

    def __enter__(self) -> Guest:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def go(self, page: str = "", **query: str) -> str:
        """Open a page by its address; what it says."""
        self._page, self._query = page, urlencode(query)
        return self.run()

    def put(self, label: str, text: str) -> str:
        """Give a control a text, whether or not it offers that one."""
        state = WidgetState(id=self.controls[label][0], string_value=text)
        self._states[state.id] = state
        return self.run()

    def slide(self, label: str, option: str) -> str:
        """Move a slider over a series to one of its steps, by the words that it shows."""
        state = WidgetState(id=self.controls[label][0])
        state.string_array_value.data.append(option)
        self._states[state.id] = state
        return self.run()

    def press(self, label: str) -> str:
        """Press a button."""
        state = WidgetState(id=self.controls[label][0], trigger_value=True)
        return self.run(state)

    def upload(self, label: str, name: str, content: bytes, run: bool = True) -> str:
        """Send a file to a control that takes one."""
        wish = BackMsg()
        wish.file_urls_request.request_id = uuid.uuid4().hex
        wish.file_urls_request.file_names.append(name)
        wish.file_urls_request.session_id = self._session
        self._socket.send(wish.SerializeToString())
        (urls,) = self._until("file_urls_response").file_urls_response.file_urls
        answer = self._http.put(
            f"{self._server}/{urls.upload_url.lstrip('/')}",
            files={"file": (name, content)},
            headers={"X-Xsrftoken": self._http.cookies.get("_streamlit_xsrf", "")},
            timeout=SECONDS,
        )
        answer.raise_for_status()
        state = WidgetState(id=self.controls[label][0])
        state.file_uploader_state_value.uploaded_file_info.add(
            name=name, size=len(content), file_id=urls.file_id, file_urls=urls
        )
        self._states[state.id] = state
        return self.run() if run else ""

    def run(self, *triggers: WidgetState) -> str:
        """Have the page drawn; every text of it."""
        wish = BackMsg()
        wish.rerun_script.query_string = self._query
        wish.rerun_script.page_name = self._page
        wish.rerun_script.widget_states.widgets.extend([*self._states.values(), *triggers])
        self._socket.send(wish.SerializeToString())
        self.controls, self.said = {}, []
        self._until("script_finished")
        return "\n".join(self.said).replace("\\", "").replace("\u2060", "")

    def _until(self, kind: str) -> ForwardMsg:
        """Everything up to a message of that kind."""
        while True:
            told = ForwardMsg()
            told.ParseFromString(self._socket.recv(timeout=SECONDS))
            now = told.WhichOneof("type")
            if now == "new_session":
                self._session = told.new_session.initialize.session_id or self._session
            if now == "delta":
                self._see(told.delta)
            # A page that asked to be drawn again has not come to its end.
            again = now == "script_finished" and told.script_finished == EARLY
            if now == kind and not again:
                return told

    def _see(self, delta: Message) -> None:
        self.said += _texts(delta)
        for field, part in _parts(delta):
            if field == "new_element":
                kind = part.WhichOneof("type")
                element = getattr(part, kind)
                label, key = getattr(element, "label", ""), getattr(element, "id", "")
                if key:
                    self.controls[label] = key, kind
            elif field == "add_block" and part.id:
                self.controls[part.id.rpartition("-")[2]] = part.id, "block"


def _parts(message: Message) -> Iterator[tuple[str, Any]]:
    for field, value in message.ListFields():
        yield field.name, value


def _texts(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        # A message or a list of them, a text or a list of them; the rest says nothing.
        single = isinstance(value, Message | str | bytes | int | float)
        for each in [value] if single else _members(field, value):
            if isinstance(each, Message):
                yield from _texts(each)
            elif isinstance(each, str):
                yield each


def _members(field: Any, value: Any) -> list[Any]:
    return list(value.values()) if hasattr(value, "values") else list(value)
