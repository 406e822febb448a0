"""A measure that Python's table has got stands in every list of the view."""

import shutil

import pytest
from playwright.sync_api import expect

from tests.support.added_measures import NAMES, SHAPE, SIZE, package_with_added_measures
from tests.support.view import APP, POINTS, View


@pytest.fixture(scope="module")
def url(serve, tmp_path_factory):
    home = package_with_added_measures(tmp_path_factory.mktemp("package"))
    return serve(shutil.copy(APP, home), home=home)


@pytest.fixture
def view(chromium, url):
    context = chromium.new_context(viewport={"width": 1400, "height": 1300})
    view = View(context, f"{url}?count=40")
    yield view
    view.close()
    context.close()


def test_added_measures_are_in_the_view(view):
    page = view.page
    heads = page.locator(".sv-head .sv-cell").all_inner_texts()
    assert "Mean Feret (nm)" in heads
    assert "Slender" in heads

    page.locator(".sv-controls [name=size]").select_option(SIZE)
    known = view.known()
    assert known["size"] == SIZE
    assert float(view.number("mean")) == pytest.approx(known["numbers"]["mean"], rel=1e-3)
    assert f"{NAMES[SIZE]} (nm)" in page.locator(".sv-histogram .xtitle").text_content()

    page.locator(".sv-segments").get_by_text("Shape").click()
    page.locator(".sv-controls [name=shape]").select_option(SHAPE)
    view.ready(POINTS)
    titles = page.locator(POINTS)
    assert f"{NAMES[SIZE]} (nm)" in titles.locator(".xtitle").text_content()
    assert NAMES[SHAPE] in titles.locator(".ytitle").text_content()

    page.locator(".sv-row").first.click()
    for name in NAMES.values():
        expect(page.locator(".sv-facts").get_by_title(name)).to_be_visible()
