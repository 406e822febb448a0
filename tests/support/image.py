"""The container image: built by ``deploy/image``, run by Podman with the commands of
``docs/hosting.md``, which are Docker's, too."""

from __future__ import annotations

import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.support.paths import ROOT
from tests.support.server import Server, free_port, until

USER = 10001
# what must be there, and the Debian package that has it
PROGRAMS = {
    "buildah": "buildah",
    "podman": "podman",
    "runc": "runc",
    "iptables": "iptables",
    "catatonit": "catatonit",
}
PUBLISHED = "127.0.0.1:8501:8501"  # in the manual
# the quickest first: vfs copies the whole image for every container
DRIVERS = (
    'driver = "overlay"',
    'driver = "overlay"\n[storage.options.overlay]\nmount_program = "/usr/bin/fuse-overlayfs"',
    'driver = "vfs"',
)
TENTATIVE = 0x40  # of an address, in /proc/net/if_inet6
# every file but those of the kernel: its path, owner, mode, and whether it is a link
_INVENTORY = """
import json, os, stat
found = []
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders[:] = sorted(set(folders) - {"dev", "proc", "sys"})
    for name in folders + files:
        path = os.path.join(folder, name)
        about = os.lstat(path)
        found.append([path, about.st_uid, about.st_mode & 0o7777, stat.S_ISLNK(about.st_mode)])
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Inside:
    """A file or folder in the image; `writable` by the user that it runs as."""

    path: str
    writable: bool

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Image:
    """An image in a store of its own, which `environment` leads buildah and Podman to."""

    environment: dict[str, str]

    def run(self, command: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """What a command of the shell says that was run in `folder`."""
        return subprocess.run(
            ["bash", "-c", command],
            env=self.environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=3600,
        )

    def serve(self, log: Path, name: str) -> Server:
        """The page in a container of this name, not yet started, as the manual starts it."""
        port = free_port()
        asked = documented("--publish").replace(PUBLISHED, f"127.0.0.1:{port}:8501")
        named = asked.replace("podman run", f"exec podman run --name {name}")
        command = ["bash", "-c", named]
        return Server(command, "/_stcore/health", port, log, env=self.environment)

    def inventory(self) -> list[Inside]:
        """All that is in the image, seen by root."""
        look = "podman run --rm --network none --user 0 --entrypoint python semseg -c"
        done = subprocess.run(
            [*look.split(), _INVENTORY], env=self.environment, capture_output=True, check=True
        )
        return [
            Inside(path, not link and (owner == USER or bool(mode & 0o002)))
            for path, owner, mode, link in json.loads(done.stdout)
        ]


def documented(word: str) -> str:
    """The command of the manual that runs the image and has this word, for Podman."""
    manual = (ROOT / "docs/hosting.md").read_text("utf-8")
    found = re.findall(r"^docker run (?:.*\\\n)*.*$", manual, flags=re.M)
    (command,) = (each for each in found if word in each)
    return command.replace("docker run", "podman run").replace("\\\n", " ")


def service(name: str, network: str, folder: Path) -> str:
    """What ``compose.yaml`` starts as this service, for Podman, with `folder` as its ``/data``."""
    of = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"][name]
    assert of["read_only"]
    assert of["cap_drop"] == ["ALL"]
    assert of["volumes"] == ["${SEMSEG_DATA:-./data}:/data"]
    words = ["podman", "run", "--read-only", "--cap-drop", "ALL", "--init", "--volume"]
    words += [f"{folder}:/data", "--workdir", of["working_dir"], "--user", f"{USER}:{USER}"]
    words += ["--network", network, "--network-alias", name, "--tmpfs", *of["tmpfs"]]
    for option in of["security_opt"]:
        words += ["--security-opt", option.removesuffix(":true")]
    for key, value in of.get("environment", {}).items():
        words += ["--env", f"{key}={value}"]
    return shlex.join([*words, "--entrypoint", json.dumps(of["entrypoint"]), of["image"]])


def settled() -> None:
    """Wait until this machine's addresses are: a container has just got a network interface.

    An address of IPv6 is tried for a second or two before it counts, and Chromium gives up whatever
    it is fetching when it does (ERR_NETWORK_CHANGED): the page would stay empty.
    """
    addresses = Path("/proc/net/if_inet6")

    def none_is_tried() -> bool:
        lines = addresses.read_text("ascii").splitlines() if addresses.exists() else []
        return not [line for line in lines if int(line.split()[4], 16) & TENTATIVE]

    until(none_is_tried, "an address for every network interface")


def wanted() -> None:
    """Skips unless the image is asked for; then it fails without the programs."""
    if os.environ.get("SEMSEG_NEED_IMAGE") != "1":
        pytest.skip(
            "SEMSEG_NEED_IMAGE=1 builds the container image and runs it, which takes minutes"
        )
    path = f"{os.environ['PATH']}:/usr/sbin:/usr/libexec/podman"
    missing = [package for name, package in PROGRAMS.items() if not shutil.which(name, path=path)]
    if missing:
        pytest.fail(f"the container image needs {' '.join(missing)} (apt-get install ...)")


@contextmanager
def built() -> Iterator[Image]:
    """The image in a store of its own; its base is fetched, or made where no registry is reached.

    The store is deleted afterwards, unless SEMSEG_IMAGE_STORE names a folder for it: then the next
    build begins with what this one has made.
    """
    kept = os.environ.get("SEMSEG_IMAGE_STORE")
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield from _built(kept)
    else:
        # Podman wants the path short
        with tempfile.TemporaryDirectory(prefix="semseg-", ignore_cleanup_errors=True) as name:
            yield from _built(name)


def _built(folder: str) -> Iterator[Image]:
    image = Image({**os.environ, **_configured(Path(folder))})
    try:
        there = image.run(f"buildah inspect --type image {base()}").returncode == 0
        if not there and image.run(f"buildah pull {base()}").returncode:
            _well(image.run("deploy/image stand-in"))
        _well(image.run("deploy/image build"))
        yield image
    finally:
        image.run("podman rm --all --force --time 0")
        if not os.environ.get("SEMSEG_IMAGE_STORE"):
            image.run("buildah rm --all; buildah rmi --all --force")


def _configured(folder: Path) -> dict[str, str]:
    """Variables that lead buildah and Podman to a store in `folder`, with the quickest driver that
    works there, and let no container have more than this process may give."""
    storage, containers = folder / "storage.conf", folder / "containers.conf"
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    containers.write_text(
        '[containers]\nlog_driver = "k8s-file"\n'
        f'default_ulimits = ["nofile={files}:{files}", "nproc=1024:1024"]\n'
        # crun refuses hosts that mix both versions of control groups
        '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
    )
    variables = {
        "CONTAINERS_STORAGE_CONF": str(storage),
        "CONTAINERS_CONF": str(containers),
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
    }
    for driver in DRIVERS:
        storage.write_text(
            f'[storage]\nrunroot = "{folder}/run"\ngraphroot = "{folder}/store"\n{driver}\n'
        )
        if Image({**os.environ, **variables}).run("podman info").returncode == 0:
            return variables
    pytest.fail("buildah and Podman have no storage driver that works here")


def base() -> str:
    """The image that the Dockerfile begins with."""
    (name,) = set(re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.M))
    return f"docker.io/library/{name}"


def _well(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        pytest.fail(f"{done.args[-1]}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
