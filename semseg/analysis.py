"""The pipeline: from the bytes of a micrograph to a table of particles.

    >>> from semseg.data import sample_path
    >>> analysis = analyze(sample_path())
    >>> f"{analysis.particles['min_feret_nm'].median():.0f} nm"
    '228 nm'

`analyze` runs all of it. Its stages may be run, and their results cached, one by one, each composed
of the one before::

    read_micrograph -> Micrograph     the file
    prepare         -> Prepared       crop and repair
    segment         -> Segmentation   runs the network; rescale factor and provider
    replay          -> Segmentation   what a hand put right (`semseg.editing`), where one did
    conclude        -> Analysis       arithmetic on a table: scale, filter, counting rule

`rescaled` looks at the same image through the network at another rescale factor.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.bands import share
from semseg.editing.replay import replay
from semseg.errors import SettingsError
from semseg.inference.description import ModelInfo
from semseg.inference.segmenter import Segmenter
from semseg.instances import out_of_domain
from semseg.instances.autoscale import all_scales, estimate_rescale
from semseg.instances.coefficients import thresholds_of
from semseg.instances.confidence import apply_filter, confidence, reasons
from semseg.instances.particles import find_particles
from semseg.instances.scales import Scale, distinct, fits_half, judged, scales_note, with_half
from semseg.io.micrograph import MIN_SIDE_PX, Micrograph, read_micrograph
from semseg.measure.label_image import LabelImage
from semseg.measure.quantities import in_nanometres
from semseg.measure.recorded import measure_particles, recorded_outlines
from semseg.measure.runs import runs_of
from semseg.measure.shape import measure_shapes
from semseg.measure.visibility import visibility
from semseg.operations import Operation
from semseg.preprocessing.preparation import (
    Crop,
    find_label_bar,
    repair_outliers,
    resized,
    stretch_contrast,
)
from semseg.scale import ocr
from semseg.scale.bar_text import PrintedScale, read_printed_scale
from semseg.scale.calibration import Calibration
from semseg.scale.choice import choose_calibration
from semseg.scale.scale_bar import find_scale_bar
from semseg.scale.vendors.reading import TOLERANCE
from semseg.settings import Settings
from semseg.stages import Analysis, Prepared, Segmentation
from semseg.statistics.counting import apply_rule

__all__ = [
    "Analysis",
    "Prepared",
    "Segmentation",
    "analyze",
    "conclude",
    "lacks_reader",
    "needs_scale_bar",
    "prepare",
    "refilter",
    "rescale_limits",
    "rescaled",
    "scales_to_try",
    "segment",
    "without_hand",
    "without_images",
]

Progress = Callable[[str, float], None]
MAX_NETWORK_PX = 110_000_000  # what the network is asked to look at in one picture


def analyze(
    source: bytes | str | os.PathLike[str],
    settings: Settings | None = None,
    *,
    name: str | None = None,
    sidecar: tuple[str, bytes] | None = None,
    segmenter: Segmenter | None = None,
    progress: Progress | None = None,
    printed: PrintedScale | None = None,
    operations: Sequence[Operation] = (),
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
    sidecar : (name, bytes), optional
        The text file beside the picture; it is looked for where a path is given and no text.
    segmenter : Segmenter, optional
        To be used again for many pictures; by default one is made.
    progress : callable, optional
        Called as ``progress(stage, fraction)``, stage one of ``read``, ``prepare``,
        ``rescale``, ``network``, ``measure``, ``conclude``; fraction of that stage, 0..1.
    printed : PrintedScale, optional
        What was read in the picture before; by default it is read where it is needed.
    operations : sequence of Operation, optional
        What a hand put right before, done again; one that cannot be is said in the notes.

    Raises
    ------
    semseg.errors.SemsegError
        In one sentence, what is wrong with this file or these settings.
    """
    settings = settings or Settings()
    seconds: dict[str, float] = {}
    report = progress or (lambda stage, fraction: None)
    with _timed("read", seconds, report):
        micrograph = read_micrograph(source, name, sidecar=sidecar, page=settings.page)
    with _timed("prepare", seconds, report):
        prepared = prepare(micrograph, settings, printed, partial(report, "prepare"))
    segmenter = segmenter or Segmenter(provider=settings.provider)
    found = segment(prepared, settings, segmenter, progress=report, seconds=seconds)
    with _timed("conclude", seconds, report):
        replayed = replay(found, operations)
        edits = replayed.decisions
        analysis = conclude(micrograph, prepared, replayed.segmentation, settings, edits)
    return replace(analysis, seconds=seconds)


