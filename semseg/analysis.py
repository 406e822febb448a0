"""The one road: from the bytes of a micrograph to a table of particles.

    >>> from semseg import analyze
    >>> analysis = analyze("picture.tif")
    >>> analysis.particles["min_feret_nm"].median()

`analyze` walks the whole road. Its three stretches may be walked, and cached, one by
one: `prepare` (needs the crop and the repair), `segment` (runs the network; needs the
rescale factor and the provider) and `conclude` (arithmetic only: scale and filter).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.errors import SettingsError
from semseg.inference.segmenter import ModelInfo, Segmenter
from semseg.instances import out_of_domain
from semseg.instances.autoscale import estimate_rescale
from semseg.instances.confidence import apply_filter, confidence, reasons
from semseg.instances.particles import (
    Thresholds,
    find_particles,
    measure_particles,
    on_recorded_grid,
)
from semseg.io.micrograph import MIN_SIDE_PX, Micrograph, read_micrograph
from semseg.measure.shape import measure_shapes, outlines
from semseg.measure.visibility import visibility
from semseg.preprocessing.preparation import (
    Crop,
    find_label_bar,
    repair_outliers,
    resize,
    stretch_contrast,
)
from semseg.scale.calibration import Calibration, agreement_note, calibration_from_width
from semseg.scale.scale_bar import ScaleBar, calibration_from_scale_bar, find_scale_bar
from semseg.settings import Settings
from semseg.statistics.counting import apply_rule

__all__ = [
    "Analysis",
    "Prepared",
    "Segmentation",
    "analyze",
    "conclude",
    "is_assumed",
    "prepare",
    "refilter",
    "segment",
]

Progress = Callable[[str, float], None]
MOST_NETWORK_PX = 110_000_000  # what the network is asked to look at in one picture


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the network will see, before rescaling.

    Attributes
    ----------
    image : float32, h x w, 0..1
        Cropped, repaired, contrast stretched; on the recorded grid.
    crop : Crop
        What was cut off.
    repaired_pixels : int
    notes : tuple of str
    scale_bar : ScaleBar or None
        The one in the recorded picture, where it was looked for (the file gives no scale, or a
        length was typed for the bar) and found.
    """

    image: NDArray[np.float32]
    crop: Crop
    repaired_pixels: int
    notes: tuple[str, ...] = ()
    scale_bar: ScaleBar | None = None


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What the network found, in pixels.

    Attributes
    ----------
    labels : int32, h x w
        On the network's grid: ids 1..n.
    particles : DataFrame
        One row per particle, sizes in px of the recorded picture, positions in the
        cropped one, with ``confidence`` and ``doubt`` (what speaks most against it).
    scale : (float, float)
        Network pixels per recorded pixel, vertical and horizontal.
    rescale : float
        The factor that was asked for or found.
    rescale_source : str
        ``given``, ``automatic`` or ``could not decide``.
    median_network_px : float or None
        Median diameter at the network; None without particles.
    model : ModelInfo
    provider : str
    notes : tuple of str
    """

    labels: NDArray[np.int32]
    particles: pd.DataFrame
    scale: tuple[float, float]
    rescale: float
    rescale_source: str
    median_network_px: float | None
    model: ModelInfo
    provider: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything that is known about one micrograph.

    Attributes
    ----------
    particles : DataFrame
        One row per particle; lengths ``*_px`` in recorded pixels and, with a
        calibration, ``*_nm``; ``confidence``, ``kept``, ``reason``, ``touches_edge``,
        ``visibility``; by the counting rule ``counted``, ``not_counted`` and ``weight``.
    labels : int32, H x W
        On the recorded grid, zero where cropped; ids as in the table's ``label``.
    scale_bar : ScaleBar or None
        The one that was found in the recorded picture.
    manual : dict of int to bool
        Labels on which a person decided against or beyond the filter: kept or not.
    outlines : dict of int to float32 (n, 2)
        Closed polygons, (x, y) in recorded pixels, on pixel edges of the network's grid.
    notes : tuple of str
        What the user should know, one sentence each.
    seconds : dict of str to float
        Time of each stage.
    """

    micrograph: Micrograph
    settings: Settings
    prepared: NDArray[np.float32]
    crop: Crop
    repaired_pixels: int
    rescale: float
    rescale_source: str
    median_network_px: float | None
    model: ModelInfo
    provider: str
    calibration: Calibration | None
    filter_threshold: float
    scale_bar: ScaleBar | None
    manual: dict[int, bool]
    labels: NDArray[np.int32]
    particles: pd.DataFrame
    outlines: dict[int, NDArray[np.float32]]
    notes: tuple[str, ...]
    seconds: dict[str, float] = field(default_factory=dict)


