"""The package as others get it: built, installed into a fresh environment, run from elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from semseg.data import sample_path
from semseg.version import __version__
from tests.support.command import ENDINGS, names, one_sentence
from tests.support.paths import ROOT
from tests.support.server import Server, free_port
from tests.support.visitor import Visitor

pytestmark = pytest.mark.slow

TEAL = "#0f766e"  # primaryColor of .streamlit/config.toml; Streamlit's own is red


@dataclass(frozen=True)
class Installed:
    """An environment that holds the package and what pip installed with it, and a folder."""

    wheel: Path
    programs: Path
    folder: Path

    def run(self, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run one of its programs in its folder."""
        return subprocess.run(
            [str(self.programs / program), *map(str, arguments)],
            cwd=self.folder,
            env=self.variables(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    def variables(self) -> dict[str, str]:
        """Those of somebody who never started Streamlit and has no checkout."""
        foreign = ("PYTHONPATH", "STREAMLIT_", "SEMSEG_")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        return {**kept, "HOME": str(self.folder), "STREAMLIT_SERVER_HEADLESS": "true"}

    def install(self, what: str) -> None:
        done = self.run("python", "-m", "pip", "install", "--quiet", "--no-compile", what)
        assert done.returncode == 0, done.stderr

    def package(self) -> Path:
        """Where semseg was installed."""
        done = self.run("python", "-c", "import semseg; print(semseg.__file__)")
        return Path(done.stdout.strip()).parent


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    """The wheel out of the source distribution, installed with what `analyze` needs."""
    # not pytest's folder, which keeps those of the last three runs: it takes a gigabyte
    with tempfile.TemporaryDirectory(prefix="semseg-install-") as name:
        place = Path(name)
        build = [sys.executable, "-m", "build", "--quiet", "--outdir", str(place), str(ROOT)]
        done = subprocess.run(build, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        (wheel,) = place.glob("*.whl")
        venv.create(place / "environment", with_pip=True)
        programs = place / "environment" / ("Scripts" if os.name == "nt" else "bin")
        (place / "elsewhere").mkdir()
        fresh = Installed(wheel, programs, place / "elsewhere")
        fresh.install(str(wheel))
        yield fresh


def test_analyze_runs_without_streamlit(installed):
    assert installed.run("python", "-c", "import streamlit").returncode == 1
    assert installed.run("semseg", "--version").stdout == f"semseg {__version__}\n"
    shutil.copyfile(sample_path(), installed.folder / "mine.tif")
    done = installed.run("semseg", "analyze", "mine.tif", "--output", "out", "--report")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("mine.tif: 182 of 182 particles kept")
    assert {f"mine.{ending}" for ending in ENDINGS} < set(names(installed.folder / "out"))


def test_what_only_checks_types_of_javascript_is_not_installed(installed):
    files = _files(installed.package())
    assert "viewer/viewer.js" in files
    assert not [name for name in files if name.endswith(".ts") or "node_modules" in name]


def test_without_streamlit_the_page_says_how_to_install_it(installed):
    done = installed.run("semseg", "page")
    assert done.returncode == 2
    assert "pip install streamlit" in one_sentence(done.stderr)


def test_the_page_shows_the_sample_with_its_settings(installed, chromium):
    installed.install(f"{installed.wheel}[page]")
    before = _files(installed.package())
    port = free_port()
    command = [str(installed.programs / "semseg"), "page", "--port", str(port)]
    log = installed.folder / "page.txt"
    server = Server(
        command, "/_stcore/health", port, log, cwd=installed.folder, env=installed.variables()
    )
    server.start()
    try:
        visitor = Visitor(chromium, server.url)
        figure = visitor.page.locator("[data-testid=stImage] img")
        figure.evaluate("async (image) => await image.decode()")  # fails where it does not load
        visitor.button("Try the sample")
        visitor.shown()
        assert visitor.number("kept") == 182
        view = visitor.page.locator(".semseg-viewer")
        colour = "view => getComputedStyle(view).getPropertyValue('--st-primary-color')"
        assert view.evaluate(colour) == TEAL
        visitor.context.close()
        assert visitor.faults == []
    finally:
        assert server.stop() == 0, log.read_text("utf-8")
    assert _files(installed.package()) == before
    assert "Traceback" not in log.read_text("utf-8")


def _files(folder: Path) -> set[str]:
    """What lies in a package, but for what Python compiles."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
