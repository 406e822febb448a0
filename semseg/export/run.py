"""What several pictures make together, collected picture by picture so that few stay in memory.

>>> run = Run(pictures=1)
>>> run.add(analysis)
>>> sorted(run.files())
['coco.json', 'particles.xlsx', 'report.html', 'session.json']

Of each picture its tables, outlines and drawing for the report are kept, and no image: some
hundred bytes for each point of an outline instead of some fifty for each pixel.
"""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from semseg.analysis import Analysis, without_images
from semseg.details import NONE, Details
from semseg.display import DEFAULT, Display
from semseg.export.files import run_files
from semseg.export.report import max_picture_bytes
from semseg.figures.annotated_svg import annotated_svg
from semseg.metrology.assessment import assess
from semseg.metrology.uncertainty import RATIOS

__all__ = ["Run"]


class Run:
    """Pictures that belong together, in the order in which they are added.

    Parameters
    ----------
    pictures : int
        How many there will be; their drawings share the space that a report has for them.
    display : Display
        Which size is reported, and how it is shown.

    details : Details
        What a person says of the sample.

    Attributes
    ----------
    analyses : list of Analysis
        Those added, without their images.
    """

    def __init__(self, pictures: int, display: Display = DEFAULT, details: Details = NONE) -> None:
        self.analyses: list[Analysis] = []
        self._display, self.details = display, details
        self._max_bytes = max_picture_bytes(pictures)
        self._drawings: list[Markup] = []
        self._others: list[dict[float, Analysis]] = []

    def add(
        self, analysis: Analysis, at_other_factors: Mapping[float, Analysis] | None = None
    ) -> None:
        """Take in a picture, and the same at other rescale factors by their ratio to the one used
        (`semseg.analysis.rescaled`), which the uncertainty is found from."""
        drawing = annotated_svg(analysis, self._display.size, max_bytes=self._max_bytes)
        others = {
            ratio: without_images(other, outlines=False)
            for ratio, other in (at_other_factors or {}).items()
        }
        self._drawings.append(drawing)
        self._others.append(others)
        self.analyses.append(without_images(analysis))

    def files(self) -> dict[str, bytes]:
        """Name and content of the files that the pictures make together."""
        others = {
            ratio: [each[ratio] for each in self._others]
            for ratio in RATIOS
            if all(ratio in each for each in self._others)
        }
        assessment = assess(self.analyses, self._display.size, others=others)
        return run_files(self.analyses, assessment, self._display, self.details, self._drawings)
