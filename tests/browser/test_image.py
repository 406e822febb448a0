"""The container image, where SEMSEG_NEED_IMAGE=1 asks for it: built, looked into, run and ended.

Every container has a file system that is read-only, no capability and no root. What runs in the
image without the page has a row in `COMMANDS`.
"""

from __future__ import annotations

import json
import os
import shutil
import socket

import pytest

from semseg.data import sample_path
from tests.support import image as images
from tests.support.command import ENDINGS
from tests.support.server import until
from tests.support.visitor import Visitor

pytestmark = pytest.mark.slow  # minutes, but only where it is asked for

ENDED = (0, 143)  # by itself, or by SIGTERM; 137 would be SIGKILL, after `ENDING_S`
ENDING_S = 30
# Podman may wait 20 s for the process that watched the container, when nobody asks for its status
CLEARED_S = 2 * ENDING_S
CRASHED = (
    "Traceback",
    "Fatal Python error",
    "Segmentation fault",
    "core dumped",
    "terminate called",
)
# a word of the command in the manual, and a file that it leaves beside the picture
COMMANDS = {"analyze": "results/image.summary.json", "batch": "run/pooled.csv"}
WORKERS = 2


@pytest.fixture(scope="module")
def image():
    images.wanted()
    with images.built() as image:
        yield image


@pytest.fixture
def page(image, tmp_path):
    """The page in a container, healthy."""
    server = image.serve(tmp_path / "log.txt", f"page-{os.getpid()}")
    server.start()
    images.settled()
    yield server
    image.run("podman rm --all --force --time 0")


@pytest.fixture(scope="module")
def inventory(image):
    return image.inventory()


def test_the_page_and_its_packages_are_in_the_image_and_nothing_else(inventory):
    ours = {each.path.split("/")[2] for each in inventory if each.path.startswith("/app/")}
    expected = {".streamlit", "LICENSE", "deploy", "models", "semseg", "static", "streamlit_app.py"}
    assert ours == expected
    deployed = [each.name for each in inventory if each.path.startswith("/app/deploy/")]
    assert [name for name in deployed if not name.endswith(".pyc")] in (
        ["prepare_image.py"],
        ["__pycache__", "prepare_image.py"],
    )
    laid = [each for each in inventory if each.path.startswith(("/app/", "/opt/"))]
    unwanted = {"tests", "pip", ".cache", ".git", "node_modules"}
    assert [each.path for each in laid if each.name in unwanted] == []


@pytest.mark.parametrize("folder", ["/tmp/", "/.cache/", "/run/secrets/", "/var/lib/apt/lists/"])
def test_nothing_is_left_of_making_it(inventory, folder):
    assert [each.path for each in inventory if folder in each.path] == []
    assert "/etc/pip.conf" not in {each.path for each in inventory}


def test_the_user_can_write_where_everybody_can_and_nowhere_else(inventory):
    writable = {each.path for each in inventory if each.writable}
    assert writable <= {"/tmp", "/var/tmp", "/run/lock"}


def test_the_page_in_a_container_measures_the_sample(image, page, chromium):
    health = image.run(f"podman healthcheck run page-{os.getpid()}")
    assert health.returncode == 0, health.stderr
    visitor = Visitor(chromium, page.url)
    visitor.button("Try the sample")
    visitor.shown()
    assert visitor.number("kept") == 182
    assert visitor.faults == []
    visitor.context.close()
    assert page.stop(CLEARED_S) in ENDED
    assert not [word for word in CRASHED if word in page.log.read_text("utf-8")]


def test_a_container_that_is_ended_amid_an_analysis_does_not_crash(page, chromium, draw):
    visitor = Visitor(chromium, page.url, "/?width=5000")
    picture = draw((1100, 1500), 40.0, seed=3).png()
    given = [{"name": "mine.png", "mimeType": "image/png", "buffer": picture}]
    visitor.page.locator(".st-key-uploads input[type=file]").set_input_files(given)
    visitor.stage("mine.png").wait_for()
    assert page.stop(CLEARED_S) in ENDED
    visitor.context.close()
    assert not [word for word in CRASHED if word in page.log.read_text("utf-8")]


