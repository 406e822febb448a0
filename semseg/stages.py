"""What each stage of the pipeline gives, composed of what the stage before gave.

::

    Micrograph   the file                                  semseg.io.micrograph
    Prepared     cropped, repaired, contrast stretched
    Segmentation particles in pixels, on both grids
    Analysis     the three above, sizes in nanometres, what is accepted and what counts

`semseg.analysis` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.inference.description import ModelInfo
from semseg.instances import out_of_domain
from semseg.instances.particles import Proposals
from semseg.instances.scales import Scale
from semseg.io.micrograph import Micrograph
from semseg.measure.area import Area
from semseg.measure.grid import Grid
from semseg.measure.label_image import LabelImage
from semseg.measure.recorded import recorded_labels
from semseg.operations import Operation
from semseg.preprocessing.preparation import Crop, square_pixels, square_shape
from semseg.scale.bar_text import PrintedScale
from semseg.scale.calibration import Calibration
from semseg.scale.scale_bar import ScaleBar
from semseg.settings import Settings

__all__ = ["Analysis", "Corrections", "Prepared", "Segmentation"]


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
        The one in the recorded image, where it was looked for (the file gives no scale, or a
        length was typed for the bar) and found.
    pixel_aspect : float
        Height of a recorded pixel over its width. The network sees the image on square pixels.
    printed : PrintedScale or None
        What stands at the bar and in the label bar, where it was read.
    """

    image: NDArray[np.float32]
    crop: Crop
    repaired_pixels: int
    notes: tuple[str, ...] = ()
    scale_bar: ScaleBar | None = None
    pixel_aspect: float = 1.0
    printed: PrintedScale | None = None

    @property
    def square(self) -> NDArray[np.float32]:
        """The image on square pixels, which rescale factors speak of; `image` where it has such."""
        return square_pixels(self.image, self.pixel_aspect)

    @property
    def square_shape(self) -> tuple[int, int]:
        """Rows and columns of `square`."""
        height, width = self.image.shape
        return square_shape((height, width), self.pixel_aspect)

    def grid(self, network: tuple[int, int]) -> Grid:
        """Where the pixels of a network that saw `image` as height x width px lie in the file."""
        height, width = self.image.shape
        crop = self.crop
        recorded = height + crop.top + crop.bottom, width + crop.left + crop.right
        return Grid(recorded, (height, width), network, crop.top, crop.left)


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What the network found, in pixels. What depends on the labels alone is made here, once.

    Attributes
    ----------
    grid : Grid
        Where the network's pixels lie in the recorded image.
    label_image : LabelImage, r x c
        On the network's grid: 0 background, ids 1..n.
    outlines : dict of int to float64 (n, 2)
        Closed polygons, (x, y) in recorded px from the centre of the first pixel, along the edges
        of the network's pixels.
    particles : DataFrame
        One row per particle, sizes and positions in px of the recorded image, with ``confidence``
        and ``doubt`` (what speaks most against it).
    rescale : float
        The factor that was asked for or found.
    rescale_source : str
        ``given``, ``automatic`` or ``could not decide``.
    median_network_px : float or None
        Median diameter at the network; None without particles.
    model : ModelInfo
    provider : str
    proposals : Proposals or None
        All that might have been a particle; None where it was let go.
    chosen : (n,) int64
        The candidate among them that each label was.
    other_scales : tuple of Scale
        Other factors that were looked at while `rescale` was found, and which of them may be
        better; empty where it was given.
    search_notes : tuple of str
        What is to be said of how `rescale` was found; likewise.
    notes : tuple of str
        What is to be said of the particles.
    corrections : Corrections or None
        What a hand has changed since.
    """

    grid: Grid
    label_image: LabelImage
    outlines: dict[int, NDArray[np.float64]]
    particles: pd.DataFrame
    rescale: float
    rescale_source: str
    median_network_px: float | None
    model: ModelInfo
    provider: str
    proposals: Proposals | None
    chosen: NDArray[np.int64]
    other_scales: tuple[Scale, ...] = ()
    search_notes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    corrections: Corrections | None = None

    @cached_property
    def area(self) -> Area:
        """The part of the recorded image that is analysed."""
        corner = np.array([self.grid.left, self.grid.top], np.float64)
        masks = self.corrections.masks if self.corrections else ()
        return Area.of(self.grid.frame, [mask - corner for mask in masks])

    @property
    def unedited(self) -> Segmentation:
        """What the network found, before any hand."""
        return self.corrections.unedited if self.corrections else self

    def as_given(self) -> Segmentation:
        """What `semseg.analysis.segment` would give were this very factor asked for."""
        return replace(self, rescale_source="given", other_scales=(), search_notes=())

    @property
    def confidences(self) -> NDArray[np.float64]:
        """Of the particles, (n,) in 0..1, as they would be were the picture not out of domain."""
        table = self.particles
        found = table["confidence"].to_numpy(np.float64)
        out = bool((table["doubt"] == out_of_domain.REASON).any())
        return found / self.model.filter_threshold if out else found

    @property
    def network_labels(self) -> NDArray[np.int32]:
        """All of `label_image`, int32, r x c; put together anew where a hand changed some of it."""
        return self.label_image.whole()

    @property
    def labels(self) -> NDArray[np.int32]:
        """The labels on the recorded grid, H x W, zero where cropped. Only files want them, so they
        are made when they are asked for, and not kept."""
        return recorded_labels(self.network_labels, self.grid)


@dataclass(frozen=True, eq=False)
class Corrections:
    """What a hand changed in a segmentation (`semseg.editing`).

    Attributes
    ----------
    unedited : Segmentation
        As the network found it.
    operations : tuple of Operation
        Those that were done, in order.
    masks : tuple of float64 (n, 2)
        Polygons that were left out of the analysed area, in recorded px as outlines are.
    last_label : int
        The greatest label that was ever given: none is given twice.
    boxes : int32 (n, 4)
        Of the particles, in the order of ``outlines``, the network's rows top <= r < bottom and
        columns left <= c < right that each lies in: top, left, bottom, right.
    refused : tuple of str
        One sentence for each operation that could not be done.
    """

    unedited: Segmentation
    operations: tuple[Operation, ...]
    masks: tuple[NDArray[np.float64], ...]
    last_label: int
    boxes: NDArray[np.int32]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything that is known about one micrograph: what it was made of, and what that comes to.

    Attributes
    ----------
    micrograph : Micrograph
    prepared : Prepared
    segmentation : Segmentation
    settings : Settings
    calibration : Calibration or None
        The scale that is used; None leaves sizes in pixels.
    filter_threshold : float
        Confidence below which a particle is rejected.
    manual : dict of int to bool
        Labels on which a person decided against or beyond the filter: kept or not.
    particles : DataFrame
        One row per particle; lengths ``*_px`` in recorded pixels and, with a
        calibration, ``*_nm``; ``confidence``, ``kept``, ``reason``, ``touches_edge``,
        ``visibility``; by the counting rule ``counted``, ``not_counted`` and ``weight``.
    notes : tuple of str
        What the user should know, one sentence each.
    seconds : dict of str to float
        Time of each stage.
    """

    micrograph: Micrograph
    prepared: Prepared
    segmentation: Segmentation
    settings: Settings
    calibration: Calibration | None
    filter_threshold: float
    manual: dict[int, bool]
    particles: pd.DataFrame
    notes: tuple[str, ...]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """Of the sizes that are shown: ``nm``, or ``px`` without a scale."""
        return "px" if self.calibration is None else "nm"

    @property
    def scale_doubt(self) -> str:
        """In one word why sizes in nm must be marked: ``assumed``, ``proposed``; empty: certain."""
        return "" if self.calibration is None else self.calibration.doubt

    def has_sizes_in(self, unit: str) -> bool:
        """Whether sizes are known in ``px``, or in ``nm``, which takes a scale."""
        return unit == "px" or self.calibration is not None

    def pixel_size(self, unit: str) -> float:
        """What sizes in px are multiplied with: in ``nm`` the side of the square that covers as
        much as a recorded pixel, where there is a scale; else 1."""
        return self.calibration.mean_pixel_nm if unit == "nm" and self.calibration else 1.0

    def frame_area(self, unit: str) -> float:
        """Area of the analysed frame without what is masked, in px² or nm²."""
        return self.segmentation.area.pixels * self.pixel_size(unit) ** 2

    @property
    def grid(self) -> Grid:
        """Where the network's pixels, and the analysed frame, lie in the recorded image."""
        return self.segmentation.grid

    @property
    def labels(self) -> NDArray[np.int32]:
        """Ids as in the table's ``label``, H x W on the recorded grid, 0 where cropped."""
        return self.segmentation.labels

    @property
    def outlines(self) -> dict[int, NDArray[np.float64]]:
        """By label: closed polygons (n, 2), (x, y) in recorded px from the centre of the first."""
        return self.segmentation.outlines

    @property
    def crop(self) -> Crop:
        """What was cut off each side."""
        return self.prepared.crop

    @property
    def repaired_pixels(self) -> int:
        """How many hot and cold pixels were repaired."""
        return self.prepared.repaired_pixels

    @property
    def scale_bar(self) -> ScaleBar | None:
        """The one that was found in the recorded image, where it was looked for."""
        return self.prepared.scale_bar

    @property
    def printed(self) -> PrintedScale | None:
        """What stands at the scale bar and in the label bar, where it was read."""
        return self.prepared.printed

    @property
    def rescale(self) -> float:
        """Factor by which the image was resized for the network."""
        return self.segmentation.rescale

    @property
    def rescale_source(self) -> str:
        """``given``, ``automatic`` or ``could not decide``."""
        return self.segmentation.rescale_source

    @property
    def median_network_px(self) -> float | None:
        """Median diameter at the network; None without particles."""
        return self.segmentation.median_network_px

    @property
    def model(self) -> ModelInfo:
        """The network that was used."""
        return self.segmentation.model

    @property
    def provider(self) -> str:
        """Where the network ran."""
        return self.segmentation.provider
