"""The report: one HTML file that holds everything, to be attached to a submission.

>>> details = Details(title="Batch 7", sample="TiO2")
>>> content = report_html([analysis], assessment, details=details, date="2026-01-31")
>>> size = Path("report.html").write_bytes(content)

It asks nothing of any network: plotly.js, figures, styles and pictures are inside, and a content
security policy forbids the rest. The same input gives the same bytes; the clock is not read. In a
browser, "print to PDF" gives A4 pages. The words stand in ``report.html.jinja``, the numbers here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from semseg.analysis import Analysis
from semseg.details import NONE, Details
from semseg.display import DEFAULT, Display
from semseg.export.summary_json import summary_dict
from semseg.export.tables import instrument_words
from semseg.figures.annotated_svg import annotated_svg
from semseg.figures.plots import (
    band_plot,
    distribution_plot,
    quantile_plot,
    shape_plot,
    shapes_plot,
)
from semseg.figures.states import STATES
from semseg.measure.quantities import SHAPES, SIZES
from semseg.measure.visibility import FULLY_VISIBLE
from semseg.metrology.assessment import SHAPE_FIGURES, Assessment
from semseg.metrology.by_hand import by_hand, sentences
from semseg.metrology.cautions import cautions, unbroken
from semseg.metrology.pooling import left_out_sentences, poolable
from semseg.metrology.uncertainty import DEFAULT_SCALE_UNCERTAINTY, MIN_PARTICLES
from semseg.statistics.counting import Counts, decided_by_hand
from semseg.statistics.digits import places, places_between, with_uncertainty, written
from semseg.statistics.distribution import MIN_INSIDE_PROBABILITY, goodness_sentence, span
from semseg.statistics.intervals import Interval
from semseg.statistics.sample_size import advice_sentence
from semseg.statistics.summary import ONCE
from semseg.version import NUMBERS, __version__

__all__ = ["KNOWN_BIAS", "MAX_ROWS", "TITLE", "report_html"]

TITLE = "Particle size report"
EN_DASH, TIMES, NO_BREAK = "\N{EN DASH}", "\N{MULTIPLICATION SIGN}", "\N{NO-BREAK SPACE}"
TEMPLATE = Path(__file__).with_name("report.html.jinja")
MAX_ROWS = 2000  # of the raw list; the CSV has all
PICTURE_BYTES, ALL_PICTURES_BYTES = 700_000, 5_600_000  # JPEG, before base64
PLOT_CONFIG = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "responsive": True,
    "toImageButtonOptions": {"format": "svg"},
}
# By the model file they speak of, from models/MODEL_CARD.md; a test compares the two.
KNOWN_BIAS = {
    "dcc81ced28179533dcba0c4ffe30a5bab57600f576905e28f3c3e2c30866293e": (
        "On pictures outlined by hand that it was not trained on, the median minimum Feret "
        "diameter of the particles it kept came out 13 % high for agglomerates of TiO2, where "
        "covered particles and fragments are missed, and 6 % low for the mixed particles of the "
        "EMPS set pooled (of one picture's median, the median error was 2 %)."
    )
}


def report_html(
    analyses: Sequence[Analysis],
    assessment: Assessment,
    display: Display = DEFAULT,
    details: Details = NONE,
    *,
    date: str | None = None,
    drawings: Sequence[Markup] | None = None,
) -> bytes:
    """The report as UTF-8 HTML; some 5 MB of it are plotly.js.

    Parameters
    ----------
    analyses
        The pictures that `assessment` was made from (`semseg.metrology.assessment.assess`).
    assessment
        What they say together; its measurand is reported, whatever `display` names.
    display
        Bins and axis of the histogram.
    details
        What a person says of the sample.
    date
        ISO 8601, e.g. ``2026-01-31``; None leaves it out.
    drawings
        Of each of `analyses`, what `annotated_svg` gave, where its image is no longer there; by
        default they are made here.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    median, unit = assessment.summary.d50, assessment.unit
    environment.filters |= {
        "size": lambda value: fixed(value, places(None, median)),
        "percent": lambda share: f"{fixed(100 * share, 1)}{NO_BREAK}%",
        "fixed": fixed,
        "area": lambda area: _area(area, unit),
        "several": _several,
        "place": lambda interval: places_between(interval.low, interval.high, interval.value),
    }
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    if drawings is None:
        max_bytes = max_picture_bytes(len(analyses))
        drawings = [annotated_svg(each, assessment.size, max_bytes=max_bytes) for each in analyses]
    counting = {id(each) for each in poolable(analyses, unit)}
    # As the assessment numbers them: the pictures that count come first.
    pairs = sorted(
        zip(analyses, drawings, strict=True),
        key=lambda pair: id(pair[0]) not in counting,
    )
    ordered = [analysis for analysis, _ in pairs]
    used = ordered[: len(counting)]
    # encoded part by part: as one text it would take two bytes for each of its characters
    parts = template.generate(
        title=details.title or TITLE,
        details=details.facts(),
        date=date,
        version=__version__,
        numbers=NUMBERS,
        plotly_js=Markup(f"<script>{get_plotlyjs()}</script>"),
        a=assessment,
        d50=_median_in_words(assessment),
        unit=unit,
        measurand=SIZES[assessment.size],
        cautions=[unbroken(each.sentence) for each in cautions(assessment.comparison)],
        left_out=left_out_sentences(analyses),
        by_hand=sentences(by_hand(used, assessment.size)),
        advice=assessment.advice and advice_sentence(assessment.advice),
        figures=list(_figures(assessment)),
        fit=goodness_sentence(assessment.lognormal),
        sizes=SIZES.values(),
        shapes=SHAPES.values(),
        shape_figures=SHAPE_FIGURES,
        states=STATES.values(),
        once=ONCE,
        rejected=_reasons(used, "reason"),
        not_counted=_reasons(used, "not_counted"),
        covered=int((assessment.particles["visibility"] < FULLY_VISIBLE).sum()),
        pictures=[
            _picture(analysis, assessment, number)
            | {"svg": drawing, "left_out": id(analysis) not in counting}
            for number, (analysis, drawing) in enumerate(pairs, start=1)
        ],
        scales=_scales(used),
        models=_models(ordered),
        settings=_settings(ordered),
        plots=_plots(assessment, display, used),
        outline_pixel=_outline_pixel(used, unit),
        few=0 < assessment.counts.counted < MIN_PARTICLES,
        min_inside_probability=MIN_INSIDE_PROBABILITY,
        raw_rows=assessment.particles.head(MAX_ROWS).to_dict("records"),
        max_rows=MAX_ROWS,
        default_scale=DEFAULT_SCALE_UNCERTAINTY,
        nan=math.nan,
    )
    return b"".join(part.encode() for part in parts)


