"""What the view reckons of the picture alone: where it stands, and how few vertices are enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
import shapely.ops

import semseg.viewer

HERE = Path(semseg.viewer.__file__).parent
MODULES = ("camera", "outlines", "parting")  # those that import no other
PICTURE = {"width": 1024, "height": 768}
STAGE = {"width": 1000, "height": 600}


@pytest.fixture(scope="module")
def page(chromium):
    """A page with the viewer's modules by their names."""
    page = chromium.new_page()
    page.evaluate(
        """async (sources) => {
          for (const [name, source] of Object.entries(sources)) {
            const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
            window[name] = await import(url);
          }
        }""",
        {name: (HERE / f"{name}.js").read_text(encoding="utf-8") for name in MODULES},
    )
    yield page
    page.close()


@pytest.fixture(scope="module")
def camera(page):
    """A function of ``camera.js``, by its name and arguments."""
    return lambda name, *arguments: page.evaluate(
        "([name, arguments]) => window.camera[name](...arguments)", [name, list(arguments)]
    )


def at(sight, x, y):
    """The recorded px at a place of the stage."""
    return sight["left"] + x / sight["zoom"], sight["top"] + y / sight["zoom"]


def test_a_picture_that_fits_is_seen_whole_and_in_the_middle(camera):
    sight = camera("fitted", PICTURE, STAGE)
    assert sight["zoom"] == pytest.approx(600 / 768)
    assert at(sight, 500, 300) == pytest.approx((511.5, 383.5))  # pixels are counted from 0
    assert at(sight, 0, 600)[1] == pytest.approx(767.5)
    left = camera("fitted", PICTURE, STAGE, True)
    assert at(left, 0, 0) == pytest.approx((-0.5, -0.5))
    assert left["zoom"] == sight["zoom"]


@pytest.mark.parametrize("factor", [0.8, 1.4, 3.0])
def test_what_is_under_the_pointer_stays_there(camera, factor):
    sight = camera("fitted", PICTURE, STAGE)
    zoomed = camera("zoomed", sight, factor, 420, 200, PICTURE)
    assert zoomed["zoom"] == pytest.approx(factor * sight["zoom"])
    assert at(zoomed, 420, 200) == pytest.approx(at(sight, 420, 200))


def test_zoom_and_moves_have_an_end(camera):
    sight = camera("fitted", PICTURE, STAGE)
    least = camera("zoomed", sight, 1e-6, 0, 0, PICTURE)
    most = camera("zoomed", sight, 1e6, 0, 0, PICTURE)
    assert 0.2 * sight["zoom"] < least["zoom"] < sight["zoom"]
    assert 10 < most["zoom"] < 200
    for dx, dy in [(1e6, 1e6), (-1e6, -1e6), (1e6, -1e6)]:
        moved = camera("moved", sight, dx, dy, PICTURE)
        left, top = at(moved, 0, 0)
        right, bottom = at(moved, 1000, 600)
        # some of the picture is left to take hold of
        assert min(right, 1023.5) - max(left, -0.5) > 20
        assert min(bottom, 767.5) - max(top, -0.5) > 20


def test_another_stage_shows_the_same_in_its_middle(camera):
    sight = camera("zoomed", camera("fitted", PICTURE, STAGE), 3, 420, 200, PICTURE)
    resized = camera("resized", sight, {"width": 700, "height": 700}, PICTURE)
    assert at(resized, 350, 350) == pytest.approx(at(sight, 500, 300))
    assert resized["zoom"] == sight["zoom"]


def test_a_particle_is_centred_in_what_is_free(camera):
    sight = camera("fitted", PICTURE, STAGE)
    shown = camera("centred", sight, [500, 300, 540, 330], PICTURE, 640)
    assert at(shown, 320, 300) == pytest.approx((520, 315))
    assert 40 * shown["zoom"] == pytest.approx(600 / 4)