def analyze(
    source: bytes | str | os.PathLike[str],
    settings: Settings | None = None,
    *,
    name: str | None = None,
    segmenter: Segmenter | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Measure every particle of a micrograph.

    Parameters
    ----------
    source : bytes or path
        The picture's file.
    settings : Settings, optional
        By default everything is found automatically.
    name : str, optional
        Name of the file, where only its bytes are given.
    segmenter : Segmenter, optional
        To be used again for many pictures; by default one is made.
    progress : callable, optional
        Called as ``progress(stage, fraction)``, stage one of ``read``, ``prepare``,
        ``rescale``, ``network``, ``measure``, ``conclude``; fraction of that stage, 0..1.

    Raises
    ------
    semseg.errors.SemsegError
        In one sentence, what is wrong with this file or these settings.
    """
    settings = settings or Settings()
    seconds: dict[str, float] = {}
    report = progress or (lambda stage, fraction: None)
    with _timed("read", seconds, report):
        micrograph = read_micrograph(source, name)
    with _timed("prepare", seconds, report):
        prepared = prepare(micrograph, settings)
    segmenter = segmenter or Segmenter(provider=settings.provider)
    found = segment(prepared, settings, segmenter, progress=report, seconds=seconds)
    with _timed("conclude", seconds, report):
        analysis = conclude(micrograph, prepared, found, settings)
    return replace(analysis, seconds=seconds)


def prepare(micrograph: Micrograph, settings: Settings) -> Prepared:
    """Crop, repair and stretch the contrast, in this order."""
    notes: list[str] = []
    crop = settings.crop
    if crop is None:
        row = micrograph.label_bar_row
        if row is None:
            row = find_label_bar(micrograph.grey)
        crop = Crop(bottom=micrograph.height - row) if row is not None else Crop()
        if row is not None and row < MIN_SIDE_PX:
            crop = Crop()
            notes.append(
                f"A label bar seems to begin at row {row}, above which too little would remain, so "
                f"nothing was cut off; crop by hand where that is wrong."
            )
    image = crop.apply(micrograph.grey)
    repaired = 0
    if settings.repair:
        image, repaired = repair_outliers(image)
        if repaired > 0.05 * image.size:
            notes.append(
                f"{repaired:,} pixels ({repaired / image.size:.0%}) were repaired as hot or cold; "
                "if this picture is not that noisy, switch the repair off."
            )
    scale_bar = None
    # looked for where it can matter: it takes longer than everything else here
    if micrograph.calibration is None or settings.scale_bar_nm is not None:
        bar_row = micrograph.height - crop.bottom if crop.bottom else None
        scale_bar = find_scale_bar(micrograph.grey, bar_row)
    return Prepared(stretch_contrast(image), crop, repaired, tuple(notes), scale_bar)


def segment(
    prepared: Prepared,
    settings: Settings,
    segmenter: Segmenter,
    *,
    progress: Progress | None = None,
    seconds: dict[str, float] | None = None,
) -> Segmentation:
    """Choose the rescale factor, run the network, measure in pixels."""
    report = progress or (lambda stage, fraction: None)
    seconds = {} if seconds is None else seconds
    model = segmenter.info
    thresholds = Thresholds(**model.thresholds)
    notes: list[str] = []

    with _timed("rescale", seconds, report):
        if settings.rescale is not None:
            factor, source = settings.rescale, "given"
        else:
            estimate = estimate_rescale(
                prepared.image, segmenter.predict, thresholds, model.target_particle_px
            )
            factor, source = estimate.factor, "automatic"
            if not estimate.decided:
                source = "could not decide"
                notes.append(
                    "The rescale factor could not be found automatically, so the picture was "
                    f"analysed at {factor:g}; set the factor by hand if outlines look wrong."
                )
        factor = _within_limits(prepared.image.shape, factor, given=source == "given")
    with _timed("network", seconds, report):
        image = resize(prepared.image, factor, model.reduction)
        maps = segmenter.predict(image, lambda done: report("network", done))
    with _timed("measure", seconds, report):
        labels, features = find_particles(maps, image, thresholds)
        scale = tuple(np.divide(labels.shape, prepared.image.shape).tolist())
        shapes = measure_shapes(labels)
        median = float(shapes["ecd"].median()) if len(shapes) else None
        certain = confidence(features, model.confidence)
        doubt = reasons(features, model.confidence)
        in_domain = model.confidence.get("in_domain", out_of_domain.DEFAULT_MODEL)
        foreign = out_of_domain.why_out_of_domain(prepared.image, maps, certain, in_domain)
        if foreign:
            notes.append(out_of_domain.note(foreign, certain, model.filter_threshold))
            certain = out_of_domain.lower_confidence(certain, model.filter_threshold)
            doubt = [out_of_domain.REASON] * len(doubt)
        particles = measure_particles(shapes, scale).assign(
            confidence=certain, doubt=doubt, visibility=visibility(labels)
        )
    if median is None:
        notes.append(
            "No particles were found; try another rescale factor or crop, or see whether the "
            "picture shows particles at all."
        )
    elif not foreign:
        notes += _range_note(median, factor, model)
    notes = [*segmenter.notes, *notes]  # last, since a provider may have failed at this picture
    return Segmentation(
        labels, particles, scale, factor, source, median, model, segmenter.provider, tuple(notes)
    )


def conclude(
    micrograph: Micrograph,
    prepared: Prepared,
    found: Segmentation,
    settings: Settings,
    edits: Mapping[int, bool] | None = None,
) -> Analysis:
    """Put sizes into nanometres, apply the filter and the `edits` by hand (label: kept?),
    return to the recorded grid."""
    calibration, notes = _calibrate(micrograph, settings, prepared.scale_bar)
    particles = found.particles.copy()
    crop = prepared.crop
    particles["x_px"] += crop.left
    particles["y_px"] += crop.top
    if calibration:
        for length in ("ecd", "min_feret", "max_feret", "perimeter"):
            particles[f"{length}_nm"] = particles[f"{length}_px"] * calibration.pixel_size_nm
        particles["area_nm2"] = particles["area_px"] * calibration.pixel_size_nm**2

    labels = np.zeros((micrograph.height, micrograph.width), np.int32)
    crop.apply(labels)[:] = on_recorded_grid(found.labels, prepared.image.shape)
    back = 1 / np.array(found.scale[::-1], np.float32)
    offset = np.array([crop.left, crop.top], np.float32) - 0.5
    polygons = {k: (xy + 0.5) * back + offset for k, xy in outlines(found.labels).items()}
    analysis = Analysis(
        micrograph=micrograph,
        settings=settings,
        prepared=prepared.image,
        crop=crop,
        repaired_pixels=prepared.repaired_pixels,
        rescale=found.rescale,
        rescale_source=found.rescale_source,
        median_network_px=found.median_network_px,
        model=found.model,
        provider=found.provider,
        calibration=calibration,
        filter_threshold=found.model.filter_threshold,
        scale_bar=prepared.scale_bar,
        manual={},
        labels=labels,
        particles=particles,
        outlines=polygons,
        notes=(*micrograph.notes, *prepared.notes, *found.notes, *notes),
    )
    return refilter(analysis, settings.filter, edits)


def refilter(
    analysis: Analysis, threshold: float | None, edits: Mapping[int, bool] | None = None
) -> Analysis:
    """The same particles under another filter (None: the model's) and other edits by hand;
    the counting rule stays.

    Equals `conclude` with these, at the cost of one look at the confidences.
    """
    usual = analysis.model.filter_threshold
    there = set(analysis.particles["label"].tolist())
    manual = {label: bool(keep) for label, keep in (edits or {}).items() if label in there}
    applied = usual if threshold is None else threshold
    settings = replace(analysis.settings, filter=threshold)
    particles = apply_rule(
        apply_filter(analysis.particles, applied, manual),
        analysis.prepared.shape,
        edges=settings.edges,
        visible_only=settings.visible_only,
    )
    return replace(
        analysis,
        settings=settings,
        filter_threshold=applied,
        manual=manual,
        particles=particles,
    )


def _calibrate(
    micrograph: Micrograph, settings: Settings, scale_bar: ScaleBar | None
) -> tuple[Calibration | None, list[str]]:
    """The scale that is used, and what the others say against it.

    What a person typed wins over the file, the file over the scale bar, that over an assumption.
    """
    recorded, notes = micrograph.calibration, []
    typed = measured = None
    if settings.width_nm is not None:
        typed = calibration_from_width(settings.width_nm, micrograph.width)
    elif settings.pixel_size_nm is not None:
        typed = Calibration(settings.pixel_size_nm, "typed pixel size")
    if settings.scale_bar_nm is not None:
        if scale_bar:
            measured = calibration_from_scale_bar(scale_bar, settings.scale_bar_nm)
        else:
            notes.append(
                "No scale bar was found in the picture, so the length typed for it is not used."
            )
    known = [each for each in (typed, recorded, measured) if each is not None]
    if known:
        clashes = (agreement_note(known[0], other) for other in known[1:])
        return known[0], notes + [note for note in clashes if note]
    if settings.assumed_width_nm is not None:
        assumed = calibration_from_width(settings.assumed_width_nm, micrograph.width, assumed=True)
        return assumed, [
            *notes,
            "The file does not say how large its pixels are, so the picture was assumed to be "
            f"{settings.assumed_width_nm:g} nm wide; check the scale bar and type the width.",
        ]
    return None, [
        *notes,
        "The file does not say how large its pixels are, so sizes are in pixels; "
        "give the width of the picture in nanometres.",
    ]


def is_assumed(analysis: Analysis) -> bool:
    """Whether sizes in nanometres rest on a width that nobody gave."""
    return analysis.calibration is not None and analysis.calibration.assumed


def _range_note(median: float, factor: float, model: ModelInfo) -> list[str]:
    low, high = model.trained_particle_px
    if low <= median <= high:
        return []
    better = factor * model.target_particle_px / median
    return [
        f"The median particle is {median:.3g} px wide where the network looks, outside the "
        f"{low:g} to {high:g} px it is made for; a rescale factor of {better:.2g} would suit it."
    ]


def _within_limits(shape: tuple[int, int], factor: float, *, given: bool) -> float:
    """Refuse, or for an automatic factor reduce, what would not fit into memory."""
    most = float(np.sqrt(MOST_NETWORK_PX / (shape[0] * shape[1])))
    least = 32 / min(shape)
    if least <= factor <= most:
        return factor
    if given:
        raise SettingsError(
            f"A rescale factor of {factor:g} does not suit a picture of {shape[1]} x {shape[0]} "
            f"pixels; choose one between {least:.2g} and {most:.2g}."
        )
    return min(max(factor, least), most)


@contextmanager
def _timed(stage: str, seconds: dict[str, float], report: Progress) -> Iterator[None]:
    report(stage, 0.0)
    began = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - began
    report(stage, 1.0)
