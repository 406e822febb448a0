"""What several test files share: the network, and drawn pictures whose truth is known."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import hypothesis
import pytest

# no test fails because the machine is busy
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

# before anything of it is imported, so that assertions of helpers tell what differs
pytest.register_assert_rewrite("tests.support")

from semseg.inference.segmenter import Segmenter  # noqa: E402
from tests.support.drawn_picture import Drawn, draw_separated  # noqa: E402
from tests.support.network import load_segmenter  # noqa: E402
from tests.support.signals import sigint  # noqa: E402


@pytest.fixture(scope="session")
def make_segmenter() -> Callable[..., Segmenter]:
    """Load the shipped network with these options."""
    return load_segmenter


@pytest.fixture(scope="session")
def segmenter() -> Segmenter:
    """The shipped network, loaded once."""
    return load_segmenter()


@pytest.fixture(scope="session")
def draw() -> Callable[..., Drawn]:
    """`draw_separated`, for tests that need a picture of their own."""
    return draw_separated


@pytest.fixture(scope="session")
def drawn() -> Drawn:
    """352 x 448 px with 48 separated particles of 36 px."""
    return draw_separated((352, 448), 36.0)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C interrupts this process and those that it starts."""
    with sigint(signal.default_int_handler):
        yield


def pytest_terminal_summary(terminalreporter) -> None:
    """Why tests were tried once more (`tests/browser/conftest.py`): else nobody would know."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"tried once more: {report.nodeid}")
        terminalreporter.line(report.longreprtext)
