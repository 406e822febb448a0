"""What is packed for the browser."""

import base64
import json
from dataclasses import replace

import numpy as np
import pytest

from semseg.viewer import ghost_of, pack
from tests.support.fake_analysis import draw, redrawn


def column(data, name, kind):
    return np.frombuffer(base64.b64decode(data[name]), kind)


def lines_of(data):
    xy = column(data["outlines"], "xy", "<f4").reshape(-1, 2)
    return np.split(xy, column(data["outlines"], "ends", "<i4")[:-1])


def area(line):
    x, y = np.asarray(line, float).T
    return abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2


def test_columns_are_the_tables_to_the_last_bit():
    analysis = draw()
    data = pack(analysis)
    particles = analysis.particles
    assert column(data, "label", "<i4").tolist() == particles["label"].tolist()
    for name, of in [("ecd", "ecd_nm"), ("min_feret", "min_feret_nm"), ("x", "x_px")]:
        assert column(data, name, "<f8").tolist() == particles[of].tolist()
    assert column(data, "confidence", "<f8").tolist() == particles["confidence"].tolist()
    assert column(data, "touches_edge", "u1").tolist() == particles["touches_edge"].tolist()
    reasons = [data["doubts"][k] for k in column(data, "doubt", "<i4")]
    assert reasons == particles.get("doubt", particles["reason"]).tolist()
    assert (data["unit"], data["pixel_size"], data["scale_doubt"]) == ("nm", 7.34375, "")
    assert data["image"]["frame"] == [0, 0, 128, 96]
    assert (data["image"]["width"], data["image"]["height"]) == (128, 112)


def test_the_same_analysis_packs_to_the_same_text():
    first, second = pack(draw()), pack(draw())
    assert json.dumps(first) == json.dumps(second)
    other = pack(draw(pixel_size_nm=5.0))
    assert other["id"] != first["id"]
    assert other["image"] == first["image"]


def test_without_scale_sizes_are_in_pixels():
    analysis = draw(pixel_size_nm=None)
    data = pack(analysis)
    assert (data["unit"], data["pixel_size"]) == ("px", None)
    assert column(data, "ecd", "<f8").tolist() == analysis.particles["ecd_px"].tolist()


def test_an_assumed_scale_is_said():
    assert pack(draw(assumed=True))["scale_doubt"] == "assumed"


def test_what_the_counting_rule_says_is_packed():
    analysis = draw()
    n = len(analysis.particles)
    columns = ["not_counted", "weight", "visibility"]
    analysis = replace(
        analysis, particles=analysis.particles.drop(columns=columns, errors="ignore")
    )
    plain = pack(analysis)
    assert plain["rules"] == [""]
    assert column(plain, "ruled_out", "<i4").tolist() == [0] * n
    assert column(plain, "weight", "<f8").tolist() == [1.0] * n
    assert np.isnan(column(plain, "visibility", "<f4")).all()
    convexity = analysis.particles["convexity"].to_numpy(np.float32)
    assert column(plain, "convexity", "<f4").tolist() == convexity.tolist()

    texts = ["", "partly covered", "cut by the edge", ""] * (n // 4)
    weights = np.linspace(1, 3, n)
    visible = np.linspace(0.5, 1, n, dtype=np.float32)
    extra = {"not_counted": texts, "weight": weights, "visibility": visible}
    analysis = replace(analysis, particles=analysis.particles.assign(**extra))
    ruled = pack(analysis)
    assert ruled["id"] != plain["id"]
    assert [ruled["rules"][k] for k in column(ruled, "ruled_out", "<i4")] == texts
    assert ruled["rules"].count("") == 1
    assert column(ruled, "weight", "<f8").tolist() == weights.tolist()
    assert column(ruled, "visibility", "<f4").tolist() == visible.tolist()


def test_columns_that_are_missing_are_as_without_a_rule():
    analysis = draw()
    whole = pack(analysis)
    particles = analysis.particles.drop(columns="convexity")
    analysis = replace(analysis, particles=particles.assign(not_counted=None, weight=np.nan))
    bare = pack(analysis)
    assert np.isnan(column(bare, "convexity", "<f4")).all()
    for name in ("rules", "ruled_out", "weight"):
        assert bare[name] == whole[name]


def test_no_particles_at_all():
    analysis = draw()
    analysis = replace(analysis, particles=analysis.particles.iloc[:0])
    analysis = redrawn(analysis, outlines={})
    data = pack(analysis)
    assert data["label"] == data["outlines"]["xy"] == data["outlines"]["ends"] == ""


@pytest.mark.parametrize(("recorded", "shown"), [(3000, 3000), (5000, 4096)])
def test_only_very_large_pictures_are_shown_smaller(recorded, shown):
    analysis = draw(height=96, width=recorded)
    source = pack(analysis)["image"]["source"]
    header = base64.b64decode(source.removeprefix("data:image/jpeg;base64,"))
    start = header.index(b"\xff\xc0") + 5
    assert int.from_bytes(header[start + 2 : start + 4], "big") == shown


def test_outlines_stand_in_the_order_of_the_table():
    analysis = draw()
    analysis = replace(analysis, particles=analysis.particles.iloc[::-1].reset_index(drop=True))
    analysis = redrawn(analysis, outlines={k: v for k, v in analysis.outlines.items() if k != 3})
    data = pack(analysis)
    lines = lines_of(data)
    for row, label in enumerate(column(data, "label", "<i4").tolist()):
        if label == 3:
            assert len(lines[row]) == 0
        else:
            assert area(lines[row]) == pytest.approx(area(analysis.outlines[label]), rel=0.05)


def test_of_an_earlier_result_goes_what_its_outlines_need():
    analysis = draw()
    packed = pack(analysis)
    labels = analysis.particles["label"].tolist()
    made = ghost_of(packed, {labels[0]: False, labels[2]: True, 999: True}, "rescale factor 2.1")
    assert column(made, "edits", "i1").tolist()[:4] == [0, -1, 1, -1]
    for name in ("x", "y", "confidence", "outlines"):
        assert made[name] == packed[name]
    assert made["words"] == "rescale factor 2.1"
    assert "image" not in made
    # another decision is another picture to paint
    assert made["id"] == ghost_of(packed, {labels[0]: False, labels[2]: True}, made["words"])["id"]
    assert made["id"] != ghost_of(packed, {}, made["words"])["id"]