def test_a_container_that_is_ended_as_soon_as_it_begins_does_not_wait_to_be_killed(image):
    """No process has said yet what it does at SIGTERM, which the first one would never get."""
    name = f"early-{os.getpid()}"
    begun = images.documented("--publish").replace(images.PUBLISHED, "127.0.0.1::8501")
    done = image.run(begun.replace("--rm", f"--detach --name {name}"))
    assert done.returncode == 0, done.stderr
    _, status = stopped(image, name)
    assert status in ENDED


@pytest.mark.parametrize("word", COMMANDS)
def test_a_command_runs_in_a_container(image, word, tmp_path):
    folder = pictures(tmp_path, "image.tif")
    done = image.run(command(word), folder)
    assert done.returncode == 0, done.stderr
    result = folder / COMMANDS[word]
    assert result.stat().st_uid == (images.USER if os.geteuid() == 0 else os.geteuid())


def test_a_command_that_is_ended_amid_an_analysis_does_not_crash(image, tmp_path):
    folder = pictures(tmp_path, "image.tif", *(f"{n}.tif" for n in range(9)))
    name = f"analyze-{os.getpid()}"
    named = command("analyze").replace("--rm", f"--detach --name {name}")
    assert image.run(named.replace("image.tif", "*.tif"), folder).returncode == 0
    log = f"podman logs {name}"
    until(lambda: "particles" in image.run(log).stdout, "the first of ten pictures")
    said, status = stopped(image, name)
    assert status in ENDED
    assert not [word for word in CRASHED if word in said]
    written = {path.name.split(".", 1)[1] for path in (folder / "results").iterdir()}
    assert written == set(ENDINGS)


def test_a_run_is_shared_out_to_the_workers_of_compose(image, tmp_path):
    folder = pictures(tmp_path, *(f"{n}.tif" for n in range(6)))
    network = f"batch-{os.getpid()}"
    assert image.run(f"podman network create --internal {network}").returncode == 0
    try:
        for name in ("scheduler", *["worker"] * WORKERS):
            started = images.service(name, network, folder).replace("run", "run --detach", 1)
            done = image.run(started)
            assert done.returncode == 0, done.stderr
        done = image.run(images.service("batch", network, folder) + " . --output run")
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        image.run("podman rm --all --force --time 0")
        image.run(f"podman network rm {network}")
    rows = [json.loads(line) for line in (folder / "run/ledger.jsonl").read_text().splitlines()]
    assert sorted((row["name"], row["state"], row["kept"]) for row in rows) == [
        (f"{n}.tif", "done", 182) for n in range(6)
    ]
    hosts = {row["worker"].partition(":")[0] for row in rows}
    assert 1 <= len(hosts) <= WORKERS
    assert socket.gethostname() not in hosts
    assert (folder / "run/images.parquet").exists()


def stopped(image, name):
    """What a container has said that is now ended, and its status."""
    image.run(f"podman stop --time {ENDING_S} {name}")
    status = image.run(f"podman inspect --format '{{{{.State.ExitCode}}}}' {name}").stdout
    said = image.run(f"podman logs {name}")
    image.run(f"podman rm --force {name}")
    return said.stdout + said.stderr, int(status)


def pictures(folder, *names):
    """A folder that the user of the container may write to, with the sample under these names."""
    for name in names:
        shutil.copyfile(sample_path(), folder / name)
    if os.geteuid() == 0:
        os.chown(folder, images.USER, images.USER)
    return folder


def command(word):
    """That of the manual; root, who runs it for a test, is not root within."""
    asked = images.documented(word)
    mine = '"$(id -u):$(id -g)"'
    assert mine in asked
    return asked.replace(mine, f"{images.USER}:{images.USER}") if os.geteuid() == 0 else asked