@pytest.mark.parametrize("tolerance", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("radius", [3, 12, 60])
def test_fewer_vertices_stay_within_the_tolerance(page, radius, tolerance):
    angles = np.linspace(0, 2 * np.pi, 12 * radius, endpoint=False)
    rim = radius * (1 + 0.1 * np.sin(5 * angles))
    whole = np.column_stack((rim * np.cos(angles), rim * np.sin(angles))) + 100
    before = np.zeros((7, 2))  # those of another particle
    xy = np.concatenate([before, whole]).astype(np.float32)
    chosen = page.evaluate(
        """([xy, from, to, tolerance]) =>
          window.outlines.fewer(Float32Array.from(xy), from, to, tolerance)""",
        [xy.ravel().tolist(), len(before), len(xy), tolerance],
    )
    assert chosen == sorted(set(chosen))
    assert len(before) <= chosen[0]
    assert 3 <= len(chosen) < len(whole)
    few, all_ = shapely.LinearRing(xy[chosen]), shapely.LinearRing(whole)
    if tolerance < radius / 4:  # else it is a triangle
        assert max(few.distance(shapely.points(whole))) <= 1.01 * tolerance
        assert shapely.Polygon(few).area == pytest.approx(
            shapely.Polygon(all_).area, abs=tolerance * all_.length
        )


def test_what_is_too_small_is_still_seen(page):
    chosen = page.evaluate(
        """() => window.outlines.fewer(
          Float32Array.from([0, 0, 0.5, 0, 1, 0, 1, 0.5, 1, 1, 0, 1]), 0, 6, 10)"""
    )
    assert len(chosen) == 3


def star(seed, corners=60):
    """An outline that is not convex, counted in px."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    waves = 1 + 0.3 * np.sin(3 * angle + rng.uniform(0, 6)) + rng.uniform(-0.08, 0.08, corners)
    return (100 + 40 * waves[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])).tolist()


def areas(polygons):
    return sorted(shapely.Polygon(each).area for each in polygons)


@pytest.mark.parametrize("seed", range(12))
def test_a_line_through_an_outline_parts_it_as_geometry_does(page, seed):
    rng = np.random.default_rng(seed)
    outline = star(seed)
    side = rng.uniform(60, 140, 2)
    line = [[20, side[0]], [90, rng.uniform(70, 130)], [110, rng.uniform(70, 130)], [190, side[1]]]
    parts = page.evaluate("([p, l]) => window.parting.parted(p, [l])", [outline, line])
    whole = shapely.Polygon(outline)
    true = shapely.ops.split(whole, shapely.LineString(line)).geoms
    assert areas(parts) == pytest.approx([each.area for each in sorted(true, key=lambda p: p.area)])
    assert len(parts) > 1
    turned = page.evaluate("([p, l]) => window.parting.parted(p, [l])", [outline, line[::-1]])
    assert areas(turned) == pytest.approx(areas(parts))


def test_lines_that_end_inside_go_on_and_those_beside_part_nothing(page):
    square = [[0, 0], [40, 0], [40, 20], [0, 20]]
    part = lambda *lines: page.evaluate(  # noqa: E731
        "([p, lines]) => window.parting.parted(p, lines)", [square, list(lines)]
    )
    assert areas(part([[10, 5], [10, 5], [10, 9], [10, 9]])) == pytest.approx([200, 600])
    assert areas(part([[10, -5], [10, 9]], [[30, 25], [30, 9]])) == pytest.approx([200, 200, 400])
    assert part([[50, -5], [50, 30]]) == [square]
    assert part([[10, 5], [10, 5]]) == [square]
    assert areas(part([[0, 0], [40, 20]])) == pytest.approx([400, 400])  # from corner to corner
    # in, out, and in again
    assert len(part([[10, -5], [10, 25], [30, 25], [30, -5]])) == 3


def test_sides_that_two_outlines_share_are_told_from_the_others(page):
    left, right = ([[x, 0], [x + 20, 0], [x + 20, 10], [x, 10]] for x in (0, 20.4))
    found = page.evaluate("p => window.parting.sharedSides(p, 1)", [left, right])
    length = lambda pieces: sum(np.hypot(*np.subtract(b, a)) for a, b in pieces)  # noqa: E731
    assert length(found["shared"]) == pytest.approx(20, abs=5)  # a side of each
    assert length(found["shared"]) + length(found["own"]) == pytest.approx(120)
    assert all(18 <= x <= 22.4 for piece in found["shared"] for x, _ in piece)


@pytest.fixture(scope="module")
def tracing(page):
    """``tracing.js``, which takes what gives fewer vertices from another module."""
    page.evaluate(
        """async (sources) => {
          const address = (text) =>
            URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
          const outlines = address(sources.outlines);
          const tracing = sources.tracing.replace("./outlines.js", outlines);
          window.tracing = await import(address(tracing));
        }""",
        {
            name: (HERE / f"{name}.js").read_text(encoding="utf-8")
            for name in ("outlines", "tracing")
        },
    )
    return lambda polygon, **stroke: page.evaluate(
        "([polygon, stroke]) => window.tracing.tracedAround(polygon, stroke)", [polygon, stroke]
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_brush_adds_and_an_eraser_takes_what_lies_under_its_line(tracing, seed):
    outline = star(seed)
    line = [[100, 100], [150, 110], [160, 130]]
    whole = shapely.Polygon(outline)
    under = shapely.LineString(line).buffer(8)
    wider = shapely.Polygon(tracing(outline, line=line, radius=8, erases=False))
    assert wider.symmetric_difference(whole | under).area < 0.01 * whole.area
    less = shapely.Polygon(tracing(outline, line=line[1:], radius=8, erases=True))
    rest = whole - shapely.LineString(line[1:]).buffer(8)
    largest = max(getattr(rest, "geoms", [rest]), key=lambda part: part.area)
    assert less.symmetric_difference(shapely.Polygon(largest.exterior)).area < 0.01 * whole.area
    assert len(less.exterior.coords) < 400


def test_a_brush_on_bare_ground_makes_one_and_an_eraser_may_leave_none(tracing):
    dab = shapely.Polygon(tracing([], line=[[40, 30]], radius=6, erases=False))
    assert dab.area == pytest.approx(np.pi * 36, rel=0.03)
    assert dab.centroid.coords[0] == pytest.approx((40, 30), abs=0.1)
    square = [[0, 0], [8, 0], [8, 8], [0, 8]]
    assert tracing(square, line=[[4, 4]], radius=9, erases=True) is None
    parts = tracing(
        [[0, 0], [40, 0], [40, 10], [0, 10]], line=[[12, -5], [12, 15]], radius=2, erases=True
    )
    assert areas([parts]) == pytest.approx([260], rel=0.02)  # the larger of two
