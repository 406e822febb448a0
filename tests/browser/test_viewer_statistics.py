"""The rules that stand in Python and in JavaScript give the same numbers."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import semseg.viewer
from semseg.instances.confidence import apply_filter
from semseg.statistics.counting import Counts, size_weights
from semseg.statistics.summary import FIGURES, histogram_edges, summarise
from tests.support.scale_bars import WIDTHS

HERE = Path(semseg.viewer.__file__).parent
MODULES = ("statistics", "texts")  # those that import no other
SEEDS = range(6)
COUNTS = (0, 1, 2, 3, 50, 2000)
NAMES = ("count", *(figure.key for figure in FIGURES))

IN_BROWSER = """
({ confidence, sizes, ecd, weight, out, edits, threshold, on }) => {
  const s = window.statistics;
  const kept = s.keptMask(confidence, threshold, on, edits);
  const counted = s.countedMask(kept, out);
  const of = (list) => list && list.filter((_, i) => counted[i]);
  const { number, volume } = s.weightings(Float64Array.from(ecd), Float64Array.from(weight));
  const edges = [[0, false], [0, true], [5, false], [37, true], [100, false]].map(
    ([bins, log]) => Array.from(s.histogramEdges(sizes, bins, log)));
  return {
    kept: Array.from(kept),
    counted: Array.from(counted),
    numbers: s.countParticles(kept, counted, edits),
    once: number === null,
    number: s.summarise(of(sizes), of(number)),
    volume: s.summarise(of(sizes), of(volume)),
    edges,
    counts: edges.map((list) => {
      const counts = new Array(list.length - 1).fill(0);
      for (const bin of s.binIndices(sizes, list)) if (bin >= 0) counts[bin]++;
      return counts;
    }),
  };
}
"""


@pytest.fixture(scope="module")
def page(chromium):
    """A page with the viewer's modules ``statistics.js`` and ``texts.js`` by these names."""
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
def rules(page):
    """`IN_BROWSER`, as a function of one table."""
    return lambda table: page.evaluate(IN_BROWSER, table)


def table(seed: int, count: int, *, ruled: bool = False) -> dict:
    """Random particles: with ties in some, all of one size in others, edited by hand.

    With `ruled`, some are left out by the counting rule, and all have a weight.
    """
    rng = np.random.default_rng([seed, count])
    ecd = rng.lognormal(3, 0.5, count) + 1
    sizes = ecd * rng.uniform(0.8, 1.0, count)
    confidence = rng.uniform(0, 1, count)
    if seed % 3 == 1:
        ecd, sizes, confidence = np.ceil(ecd / 5), np.ceil(sizes / 8), np.round(confidence, 1)
    if seed == 5:
        sizes = np.full(count, 12.5)
    edits = rng.choice([-1, -1, -1, 0, 1], count)
    weight = rng.uniform(1, 4, count) if ruled else np.ones(count)
    if seed % 3 == 1:
        weight = np.round(weight)
    return {
        "confidence": confidence.tolist(),
        "sizes": sizes.tolist(),
        "ecd": ecd.tolist(),
        "weight": weight.tolist(),
        "out": (rng.choice([0, 0, 1], count) * ruled).tolist(),
        "edits": edits.tolist(),
        "threshold": [0.5, 0.3, 0.0, 1.0, 0.7, 0.9][seed],
        "on": True,
    }


def same(found: dict, wanted) -> None:
    for name in NAMES:
        python = getattr(wanted, name)
        if isinstance(python, float) and math.isnan(python):
            assert found[name] is None, name
        else:
            # of equal sizes, the deviation is what rounding leaves of zero
            least = 1e-12 * wanted.mean if name == "standard_deviation" else 0
            assert found[name] == pytest.approx(python, rel=1e-9, abs=least), name


@pytest.mark.parametrize("ruled", [False, True], ids=["all", "ruled"])
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_browser_reckons_as_python_does(rules, seed, count, ruled):
    drawn = table(seed, count, ruled=ruled)
    found = rules(drawn)
    labels = np.arange(1, count + 1)
    particles = pd.DataFrame({"label": labels, "confidence": drawn["confidence"], "doubt": ""})
    edits = {k: bool(e) for k, e in zip(labels.tolist(), drawn["edits"], strict=True) if e >= 0}
    filtered = apply_filter(particles, drawn["threshold"], edits)
    kept = filtered["kept"].to_numpy(bool)
    assert found["kept"] == kept.astype(int).tolist()

    counted = kept & (np.array(drawn["out"], int) == 0)
    assert found["counted"] == counted.astype(int).tolist()

    numbers = Counts.of(filtered.assign(counted=counted, touches_edge=False))
    for name, value in found["numbers"].items():
        assert value == getattr(numbers, name), name

    sizes = np.array(drawn["sizes"], float)
    measured = pd.DataFrame({"ecd_px": drawn["ecd"], "weight": drawn["weight"]})[counted]
    assert found["once"] is (not ruled or set(drawn["weight"]) <= {1.0})
    same(found["number"], summarise(sizes[counted], size_weights(measured)))
    same(found["volume"], summarise(sizes[counted], size_weights(measured, by_volume=True)))
    for k, (bins, log) in enumerate([(0, False), (0, True), (5, False), (37, True), (100, False)]):
        edges = histogram_edges(sizes, bins=bins, log=log)
        assert found["edges"][k] == pytest.approx(edges, rel=1e-9, abs=1e-12)
        counts = np.histogram(sizes, found["edges"][k])[0]
        assert found["counts"][k] == counts.tolist()


def test_without_the_filter_only_edits_exclude(rules):
    drawn = table(0, 50) | {"on": False}
    assert rules(drawn)["kept"] == [int(edit != 0) for edit in drawn["edits"]]


def test_scale_bars_are_as_long_as_on_paper(page):
    widths = [width for width, _ in WIDTHS]
    in_browser = page.evaluate(
        "(widths) => widths.map((width) => texts.lengthText(texts.barLength(width)))", widths
    )
    assert in_browser == [text for _, text in WIDTHS]
