"""What travels between a page and its server, and waiting until all of it has been answered."""

from __future__ import annotations

import time

from playwright.sync_api import Page, WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

# ms; for everything that is waited for: a busy machine may take it, and only a failure does
PATIENCE = 240_000
# ms; two of them are longer than Streamlit waits for more when a person drags a slider (200)
LULL = 150
CALM = 2  # lulls: once is not enough, since what was sent last may not be known here yet
AT_REST = "[data-testid=stApp][data-test-script-state=notRunning]"
# timers that are due earlier run before, and two frames are drawn
PAUSE = """(lull) => new Promise((done) => setTimeout(
  () => requestAnimationFrame(() => requestAnimationFrame(() => done())), lull))"""


class Traffic:
    """Sizes of the messages that a page and its server send each other, in bytes, in order."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sizes: list[int] = []
        self._asked = False  # a run of the script that has not begun
        self._running = False
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        self._asked = self._running = False  # whatever a server that is gone was doing
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)

    def _sent(self, content: str | bytes) -> None:
        self.sizes.append(len(content))
        if isinstance(content, bytes):
            self._asked |= BackMsg.FromString(content).WhichOneof("type") == "rerun_script"

    def _received(self, content: str | bytes) -> None:
        self.sizes.append(len(content))
        if not isinstance(content, bytes):
            return
        message = ForwardMsg.FromString(content)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._asked, self._running = False, True
        elif kind == "script_finished":
            # a run that was stopped for another one is followed by it
            self._running = message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def quiet(self, lull: int = LULL) -> None:
        """Wait until all was answered, every run is over, and what came of it is drawn."""
        end = time.monotonic() + PATIENCE / 1000
        calm = 0
        while calm < CALM:
            calm = calm + 1 if self.calm(lull) else 0
            if time.monotonic() > end:
                raise TimeoutError("the page does not come to rest")

    def calm(self, lull: int = LULL) -> bool:
        """Whether nothing travels and nothing runs, for this long."""
        before = len(self.sizes)
        self.page.evaluate(PAUSE, lull)
        busy = self._asked or self._running or len(self.sizes) > before
        return not busy and self.page.locator(AT_REST).count() > 0
