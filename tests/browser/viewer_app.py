"""A small page for tests of the viewer in a browser.

    streamlit run tests/browser/viewer_app.py --server.enableStaticServing=true

``?count=5000`` shows that many drawn particles in place of the sample, ``?command=2`` another
command and ``?px=1`` sizes in pixels; with ``?rule=1`` those at the edge or partly covered are not
counted, with ``?weights=1`` each counts by a weight. ``?doubt=proposed`` or ``none`` is the doubt
of the scale, with ``?bar=1`` a scale bar was found. What Python knows stands below the view as
JSON, with the numbers of the drawn particles as it reckons them.
"""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import streamlit as st

from semseg import Settings, analyze
from semseg.data import sample_path
from semseg.instances.confidence import apply_filter
from semseg.measure.grid import Grid
from semseg.measure.quantities import SHAPES, SIZES
from semseg.scale.bar_text import PrintedScale
from semseg.scale.calibration import Calibration
from semseg.scale.printed_lengths import bar_length
from semseg.scale.scale_bar import ScaleBar
from semseg.scale.window import Window
from semseg.statistics.summary import summarise
from semseg.viewer import ViewState, pack, picture, viewer

# in the strip below the analysed frame of 300 particles
BAR = ScaleBar(80.0, 40.0, 120.0, 880, 884, 0.006, Window(860, 10, 920, 200))


@st.cache_data
def sample() -> dict:
    return pack(analyze(sample_path(), Settings(filter=0.5)))


@st.cache_data
def drawn(
    count: int, calibrated: bool, ruled: bool, weighted: bool, doubt: str, bar: bool
) -> tuple[dict, pd.DataFrame]:
    """So many ragged discs, some with a low confidence; 1200 x 900 px, or larger for many."""
    rng = np.random.default_rng(count)
    across = max(1, int(np.ceil(np.sqrt(count * 4 / 3))))
    pitch = max(16, 1200 // across)
    down = max(1, -(-count // across))
    height, width = down * pitch + 40, across * pitch
    grey = rng.normal(60, 1, (height, width)).astype(np.float32)
    at = np.arange(count)
    x = (at % across + 0.5) * pitch + rng.uniform(-0.1, 0.1, count) * pitch
    y = (at // across + 0.5) * pitch + rng.uniform(-0.1, 0.1, count) * pitch
    radius = pitch * np.clip(rng.normal(0.32, 0.06, count), 0.12, 0.45)
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    outlines = {}
    for k in range(count):
        rim = radius[k] * (1 + 0.08 * np.sin(3 * angles + k))
        points = np.column_stack((x[k] + rim * np.cos(angles), y[k] + rim * np.sin(angles)))
        outlines[k + 1] = staircase(points)
        half = int(radius[k] * 0.7)
        grey[int(y[k]) - half : int(y[k]) + half, int(x[k]) - half : int(x[k]) + half] = 170
    scale = 2.5 if calibrated else 1.0
    unit = "nm" if calibrated else "px"
    particles = pd.DataFrame({"label": at + 1, "x_px": x, "y_px": y})
    factors = {"min_feret": 1.9, "max_feret": 2.15}
    for key, size in SIZES.items():
        particles[size.column(unit)] = factors.get(key, 2.0) * radius * scale
    particles["confidence"] = rng.beta(5, 1.5, count)
    particles["doubt"] = np.where(at % 2, "faint", "<b>blurred</b> edge")
    for name in SHAPES:
        particles[name] = rng.uniform(0.8, 1, count)
    particles["touches_edge"] = at % across == 0
    if ruled:
        covered = np.where(at % 7 == 3, "partly covered", "")
        particles["not_counted"] = np.where(particles["touches_edge"], "cut by the edge", covered)
    if weighted:
        particles["weight"] = 1 + 8 * (radius / pitch) ** 2  # larger ones count more
    calibration = None
    if calibrated:
        marks = {"assumed": doubt == "assumed", "proposed": doubt == "proposed"}
        calibration = Calibration(scale, "assumed width, check", **marks)
    analysis = SimpleNamespace(
        micrograph=SimpleNamespace(name="<i>drawn</i>.tif", grey=grey),
        grid=Grid(grey.shape, (height - 40, grey.shape[1]), (height - 40, grey.shape[1])),
        calibration=calibration,
        unit=unit,
        particles=particles,
        outlines=outlines,
        scale_bar=BAR if bar else None,
        printed=PrintedScale(bar_length("200 nm")) if bar else None,
    )
    return pack(analysis), particles


def staircase(points: np.ndarray) -> np.ndarray:
    """Along whole pixels from point to point, as outlines of labels go."""
    whole = np.round(points) - 0.5
    line = [whole[0]]
    for point in [*whole[1:], whole[0]]:
        line += [np.array([point[0], line[-1][1]]), point]
    return np.array(line[:-1], np.float32)


def reckoned(particles: pd.DataFrame, state: ViewState, unit: str) -> dict:
    """How many are kept and counted, and the numbers of the counted ones."""
    threshold = state.threshold if state.filter_on else 0.0
    kept = apply_filter(particles, threshold, state.edits)["kept"].to_numpy(bool)
    counted = kept & (particles.get("not_counted", pd.Series("", particles.index)) == "").to_numpy()
    weights = particles["weight"].to_numpy() if "weight" in particles else None
    if state.weighting == "volume":
        weights = (1.0 if weights is None else weights) * particles[f"ecd_{unit}"].to_numpy() ** 3
    weights = None if weights is None else weights[counted]
    columns = {"numbers": f"{state.size}_{unit}", "shape": "aspect_ratio"}
    figures = {
        name: vars(summarise(particles[column].to_numpy()[counted], weights))
        for name, column in columns.items()
    }
    return {"kept": int(kept.sum()), "counted": int(counted.sum()), **figures}


st.set_page_config(layout="wide")
query = st.query_params
count = query.get("count")
particles = None
if count is None:
    data = sample()
else:
    data, particles = drawn(
        int(count),
        "px" not in query,
        "rule" in query,
        "weights" in query,
        query.get("doubt", "assumed"),
        "bar" in query,
    )
picture(data, key="view")
state = viewer(data, ViewState(threshold=0.5), command=query.get("command", "1"), key="view")
known = {"id": data["id"], **state.to_dict(), "edits": sorted(state.edits.items())}
known["runs"] = st.session_state["runs"] = st.session_state.get("runs", 0) + 1
for name in ("selection", "edits"):  # so that this page's own text does not count as the view's
    known[name] = known[name] if len(known[name]) <= 50 else len(known[name])
known["steps"] = len(known["steps"])
if particles is not None:
    known |= reckoned(particles, state, data["unit"])
st.code(json.dumps(known), language=None)
