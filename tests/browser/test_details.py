"""What a person says of the sample, typed on the page."""


def test_what_is_typed_right_before_the_click_is_in_the_report(visit):
    visitor = visit("/?sample=1")
    visitor.shown()
    visitor.page.get_by_text("Title, sample, operator, notes").click()
    visitor.page.locator(".st-key-details_title_picture input").fill("Batch 7 of today")
    assert "<h1>Batch 7 of today</h1>" in visitor.download("Report").decode()