def max_picture_bytes(pictures: int) -> int:
    """How many bytes the JPEG of each of so many pictures may have."""
    return min(PICTURE_BYTES, ALL_PICTURES_BYTES // max(pictures, 1))


# -- numbers as texts ------------------------------------------------------------------------


def fixed(value: float | None, place: int) -> str:
    """With so many decimals and thousands set apart; a dash for what is not known.

    >>> fixed(12345.678, 1)
    '12,345.7'
    """
    return EN_DASH if value is None or not math.isfinite(value) else written(value, place)


def _median_in_words(assessment: Assessment) -> str:
    """D50 with its expanded uncertainty; alone where there is none."""
    budget = assessment.budget
    uncertainty = budget.expanded * budget.value if budget else math.nan
    return with_uncertainty(assessment.summary.d50, uncertainty, assessment.unit)


def _area(area: float, unit: str) -> str:
    if unit == "nm" and area >= 1e5:
        return f"{area / 1e6:,.4g} µm²"
    return f"{area:,.0f} {unit}²"


def _several(count: int, noun: str) -> str:
    """``1 image``, ``2 images``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


# -- parts of the report ---------------------------------------------------------------------


def _figures(assessment: Assessment) -> Iterator[dict[str, Any]]:
    """Rows of the table of figures: by number with interval, by volume with one where known."""
    number, volume, known = assessment.summary, assessment.by_volume, assessment.intervals
    for figure in ONCE:
        by_volume, interval = figure.of(volume), getattr(known, figure.key)
        found = _same(getattr(known, f"volume_{figure.key}", None), by_volume)
        yield _row(figure.name.capitalize(), figure.of(number), interval, by_volume, found)
    for name, interval in (
        ("Geometric mean", known.geometric_mean),
        ("Mean D[3,2] (Sauter)", known.d32),
        ("Mean D[4,3] (De Brouckere)", known.d43),
    ):
        yield _row(name, interval.value, interval)
    gsd = known.geometric_standard_deviation
    yield _row("Geometric standard deviation", gsd.value, gsd)
    spans = span(number), None, span(volume)
    yield _row("Span, (D90 - D10) / D50", *spans)


def _row(
    name: str,
    number: float,
    interval: Interval | None,
    volume: float | None = None,
    volume_interval: Interval | None = None,
) -> dict[str, Any]:
    place = _place(interval, number)
    return {
        "name": name,
        "number": number,
        "interval": interval,
        "place": place,
        "volume": volume,
        "volume_interval": volume_interval,
        "volume_place": place if volume_interval is None else _place(volume_interval, number),
    }


def _place(interval: Interval | None, value: float) -> int:
    """To which decimal a figure is written beside its interval."""
    return places_between(interval.low, interval.high, value) if interval else places(None, value)


def _same(interval: Interval | None, value: float) -> Interval | None:
    """The interval, if it is one of this value: volumes may have been taken from another size."""
    same = interval is not None and math.isclose(interval.value, value, rel_tol=1e-6)
    return interval if same else None


def _reasons(analyses: Sequence[Analysis], column: str) -> list[tuple[str, int]]:
    """How many particles were left out for each reason, the commonest first."""
    table = pd.concat([each.particles for each in analyses], ignore_index=True)
    kept = table["kept"].astype(bool)
    chosen = ~kept & ~decided_by_hand(table) if column == "reason" else kept
    texts = table.loc[chosen, column].astype(str)
    counts = Counter(texts[texts != ""].tolist())
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _picture(analysis: Analysis, assessment: Assessment, number: int) -> dict[str, Any]:
    """What the report says of one picture; ``summary`` is that of the summary file."""
    calibration, settings = analysis.calibration, analysis.settings
    height, width = analysis.grid.frame
    unit = analysis.unit
    stated = getattr(calibration, "relative_uncertainty", None)
    summary = summary_dict(analysis)
    return {
        "number": number,
        "name": analysis.micrograph.name,
        "summary": summary,
        "counts": Counts.of(analysis.particles),
        "typed_uncertainty": settings.scale_uncertainty,
        "stated_uncertainty": stated,
        "doubt": analysis.scale_doubt,
        "instrument": instrument_words(analysis),
        "source": "unknown" if calibration is None else calibration.marked_source,
        "area": _area(analysis.frame_area(unit), unit),
        "frame": f"{width:,} {TIMES} {height:,}",
        "median": summary["sizes"].get(f"{assessment.size}_{unit}", {}).get("d50"),
        "median_unit": unit,
    }


def _scales(analyses: Sequence[Analysis]) -> list[str]:
    """Every pixel size with its source, once."""
    scales = [
        f"{each.calibration.per_pixel} ({each.calibration.marked_source})"
        for each in analyses
        if each.calibration is not None
    ]
    return list(dict.fromkeys(scales))


def _models(analyses: Sequence[Analysis]) -> list[dict[str, Any]]:
    """Every model and provider that was used, once, with what is known of its bias."""
    used = dict.fromkeys(
        (each.model.name, each.model.version, each.model.sha256, each.provider) for each in analyses
    )
    return [
        {
            "name": name,
            "version": version,
            "sha256": sha256,
            "provider": provider,
            "bias": KNOWN_BIAS.get(sha256),
        }
        for name, version, sha256, provider in used
    ]


def _settings(analyses: Sequence[Analysis]) -> list[tuple[str, str]]:
    """Every setting, with the values of all pictures where they differ."""
    every = [each.settings.to_dict() for each in analyses]
    return [
        (name, "; ".join(dict.fromkeys(_setting(each[name]) for each in every)))
        for name in every[0]
    ]


def _setting(value: Any) -> str:
    if value is None:
        return "automatic or not given"
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _outline_pixel(analyses: Sequence[Analysis], unit: str) -> float:
    """The coarsest side of a pixel of the grid on which sizes were measured, in `unit`."""
    return max(each.pixel_size(unit) * each.grid.pixel for each in analyses)


def _plots(
    assessment: Assessment, display: Display, analyses: Sequence[Analysis]
) -> dict[str, Markup]:
    """Every figure as HTML, by its name; none without particles."""
    if not len(assessment.particles):
        return {}
    figures = {
        "distribution": distribution_plot(assessment, display),
        "quantiles": quantile_plot(assessment),
        "band": band_plot(assessment, analyses[0].filter_threshold),
        "shapes": shapes_plot(assessment),
        "aspect_ratio": shape_plot(assessment),
    }
    return {name: _plot(figure, f"plot-{name}") for name, figure in figures.items()}


def _plot(figure: go.Figure, identifier: str) -> Markup:
    return Markup(
        figure.to_html(
            config=PLOT_CONFIG,
            include_plotlyjs=False,
            full_html=False,
            div_id=identifier,
            default_height=f"{figure.layout.height}px",
        )
    )
