"""Statistics and replay, in a real browser."""

from __future__ import annotations

import json

from semseg.data import sample_path


def test_statistics_follow_the_filter_and_come_along(visit):
    visitor = visit("/?sample=1")
    visitor.shown()
    visitor.threshold(0.97)
    kept = visitor.number("kept")
    visitor.tab("Statistics")
    visitor.page.get_by_text(f"of {kept} particles in 1 picture").wait_for()
    visitor.page.locator("[data-testid=stPlotlyChart] .main-svg").first.wait_for()
    visitor.tab("Sizes")
    report = visitor.download("Report").decode()
    assert f"n = {kept} particles" in report
    session = json.loads(visitor.download("Session"))
    assert session["pictures"][0]["result"]["kept"] == kept


def test_a_view_that_was_made_in_a_closed_tab_fills_its_place(visit):
    visitor = visit("/?sample=1")
    visitor.page.get_by_role("tab", name="Statistics").click()
    visitor.page.get_by_text("95 % interval").first.wait_for()
    visitor.tab("Sizes")
    visitor.shown()
    visitor.page.wait_for_function(
        """() => {
          const sight = document.querySelector(".sv-stage")?.dataset.sight;
          if (!sight) return false;
          const { zoom, width, height } = JSON.parse(sight);
          // whole, and no smaller than its place allows
          return Math.abs(Math.max((1024 * zoom) / width, (768 * zoom) / height) - 1) < 0.03;
        }"""
    )


def test_decisions_by_hand_come_back_with_their_session(visit):
    visitor = visit()
    visitor.upload(("mine.tif", sample_path().read_bytes()))
    visitor.shown()
    found = visitor.number("kept")
    visitor.page.locator(".sv-body [role=row]").first.click()
    visitor.page.locator(".sv-card").get_by_role("button", name="Exclude").click()
    visitor.quiet()
    session = visitor.download("Session")
    visitor.page.locator(".sv-card").get_by_role("button", name="Restore").click()
    visitor.quiet()
    assert visitor.number("kept") == found
    visitor.page.get_by_text("Replay an earlier result").click()
    visitor.upload(("session.json", session), key="settings_file")
    visitor.shown()
    assert visitor.number("kept") == found - 1
    visitor.page.get_by_text("Identical to the session, particle by particle.").wait_for()
