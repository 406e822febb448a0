"""A visitor of the page without a browser: what the browser says to the server, and no more.

    with served() as server, Visitor(server.url) as visitor:
        visitor.upload("picture.tif", content)
        sizes = visitor.download("Sizes")

Speaks Streamlit's own protocol (`BackMsg` and `ForwardMsg` over its websocket, uploads by HTTP
with the XSRF token), so it goes with the Streamlit that is installed. Waits for every run of the
page to end, and for what the page has under way. Also starts the server and tells what it holds.
"""

from __future__ import annotations

import itertools
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parents[1]
XSRF = "_streamlit_xsrf"
PATIENCE = 300  # seconds
LOOK_S = 0.5  # between two looks of a browser at what is under way


class Visitor:
    """One person with a websocket of their own.

    Parameters
    ----------
    url : str
        The page's address, without a slash at its end.

    Raises
    ------
    TimeoutError
        From any method: the server said nothing for `PATIENCE` seconds.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=PATIENCE) as answer:
            cookie = SimpleCookie(answer.headers.get("Set-Cookie", ""))
        self._token = cookie[XSRF].value if XSRF in cookie else ""
        self._open = ExitStack()
        self._socket = self._open.enter_context(
            connect(
                f"{url.replace('http', 'ws', 1)}/_stcore/stream",
                subprotocols=["streamlit", self._token] if self._token else ["streamlit"],
                additional_headers={"Cookie": f"{XSRF}={self._token}"},
                origin=url,
                max_size=None,
                open_timeout=PATIENCE,
                ping_timeout=PATIENCE,
            )
        )
        self._numbers = itertools.count()
        self._query = ""
        self._waits = False  # whether the latest run showed a progress bar
        self._states: dict[str, WidgetState] = {}
        self.session = ""
        self.widgets: dict[str, object] = {}  # by label: the message that describes it
        self.problems: list[str] = []  # of the latest run: what the page says in red
        self.waiting: list[str] = []  # lines of the progress bar, as they came
        self.run()

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_) -> None:
        self.leave()

    def leave(self) -> None:
        """Close the tab."""
        self._open.close()

    def vanish(self) -> None:
        """Be gone without a word, as a person whose network breaks."""
        self._socket.socket.shutdown(socket.SHUT_RDWR)
        self._open.close()

    def run(self) -> None:
        """Run the page with the widgets as they are, until it stands; again and again as long as it
        tells of something that it waits for, as a browser does."""
        message = BackMsg()
        message.rerun_script.query_string = self._query
        message.rerun_script.widget_states.widgets.extend(self._states.values())
        while True:
            self.problems, self._waits = [], False
            self._socket.send(message.SerializeToString())
            while not self._ended(self._receive()):
                pass
            if not self._waits:
                return
            time.sleep(LOOK_S)

    def upload(self, name: str, content: bytes) -> None:
        """Give the page a file and wait for its result."""
        message = BackMsg()
        request = message.file_urls_request
        request.request_id, request.session_id = str(next(self._numbers)), self.session
        request.file_names.append(name)
        self._socket.send(message.SerializeToString())
        while (answer := self._receive()).WhichOneof("type") != "file_urls_response":
            pass
        (urls,) = answer.file_urls_response.file_urls
        self._put(urls.upload_url, name, content)
        info = UploadedFileInfo(name=name, size=len(content), file_id=urls.file_id, file_urls=urls)
        state = self._state("Micrographs of one sample")
        state.file_uploader_state_value.uploaded_file_info.append(info)
        self.run()

    def switch(self, label: str, on: bool) -> None:
        """Set a toggle."""
        self._state(label).bool_value = on
        self.run()

    def choose(self, label: str, option: str) -> None:
        """Take an entry of a select box, as it is written there."""
        self._state(label).string_value = option
        self.run()

    def download(self, label: str) -> bytes:
        """Press a download button whose file is made when it is pressed."""
        message = BackMsg()
        request = message.backend_operation_request
        request.request_id, request.session_id = str(next(self._numbers)), self.session
        request.deferred_file.file_id = self.widgets[label].deferred_file_id
        self._socket.send(message.SerializeToString())
        while (answer := self._receive()).WhichOneof("type") != "backend_operation_response":
            pass
        response = answer.backend_operation_response
        if response.error_msg:
            raise RuntimeError(response.error_msg)
        return fetched(self.url + response.deferred_file.url)

    # What goes over the wire

    def _state(self, label: str) -> WidgetState:
        widget = self.widgets[label].id
        self._states[widget] = WidgetState(id=widget)
        return self._states[widget]

    def _put(self, path: str, name: str, content: bytes) -> None:
        mark = uuid.uuid4().hex
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        request = urllib.request.Request(
            self.url + path,
            data=head.encode() + content + f"\r\n--{mark}--\r\n".encode(),
            method="PUT",
            headers={
                "Content-Type": f"multipart/form-data; boundary={mark}",
                "Cookie": f"{XSRF}={self._token}",
                "X-Xsrftoken": self._token,
            },
        )
        with urllib.request.urlopen(request, timeout=PATIENCE):
            pass

    def _receive(self) -> ForwardMsg:
        message = ForwardMsg.FromString(self._socket.recv(timeout=PATIENCE))
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id or self.session
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._see(message.delta.new_element)
        return message

    def _see(self, element) -> None:
        kind = element.WhichOneof("type")
        shown = getattr(element, kind) if kind else None
        if kind == "alert" and shown.format == shown.ERROR:
            self.problems.append(shown.body)
        elif kind == "exception":
            self.problems.append(f"{shown.type}: {shown.message}")
        elif kind == "progress":
            self.waiting.append(shown.text)
            self._waits = True
        elif getattr(shown, "label", "") and getattr(shown, "id", ""):
            self.widgets[shown.label] = shown

    @staticmethod
    def _ended(message: ForwardMsg) -> bool:
        """Whether a run is over that no other one follows at once."""
        early = (ForwardMsg.FINISHED_EARLY_FOR_RERUN, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
        return message.WhichOneof("type") == "script_finished" and (
            message.script_finished not in early
        )


def fetched(url: str) -> bytes:
    """The answer's body."""
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.read()


# The server


@dataclass(frozen=True)
class Server:
    """A running server of the page; what it holds is read from ``/proc`` (Linux)."""

    url: str
    pid: int

    def memory(self, field: str = "VmRSS") -> float:
        """Resident memory in MB: now (``VmRSS``) or the highest so far (``VmHWM``)."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", text, flags=re.M)[1]) / 1000

    def threads(self) -> int:
        """How many threads it has."""
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def files(self) -> int:
        """How many files and sockets it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))


@contextmanager
def served() -> Iterator[Server]:
    """A server of the page on a free port of loopback, until the block is left."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py")]
    flags = ["headless=true", "address=127.0.0.1", f"port={port}", "enableStaticServing=true"]
    flags = [*(f"--server.{flag}" for flag in flags), "--server.fileWatcherType=none"]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [*command, *flags, "--browser.gatherUsageStats=false"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=output,
        )
        try:
            _wait_until_healthy(url, process)
            yield Server(url, process.pid)
        finally:
            process.terminate()
            process.wait()


def _wait_until_healthy(url: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            fetched(f"{url}/_stcore/health")
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server of the page did not start")