def needs_scale_bar(micrograph: Micrograph, settings: Settings) -> bool:
    """Whether the scale bar in the picture can matter: where its file gives no certain scale, a
    length was typed for it, or it shall be read always."""
    recorded = micrograph.calibration
    asked = settings.scale_bar_nm is not None or settings.read_scale == "always"
    return recorded is None or not recorded.certain or asked


def lacks_reader(analysis: Analysis) -> bool:
    """Whether writing that can matter was not read, because that is not installed."""
    wanted = needs_scale_bar(analysis.micrograph, analysis.settings)
    written = analysis.scale_bar is not None or analysis.crop.bottom > 0
    unread = analysis.printed is None and analysis.settings.read_scale != "never"
    return wanted and written and unread and not ocr.is_installed()


def prepare(
    micrograph: Micrograph,
    settings: Settings,
    printed: PrintedScale | None = None,
    progress: Callable[[float], None] | None = None,
) -> Prepared:
    """Crop, repair and stretch the contrast, in this order; find the scale bar and read what is
    written at it, unless that is known as `printed`. `progress` is called with the share done."""
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
        image, repaired = repair_outliers(image, share(progress, 0.1, 0.7))
        if repaired > 0.05 * image.size:
            notes.append(
                f"{repaired:,} pixels ({repaired / image.size:.0%}) were repaired as hot or cold; "
                "if this picture is not that noisy, switch the repair off."
            )
    scale_bar = None
    # looked for where it can matter: it takes longer than everything else here
    if needs_scale_bar(micrograph, settings):
        bar_row = micrograph.height - crop.bottom if crop.bottom else None
        scale_bar = find_scale_bar(micrograph.grey, bar_row)
        if printed is None and settings.read_scale != "never" and ocr.is_installed():
            try:
                printed = read_printed_scale(micrograph.grey, scale_bar, bar_row)
            except Exception:
                # a scale can be typed; a fault of the reader must not cost the picture
                logging.getLogger(__name__).exception("%s: not read", micrograph.name)
                notes.append(
                    "The writing in the picture could not be read, which is a fault; type what "
                    "stands at the scale bar."
                )
        if settings.read_scale == "always" and printed is not None and not printed.tells_scale:
            found = "at the scale bar" if scale_bar else "in the picture, nor was a scale bar found"
            notes.append(f"No length could be read {found}.")
    aspect = micrograph.pixel_aspect
    if settings.pixel_aspect is not None:
        if abs(settings.pixel_aspect / aspect - 1) > TOLERANCE and micrograph.calibration:
            notes.append(
                f"The height of a pixel over its width was given as {settings.pixel_aspect:.4g}, "
                f"but the {micrograph.calibration.source} give {aspect:.4g}: check it."
            )
        aspect = settings.pixel_aspect
    return Prepared(
        stretch_contrast(image), crop, repaired, tuple(notes), scale_bar, aspect, printed
    )


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
    thresholds = thresholds_of(model)
    notes: list[str] = []
    search_notes: list[str] = []
    others: tuple[Scale, ...] = ()
    square = prepared.square

    with _timed("rescale", seconds, report):
        if settings.rescale is not None:
            factor, source = settings.rescale, "given"
        else:
            estimate = estimate_rescale(
                square,
                segmenter.predict,
                thresholds,
                model.target_particle_px,
                partial(report, "rescale"),
            )
            factor, source = estimate.factor, "automatic"
            if not estimate.decided:
                source = "could not decide"
                search_notes.append(
                    "The rescale factor could not be found automatically, so the picture was "
                    f"analysed at {factor:g}; set the factor by hand if outlines look wrong."
                )
        factor = _within_limits(square.shape, factor, given=source == "given")
        if source != "given":
            others = _within_reach(estimate.others, square.shape, factor)
    with _timed("network", seconds, report):
        image = resized(square, factor, model.reduction)
        maps = segmenter.predict(image, partial(report, "network"))
    with _timed("measure", seconds, report):
        measured = partial(report, "measure")
        instances = find_particles(maps, image, thresholds, share(measured, 0, 0.8))
        labels, features = instances.labels, instances.features
        grid = prepared.grid(labels.shape)
        runs = runs_of(labels)
        shapes = measure_shapes(labels, runs)
        measured(0.85)
        median = float(shapes["ecd"].median()) if len(shapes) else None
        confidences = confidence(features, model.confidence)
        doubt = reasons(features, model.confidence.get("doubt", {}))
        in_domain = model.confidence.get("in_domain", out_of_domain.DEFAULT_MODEL)
        why = out_of_domain.why_out_of_domain(square, maps, confidences, in_domain)
        if source != "given":
            others = judged(others, factor, confidences, model.filter_threshold)
            others = with_half(others, factor, _recorded_px(median, factor), confidences)
        if why:
            half = factor / 2 if fits_half(factor, confidences) else None
            notes.append(out_of_domain.note(why, confidences, model.filter_threshold, half))
            confidences = out_of_domain.lower_confidence(confidences, model.filter_threshold)
            doubt = [out_of_domain.REASON] * len(doubt)
        particles = measure_particles(shapes, grid).assign(
            confidence=confidences,
            doubt=doubt,
            visibility=visibility(labels, runs),
            origin="network",
        )
        measured(0.9)
        polygons = recorded_outlines(labels, grid, share(measured, 0.9, 1))
    if median is None:
        notes.append(
            "No particles were found; try another rescale factor or crop, or see whether the "
            "picture shows particles at all."
        )
    elif not why:
        notes += _range_note(median, factor, model)
    # the note of a picture out of domain has said so of half the factor
    said = [each for each in others if not (why and each.probability is None)]
    search_notes += scales_note(said, factor, _recorded_px(median, factor))
    notes = [*segmenter.notes, *notes]  # last, since a provider may have failed at this picture
    return Segmentation(
        grid=grid,
        label_image=LabelImage(labels),
        outlines=polygons,
        particles=particles,
        rescale=factor,
        rescale_source=source,
        median_network_px=median,
        model=model,
        provider=segmenter.provider,
        proposals=instances.proposals,
        chosen=instances.chosen,
        other_scales=others,
        search_notes=tuple(search_notes),
        notes=tuple(notes),
    )


