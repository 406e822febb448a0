"""Somebody before the sample, for all tests of a module: each leaves it as it was found."""

from __future__ import annotations

import pytest

from tests.support.editing import SAMPLE, table
from tests.support.visitor import Visitor


@pytest.fixture(scope="module")
def visitor(chromium, url):
    person = Visitor(chromium, url, SAMPLE)
    person.shown()
    yield person
    person.context.close()


@pytest.fixture(scope="module")
def found(visitor):
    return table(visitor)
