"""A visitor of the dashboard without a browser: Streamlit's own protocol over its websocket, for many at once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import httpx
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState, FileURLs, UploadedFileInfo
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

LARGEST = 64 * 2**20
"""Bytes of one message from the server."""
XSRF = "_streamlit_xsrf"


class BrokenError(Exception):
    """The server did not do what a browser would need."""


class Visitor:
    """One visit. What the page shows stands in ``page``: elements by their place, as the server sent them last."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.page: dict[tuple[int, ...], Element] = {}
        self.running = False
        self.runs = 0
        self.received = 0
        self.failed: list[str] = []
        self._fresh: set[tuple[int, ...]] = set()
        self._known: dict[str, ForwardMsg] = {}
        self._cookies = ""
        self._token = ""
        self._session = self._script = self._query = ""
        self._urls: dict[str, asyncio.Future[list[FileURLs]]] = {}
        self._news = asyncio.Event()

    async def enter(self, page: str = "") -> None:
        """Open the dashboard at a page and wait until it stands."""
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{self.address}/_stcore/health")
        cookies = SimpleCookie(answer.headers.get("set-cookie", ""))
        self._token = cookies[XSRF].value if XSRF in cookies else ""
        self._cookies = f"{XSRF}={self._token}"
        self._socket = await websockets.connect(
            f"{self.address.replace('http', 'ws')}/_stcore/stream",
            subprotocols=["streamlit", self._token] if self._token else ["streamlit"],  # type: ignore[list-item]
            additional_headers={"Cookie": self._cookies}, max_size=LARGEST, open_timeout=60,
            ping_interval=None,  # a browser asks for no sign of life either, however busy the server is
        )  # fmt: skip
        self._listener = asyncio.create_task(self._listen())
        message = BackMsg()
        message.rerun_script.page_name = page
        await self._send(message)
        await self.until(lambda: self.runs > 0 and not self.running, 120)

    async def leave(self) -> None:
        """Close the connection, as a browser does whose tab is closed."""
        await self._socket.close()
        self._listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listener

    async def until(self, true: Callable[[], bool], patience_s: float) -> float:
        """Wait until something is so; gives the seconds that it took.

        Raises:
            BrokenError: it did not become so, or the server hung up.
        """
        start = time.monotonic()
        while not true():
            self._news.clear()
            left = start + patience_s - time.monotonic()
            if left <= 0 or self._listener.done():
                why = "the server hung up" if self._listener.done() else f"no answer within {patience_s:.0f} s"
                raise BrokenError(why)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), min(left, 5))
        return time.monotonic() - start

    async def upload(self, name: str, content: bytes) -> None:
        """Give a file to the page's uploader."""
        uploader = next(
            (one.file_uploader for one in self.page.values() if one.WhichOneof("type") == "file_uploader"), None
        )
        if uploader is None:
            raise BrokenError("the page has no uploader")
        request = BackMsg()
        request.file_urls_request.request_id = name
        request.file_urls_request.file_names.append(name)
        request.file_urls_request.session_id = self._session
        self._urls[name] = asyncio.get_running_loop().create_future()
        await self._send(request)
        (place,) = await asyncio.wait_for(self._urls[name], 60)
        del self._urls[name]
        async with httpx.AsyncClient(timeout=120) as client:
            answer = await client.put(
                self.address + place.upload_url, files={"file": (name, content)},
                headers={"X-Xsrftoken": self._token, "Cookie": self._cookies},
            )  # fmt: skip
        if answer.status_code >= 300:
            raise BrokenError(f"the upload was answered with {answer.status_code}")
        info = UploadedFileInfo(file_id=place.file_id, name=name, size=len(content), file_urls=place)
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add()
        state.id = uploader.id
        state.file_uploader_state_value.CopyFrom(FileUploaderState(uploaded_file_info=[info]))
        message.rerun_script.page_script_hash = self._script
        message.rerun_script.query_string = self._query
        self.running = True
        await self._send(message)

    async def press(self, key: str) -> None:
        """Press the button whose key ends so."""
        button = next((one.button for one in self.page.values()
                       if one.WhichOneof("type") == "button" and one.button.id.endswith(key)), None)  # fmt: skip
        if button is None:
            raise BrokenError(f"the page has no button '{key}'")
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.trigger_value = button.id, True
        message.rerun_script.page_script_hash = self._script
        message.rerun_script.query_string = self._query
        self.running = True
        await self._send(message)

    def shown(self) -> bytes:
        """All that the page shows, as bytes to search."""
        return b"\n".join(element.SerializeToString() for element in self.page.values())

    async def _send(self, message: BackMsg) -> None:
        await self._socket.send(message.SerializeToString())

    async def _listen(self) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            async for content in self._socket:
                if isinstance(content, bytes):
                    self.received += len(content)
                    message = ForwardMsg()
                    message.ParseFromString(content)
                    self._take(message)
                    self._news.set()
        self._news.set()

    def _take(self, message: ForwardMsg) -> None:
        message = self._whole(message)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._begin(message.new_session)
        elif kind == "delta":
            self._draw(tuple(message.metadata.delta_path), message.delta)
        elif kind == "script_finished":
            self._finish(message.script_finished)
        elif kind == "navigation":
            self._script = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "file_urls_response":
            waiting = self._urls.get(message.file_urls_response.response_id)
            if waiting is not None and not waiting.done():
                waiting.set_result(list(message.file_urls_response.file_urls))

    def _whole(self, message: ForwardMsg) -> ForwardMsg:
        """A message, or the one sent before that it refers to."""
        if message.WhichOneof("type") != "ref_hash":
            if message.metadata.cacheable:
                self._known[message.hash] = message
            return message
        stored = ForwardMsg()
        if message.ref_hash in self._known:
            stored.CopyFrom(self._known[message.ref_hash])
            stored.metadata.CopyFrom(message.metadata)
        else:
            self.failed.append("a message that was never sent is referred to")
        return stored

    def _begin(self, told: Any) -> None:
        self._session = told.initialize.session_id or self._session
        self._script = told.page_script_hash
        self.running = True
        self._fresh.clear()

    def _finish(self, status: int) -> None:
        """A run that went through leaves on the page what it drew; one that was broken off for the next leaves all."""
        self.running = False
        self.runs += 1
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.failed.append("a page could not be compiled")
        if status == ForwardMsg.FINISHED_SUCCESSFULLY:
            self.page = {place: one for place, one in self.page.items() if place in self._fresh}

    def _draw(self, place: tuple[int, ...], delta: Delta) -> None:
        kind = delta.WhichOneof("type")
        if kind == "new_element":
            element = Element()
            element.CopyFrom(delta.new_element)
            self.page[place] = element
            self._fresh.add(place)
            if element.WhichOneof("type") == "exception":
                self.failed.append(f"the page broke: {element.exception.type} {element.exception.message}")
        elif kind == "add_block":
            for inner in [one for one in self.page if one == place]:
                del self.page[inner]
