"""Processes that answer on a port of this machine."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.support.paths import ROOT

START = 120  # seconds; on a busy machine


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class _Stay(urllib.request.HTTPRedirectHandler):
    """Takes a redirection for the answer."""

    def redirect_request(self, *_):
        return None


def ask(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    trusted: ssl.SSLContext | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (their names in lower case) and body of an answer."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    opener = urllib.request.build_opener(_Stay, urllib.request.HTTPSHandler(context=trusted))
    try:
        with opener.open(request, timeout=60) as answer:
            return answer.status, _lower(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _lower(error.headers), error.read()


def _lower(headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def until(happens: Callable[[], object], what: str, look=time.sleep) -> None:
    """Wait for something; fails after `START` seconds. `look` passes so many seconds."""
    end = time.monotonic() + START
    while not happens():
        if time.monotonic() > end:
            pytest.fail(f"{what} did not happen within {START} s")
        look(0.1)


class Server:
    """A process that answers at `url` once it is healthy."""

    def __init__(self, command: Sequence[str], health: str, port: int, log: Path, **how) -> None:
        self.command, self.health, self.port, self.log, self.how = command, health, port, log, how
        self.url = f"http://127.0.0.1:{port}"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, stdout=output, stderr=subprocess.STDOUT, **self.how
            )
        end = time.monotonic() + START
        while not self.healthy():
            if self.process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"{self.command[0]} did not start:\n{self.log.read_text('utf-8')}")
            time.sleep(0.1)

    def healthy(self) -> bool:
        try:
            return ask(self.url + self.health)[0] == 200
        except OSError:
            return False

    def kill(self) -> None:
        """As if its machine were gone."""
        self.process.kill()
        self.process.wait()

    def stop(self, within: float = 10) -> int:
        """As ``docker stop`` does, which waits so many seconds; the status with which it ended."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def streamlit(
    script: Path, log: Path, *flags: str, base: str = "", home: Path = ROOT, **variables: str
) -> Server:
    """``streamlit run`` of a page, not yet started; `base` is the path under which it answers, in
    `home` lies the package that it runs; with more variables in its environment."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(script)),
        "--server.headless=true",
        "--server.address=127.0.0.1",
        "--server.enableStaticServing=true",
        "--server.fileWatcherType=none",
        "--browser.gatherUsageStats=false",
        f"--server.port={port}",
        f"--server.baseUrlPath={base}",
        *flags,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    server = Server(command, "/_stcore/health", port, log, cwd=home, env=environment)
    server.url += f"/{base}".rstrip("/")
    return server
