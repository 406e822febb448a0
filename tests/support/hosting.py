"""A host like the one that ``compose.yaml`` describes, on loopback and without containers.

The page runs from a folder that holds what `Dockerfile` copies and no more, with the environment
that it sets, behind nginx with ``deploy/nginx.conf.template``, filled in as the nginx image does.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

import pytest

from tests.support.paths import ROOT
from tests.support.server import Server, free_port

WATCHED = Path(__file__).with_name("watched_streamlit.py")
SECRET = "0" * 64
NOBODY = 65534
MAX_UPLOAD_MB = 20
PEOPLE = 20  # websockets per address


# What the image holds


def instructions(name: str) -> list[str]:
    """Arguments of each instruction of this name in the last stage of the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    stage = re.split(r"^FROM .*$", text, flags=re.M)[-1]
    return re.findall(rf"^{name}\s+(.*)$", stage, flags=re.M)


def copies() -> list[tuple[list[str], str]]:
    """Sources and destination of each COPY out of the repository."""
    lines = [line.split() for line in instructions("COPY") if not line.startswith("--from")]
    return [(line[:-1], line[-1]) for line in lines]


def image_environment() -> dict[str, str]:
    """The variables that the image sets, but for the search path."""
    pairs = [pair.split("=", 1) for line in instructions("ENV") for pair in shlex.split(line)]
    return {name: value for name, value in pairs if name != "PATH"}


def is_sent(path: str) -> bool:
    """Whether ``.dockerignore`` lets this file of the repository through: its last match says."""
    parts = PurePosixPath(path).parts
    places = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    sent = True
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!")
        if not line or line.startswith("#"):
            continue
        if pattern.startswith("**/"):
            matches = any(fnmatchcase(part, pattern[3:]) for part in parts)
        else:
            matches = pattern == "*" or pattern in places
        if matches:
            sent = line.startswith("!")
    return sent


def make_image_folder(folder: Path) -> Path:
    """Copy what the image copies into `folder`, and run the page there once, as its RUN does."""
    for sources, destination in copies():
        for source in sources:
            given = ROOT / source
            place = folder / destination
            if given.is_file():
                files = [(given, place / given.name)]
            else:
                found = (file for file in given.rglob("*") if file.is_file())
                files = [(file, place / file.relative_to(given)) for file in found]
            for file, target in files:
                if is_sent(file.relative_to(ROOT).as_posix()):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, target)
    environment = {**_environment(folder), "PYTHONWARNINGS": "ignore"}
    (step,) = instructions("RUN")
    first = step.split("&&")[0].split()
    assert first[0] == "python"
    done = subprocess.run(
        [sys.executable, *first[1:]], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return folder


def _environment(folder: Path) -> dict[str, str]:
    """What a process in the image sees; its /app is `folder`, its /tmp a folder beside it."""
    tmp = folder.with_name(f"{folder.name}-tmp")
    tmp.mkdir(exist_ok=True)
    places = {"/app": str(folder), "/tmp": str(tmp)}
    moved = {
        name: re.sub(r"^/(app|tmp)\b", lambda place: places[place[0]], value)
        for name, value in image_environment().items()
    }
    return {
        **moved,
        "PATH": os.environ["PATH"],
        "TMPDIR": str(tmp),
        "PYTHONDONTWRITEBYTECODE": "1",  # nothing can be written in the image
    }


# Who answers


class Replica(Server):
    """The page in a folder made by `make_image_folder`; what it does is watched."""

    def __init__(self, folder: Path, number: int) -> None:
        port = free_port()
        self.watch = folder.with_name(f"{folder.name}-record-{number}.jsonl")
        environment = {
            **_environment(folder),
            "STREAMLIT_SERVER_ADDRESS": "127.0.0.1",
            "STREAMLIT_SERVER_COOKIE_SECRET": SECRET,
            "STREAMLIT_SERVER_MAX_UPLOAD_SIZE": str(MAX_UPLOAD_MB),
            "STREAMLIT_SERVER_PORT": str(port),
            "WATCH": str(self.watch),
        }
        (entry,) = map(json.loads, instructions("ENTRYPOINT"))
        assert entry[0] == "streamlit"
        super().__init__(
            # -P: modules beside the script are no modules of the page
            [sys.executable, "-P", str(WATCHED), *entry[1:]],
            "/_stcore/health",
            port,
            folder.with_name(f"{folder.name}-log-{number}.txt"),
            cwd=folder,
            env=environment,
        )

    def unexpected(self) -> list[tuple[str, str]]:
        """What it wrote (but for matplotlib's list of fonts), whom it called, what it ran."""
        events = [tuple(json.loads(line)) for line in self.watch.read_text("utf-8").splitlines()]
        fonts = self.how["env"]["MPLCONFIGDIR"]
        return [event for event in events if not event[1].startswith(fonts)]


# nginx


def nginx_program() -> str:
    """Debian's nginx; skips without one, but never in CI."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program and shutil.which("envsubst") and shutil.which("openssl"):
        return program
    reason = (
        "nginx, envsubst or openssl was not found "
        "(Debian: apt-get install nginx gettext-base openssl)"
    )
    if os.environ.get("SEMSEG_NEED_NGINX"):
        pytest.fail(reason)
    pytest.skip(reason)


def fill_in(template: Path, place: Path, values: dict[str, str]) -> None:
    """Write `template` with its ${SEMSEG_...} replaced, by the program the nginx image uses."""
    named = " ".join(f"${{{name}}}" for name in values)
    filled = subprocess.run(
        ["envsubst", named],
        input=template.read_bytes(),
        env={**values, "PATH": os.environ["PATH"]},
        check=True,
        capture_output=True,
    ).stdout
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(filled)


@contextmanager
def nginx(replicas: Sequence[Server], certificates: Path | None = None) -> Iterator[Server]:
    """nginx in front of these replicas, run by nobody; a missing third one is down.

    With `certificates`, HTTPS is spoken at the port ``server.tls_port``.
    """
    program = nginx_program()
    port, tls_port = free_port(), free_port()
    addresses = [f"127.0.0.1:{each.port}" for each in replicas]
    while len(addresses) < 3:
        addresses.append(f"127.0.0.1:{free_port()}")
    values = {f"SEMSEG_REPLICA_{n + 1}": address for n, address in enumerate(addresses)}
    values |= {
        "SEMSEG_LISTEN": f"127.0.0.1:{port}",
        "SEMSEG_LISTEN_TLS": f"127.0.0.1:{tls_port}",
        "SEMSEG_MAX_UPLOAD_MB": str(MAX_UPLOAD_MB),
        "SEMSEG_UPLOADS_PER_S": "5",
        "SEMSEG_VISITS_PER_S": "5",
        "SEMSEG_PEOPLE": str(PEOPLE),
    }
    with tempfile.TemporaryDirectory(prefix="semseg-nginx-") as name:
        folder = Path(name)
        fill_in(ROOT / "deploy/nginx.conf.template", folder / "nginx.conf", values)
        if certificates:
            shutil.copytree(certificates, folder / "certificates")
            values["SEMSEG_CERTIFICATES"] = f"{name}/certificates"
            fill_in(ROOT / "deploy/tls.conf.template", folder / "tls/tls.conf", values)
        log = folder / "log.txt"
        log.touch()
        how = {}
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
            how = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        command = [program, "-p", name, "-c", f"{name}/nginx.conf", "-g", "daemon off;"]
        server = Server(command, "/nginx-health", port, log, **how)
        server.tls_port = tls_port
        server.folder = folder
        server.start()
        try:
            yield server
        finally:
            server.stop()
