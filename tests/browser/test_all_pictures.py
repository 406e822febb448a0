"""Several pictures in a real browser: as they come, beside each other, one after the other."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from semseg.data import sample_path

NAMES = ("one.png", "two.png", "three.png", "four.png")
BAR = "[class*=st-key-under_way]"


def piece(number: int, enlarged: int = 1) -> bytes:
    """A part of the sample, turned; its particles are so much larger than in the others."""
    wide, high = 640 // enlarged, 480 // enlarged
    left = 20 * number
    with Image.open(sample_path()) as sample:
        part = sample.convert("L").crop((left, 100, left + wide, 100 + high))
    out = io.BytesIO()
    part.rotate(180 * (number % 2)).resize((640, 480)).save(out, "png")
    return out.getvalue()


FOUR = [(name, piece(number)) for number, name in enumerate(NAMES)]


def give(visitor, *files: tuple[str, bytes]) -> None:
    """Choose files, and do not wait for what comes of them."""
    visitor.page.locator(".st-key-uploads input[type=file]").set_input_files(
        [{"name": name, "mimeType": "image/png", "buffer": content} for name, content in files]
    )


def seen(visitor) -> None:
    """Wait for the outlines of the picture that is chosen."""
    visitor.page.wait_for_selector(".semseg-viewer[data-shown]")
    visitor.answered()


def chosen(visitor) -> str:
    return visitor.page.locator(".st-key-picture input").input_value()


def all_pictures(visitor) -> None:
    """Open the view of all; what it wants done in the background is not waited for."""
    visitor.page.get_by_role("tab", name="All pictures").click()
    visitor.page.locator(".semseg-pictures[data-shown]").wait_for()
    visitor.answered()


def curves(visitor) -> list[dict]:
    """Colour, width and opacity of each density."""
    return visitor.page.locator(".sp-graph").evaluate(
        """graph => graph.data.filter(trace => trace.yaxis !== "y2").map(({name, line, opacity}) =>
          ({name, colour: line.color, width: line.width, opacity}))"""
    )


@pytest.fixture(scope="module")
def place(chromium, url):
    """Somebody before four pictures, one of which is unlike the others; all in their own view."""
    from tests.support.visitor import Visitor

    visitor = Visitor(chromium, url, "/?width=4700")
    give(visitor, *FOUR[:3], ("larger.png", piece(3, enlarged=2)))
    seen(visitor)
    all_pictures(visitor)
    visitor.quiet()
    yield visitor
    visitor.context.close()
    assert visitor.faults == []


def test_the_first_is_shown_before_the_last_is_done_and_the_rest_can_be_cancelled(visit):
    visitor = visit("/?rescale=3")  # so that it lasts a while
    page = visitor.page
    give(visitor, *[(f"{number}.png", piece(number)) for number in range(16)])
    page.wait_for_selector(".semseg-viewer[data-shown]")
    bar = page.locator(".st-key-under_way_aside")
    expect(bar).to_contain_text(re.compile(r"\d+ of 16: "))
    expect(bar).to_contain_text(re.compile(r"(a few seconds|about \d+ (s|min)) left"))
    expect(bar).to_contain_text("15.png: waits")
    # everything answers meanwhile
    visitor.threshold_now(0.97)
    expect(bar).to_be_visible()
    page.get_by_role("button", name="Cancel the rest").click()
    page.get_by_text("not analysed, since you stopped").wait_for()
    visitor.answered()
    assert page.locator(BAR).count() == 0
    done = 16 - int(re.search(r"(\d+) pictures? w", visitor.text())[1])
    assert 0 < done < 16
    all_pictures(visitor)
    assert page.locator(".sp-state", has_text="not analysed").count() == 16 - done
    assert "(stopped)" in visitor.text()
    page.get_by_role("button", name="Go on").click()
    page.locator(BAR).wait_for()
    visitor.answered()
    assert page.locator(".sp-state").count() == 0
    assert page.locator(".sp-figures").count() == 16


def test_the_view_stays_where_it_is_when_what_is_under_way_ends(visit):
    visitor = visit("/?width=4700")
    page = visitor.page
    give(visitor, *FOUR[:2])
    page.wait_for_selector(".semseg-viewer[data-shown]")
    page.evaluate(
        """() => {
          window.tops = new Set();
          const look = () => {
            const tabs = document.querySelector("[role=tablist]");
            const key = ["under_way_aside", "in_background"].find(
              (each) => document.querySelector(`.st-key-${each}`));
            window.tops.add(`${key ?? "nothing"} ${tabs.getBoundingClientRect().top}`);
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    visitor.quiet()
    tops = [each.split() for each in page.evaluate("[...tops]")]
    assert {key for key, _ in tops} > {"nothing"}
    assert len({top for _, top in tops}) == 1, tops


def test_a_failing_file_among_good_ones_is_named_and_the_others_come(visit):
    visitor = visit()
    flat = io.BytesIO()
    Image.fromarray(np.full((9, 9), 7, np.uint8)).save(flat, "png")
    give(visitor, FOUR[0], ("tiny.png", flat.getvalue()), ("torn.png", FOUR[1][1][:900]), FOUR[2])
    seen(visitor)
    said = " ".join(visitor.page.locator("[data-testid=stAlert]").all_inner_texts())
    assert "tiny.png" in said
    assert "torn.png" in said
    all_pictures(visitor)
    names = visitor.page.locator(".sp-name").all_inner_texts()
    assert names == ["one.png", "three.png"]


def test_pictures_are_shown_one_after_the_other_by_button_and_key(visit):
    visitor = visit()
    give(visitor, *FOUR[:3])
    seen(visitor)
    page = visitor.page
    previous, following = (page.get_by_role("button", name=name) for name in ("Previous", "Next"))
    assert chosen(visitor).startswith("1 of 3: one.png")
    assert previous.is_disabled()
    following.click()
    page.wait_for_function("document.querySelector('.st-key-picture input').value[0] === '2'")
    visitor.answered()
    first = visitor.number("found")
    page.keyboard.press("n")
    page.wait_for_function("document.querySelector('.st-key-picture input').value[0] === '3'")
    visitor.answered()
    assert following.is_disabled()
    assert visitor.query()["picture"] == ["3"]
    page.keyboard.press("p")
    page.wait_for_function("document.querySelector('.st-key-picture input').value[0] === '2'")
    visitor.answered()
    assert visitor.number("found") == first
    page.get_by_role("tab", name="Prepare").click()
    page.keyboard.press("p")
    page.wait_for_function("document.querySelector('.st-key-picture input').value[0] === '1'")
    # in a field the letter is a letter
    field = visitor.scale_field()
    field.focus()
    field.press("n")
    visitor.answered()
    assert chosen(visitor).startswith("1 of 3")


def test_one_that_is_unlike_the_others_is_marked_with_the_reason(place):
    cards = place.page.locator(".sp-card")
    assert cards.count() == 4
    marked = place.page.locator(".sp-odd")
    assert marked.count() == 1
    assert "larger.png" in marked.inner_text()
    assert re.search(r"its (median|rescale factor) is", marked.inner_text())
    assert "1 unlike the others" in place.text()
    place.page.locator(".sp-order select").select_option("unlike")
    assert "larger.png" in cards.first.inner_text()
    place.page.locator(".sp-order select").select_option("name")
    assert "larger.png" in cards.first.inner_text()
    place.page.locator(".sp-order select").select_option("given")
    assert "one.png" in cards.first.inner_text()


def test_the_outlines_are_on_every_picture(place):
    for index in range(4):
        card = place.page.locator(".sp-card").nth(index)
        counted = int(re.search(r"(\d+) particles", card.inner_text())[1])
        paths = card.locator("path[vector-effect], .sp-thumb path")
        paths.first.wait_for(state="attached")  # they may come a moment after the picture
        drawn = sum(len(re.findall("M", each.get_attribute("d"))) for each in paths.all())
        assert drawn >= counted > 5
        # they lie where the picture is
        box = card.locator(".sp-thumb").bounding_box()
        line = paths.last.bounding_box()
        assert line["x"] > box["x"] - 2
        assert line["x"] + line["width"] < box["x"] + box["width"] + 2
        assert line["width"] > box["width"] / 2


def test_what_is_pointed_at_stands_out_among_the_curves_and_the_other_way_round(place):
    page = place.page
    usual = curves(place)
    assert [each["name"] for each in usual] == ["all together", *NAMES[:3], "larger.png"]
    assert len({each["colour"] for each in usual}) == 5
    page.locator(".sp-card").nth(1).hover()
    page.wait_for_selector(".semseg-pictures[data-marked='1'] .sp-graph[data-marked='1']")
    two = [each for each in curves(place) if each["name"] == "two.png"]
    others = [each for each in curves(place) if each["name"] != "two.png"]
    assert two[0]["opacity"] == 1
    assert two[0]["width"] > 2
    assert all(each["opacity"] < 0.5 for each in others)
    page.mouse.move(5, 5)
    page.wait_for_selector(".semseg-pictures:not([data-marked]) .sp-graph:not([data-marked='1'])")
    assert curves(place) == [*usual]
    # over a curve, its picture is marked; a click keeps it
    x, y = page.locator(".sp-graph").evaluate(
        """graph => {
          const trace = graph.data.filter(each => each.name === "larger.png")[0];
          let k = 0;
          for (let i = 1; i < trace.y.length; i++) if (trace.y[i] > trace.y[k]) k = i;
          const { _size: size, xaxis, yaxis } = graph._fullLayout;
          const box = graph.getBoundingClientRect();
          return [box.left + size.l + xaxis.d2p(trace.x[k]),
                  box.top + size.t + yaxis._offset - size.t + yaxis.d2p(trace.y[k])];
        }"""
    )
    page.mouse.move(x - 30, y)
    page.mouse.move(x, y, steps=4)
    page.wait_for_selector(".sp-card.sp-marked[data-number='3']")
    page.mouse.click(x, y)
    page.wait_for_selector(".sp-card.sp-pinned[data-number='3']")
    page.mouse.move(5, 5)
    page.wait_for_selector(".semseg-pictures[data-marked='3']")
    page.locator(".sp-card").first.focus()
    page.keyboard.press("Escape")
    page.locator(".sp-order select").focus()
    page.wait_for_selector(".semseg-pictures:not([data-marked])")


def test_the_table_is_linked_and_sorts_by_every_column(place):
    page = place.page
    page.get_by_role("button", name="Table", exact=True).click()
    rows = page.locator(".sp-table tbody tr")
    rows.nth(2).hover()
    page.wait_for_selector(".sp-graph[data-marked='2']")
    rows.nth(0).locator("td").nth(1).click()
    page.wait_for_selector(".sp-table tr.sp-pinned[data-number='0']")
    page.mouse.move(5, 5)
    page.wait_for_selector(".sp-graph[data-marked='0']")
    rows.nth(0).locator("td").nth(1).click()

    def column(k: int) -> list[float]:
        return [float(row.locator("td").nth(k).inner_text().split()[0]) for row in rows.all()]

    head = page.locator(".sp-table th")
    titles = head.all_inner_texts()
    assert titles[:3] == ["Picture", "Counted", "Kept"]
    assert "Median (nm)" in titles
    assert "Scale" in titles
    for k in (1, titles.index("Median (nm)")):
        head.nth(k).get_by_role("button").click()
        assert column(k) == sorted(column(k))
        head.nth(k).get_by_role("button").click()
        assert column(k) == sorted(column(k), reverse=True)
    page.locator(".sp-order select").select_option("given")
    page.get_by_role("button", name="Pictures", exact=True).click()
    page.mouse.move(5, 5)


def test_the_figure_of_all_says_who_is_not_in_it(visit):
    visitor = visit("/?width=4700")
    give(visitor, *FOUR[:2])
    seen(visitor)
    all_pictures(visitor)
    title = visitor.page.locator(".st-key-pooled .gtitle")
    assert title.text_content() == "2 of 2 pictures"


def test_a_picture_opens_at_a_click_and_the_view_is_as_it_was_left(place):
    page = place.page
    page.locator(".sp-order select").select_option("unlike")
    page.locator(".sp-card", has_text="three.png").click()
    page.wait_for_function("document.querySelector('.st-key-picture input').value[0] === '3'")
    seen(place)
    assert page.get_by_role("tab", name="Sizes").get_attribute("aria-selected") == "true"
    all_pictures(place)
    assert page.locator(".sp-order select").input_value() == "unlike"
