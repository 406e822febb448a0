"""What became of a packed picture, as it is told to the browser."""

import base64
import json

import numpy as np

from semseg.analysis import conclude
from semseg.editing.replay import replay
from semseg.operations import Add, Decide, Mask, Split
from semseg.viewer import pack, patch, patched_labels
from tests.support.fake_analysis import draw


def column(data, name, kind):
    return np.frombuffer(base64.b64decode(data[name]), kind)


def corrected(analysis, *operations):
    replayed = replay(analysis.segmentation, operations)
    assert not replayed.segmentation.corrections.refused
    return conclude(
        analysis.micrograph, analysis.prepared, replayed.segmentation, analysis.settings
    )


def cut(analysis, label):
    x, y = analysis.outlines[label].mean(axis=0).tolist()
    return Split(label, (((x, y - 99), (x, y + 99)),))


def as_patched(data, made):
    """The columns that the browser makes of both, by label."""
    gone = set(column(made, "gone", "<i4").tolist())
    found = {}
    for source in (data, made):
        labels = column(source, "label", "<i4").tolist()
        for name, kind in [("ecd", "<f8"), ("confidence", "<f8"), ("visibility", "<f4")]:
            for label, value in zip(labels, column(source, name, kind).tolist(), strict=True):
                if source is made or label not in gone:
                    found[name, label] = value
    return found


def test_only_what_changed_is_sent():
    before = draw()
    data = pack(before)
    after = corrected(before, cut(before, 3))
    made = patch(before, data["id"], after)
    assert made["for"] == data["id"] != made["id"]
    new = column(made, "label", "<i4").tolist()
    assert {3, max(after.particles["label"])} <= set(new)
    assert len(new) < len(after.particles)
    assert len(json.dumps(made)) < len(json.dumps(data)) / 2


def test_picture_and_patch_come_to_the_corrected_picture():
    before = draw()
    data = pack(before)
    x, y = 1.0, 1.0
    square = ((x, y), (x + 6, y), (x + 6, y + 6), (x, y + 6))
    for operations in (
        (cut(before, 3),),
        (cut(before, 3), cut(before, 1), Decide((2,), False)),
        (Decide((1, 2), False), Add(square)),
        (Mask(((0.0, 0.0), (40.0, 0.0), (40.0, 40.0), (0.0, 40.0))),),
    ):
        after = corrected(before, *operations)
        made = patch(before, data["id"], after)
        assert patched_labels(data, made).tolist() == after.particles["label"].tolist()
        assert as_patched(data, made) == as_patched(pack(after), {**pack(after), "gone": ""})


def test_nothing_changed_nothing_is_sent():
    before = draw()
    made = patch(before, "id", before)
    assert made["gone"] == made["label"] == made["outlines"]["xy"] == ""
