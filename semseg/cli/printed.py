"""What the command line prints: results on stdout, all else on stderr, a line each."""

from __future__ import annotations

import os
import sys

from semseg.analysis import Analysis
from semseg.errors import printable
from semseg.metrology.cautions import cautions, compare_rules
from semseg.statistics.counting import Counts, counted, in_short, size_weights
from semseg.statistics.summary import summarise

__all__ = ["notes_of", "result_line", "say", "warn"]

# what gives the figures that a caution names
_OPTIONS = {"edge": " (--edges weight)", "covered": " (--visible-only)"}


def say(line: str) -> None:
    """Print a line on stdout, at once. Where nobody listens or the disk is full, the files matter
    more."""
    try:
        print(printable(line), flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the rest of the run
        warn(f"Standard output could not be written ({error.strerror}); the files were.")


def warn(line: str) -> None:
    """Print a line on stderr; it may quote what a file or a name holds."""
    print(printable(line), file=sys.stderr)


def result_line(analysis: Analysis) -> str:
    """What was found in one picture, in one line, and what must be said of its figures."""
    counts, sized = Counts.of(analysis.particles), counted(analysis.particles)
    unit = analysis.unit
    size = summarise(sized[f"min_feret_{unit}"], size_weights(sized))
    width = ""
    if analysis.calibration:
        micrometres = analysis.calibration.pixel_size_nm * analysis.micrograph.width / 1000
        width = f", width {micrometres:.4g} µm ({analysis.calibration.marked_source})"
    sizes = ""
    if size.count:
        sizes = f", min Feret mean {size.mean:.4g} {unit}, median {size.median:.4g} {unit}"
    return (
        f"{analysis.micrograph.name}: {counts.kept} of {counts.found} particles kept"
        f"{_rule(analysis, counts)}{sizes}"
        f"{width}{_cut(analysis)}, rescale {analysis.rescale:.3g} ({analysis.rescale_source})"
        f"{_cautions(analysis)}"
    )


def notes_of(analysis: Analysis) -> list[str]:
    """What must be said of one picture, a line each; and which option looks at it otherwise."""
    fitting = [each.factor for each in analysis.segmentation.other_scales if each.fits]
    said = list(analysis.notes)
    if fitting:
        options = " or ".join(f"--rescale {factor:.3g}" for factor in fitting)
        what = "another scale fits" if len(fitting) == 1 else "other scales fit"
        said.append(f"{what}: try {options}")
    return said


def _rule(analysis: Analysis, counts: Counts) -> str:
    """``, 162 counted (whole particles only)``; nothing where all that are kept count once."""
    settings = analysis.settings
    if (settings.edges, settings.visible_only) == ("count", False):
        return ""
    return f", {counts.counted} counted ({in_short(settings.edges, settings.visible_only)})"


def _cautions(analysis: Analysis) -> str:
    """``; caution: 45 of 176 cut by the edge, corrected mean ... (--edges weight)``, or nothing."""
    said = [
        caution.words + (_OPTIONS.get(caution.kind, "") if caution.better else "")
        for caution in cautions(compare_rules([analysis]))
    ]
    return f"; caution: {'; '.join(said)}" if said else ""


def _cut(analysis: Analysis) -> str:
    """What was cut off, and whether it was found or given."""
    crop = analysis.crop
    if analysis.settings.crop is None:
        return f", label bar of {crop.bottom} rows cut" if crop.bottom else ""
    # as --crop takes them
    sides = {name: getattr(crop, name) for name in ("top", "right", "bottom", "left")}
    cut = {name: size for name, size in sides.items() if size}
    if not cut:
        return ""
    return f", {', '.join(map(str, cut.values()))} px cut off ({', '.join(cut)})"