def scales_to_try(
    prepared: Prepared, found: Segmentation, segmenter: Segmenter
) -> tuple[Scale, ...]:
    """Other factors at which the picture is worth a look, whatever way the one used was found.

    Looks at all octaves of the picture, which takes the time of some 2 megapixels in the network.
    """
    model = segmenter.info
    square = prepared.square
    thresholds = thresholds_of(model)
    seen = all_scales(square, segmenter.predict, thresholds, model.target_particle_px)
    factor, known = found.rescale, found.confidences
    others = judged(
        _within_reach(seen, square.shape, factor), factor, known, model.filter_threshold
    )
    return with_half(others, factor, _recorded_px(found.median_network_px, factor), known)


def conclude(
    micrograph: Micrograph,
    prepared: Prepared,
    found: Segmentation,
    settings: Settings,
    edits: Mapping[int, bool] | None = None,
) -> Analysis:
    """Put sizes into nanometres; apply the filter, the `edits` by hand (label: kept?) and the
    counting rule. Arithmetic on the table of particles only."""
    calibration, notes = choose_calibration(
        micrograph.calibration,
        micrograph.width,
        width_nm=settings.width_nm,
        pixel_size_nm=settings.pixel_size_nm,
        scale_bar=prepared.scale_bar,
        scale_bar_nm=settings.scale_bar_nm,
        scale_bar_px=settings.scale_bar_px,
        checked_nm=settings.scale_checked_nm,
        marker_nm=micrograph.marker_nm,
        printed=prepared.printed,
        assumed_width_nm=settings.assumed_width_nm,
    )
    refused = found.corrections.refused if found.corrections else ()
    if calibration:
        calibration = calibration.with_aspect(prepared.pixel_aspect)
    analysis = Analysis(
        micrograph=micrograph,
        prepared=prepared,
        segmentation=found,
        settings=settings,
        calibration=calibration,
        filter_threshold=found.model.filter_threshold,
        manual={},
        particles=_sized(found, calibration),
        notes=(
            *micrograph.notes,
            *prepared.notes,
            *found.search_notes,
            *found.notes,
            *refused,
            *notes,
        ),
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
        analysis.segmentation.area,
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


def rescaled(
    analysis: Analysis,
    segmenter: Segmenter,
    ratio: float,
    *,
    progress: Progress | None = None,
) -> Analysis:
    """The same image as the network sees it at `ratio` times the factor used.

    Runs the network. Decisions by hand belong to the outlines and are not taken along.
    """
    settings = replace(analysis.settings, rescale=float(analysis.rescale) * ratio)
    found = segment(analysis.prepared, settings, segmenter, progress=progress)
    return conclude(analysis.micrograph, analysis.prepared, found, settings)


def _sized(found: Segmentation, calibration: Calibration | None) -> pd.DataFrame:
    """The table of particles, with sizes in nanometres where the scale is known."""
    if calibration is None:
        return found.particles
    return in_nanometres(found.particles, calibration.mean_pixel_nm)


def without_hand(analysis: Analysis) -> Analysis:
    """The same image at the same scale, as it would be had no hand touched it: no decisions, no
    corrections. Takes what `without_images` leaves, too."""
    found = analysis.segmentation.unedited
    bare = replace(analysis, segmentation=found, particles=_sized(found, analysis.calibration))
    return refilter(bare, analysis.settings.filter)


def without_images(analysis: Analysis, *, outlines: bool = True) -> Analysis:
    """The analysis with its images let go, and its outlines as well where they are not wanted.

    What remains is small, and all that tables, statistics and the files of several images need.
    In the place of each image is one of no pixels, so that whoever still asks for it fails.
    """

    def released(image: NDArray[Any]) -> NDArray[Any]:
        return np.empty((0, 0), image.dtype)

    def light(found: Segmentation, outlines: bool) -> Segmentation:
        by_hand = found.corrections
        return replace(
            found,
            label_image=LabelImage(np.empty((0, 0), np.int32)),
            outlines=found.outlines if outlines else {},
            proposals=None,
            corrections=by_hand and replace(by_hand, unedited=light(by_hand.unedited, False)),
        )

    return replace(
        analysis,
        micrograph=replace(analysis.micrograph, grey=released(analysis.micrograph.grey)),
        prepared=replace(analysis.prepared, image=released(analysis.prepared.image)),
        segmentation=light(analysis.segmentation, outlines),
    )


def _range_note(median: float, factor: float, model: ModelInfo) -> list[str]:
    low, high = model.trained_particle_px
    if low <= median <= high:
        return []
    better = factor * model.target_particle_px / median
    return [
        f"The median particle is {median:.3g} px wide where the network looks, outside the "
        f"{low:g} to {high:g} px it is made for; a rescale factor of {better:.2g} would suit it."
    ]


def _within_reach(
    scales: Sequence[Scale], shape: tuple[int, int], factor: float
) -> tuple[Scale, ...]:
    """These scales, at factors that suit an image of this shape and apart from the one used."""
    reached = [
        replace(each, factor=_within_limits(shape, each.factor, given=False)) for each in scales
    ]
    return distinct(reached, apart_from=factor)


def _recorded_px(median: float | None, factor: float) -> float | None:
    return None if median is None else median / factor


def rescale_limits(shape: tuple[int, int]) -> tuple[float, float]:
    """The least and the greatest factor at which the network looks at an image of so many rows and
    columns: 32 px along the shorter side, and what fits into memory."""
    return 32 / min(shape), float(np.sqrt(MAX_NETWORK_PX / (shape[0] * shape[1])))


def _within_limits(shape: tuple[int, int], factor: float, *, given: bool) -> float:
    """The factor; where it does not fit, a given one is refused, another brought to the limit."""
    least, most = rescale_limits(shape)
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
