"""Back, forward, and links that carry settings."""

from __future__ import annotations

from playwright.sync_api import expect


def entries(visitor) -> int:
    return visitor.page.evaluate("history.length")


def open_tab(visitor) -> str:
    return visitor.page.locator("[role=tab][aria-selected=true]").first.inner_text()


def test_back_and_forward_move_the_page(visit):
    visitor = visit()
    visitor.button("Try the sample")
    visitor.shown()
    assert visitor.query() == {"sample": ["1"]}
    found = visitor.number("kept")
    before = entries(visitor)
    for threshold in (0.5, 0.9, 0.98):
        visitor.threshold(threshold)
    assert visitor.query() == {"sample": ["1"], "filter": ["0.98"]}
    assert entries(visitor) == before  # no step of the slider is one to go back to
    assert visitor.number("kept") < found
    kept = visitor.number("kept")

    visitor.tab("Statistics")
    visitor.tab("Prepare")
    assert entries(visitor) == before + 2
    visitor.page.go_back()
    visitor.quiet()
    assert open_tab(visitor) == "Statistics"
    visitor.page.go_back()
    visitor.quiet()
    assert open_tab(visitor) == "Sizes"
    assert visitor.query() == {"sample": ["1"], "filter": ["0.98"]}
    visitor.page.go_back()
    expect(visitor.page.get_by_role("button", name="Try the sample")).to_be_visible()
    visitor.page.go_forward()
    visitor.shown()
    assert visitor.number("kept") == kept
    visitor.page.go_forward()
    visitor.quiet()
    assert open_tab(visitor) == "Statistics"
    assert entries(visitor) == before + 2


def test_back_keeps_what_was_decided_by_hand(visit):
    visitor = visit("/?sample=1")
    visitor.shown()
    kept = visitor.number("kept")
    visitor.exclude()
    assert visitor.number("kept") == kept - 1
    visitor.tab("Statistics")
    visitor.page.go_back()
    visitor.quiet()
    assert open_tab(visitor) == "Sizes"
    assert visitor.number("kept") == kept - 1


def test_a_link_says_what_it_sets_and_can_be_reset(visit):
    visitor = visit("/?sample=1&rescale=1.5&filter=0.98&edges=weight")
    visitor.shown()
    link = visitor.page.locator(".st-key-link")
    expect(link).to_contain_text("This link sets: rescale 1.5, filter 0.98, edges weight.")
    by_link = visitor.number("kept")
    visitor.button("Use the usual settings")
    visitor.shown()
    expect(link).to_have_count(0)
    assert visitor.query() == {"sample": ["1"]}
    assert visitor.number("kept") > by_link
    # and back again, since another factor is an entry of its own
    visitor.page.go_back()
    visitor.quiet()
    assert visitor.query()["rescale"] == ["1.5"]
    assert visitor.number("kept") == by_link


def test_a_link_that_sets_nothing_says_nothing(visit):
    visitor = visit("/?sample=1&tab=statistics")
    visitor.page.get_by_text("Minimum Feret diameter of").wait_for()
    visitor.quiet()
    assert open_tab(visitor) == "Statistics"
    assert visitor.page.locator(".st-key-link").count() == 0
