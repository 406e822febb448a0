"""What is suggested on the sample, whose truth is known: seams, cuts and missed particles."""

from dataclasses import replace

import numpy as np
import pytest

from semseg.analysis import prepare, segment
from semseg.data import sample_path
from semseg.editing.cutting import cut_at
from semseg.editing.replay import apply
from semseg.editing.second_look import look_again
from semseg.editing.suggestions import candidate_at, seams
from semseg.errors import EditError
from semseg.io.micrograph import read_micrograph
from semseg.measure.label_image import LabelImage
from semseg.operations import Merge
from semseg.settings import Settings

pytestmark = pytest.mark.slow  # the network looks at the sample

PAIRS = 24


@pytest.fixture(scope="module")
def prepared():
    return prepare(read_micrograph(sample_path()), Settings())


@pytest.fixture(scope="module")
def found(prepared, segmenter):
    return segment(prepared, Settings(rescale=2.0), segmenter)


@pytest.fixture(scope="module")
def touching(found):
    """Pairs of particles with a long common side."""
    labels = found.network_labels
    sides = {}
    for one, other in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        both = (one != other) & (one > 0) & (other > 0)
        pairs = np.sort(np.column_stack([one[both], other[both]]))
        for pair, count in zip(*np.unique(pairs, axis=0, return_counts=True), strict=True):
            sides[tuple(pair.tolist())] = sides.get(tuple(pair.tolist()), 0) + int(count)
    longest = sorted(sides, key=lambda pair: (-sides[pair], pair))
    assert len(longest) > PAIRS
    return longest[:PAIRS]


def iou(one, other):
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def parted_as(before, merged, split, pair):
    """The lesser IoU of the two particles with the parts that a split makes of them."""
    try:
        after = apply(merged, split).network_labels
    except EditError:
        return 0.0
    worst = 1.0
    for label in pair:
        true = before.network_labels == label
        parts = np.unique(after[true])
        worst = min(worst, max(iou(after == part, true) for part in parts[parts > 0].tolist()))
    return worst


def test_the_first_seam_of_two_that_were_merged_parts_them(found, touching):
    right = []
    for pair in touching:
        merged = apply(found, Merge(pair))
        suggested = seams(merged, min(pair))
        right.append(bool(suggested) and parted_as(found, merged, suggested[0].split, pair) > 0.85)
    assert np.mean(right) >= 0.8


def test_seams_come_the_likeliest_first(found, touching):
    merged = apply(found, Merge(touching[0]))
    odds = [seam.log_odds for seam in seams(merged, min(touching[0]))]
    assert odds == sorted(odds)
    assert len(seams(merged, min(touching[0]), most=1)) == 1


def test_a_click_in_one_of_two_that_were_merged_parts_them(found, prepared, touching):
    right = []
    table = found.particles.set_index("label")
    for pair in touching:
        merged = apply(found, Merge(pair))
        smaller = min(pair, key=lambda label: table["area_px"][label])
        place = float(table["x_px"][smaller]), float(table["y_px"][smaller])
        split = cut_at(merged, prepared, min(pair), place)
        right.append(split is not None and parted_as(found, merged, split, pair) > 0.75)
    assert np.mean(right) >= 0.8


def missing(found, label):
    """The segmentation as if a particle had never been found."""
    labels = np.where(found.network_labels == label, 0, found.network_labels)
    outlines = {each: line for each, line in found.outlines.items() if each != label}
    table = found.particles[found.particles["label"] != label]
    return replace(found, label_image=LabelImage(labels), outlines=outlines, particles=table)


def added(before, add, label, true):
    after = apply(before, add).network_labels
    return iou(after == after[true].max(), true)


def test_a_missed_particle_is_among_the_candidates(found):
    shares = []
    for row in found.particles.nlargest(12, "confidence").itertuples():
        before = missing(found, row.label)
        add = candidate_at(before, (row.x_px, row.y_px))
        true = found.network_labels == row.label
        shares.append(0.0 if add is None else added(before, add, row.label, true))
    assert np.median(shares) > 0.9
    assert np.mean(np.array(shares) > 0.8) >= 0.8


def test_what_is_excluded_is_room_for_a_candidate(found):
    row = found.particles.nlargest(1, "confidence").iloc[0]
    place = (float(row.x_px), float(row.y_px))
    assert candidate_at(found, place) is None
    assert candidate_at(found, place, excluded=[int(row.label)]) is not None


def test_the_network_finds_a_missed_particle_at_a_second_look(found, prepared, segmenter):
    shares = []
    for row in found.particles.nlargest(4, "confidence").itertuples():
        before = missing(found, row.label)
        add = look_again(before, prepared, segmenter, (row.x_px, row.y_px))
        true = found.network_labels == row.label
        shares.append(0.0 if add is None else added(before, add, row.label, true))
    assert np.median(shares) > 0.85


def test_on_ground_and_outside_nothing_is_suggested(found, prepared, segmenter):
    ground = np.argwhere(found.proposals.superpixels == 0)
    row, column = ground[len(ground) // 2].tolist()
    times = found.grid.network[0] // found.proposals.superpixels.shape[0]
    ((x, y),) = found.grid.centres([[column * times, row * times]])
    assert candidate_at(found, (x, y)) is None
    outside = (-50.0, -50.0)
    assert candidate_at(found, outside) is None
    assert look_again(found, prepared, segmenter, outside) is None
    assert cut_at(found, prepared, 1, outside) is None
    assert cut_at(found, prepared, 10**6, (x, y)) is None
    assert seams(found, 10**6) == []
    assert seams(replace(found, proposals=None), 1) == []
