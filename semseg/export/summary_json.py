"""The summary of an analysis: what was done, what was found, and the sizes, as plain values.

>>> sizes = summary_dict(analysis)["sizes"]
>>> f"{sizes['min_feret_nm']['d50']:.0f} nm"
'228 nm'
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from semseg.analysis import Analysis
from semseg.details import NONE, Details
from semseg.export.tables import counting_rule
from semseg.export.values import plain
from semseg.measure.quantities import SIZES
from semseg.metrology.assessment import screened
from semseg.metrology.by_hand import by_hand
from semseg.metrology.cautions import Figures, cautions, compare_rules
from semseg.statistics.counting import Counts, counted, size_weights
from semseg.statistics.summary import summarise
from semseg.version import NUMBERS, __version__

__all__ = ["summary_dict", "summary_json"]


def summary_dict(analysis: Analysis, details: Details = NONE) -> dict[str, Any]:
    """All that is needed to understand and repeat the analysis, and the sizes it found.

    Only plain dicts, lists, strings, numbers, booleans and None, so that it can be written as
    JSON. ``sizes`` holds number-weighted figures of the counted particles, by size and unit, e.g.
    ``sizes["min_feret_nm"]["d50"]``; None where a figure is not defined. Counted are all kept
    particles, unless the settings name another rule; ``counting_rule`` says so in words.

    ``counts`` are those of `semseg.statistics.counting.Counts`. They add up: ``found`` = ``kept`` +
    ``possibly_wrong`` + ``excluded_by_hand``. ``possibly_wrong`` are those below the filter on
    which no person decided; ``kept_by_hand`` is
    the part of ``kept`` on which one did. ``manual`` lists the labels of both kinds of decision.

    ``by_hand`` is what a hand did to outlines, and the minimum Feret diameter with it (``result``)
    and ``without`` (`semseg.metrology.by_hand.ByHand`); None where it did nothing.

    ``instrument`` is what the file says of the microscope and its settings
    (`semseg.scale.instrument.Instrument`), None where it says nothing; it has an ``operator`` only
    where the settings ask for that.

    ``cautions`` has what must be said of the mean and the median of the minimum Feret diameter
    (``said``, empty when nothing must), and these figures by the counting rule in force
    (``as_counted``) and by those that answer for particles cut by the edge and partly covered ones;
    None where such a rule is in force already or leaves too few particles.

    ``details`` is what a person said of the sample (`semseg.details.Details`), None where nothing.

    ``eu_screening`` is `semseg.statistics.nanomaterial.Screening` of this picture; its ``verdict``
    says it in words. None without a scale.

    ``rescale`` has the factor used; ``other_scales`` are those that were looked at while it was
    found (`semseg.instances.scales.Scale`), ``fits`` where one may be better than the one used.

    ``printed`` is what was read at the scale bar and in the label bar; None where nothing was.
    """
    micrograph, model, particles = analysis.micrograph, analysis.model, analysis.particles
    calibration = analysis.calibration
    rows = counted(particles)
    known = set(particles["label"].tolist())
    decided = {k: keep for k, keep in getattr(analysis, "manual", {}).items() if k in known}
    summary: dict[str, Any] = plain(
        {
            "file": {
                "name": micrograph.name,
                "sha256": micrograph.sha256,
                "height": analysis.grid.recorded[0],
                "width": analysis.grid.recorded[1],
                "bit_depth": micrograph.bit_depth,
                "page": micrograph.page,
                "pages": micrograph.page_count,
            },
            "details": details.to_dict() or None,
            "instrument": instrument(analysis),
            "software": {"name": "semseg", "version": __version__, "numbers": NUMBERS},
            "model": {"name": model.name, "version": model.version, "sha256": model.sha256},
            "provider": analysis.provider,
            "settings": analysis.settings.to_dict(),
            "calibration": calibration
            and {
                "pixel_size_nm": calibration.pixel_size_nm,
                "pixel_height_nm": calibration.pixel_height_nm,
                "source": calibration.source,
                "assumed": calibration.assumed,
                "proposed": calibration.proposed,
            },
            "printed": analysis.printed and analysis.printed.to_dict(),
            "crop": asdict(analysis.crop),
            "rescale": {
                "factor": analysis.rescale,
                "source": analysis.rescale_source,
                "median_particle_at_network_px": analysis.median_network_px,
                "other_scales": [asdict(each) for each in analysis.segmentation.other_scales],
            },
            "filter_threshold": analysis.filter_threshold,
            "repaired_pixels": analysis.repaired_pixels,
            "counts": asdict(Counts.of(particles)),
            "manual": {
                "excluded": sorted(label for label, keep in decided.items() if not keep),
                "kept": sorted(label for label, keep in decided.items() if keep),
            },
            "by_hand": _by_hand(analysis),
            "counting_rule": counting_rule(analysis),
            "percentiles": "number-weighted, linear between order statistics (Hyndman-Fan 7)",
            "sizes": {
                column: asdict(summarise(rows[column], size_weights(rows)))
                for size in SIZES.values()
                for unit in ("nm", "px")
                if (column := size.column(unit)) in rows
            },
            "cautions": _cautions(analysis),
            "eu_screening": (found := screened(analysis)) and asdict(found),
            "notes": list(analysis.notes),
            "seconds": dict(analysis.seconds),
        }
    )
    return summary


def instrument(analysis: Analysis) -> dict[str, Any] | None:
    """What the file says of the microscope and its settings; None where it says nothing.

    Who recorded the picture only where the settings ask for it.
    """
    found = analysis.micrograph.instrument
    if found is None:
        return None
    values = asdict(found)
    if not analysis.settings.operator:
        del values["operator"]
    return {name: value or None for name, value in values.items()}


def _by_hand(analysis: Analysis) -> dict[str, Any] | None:
    """`semseg.metrology.by_hand.ByHand` as plain values; None where no hand did anything."""
    found = by_hand([analysis], "min_feret")
    return asdict(found) if found.anything else None


def _cautions(analysis: Analysis) -> dict[str, Any]:
    """`semseg.metrology.cautions.RuleComparison` as plain values, and what must be said of it."""
    comparison = compare_rules([analysis])

    def better(figures: Figures | None) -> dict[str, Any] | None:
        if figures is None or not figures.enough:
            return None
        return asdict(figures) | {"mean_moves_by": comparison.moves(figures)}

    return {
        "size": f"{comparison.size}_{comparison.unit}",
        "cut_by_edge": comparison.cut,
        "partly_covered": comparison.covered,
        "as_counted": asdict(comparison.shown),
        "edge_corrected": better(comparison.corrected),
        "fully_visible": better(comparison.visible),
        "both": better(comparison.both),
        "said": [{"kind": each.kind, "sentence": each.sentence} for each in cautions(comparison)],
    }


def summary_json(analysis: Analysis, details: Details = NONE) -> bytes:
    """:func:`summary_dict` as UTF-8 JSON, indented for people."""
    text = json.dumps(
        summary_dict(analysis, details), indent=2, ensure_ascii=False, allow_nan=False
    )
    return f"{text}\n".encode()
